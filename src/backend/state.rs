//! What was read of a backend, by the names that people use, with ids beside them. Values are held as
//! secrets; what of it is declared, and under which address, is not known here. How it is written into a snapshot is in [`crate::backend::bytes`].

use crate::backend::bytes;
use crate::diag::Diagnostic;
use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where secrets are: the slug of an environment and an absolute path.
pub type Folder = (Arc<str>, Arc<str>);

/// Everything that was read.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Projects by slug: all that the identity can see, filled only where they are mentioned.
    pub projects: BTreeMap<Arc<str>, Project>,
    /// App connections that the identity can see.
    pub connections: Vec<Connection>,
    /// Why the connections could not be read.
    #[serde(with = "bytes::problem")]
    pub connections_failed: Option<Diagnostic>,
    /// Gateways that connections can go through; `None` if they were not asked for.
    #[serde(with = "bytes::answer")]
    pub gateways: Option<Result<Vec<Gateway>, Diagnostic>>,
    /// The organisation's id, if something of it was asked for.
    pub organization: Arc<str>,
    /// What the organisation has of other kinds that were asked for.
    #[serde(with = "bytes::answers")]
    pub things: Things,
}

/// Things by their kind, where they were asked for.
pub type Things = BTreeMap<Kind, Result<Vec<Thing>, Diagnostic>>;

/// A thing that is nothing but attributes, named and normalised as a configuration has them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Thing {
    /// The backend's id.
    pub id: Arc<str>,
    /// What it says. References are ids, environments are called as the backend calls them; what can't be read
    /// is absent, what is not set is `Null`.
    #[serde(with = "bytes::fields")]
    pub attrs: Attrs,
}

/// A project.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Project {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its slug.
    pub slug: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its description; empty for none.
    pub description: Arc<str>,
    /// What else it says, by the names of a configuration.
    #[serde(with = "bytes::fields")]
    pub settings: Attrs,
    /// Its environments, in the order of their positions.
    pub environments: Vec<Environment>,
    /// Its tags; `None` if they were not asked for.
    #[serde(with = "bytes::answer")]
    pub tags: Option<Result<Vec<Tag>, Diagnostic>>,
    /// Its syncs; `None` if they were not asked for.
    #[serde(with = "bytes::answer")]
    pub syncs: Option<Result<Vec<Sync>, Diagnostic>>,
    /// Imports by the folder that has them; absent where they were not asked for.
    #[serde(with = "bytes::answers")]
    pub imports: BTreeMap<Folder, Result<Vec<Import>, Diagnostic>>,
    /// What it has of other kinds that were asked for.
    #[serde(with = "bytes::answers")]
    pub things: Things,
}

/// An environment.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Environment {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its slug.
    pub slug: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its position; `None` if it was not asked for.
    #[serde(with = "bytes::answer")]
    pub position: Option<Result<i64, Diagnostic>>,
    /// Its folders by absolute path, without the root; `None` if they were not asked for.
    #[serde(with = "bytes::answer")]
    pub folders: Option<Result<BTreeMap<Arc<str>, FolderInfo>, Diagnostic>>,
    /// Its secrets, of all folders; `None` if they were not asked for.
    #[serde(with = "bytes::answer")]
    pub secrets: Option<Result<Vec<Stored>, Diagnostic>>,
}

/// A folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FolderInfo {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its description; empty for none.
    pub description: Arc<str>,
}

/// A secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    /// The backend's id.
    pub id: Arc<str>,
    /// The absolute path of its folder.
    pub path: Arc<str>,
    /// Its key.
    pub key: Arc<str>,
    /// Its value; `None` if the identity may not see it.
    #[serde(with = "bytes::secret")]
    pub value: Option<Secret>,
    /// Its comment; empty for none.
    pub comment: Arc<str>,
    /// The slugs of its tags, sorted.
    pub tags: Vec<Arc<str>>,
    /// Its metadata.
    #[serde(with = "bytes::fields")]
    pub metadata: Object,
}

/// A tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tag {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its slug.
    pub slug: Arc<str>,
    /// Its colour; may be empty.
    pub color: Arc<str>,
}

/// A secret import. In a list the later one wins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Import {
    /// The backend's id.
    pub id: Arc<str>,
    /// The environment's slug that it reads.
    pub from_environment: Arc<str>,
    /// The path that it reads.
    pub from_path: Arc<str>,
}

/// An app connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Connection {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its app's slug.
    pub app: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its method.
    pub method: Arc<str>,
    /// Its description; empty for none.
    pub description: Arc<str>,
    /// The project's id that it belongs to; `None` for the organisation.
    pub project: Option<Arc<str>>,
    /// The part of its credentials that is no secret, by names of the wire.
    #[serde(with = "bytes::fields")]
    pub credentials: Object,
    /// Changes with every write of the credentials.
    pub credentials_hash: Option<Arc<str>>,
    /// Whether the backend changes the credentials itself.
    pub managed: bool,
    /// The id of the gateway that it goes through.
    pub gateway: Option<Arc<str>>,
}

/// What the backend reaches services of another network through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gateway {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// A secret sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sync {
    /// The backend's id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its destination's slug.
    pub destination: Arc<str>,
    /// Its description; empty for none.
    pub description: Arc<str>,
    /// The connection's id.
    pub connection: Arc<str>,
    /// The environment's slug; `None` if it was deleted.
    pub environment: Option<Arc<str>>,
    /// The folder's path; `None` if it was deleted.
    pub path: Option<Arc<str>>,
    /// Whether it runs by itself.
    pub auto_sync: bool,
    /// Its options by names of the wire.
    #[serde(with = "bytes::fields")]
    pub options: Object,
    /// Its destination's configuration by names of the wire.
    #[serde(with = "bytes::fields")]
    pub config: Object,
    /// How it went last.
    pub status: Status,
    /// How the removal of its keys went, where one was asked for.
    pub removal: Status,
    /// Why it failed, in the backend's words.
    pub message: Option<String>,
    /// Whether it has ever succeeded.
    pub has_succeeded: bool,
}

/// How a job of a sync went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It never ran.
    Never,
    /// It waits or runs.
    Pending,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
}

impl Status {
    /// The status that a word of the wire stands for. A word that is not known is a stage that newer servers
    /// have: the job is under way, and the time limit ends the wait.
    #[must_use]
    pub fn of(word: Option<&str>) -> Self {
        match word {
            None => Self::Never,
            Some("succeeded") => Self::Succeeded,
            Some("failed") => Self::Failed,
            Some(_) => Self::Pending,
        }
    }
}

impl State {
    /// The project with an id.
    #[must_use]
    pub fn project_by_id(&self, id: &str) -> Option<&Project> {
        self.projects.values().find(|p| &*p.id == id)
    }

    /// The connection of an app with a name, of a project (its id) or of the organisation.
    #[must_use]
    pub fn connection(&self, app: &str, name: &str, project: Option<&str>) -> Option<&Connection> {
        self.connections.iter().find(|c| &*c.app == app && &*c.name == name && c.project.as_deref() == project)
    }
}

impl Project {
    /// The environment with a slug.
    #[must_use]
    pub fn environment(&self, slug: &str) -> Option<&Environment> {
        self.environments.iter().find(|e| &*e.slug == slug)
    }
}

/// A text as it is kept in `attrs`: `None` for the empty one, because the backend gives `""` and
/// `null` for what was never set.
#[must_use]
pub fn set_text(text: &Arc<str>) -> Option<Value> {
    (!text.is_empty()).then(|| Value::String(text.clone()))
}

/// A value as the backend stores it: trimmed, with one newline kept if it ended in one (measured 2024,
/// seen in newer source).
#[must_use]
pub fn trimmed(value: &str) -> String {
    let mut text = value.trim_matches(is_js_space).to_owned();
    if value.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// What JavaScript's `trim` takes away: Unicode white space and the byte order mark, but not U+0085.
fn is_js_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}
