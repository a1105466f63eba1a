//! Roles of a project. The server keeps them and enforces none: its one identity may do everything.

use crate::api::roles::BUILT_IN;
use crate::api::roles::Create;
use crate::api::roles::Many;
use crate::api::roles::One;
use crate::api::roles::Permission;
use crate::api::roles::Role;
use crate::api::roles::Update;
use crate::server::Shared;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::list;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::routes::members;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use axum::routing::patch;

const PERMISSION: &[Rule] = &[text("subject").required().length(1, 255), bool("inverted")];
const CREATE: &[Rule] = &[
    slug("slug").required(),
    text("name").required().length(1, 255),
    text("description").nullable(),
    list("permissions", 0, PERMISSION).required(),
];
const UPDATE: &[Rule] =
    &[slug("slug"), text("name").length(1, 255), text("description").nullable(), list("permissions", 0, PERMISSION)];

/// The one id that the vendor gives to the roles that every project has.
const BUILT_IN_ID: &str = "b11b49a9-09a9-4443-916a-4246f9ff2c69";

pub(super) fn routes() -> Routes {
    let everywhere = |path: &str, methods| {
        let bases = ["/api/v1/projects", "/api/v2/workspace", "/api/v1/workspace"];
        let addresses = bases.map(|base| format!("{base}/{{project}}/{path}"));
        at(&addresses.each_ref().map(String::as_str), &methods)
    };
    everywhere("roles", get(all).post(create))
        .merge(everywhere("roles/{role}", patch(update).delete(delete)))
        .merge(everywhere("roles/slug/{slug}", get(read)))
}

async fn all(State(app): State<Shared>, Path(project): Id) -> Answer<Many> {
    let dialect = app.dialect;
    let roles = app.db.run(move |store| {
        let project = project_of(store, dialect, &project)?;
        let own = store.documents(Kind::Role, Some(&project))?;
        let built_in = BUILT_IN.iter().map(|slug| built_in(slug, &project));
        // A listing leaves out what they permit.
        let listed = |role: Role| Role { permissions: None, ..role };
        Ok(built_in.chain(own.into_iter().map(role)).map(listed).collect())
    });
    Ok(Json(Many { roles: roles.await? }))
}

async fn read(State(app): State<Shared>, Path((project, slug)): Ids) -> Answer<One> {
    let dialect = app.dialect;
    let found = app.db.run(move |store| {
        let project = project_of(store, dialect, &project)?;
        if BUILT_IN.contains(&&*slug) {
            return Ok(built_in(&slug, &project));
        }
        let id = store.named_document(Kind::Role, Some(&project), &slug)?;
        let id = id.ok_or_else(|| Refusal::missing(format!("Project role with slug '{slug}' not found")))?;
        find(store, &project, &id)
    });
    Ok(Json(One { role: found.await? }))
}

async fn create(State(app): State<Shared>, Path(project): Id, Given(fields): Given) -> Answer<One> {
    let mut new: Create = check::read(fields, CREATE)?;
    refuse_reserved(&new.slug)?;
    let dialect = app.dialect;
    new.permissions.iter_mut().for_each(|permission| drop_what_is_later(dialect, permission));
    let made = app.db.run(move |store| {
        let project = project_of(store, dialect, &project)?;
        refuse_taken(store, &project, &new.slug, "")?;
        let new = New { name: Some(&new.slug), ..New::of(Some(&project), &new) };
        let id = store.create_document(Kind::Role, &new)?;
        find(store, &project, &id)
    });
    Ok(Json(One { role: made.await? }))
}

async fn update(State(app): State<Shared>, Path((project, id)): Ids, Given(fields): Given) -> Answer<One> {
    let mut change: Update = check::read(fields, UPDATE)?;
    change.slug.as_deref().map_or(Ok(()), refuse_reserved)?;
    let dialect = app.dialect;
    change.permissions.iter_mut().flatten().for_each(|permission| drop_what_is_later(dialect, permission));
    let made = app.db.run(move |store| {
        let project = project_of(store, dialect, &project)?;
        let old = find(store, &project, &id)?;
        let new = Create {
            slug: change.slug.unwrap_or(old.slug),
            name: change.name.unwrap_or(old.name),
            description: change.description.or(old.description),
            permissions: change.permissions.or(old.permissions).unwrap_or_default(),
        };
        refuse_taken(store, &project, &new.slug, &id)?;
        store.update_document(&id, Some(&new.slug), &new)?;
        find(store, &project, &id)
    });
    Ok(Json(One { role: made.await? }))
}

async fn delete(State(app): State<Shared>, Path((project, id)): Ids) -> Answer<One> {
    let dialect = app.dialect;
    let gone = app.db.run(move |store| {
        let project = project_of(store, dialect, &project)?;
        let role = find(store, &project, &id)?;
        if members::has_role(store, &project, &role.slug)? {
            return Err(Refusal::bad("Unable to delete role: it is assigned to a member of the project"));
        }
        store.delete_document(&id)?;
        Ok(role)
    });
    Ok(Json(One { role: gone.await? }))
}

/// In October 2024 nothing was forbidden, and only what was permitted on secrets had conditions.
fn drop_what_is_later(dialect: Dialect, permission: &mut Permission) {
    if dialect == Dialect::October2024 {
        permission.inverted = false;
        permission.conditions.take_if(|_| permission.subject.as_deref() != Some("secrets"));
    }
}

/// The id of the project that an address names; in October 2024 by its slug only.
fn project_of(store: &Store<'_>, dialect: Dialect, name: &str) -> Result<String, Refusal> {
    match dialect {
        Dialect::Newest => store.project_id(name),
        Dialect::October2024 => {
            let found = store.project_by_slug(name);
            found.map(|project| project.id).map_err(|refusal| refusal.failed_once("Find project by slug"))
        }
    }
}

fn find(store: &Store<'_>, project: &str, id: &str) -> Result<Role, Refusal> {
    let found = store.document(Kind::Role, id)?.filter(|document| document.project == project);
    found.map(role).ok_or_else(|| Refusal::missing(format!("Project role with ID '{id}' not found")))
}

fn role(document: Document<Create>) -> Role {
    let Create { slug, name, description, permissions } = document.body;
    Role {
        id: document.id,
        slug,
        name,
        description,
        permissions: Some(permissions),
        project_id: document.project,
        created_at: document.created_at,
        updated_at: document.updated_at,
    }
}

/// A role that every project has. What it permits in detail is the vendor's own business.
fn built_in(slug: &str, project: &str) -> Role {
    let (name, description) = match slug {
        "admin" => ("Admin", "Full administrative access over a project"),
        "member" => ("Developer", "Limited read/write role in a project"),
        "viewer" => ("Viewer", "Only read role in a project"),
        _ => ("No Access", "No access to any resources in the project"),
    };
    let now = crate::server::clock::now();
    Role {
        id: BUILT_IN_ID.to_owned(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        permissions: Some(Vec::<Permission>::new()),
        project_id: project.to_owned(),
        created_at: now.clone(),
        updated_at: now,
    }
}

fn refuse_reserved(slug: &str) -> Result<(), Refusal> {
    match BUILT_IN.contains(&slug) {
        true => Err(check::custom(&["slug"], "Please choose a different slug, the slug you have entered is reserved")),
        false => Ok(()),
    }
}

fn refuse_taken(store: &Store<'_>, project: &str, slug: &str, own: &str) -> Result<(), Refusal> {
    match store.named_document(Kind::Role, Some(project), slug)? {
        Some(id) if id != own => Err(Refusal::bad(format!("Project role with slug '{slug}' already exists"))),
        _ => Ok(()),
    }
}
