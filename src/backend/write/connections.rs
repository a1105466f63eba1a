//! App connections: the backend tries their credentials whenever it is given some.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::read;
use crate::backend::refusal::Failure;
use crate::backend::state::Connection;
use crate::backend::write;
use crate::backend::write::settled;
use crate::http::Method;
use std::collections::BTreeMap;

/// Makes an app connection; the backend tries the credentials first.
///
/// # Errors
/// The backend's answer.
pub async fn create(
    client: &Client,
    about: &str,
    app: &str,
    new: &api::connections::Create,
) -> Result<Connection, Failure> {
    let call = Call::new(about, Method::Post, "/api/v1/app-connections/:app").arg(app).json(new);
    let call = call.secrets(texts(&new.credentials));
    let made = client.send::<api::connections::One>(call).await.map(|a| read::connection(a.app_connection));
    // Credentials can't be read back: one of this name was not there a moment ago.
    let found = Box::pin(async {
        let connections = read::connections(client).await.ok()?;
        connections.into_iter().find(|found| {
            *found.app == *app
                && *found.name == new.name
                && *found.method == new.method
                && found.project.as_deref() == new.project_id.as_deref()
        })
    });
    settled(made, found).await
}

/// Changes an app connection; new credentials are tried first.
///
/// # Errors
/// The backend's answer.
pub async fn update(
    client: &Client,
    about: &str,
    app: &str,
    id: &str,
    change: &api::connections::Update,
) -> Result<Connection, Failure> {
    let call = Call::new(about, Method::Patch, "/api/v1/app-connections/:app/:connectionId").arg(app).arg(id);
    let call = call.json(change).secrets(change.credentials.iter().flat_map(texts)).repeatable();
    client.send::<api::connections::One>(call).await.map(|a| read::connection(a.app_connection))
}

/// Deletes an app connection that nothing uses.
///
/// # Errors
/// The backend's answer.
pub async fn delete(client: &Client, about: &str, app: &str, id: &str) -> Result<(), Failure> {
    let call = Call::new(about, Method::Delete, "/api/v1/app-connections/:app/:connectionId").arg(app).arg(id);
    write::delete(client, call).await
}

fn texts(credentials: &BTreeMap<String, api::Credential>) -> Vec<crate::secret::Secret> {
    let text = |credential: &api::Credential| match credential {
        api::Credential::Text(secret) => Some(secret.clone()),
        api::Credential::Plain(_) => None,
    };
    credentials.values().filter_map(text).collect()
}
