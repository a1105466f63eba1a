//! Projects.

use crate::api::nullable;
use crate::api::yes;
use serde::Deserialize;
use serde::Serialize;

/// `GET` → [`Many`], `POST`: [`Create`] → [`One`]; with `/{id}`: `GET`, `PATCH`: [`Update`], `DELETE` → [`One`];
/// with `/slug/{slug}`: `GET` → a bare [`Project`].
pub const PROJECTS: &str = "/api/v1/projects";
/// `PUT`: [`Retention`] → [`One`]. The name of 2024, which newer servers have as well.
pub const RETENTION: &str = "/api/v1/workspace/:workspaceSlug/audit-logs-retention";

/// A project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Its id.
    pub id: String,
    /// The id again, for old clients; absent in answers to updates and deletes.
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    pub id_again: Option<String>,
    /// Its name; not unique.
    pub name: String,
    /// Its slug; unique in the organisation.
    pub slug: String,
    /// A sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// `secret-manager` or another product.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its organisation.
    #[serde(default)]
    pub org_id: String,
    /// Whether the web page capitalises keys.
    #[serde(default)]
    pub auto_capitalization: bool,
    /// Version of the project's encryption; 3 for all current ones.
    #[serde(default)]
    pub version: u32,
    /// How many old versions are kept.
    #[serde(default)]
    pub pit_version_limit: u32,
    /// Whether a delete is refused.
    #[serde(default)]
    pub has_delete_protection: bool,
    /// How many days audit logs are kept, where that was ever said.
    #[serde(default)]
    pub audit_logs_retention_days: Option<u32>,
    /// Whether its secrets can be shared; older servers do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sharing: Option<bool>,
    /// Whether the web page shows snapshots as it did once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_snapshots_legacy: Option<bool>,
    /// Values that are no leaks wherever they are found.
    #[serde(default)]
    pub secret_detection_ignore_values: Option<Vec<String>>,
    /// In order of their positions; absent in answers to updates and deletes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<EnvironmentName>>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// An environment as its project tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentName {
    /// Its id; one listing of older servers leaves it out.
    #[serde(default)]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
}

/// A new project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// Its name.
    pub project_name: String,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_description: Option<String>,
    /// Its slug; made from the name where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The product; `secret-manager` where it is not given.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The name of the template that it is made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Whether to make `dev`, `staging` and `prod`.
    #[serde(default = "yes")]
    pub should_create_default_envs: bool,
    /// Whether deletes are refused from the start.
    #[serde(default)]
    pub has_delete_protection: bool,
}

/// A change of a project: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New sentence.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub description: Option<Option<String>>,
    /// New slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Whether the web page capitalises keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_capitalization: Option<bool>,
    /// Whether a delete is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_delete_protection: Option<bool>,
    /// How many old versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pit_version_limit: Option<u32>,
    /// Whether its secrets can be shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sharing: Option<bool>,
    /// Whether the web page shows snapshots as it did once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_snapshots_legacy: Option<bool>,
    /// Values that are no leaks wherever they are found, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_detection_ignore_values: Option<Vec<String>>,
}

/// How long audit logs are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// In days; the organisation's plan may allow less.
    pub audit_logs_retention_days: u32,
}

/// One project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It; servers of 2024 call it a workspace.
    #[serde(alias = "workspace")]
    pub project: Project,
}

/// All projects that the identity is a member of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// They.
    pub projects: Vec<Project>,
}
