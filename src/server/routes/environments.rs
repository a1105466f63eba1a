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
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::routes::at;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use axum::routing::post;

const CREATE: &[Rule] = &[text("name").required().length(1, 64), slug("slug").required(), int("position", 1, i64::MAX)];
const UPDATE: &[Rule] = &[text("name").length(1, 64), slug("slug"), int("position", 1, i64::MAX)];

pub(super) fn routes() -> Routes {
    let all = ["/api/v1/projects/{project}/environments", "/api/v1/workspace/{project}/environments"];
    let one = ["/api/v1/projects/{project}/environments/{id}", "/api/v1/workspace/{project}/environments/{id}"];
    at(&all, &post(create))
        .merge(at(&one, &get(read).patch(update).delete(delete)))
        .route("/api/v1/projects/{project}/environments/slug/{slug}", get(read_by_slug))
}

async fn create(State(app): State<Shared>, Path(project): Id, Given(fields): Given) -> Answer<Changed> {
    let new: Create = check::read(fields, CREATE)?;
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
    let change: Update = check::read(fields, UPDATE)?;
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

fn changed(message: &str, environment: Environment) -> Json<Changed> {
    Json(Changed { message: message.to_owned(), project_id: environment.project_id.clone(), environment })
}
