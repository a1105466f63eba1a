//! Who am I: the organisation of the identity that asks.

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
