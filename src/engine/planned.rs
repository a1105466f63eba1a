//! Making a plan: read, resolve, compare. Keeps what was read beside the plan, for the apply after it.

use crate::backend::state::State;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::age;
use crate::engine::connections;
use crate::engine::destinations;
use crate::engine::destinations::Opened;
use crate::engine::effective;
use crate::engine::effective::Imported;
use crate::engine::effective::Source;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::index::Index;
use crate::engine::keeper;
use crate::engine::login;
use crate::engine::observe;
use crate::engine::offline::Memory;
use crate::engine::open;
use crate::engine::others;
use crate::engine::pushed;
use crate::engine::pushing;
use crate::engine::shards;
use crate::engine::snapshot;
use crate::engine::sources;
use crate::engine::sources::Resolved;
use crate::engine::things;
use crate::engine::wanted;
use crate::http::client::Client;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::job::InitialSync;
use crate::model::ledger::Ledger;
use crate::model::live::Evidence;
use crate::model::live::Listing;
use crate::model::live::Live;
use crate::model::live::Sighting;
use crate::model::references;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::KeyRules;
use crate::model::schema::Schemas;
use crate::plan;
use crate::plan::Change;
use crate::plan::Imports;
use crate::plan::Plan;
use crate::plan::Wanted;
use crate::plan::moves;
use crate::plan::moves::Moves;
use crate::plan::saved;
use crate::plan::saved::Origin;
use crate::plan::saved::Saved;
use crate::plan::targets::Asked;
use crate::provider::Observation;
use crate::provider::Seen;
use crate::provider::registry::Registry;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a plan was made from, values included.
pub(super) struct Basis {
    pub(super) moves: Moves,
    pub(super) imports: Imports,
    pub(super) desired: Arc<Desired>,
    pub(super) key: FingerprintKey,
    pub(super) state: State,
    pub(super) resolved: Resolved,
    pub(super) opened: BTreeMap<Address, Opened>,
    pub(super) wanted: Wanted,
    /// What first runs will take into their sources.
    pub(super) imported: Vec<Imported>,
    pub(super) live: Live,
    /// What targets ask for: the rest stays as it is.
    pub(super) asked: Asked,
    /// Changes that the backend has been asked for, and that are not sent again.
    pub(super) waiting: BTreeMap<Address, Diagnostic>,
    /// The key of the snapshot that was planned with, if one was.
    pub(super) snapshot: Option<Arc<str>>,
}

impl Basis {
    /// What the plan was made from.
    pub(super) fn input<'a>(&'a self, ledger: &'a Ledger, scope: &'a Scope) -> plan::Input<'a> {
        plan::Input {
            desired: &self.desired,
            live: &self.live,
            ledger,
            moves: &self.moves,
            imports: &self.imports,
            key: &self.key,
            wanted: &self.wanted,
            targets: &scope.targets,
            adopt: scope.adopt,
            destroy: scope.destroy,
        }
    }
}

impl Planned {
    /// What a file has to say about the plan besides its rows.
    #[must_use]
    pub fn origin(&self, scope: &Scope) -> Origin {
        self.origin_of(scope, self.basis.snapshot.clone())
    }

    /// The same as a plan says it that was made from a snapshot: whoever has only that, has only its key.
    fn origin_of(&self, scope: &Scope, snapshot: Option<Arc<str>>) -> Origin {
        let key = snapshot.as_deref().and_then(FingerprintKey::from_hex).unwrap_or_else(|| self.basis.key.clone());
        Origin {
            keyform: env!("CARGO_PKG_VERSION").into(),
            at: open::now().into(),
            ledger: self.ledger.owner.clone(),
            configuration: saved::configuration(&self.basis.desired, &key),
            snapshot,
            targets: scope.targets.clone(),
            adopt: scope.adopt,
            destroy: scope.destroy,
            shard: self.basis.desired.part.as_ref().map(|part| part.shard),
        }
    }

    /// Reduces the plan, which was made for the scope of a saved one, to what that one says.
    ///
    /// # Errors
    /// It is not the same any more: what differs.
    pub fn hold(&mut self, saved: &Saved, scope: &Scope) -> Result<(), Diagnostics> {
        let origin = self.origin_of(scope, saved.origin.snapshot.clone());
        let mut acc = Diagnostics::new();
        let input = self.basis.input(&self.ledger, scope);
        if let Err(differences) = saved::hold(saved, &mut self.plan, &origin, &input) {
            differences.into_iter().for_each(|difference| acc.push(difference));
        }
        if acc.is_empty() { Ok(()) } else { Err(acc) }
    }
}

/// Everything that a plan is made from, as it was read.
pub(super) struct Read {
    pub(super) ledger: Ledger,
    pub(super) key: FingerprintKey,
    pub(super) moves: Moves,
    pub(super) imports: Imports,
    pub(super) state: State,
    pub(super) asked: Asked,
    pub(super) resolved: Resolved,
    pub(super) opened: BTreeMap<Address, Opened>,
}

/// What comparing needs besides.
pub(super) struct Tools<'a> {
    pub(super) registry: &'a Registry,
    pub(super) http: &'a Client,
    pub(super) asked: Asks<'a>,
}

/// Whom comparing may ask.
pub(super) enum Asks<'a> {
    /// The backend and destinations.
    Live(&'a Engine),
    /// Only what a snapshot knows: values are stand-ins then, and say nothing by themselves.
    Snapshot(&'a Memory),
}

impl<'a> Tools<'a> {
    fn engine(&self) -> Option<&'a Engine> {
        match self.asked {
            Asks::Live(engine) => Some(engine),
            Asks::Snapshot(_) => None,
        }
    }

    /// What a snapshot knows, where nobody else may be asked.
    pub(super) fn memory(&self) -> Option<&'a Memory> {
        match self.asked {
            Asks::Live(_) => None,
            Asks::Snapshot(memory) => Some(memory),
        }
    }
}

pub(super) async fn plan(engine: &Engine, desired: &Arc<Desired>, scope: &Scope) -> Result<Planned, Diagnostics> {
    let ledger = engine.keeper.load().await?;
    let left = keeper::left(engine, &ledger.0).await;
    let read = read(engine, ledger, desired, scope).await?;
    let tools = Tools { registry: &engine.options.registry, http: &engine.reached.http, asked: Asks::Live(engine) };
    let mut planned = compare(&tools, desired, scope, read).await;
    planned.notes.extend(left);
    planned.requests = engine.reached.http.requests();
    Ok(planned)
}

/// Follows what has moved, in a ledger and in its key.
pub(super) fn moved(
    (ledger, key): &mut (Ledger, FingerprintKey),
    desired: &Desired,
    schemas: &Schemas,
    destroy: bool,
) -> Moves {
    let mut moves = moves::follow(ledger, &desired.moved);
    *key = key.clone().with_names(ledger.names());
    if let Some(part) = &desired.part {
        part.restrict(ledger);
        let left: BTreeSet<Address> =
            ledger.records.keys().chain(ledger.intents.keys()).map(Address::resource).collect();
        moves.done.retain(|to, _| left.contains(to));
        moves.refused.retain(|from, _| left.contains(from));
    }
    if !destroy {
        let attrs = |resource: &Resource| wanted::attrs(resource, schemas, &Resolved::default(), key, false);
        moves::relabelled(ledger, &mut moves, desired, key, &attrs);
        *key = key.clone().with_names(ledger.names());
    }
    moves
}

/// Reads the backend, the sources of secrets and the destinations.
pub(super) async fn read(
    engine: &Engine,
    mut ledger: (Ledger, FingerprintKey),
    desired: &Desired,
    scope: &Scope,
) -> Result<Read, Diagnostics> {
    let mut moves = moved(&mut ledger, desired, engine.options.registry.schemas(), scope.destroy);
    let (mut ledger, mut key) = ledger;
    let mut imports = Imports::default();
    let mut state = snapshot::read(&engine.reached.backend, desired, &mut ledger, &mut imports, scope.destroy).await?;
    let asked = Asked::of(desired, &ledger, &scope.targets, scope.destroy);
    if !scope.destroy {
        age::check(&engine.reached.backend, desired, &ledger, &state, &asked).await?;
    }
    let rules = sources::Rules {
        base: &engine.options.dir,
        allow_exec: engine.options.allow_exec,
        from_snapshot: false,
        stand_ins: engine.options.stand_ins.as_deref(),
    };
    let resolved = resolve(&Index::new(desired, &ledger, &state), &rules);
    snapshot::follow(&engine.reached.backend, &mut state, desired, &ledger, &resolved).await;
    if !scope.destroy {
        relabelled((&mut ledger, &mut key), &mut moves, desired, &state, &resolved);
    }
    let index = Index::new(desired, &ledger, &state);
    let opened = destinations::open(&index, &engine.options.registry, &engine.reached.http, &resolved).await;
    Ok(Read { ledger, key, moves, imports, state, asked, resolved, opened })
}

/// Follows things of the backend that have another label now.
pub(super) fn relabelled(
    (ledger, key): (&mut Ledger, &mut FingerprintKey),
    moves: &mut Moves,
    desired: &Desired,
    state: &State,
    resolved: &Resolved,
) {
    for (old, new) in things::relabelled(&Index::new(desired, ledger, state), resolved) {
        ledger.rename(&old, &new);
        moves.done.insert(new, old);
    }
    *key = key.clone().with_names(ledger.names());
}

/// Resolves the sources of secrets.
pub(super) fn resolve(index: &Index<'_>, rules: &sources::Rules<'_>) -> Resolved {
    let live = |resource: &Resource| observe::live_secret(index, resource).and_then(|s| s.value.clone());
    sources::resolve(index, rules, &live)
}

/// What is there and what is wanted, compared with nothing yet.
pub(super) fn looked(
    tools: &Tools<'_>,
    index: &Index<'_>,
    (resolved, opened): (&Resolved, &BTreeMap<Address, Opened>),
    key: &FingerprintKey,
    (scope, asked): (&Scope, &Asked),
) -> (Live, Wanted, Vec<Imported>) {
    let mut live = observe::observe(index, resolved, tools.registry.schemas(), key);
    let (wanted, imported) = wanted(tools, index, resolved, opened, key, (scope, asked), &live);
    for (address, opened) in opened {
        if let Some(seen) = &opened.seen {
            let rules = wanted.syncs.get(address).map(|pushed| pushed.rules.clone()).unwrap_or_default();
            live.destinations.insert(address.clone(), listing(address, seen, &rules, key));
        }
    }
    (live, wanted, imported)
}

/// Makes a plan of what was read.
pub(super) async fn compare(tools: &Tools<'_>, desired: &Arc<Desired>, scope: &Scope, read: Read) -> Planned {
    let Read { ledger, key, moves, imports, state, asked, resolved, opened } = read;
    let index = Index::new(desired, &ledger, &state);
    let schemas = tools.registry.schemas();
    let (mut live, mut wanted, imported) = looked(tools, &index, (&resolved, &opened), &key, (scope, &asked));
    if let Some(memory) = tools.memory() {
        memory.trim(&index, &mut live, &mut wanted, &resolved);
    }
    let ends = |address: &Address| takes_along(&index, &wanted, scope, address) && asked.resource(address);
    let read = |address: &Address| {
        let one =
            opened.get(address).filter(|_| wanted.syncs.get(address).is_some_and(|pushed| pushed.left.is_none()))?;
        let seen = one.seen.as_deref()?.as_ref().ok().filter(|seen| seen.partial.is_none())?;
        Some((one.destination.as_ref().ok()?, seen))
    };
    wanted.taken = pushing::taken(tools.engine(), &index, &resolved, &key, &read, (&ends, &asked)).await;
    // What ends needs no value any more, but the credentials for a look at what ends with it.
    let needed = |address: &Address| !scope.destroy || resolved.credentials.contains_key(address);
    let missing = wanted.missing.iter().filter(|(address, _)| needed(address));
    let missing = missing.map(|(address, why)| (address.clone(), why.clone())).collect();
    let mut notes = notes(&missing, &opened);
    notes.extend(login::unused(&desired.backend));
    notes.extend(shards::left(desired, &ledger));
    let snapshot = tools.memory().map(|memory| memory.key.clone());
    let mut basis = Basis {
        waiting: BTreeMap::new(),
        moves,
        imports,
        desired: Arc::clone(desired),
        key,
        state,
        resolved,
        opened,
        wanted,
        imported,
        live,
        asked,
        snapshot,
    };
    let index = Index::new(desired, &ledger, &basis.state);
    let input = basis.input(&ledger, scope);
    let mut plan = plan::make(&input);
    plan.backend = match tools.asked {
        Asks::Live(engine) => engine.reached.called.clone(),
        Asks::Snapshot(memory) => memory.called.clone(),
    };
    notes.extend(
        pushing::elsewhere::hazards(tools.engine(), &index, &basis.resolved, (&input, &basis.asked), &mut plan).await,
    );
    notes.extend(plan::collisions::notes(&input, &plan));
    notes.extend(connections::notes(&index, schemas, &plan));
    if !scope.destroy {
        notes.extend(things::notes(&index, &basis.live, &basis.resolved));
    }
    basis.waiting = waiting(&plan, &ledger, &basis.key, scope);
    notes.extend(basis.waiting.values().cloned());
    Planned { plan, notes, requests: 0, ledger, basis, back: None }
}

/// The rows of a plan that wait for approval as they are.
fn waiting(plan: &Plan, ledger: &Ledger, key: &FingerprintKey, scope: &Scope) -> BTreeMap<Address, Diagnostic> {
    let rows = plan.changes.iter().filter(|_| !scope.ask_again);
    let one = |change: &Change| {
        let request = ledger.requests.get(&change.address)?;
        let detail = format!("{}: it was asked for on {}, and is not sent again", change.address, request.at);
        let d = Diagnostic::warning(&codes::REQUEST_WAITS, detail);
        let d = d.help("approve the request at the backend; if it was declined, `--ask-again` makes another one");
        (request.row == plan::mark(key, change)).then(|| (change.address.clone(), d))
    };
    rows.filter_map(one).collect()
}

fn wanted(
    tools: &Tools<'_>,
    index: &Index<'_>,
    resolved: &Resolved,
    opened: &BTreeMap<Address, Opened>,
    key: &FingerprintKey,
    (scope, asked): (&Scope, &Asked),
    live: &Live,
) -> (Wanted, Vec<Imported>) {
    let schemas = tools.registry.schemas();
    let declared = index.desired.resources.values();
    let resources = declared.map(|r| (r.address.clone(), wanted::attrs(r, schemas, resolved, key, false))).collect();
    let mut views: BTreeMap<&Address, (View<'_>, View<'_>)> = snapshot::pushing_projects(index.desired)
        .into_iter()
        .map(|project| {
            let is_asked = |address: &Address| asked.resource(address);
            let now = View::new(index, resolved, project, When::Now, &is_asked);
            let planned = View::new(index, resolved, project, When::Planned, &is_asked);
            (project, (now, planned))
        })
        .collect();
    // What imports comes first: what it takes into its folder is pushed by the others.
    let all = || index.desired.syncs();
    let is_asked = |r: &Resource| scope.targets.is_empty() || scope.targets.iter().any(|t| r.address.is_within(t));
    let imports = |r: &Resource| {
        let first = |opened| pushed::first(tools, index, resolved, r, opened);
        !scope.destroy && is_asked(r) && opened.get(&r.address).and_then(first).is_some_and(InitialSync::imports)
    };
    let mut syncs = BTreeMap::new();
    let mut imported: Vec<Imported> = Vec::new();
    for resource in all().filter(|r| imports(r)).chain(all().filter(|r| !imports(r))) {
        let Some(project) = resource.reference("project") else { continue };
        let (Some((now, planned)), Some(opened)) = (views.get_mut(project), opened.get(&resource.address)) else {
            continue;
        };
        let mut pushed = pushed::of(tools, index, resolved, resource, opened, (&*now, &*planned), key);
        let at = effective::place(resource.text("environment").unwrap_or(""), resource.text("path").unwrap_or("/"));
        if !imported.is_empty() {
            let folders = planned.folders(&at);
            let before = imported.iter().filter(|one| one.project == *project && folders.contains(&one.place));
            pushed.after = before.map(|one| one.sync.clone()).collect();
        }
        if imports(resource)
            && let Some(whole) = opened.seen.as_deref()
            && let Ok(seen) = whole
        {
            let listing = listing(&resource.address, whole, &pushed.rules, key);
            let taken = plan::entries::foretold::imports(key, &resource.address, &pushed, &listing);
            let value = |stored: &Arc<str>| seen.entries.get(stored).and_then(|entry| entry.value.clone());
            let secrets: Source = taken.into_iter().map(|(name, stored)| (name, value(&stored))).collect();
            let one = Imported { project: project.clone(), sync: resource.address.clone(), place: at, secrets };
            if let Some(why) = imported.iter().find_map(|before| one.overwrites(before, resource)) {
                pushed.wrong.get_or_insert(why);
            } else if !one.secrets.is_empty() {
                planned.take(&one);
                imported.push(one);
            }
        }
        syncs.insert(resource.address.clone(), pushed);
    }
    let others = if scope.destroy { Vec::new() } else { others::of(tools, index, resolved, opened, &views, live) };
    let missing = resolved.missing();
    (Wanted { resources, syncs, taken: BTreeMap::new(), others, missing }, imported)
}

/// Whether a sync of the backend ends, or leaves its place, and takes its keys along.
fn takes_along(index: &Index<'_>, wanted: &Wanted, scope: &Scope, address: &Address) -> bool {
    let Some(record) = index.ledger.records.get(address).filter(|_| address.kind() == Kind::SecretSync.word()) else {
        return false;
    };
    match index.desired.resources.get(address) {
        None => address.entry_key().is_none() && record.removes && !index.desired.releases(address),
        Some(resource) => {
            // What keyform runs itself from now on ends at the backend without its keys.
            let is_run_there = resource.text("run") != Some("keyform");
            let leaves = is_run_there && wanted.syncs.get(address).is_some_and(|pushed| pushed.left.is_some());
            resource.text("on_delete") == Some("remove") && (scope.destroy || leaves)
        }
    }
}

/// The backend's sync for a declared one.
pub(super) fn live_sync<'a>(index: &Index<'a>, resource: &Resource) -> Option<&'a crate::backend::state::Sync> {
    let syncs = index.project_of(resource)?.syncs.as_ref()?.as_ref().ok()?;
    let id = index.ledger.records.get(&resource.address).map(|r| &r.id);
    let by_id = syncs.iter().find(|sync| Some(&sync.id) == id);
    by_id.or_else(|| syncs.iter().find(|sync| Some(&*sync.name) == resource.text("name")))
}

/// What a destination holds, as fingerprints at the entries' addresses.
pub(super) fn listing(
    address: &Address,
    seen: &Result<Observation, Diagnostic>,
    rules: &KeyRules,
    key: &FingerprintKey,
) -> Listing {
    let observation = match seen {
        Ok(observation) => observation,
        Err(why) => return Listing { partial: Some(why.clone()), ..Listing::default() },
    };
    let entries = observation.entries.iter().map(|(name, seen)| {
        let evidence = match &seen.value {
            Some(value) => {
                Evidence::Value(plan::entries::fingerprint(key, address, rules, name, value.expose().as_bytes()))
            }
            None => Evidence::Present,
        };
        // A digest changes with the value: it serves where the vendor shows no version.
        let version = seen.version.clone().or_else(|| seen.digest.clone());
        (Arc::clone(name), Sighting { evidence, version })
    });
    let refers = |seen: &Seen| seen.value.as_ref().is_some_and(references::refers);
    let referring = observation.entries.iter().filter(|(_, seen)| refers(seen)).map(|(name, _)| Arc::clone(name));
    Listing { entries: entries.collect(), partial: observation.partial.clone(), referring: referring.collect() }
}

fn notes(missing: &BTreeMap<Address, Diagnostic>, opened: &BTreeMap<Address, Opened>) -> Vec<Diagnostic> {
    let mut notes: Vec<_> = sources::later(missing).into_iter().collect();
    for (address, opened) in opened {
        let why = match (&opened.destination, opened.seen.as_deref()) {
            // A missing credential has its own note.
            (Err(why), None) if why.code == &codes::NOT_INSPECTED => why,
            (Ok(_), Some(Err(why))) => why,
            _ => continue,
        };
        let note = Diagnostic::warning(&codes::NOT_INSPECTED, format!("{address}: {}", why.detail));
        notes.push(Diagnostic { help: why.help.clone(), ..note });
    }
    notes
}
