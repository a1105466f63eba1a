//! Applying a plan: a change starts when what it needs is done, some at once, and every success is in
//! the ledger before the next one counts on it.
//!
//! [`pause`] stops what would start by itself meanwhile, [`units`] puts together what goes in one request or one run, [`run`] holds ids and records,
//! [`resource`], [`secrets`], [`sync`] and [`entries`] do the work. [`capsule`] keeps what will be lost, and [`back`] puts
//! it back. A failed change stops only what
//! needs it. Killed anywhere, the next plan finds what was made by its natural key and its intent.

mod back;
mod capsule;
mod containers;
mod entries;
mod pause;
mod resource;
mod run;
mod secrets;
pub(super) mod sync;
mod things;
mod units;

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::apply::pause::Paused;
use crate::engine::apply::run::Run;
use crate::engine::apply::units::Unit;
use crate::engine::apply::units::Work;
use crate::engine::event::Cancel;
use crate::engine::event::Event;
use crate::engine::event::Report;
use crate::engine::imports;
use crate::engine::open;
use crate::ledger::keeper::Hold;
use crate::model::address::Address;
use crate::plan::Change;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// How one change of a unit went.
pub(super) type Outcome = (Address, Result<(), Diagnostic>);

/// What became of a change.
enum Fate {
    Done,
    Failed,
    Unapproved,
    Skipped,
}

pub(super) async fn apply(
    engine: &Engine,
    planned: Planned,
    cancel: &Cancel,
    on: &mut (dyn FnMut(Event) + Send),
) -> Report {
    let began = Instant::now();
    let (events, mut heard) = mpsc::unbounded_channel();
    let units = units::of(&planned);
    let mut schedule = Schedule::new(&planned, &units);
    let run = Run::new(engine, &planned, events);
    let mut report = Report::default();
    let mut paused = Paused::default();
    if let Err((address, why)) = begin(&run, &mut paused, &mut report).await {
        report.failed.extend(address.map(|address| (address, why)));
        schedule.skip_rest(&mut report, on);
        return ended(&run, report, &paused, &|_| false, began);
    }
    let mut running = FuturesUnordered::new();
    let at_once = open::parallelism(&planned.basis.desired);
    let is_lost = || engine.lock.as_ref().is_some_and(Hold::is_lost);
    loop {
        while running.len() < at_once && !cancel.is_cancelled() && !is_lost() {
            let Some(next) = schedule.next(&mut report, on) else { break };
            for change in &next.1 {
                on(Event::Started { address: change.address.clone(), action: change.action });
            }
            running.push(perform(&run, &units[next.0], next.0, next.1));
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            Some(event) = heard.recv() => on(event),
            Some((unit, changes, outcomes, took)) = running.next() => {
                schedule.finish(unit, &changes, outcomes, took, &mut report, on);
            }
        }
    }
    drop(running);
    if !cancel.is_cancelled() && !is_lost() {
        push_blind(&run, &schedule, &mut report).await;
        let is_done = |address: &Address| matches!(schedule.fates.get(address), Some(Fate::Done));
        report.failed.extend(containers::end_old(&run, &is_done).await);
        things::tell_runs(&run, &|address| matches!(schedule.fates.get(address), Some(Fate::Done))).await;
    }
    report.interrupted = cancel.is_cancelled() && schedule.has_rest();
    schedule.skip_rest(&mut report, on);
    let is_done = |address: &Address| matches!(schedule.fates.get(address), Some(Fate::Done));
    if !is_lost() {
        report.failed.extend(paused.resume(&run, &is_done).await);
    }
    ended(&run, report, &paused, &is_done, began)
}

/// What comes before the first change: what will be lost is kept, before the ledger hears of anything, and syncs pause.
async fn begin(run: &Run<'_>, paused: &mut Paused, report: &mut Report) -> Result<(), (Option<Address>, Diagnostic)> {
    let plan = &run.planned.plan;
    let first = |why| (plan.changes.first().map(|change| change.address.clone()), why);
    report.undo = Box::pin(capsule::keep(run)).await.map_err(first)?;
    report.ended = !plan.undo.beyond.is_empty();
    run.follow().await.map_err(first)?;
    entries::intend(run).await.map_err(first)?;
    paused.pause(run).await.map_err(|(address, why)| (Some(address), why))
}

fn ended(
    run: &Run<'_>,
    mut report: Report,
    paused: &Paused,
    is_done: &dyn Fn(&Address) -> bool,
    began: Instant,
) -> Report {
    report.blocked = run.planned.plan.blocked.len();
    report.warnings = run.warnings();
    report.warnings.extend(paused.left_off(is_done));
    report.requests = run.engine.reached.http.requests();
    report.took = began.elapsed();
    report
}

/// Records what an `import` found, as it was found; what differs is a change to come.
pub(super) async fn import(
    engine: &Engine,
    planned: &Planned,
    address: &Address,
) -> Result<Option<Arc<str>>, Diagnostic> {
    let basis = &planned.basis;
    let run = Run::new(engine, planned, mpsc::unbounded_channel().0);
    if !basis.imports.found.contains(address) {
        // It is managed already: as what was named, or else that is another thing.
        return imports::is_managed(&run.index, address, &run.id(address)?).map(|()| None);
    }
    let (resource, id) = (run.declared(address)?, run.id(address)?);
    let event = run.found_record(resource, id.clone())?;
    run.append(&[event]).await?;
    Ok(Some(id))
}

async fn perform<'a>(
    run: &Run<'a>,
    unit: &Unit<'a>,
    number: usize,
    changes: Vec<&'a Change>,
) -> (usize, Vec<&'a Change>, Vec<Outcome>, std::time::Duration) {
    let began = Instant::now();
    // Nothing is changed that could not be recorded, or that another run may be changing.
    let may = match &run.engine.lock {
        Some(lock) => lock.ensure().await,
        None => Ok(()),
    };
    let outcomes = match (&may, &unit.work) {
        (Err(why), _) => changes.iter().map(|change| (change.address.clone(), Err(why.clone()))).collect(),
        (Ok(()), Work::Ledger) => run.only_records(&changes).await,
        (Ok(()), Work::Resource) => resource::change(run, &changes).await,
        (Ok(()), Work::Secrets) => secrets::change(run, &changes).await,
        (Ok(()), Work::Sync(address)) => sync::change(run, address, &changes).await,
        (Ok(()), Work::Leave(address)) => sync::leave(run, address, &changes).await,
        (Ok(()), Work::Back) => match &run.planned.back {
            Some(back) => Box::pin(back::put(run, back, &changes)).await,
            None => Vec::new(),
        },
    };
    (number, changes, outcomes, began.elapsed())
}

/// Syncs whose destination was not looked at have no rows of entries. Where something changed that they
/// push, and nothing else started them, the backend is asked to run them, and how that went is told.
async fn push_blind(run: &Run<'_>, schedule: &Schedule<'_>, report: &mut Report) {
    let plan = &run.planned.plan;
    for address in plan.blind.keys().filter(|address| !schedule.fates.contains_key(address)) {
        let needs = run.planned.basis.desired.graph.needs(address);
        let is_pushed = |need: &&Address| matches!(need.kind(), "secret" | "secret_import");
        let changed = |need: &Address| matches!(schedule.fates.get(need), Some(Fate::Done));
        if needs.into_iter().filter(is_pushed).any(changed)
            && let Err(why) = sync::push_unseen(run, address).await
        {
            report.failed.push((address.clone(), why));
        }
    }
}

/// Which units wait, which can start, and what became of each change.
struct Schedule<'a> {
    units: &'a [Unit<'a>],
    /// How many units each one still waits for.
    waits: Vec<usize>,
    /// Who waits for each one.
    waiters: Vec<Vec<usize>>,
    ready: VecDeque<usize>,
    fates: BTreeMap<&'a Address, Fate>,
    begun: Vec<bool>,
}

impl<'a> Schedule<'a> {
    fn new(planned: &Planned, units: &'a [Unit<'a>]) -> Self {
        let mut home = BTreeMap::new();
        for (number, unit) in units.iter().enumerate() {
            for change in &unit.changes {
                home.insert(&change.address, number);
            }
        }
        let before = |unit: &Unit<'_>| -> BTreeSet<usize> {
            let needs = unit.changes.iter().flat_map(|change| &change.needs);
            needs.filter_map(|need| home.get(need).copied()).collect()
        };
        let mut befores: Vec<BTreeSet<usize>> = units.iter().map(before).collect();
        units::after_what_leaves(planned, units, &mut befores);
        let mut waits = vec![0; units.len()];
        let mut waiters = vec![Vec::new(); units.len()];
        for (number, before) in befores.into_iter().enumerate() {
            for earlier in before.into_iter().filter(|earlier| *earlier != number) {
                waits[number] += 1;
                waiters[earlier].push(number);
            }
        }
        // Units come in the order of the plan, which is one in which they can be done.
        let ready = (0..units.len()).filter(|number| waits[*number] == 0).collect();
        Self { units, waits, waiters, ready, fates: BTreeMap::new(), begun: vec![false; units.len()] }
    }

    /// The next unit that can start, with the changes of it whose needs were met. Units without such a
    /// change are passed over as skipped.
    fn next(&mut self, report: &mut Report, on: &mut (dyn FnMut(Event) + Send)) -> Option<(usize, Vec<&'a Change>)> {
        while let Some(number) = self.ready.pop_front() {
            self.begun[number] = true;
            let mut possible = Vec::new();
            for change in &self.units[number].changes {
                let in_vain = change
                    .needs
                    .iter()
                    .find(|need| self.fates.get(need).is_some_and(|fate| !matches!(fate, Fate::Done)));
                match in_vain {
                    None => possible.push(*change),
                    Some(need) => self.skip(change, Some(need.clone()), report, on),
                }
            }
            // An entry can't be written by a sync that is skipped.
            let (possible, orphans): (Vec<_>, Vec<_>) = possible.into_iter().partition(|change| {
                let sync = change.address.resource();
                sync == change.address
                    || !matches!(self.fates.get(&sync), Some(Fate::Failed | Fate::Unapproved | Fate::Skipped))
            });
            for orphan in orphans {
                self.skip(orphan, Some(orphan.address.resource()), report, on);
            }
            if !possible.is_empty() {
                return Some((number, possible));
            }
            self.release(number);
        }
        None
    }

    fn finish(
        &mut self,
        number: usize,
        changes: &[&'a Change],
        outcomes: Vec<Outcome>,
        took: std::time::Duration,
        report: &mut Report,
        on: &mut (dyn FnMut(Event) + Send),
    ) {
        let mut outcomes: BTreeMap<Address, Result<(), Diagnostic>> = outcomes.into_iter().collect();
        for change in changes {
            let (address, action) = (change.address.clone(), change.action);
            match outcomes.remove(&address) {
                Some(Ok(())) => {
                    self.fates.insert(&change.address, Fate::Done);
                    *report.done.entry(action).or_default() += 1;
                    on(Event::Done { address, action, took });
                }
                Some(Err(why)) if why.code == &codes::BACKEND_APPROVAL => {
                    self.fates.insert(&change.address, Fate::Unapproved);
                    report.unapproved.push((address.clone(), why));
                    on(Event::Unapproved { address, action });
                }
                Some(Err(diagnostic)) => {
                    self.fates.insert(&change.address, Fate::Failed);
                    report.failed.push((address.clone(), diagnostic.clone()));
                    on(Event::Failed { address, action, diagnostic });
                }
                // Entries that were not tried because their sync failed.
                None => self.skip(change, Some(address.resource()), report, on),
            }
        }
        self.release(number);
    }

    fn release(&mut self, number: usize) {
        for waiter in std::mem::take(&mut self.waiters[number]) {
            self.waits[waiter] -= 1;
            if self.waits[waiter] == 0 {
                self.ready.push_back(waiter);
            }
        }
    }

    fn skip(
        &mut self,
        change: &'a Change,
        because: Option<Address>,
        report: &mut Report,
        on: &mut (dyn FnMut(Event) + Send),
    ) {
        self.fates.insert(&change.address, Fate::Skipped);
        report.skipped.push((change.address.clone(), because.clone()));
        on(Event::Skipped { address: change.address.clone(), action: change.action, because });
    }

    fn has_rest(&self) -> bool {
        self.begun.iter().any(|begun| !begun)
    }

    /// Everything that was never begun: the run was stopped.
    fn skip_rest(&mut self, report: &mut Report, on: &mut (dyn FnMut(Event) + Send)) {
        for number in 0..self.units.len() {
            if !self.begun[number] {
                self.begun[number] = true;
                for change in &self.units[number].changes {
                    self.skip(change, None, report, on);
                }
            }
        }
    }
}
