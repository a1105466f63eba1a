//! What the backend does by itself when secrets of a folder change: which syncs push at once, and what of others they
//! would delete or overwrite. A plan asks it of syncs that nothing declares ([`elsewhere`]), a write by hand of all.

use crate::backend::frozen;
use crate::backend::read;
use crate::backend::read::EnvironmentMention;
use crate::backend::read::Mention;
use crate::backend::state::Folder;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Sync;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::destinations;
use crate::engine::effective::Source;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::index::Index;
use crate::engine::observe;
use crate::engine::secrets::Place;
use crate::engine::sources;
use crate::engine::sources::Resolved;
use crate::engine::wire;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::job;
use crate::model::job::Content;
use crate::model::job::Job;
use crate::model::job::Step;
use crate::model::key_schema::KeySchema;
use crate::model::references;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan;
use crate::plan::HazardKind;
use crate::plan::Taken;
use crate::plan::targets::Asked;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::provider::Seen;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) mod elsewhere;

/// The syncs that a change in a folder starts.
pub struct Pushing {
    state: State,
    project: Arc<str>,
    syncs: Vec<usize>,
}

impl Pushing {
    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.syncs().map(|sync| &*sync.name).collect()
    }

    /// Whether one of them deletes what its source lacks.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.syncs().any(deletes)
    }

    fn syncs(&self) -> impl Iterator<Item = &Sync> {
        let project = self.state.projects.get(&self.project);
        let all = project.and_then(|project| project.syncs.as_ref()?.as_ref().ok());
        self.syncs.iter().filter_map(move |at| all?.get(*at))
    }
}

/// Which syncs of a project a change in a folder starts, by their places in its list.
fn reached(project: &Project, here: &Folder) -> Vec<usize> {
    let syncs = project.syncs.as_ref().and_then(|syncs| syncs.as_ref().ok()).into_iter().flatten();
    let is_reached = |sync: &Sync| {
        let Some(folder) = folder(sync).filter(|_| sync.auto_sync) else { return false };
        let folders = folders(project, folder);
        folders.contains(here) || refers(project, &folders)
    };
    syncs.enumerate().filter(|(_, sync)| is_reached(sync)).map(|(at, _)| at).collect()
}

fn deletes(sync: &Sync) -> bool {
    !sync.options.get(wire::option::KEEP).and_then(Value::as_bool).unwrap_or(false)
}

/// What a sync pushes, before and after a change; or why that can't be told.
type Pushed = Result<(Source, Source), Diagnostic>;

/// What a sync would do to what keyform does not own, once secrets of its folder are written.
#[derive(Debug, Clone)]
pub struct Loss {
    /// Whether it would delete (`wipe`) or overwrite (`takeover`), or that this can't be told in full (`incomplete`).
    pub kind: HazardKind,
    /// The sync: as the ledger knows it, else by its name.
    pub address: Address,
    /// How many keys; 1 where that can't be told.
    pub count: usize,
    /// Whether it can be told.
    pub is_told: bool,
    /// Which, or why it can't be told.
    pub detail: String,
}

impl Engine {
    /// The syncs of the backend that a change of secrets in a folder starts: those of the folder itself, of one that
    /// imports it, and of one whose secrets refer to others.
    ///
    /// # Errors
    /// The backend's answer.
    pub async fn pushing(&self, place: &Place) -> Result<Pushing, Diagnostic> {
        let project: Arc<str> = place.project.as_str().into();
        let state = self.pushers(&project).await?;
        let here = (place.environment.as_str().into(), place.path.as_str().into());
        let syncs = state.projects.get(&project).map(|project| reached(project, &here)).unwrap_or_default();
        Ok(Pushing { state, project, syncs })
    }

    /// A project with its syncs, and with the folders that those with auto-sync push.
    async fn pushers(&self, slug: &Arc<str>) -> Result<State, Diagnostic> {
        let mut state = read::roots(&self.reached.backend, true, &BTreeSet::from([slug.clone()])).await?;
        // A server without connections has no syncs either.
        if state.connections_failed.as_ref().is_some_and(|why| why.code == &codes::BACKEND_ROUTE) {
            return Ok(state);
        }
        let ask = Mention { syncs: true, ..Mention::default() };
        read::fill(&self.reached.backend, &mut state, &BTreeMap::from([(slug.clone(), ask)])).await;
        let syncs = match state.projects.get(slug).and_then(|project| project.syncs.as_ref()) {
            Some(Ok(syncs)) => syncs,
            Some(Err(why)) => return Err(why.clone()),
            None => return Ok(state),
        };
        let mut ask = Mention::default();
        for folder in syncs.iter().filter(|sync| sync.auto_sync).filter_map(folder) {
            let of_environment = EnvironmentMention { secrets: true, ..EnvironmentMention::default() };
            ask.environments.insert(folder.0.clone(), of_environment);
            ask.sources.insert(folder);
        }
        read::fill(&self.reached.backend, &mut state, &BTreeMap::from([(slug.clone(), ask)])).await;
        Ok(state)
    }

    /// Looks whether these syncs would take keys that keyform does not own, once secrets with these keys are written.
    ///
    /// # Errors
    /// They would, or it can't be told: what, and where.
    pub async fn loses_nothing(
        &self,
        pushing: &Pushing,
        keys: &[Arc<str>],
        desired: &Desired,
    ) -> Result<(), Diagnostic> {
        let wrong: Vec<String> =
            self.losses(pushing, keys, desired).await?.into_iter().map(|loss| loss.detail).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let detail = format!("Nothing was written, because the backend pushes it at once.\n{}", wrong.join("\n"));
        let help = "look at `keyform plan`; if these keys may go, add --allow-wipe, or set `disable_secret_deletion` to keep them";
        Err(Diagnostic::error(&codes::SECRET_WIPES, detail).help(help))
    }

    /// What those of these syncs that delete would take of others, once secrets with these keys are written.
    ///
    /// # Errors
    /// The ledger can't be read.
    pub async fn losses(
        &self,
        pushing: &Pushing,
        keys: &[Arc<str>],
        desired: &Desired,
    ) -> Result<Vec<Loss>, Diagnostic> {
        let (ledger, _) = self.keeper.load().await?;
        let index = Index::new(desired, &ledger, &pushing.state);
        let rules = sources::Rules {
            base: &self.options.dir,
            allow_exec: self.options.allow_exec,
            from_snapshot: false,
            stand_ins: self.options.stand_ins.as_deref(),
        };
        let live = |resource: &Resource| observe::live_secret(&index, resource).and_then(|s| s.value.clone());
        let resolved = sources::resolve(&index, &rules, &live);
        let mut losses = Vec::new();
        let Some(project) = pushing.state.projects.get(&pushing.project) else { return Ok(losses) };
        for sync in pushing.syncs().filter(|sync| deletes(sync)) {
            let Some(at) = folder(sync) else { continue };
            let pushed = source(project, at).map(|before| {
                let mut after = before.clone();
                after.extend(keys.iter().map(|key| (key.clone(), None)));
                (before, after)
            });
            let owned = |_: HazardKind, entry: &Address| ledger.records.contains_key(entry);
            losses.extend(self.lost(&index, &resolved, sync, pushed, &owned).await);
        }
        Ok(losses)
    }

    /// What a run of one sync, as the backend has it, would take of others. `told` says of which entries that is no news.
    async fn lost(
        &self,
        index: &Index<'_>,
        resolved: &Resolved,
        sync: &Sync,
        pushed: Pushed,
        told: &dyn Fn(HazardKind, &Address) -> bool,
    ) -> Vec<Loss> {
        let records = &index.ledger.records;
        let address = records.iter().find(|(_, record)| record.id == sync.id).map(|(address, _)| address);
        let called = called(index, sync);
        let looked = match pushed {
            Ok(pushed) => self.look(index, resolved, sync).await.map(|looked| (looked, pushed)),
            Err(why) => Err(why),
        };
        let ((destination, seen), (before, after)) = match looked {
            Ok(looked) => looked,
            Err(why) => {
                let detail = format!("{}: what it would do can't be told: {}", sync.name, why.detail);
                return vec![Loss { kind: HazardKind::Wipe, address: called, count: 1, is_told: false, detail }];
            }
        };
        let keys = &destination.variant().keys;
        let job = Job {
            source: &after,
            destination: &seen.entries,
            complete: true,
            schema: &schema(&destination, sync),
            rules: keys,
            first: None,
            delete: deletes(sync),
            can_import: false,
        };
        let same = |wanted: &Option<Secret>, there: &Seen| Some(wanted.as_ref()? == there.value.as_ref()?);
        let steps = job::steps(&job, same, |_| Content::Unreadable).unwrap_or_default();
        // What it pushed before is its own, unless something else is there now.
        let is_others = |key: &Arc<str>, source: &Arc<str>| match before.get(source) {
            None => true,
            Some(before) => seen.entries.get(key).and_then(|there| same(before, there)) == Some(false),
        };
        let is_told = |kind: HazardKind, key: &Arc<str>| {
            let Some(address) = address else { return false };
            let spelled = [key.clone(), job::identity(keys, key)];
            spelled.iter().any(|key| told(kind, &address.entry(key)))
        };
        let kind = |key: &Arc<str>, step: &Step| match step {
            Step::Delete => Some(HazardKind::Wipe),
            Step::Overwrite { source, .. } if is_others(key, source) => Some(HazardKind::Takeover),
            _ => None,
        };
        let mut losses = Vec::new();
        for (of, does) in [(HazardKind::Wipe, "delete"), (HazardKind::Takeover, "overwrite")] {
            let lost = steps.iter().filter(|(key, step)| kind(key, step) == Some(of) && !is_told(of, key));
            let lost: Vec<Arc<str>> = lost.map(|(key, _)| key.clone()).collect();
            if lost.is_empty() {
                continue;
            }
            let named = plan::entries::named(&lost);
            let detail = format!("{} would {does} {named}, which keyform does not manage", sync.name);
            losses.push(Loss { kind: of, address: called.clone(), count: lost.len(), is_told: true, detail });
        }
        losses
    }

    /// The destination of a sync that the backend has, and what it holds.
    async fn look(
        &self,
        index: &Index<'_>,
        resolved: &Resolved,
        sync: &Sync,
    ) -> Result<(Destination, Observation), Diagnostic> {
        let registry = &self.options.registry;
        let destination = destinations::of_live(index, registry, &self.reached.http, resolved, sync)?;
        let seen = destination.read().await?;
        match seen.partial.clone() {
            Some(why) => Err(why),
            None => Ok((destination, seen)),
        }
    }
}

/// What syncs of the backend take away from where they write, if they end with `on_delete = "remove"`. `read` gives
/// what was read already of the place where one ends; without an engine that is all that can be told.
pub(super) async fn taken<'a>(
    engine: Option<&Engine>,
    index: &Index<'_>,
    resolved: &Resolved,
    key: &FingerprintKey,
    read: &dyn Fn(&Address) -> Option<(&'a Destination, &'a Observation)>,
    (ends, asked): (&dyn Fn(&Address) -> bool, &Asked),
) -> BTreeMap<Address, Result<Taken, Diagnostic>> {
    let projects = index.state.projects.values();
    let live: Vec<(&Project, &Sync)> = projects
        .filter_map(|project| Some((project, project.syncs.as_ref()?.as_ref().ok()?)))
        .flat_map(|(project, syncs)| syncs.iter().map(move |sync| (project, sync)))
        .collect();
    let mut taken = BTreeMap::new();
    for (address, record) in index.ledger.records.iter().filter(|(address, _)| ends(address)) {
        let Some((project, sync)) = live.iter().find(|(_, sync)| sync.id == record.id) else { continue };
        let Some(at) = folder(sync) else { continue };
        let of = |destination: &Destination, seen: &Observation| -> Result<Taken, Diagnostic> {
            let mut source = source(project, at.clone())?;
            // What the plan makes first is in its source when it ends.
            if let Some(owner) = owner(index, project) {
                let after = View::new(index, resolved, owner, When::Planned, &|address| asked.resource(address));
                source.extend(held(index, owner, project, &after, &at)?);
            }
            let (schema, rules) = (schema(destination, sync), &destination.variant().keys);
            let own: BTreeSet<Arc<str>> =
                source.keys().map(|name| job::identity(rules, &job::stored(&schema, rules, name))).collect();
            let there = seen.entries.iter().filter(|(stored, _)| own.contains(&job::identity(rules, stored)));
            let mark = |stored: &str, value: &Secret| {
                plan::entries::fingerprint(key, address, rules, stored, value.expose().as_bytes())
            };
            let keys = there.map(|(stored, seen)| (stored.clone(), seen.value.as_ref().map(|v| mark(stored, v))));
            Ok(Taken { place: destination.place().into(), keys: keys.collect() })
        };
        let looked = match (read(address), engine) {
            (Some((destination, seen)), _) => of(destination, seen),
            (None, Some(engine)) => {
                engine.look(index, resolved, sync).await.and_then(|(there, seen)| of(&there, &seen))
            }
            (None, None) => Err(frozen::missing("keys of a place that a sync leaves")),
        };
        let looked = looked.map_err(|why| {
            let detail = format!("Which keys go with it can't be told: {}", why.detail);
            Diagnostic { help: why.help, ..Diagnostic::error(&codes::NOT_INSPECTED, detail) }
        });
        taken.insert(address.clone(), looked);
    }
    taken
}

/// A sync that the backend has: as the ledger knows it, else by its name.
fn called(index: &Index<'_>, sync: &Sync) -> Address {
    let known = index.ledger.records.iter().find(|(_, record)| record.id == sync.id);
    known.map_or_else(|| Address::new(Kind::SecretSync.word(), &sync.name), |(address, _)| address.clone())
}

/// How a sync that the backend has names its keys.
fn schema(destination: &Destination, sync: &Sync) -> KeySchema {
    let template = sync.options.get(wire::option::KEY_SCHEMA).and_then(Value::as_str).unwrap_or("");
    match destination.variant().schema_names_container {
        true => KeySchema::none(),
        false => KeySchema::new(template, sync.environment.as_deref().unwrap_or("")).unwrap_or_default(),
    }
}

/// The address of a project that is declared, by whatever slug.
fn owner<'i>(index: &Index<'i>, project: &Project) -> Option<&'i Address> {
    let declared = index.desired.resources.values().filter(|resource| resource.kind == Kind::Project);
    let is_it = |address: &Address| index.project(address).is_some_and(|found| found.id == project.id);
    declared.map(|resource| &resource.address).find(|address| is_it(address))
}

/// What a view has in a folder, which is named as the backend names it.
fn held(
    index: &Index<'_>,
    owner: &Address,
    project: &Project,
    view: &View<'_>,
    (slug, path): &Folder,
) -> Result<Source, Diagnostic> {
    let named = project.environment(slug).map(|live| index.declared_slug(owner, live));
    view.source(named.as_deref().unwrap_or(slug), path)
}

/// What a sync pushes, if that is still there.
fn folder(sync: &Sync) -> Option<Folder> {
    Some((sync.environment.clone()?, sync.path.clone()?))
}

/// A folder with all that it imports, directly or not.
fn folders(project: &Project, start: Folder) -> BTreeSet<Folder> {
    let mut open = vec![start];
    let mut all = BTreeSet::new();
    while let Some(next) = open.pop() {
        let imports = project.imports.get(&next).and_then(|imports| imports.as_ref().ok()).into_iter().flatten();
        open.extend(
            imports
                .map(|import| (import.from_environment.clone(), import.from_path.clone()))
                .filter(|f| !all.contains(f)),
        );
        all.insert(next);
    }
    all
}

/// Whether a secret of these folders refers to another one.
fn refers(project: &Project, folders: &BTreeSet<Folder>) -> bool {
    project.environments.iter().any(|environment| {
        let secrets = environment.secrets.as_ref().and_then(|secrets| secrets.as_ref().ok()).into_iter().flatten();
        secrets.filter(|secret| folders.contains(&(environment.slug.clone(), secret.path.clone()))).any(|secret| {
            let at = references::Place { environment: environment.slug.to_string(), path: secret.path.to_string() };
            secret.value.as_ref().is_some_and(|value| !references::find(value.expose(), &at).is_empty())
        })
    })
}

/// The secrets of a folder and of what it imports, without the values that are more than one place's: what several
/// folders have, and what refers to others.
fn source(project: &Project, start: Folder) -> Result<Source, Diagnostic> {
    let mut keys = Source::new();
    for folder in folders(project, start) {
        if let Some(Err(why)) = project.imports.get(&folder) {
            return Err(why.clone());
        }
        match project.environment(&folder.0).and_then(|environment| environment.secrets.as_ref()) {
            Some(Ok(secrets)) => {
                let at = references::Place { environment: folder.0.to_string(), path: folder.1.to_string() };
                for secret in secrets.iter().filter(|secret| secret.path == folder.1) {
                    let is_plain = |value: &&Secret| references::find(value.expose(), &at).is_empty();
                    let value = secret.value.as_ref().filter(is_plain).cloned();
                    keys.entry(secret.key.clone()).and_modify(|value| *value = None).or_insert(value);
                }
            }
            Some(Err(why)) => return Err(why.clone()),
            None => {}
        }
    }
    Ok(keys)
}
