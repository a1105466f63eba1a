//! Tags of a project.

use crate::api::tags::Many;
use crate::api::tags::One;
use crate::api::tags::Tag;
use crate::api::tags::Write;
use crate::server::Shared;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
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
use serde::Deserialize;
use serde::Serialize;

const CREATE: &[Rule] = &[slug("slug").required(), text("color").required()];
const WRITE_2024: &[Rule] = &[text("slug").required(), text("color").required()];
const UPDATE: &[Rule] = &[slug("slug"), text("color")];

/// A change: what is absent stays.
#[derive(Deserialize)]
struct Change {
    slug: Option<String>,
    color: Option<String>,
}

/// What older clients are answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OldOne {
    workspace_tag: Tag,
}

/// What older clients are answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OldMany {
    workspace_tags: Vec<Tag>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v1/projects/{project}/tags", get(list).post(create))
        .route("/api/v1/projects/{project}/tags/{id}", get(read).patch(update).delete(delete))
        .route("/api/v1/projects/{project}/tags/slug/{slug}", get(read_by_slug))
        .route("/api/v1/workspace/{project}/tags", get(list_old).post(create_old))
        .route("/api/v1/workspace/{project}/tags/slug/{slug}", get(read_old_by_slug))
        .route("/api/v1/workspace/{project}/tags/{id}", get(read_old).patch(update_old).delete(delete_old))
}

async fn list(State(app): State<Shared>, Path(project): Id) -> Answer<Many> {
    let tags = app.db.run(move |store| store.tags(&store.project_id(&project)?)).await?;
    Ok(Json(Many { tags }))
}

async fn create(State(app): State<Shared>, Path(project): Id, Given(fields): Given) -> Answer<One> {
    let mut new: Write = check::read(fields, app.dialect.pick(CREATE, WRITE_2024))?;
    if app.dialect == Dialect::October2024 {
        new.slug = old_slug(&new.slug)?;
    }
    let tag = app.db.run(move |store| store.create_tag(&store.project_id(&project)?, &new)).await?;
    Ok(Json(One { tag }))
}

async fn read(State(app): State<Shared>, Path((project, id)): Ids) -> Answer<One> {
    let tag = app.db.run(move |store| store.tag(&store.project_id(&project)?, &id)).await?;
    Ok(Json(One { tag }))
}

async fn read_by_slug(State(app): State<Shared>, Path((project, slug)): Ids) -> Answer<One> {
    let tag = app.db.run(move |store| store.tag_by_slug(&store.project_id(&project)?, &slug)).await?;
    Ok(Json(One { tag }))
}

async fn update(State(app): State<Shared>, Path((project, id)): Ids, Given(fields): Given) -> Answer<One> {
    let mut change: Change = check::read(fields, app.dialect.pick(UPDATE, WRITE_2024))?;
    if app.dialect == Dialect::October2024 {
        change.slug = change.slug.as_deref().map(old_slug).transpose()?;
    }
    let tag = app.db.run(move |store| {
        store.update_tag(&store.project_id(&project)?, &id, change.slug.as_deref(), change.color.as_deref())
    });
    Ok(Json(One { tag: tag.await? }))
}

async fn delete(State(app): State<Shared>, Path((project, id)): Ids) -> Answer<One> {
    let tag = app.db.run(move |store| store.delete_tag(&store.project_id(&project)?, &id)).await?;
    Ok(Json(One { tag }))
}

async fn list_old(app: State<Shared>, project: Id) -> Answer<OldMany> {
    let Json(Many { tags }) = list(app, project).await?;
    Ok(Json(OldMany { workspace_tags: tags.into_iter().map(unnamed).collect() }))
}

async fn create_old(app: State<Shared>, project: Id, fields: Given) -> Answer<OldOne> {
    create(app, project, fields).await.map(written)
}

async fn read_old(app: State<Shared>, ids: Ids) -> Answer<OldOne> {
    read(app, ids).await.map(|Json(One { tag })| Json(OldOne { workspace_tag: tag }))
}

async fn read_old_by_slug(app: State<Shared>, ids: Ids) -> Answer<OldOne> {
    read_by_slug(app, ids).await.map(|Json(One { tag })| Json(OldOne { workspace_tag: tag }))
}

async fn update_old(app: State<Shared>, ids: Ids, fields: Given) -> Answer<OldOne> {
    update(app, ids, fields).await.map(written)
}

async fn delete_old(app: State<Shared>, ids: Ids) -> Answer<OldOne> {
    delete(app, ids).await.map(written)
}

fn written(Json(One { tag }): Json<One>) -> Json<OldOne> {
    Json(OldOne { workspace_tag: unnamed(tag) })
}

/// The old addresses told the name only where one tag was read.
fn unnamed(tag: Tag) -> Tag {
    Tag { name: None, ..tag }
}

/// In October 2024 a slug was put in lower case before it was looked at, and could be empty.
fn old_slug(slug: &str) -> Result<String, Refusal> {
    let slug = slug.to_lowercase();
    if !slug.is_empty() && !check::is_slug(&slug) {
        let message = "Invalid slug. Slug can only contain alphanumeric characters and hyphens.";
        return Err(check::custom(&["slug"], message));
    }
    Ok(slug)
}
