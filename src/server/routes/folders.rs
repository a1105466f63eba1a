//! Folders, at the newest addresses and those of older clients.

use crate::api::folders::Create;
use crate::api::folders::Delete;
use crate::api::folders::Folder;
use crate::api::folders::FolderEnvironment;
use crate::api::folders::List;
use crate::api::folders::Many;
use crate::api::folders::One;
use crate::api::folders::Update;
use crate::api::nullable;
use crate::api::root;
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
use crate::server::dialect::Dialect;
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
use axum::routing::patch;
use serde::Deserialize;

const PROJECT: Rule = text("projectId").required();
const ENVIRONMENT: Rule = text("environment").required();
const CREATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    folder_name("name").required(),
    text("path"),
    text("description").nullable().length(0, 1024),
];
const CREATE_2024: &[Rule] = &[PROJECT, ENVIRONMENT, text("name").required(), text("path")];
const UPDATE: &[Rule] = CREATE;
const BATCH: &[Rule] = &[
    PROJECT,
    check::list(
        "folders",
        1,
        &[
            text("id").required(),
            ENVIRONMENT,
            folder_name("name").required(),
            text("path"),
            text("description").nullable().length(0, 1024),
        ],
    )
    .required(),
];
const DELETE: &[Rule] = &[PROJECT, ENVIRONMENT, text("path"), bool("forceDelete")];
const LIST: &[Rule] = &[PROJECT, ENVIRONMENT, text("path"), bool("recursive")];

/// Changes of several folders: all or nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    project_id: String,
    folders: Vec<BatchItem>,
}

#[derive(Deserialize)]
struct BatchItem {
    id: String,
    environment: String,
    name: String,
    path: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<String>>,
}

pub(super) fn routes() -> Routes {
    at(&["/api/v2/folders", "/api/v1/folders"], &get(list).post(create))
        .merge(at(&["/api/v2/folders/batch", "/api/v1/folders/batch"], &patch(update_batch).delete(delete_named_batch)))
        .merge(at(&["/api/v2/folders/{id}", "/api/v1/folders/{id}"], &get(read).patch(update).delete(delete)))
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let mut asked: List = check::read_query(newest(query), LIST)?;
    // In October 2024 only children were listed, whatever was asked.
    asked.recursive &= app.dialect == Dialect::Newest;
    app.dialect.readable(&asked.path)?;
    let folders = app.db.run(move |store| {
        let project = store.project_id(&asked.project_id)?;
        let environment = store.environment_by_slug(&project, &asked.environment)?;
        let missing = || Refusal::missing(format!("Environment with slug '{}' not found", asked.environment));
        let environment = environment.ok_or_else(missing)?.id;
        match store.folder_at(&environment, &asked.path)? {
            Some(parent) => store.folders(&parent, asked.recursive),
            None => Ok(Vec::new()),
        }
    });
    Ok(Json(Many { folders: folders.await? }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<One> {
    let new: Create = check::read_in(app.dialect, newest(fields), CREATE, CREATE_2024)?;
    legal(app.dialect, &new.name)?;
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
        let missing = || Refusal::missing(format!("Folder with ID '{id}' not found"));
        let folder = store.folder(&id)?.ok_or_else(|| missing().failed_once_unless_uuid(&id, "Find by id"))?;
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
    let change: Update = check::read_in(app.dialect, newest(fields), UPDATE, CREATE_2024)?;
    legal(app.dialect, &change.name)?;
    let folder = app.db.run(move |store| change_one(store, &change, &id)).await?;
    Ok(Json(One { folder }))
}

async fn update_batch(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let batch: Batch = check::read(newest(fields), BATCH)?;
    let folders = app.db.run(move |store| {
        let change = |item: BatchItem| {
            let BatchItem { id, environment, name, path, description } = item;
            let project_id = batch.project_id.clone();
            let change = Update { project_id, environment, name, path: path.unwrap_or_else(root), description };
            change_one(store, &change, &id)
        };
        batch.folders.into_iter().map(change).collect()
    });
    Ok(Json(Many { folders: folders.await? }))
}

fn change_one(store: &Store<'_>, change: &Update, id: &str) -> Result<Folder, Refusal> {
    let environment = environment(store, &change.project_id, &change.environment)?;
    let folder = child(store, &environment, &change.path, id)?
        .ok_or_else(|| Refusal::new(404, "UpdateFolder", format!("Folder with ID '{id}' not found")))?;
    store.update_folder(&folder, &change.name, change.description.as_ref())
}

async fn delete(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let mut asked: Delete = check::read(newest(fields), DELETE)?;
    // In October 2024 there was nothing to force.
    asked.force_delete |= app.dialect == Dialect::October2024;
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

/// A folder may have the name that is also an address.
async fn delete_named_batch(app: State<Shared>, fields: Given) -> Answer<One> {
    delete(app, Path("batch".to_owned()), fields).await
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
    let missing =
        || Refusal::missing(format!("Environment with slug '{slug}' in project with ID '{project}' not found"));
    Ok(store.environment_by_slug(&project, slug)?.ok_or_else(missing)?.id)
}

/// In October 2024 names were not looked at, and the look-up of a path failed if it had other characters. Names
/// that it took for a step in a path are refused here.
fn legal(dialect: Dialect, name: &str) -> Result<(), Refusal> {
    if matches!(name, "" | "." | "..") || name.contains('/') {
        return Err(check::custom(&["name"], "A name can't be a step of a path"));
    }
    dialect.readable(name)
}

fn is_name(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The fields under their newest names.
fn newest(mut fields: Fields) -> Fields {
    rename(&mut fields, &["workspaceId", "projectSlug"], "projectId");
    fields
}
