//! Tags of a project.

use serde::Deserialize;
use serde::Serialize;

/// `GET` → [`Many`], `POST`: [`Write`] → [`One`]; with `/{id}`: `GET`, `PATCH`: [`Write`], `DELETE` → [`One`].
#[must_use]
pub fn of(project_id: &str) -> String {
    format!("{}/{project_id}/tags", crate::api::projects::PROJECTS)
}

/// A tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Its id.
    pub id: String,
    /// Its slug; unique in the project.
    pub slug: String,
    /// The slug again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Any text.
    #[serde(default)]
    pub color: Option<String>,
    /// Its project; absent where a secret tells its tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// A new tag, or all of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Write {
    /// Its slug.
    pub slug: String,
    /// Any text; may be empty.
    pub color: String,
}

/// One tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It; the other name is that of 2024.
    #[serde(alias = "workspaceTag")]
    pub tag: Tag,
}

/// All tags of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// They; the other name is that of 2024.
    #[serde(alias = "workspaceTags")]
    pub tags: Vec<Tag>,
}
