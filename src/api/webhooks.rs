//! Webhooks: addresses that are called when secrets of a folder change.

use crate::api::exposed;
use crate::api::projects::EnvironmentName;
use crate::api::root;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;

/// `GET` (query `projectId`) → [`Many`], `POST`: [`Create`] → [`One`].
pub const WEBHOOKS: &str = "/api/v1/webhooks";
/// `PATCH`: [`Update`], `DELETE` → [`One`].
pub const WEBHOOK: &str = "/api/v1/webhooks/:webhookId";

/// A webhook. Its key is never in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// `general`, `slack`, `microsoft-teams`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Whether it is never called.
    #[serde(default)]
    pub is_disabled: bool,
    /// What it is called for.
    #[serde(default)]
    pub events_filter: Vec<Event>,
    /// The address; answers to writes leave it out.
    #[serde(default, with = "exposed::option", skip_serializing_if = "Option::is_none")]
    pub url: Option<Secret>,
    /// The project.
    #[serde(default)]
    pub project_id: String,
    /// How the last call went.
    #[serde(default)]
    pub last_status: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// What a webhook is called for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `secrets.modified`, `secrets.rotation-failed`.
    pub event_name: String,
}

/// A new webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// The address.
    #[serde(with = "exposed")]
    pub webhook_url: Secret,
    /// Signs the calls.
    #[serde(default, with = "exposed::option", skip_serializing_if = "Option::is_none")]
    pub webhook_secret_key: Option<Secret>,
    /// `general`, `slack`, `microsoft-teams`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it is called for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_filter: Option<Vec<Event>>,
}

/// A change: what is absent stays. Nothing else can change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// Whether it is never called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_disabled: Option<bool>,
    /// All that it is called for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_filter: Option<Vec<Event>>,
}

/// One webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// A sentence.
    #[serde(default)]
    pub message: String,
    /// It.
    pub webhook: Webhook,
}

/// The webhooks of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// A sentence.
    #[serde(default)]
    pub message: String,
    /// They.
    pub webhooks: Vec<Webhook>,
}
