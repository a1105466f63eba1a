//! Secrets of a folder: many in one request, as far as its body may go. Servers of 2024 take no change without a
//! value and drop metadata.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::dialect::Area;
use crate::backend::read;
use crate::backend::refusal;
use crate::backend::refusal::Failure;
use crate::backend::state::trimmed;
use crate::backend::write::Place;
use crate::backend::write::settled;
use crate::http::Method;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// The largest body that is sent: the backend takes 1 MiB.
const MOST_BYTES: usize = 900 * 1024;

/// Makes secrets of one folder: all or none of each request. Gives the ids by key.
///
/// # Errors
/// The backend's answer to the first request that it refused; earlier ones are done.
pub async fn create(
    client: &Client,
    about: &str,
    place: &Place,
    items: Vec<api::secrets::CreateItem>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut ids = BTreeMap::new();
    let told = |item: &api::secrets::CreateItem| item.new.secret_metadata.as_ref().is_some_and(|m| !m.is_empty());
    let with_metadata: Vec<String> = items.iter().filter(|i| told(i)).map(|i| i.secret_key.clone()).collect();
    for chunk in chunks(items, new_bytes) {
        let secrets: Vec<_> = chunk.iter().map(|item| item.new.secret_value.clone()).collect();
        let body = api::secrets::CreateBatch { place: wire(place), secrets: chunk };
        let call = Call::new(about, Method::Post, api::secrets::BATCH).json(&body).secrets(secrets);
        let made = client.send::<api::secrets::Many>(call).await;
        let made = made.map(|answer| answer.secrets.into_iter().map(|s| (s.secret_key, s.id)).collect());
        ids.extend(settled(made, Box::pin(found_secrets(client, place, &body.secrets))).await?);
    }
    keeps_metadata(client, about, place, &with_metadata).await?;
    Ok(ids)
}

/// Servers of 2024 drop metadata without a word: what they have is looked at.
async fn keeps_metadata(client: &Client, about: &str, place: &Place, keys: &[String]) -> Result<(), Failure> {
    if keys.is_empty() || !client.is_old(Area::Secrets) {
        return Ok(());
    }
    let found = read::folder_secrets(client, place).await.map_err(|why| Failure::settled(why, None))?;
    match found.iter().any(|secret| secret.metadata.is_empty() && keys.iter().any(|key| **key == *secret.key)) {
        true => Err(refusal::not_kept(about, "metadata")),
        false => Ok(()),
    }
}

/// The ids of secrets by key, if all are there with the values that they were to get: a request is all or
/// nothing.
async fn found_secrets(
    client: &Client,
    place: &Place,
    items: &[api::secrets::CreateItem],
) -> Option<BTreeMap<String, String>> {
    let found = read::folder_secrets(client, place).await.ok()?;
    let id = |item: &api::secrets::CreateItem| {
        let wanted = trimmed(item.new.secret_value.expose());
        let equal = |value: &crate::secret::Secret| value.expose() == wanted;
        let found = found.iter().find(|s| *s.key == item.secret_key && s.value.as_ref().is_some_and(equal))?;
        Some((item.secret_key.clone(), found.id.to_string()))
    };
    items.iter().map(id).collect()
}

/// Servers of 2024 take no change without the value: those that stay are put in as they are now.
async fn with_values(
    client: &Client,
    place: &Place,
    mut items: Vec<api::secrets::UpdateItem>,
) -> Result<Vec<api::secrets::UpdateItem>, Failure> {
    let found = read::folder_secrets(client, place).await.map_err(|why| Failure::settled(why, None))?;
    for item in items.iter_mut().filter(|item| item.change.secret_value.is_none()) {
        item.change.secret_value = found.iter().find(|s| *s.key == item.secret_key).and_then(|s| s.value.clone());
    }
    Ok(items)
}

/// Changes secrets of one folder.
///
/// # Errors
/// The backend's answer to the first request that it refused; earlier ones are done.
pub async fn update(
    client: &Client,
    about: &str,
    place: &Place,
    items: Vec<api::secrets::UpdateItem>,
) -> Result<(), Failure> {
    let told = |item: &api::secrets::UpdateItem| item.change.secret_metadata.as_ref().is_some_and(|m| !m.is_empty());
    let name =
        |item: &api::secrets::UpdateItem| item.change.new_secret_name.as_ref().unwrap_or(&item.secret_key).clone();
    let with_metadata: Vec<String> = items.iter().filter(|item| told(item)).map(name).collect();
    let lacks_value = items.iter().any(|item| item.change.secret_value.is_none());
    let items = match client.is_old(Area::Secrets) && lacks_value {
        true => with_values(client, place, items).await?,
        false => items,
    };
    for chunk in chunks(items, changed_bytes) {
        // Renames are not repeatable: after the first time the old key is gone.
        let renames = chunk.iter().any(|item| item.change.new_secret_name.is_some());
        let secrets: Vec<_> = chunk.iter().filter_map(|item| item.change.secret_value.clone()).collect();
        let body = api::secrets::UpdateBatch { place: wire(place), mode: None, secrets: chunk };
        let call = Call::new(about, Method::Patch, api::secrets::BATCH).json(&body).secrets(secrets);
        let call = if renames { call } else { call.repeatable() };
        client.send::<IgnoredAny>(call).await?;
    }
    keeps_metadata(client, about, place, &with_metadata).await
}

/// Deletes secrets of one folder.
///
/// # Errors
/// The backend's answer to the first request that it refused; earlier ones are done.
pub async fn delete(client: &Client, about: &str, place: &Place, keys: Vec<String>) -> Result<(), Failure> {
    let items = keys.into_iter().map(|secret_key| api::secrets::DeleteItem { secret_key }).collect();
    for secrets in chunks(items, |item| item.secret_key.len()) {
        let body = api::secrets::DeleteBatch { place: wire(place), secrets };
        client.send::<IgnoredAny>(Call::new(about, Method::Delete, api::secrets::BATCH).json(&body)).await?;
    }
    Ok(())
}

/// What a new secret adds to the body of a request.
#[must_use]
pub fn new_bytes(item: &api::secrets::CreateItem) -> usize {
    item.secret_key.len() + item.new.secret_value.len() + item.new.secret_comment.len()
}

/// What a changed secret adds to the body of a request.
#[must_use]
pub fn changed_bytes(item: &api::secrets::UpdateItem) -> usize {
    let value = item.change.secret_value.as_ref().map_or(0, crate::secret::Secret::len);
    item.secret_key.len() + value + item.change.secret_comment.as_ref().map_or(0, String::len)
}

/// Cuts a list so that no request's body is too large. Fields and escapes are reckoned generously.
pub fn chunks<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut chunks: Vec<Vec<T>> = Vec::new();
    let mut filled = 0;
    for item in items {
        let bytes = size(&item) * 5 / 4 + 200;
        match chunks.last_mut() {
            Some(last) if filled + bytes <= MOST_BYTES => last.push(item),
            _ => {
                chunks.push(vec![item]);
                filled = 0;
            }
        }
        filled += bytes;
    }
    chunks
}

fn wire(place: &Place) -> api::secrets::Place {
    api::secrets::Place {
        project_id: place.project.clone(),
        environment: place.environment.clone(),
        secret_path: place.path.clone(),
    }
}
