//! Templates of projects.

use crate::api::templates::Many;
use crate::api::templates::One;
use crate::api::templates::Template;
use crate::api::templates::Write;
use crate::server::Shared;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;

const ENVIRONMENT: &[Rule] =
    &[text("name").required().length(1, 64), slug("slug").required(), int("position", 1, i64::MAX)];
const ROLE: &[Rule] = &[slug("slug").required(), text("name").required().length(1, 255)];
const CREATE: &[Rule] = &[
    slug("name").required(),
    text("description").length(0, 256),
    text("type"),
    list("environments", 0, ENVIRONMENT),
    list("roles", 0, ROLE),
];
const UPDATE: &[Rule] =
    &[slug("name"), text("description").length(0, 256), list("environments", 0, ENVIRONMENT), list("roles", 0, ROLE)];

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v1/project-templates", get(all).post(create))
        .route("/api/v1/project-templates/{id}", get(read).patch(update).delete(delete))
}

async fn all(State(app): State<Shared>) -> Answer<Many> {
    let found = app.db.run(|store| store.documents(Kind::Template, None)).await?;
    Ok(Json(Many { project_templates: found.into_iter().map(template).collect() }))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let found = app.db.run(move |store| find(store, &id)).await?;
    Ok(Json(One { project_template: template(found) }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<One> {
    let new: Write = check::read(fields, CREATE)?;
    let made = app.db.run(move |store| {
        refuse_taken(store, new.name.as_deref(), "")?;
        let new = New { name: new.name.as_deref(), ..New::of(None, &new) };
        let id = store.create_document(Kind::Template, &new)?;
        find(store, &id)
    });
    Ok(Json(One { project_template: template(made.await?) }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let change: Write = check::read(fields, UPDATE)?;
    let made = app.db.run(move |store| {
        let old = find(store, &id)?.body;
        let new = Write {
            name: change.name.or(old.name),
            description: change.description.or(old.description),
            kind: old.kind,
            environments: change.environments.or(old.environments),
            roles: change.roles.or(old.roles),
        };
        refuse_taken(store, new.name.as_deref(), &id)?;
        store.update_document(&id, new.name.as_deref(), &new)?;
        find(store, &id)
    });
    Ok(Json(One { project_template: template(made.await?) }))
}

async fn delete(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let gone = app.db.run(move |store| {
        let document = find(store, &id)?;
        store.delete_document(&id)?;
        Ok(document)
    });
    Ok(Json(One { project_template: template(gone.await?) }))
}

fn find(store: &Store<'_>, id: &str) -> Result<Document<Write>, Refusal> {
    let found = store.document(Kind::Template, id)?;
    found.ok_or_else(|| Refusal::missing(format!("Could not find project template with ID {id}")))
}

fn template(document: Document<Write>) -> Template {
    let Write { name, description, kind, environments, roles } = document.body;
    Template {
        id: document.id,
        name: name.unwrap_or_default(),
        description,
        kind: Some(kind.unwrap_or_else(|| "secret-manager".to_owned())),
        environments: Some(environments.unwrap_or_default()),
        roles: roles.unwrap_or_default(),
        created_at: document.created_at,
        updated_at: document.updated_at,
    }
}

fn refuse_taken(store: &Store<'_>, name: Option<&str>, own: &str) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    match store.named_document(Kind::Template, None, name)? {
        Some(id) if id != own => {
            Err(Refusal::bad(format!("A project template with the name \"{name}\" already exists.")))
        }
        _ => Ok(()),
    }
}
