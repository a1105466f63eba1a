//! Destinations: what can be read, what can be written, and how.
//!
//! Lives here: the [`Destination`] that every part of keyform (and the embedded backend) talks to, with
//! the laws that each must keep. [`registry`] knows all manifests; [`manifest`] reads and interprets
//! them; [`driver`] does what every vendor needs (paging, per-key reads, batching, limits); [`sign`]
//! signs requests; [`native`] holds what is no HTTP vendor at all; [`matrix`] says what each destination can do, [`lint`]
//! what is odd about a manifest, [`turns`] has one writer at once at a place, [`trial`] tries one where it really is, and [`memory`] stands for one where nothing
//! outside may be touched. Diffing does not live here: there is
//! one diff, in `plan`.
//!
//! The laws: empty reads empty; what was created is read; applied twice is applied once; an update
//! touches one key; a delete touches only the keys it names; foreign keys survive; all pages are read;
//! bytes survive; 429 waits and 401 does not; stopped anywhere and run again, it converges; key rules
//! reject what they say they reject; nothing leaks a value.

pub mod driver;
pub mod lint;
pub mod manifest;
pub mod matrix;
pub mod memory;
pub mod native;
pub mod reference;
pub mod registry;
pub mod rules;
pub mod sign;
pub mod trial;
pub mod turns;

use crate::diag::Diagnostic;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::schema::Variant;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::fmt;
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
    /// The name, not the slug, of the environment that the secrets are of; empty where nobody knows it.
    pub environment: Arc<str>,
}

/// What a destination holds, values included.
#[derive(Default)]
pub struct Observation {
    /// Keys with what came back for them.
    pub entries: BTreeMap<Arc<str>, Seen>,
    /// Why the listing is partial; `None` if it is complete.
    pub partial: Option<Diagnostic>,
    /// What the manifest keeps of the listing as a whole, for its writes: a document's version.
    pub document: Value,
    /// What the listing has of keys that it has already, and that is another thing: a document goes back with it.
    pub twins: Vec<(Arc<str>, Seen)>,
}

/// One key at a destination. `Debug` never shows `raw`, which may hold the value.
#[derive(Clone, Default)]
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
    pub raw: Option<Value>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("value", &self.value)
            .field("id", &self.id)
            .field("digest", &self.digest)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
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

/// An opened destination: one place, with the credentials to read and write it.
#[derive(Clone)]
pub struct Destination {
    inner: Inner,
}

#[derive(Clone)]
enum Inner {
    Api(Arc<driver::Driver>),
    Files(Arc<native::files::Files>),
    Memory(Arc<memory::Memory>),
}

impl Destination {
    /// Names the place without any secret: destinations of equal places hold the same entries, so that one
    /// listing serves both. For one run only: it is neither stable nor to be shown.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.inner {
            Inner::Api(driver) => driver.place(),
            Inner::Files(files) => files.place(),
            Inner::Memory(memory) => memory.place.clone(),
        }
    }

    /// What is written as one thing when something is written there: the place, or a document that holds others as well.
    #[must_use]
    pub fn document(&self) -> String {
        match &self.inner {
            Inner::Api(driver) => driver.document(),
            Inner::Files(_) | Inner::Memory(_) => self.place(),
        }
    }

    /// Where the connection leads, whatever its credentials: the address of the service, or the directory. The same in
    /// every run, and without secrets.
    #[must_use]
    pub fn home(&self) -> String {
        match &self.inner {
            Inner::Api(driver) => driver.home().to_owned(),
            Inner::Files(files) => files.home(),
            Inner::Memory(memory) => memory.home.clone(),
        }
    }

    /// The variant that this destination is of: its rules, and whether its values come back.
    #[must_use]
    pub fn variant(&self) -> &Variant {
        match &self.inner {
            Inner::Api(driver) => driver.variant(),
            Inner::Files(files) => files.variant(),
            Inner::Memory(memory) => &memory.variant,
        }
    }

    /// The key as the destination stores it: letters and texts changed by its rules.
    #[must_use]
    pub fn stored_key(&self, key: &str) -> String {
        rules::stored(&self.variant().keys, key)
    }

    /// What the destination's rules say against these keys and, where they are at hand, their values. The
    /// key of each problem is one of `wanted`, as it is written there.
    #[must_use]
    pub fn check(&self, wanted: &BTreeMap<Arc<str>, Option<Secret>>) -> Vec<(Arc<str>, Diagnostic)> {
        rules::check(self.variant(), wanted)
    }

    /// What a destination in memory holds, also what its service would not show; `None` of a real one.
    #[must_use]
    pub fn kept(&self) -> Option<BTreeMap<Arc<str>, Secret>> {
        match &self.inner {
            Inner::Memory(memory) => Some(memory.values()),
            Inner::Api(_) | Inner::Files(_) => None,
        }
    }

    /// All entries. Complete, or it says why it is not.
    ///
    /// # Errors
    /// Nothing can be said about what is there.
    pub async fn read(&self) -> Result<Observation, Diagnostic> {
        match &self.inner {
            Inner::Api(driver) => driver.read().await,
            Inner::Files(files) => files.read(),
            Inner::Memory(memory) => Ok(memory.read()),
        }
    }

    /// Writes, on top of what was observed; a key occurs once. One outcome for each write, in the same order.
    pub async fn write(&self, observed: &Observation, writes: &[Write]) -> Vec<Outcome> {
        let bad = self.refused(writes);
        let good: Vec<Write> = writes.iter().filter(|write| !bad.contains_key(&write.key)).cloned().collect();
        let outcomes = match &self.inner {
            Inner::Api(driver) => driver.write(observed, &good).await,
            Inner::Files(files) => files.write(&good),
            Inner::Memory(memory) => memory.write(&good),
        };
        let mut done: BTreeMap<Arc<str>, Outcome> = bad
            .into_iter()
            .map(|(key, problem)| (key.clone(), Outcome { key, result: Err(problem) }))
            .chain(outcomes.into_iter().map(|outcome| (outcome.key.clone(), outcome)))
            .collect();
        writes.iter().filter_map(|write| done.remove(&write.key)).collect()
    }

    /// Writes that the rules refuse: whoever asks for one all the same is stopped here, before a key can do harm.
    fn refused(&self, writes: &[Write]) -> BTreeMap<Arc<str>, Diagnostic> {
        let wanted = writes.iter().filter_map(|write| match &write.op {
            Op::Create(value) | Op::Update(value) => Some((write.key.clone(), Some(value.clone()))),
            Op::Delete => None,
        });
        self.check(&wanted.collect()).into_iter().collect()
    }
}
