//! How an apply ended, as text: what was done, what failed, what was skipped and because of what.

use crate::engine::event::Report;
use crate::model::address::Address;
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
    // The keys of one sync that wait for the same thing are one line.
    let mut lines: Vec<(&Address, Option<&Address>, usize)> = Vec::new();
    for (address, because) in failed.into_iter().chain(stopped.iter().copied().take(shown)) {
        match lines.last_mut() {
            Some((first, why, count))
                if address.entry_key().is_some()
                    && first.entry_key().is_some()
                    && first.resource() == address.resource()
                    && *why == because.as_ref() =>
            {
                *count += 1;
            }
            _ => lines.push((address, because.as_ref(), 1)),
        }
    }
    for (address, because, count) in lines {
        let address = match count {
            1 => words::shown(&address.to_string()),
            n => format!("{n} keys of {}", words::shown(&address.resource().to_string())),
        };
        let why = match because {
            Some(other) if count > 1 => format!("they need {}, which was not done", words::shown(&other.to_string())),
            Some(other) => format!("it needs {}, which was not done", words::shown(&other.to_string())),
            None => "the run was stopped".to_owned(),
        };
        words::line(&mut out, &format!("{} {address}: {why}", paint.warn("skipped")), 0, 2, style.width);
    }
    if stopped.len() > shown {
        let rest = stopped.len() - shown;
        out.push_str(&format!("{} … and {rest} more: the run was stopped\n", paint.warn("skipped")));
    }
    let mut parts: Vec<String> =
        report.done.iter().map(|(action, count)| format!("{count} {}", words::past(*action))).collect();
    if parts.is_empty() && report.failed.is_empty() && report.unapproved.is_empty() {
        parts.push("nothing changed".to_owned());
    }
    if !report.failed.is_empty() {
        parts.push(format!("{} failed", report.failed.len()));
    }
    if !report.unapproved.is_empty() {
        parts.push(format!("{} waiting for approval", report.unapproved.len()));
    }
    if !report.skipped.is_empty() {
        parts.push(format!("{} skipped", report.skipped.len()));
    }
    if report.blocked > 0 {
        parts.push(format!("{} blocked", report.blocked));
    }
    let word = if report.is_complete() {
        paint.good("Applied")
    } else if report.interrupted {
        paint.warn("Stopped")
    } else if report.failed.is_empty() && report.done_count() == 0 {
        paint.warn("Waiting for approval")
    } else if report.done_count() == 0 {
        paint.danger("Failed")
    } else {
        paint.danger("Applied in part")
    };
    let requests = words::count(usize::try_from(report.requests).unwrap_or(usize::MAX), "request", "requests");
    let cost = paint.dim(&format!("({requests}, {})", words::duration(report.took)));
    words::line(&mut out, &format!("{word}: {}. {cost}", parts.join(", ")), 0, 2, style.width);
    if let Some(run) = report.undo.as_ref().filter(|_| report.done_count() > 0 || !report.failed.is_empty()) {
        let kept = match report.ended {
            false => format!("What it overwrote and deleted is kept: `keyform undo {run}` puts it back.\n"),
            true => format!(
                "The values that it overwrote and deleted are kept: `keyform undo {run}` puts them back.\nWhere what they were \
                 in has ended, that has to be there again first: docs/undo.md.\n"
            ),
        };
        out.push_str(&words::sentences(&kept, style.width));
    }
    if report.blocked > 0 {
        let left = words::count(report.blocked, "row", "rows");
        let text = format!("Left out: {left} that the plan had blocked; the error of each says what to mend.\n");
        out.push_str(&words::sentences(&text, style.width));
    }
    if report.interrupted || !report.failed.is_empty() {
        let next = match (report.done_count(), report.interrupted) {
            (0, false) => "Mend what is named above, then run the same command again.\n",
            (0, true) => "Run the same command again to begin anew.\n",
            (_, false) => {
                "What was done is recorded. Mend what is named above, then run the same command again to go on.\n"
            }
            (_, true) => "What was done is recorded. Run the same command again to go on from here.\n",
        };
        out.push_str(&words::sentences(next, style.width));
    }
    out
}
