//! What the backend does by itself when secrets of a folder are written by hand: which syncs push at once, and
//! what they would take away.

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
use crate::engine::index::Index;
use crate::engine::observe;
use crate::engine::secrets::Place;
use crate::engine::sources;
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

fn deletes(sync: &Sync) -> bool {
    !sync.options.get(wire::option::KEEP).and_then(Value::as_bool).unwrap_or(false)
}

/// What a sync would do besides, once secrets of its folder are written.
#[derive(Debug, Clone)]
pub struct Wipe {
    /// The sync: as the ledger knows it, else by its name.
    pub address: Address,
    /// How many keys it would delete that keyform does not own; 1 where that can't be told.
    pub count: usize,
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
        let slug: Arc<str> = place.project.as_str().into();
        let mut state = read::roots(&self.reached.backend, true, &BTreeSet::from([slug.clone()])).await?;
        let nothing = |state| Ok(Pushing { state, project: slug.clone(), syncs: Vec::new() });
        // A server without connections has no syncs either.
        if state.connections_failed.as_ref().is_some_and(|why| why.code == &codes::BACKEND_ROUTE) {
            return nothing(state);
        }
        let ask = Mention { syncs: true, ..Mention::default() };
        read::fill(&self.reached.backend, &mut state, &BTreeMap::from([(slug.clone(), ask)])).await;
        let syncs = match state.projects.get(&slug).and_then(|project| project.syncs.as_ref()) {
            Some(Ok(syncs)) => syncs,
            Some(Err(why)) => return Err(why.clone()),
            None => return nothing(state),
        };
        let mut ask = Mention::default();
        for folder in syncs.iter().filter(|sync| sync.auto_sync).filter_map(folder) {
            let of_environment = EnvironmentMention { secrets: true, ..EnvironmentMention::default() };
            ask.environments.insert(folder.0.clone(), of_environment);
            ask.sources.insert(folder);
        }
        read::fill(&self.reached.backend, &mut state, &BTreeMap::from([(slug.clone(), ask)])).await;
        let here: Folder = (place.environment.as_str().into(), place.path.as_str().into());
        let reached = state.projects.get(&slug).map(|project| {
            let syncs = project.syncs.as_ref().and_then(|syncs| syncs.as_ref().ok()).into_iter().flatten();
            let is_reached = |sync: &Sync| {
                let Some(folder) = folder(sync).filter(|_| sync.auto_sync) else { return false };
                let folders = folders(project, folder);
                folders.contains(&here) || refers(project, &folders)
            };
            syncs.enumerate().filter(|(_, sync)| is_reached(sync)).map(|(at, _)| at).collect()
        });
        Ok(Pushing { syncs: reached.unwrap_or_default(), state, project: slug })
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
        let rules = sources::Rules { base: &self.options.dir, allow_exec: self.options.allow_exec };
        let live = |resource: &Resource| observe::live_secret(&index, resource).and_then(|s| s.value.clone());
        let resolved = sources::resolve(&index, &rules, &live);
        let registry = &self.options.registry;
        let mut wrong = Vec::new();
        for sync in pushing.syncs().filter(|sync| deletes(sync)) {
            let address = ledger.records.iter().find(|(_, record)| record.id == sync.id).map(|(address, _)| address);
            let called = || address.cloned().unwrap_or_else(|| Address::new(Kind::SecretSync.word(), &sync.name));
            let unseen = |why: &str| Wipe {
                address: called(),
                count: 1,
                detail: format!("{}: what it would delete can't be told: {why}", sync.name),
            };
            let (Some(project), Some(folder)) = (pushing.state.projects.get(&pushing.project), folder(sync)) else {
                continue;
            };
            let destination = match destinations::of_live(&index, registry, &self.reached.http, &resolved, sync) {
                Ok(destination) => destination,
                Err(why) => {
                    wrong.push(unseen(&why.detail));
                    continue;
                }
            };
            let seen = match destination.read().await.and_then(|seen| seen.partial.clone().map_or(Ok(seen), Err)) {
                Ok(seen) => seen,
                Err(why) => {
                    wrong.push(unseen(&why.detail));
                    continue;
                }
            };
            let mut source = match source(project, folder) {
                Ok(source) => source,
                Err(why) => {
                    wrong.push(unseen(&why.detail));
                    continue;
                }
            };
            source.extend(keys.iter().map(|key| (key.clone(), ())));
            let template = sync.options.get(wire::option::KEY_SCHEMA).and_then(Value::as_str).unwrap_or("");
            let schema = match destination.variant().schema_names_container {
                true => KeySchema::none(),
                false => KeySchema::new(template, sync.environment.as_deref().unwrap_or("")).unwrap_or_default(),
            };
            let keys = &destination.variant().keys;
            let there = seen.entries.keys().map(|key| (key.clone(), ())).collect();
            let job = Job {
                source: &source,
                destination: &there,
                complete: true,
                schema: &schema,
                rules: keys,
                first: None,
                delete: true,
                can_import: false,
            };
            let steps = job::steps(&job, |(), ()| None, |()| Content::Unreadable).unwrap_or_default();
            let of_sync = ledger.records.keys().filter(|entry| Some(&entry.resource()) == address);
            let owned: BTreeSet<Arc<str>> =
                of_sync.filter_map(|entry| Some(job::identity(keys, entry.entry_key()?))).collect();
            let foreign = steps
                .iter()
                .filter(|(key, step)| matches!(step, Step::Delete) && !owned.contains(&job::identity(keys, key)));
            let foreign: Vec<&Arc<str>> = foreign.map(|(key, _)| key).collect();
            if !foreign.is_empty() {
                let named: Vec<String> = foreign.iter().take(5).map(|key| format!("`{key}`")).collect();
                let more = foreign.len() - named.len();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = named.join(", ");
                let detail = format!("{} would delete {named}{more}, which keyform does not manage", sync.name);
                wrong.push(Wipe { address: called(), count: foreign.len(), detail });
            }
        }
        Ok(wrong)
    }
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
