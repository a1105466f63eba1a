//! Secrets, one by one: at the newest addresses, and at those that all of the vendor's own kits use.

use crate::api::root;
use crate::api::secrets::Change;
use crate::api::secrets::Create;
use crate::api::secrets::Delete;
use crate::api::secrets::Get;
use crate::api::secrets::List;
use crate::api::secrets::Many;
use crate::api::secrets::One;
use crate::api::secrets::Place;
use crate::api::secrets::StoredSecret;
use crate::api::secrets::Update;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::body::rename;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::one_of;
use crate::server::check::raw;
use crate::server::check::text;
use crate::server::check::texts;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::store::effective::Expander;
use crate::server::store::folders::no_folder;
use crate::server::store::secrets::At;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use axum::routing::post;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

pub(super) const PROJECT: Rule = text("projectId").required();
pub(super) const ENVIRONMENT: Rule = text("environment").required();
pub(super) const PATH: Rule = text("secretPath");
const TYPE: Rule = one_of("type", &["shared", "personal"]);
pub(super) const METADATA: Rule = list("secretMetadata", 0, &[text("key").required(), text("value").required()]);
const REMINDER: Rule = int("secretReminderRepeatDays", 1, 365);

const LIST: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    bool("viewSecretValue"),
    bool("expandSecretReferences"),
    bool("recursive"),
    bool("include_imports"),
    text("tagSlugs"),
];
const GET: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    TYPE,
    int("version", i64::MIN, i64::MAX),
    bool("viewSecretValue"),
    bool("expandSecretReferences"),
    bool("include_imports"),
];
const CREATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    TYPE,
    raw("secretValue").required(),
    text("secretComment"),
    METADATA,
    texts("tagIds"),
    bool("skipMultilineEncoding"),
    text("secretReminderNote").length(0, 1024),
    REMINDER,
];
const UPDATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    TYPE,
    raw("secretValue"),
    text("secretComment"),
    METADATA,
    texts("tagIds"),
    bool("skipMultilineEncoding"),
    text("newSecretName").length(1, usize::MAX),
    text("secretReminderNote").length(0, 1024),
    REMINDER,
];
const CREATE_2024: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    TYPE,
    raw("secretValue").required(),
    text("secretComment"),
    texts("tagIds"),
    bool("skipMultilineEncoding"),
    text("secretReminderNote").length(0, 1024),
    REMINDER,
];
const UPDATE_2024: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    TYPE,
    raw("secretValue").required(),
    text("secretComment"),
    texts("tagIds"),
    bool("skipMultilineEncoding"),
    text("newSecretName").length(1, usize::MAX),
    text("secretReminderNote").length(0, 1024),
    REMINDER,
];
const DELETE: &[Rule] = &[PROJECT, ENVIRONMENT, PATH, TYPE];
const MOVE: &[Rule] = &[
    PROJECT,
    text("sourceEnvironment").required(),
    text("sourceSecretPath"),
    text("destinationEnvironment").required(),
    text("destinationSecretPath"),
    texts("secretIds").required(),
    bool("shouldOverwrite"),
];

/// Secrets to put into another folder.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    project_id: String,
    source_environment: String,
    #[serde(default = "root")]
    source_secret_path: String,
    destination_environment: String,
    #[serde(default = "root")]
    destination_secret_path: String,
    secret_ids: Vec<String>,
    #[serde(default)]
    should_overwrite: bool,
}

/// What became of a move: without approval policies, all of it is done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    is_source_updated: bool,
    is_destination_updated: bool,
}

pub(super) fn routes() -> Routes {
    let one = get(read).post(create).patch(update).delete(delete);
    at(&["/api/v4/secrets", "/api/v3/secrets/raw"], &get(read_all))
        .route("/api/v3/secrets/move", post(relocate))
        .route("/api/v4/secrets/move", post(relocate).get(read_move).patch(update_move).delete(delete_move))
        .route("/api/v4/secrets/batch", get(read_batch))
        .merge(at(&["/api/v4/secrets/{key}", "/api/v3/secrets/raw/{key}"], &one))
        .merge(at(&["/api/v4/secrets/id/{id}", "/api/v3/secrets/raw/id/{id}"], &get(read_by_id)))
}

async fn read_all(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let query = newest(query);
    if app.dialect == Dialect::October2024 && !(query.contains_key("projectId") && query.contains_key("environment")) {
        return Err(Refusal::bad("Missing workspace id or environment"));
    }
    let asked: List = check::read_query(query, LIST)?;
    let dialect = app.dialect;
    dialect.readable(&asked.secret_path)?;
    let many = app.db.run(move |store| {
        let mut many = Many { secrets: Vec::new(), imports: Some(Vec::new()), approval: None };
        let project = project_of(store, &asked.project_id)?;
        let path = absolute(dialect, &asked.secret_path);
        let Some(folder) = path.map_or(Ok(None), |path| store.find_folder(&project, &asked.environment, path))? else {
            return Ok(many);
        };
        if dialect == Dialect::October2024 && !asked.include_imports {
            many.imports = None;
        }
        let below = match asked.recursive {
            true => store.folders_below(&folder.env_id, folder.path.as_deref().unwrap_or("/"))?,
            false => Vec::new(),
        };
        for folder in std::iter::once(folder).chain(below) {
            let path = folder.path.unwrap_or_default();
            let at = At { project: project.clone(), environment: asked.environment.clone(), folder: folder.id, path };
            many.secrets.extend(store.secrets(&at, asked.view_secret_value)?);
            if let Some(imports) = many.imports.as_mut().filter(|_| asked.include_imports) {
                imports.extend(store.import_groups(&at, asked.view_secret_value)?);
            }
        }
        if let Some(wanted) = &asked.tag_slugs {
            let wanted: Vec<&str> = wanted.split(',').map(str::trim).filter(|slug| !slug.is_empty()).collect();
            many.secrets.retain(|secret| wanted.is_empty() || has_tag(secret, &wanted));
        }
        if asked.view_secret_value {
            let mut expander = Expander::new(store, &project);
            let own = many.secrets.iter_mut().filter(|_| asked.expand_secret_references);
            let imported = many.imports.iter_mut().flatten().flat_map(|group| &mut group.secrets);
            // In October 2024 what was imported came with its references replaced, asked for or not.
            let always = dialect == Dialect::October2024;
            for secret in own.chain(imported.filter(|_| always || asked.expand_secret_references)) {
                expander.expand(secret)?;
            }
        }
        Ok(many)
    });
    Ok(Json(many.await?))
}

async fn read(State(app): State<Shared>, Path(key): Id, Asked(query): Asked) -> Answer<One> {
    let query = newest(query);
    if app.dialect == Dialect::October2024 {
        if !query.contains_key("projectId") {
            return Err(Refusal::bad("You must provide workspaceSlug or workspaceId"));
        }
        if !query.contains_key("environment") {
            return Err(Refusal::bad("Missing environment"));
        }
    }
    let is_personal = query.get("type").and_then(Value::as_str) == Some("personal");
    let asked: Get = check::read_query(query, GET)?;
    let dialect = app.dialect;
    let secret = app.db.run(move |store| {
        let place = Place {
            project_id: asked.project_id.clone(),
            environment: asked.environment.clone(),
            secret_path: asked.secret_path.clone(),
        };
        let at = located(store, dialect, &place, "GetSecretByName")?;
        let key = key.trim();
        if is_personal {
            return Err(missing(key));
        }
        let mut found = store.secret(&at, key, asked.view_secret_value)?;
        if found.is_none() && asked.include_imports {
            let groups = store.import_groups(&at, asked.view_secret_value)?;
            // The later import wins.
            found = groups.into_iter().rev().find_map(|group| {
                let found = group.secrets.into_iter().find(|secret| secret.secret_key == key)?;
                Some(match dialect {
                    Dialect::Newest => found,
                    // It told the environment of the import, and no tags.
                    Dialect::October2024 => StoredSecret { environment: group.environment, tags: None, ..found },
                })
            });
        }
        let mut secret = found.ok_or_else(|| missing(key))?;
        if asked.expand_secret_references && asked.view_secret_value {
            Expander::new(store, &at.project).expand(&mut secret)?;
        }
        Ok(secret)
    });
    Ok(one(secret.await?))
}

async fn read_by_id(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let secret = app.db.run(move |store| {
        let (at, key) =
            store.secret_by_id(&id)?.ok_or_else(|| Refusal::missing(format!("Secret with ID '{id}' not found")))?;
        store.secret(&at, &key, true)?.ok_or(Refusal::internal("InternalServerError"))
    });
    Ok(one(secret.await?))
}

async fn create(State(app): State<Shared>, Path(key): Id, Given(fields): Given) -> Answer<One> {
    let fields = shared(newest(fields), "create")?;
    let dialect = app.dialect;
    let Create { place, new } = check::read_in(dialect, fields, CREATE, CREATE_2024)?;
    let key = legal(dialect, &key, "secretName")?;
    let secret = app.db.run(move |store| {
        let at = located(store, dialect, &place, "CreateSecret")?;
        let made = store.create_secret(&at, &key, &new)?.ok_or(Refusal::bad("Secret already exist"))?;
        touched(store, &at)?;
        Ok(made)
    });
    let secret = secret.await?;
    Ok(one(secret))
}

async fn update(State(app): State<Shared>, Path(key): Id, Given(fields): Given) -> Answer<One> {
    let fields = shared(newest(fields), "update")?;
    let dialect = app.dialect;
    let Update { place, change } = check::read_in(dialect, fields, UPDATE, UPDATE_2024)?;
    legal_change(dialect, &change)?;
    let secret = app.db.run(move |store| {
        let at = located(store, dialect, &place, "UpdateSecret")?;
        let missing = || missing(&key).once(404, "NotFound", format!("Secret with name {key} not found"));
        let mut made = store.update_secret(&at, key.trim(), &change)?.ok_or_else(missing)?;
        touched(store, &at)?;
        if dialect == Dialect::October2024 {
            // It said what it was told, not what it stored.
            made.secret_comment = change.secret_comment.unwrap_or_default();
        }
        Ok(made)
    });
    let secret = secret.await?;
    Ok(one(secret))
}

async fn delete(State(app): State<Shared>, Path(key): Id, Given(fields): Given) -> Answer<One> {
    let fields = shared(newest(fields), "delete")?;
    let dialect = app.dialect;
    let Delete { place } = check::read(fields, DELETE)?;
    let secret = app.db.run(move |store| {
        let at = located(store, dialect, &place, "DeleteSecret")?;
        let gone = store.delete_secret(&at, key.trim())?.ok_or_else(|| missing(&key))?;
        touched(store, &at)?;
        Ok(gone)
    });
    let secret = secret.await?;
    Ok(one(secret))
}

// Secrets may have the names that are also addresses.
async fn read_move(app: State<Shared>, query: Asked) -> Answer<One> {
    read(app, Path("move".to_owned()), query).await
}

async fn update_move(app: State<Shared>, fields: Given) -> Answer<One> {
    update(app, Path("move".to_owned()), fields).await
}

async fn delete_move(app: State<Shared>, fields: Given) -> Answer<One> {
    delete(app, Path("move".to_owned()), fields).await
}

async fn read_batch(app: State<Shared>, query: Asked) -> Answer<One> {
    read(app, Path("batch".to_owned()), query).await
}

async fn relocate(State(app): State<Shared>, Given(fields): Given) -> Answer<Moved> {
    let asked: Move = check::read(newest(fields), MOVE)?;
    let dialect = app.dialect;
    app.db
        .run(move |store| {
            let place = |environment: &str, path: &str| Place {
                project_id: asked.project_id.clone(),
                environment: environment.to_owned(),
                secret_path: path.to_owned(),
            };
            let from = place(&asked.source_environment, &asked.source_secret_path);
            let from = located(store, dialect, &from, "MoveSecrets")?;
            let to = place(&asked.destination_environment, &asked.destination_secret_path);
            let to = located(store, dialect, &to, "MoveSecrets")?;
            store.move_secrets(&from, &to, &asked.secret_ids, asked.should_overwrite)?;
            touched(store, &from)?;
            touched(store, &to)
        })
        .await?;
    Ok(Json(Moved { is_source_updated: true, is_destination_updated: true }))
}

/// The fields under their newest names; those that are `null` count as absent, as some clients mean it, but for
/// the value itself.
pub(super) fn newest(mut fields: Fields) -> Fields {
    rename(&mut fields, &["workspaceId", "workspaceSlug", "projectSlug"], "projectId");
    rename(&mut fields, &["includeImports"], "include_imports");
    drop_nulls(&mut fields);
    if let Some(Value::Array(items)) = fields.get_mut("secrets") {
        items.iter_mut().filter_map(Value::as_object_mut).for_each(drop_nulls);
    }
    fields
}

fn drop_nulls(fields: &mut Fields) {
    fields.retain(|name, value| name == "secretValue" || !value.is_null());
}

/// Refuses personal secrets: they belong to users, and here there are machine identities only.
fn shared(fields: Fields, what: &str) -> Result<Fields, Refusal> {
    match fields.get("type").and_then(Value::as_str) {
        Some("personal") => Err(Refusal::bad(format!("Must be user to {what} personal secret"))),
        _ => Ok(fields),
    }
}

/// A key that a new secret may have. In October 2024 it could be anything that fits in its column.
pub(super) fn legal(dialect: Dialect, key: &str, field: &str) -> Result<String, Refusal> {
    let key = key.trim();
    if dialect == Dialect::October2024 {
        return if key.chars().count() > 500 { Err(Refusal::internal("Create")) } else { Ok(key.to_owned()) };
    }
    if key.is_empty() {
        return Err(check::custom(&[field], "Secret name cannot be empty"));
    }
    if key.contains([':', '/']) {
        return Err(check::custom(&[field], "Secret name cannot contain colon or slash"));
    }
    Ok(key.to_owned())
}

pub(super) fn legal_change(dialect: Dialect, change: &Change) -> Result<(), Refusal> {
    change.new_secret_name.as_deref().map_or(Ok(()), |name| legal(dialect, name, "newSecretName").map(drop))
}

/// The folder that a request names.
pub(super) fn located(store: &Store<'_>, dialect: Dialect, place: &Place, error: &'static str) -> Result<At, Refusal> {
    let project = project_of(store, &place.project_id)?;
    dialect.readable(&place.secret_path)?;
    match absolute(dialect, &place.secret_path) {
        Some(path) => store.place(project, &place.environment, path, error),
        None => Err(no_folder(&place.environment, &place.secret_path, error)),
    }
}

fn project_of(store: &Store<'_>, id: &str) -> Result<String, Refusal> {
    let lost = || {
        format!(
            "Project with ID '{id}' not found during bot lookup. Are you sure you are using the correct project ID?"
        )
    };
    store.project_id(id).map_err(|refusal| match refusal.status {
        404 => refusal.once(404, "NotFound", lost()),
        _ => refusal,
    })
}

/// In October 2024 a path of secrets without a slash at its start led nowhere.
fn absolute(dialect: Dialect, path: &str) -> Option<&str> {
    (dialect == Dialect::Newest || path.starts_with('/')).then_some(path)
}

/// Queues the syncs that a change in a folder reaches.
pub(super) fn touched(store: &Store<'_>, at: &At) -> Result<(), Refusal> {
    store.queue_touched(&at.project, &at.folder, None)
}

fn has_tag(secret: &StoredSecret, wanted: &[&str]) -> bool {
    secret.tags.iter().flatten().any(|tag| wanted.contains(&tag.slug.as_str()))
}

fn missing(key: &str) -> Refusal {
    Refusal::missing(format!("Secret with name '{key}' not found"))
}

fn one(secret: StoredSecret) -> Json<One> {
    Json(One { secret: Some(secret), approval: None })
}
