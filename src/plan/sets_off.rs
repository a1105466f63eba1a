//! What the backend does by itself because of a plan's rows: it runs syncs whose source they change. Those that the
//! plan changes as well pause meanwhile.

use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Input;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The places whose secrets these rows change: project, environment and path, as the ledger and as the configuration calls them.
pub fn places<'c>(
    desired: &Desired,
    ledger: &Ledger,
    changes: impl Iterator<Item = &'c Change>,
) -> BTreeSet<[Arc<str>; 3]> {
    let sources = [Kind::Secret.word(), Kind::SecretImport.word()];
    let touches = |change: &&Change| {
        !matches!(change.action, Action::Adopt | Action::Forget) && sources.contains(&change.address.kind())
    };
    let mut places = BTreeSet::new();
    for change in changes.filter(touches) {
        let record = ledger.records.get(&change.address).map(|record| &record.natural);
        let part = |name: &str| record?.get(name).cloned();
        places.extend(part("project").zip(part("environment")).zip(part("path")).map(|((p, e), path)| [p, e, path]));
        places.extend(desired.resources.get(&change.address).and_then(|r| place(desired, r)));
    }
    places
}

/// The declared syncs that the backend runs by itself because of these rows.
pub fn syncs<'c>(input: &Input<'_>, changes: impl Iterator<Item = &'c Change>) -> BTreeSet<Address> {
    let places = places(input.desired, input.ledger, changes);
    let is_on = |address: &Address| {
        let seen = input.live.resources.get(address);
        seen.is_some_and(|seen| seen.attrs.get("auto_sync").and_then(|on| on.as_bool()) != Some(false))
    };
    let syncs = input.wanted.syncs.iter().filter(|(address, pushed)| {
        let is_run = input.desired.resources.get(*address).is_some_and(is_run_by_backend);
        is_run && is_on(address) && (pushed.moves || !pushed.folders.is_disjoint(&places))
    });
    syncs.map(|(address, _)| address.clone()).collect()
}

/// The syncs that must not start by themselves until their own row is done, because other rows change secrets of their
/// project: with the settings that they have they would push what is meant for the new ones.
#[must_use]
pub fn paused(desired: &Desired, ledger: &Ledger, changes: &[Change]) -> BTreeSet<Address> {
    let projects = |changes: &mut dyn Iterator<Item = &Change>| -> BTreeSet<Arc<str>> {
        places(desired, ledger, changes).into_iter().map(|[project, ..]| project).collect()
    };
    let touched = projects(&mut changes.iter());
    // One that ends does so before anything is deleted in its source, and after all else.
    let made = projects(&mut changes.iter().filter(|change| change.action != Action::Delete));
    let is_paused = |change: &&Change| {
        let sources = match change.action {
            Action::Update | Action::Replace => &touched,
            Action::Delete => &made,
            Action::Create | Action::Adopt | Action::Forget => return false,
        };
        let recorded = ledger.records.get(&change.address).and_then(|record| record.natural.get("project").cloned());
        let declared =
            desired.resources.get(&change.address).and_then(|r| place(desired, r)).map(|[project, ..]| project);
        recorded.into_iter().chain(declared).any(|project| sources.contains(&project))
    };
    let own = changes.iter().filter(|change| change.address.kind() == Kind::SecretSync.word());
    own.filter(is_paused).map(|change| change.address.clone()).collect()
}

/// Project, environment and path that a resource is in, as the configuration calls them.
#[must_use]
pub fn place(desired: &Desired, resource: &Resource) -> Option<[Arc<str>; 3]> {
    let project = desired.resources.get(resource.reference("project")?)?.text("slug")?;
    let (environment, path) = (resource.text("environment")?, resource.text("path").unwrap_or("/"));
    Some([project.into(), environment.into(), path.into()])
}

/// Whether the backend has a sync and runs it.
#[must_use]
pub fn is_run_by_backend(resource: &Resource) -> bool {
    resource.kind == Kind::SecretSync && !resource.is_data() && resource.text("run") != Some("keyform")
}
