//! Machine identities of the organisation, how they log in, and the one that asks.

use serde::Deserialize;
use serde::Serialize;

/// `GET` → [`Details`].
pub const DETAILS: &str = "/api/v1/identities/details";

/// The answer's envelope.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The identity.
    pub identity_details: Identity,
}

/// An identity, as far as it is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// Its organisation.
    pub organization: Organization,
}

/// An organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
}

/// `GET` (query `orgId`) → [`Many`], `POST`: [`Create`] → [`One`].
pub const IDENTITIES: &str = "/api/v1/identities";
/// `GET` → [`OneMember`], `PATCH`: [`Update`], `DELETE` → [`One`].
pub const IDENTITY: &str = "/api/v1/identities/:identityId";
/// `GET` → [`OneAuth`], `POST`, `PATCH`: [`UniversalAuth`], `DELETE`.
pub const UNIVERSAL_AUTH: &str = "/api/v1/auth/universal-auth/identities/:identityId";

/// An identity as a member of the organisation: what listings and reads give.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationMember {
    /// The identity.
    pub identity: Machine,
    /// Its role; `custom` for one that the organisation made itself.
    #[serde(default)]
    pub role: String,
    /// Its organisation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub org_id: String,
    /// The role that the organisation made itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_role: Option<CustomRole>,
    /// More about it; a listing leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<Pair>>,
}

/// A machine identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Its id.
    pub id: String,
    /// Its name; not unique.
    pub name: String,
    /// Whether a delete is refused; older servers do not say.
    #[serde(default)]
    pub has_delete_protection: bool,
    /// How it can log in: `universal-auth` …
    #[serde(default)]
    pub auth_methods: Vec<String>,
    /// The one way that there is, where the server is of 2024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_method: Option<String>,
}

impl Machine {
    /// Whether it can log in so.
    #[must_use]
    pub fn logs_in_by(&self, method: &str) -> bool {
        self.auth_methods.iter().chain(&self.auth_method).any(|known| known == method)
    }
}

/// A role that the organisation made itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomRole {
    /// Its slug.
    pub slug: String,
}

/// A text by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pair {
    /// Its name.
    pub key: String,
    /// The text.
    pub value: String,
}

/// A new identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// Its name.
    pub name: String,
    /// Its organisation.
    pub organization_id: String,
    /// Its role there.
    pub role: String,
    /// Whether a delete is refused.
    #[serde(default)]
    pub has_delete_protection: bool,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<Pair>>,
}

/// A change: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether a delete is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_delete_protection: Option<bool>,
    /// All that is said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<Pair>>,
}

/// How an identity logs in with a client id and a client secret. Times are seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UniversalAuth {
    /// How long a token lives.
    #[serde(rename = "accessTokenTTL")]
    pub ttl: i64,
    /// How long it can be renewed for.
    #[serde(rename = "accessTokenMaxTTL")]
    pub max_ttl: i64,
    /// How often it can be used; 0 for any number.
    #[serde(rename = "accessTokenNumUsesLimit")]
    pub uses: i64,
    /// Where tokens may be used from.
    #[serde(rename = "accessTokenTrustedIps")]
    pub token_ips: Vec<Range>,
    /// Where it may log in from.
    #[serde(rename = "clientSecretTrustedIps")]
    pub secret_ips: Vec<Range>,
}

/// A range of addresses: in requests with its prefix, in answers with the prefix apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// The address.
    pub ip_address: String,
    /// The length of the prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u8>,
}

/// What was just made or changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It.
    pub identity: Machine,
}

/// The answer to a read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneMember {
    /// It.
    pub identity: OrganizationMember,
}

/// All identities of the organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// They.
    pub identities: Vec<OrganizationMember>,
    /// How many there are.
    #[serde(default)]
    pub total_count: usize,
}

/// How an identity logs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneAuth {
    /// It.
    pub identity_universal_auth: KeptAuth,
}

/// How an identity logs in, with what it says then.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptAuth {
    /// The client id.
    #[serde(default)]
    pub client_id: String,
    /// The rest.
    #[serde(flatten)]
    pub settings: UniversalAuth,
}
