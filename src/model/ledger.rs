//! The ledger: what keyform wrote last, and therefore owns. Never a value.

use crate::model::address::Address;
use crate::secret::Fingerprint;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name under which [`Record::written`] keeps the fingerprint of an entry's value.
pub const VALUE: &str = "value";

/// All records. The file that holds them is `ledger::store`'s business.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Counts the writes: a saved plan names the serial that it was made from.
    pub serial: u64,
    /// Names this ledger at destinations that can hold a mark.
    pub owner: Arc<str>,
    /// What keyform owns.
    pub records: BTreeMap<Address, Record>,
    /// Creates that were begun and not heard of since: what is found under such an address is ours.
    pub intents: BTreeMap<Address, Natural>,
}

/// What finds a thing again without an id, by name: `project`, `environment`, `path`, `key`, `app` …
pub type Natural = BTreeMap<Arc<str>, Arc<str>>;

/// What keyform wrote under one address: a resource, or an entry of a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The backend's id; empty for entries.
    pub id: Arc<str>,
    /// What finds it again, also when its block is gone.
    pub natural: Natural,
    /// Fingerprint of each attribute as written, by the names that `plan::diff::written` gives; an entry
    /// has one, [`VALUE`].
    pub written: BTreeMap<Arc<str>, Fingerprint>,
    /// The destination's version of the entry right after it was written.
    pub version: Option<Arc<str>>,
    /// `prevent_destroy` as last declared: survives the removal of the block.
    pub protected: bool,
    /// `on_delete = "remove"` of a sync as last declared: its entries go with it.
    pub removes: bool,
    /// When, in UTC, as RFC 3339.
    pub at: Arc<str>,
}
