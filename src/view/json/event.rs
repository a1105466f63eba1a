//! Events and the report of an apply as JSON, one object a line: `keyform.event/1`, `keyform.report/1`.

use crate::diag::source::Sources;
use crate::engine::event::Event;
use crate::engine::event::Report;
use crate::view::json::Word;
use crate::view::json::diagnostic;
use crate::view::json::plan::Problem;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an ending says it is.
pub(super) const REPORT: &str = "keyform.report/1";

/// One event.
#[derive(Debug, Serialize)]
pub struct Line {
    format: &'static str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostic: Option<diagnostic::Entry>,
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Mirrors an event.
#[must_use]
pub fn event(event: &Event, sources: &Sources) -> Line {
    let mut line = Line {
        format: "keyform.event/1",
        event: "",
        address: None,
        action: None,
        text: None,
        because: None,
        milliseconds: None,
        diagnostic: None,
    };
    match event {
        Event::Stage(stage) => {
            line.event = "stage";
            line.text = Some(stage.to_string());
        }
        Event::Started { address, action } => {
            line.event = "started";
            line.address = Some(address.to_string());
            line.action = Some(action.word());
        }
        Event::Waiting { address, why, elapsed } => {
            line.event = "waiting";
            line.address = Some(address.to_string());
            line.text = Some(why.to_string());
            line.milliseconds = Some(milliseconds(*elapsed));
        }
        Event::Done { address, action, took } => {
            line.event = "done";
            line.address = Some(address.to_string());
            line.action = Some(action.word());
            line.milliseconds = Some(milliseconds(*took));
        }
        Event::Failed { address, action, diagnostic } => {
            line.event = "failed";
            line.address = Some(address.to_string());
            line.action = Some(action.word());
            line.diagnostic = Some(diagnostic::entry(diagnostic, sources));
        }
        Event::Unapproved { address, action } => {
            line.event = "unapproved";
            line.address = Some(address.to_string());
            line.action = Some(action.word());
        }
        Event::Skipped { address, action, because } => {
            line.event = "skipped";
            line.address = Some(address.to_string());
            line.action = Some(action.word());
            line.because = because.as_ref().map(ToString::to_string);
        }
    }
    line
}

/// How an apply ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ending {
    format: Word,
    /// Whether every change was done, and none was left out.
    pub complete: bool,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// Changes done, by the word of their action.
    pub done: BTreeMap<Word, usize>,
    /// Changes that failed, and why.
    pub failed: Vec<Problem>,
    /// Changes that a person must approve first.
    pub unapproved: Vec<String>,
    /// Changes that were not begun.
    pub skipped: Vec<Skip>,
    /// Rows that the plan had blocked: they were left out.
    #[serde(default, skip_serializing_if = "is_none")]
    pub blocked: usize,
    /// The name under which what was overwritten and deleted is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Requests sent.
    pub requests: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// What is worth knowing besides.
    pub diagnostics: Vec<diagnostic::Entry>,
}

impl Ending {
    /// That of a run which began nothing of what it had to do.
    pub(super) fn not_begun(skipped: Vec<Skip>, blocked: usize, requests: u64) -> Self {
        Self {
            format: REPORT.into(),
            complete: skipped.is_empty() && blocked == 0,
            interrupted: false,
            done: BTreeMap::new(),
            failed: Vec::new(),
            unapproved: Vec::new(),
            skipped,
            blocked,
            undo: None,
            requests,
            milliseconds: 0,
            diagnostics: Vec::new(),
        }
    }
}

/// Whether there is none of what is counted.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A change that was not begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Skip {
    /// Of what.
    pub address: String,
    /// What it waited for in vain; `None` if the run was stopped.
    pub because: Option<String>,
}

/// Mirrors a report.
#[must_use]
pub fn ending(report: &Report, sources: &Sources) -> Ending {
    Ending {
        format: REPORT.into(),
        complete: report.is_complete(),
        interrupted: report.interrupted,
        done: report.done.iter().map(|(action, &count)| (action.word().into(), count)).collect(),
        failed: report
            .failed
            .iter()
            .map(|(a, d)| Problem { address: a.to_string(), diagnostic: diagnostic::entry(d, sources) })
            .collect(),
        unapproved: report.unapproved.iter().map(|(address, _)| address.to_string()).collect(),
        skipped: report
            .skipped
            .iter()
            .map(|(a, b)| Skip { address: a.to_string(), because: b.as_ref().map(ToString::to_string) })
            .collect(),
        blocked: report.blocked,
        undo: report.undo.as_ref().map(ToString::to_string),
        requests: report.requests,
        milliseconds: milliseconds(report.took),
        diagnostics: diagnostic::entries(&report.warnings, sources),
    }
}
