//! The way back: values are put where they were, and the ledger gets the records that it had. What is there is read again
//! first, so that nothing is overwritten that the plan did not show; run again, it finds what was done as done.

use crate::api;
use crate::backend::read;
use crate::backend::read::Mention;
use crate::backend::write;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::Outcome;
use crate::engine::apply::entries;
use crate::engine::apply::run::Run;
use crate::engine::apply::sync;
use crate::engine::undo;
use crate::engine::undo::Back;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::capsule::Kept;
use crate::model::capsule::Owner;
use crate::model::capsule::Place;
use crate::model::capsule::Stored;
use crate::model::job;
use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Shown;
use crate::provider::Op;
use crate::provider::Write;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One row with what was kept of it.
struct Row<'a> {
    change: &'a Change,
    kept: &'a Kept,
}

/// Puts back secrets of one folder, or entries of one sync.
pub(super) async fn put(run: &Run<'_>, back: &Back, changes: &[&Change]) -> Vec<Outcome> {
    let rows = changes.iter().filter_map(|&change| Some(Row { change, kept: back.kept(&change.address)? }));
    let (written, told): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows.partition(|row| matches!(row.change.action, Action::Create | Action::Update));
    let mut outcomes = hear(run, told.iter().map(|row| (row, None))).await;
    let is_entry = written.first().is_some_and(|row| row.change.address.entry_key().is_some());
    let went = match is_entry {
        true => put_entries(run, &written).await,
        false => put_secrets(run, &written).await,
    };
    match went {
        Ok(went) => outcomes.extend(went),
        Err(why) => outcomes.extend(written.iter().map(|row| (row.change.address.clone(), Err(why.clone())))),
    }
    outcomes
}

/// Has the ledger be as it was before the run; `id` is of a secret that had to be made again.
async fn hear<'r, 'a: 'r>(run: &Run<'_>, rows: impl Iterator<Item = (&'r Row<'a>, Option<Arc<str>>)>) -> Vec<Outcome> {
    let mut events = Vec::new();
    let mut heard = Vec::new();
    for (row, id) in rows {
        let address = &row.change.address;
        heard.push(address.clone());
        match &row.kept.owner {
            Owner::Other if run.record(address).is_some() => {
                events.push(journal::Event::Forget { address: address.clone() });
            }
            Owner::Other | Owner::Apart => {}
            Owner::Keyform(record) => {
                let mut record = recorded(run, row, record);
                if let Some(id) = id {
                    record.id = id;
                }
                events.push(journal::Event::Record { address: address.clone(), record });
            }
        }
    }
    let kept = run.append(&events).await;
    heard.into_iter().map(|address| (address, kept.clone())).collect()
}

/// The record as it was. Its fingerprints are of the address that it had then: under another one that of the value is made
/// anew, and the others are those of now.
fn recorded(run: &Run<'_>, row: &Row<'_>, record: &Record) -> Record {
    let address = &row.change.address;
    if row.kept.address == *address {
        return record.clone();
    }
    let mut record = run.record(address).cloned().unwrap_or_else(|| {
        let Record { id, natural, at, .. } = record.clone();
        Record { id, natural, at, ..Record::default() }
    });
    record.written.insert(VALUE.into(), undo::written(run.planned, address, &row.kept.place, &row.kept.value));
    record
}

/// What a row's value is found to be, right before it is written.
#[derive(PartialEq, Eq)]
enum Seen {
    /// As the plan said.
    Planned,
    /// As it is to be.
    Done,
    /// Otherwise.
    Other,
}

fn seen(run: &Run<'_>, row: &Row<'_>, now: Option<&Secret>) -> Seen {
    if now == Some(&row.kept.value) {
        return Seen::Done;
    }
    let address = &row.change.address;
    let mark = |value: &Secret| undo::mark(run.planned, address, &row.kept.place, value);
    let shown = now.map_or(Shown::Absent, |value| Shown::Secret(mark(value)));
    let planned = row.change.fields.iter().find(|field| *field.name == *VALUE).map(|field| &field.before);
    if planned == Some(&shown) { Seen::Planned } else { Seen::Other }
}

fn changed(address: &Address) -> Diagnostic {
    let detail = format!("{address}: it changed while the undo was under way; it is left alone.");
    Diagnostic::error(&codes::CHANGED_SINCE, detail).help("look at the undo again")
}

/// Puts back secrets of one folder.
async fn put_secrets(run: &Run<'_>, rows: &[Row<'_>]) -> Result<Vec<Outcome>, Diagnostic> {
    let stored = rows.iter().filter_map(|row| match &row.kept.place {
        Place::Secret(stored) => Some((row, stored)),
        Place::Entry { .. } => None,
    });
    let stored: Vec<(&Row<'_>, &Stored)> = stored.collect();
    let Some((_, first)) = stored.first() else { return Ok(Vec::new()) };
    let about = format!("the secrets of {}/{}{}", first.project, first.environment, first.path);
    let at = run.engine.find(&undo::folder(first)).await?;
    let found: BTreeMap<_, _> =
        read::folder_secrets(run.backend(), &at).await?.into_iter().map(|s| (s.key.clone(), s)).collect();
    let tags = match stored.iter().any(|(_, stored)| !stored.tags.is_empty()) {
        true => tag_ids(run, &first.project).await?,
        false => BTreeMap::new(),
    };
    let (mut creates, mut updates, mut done, mut outcomes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (row, stored) in stored {
        let there = found.get(&stored.key);
        match (seen(run, row, there.and_then(|there| there.value.as_ref())), there) {
            (Seen::Other, _) => {
                let address = row.change.address.clone();
                outcomes.push((address.clone(), Err(changed(&address))));
                continue;
            }
            (Seen::Done, _) => {}
            (Seen::Planned, Some(_)) => updates.push(api::secrets::UpdateItem {
                secret_key: stored.key.to_string(),
                change: api::secrets::Change {
                    secret_value: Some(row.kept.value.clone()),
                    ..api::secrets::Change::default()
                },
            }),
            (Seen::Planned, None) => creates.push(create(run, stored, &row.kept.value, &tags)),
        }
        done.push((row, stored));
    }
    let mut ids = BTreeMap::new();
    if !creates.is_empty() {
        ids = write::secrets::create(run.backend(), &about, &at, creates).await?;
    }
    if !updates.is_empty() {
        write::secrets::update(run.backend(), &about, &at, updates).await?;
    }
    let id = |stored: &Stored| {
        let made = ids.get(&*stored.key).map(|id| Arc::from(id.as_str()));
        made.or_else(|| found.get(&stored.key).map(|there| there.id.clone()))
    };
    outcomes.extend(hear(run, done.iter().map(|(row, stored)| (*row, id(stored)))).await);
    Ok(outcomes)
}

/// A secret as it was. Tags that are gone since are told, and left out.
fn create(
    run: &Run<'_>,
    stored: &Stored,
    value: &Secret,
    tags: &BTreeMap<Arc<str>, Arc<str>>,
) -> api::secrets::CreateItem {
    let gone: Vec<String> =
        stored.tags.iter().filter(|slug| !tags.contains_key(*slug)).map(|slug| format!("`{slug}`")).collect();
    if !gone.is_empty() {
        let detail = format!("`{}` comes back without {}: no such tags.", stored.key, gone.join(", "));
        run.warn(Diagnostic::warning(&codes::NO_WAY_BACK, detail));
    }
    let ids: Vec<String> = stored.tags.iter().filter_map(|slug| Some(tags.get(slug)?.to_string())).collect();
    let metadata = stored.metadata.iter();
    let metadata: Vec<api::secrets::Metadata> = metadata
        .map(|(key, value)| api::secrets::Metadata { key: key.to_string(), value: value.to_string() })
        .collect();
    api::secrets::CreateItem {
        secret_key: stored.key.to_string(),
        new: api::secrets::New {
            secret_comment: stored.comment.to_string(),
            secret_metadata: (!metadata.is_empty()).then_some(metadata),
            tag_ids: (!ids.is_empty()).then_some(ids),
            ..api::secrets::New::of(value.clone())
        },
    }
}

/// The ids of a project's tags by their slugs.
async fn tag_ids(run: &Run<'_>, project: &Arc<str>) -> Result<BTreeMap<Arc<str>, Arc<str>>, Diagnostic> {
    let mut state = read::roots(run.backend(), false, &BTreeSet::from([project.clone()])).await?;
    let ask = Mention { tags: true, ..Mention::default() };
    read::fill(run.backend(), &mut state, &BTreeMap::from([(project.clone(), ask)])).await;
    let tags = state.projects.get(project).and_then(|project| project.tags.as_ref());
    match tags {
        Some(Ok(tags)) => Ok(tags.iter().map(|tag| (tag.slug.clone(), tag.id.clone())).collect()),
        Some(Err(why)) => Err(why.clone()),
        None => Ok(BTreeMap::new()),
    }
}

/// Puts back entries of one sync.
async fn put_entries(run: &Run<'_>, rows: &[Row<'_>]) -> Result<Vec<Outcome>, Diagnostic> {
    let Some(sync) = rows.first().map(|row| row.change.address.resource()) else { return Ok(Vec::new()) };
    let resource = run.declared(&sync)?;
    let rules = run.planned.basis.wanted.syncs.get(&sync).map(|pushed| pushed.rules.clone()).unwrap_or_default();
    let is_pushing = run.planned.pushed_back().is_some_and(|syncs| syncs.contains(&sync));
    if is_pushing && let Err(why) = sync::push_unseen(run, &sync).await {
        // What it brings is written anyway, but it may come later and push over it.
        run.warn(Diagnostic { severity: crate::diag::Severity::Warning, ..why });
    }
    let destination = entries::destination(run, &sync)?;
    let _turn = run.turns.enter(destination).await;
    let before = destination.read().await?;
    if let Some(why) = before.partial {
        return Err(why);
    }
    let key_of = |row: &Row<'_>| row.change.address.entry_key().unwrap_or_default().to_owned();
    let held: BTreeMap<Arc<str>, Arc<str>> =
        before.entries.keys().map(|key| (job::identity(&rules, key), key.clone())).collect();
    let (mut writes, mut done, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let own = key_of(row);
        let there = held.get(&job::identity(&rules, &own));
        let value = there.and_then(|key| before.entries.get(key)?.value.as_ref());
        match seen(run, row, value) {
            Seen::Done => {}
            // What the backend has just pushed is nobody's change.
            Seen::Other if !is_pushing => {
                outcomes.push((row.change.address.clone(), Err(changed(&row.change.address))));
                continue;
            }
            Seen::Planned | Seen::Other => {
                let value = row.kept.value.clone();
                writes.push(match there {
                    Some(key) => Write { key: key.clone(), op: Op::Update(value) },
                    None => Write { key: own.into(), op: Op::Create(value) },
                });
            }
        }
        done.push(row);
    }
    let mut failed: BTreeMap<Arc<str>, Diagnostic> = BTreeMap::new();
    for outcome in destination.write(&before, &writes).await {
        if let Err(why) = outcome.result {
            let detail = format!("{}: {}", resource.address.entry(&outcome.key), why.detail);
            let why = Diagnostic { help: why.help, ..Diagnostic::error(&codes::DESTINATION_WRITE, detail) };
            failed.insert(job::identity(&rules, &outcome.key), why);
        }
    }
    let after = match writes.is_empty() {
        true => before,
        false => destination.read().await?,
    };
    let values: BTreeMap<Arc<str>, &Secret> = after
        .entries
        .iter()
        .filter_map(|(key, seen)| Some((job::identity(&rules, key), seen.value.as_ref()?)))
        .collect();
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for row in done {
        let key = job::identity(&rules, &key_of(row));
        match (failed.remove(&key), values.get(&key)) {
            (Some(why), _) => wrong.push((row.change.address.clone(), Err(why))),
            (None, Some(value)) if **value == row.kept.value => right.push(row),
            (None, _) => {
                let detail = format!("{}: it is not there as it was written", row.change.address);
                wrong.push((row.change.address.clone(), Err(Diagnostic::error(&codes::NOT_ARRIVED, detail))));
            }
        }
    }
    outcomes.extend(wrong);
    outcomes.extend(hear(run, right.into_iter().map(|row| (row, None))).await);
    Ok(outcomes)
}
