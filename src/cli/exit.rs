//! Exit codes: the same for every command, and part of the interface.

use std::process::ExitCode;

/// How a run of the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed; nothing was changed.
    Failed = 1,
    /// Changes are pending: `plan --exit-code`, `fmt --check`, `drift`.
    Pending = 2,
    /// Something was changed outside: `drift`.
    Drift = 3,
    /// Something was changed outside, and changes are pending: `drift`.
    Both = 4,
    /// Something could not be read or verified, so the answer is not complete.
    Undetermined = 5,
    /// Refused by a guard, by the person who was asked, or because a saved plan is no longer true; a plan that nothing
    /// on the command line could allow, or that does not meet a rule of the configuration.
    Refused = 6,
    /// Applied in part: something failed, or waits for somebody's approval; or it was applied and its report could not be
    /// written; or somebody was not notified: `drift --notify`.
    Partial = 7,
    /// The command line makes no sense.
    Usage = 64,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// Every code with what it means, for `keyform explain`.
    pub(super) const ALL: [(Exit, &'static str); 10] = [
        (Exit::Done, "done, or nothing to do"),
        (Exit::Failed, "failed"),
        (Exit::Pending, "changes are pending (plan --exit-code, fmt --check, drift)"),
        (Exit::Drift, "changed outside (drift)"),
        (Exit::Both, "changed outside, and changes are pending (drift)"),
        (Exit::Undetermined, "not fully determined: something could not be read or verified"),
        (
            Exit::Refused,
            "refused by a guard, not confirmed, or a saved plan is no longer true; of `plan`: nothing could allow it, or a rule is not met",
        ),
        (
            Exit::Partial,
            "applied in part, waiting for approval, or not reported; of `drift --notify`: somebody was not notified",
        ),
        (Exit::Usage, "wrong usage"),
        (Exit::Interrupted, "interrupted"),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
