//! What a row of a plan comes from: the three truths about one address side by side, beside what was made of them. Explains,
//! decides nothing.

use crate::diag::Diagnostic;
use crate::diag::source::Span;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::model::live::Evidence;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Change;
use crate::plan::Hazard;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Shown;
use crate::plan::attributes;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything about one address.
#[derive(Debug)]
pub struct Facts {
    /// The block that declares it; of an entry, its sync's.
    pub declared: Option<Span>,
    /// Of an entry that is wanted: the key of the secret that it is made of.
    pub source: Option<Arc<str>>,
    /// Whether it is there.
    pub live: Presence,
    /// When keyform wrote it last, in UTC, as RFC 3339, if it owns it.
    pub written: Option<Arc<str>>,
    /// Attributes with the three truths about each; of an entry, `value`.
    pub attributes: Vec<Attribute>,
    /// The row, if there is one.
    pub change: Option<Change>,
    /// What is dangerous about it; of an entry that changes also what is about its sync.
    pub hazards: Vec<Hazard>,
    /// What waits for it.
    pub needed_by: Vec<Address>,
    /// Why there is no row, or not a whole one.
    pub problem: Option<Diagnostic>,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is not.
    Absent,
    /// Nobody could look.
    Unknown,
}

/// One attribute in three truths.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: Arc<str>,
    /// What the configuration wants.
    pub wanted: Shown,
    /// What is there.
    pub live: Shown,
    /// What of the two keyform wrote last.
    pub ledger: Memory,
}

/// What the ledger remembers of an attribute. It has fingerprints, so it can only say what it equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Nothing.
    Nothing,
    /// What is wanted.
    Wanted,
    /// What is there.
    Live,
    /// What is wanted and there.
    Both,
    /// Something else.
    Other,
}

/// The facts about an address; `None` if it is neither declared nor owned nor in the plan.
#[must_use]
pub fn facts(input: &Input<'_>, plan: &Plan, address: &Address) -> Option<Facts> {
    let resource = input.desired.resources.get(&address.resource());
    let record = input.ledger.records.get(address);
    let change = plan.changes.iter().find(|change| change.address == *address).cloned();
    let entry = address.entry_key();
    let (live, source, attributes) = match entry {
        Some(key) => of_entry(input, address, key, record),
        None => of_resource(input, address, resource, record),
    };
    let is_known = match entry {
        Some(_) => source.is_some() || live == Presence::There || record.is_some(),
        None => resource.is_some() || record.is_some(),
    };
    if !is_known && change.is_none() {
        return None;
    }
    let whole = address.resource();
    let about = |of: &Address| *of == *address || *of == whole;
    // What is dangerous about a sync is none of the business of entries that stay as they are.
    let endangers = |of: &Address| *of == *address || (*of == whole && change.is_some());
    let problems = [&plan.blocked, &plan.incomplete, &plan.missing].into_iter();
    let problem = problems.flatten().find(|(of, _)| about(of)).map(|(_, why)| why.clone());
    Some(Facts {
        declared: resource.map(|resource| resource.origin.block),
        source,
        live,
        written: record.map(|record| record.at.clone()),
        attributes,
        hazards: plan.hazards.iter().filter(|hazard| endangers(&hazard.address)).cloned().collect(),
        change,
        needed_by: plan.changes.iter().filter(|c| c.needs.contains(address)).map(|c| c.address.clone()).collect(),
        problem,
    })
}

fn of_entry(
    input: &Input<'_>,
    address: &Address,
    key: &str,
    record: Option<&Record>,
) -> (Presence, Option<Arc<str>>, Vec<Attribute>) {
    let sync = address.resource();
    let pushed = input.wanted.syncs.get(&sync);
    let is_its = |name: &str| pushed.is_some_and(|p| *job::stored(&p.schema, &p.rules, name) == *key);
    let found = pushed.and_then(|pushed| pushed.source.iter().find(|(name, _)| is_its(name)));
    let wanted = match found {
        Some((_, Some(print))) => Shown::Secret(*print),
        Some((_, None)) => Shown::Unknown,
        None => Shown::Absent,
    };
    let listing = input.live.destinations.get(&sync);
    let sighting = listing.and_then(|listing| listing.entries.get(key));
    let presence = match (sighting, listing) {
        (Some(_), _) => Presence::There,
        (None, Some(listing)) if listing.partial.is_none() => Presence::Absent,
        (None, _) => Presence::Unknown,
    };
    let live = match (sighting.map(|sighting| &sighting.evidence), presence) {
        (Some(Evidence::Value(print)), _) => Shown::Secret(*print),
        (None, Presence::Absent) => Shown::Absent,
        _ => Shown::Unknown,
    };
    let kept = record.and_then(|record| record.written.get(VALUE)).map(|print| Shown::Secret(*print));
    let memory = memory(kept.as_ref().map(|kept| (*kept == wanted, *kept == live)));
    let attribute = Attribute { name: VALUE.into(), wanted, live, ledger: memory };
    (presence, found.map(|(name, _)| name.clone()), vec![attribute])
}

fn of_resource(
    input: &Input<'_>,
    address: &Address,
    resource: Option<&Resource>,
    record: Option<&Record>,
) -> (Presence, Option<Arc<str>>, Vec<Attribute>) {
    let seen = input.live.resources.get(address);
    let presence = match seen {
        Some(_) => Presence::There,
        None if input.live.incomplete.contains_key(address) => Presence::Unknown,
        None => Presence::Absent,
    };
    let kind = resource.map(|resource| resource.kind).or_else(|| Kind::of(address));
    let wanted = resource.zip(input.wanted.resources.get(address));
    let wanted = wanted.map(|(resource, attrs)| attributes::wanted(resource, attrs)).unwrap_or_default();
    let names: BTreeSet<Arc<str>> =
        wanted.keys().chain(record.into_iter().flat_map(|record| record.written.keys())).cloned().collect();
    let attributes = names.into_iter().map(|name| {
        let found = kind.zip(seen).and_then(|(kind, seen)| attributes::found(kind, &seen.attrs, &name));
        let found = found.map(std::borrow::Cow::into_owned);
        let declared = wanted.get(&name);
        let print = |value: &Value| attributes::fingerprint(input.key, address, &name, value);
        let kept = record.and_then(|record| record.written.get(&name));
        let is = |value: Option<&Value>| value.map(print).as_ref() == kept;
        let live = match (&found, presence) {
            (Some(value), _) => attributes::shown(value),
            (None, Presence::Absent) => Shown::Absent,
            (None, _) => Shown::Unknown,
        };
        Attribute {
            wanted: declared.map_or(Shown::Absent, attributes::shown),
            live,
            ledger: memory(kept.map(|_| (is(declared.or(Some(&Value::Null))), is(found.as_ref())))),
            name,
        }
    });
    (presence, None, attributes.collect())
}

/// What a record equals: of the wanted and the live value.
fn memory(equals: Option<(bool, bool)>) -> Memory {
    match equals {
        None => Memory::Nothing,
        Some((true, true)) => Memory::Both,
        Some((true, false)) => Memory::Wanted,
        Some((false, true)) => Memory::Live,
        Some((false, false)) => Memory::Other,
    }
}
