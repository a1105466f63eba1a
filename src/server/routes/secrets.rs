//! Secrets, one by one: at the newest addresses, and at those that all of the vendor's own kits use.

use crate::api::secrets::Change;
use crate::api::secrets::Create;
use crate::api::secrets::Delete;
use crate::api::secrets::Get;
use crate::api::secrets::List;
use crate::api::secrets::Many;
use crate::api::secrets::One;
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
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::store::effective::Expander;
use crate::server::store::secrets::At;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
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
const DELETE: &[Rule] = &[PROJECT, ENVIRONMENT, PATH, TYPE];

pub(super) fn routes() -> Routes {
    let one = get(read).post(create).patch(update).delete(delete);
    at(&["/api/v4/secrets", "/api/v3/secrets/raw"], &get(read_all))
        .merge(at(&["/api/v4/secrets/{key}", "/api/v3/secrets/raw/{key}"], &one))
        .merge(at(&["/api/v4/secrets/id/{id}", "/api/v3/secrets/raw/id/{id}"], &get(read_by_id)))
}

async fn read_all(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let asked: List = check::read_query(newest(query), LIST)?;
    let many = app.db.run(move |store| {
        let mut many = Many { secrets: Vec::new(), imports: Some(Vec::new()), approval: None };
        let project = store.project_id(&asked.project_id)?;
        let Some(folder) = store.find_folder(&project, &asked.environment, &asked.secret_path)? else {
            return Ok(many);
        };
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
        if asked.expand_secret_references && asked.view_secret_value {
            let mut expander = Expander::new(store, &project);
            let imported = many.imports.iter_mut().flatten().flat_map(|group| &mut group.secrets);
            for secret in many.secrets.iter_mut().chain(imported) {
                expander.expand(secret)?;
            }
        }
        Ok(many)
    });
    Ok(Json(many.await?))
}

async fn read(State(app): State<Shared>, Path(key): Id, Asked(query): Asked) -> Answer<One> {
    let asked: Get = check::read_query(newest(query), GET)?;
    let secret = app.db.run(move |store| {
        let at = store.place(&asked.project_id, &asked.environment, &asked.secret_path, "GetSecretByName")?;
        let mut found = store.secret(&at, &key, asked.view_secret_value)?;
        if found.is_none() && asked.include_imports {
            let groups = store.import_groups(&at, asked.view_secret_value)?;
            // The later import wins.
            found = groups.into_iter().rev().flat_map(|group| group.secrets).find(|secret| secret.secret_key == key);
        }
        let mut secret = found.ok_or_else(|| missing(&key))?;
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
    let Create { place, new } = check::read(fields, CREATE)?;
    let key = legal(&key, "secretName")?;
    let secret = app.db.run(move |store| {
        let at = store.place(&place.project_id, &place.environment, &place.secret_path, "CreateSecret")?;
        let made = store.create_secret(&at, &key, &new)?.ok_or(Refusal::bad("Secret already exist"))?;
        touched(store, &at)?;
        Ok(made)
    });
    let secret = secret.await?;
    app.jobs.ring();
    Ok(one(secret))
}

async fn update(State(app): State<Shared>, Path(key): Id, Given(fields): Given) -> Answer<One> {
    let fields = shared(newest(fields), "update")?;
    let Update { place, change } = check::read(fields, UPDATE)?;
    legal_change(&change)?;
    let secret = app.db.run(move |store| {
        let at = store.place(&place.project_id, &place.environment, &place.secret_path, "UpdateSecret")?;
        let made = store.update_secret(&at, &key, &change)?.ok_or_else(|| missing(&key))?;
        touched(store, &at)?;
        Ok(made)
    });
    let secret = secret.await?;
    app.jobs.ring();
    Ok(one(secret))
}

async fn delete(State(app): State<Shared>, Path(key): Id, Given(fields): Given) -> Answer<One> {
    let fields = shared(newest(fields), "delete")?;
    let Delete { place } = check::read(fields, DELETE)?;
    let secret = app.db.run(move |store| {
        let at = store.place(&place.project_id, &place.environment, &place.secret_path, "DeleteSecret")?;
        let gone = store.delete_secret(&at, &key)?.ok_or_else(|| missing(&key))?;
        touched(store, &at)?;
        Ok(gone)
    });
    let secret = secret.await?;
    app.jobs.ring();
    Ok(one(secret))
}

/// The fields under their newest names; those that are `null` count as absent, as some clients mean it.
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
    fields.retain(|_, value| !value.is_null());
}

/// Refuses personal secrets: they belong to users, and here there are machine identities only.
fn shared(fields: Fields, what: &str) -> Result<Fields, Refusal> {
    match fields.get("type").and_then(Value::as_str) {
        Some("personal") => Err(Refusal::bad(format!("Must be user to {what} personal secret"))),
        _ => Ok(fields),
    }
}

/// A key that a new secret may have.
pub(super) fn legal(key: &str, field: &str) -> Result<String, Refusal> {
    let key = key.trim();
    if key.is_empty() {
        return Err(check::custom(&[field], "Secret name cannot be empty"));
    }
    if key.contains([':', '/']) {
        return Err(check::custom(&[field], "Secret name cannot contain colon or slash"));
    }
    Ok(key.to_owned())
}

pub(super) fn legal_change(change: &Change) -> Result<(), Refusal> {
    change.new_secret_name.as_deref().map_or(Ok(()), |name| legal(name, "newSecretName").map(drop))
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
