//! What a run is about to overwrite or delete, as far as it can be read, sealed and kept before the run begins.

use crate::backend::read;
use crate::backend::state;
use crate::backend::write;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::entries;
use crate::engine::apply::run::Run;
use crate::engine::apply::sync;
use crate::engine::destinations;
use crate::engine::open;
use crate::engine::undo::Back;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::capsule::Capsule;
use crate::model::capsule::Kept;
use crate::model::capsule::Note;
use crate::model::capsule::Owner;
use crate::model::capsule::Place;
use crate::model::capsule::Stored;
use crate::model::job;
use crate::model::ledger::VALUE;
use crate::model::resource::Kind;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Reason;
use crate::plan::order;
use crate::provider::Observation;
use crate::secret::Fingerprint;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Keeps what the run takes, where the configuration asks for it. Gives the name under which it can be undone.
///
/// # Errors
/// It can't be kept: then nothing may be done.
pub(super) async fn keep(run: &Run<'_>) -> Result<Option<Arc<str>>, Diagnostic> {
    let basis = &run.planned.basis;
    let Some(settings) = &basis.desired.settings.undo else { return Ok(None) };
    let kept = match &run.planned.back {
        Some(back) => back.taken(run.planned),
        None => taken(run).await?,
    };
    if kept.is_empty() {
        return Ok(None);
    }
    let Some(lock) = &run.engine.lock else {
        return Err(Diagnostic::error(&codes::NEED_MISSING, "an apply needs the ledger's lock".to_owned()));
    };
    let options = &run.engine.options;
    let note = Note {
        run: open::run_name(),
        at: open::now().into(),
        command: options.lock.as_ref().map_or("", |lock| &lock.command).into(),
        values: kept.iter().map(|kept| kept.address.clone()).collect(),
        undone: None,
    };
    let capsules = run.engine.keeper.capsules();
    let how = (&*settings.recipients, settings.keep);
    let undone = run.planned.back.as_ref().map(Back::run);
    Ok(Some(capsules.keep(lock, &basis.key, how, &Capsule { note, kept }, undone).await?))
}

/// What the plan of a configuration overwrites and deletes.
async fn taken(run: &Run<'_>) -> Result<Vec<Kept>, Diagnostic> {
    let secrets = all(&run.planned.basis.state).map(|found| (&*found.2.id, found)).collect();
    let is_secret = |address: &Address| address.kind() == Kind::Secret.word();
    let live = run.planned.basis.live.resources.iter().filter(|(address, _)| is_secret(address));
    let addresses = live.map(|(address, seen)| (&*seen.id, address)).collect();
    let mut taken = Taken { run, secrets, addresses, kept: Vec::new(), known: BTreeSet::new() };
    let changes = &run.planned.plan.changes;
    for change in changes {
        if is_secret(&change.address) {
            taken.secret(change);
        }
    }
    for change in changes.iter().filter(|change| matches!(change.action, Action::Delete | Action::Replace)) {
        taken.contents(&change.address).await?;
    }
    taken.imports();
    let mut syncs: BTreeMap<(Address, bool), Vec<&Change>> = BTreeMap::new();
    let takes = |change: &&Change| matches!(change.action, Action::Update | Action::Replace | Action::Delete);
    for change in changes.iter().filter(takes).filter(|change| change.address.entry_key().is_some()) {
        let has_left = order::is_at_left_place(&change.address);
        syncs.entry((change.address.resource(), has_left)).or_default().push(change);
    }
    for ((sync, has_left), rows) in syncs {
        taken.entries(&sync, has_left, &rows).await?;
    }
    Ok(taken.kept)
}

/// A secret that was read, with where it is.
type Found<'r> = (&'r state::Project, &'r state::Environment, &'r state::Stored);

struct Taken<'r, 'a> {
    run: &'r Run<'a>,
    /// All secrets that were read, by id.
    secrets: BTreeMap<&'r str, Found<'r>>,
    /// What those are called that are declared or owned, by id.
    addresses: BTreeMap<&'r str, &'r Address>,
    kept: Vec<Kept>,
    /// The ids of the secrets in `kept`.
    known: BTreeSet<Arc<str>>,
}

impl<'r> Taken<'r, '_> {
    /// A secret that has a row of its own.
    fn secret(&mut self, change: &Change) {
        let (basis, address) = (&self.run.planned.basis, &change.address);
        let is_overwritten = change.fields.iter().any(|field| *field.name == *VALUE);
        let left = match change.action {
            Action::Update if is_overwritten => match basis.resolved.value(address) {
                Ok(value) => Some(mark(self.run, address, &value)),
                // It fails before it is sent.
                Err(_) => return,
            },
            Action::Delete | Action::Replace => None,
            _ => return,
        };
        let owner = match (change.action, self.run.record(address)) {
            (Action::Replace, _) => Owner::Apart,
            (_, Some(record)) if !basis.imports.found.contains(address) => Owner::Keyform(record.clone()),
            _ => Owner::Other,
        };
        let Some(seen) = basis.live.resources.get(address) else { return };
        if let Some(&(project, environment, stored)) = self.secrets.get(&*seen.id) {
            self.add(address.clone(), (&project.slug, &environment.slug), stored, left, owner);
        }
    }

    /// What a secret is called, and whose it is.
    fn called(&self, project: &str, environment: &str, stored: &state::Stored) -> (Address, Owner) {
        let Some(address) = self.addresses.get(&*stored.id) else {
            let own = self.run.index.project_address(project).cloned();
            let project = own.unwrap_or_else(|| Address::new(Kind::Project.word(), project));
            let path = stored.path.trim_end_matches('/');
            let place = format!("{environment}{path}/{}", stored.key);
            return (project.child(Kind::Secret.word(), &place), Owner::Other);
        };
        let record = self.run.record(address);
        ((*address).clone(), record.map_or(Owner::Other, |record| Owner::Keyform(record.clone())))
    }

    /// Secrets that go with what holds them, and have no row of their own.
    async fn contents(&mut self, container: &Address) -> Result<(), Diagnostic> {
        let basis = &self.run.planned.basis;
        let (Some(kind), Some(seen)) = (Kind::from_word(container.kind()), basis.live.resources.get(container)) else {
            return Ok(());
        };
        for project in basis.state.projects.values() {
            for environment in &project.environments {
                let path = match kind {
                    Kind::Project if project.id == seen.id => "/",
                    Kind::Environment if environment.id == seen.id => "/",
                    Kind::Folder => {
                        let folders = environment.folders.as_ref().and_then(|folders| folders.as_ref().ok());
                        let own = folders.and_then(|all| all.iter().find(|(_, folder)| folder.id == seen.id));
                        match own {
                            Some((path, _)) => path,
                            None => continue,
                        }
                    }
                    _ => continue,
                };
                let place = write::Place {
                    project: project.id.to_string(),
                    environment: environment.slug.to_string(),
                    path: path.to_owned(),
                };
                for stored in read::secrets_below(self.run.backend(), &place).await? {
                    let (address, owner) = self.called(&project.slug, &environment.slug, &stored);
                    self.add(address, (&project.slug, &environment.slug), &stored, None, owner);
                }
            }
        }
        Ok(())
    }

    /// Secrets that the first run of a sync gives the destination's value.
    fn imports(&mut self) {
        let basis = &self.run.planned.basis;
        let rows = self.run.planned.plan.changes.iter();
        let imports: BTreeSet<Address> = rows
            .filter(|change| change.reason == Reason::Imported && change.address.entry_key().is_some())
            .map(|change| change.address.resource())
            .collect();
        for one in basis.imported.iter().filter(|one| imports.contains(&one.sync)) {
            let Some(project) = self.run.index.project(&one.project) else { continue };
            let Some(environment) = self.run.index.live_environment(&one.project, &one.place.environment) else {
                continue;
            };
            let Some(Ok(secrets)) = &environment.secrets else { continue };
            for (key, value) in &one.secrets {
                let there = secrets.iter().find(|secret| *secret.path == *one.place.path && secret.key == *key);
                let (Some(stored), Some(value)) = (there.filter(|there| there.value != *value), value) else {
                    continue;
                };
                let (address, owner) = self.called(&project.slug, &environment.slug, stored);
                let left = Some(mark(self.run, &address, value));
                self.add(address, (&project.slug, &environment.slug), stored, left, owner);
            }
        }
    }

    fn add(
        &mut self,
        address: Address,
        (project, environment): (&Arc<str>, &Arc<str>),
        stored: &state::Stored,
        left: Option<Fingerprint>,
        owner: Owner,
    ) {
        let Some(value) = stored.value.clone().filter(|_| self.known.insert(stored.id.clone())) else { return };
        let metadata = stored.metadata.iter().filter_map(|(name, text)| Some((name.clone(), text.as_str()?.into())));
        let place = Place::Secret(Stored {
            project: project.clone(),
            environment: environment.clone(),
            path: stored.path.clone(),
            key: stored.key.clone(),
            comment: stored.comment.clone(),
            tags: stored.tags.clone(),
            metadata: metadata.collect(),
        });
        self.kept.push(Kept { address, place, value, left, owner });
    }

    /// Entries of one sync: where it writes to, or where it wrote to until now.
    async fn entries(&mut self, sync: &Address, has_left: bool, rows: &[&Change]) -> Result<(), Diagnostic> {
        let basis = &self.run.planned.basis;
        let declared = basis.desired.resources.get(sync);
        let read;
        let opened = basis.opened.get(sync).filter(|_| !has_left);
        let (seen, called): (&Observation, Arc<str>) = match (opened, declared) {
            (Some(opened), Some(resource)) => {
                let Some(Ok(seen)) = opened.seen.as_deref() else { return Ok(()) };
                let inputs = destinations::inputs(self.run.engine.options.registry.schemas(), resource);
                (seen, destinations::called(&resource.slug, inputs))
            }
            _ => match self.elsewhere(sync).await {
                Some((seen, called)) => {
                    read = seen;
                    (&read, called)
                }
                None => return Ok(()),
            },
        };
        let rules = basis.wanted.syncs.get(sync).map(|pushed| pushed.rules.clone()).unwrap_or_default();
        let is_written = rows.iter().any(|row| row.action != Action::Delete);
        let wanted = match declared.filter(|_| is_written) {
            Some(resource) => entries::wanted(self.run, resource, &Object::new())?,
            None => BTreeMap::new(),
        };
        let wanted: BTreeMap<Arc<str>, Secret> =
            wanted.into_iter().map(|(key, value)| (job::identity(&rules, &key), value)).collect();
        for row in rows {
            let Some(key) = row.address.entry_key() else { continue };
            let Some(value) = seen.entries.get(key).and_then(|seen| seen.value.clone()) else { continue };
            let left = match row.action {
                Action::Delete => None,
                _ => match wanted.get(&job::identity(&rules, key)) {
                    Some(value) => {
                        Some(plan::entries::fingerprint(&basis.key, sync, &rules, key, value.expose().as_bytes()))
                    }
                    // It fails before it is sent.
                    None => continue,
                },
            };
            let owner = self.run.record(&row.address);
            let owner = owner.map_or(Owner::Other, |record| Owner::Keyform(record.clone()));
            let place = Place::Entry { called: called.clone() };
            self.kept.push(Kept { address: row.address.clone(), place, value, left, owner });
        }
        Ok(())
    }

    /// What the backend's sync has written until now, if a connection that is still declared leads there.
    async fn elsewhere(&self, sync: &Address) -> Option<(Observation, Arc<str>)> {
        let (basis, engine) = (&self.run.planned.basis, self.run.engine);
        let live = sync::live(self.run, &basis.live.resources.get(sync)?.id)?;
        let registry = &engine.options.registry;
        let opened =
            destinations::of_live(&self.run.index, registry, &engine.reached.http, &basis.resolved, live).ok()?;
        let called = destinations::called_of_live(registry.schemas(), live);
        // The plan says of what can't be read that it can't be undone.
        Some((opened.read().await.ok()?, called))
    }
}

/// All secrets that were read.
fn all(state: &state::State) -> impl Iterator<Item = Found<'_>> {
    let environments = state.projects.values().flat_map(|p| p.environments.iter().map(move |e| (p, e)));
    environments.flat_map(|(project, environment)| {
        let secrets = environment.secrets.as_ref().and_then(|secrets| secrets.as_ref().ok()).into_iter().flatten();
        secrets.map(move |secret| (project, environment, secret))
    })
}

/// The fingerprint of a secret's value.
fn mark(run: &Run<'_>, address: &Address, value: &Secret) -> Fingerprint {
    run.planned.basis.key.fingerprint(&address.to_string(), value.expose().as_bytes())
}
