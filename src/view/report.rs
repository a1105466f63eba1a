//! How an apply ended, as text: what was done, what failed, what was skipped and because of what.

use crate::engine::event::Report;
use crate::view::text::FOLD;
use crate::view::text::HEAD;
use crate::view::text::Style;
use crate::view::words;

/// Draws a report. Diagnostics of failures are not in it: they are rendered with the others.
#[must_use]
pub fn report(report: &Report, style: Style) -> String {
    let paint = style.paint;
    let mut out = String::new();
    let (stopped, failed): (Vec<_>, Vec<_>) = report.skipped.iter().partition(|(_, because)| because.is_none());
    let shown = if stopped.len() > FOLD { HEAD } else { stopped.len() };
    for (address, because) in failed.into_iter().chain(stopped.iter().copied().take(shown)) {
        let address = words::shown(&address.to_string());
        let why = match because {
            Some(other) => format!("it needs {}, which was not done", words::shown(&other.to_string())),
            None => "the run was stopped".to_owned(),
        };
        out.push_str(&format!("{} {address}: {why}\n", paint.warn("skipped")));
    }
    if stopped.len() > shown {
        let rest = stopped.len() - shown;
        out.push_str(&format!("{} … and {rest} more: the run was stopped\n", paint.warn("skipped")));
    }
    let mut parts: Vec<String> =
        report.done.iter().map(|(action, count)| format!("{count} {}", words::past(*action))).collect();
    if parts.is_empty() {
        parts.push("nothing changed".to_owned());
    }
    if !report.failed.is_empty() {
        parts.push(format!("{} failed", report.failed.len()));
    }
    if !report.skipped.is_empty() {
        parts.push(format!("{} skipped", report.skipped.len()));
    }
    let word = if report.is_complete() {
        paint.good("Applied")
    } else if report.interrupted {
        paint.warn("Stopped")
    } else if report.done_count() == 0 {
        paint.danger("Failed")
    } else {
        paint.danger("Applied in part")
    };
    let requests = words::count(usize::try_from(report.requests).unwrap_or(usize::MAX), "request", "requests");
    let cost = paint.dim(&format!("({requests}, {})", words::duration(report.took)));
    out.push_str(&format!("{word}: {}. {cost}\n", parts.join(", ")));
    if report.interrupted || !report.failed.is_empty() {
        out.push_str("What was done is recorded. Run the same command again to go on from here.\n");
    }
    out
}
