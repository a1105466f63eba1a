//! Reading a backend: lists, never one request a resource, and only what is mentioned.
//!
//! The least that a plan asks, which the tests count:
//!
//! ```text
//! 1  login                                    (none with a token)
//! 1  list of projects                         (with their environments)
//! 1  list of app connections                  if a connection or a sync is mentioned
//! 1  list of gateways                         if a connection names one
//! 1  who am I, 1 list of identities           if an identity is mentioned, and two reads of each that is
//! 1  list of project templates                if one is mentioned
//! for each mentioned project that exists:
//!   1  list of tags                           if a tag, or a secret with tags, is mentioned
//!   1  list of syncs                          if a sync is mentioned
//!   1  list of roles                          if a role is mentioned, and a read of each that is
//!   1  list of members, 1 of webhooks         if one is mentioned
//!   1  read of an environment                 for each whose position is declared
//!   1  recursive list of folders              for each environment whose folders are mentioned
//!   1  recursive list of secrets              for each environment whose secrets are mentioned, imported or pushed
//!   1  list of imports                        for each folder that declares one or that a sync pushes, and those
//!                                             that these import from, and so on: the API has no recursive one
//! ```
//!
//! A server of 2024 costs more: it can't list projects for a machine identity, so each mentioned one is read by
//! its slug; it can't list folders recursively, so each folder is asked for its own; who am I takes one request more;
//! and the first call of each renamed part of the API is made twice, once by each of its names.
//!
//! Nothing is asked twice in one run, and no answer is kept for the next: a list of secrets could only be
//! compared by its ETag if the secrets were kept beside it, which they are not.
//!
//! What fails makes its part unknown, never absent.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::dialect;
use crate::backend::dialect::Area;
use crate::backend::read::parts::Part;
use crate::backend::read::parts::parts_of;
use crate::backend::read::parts::run;
use crate::backend::refusal;
use crate::backend::refusal::Failure;
use crate::backend::state::Connection;
use crate::backend::state::Environment;
use crate::backend::state::Folder;
use crate::backend::state::FolderInfo;
use crate::backend::state::Gateway;
use crate::backend::state::Import;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Status;
use crate::backend::state::Stored;
use crate::backend::state::Sync;
use crate::backend::state::Tag;
use crate::backend::state::Things;
use crate::backend::things;
use crate::backend::things::Scope;
use crate::backend::write::Place;
use crate::diag::Diagnostic;
use crate::http::Method;
use crate::http::json;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

mod parts;

/// What is to be read of one project.
#[derive(Debug, Default, Clone)]
pub struct Mention {
    /// Its tags.
    pub tags: bool,
    /// Its syncs.
    pub syncs: bool,
    /// Other kinds, each with the ids and names of those that are wanted in full.
    pub things: Named,
    /// Its environments by slug.
    pub environments: BTreeMap<Arc<str>, EnvironmentMention>,
    /// Folders whose imports are wanted.
    pub imports: BTreeSet<Folder>,
    /// Folders that syncs push: their imports and whatever these lead to are wanted, values included.
    pub sources: BTreeSet<Folder>,
}

/// What is to be read of one environment.
#[derive(Debug, Default, Clone, Copy)]
pub struct EnvironmentMention {
    /// Its folders.
    pub folders: bool,
    /// Its secrets.
    pub secrets: bool,
    /// Its position.
    pub position: bool,
}

/// Ids and names by kind.
pub type Named = BTreeMap<Kind, BTreeSet<Arc<str>>>;

/// Requests that wait for their turn: the client decides how many are under way, and foretells how long all take.
const AT_ONCE: usize = 1024;

/// The projects that the identity can see and, if wanted, its connections. Where they can't be listed, the
/// projects with these slugs.
///
/// # Errors
/// The projects can't be read: nothing can be said about anything.
pub async fn roots(client: &Client, connections: bool, slugs: &BTreeSet<Arc<str>>) -> Result<State, Diagnostic> {
    let projects = projects(client, slugs);
    let connections = async {
        match connections {
            true => Some(self::connections(client).await),
            false => None,
        }
    };
    let (projects, connections) = futures_util::future::join(projects, connections).await;
    let (connections, connections_failed) = match connections {
        Some(Ok(list)) => (list, None),
        Some(Err(why)) => (Vec::new(), Some(why)),
        None => (Vec::new(), None),
    };
    Ok(State { projects: projects?, connections, connections_failed, ..State::default() })
}

/// The organisation's id, and what it has of some kinds, those that are named in full.
pub async fn organization(client: &Client, named: &Named) -> (Arc<str>, Things) {
    let mut found = Things::new();
    if named.is_empty() {
        return (Arc::default(), found);
    }
    let id = match things::identities::own_organization(client).await {
        Ok(id) => id,
        Err(why) => {
            let why = Diagnostic::from(why);
            return (Arc::default(), named.keys().map(|kind| (*kind, Err(why.clone()))).collect());
        }
    };
    let scope = Scope { name: "the organisation".into(), id: id.clone() };
    for (kind, names) in named {
        found.insert(*kind, things::list(client, *kind, &scope, names).await);
    }
    (id, found)
}

/// Reads the mentioned parts of projects, which are named by their slugs. Slugs that do not exist are
/// passed over.
pub async fn fill(client: &Client, state: &mut State, mentions: &BTreeMap<Arc<str>, Mention>) {
    let mut parts = Vec::new();
    for (slug, mention) in mentions {
        let Some(project) = state.projects.get(slug) else { continue };
        parts.extend(parts_of(project, mention));
    }
    run(client, state, parts).await;
    // Imports lead to other folders, whose imports lead on: round after round until nothing is new.
    let mut open: BTreeMap<Arc<str>, BTreeSet<Folder>> =
        mentions.iter().map(|(slug, mention)| (slug.clone(), mention.sources.clone())).collect();
    while !open.is_empty() {
        let mut parts = Vec::new();
        let mut next: BTreeMap<Arc<str>, BTreeSet<Folder>> = BTreeMap::new();
        for (slug, folders) in &open {
            let Some(project) = state.projects.get(slug) else { continue };
            for folder in folders {
                match project.imports.get(folder) {
                    None if project.environment(&folder.0).is_some() => {
                        parts.push(Part::Imports(project.slug.clone(), project.id.clone(), folder.clone()));
                        next.entry(slug.clone()).or_default().insert(folder.clone());
                    }
                    Some(Ok(imports)) => {
                        let led = imports.iter().map(|i| (i.from_environment.clone(), i.from_path.clone()));
                        let new = led.filter(|f| !folders.contains(f) && !project.imports.contains_key(f));
                        next.entry(slug.clone()).or_default().extend(new);
                    }
                    _ => {}
                }
            }
            let unread: BTreeSet<_> = folders
                .iter()
                .filter_map(|(environment, _)| project.environment(environment))
                .filter(|environment| environment.secrets.is_none())
                .map(|environment| environment.slug.clone())
                .collect();
            parts.extend(unread.into_iter().map(|env| Part::Secrets(project.slug.clone(), project.id.clone(), env)));
        }
        next.retain(|_, folders| !folders.is_empty());
        run(client, state, parts).await;
        open = next;
    }
}

async fn projects(client: &Client, slugs: &BTreeSet<Arc<str>>) -> Result<BTreeMap<Arc<str>, Project>, Diagnostic> {
    let about = "the list of projects";
    let call = Call::new(about, Method::Get, api::projects::PROJECTS);
    let found = match client.send::<api::projects::Many>(call).await {
        Ok(answer) => answer.projects.into_iter().map(|found| whole(about, found)).collect::<Result<Vec<_>, _>>()?,
        Err(failure) if failure.is_unknown_route() && client.is_old(Area::Projects) => {
            let asked = futures_util::stream::iter(slugs).map(|slug| project_by_slug(client, slug));
            let found: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
            found.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?
        }
        Err(failure) => return Err(failure.into()),
    };
    Ok(found.into_iter().map(|p| (p.slug.clone(), p)).collect())
}

/// The project with a slug, if there is one.
pub(super) async fn project_by_slug(client: &Client, slug: &str) -> Result<Option<Project>, Failure> {
    let about = format!("project {slug}");
    let call = Call::new(&about, Method::Get, dialect::PROJECT_BY_SLUG).arg(slug);
    match client.send::<api::projects::Project>(call).await {
        Ok(found) => whole(&about, found).map(Some),
        Err(failure) if failure.is_gone() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A project that was read: only answers to changes leave its environments out.
fn whole(about: &str, wire: api::projects::Project) -> Result<Project, Failure> {
    match wire.environments {
        Some(_) => Ok(project(wire)),
        None => Err(refusal::lacks(about, "environments")),
    }
}

/// A project of the wire.
pub(super) fn project(wire: api::projects::Project) -> Project {
    let environments = wire.environments.unwrap_or_default().into_iter().map(|e| Environment {
        id: e.id.into(),
        slug: e.slug.into(),
        name: e.name.into(),
        ..Environment::default()
    });
    Project {
        id: wire.id.into(),
        slug: wire.slug.into(),
        name: wire.name.into(),
        description: wire.description.unwrap_or_default().into(),
        settings: [
            ("type", wire.kind.map_or(Value::Null, Value::string)),
            ("delete_protection", Value::Bool(wire.has_delete_protection)),
            ("auto_capitalization", Value::Bool(wire.auto_capitalization)),
            ("pit_version_limit", Value::int(wire.pit_version_limit.into())),
            ("audit_logs_retention_days", wire.audit_logs_retention_days.map_or(Value::Null, |n| Value::int(n.into()))),
            ("secret_sharing", wire.secret_sharing.map_or(Value::Null, Value::Bool)),
            ("show_snapshots_legacy", wire.show_snapshots_legacy.map_or(Value::Null, Value::Bool)),
            (
                "secret_detection_ignore_values",
                Value::list(
                    wire.secret_detection_ignore_values.unwrap_or_default().into_iter().map(Value::string).collect(),
                ),
            ),
        ]
        .map(|(name, value)| (Arc::from(name), value))
        .into(),
        environments: environments.collect(),
        ..Project::default()
    }
}

/// All app connections that the identity can see.
///
/// # Errors
/// The backend's answer.
pub async fn connections(client: &Client) -> Result<Vec<Connection>, Diagnostic> {
    let call = Call::new("the list of app connections", Method::Get, api::connections::CONNECTIONS);
    let answer: api::connections::Many = client.send(call).await?;
    Ok(answer.app_connections.into_iter().map(connection).collect())
}

/// A connection of the wire.
pub(super) fn connection(wire: api::connections::Connection) -> Connection {
    Connection {
        id: wire.id.into(),
        app: wire.app.into(),
        name: wire.name.into(),
        method: wire.method.into(),
        description: wire.description.unwrap_or_default().into(),
        project: wire.project_id.map(Into::into),
        credentials: object(wire.credentials),
        credentials_hash: wire.credentials_hash.map(Into::into),
        managed: wire.is_platform_managed_credentials.unwrap_or(false),
        gateway: wire.gateway_id.map(Into::into),
    }
}

/// The gateways that connections can go through.
///
/// # Errors
/// They can't be listed.
pub async fn gateways(client: &Client) -> Result<Vec<Gateway>, Diagnostic> {
    let call = Call::new("the list of gateways", Method::Get, api::connections::GATEWAYS);
    let answer: Vec<api::connections::Gateway> = client.send(call).await?;
    Ok(answer.into_iter().map(|wire| Gateway { id: wire.id.into(), name: wire.name.into() }).collect())
}

pub(super) async fn tags(client: &Client, slug: &str, id: &str) -> Result<Vec<Tag>, Diagnostic> {
    let about = format!("the tags of project {slug}");
    let call = Call::new(&about, Method::Get, dialect::TAGS).arg(id);
    let answer: api::tags::Many = client.send(call).await?;
    Ok(answer.tags.into_iter().map(tag).collect())
}

/// A tag of the wire.
pub(super) fn tag(wire: api::tags::Tag) -> Tag {
    Tag { id: wire.id.into(), slug: wire.slug.into(), color: wire.color.unwrap_or_default().into() }
}

pub(super) async fn syncs(client: &Client, slug: &str, id: &str) -> Result<Vec<Sync>, Diagnostic> {
    let about = format!("the syncs of project {slug}");
    let call = Call::new(&about, Method::Get, api::syncs::SYNCS).query("projectId", id);
    let answer: api::syncs::Many = client.send(call).await?;
    Ok(answer.secret_syncs.into_iter().map(sync).collect())
}

/// A sync of the wire.
pub(super) fn sync(wire: api::syncs::Sync) -> Sync {
    Sync {
        id: wire.id.into(),
        name: wire.name.into(),
        destination: wire.destination.into(),
        description: wire.description.unwrap_or_default().into(),
        connection: wire.connection_id.into(),
        environment: wire.environment.map(|e| e.slug.into()),
        path: wire.folder.map(|f| f.path.into()),
        auto_sync: wire.is_auto_sync_enabled,
        options: object(wire.sync_options),
        config: object(wire.destination_config),
        status: Status::of(wire.sync_status.as_ref().map(api::syncs::Status::word)),
        removal: Status::of(wire.remove_status.as_ref().map(api::syncs::Status::word)),
        message: wire.last_sync_message.or(wire.last_remove_message).map(refusal::without_json),
        has_succeeded: wire.last_synced_at.is_some(),
    }
}

async fn position(client: &Client, slug: &str, id: &str, environment: &str) -> Result<i64, Diagnostic> {
    let about = format!("the environments of project {slug}");
    let call = Call::new(&about, Method::Get, dialect::ENVIRONMENT).arg(id).arg(environment);
    let answer: api::environments::One = client.send(call).await?;
    Ok(answer.environment.position)
}

async fn folders(
    client: &Client,
    slug: &str,
    id: &str,
    environment: &str,
) -> Result<BTreeMap<Arc<str>, FolderInfo>, Diagnostic> {
    let about = format!("the folders of {slug}/{environment}");
    let mut found = BTreeMap::new();
    let mut open = vec!["/".to_owned()];
    while !open.is_empty() {
        let lists =
            futures_util::stream::iter(open.iter().map(|path| folder_list(client, &about, id, environment, path)));
        let lists: Vec<_> = lists.buffered(AT_ONCE).collect().await;
        let mut below = Vec::new();
        for (parent, list) in open.iter().zip(lists) {
            for folder in list?.into_iter().filter(|folder| !folder.is_reserved) {
                // Servers of 2024 list children only, and say nothing of where they are.
                let told = folder.path.as_deref().or(folder.relative_path.as_deref());
                let path = match told {
                    Some(path) => absolute(path),
                    None => absolute(&format!("{parent}/{}", folder.name)),
                };
                if told.is_none() && client.is_old(Area::Folders) && path.len() > parent.len() {
                    below.push(path.clone());
                }
                let description = folder.description.unwrap_or_default().into();
                if path != "/" {
                    found.insert(path.into(), FolderInfo { id: folder.id.into(), description });
                }
            }
        }
        open = below;
    }
    Ok(found)
}

/// The folders below one, or its children alone where the server knows no more.
pub(super) async fn folder_list(
    client: &Client,
    about: &str,
    id: &str,
    environment: &str,
    path: &str,
) -> Result<Vec<api::folders::Folder>, Failure> {
    let call = Call::new(about, Method::Get, api::folders::FOLDERS)
        .query("projectId", id)
        .query("environment", environment)
        .query("path", path)
        .query("recursive", "true");
    Ok(client.send::<api::folders::Many>(call).await?.folders)
}

/// A path with a slash before and none behind.
fn absolute(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// The secrets of a folder or, recursively, of all below it; references as they are written.
pub(super) async fn secrets(
    client: &Client,
    slug: &str,
    id: &str,
    environment: &str,
    path: &str,
    recursive: bool,
) -> Result<Vec<Stored>, Diagnostic> {
    let about = format!("the secrets of {slug}/{environment}{}", if path == "/" { "" } else { path });
    let call = Call::new(&about, Method::Get, api::secrets::SECRETS)
        .query("projectId", id)
        .query("environment", environment)
        .query("secretPath", path)
        .query("viewSecretValue", "true")
        .query("expandSecretReferences", "false")
        .query("recursive", if recursive { "true" } else { "false" });
    let answer: api::secrets::Listing = client.send(call).await?;
    let shared = answer.secrets.into_iter().filter(|s| s.kind != "personal");
    Ok(shared.map(|secret| stored(secret, path)).collect())
}

/// A secret of the wire; `path` where it does not say.
fn stored(wire: api::secrets::ListedSecret, path: &str) -> Stored {
    let mut tags: Vec<Arc<str>> = wire.tags.unwrap_or_default().into_iter().map(|t| t.slug.into()).collect();
    tags.sort();
    let metadata = wire.secret_metadata.unwrap_or_default();
    Stored {
        id: wire.id.into(),
        path: absolute(wire.secret_path.as_deref().unwrap_or(path)).into(),
        key: wire.secret_key.into(),
        value: (!wire.secret_value_hidden).then_some(wire.secret_value),
        comment: wire.secret_comment.into(),
        tags,
        metadata: metadata.into_iter().map(|m| (m.key.into(), Value::string(m.value))).collect(),
    }
}

pub(super) async fn imports(client: &Client, slug: &str, id: &str, folder: &Folder) -> Result<Vec<Import>, Diagnostic> {
    let (environment, path) = folder;
    let about = format!("the imports of {slug}/{environment}{path}");
    let call = Call::new(&about, Method::Get, api::imports::IMPORTS)
        .query("projectId", id)
        .query("environment", environment)
        .query("path", path);
    let answer: Result<api::imports::Many, _> = client.send(call).await;
    let mut list = match answer {
        Ok(answer) => answer.secret_imports,
        // A folder that does not exist has no imports.
        Err(failure) if failure.is_gone() => Vec::new(),
        Err(failure) => return Err(failure.into()),
    };
    list.sort_by_key(|import| import.position);
    Ok(list.into_iter().filter(|i| !i.is_reserved).map(import).collect())
}

/// An import of the wire.
pub(super) fn import(wire: api::imports::Import) -> Import {
    Import {
        id: wire.id.into(),
        from_environment: wire.import_env.slug.into(),
        from_path: absolute(&wire.import_path).into(),
    }
}

/// A JSON object as attributes.
fn object(fields: api::syncs::Json) -> Object {
    match json::from_serde(serde_json::Value::Object(fields)) {
        Value::Object(fields) => Arc::unwrap_or_clone(fields),
        _ => Object::new(),
    }
}

/// One sync as it is now.
///
/// # Errors
/// The backend's answer; [`Failure::is_gone`] if there is none.
pub async fn sync_status(client: &Client, about: &str, destination: &str, id: &str) -> Result<Sync, Failure> {
    let call = Call::new(about, Method::Get, "/api/v1/secret-syncs/:destination/:syncId").arg(destination).arg(id);
    let answer: api::syncs::One = client.send(call).await?;
    Ok(sync(answer.secret_sync))
}

/// The secrets of one folder, without those below it.
///
/// # Errors
/// The backend's answer.
pub async fn folder_secrets(client: &Client, place: &Place) -> Result<Vec<Stored>, Diagnostic> {
    let Place { project, environment, path } = place;
    secrets(client, project, project, environment, path, false).await
}

/// The secrets of a folder and of all below it.
///
/// # Errors
/// The backend's answer.
pub async fn secrets_below(client: &Client, place: &Place) -> Result<Vec<Stored>, Diagnostic> {
    let Place { project, environment, path } = place;
    secrets(client, project, project, environment, path, true).await
}
