//! Environments of a project. There is no listing: a project tells them.

use serde::Deserialize;
use serde::Serialize;

/// `POST`: [`Create`] → [`Changed`]; with `/{id}`: `GET` → [`One`], `PATCH`: [`Update`], `DELETE` → [`Changed`];
/// with `/slug/{slug}`: `GET` → a bare [`Environment`].
#[must_use]
pub fn of(project_id: &str) -> String {
    format!("{}/{project_id}/environments", crate::api::projects::PROJECTS)
}

/// An environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its slug; unique in the project.
    pub slug: String,
    /// Its place among the others, from 1; gaps are possible.
    pub position: i64,
    /// Its project.
    pub project_id: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// A new environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Create {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// Its place; the last one where it is not given. At a taken one the others move up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// A change: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Update {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// New place; those between move.
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
    /// The project.
    #[serde(default)]
    pub project_id: String,
    /// As it is now, or was.
    pub environment: Environment,
}

/// The answer to a read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It.
    pub environment: Environment,
}
