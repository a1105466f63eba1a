//! What a sync that ends, or leaves its place, takes along from there, where another one writes as well.
//!
//! The backend takes away every key that its source has, whoever wrote it. What another sync has there and writes in
//! the same plan is written after that; what is right, and so has no row, would be lost until the next plan. And what is
//! taken along is not wiped besides by the one that comes.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::job;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Pushed;
use crate::plan::Reason;
use crate::plan::entries::named;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Blocks the syncs that would take along what others have there and do not write again, and drops the rows of keys
/// that would be wiped besides.
pub(super) fn judge(plan: &mut Plan, input: &Input<'_>) {
    if input.wanted.taken.is_empty() {
        return;
    }
    let rows: BTreeMap<&Address, Action> = plan.changes.iter().map(|change| (&change.address, change.action)).collect();
    let goes = |sync: &Address| matches!(rows.get(sync), Some(Action::Delete | Action::Replace));
    let (mut blocked, mut twice) = (BTreeMap::new(), BTreeSet::new());
    for (sync, taken) in input.wanted.taken.iter().filter(|(sync, _)| goes(sync)) {
        let Ok(taken) = taken else { continue };
        let others = input.desired.syncs().filter(|other| other.address != *sync);
        let others = others.filter_map(|other| Some((other, input.wanted.syncs.get(&other.address)?)));
        for (other, pushed) in others.filter(|(_, pushed)| pushed.place == taken.place) {
            let entry = |key: &str| other.address.entry(key);
            twice.extend(taken.keys.keys().map(|key| entry(key)));
            let held = held(pushed);
            let lost =
                |key: &&Arc<str>| held.contains(&job::identity(&pushed.rules, key)) && !rows.contains_key(&entry(key));
            let lost: Vec<&Arc<str>> = taken.keys.keys().filter(lost).collect();
            if !lost.is_empty() && !goes(&other.address) {
                blocked.entry(sync.clone()).or_insert_with(|| takes(input, sync, other, pushed, &lost));
            }
        }
    }
    plan.changes.retain(|change| {
        let is_twice = change.reason == Reason::Wipe && twice.contains(&change.address);
        !is_twice && !blocked.contains_key(&change.address.resource())
    });
    plan.blocked.extend(blocked);
}

/// The keys that a sync writes, as its destination tells them apart.
fn held(pushed: &Pushed) -> BTreeSet<Arc<str>> {
    let stored = |name: &Arc<str>| job::stored(&pushed.schema, &pushed.rules, name);
    pushed.source.keys().map(|name| job::identity(&pushed.rules, &stored(name))).collect()
}

fn takes(input: &Input<'_>, sync: &Address, other: &Resource, pushed: &Pushed, lost: &[&Arc<str>]) -> Diagnostic {
    let detail = format!(
        "The backend would take {} away with {sync} from {}, where {} writes the same and this plan would not put it back.",
        named(lost),
        pushed.called,
        other.address
    );
    let d = Diagnostic::error(&codes::TAKEN_ALONG, detail);
    let (d, keep) = match input.desired.resources.get(sync) {
        Some(resource) => (d.at(resource.origin.block, "this takes them along"), "declare it"),
        None => (d, "declare it again"),
    };
    d.at(other.origin.block, "this has them there")
        .help(format!("{keep} with `on_delete = \"keep\"` and apply that first: then it goes and leaves the keys"))
}
