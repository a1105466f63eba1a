//! Projects.

use crate::api::projects::Create;
use crate::api::projects::EnvironmentName;
use crate::api::projects::Many;
use crate::api::projects::One;
use crate::api::projects::Project;
use crate::api::projects::Retention;
use crate::api::projects::Update;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::check::texts;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::routes::at;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use axum::routing::post;
use axum::routing::put;
use serde::Serialize;

const CREATE: &[Rule] = &[
    text("projectName").required().length(1, 64),
    text("projectDescription").nullable().length(0, 1024),
    slug("slug").length(5, 36),
    text("type"),
    slug("template"),
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
    bool("secretSharing"),
    bool("showSnapshotsLegacy"),
    texts("secretDetectionIgnoreValues"),
];
const RETAIN: &[Rule] = &[int("auditLogsRetentionDays", 0, u32::MAX as i64).required()];

const CREATE_2024: &[Rule] = &[text("projectName").required(), slug("slug").length(5, 36).untitled()];
const UPDATE_2024: &[Rule] = &[text("name").length(0, 64), bool("autoCapitalization")];
const UPDATE_BY_SLUG_2024: &[Rule] = &[text("name"), bool("autoCapitalization")];
const SLUG_2024: &[Rule] = &[slug("slug").length(5, 36).untitled()];

/// What older clients are answered.
#[derive(Serialize)]
struct Workspace {
    workspace: Project,
}

/// How long audit logs are kept, as it is answered.
#[derive(Serialize)]
struct Retained {
    message: &'static str,
    workspace: Project,
}

/// The listing of older clients.
#[derive(Serialize)]
struct Workspaces {
    workspaces: Vec<Listed>,
}

/// A project in the listing of older clients.
#[derive(Serialize)]
struct Listed {
    id: String,
    name: String,
    slug: String,
    organization: String,
    environments: Vec<ListedEnvironment>,
}

#[derive(Serialize)]
struct ListedEnvironment {
    name: String,
    slug: String,
}

pub(super) fn routes() -> Routes {
    let by_slug = get(read_by_slug).patch(update_bare).delete(delete_bare);
    Routes::new()
        .route("/api/v2/organizations/{organization}/workspaces", get(list_old))
        .route("/api/v1/projects", get(list).post(create))
        .route("/api/v2/workspace", post(create))
        .route("/api/v1/projects/{id}", get(read).patch(update).delete(delete))
        .route("/api/v1/workspace/{id}", get(read_old).patch(update_old).delete(delete_old))
        .route("/api/v1/projects/slug/{slug}", get(read_by_slug))
        .route("/api/v1/workspace/{id}/audit-logs-retention", put(retain))
        .merge(at(&["/api/v2/workspace/{slug}"], &by_slug))
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let kind = query.get("type").and_then(serde_json::Value::as_str).map(str::to_owned);
    let projects = app.db.run(move |store| store.projects(kind.as_deref())).await?;
    Ok(Json(Many { projects }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<One> {
    let new: Create = check::read_in(app.dialect, fields, CREATE, CREATE_2024)?;
    app.dialect.stored(&new.project_name, "Create")?;
    let capitalized = app.dialect.pick(false, true);
    let project = app.db.run(move |store| store.create_project(&new, capitalized)).await?;
    Ok(Json(One { project }))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let project = app.db.run(move |store| store.project(&id)).await?;
    Ok(Json(One { project }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let change: Update = change(app.dialect, fields, UPDATE_2024)?;
    let project = app.db.run(move |store| store.update_project(&store.project(&id)?, &change)).await?;
    Ok(Json(One { project }))
}

async fn delete(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let project = app.db.run(move |store| store.delete_project(store.project(&id)?)).await?;
    Ok(Json(One { project }))
}

async fn read_by_slug(State(app): State<Shared>, Path(slug): Id) -> Answer<Project> {
    if app.dialect == Dialect::October2024 {
        let given = Fields::from_iter([("slug".to_owned(), slug.as_str().into())]);
        check::read::<serde::de::IgnoredAny>(given, SLUG_2024)?;
    }
    Ok(Json(app.db.run(move |store| store.project_by_slug(&slug)).await?))
}

async fn list_old(State(app): State<Shared>, Path(organization): Id) -> Answer<Workspaces> {
    let projects = match organization == app.db.organization().id {
        true => app.db.run(|store| store.projects(None)).await?,
        false => Vec::new(),
    };
    let name = |environment: EnvironmentName| ListedEnvironment { name: environment.name, slug: environment.slug };
    let listed = |project: Project| Listed {
        id: project.id,
        name: project.name,
        slug: project.slug,
        organization: project.org_id,
        environments: project.environments.into_iter().flatten().map(name).collect(),
    };
    Ok(Json(Workspaces { workspaces: projects.into_iter().map(listed).collect() }))
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

async fn update_bare(State(app): State<Shared>, Path(slug): Id, Given(fields): Given) -> Answer<Project> {
    let change = change(app.dialect, fields, UPDATE_BY_SLUG_2024)?;
    Ok(Json(app.db.run(move |store| store.update_project(&store.project_by_slug(&slug)?, &change)).await?))
}

async fn retain(State(app): State<Shared>, Path(slug): Id, Given(fields): Given) -> Answer<Retained> {
    let asked: Retention = check::read(fields, RETAIN)?;
    let kept = move |store: &Store<'_>| store.retain_audit_logs(&store.project_by_slug(&slug)?, &asked);
    let workspace = app.db.run(kept).await?;
    Ok(Json(Retained { message: "Successfully updated project's audit logs retention period", workspace }))
}

async fn delete_bare(State(app): State<Shared>, Path(slug): Id) -> Answer<Project> {
    Ok(Json(app.db.run(move |store| store.delete_project(store.project_by_slug(&slug)?)).await?))
}

fn change(dialect: Dialect, fields: Fields, once: &[Rule]) -> Result<Update, Refusal> {
    let change: Update = check::read_in(dialect, fields, UPDATE, once)?;
    if dialect == Dialect::October2024 && change.name.is_none() && change.auto_capitalization.is_none() {
        return Err(Refusal::internal("Update by id"));
    }
    dialect.stored(change.name.as_deref().unwrap_or(""), "Update by id")?;
    Ok(change)
}
