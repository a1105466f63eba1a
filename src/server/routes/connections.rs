//! App connections: the credentials are tried before they are kept.

use crate::api::connections::AppOption;
use crate::api::connections::CONNECTIONS;
use crate::api::connections::GATEWAYS;
use crate::api::connections::Gateway;
use crate::api::connections::Many;
use crate::api::connections::One;
use crate::api::connections::Options;
use crate::diag::Diagnostic;
use crate::model::attrs::Attrs;
use crate::model::schema::Field;
use crate::server::App;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::object;
use crate::server::check::slug;
use crate::server::check::text;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::store::connections::Credentials;
use crate::server::store::connections::NewConnection;
use crate::server::wire;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use zeroize::Zeroizing;

/// A field that SQL apps take.
const MANAGED: &str = "isPlatformManagedCredentials";

const CREATE: &[Rule] = &[
    slug("name").required().titled("Name"),
    text("method").required(),
    object("credentials").required(),
    text("description").nullable().length(0, 256),
    text("projectId").nullable(),
    bool(MANAGED),
    text("gatewayId").nullable(),
];
const UPDATE: &[Rule] = &[
    slug("name").titled("Name"),
    object("credentials"),
    text("description").nullable().length(0, 256),
    bool(MANAGED),
    text("gatewayId").nullable(),
];

/// The same as [`crate::api::connections::Create`], with the credentials as they are on the wire.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    name: String,
    method: String,
    credentials: Fields,
    description: Option<String>,
    project_id: Option<String>,
    #[serde(flatten)]
    more: More,
}

/// The same as [`crate::api::connections::Update`], with the credentials as they are on the wire.
#[derive(Deserialize)]
struct Update {
    name: Option<String>,
    credentials: Option<Fields>,
    #[serde(default, deserialize_with = "crate::api::nullable")]
    description: Option<Option<String>>,
    #[serde(flatten)]
    more: More,
}

/// What this server knows of and can't do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct More {
    #[serde(default)]
    is_platform_managed_credentials: bool,
    gateway_id: Option<String>,
}

impl More {
    /// Nothing of it is asked for, or it is refused.
    fn refuse(&self, app: &App, slug: &str) -> Result<(), Refusal> {
        let known = app.registry.schemas().apps.get(slug);
        let takes = |wire: &str| {
            known.is_some_and(|app| app.methods.values().flat_map(|m| &m.options).any(|f| *f.wire == *wire))
        };
        let title = known.map_or(slug, |app| &*app.title);
        if self.is_platform_managed_credentials && !takes(MANAGED) {
            return Err(check::custom(&[MANAGED], format!("Not supported for {title} Connections")));
        }
        if self.is_platform_managed_credentials {
            return Err(Refusal::bad("This server does not change credentials itself"));
        }
        match &self.gateway_id {
            Some(id) => {
                Err(Refusal::missing(format!("Gateway with ID \"{id}\" not found: this server has no gateways")))
            }
            None => Ok(()),
        }
    }
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(GATEWAYS, get(gateways))
        .route(CONNECTIONS, get(list))
        .route(&format!("{CONNECTIONS}/options"), get(options))
        .route(&format!("{CONNECTIONS}/{{app}}"), get(list_of_app).post(create))
        .route(&format!("{CONNECTIONS}/{{app}}/available"), get(available))
        .route(&format!("{CONNECTIONS}/{{app}}/{{id}}"), get(read).patch(update).delete(delete))
        .route(&format!("{CONNECTIONS}/{{app}}/connection-name/{{name}}"), get(read_by_name))
}

/// This server reaches services itself.
async fn gateways() -> Json<Vec<Gateway>> {
    Json(Vec::new())
}

async fn options(State(app): State<Shared>) -> Json<Options> {
    let apps = app.registry.schemas().apps.values();
    let option = |app: &crate::model::schema::App| AppOption {
        name: app.title.to_string(),
        app: app.slug.to_string(),
        methods: app.methods.keys().map(ToString::to_string).collect(),
    };
    Json(Options { app_connection_options: apps.map(option).collect() })
}

async fn list(State(app): State<Shared>, Asked(query): Asked) -> Answer<Many> {
    let project = project_of(&query);
    let app_connections = app.db.run(move |store| store.connections(None, project.as_deref())).await?;
    Ok(Json(Many { app_connections }))
}

async fn list_of_app(State(app): State<Shared>, Path(slug): Id, Asked(query): Asked) -> Answer<Many> {
    let project = project_of(&query);
    let app_connections = app.db.run(move |store| store.connections(Some(&slug), project.as_deref())).await?;
    Ok(Json(Many { app_connections }))
}

async fn available(State(app): State<Shared>, Path(slug): Id, Asked(query): Asked) -> Answer<Value> {
    let project = project_of(&query);
    let usable = app.db.run(move |store| store.usable_connections(&slug, project.as_deref())).await?;
    let brief: Vec<Value> = usable
        .into_iter()
        .map(|c| json!({"app": c.app, "name": c.name, "id": c.id, "projectId": c.project_id, "orgId": c.org_id}))
        .collect();
    Ok(Json(json!({ "appConnections": brief })))
}

async fn read(State(app): State<Shared>, Path((slug, id)): Ids) -> Answer<One> {
    let app_connection = app.db.run(move |store| store.connection(&id, Some(&slug))).await?;
    Ok(Json(One { app_connection }))
}

async fn read_by_name(State(app): State<Shared>, Path((slug, name)): Ids, Asked(query): Asked) -> Answer<One> {
    let project = project_of(&query);
    let app_connection = app.db.run(move |store| store.connection_by_name(&slug, &name, project.as_deref())).await?;
    Ok(Json(One { app_connection }))
}

async fn create(State(app): State<Shared>, Path(slug): Id, Given(fields): Given) -> Answer<One> {
    let asked: Create = check::read(fields, CREATE)?;
    asked.more.refuse(&app, &slug)?;
    let (credentials, attrs) = checked(&app, &slug, &asked.method, &asked.credentials)?;
    let (name, project) = (asked.name.clone(), asked.project_id);
    // What needs no vendor is refused before the vendor is asked.
    let project = app.db.run(move |store| {
        let project = project.map(|id| store.project_id(&id)).transpose()?;
        store.refuse_taken_connection(&name, project.as_deref(), "")?;
        Ok(project)
    });
    let project = project.await?;
    verify(&app, &slug, &asked.method, &attrs).await?;
    let new = NewConnection {
        name: asked.name,
        description: asked.description,
        app: slug,
        method: asked.method,
        project,
        credentials,
    };
    let app_connection = app.db.run(move |store| store.create_connection(&new)).await?;
    Ok(Json(One { app_connection }))
}

async fn update(State(app): State<Shared>, Path((slug, id)): Ids, Given(fields): Given) -> Answer<One> {
    let asked: Update = check::read(fields, UPDATE)?;
    asked.more.refuse(&app, &slug)?;
    let (of, app_slug) = (id.clone(), slug.clone());
    let old = app.db.run(move |store| store.connection(&of, Some(&app_slug))).await?;
    let credentials = match &asked.credentials {
        None => None,
        Some(given) => {
            let (credentials, attrs) = checked(&app, &slug, &old.method, given)?;
            verify(&app, &slug, &old.method, &attrs).await?;
            Some(credentials)
        }
    };
    let changed = app.db.run(move |store| {
        store.update_connection(&id, asked.name.as_deref(), asked.description.as_ref(), credentials.as_ref())
    });
    Ok(Json(One { app_connection: changed.await? }))
}

async fn delete(State(app): State<Shared>, Path((slug, id)): Ids) -> Answer<One> {
    let app_connection = app.db.run(move |store| store.delete_connection(&id, &slug)).await?;
    Ok(Json(One { app_connection }))
}

/// The credentials as they are kept, and as a provider takes them.
fn checked(app: &App, slug: &str, method: &str, given: &Fields) -> Result<(Credentials, Attrs), Refusal> {
    let declared = declared(app, slug, method)?;
    let mut issues = Vec::new();
    let attrs = wire::attrs(&mut issues, &[Value::from("credentials")], declared, given);
    if !issues.is_empty() {
        return Err(Refusal::invalid(issues));
    }
    if let Some(why) = app.local.refusal(declared, &attrs) {
        return Err(Refusal::bad(why));
    }
    let all = wire::known(declared, given, false);
    let sealed = serde_json::to_vec(&all).map_err(|_| Refusal::internal("InternalServerError"))?;
    Ok((Credentials { sealed: Zeroizing::new(sealed), shown: wire::known(declared, given, true) }, attrs))
}

/// The fields of a method.
fn declared<'a>(app: &'a App, slug: &str, method: &str) -> Result<&'a [Field], Refusal> {
    let known = app
        .registry
        .schemas()
        .apps
        .get(slug)
        .ok_or_else(|| Refusal::missing(format!("This server does not know the app \"{slug}\"")))?;
    let Some(found) = known.methods.get(method) else {
        let options: Vec<&str> = known.methods.keys().map(|name| &**name).collect();
        let expected: Vec<String> = options.iter().map(|option| format!("'{option}'")).collect();
        let message = format!("Invalid discriminator value. Expected {}", expected.join(" | "));
        let more = json!({ "options": options });
        return Err(Refusal::invalid(vec![check::issue(
            "invalid_union_discriminator",
            &["method".into()],
            message,
            more,
        )]));
    };
    if found.browser_only {
        return Err(Refusal::bad(format!(
            "The method \"{method}\" of {} needs the vendor's page in a browser, which this server does not have",
            known.title
        )));
    }
    Ok(&found.fields)
}

async fn verify(app: &App, slug: &str, method: &str, attrs: &Attrs) -> Result<(), Refusal> {
    let refused = |problem: Diagnostic| {
        Refusal::bad(format!("Unable to validate connection: {}: {}", problem.summary(), problem.detail))
    };
    app.registry.verify(slug, method, attrs, &app.client).await.map(|_| ()).map_err(refused)
}

fn project_of(query: &Fields) -> Option<String> {
    query.get("projectId").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
}
