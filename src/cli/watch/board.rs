//! What is known of the runs of `keyform watch`, for whoever asks: its metrics, and whether it is well.

use crate::view::json::run::Run;
use crate::view::outcome::Outcome;
use crate::view::prometheus;
use crate::view::prometheus::Watched;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// A run that takes longer hangs.
const STUCK: Duration = Duration::from_secs(3600);

/// Shared by the loop, which writes, and those who ask.
#[derive(Default)]
pub(super) struct Board(Mutex<State>);

#[derive(Default)]
struct State {
    watched: Watched,
    last: Option<Run>,
    /// Since when a run is under way.
    began: Option<Instant>,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins.
    pub(super) fn begin(&self) {
        self.lock().began = Some(Instant::now());
    }

    /// A run ended; `at` is when, in seconds since 1970. Gives what it came to.
    pub(super) fn end(&self, run: Run, is_told: bool, at: i64) -> Outcome {
        let outcome = Outcome::of(&run);
        let mut state = self.lock();
        *state.watched.runs.entry(outcome).or_default() += 1;
        state.watched.untold += u64::from(!is_told);
        if outcome != Outcome::Failed {
            state.watched.last_good = Some(at);
        }
        state.began = None;
        state.last = Some(run);
        outcome
    }

    /// When the next run begins, and how many ticks were passed over since the last one.
    pub(super) fn wait(&self, next: i64, missed: usize) {
        let mut state = self.lock();
        state.watched.next = Some(next);
        state.watched.missed += u64::try_from(missed).unwrap_or(u64::MAX);
    }

    /// How long a run is under way that takes far too long.
    pub(super) fn stuck(&self) -> Option<Duration> {
        self.lock().began.map(|began| began.elapsed()).filter(|taken| *taken > STUCK)
    }

    /// Everything, in Prometheus' text format.
    pub(super) fn metrics(&self) -> String {
        let state = self.lock();
        let last = state.last.as_ref().map(prometheus::prometheus).unwrap_or_default();
        prometheus::watch(&state.watched, state.began.is_some()) + &last
    }
}
