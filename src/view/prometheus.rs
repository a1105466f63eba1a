//! A run in Prometheus' text format, for the textfile collector of a node exporter or for who asks `keyform watch`. Every series is always there, also
//! where it is zero, so that a rule on it never meets a gap.

use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::drift::Cause;
use crate::plan::drift::Verdict;
use crate::view::json::diagnostic::Entry;
use crate::view::json::drift::Document;
use crate::view::json::run::Run;
use crate::view::junit::seconds;
use crate::view::outcome::Outcome;
use std::collections::BTreeMap;

/// Draws a run.
#[must_use]
pub fn prometheus(run: &Run) -> String {
    let mut out = String::new();
    if let Some(document) = &run.drift {
        drift(&mut out, document);
    }
    if let Some(plan) = &run.plan {
        let of = |action: Action, is_entry: bool| {
            plan.changes.iter().filter(|row| row.action == action && row.key.is_some() == is_entry).count()
        };
        gauge(
            &mut out,
            "keyform_plan_changes",
            "Changes that the plan has, by action; of resources or of entries at destinations.",
            Action::ALL.into_iter().flat_map(|action| {
                [("resource", false), ("entry", true)].map(|(word, is_entry)| {
                    (format!("{{action=\"{}\",of=\"{word}\"}}", action.word()), of(action, is_entry).to_string())
                })
            }),
        );
        let drift = plan.changes.iter().filter(|row| row.drift).count();
        one(&mut out, "keyform_plan_drift", "Changes whose cause is a change outside.", drift);
        one(&mut out, "keyform_plan_unchanged", "Resources and entries that are as declared.", plan.unchanged);
        gauge(
            &mut out,
            "keyform_plan_hazards",
            "What is dangerous about the plan, by kind, and whether the configuration allows it.",
            HazardKind::ALL.into_iter().flat_map(|kind| {
                [true, false].map(|allowed| {
                    let of = plan.hazards.iter().filter(|hazard| (hazard.kind, hazard.allowed) == (kind, allowed));
                    let count: usize = of.map(|hazard| hazard.count).sum();
                    (format!("{{kind=\"{}\",allowed=\"{allowed}\"}}", kind.word()), count.to_string())
                })
            }),
        );
        let foreign: usize = plan.foreign.iter().map(|foreign| foreign.count).sum();
        one(&mut out, "keyform_plan_foreign", "What exists beside what is managed and is left alone.", foreign);
        one(&mut out, "keyform_plan_blocked", "Resources and entries that would fail.", plan.blocked.len());
        let unseen = plan.incomplete.len() + plan.blind.len() + plan.missing.len();
        one(&mut out, "keyform_plan_undetermined", "What could not be read or looked at.", unseen);
    }
    if let Some(ending) = &run.ending {
        let of = |action: Action| ending.done.get(action.word()).copied().unwrap_or_default().to_string();
        let done = Action::ALL.into_iter().map(|action| (format!("{{action=\"{}\"}}", action.word()), of(action)));
        gauge(&mut out, "keyform_apply_done", "Changes that were done, by action.", done);
        one(&mut out, "keyform_apply_failed", "Changes that failed.", ending.failed.len());
        let waiting = ending.skipped.len() + ending.unapproved.len();
        one(&mut out, "keyform_apply_skipped", "Changes that were not begun, or wait for approval.", waiting);
    }
    let errors = run.diagnostics.iter().filter(|entry| entry.is_error()).count();
    let severities = [("error", errors), ("warning", run.diagnostics.iter().filter(|e| !Entry::is_error(e)).count())];
    gauge(
        &mut out,
        "keyform_run_problems",
        "Problems that the run found, by severity.",
        severities.into_iter().map(|(word, count)| (format!("{{severity=\"{word}\"}}"), count.to_string())),
    );
    let own = Outcome::of(run);
    gauge(
        &mut out,
        "keyform_run_outcome",
        "What the run came to: 1 for that, 0 for all others.",
        Outcome::ALL
            .into_iter()
            .map(|outcome| (format!("{{outcome=\"{}\"}}", outcome.word()), u8::from(outcome == own).to_string())),
    );
    one(&mut out, "keyform_run_requests", "Requests that were sent.", run.requests());
    one(&mut out, "keyform_run_duration_seconds", "How long the run took.", seconds(run.milliseconds()));
    if let Some(at) = run.at {
        one(&mut out, "keyform_run_timestamp_seconds", "When the run ended, in seconds since 1970.", at);
    }
    out
}

/// What is known of the runs of `keyform watch`.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// How many there were, by what they came to.
    pub runs: BTreeMap<Outcome, u64>,
    /// Runs after which somebody was not told.
    pub untold: u64,
    /// Ticks that were passed over because a run took longer.
    pub missed: u64,
    /// When the last one ended that could look at all, in seconds since 1970.
    pub last_good: Option<i64>,
    /// When the next one begins.
    pub next: Option<i64>,
}

/// Draws what is known of runs on a schedule.
#[must_use]
pub fn watch(watched: &Watched, is_running: bool) -> String {
    let mut out = String::new();
    let of = |outcome: Outcome| watched.runs.get(&outcome).copied().unwrap_or_default().to_string();
    let runs = Outcome::ALL.into_iter().map(|outcome| (format!("{{outcome=\"{}\"}}", outcome.word()), of(outcome)));
    counter(&mut out, "keyform_watch_runs_total", "Runs since the start, by what they came to.", runs);
    let one_of = |value: u64| [(String::new(), value.to_string())];
    let untold = "Runs after which somebody who had to be told was not.";
    counter(&mut out, "keyform_watch_untold_total", untold, one_of(watched.untold));
    let missed = "Ticks of the schedule that were passed over because a run took longer.";
    counter(&mut out, "keyform_watch_missed_ticks_total", missed, one_of(watched.missed));
    one(&mut out, "keyform_watch_running", "Whether a run is under way.", u8::from(is_running));
    let last = "When a run last ended that could look, in seconds since 1970; 0 for never.";
    one(&mut out, "keyform_watch_last_success_timestamp_seconds", last, watched.last_good.unwrap_or_default());
    let next = "When the next run begins, in seconds since 1970; 0 while that is not known.";
    one(&mut out, "keyform_watch_next_run_timestamp_seconds", next, watched.next.unwrap_or_default());
    out
}

fn drift(out: &mut String, document: &Document) {
    gauge(
        out,
        "keyform_drift_findings",
        "What is not as it should be and is not accepted, by whose doing it is.",
        Cause::ALL
            .into_iter()
            .map(|cause| (format!("{{cause=\"{}\"}}", cause.word()), document.open(cause).to_string())),
    );
    gauge(
        out,
        "keyform_drift_verdicts",
        "The same by what it is.",
        Verdict::ALL.into_iter().map(|verdict| {
            let count = document.findings.iter().filter(|row| row.is_open() && row.verdict == verdict.word()).count();
            (format!("{{verdict=\"{}\"}}", verdict.word()), count.to_string())
        }),
    );
    one(out, "keyform_drift_accepted", "Findings that are accepted for a while.", document.accepted);
    one(out, "keyform_drift_unchanged", "Resources and entries that are as declared.", document.unchanged);
}

fn one(out: &mut String, name: &str, help: &str, value: impl ToString) {
    gauge(out, name, help, [(String::new(), value.to_string())]);
}

fn gauge(out: &mut String, name: &str, help: &str, series: impl IntoIterator<Item = (String, String)>) {
    metric(out, "gauge", name, help, series);
}

fn counter(out: &mut String, name: &str, help: &str, series: impl IntoIterator<Item = (String, String)>) {
    metric(out, "counter", name, help, series);
}

/// Series of one name, each with its labels.
fn metric(out: &mut String, kind: &str, name: &str, help: &str, series: impl IntoIterator<Item = (String, String)>) {
    out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    for (labels, value) in series {
        out.push_str(&format!("{name}{labels} {value}\n"));
    }
}
