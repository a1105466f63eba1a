//! Wire types of the Infisical API in its newest dialect, shared by the client and the embedded server.
//!
//! Lives here: one file a resource with its requests, answers and addresses, the error envelope, and
//! the only functions that put a [`Secret`] into JSON or take one out of it. Unknown fields are ignored
//! and unknown words of an enumeration are carried through. What a request does does not live here.

pub mod auth;
pub mod connections;
pub mod environments;
pub mod exposed;
pub mod folders;
pub mod identities;
pub mod imports;
pub mod integrations;
pub mod members;
pub mod projects;
pub mod roles;
pub mod secrets;
pub mod syncs;
pub mod tags;
pub mod templates;
pub mod webhooks;

use crate::secret::Secret;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use std::fmt;
use std::fmt::Write as _;

/// The body of every answer that is not a success.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The server's name for the request, to be found in its log; older servers send none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub req_id: Option<String>,
    /// The status code once more; absent in some answers of older servers.
    #[serde(default)]
    pub status_code: u16,
    /// What went wrong.
    pub message: Message,
    /// The name of the kind: `NotFound`, `BadRequest`, `ValidationFailure`, `TokenError` … or, in some
    /// refusals, the sentence that explains.
    #[serde(default)]
    pub error: String,
    /// What a permission would have to allow, each with `action` and `subject`; newer servers only.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// The message of a failure: a sentence, or, for a validation failure, a list of issues.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// A sentence.
    Text(String),
    /// What is wrong with each field.
    Issues(Vec<Issue>),
    /// Anything else.
    Other(serde_json::Value),
}

/// One issue of a validation failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// `invalid_type`, `too_small`, `invalid_string`, `custom` …
    pub code: String,
    /// Names of fields and numbers of items on the way from the body to the value.
    pub path: Vec<serde_json::Value>,
    /// A sentence.
    pub message: String,
    /// What the code carries besides: `expected`, `received`, `minimum` …
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

impl Failure {
    /// One line for people: the sentence, or the issues with their fields. It never holds more than
    /// what the server said.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.message {
            Message::Text(text) => text.clone(),
            Message::Issues(issues) => {
                let mut out = String::new();
                for issue in issues {
                    let path: Vec<String> = issue.path.iter().map(segment).collect();
                    let separator = if out.is_empty() { "" } else { "; " };
                    // Writing to a text cannot fail.
                    let _ = write!(out, "{separator}{}: {}", path.join("."), issue.message);
                }
                out
            }
            Message::Other(value) => value.to_string(),
        }
    }

    /// Whether the server refused the request's shape. Servers of 2024 say so with a 401.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        self.error == "ValidationFailure"
    }

    /// Whether the route itself is not there: the server is too old for it. A missing thing is `NotFound`.
    #[must_use]
    pub fn is_missing_route(&self) -> bool {
        self.error == "Not Found"
    }
}

fn segment(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value of a credential: text is a secret, everything else (ports, switches) is not. But there may be texts in it,
/// so `Debug` shows neither.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Credential {
    /// A text, treated as a secret whatever it is.
    #[serde(with = "exposed")]
    Text(Secret),
    /// Anything else.
    Plain(serde_json::Value),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// Makes the difference between an absent field and an explicit `null`, for updates: with
/// `#[serde(default, deserialize_with = "nullable")]`, absent is `None` and `null` is `Some(None)`.
///
/// # Errors
/// When the value is of another type.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What `true` is when a field is absent.
#[must_use]
pub fn yes() -> bool {
    true
}

/// The path when a field is absent: the root.
#[must_use]
pub fn root() -> String {
    "/".to_owned()
}
