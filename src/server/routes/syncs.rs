//! Secret syncs. Starting their jobs by hand is in [`super::sync_jobs`].

use crate::api::nullable;
use crate::api::syncs::Create;
use crate::api::syncs::Json as Object;
use crate::api::syncs::Many;
use crate::api::syncs::One;
use crate::api::syncs::Options;
use crate::api::syncs::SYNCS;
use crate::api::syncs::Sync;
use crate::api::syncs::SyncOption;
use crate::model::schema::Destination;
use crate::server::App;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::object;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::specs;
use crate::server::store::jobs::Kind;
use crate::server::store::syncs::SyncFields;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;

const PROJECT: &[Rule] = &[text("projectId").required()];
const CREATE: &[Rule] = &[
    slug("name").required().length(1, 256).titled("Name"),
    text("projectId").required(),
    text("description").nullable().length(0, 256),
    text("connectionId").required(),
    slug("environment").required().titled("Environment"),
    text("secretPath").required(),
    bool("isAutoSyncEnabled"),
    object("syncOptions").required(),
    object("destinationConfig").required(),
];
const UPDATE: &[Rule] = &[
    slug("name").length(1, 256).titled("Name"),
    text("description").nullable().length(0, 256),
    text("connectionId"),
    slug("environment").titled("Environment"),
    text("secretPath"),
    bool("isAutoSyncEnabled"),
    object("syncOptions"),
    object("destinationConfig"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfProject {
    project_id: String,
}

/// The same as [`crate::api::syncs::Update`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<String>>,
    connection_id: Option<String>,
    environment: Option<String>,
    secret_path: Option<String>,
    is_auto_sync_enabled: Option<bool>,
    sync_options: Option<Object>,
    destination_config: Option<Object>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(SYNCS, get(list))
        .route(&format!("{SYNCS}/options"), get(options))
        .route(&format!("{SYNCS}/{{destination}}"), get(list_of_destination).post(create))
        .route(&format!("{SYNCS}/{{destination}}/{{id}}"), get(read).patch(update).delete(super::sync_jobs::delete))
        .route(&format!("{SYNCS}/{{destination}}/sync-name/{{name}}"), get(read_by_name))
}

async fn options(State(app): State<Shared>) -> Json<Options> {
    let mut options: Vec<SyncOption> = app
        .registry
        .schemas()
        .destinations
        .values()
        .map(|destination| SyncOption {
            name: destination.title.to_string(),
            destination: destination.slug.to_string(),
            connection: destination.app.to_string(),
            can_import_secrets: destination.can_import,
            can_remove_secrets_on_deletion: Some(true),
            supports_key_schema: Some(true),
            supports_disable_secret_deletion: Some(true),
        })
        .collect();
    options.sort_by(|a, b| a.name.cmp(&b.name));
    Json(Options { secret_sync_options: options })
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let OfProject { project_id } = check::read_query(query, PROJECT)?;
    let secret_syncs = app.db.run(move |store| store.syncs(&store.project_id(&project_id)?, None)).await?;
    Ok(Json(Many { secret_syncs }))
}

async fn list_of_destination(State(app): State<Shared>, Path(slug): Id, Asked(query): Asked) -> Answer<Many> {
    let OfProject { project_id } = check::read_query(query, PROJECT)?;
    let secret_syncs = app.db.run(move |store| store.syncs(&store.project_id(&project_id)?, Some(&slug))).await?;
    Ok(Json(Many { secret_syncs }))
}

async fn read(State(app): State<Shared>, Path((slug, id)): Ids) -> Answer<One> {
    let title = title(&app, &slug);
    let secret_sync = app.db.run(move |store| find(store, &title, &slug, &id)).await?;
    Ok(Json(One { secret_sync }))
}

async fn read_by_name(State(app): State<Shared>, Path((slug, name)): Ids, Asked(query): Asked) -> Answer<One> {
    let OfProject { project_id } = check::read_query(query, PROJECT)?;
    let title = title(&app, &slug);
    let found = app.db.run(move |store| {
        let found = store.find_sync_by_name(&store.project_id(&project_id)?, &name)?;
        found
            .filter(|sync| sync.destination == slug)
            .ok_or_else(|| Refusal::missing(format!("Could not find {title} Sync with name \"{name}\"")))
    });
    Ok(Json(One { secret_sync: found.await? }))
}

async fn create(State(app): State<Shared>, Path(slug): Id, Given(fields): Given) -> Answer<One> {
    let asked: Create = check::read(fields, CREATE)?;
    let destination = declared(&app, &slug)?;
    let (config, options) = specs::checked(destination, &asked.destination_config, &asked.sync_options)?;
    let owner = destination.app.to_string();
    let made = app.db.run(move |store| {
        let project = store.project_id(&asked.project_id)?;
        check_connection(store, &asked.connection_id, &owner, &slug, &project)?;
        let new = SyncFields {
            name: asked.name,
            description: asked.description,
            folder: Some(source(store, &project, &asked.environment, &asked.secret_path)?),
            connection: asked.connection_id,
            config,
            options,
            auto: asked.is_auto_sync_enabled,
        };
        let made = store.create_sync(&project, &slug, &new)?;
        queue_if_auto(store, made)
    });
    let secret_sync = made.await?;
    Ok(Json(One { secret_sync }))
}

async fn update(State(app): State<Shared>, Path((slug, id)): Ids, Given(fields): Given) -> Answer<One> {
    let asked: Update = check::read(fields, UPDATE)?;
    let destination = declared(&app, &slug)?.clone();
    let title = title(&app, &slug);
    let made = app.db.run(move |store| {
        let old = find(store, &title, &slug, &id)?;
        let connection = asked.connection_id.unwrap_or_else(|| old.connection_id.clone());
        if connection != old.connection_id {
            check_connection(store, &connection, &destination.app, &slug, &old.project_id)?;
        }
        let config = asked.destination_config.as_ref().unwrap_or(&old.destination_config);
        let options = asked.sync_options.as_ref().unwrap_or(&old.sync_options);
        let (config, options) = specs::checked(&destination, config, options)?;
        let folder = match (&asked.environment, &asked.secret_path) {
            (None, None) => old.folder_id.clone(),
            (environment, path) => {
                let environment = environment.as_deref().or(old.environment.as_ref().map(|e| e.slug.as_str()));
                let path = path.as_deref().or(old.folder.as_ref().map(|f| f.path.as_str()));
                let (environment, path) = environment.zip(path).ok_or(Refusal::bad(specs::NO_SOURCE))?;
                Some(source(store, &old.project_id, environment, path)?)
            }
        };
        let new = SyncFields {
            name: asked.name.unwrap_or_else(|| old.name.clone()),
            description: asked.description.unwrap_or_else(|| old.description.clone()),
            folder,
            connection,
            config,
            options,
            auto: asked.is_auto_sync_enabled.unwrap_or(old.is_auto_sync_enabled),
        };
        let changed = store.update_sync(&old, &new)?;
        queue_if_auto(store, changed)
    });
    let secret_sync = made.await?;
    Ok(Json(One { secret_sync }))
}

/// A push of a sync that starts itself, if it has a source.
fn queue_if_auto(store: &Store<'_>, sync: Sync) -> Result<Sync, Refusal> {
    if !sync.is_auto_sync_enabled || sync.folder_id.is_none() {
        return Ok(sync);
    }
    store.queue(&sync.id, Kind::Sync, None)?;
    store.find_sync(&sync.id)?.ok_or(Refusal::internal("InternalServerError"))
}

fn check_connection(store: &Store<'_>, id: &str, app: &str, destination: &str, project: &str) -> Result<(), Refusal> {
    let connection = store.connection(id, None)?;
    if connection.app != app {
        return Err(Refusal::bad(format!(
            "App Connection with ID {id} is for App \"{}\", not for the destination \"{destination}\"",
            connection.app
        )));
    }
    match connection.project_id {
        Some(other) if other != project => {
            Err(Refusal::bad(format!("App Connection with ID {id} belongs to another project")))
        }
        _ => Ok(()),
    }
}

/// The id of the source folder.
fn source(store: &Store<'_>, project: &str, environment: &str, path: &str) -> Result<String, Refusal> {
    let folder = store.find_folder(project, environment, path)?;
    Ok(folder
        .ok_or_else(|| {
            Refusal::bad(format!(
                "Could not find folder with path \"{path}\" in environment \"{environment}\" for project with ID \
                 \"{project}\""
            ))
        })?
        .id)
}

fn declared<'a>(app: &'a App, slug: &str) -> Result<&'a Destination, Refusal> {
    app.registry
        .schemas()
        .destinations
        .get(slug)
        .ok_or_else(|| Refusal::missing(format!("This server does not know the destination \"{slug}\"")))
}

/// The vendor's name of a destination, for messages.
pub(super) fn title(app: &App, slug: &str) -> String {
    app.registry.schemas().destinations.get(slug).map_or(slug, |destination| &destination.title).to_owned()
}

/// The sync of an id at a kind of destination.
pub(super) fn find(store: &Store<'_>, title: &str, slug: &str, id: &str) -> Result<Sync, Refusal> {
    store
        .find_sync(id)?
        .filter(|sync| sync.destination == slug)
        .ok_or_else(|| Refusal::missing(format!("Could not find {title} Sync with ID \"{id}\"")))
}
