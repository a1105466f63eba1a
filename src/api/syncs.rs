//! Secret syncs: a folder whose secrets are pushed to a destination.

use crate::api::nullable;
use crate::api::yes;
use serde::Deserialize;
use serde::Serialize;

/// `GET` → [`Many`] (query `projectId`), with `/options`: `GET` → [`Options`].
pub const SYNCS: &str = "/api/v1/secret-syncs";

/// `GET` → [`Many`] (query `projectId`), `POST`: [`Create`] → [`One`]; with `/{id}`: `GET`, `PATCH`: [`Update`], `DELETE` (query
/// `removeSecrets`) → [`One`]; with `/sync-name/{name}`: `GET` → [`One`] (query `projectId`); with `/{id}/sync-secrets`,
/// `/{id}/import-secrets` (query `importBehavior`), `/{id}/remove-secrets`: `POST` → [`One`].
#[must_use]
pub fn of(destination: &str) -> String {
    format!("{SYNCS}/{destination}")
}

/// A JSON object as it is on the wire.
pub type Json = serde_json::Map<String, serde_json::Value>;

/// A sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// Its id.
    pub id: String,
    /// Its name; unique in the project.
    pub name: String,
    /// A sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether a change of a source secret starts it.
    pub is_auto_sync_enabled: bool,
    /// 1.
    #[serde(default)]
    pub version: u32,
    /// Its project.
    pub project_id: String,
    /// The source folder's id; none when the folder is gone.
    #[serde(default)]
    pub folder_id: Option<String>,
    /// The connection's id.
    pub connection_id: String,
    /// The connection.
    pub connection: ConnectionName,
    /// The source environment; none when it is gone.
    #[serde(default)]
    pub environment: Option<SyncEnvironment>,
    /// The source folder; none when it is gone.
    #[serde(default)]
    pub folder: Option<SyncFolder>,
    /// The destination's slug.
    pub destination: String,
    /// The destination's fields.
    pub destination_config: Json,
    /// Options: see [`initial`], `keySchema`, `disableSecretDeletion`, and the destination's own.
    pub sync_options: Json,
    /// How the last push goes or went; none if there was none.
    #[serde(default)]
    pub sync_status: Option<Status>,
    /// The id of the last push.
    #[serde(default)]
    pub last_sync_job_id: Option<String>,
    /// Why the last push failed.
    #[serde(default)]
    pub last_sync_message: Option<String>,
    /// When a push last succeeded.
    #[serde(default)]
    pub last_synced_at: Option<String>,
    /// How the last import goes or went.
    #[serde(default)]
    pub import_status: Option<Status>,
    /// The id of the last import.
    #[serde(default)]
    pub last_import_job_id: Option<String>,
    /// Why the last import failed.
    #[serde(default)]
    pub last_import_message: Option<String>,
    /// When an import last succeeded.
    #[serde(default)]
    pub last_imported_at: Option<String>,
    /// How the last removal goes or went.
    #[serde(default)]
    pub remove_status: Option<Status>,
    /// The id of the last removal.
    #[serde(default)]
    pub last_remove_job_id: Option<String>,
    /// Why the last removal failed.
    #[serde(default)]
    pub last_remove_message: Option<String>,
    /// When a removal last succeeded.
    #[serde(default)]
    pub last_removed_at: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// How a job goes or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Status {
    /// Waits.
    Pending,
    /// Runs.
    Running,
    /// Went well.
    Succeeded,
    /// Did not.
    Failed,
    /// A word that was unknown when this was written.
    Other(String),
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        match word.as_str() {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            _ => Self::Other(word),
        }
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.word().to_owned()
    }
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }

    /// Whether an end is still to come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

/// The words of `syncOptions.initialSyncBehavior`; the last two are also those of `importBehavior`, without `import-`.
pub mod initial {
    /// The field.
    pub const FIELD: &str = "initialSyncBehavior";
    /// Push straight away.
    pub const OVERWRITE: &str = "overwrite-destination";
    /// Import what is missing here, then push.
    pub const PRIORITIZE_SOURCE: &str = "import-prioritize-source";
    /// Import everything, then push.
    pub const PRIORITIZE_DESTINATION: &str = "import-prioritize-destination";
}

/// A connection as its sync tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionName {
    /// Its app.
    pub app: String,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
}

/// The source environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncEnvironment {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// The source folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncFolder {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub path: String,
}

/// A new sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// Its name.
    pub name: String,
    /// The project.
    pub project_id: String,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The connection; of the destination's app.
    pub connection_id: String,
    /// The source environment's slug.
    pub environment: String,
    /// The source folder; must exist.
    pub secret_path: String,
    /// Whether a change of a source secret starts it.
    #[serde(default = "yes")]
    pub is_auto_sync_enabled: bool,
    /// Options; [`initial::FIELD`] must be there.
    pub sync_options: Json,
    /// The destination's fields.
    pub destination_config: Json,
}

/// A change: what is absent stays; objects are replaced as a whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New sentence.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub description: Option<Option<String>>,
    /// New connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// New source environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// New source folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_path: Option<String>,
    /// Whether a change of a source secret starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_auto_sync_enabled: Option<bool>,
    /// All options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_options: Option<Json>,
    /// All of the destination's fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_config: Option<Json>,
}

/// One sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct One {
    /// It.
    pub secret_sync: Sync,
}

/// Some syncs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// They.
    pub secret_syncs: Vec<Sync>,
}

/// The destinations that the server knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// They.
    pub secret_sync_options: Vec<SyncOption>,
}

/// One destination that the server knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncOption {
    /// The vendor's own name.
    pub name: String,
    /// The destination's slug.
    pub destination: String,
    /// The slug of the app that its connection must be of.
    pub connection: String,
    /// Whether the server can import from it.
    #[serde(default)]
    pub can_import_secrets: bool,
    /// Whether the server can remove what it pushed.
    #[serde(default)]
    pub can_remove_secrets_on_deletion: Option<bool>,
    /// Whether a key schema is taken.
    #[serde(default)]
    pub supports_key_schema: Option<bool>,
    /// Whether deletion can be disabled.
    #[serde(default)]
    pub supports_disable_secret_deletion: Option<bool>,
}
