//! App connections: stored credentials for one third-party app.

use crate::api::Credential;
use crate::api::nullable;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;

/// `GET` → [`Many`] (query `projectId`), with `/options`: `GET` → [`Options`].
pub const CONNECTIONS: &str = "/api/v1/app-connections";

/// `GET` → [`Many`], `POST`: [`Create`] → [`One`]; with `/{id}`: `GET`, `PATCH`: [`Update`], `DELETE` → [`One`]; with
/// `/connection-name/{name}`: `GET` → [`One`] (query `projectId`).
#[must_use]
pub fn of(app: &str) -> String {
    format!("{CONNECTIONS}/{app}")
}

/// `GET` → a list of [`Gateway`].
pub const GATEWAYS: &str = "/api/v2/gateways";

/// What a server reaches services of another network through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gateway {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A connection. Secrets are never in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// Its name; unique in the organisation, or in its project.
    pub name: String,
    /// A sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// The app's slug.
    pub app: String,
    /// The method's name.
    pub method: String,
    /// The fields that are no secrets.
    #[serde(default)]
    pub credentials: serde_json::Map<String, serde_json::Value>,
    /// Changes with every write of credentials, even of the same ones.
    #[serde(default)]
    pub credentials_hash: Option<String>,
    /// 1.
    #[serde(default)]
    pub version: u32,
    /// Its organisation.
    #[serde(default)]
    pub org_id: String,
    /// Its project; none if it is the organisation's.
    #[serde(default)]
    pub project_id: Option<String>,
    /// Whether the server changes the credentials itself.
    #[serde(default)]
    pub is_platform_managed_credentials: Option<bool>,
    /// The gateway that it goes through.
    #[serde(default)]
    pub gateway_id: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// A new connection: the server tries the credentials before it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// Its name.
    pub name: String,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The method's name.
    pub method: String,
    /// Its fields.
    pub credentials: BTreeMap<String, Credential>,
    /// A project that it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Whether the server changes the credentials itself from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_platform_managed_credentials: Option<bool>,
    /// The gateway that it goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,
}

/// A change: what is absent stays. Method, app and project cannot change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New sentence.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub description: Option<Option<String>>,
    /// All fields of the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<BTreeMap<String, Credential>>,
    /// Whether the server changes the credentials itself from now on; not the other way round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_platform_managed_credentials: Option<bool>,
    /// Another gateway; `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub gateway_id: Option<Option<String>>,
}

/// One connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct One {
    /// It.
    pub app_connection: Connection,
}

/// Some connections, by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// They.
    pub app_connections: Vec<Connection>,
}

/// The apps that the server knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// They.
    pub app_connection_options: Vec<AppOption>,
}

/// One app that the server knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppOption {
    /// The vendor's own name.
    pub name: String,
    /// Its slug.
    pub app: String,
    /// Its methods.
    pub methods: Vec<String>,
}
