//! Machine identities of the organisation. The server keeps them, with the way in which they would log in;
//! only its own identity can log in, because it enforces no roles.

use crate::api::identities::Create;
use crate::api::identities::Machine;
use crate::api::identities::Many;
use crate::api::identities::One;
use crate::api::identities::OneMember;
use crate::api::identities::OrganizationMember;
use crate::api::identities::Pair;
use crate::api::identities::Range;
use crate::api::identities::UniversalAuth;
use crate::api::identities::Update;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use crate::server::store::one;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
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
        .route("/api/v1/identities/{id}", get(read).patch(update).delete(delete))
        .route("/api/v1/auth/universal-auth/identities/{id}", auth)
}

async fn all(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let asked: Listing = check::read_query(query, LIST)?;
    refuse_other_organization(&app, &asked.org_id)?;
    let identities = app.db.run(move |store| {
        let kept = store.documents(Kind::Identity, None)?;
        // A listing leaves out the metadata.
        let listed = |member: OrganizationMember| OrganizationMember { metadata: None, ..member };
        Ok(own(store)?.into_iter().chain(kept.into_iter().map(member)).map(listed).collect::<Vec<_>>())
    });
    let identities = identities.await?;
    Ok(Json(Many { total_count: identities.len(), identities }))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<One> {
    let new: Create = check::read(fields, CREATE)?;
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
    Ok(Json(One { identity: member(made.await?).identity }))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<OneMember> {
    let found = app.db.run(move |store| match own(store)?.filter(|own| own.identity.id == id) {
        Some(own) => Ok(own),
        None => Ok(member(find(store, &id)?)),
    });
    Ok(Json(OneMember { identity: found.await? }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let change: Update = check::read(fields, UPDATE)?;
    let made = app.db.run(move |store| {
        let mut kept = find(store, &id)?.body;
        kept.name = change.name.unwrap_or(kept.name);
        kept.role = change.role.unwrap_or(kept.role);
        kept.has_delete_protection = change.has_delete_protection.unwrap_or(kept.has_delete_protection);
        kept.metadata = change.metadata.unwrap_or(kept.metadata);
        store.update_document(&id, None, &kept)?;
        find(store, &id)
    });
    Ok(Json(One { identity: member(made.await?).identity }))
}

async fn delete(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let gone = app.db.run(move |store| {
        let document = find(store, &id)?;
        if document.body.has_delete_protection {
            return Err(Refusal::bad("Identity has delete protection"));
        }
        store.delete_document(&id)?;
        Ok(document)
    });
    Ok(Json(One { identity: member(gone.await?).identity }))
}

async fn read_auth(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let found = app.db.run(move |store| {
        let document = find(store, &id)?;
        let auth = document.body.auth.ok_or_else(|| no_auth(&id))?;
        Ok(told(&auth, &id))
    });
    Ok(Json(found.await?))
}

async fn create_auth(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Value> {
    let asked: Settings = check::read(fields, AUTH)?;
    let anywhere = || [("0.0.0.0", 0), ("::", 0)].map(|(ip, prefix)| range(ip, Some(prefix))).to_vec();
    const TTL: i64 = 2_592_000;
    let default = UniversalAuth { ttl: TTL, max_ttl: TTL, uses: 0, token_ips: anywhere(), secret_ips: anywhere() };
    let settings = merged(default, asked)?;
    let made = app.db.run(move |store| {
        let mut kept = find(store, &id)?.body;
        if kept.auth.is_some() {
            return Err(Refusal::bad("Failed to add universal auth to already configured identity"));
        }
        let (auth_id, client_id) = (crate::server::clock::id(), crate::server::clock::id());
        let auth = Auth { id: auth_id, client_id, settings };
        let answer = told(&auth, &id);
        kept.auth = Some(auth);
        store.update_document(&id, None, &kept)?;
        Ok(answer)
    });
    Ok(Json(made.await?))
}

async fn update_auth(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Value> {
    let asked: Settings = check::read(fields, AUTH)?;
    let made = app.db.run(move |store| {
        let mut kept = find(store, &id)?.body;
        let mut auth = kept.auth.take().ok_or_else(|| no_auth(&id))?;
        auth.settings = merged(auth.settings, asked)?;
        let answer = told(&auth, &id);
        kept.auth = Some(auth);
        store.update_document(&id, None, &kept)?;
        Ok(answer)
    });
    Ok(Json(made.await?))
}

async fn delete_auth(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let gone = app.db.run(move |store| {
        let mut kept = find(store, &id)?.body;
        let auth = kept.auth.take().ok_or_else(|| no_auth(&id))?;
        store.update_document(&id, None, &kept)?;
        Ok(told(&auth, &id))
    });
    Ok(Json(gone.await?))
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
        true => Err(check::custom(&[], "Access Token TTL cannot be greater than Access Token Max TTL.")),
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

fn told(auth: &Auth, identity: &str) -> Value {
    let mut out = serde_json::to_value(&auth.settings).unwrap_or_default();
    if let Value::Object(fields) = &mut out {
        fields.insert("id".to_owned(), json!(auth.id));
        fields.insert("clientId".to_owned(), json!(auth.client_id));
        fields.insert("identityId".to_owned(), json!(identity));
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
    let identity =
        Machine { id: document.id, name: kept.name, has_delete_protection: kept.has_delete_protection, auth_methods };
    OrganizationMember { identity, role: kept.role, custom_role: None, metadata: Some(kept.metadata) }
}

/// The identity that this server made for itself.
pub(super) fn own(store: &Store<'_>) -> Result<Option<OrganizationMember>, Refusal> {
    let found = one(store.sql, "SELECT id, name FROM identities", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.map(|(id, name)| OrganizationMember {
        identity: Machine { id, name, has_delete_protection: true, auth_methods: vec!["universal-auth".to_owned()] },
        role: "admin".to_owned(),
        custom_role: None,
        metadata: Some(Vec::new()),
    }))
}

/// The name of an identity that exists.
pub(super) fn name(store: &Store<'_>, id: &str) -> Result<String, Refusal> {
    match own(store)?.filter(|own| own.identity.id == id) {
        Some(own) => Ok(own.identity.name),
        None => Ok(find(store, id)?.body.name),
    }
}

fn find(store: &Store<'_>, id: &str) -> Result<Document<Kept>, Refusal> {
    let found = store.document(Kind::Identity, id)?;
    found.ok_or_else(|| Refusal::missing(format!("Failed to find identity with ID {id}")))
}

fn refuse_other_organization(app: &Shared, id: &str) -> Result<(), Refusal> {
    match app.db.organization().id == id {
        true => Ok(()),
        false => Err(Refusal::new(403, "ForbiddenError", "You are not a member of this organization")),
    }
}
