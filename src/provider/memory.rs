//! Destinations in memory, for `keyform test`: no request is made and no file touched. They keep to what the manifest says of
//! a destination: which keys and values it takes, how it stores them, how many it holds, whether values come back, and
//! if not, whether something tells that one changed. They are the manifest's rules, not the service.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::model::schema::Variant;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Outcome;
use crate::provider::Seen;
use crate::provider::Write;
use crate::provider::manifest::Shape;
use crate::provider::manifest::slots::Slot;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// What all destinations of one world hold. Clones are the same.
#[derive(Clone)]
pub struct Shelf {
    places: Arc<Mutex<BTreeMap<String, Place>>>,
    /// Tells places apart, the same for all who look.
    pub(super) key: FingerprintKey,
}

#[derive(Default)]
struct Place {
    entries: BTreeMap<Arc<str>, Kept>,
    /// How often something was written there.
    writes: u64,
}

struct Kept {
    value: Secret,
    /// The write that it comes from.
    version: u64,
}

/// One destination.
pub struct Memory {
    pub(super) shelf: Shelf,
    pub(super) variant: Variant,
    pub(super) place: String,
    pub(super) home: String,
    /// What its listings show of a key besides.
    pub(super) shows: Shows,
}

/// What a service shows of a key besides its value.
#[derive(Clone, Copy, Default)]
pub(super) struct Shows {
    /// Something that changes with every write: a version, a time.
    version: bool,
    /// Something that changes with the value.
    digest: bool,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { places: Arc::default(), key: FingerprintKey::generate() }
    }
}

impl Memory {
    /// All entries, as the service would show them.
    pub(super) fn read(&self) -> Observation {
        let seen = |kept: &Kept| Seen {
            value: self.variant.readable.then(|| kept.value.clone()),
            version: self.version(kept.version),
            digest: self
                .shows
                .digest
                .then(|| self.shelf.key.fingerprint("", kept.value.expose().as_bytes()).to_hex().into()),
            ..Seen::default()
        };
        let entries = self.within(|place| place.entries.iter().map(|(key, kept)| (key.clone(), seen(kept))).collect());
        Observation { entries, ..Observation::default() }
    }

    /// All values, also those that the service would not show.
    pub(super) fn values(&self) -> BTreeMap<Arc<str>, Secret> {
        self.within(|place| place.entries.iter().map(|(key, kept)| (key.clone(), kept.value.clone())).collect())
    }

    pub(super) fn write(&self, writes: &[Write]) -> Vec<Outcome> {
        self.within(|place| writes.iter().map(|write| self.one(place, write)).collect())
    }

    fn one(&self, place: &mut Place, write: &Write) -> Outcome {
        let key = write.key.clone();
        let value = match &write.op {
            Op::Create(value) | Op::Update(value) => value.clone(),
            Op::Delete => {
                place.entries.remove(&key);
                return Outcome { key, result: Ok(None) };
            }
        };
        let most =
            self.variant.max_entries.filter(|most| !place.entries.contains_key(&key) && place.entries.len() >= *most);
        if let Some(most) = most {
            let detail = format!("It holds {most} entries, and `{key}` would be one more.");
            return Outcome { key, result: Err(Diagnostic::error(&codes::TOO_MANY_ENTRIES, detail)) };
        }
        place.writes += 1;
        let version = place.writes;
        place.entries.insert(key.clone(), Kept { value, version });
        Outcome { key, result: Ok(self.version(version)) }
    }

    fn version(&self, number: u64) -> Option<Arc<str>> {
        self.shows.version.then(|| number.to_string().into())
    }

    fn within<T>(&self, work: impl FnOnce(&mut Place) -> T) -> T {
        // Whoever panicked left no half of a write behind: each is one insertion.
        let mut places = self.shelf.places.lock().unwrap_or_else(PoisonError::into_inner);
        work(places.entry(self.place.clone()).or_default())
    }
}

/// What a destination lists, or reads of a key, besides its value.
pub(super) fn shows(shape: &Shape) -> Shows {
    let reading = [Slot::List, Slot::Read].into_iter().filter_map(|slot| shape.operations.get(&slot));
    let mut shows = Shows::default();
    for operation in reading {
        shows.version |= operation.expr("version").is_some();
        let items = operation.expr("items").map(|items| match &items.node {
            Node::For(each) => &each.value_expr,
            _ => items,
        });
        let Some(Expr { node: Node::Object(fields), .. }) = items else { continue };
        for (key, _) in fields {
            let name = match key {
                Key::Name(name, _) | Key::Expr(Expr { node: Node::String(name), .. }) => name,
                Key::Expr(_) => continue,
            };
            shows.version |= &**name == "version";
            shows.digest |= &**name == "digest";
        }
    }
    shows
}
