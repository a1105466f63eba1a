//! Projects.

use crate::api::projects::Create;
use crate::api::projects::Many;
use crate::api::projects::One;
use crate::api::projects::Project;
use crate::api::projects::Update;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::error::Answer;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::routes::at;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use axum::routing::post;
use serde::Serialize;

const CREATE: &[Rule] = &[
    text("projectName").required().length(1, 64),
    text("projectDescription").nullable().length(0, 1024),
    slug("slug").length(5, 36),
    text("type"),
    bool("shouldCreateDefaultEnvs"),
    bool("hasDeleteProtection"),
];
const UPDATE: &[Rule] = &[
    text("name").length(1, 64),
    text("description").nullable().length(0, 1024),
    // The vendor also takes underscores here; a slug that could not be made is not given either.
    slug("slug"),
    bool("autoCapitalization"),
    bool("hasDeleteProtection"),
    int("pitVersionLimit", 1, 100),
];

/// What older clients are answered.
#[derive(Serialize)]
struct Workspace {
    workspace: Project,
}

pub(super) fn routes() -> Routes {
    let by_slug = get(read_by_slug).patch(update_bare).delete(delete_bare);
    Routes::new()
        .route("/api/v1/projects", get(list).post(create))
        .route("/api/v2/workspace", post(create))
        .route("/api/v1/projects/{id}", get(read).patch(update).delete(delete))
        .route("/api/v1/workspace/{id}", get(read_old).patch(update_old).delete(delete_old))
        .route("/api/v1/projects/slug/{slug}", get(read_by_slug))
        .merge(at(&["/api/v2/workspace/{slug}"], &by_slug))
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let kind = query.get("type").and_then(serde_json::Value::as_str).map(str::to_owned);
    let projects = app.db.run(move |store| store.projects(kind.as_deref())).await?;
    Ok(Json(Many { projects }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<One> {
    let new: Create = check::read(fields, CREATE)?;
    let project = app.db.run(move |store| store.create_project(&new)).await?;
    Ok(Json(One { project }))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let project = app.db.run(move |store| store.project(&id)).await?;
    Ok(Json(One { project }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let change: Update = check::read(fields, UPDATE)?;
    let project = app.db.run(move |store| store.update_project(&id, &change)).await?;
    Ok(Json(One { project }))
}

async fn delete(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let project = app.db.run(move |store| store.delete_project(&id)).await?;
    Ok(Json(One { project }))
}

async fn read_by_slug(State(app): State<Shared>, Path(slug): Id) -> Answer<Project> {
    Ok(Json(app.db.run(move |store| store.project_by_slug(&slug)).await?))
}

async fn read_old(app: State<Shared>, id: Id) -> Answer<Workspace> {
    read(app, id).await.map(|Json(One { project })| Json(Workspace { workspace: project }))
}

async fn update_old(app: State<Shared>, id: Id, fields: Given) -> Answer<Workspace> {
    update(app, id, fields).await.map(|Json(One { project })| Json(Workspace { workspace: project }))
}

async fn delete_old(app: State<Shared>, id: Id) -> Answer<Workspace> {
    delete(app, id).await.map(|Json(One { project })| Json(Workspace { workspace: project }))
}

async fn update_bare(app: State<Shared>, slug: Id, fields: Given) -> Answer<Project> {
    update(app, slug, fields).await.map(|Json(One { project })| Json(project))
}

async fn delete_bare(app: State<Shared>, slug: Id) -> Answer<Project> {
    delete(app, slug).await.map(|Json(One { project })| Json(project))
}
