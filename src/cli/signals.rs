//! Ctrl-C and SIGTERM. Once: what is in flight ends, nothing new begins. Twice: stop.

use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::event::Cancel;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

/// The signals that ask to stop.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Begins to listen: from now on these signals do not end the process by themselves.
    ///
    /// # Errors
    /// The machine does not allow it.
    pub(super) fn listen() -> Result<Self, Diagnostic> {
        let hear = |kind| {
            signal(kind).map_err(|e| Diagnostic::error(&codes::SIGNALS, format!("No signal handler: {}.", e.kind())))
        };
        Ok(Self { interrupt: hear(SignalKind::interrupt())?, terminate: hear(SignalKind::terminate())? })
    }

    /// Waits for one of them.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Cancels a run at the first signal and ends the process at the second.
    pub(super) async fn cancel(mut self, cancel: Cancel, terminal: Terminal) {
        self.asked().await;
        cancel.cancel();
        terminal.err("\nStopping: what is in flight ends first. Once more to stop at once.\n");
        self.asked().await;
        terminal.err("\nStopped. What was in flight may be half done; run the same command again to repair it.\n");
        std::process::exit(Exit::Interrupted as i32);
    }
}
