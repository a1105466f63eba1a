//! What of drift can be put right without doing anything else, and why the rest stays.

use crate::model::address::Address;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::drift::Cause;
use crate::plan::drift::Finding;
use crate::plan::drift::Input;
use std::collections::BTreeMap;

/// Why a finding is not healed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// There is no row: what has to be mended is elsewhere.
    NoRow,
    /// It was not, or not only, changed outside.
    Cause(Cause),
    /// It is accepted for a while.
    Accepted,
    /// What is there is kept, and only the ledger would hear of it.
    Kept,
    /// It is in a hazard.
    Hazard(HazardKind),
    /// It could not be planned, or not all of it could be read.
    Unplanned,
    /// It would be written together with another finding, which stays.
    Beside(Address),
    /// It waits for a resource that stays.
    Needs(Address),
    /// It sets off a sync that stays.
    SetsOff(Address),
}

/// Why resources stay: those whose rows were not all changed outside, that need others which stay or set them off, and that are in
/// a hazard. What is accepted is left as it is, also by the backend, which pushes all keys of a sync at once.
fn bad(input: &Input<'_>, findings: &[Finding]) -> BTreeMap<Address, Stays> {
    let plan = input.plan;
    let mut bad: BTreeMap<Address, Stays> = BTreeMap::new();
    for hazard in &plan.hazards {
        bad.entry(hazard.address.resource()).or_insert(Stays::Hazard(hazard.kind));
    }
    for address in plan.blocked.keys().chain(plan.incomplete.keys()).chain(plan.missing.keys()) {
        bad.entry(address.resource()).or_insert(Stays::Unplanned);
    }
    for finding in findings.iter().filter(|finding| finding.row.is_some() && own(finding).is_some()) {
        bad.entry(finding.address.resource()).or_insert(Stays::Beside(finding.address.clone()));
    }
    loop {
        let before = bad.len();
        for change in &plan.changes {
            let resource = change.address.resource();
            let need = change.needs.iter().map(Address::resource).find(|need| bad.contains_key(need));
            let mut others = input.sets_off.get(&resource).into_iter().flatten();
            let why = match need {
                Some(need) => Some(Stays::Needs(need)),
                None => others.find(|sync| bad.contains_key(sync)).map(|sync| Stays::SetsOff(sync.clone())),
            };
            if let Some(why) = why {
                bad.entry(resource).or_insert(why);
            }
        }
        if bad.len() == before {
            return bad;
        }
    }
}

/// Why a finding stays whatever becomes of the others.
fn own(finding: &Finding) -> Option<Stays> {
    match finding.row {
        None => Some(Stays::NoRow),
        Some(_) if finding.cause != Cause::Outside => Some(Stays::Cause(finding.cause)),
        Some(_) if finding.accepted.is_some() => Some(Stays::Accepted),
        Some((Action::Adopt, _)) => Some(Stays::Kept),
        Some(_) => None,
    }
}

/// Why findings stay, by their places; those that can be healed have no entry.
#[must_use]
pub fn stays(input: &Input<'_>, findings: &[Finding]) -> BTreeMap<usize, Stays> {
    let bad = bad(input, findings);
    let why = |finding: &Finding| own(finding).or_else(|| bad.get(&finding.address.resource()).cloned());
    findings.iter().enumerate().filter_map(|(place, finding)| Some((place, why(finding)?))).collect()
}
