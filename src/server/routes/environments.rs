//! Environments of a project. There is no listing: a project tells them.

use crate::api::environments::Changed;
use crate::api::environments::Create;
use crate::api::environments::Environment;
use crate::api::environments::One;
use crate::api::environments::Update;
use crate::server::Shared;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::int;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use axum::routing::post;
use serde::Serialize;

const CREATE: &[Rule] = &[text("name").required().length(1, 64), slug("slug").required(), int("position", 1, i64::MAX)];
const CREATE_2024: &[Rule] =
    &[text("name").required(), slug("slug").required().length(0, usize::MAX).untitled(), int("position", 1, i64::MAX)];
const UPDATE: &[Rule] = &[text("name").length(1, 64), slug("slug"), int("position", 1, i64::MAX)];

const UPDATE_2024: &[Rule] =
    &[text("name"), slug("slug").length(0, usize::MAX).untitled(), int("position", i64::MIN, i64::MAX)];

/// What older clients are answered.
#[derive(Serialize)]
struct OldChanged {
    message: String,
    workspace: String,
    environment: Environment,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v1/projects/{project}/environments", post(create))
        .route("/api/v1/projects/{project}/environments/{id}", get(read).patch(update).delete(delete))
        .route("/api/v1/projects/{project}/environments/slug/{slug}", get(read_by_slug))
        .route("/api/v1/workspace/{project}/environments", post(create_old))
        .route("/api/v1/workspace/{project}/environments/{id}", get(read_any).patch(update_old).delete(delete_old))
        .route("/api/v1/workspace/environments/{id}", get(read_alone))
}

async fn create(State(app): State<Shared>, Path(project): Id, Given(fields): Given) -> Answer<Changed> {
    let new: Create = check::read_in(app.dialect, fields, CREATE, CREATE_2024)?;
    app.dialect.stored(&new.name, "Create")?;
    app.dialect.stored(&new.slug, "Create")?;
    let made = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        store.create_environment(&project, &new.name, &new.slug, new.position)
    });
    Ok(changed("Successfully created new environment", made.await?))
}

async fn read(State(app): State<Shared>, Path((project, id)): Ids) -> Answer<One> {
    let found = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        store.environment(&project, &id)
    });
    Ok(Json(One { environment: found.await? }))
}

async fn read_by_slug(State(app): State<Shared>, Path((project, slug)): Ids) -> Answer<Environment> {
    let found = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        store
            .environment_by_slug(&project, &slug)?
            .ok_or_else(|| Refusal::missing(format!("Environment with slug '{slug}' not found")))
    });
    Ok(Json(found.await?))
}

async fn update(State(app): State<Shared>, Path((project, id)): Ids, Given(fields): Given) -> Answer<Changed> {
    let change: Update = check::read_in(app.dialect, fields, UPDATE, UPDATE_2024)?;
    if app.dialect == Dialect::October2024
        && change.name.is_none()
        && change.slug.is_none()
        && change.position.is_none()
    {
        return Err(Refusal::internal("Update by id"));
    }
    let made = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        store.update_environment(&project, &id, &change)
    });
    Ok(changed("Successfully updated environment", made.await?))
}

async fn delete(State(app): State<Shared>, Path((project, id)): Ids) -> Answer<Changed> {
    let gone = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        store.delete_environment(&project, &id)
    });
    Ok(changed("Successfully deleted environment", gone.await?))
}

async fn create_old(app: State<Shared>, project: Id, fields: Given) -> Answer<OldChanged> {
    create(app, project, fields).await.map(old)
}

async fn update_old(app: State<Shared>, ids: Ids, fields: Given) -> Answer<OldChanged> {
    update(app, ids, fields).await.map(old)
}

async fn delete_old(app: State<Shared>, ids: Ids) -> Answer<OldChanged> {
    delete(app, ids).await.map(old)
}

/// The old address never looked at its project.
async fn read_any(app: State<Shared>, Path((_, id)): Ids) -> Answer<One> {
    read_alone(app, Path(id)).await
}

async fn read_alone(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let environment = app.db.run(move |store| store.any_environment(&id)).await?;
    Ok(Json(One { environment }))
}

fn old(Json(Changed { message, project_id, environment }): Json<Changed>) -> Json<OldChanged> {
    Json(OldChanged { message, workspace: project_id, environment })
}

fn changed(message: &str, environment: Environment) -> Json<Changed> {
    Json(Changed { message: message.to_owned(), project_id: environment.project_id.clone(), environment })
}
