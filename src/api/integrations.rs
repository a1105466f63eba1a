//! Native integrations: the older way in which a backend pushes a folder. Credentials for a service are a thing of
//! their own, of a project; they are not unique, and neither are integrations.

use crate::api::exposed;
use crate::api::projects::EnvironmentName;
use crate::api::root;
use crate::api::yes;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;

/// `GET` → [`Many`].
pub const OF_PROJECT: &str = "/api/v1/projects/:projectId/integrations";
/// `GET` → [`Authorizations`].
pub const AUTHORIZATIONS: &str = "/api/v1/projects/:projectId/authorizations";
/// `POST`: [`Create`] → [`One`].
pub const INTEGRATIONS: &str = "/api/v1/integration";
/// `GET`, `PATCH`: [`Update`], `DELETE` (query `shouldDeleteIntegrationSecrets`) → [`One`].
pub const INTEGRATION: &str = "/api/v1/integration/:integrationId";
/// `POST`: `{}` → [`One`]. Has it run, which a change of its credentials alone does not.
pub const SYNC: &str = "/api/v1/integration/:integrationId/sync";
/// `POST`: [`Authorize`] → [`OneAuthorization`].
pub const AUTHORIZE: &str = "/api/v1/integration-auth/access-token";
/// `GET`, `PATCH`: [`Credentials`] (not in 2024), `DELETE`, which takes its integrations along → [`OneAuthorization`].
pub const AUTHORIZATION: &str = "/api/v1/integration-auth/:integrationAuthId";

/// Credentials for a service. They themselves are never in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// Its id.
    pub id: String,
    /// Its project.
    #[serde(default)]
    pub project_id: String,
    /// The service.
    pub integration: String,
    /// The service's own server.
    #[serde(default)]
    pub url: Option<String>,
    /// The namespace of a Vault.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The team at the service, of those that have some.
    #[serde(default)]
    pub team_id: Option<String>,
    /// The account at the service, of those that name it.
    #[serde(default)]
    pub account_id: Option<String>,
    /// What else the service told.
    #[serde(default)]
    pub metadata: Option<serde_json::Value>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// Credentials, as they are sent: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The id of an access key, a role, a user.
    #[serde(default, with = "exposed::option", skip_serializing_if = "Option::is_none")]
    pub access_id: Option<Secret>,
    /// The secret of an access key, or a token.
    #[serde(default, with = "exposed::option", skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// A role of AWS.
    #[serde(default, with = "exposed::option", skip_serializing_if = "Option::is_none")]
    pub aws_assume_iam_role_arn: Option<Secret>,
    /// A service account of Google.
    #[serde(default, with = "exposed::option", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The service's own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The namespace of a Vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// New credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorize {
    /// The project, by the only name that this part of the API has for it.
    pub workspace_id: String,
    /// The service.
    pub integration: String,
    /// They.
    #[serde(flatten)]
    pub credentials: Credentials,
}

/// One set of credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneAuthorization {
    /// It.
    pub integration_auth: Authorization,
}

/// Several.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManyAuthorizations {
    /// They.
    pub integration_auth: Vec<Authorization>,
}

/// The credentials of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authorizations {
    /// They.
    pub authorizations: Vec<Authorization>,
}

/// Where an integration writes to; what is not set is `None`, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// A project, an app, a scope, a secret that holds all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The service's id of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// The service's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_environment: Option<String>,
    /// The service's id of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_environment_id: Option<String>,
    /// A part of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_service: Option<String>,
    /// The service's id of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_service_id: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// An address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The path of parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// How an integration writes. In a change, what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// `overwrite-target`, `prefer-target`, `prefer-source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_sync_behavior: Option<String>,
    /// Before each key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_prefix: Option<String>,
    /// After each key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_suffix: Option<String>,
    /// `one-to-one`, `many-to-one`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_behavior: Option<String>,
    /// How metadata of secrets is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_sync_mode: Option<String>,
    /// Tags of AWS.
    #[serde(rename = "secretAWSTag", default, skip_serializing_if = "Option::is_none")]
    pub secret_aws_tag: Option<Vec<Tag>>,
    /// The key that AWS encrypts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// The label of Google.
    #[serde(rename = "secretGCPLabel", default, skip_serializing_if = "Option::is_none")]
    pub secret_gcp_label: Option<Label>,
    /// Deploys the app again after a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_auto_redeploy: Option<bool>,
    /// Never deletes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_disable_delete: Option<bool>,
    /// Deletes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_enable_delete: Option<bool>,
    /// Masks values in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_mask_secrets: Option<bool>,
    /// For protected branches only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_protect_secrets: Option<bool>,
}

/// A tag of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A label of Google.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Its name.
    pub label_name: String,
    /// Its value.
    pub label_value: String,
}

/// An integration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Its id.
    pub id: String,
    /// Its credentials.
    pub integration_auth_id: String,
    /// The environment's id.
    #[serde(default)]
    pub env_id: String,
    /// The environment; answers to deletes leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// The service.
    pub integration: String,
    /// Where it writes to.
    #[serde(flatten)]
    pub target: Target,
    /// How it writes.
    #[serde(default)]
    pub metadata: Option<Metadata>,
    /// When it last ran well.
    #[serde(default)]
    pub last_used: Option<String>,
    /// Its last run.
    #[serde(default)]
    pub last_sync_job_id: Option<String>,
    /// Whether that went well; `None` if it never ran.
    #[serde(default)]
    pub is_synced: Option<bool>,
    /// Why it did not.
    #[serde(default)]
    pub sync_message: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// A new integration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// Its credentials.
    pub integration_auth_id: String,
    /// The environment's slug.
    pub source_environment: String,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Where it writes to.
    #[serde(flatten)]
    pub target: Target,
    /// How it writes.
    #[serde(default)]
    pub metadata: Metadata,
}

/// A change. What is absent stays, but for the folder: servers of 2024 put the root in its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// The environment's slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// Whether it runs at all: servers of 2024 want to be told.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Where it writes to: app, its id, environment, owner; newer servers also take path and region.
    #[serde(flatten)]
    pub target: Target,
    /// How it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// One integration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It.
    pub integration: Integration,
}

/// The integrations of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// They.
    pub integrations: Vec<Integration>,
}
