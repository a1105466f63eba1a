//! Secret imports (v2): a folder that also sees the secrets of another one.

use crate::api::projects::EnvironmentName;
use crate::api::root;
use serde::Deserialize;
use serde::Serialize;

/// `GET`: [`Place`] in the query → [`Many`], `POST`: [`Create`] → [`Changed`]; with `/{id}`: `PATCH`: [`Update`], `DELETE`:
/// [`Place`] as JSON → [`Changed`].
pub const IMPORTS: &str = "/api/v2/secret-imports";

/// An import.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Its id.
    pub id: String,
    /// Counts changes.
    #[serde(default)]
    pub version: u32,
    /// The folder that is seen.
    pub import_path: String,
    /// The environment of the folder that is seen.
    pub import_env: EnvironmentName,
    /// Its place among the imports of its folder: a later one wins.
    pub position: i64,
    /// The folder that sees.
    pub folder_id: String,
    /// Whether it copies instead of links.
    #[serde(default)]
    pub is_replication: bool,
    /// Whether the server made it for itself.
    #[serde(default)]
    pub is_reserved: bool,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// The folder that owns imports.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder.
    #[serde(default = "root")]
    pub path: String,
}

/// A new import.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// The folder that is to see.
    #[serde(flatten)]
    pub place: Place,
    /// What it is to see.
    pub import: From,
    /// Whether to copy instead of link; needs a licence.
    #[serde(default)]
    pub is_replication: bool,
}

/// What an import sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct From {
    /// The environment's slug.
    pub environment: String,
    /// The folder.
    pub path: String,
}

/// A change of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Update {
    /// The folder that owns it.
    #[serde(flatten)]
    pub place: Place,
    /// What changes.
    pub import: Change,
}

/// What changes of an import: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Change {
    /// New environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// New folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// New place among the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// The answer to a write.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// A sentence.
    #[serde(default)]
    pub message: String,
    /// As it is now, or was.
    pub secret_import: Import,
}

/// All imports of a folder, in order of their positions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// A sentence.
    #[serde(default)]
    pub message: String,
    /// They.
    pub secret_imports: Vec<Import>,
}
