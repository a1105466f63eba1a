//! Entries of syncs that end, or leave their place.

use crate::diag::Diagnostic;
use crate::model::address::Address;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::entries::Records;
use crate::plan::entries::end;
use crate::plan::entries::secret;
use crate::plan::entries::shown;
use crate::plan::entries::value;
use crate::secret::Fingerprint;
use std::collections::BTreeMap;

/// Entries of syncs that end, or are no longer declared.
pub(super) fn ended(plan: &mut Plan, input: &Input<'_>, owned: &BTreeMap<Address, Records<'_>>) {
    let resources = plan.changes.iter().filter(|change| change.address.entry_key().is_none());
    let rows: BTreeMap<Address, Action> = resources.map(|c| (c.address.clone(), c.action)).collect();
    for (sync, records) in owned {
        let record = input.ledger.records.get(sync);
        let row = rows.get(sync).copied();
        if record.is_some() && row.is_none() {
            // The sync could not be read, so nothing is said about what it wrote.
            continue;
        }
        let resource = input.desired.resources.get(sync);
        let removes = match resource {
            Some(resource) => resource.text("on_delete") == Some("remove"),
            None => record.is_some_and(|record| record.removes),
        };
        let listing = input.live.destinations.get(sync);
        // The backend takes them away with its sync; keyform itself must have seen them.
        let backend_removes = row == Some(Action::Delete);
        let keyform_removes = record.is_none() && resource.is_some() && listing.is_some();
        let is_partial = listing.is_some_and(|listing| listing.partial.is_some());
        let removes = removes && (backend_removes || keyform_removes) && !is_partial;
        for (key, (address, _)) in records {
            let seen = listing.map(|listing| listing.entries.get(*key));
            let change = match seen {
                _ if !removes => end(address, Action::Forget, Reason::Kept, Vec::new()),
                Some(None) => end(address, Action::Forget, Reason::Gone, Vec::new()),
                Some(sighting) => {
                    end(address, Action::Delete, Reason::Removed, vec![value(shown(sighting), Shown::Absent)])
                }
                None => end(address, Action::Delete, Reason::Removed, vec![value(Shown::Unknown, Shown::Absent)]),
            };
            plan.changes.push(change);
        }
    }
    let ends = |sync: &Address| rows.get(sync) == Some(&Action::Delete);
    for sync in input.wanted.taken.keys().filter(|sync| ends(sync)) {
        let records = owned.get(sync).cloned().unwrap_or_default();
        let strangers = strangers(&mut plan.incomplete, input, sync, &records);
        plan.changes.extend(strangers);
    }
}

/// Keys that a sync takes away when it ends although keyform did not write them: secrets that somebody added to its source.
pub(super) fn strangers(
    incomplete: &mut BTreeMap<Address, Diagnostic>,
    input: &Input<'_>,
    sync: &Address,
    records: &Records<'_>,
) -> Vec<Change> {
    match input.wanted.taken.get(sync) {
        None => Vec::new(),
        Some(Err(why)) => {
            incomplete.insert(sync.clone(), why.clone());
            Vec::new()
        }
        Some(Ok(taken)) => {
            let foreign = taken.keys.iter().filter(|(key, _)| !records.contains_key(&***key));
            let shown = |mark: &Option<Fingerprint>| vec![value(secret(*mark), Shown::Absent)];
            foreign.map(|(key, mark)| end(&sync.entry(key), Action::Delete, Reason::Wipe, shown(mark))).collect()
        }
    }
}
