//! Reading alone: an engine that nothing can be written with, and whose doing it is that something is not right.

use crate::backend::state::Status;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::engine::Engine;
use crate::engine::Options;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::index::Index;
use crate::engine::planned::live_sync;
use crate::engine::things;
use crate::http;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::ledger::VALUE;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Change;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::diff;
use crate::plan::drift;
use crate::plan::drift::Acceptance;
use crate::plan::drift::Drift;
use crate::plan::drift::Job;
use crate::plan::facts;
use crate::plan::facts::Facts;
use crate::plan::sets_off;
use crate::secret::blot::blot;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An engine that only reads: it takes no lock, and has no way to apply, import or record anything.
pub struct Reader(Engine);

impl Reader {
    /// As [`Engine::open`], without a lock.
    ///
    /// # Errors
    /// As there.
    pub async fn open(options: Options, desired: &Desired) -> Result<Self, Diagnostics> {
        Engine::open(Options { lock: None, ..options }, desired).await.map(Self)
    }

    /// As [`Engine::plan`].
    ///
    /// # Errors
    /// As there.
    pub async fn plan(&self, desired: &Arc<Desired>, scope: &Scope) -> Result<Planned, Diagnostics> {
        self.0.plan(desired, scope).await
    }

    /// The ledger as it is now.
    ///
    /// # Errors
    /// It can't be read.
    pub async fn ledger(&self) -> Result<Ledger, Diagnostic> {
        self.0.ledger().await
    }

    /// As [`Engine::hear_waits`].
    pub fn hear_waits(&self, hear: impl Fn(http::pace::Wait) + Send + Sync + 'static) {
        self.0.hear_waits(hear);
    }

    /// What is read with.
    pub(super) fn engine(&self) -> &Engine {
        &self.0
    }

    /// As [`Engine::headroom`].
    #[must_use]
    pub fn headroom(&self) -> Option<http::pace::Headroom> {
        self.0.headroom()
    }

    /// Stops the embedded backend, if one was started.
    pub async fn close(self) {
        self.0.close().await;
    }
}

impl Planned {
    /// Whose doing it is that the plan has something to do.
    #[must_use]
    pub fn drift(&self, accepted: &[Acceptance], today: i32) -> Drift {
        let altered = self.plan.changes.iter().filter(|change| self.is_altered(change));
        drift::drift(&drift::Input {
            plan: &self.plan,
            desired: &self.basis.desired,
            jobs: &self.jobs(),
            altered: &altered.map(|change| change.address.clone()).collect::<BTreeSet<Address>>(),
            sets_off: &self.sets_off(),
            accepted,
            today,
        })
    }

    /// The syncs whose last run failed, and why: what they should have brought may be at its place all the same. How that of a
    /// native integration went is a note of every plan.
    #[must_use]
    pub fn failed_runs(&self) -> Vec<(Address, Arc<str>)> {
        let failed = self.jobs().into_iter().filter_map(|(address, job)| match job {
            Job::Failed(why) if address.kind() == Kind::SecretSync.word() => Some((address, why)),
            Job::Failed(_) | Job::Pending => None,
        });
        failed.collect()
    }

    /// The facts behind a row, or behind there being none; `None` if nothing is known of the address.
    #[must_use]
    pub fn facts(&self, address: &Address) -> Option<Facts> {
        facts::facts(&self.basis.input(&self.ledger, &Scope::default()), &self.plan, address)
    }

    /// The syncs that the backend runs by itself when what has a row is written, by what has it.
    fn sets_off(&self) -> BTreeMap<Address, BTreeSet<Address>> {
        let scope = Scope::default();
        let input = self.basis.input(&self.ledger, &scope);
        let sources = self
            .plan
            .changes
            .iter()
            .filter(|change| !sets_off::places(input.desired, input.ledger, std::iter::once(*change)).is_empty());
        sources.map(|change| (change.address.clone(), sets_off::syncs(&input, std::iter::once(change)))).collect()
    }

    /// Whether something is gone and would not be made as it was: then its declaration changed as well.
    fn is_altered(&self, change: &Change) -> bool {
        let Some(record) = self.ledger.records.get(&change.address).filter(|_| change.reason == Reason::Missing) else {
            return false;
        };
        if change.address.entry_key().is_some() {
            let wanted = change.fields.iter().find(|field| *field.name == *VALUE).map(|field| &field.after);
            return !matches!((wanted, record.written.get(VALUE)), (Some(Shown::Secret(a)), Some(b)) if a == b);
        }
        let basis = &self.basis;
        let declared = basis.desired.resources.get(&change.address).zip(basis.wanted.resources.get(&change.address));
        let written = declared.map(|(resource, attrs)| diff::written(&basis.key, resource, attrs));
        !written.is_some_and(|written| written.iter().all(|(name, mark)| record.written.get(name) == Some(mark)))
    }

    /// Jobs of the backend that failed or are under way.
    fn jobs(&self) -> BTreeMap<Address, Job> {
        let basis = &self.basis;
        let index = Index::new(&basis.desired, &self.ledger, &basis.state);
        let mut jobs = BTreeMap::new();
        let is_own = |resource: &&Resource| !basis.desired.borrows(&resource.address);
        for resource in basis.desired.syncs().filter(is_own).filter(|resource| resource.text("run") != Some("keyform"))
        {
            let Some(sync) = live_sync(&index, resource) else { continue };
            let job = match sync.status {
                Status::Pending => Job::Pending,
                Status::Failed => {
                    let why = sync.message.as_deref().filter(|why| !why.is_empty()).unwrap_or("it gives no reason");
                    let why = blot(why, &basis.resolved.values());
                    Job::Failed(format!("the last run of the sync failed: {why}").into())
                }
                Status::Never | Status::Succeeded => continue,
            };
            jobs.insert(resource.address.clone(), job);
        }
        for note in things::notes(&index, &basis.live, &basis.resolved) {
            if let Some((address, why)) = note.detail.split_once(": ")
                && let Ok(address) = address.parse()
            {
                jobs.insert(address, Job::Failed(format!("its last run failed: {why}").into()));
            }
        }
        jobs
    }
}
