//! What targets ask for, and which rows they leave.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::places::Places;
use crate::plan::sets_off;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What targets ask for. A target brings along what it needs; with `destroy`, what needs it. What the backend itself
/// does because of them belongs to it as well: a sync with auto-sync pushes all of its keys as soon as something in
/// its source changes.
#[derive(Debug, Clone)]
pub struct Asked {
    targets: Vec<Address>,
    destroy: bool,
    along: BTreeSet<Address>,
    /// Syncs that the backend runs, and whose entries all belong to it.
    run: BTreeSet<Address>,
}

impl Asked {
    /// What the targets name, with what goes along.
    #[must_use]
    pub fn of(desired: &Desired, ledger: &Ledger, targets: &[Address], destroy: bool) -> Self {
        let nodes = desired.resources.keys().chain(ledger.records.keys()).filter(|_| !targets.is_empty());
        let roots: BTreeSet<Address> = nodes
            .filter(|node| node.entry_key().is_none())
            .filter(|node| targets.iter().any(|target| node.is_within(target) || *node == &target.resource()))
            .cloned()
            .collect();
        let along = if destroy { dependents(desired, ledger, roots) } else { desired.graph.closure(roots) };
        let is_run = |address: &&Address| desired.resources.get(*address).is_some_and(sets_off::is_run_by_backend);
        let run = along.iter().filter(is_run).cloned().collect();
        Self { targets: targets.to_vec(), destroy, along, run }
    }

    /// Whether a resource belongs to it.
    #[must_use]
    pub fn resource(&self, address: &Address) -> bool {
        self.targets.is_empty()
            || self.along.contains(address)
            || self.targets.iter().any(|target| address.is_within(target))
    }

    /// Whether entries of a sync may belong to it.
    pub(super) fn entries(&self, sync: &Address) -> bool {
        self.resource(sync) || self.run.contains(sync)
    }

    /// Whether a row belongs to it.
    fn row(&self, address: &Address) -> bool {
        if address.entry_key().is_none() {
            return self.resource(address);
        }
        let sync = address.resource();
        // With `destroy`, the entries of a sync that ends go with it.
        self.targets.iter().any(|target| address.is_within(target))
            || self.run.contains(&sync)
            || self.destroy && self.along.contains(&sync)
    }

    /// Takes in the syncs that the backend will run because of the rows of resources that belong to it.
    pub(super) fn set_off(&mut self, plan: &Plan, input: &Input<'_>) {
        if !self.targets.is_empty() && !self.destroy {
            let own = plan.changes.iter().filter(|change| self.resource(&change.address));
            let run = sets_off::syncs(input, own);
            self.run.extend(run);
        }
    }
}

/// Drops the rows that the targets do not ask for. What would be run by the backend as it is, and is to be changed
/// besides, can't be foretold: it must be a target as well.
pub fn narrow(plan: &mut Plan, input: &Input<'_>, asked: &Asked) {
    if input.targets.is_empty() {
        return;
    }
    let own: Vec<Address> =
        plan.changes.iter().map(|change| &change.address).filter(|a| a.entry_key().is_none()).cloned().collect();
    for sync in own.into_iter().filter(|sync| asked.run.contains(sync) && !asked.resource(sync)) {
        let detail =
            format!("The backend runs {sync} because of what this changes, and {sync} is to be changed itself.");
        let d = Diagnostic::error(&codes::TARGET_SETS_OFF, detail);
        let d = match input.desired.resources.get(&sync) {
            Some(resource) => d.at(resource.origin.block, "declared here"),
            None => d,
        };
        let d = d.help(format!("add `--target {sync}`, or apply that first"));
        plan.changes.retain(|change| change.address.resource() != sync);
        plan.blocked.insert(sync, d);
    }
    let keep = |address: &Address| asked.row(address);
    let known = |address: &Address| asked.row(address) || asked.run.contains(address);
    plan.changes.retain(|change| keep(&change.address));
    plan.blind.retain(|address, _| known(address));
    plan.blocked.retain(|address, _| known(address));
    plan.incomplete.retain(|address, _| known(address));
    plan.missing.retain(|address, _| known(address));
}

/// Everything that needs one of these, directly or not, or is in one of them, these included.
fn dependents(desired: &Desired, ledger: &Ledger, roots: BTreeSet<Address>) -> BTreeSet<Address> {
    let mut above: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for edge in desired.graph.edges() {
        above.entry(edge.to).or_default().push(edge.from);
    }
    let places = Places::of(ledger.records.iter().map(|(address, record)| (address, &record.natural)));
    for (address, record) in &ledger.records {
        if let Some(container) = places.nearest(address, &record.natural) {
            above.entry(container.clone()).or_default().push(address.clone());
        }
    }
    let mut open: Vec<Address> = roots.iter().cloned().collect();
    let mut all = roots;
    while let Some(address) = open.pop() {
        for next in above.get(&address).into_iter().flatten() {
            if all.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    all
}
