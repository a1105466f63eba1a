//! Syncs that pause: the backend would run them with the settings that they have as soon as their source changes, and
//! they get others, lead elsewhere, or end, in the same apply. They are switched off before anything else, and on again by
//! their own row, or at the end of the run.
//! Killed in between, they stay off, and the next plan says so.

use crate::backend::read;
use crate::backend::state::Status;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::apply::sync;
use crate::engine::open;
use crate::model::address::Address;
use crate::model::resource::AUTO_SYNC;
use crate::plan::sets_off;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Instant;

/// The syncs that this run switched off, and whether they are on again.
#[derive(Default)]
pub(super) struct Paused(BTreeMap<Address, bool>);

impl Paused {
    /// Switches off what must not start by itself until its own row is done, and waits for runs that are under way.
    ///
    /// # Errors
    /// One that could not be switched off, or did not come to rest: then nothing may be touched.
    pub(super) async fn pause(&mut self, run: &Run<'_>) -> Result<(), (Address, Diagnostic)> {
        let (plan, basis) = (&run.planned.plan, &run.planned.basis);
        let syncs = sets_off::paused(&basis.desired, &run.planned.ledger, &plan.changes);
        let pauses = syncs.into_iter().map(|address| async move {
            let went = pause(run, &address).await;
            (address, went)
        });
        let all: Vec<_> =
            futures_util::stream::iter(pauses).buffer_unordered(open::parallelism(&basis.desired)).collect().await;
        let mut failed = None;
        for (address, went) in all {
            match went {
                Ok(false) => {}
                Ok(true) => drop(self.0.insert(address, false)),
                // Its answer may have been lost.
                Err(why) => {
                    self.0.insert(address.clone(), false);
                    failed = failed.or(Some((address, why)));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Switches on again what has no row of its own, if its connection's is done. Gives what failed.
    pub(super) async fn resume(
        &mut self,
        run: &Run<'_>,
        is_done: &dyn Fn(&Address) -> bool,
    ) -> Vec<(Address, Diagnostic)> {
        let mut failed = Vec::new();
        let rows: BTreeSet<&Address> = run.planned.plan.changes.iter().map(|change| &change.address).collect();
        for (address, is_on) in self.0.iter_mut().filter(|(address, _)| !rows.contains(address)) {
            let connection = run.declared(address).ok().and_then(|resource| resource.reference("connection"));
            if connection.is_some_and(is_done) {
                match resume(run, address).await {
                    Ok(()) => *is_on = true,
                    Err(why) => failed.push((address.clone(), why)),
                }
            }
        }
        failed
    }

    /// What is still off because its row, or that of its connection, was not done.
    pub(super) fn left_off(&self, is_done: &dyn Fn(&Address) -> bool) -> Vec<Diagnostic> {
        let left = self.0.iter().filter(|(address, is_on)| !**is_on && !is_done(address));
        left.map(|(address, _)| {
            let detail = format!("{address}: it may be switched off until what was to change is applied");
            Diagnostic::warning(&codes::LEFT_OFF, detail).help("mend what failed, then apply again")
        })
        .collect()
    }
}

async fn resume(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let (resource, id) = (run.declared(address)?, run.id(address)?);
    let live = sync::live(run, &id).ok_or_else(|| missing(address, "it"))?;
    sync::switch(run, address, live, true).await?;
    match resource.lifecycle.ignores(AUTO_SYNC) {
        true => run.append(&[run.record_of(resource, id, None)]).await,
        false => Ok(()),
    }
}

/// Whether it had to be switched off.
async fn pause(run: &Run<'_>, address: &Address) -> Result<bool, Diagnostic> {
    let Some(live) = sync::live(run, &run.id(address)?).filter(|live| live.auto_sync) else { return Ok(false) };
    if let Some(resource) = run.declared(address).ok().filter(|resource| resource.lifecycle.ignores(AUTO_SYNC)) {
        // Nothing else would tell the next run that it was on.
        run.intend([resource]).await?;
    }
    let mut now = sync::switch(run, address, live, false).await?;
    let (began, mut pause) = (Instant::now(), sync::FIRST_PAUSE);
    let timeout = run.declared(address).map_or(sync::DEFAULT_TIMEOUT, sync::timeout);
    while now.status == Status::Pending {
        if began.elapsed() > timeout {
            return Err(sync::late(address, timeout));
        }
        sync::wait(run, address, "an earlier run is still under way", began, &mut pause).await;
        now = read::sync_status(run.backend(), &address.to_string(), &live.destination, &live.id).await?;
    }
    Ok(true)
}
