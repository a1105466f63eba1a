//! What a run kept, under the addresses that are declared now: `moved` blocks lead there; where a label changed without one,
//! the place does. What something was is compared with fingerprints of the address that it had then.

use crate::engine::Planned;
use crate::engine::index::Index;
use crate::engine::undo::mark;
use crate::model::address::Address;
use crate::model::capsule::Kept;
use crate::model::capsule::Place;
use crate::model::capsule::Stored;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::secret::Fingerprint;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was kept, by the addresses that are declared now.
pub(super) fn kept(planned: &Planned, all: Vec<Kept>) -> BTreeMap<Address, Kept> {
    let basis = &planned.basis;
    let index = Index::new(&basis.desired, &planned.ledger, &basis.state);
    let mut kept: BTreeMap<Address, Kept> = BTreeMap::new();
    let (declared, others): (Vec<Kept>, Vec<Kept>) =
        all.into_iter().partition(|one| basis.desired.resources.contains_key(&one.address.resource()));
    for one in declared.into_iter().chain(others) {
        let moves = basis.desired.moved.iter();
        let moved = moves
            .fold(one.address.clone(), |address, moved| address.renamed(&moved.from, &moved.to).unwrap_or(address));
        let found = match basis.desired.resources.contains_key(&moved.resource()) {
            true => None,
            false => relabelled(planned, &index, &moved, &one.place),
        };
        // Two of them can't be one.
        let address = found.filter(|found| !kept.contains_key(found)).unwrap_or(moved);
        kept.insert(address, one);
    }
    kept
}

/// The address that something has now whose label nothing declares any more, if exactly one is declared at its place.
fn relabelled(planned: &Planned, index: &Index<'_>, address: &Address, place: &Place) -> Option<Address> {
    match place {
        Place::Secret(stored) => secret(planned, index, address, stored),
        Place::Entry { called } => match (address.entry_key(), address.key()) {
            (Some(key), None) => Some(sync(planned, &address.resource(), called)?.entry(key)),
            _ => None,
        },
    }
}

fn secret(planned: &Planned, index: &Index<'_>, address: &Address, stored: &Stored) -> Option<Address> {
    // One that nobody declared is named by its project and is nobody's.
    if address.parent().is_some_and(|parent| parent.kind() == Kind::Project.word()) {
        return None;
    }
    let is_it = |resource: &&Resource| {
        let project = resource.reference("project").and_then(|project| index.project(project));
        resource.kind == Kind::Secret
            && !resource.is_data()
            && resource.text("key") == Some(&*stored.key)
            && resource.text("environment") == Some(&*stored.environment)
            && resource.text("path").unwrap_or("/") == &*stored.path
            && project.is_some_and(|live| live.slug == stored.project)
    };
    only(planned.basis.desired.resources.values().filter(is_it).map(|resource| &resource.address))
}

/// A sync whose records followed it to another label says so itself; of others the place does.
fn sync(planned: &Planned, old: &Address, called: &Arc<str>) -> Option<Address> {
    let name = old.to_string();
    let marked = planned.ledger.records.iter().find(|(_, record)| record.marked.as_deref() == Some(&*name));
    let followed = marked.map(|(address, _)| address.resource());
    let syncs = &planned.basis.wanted.syncs;
    followed
        .filter(|sync| syncs.contains_key(sync))
        .or_else(|| only(syncs.iter().filter(|(_, pushed)| pushed.called == *called).map(|(address, _)| address)))
}

fn only<'a>(mut found: impl Iterator<Item = &'a Address>) -> Option<Address> {
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one.clone()),
        _ => None,
    }
}

/// What the run left, as a fingerprint at the address that is declared now. `now` is the value that is there.
pub(super) fn left(planned: &Planned, address: &Address, one: &Kept, now: Option<&Secret>) -> Option<Fingerprint> {
    if one.address == *address {
        return one.left;
    }
    let as_it_was = now.filter(|value| Some(mark(planned, &one.address, &one.place, value)) == one.left);
    as_it_was.map(|value| mark(planned, address, &one.place, value)).or(one.left)
}
