//! Machine identities of the organisation. The server keeps them, with the way in which they would log in;
//! only its own identity can log in, because it enforces no roles.

use crate::api::identities::Create;
use crate::api::identities::Machine;
use crate::api::identities::OrganizationMember;
use crate::api::identities::Pair;
use crate::api::identities::Range;
use crate::api::identities::UniversalAuth;
use crate::api::identities::Update;
use crate::server::App;
use crate::server::Shared;
use crate::server::auth::TOKEN_LIVES;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::text;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::store;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use rusqlite::Row;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

const PAIR: &[Rule] = &[text("key").required().length(1, 255), text("value").required().length(1, 1020)];
const CREATE: &[Rule] = &[
    text("name").required(),
    text("organizationId").required(),
    text("role").required().length(1, 64),
    bool("hasDeleteProtection"),
    list("metadata", 0, PAIR),
];
/// One that is told no role had none that allows anything.
const CREATE_2024: &[Rule] = &[
    text("name").required(),
    text("organizationId").required(),
    text("role").length(1, 64),
    list("metadata", 0, PAIR),
];
const UPDATE: &[Rule] =
    &[text("name"), text("role").length(1, 64), bool("hasDeleteProtection"), list("metadata", 0, PAIR)];
const RANGE: &[Rule] = &[text("ipAddress").required()];
const MOST_SECONDS: i64 = 315_360_000;
const AUTH: &[Rule] = &[
    int("accessTokenTTL", 0, MOST_SECONDS),
    int("accessTokenMaxTTL", 0, MOST_SECONDS),
    int("accessTokenNumUsesLimit", 0, i64::MAX),
    list("accessTokenTrustedIps", 1, RANGE),
    list("clientSecretTrustedIps", 1, RANGE),
];
const LIST: &[Rule] = &[text("orgId").required()];

/// An identity as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    name: String,
    role: String,
    has_delete_protection: bool,
    metadata: Vec<Pair>,
    auth: Option<Auth>,
}

/// How it would log in.
#[derive(Clone, Serialize, Deserialize)]
struct Auth {
    id: String,
    client_id: String,
    settings: UniversalAuth,
}

/// A new or changed way to log in: what is absent stays, or is the default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    #[serde(rename = "accessTokenTTL")]
    ttl: Option<i64>,
    #[serde(rename = "accessTokenMaxTTL")]
    max_ttl: Option<i64>,
    #[serde(rename = "accessTokenNumUsesLimit")]
    uses: Option<i64>,
    access_token_trusted_ips: Option<Vec<Range>>,
    client_secret_trusted_ips: Option<Vec<Range>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    org_id: String,
}

pub(super) fn routes() -> Routes {
    let auth = get(read_auth).post(create_auth).patch(update_auth).delete(delete_auth);
    Routes::new()
        .route("/api/v1/identities", get(all).post(create))
        .route("/api/v2/organizations/{organization}/identity-memberships", get(members))
        .route("/api/v1/identities/{id}", get(read).patch(update).delete(delete))
        .route("/api/v1/auth/universal-auth/identities/{id}", auth)
}

async fn all(State(app): State<Shared>, Asked(query): Asked) -> Answer<Value> {
    let asked: Listing = check::read_query(query, LIST)?;
    refuse_other_organization(&app, &asked.org_id)?;
    let all = app.db.run(every).await?;
    // A listing leaves out the metadata.
    let told = |document| match app.dialect {
        Dialect::Newest => json!(OrganizationMember { metadata: None, ..member(document) }),
        Dialect::October2024 => without_metadata(&app, document),
    };
    Ok(Json(json!({ "totalCount": all.len(), "identities": all.into_iter().map(told).collect::<Vec<_>>() })))
}

/// The same by the older address, as memberships.
async fn members(State(app): State<Shared>, Path(organization): Id) -> Answer<Value> {
    refuse_other_organization(&app, &organization)?;
    let all = app.db.run(every).await?;
    let told = |document| without_metadata(&app, document);
    Ok(Json(json!({ "totalCount": all.len(), "identityMemberships": all.into_iter().map(told).collect::<Vec<_>>() })))
}

fn without_metadata(app: &App, document: Document<Kept>) -> Value {
    let mut told = membership(app, document);
    told.as_object_mut().into_iter().for_each(|fields| drop(fields.remove("metadata")));
    told
}

async fn create(State(app): State<Shared>, Given(mut fields): Given) -> Answer<Value> {
    if app.dialect == Dialect::October2024 {
        fields.entry("role").or_insert_with(|| json!("no-access"));
    }
    let new: Create = check::read_in(app.dialect, fields, CREATE, CREATE_2024)?;
    refuse_other_organization(&app, &new.organization_id)?;
    let made = app.db.run(move |store| {
        let kept = Kept {
            name: new.name,
            role: new.role,
            has_delete_protection: new.has_delete_protection,
            metadata: new.metadata.unwrap_or_default(),
            auth: None,
        };
        let id = store.create_document(Kind::Identity, &New::of(None, &kept))?;
        find(store, &id)
    });
    Ok(Json(one(&app, made.await?)))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let found = app.db.run(move |store| find(store, &id)).await?;
    Ok(Json(match app.dialect {
        Dialect::Newest => json!({ "identity": member(found) }),
        Dialect::October2024 => json!({ "identity": membership(&app, found) }),
    }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Value> {
    let change: Update = check::read(fields, UPDATE)?;
    let made = app.db.run(move |store| {
        let mut kept = find_other(store, &id)?.body;
        kept.name = change.name.unwrap_or(kept.name);
        kept.role = change.role.unwrap_or(kept.role);
        kept.has_delete_protection = change.has_delete_protection.unwrap_or(kept.has_delete_protection);
        kept.metadata = change.metadata.unwrap_or(kept.metadata);
        store.update_document(&id, None, &kept)?;
        find(store, &id)
    });
    Ok(Json(one(&app, made.await?)))
}

async fn delete(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let gone = app.db.run(move |store| {
        let document = find_other(store, &id)?;
        if document.body.has_delete_protection {
            return Err(Refusal::bad("Identity has delete protection"));
        }
        store.delete_document(&id)?;
        Ok(document)
    });
    Ok(Json(one(&app, gone.await?)))
}

async fn read_auth(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let found = app.db.run(move |store| {
        let document = find(store, &id)?;
        let auth = document.body.auth.as_ref().ok_or_else(|| no_auth(&id))?;
        Ok(told(auth, &document))
    });
    Ok(Json(found.await?))
}

async fn create_auth(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Value> {
    let asked: Settings = check::read(fields, AUTH)?;
    let made = app.db.run(move |store| {
        let Document { body: mut kept, .. } = find_other(store, &id)?;
        if kept.auth.is_some() {
            return Err(Refusal::bad("Failed to add universal auth to already configured identity"));
        }
        let settings = merged(by_default(), asked)?;
        kept.auth = Some(Auth { id: clock::id(), client_id: clock::id(), settings });
        keep_auth(store, &id, &kept)
    });
    Ok(Json(made.await?))
}

async fn update_auth(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Value> {
    let asked: Settings = check::read(fields, AUTH)?;
    let made = app.db.run(move |store| {
        let Document { body: mut kept, .. } = find_other(store, &id)?;
        let mut auth = kept.auth.take().ok_or_else(|| no_auth(&id))?;
        auth.settings = merged(auth.settings, asked)?;
        kept.auth = Some(auth);
        keep_auth(store, &id, &kept)
    });
    Ok(Json(made.await?))
}

async fn delete_auth(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let gone = app.db.run(move |store| {
        let mut document = find_other(store, &id)?;
        let auth = document.body.auth.take().ok_or_else(|| no_auth(&id))?;
        store.update_document(&id, None, &document.body)?;
        Ok(told(&auth, &document))
    });
    Ok(Json(gone.await?))
}

/// Keeps how an identity logs in, and tells it.
fn keep_auth(store: &Store<'_>, id: &str, kept: &Kept) -> Result<Value, Refusal> {
    store.update_document(id, None, kept)?;
    let document = find(store, id)?;
    let auth = document.body.auth.as_ref().ok_or_else(|| no_auth(id))?;
    Ok(told(auth, &document))
}

/// What is not said of a login.
fn by_default() -> UniversalAuth {
    const TTL: i64 = 2_592_000;
    let anywhere = || [("0.0.0.0", 0), ("::", 0)].map(|(ip, prefix)| range(ip, Some(prefix))).to_vec();
    UniversalAuth { ttl: TTL, max_ttl: TTL, uses: 0, token_ips: anywhere(), secret_ips: anywhere() }
}

fn merged(old: UniversalAuth, asked: Settings) -> Result<UniversalAuth, Refusal> {
    let ranges = |given: Option<Vec<Range>>, old: Vec<Range>, field: &'static str| match given {
        Some(list) => list.into_iter().map(|one| parsed(&one.ip_address, field)).collect::<Result<Vec<_>, _>>(),
        None => Ok(old),
    };
    let new = UniversalAuth {
        ttl: asked.ttl.unwrap_or(old.ttl),
        max_ttl: asked.max_ttl.unwrap_or(old.max_ttl),
        uses: asked.uses.unwrap_or(old.uses),
        token_ips: ranges(asked.access_token_trusted_ips, old.token_ips, "accessTokenTrustedIps")?,
        secret_ips: ranges(asked.client_secret_trusted_ips, old.secret_ips, "clientSecretTrustedIps")?,
    };
    match new.ttl > new.max_ttl {
        true => Err(check::custom(&[], "Access Token TTL cannot be greater than Access Token Max TTL.").once(
            400,
            "BadRequest",
            "Access token TTL cannot be greater than max TTL",
        )),
        false => Ok(new),
    }
}

fn parsed(text: &str, field: &str) -> Result<Range, Refusal> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok())),
        None => (text, None),
    };
    let bad = || check::custom(&[field], "The IP is not a valid IPv4, IPv6, or CIDR block");
    let most = address.parse::<core::net::IpAddr>().map(|ip| if ip.is_ipv4() { 32 } else { 128 }).map_err(|_| bad())?;
    match prefix {
        None => Ok(range(address, None)),
        Some(Some(prefix)) if prefix <= most => Ok(range(address, Some(prefix))),
        Some(_) => Err(bad()),
    }
}

fn range(address: &str, prefix: Option<u8>) -> Range {
    Range { ip_address: address.to_owned(), prefix }
}

fn told(auth: &Auth, identity: &Document<Kept>) -> Value {
    let mut out = serde_json::to_value(&auth.settings).unwrap_or_default();
    if let Value::Object(fields) = &mut out {
        fields.insert("id".to_owned(), json!(auth.id));
        fields.insert("clientId".to_owned(), json!(auth.client_id));
        fields.insert("identityId".to_owned(), json!(identity.id));
        fields.insert("createdAt".to_owned(), json!(identity.created_at));
        fields.insert("updatedAt".to_owned(), json!(identity.updated_at));
        for name in ["accessTokenTrustedIps", "clientSecretTrustedIps"] {
            for range in fields.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
                let is_v6 = range["ipAddress"].as_str().is_some_and(|ip| ip.contains(':'));
                range["type"] = json!(if is_v6 { "ipv6" } else { "ipv4" });
            }
        }
    }
    json!({ "identityUniversalAuth": out })
}

fn no_auth(id: &str) -> Refusal {
    Refusal::bad(format!("The identity with ID {id} does not have universal auth attached"))
}

fn member(document: Document<Kept>) -> OrganizationMember {
    let kept = document.body;
    let auth_methods = kept.auth.iter().map(|_| "universal-auth".to_owned()).collect();
    let identity = Machine {
        id: document.id,
        name: kept.name,
        has_delete_protection: kept.has_delete_protection,
        auth_methods,
        auth_method: None,
    };
    OrganizationMember {
        identity,
        role: kept.role,
        org_id: String::new(),
        custom_role: None,
        metadata: Some(kept.metadata),
    }
}

/// What was just made, changed or deleted.
fn one(app: &Shared, document: Document<Kept>) -> Value {
    match app.dialect {
        Dialect::Newest => json!({ "identity": member(document).identity }),
        Dialect::October2024 => {
            let times = json!({ "createdAt": document.created_at, "updatedAt": document.updated_at });
            let mut told = named(app.dialect, &document.id, &document.body.name, document.body.auth.is_some());
            if let (Some(told), Value::Object(times)) = (told.as_object_mut(), times) {
                told.extend(times);
            }
            json!({ "identity": told })
        }
    }
}

/// An identity as memberships name it; in October 2024 there was one way to log in, or none.
pub(super) fn named(dialect: Dialect, id: &str, name: &str, logs_in: bool) -> Value {
    const METHOD: &str = "universal-auth";
    let methods: Vec<&str> = logs_in.then_some(METHOD).into_iter().collect();
    match dialect {
        Dialect::Newest => json!({ "id": id, "name": name, "authMethods": methods }),
        Dialect::October2024 => json!({ "id": id, "name": name, "authMethod": methods.first() }),
    }
}

/// An identity as a member of the organisation, by the older addresses.
fn membership(app: &App, document: Document<Kept>) -> Value {
    let kept = document.body;
    let pair = |pair: Pair| json!({ "id": clock::id(), "key": pair.key, "value": pair.value });
    json!({
        "id": document.id,
        "identityId": document.id,
        "identity": named(app.dialect, &document.id, &kept.name, kept.auth.is_some()),
        "orgId": app.db.organization().id,
        "role": kept.role,
        "roleId": null,
        "metadata": kept.metadata.into_iter().map(pair).collect::<Vec<_>>(),
        "createdAt": document.created_at,
        "updatedAt": document.updated_at,
    })
}

/// The identity that this server made for itself, the only one that logs in.
fn own(store: &Store<'_>) -> Result<Option<Document<Kept>>, Refusal> {
    let statement = "SELECT id, name, client_id, created_at FROM identities";
    let read = |row: &Row<'_>| {
        let (id, created_at): (String, String) = (row.get(0)?, row.get(3)?);
        let settings = UniversalAuth { ttl: TOKEN_LIVES, ..by_default() };
        let auth = Auth { id: id.clone(), client_id: row.get(2)?, settings };
        let body = Kept {
            name: row.get(1)?,
            role: "admin".to_owned(),
            has_delete_protection: true,
            metadata: Vec::new(),
            auth: Some(auth),
        };
        let updated_at = created_at.clone();
        let project = String::new();
        Ok(Document {
            id,
            project,
            environment: None,
            parent: None,
            body,
            secret: Fields::new(),
            created_at,
            updated_at,
        })
    };
    store::one(store.sql, statement, [], read)
}

/// All identities, the server's own one first.
fn every(store: &Store<'_>) -> Result<Vec<Document<Kept>>, Refusal> {
    let kept = store.documents(Kind::Identity, None)?;
    Ok(own(store)?.into_iter().chain(kept).collect())
}

/// An identity as it is named: its name, and whether it has a login.
pub(super) struct Name {
    pub(super) name: String,
    pub(super) logs_in: bool,
}

/// The name of an identity that exists.
pub(super) fn name(store: &Store<'_>, id: &str) -> Result<Name, Refusal> {
    let Kept { name, auth, .. } = find(store, id)?.body;
    Ok(Name { name, logs_in: auth.is_some() })
}

/// The id of the server's own identity.
pub(super) fn own_id(store: &Store<'_>) -> Result<Option<String>, Refusal> {
    Ok(own(store)?.map(|own| own.id))
}

fn find(store: &Store<'_>, id: &str) -> Result<Document<Kept>, Refusal> {
    if let Some(own) = own(store)?.filter(|own| own.id == id) {
        return Ok(own);
    }
    let missing = |word: &str| format!("Failed to find identity with {word} {id}");
    let found = store.document(Kind::Identity, id)?;
    found.ok_or_else(|| Refusal::missing(missing("ID")).once(404, "NotFound", missing("id")))
}

/// One that can be changed: nobody changes the one that everybody asks as.
fn find_other(store: &Store<'_>, id: &str) -> Result<Document<Kept>, Refusal> {
    match own(store)?.is_some_and(|own| own.id == id) {
        true => Err(Refusal::bad("This identity is the server's own: it can't be changed")),
        false => find(store, id),
    }
}

fn refuse_other_organization(app: &Shared, id: &str) -> Result<(), Refusal> {
    match app.db.organization().id == id {
        true => Ok(()),
        false => Err(Refusal::new(403, "ForbiddenError", "You are not a member of this organization")),
    }
}
