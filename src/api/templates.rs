//! Templates of projects: what a new one begins with.

use crate::api::roles::Permission;
use serde::Deserialize;
use serde::Serialize;

/// `GET` → [`Many`], `POST`: [`Write`] → [`One`].
pub const TEMPLATES: &str = "/api/v1/project-templates";
/// `GET`, `PATCH`: [`Write`], `DELETE` → [`One`].
pub const TEMPLATE: &str = "/api/v1/project-templates/:templateId";

/// A template.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its id.
    pub id: String,
    /// Its name, a slug; unique in the organisation.
    pub name: String,
    /// A sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// The product that its projects are for.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// The environments of a new project.
    #[serde(default)]
    pub environments: Option<Vec<Environment>>,
    /// The roles of a new project; with those that every project has.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// An environment of a new project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// Its place, from 1.
    #[serde(default)]
    pub position: i64,
}

/// A role of a new project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it permits.
    #[serde(default)]
    pub permissions: Vec<Permission>,
}

/// A new template, or a change of one: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Write {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The product; only for a new one.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<Environment>>,
    /// The roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Role>>,
}

/// One template.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct One {
    /// It.
    pub project_template: Template,
}

/// All templates of the organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// They.
    pub project_templates: Vec<Template>,
}
