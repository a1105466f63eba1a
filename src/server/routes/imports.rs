//! Secret imports, at the newest addresses and those of older clients.

use crate::api::imports::Changed;
use crate::api::imports::Create;
use crate::api::imports::Import;
use crate::api::imports::Many;
use crate::api::imports::Place;
use crate::api::imports::Update;
use crate::api::projects::EnvironmentName;
use crate::api::secrets::Imported;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::body::rename;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::fields;
use crate::server::check::int;
use crate::server::check::text;
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
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

const PROJECT: Rule = text("projectId").required();
const ENVIRONMENT: Rule = text("environment").required();
const PLACE: &[Rule] = &[PROJECT, ENVIRONMENT, text("path")];
const CREATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    text("path"),
    fields("import", &[text("environment").required(), text("path").required()]).required(),
    bool("isReplication"),
];
const UPDATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    text("path"),
    fields("import", &[text("environment"), text("path"), int("position", 0, i64::MAX)]).required(),
];

/// What all imports of a folder bring.
#[derive(Serialize)]
struct Seen {
    secrets: Vec<Group>,
}

/// What one import brings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(flatten)]
    group: Imported,
    environment_info: EnvironmentName,
}

pub(super) fn routes() -> Routes {
    let one = get(read).patch(update).delete(delete);
    at(&["/api/v2/secret-imports", "/api/v1/secret-imports"], &get(list).post(create))
        .merge(at(&["/api/v2/secret-imports/secrets", "/api/v1/secret-imports/secrets/raw"], &get(secrets)))
        .merge(at(&["/api/v2/secret-imports/{id}", "/api/v1/secret-imports/{id}"], &one))
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let place: Place = check::read_query(newest(query), PLACE)?;
    let secret_imports = app.db.run(move |store| {
        let project = store.project_id(&place.project_id)?;
        match store.find_folder(&project, &place.environment, &place.path)? {
            Some(folder) => store.imports(&folder.id),
            None => Ok(Vec::new()),
        }
    });
    let message = "Successfully fetched secret imports".to_owned();
    Ok(Json(Many { message, secret_imports: secret_imports.await? }))
}

async fn secrets(State(app): State<Shared>, Asked(query): Asked) -> Answer<Seen> {
    let place: Place = check::read_query(newest(query), PLACE)?;
    let secrets = app.db.run(move |store| {
        let project = store.project_id(&place.project_id)?;
        let at = store.place(project, &place.environment, &place.path, "NotFound")?;
        let environments = store.imports(&at.folder)?.into_iter().map(|import| import.import_env);
        let groups = store.import_groups(&at, true)?.into_iter().zip(environments);
        Ok(groups.map(|(group, environment_info)| Group { group, environment_info }).collect())
    });
    Ok(Json(Seen { secrets: secrets.await? }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<Changed> {
    let new: Create = check::read(newest(fields), CREATE)?;
    if new.is_replication {
        return Err(Refusal::bad(
            "Failed to create secret replication due to plan restriction. Upgrade plan to create replication.",
        ));
    }
    let made = app.db.run(move |store| {
        let (project, folder) = owner(store, &new.place)?;
        let made = store.create_import(&project, &folder, &new.import.environment, &new.import.path)?;
        store.queue_touched(&project, &folder, None)?;
        Ok(made)
    });
    let made = made.await?;
    Ok(changed("Successfully created secret import", made))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let found = app.db.run(move |store| {
        let import =
            store.import(&id)?.ok_or_else(|| Refusal::missing(format!("Secret import with ID '{id}' not found")))?;
        let folder = store.folder(&import.folder_id)?.ok_or(Refusal::internal("InternalServerError"))?;
        let environment = store.any_environment(&folder.env_id)?;
        Ok((import, folder.path, environment))
    });
    let (import, path, environment) = found.await?;
    let Ok(Value::Object(mut import)) = serde_json::to_value(import) else {
        return Err(Refusal::internal("InternalServerError"));
    };
    import.insert("projectId".to_owned(), json!(environment.project_id));
    import.insert("secretPath".to_owned(), json!(path));
    import.insert(
        "environment".to_owned(),
        json!({"id": environment.id, "name": environment.name, "slug": environment.slug}),
    );
    Ok(Json(json!({ "secretImport": import })))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Changed> {
    let change: Update = check::read(newest(fields), UPDATE)?;
    let import = &change.import;
    let is_empty = import.environment.is_none() && import.path.is_none() && import.position.is_none();
    if is_empty && app.dialect == Dialect::October2024 {
        return Err(Refusal::internal("Update"));
    }
    let made = app.db.run(move |store| {
        let (project, folder) = owner(store, &change.place)?;
        let made = store.update_import(&project, &folder, &id, &change.import)?;
        store.queue_touched(&project, &folder, None)?;
        Ok(made)
    });
    let made = made.await?;
    Ok(changed("Successfully updated secret import", made))
}

async fn delete(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Changed> {
    let place: Place = check::read(newest(fields), PLACE)?;
    let gone = app.db.run(move |store| {
        let (project, folder) = owner(store, &place)?;
        let gone = store.delete_import(&folder, &id)?;
        store.queue_touched(&project, &folder, None)?;
        Ok(gone)
    });
    let gone = gone.await?;
    Ok(changed("Successfully deleted secret import", gone))
}

/// Project and folder that own the import.
fn owner(store: &Store<'_>, place: &Place) -> Result<(String, String), Refusal> {
    let project = store.project_id(&place.project_id)?;
    let folder = store.folder_for(&project, &place.environment, &place.path, "NotFound")?;
    Ok((project, folder.id))
}

fn changed(message: &str, secret_import: Import) -> Json<Changed> {
    Json(Changed { message: message.to_owned(), secret_import })
}

/// The fields under their newest names.
fn newest(mut fields: Fields) -> Fields {
    rename(&mut fields, &["workspaceId"], "projectId");
    fields
}
