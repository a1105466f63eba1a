//! Secrets (v4), one by one and in batches.

use crate::api::exposed;
use crate::api::root;
use crate::api::tags::Tag;
use crate::api::yes;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;

/// `GET`: [`List`] in the query → [`Many`]; with `/{key}`: `GET`: [`Get`] in the query, `POST`: [`Create`], `PATCH`: [`Update`],
/// `DELETE`: [`Delete`] as JSON → [`One`].
pub const SECRETS: &str = "/api/v4/secrets";
/// `POST`: [`CreateBatch`], `PATCH`: [`UpdateBatch`], `DELETE`: [`DeleteBatch`] as JSON → [`Many`]. All or nothing; a body
/// may have 1 MiB.
pub const BATCH: &str = "/api/v4/secrets/batch";

/// A stored secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredSecret {
    /// Its id; stable.
    pub id: String,
    /// The id again, for old clients.
    #[serde(rename = "_id", default)]
    pub id_again: String,
    /// The project's id.
    #[serde(default)]
    pub workspace: String,
    /// The environment's slug.
    #[serde(default)]
    pub environment: String,
    /// Counts updates, from 1.
    #[serde(default)]
    pub version: u32,
    /// `shared` or `personal`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its key.
    pub secret_key: String,
    /// Its value.
    #[serde(with = "exposed")]
    pub secret_value: Secret,
    /// A comment.
    #[serde(default)]
    pub secret_comment: String,
    /// Whether the caller may not see the value, and it is a mask.
    #[serde(default)]
    pub secret_value_hidden: bool,
    /// The folder; absent in some answers of older servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_path: Option<String>,
    /// A reminder's text.
    #[serde(default)]
    pub secret_reminder_note: Option<String>,
    /// A reminder's rhythm.
    #[serde(default)]
    pub secret_reminder_repeat_days: Option<i64>,
    /// Whether line ends are left as they are for clients that encode them.
    #[serde(default)]
    pub skip_multiline_encoding: Option<bool>,
    /// Metadata; absent in answers of older servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_metadata: Option<Vec<Metadata>>,
    /// Tags; absent in answers to writes of older servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: String,
}

/// A secret of a listing, no more of it than a reader of many wants: what stands in every one of them and is of no use,
/// such as its project and its times, is passed over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedSecret {
    /// Its id; stable.
    pub id: String,
    /// `shared` or `personal`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its key.
    pub secret_key: String,
    /// Its value.
    #[serde(with = "exposed")]
    pub secret_value: Secret,
    /// A comment.
    #[serde(default)]
    pub secret_comment: String,
    /// Whether the caller may not see the value, and it is a mask.
    #[serde(default)]
    pub secret_value_hidden: bool,
    /// The folder; absent in some answers of older servers.
    #[serde(default)]
    pub secret_path: Option<String>,
    /// Metadata; absent in answers of older servers.
    #[serde(default)]
    pub secret_metadata: Option<Vec<Metadata>>,
    /// Tags.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
}

/// A listing, for a reader of many.
#[derive(Debug, Clone, Deserialize)]
pub struct Listing {
    /// They, in no order. Never left out: an answer without them is none.
    pub secrets: Vec<ListedSecret>,
}

/// One pair of metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// Which secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// Whether values are wanted.
    #[serde(default = "yes")]
    pub view_secret_value: bool,
    /// Whether `${…}` is replaced.
    #[serde(default)]
    pub expand_secret_references: bool,
    /// Whether folders below are wanted too.
    #[serde(default)]
    pub recursive: bool,
    /// Whether imported secrets are wanted, as groups of their own.
    #[serde(rename = "include_imports", default)]
    pub include_imports: bool,
    /// Only secrets with one of these tags; separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_slugs: Option<String>,
}

/// Where one secret is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Get {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder.
    #[serde(default = "root")]
    pub secret_path: String,
    /// Whether the value is wanted.
    #[serde(default = "yes")]
    pub view_secret_value: bool,
    /// Whether `${…}` is replaced.
    #[serde(default)]
    pub expand_secret_references: bool,
    /// Whether to look through imports.
    #[serde(rename = "include_imports", default)]
    pub include_imports: bool,
}

/// Where secrets are written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The project.
    pub project_id: String,
    /// The environment's slug.
    pub environment: String,
    /// The folder; must exist.
    #[serde(default = "root")]
    pub secret_path: String,
}

/// What a secret is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct New {
    /// Its value: white space around it is cut, but for one line end.
    #[serde(with = "exposed")]
    pub secret_value: Secret,
    /// A comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_comment: String,
    /// Metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_metadata: Option<Vec<Metadata>>,
    /// Ids of tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_ids: Option<Vec<String>>,
    /// Whether line ends are left as they are for clients that encode them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_multiline_encoding: Option<bool>,
    /// A reminder's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_reminder_note: Option<String>,
    /// A reminder's rhythm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_reminder_repeat_days: Option<i64>,
}

impl New {
    /// Of a value alone.
    #[must_use]
    pub fn of(value: Secret) -> Self {
        Self {
            secret_value: value,
            secret_comment: String::new(),
            secret_metadata: None,
            tag_ids: None,
            skip_multiline_encoding: None,
            secret_reminder_note: None,
            secret_reminder_repeat_days: None,
        }
    }
}

/// What changes of a secret: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// New value.
    #[serde(with = "exposed::option", default, skip_serializing_if = "Option::is_none")]
    pub secret_value: Option<Secret>,
    /// New comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_comment: Option<String>,
    /// All metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_metadata: Option<Vec<Metadata>>,
    /// Ids of all tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_ids: Option<Vec<String>>,
    /// New key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_secret_name: Option<String>,
    /// Whether line ends are left as they are for clients that encode them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_multiline_encoding: Option<bool>,
    /// A reminder's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_reminder_note: Option<String>,
    /// A reminder's rhythm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_reminder_repeat_days: Option<i64>,
}

/// A new secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Create {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What.
    #[serde(flatten)]
    pub new: New,
}

/// A change of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Update {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// The end of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delete {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// New secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateBatch {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// At least one.
    pub secrets: Vec<CreateItem>,
}

/// One new secret of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateItem {
    /// Its key.
    pub secret_key: String,
    /// What.
    #[serde(flatten)]
    pub new: New,
}

/// Changes of secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateBatch {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What becomes of keys that are not there: `failOnNotFound` (also where it is absent), `upsert`, `ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// At least one.
    pub secrets: Vec<UpdateItem>,
}

/// One changed secret of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateItem {
    /// Its key.
    pub secret_key: String,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// The end of secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteBatch {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// At least one.
    pub secrets: Vec<DeleteItem>,
}

/// One deleted secret of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteItem {
    /// Its key.
    pub secret_key: String,
}

/// The answer about one secret. With an approval policy there is an approval instead of a secret: the
/// change is *not* done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    /// It.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<StoredSecret>,
    /// The request that people must approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<serde_json::Value>,
}

/// The answer about many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Many {
    /// They, in no order. Never left out: an answer without them is none.
    pub secrets: Vec<StoredSecret>,
    /// Imported ones, one group an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imports: Option<Vec<Imported>>,
    /// The request that people must approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<serde_json::Value>,
}

/// What one import brings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The folder that is seen.
    pub secret_path: String,
    /// Its environment's slug.
    pub environment: String,
    /// Its id.
    #[serde(default)]
    pub folder_id: Option<String>,
    /// Its secrets.
    pub secrets: Vec<StoredSecret>,
}

/// What the server makes of a value before it stores it: white space around it is cut, then one line end
/// is put back if there was one at the end (observed, October 2024). White space is what JavaScript calls so.
#[must_use]
pub fn trimmed(value: &str) -> String {
    let is_space = |c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}';
    let mut out = value.trim_matches(is_space).to_owned();
    if value.ends_with('\n') {
        out.push('\n');
    }
    out
}
