//! A sync with its entries: the sync is made or changed, its job is awaited, and the destination is read
//! again to see what arrived. A new one may start by itself only after that, and one whose keys go with it no longer
//! before. Where keyform runs the sync itself, it writes the entries instead.

use crate::api;
use crate::backend::read;
use crate::backend::state::Status;
use crate::backend::state::Sync;
use crate::backend::write;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::Outcome;
use crate::engine::apply::entries;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::destinations;
use crate::engine::effective::runs_here;
use crate::engine::event::Event;
use crate::engine::wire;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::AUTO_SYNC;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::order;
use crate::secret::blot::blot;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Does the changes of one sync and its entries.
pub(super) async fn change(run: &Run<'_>, address: &Address, changes: &[&Change]) -> Vec<Outcome> {
    let own = changes.iter().find(|change| change.address == *address).copied();
    let rows: Vec<&Change> = changes.iter().filter(|change| change.address != *address).copied().collect();
    let declared = run.planned.basis.desired.resources.get(address);
    let ends = own.is_some_and(|own| own.action.is_end());
    let mut outcomes = Vec::new();
    if let Some(own) = own {
        let went = match own.action {
            Action::Create => create(run, address).await,
            Action::Update => update(run, own).await,
            Action::Replace => replace(run, own, &rows).await,
            Action::Delete => end(run, address, declared).await,
            Action::Adopt | Action::Forget => run.only_records(&[own]).await.remove(0).1,
        };
        let failed = went.is_err();
        outcomes.push((address.clone(), went));
        if failed {
            return outcomes;
        }
    }
    let (ledger, work): (Vec<&Change>, Vec<&Change>) =
        rows.into_iter().partition(|row| matches!(row.action, Action::Forget));
    outcomes.extend(forget(run, &ledger).await);
    let (left, work): (Vec<&Change>, Vec<&Change>) =
        work.into_iter().partition(|row| order::is_at_left_place(&row.address));
    outcomes.extend(taken_away(run, address, &left).await);
    let Some(resource) = declared else {
        outcomes.extend(taken_away(run, address, &work).await);
        return outcomes;
    };
    if resource.text("run") == Some("keyform") {
        outcomes.extend(entries::write(run, resource, &work).await);
        return outcomes;
    }
    if ends {
        // What the backend took away with the sync.
        let went = match entries::destination(run, address) {
            Ok(destination) => entries::gone(run, destination, &work).await,
            Err(why) => work.iter().map(|row| (row.address.clone(), Err(why.clone()))).collect(),
        };
        outcomes.extend(went);
        return outcomes;
    }
    let starts_itself = own.is_some_and(|own| own.action == Action::Update && will_be_auto(run, resource));
    let is_new = own.is_some_and(|own| matches!(own.action, Action::Create | Action::Replace));
    let needs_run = own.is_some_and(|own| !matches!(own.action, Action::Adopt))
        || work.iter().any(|row| row.action != Action::Adopt || row.reason == crate::plan::Reason::Imported);
    if needs_run {
        outcomes.extend(push(run, resource, &work, starts_itself).await);
    } else {
        let went = entries::verify(run, resource, &work, &Object::new(), false).await;
        // What was right and went with a sync that ended at the same place.
        let is_gone = |(_, went): &Outcome| went.as_ref().is_err_and(|why| why.code == &codes::NOT_ARRIVED);
        outcomes.extend(match went.iter().any(is_gone) {
            true => push(run, resource, &work, false).await,
            false => went,
        });
    }
    if let Some(own) = own.filter(|_| is_new && will_be_auto(run, resource)) {
        switch_on(run, own, &mut outcomes).await;
    }
    let is_unreadable = entries::destination(run, address).is_ok_and(|destination| !destination.variant().readable);
    if needs_run && is_unreadable && outcomes.iter().all(|(_, went)| went.is_ok()) {
        outcomes.extend(settled(run, resource, &work).await.err().map(|why| (address.clone(), Err(why))));
    }
    outcomes
}

/// Where values don't come back, the last word on what tells that a key changed: after every run that this change set off.
async fn settled(run: &Run<'_>, resource: &Resource, work: &[&Change]) -> Result<(), Diagnostic> {
    ended(run, resource, &run.id(&resource.address)?).await?;
    entries::renew(run, resource, work).await
}

/// The end of making a sync: now that all is there as it was planned, it may start by itself. What it writes then
/// is what is there.
async fn switch_on(run: &Run<'_>, own: &Change, outcomes: &mut Vec<Outcome>) {
    if outcomes.iter().all(|(_, went)| went.is_ok()) {
        outcomes.push((own.address.clone(), update(run, own).await));
    } else if outcomes.iter().all(|(address, went)| *address != own.address || went.is_ok()) {
        let detail = format!("{}: it was made, and does not start by itself yet", own.address);
        let why = Diagnostic::error(&codes::LEFT_OFF, detail).help("mend what did not arrive, then apply again");
        outcomes.push((own.address.clone(), Err(why)));
    }
}

/// The entries of a sync that is no longer declared: what the backend says that it took away is looked for
/// at the destination, if a connection that is still declared leads there.
async fn taken_away(run: &Run<'_>, address: &Address, work: &[&Change]) -> Vec<Outcome> {
    if work.is_empty() {
        return Vec::new();
    }
    let live = run.planned.basis.live.resources.get(address).and_then(|seen| live(run, &seen.id));
    let opened = live.ok_or_else(|| missing(address, "it")).and_then(|sync| {
        let (basis, engine) = (&run.planned.basis, run.engine);
        destinations::of_live(&run.index, &engine.options.registry, &engine.reached.http, &basis.resolved, sync)
    });
    match opened {
        Ok(destination) => entries::gone(run, &destination, work).await,
        Err(why) => {
            let detail = format!("{address}: nobody looked whether its keys are gone from there: {}", why.detail);
            run.warn(Diagnostic::warning(&codes::NOT_INSPECTED, detail));
            forget(run, work).await
        }
    }
}

pub(in crate::engine) fn is_auto(resource: &Resource) -> bool {
    resource.attrs.get(AUTO_SYNC).and_then(Value::as_bool).unwrap_or(true)
}

/// The same once its row is done: where `auto_sync` is ignored, as the backend had it before a run switched it off or made
/// it again.
fn will_be_auto(run: &Run<'_>, resource: &Resource) -> bool {
    let seen = run.planned.basis.live.resources.get(&resource.address);
    let live = seen.filter(|_| resource.lifecycle.ignores(AUTO_SYNC)).and_then(|seen| live(run, &seen.id));
    let was_on = run.planned.ledger.intents.contains_key(&resource.address);
    live.map_or_else(|| is_auto(resource), |live| live.auto_sync || was_on)
}

async fn forget(run: &Run<'_>, rows: &[&Change]) -> Vec<Outcome> {
    let events: Vec<_> = rows.iter().map(|row| journal::Event::Forget { address: row.address.clone() }).collect();
    let kept = run.append(&events).await;
    rows.iter().map(|row| (row.address.clone(), kept.clone())).collect()
}

/// Everything that a sync says, for a create and for an update, which replaces it as a whole.
struct Said {
    connection: String,
    environment: String,
    path: String,
    auto: bool,
    options: api::syncs::Json,
    config: api::syncs::Json,
}

fn said(run: &Run<'_>, resource: &Resource) -> Result<Said, Diagnostic> {
    let schemas = run.engine.options.registry.schemas();
    let object = |name: &str| resource.attrs.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let connection = resource.reference("connection").ok_or_else(|| missing(&resource.address, "its connection"))?;
    let mut options = wire::options_to_wire(schemas, &resource.slug, &object("options"));
    let initial = resource.text("initial_sync").unwrap_or(api::syncs::initial::OVERWRITE);
    options.insert(api::syncs::initial::FIELD.to_owned(), initial.into());
    if let Some(template) = resource.text("key_schema").filter(|t| !t.is_empty()) {
        options.insert(wire::option::KEY_SCHEMA.to_owned(), template.into());
    }
    let keep = resource.attrs.get("disable_secret_deletion").and_then(Value::as_bool).unwrap_or(false);
    options.insert(wire::option::KEEP.to_owned(), keep.into());
    let place = run.place(&resource.address)?;
    Ok(Said {
        connection: run.id(connection)?.to_string(),
        environment: place.environment,
        path: place.path,
        auto: is_auto(resource),
        options,
        config: wire::destination_to_wire(schemas, &resource.slug, &object("destination")),
    })
}

/// Makes a sync that does not start by itself yet.
async fn create(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let resource = run.declared(address)?;
    let mut off = resource.clone();
    off.attrs.insert(AUTO_SYNC.into(), Value::Bool(false));
    let said = said(run, &off)?;
    run.intend([resource]).await?;
    let new = api::syncs::Create {
        name: resource.text("name").unwrap_or("").to_owned(),
        project_id: run.project_id(address)?.to_string(),
        description: resource.text("description").map(str::to_owned),
        connection_id: said.connection,
        environment: said.environment,
        secret_path: said.path,
        is_auto_sync_enabled: said.auto,
        sync_options: said.options,
        destination_config: said.config,
    };
    let made = write::syncs::create(run.backend(), &address.to_string(), &resource.slug, &new).await?;
    run.keep_id(address, made.id.clone());
    run.append(&[run.record_of(&off, made.id, None)]).await?;
    match will_be_auto(run, resource) && resource.lifecycle.ignores(AUTO_SYNC) {
        // Nothing else would tell the next run that it is to be on.
        true => run.intend([resource]).await,
        false => Ok(()),
    }
}

async fn update(run: &Run<'_>, own: &Change) -> Result<(), Diagnostic> {
    let resource = run.declared(&own.address)?;
    let id = run.id(&own.address)?;
    let said = said(run, resource)?;
    let description = resource.text("description").map(str::to_owned);
    let change = api::syncs::Update {
        name: resource.text("name").map(str::to_owned),
        description: Some(description).filter(|_| !resource.lifecycle.ignores("description")),
        connection_id: Some(said.connection),
        environment: Some(said.environment),
        secret_path: Some(said.path),
        is_auto_sync_enabled: Some(will_be_auto(run, resource)),
        sync_options: Some(said.options),
        destination_config: Some(said.config),
    };
    write::syncs::update(run.backend(), &own.address.to_string(), &resource.slug, &id, &change).await?;
    run.append(&[run.record_of(resource, id, None)]).await
}

async fn replace(run: &Run<'_>, own: &Change, rows: &[&Change]) -> Result<(), Diagnostic> {
    let address = &own.address;
    if !own.needs.iter().any(|need| order::is_at_left_place(need) && need.resource() == *address) {
        // The keys at a place that it leaves go with the old one.
        let leaves = rows.iter().any(|row| order::is_at_left_place(&row.address));
        remove(run, address, leaves).await?;
    }
    create(run, address).await
}

/// Ends a sync with its keys, before it is made again elsewhere.
pub(super) async fn leave(run: &Run<'_>, address: &Address, changes: &[&Change]) -> Vec<Outcome> {
    match remove(run, address, true).await {
        Ok(()) => taken_away(run, address, changes).await,
        Err(why) => changes.iter().map(|change| (change.address.clone(), Err(why.clone()))).collect(),
    }
}

async fn end(run: &Run<'_>, address: &Address, declared: Option<&Resource>) -> Result<(), Diagnostic> {
    let record = run.record(address);
    // A sync that keyform takes over itself ends at the backend, and its keys stay.
    let taken_over = declared.is_some_and(|r| r.text("run") == Some("keyform"))
        && !record.is_some_and(|record| runs_here(&record.natural));
    // As declared; what is no longer declared, as it was last.
    let removes = match declared {
        Some(resource) => resource.text("on_delete") == Some("remove"),
        None => record.is_some_and(|record| record.removes),
    };
    remove(run, address, removes && !taken_over).await
}

/// The sync as it was read for the plan.
pub(super) fn live<'a>(run: &Run<'a>, id: &str) -> Option<&'a Sync> {
    let projects = run.index.state.projects.values();
    projects.filter_map(|p| p.syncs.as_ref()?.as_ref().ok()).flatten().find(|sync| *sync.id == *id)
}

/// Says whether a sync starts by itself, and changes nothing else of it.
pub(super) async fn switch(run: &Run<'_>, address: &Address, live: &Sync, on: bool) -> Result<Sync, Diagnostic> {
    let change = api::syncs::Update { is_auto_sync_enabled: Some(on), ..api::syncs::Update::default() };
    Ok(write::syncs::update(run.backend(), &address.to_string(), &live.destination, &live.id, &change).await?)
}

/// Deletes a sync; with `keys`, waits until the backend took its keys away.
async fn remove(run: &Run<'_>, address: &Address, keys: bool) -> Result<(), Diagnostic> {
    let about = address.to_string();
    let id = run.id(address)?;
    let live = live(run, &id).ok_or_else(|| missing(address, "it"))?;
    let slug = live.destination.clone();
    if keys && live.auto_sync {
        // A run of its own in between would bring the keys back.
        switch(run, address, live, false).await?;
    }
    write::syncs::delete(run.backend(), &about, &slug, &id, keys).await?;
    if keys {
        removed(run, address, &slug, &id).await?;
    }
    run.append(&[journal::Event::Forget { address: address.clone() }]).await
}

/// Waits until the backend has taken the keys of a deleted sync away.
async fn removed(run: &Run<'_>, address: &Address, slug: &str, id: &str) -> Result<(), Diagnostic> {
    let about = address.to_string();
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match read::sync_status(run.backend(), &about, slug, id).await {
            Err(failure) if failure.is_gone() => return Ok(()),
            Err(failure) => return Err(failure.into()),
            Ok(sync) if sync.removal == Status::Failed => {
                let why = without_secrets(run, &sync.message.unwrap_or_default());
                let detail = format!("{about}: its keys could not be removed: {why}");
                return Err(Diagnostic::error(&codes::SYNC_FAILED, detail)
                    .help("mend the cause, or keep the keys with `on_delete = \"keep\"` and apply that first"));
            }
            Ok(_) if began.elapsed() > DEFAULT_TIMEOUT => return Err(late(address, DEFAULT_TIMEOUT)),
            Ok(_) => wait(run, address, "its keys are being removed", began, &mut pause).await,
        }
    }
}

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

pub(super) async fn wait(run: &Run<'_>, address: &Address, why: &str, began: Instant, pause: &mut Duration) {
    // Short waits are no news.
    if began.elapsed() > Duration::from_secs(1) {
        run.tell(Event::Waiting { address: address.clone(), why: why.into(), elapsed: began.elapsed() });
    }
    tokio::time::sleep(*pause).await;
    *pause = (*pause * 3 / 2).min(LONGEST_PAUSE);
}

pub(super) fn late(address: &Address, timeout: Duration) -> Diagnostic {
    let detail = format!("{address} was still under way after {} s", timeout.as_secs());
    Diagnostic::error(&codes::SYNC_TIMEOUT, detail).help("plan again later, or raise `timeout` of the sync")
}

/// Most times that one sync is started: a run that began before the last secret was written misses it.
const MOST_RUNS: usize = 3;

/// Has the backend run the sync until what it should bring has arrived.
async fn push(run: &Run<'_>, resource: &Resource, work: &[&Change], starts_itself: bool) -> Vec<Outcome> {
    let all = |why: Diagnostic| -> Vec<Outcome> {
        match work.is_empty() {
            true => vec![(resource.address.clone(), Err(why))],
            false => work.iter().map(|row| (row.address.clone(), Err(why.clone()))).collect(),
        }
    };
    let id = match run.id(&resource.address) {
        Ok(id) => id,
        Err(why) => return all(why),
    };
    let mut outcomes = Vec::new();
    for turn in 0..MOST_RUNS {
        if (turn > 0 || !starts_itself)
            && let Err(why) = start(run, resource, &id).await
        {
            return all(why);
        }
        if let Err(why) = ended(run, resource, &id).await {
            return match why.code == &codes::SYNC_FAILED {
                true => arrived(run, resource, work, &why).await,
                false => all(why),
            };
        }
        outcomes = entries::verify(run, resource, work, &imported(run, resource).await, true).await;
        if outcomes.iter().all(|(_, went)| went.is_ok()) {
            break;
        }
    }
    outcomes
}

/// What a failed run brought all the same; the rest failed because of it. Where everything is there, it failed
/// because of a key that is not in the plan: one that the destination's rules refuse, which was told before.
async fn arrived(run: &Run<'_>, resource: &Resource, work: &[&Change], why: &Diagnostic) -> Vec<Outcome> {
    let mut outcomes = entries::verify(run, resource, work, &imported(run, resource).await, true).await;
    for (_, went) in &mut outcomes {
        if went.is_err() {
            *went = Err(why.clone());
        }
    }
    let pushed = run.planned.basis.wanted.syncs.get(&resource.address);
    let was_told = pushed.is_some_and(|pushed| !pushed.refused.is_empty());
    if outcomes.iter().all(|(_, went)| went.is_ok()) && !was_told {
        outcomes.push((resource.address.clone(), Err(why.clone())));
    }
    outcomes
}

/// Has the backend run a sync whose destination can't be looked at, or waits for the run that it began itself.
pub(super) async fn push_unseen(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let resource = run.declared(address)?;
    if resource.text("run") == Some("keyform") {
        return Ok(());
    }
    let id = run.id(address)?;
    start(run, resource, &id).await?;
    ended(run, resource, &id).await
}

/// Starts the sync; if one is under way, after that.
async fn start(run: &Run<'_>, resource: &Resource, id: &Arc<str>) -> Result<(), Diagnostic> {
    let about = resource.address.to_string();
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut idle: Option<Instant> = None;
    loop {
        match write::syncs::start(run.backend(), &about, &resource.slug, id).await {
            Ok(_) => return Ok(()),
            Err(failure) if failure.status == Some(400) && began.elapsed() < timeout(resource) => {
                let now = read::sync_status(run.backend(), &about, &resource.slug, id).await?;
                // The run that was in the way may have ended since: only what is refused for a while without one is refused.
                match now.status {
                    Status::Pending => idle = None,
                    _ if idle.is_some_and(|since| since.elapsed() > Duration::from_secs(2)) => {
                        return Err(failure.into());
                    }
                    _ => idle = idle.or_else(|| Some(Instant::now())),
                }
                wait(run, &resource.address, "an earlier run is still under way", began, &mut pause).await;
            }
            Err(failure) => return Err(failure.into()),
        }
    }
}

pub(super) fn timeout(resource: &Resource) -> Duration {
    match resource.attrs.get("timeout") {
        Some(Value::Number(seconds)) => {
            let seconds = seconds.as_i64().and_then(|s| u64::try_from(s).ok());
            seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs)
        }
        _ => DEFAULT_TIMEOUT,
    }
}

/// Waits for the end of the job.
async fn ended(run: &Run<'_>, resource: &Resource, id: &Arc<str>) -> Result<(), Diagnostic> {
    let about = resource.address.to_string();
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let now = read::sync_status(run.backend(), &about, &resource.slug, id).await?;
        match now.status {
            Status::Succeeded => return Ok(()),
            Status::Failed => {
                let words = now.message.unwrap_or_else(|| "it gives no reason".to_owned());
                let detail = format!("{about}: {}", without_secrets(run, &words));
                return Err(Diagnostic::error(&codes::SYNC_FAILED, detail));
            }
            Status::Never | Status::Pending if began.elapsed() > timeout(resource) => {
                return Err(late(&resource.address, timeout(resource)));
            }
            Status::Never | Status::Pending => {
                wait(run, &resource.address, "the backend's sync is under way", began, &mut pause).await;
            }
        }
    }
}

/// What the backend says of a job: it may quote what it pushed.
fn without_secrets(run: &Run<'_>, words: &str) -> String {
    blot(words, &run.planned.basis.resolved.values())
}

/// What a first run took into the source: secrets that are there now and were not planned.
async fn imported(run: &Run<'_>, resource: &Resource) -> Object {
    let first = run.planned.basis.wanted.syncs.get(&resource.address).and_then(|pushed| pushed.first);
    if !first.is_some_and(crate::model::job::InitialSync::imports) {
        return Object::new();
    }
    let Ok(place) = run.place(&resource.address) else { return Object::new() };
    let found = read::folder_secrets(run.backend(), &place).await.unwrap_or_default();
    found.into_iter().filter_map(|secret| Some((secret.key, Value::Secret(secret.value?)))).collect()
}
