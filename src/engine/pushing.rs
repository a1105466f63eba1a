//! What the backend does by itself when secrets of a folder change: which syncs push at once, and what they would take
//! away. A plan asks it of syncs that nothing declares, a write by hand of all.

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
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::index::Index;
use crate::engine::observe;
use crate::engine::planned::live_sync;
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
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Taken;
use crate::plan::guard;
use crate::plan::order::Asked;
use crate::plan::sets_off;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

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

/// The keys of a sync's source, or why they can't be told.
type Keys = Result<BTreeMap<Arc<str>, ()>, Diagnostic>;

/// What a sync would do besides, once secrets of its folder are written.
#[derive(Debug, Clone)]
pub struct Wipe {
    /// The sync: as the ledger knows it, else by its name.
    pub address: Address,
    /// How many keys it would delete that keyform does not own; 1 where that can't be told.
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

    /// Looks whether these syncs would delete keys that keyform does not own, once secrets with these keys are written.
    ///
    /// # Errors
    /// They would, or it can't be told: what, and where.
    pub async fn wipes_nothing(
        &self,
        pushing: &Pushing,
        keys: &[Arc<str>],
        desired: &Desired,
    ) -> Result<(), Diagnostic> {
        let wrong: Vec<String> =
            self.wipes(pushing, keys, desired).await?.into_iter().map(|wipe| wipe.detail).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let detail = format!("Nothing was written, because the backend pushes it at once.\n{}", wrong.join("\n"));
        let help = "look at `keyform plan`; if these keys may go, add --allow-wipe, or set `disable_secret_deletion` to keep them";
        Err(Diagnostic::error(&codes::SECRET_WIPES, detail).help(help))
    }

    /// What these syncs would delete that keyform does not own, once secrets with these keys are written.
    ///
    /// # Errors
    /// The ledger can't be read.
    pub async fn wipes(
        &self,
        pushing: &Pushing,
        keys: &[Arc<str>],
        desired: &Desired,
    ) -> Result<Vec<Wipe>, Diagnostic> {
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
        let mut wipes = Vec::new();
        let Some(project) = pushing.state.projects.get(&pushing.project) else { return Ok(wipes) };
        for sync in pushing.syncs().filter(|sync| deletes(sync)) {
            let Some(at) = folder(sync) else { continue };
            let source = source(project, at).map(|mut source| {
                source.extend(keys.iter().map(|key| (key.clone(), ())));
                source
            });
            let owned = |entry: &Address| ledger.records.contains_key(entry);
            wipes.extend(self.wipe(&index, &resolved, sync, source, &owned).await);
        }
        Ok(wipes)
    }

    /// What a run of one sync, as the backend has it, would delete with a source of these keys. `told` says of which
    /// entries that is no news.
    async fn wipe(
        &self,
        index: &Index<'_>,
        resolved: &Resolved,
        sync: &Sync,
        source: Keys,
        told: &dyn Fn(&Address) -> bool,
    ) -> Option<Wipe> {
        let records = &index.ledger.records;
        let address = records.iter().find(|(_, record)| record.id == sync.id).map(|(address, _)| address);
        let called = address.cloned().unwrap_or_else(|| Address::new(Kind::SecretSync.word(), &sync.name));
        let looked = match source {
            Ok(source) => self.look(index, resolved, sync).await.map(|(destination, seen)| (destination, seen, source)),
            Err(why) => Err(why),
        };
        let (destination, seen, source) = match looked {
            Ok(looked) => looked,
            Err(why) => {
                let detail = format!("{}: what it would delete can't be told: {}", sync.name, why.detail);
                return Some(Wipe { address: called, count: 1, is_told: false, detail });
            }
        };
        let keys = &destination.variant().keys;
        let there = seen.entries.keys().map(|key| (key.clone(), ())).collect();
        let job = Job {
            source: &source,
            destination: &there,
            complete: true,
            schema: &schema(&destination, sync),
            rules: keys,
            first: None,
            delete: true,
            can_import: false,
        };
        let steps = job::steps(&job, |(), ()| None, |()| Content::Unreadable).unwrap_or_default();
        let is_told = |key: &Arc<str>| {
            let Some(address) = address else { return false };
            let spelled = [key.clone(), job::identity(keys, key)];
            spelled.iter().any(|key| told(&address.entry(key)))
        };
        let foreign = steps.iter().filter(|(key, step)| matches!(step, Step::Delete) && !is_told(key));
        let foreign: Vec<&Arc<str>> = foreign.map(|(key, _)| key).collect();
        if foreign.is_empty() {
            return None;
        }
        let named: Vec<String> = foreign.iter().take(5).map(|key| format!("`{key}`")).collect();
        let more = foreign.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let detail = format!("{} would delete {}{more}, which keyform does not manage", sync.name, named.join(", "));
        Some(Wipe { address: called, count: foreign.len(), is_told: true, detail })
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
            // It may run before it ends, and so have written what the plan makes first.
            if let Some(owner) = owner(index, project) {
                let after = View::new(index, resolved, owner, When::Planned, &|address| asked.resource(address));
                source.extend(planned(index, owner, project, &after, &at)?);
            }
            let (schema, rules) = (schema(destination, sync), &destination.variant().keys);
            let own: BTreeSet<Arc<str>> =
                source.keys().map(|name| job::identity(rules, &job::stored(&schema, rules, name))).collect();
            let there = seen.entries.iter().filter(|(stored, _)| own.contains(&job::identity(rules, stored)));
            let mark = |stored: &str, value: &Secret| {
                plan::entries::fingerprint(key, address, rules, stored, value.expose().as_bytes())
            };
            Ok(there.map(|(stored, seen)| (stored.clone(), seen.value.as_ref().map(|v| mark(stored, v)))).collect())
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

/// How a sync that the backend has names its keys.
fn schema(destination: &Destination, sync: &Sync) -> KeySchema {
    let template = sync.options.get(wire::option::KEY_SCHEMA).and_then(Value::as_str).unwrap_or("");
    match destination.variant().schema_names_container {
        true => KeySchema::none(),
        false => KeySchema::new(template, sync.environment.as_deref().unwrap_or("")).unwrap_or_default(),
    }
}

/// Adds as hazards what syncs that nothing declares would delete, because the backend runs them when what a plan
/// changes in their source is done. Gives what can't be told of them: it is the business of whoever made them. Without an
/// engine nothing can be told.
pub(super) async fn elsewhere(
    engine: Option<&Engine>,
    index: &Index<'_>,
    resolved: &Resolved,
    (input, asked): (&Input<'_>, &Asked),
    plan: &mut Plan,
) -> Vec<Diagnostic> {
    let ends = |address: &Address| {
        plan.changes.iter().any(|change| change.address == *address && change.action == Action::Delete)
    };
    let records = index.ledger.records.iter();
    let managed = records.filter(|(address, _)| index.desired.resources.contains_key(*address) || ends(address));
    let declared = index.desired.syncs().filter_map(|resource| live_sync(index, resource)).map(|sync| &sync.id);
    let known: BTreeSet<&Arc<str>> = managed.map(|(_, record)| &record.id).chain(declared).collect();
    // A declared one runs with the settings that it has, until the plan has changed them; or for good, if nobody asked.
    let rows: BTreeMap<&Address, Action> = plan.changes.iter().map(|c| (&c.address, c.action)).collect();
    let stays = |sync: &Sync| {
        let of = |address: &Address| !rows.contains_key(address) && asked.resource(address);
        let by_record = index.ledger.records.iter().find(|(_, record)| record.id == sync.id);
        by_record.is_none_or(|(address, _)| index.desired.resources.contains_key(address) && of(address))
    };
    let is_other = |sync: &Sync| sync.auto_sync && deletes(sync) && !(known.contains(&sync.id) && stays(sync));
    // What is its own and stays pushed is there again in the end; what is its own and let go of stays, says its row.
    let told = |entry: &Address| match rows.get(entry) {
        Some(action) => *action == Action::Delete,
        None => index.ledger.records.contains_key(entry),
    };
    let when = if input.destroy { When::Ended } else { When::Planned };
    // One that ends does so before anything is deleted in its source, and after all else.
    let is_ending = |sync: &Sync| {
        known.contains(&sync.id)
            && index
                .ledger
                .records
                .iter()
                .any(|(a, record)| record.id == sync.id && rows.get(a) == Some(&Action::Delete))
    };
    let folders_of = |changes: &mut dyn Iterator<Item = &plan::Change>| {
        let mut touched: BTreeMap<Arc<str>, BTreeSet<Folder>> = BTreeMap::new();
        for [project, environment, path] in sets_off::places(input, changes) {
            touched.entry(project).or_default().insert((environment, path));
        }
        touched
    };
    let made = folders_of(&mut plan.changes.iter().filter(|change| change.action != Action::Delete));
    let mut found: BTreeMap<Address, (bool, Result<Wipe, Diagnostic>)> = BTreeMap::new();
    for (slug, touched) in folders_of(&mut plan.changes.iter()) {
        let Some(project) = index.state.projects.get(&slug) else { continue };
        // Mostly there are none, and they were listed before.
        if let Some(Ok(syncs)) = &project.syncs
            && !syncs.iter().any(|sync| is_other(sync) && (made.contains_key(&slug) || !is_ending(sync)))
        {
            continue;
        }
        let Some(owner) = owner(index, project).cloned() else {
            let unseen = Diagnostic::error(&codes::NOT_INSPECTED, "the project is no longer declared");
            found.insert(Address::new(Kind::Project.word(), &slug), (false, Err(unseen)));
            continue;
        };
        let looked = match engine {
            Some(engine) => engine.pushers(&slug).await.map(|state| (engine, state)),
            None => Err(frozen::missing("keys of syncs that nothing declares")),
        };
        let (engine, state) = match looked {
            Ok(looked) => looked,
            Err(why) => {
                found.insert(owner, (false, Err(why)));
                continue;
            }
        };
        let there = Index::new(index.desired, index.ledger, &state);
        let Some(project) = state.projects.get(&slug) else { continue };
        let reached = |folders: &BTreeSet<Folder>| -> BTreeSet<usize> {
            folders.iter().flat_map(|folder| reached(project, folder)).collect()
        };
        let (started, begun) = (reached(&touched), made.get(&slug).map(reached).unwrap_or_default());
        // What it will push is what its folder will hold once everything is done, whichever row does it.
        let after = View::new(&there, resolved, &owner, when, &|address| asked.resource(address));
        let syncs = project.syncs.as_ref().and_then(|syncs| syncs.as_ref().ok()).into_iter().flatten().enumerate();
        for (at, sync) in syncs.filter(|(_, sync)| is_other(sync)) {
            let is_run = if is_ending(sync) { begun.contains(&at) } else { started.contains(&at) };
            let Some(at) = folder(sync).filter(|_| is_run) else { continue };
            let mut keys = planned(&there, &owner, project, &after, &at);
            if let Ok(keys) = &mut keys
                && is_ending(sync)
                && let Ok(now) = source(project, at)
            {
                keys.extend(now);
            }
            let wipe = engine.wipe(&there, resolved, sync, keys, &told).await;
            found.extend(wipe.map(|wipe| (wipe.address.clone(), (known.contains(&sync.id), Ok(wipe)))));
        }
    }
    let mut notes = Vec::new();
    for (address, (is_ours, wipe)) in found {
        let unseen = match wipe {
            Ok(wipe) if wipe.is_told => {
                let why = match is_ours {
                    true => "The backend runs this sync as it is now, before the plan changes or ends it",
                    false => "Nothing declares this sync, and the backend runs it",
                };
                let detail = format!("{why}: {}.", wipe.detail);
                guard::add(plan, index.desired, HazardKind::Wipe, &address, wipe.count, detail);
                continue;
            }
            Ok(wipe) => format!("The backend will run {address} as it is now. {}", wipe.detail),
            Err(why) => format!("{address}: which syncs the backend will run can't be told: {}", why.detail),
        };
        notes.push(Diagnostic::warning(&codes::ELSEWHERE_UNSEEN, unseen));
    }
    notes
}

/// The address of a project that is declared, by whatever slug.
fn owner<'i>(index: &Index<'i>, project: &Project) -> Option<&'i Address> {
    let declared = index.desired.resources.values().filter(|resource| resource.kind == Kind::Project);
    let is_it = |address: &Address| index.project(address).is_some_and(|found| found.id == project.id);
    declared.map(|resource| &resource.address).find(|address| is_it(address))
}

/// The keys of a folder, which is named as the backend names it, in a view.
fn planned(index: &Index<'_>, owner: &Address, project: &Project, view: &View<'_>, (slug, path): &Folder) -> Keys {
    let named = project.environment(slug).map(|live| index.declared_slug(owner, live));
    let source = view.source(named.as_deref().unwrap_or(slug), path)?;
    Ok(source.into_keys().map(|key| (key, ())).collect())
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

/// The keys of a folder and of what it imports.
fn source(project: &Project, start: Folder) -> Result<BTreeMap<Arc<str>, ()>, Diagnostic> {
    let mut keys = BTreeMap::new();
    for folder in folders(project, start) {
        if let Some(Err(why)) = project.imports.get(&folder) {
            return Err(why.clone());
        }
        match project.environment(&folder.0).and_then(|environment| environment.secrets.as_ref()) {
            Some(Ok(secrets)) => {
                keys.extend(secrets.iter().filter(|s| s.path == folder.1).map(|secret| (secret.key.clone(), ())));
            }
            Some(Err(why)) => return Err(why.clone()),
            None => {}
        }
    }
    Ok(keys)
}
