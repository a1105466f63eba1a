//! What happens while a plan is applied, as values: the command line draws them, tests collect them.
//! No wording for people lives here, and never a secret.

use crate::diag::Diagnostic;
use crate::model::address::Address;
use crate::plan::Action;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One thing that happened. Events of one change come in order; those of others may come between.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step of the whole run began: `reading the backend`, `reading destinations`.
    Stage(Arc<str>),
    /// A change is under way.
    Started {
        /// Of what.
        address: Address,
        /// Which.
        action: Action,
    },
    /// A change takes its time: what it waits for.
    Waiting {
        /// Of what.
        address: Address,
        /// What for: `sync is running`.
        why: Arc<str>,
        /// Since it began.
        elapsed: Duration,
    },
    /// A change is done, and recorded in the ledger.
    Done {
        /// Of what.
        address: Address,
        /// Which.
        action: Action,
        /// How long it took.
        took: Duration,
    },
    /// A change failed.
    Failed {
        /// Of what.
        address: Address,
        /// Which.
        action: Action,
        /// Why.
        diagnostic: Diagnostic,
    },
    /// A change was asked for, and a person must approve it first.
    Unapproved {
        /// Of what.
        address: Address,
        /// Which.
        action: Action,
    },
    /// A change was not begun.
    Skipped {
        /// Of what.
        address: Address,
        /// Which.
        action: Action,
        /// The failed or skipped change that it needs; `None` if the run was stopped.
        because: Option<Address>,
    },
}

/// How an apply ended.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Changes done, by what they did.
    pub done: BTreeMap<Action, usize>,
    /// Changes that failed, and why.
    pub failed: Vec<(Address, Diagnostic)>,
    /// Changes that the backend took as requests, which a person must approve; none of them is recorded.
    pub unapproved: Vec<(Address, Diagnostic)>,
    /// Changes that were not begun, and the change that each of them waited for in vain.
    pub skipped: Vec<(Address, Option<Address>)>,
    /// How many rows the plan had blocked: they were left out.
    pub blocked: usize,
    /// What is worth knowing although nothing failed: a destination that could not be verified.
    pub warnings: Vec<Diagnostic>,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// The name under which what it overwrote and deleted was kept, if it was.
    pub undo: Option<Arc<str>>,
    /// Whether something ended, or was made again, that is more than a value: an undo does not bring it back.
    pub ended: bool,
    /// Requests sent, to the backend and to destinations.
    pub requests: u64,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// How many changes were done.
    #[must_use]
    pub fn done_count(&self) -> usize {
        self.done.values().sum()
    }

    /// Whether every change was done, and none was left out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_all = self.failed.is_empty() && self.unapproved.is_empty() && self.skipped.is_empty();
        is_all && self.blocked == 0 && !self.interrupted
    }
}

/// Asks a run to stop: what is in flight ends, nothing new begins. Clones share one flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
