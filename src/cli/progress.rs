//! Progress of an apply: a bar that vanishes on a terminal, a line a change elsewhere, JSON lines under
//! `--json`.

use crate::cli::context::Context;
use crate::cli::terminal::Terminal;
use crate::diag::source::Sources;
use crate::engine::event::Event;
use crate::view;
use crate::view::json;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;

/// Where events go.
pub(super) enum Progress {
    /// A terminal.
    Bar(ProgressBar, Terminal),
    /// A log.
    Lines(Terminal),
    /// A program.
    Json(Terminal, Sources),
}

impl Progress {
    /// Of a number of changes.
    pub(super) fn new(context: &Context, total: usize) -> Self {
        let terminal = context.terminal.clone();
        if context.global.json {
            return Self::Json(terminal, context.sources.clone());
        }
        if !terminal.can_redraw() {
            return Self::Lines(terminal);
        }
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self::Bar(bar, terminal)
    }

    /// Shows one event.
    pub(super) fn show(&self, event: &Event) {
        match self {
            Self::Json(terminal, sources) => terminal.out(&json::line(&json::event::event(event, sources))),
            Self::Lines(terminal) => {
                if let Some(line) = view::progress::line(event, terminal.err_style().paint) {
                    terminal.note(&format!("{line}\n"));
                }
            }
            Self::Bar(bar, terminal) => {
                if let Some(line) = view::progress::line(event, terminal.err_style().paint) {
                    bar.println(line);
                }
                if let Some(now) = view::progress::now(event) {
                    bar.set_message(now);
                }
                if matches!(
                    event,
                    Event::Done { .. } | Event::Failed { .. } | Event::Unapproved { .. } | Event::Skipped { .. }
                ) {
                    bar.inc(1);
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Self::Bar(bar, _) = self {
            bar.finish_and_clear();
        }
    }
}
