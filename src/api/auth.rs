//! Logging in with universal auth, and ending or prolonging a token.

use crate::api::exposed;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;

/// `POST`: [`Login`] → [`Token`]. No `Authorization` header.
pub const LOGIN: &str = "/api/v1/auth/universal-auth/login";
/// `POST`: [`Renew`] → [`Token`].
pub const RENEW: &str = "/api/v1/auth/token/renew";
/// `POST`: [`Renew`] → a message.
pub const REVOKE: &str = "/api/v1/auth/token/revoke";

/// Credentials of a machine identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// Public part.
    pub client_id: String,
    /// Secret part.
    #[serde(with = "exposed")]
    pub client_secret: Secret,
    /// A sub-organisation to limit the token to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_slug: Option<String>,
}

/// A bearer token. Times are seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Goes into `Authorization: Bearer …`.
    #[serde(with = "exposed")]
    pub access_token: Secret,
    /// How long it lives.
    pub expires_in: u64,
    /// How long it can live with renewals.
    #[serde(rename = "accessTokenMaxTTL")]
    pub access_token_max_ttl: u64,
    /// `Bearer`.
    pub token_type: String,
}

/// The token to renew or revoke.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Renew {
    /// The token itself.
    #[serde(with = "exposed")]
    pub access_token: Secret,
}
