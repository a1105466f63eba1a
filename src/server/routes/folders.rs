//! Folders, at the newest addresses and those of older clients.

use crate::api::folders::Create;
use crate::api::folders::Delete;
use crate::api::folders::Folder;
use crate::api::folders::FolderEnvironment;
use crate::api::folders::List;
use crate::api::folders::Many;
use crate::api::folders::One;
use crate::api::folders::Update;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::body::rename;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::folder_name;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::store::folders::clean;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;

const PROJECT: Rule = text("projectId").required();
const ENVIRONMENT: Rule = text("environment").required();
const CREATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    folder_name("name").required(),
    text("path"),
    text("description").nullable().length(0, 1024),
];
const UPDATE: &[Rule] = CREATE;
const DELETE: &[Rule] = &[PROJECT, ENVIRONMENT, text("path"), bool("forceDelete")];
const LIST: &[Rule] = &[PROJECT, ENVIRONMENT, text("path"), bool("recursive")];

pub(super) fn routes() -> Routes {
    at(&["/api/v2/folders", "/api/v1/folders"], &get(list).post(create))
        .merge(at(&["/api/v2/folders/{id}", "/api/v1/folders/{id}"], &get(read).patch(update).delete(delete)))
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let asked: List = check::read_query(newest(query), LIST)?;
    let folders = app.db.run(move |store| {
        let environment = environment(store, &asked.project_id, &asked.environment)?;
        match store.folder_at(&environment, &asked.path)? {
            Some(parent) => store.folders(&parent, asked.recursive),
            None => Ok(Vec::new()),
        }
    });
    Ok(Json(Many { folders: folders.await? }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<One> {
    let new: Create = check::read(newest(fields), CREATE)?;
    let folder = app.db.run(move |store| {
        let parent = clean(&new.path);
        if !parent.split('/').skip(1).all(is_name) && parent != "/" {
            return Err(check::custom(&["path"], "A path is made of names of letters, digits, dashes and underscores"));
        }
        let environment = environment(store, &new.project_id, &new.environment)?;
        store.create_folder(&environment, &parent, &new.name, new.description.as_deref())
    });
    Ok(Json(One { folder: folder.await? }))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let folder = app.db.run(move |store| {
        let folder = store.folder(&id)?.ok_or_else(|| Refusal::missing(format!("Folder with ID '{id}' not found")))?;
        let environment = store.any_environment(&folder.env_id)?;
        Ok(Folder {
            project_id: Some(environment.project_id),
            environment: Some(FolderEnvironment {
                env_id: environment.id,
                env_name: environment.name,
                env_slug: environment.slug,
            }),
            ..folder
        })
    });
    Ok(Json(One { folder: folder.await? }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let change: Update = check::read(newest(fields), UPDATE)?;
    let folder = app.db.run(move |store| {
        let environment = environment(store, &change.project_id, &change.environment)?;
        let folder = child(store, &environment, &change.path, &id)?
            .ok_or_else(|| Refusal::new(404, "UpdateFolder", format!("Folder with ID '{id}' not found")))?;
        store.update_folder(&folder, &change.name, change.description.as_ref())
    });
    Ok(Json(One { folder: folder.await? }))
}

async fn delete(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let asked: Delete = check::read(newest(fields), DELETE)?;
    let folder = app.db.run(move |store| {
        let environment = environment(store, &asked.project_id, &asked.environment)?;
        let folder = child(store, &environment, &asked.path, &id)?
            .ok_or_else(|| Refusal::missing(format!("Failed to delete folder with ID '{id}', not found")))?;
        if !asked.force_delete && store.holds_something(&folder.id)? {
            return Err(Refusal::bad("Folder is not empty. Use forceDelete to delete it with everything in it."));
        }
        store.delete_folder(&folder.id)?;
        Ok(folder)
    });
    Ok(Json(One { folder: folder.await? }))
}

/// The child of a folder by id or name; the root is nobody's child.
fn child(store: &Store<'_>, environment: &str, parent: &str, id: &str) -> Result<Option<Folder>, Refusal> {
    let Some(parent) = store.folder_at(environment, parent)? else { return Ok(None) };
    Ok(store.folders(&parent, false)?.into_iter().find(|folder| folder.id == id || folder.name == id).map(|folder| {
        let path = clean(&format!("{}/{}", parent.path.as_deref().unwrap_or(""), folder.name));
        Folder { path: Some(path), ..folder }
    }))
}

fn environment(store: &Store<'_>, project: &str, slug: &str) -> Result<String, Refusal> {
    let project = store.project_id(project)?;
    let found = store.environment_by_slug(&project, slug)?;
    Ok(found.ok_or_else(|| Refusal::missing(format!("Environment with slug '{slug}' not found")))?.id)
}

fn is_name(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The fields under their newest names.
fn newest(mut fields: Fields) -> Fields {
    rename(&mut fields, &["workspaceId", "projectSlug"], "projectId");
    rename(&mut fields, &["directory"], "path");
    fields
}
