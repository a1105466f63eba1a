//! Ctrl-C and SIGTERM, on Windows Ctrl-C and Ctrl-Break. Once: what is in flight ends, nothing new begins.
//! Twice: stop.

use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::event::Cancel;
#[cfg(unix)]
use tokio::signal::unix::Signal;
#[cfg(unix)]
use tokio::signal::unix::SignalKind;
#[cfg(unix)]
use tokio::signal::unix::signal;
#[cfg(windows)]
use tokio::signal::windows::CtrlBreak;
#[cfg(windows)]
use tokio::signal::windows::CtrlC;
#[cfg(windows)]
use tokio::signal::windows::ctrl_break;
#[cfg(windows)]
use tokio::signal::windows::ctrl_c;
use tokio::sync::watch;

#[cfg(unix)]
type Both = (Signal, Signal);
#[cfg(windows)]
type Both = (CtrlC, CtrlBreak);

#[cfg(unix)]
fn both() -> std::io::Result<Both> {
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

#[cfg(windows)]
fn both() -> std::io::Result<Both> {
    Ok((ctrl_c()?, ctrl_break()?))
}

/// The signals that ask to stop.
pub(super) struct Stop(Both);

impl Stop {
    /// Begins to listen: from now on these signals do not end the process by themselves.
    ///
    /// # Errors
    /// The machine does not allow it.
    pub(super) fn listen() -> Result<Self, Diagnostic> {
        let refused =
            |e: std::io::Error| Diagnostic::error(&codes::SIGNALS, format!("No signal handler: {}.", e.kind()));
        both().map(Self).map_err(refused)
    }

    /// Waits for one of them.
    pub(super) async fn asked(&mut self) {
        let (interrupt, terminate) = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    /// Says at the first signal that it came, and ends the process at the second.
    pub(super) async fn announce(mut self, asked: watch::Sender<bool>, terminal: Terminal) {
        self.asked().await;
        // Nobody may be waiting any more.
        let _ = asked.send(true);
        self.asked().await;
        terminal.err("\nStopped. What was in flight may be half done; run the same command again to repair it.\n");
        std::process::exit(Exit::Interrupted as i32);
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
