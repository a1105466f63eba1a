//! The way back from a run: what its capsule holds, compared with what is there now. How it is done is in `apply`, which
//! treats the way back as any plan.

mod places;
mod present;

use crate::backend::read;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::apply::sync::is_auto;
use crate::engine::effective;
use crate::engine::effective::Imported;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::index::Index;
use crate::engine::planned;
use crate::engine::pushing::Loss;
use crate::engine::secrets;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::capsule::Capsule;
use crate::model::capsule::Kept;
use crate::model::capsule::Note;
use crate::model::capsule::Owner;
use crate::model::capsule::Place;
use crate::model::capsule::Stored;
use crate::model::desired::Desired;
use crate::model::job;
use crate::model::ledger::Ledger;
use crate::model::ledger::VALUE;
use crate::plan;
use crate::plan::Action;
use crate::plan::Hazard;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::Shown;
use crate::plan::attributes;
use crate::plan::undo::Echo;
use crate::plan::undo::Hear;
use crate::plan::undo::Now;
use crate::plan::undo::Past;
use crate::secret::Fingerprint;
use crate::secret::Secret;
use crate::secret::seal::Identity;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is put back, and what is there now.
pub(super) struct Back {
    note: Note,
    /// By the addresses of the plan's rows.
    kept: BTreeMap<Address, Kept>,
    /// What would be overwritten.
    now: BTreeMap<Address, Secret>,
    /// Syncs that the backend runs by itself because of it.
    pushing: BTreeSet<Address>,
    /// Syncs that will push something else over what is put back.
    overruled: BTreeSet<Address>,
    /// Whether nothing of the run is left out.
    whole: bool,
}

/// What of a run is undone, and how far.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Only these; empty for everything.
    pub targets: Vec<Address>,
    /// Also what has changed since: the number of such values that was said.
    pub overwrite: Option<usize>,
    /// The command that asks for it once more.
    pub again: String,
}

impl Back {
    /// The run that this is the way back from.
    pub(super) fn run(&self) -> &str {
        &self.note.run
    }

    /// What was kept of a row's address; it may have had another one then.
    pub(super) fn kept(&self, address: &Address) -> Option<&Kept> {
        self.kept.get(address)
    }

    /// What the way back itself overwrites.
    pub(super) fn taken(&self, planned: &Planned) -> Vec<Kept> {
        let rows = planned.plan.changes.iter().filter(|change| change.action == Action::Update);
        let taken = rows.filter_map(|change| {
            let (address, kept) = (&change.address, self.kept.get(&change.address)?);
            let record = planned.ledger.records.get(address);
            Some(Kept {
                address: address.clone(),
                place: kept.place.clone(),
                value: self.now.get(address)?.clone(),
                left: change.fields.iter().find(|field| *field.name == *VALUE).and_then(|field| match field.after {
                    Shown::Secret(fingerprint) => Some(fingerprint),
                    _ => None,
                }),
                owner: record.map_or(Owner::Other, |record| Owner::Keyform(record.clone())),
            })
        });
        taken.collect()
    }
}

impl Planned {
    /// The syncs that the backend runs by itself because of the way back; `None` of the plan of a configuration.
    #[must_use]
    pub fn pushed_back(&self) -> Option<&BTreeSet<Address>> {
        self.back.as_ref().map(|back| &back.pushing)
    }

    /// The syncs that will push something else over what is put back, as soon as their source changes.
    pub fn overruled(&self) -> impl Iterator<Item = &Address> {
        self.back.iter().flat_map(|back| &back.overruled)
    }

    /// The run that this is the way back from, if nothing of it is left out.
    #[must_use]
    pub fn undoes(&self) -> Option<Note> {
        let back = self.back.as_ref().filter(|back| back.whole && self.plan.blocked.is_empty())?;
        Some(back.note.clone())
    }
}

impl Engine {
    /// See [`crate::ledger::capsules::Capsules::notes`].
    ///
    /// # Errors
    /// Nothing can be read.
    pub async fn notes(&self) -> Result<(Vec<Note>, Vec<Diagnostic>), Diagnostic> {
        self.keeper.capsules().notes().await
    }

    /// Opens the capsule of a run.
    ///
    /// # Errors
    /// It can't be opened, or the ledger can't be read.
    pub async fn capsule(&self, note: &Note, identities: &[Identity]) -> Result<Capsule, Diagnostic> {
        let (_, key) = self.keeper.load().await?;
        self.keeper.capsules().open(note, identities, &key).await
    }

    /// Says that all of a run was put back.
    ///
    /// # Errors
    /// That can't be written.
    pub async fn was_undone(&self, note: &Note) -> Result<(), Diagnostic> {
        match &self.lock {
            Some(lock) => self.keeper.capsules().undone(lock, note, &super::open::now()).await,
            None => Ok(()),
        }
    }

    /// Plans the way back from a run. Writes nothing.
    ///
    /// # Errors
    /// Nothing could be read at all.
    pub async fn way_back(
        &self,
        desired: &Arc<Desired>,
        capsule: Capsule,
        wish: &Wish,
    ) -> Result<Planned, Diagnostics> {
        way_back(self, desired, capsule, wish).await
    }
}

async fn way_back(
    engine: &Engine,
    desired: &Arc<Desired>,
    capsule: Capsule,
    wish: &Wish,
) -> Result<Planned, Diagnostics> {
    let mut planned = planned::plan(engine, desired, &Scope::default()).await?;
    let total = capsule.kept.len();
    let is_asked = |address: &Address, kept: &Kept| {
        let is_in = |target: &Address| address.is_within(target) || kept.address.is_within(target);
        wish.targets.is_empty() || wish.targets.iter().any(is_in)
    };
    let mut kept = present::kept(&planned, capsule.kept);
    kept.retain(|address, one| is_asked(address, one));
    let whole = kept.len() == total;
    let folders = read_folders(engine, &kept).await;
    // The number that is given is that of one of two plans: of the one that leaves alone what has changed since, or of the one
    // that does not. So each number that a plan names is the one that it takes.
    let all = Draft::make(&planned, desired, &folders, &kept, true);
    let number = all.number();
    let Draft { mut plan, kept, now, pushes, writes } = match wish.overwrite {
        Some(given) if given == number => all,
        given => {
            let some = Draft::make(&planned, desired, &folders, &kept, false);
            if given.is_none_or(|given| given == some.number()) { some } else { all }
        }
    };
    plan::undo::say_number(&mut plan, number);
    let gone = |address: &Address| match &kept.get(address)?.place {
        Place::Secret(stored) => {
            let found = folders.get(&folder(stored))?;
            matches!(found, Err(why) if why.code == &codes::NEED_MISSING).then_some(stored)
        }
        Place::Entry { .. } => None,
    };
    let lost: Vec<&Stored> = plan.blocked.keys().filter_map(gone).collect();
    let first = places::first(desired, lost, &wish.again);
    let no_way = plan.blocked.iter_mut().filter(|(_, why)| why.code == &codes::NO_WAY_BACK);
    for (_, why) in no_way.filter(|(address, _)| gone(address).is_some()) {
        why.help = Some(first.clone());
    }
    let policy = &desired.policy.allow;
    let losses = losses(engine, desired, &kept, &writes).await?;
    plan.hazards.extend(losses.into_iter().map(|loss| Hazard {
        kind: loss.kind,
        count: loss.count,
        detail: format!("The backend pushes at once: {}.", loss.detail),
        allowed: accepts(policy, loss.kind),
        address: loss.address,
    }));
    plan.blind = planned.plan.blind.clone();
    plan.blind.retain(|sync, _| pushes.by_itself.contains(sync));
    plan.undo.asked = desired.settings.undo.is_some();
    plan.undo.kept = plan.changes.iter().filter(|change| change.action == Action::Update).count();
    let overruled = pushes.overruled(&planned, &plan, &kept);
    planned.notes.clear();
    planned.requests = engine.reached.http.requests();
    let pushing = pushes.by_itself;
    planned.back = Some(Back { note: capsule.note, kept, now, pushing, overruled, whole });
    plan.backend = std::mem::take(&mut planned.plan.backend);
    planned.plan = plan;
    Ok(planned)
}

fn accepts(list: &[Arc<str>], kind: HazardKind) -> bool {
    list.iter().any(|word| **word == *kind.word())
}

/// A plan of the way back, and what it is made of.
struct Draft {
    plan: Plan,
    /// By the addresses of the plan's rows.
    kept: BTreeMap<Address, Kept>,
    now: BTreeMap<Address, Secret>,
    pushes: Pushes,
    /// The secrets that are written.
    writes: BTreeSet<Address>,
}

impl Draft {
    /// `overwrite` says whether what has changed since is overwritten.
    fn make(
        planned: &Planned,
        desired: &Desired,
        folders: &Folders,
        kept: &BTreeMap<Address, Kept>,
        overwrite: bool,
    ) -> Self {
        let (mut now, mut past) = (BTreeMap::new(), Vec::new());
        for (address, one) in kept {
            if let Place::Secret(stored) = &one.place {
                let look = secret(folders, address, stored);
                past.push(self::past(planned, address, one, look, &mut now));
            }
        }
        // What the secrets set off decides what becomes of the entries.
        let secrets = plan::undo::way_back(&past, overwrite, |_| false);
        let writes: BTreeSet<Address> = secrets
            .changes
            .iter()
            .filter(|change| matches!(change.action, Action::Create | Action::Update))
            .map(|change| change.address.clone())
            .collect();
        let pushes = Pushes::of(planned, kept, &writes);
        let mut kept = kept.clone();
        for (address, value) in pushes.besides(planned, &kept) {
            // It stays what it is to the ledger: the backend writes it, and only because of others.
            let place = Place::Entry { called: planned.basis.wanted.syncs[&address.resource()].called.clone() };
            let left = planned.ledger.records.get(&address).and_then(|record| record.written.get(VALUE)).copied();
            kept.insert(address.clone(), Kept { address, place, value, left, owner: Owner::Apart });
        }
        for (address, one) in &kept {
            if let Place::Entry { called } = &one.place {
                let look = entry(planned, address, called);
                past.push(Past {
                    echo: pushes.does(planned, address, &one.value),
                    needs: source(planned, &address.resource(), &kept),
                    ..self::past(planned, address, one, look, &mut now)
                });
            }
        }
        let allowed = |address: &Address| {
            let own = desired.resources.get(address);
            own.is_some_and(|resource| accepts(&resource.allow, HazardKind::Takeover))
                || accepts(&desired.policy.allow, HazardKind::Takeover)
        };
        let plan = plan::undo::way_back(&past, overwrite, allowed);
        Self { plan, kept, now, pushes, writes }
    }

    /// The number with which the command line allows what it overwrites; where the configuration allows all of it, any does.
    fn number(&self) -> usize {
        let taken = || self.plan.hazards.iter().filter(|hazard| hazard.kind == HazardKind::Takeover);
        match taken().filter(|hazard| !hazard.allowed).map(|hazard| hazard.count).sum() {
            0 => taken().map(|hazard| hazard.count).sum(),
            open => open,
        }
    }
}

/// What a value was, and what a look says of it; the value that is there is put aside.
fn past(
    planned: &Planned,
    address: &Address,
    one: &Kept,
    look: Result<Option<Secret>, Diagnostic>,
    now: &mut BTreeMap<Address, Secret>,
) -> Past {
    let seen = known(look, address, &|value| mark(planned, address, &one.place, value), now);
    Past {
        address: address.clone(),
        before: mark(planned, address, &one.place, &one.value),
        left: present::left(planned, address, one, now.get(address)),
        now: seen,
        hear: hear(&planned.ledger, address, one, written(planned, address, &one.place, &one.value)),
        echo: Echo::None,
        needs: Vec::new(),
    }
}

/// What a look says, with the value put aside.
fn known(
    look: Result<Option<Secret>, Diagnostic>,
    address: &Address,
    mark: &dyn Fn(&Secret) -> Fingerprint,
    now: &mut BTreeMap<Address, Secret>,
) -> Now {
    match look {
        Ok(Some(value)) => {
            let seen = Now::Value(mark(&value));
            now.insert(address.clone(), value);
            seen
        }
        Ok(None) => Now::Absent,
        Err(why) => Now::Unknown(why),
    }
}

/// What the backend will push once secrets are put back.
struct Pushes {
    /// The syncs that it runs at once because of them.
    by_itself: BTreeSet<Address>,
    /// What each sync that it ever runs by itself will push, by the key at the destination.
    sources: BTreeMap<Address, BTreeMap<Arc<str>, Option<Secret>>>,
}

impl Pushes {
    fn of(planned: &Planned, kept: &BTreeMap<Address, Kept>, writes: &BTreeSet<Address>) -> Self {
        let basis = &planned.basis;
        let index = Index::new(&basis.desired, &planned.ledger, &basis.state);
        let (mut by_itself, mut sources) = (BTreeSet::new(), BTreeMap::new());
        for (sync, pushed) in &basis.wanted.syncs {
            let Some(resource) = basis.desired.resources.get(sync) else { continue };
            let Some(project) = resource.reference("project") else { continue };
            if resource.text("run") == Some("keyform") || !is_auto(resource) {
                continue;
            }
            let is_live = planned::live_sync(&index, resource).is_some();
            if is_live && source(planned, sync, kept).iter().any(|secret| writes.contains(secret)) {
                by_itself.insert(sync.clone());
            }
            let mut view = View::new(&index, &basis.resolved, project, When::Now, &|_| true);
            for one in kept.iter().filter(|(address, _)| writes.contains(*address)).map(|(_, one)| one) {
                let Place::Secret(stored) = &one.place else { continue };
                let is_here = index.project(project).is_some_and(|live| live.slug == stored.project);
                if is_here {
                    let place = effective::place(&stored.environment, &stored.path);
                    let secrets = BTreeMap::from([(stored.key.clone(), Some(one.value.clone()))]);
                    view.take(&Imported { project: project.clone(), sync: sync.clone(), place, secrets });
                }
            }
            let at = (resource.text("environment").unwrap_or(""), resource.text("path").unwrap_or("/"));
            // Where it can't be read nothing can be said, and nothing will be pushed.
            let Ok(found) = view.source(at.0, at.1) else { continue };
            let stored = |key: Arc<str>| job::stored(&pushed.schema, &pushed.rules, &key);
            sources.insert(sync.clone(), found.into_iter().map(|(key, value)| (stored(key), value)).collect());
        }
        Self { by_itself, sources }
    }

    /// What is pushed besides what was kept, and is not there yet.
    fn besides(&self, planned: &Planned, kept: &BTreeMap<Address, Kept>) -> Vec<(Address, Secret)> {
        let mut besides = Vec::new();
        for sync in &self.by_itself {
            let (Some(source), Some(pushed)) = (self.sources.get(sync), planned.basis.wanted.syncs.get(sync)) else {
                continue;
            };
            for (key, value) in source.iter().filter(|(key, _)| !pushed.refused.contains_key(*key)) {
                let address = sync.entry(key);
                let (Some(value), false) = (value, kept.contains_key(&address)) else { continue };
                match entry(planned, &address, &pushed.called) {
                    Ok(now) if now.as_ref() != Some(value) => besides.push((address, value.clone())),
                    // It is there, or it can't be read: that the sync pushes is told.
                    _ => {}
                }
            }
        }
        besides
    }

    /// What becomes of an entry that is to have a value.
    fn does(&self, planned: &Planned, address: &Address, value: &Secret) -> Echo {
        match self.brings_other(planned, address, value) {
            _ if !self.by_itself.contains(&address.resource()) => Echo::None,
            true => Echo::Other,
            false => Echo::Same,
        }
    }

    /// Whether the sync of an entry has something else for it than this value, or nothing.
    fn brings_other(&self, planned: &Planned, address: &Address, value: &Secret) -> bool {
        let (sync, Some(key)) = (address.resource(), address.entry_key()) else { return false };
        let rules = planned.basis.wanted.syncs.get(&sync).map(|pushed| pushed.rules.clone()).unwrap_or_default();
        let is_it = |other: &&Arc<str>| job::identity(&rules, other) == job::identity(&rules, key);
        let Some(source) = self.sources.get(&sync) else { return false };
        let pushed = source.keys().find(is_it).and_then(|key| source.get(key)?.as_ref());
        pushed != Some(value)
    }

    /// The syncs that will push something else over entries that are put back, as soon as their source changes.
    fn overruled(&self, planned: &Planned, plan: &Plan, kept: &BTreeMap<Address, Kept>) -> BTreeSet<Address> {
        let is_overruled =
            |address: &Address| kept.get(address).is_some_and(|kept| self.brings_other(planned, address, &kept.value));
        let addresses = plan.changes.iter().map(|change| &change.address);
        addresses.filter(|address| is_overruled(address)).map(Address::resource).collect()
    }
}

/// A folder of the backend, and what it holds.
type Folders = BTreeMap<secrets::Place, Result<BTreeMap<Arc<str>, Option<Secret>>, Diagnostic>>;

/// Where a secret is.
pub(super) fn folder(stored: &Stored) -> secrets::Place {
    let Stored { project, environment, path, .. } = stored;
    secrets::Place { project: project.to_string(), environment: environment.to_string(), path: path.to_string() }
}

async fn read_folders(engine: &Engine, kept: &BTreeMap<Address, Kept>) -> Folders {
    let mut folders = Folders::new();
    for one in kept.values() {
        let Place::Secret(stored) = &one.place else { continue };
        let place = folder(stored);
        if folders.contains_key(&place) {
            continue;
        }
        let found = match engine.find(&place).await {
            Ok(at) => read::folder_secrets(&engine.reached.backend, &at).await,
            Err(why) => Err(why),
        };
        let by_key = |all: Vec<crate::backend::state::Stored>| all.into_iter().map(|s| (s.key, s.value)).collect();
        folders.insert(place, found.map(by_key));
    }
    folders
}

/// The value that a secret has now.
fn secret(folders: &Folders, address: &Address, stored: &Stored) -> Result<Option<Secret>, Diagnostic> {
    match folders.get(&folder(stored)) {
        Some(Ok(found)) => match found.get(&stored.key) {
            Some(Some(value)) => Ok(Some(value.clone())),
            Some(None) => Err(no_way(address, "its value is hidden from this identity")),
            None => Ok(None),
        },
        Some(Err(why)) => Err(no_way(address, &why.detail)),
        None => Err(no_way(address, "its folder was not read")),
    }
}

/// The value that an entry has now.
fn entry(planned: &Planned, address: &Address, called: &Arc<str>) -> Result<Option<Secret>, Diagnostic> {
    let sync = address.resource();
    let (Some(key), None) = (address.entry_key(), address.key()) else {
        return Err(no_way(address, "its sync writes elsewhere now"));
    };
    let basis = &planned.basis;
    let (Some(opened), Some(pushed)) = (basis.opened.get(&sync), basis.wanted.syncs.get(&sync)) else {
        return Err(no_way(address, "its sync is not declared"));
    };
    if pushed.called != *called {
        return Err(no_way(address, &format!("its sync writes to {} now, not to {called}", pushed.called)));
    }
    if let Err(why) = &opened.destination {
        return Err(no_way(address, &why.detail));
    }
    let seen = match opened.seen.as_deref() {
        Some(Ok(seen)) => seen,
        Some(Err(why)) => return Err(no_way(address, &why.detail)),
        None => return Err(no_way(address, "its destination was not read")),
    };
    let identity = job::identity(&pushed.rules, key);
    let found = seen.entries.iter().find(|(key, _)| job::identity(&pushed.rules, key) == identity);
    match (found, &seen.partial) {
        (Some((_, found)), _) => {
            found.value.clone().map(Some).ok_or_else(|| no_way(address, "its value can't be read"))
        }
        (None, Some(why)) => Err(no_way(address, &why.detail)),
        (None, None) => Ok(None),
    }
}

fn no_way(address: &Address, why: &str) -> Diagnostic {
    Diagnostic::error(&codes::NO_WAY_BACK, format!("{address}: {}.", why.trim_end_matches('.')))
        .help(
            "declare what it was in as it was, apply that alone (`--target`), then undo again: docs/undo.md; `age -d` reads the \
             value from the capsule",
        )
}

/// The fingerprint of a value that was kept, or is at its place, under an address.
pub(super) fn mark(planned: &Planned, address: &Address, place: &Place, value: &Secret) -> Fingerprint {
    let basis = &planned.basis;
    match place {
        Place::Secret(_) => basis.key.fingerprint(&address.to_string(), value.expose().as_bytes()),
        Place::Entry { .. } => {
            let sync = address.resource();
            let rules = basis.wanted.syncs.get(&sync).map(|pushed| pushed.rules.clone()).unwrap_or_default();
            let key = address.entry_key().unwrap_or("");
            plan::entries::fingerprint(&basis.key, &sync, &rules, key, value.expose().as_bytes())
        }
    }
}

/// What a record keeps of a value under an address.
pub(super) fn written(planned: &Planned, address: &Address, place: &Place, value: &Secret) -> Fingerprint {
    let mark = mark(planned, address, place, value);
    match place {
        Place::Secret(_) => attributes::fingerprint(&planned.basis.key, address, VALUE, &Value::Fingerprint(mark)),
        Place::Entry { .. } => mark,
    }
}

/// What the ledger has to hear so that it is as before.
fn hear(ledger: &Ledger, address: &Address, one: &Kept, before: Fingerprint) -> Hear {
    match (&one.owner, ledger.records.get(address)) {
        (Owner::Other, Some(_)) => Hear::Forget,
        (Owner::Other, None) | (Owner::Apart, _) => Hear::Nothing,
        (Owner::Keyform(was), Some(is)) if was.written == is.written => Hear::Nothing,
        // Its other fingerprints are of the address that it had then.
        (Owner::Keyform(_), Some(is)) if one.address != *address && is.written.get(VALUE) == Some(&before) => {
            Hear::Nothing
        }
        (Owner::Keyform(_), _) => Hear::Record,
    }
}

/// The secrets that a sync pushes, among those that are put back.
fn source(planned: &Planned, sync: &Address, kept: &BTreeMap<Address, Kept>) -> Vec<Address> {
    let Some(pushed) = planned.basis.wanted.syncs.get(sync) else { return Vec::new() };
    let is_pushed = |kept: &Kept| match &kept.place {
        Place::Secret(stored) => {
            let Stored { project, environment, path, .. } = stored;
            pushed.folders.contains(&[project.clone(), environment.clone(), path.clone()])
        }
        Place::Entry { .. } => false,
    };
    kept.iter().filter(|(_, kept)| is_pushed(kept)).map(|(address, _)| address.clone()).collect()
}

/// What the backend's syncs, declared or not, would take of others when secrets are put back.
async fn losses(
    engine: &Engine,
    desired: &Desired,
    kept: &BTreeMap<Address, Kept>,
    writes: &BTreeSet<Address>,
) -> Result<Vec<Loss>, Diagnostic> {
    let mut folders: BTreeMap<secrets::Place, Vec<Arc<str>>> = BTreeMap::new();
    for address in writes {
        if let Some(Kept { place: Place::Secret(stored), .. }) = kept.get(address) {
            folders.entry(folder(stored)).or_default().push(stored.key.clone());
        }
    }
    let mut losses: BTreeMap<(Address, HazardKind), Loss> = BTreeMap::new();
    for (place, keys) in folders {
        let pushing = engine.pushing(&place).await?;
        if pushing.deletes() {
            let found = engine.losses(&pushing, &keys, desired).await?;
            losses.extend(found.into_iter().map(|loss| ((loss.address.clone(), loss.kind), loss)));
        }
    }
    Ok(losses.into_values().collect())
}
