//! Webhooks of a project. The server keeps them and calls none.

use crate::api::projects::EnvironmentName;
use crate::api::webhooks::Create;
use crate::api::webhooks::Event;
use crate::api::webhooks::Many;
use crate::api::webhooks::One;
use crate::api::webhooks::Update;
use crate::api::webhooks::Webhook;
use crate::secret::Secret;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::body::rename;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::list;
use crate::server::check::one_of;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Routes;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use crate::server::store::folders::clean;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

const EVENTS: &[Rule] = &[one_of("eventName", &["secrets.modified", "secrets.rotation-failed"]).required()];
const CREATE: &[Rule] = &[
    text("projectId").required(),
    text("environment").required(),
    text("webhookUrl").required(),
    text("webhookSecretKey"),
    text("secretPath"),
    one_of("type", &["general", "slack", "microsoft-teams"]),
    list("eventsFilter", 0, EVENTS),
];
const UPDATE: &[Rule] = &[bool("isDisabled"), list("eventsFilter", 0, EVENTS)];
const LIST: &[Rule] = &[text("projectId").required(), text("environment"), text("secretPath")];

/// A webhook as it is kept, besides its environment and what is secret.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    path: String,
    kind: String,
    is_disabled: bool,
    events: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    project_id: String,
    environment: Option<String>,
    secret_path: Option<String>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v1/webhooks", get(all).post(create))
        .route("/api/v1/webhooks/{id}", get(read).patch(update).delete(delete))
}

async fn all(State(app): State<Shared>, Asked(mut query): Asked) -> Answer<Many> {
    rename(&mut query, &["workspaceId"], "projectId");
    let asked: Listing = check::read_query(query, LIST)?;
    let webhooks = app.db.run(move |store| {
        let project = store.project_id(&asked.project_id)?;
        let found = store.documents::<Kept>(Kind::Webhook, Some(&project))?.into_iter().map(|document| {
            let url = document.secret.get("url").and_then(Value::as_str).map(|url| Secret::new(url.to_owned()));
            Webhook { url, ..webhook(document) }
        });
        let is_asked = |webhook: &Webhook| {
            asked.environment.as_ref().is_none_or(|slug| webhook.environment.slug == *slug)
                && asked.secret_path.as_deref().is_none_or(|path| webhook.secret_path == clean(path))
        };
        Ok(found.filter(is_asked).collect())
    });
    Ok(Json(Many { message: "Successfully fetched webhook".to_owned(), webhooks: webhooks.await? }))
}

async fn create(State(app): State<Shared>, Given(mut fields): Given) -> Answer<One> {
    rename(&mut fields, &["workspaceId"], "projectId");
    let new: Create = check::read(fields, CREATE)?;
    let kind = new.kind.unwrap_or_else(|| "general".to_owned());
    let url = new.webhook_url.expose();
    if reqwest::Url::parse(url).is_err() {
        return Err(check::custom(&["webhookUrl"], "Invalid url"));
    }
    if kind == "slack" && !url.contains("hooks.slack.com") {
        return Err(check::custom(&["webhookUrl"], "Incoming Webhook URL is invalid."));
    }
    let made = app.db.run(move |store| {
        let project = store.project_id(&new.project_id)?;
        let environment = store.environment_by_slug(&project, &new.environment)?;
        let environment = environment
            .ok_or_else(|| Refusal::missing(format!("Environment with slug '{}' not found", new.environment)))?;
        let mut secret = Fields::new();
        secret.insert("url".to_owned(), Value::from(new.webhook_url.expose()));
        secret.extend(new.webhook_secret_key.map(|key| ("key".to_owned(), Value::from(key.expose()))));
        let kept = Kept {
            path: clean(&new.secret_path),
            kind,
            is_disabled: false,
            events: new.events_filter.unwrap_or_default(),
        };
        let new = New { environment: Some(&environment.id), secret, ..New::of(Some(&project), &kept) };
        let id = store.create_document(Kind::Webhook, &new)?;
        find(store, &id)
    });
    Ok(Json(One { message: "Successfully created webhook".to_owned(), webhook: webhook(made.await?) }))
}

async fn read(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let found = app.db.run(move |store| find(store, &id)).await?;
    Ok(Json(One { message: "Successfully fetched webhook".to_owned(), webhook: webhook(found) }))
}

async fn update(State(app): State<Shared>, Path(id): Id, Given(fields): Given) -> Answer<One> {
    let change: Update = check::read(fields, UPDATE)?;
    if change.is_disabled.is_none() && change.events_filter.is_none() {
        return Err(check::custom(&[], "At least one field is required"));
    }
    let made = app.db.run(move |store| {
        let mut kept = find(store, &id)?.body;
        kept.is_disabled = change.is_disabled.unwrap_or(kept.is_disabled);
        kept.events = change.events_filter.unwrap_or(kept.events);
        store.update_document(&id, None, &kept)?;
        find(store, &id)
    });
    Ok(Json(One { message: "Successfully updated webhook".to_owned(), webhook: webhook(made.await?) }))
}

async fn delete(State(app): State<Shared>, Path(id): Id) -> Answer<One> {
    let gone = app.db.run(move |store| {
        let document = find(store, &id)?;
        store.delete_document(&id)?;
        Ok(document)
    });
    Ok(Json(One { message: "Successfully deleted webhook".to_owned(), webhook: webhook(gone.await?) }))
}

fn find(store: &Store<'_>, id: &str) -> Result<Document<Kept>, Refusal> {
    store.document(Kind::Webhook, id)?.ok_or_else(|| Refusal::missing(format!("Webhook with ID '{id}' not found")))
}

fn webhook(document: Document<Kept>) -> Webhook {
    let none = EnvironmentName { id: String::new(), name: String::new(), slug: String::new() };
    Webhook {
        id: document.id,
        secret_path: document.body.path,
        environment: document.environment.unwrap_or(none),
        kind: Some(document.body.kind),
        is_disabled: document.body.is_disabled,
        events_filter: document.body.events,
        url: None,
        project_id: document.project,
        last_status: None,
        created_at: document.created_at,
        updated_at: document.updated_at,
    }
}
