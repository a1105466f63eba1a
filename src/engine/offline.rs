//! Snapshots: what was read is frozen where the credentials are, and planned with where they are not.
//!
//! Values are stand-ins in a snapshot, so what the ledger's key said of them is kept beside: everything is looked at twice, once
//! as it is and once frozen, and where a fingerprint of a value comes out the first time, one of a stand-in does the second. A
//! fingerprint of a stand-in that came out nowhere then says nothing, and what has it is unknown.

use crate::backend::dialect::Area;
use crate::backend::frozen;
use crate::backend::frozen::Frozen;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Options;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::destinations;
use crate::engine::index;
use crate::engine::index::Index;
use crate::engine::planned;
use crate::engine::planned::Asks;
use crate::engine::planned::Read;
use crate::engine::planned::Tools;
use crate::engine::planned::resolve;
use crate::engine::snapshot;
use crate::engine::sources;
use crate::engine::sources::Resolved;
use crate::http::client;
use crate::model::address::Address;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::live::Evidence;
use crate::model::live::Live;
use crate::model::resource::Resource;
use crate::plan::Imports;
use crate::plan::Wanted;
use crate::plan::diff;
use crate::plan::targets::Asked;
use crate::provider::Observation;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a snapshot knows of values.
pub(super) struct Memory {
    /// The snapshot's key.
    pub(super) key: Arc<str>,
    /// What the backend is called in a plan.
    pub(super) called: Arc<str>,
    known: BTreeSet<Fingerprint>,
    sources: BTreeMap<String, String>,
    print: FingerprintKey,
}

/// A digest of how backend and ledger are declared: a snapshot is of these, whatever else a configuration says.
#[must_use]
pub fn identity(desired: &Desired) -> String {
    // `Debug` of what is declared shows no secret.
    let (backend, ledger) = (&desired.backend, &desired.settings.ledger);
    hex::encode(Sha256::digest(format!("{} {:?} {ledger:?}", backend.kind, backend.attrs)))
}

impl Engine {
    /// Freezes everything that a plan of this configuration, or of one that is a little different, would read. Writes
    /// nothing. Also what could not be read, which plans will not know.
    ///
    /// # Errors
    /// What [`Engine::plan`] can fail with, or the server can't say what it does not have.
    pub async fn freeze(
        &self,
        desired: &Arc<Desired>,
        (at, until): (i64, i64),
    ) -> Result<(Frozen, Vec<Diagnostic>), Diagnostics> {
        let (ledger, key) = self.keeper.load().await?;
        let scope = Scope::default();
        let mut read = planned::read(self, (ledger.clone(), key), desired, &scope).await?;
        if self.reached.backend.is_old(Area::Projects) {
            let detail = "this server can't list its projects, so that a snapshot could not tell what is not there";
            return Err(Diagnostic::error(&codes::BACKEND_OLD, detail).help("update the backend").into());
        }
        snapshot::widen(&self.reached.backend, &mut read.state, desired, &read.ledger).await;
        let registry = &self.options.registry;
        let tools = Tools { registry, http: &self.reached.http, asked: Asks::Live(self) };
        let spots: BTreeMap<Address, String> = {
            let index = Index::new(desired, &read.ledger, &read.state);
            desired.syncs().map(|sync| (sync.address.clone(), destinations::spot(&index, registry, sync))).collect()
        };
        let seen = |(address, spot): (&Address, &String)| Some((spot.clone(), read.opened.get(address)?.seen.clone()?));
        let places: BTreeMap<String, Arc<Result<Observation, Diagnostic>>> = spots.iter().filter_map(seen).collect();
        // A version may be a digest of the value: only whether it is the same is kept.
        let version = |text: &Arc<str>| Arc::from(read.key.fingerprint("keyform version", text.as_bytes()).to_hex());
        let cold: BTreeMap<String, Observation> = places
            .iter()
            .map(|(spot, seen)| {
                let mut place = match &**seen {
                    Ok(seen) => frozen::blank_place(seen),
                    Err(why) => Observation { partial: Some(why.clone()), ..Observation::default() },
                };
                for entry in place.entries.values_mut() {
                    entry.version = entry.version.as_ref().or(entry.digest.as_ref()).map(version);
                    entry.digest = None;
                }
                (spot.clone(), place)
            })
            .collect();
        let mut state = read.state.clone();
        frozen::blank(&mut state);
        for connection in &mut state.connections {
            connection.credentials_hash = connection.credentials_hash.as_ref().map(version);
        }
        let versioned = |mut ledger: Ledger| {
            ledger.records.values_mut().for_each(|record| record.version = record.version.as_ref().map(version));
            ledger
        };
        let (stored, ledger) = (versioned(ledger), versioned(read.ledger.clone()));
        let key = FingerprintKey::generate();
        let named = key.clone().with_names(ledger.names());
        let rules = sources::Rules { base: &self.options.dir, allow_exec: false, from_snapshot: true, stand_ins: None };
        let look = |ledger: &Ledger, state: &_, places: &BTreeMap<_, _>, key: &FingerprintKey| {
            let index = Index::new(desired, ledger, state);
            let (resolved, opened) = (resolve(&index, &rules), destinations::recall(&index, registry, places));
            let (live, wanted, _) = planned::looked(&tools, &index, (&resolved, &opened), key, (&scope, &read.asked));
            (live, wanted)
        };
        let warm = look(&read.ledger, &read.state, &places, &read.key);
        let shared: BTreeMap<_, _> =
            cold.iter().map(|(spot, seen)| (spot.clone(), Arc::new(Ok(again(seen))))).collect();
        let frozen = look(&ledger, &state, &shared, &named);
        let mut known = BTreeMap::new();
        pair(&mut known, &frozen, &warm);
        pair_written(&mut known, (&named, &read.key), desired, &warm);
        let sources =
            desired.resources.values().filter_map(|resource| Some((resource.address.to_string(), of(&key, resource)?)));
        let unread = warm.0.incomplete.values().cloned();
        let blind = read.opened.iter().filter_map(|(address, opened)| {
            let why =
                opened.destination.as_ref().err().or(opened.seen.as_deref().and_then(|seen| seen.as_ref().err()))?;
            Some(Diagnostic::warning(&codes::NOT_INSPECTED, format!("{address}: {}", why.detail)))
        });
        let unread = unread.chain(blind).collect();
        let frozen = Frozen {
            keyform: env!("CARGO_PKG_VERSION").to_owned(),
            at,
            until,
            of: identity(desired),
            called: self.reached.called.clone(),
            state,
            places: cold,
            ledger: stored,
            sources: sources.collect(),
            key,
            known,
        };
        Ok((frozen, unread))
    }
}

fn again(seen: &Observation) -> Observation {
    Observation { entries: seen.entries.clone(), partial: seen.partial.clone(), ..Observation::default() }
}

/// Where the values of a resource come from, if that says what they are: a digest.
fn of(key: &FingerprintKey, resource: &Resource) -> Option<String> {
    let sources = index::sources(resource);
    let is_written = sources.iter().any(|source| matches!(source, SecretSource::Literal(_)));
    let text = format!("{sources:?}");
    (!sources.is_empty() && !is_written)
        .then(|| key.fingerprint(&resource.address.to_string(), text.as_bytes()).to_hex())
}

type Known = BTreeMap<Fingerprint, Fingerprint>;

/// Pairs what came out at the same places.
fn pair(known: &mut Known, (cold, wants): &(Live, Wanted), (warm, wanted): &(Live, Wanted)) {
    for (address, seen) in &cold.resources {
        let Some(other) = warm.resources.get(address) else { continue };
        for (name, value) in &seen.attrs {
            other.attrs.get(name).into_iter().for_each(|other| pair_value(known, value, other));
        }
    }
    for (address, attrs) in &wants.resources {
        let Some(other) = wanted.resources.get(address) else { continue };
        for (name, value) in attrs {
            other.get(name).into_iter().for_each(|other| pair_value(known, value, other));
        }
    }
    for (address, pushed) in &wants.syncs {
        let Some(other) = wanted.syncs.get(address) else { continue };
        let same = |(name, mark): (_, &Option<Fingerprint>)| Some(((*mark)?, (*other.source.get(name)?)?));
        known.extend(pushed.source.iter().filter_map(same));
    }
    for (address, listing) in &cold.destinations {
        let Some(other) = warm.destinations.get(address) else { continue };
        for (name, sighting) in &listing.entries {
            if let (Evidence::Value(a), Some(Evidence::Value(b))) =
                (&sighting.evidence, other.entries.get(name).map(|other| &other.evidence))
            {
                known.insert(*a, *b);
            }
        }
    }
}

fn pair_value(known: &mut Known, cold: &Value, warm: &Value) {
    match (cold, warm) {
        (Value::Fingerprint(a), Value::Fingerprint(b)) => {
            known.insert(*a, *b);
        }
        (Value::List(a), Value::List(b)) => a.iter().zip(b.iter()).for_each(|(a, b)| pair_value(known, a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.iter().filter_map(|(name, a)| Some((a, b.get(name)?))).for_each(|(a, b)| pair_value(known, a, b));
        }
        _ => {}
    }
}

/// Pairs what a ledger says of attributes: of what was found, and of what is declared.
fn pair_written(known: &mut Known, keys: (&FingerprintKey, &FingerprintKey), desired: &Desired, warm: &(Live, Wanted)) {
    let (live, wanted) = warm;
    for (address, attrs) in &wanted.resources {
        let Some(resource) = desired.resources.get(address) else { continue };
        let mut both = vec![[keys.0, keys.1].map(|key| diff::written(key, resource, attrs))];
        if let Some(seen) = live.resources.get(address) {
            // Fields that come back and are not declared are nothing that was written.
            both.push([keys.0, keys.1].map(|key| diff::found(key, resource, attrs, &seen.attrs)));
            both.push([keys.0, keys.1].map(|key| diff::written(key, resource, &seen.attrs)));
        }
        for [cold, warm] in both {
            known.extend(cold.iter().filter_map(|(name, mark)| Some((*mark, *warm.get(name)?))));
        }
    }
}

/// Plans with a snapshot: asks nobody, and reads no value.
///
/// # Errors
/// The client can't be made.
pub async fn plan(
    options: &Options,
    desired: &Arc<Desired>,
    scope: &Scope,
    frozen: Frozen,
) -> Result<Planned, Diagnostics> {
    let registry = &options.registry;
    // What opens destinations wants one; nothing is opened.
    let http = client::Client::new(client::Options::default())?;
    let memory = Memory {
        key: frozen.key.to_hex().expose().into(),
        called: frozen.called,
        known: frozen.known.values().copied().collect(),
        sources: frozen.sources,
        print: frozen.key.clone(),
    };
    // Where there is no ledger yet, nobody keeps the key of its fingerprints.
    let passing = frozen.ledger.owner.is_empty();
    let mut ledger = (frozen.ledger, frozen.key.with_known(frozen.known, passing));
    let mut moves = planned::moved(&mut ledger, desired, registry.schemas(), scope.destroy);
    let (mut ledger, mut key) = ledger;
    let mut imports = Imports::default();
    let mut state = snapshot::recall(frozen.state, desired, &mut ledger, &mut imports, scope.destroy);
    let asked = Asked::of(desired, &ledger, &scope.targets, scope.destroy);
    let rules = sources::Rules { base: &options.dir, allow_exec: false, from_snapshot: true, stand_ins: None };
    let resolved = resolve(&Index::new(desired, &ledger, &state), &rules);
    snapshot::followed(&mut state, desired, &ledger, &resolved);
    if !scope.destroy {
        planned::relabelled((&mut ledger, &mut key), &mut moves, desired, &state, &resolved);
    }
    let places = frozen.places.into_iter().map(|(spot, seen)| (spot, Arc::new(Ok(seen)))).collect();
    let opened = destinations::recall(&Index::new(desired, &ledger, &state), registry, &places);
    let tools = Tools { registry, http: &http, asked: Asks::Snapshot(&memory) };
    let read = Read { ledger, key, moves, imports, state, asked, resolved, opened };
    Ok(planned::compare(&tools, desired, scope, read).await)
}

impl Memory {
    /// Takes away whatever only a stand-in says, and what is missing without a loss: a value that stands.
    pub(super) fn trim(&self, index: &Index<'_>, live: &mut Live, wanted: &mut Wanted, resolved: &Resolved) {
        let is_known = |value: &Value| self.says(value);
        live.resources.values_mut().for_each(|seen| seen.attrs.retain(|_, value| is_known(value)));
        wanted.resources.values_mut().for_each(|attrs| attrs.retain(|_, value| is_known(value)));
        for pushed in wanted.syncs.values_mut() {
            pushed.source.values_mut().for_each(|mark| *mark = mark.filter(|mark| self.known.contains(mark)));
        }
        for sighting in live.destinations.values_mut().flat_map(|listing| listing.entries.values_mut()) {
            if matches!(&sighting.evidence, Evidence::Value(mark) if !self.known.contains(mark)) {
                sighting.evidence = Evidence::Present;
            }
        }
        wanted.missing.retain(|address, _| {
            let is_there = resolved.standing.contains_key(address)
                || resolved.credentials.contains_key(address) && live.resources.contains_key(address);
            let resource = index.desired.resources.get(address);
            let source = resource.and_then(|resource| of(&self.print, resource));
            !is_there || source.is_none() || source.as_ref() != self.sources.get(&address.to_string())
        });
    }

    fn says(&self, value: &Value) -> bool {
        match value {
            Value::Fingerprint(mark) => self.known.contains(mark),
            Value::List(items) => items.iter().all(|item| self.says(item)),
            Value::Object(fields) => fields.values().all(|field| self.says(field)),
            _ => true,
        }
    }
}
