//! Capsules: what a run was about to overwrite or delete, so that it can be put back. How one is sealed and where it is
//! kept is `ledger`'s business, what an undo does with it `plan`'s.

use crate::model::address::Address;
use crate::model::ledger::Record;
use crate::secret::Fingerprint;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The values that one run took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capsule {
    /// What everybody may know of it.
    pub note: Note,
    /// The values, in the order of [`Note::values`].
    pub kept: Vec<Kept>,
}

/// What everybody may know of a capsule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The run's name: later ones sort after earlier ones.
    pub run: Arc<str>,
    /// When, in UTC, as RFC 3339.
    pub at: Arc<str>,
    /// The command: `apply`, `destroy`, `undo`.
    pub command: Arc<str>,
    /// Whose values are in the capsule.
    pub values: Vec<Address>,
    /// When all of it was put back.
    pub undone: Option<Arc<str>>,
}

/// One value as it was before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Of what: a secret, or an entry of a destination. A secret that nothing declares is named by where it is.
    pub address: Address,
    /// Where it was.
    pub place: Place,
    /// The value.
    pub value: Secret,
    /// What the run made of it, as a fingerprint at its address; `None` if it took it away.
    pub left: Option<Fingerprint>,
    /// Whose it was.
    pub owner: Owner,
}

/// Where a value was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A secret of the backend, by the names that people use, with what else it said.
    Secret(Stored),
    /// An entry, at the destination that is called so in plans and in the ledger: its kind and its fields.
    Entry {
        /// [`crate::plan::Pushed::called`].
        called: Arc<str>,
    },
}

/// A secret of the backend, without its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The project's slug.
    pub project: Arc<str>,
    /// The environment's slug.
    pub environment: Arc<str>,
    /// The absolute path of the folder.
    pub path: Arc<str>,
    /// Its key.
    pub key: Arc<str>,
    /// Its comment; empty for none.
    pub comment: Arc<str>,
    /// The slugs of its tags.
    pub tags: Vec<Arc<str>>,
    /// Its metadata.
    pub metadata: BTreeMap<Arc<str>, Arc<str>>,
}

/// Whose a value was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Somebody else's, and the ledger is to have no record of it.
    Other,
    /// What the ledger has under this address is another thing: it moved, and this is what it left.
    Apart,
    /// Keyform's: what the ledger had of it.
    Keyform(Record),
}
