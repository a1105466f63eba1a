//! Folders (v2): paths are absolute, without a slash at the end.

use crate::api::nullable;
use crate::api::root;
use serde::Deserialize;
use serde::Serialize;

/// `GET`: [`List`] in the query → [`Many`], `POST`: [`Create`] → [`One`]; with `/{id}`: `GET` → [`One`], `PATCH`: [`Update`]
/// → [`One`]; with `/{id or name}`: `DELETE`: [`Delete`] as JSON → [`One`].
pub const FOLDERS: &str = "/api/v2/folders";

/// A folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    /// Its id.
    pub id: String,
    /// Its name; `root` for the root.
    pub name: String,
    /// Counts renames.
    #[serde(default)]
    pub version: u32,
    /// The environment's id.
    #[serde(default)]
    pub env_id: String,
    /// The folder above; none for the root.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// Whether the server made it for itself.
    #[serde(default)]
    pub is_reserved: bool,
    /// A sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it is; absent in listings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where it is, seen from the folder that was asked for; in recursive listings only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_path: Option<String>,
    /// The environment; in reads by id only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<FolderEnvironment>,
    /// The project; in reads by id only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// The environment of a folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderEnvironment {
    /// Its id.
    pub env_id: String,
    /// Its name.
    pub env_name: String,
    /// Its slug.
    pub env_slug: String,
}

/// Which folders.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder whose children are wanted.
    #[serde(default = "root")]
    pub path: String,
    /// Whether all below are wanted, not only the children.
    #[serde(default)]
    pub recursive: bool,
}

/// A new folder; missing ones above are made as well. If it exists, it is answered as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// Its name.
    pub name: String,
    /// The folder above.
    #[serde(default = "root")]
    pub path: String,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A change of a folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// Its name: must be there even if it stays.
    pub name: String,
    /// The folder above.
    #[serde(default = "root")]
    pub path: String,
    /// A sentence; absent stays.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub description: Option<Option<String>>,
}

/// The end of a folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder above.
    #[serde(default = "root")]
    pub path: String,
    /// Whether to delete it even if it holds something.
    #[serde(default)]
    pub force_delete: bool,
}

/// One folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It.
    pub folder: Folder,
}

/// Some folders.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// They.
    pub folders: Vec<Folder>,
}
