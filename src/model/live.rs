//! Live: what the backend and the destinations hold now. Secret values are not in it, only their
//! fingerprints; the values themselves are kept apart, in [`crate::model::values::Values`].

use crate::diag::Diagnostic;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::secret::Fingerprint;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that was read for one plan.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Resources of the backend that are declared, or in the ledger, and exist.
    pub resources: BTreeMap<Address, Observed>,
    /// What is in the backend but neither declared nor in the ledger, by a phrase such as
    /// `secrets in payments/dev/api`.
    pub foreign: BTreeMap<Arc<str>, Vec<Foreign>>,
    /// What each sync's destination holds.
    pub destinations: BTreeMap<Address, Listing>,
    /// Declared secrets that are elsewhere, while one that nobody owns is where they are declared.
    pub occupied: BTreeSet<Address>,
    /// What could not be read, and why. A resource in here is unknown, not absent.
    pub incomplete: BTreeMap<Address, Diagnostic>,
}

/// A resource that exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The backend's id.
    pub id: Arc<str>,
    /// Attributes that can be read, named and normalised as the configuration has them; those that
    /// can't (credentials) are absent, those that are not set are `Null`, secrets are fingerprints at the
    /// resource's address.
    pub attrs: Attrs,
    /// What is in it (a project, an environment, a folder) and keyform does not own: it would go with it.
    pub foreign: Vec<Foreign>,
}

/// A thing of the backend that keyform does not own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreign {
    /// What and where it is, in a few words; no two have the same.
    pub name: Arc<str>,
    /// Whether it is a secret.
    pub is_secret: bool,
}

/// What a destination holds. A listing is complete, or it says why it is not: from a partial one nothing
/// is ever deleted, and its missing keys are unknown, never absent.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Keys with what is known of their values.
    pub entries: BTreeMap<Arc<str>, Sighting>,
    /// Why the listing is partial; `None` if it is complete.
    pub partial: Option<Diagnostic>,
    /// Keys whose values would refer to others if they were secrets of a backend.
    pub referring: BTreeSet<Arc<str>>,
}

/// One key at a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// How sure we are of its value.
    pub evidence: Evidence,
    /// The vendor's version, etag or time of last change, if it shows one.
    pub version: Option<Arc<str>>,
}

/// How sure a row about live state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The value itself was read.
    Value(Fingerprint),
    /// The vendor shows a digest of the value, and it was compared: `true` if it is the wanted value's.
    Digest(bool),
    /// Only that the key exists.
    Present,
}
