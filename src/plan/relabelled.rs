//! Syncs that are declared under another label than they were: their entries follow them, so that nothing is taken
//! for somebody else's because a block got another name. And what the records under old labels wait for.

use crate::model::address::Address;
use crate::model::job;
use crate::model::ledger::DESTINATION;
use crate::model::ledger::Record;
use crate::plan::ADDRESS;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::diff;
use crate::plan::entries;
use crate::plan::entries::Records;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Syncs that are declared under another address than they were: by the new one, the old one. What the backend has is
/// known by its id; what keyform runs itself, by its place and keys.
pub(super) fn renamed(input: &Input<'_>, owned: &BTreeMap<Address, Records<'_>>) -> BTreeMap<Address, Address> {
    let moved = diff::moved(input, &diff::declared(input));
    let mut all: BTreeMap<Address, Address> = moved
        .into_iter()
        .map(|(new, old)| (new.clone(), old.clone()))
        .filter(|(new, _)| !owned.contains_key(new))
        .collect();
    let lost: Vec<(&Address, &Records<'_>)> = owned
        .iter()
        .filter(|(old, _)| !input.desired.resources.contains_key(*old) && !input.ledger.records.contains_key(*old))
        .collect();
    if lost.is_empty() {
        return all;
    }
    for (new, pushed) in input.wanted.syncs.iter().filter(|(new, _)| !owned.contains_key(*new)) {
        let keys: BTreeSet<_> = pushed.source.keys().map(|k| job::stored(&pushed.schema, &pushed.rules, k)).collect();
        let is_its = |key: &str, record: &Record| {
            keys.contains(key) && record.natural.get(DESTINATION).is_some_and(|called| *called == pushed.called)
        };
        let old = lost.iter().find(|(_, records)| records.iter().any(|(key, (_, record))| is_its(key, record)));
        if let Some((old, _)) = old {
            all.insert(new.clone(), (*old).clone());
        }
    }
    all
}

/// Takes over the entries of a sync under its new address, and drops the old records. A fingerprint is one of an address,
/// so what was written is not known any more, only that it was.
pub(super) fn follow(plan: &mut Plan, records: &Records<'_>, sync: &Address) -> Vec<(Address, Record)> {
    let mut followed = Vec::new();
    for (key, (old, record)) in records {
        let new = sync.entry(key);
        plan.changes.push(entries::end(old, Action::Forget, Reason::Kept, vec![diff::renamed(old, &new)]));
        let Record { natural, at, .. } = (*record).clone();
        followed.push((new, Record { natural, at, ..Record::default() }));
    }
    followed
}

/// Entries at places that declared syncs have taken over from each other, by the one that writes there now. Only of
/// those that keyform itself runs: the backend knows its own by their ids.
pub(super) fn exchanged(
    input: &Input<'_>,
    owned: &BTreeMap<Address, Records<'_>>,
) -> BTreeMap<Address, Vec<(Address, Record)>> {
    let place = |sync: &Address| input.wanted.syncs.get(sync).map(|pushed| &*pushed.called);
    let mut all: BTreeMap<Address, Vec<(Address, Record)>> = BTreeMap::new();
    for (sync, records) in owned.iter().filter(|(sync, _)| is_run_here(input, sync)) {
        for (key, (_, record)) in records {
            let Some(called) = record.natural.get(DESTINATION).filter(|called| place(sync) != Some(called)) else {
                continue;
            };
            let is_there = |other: &&Address| place(other) == Some(called) && is_run_here(input, other);
            let Some(now) = input.wanted.syncs.keys().find(is_there) else { continue };
            let Record { natural, at, .. } = (*record).clone();
            all.entry(now.clone()).or_default().push((now.entry(key), Record { natural, at, ..Record::default() }));
        }
    }
    all
}

/// Whether a sync is declared, and keyform itself writes what it pushes.
pub(super) fn is_run_here(input: &Input<'_>, sync: &Address) -> bool {
    input.desired.resources.get(sync).is_some_and(|resource| resource.text("run") == Some("keyform"))
}

/// Rows that only drop a record, because it is declared under another address now, each with the row under that one. They wait
/// for it: a run that is killed in between would leave something that nobody owns.
pub(super) fn waits(changes: &[Change]) -> Vec<(usize, usize)> {
    let old: Vec<(&str, usize)> =
        changes.iter().enumerate().filter_map(|(row, change)| Some((successor(change)?, row))).collect();
    if old.is_empty() {
        return Vec::new();
    }
    let now = changes.iter().enumerate().filter(|(_, change)| !change.action.is_end());
    let now: BTreeMap<String, usize> = now.map(|(row, change)| (change.address.to_string(), row)).collect();
    old.into_iter().filter_map(|(address, row)| Some((row, *now.get(address)?))).collect()
}

/// The address under which a thing is declared now, of a record that is dropped because of that.
fn successor(change: &Change) -> Option<&str> {
    let field = change.fields.iter().find(|field| &*field.name == ADDRESS && change.action == Action::Forget)?;
    match &field.after {
        Shown::Plain(address) => Some(address),
        _ => None,
    }
}
