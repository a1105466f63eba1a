//! Where a secret reaches as JSON: `keyform.where/1`. Names and places; never a value.

use crate::engine::reach;
use crate::engine::reach::Origin;
use crate::engine::reach::Reach;
use crate::view::json::Word;
use crate::view::json::diagnostic;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    format: &'static str,
    /// The secrets that are it, or are made of it.
    pub secrets: Vec<Secret>,
    /// The keys that syncs write of them.
    pub written: Vec<Written>,
    /// Keys that hold it and that nothing here writes.
    pub copies: Vec<Copy>,
    /// Native integrations that push its folder.
    pub integrations: Vec<String>,
    /// How it is changed everywhere, in order.
    pub steps: Vec<String>,
    /// What could not be looked at, and why.
    pub unseen: BTreeMap<String, String>,
    /// Every problem that was found.
    pub diagnostics: Vec<diagnostic::Entry>,
}

/// A secret of a backend.
#[derive(Debug, Clone, Serialize)]
pub struct Secret {
    /// `project/environment/path/KEY`.
    pub secret: String,
    /// The block that declares it.
    pub declared: Option<String>,
    /// Where the declared value comes from, as it is written in the configuration.
    pub source: Option<String>,
    /// Whether it only refers to one of the others.
    pub refers: bool,
    /// The secrets among these that it refers to.
    pub refers_to: Vec<String>,
}

/// A key that a sync writes.
#[derive(Debug, Clone, Serialize)]
pub struct Written {
    /// The sync.
    pub sync: String,
    /// Its destination in words.
    pub destination: String,
    /// The slug of its environment.
    pub environment: String,
    /// The folder that it reads: `project/environment/path`.
    pub folder: String,
    /// The key at the destination.
    pub key: String,
    /// The secret that it is made of.
    pub secret: String,
    /// When keyform last saw it written, in UTC, as RFC 3339.
    pub written_at: Option<String>,
    /// What the next apply does to it.
    pub pending: Option<Word>,
    /// Whether the backend writes it by itself as soon as the secret changes.
    pub pushed_at_once: bool,
}

/// A key at a destination that no sync of the configuration writes.
#[derive(Debug, Clone, Serialize)]
pub struct Copy {
    /// A sync to the same destination.
    pub sync: String,
    /// The destination in words.
    pub destination: String,
    /// The key.
    pub key: String,
    /// When keyform wrote it, if it did.
    pub written_at: Option<String>,
}

/// Mirrors what was found. `source` says where the value of a secret that is declared comes from.
#[must_use]
pub fn document(
    reach: &Reach,
    source: impl Fn(&Origin) -> Option<String>,
    steps: Vec<String>,
    diagnostics: Vec<diagnostic::Entry>,
) -> Document {
    let text = |text: &Option<Arc<str>>| text.as_ref().map(ToString::to_string);
    let secret = |it: &Origin| Secret {
        secret: it.place.clone(),
        declared: it.declared.as_ref().map(ToString::to_string),
        source: source(it),
        refers: it.refers,
        refers_to: it.to.clone(),
    };
    let written = |it: &reach::Written| Written {
        sync: it.sync.to_string(),
        destination: it.destination.to_string(),
        environment: it.environment.clone(),
        folder: it.folder.clone(),
        key: it.key.to_string(),
        secret: it.secret.clone(),
        written_at: text(&it.at),
        pending: it.pending.map(|action| action.word().into()),
        pushed_at_once: it.at_once,
    };
    let copy = |it: &reach::Copy| Copy {
        sync: it.sync.to_string(),
        destination: it.destination.to_string(),
        key: it.key.to_string(),
        written_at: text(&it.at),
    };
    Document {
        format: "keyform.where/1",
        secrets: reach.secrets.iter().map(secret).collect(),
        written: reach.written.iter().map(written).collect(),
        copies: reach.copies.iter().map(copy).collect(),
        integrations: reach.integrations.iter().map(ToString::to_string).collect(),
        steps,
        unseen: reach.unseen.iter().map(|(address, why)| (address.to_string(), why.to_string())).collect(),
        diagnostics,
    }
}
