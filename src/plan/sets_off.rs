//! What the backend does by itself because of a plan's rows: it runs syncs whose source they change. Those that the
//! plan changes as well pause meanwhile.

use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::job::InitialSync;
use crate::model::ledger::Ledger;
use crate::model::resource::AUTO_SYNC;
use crate::model::resource::CREDENTIALS;
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
        seen.is_some_and(|seen| seen.attrs.get(AUTO_SYNC).and_then(|on| on.as_bool()) != Some(false))
    };
    let pushed_from = |address: &Address| {
        let natural = &input.ledger.records.get(address)?.natural;
        let part = |name: &str| natural.get(name).cloned();
        Some([part("project")?, part("environment")?, part("path")?])
    };
    let syncs = input.wanted.syncs.iter().filter(|(address, pushed)| {
        let is_run = input.desired.resources.get(*address).is_some_and(is_run_by_backend);
        // Until its own row is done it pushes what it did before.
        let pushes =
            || !pushed.folders.is_disjoint(&places) || pushed_from(address).is_some_and(|was| places.contains(&was));
        is_run && is_on(address) && (pushed.moves || pushes())
    });
    syncs.map(|(address, _)| address.clone()).collect()
}

/// The same, with what first runs of new syncs take into their folders.
pub fn touched<'c>(
    desired: &Desired,
    ledger: &Ledger,
    changes: impl Iterator<Item = &'c Change> + Clone,
) -> BTreeSet<[Arc<str>; 3]> {
    let importing = changes.clone().filter(|change| matches!(change.action, Action::Create | Action::Replace));
    let importing = importing.filter_map(|change| desired.resources.get(&change.address)).filter(|resource| {
        let first = resource.text("initial_sync").and_then(InitialSync::from_word);
        is_run_by_backend(resource) && first.is_some_and(InitialSync::imports)
    });
    let mut places: BTreeSet<[Arc<str>; 3]> = importing.filter_map(|resource| place(desired, resource)).collect();
    places.extend(self::places(desired, ledger, changes));
    places
}

/// Whether a connection leads elsewhere, or with other credentials, once its row is done.
#[must_use]
pub fn leads_elsewhere(change: &Change) -> bool {
    let is_of_access = |name: &str| name == "method" || name.split('.').next() == Some(CREDENTIALS);
    match change.action {
        Action::Replace => true,
        Action::Update => change.fields.iter().any(|field| is_of_access(&field.name)),
        Action::Create | Action::Delete | Action::Adopt | Action::Forget => false,
    }
}

/// The syncs that must not start by themselves until their own row, or that of their connection, is done, because other
/// rows change secrets of their project: as they are they would push what is meant for what they will be.
#[must_use]
pub fn paused(desired: &Desired, ledger: &Ledger, changes: &[Change]) -> BTreeSet<Address> {
    let projects = |places: BTreeSet<[Arc<str>; 3]>| -> BTreeSet<Arc<str>> {
        places.into_iter().map(|[project, ..]| project).collect()
    };
    let any = projects(touched(desired, ledger, changes.iter()));
    // One that ends does so before anything is deleted in its source, and after all else.
    let made = projects(touched(desired, ledger, changes.iter().filter(|change| change.action != Action::Delete)));
    let is_in = |address: &Address, sources: &BTreeSet<Arc<str>>| {
        let recorded = ledger.records.get(address).and_then(|record| record.natural.get("project").cloned());
        let declared = desired.resources.get(address).and_then(|r| place(desired, r)).map(|[project, ..]| project);
        recorded.into_iter().chain(declared).any(|project| sources.contains(&project))
    };
    let is_paused = |change: &&Change| match change.action {
        Action::Update | Action::Replace => is_in(&change.address, &any),
        Action::Delete => is_in(&change.address, &made),
        Action::Create | Action::Adopt | Action::Forget => false,
    };
    let own = changes.iter().filter(|change| change.address.kind() == Kind::SecretSync.word());
    let moving: BTreeSet<&Address> = changes.iter().filter(|c| leads_elsewhere(c)).map(|c| &c.address).collect();
    let moved = desired.resources.values().filter(|resource| {
        is_run_by_backend(resource)
            && resource.reference("connection").is_some_and(|connection| moving.contains(connection))
            && is_in(&resource.address, &any)
    });
    own.filter(is_paused).map(|change| change.address.clone()).chain(moved.map(|r| r.address.clone())).collect()
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
