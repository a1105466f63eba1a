//! The ledger: what keyform wrote last, and therefore owns. Never a value.

use crate::model::address::Address;
use crate::secret::Fingerprint;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::sync::Arc;

/// The name under which [`Record::written`] keeps the fingerprint of an entry's value.
pub const VALUE: &str = "value";

/// The natural key under which a record of a sync has the kind of its destination, and one of an entry that keyform itself
/// wrote the place, in words.
pub const DESTINATION: &str = "destination";

/// The natural key under which a record of an entry has a mark of where the connection led when it was written.
pub const HOME: &str = "home";

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
    /// Changes that the backend took as requests for approval, and that were not heard of since.
    pub requests: BTreeMap<Address, Request>,
    /// What was left out, where it is only a shard's part of one. No file has it.
    pub apart: Apart,
}

/// What a shard's part of a ledger leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Apart {
    /// [`Ledger::names`] of the whole.
    pub names: BTreeMap<String, Arc<str>>,
    /// What no shard ends: it is no longer declared, and of no project.
    pub left: Vec<Address>,
}

/// A change that waits for somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The mark of its row, as `plan::mark` gives it: another change is another request.
    pub row: Fingerprint,
    /// When it was made, in UTC, as RFC 3339.
    pub at: Arc<str>,
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
    /// The address under which its fingerprints were made, where it has moved since: that of the resource,
    /// also for an entry.
    pub marked: Option<Arc<str>>,
    /// The destination's version of the entry right after it was written.
    pub version: Option<Arc<str>>,
    /// `prevent_destroy` as last declared: survives the removal of the block.
    pub protected: bool,
    /// `on_delete = "remove"` of a sync as last declared: its entries go with it.
    pub removes: bool,
    /// When, in UTC, as RFC 3339.
    pub at: Arc<str>,
}

impl Ledger {
    /// Has equal texts of all records be one: names of attributes, and the parts of natural keys that most
    /// records have in common.
    pub fn share(&mut self) {
        let mut known: HashSet<Arc<str>> = HashSet::new();
        let mut one = |text: Arc<str>| match known.get(&text) {
            Some(known) => Arc::clone(known),
            None => {
                known.insert(Arc::clone(&text));
                text
            }
        };
        for record in self.records.values_mut() {
            let natural = std::mem::take(&mut record.natural);
            record.natural = natural.into_iter().map(|(name, text)| (one(name), one(text))).collect();
            let written = std::mem::take(&mut record.written);
            record.written = written.into_iter().map(|(name, mark)| (one(name), mark)).collect();
            record.at = one(std::mem::take(&mut record.at));
        }
    }

    /// Moves a resource, with its intent, its request and, of a sync, with its entries. Their fingerprints stay as they are.
    pub fn rename(&mut self, from: &Address, to: &Address) {
        let moves = |address: &Address| address.resource() == *from;
        let new = |address: &Address| address.entry_key().map_or_else(|| to.clone(), |key| to.entry(key));
        let (old, name): (Vec<Address>, Arc<str>) =
            (self.records.keys().filter(|a| moves(a)).cloned().collect(), from.to_string().into());
        for address in old {
            let Some(mut record) = self.records.remove(&address) else { continue };
            let marked = record.marked.unwrap_or_else(|| Arc::clone(&name));
            record.marked = (*marked != *to.to_string()).then_some(marked);
            self.records.insert(new(&address), record);
        }
        let old: Vec<Address> = self.intents.keys().filter(|a| moves(a)).cloned().collect();
        for address in old {
            let Some(natural) = self.intents.remove(&address) else { continue };
            self.intents.insert(new(&address), natural);
        }
        if let Some(request) = self.requests.remove(from) {
            self.requests.insert(to.clone(), request);
        }
    }

    /// The names under which fingerprints are made, by the address of a resource, where it is not the
    /// address. What is new under an address whose name another one took along gets a name of its own, so
    /// that nobody can see whether their values are equal.
    #[must_use]
    pub fn names(&self) -> BTreeMap<String, Arc<str>> {
        let mut names = self.apart.names.clone();
        let marked = self.records.iter().filter_map(|(address, record)| Some((address, record.marked.clone()?)));
        let mut left = BTreeSet::new();
        for (address, name) in marked {
            left.insert(Arc::clone(&name));
            names.insert(address.resource().to_string(), name);
        }
        let taken: BTreeSet<Arc<str>> = names.values().cloned().collect();
        for address in &left {
            if names.contains_key(&**address) {
                continue;
            }
            let mut name = format!("{address}'");
            while taken.contains(&*name) {
                name.push('\'');
            }
            names.insert(address.to_string(), name.into());
        }
        names
    }
}
