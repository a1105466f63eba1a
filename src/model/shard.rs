//! Shards: which part of a configuration one of several processes plans and applies.
//!
//! Lives here: what a shard is called, what it has of a configuration, and whose a record is that nothing declares any
//! more. How a configuration is split is `plan::shards`' business.

use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::ledger::Apart;
use crate::model::ledger::DESTINATION;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One of several shards, counted from 1: `2/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u32,
    total: u32,
}

/// Most shards that a configuration is split into.
pub const MOST: u32 = 1000;

impl Shard {
    /// The shard of this number, from 1, among so many. `None` if there is none.
    #[must_use]
    pub fn new(index: u32, total: u32) -> Option<Self> {
        ((1..=MOST).contains(&total) && (1..=total).contains(&index)).then_some(Self { index, total })
    }

    /// Its number, from 1.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn total(self) -> u32 {
        self.total
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (index, total) = text.split_once('/').ok_or("write it as 2/8, or `auto`")?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| "write it as 2/8, or `auto`".to_owned());
        let (index, total) = (number(index)?, number(total)?);
        Self::new(index, total).ok_or_else(|| match total {
            1..=MOST => format!("shards are counted from 1: 1/{total} to {total}/{total}"),
            _ => format!("there can be 1 to {MOST} shards"),
        })
    }
}

/// What a shard has of a configuration.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which one it is.
    pub shard: Shard,
    /// Whose every declared resource is, of the whole configuration.
    pub owners: BTreeMap<Address, u32>,
    /// Whose a project is, by its slug.
    pub projects: BTreeMap<Arc<str>, u32>,
    /// Whose the keys of a destination are, by what it is called.
    pub destinations: BTreeMap<Arc<str>, u32>,
    /// What is another shard's, and is read because something of this one needs it.
    pub borrowed: BTreeSet<Address>,
    /// Where the syncs of the other shards write.
    pub elsewhere: Vec<Elsewhere>,
    /// The same for all shards of one split, and another one for every other split.
    pub split: Arc<str>,
}

/// Where a sync of another shard writes.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The sync.
    pub sync: Address,
    /// The kind of its destination.
    pub slug: Arc<str>,
    /// What the destination is called in the ledger.
    pub called: Arc<str>,
    /// What says where it is, by the names under which a record of a sync has it.
    pub fields: BTreeMap<Arc<str>, Value>,
}

impl Part {
    /// Whether something is another shard's.
    #[must_use]
    pub fn borrows(&self, address: &Address) -> bool {
        self.borrowed.contains(&address.resource())
    }

    /// Whose something declared is.
    #[must_use]
    pub fn owner(&self, address: &Address) -> Option<u32> {
        self.owners.get(&address.resource()).copied()
    }

    /// Leaves in a ledger what belongs to this shard, and what it borrows. What nothing declares any more goes with its
    /// project, or with whoever writes to its destination, so that it ends once. What is of no project and no longer
    /// declared may be in use by any shard: no shard ends it.
    pub fn restrict(&self, ledger: &mut Ledger) {
        let ids: BTreeMap<&str, u32> = ledger
            .records
            .iter()
            .filter(|(address, record)| address.kind() == Kind::Project.word() && !record.id.is_empty())
            .filter_map(|(address, record)| Some((&*record.id, self.owner(address)?)))
            .collect();
        let none = Natural::new();
        let natural = |address: &Address| {
            let resource = address.resource();
            let recorded = ledger.records.get(&resource).map(|record| &record.natural);
            let intended = || ledger.intents.get(&resource);
            let own =
                || ledger.records.get(address).map(|record| &record.natural).or_else(|| ledger.intents.get(address));
            recorded.or_else(intended).or_else(own).unwrap_or(&none)
        };
        let all = ledger.records.keys().chain(ledger.intents.keys()).chain(ledger.requests.keys());
        let owners: BTreeMap<Address, Option<u32>> = all
            .map(|address| {
                let owner = self.owner(address).or_else(|| self.undeclared(address, natural(address), &ids));
                (address.clone(), owner)
            })
            .collect();
        let left = owners.iter().filter(|(_, owner)| owner.is_none()).map(|(address, _)| address.clone()).collect();
        let names = ledger.names();
        let is_here = |address: &Address| {
            owners.get(address).copied().flatten() == Some(self.shard.index) || self.borrows(address)
        };
        ledger.records.retain(|address, _: &mut Record| is_here(address));
        ledger.intents.retain(|address, _| is_here(address));
        ledger.requests.retain(|address, _| is_here(address));
        ledger.apart = Apart { names, left };
    }

    /// Whose something is that nothing declares any more: by what is known of it alone, so that all shards agree whatever
    /// the others have done by now. `None` if it is of no project.
    fn undeclared(&self, address: &Address, natural: &Natural, ids: &BTreeMap<&str, u32>) -> Option<u32> {
        let part = |name: &str| natural.get(name);
        let is_project = address.kind() == Kind::Project.word();
        if let Some(owner) = part("project_id").and_then(|id| ids.get(&**id)) {
            return Some(*owner);
        }
        if let Some(slug) = part(if is_project { "slug" } else { "project" }) {
            return Some(self.projects.get(slug).copied().unwrap_or_else(|| self.any(slug)));
        }
        if address.resource().kind() == Kind::SecretSync.word() {
            // Keys that keyform itself wrote: the backend has no sync for them.
            let called = part(DESTINATION);
            let owner = called.and_then(|called| self.destinations.get(called)).copied();
            return Some(owner.unwrap_or_else(|| self.any(called.map_or("", |called| called))));
        }
        None
    }

    /// A shard for what belongs to none by itself, the same one on every machine.
    fn any(&self, text: &str) -> u32 {
        // FNV-1a: it must never be another one, unlike what a library's hasher may promise.
        let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        hash % self.shard.total + 1
    }
}
