//! Destinations: what can be read, what can be written, and how.
//!
//! Lives here: the [`Destination`] that every part of keyform (and the embedded backend) talks to, with
//! the laws that each must keep. [`registry`] knows all manifests; [`manifest`] reads and interprets
//! them; [`driver`] does what every vendor needs (paging, per-key reads, batching, limits); [`sign`]
//! signs requests; [`native`] holds what is no HTTP vendor at all. Diffing does not live here: there is
//! one diff, in `plan`.
//!
//! The laws: empty reads empty; what was created is read; applied twice is applied once; an update
//! touches one key; a delete touches only the keys it names; foreign keys survive; all pages are read;
//! bytes survive; 429 waits and 401 does not; stopped anywhere and run again, it converges; key rules
//! reject what they say they reject; nothing leaks a value.

use crate::diag::Diagnostic;
use crate::model::attrs::Attrs;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which destination, with which credentials: everything a sync says, secrets included.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The destination's slug.
    pub slug: Arc<str>,
    /// The connection's method.
    pub method: Arc<str>,
    /// The connection's inputs by their names in configurations; sensitive ones are
    /// [`crate::model::attrs::Value::Secret`].
    pub connection: Attrs,
    /// The inputs of the `destination` block.
    pub destination: Attrs,
    /// The sync's options.
    pub options: Attrs,
    /// For many-to-one destinations: the template's result for the container's name; else empty.
    pub key_schema: crate::model::key_schema::KeySchema,
}

/// What a destination holds, values included.
#[derive(Debug, Default)]
pub struct Observation {
    /// Keys with what came back for them.
    pub entries: BTreeMap<Arc<str>, Seen>,
    /// Why the listing is partial; `None` if it is complete.
    pub partial: Option<Diagnostic>,
}

/// One key at a destination.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Its value, if the vendor gives it back.
    pub value: Option<Secret>,
    /// The vendor's id of the record.
    pub id: Option<Arc<str>>,
    /// The vendor's digest of the value.
    pub digest: Option<Arc<str>>,
    /// The vendor's version, etag or time of last change.
    pub version: Option<Arc<str>>,
    /// What else the manifest keeps of the record, for its writes.
    pub raw: crate::model::attrs::Value,
}

/// One key to be written.
#[derive(Debug, Clone)]
pub struct Write {
    /// The key at the destination.
    pub key: Arc<str>,
    /// What is to become of it.
    pub op: Op,
}

/// What is to become of a key.
#[derive(Debug, Clone)]
pub enum Op {
    /// It is not there: make it.
    Create(Secret),
    /// It is there: give it this value.
    Update(Secret),
    /// It is there: take it away.
    Delete,
}

/// How one write went.
#[derive(Debug)]
pub struct Outcome {
    /// The key at the destination.
    pub key: Arc<str>,
    /// The vendor's version after the write, if it says; or why it failed.
    pub result: Result<Option<Arc<str>>, Diagnostic>,
}
