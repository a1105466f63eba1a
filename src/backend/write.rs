//! Changing a backend: one function a kind and verb. Ids and slugs come in as texts: who they belong to
//! is looked up by the caller. Everything that the API can take in one request goes in one request.
//!
//! A create whose answer was lost is not sent again: it could be made twice. What is there is read and
//! compared instead; if it is what was to be made, it was made. What servers of 2024 do otherwise is made up for here.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::dialect;
use crate::backend::dialect::Area;
use crate::backend::read;
use crate::backend::refusal;
use crate::backend::refusal::Failure;
use crate::backend::state::Connection;
use crate::backend::state::Environment;
use crate::backend::state::FolderInfo;
use crate::backend::state::Import;
use crate::backend::state::Project;
use crate::backend::state::Sync;
use crate::backend::state::Tag;
use crate::backend::state::trimmed;
use crate::diag::codes;
use crate::http::Method;
use serde::Serialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A folder of a project, by the ids and names that requests want.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The project's id.
    pub project: String,
    /// The environment's slug.
    pub environment: String,
    /// The absolute path.
    pub path: String,
}

impl Place {
    /// The folder above, and the name in it. The root is its own parent, with no name.
    #[must_use]
    pub fn split(&self) -> (String, String) {
        let (parent, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let parent = if parent.is_empty() { "/" } else { parent };
        (parent.to_owned(), name.to_owned())
    }
}

/// The largest body that is sent: the backend takes 1 MiB.
const MOST_BYTES: usize = 900 * 1024;

/// Makes a project without the default environments.
///
/// # Errors
/// The backend's answer.
pub async fn create_project(client: &Client, about: &str, new: api::projects::Create) -> Result<Project, Failure> {
    let call = Call::new(about, Method::Post, api::projects::PROJECTS).json(&new);
    let sent = client.send::<api::projects::One>(call).await;
    let was_told = sent.is_ok();
    let found = Box::pin(async {
        let found = read::project_by_slug(client, new.slug.as_deref()?).await.ok()??;
        (*found.name == new.project_name).then_some(found)
    });
    let mut made = settled(sent.map(|a| read::project(a.project)), found).await?;
    if client.is_old(Area::Projects) {
        // Servers of 2024 make the default environments whether they are asked to or not.
        let unasked = if was_told && !new.should_create_default_envs {
            std::mem::take(&mut made.environments)
        } else {
            Vec::new()
        };
        for environment in unasked {
            delete_environment(client, about, &made.id, &environment.id).await?;
        }
        keeps(about, "description", new.project_description.as_deref(), &made.description)?;
    }
    Ok(made)
}

/// Says that a server of 2024 did not keep what it was told, if it did not.
fn keeps(about: &str, what: &str, told: Option<&str>, kept: &str) -> Result<(), Failure> {
    match told {
        Some(told) if told != kept => Err(refusal::not_kept(about, what)),
        _ => Ok(()),
    }
}

/// The result of a create; where its answer was lost, what is found now, if it is what was to be made.
async fn settled<T>(sent: Result<T, Failure>, found: impl Future<Output = Option<T>>) -> Result<T, Failure> {
    match sent {
        Err(failure) if failure.is_open => found.await.ok_or(failure),
        sent => sent,
    }
}

/// Changes a project.
///
/// # Errors
/// The backend's answer.
pub async fn update_project(
    client: &Client,
    about: &str,
    id: &str,
    change: &api::projects::Update,
) -> Result<(), Failure> {
    let call = Call::new(about, Method::Patch, dialect::PROJECT).arg(id);
    if !client.is_old(Area::Projects) {
        return patch(client, call, change).await;
    }
    let kept = match client.send::<api::projects::One>(call.json(change).repeatable()).await {
        // It knows nothing of all that: what it has may be what is wanted, all the same.
        Err(failure) if failure.diagnostic.code == &codes::BACKEND_OLD => {
            client.send(Call::new(about, Method::Get, dialect::PROJECT).arg(id)).await?
        }
        kept => kept?,
    };
    let kept = kept.project;
    let description = change.description.as_ref().map(|told| told.as_deref().unwrap_or_default());
    keeps(about, "description", description, &kept.description.unwrap_or_default())?;
    keeps(about, "slug", change.slug.as_deref(), &kept.slug)?;
    let said = |told: Option<bool>| told.map(|told| told.to_string());
    let has = |kept: Option<bool>| kept.unwrap_or(false).to_string();
    for (what, told, kept) in [
        ("delete_protection", said(change.has_delete_protection), kept.has_delete_protection.to_string()),
        ("pit_version_limit", change.pit_version_limit.map(|n| n.to_string()), kept.pit_version_limit.to_string()),
        ("secret_sharing", said(change.secret_sharing), has(kept.secret_sharing)),
        ("show_snapshots_legacy", said(change.show_snapshots_legacy), has(kept.show_snapshots_legacy)),
        (
            "secret_detection_ignore_values",
            change.secret_detection_ignore_values.as_ref().map(|told| told.join("\n")),
            kept.secret_detection_ignore_values.unwrap_or_default().join("\n"),
        ),
    ] {
        keeps(about, what, told.as_deref(), &kept)?;
    }
    Ok(())
}

/// Says how long the audit logs of a project are kept.
///
/// # Errors
/// The backend's answer.
pub async fn retain_audit_logs(client: &Client, about: &str, slug: &str, days: u32) -> Result<(), Failure> {
    let body = api::projects::Retention { audit_logs_retention_days: days };
    let call = Call::new(about, Method::Put, api::projects::RETENTION).arg(slug).json(&body).repeatable();
    client.send::<IgnoredAny>(call).await.map(drop)
}

/// Deletes a project with everything in it.
///
/// # Errors
/// The backend's answer.
pub async fn delete_project(client: &Client, about: &str, id: &str) -> Result<(), Failure> {
    delete(client, Call::new(about, Method::Delete, dialect::PROJECT).arg(id)).await
}

/// Makes an environment.
///
/// # Errors
/// The backend's answer.
pub async fn create_environment(
    client: &Client,
    about: &str,
    project: &str,
    new: &api::environments::Create,
) -> Result<Environment, Failure> {
    let call = Call::new(about, Method::Post, dialect::ENVIRONMENTS).arg(project).json(new);
    let made = client.send::<api::environments::Changed>(call).await.map(|answer| Environment {
        id: answer.environment.id.into(),
        slug: answer.environment.slug.into(),
        name: answer.environment.name.into(),
        position: Some(Ok(answer.environment.position)),
        ..Environment::default()
    });
    let found = Box::pin(async {
        let call = Call::new(about, Method::Get, dialect::PROJECT).arg(project);
        let project = client.send::<api::projects::One>(call).await.ok()?.project;
        read::project(project).environments.into_iter().find(|e| *e.slug == new.slug && *e.name == new.name)
    });
    settled(made, found).await
}

/// Changes an environment.
///
/// # Errors
/// The backend's answer.
pub async fn update_environment(
    client: &Client,
    about: &str,
    project: &str,
    id: &str,
    change: &api::environments::Update,
) -> Result<(), Failure> {
    patch(client, Call::new(about, Method::Patch, dialect::ENVIRONMENT).arg(project).arg(id), change).await
}

/// Deletes an environment with everything in it.
///
/// # Errors
/// The backend's answer.
pub async fn delete_environment(client: &Client, about: &str, project: &str, id: &str) -> Result<(), Failure> {
    delete(client, Call::new(about, Method::Delete, dialect::ENVIRONMENT).arg(project).arg(id)).await
}

/// Makes a folder, and those above it. If it is there, that one is given; then its description is not
/// changed.
///
/// # Errors
/// The backend's answer.
pub async fn create_folder(
    client: &Client,
    about: &str,
    place: &Place,
    description: Option<String>,
) -> Result<FolderInfo, Failure> {
    let (path, name) = place.split();
    let (project_id, environment) = (place.project.clone(), place.environment.clone());
    let new = api::folders::Create { project_id, environment, name, path, description };
    let _turn = client.folder_turn().await;
    let call = Call::new(about, Method::Post, api::folders::FOLDERS).json(&new).repeatable();
    let wire = client.send::<api::folders::One>(call).await?.folder;
    Ok(FolderInfo { id: wire.id.into(), description: wire.description.unwrap_or_default().into() })
}

/// Changes what a folder says of itself.
///
/// # Errors
/// The backend's answer.
pub async fn update_folder(
    client: &Client,
    about: &str,
    place: &Place,
    id: &str,
    description: Option<String>,
) -> Result<(), Failure> {
    let (path, name) = place.split();
    let (project_id, environment) = (place.project.clone(), place.environment.clone());
    let told = description.clone().unwrap_or_default();
    let change = api::folders::Update { project_id, environment, name, path, description: Some(description) };
    let call = Call::new(about, Method::Patch, dialect::FOLDER).arg(id).json(&change).repeatable();
    let kept = client.send::<api::folders::One>(call).await?.folder;
    match client.is_old(Area::Folders) {
        true => keeps(about, "description", Some(&told), &kept.description.unwrap_or_default()),
        false => Ok(()),
    }
}

/// Deletes a folder; one that holds something only with `force_delete`.
///
/// # Errors
/// The backend's answer.
pub async fn delete_folder(
    client: &Client,
    about: &str,
    place: &Place,
    id: &str,
    force_delete: bool,
) -> Result<(), Failure> {
    if !force_delete && client.is_old(Area::Folders) && holds_something(client, place).await? {
        return Err(refusal::not_empty(about));
    }
    let (path, _) = place.split();
    let (project_id, environment) = (place.project.clone(), place.environment.clone());
    let end = api::folders::Delete { project_id, environment, path, force_delete };
    delete(client, Call::new(about, Method::Delete, dialect::FOLDER).arg(id).json(&end)).await
}

/// Whether there is anything in a folder. Servers of 2024 delete it all without a question.
async fn holds_something(client: &Client, place: &Place) -> Result<bool, Failure> {
    let Place { project, environment, path } = place;
    let settled = |why| Failure::settled(why, None);
    let folder = (Arc::from(environment.as_str()), Arc::from(path.as_str()));
    Ok(!read::secrets(client, project, project, environment, path, true).await.map_err(settled)?.is_empty()
        || !read::folder_list(client, path, project, environment, path).await?.is_empty()
        || !read::imports(client, project, project, &folder).await.map_err(settled)?.is_empty())
}

/// Makes a tag.
///
/// # Errors
/// The backend's answer.
pub async fn create_tag(client: &Client, about: &str, project: &str, tag: &api::tags::Write) -> Result<Tag, Failure> {
    let call = Call::new(about, Method::Post, dialect::TAGS).arg(project).json(tag);
    let made = client.send::<api::tags::One>(call).await.map(|a| read::tag(a.tag));
    let found = Box::pin(async {
        let tags = read::tags(client, project, project).await.ok()?;
        tags.into_iter().find(|found| *found.slug == tag.slug && *found.color == tag.color)
    });
    settled(made, found).await
}

/// Changes a tag.
///
/// # Errors
/// The backend's answer.
pub async fn update_tag(
    client: &Client,
    about: &str,
    project: &str,
    id: &str,
    tag: &api::tags::Write,
) -> Result<(), Failure> {
    patch(client, Call::new(about, Method::Patch, dialect::TAG).arg(project).arg(id), tag).await
}

/// Deletes a tag: secrets that have it lose it.
///
/// # Errors
/// The backend's answer.
pub async fn delete_tag(client: &Client, about: &str, project: &str, id: &str) -> Result<(), Failure> {
    delete(client, Call::new(about, Method::Delete, dialect::TAG).arg(project).arg(id)).await
}

/// Makes secrets of one folder: all or none of each request. Gives the ids by key.
///
/// # Errors
/// The backend's answer to the first request that it refused; earlier ones are done.
pub async fn create_secrets(
    client: &Client,
    about: &str,
    place: &Place,
    items: Vec<api::secrets::CreateItem>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut ids = BTreeMap::new();
    let told = |item: &api::secrets::CreateItem| item.new.secret_metadata.as_ref().is_some_and(|m| !m.is_empty());
    let with_metadata: Vec<String> = items.iter().filter(|i| told(i)).map(|i| i.secret_key.clone()).collect();
    for chunk in
        chunks(items, |item| item.secret_key.len() + item.new.secret_value.len() + item.new.secret_comment.len())
    {
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
pub async fn update_secrets(
    client: &Client,
    about: &str,
    place: &Place,
    items: Vec<api::secrets::UpdateItem>,
) -> Result<(), Failure> {
    let size = |item: &api::secrets::UpdateItem| {
        let value = item.change.secret_value.as_ref().map_or(0, crate::secret::Secret::len);
        item.secret_key.len() + value + item.change.secret_comment.as_ref().map_or(0, String::len)
    };
    let told = |item: &api::secrets::UpdateItem| item.change.secret_metadata.as_ref().is_some_and(|m| !m.is_empty());
    let name =
        |item: &api::secrets::UpdateItem| item.change.new_secret_name.as_ref().unwrap_or(&item.secret_key).clone();
    let with_metadata: Vec<String> = items.iter().filter(|item| told(item)).map(name).collect();
    let lacks_value = items.iter().any(|item| item.change.secret_value.is_none());
    let items = match client.is_old(Area::Secrets) && lacks_value {
        true => with_values(client, place, items).await?,
        false => items,
    };
    for chunk in chunks(items, size) {
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
pub async fn delete_secrets(client: &Client, about: &str, place: &Place, keys: Vec<String>) -> Result<(), Failure> {
    let items = keys.into_iter().map(|secret_key| api::secrets::DeleteItem { secret_key }).collect();
    for secrets in chunks(items, |item| item.secret_key.len()) {
        let body = api::secrets::DeleteBatch { place: wire(place), secrets };
        client.send::<IgnoredAny>(Call::new(about, Method::Delete, api::secrets::BATCH).json(&body)).await?;
    }
    Ok(())
}

/// Cuts a list so that no request's body is too large. Fields and escapes are reckoned generously.
fn chunks<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
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

/// Makes an import at the end of its folder's list.
///
/// # Errors
/// The backend's answer.
pub async fn create_import(
    client: &Client,
    about: &str,
    place: &Place,
    environment: &str,
    path: &str,
) -> Result<Import, Failure> {
    let import = api::imports::From { environment: environment.to_owned(), path: path.to_owned() };
    let new = api::imports::Create { place: import_place(place), import, is_replication: false };
    let call = Call::new(about, Method::Post, api::imports::IMPORTS).json(&new);
    let made = client.send::<api::imports::Changed>(call).await.map(|a| read::import(a.secret_import));
    let found = Box::pin(async {
        let folder = (Arc::from(place.environment.as_str()), Arc::from(place.path.as_str()));
        let imports = read::imports(client, &place.project, &place.project, &folder).await.ok()?;
        imports.into_iter().find(|import| *import.from_environment == *environment && *import.from_path == *path)
    });
    settled(made, found).await
}

/// Changes what an import reads.
///
/// # Errors
/// The backend's answer.
pub async fn update_import(
    client: &Client,
    about: &str,
    place: &Place,
    id: &str,
    environment: &str,
    path: &str,
) -> Result<(), Failure> {
    let (environment, path) = (Some(environment.to_owned()), Some(path.to_owned()));
    let import = api::imports::Change { environment, path, position: None };
    let change = api::imports::Update { place: import_place(place), import };
    patch(client, Call::new(about, Method::Patch, dialect::IMPORT).arg(id), &change).await
}

/// Puts an import behind some of its folder and before some others.
///
/// # Errors
/// The backend's answer.
pub async fn order_import(
    client: &Client,
    about: &str,
    place: &Place,
    id: &str,
    before: &[Arc<str>],
    behind: &[Arc<str>],
) -> Result<(), Failure> {
    let call = Call::new(about, Method::Get, api::imports::IMPORTS)
        .query("projectId", &place.project)
        .query("environment", &place.environment)
        .query("path", &place.path);
    let mut all = client.send::<api::imports::Many>(call).await?.secret_imports;
    all.sort_by_key(|import| import.position);
    let at = |id: &str| all.iter().position(|import| import.id == id);
    let Some(here) = at(id) else { return Ok(()) };
    let last = before.iter().filter_map(|id| at(id)).max().filter(|last| *last > here);
    let first = behind.iter().filter_map(|id| at(id)).min().filter(|first| *first < here);
    // Whoever takes the place of another one shifts it towards where it was itself.
    let Some(there) = last.or(first).and_then(|place| all.get(place)) else { return Ok(()) };
    let import = api::imports::Change { environment: None, path: None, position: Some(there.position) };
    let change = api::imports::Update { place: import_place(place), import };
    patch(client, Call::new(about, Method::Patch, dialect::IMPORT).arg(id), &change).await
}

/// Deletes an import.
///
/// # Errors
/// The backend's answer.
pub async fn delete_import(client: &Client, about: &str, place: &Place, id: &str) -> Result<(), Failure> {
    let call = Call::new(about, Method::Delete, dialect::IMPORT).arg(id);
    delete(client, call.json(&import_place(place))).await
}

fn import_place(place: &Place) -> api::imports::Place {
    api::imports::Place {
        project_id: place.project.clone(),
        environment: place.environment.clone(),
        path: place.path.clone(),
    }
}

/// Makes an app connection; the backend tries the credentials first.
///
/// # Errors
/// The backend's answer.
pub async fn create_connection(
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
pub async fn update_connection(
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
pub async fn delete_connection(client: &Client, about: &str, app: &str, id: &str) -> Result<(), Failure> {
    let call = Call::new(about, Method::Delete, "/api/v1/app-connections/:app/:connectionId").arg(app).arg(id);
    delete(client, call).await
}

fn texts(credentials: &BTreeMap<String, api::Credential>) -> Vec<crate::secret::Secret> {
    let text = |credential: &api::Credential| match credential {
        api::Credential::Text(secret) => Some(secret.clone()),
        api::Credential::Plain(_) => None,
    };
    credentials.values().filter_map(text).collect()
}

/// Makes a sync; it starts at once if it runs by itself.
///
/// # Errors
/// The backend's answer.
pub async fn create_sync(
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
pub async fn update_sync(
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
pub async fn start_sync(client: &Client, about: &str, destination: &str, id: &str) -> Result<Sync, Failure> {
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
pub async fn delete_sync(
    client: &Client,
    about: &str,
    destination: &str,
    id: &str,
    remove: bool,
) -> Result<(), Failure> {
    let call = Call::new(about, Method::Delete, "/api/v1/secret-syncs/:destination/:syncId").arg(destination).arg(id);
    delete(client, call.query("removeSecrets", if remove { "true" } else { "false" })).await
}

/// A change that names the whole of what it sets: sending it twice is sending it once.
pub(super) async fn patch(client: &Client, call: Call<'_>, body: &impl Serialize) -> Result<(), Failure> {
    client.send::<IgnoredAny>(call.json(body).repeatable()).await.map(|_| ())
}

/// A delete: what is not there any more is done.
pub(super) async fn delete(client: &Client, call: Call<'_>) -> Result<(), Failure> {
    match client.send::<IgnoredAny>(call.repeatable()).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.is_gone() => Ok(()),
        Err(failure) => Err(failure),
    }
}
