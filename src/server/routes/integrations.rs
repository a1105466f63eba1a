//! Native integrations, and the credentials that they use. Those of AWS run with the same provider code as syncs; of
//! the others the server says that it can't run them.

use crate::api::integrations::Authorization;
use crate::api::integrations::Authorizations;
use crate::api::integrations::Authorize;
use crate::api::integrations::Create;
use crate::api::integrations::Credentials;
use crate::api::integrations::Integration;
use crate::api::integrations::ManyAuthorizations;
use crate::api::integrations::OneAuthorization;
use crate::api::integrations::Update;
use crate::secret::Secret;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::body::rename;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::fields;
use crate::server::check::list;
use crate::server::check::one_of;
use crate::server::check::raw;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::jobs::native;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use crate::server::store::folders::clean;
use crate::server::store::integrations::Kept;
use crate::server::store::integrations::KeptAuth;
use crate::server::store::integrations::Loaded;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::delete;
use axum::routing::get;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

/// The services that there are integrations with (Infisical, 2024 to 2026).
const SERVICES: &[&str] = &[
    "aws-parameter-store",
    "aws-secret-manager",
    "azure-app-configuration",
    "azure-devops",
    "azure-key-vault",
    "bitbucket",
    "checkly",
    "circleci",
    "cloud-66",
    "cloudflare-pages",
    "cloudflare-workers",
    "codefresh",
    "databricks",
    "digital-ocean-app-platform",
    "flyio",
    "gcp-secret-manager",
    "github",
    "gitlab",
    "hashicorp-vault",
    "hasura-cloud",
    "heroku",
    "laravel-forge",
    "netlify",
    "northflank",
    "qovery",
    "railway",
    "render",
    "rundeck",
    "supabase",
    "teamcity",
    "terraform-cloud",
    "travisci",
    "vercel",
    "windmill",
];

/// What is secret in credentials, as it is sent.
const SECRETS: [&str; 4] = ["accessId", "accessToken", "awsAssumeIamRoleArn", "refreshToken"];

const AUTHORIZE: &[Rule] = &[
    text("workspaceId").required(),
    text("integration").required(),
    raw("accessId"),
    raw("accessToken"),
    raw("awsAssumeIamRoleArn"),
    raw("refreshToken"),
    text("url"),
    text("namespace"),
];
const REAUTHORIZE: &[Rule] = &[
    raw("accessId"),
    raw("accessToken"),
    raw("awsAssumeIamRoleArn"),
    raw("refreshToken"),
    text("url"),
    text("namespace"),
];
const BY_SERVICE: &[Rule] = &[text("integration").required(), text("projectId").required()];
const TAG: &[Rule] = &[text("key").required(), text("value").required()];
const LABEL: &[Rule] = &[text("labelName").required(), text("labelValue").required()];
const METADATA: &[Rule] = &[
    one_of("initialSyncBehavior", &["overwrite-target", "prefer-target", "prefer-source"]),
    text("secretPrefix"),
    text("secretSuffix"),
    one_of("mappingBehavior", &["one-to-one", "many-to-one"]),
    text("metadataSyncMode"),
    list("secretAWSTag", 0, TAG),
    text("kmsKeyId"),
    fields("secretGCPLabel", LABEL),
    bool("shouldAutoRedeploy"),
    bool("shouldDisableDelete"),
    bool("shouldEnableDelete"),
    bool("shouldMaskSecrets"),
    bool("shouldProtectSecrets"),
];
const CREATE: &[Rule] = &[
    text("integrationAuthId").required(),
    text("sourceEnvironment").required(),
    text("secretPath"),
    bool("isActive"),
    text("app"),
    text("appId"),
    text("targetEnvironment"),
    text("targetEnvironmentId"),
    text("targetService"),
    text("targetServiceId"),
    text("owner"),
    text("url"),
    text("path"),
    text("region"),
    text("scope"),
    fields("metadata", METADATA),
];
const UPDATE: &[Rule] = &[
    text("environment"),
    text("secretPath"),
    bool("isActive"),
    text("app"),
    text("appId"),
    text("targetEnvironment"),
    text("owner"),
    text("path"),
    text("region"),
    fields("metadata", METADATA),
];
const UPDATE_2024: &[Rule] = &[
    text("environment"),
    text("secretPath"),
    bool("isActive").required(),
    text("app"),
    text("appId"),
    text("targetEnvironment"),
    text("owner"),
    fields("metadata", METADATA),
];
const DELETE: &[Rule] = &[bool("shouldDeleteIntegrationSecrets")];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByService {
    integration: String,
    project_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    #[serde(default)]
    should_delete_integration_secrets: bool,
}

pub(super) fn routes() -> Routes {
    let of_project = |what: &str| ["projects", "workspace"].map(|word| format!("/api/v1/{word}/{{id}}/{what}"));
    let both = |what: &str, methods| at(&of_project(what).each_ref().map(String::as_str), &methods);
    Routes::new()
        .route("/api/v1/integration-auth/access-token", post(authorize))
        .route("/api/v1/integration-auth", delete(forget_service))
        .route("/api/v1/integration-auth/{id}", get(read_auth).patch(reauthorize).delete(forget))
        .route("/api/v1/integration", post(create))
        .route("/api/v1/integration/{id}", get(read).patch(update).delete(end))
        .route("/api/v1/integration/{id}/sync", post(sync))
        .merge(both("authorizations", get(authorizations)))
        .merge(both("integrations", get(integrations)))
}

async fn authorize(State(app): State<Shared>, Given(mut fields): Given) -> Answer<OneAuthorization> {
    rename(&mut fields, &["projectId"], "workspaceId");
    let new: Authorize = check::read(fields, AUTHORIZE)?;
    if !SERVICES.contains(&new.integration.as_str()) {
        return Err(Refusal::bad("Invalid integration"));
    }
    addresses(&new.credentials)?;
    let made = app.db.run(move |store| {
        let project = store.project_id(&new.workspace_id)?;
        let Credentials { url, namespace, .. } = new.credentials.clone();
        let kept = KeptAuth { integration: new.integration, url, namespace };
        let secret = sealed(Fields::new(), &new.credentials);
        let new = New { secret, ..New::of(Some(&project), &kept) };
        store.integration_auth(&store.create_document(Kind::IntegrationAuth, &new)?)
    });
    Ok(Json(OneAuthorization { integration_auth: authorization(made.await?) }))
}

async fn read_auth(State(app): State<Shared>, Path(id): Id) -> Answer<OneAuthorization> {
    let found = app.db.run(move |store| store.integration_auth(&id)).await?;
    Ok(Json(OneAuthorization { integration_auth: authorization(found) }))
}

async fn reauthorize(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<OneAuthorization> {
    if app.dialect == Dialect::October2024 {
        let message = format!("Route PATCH:/api/v1/integration-auth/{id} not found");
        return Err(Refusal::new(404, "Not Found", message));
    }
    let change: Credentials = check::read(fields, REAUTHORIZE)?;
    addresses(&change)?;
    let made = app.db.run(move |store| {
        let old = store.integration_auth(&id)?;
        let kept = KeptAuth {
            url: change.url.clone().or(old.body.url),
            namespace: change.namespace.clone().or(old.body.namespace),
            integration: old.body.integration,
        };
        store.update_integration_auth(&id, &kept, &sealed(old.secret, &change))?;
        store.integration_auth(&id)
    });
    Ok(Json(OneAuthorization { integration_auth: authorization(made.await?) }))
}

async fn forget(State(app): State<Shared>, Path(id): Id) -> Answer<OneAuthorization> {
    let gone = app.db.run(move |store| {
        let document = store.integration_auth(&id)?;
        store.delete_document(&id)?;
        Ok(document)
    });
    Ok(Json(OneAuthorization { integration_auth: authorization(gone.await?) }))
}

async fn forget_service(State(app): State<Shared>, Asked(query): Asked) -> Answer<ManyAuthorizations> {
    let asked: ByService = check::read_query(query, BY_SERVICE).map_err(Refusal::by_the_same_names)?;
    let gone = app.db.run(move |store| {
        let mut all = auths(store, &store.project_id(&asked.project_id)?)?;
        all.retain(|auth| auth.integration == asked.integration);
        all.iter().try_for_each(|auth| store.delete_document(&auth.id))?;
        Ok(all)
    });
    Ok(Json(ManyAuthorizations { integration_auth: gone.await? }))
}

async fn authorizations(State(app): State<Shared>, Path(project): Id) -> Answer<Authorizations> {
    let authorizations = app.db.run(move |store| auths(store, &store.project_id(&project)?)).await?;
    Ok(Json(Authorizations { authorizations }))
}

async fn integrations(State(app): State<Shared>, Path(project): Id) -> Answer<Value> {
    let found = app.db.run(move |store| store.integrations(&store.project_id(&project)?)).await?;
    Ok(Json(json!({ "integrations": found.into_iter().map(told).collect::<Vec<_>>() })))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<Value> {
    let new: Create = check::read(fields, CREATE)?;
    let made = app.db.run(move |store| {
        let auth = store.integration_auth(&new.integration_auth_id)?;
        let (environment, path) = source(store, &auth.project, &new.source_environment, &new.secret_path, "slug")?;
        let kept = Kept {
            path,
            is_active: new.is_active,
            target: new.target,
            metadata: new.metadata,
            waits: new.is_active,
            runs: false,
            written: Vec::new(),
            is_synced: None,
            message: None,
            last_used: None,
            job: None,
        };
        let new =
            New { environment: Some(&environment), parent: Some(&auth.id), ..New::of(Some(&auth.project), &kept) };
        store.integration(&store.create_document(Kind::Integration, &new)?)
    });
    let made = made.await?;
    Ok(Json(json!({ "integration": told(made) })))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let found = app.db.run(move |store| store.integration(&id)).await?;
    Ok(Json(json!({ "integration": told(found) })))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<Value> {
    let change: Update = check::read_in(app.dialect, fields, UPDATE, UPDATE_2024)?;
    let made = app.db.run(move |store| {
        let Loaded { integration: old, .. } = store.integration(&id)?;
        let was = old.environment.map(|environment| environment.slug).unwrap_or_default();
        let environment = change.environment.as_deref().unwrap_or(&was);
        let (environment, path) = source(store, &old.project, environment, &change.secret_path, "slug ")?;
        let kept = Kept {
            path,
            is_active: change.is_active,
            waits: change.is_active,
            target: merged(old.body.target, change.target)?,
            metadata: merged(old.body.metadata, change.metadata.unwrap_or_default())?,
            ..old.body
        };
        store.update_document(&id, None, &kept)?;
        store.move_document(&id, &environment)?;
        store.integration(&id)
    });
    let made = made.await?;
    Ok(Json(json!({ "integration": told(made) })))
}

async fn sync(State(app): State<Shared>, Path(id): Id) -> Answer<Value> {
    let found = app.db.run(move |store| {
        let Loaded { integration, .. } = store.integration(&id)?;
        store.update_document(&id, None, &Kept { waits: true, ..integration.body })?;
        store.integration(&id)
    });
    let found = found.await?;
    Ok(Json(json!({ "integration": bare(found) })))
}

async fn end(State(app): State<Shared>, Path(id): Id, Asked(query): Asked) -> Answer<Value> {
    let asked: Delete = check::read_query(query, DELETE)?;
    let wanted = id.clone();
    let found = app.db.run(move |store| store.integration(&wanted)).await?;
    if asked.should_delete_integration_secrets {
        if !native::can_run(&found.auth.body.integration) {
            return Err(Refusal::bad("Invalid integration"));
        }
        native::remove(&app, &found).await.map_err(Refusal::bad)?;
    }
    app.db.run(move |store| store.delete_document(&id)).await?;
    Ok(Json(json!({ "integration": bare(found) })))
}

/// What is told as an address has to be one.
fn addresses(given: &Credentials) -> Result<(), Refusal> {
    let arn = given.aws_assume_iam_role_arn.as_ref().map(Secret::expose);
    for (name, text) in [("awsAssumeIamRoleArn", arn), ("url", given.url.as_deref())] {
        if text.is_some_and(|text| !text.is_empty() && reqwest::Url::parse(text).is_err()) {
            let more = json!({ "validation": "url" });
            let issue = check::issue("invalid_string", &[name.into()], "Invalid url".to_owned(), more);
            return Err(Refusal::invalid(vec![issue]));
        }
    }
    Ok(())
}

/// What is secret, with what is new in it.
fn sealed(mut kept: Fields, given: &Credentials) -> Fields {
    let Credentials { access_id, access_token, aws_assume_iam_role_arn, refresh_token, .. } = given;
    for (name, secret) in SECRETS.into_iter().zip([access_id, access_token, aws_assume_iam_role_arn, refresh_token]) {
        kept.extend(secret.as_ref().map(|secret| (name.to_owned(), Value::from(secret.expose()))));
    }
    kept
}

/// The environment's id and the folder's path, if both are there. `word` is how the vendor writes it.
fn source(store: &Store<'_>, project: &str, slug: &str, path: &str, word: &str) -> Result<(String, String), Refusal> {
    let path = clean(path);
    let missing =
        || Refusal::missing(format!("Folder with path '{path}' not found in environment with {word}'{slug}'"));
    let environment = store.environment_by_slug(project, slug)?.ok_or_else(missing)?;
    store.folder_at(&environment.id, &path)?.ok_or_else(missing)?;
    Ok((environment.id, path))
}

/// The old one, field by field overwritten by what is said.
fn merged<T: serde::Serialize + serde::de::DeserializeOwned>(old: T, change: T) -> Result<T, Refusal> {
    let (mut fields, change) = (json!(old), json!(change));
    if let (Some(fields), Value::Object(change)) = (fields.as_object_mut(), change) {
        fields.extend(change);
    }
    serde_json::from_value(fields).map_err(|_| Refusal::internal("InternalServerError"))
}

fn auths(store: &Store<'_>, project: &str) -> Result<Vec<Authorization>, Refusal> {
    Ok(store.documents(Kind::IntegrationAuth, Some(project))?.into_iter().map(authorization).collect())
}

fn authorization(document: Document<KeptAuth>) -> Authorization {
    Authorization {
        id: document.id,
        project_id: document.project,
        integration: document.body.integration,
        url: document.body.url,
        namespace: document.body.namespace,
        team_id: None,
        account_id: None,
        metadata: None,
        created_at: document.created_at,
        updated_at: document.updated_at,
    }
}

/// An integration as it is told; what is not set is `null`.
fn told(Loaded { integration, auth }: Loaded) -> Value {
    let kept = integration.body;
    let mut out = json!(Integration {
        id: integration.id,
        integration_auth_id: auth.id,
        env_id: integration.environment.as_ref().map(|environment| environment.id.clone()).unwrap_or_default(),
        environment: integration.environment,
        secret_path: kept.path,
        is_active: kept.is_active,
        integration: auth.body.integration,
        target: kept.target,
        metadata: Some(kept.metadata),
        last_used: kept.last_used,
        last_sync_job_id: kept.job,
        is_synced: kept.is_synced,
        sync_message: kept.message,
        created_at: integration.created_at,
        updated_at: integration.updated_at,
    });
    let target = ["app", "appId", "targetEnvironment", "targetEnvironmentId", "targetService", "targetServiceId"];
    for name in target.into_iter().chain(["owner", "url", "path", "region", "scope"]) {
        if let Some(fields) = out.as_object_mut() {
            fields.entry(name).or_insert(Value::Null);
        }
    }
    out
}

/// The same without its environment, as some answers have it.
fn bare(found: Loaded) -> Value {
    let mut out = told(found);
    if let Some(fields) = out.as_object_mut() {
        fields.remove("environment");
    }
    out
}
