//! Roles of a project.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;

/// `GET` → [`Many`], `POST`: [`Create`] → [`One`].
pub const ROLES: &str = "/api/v1/projects/:projectId/roles";
/// `PATCH`: [`Update`], `DELETE` → [`One`].
pub const ROLE: &str = "/api/v1/projects/:projectId/roles/:roleId";
/// `GET` → [`One`], with its permissions.
pub const BY_SLUG: &str = "/api/v1/projects/:projectId/roles/slug/:roleSlug";
/// The roles that every project has.
pub const BUILT_IN: [&str; 4] = ["admin", "member", "viewer", "no-access"];

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Its id.
    pub id: String,
    /// Its slug; unique in the project.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// A sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// What it permits; a listing leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
    /// Its project.
    #[serde(default)]
    pub project_id: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// What is permitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Permission {
    /// What it is about.
    #[serde(default)]
    pub subject: Option<String>,
    /// What may be done; one text is one action.
    #[serde(deserialize_with = "one_or_more")]
    pub action: Vec<String>,
    /// Where it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<serde_json::Value>,
    /// Whether it forbids.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inverted: bool,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Actions {
        One(String),
        More(Vec<String>),
    }
    Ok(match Actions::deserialize(deserializer)? {
        Actions::One(action) => vec![action],
        Actions::More(actions) => actions,
    })
}

/// A new role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Create {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it permits.
    pub permissions: Vec<Permission>,
}

/// A change: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Update {
    /// New slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// All that it permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
}

/// One role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It.
    pub role: Role,
}

/// All roles of a project, without their permissions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// They.
    pub roles: Vec<Role>,
}
