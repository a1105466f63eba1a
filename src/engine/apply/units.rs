//! What of a plan goes together: secrets of one folder in one request, a sync with its entries in one
//! run, and whatever only the ledger hears of.
//!
//! Secrets are put together only if they need the same: then no unit can come to wait for itself.

use crate::engine::Planned;
use crate::engine::apply::run::folder_of;
use crate::engine::secrets;
use crate::engine::undo;
use crate::model::address::Address;
use crate::model::capsule;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::order;
use crate::plan::sets_off;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Changes that are done together.
pub(super) struct Unit<'a> {
    pub(super) work: Work,
    pub(super) changes: Vec<&'a Change>,
}

/// How they are done.
#[derive(PartialEq, Eq)]
pub(super) enum Work {
    /// The ledger alone.
    Ledger,
    /// One resource.
    Resource,
    /// Secrets of one folder, all with the same action.
    Secrets,
    /// A sync and its entries.
    Sync(Address),
    /// The end of a sync that is made again elsewhere later, with its keys.
    Leave(Address),
    /// Secrets of one folder, or entries of one sync, that are put back.
    Back,
}

/// What tells one unit from another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Name<'a> {
    Ledger(Action, &'a [Address]),
    Resource(&'a Address),
    Secrets(Option<(Address, String, String)>, Action, &'a [Address]),
    Sync(Address),
    Leave(Address),
    Back(secrets::Place),
}

/// The units of a plan, in the order in which their first changes stand there.
pub(super) fn of(planned: &Planned) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = Vec::new();
    let mut known: BTreeMap<Name<'_>, usize> = BTreeMap::new();
    for change in &planned.plan.changes {
        let (name, work) = name(planned, change);
        let number = *known.entry(name).or_insert_with(|| {
            units.push(Unit { work, changes: Vec::new() });
            units.len() - 1
        });
        units[number].changes.push(change);
    }
    units
}

fn name<'a>(planned: &'a Planned, change: &'a Change) -> (Name<'a>, Work) {
    if let Some(back) = &planned.back {
        let folder = match back.kept(&change.address).map(|kept| &kept.place) {
            Some(capsule::Place::Secret(stored)) => Some(undo::folder(stored)),
            _ => None,
        };
        let name = folder.map_or_else(|| Name::Sync(change.address.resource()), Name::Back);
        return (name, Work::Back);
    }
    let sync = change.address.resource();
    let is_sync = sync.kind() == Kind::SecretSync.word();
    match (change.action, Kind::from_word(change.address.kind())) {
        _ if order::is_at_left_place(&change.address) && !change.needs.contains(&sync) => {
            (Name::Leave(sync.clone()), Work::Leave(sync))
        }
        _ if is_sync => (Name::Sync(sync.clone()), Work::Sync(sync)),
        (Action::Adopt | Action::Forget, _) => (Name::Ledger(change.action, &change.needs), Work::Ledger),
        (Action::Create | Action::Update | Action::Delete, Some(Kind::Secret)) => {
            let folder = folder_of(planned, change);
            (Name::Secrets(folder, change.action, &change.needs), Work::Secrets)
        }
        _ => (Name::Resource(&change.address), Work::Resource),
    }
}

/// Has what a sync pushes leave its source before the sync runs with other settings, or for the first time: what it wrote
/// meanwhile would overwrite what is at the destination, and no plan has it. Only the order is meant: where a deletion fails,
/// the sync runs all the same. `befores` has for each unit those that come before it.
pub(super) fn after_what_leaves(planned: &Planned, units: &[Unit<'_>], befores: &mut [BTreeSet<usize>]) {
    let (desired, ledger) = (&planned.basis.desired, &planned.ledger);
    let leaving = |unit: &Unit<'_>| -> BTreeSet<Arc<str>> {
        let ends = unit.changes.iter().copied().filter(|change| change.action == Action::Delete);
        sets_off::places(desired, ledger, ends).into_iter().map(|[project, ..]| project).collect()
    };
    let leaving: Vec<BTreeSet<Arc<str>>> = units.iter().map(leaving).collect();
    for (number, unit) in units.iter().enumerate() {
        let Work::Sync(address) = &unit.work else { continue };
        let runs = |own: &&Change| matches!(own.action, Action::Create | Action::Update | Action::Replace);
        if !unit.changes.iter().any(|change| change.address == *address && runs(change)) {
            continue;
        }
        let Some(pushed) = planned.basis.wanted.syncs.get(address) else { continue };
        for (earlier, projects) in leaving.iter().enumerate() {
            if pushed.folders.iter().any(|[project, ..]| projects.contains(project)) && !leads(befores, earlier, number)
            {
                befores[number].insert(earlier);
            }
        }
    }
}

/// Whether one unit waits for another, directly or not.
fn leads(befores: &[BTreeSet<usize>], unit: usize, to: usize) -> bool {
    let (mut open, mut seen) = (vec![unit], BTreeSet::new());
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(&befores[next]);
        }
    }
    false
}
