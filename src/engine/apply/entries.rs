//! Entries of a destination: written by keyform itself where it runs the sync, and verified by reading
//! the destination again whoever wrote them.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::Outcome;
use crate::engine::apply::run::Run;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::open;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::ledger::DESTINATION;
use crate::model::ledger::HOME;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::model::resource::Resource;
use crate::model::schema::KeyRules;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Seen;
use crate::provider::Write;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Says in the ledger which entries will be written that it does not know yet, and with what: before anything is, because
/// a backend pushes a secret as soon as it is there. What an undo puts back is not ours afterwards.
pub(super) async fn intend(run: &Run<'_>) -> Result<(), Diagnostic> {
    if run.planned.back.is_some() {
        return Ok(());
    }
    let rows = run.planned.plan.changes.iter().filter(|row| row.address.entry_key().is_some());
    let new = rows.filter(|row| matches!(row.action, Action::Create | Action::Update));
    let new = new.filter(|row| run.record(&row.address).is_none());
    let meant = |row: &Change| {
        let value = row.fields.iter().find(|field| *field.name == *VALUE).map(|field| &field.after);
        match value {
            Some(Shown::Secret(mark)) => Natural::from([(VALUE.into(), mark.to_hex().into())]),
            _ => Natural::new(),
        }
    };
    let intents = new.map(|row| journal::Event::Intent { address: row.address.clone(), natural: meant(row) });
    run.append(&intents.collect::<Vec<_>>()).await
}

/// What should be at a destination, by the key there.
pub(super) fn wanted(
    run: &Run<'_>,
    resource: &Resource,
    imported: &Object,
) -> Result<BTreeMap<Arc<str>, Secret>, Diagnostic> {
    let basis = &run.planned.basis;
    let project = resource.reference("project").ok_or_else(|| super::run::missing(&resource.address, "its project"))?;
    let mut view =
        View::new(&run.index, &basis.resolved, project, When::Applied, &|address| basis.asked.resource(address));
    basis.imported.iter().filter(|one| one.project == *project).for_each(|one| view.take(one));
    let mut source = view.source(resource.text("environment").unwrap_or(""), resource.text("path").unwrap_or("/"))?;
    for (key, value) in imported {
        if let Value::Secret(value) = value {
            source.entry(key.clone()).or_insert_with(|| Some(value.clone()));
        }
    }
    let pushed = basis.wanted.syncs.get(&resource.address);
    let rules = pushed.map(|p| p.rules.clone()).unwrap_or_default();
    let schema = pushed.map(|p| p.schema.clone()).unwrap_or_default();
    let known = source.into_iter().filter_map(|(key, value)| Some((job::stored(&schema, &rules, &key), value?)));
    Ok(known.collect())
}

fn rules(run: &Run<'_>, resource: &Resource) -> KeyRules {
    run.planned.basis.wanted.syncs.get(&resource.address).map(|p| p.rules.clone()).unwrap_or_default()
}

/// Writes the entries of a sync that keyform runs.
pub(super) async fn write(run: &Run<'_>, resource: &Resource, work: &[&Change]) -> Vec<Outcome> {
    match try_write(run, resource, work).await {
        Ok(outcomes) => outcomes,
        Err(why) => work.iter().map(|row| (row.address.clone(), Err(why.clone()))).collect(),
    }
}

async fn try_write(run: &Run<'_>, resource: &Resource, work: &[&Change]) -> Result<Vec<Outcome>, Diagnostic> {
    if work.is_empty() {
        return Ok(Vec::new());
    }
    let destination = destination(run, &resource.address)?;
    let wanted = wanted(run, resource, &Object::new())?;
    let mut failed: BTreeMap<Address, Diagnostic> = BTreeMap::new();
    let mut writes = Vec::new();
    for row in work {
        let Some(key) = row.address.entry_key() else { continue };
        let value = || {
            wanted.get(key).cloned().ok_or_else(|| {
                let detail = format!("the value of {} is not at hand", row.address);
                Diagnostic::error(&codes::SOURCE_LATER, detail)
            })
        };
        let op = match row.action {
            Action::Create => value().map(Op::Create),
            Action::Update | Action::Replace => value().map(Op::Update),
            Action::Delete => Ok(Op::Delete),
            Action::Adopt | Action::Forget => continue,
        };
        match op {
            Ok(op) => writes.push(Write { key: key.into(), op }),
            Err(why) => {
                failed.insert(row.address.clone(), why);
            }
        }
    }
    let _turn = run.turns.enter(destination).await;
    // Others may have written to the place since the plan was made: it is written on top of what is there now.
    let seen = destination.read().await?;
    if let Some(why) = seen.partial {
        return Err(why);
    }
    // What was right and went with a sync that ended at the same place.
    let folds = rules(run, resource);
    let held: BTreeSet<Arc<str>> = seen.entries.keys().map(|key| job::identity(&folds, key)).collect();
    for row in work.iter().filter(|row| row.action == Action::Adopt) {
        let key = row.address.entry_key().filter(|key| !held.contains(&job::identity(&folds, key)));
        if let Some((key, value)) = key.and_then(|key| Some((key, wanted.get(key)?))) {
            writes.push(Write { key: key.into(), op: Op::Create(value.clone()) });
        }
    }
    for outcome in destination.write(&seen, &writes).await {
        if let Err(why) = outcome.result {
            let address = resource.address.entry(&outcome.key);
            let detail = format!("{address}: {}", why.detail);
            let why = Diagnostic { help: why.help, ..Diagnostic::error(&codes::DESTINATION_WRITE, detail) };
            failed.insert(address, why);
        }
    }
    let rest: Vec<&Change> = work.iter().filter(|row| !failed.contains_key(&row.address)).copied().collect();
    let mut outcomes = check(run, resource, &rest, &wanted, &destination.read().await?).await;
    outcomes.extend(failed.into_iter().map(|(address, why)| (address, Err(why))));
    Ok(outcomes)
}

/// The destination of a declared sync.
pub(super) fn destination<'a>(run: &Run<'a>, address: &Address) -> Result<&'a Destination, Diagnostic> {
    let opened = run.planned.basis.opened.get(address);
    let opened = opened.ok_or_else(|| super::run::missing(address, "its destination"))?;
    opened.destination.as_ref().map_err(Clone::clone)
}

/// Reads the destination again and keeps what is as it should be. `ran` says whether the backend ran the sync: then
/// what it did besides is told.
pub(super) async fn verify(
    run: &Run<'_>,
    resource: &Resource,
    work: &[&Change],
    imported: &Object,
    ran: bool,
) -> Vec<Outcome> {
    if work.is_empty() && !ran {
        return Vec::new();
    }
    let all = |why: Diagnostic| work.iter().map(|row| (row.address.clone(), Err(why.clone()))).collect();
    let wanted = match wanted(run, resource, imported) {
        Ok(wanted) => wanted,
        Err(why) => return all(why),
    };
    let seen = match destination(run, &resource.address) {
        Ok(destination) => destination.read().await,
        Err(why) => Err(why),
    };
    match seen {
        Ok(seen) => {
            if ran {
                besides(run, resource, work, &seen);
            }
            check(run, resource, work, &wanted, &seen).await
        }
        Err(why) => all(why),
    }
}

/// Keeps what tells that a key changed, where values don't come back: every run of the backend writes all keys of a sync anew,
/// also those that are as they were, and that is no change by others.
pub(super) async fn renew(run: &Run<'_>, resource: &Resource, work: &[&Change]) -> Result<(), Diagnostic> {
    let (wanted, rules) = (wanted(run, resource, &Object::new())?, rules(run, resource));
    let seen = destination(run, &resource.address)?.read().await?;
    let seen: BTreeMap<Arc<str>, &Seen> =
        seen.entries.iter().map(|(key, seen)| (job::identity(&rules, key), seen)).collect();
    let wanted: BTreeMap<Arc<str>, &Secret> = wanted.iter().map(|(k, v)| (job::identity(&rules, k), v)).collect();
    let written = work.iter().filter(|row| row.action != Action::Delete).map(|row| &row.address);
    let records = &run.planned.ledger.records;
    let owned: BTreeSet<&Address> =
        records.keys().chain(written).filter(|a| a.resource() == resource.address).collect();
    let natural = natural(run, resource);
    let event = |address: &Address| {
        let key = job::identity(&rules, address.entry_key()?);
        let record = record(run, resource, (&rules, &natural), (&key, wanted.get(&key)?, seen.get(&key)?));
        Some(journal::Event::Record { address: address.clone(), record })
    };
    run.append(&owned.into_iter().filter_map(event).collect::<Vec<_>>()).await
}

/// What the ledger keeps of an entry besides its value.
fn natural(run: &Run<'_>, resource: &Resource) -> Natural {
    // What keyform itself writes is found nowhere else than in its records; the backend knows where its syncs write.
    let pushed = run.planned.basis.wanted.syncs.get(&resource.address);
    let called = pushed.filter(|_| resource.text("run") == Some("keyform")).map(|pushed| pushed.called.clone());
    let home = pushed.and_then(|pushed| pushed.home.clone());
    let natural = called.map(|called| (Arc::from(DESTINATION), called));
    natural.into_iter().chain(home.map(|home| (Arc::from(HOME), home))).collect()
}

/// What the ledger keeps of a key that was found with the value that it should have.
fn record(
    run: &Run<'_>,
    resource: &Resource,
    (rules, natural): (&KeyRules, &Natural),
    (key, value, found): (&str, &Secret, &Seen),
) -> Record {
    let names = &run.planned.basis.key;
    let mark = plan::entries::fingerprint(names, &resource.address, rules, key, value.expose().as_bytes());
    let version = found.version.clone().or_else(|| found.digest.clone());
    let written = [(Arc::from(VALUE), mark)].into();
    Record { natural: natural.clone(), written, version, at: open::now().into(), ..Record::default() }
}

/// Tells what is otherwise at the destination than it was, and was not planned to be: the preview was wrong, or
/// somebody else wrote there.
fn besides(run: &Run<'_>, resource: &Resource, work: &[&Change], seen: &Observation) {
    const NAMED: usize = 5;
    let basis = &run.planned.basis;
    let before = basis.opened.get(&resource.address).and_then(|opened| opened.seen.as_deref()?.as_ref().ok());
    let Some(before) = before.filter(|before| before.partial.is_none() && seen.partial.is_none()) else { return };
    let rules = rules(run, resource);
    let identity = |key: &str| job::identity(&rules, key);
    let mut planned: BTreeSet<Arc<str>> = work.iter().filter_map(|row| row.address.entry_key()).map(identity).collect();
    let is_same = |key: &Arc<str>, other: &Observation, was: &Seen| match other.entries.get(key) {
        Some(now) => now.value.is_none() || was.value.is_none() || now.value == was.value,
        None => false,
    };
    let differs = |(key, was): &(&Arc<str>, &Seen), other: &Observation| !is_same(key, other, was);
    let keys = before.entries.iter().filter(|entry| differs(entry, seen));
    let keys = keys.chain(seen.entries.iter().filter(|(key, _)| !before.entries.contains_key(*key)));
    let mut odd: BTreeSet<&Arc<str>> =
        keys.map(|(key, _)| key).filter(|key| !planned.contains(&identity(key))).collect();
    if odd.is_empty() {
        return;
    }
    // What other syncs write to the same place is planned as well.
    let syncs = &basis.wanted.syncs;
    let place = |address: &Address| syncs.get(address).map(|pushed| &pushed.place).filter(|place| !place.is_empty());
    let own = place(&resource.address);
    let rows = run.planned.plan.changes.iter().filter(|row| place(&row.address.resource()) == own);
    planned.extend(rows.filter_map(|row| row.address.entry_key()).map(identity));
    odd.retain(|key| !planned.contains(&identity(key)));
    let Some(rest) = odd.len().checked_sub(1).map(|_| odd.len().saturating_sub(NAMED)) else { return };
    let mut names: Vec<String> = odd.into_iter().take(NAMED).map(|key| format!("`{key}`")).collect();
    if rest > 0 {
        names.push(format!("{rest} more"));
    }
    let detail = format!("{}: not as it was, and the plan did not say so: {}", resource.address, names.join(", "));
    let help = "somebody else may have written there; if not, keep that from happening with `disable_secret_deletion`";
    run.warn(Diagnostic::warning(&codes::UNPLANNED, detail).help(help));
}

/// Drops the records of the entries of a sync that has ended. Those that are still there have failed, once: there is
/// no sync any more that could take them away.
pub(super) async fn gone(run: &Run<'_>, destination: &Destination, work: &[&Change]) -> Vec<Outcome> {
    let all = |why: &Diagnostic| work.iter().map(|row| (row.address.clone(), Err(why.clone()))).collect();
    let seen = match destination.read().await {
        Ok(Observation { partial: Some(why), .. }) | Err(why) => return all(&why),
        Ok(seen) => seen,
    };
    let rules = &destination.variant().keys;
    let seen: BTreeSet<Arc<str>> = seen.entries.keys().map(|key| job::identity(rules, key)).collect();
    // What another sync wants there is right where it is.
    let place = destination.place();
    let others = run.planned.basis.wanted.syncs.values().filter(|pushed| *pushed.place == *place);
    let others = others.flat_map(|pushed| {
        let stored = |key: &Arc<str>| job::identity(rules, &job::stored(&pushed.schema, &pushed.rules, key));
        pushed.source.keys().map(stored)
    });
    let shared: BTreeSet<Arc<str>> = others.collect();
    let is_left = |key: &str| {
        let key = job::identity(rules, key);
        seen.contains(&key) && !shared.contains(&key)
    };
    let is_there = |row: &&&Change| row.address.entry_key().is_some_and(is_left);
    let (there, gone): (Vec<&Change>, Vec<&Change>) = work.iter().partition(is_there);
    // What was nobody's still is: its secret was not in the source yet, or not any more.
    let (others, there): (Vec<&Change>, Vec<&Change>) = there.into_iter().partition(|row| row.reason == Reason::Wipe);
    for row in &others {
        let detail = format!("{}: it was to go with the sync, and stays: the source did not have it then", row.address);
        run.warn(Diagnostic::warning(&codes::UNPLANNED, detail));
    }
    let events: Vec<_> = work.iter().map(|row| journal::Event::Forget { address: row.address.clone() }).collect();
    let kept = run.append(&events).await;
    let still = there.into_iter().map(|row| {
        let detail = format!("{}: it is still there, and no longer managed", row.address);
        let why = Diagnostic::error(&codes::NOT_ARRIVED, detail);
        (row.address.clone(), Err(why.help("the backend removes only what the source still has: delete it by hand")))
    });
    gone.iter().chain(&others).map(|row| (row.address.clone(), kept.clone())).chain(still).collect()
}

async fn check(
    run: &Run<'_>,
    resource: &Resource,
    work: &[&Change],
    wanted: &BTreeMap<Arc<str>, Secret>,
    seen: &Observation,
) -> Vec<Outcome> {
    let rules = rules(run, resource);
    let folded: BTreeMap<Arc<str>, &Arc<str>> =
        seen.entries.keys().map(|key| (job::identity(&rules, key), key)).collect();
    let wanted: BTreeMap<Arc<str>, &Secret> = wanted.iter().map(|(k, v)| (job::identity(&rules, k), v)).collect();
    let natural = natural(run, resource);
    let mut events = Vec::new();
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut kept = Vec::new();
    for row in work {
        let Some(key) = row.address.entry_key() else { continue };
        let identity = job::identity(&rules, key);
        let found = folded.get(&identity).and_then(|key| seen.entries.get(*key));
        let event = match (row.action, found) {
            (Action::Delete, None) => Ok(journal::Event::Forget { address: row.address.clone() }),
            (Action::Delete, Some(_)) => Err("it is still there"),
            (_, None) if seen.partial.is_some() => Err("the destination could not be read in full"),
            (_, None) => Err("it is not there"),
            (_, Some(found)) => {
                let expected = match row.reason {
                    // The destination's own value was taken over, so it is right as it is.
                    Reason::Imported => found.value.as_ref().or_else(|| wanted.get(&identity).copied()),
                    _ => wanted.get(&identity).copied(),
                };
                match (expected, &found.value) {
                    (None, _) => Err("its value is not at hand"),
                    (Some(expected), Some(value)) if expected != value => Err("it has another value"),
                    (Some(expected), _) => {
                        let record = record(run, resource, (&rules, &natural), (&identity, expected, found));
                        Ok(journal::Event::Record { address: row.address.clone(), record })
                    }
                }
            }
        };
        match event {
            Ok(event) => {
                events.push(event);
                kept.push(row.address.clone());
            }
            Err(why) => {
                let why = Diagnostic::error(&codes::NOT_ARRIVED, format!("{}: {why}", row.address));
                outcomes.push((row.address.clone(), Err(why)));
            }
        }
    }
    let appended = run.append(&events).await;
    outcomes.extend(kept.into_iter().map(|address| (address, appended.clone())));
    outcomes
}
