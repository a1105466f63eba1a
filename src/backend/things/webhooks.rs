//! Webhooks of a project. Its address is a secret wherever it goes: with some receivers, whoever knows it
//! can call it.

use crate::api::webhooks;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::backend::things::attrs;
use crate::backend::things::object;
use crate::backend::things::sorted;
use crate::backend::write;
use crate::http::Method;
use crate::model::attrs::Value;
use crate::secret::Secret;

pub(super) async fn list(client: &Client, scope: &Scope) -> Result<Vec<Thing>, Failure> {
    let about = format!("the webhooks of project {}", scope.name);
    let call = Call::new(&about, Method::Get, webhooks::WEBHOOKS).query("projectId", &scope.id);
    let found: webhooks::Many = client.send(call).await?;
    Ok(found.webhooks.into_iter().map(thing).collect())
}

fn thing(webhook: webhooks::Webhook) -> Thing {
    let mut attrs = attrs([
        ("environment", Value::string(webhook.environment.slug)),
        ("path", Value::string(format!("/{}", webhook.secret_path.trim_matches('/')))),
        ("type", Value::string(webhook.kind.unwrap_or_else(|| "general".to_owned()))),
        ("enabled", Value::Bool(!webhook.is_disabled)),
        ("events", sorted(webhook.events_filter.into_iter().map(|event| event.event_name).collect())),
    ]);
    if let Some(url) = webhook.url {
        attrs.insert("credentials".into(), Value::object(object([("url", Value::Secret(url))])));
    }
    Thing { id: webhook.id.into(), attrs }
}

fn events(new: &Wanted<'_>) -> Option<Vec<webhooks::Event>> {
    let texts = new.list("events")?.iter().filter_map(Value::as_str);
    Some(texts.map(|text| webhooks::Event { event_name: text.to_owned() }).collect())
}

pub(super) async fn create(client: &Client, new: &Wanted<'_>) -> Result<String, Failure> {
    let url = new.secret("url").unwrap_or_else(|| Secret::new(String::new()));
    let key = new.secret("secret_key");
    let body = webhooks::Create {
        project_id: new.scope.id.to_string(),
        environment: new.text("environment"),
        secret_path: new.text("path"),
        webhook_url: url.clone(),
        webhook_secret_key: key.clone(),
        kind: new.any_text("type"),
        events_filter: events(new),
    };
    let call = Call::new(new.about, Method::Post, webhooks::WEBHOOKS).json(&body);
    let id = client.send::<webhooks::One>(call.secrets(key.into_iter().chain([url]))).await?.webhook.id;
    if new.flag("enabled") == Some(false) {
        let body = webhooks::Update { is_disabled: Some(true), events_filter: None };
        write::patch(client, Call::new(new.about, Method::Patch, webhooks::WEBHOOK).arg(&id), &body).await?;
    }
    Ok(id)
}

pub(super) async fn update(client: &Client, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    let body = webhooks::Update {
        is_disabled: change.flag("enabled").map(|enabled| !enabled),
        events_filter: events(change).filter(|_| change.differs("events")),
    };
    let call = Call::new(change.about, Method::Patch, webhooks::WEBHOOK).arg(&live.id);
    write::patch(client, call, &body).await
}

pub(super) async fn delete(client: &Client, about: &str, live: &Thing) -> Result<(), Failure> {
    write::delete(client, Call::new(about, Method::Delete, webhooks::WEBHOOK).arg(&live.id)).await
}
