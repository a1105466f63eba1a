//! Where the parts meet: the one engine behind `plan`, `apply`, `destroy`, `drift` and `secret`.
//!
//! [`Engine::open`] finds the backend (starting the embedded one if there is none), [`Engine::plan`]
//! reads what the configuration and the ledger mention and compares, [`Engine::apply`] does it. What is
//! right and what is dangerous is decided in [`crate::plan`], what is shown in `view`.

pub mod adopt;
mod age;
mod apply;
mod connections;
mod destinations;
mod effective;
pub mod event;
mod foreign;
pub mod health;
mod imports;
mod index;
pub mod keeper;
mod login;
mod observe;
pub mod offline;
mod open;
mod others;
mod planned;
mod pushed;
pub mod pushing;
pub mod reach;
pub mod reading;
pub mod secrets;
pub mod shards;
mod snapshot;
mod sources;
mod things;
mod trial;
pub mod undo;
mod wanted;
mod wire;

use crate::config::stand_ins::StandIns;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::engine::event::Cancel;
use crate::engine::event::Event;
use crate::engine::event::Report;
use crate::http;
use crate::ledger::keeper::Hold;
use crate::ledger::keeper::Keeper;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::plan::Plan;
use crate::provider::registry::Registry;
use std::path::PathBuf;
use std::sync::Arc;

/// Where an embedded backend is, in the directory of the ledger.
pub const BACKEND: &str = "server";

/// What an engine needs to know besides the configuration.
#[derive(Clone)]
pub struct Options {
    /// The directory of the configuration: relative paths of secret files start here.
    pub dir: PathBuf,
    /// Where the ledger and the embedded backend live, usually `.keyform` in `dir`.
    pub state: PathBuf,
    /// Whether `secret_exec` may start programs.
    pub allow_exec: bool,
    /// For a run that writes: the lock is taken by [`Engine::open`] and held until [`Engine::close`]. `None`
    /// for a run that only reads: then no lock is taken, and [`Engine::apply`] is not called.
    pub lock: Option<Lock>,
    /// All destinations.
    pub registry: Arc<Registry>,
    /// Who hears of what is waited for before the backend can be asked.
    pub hear: Option<Hear>,
    /// What is asked in the place of the environment, of files and programs. With it, no request leaves this machine.
    pub stand_ins: Option<Arc<StandIns>>,
}

/// Hears, in a sentence, of what is waited for.
pub type Hear = Arc<dyn Fn(&str) + Send + Sync>;

/// What is said and waited for when the lock is taken.
#[derive(Debug, Clone)]
pub struct Lock {
    /// The command that writes: `apply`, `destroy`; shown to those who wait.
    pub command: String,
    /// How long to wait for another run; zero for not at all.
    pub timeout: std::time::Duration,
    /// Whether it is only wanted where there is no ledger yet, to make one.
    pub only_if_new: bool,
}

/// What to plan.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only these and what they need; empty for everything.
    pub targets: Vec<Address>,
    /// Adopt what exists and equals what is declared.
    pub adopt: bool,
    /// Plan the end of everything that the ledger owns.
    pub destroy: bool,
    /// Ask once more for changes that wait for approval.
    pub ask_again: bool,
}

/// A plan together with what is needed to apply it. The secrets are in here, not in the plan.
pub struct Planned {
    /// What would be done.
    pub plan: Plan,
    /// What is worth knowing: sources of secrets that are not at hand, destinations not inspected.
    pub notes: Vec<Diagnostic>,
    /// Requests sent since the engine was opened, to the backend and to destinations.
    pub requests: u64,
    /// The ledger that it was made from.
    pub ledger: Ledger,
    basis: planned::Basis,
    /// What is put back, if this is the way back from a run and not the plan of a configuration.
    back: Option<undo::Back>,
}

/// A backend, a ledger and the destinations, ready to be asked.
pub struct Engine {
    options: Options,
    reached: open::Reached,
    keeper: Keeper,
    lock: Option<Hold>,
}

impl Engine {
    /// Opens the ledger and the backend that the configuration names.
    ///
    /// # Errors
    /// The ledger can't be read, another run holds its lock, the embedded backend can't start, or the
    /// block names no known backend.
    pub async fn open(options: Options, desired: &Desired) -> Result<Self, Diagnostics> {
        open::open(options, desired).await.map_err(Diagnostics::from)
    }

    /// Reads and compares. Writes nothing.
    ///
    /// # Errors
    /// Nothing could be read at all: credentials refused, host unreachable. What can be read in part
    /// gives a plan that says what is missing.
    pub async fn plan(&self, desired: &Arc<Desired>, scope: &Scope) -> Result<Planned, Diagnostics> {
        planned::plan(self, desired, scope).await
    }

    /// Takes over what an `import` found for an address, as it is: only the ledger hears of it. `None` if there was
    /// nothing to find, because the ledger has it.
    ///
    /// # Errors
    /// The ledger can't be written.
    pub async fn import(&self, planned: &Planned, address: &Address) -> Result<Option<Arc<str>>, Diagnostic> {
        apply::import(self, planned, address).await
    }

    /// Does what was planned. The caller has looked at the hazards.
    pub async fn apply(&self, planned: Planned, cancel: &Cancel, on: &mut (dyn FnMut(Event) + Send)) -> Report {
        apply::apply(self, planned, cancel, on).await
    }

    /// The ledger as it is now.
    ///
    /// # Errors
    /// It can't be read.
    pub async fn ledger(&self) -> Result<Ledger, Diagnostic> {
        Ok(self.keeper.load().await?.0)
    }

    /// Has `hear` told of every longer wait for a backend that takes no more requests for now.
    pub fn hear_waits(&self, hear: impl Fn(http::pace::Wait) + Send + Sync + 'static) {
        self.reached.http.hear_waits(hear);
    }

    /// The least that the backend still takes of one kind of request, where its answers tell.
    #[must_use]
    pub fn headroom(&self) -> Option<http::pace::Headroom> {
        self.reached.http.headroom()
    }

    /// Stops the embedded backend, if one was started, and frees the lock.
    pub async fn close(self) {
        // What is kept in the backend needs it until the end.
        if let Some(lock) = self.lock {
            lock.release().await;
        }
        self.reached.close().await;
    }
}
