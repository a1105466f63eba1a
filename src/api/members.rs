//! Machine identities as members of a project.

use serde::Deserialize;
use serde::Serialize;

/// `GET` (query `offset`, `limit`) → [`Many`].
pub const MEMBERS: &str = "/api/v1/projects/:projectId/memberships/identities";
/// `POST`, `PATCH`: [`Write`]; `DELETE`.
pub const MEMBER: &str = "/api/v1/projects/:projectId/memberships/identities/:identityId";
/// Most members that one request is given.
pub const PAGE: usize = 1000;

/// A member.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The membership's id.
    pub id: String,
    /// The identity's id.
    #[serde(default)]
    pub identity_id: String,
    /// Its roles.
    pub roles: Vec<Role>,
    /// The identity.
    pub identity: IdentityName,
}

/// An identity as a membership tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdentityName {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// A role of a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Its slug; `custom` for one that the project made itself, and then `custom_role_slug` is its slug.
    pub role: String,
    /// The slug of a role that the project made itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_role_slug: Option<String>,
    /// Whether it ends.
    #[serde(default)]
    pub is_temporary: bool,
    /// `relative`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_mode: Option<String>,
    /// How long: `8h`, `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_range: Option<String>,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_access_start_time: Option<String>,
}

/// All roles of a new or changed member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Write {
    /// They.
    pub roles: Vec<Role>,
}

/// Some members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// They.
    pub identity_memberships: Vec<Member>,
    /// How many there are in all.
    pub total_count: usize,
}

/// One member, as a create tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct One {
    /// It.
    pub identity_membership: Made,
}

/// What is told of a member that was just made.
#[derive(Debug, Clone, Deserialize)]
pub struct Made {
    /// The membership's id.
    pub id: String,
}
