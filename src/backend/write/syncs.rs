//! Secret syncs, and their runs.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::read;
use crate::backend::refusal::Failure;
use crate::backend::state::Sync;
use crate::backend::write;
use crate::backend::write::settled;
use crate::http::Method;

/// Makes a sync; it starts at once if it runs by itself.
///
/// # Errors
/// The backend's answer.
pub async fn create(
    client: &Client,
    about: &str,
    destination: &str,
    new: &api::syncs::Create,
) -> Result<Sync, Failure> {
    let call = Call::new(about, Method::Post, "/api/v1/secret-syncs/:destination").arg(destination).json(new);
    let made = client.send::<api::syncs::One>(call).await.map(|a| read::sync(a.secret_sync));
    let found = Box::pin(async {
        let syncs = read::syncs(client, &new.project_id, &new.project_id).await.ok()?;
        syncs.into_iter().find(|found| {
            *found.name == new.name
                && *found.destination == *destination
                && *found.connection == new.connection_id
                && found.environment.as_deref() == Some(&new.environment)
                && found.path.as_deref() == Some(&new.secret_path)
        })
    });
    settled(made, found).await
}

/// Changes a sync; it starts at once if it runs by itself.
///
/// # Errors
/// The backend's answer.
pub async fn update(
    client: &Client,
    about: &str,
    destination: &str,
    id: &str,
    change: &api::syncs::Update,
) -> Result<Sync, Failure> {
    let call = Call::new(about, Method::Patch, "/api/v1/secret-syncs/:destination/:syncId").arg(destination).arg(id);
    client.send::<api::syncs::One>(call.json(change).repeatable()).await.map(|a| read::sync(a.secret_sync))
}

/// Starts a sync.
///
/// # Errors
/// The backend's answer: a refusal if one is under way.
pub async fn start(client: &Client, about: &str, destination: &str, id: &str) -> Result<Sync, Failure> {
    let pattern = "/api/v1/secret-syncs/:destination/:syncId/sync-secrets";
    // One run more brings nothing else.
    let call = Call::new(about, Method::Post, pattern).arg(destination).arg(id).repeatable();
    client.send::<api::syncs::One>(call).await.map(|a| read::sync(a.secret_sync))
}

/// Deletes a sync. With `remove`, the backend takes its keys from the destination first, and the sync is
/// there until that is done.
///
/// # Errors
/// The backend's answer.
pub async fn delete(client: &Client, about: &str, destination: &str, id: &str, remove: bool) -> Result<(), Failure> {
    let call = Call::new(about, Method::Delete, "/api/v1/secret-syncs/:destination/:syncId").arg(destination).arg(id);
    write::delete(client, call.query("removeSecrets", if remove { "true" } else { "false" })).await
}
