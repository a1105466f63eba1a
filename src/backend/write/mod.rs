//! Changing a backend: one function a kind and verb. Ids and slugs come in as texts: who they belong to
//! is looked up by the caller. Everything that the API can take in one request goes in one request.
//!
//! A create whose answer was lost is not sent again: it could be made twice. What is there is read and
//! compared instead; if it is what was to be made, it was made. What servers of 2024 do otherwise is made up for here.
//!
//! Here are projects and what they are made of, and what the other kinds, a file each, have in common.

pub mod connections;
pub mod imports;
pub mod secrets;
pub mod syncs;

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::dialect;
use crate::backend::dialect::Area;
use crate::backend::read;
use crate::backend::refusal;
use crate::backend::refusal::Failure;
use crate::backend::state::Environment;
use crate::backend::state::FolderInfo;
use crate::backend::state::Project;
use crate::backend::state::Tag;
use crate::diag::codes;
use crate::http::Method;
use serde::Serialize;
use serde::de::IgnoredAny;
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
