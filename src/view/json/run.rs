//! One run: everything that any output is drawn from, as it is known in the process that made it or as its documents
//! tell it later.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::view::json;
use crate::view::json::diagnostic;
use crate::view::json::diagnostic::Entry;
use crate::view::json::drift;
use crate::view::json::event::Ending;
use crate::view::json::event::REPORT;
use crate::view::json::plan::Document;
use crate::view::json::plan::FORMAT;
use crate::view::json::reach;
use crate::view::json::shards::Shard;
use crate::view::json::test;
use serde::Deserialize;
use serde_json::Value;

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// `plan`, `apply` …
    pub command: String,
    /// The plan, unless it failed before there was one.
    pub plan: Option<Document>,
    /// What is not as it should be, if that was asked for.
    pub drift: Option<drift::Document>,
    /// What tests came to, if it was of tests.
    pub tests: Option<test::Document>,
    /// Where a secret reaches, if that was asked for.
    pub reach: Option<reach::Document>,
    /// How the apply of it ended, if there was one.
    pub ending: Option<Ending>,
    /// Every problem that was found, each once.
    pub diagnostics: Vec<Entry>,
    /// When it ended, as seconds since 1970, if that is known.
    pub at: Option<i64>,
    /// Which shards it is of, if not of the whole configuration.
    pub shards: Vec<Shard>,
    /// Of several shards: those of which nothing is known, as `3/4`.
    pub unknown: Vec<String>,
}

impl Run {
    /// The documents of the run, one after the other: a plan alone is indented, as are problems alone.
    #[must_use]
    pub fn documents(&self) -> String {
        if let Some(tests) = &self.tests {
            return json::pretty(tests);
        }
        if let Some(reach) = &self.reach {
            return json::pretty(reach);
        }
        if let Some(drift) = &self.drift {
            let drift = drift::Document { diagnostics: self.diagnostics.clone(), ..drift.clone() };
            let plan = self.plan.as_ref().map(json::line).unwrap_or_default();
            let ending = self.ending.as_ref().map(json::line).unwrap_or_default();
            return json::line(&drift) + &plan + &ending;
        }
        match (&self.plan, &self.ending) {
            (Some(plan), Some(ending)) => json::line(plan) + &json::line(ending),
            (Some(plan), None) if self.command == "plan" => json::pretty(plan),
            (Some(plan), None) => json::line(plan) + &self.problems(),
            (None, _) => self.problems(),
        }
    }

    /// Requests sent, to the backend and to destinations: an ending counts those of its plan as well.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let plan = self.plan.as_ref().map(|plan| plan.requests);
        let plan = plan.or(self.drift.as_ref().map(|drift| drift.requests));
        self.ending.as_ref().map(|ending| ending.requests).or(plan).unwrap_or_default()
    }

    /// How long plan and apply took together.
    #[must_use]
    pub fn milliseconds(&self) -> u64 {
        let ending = self.ending.as_ref().map_or(0, |ending| ending.milliseconds);
        let drift = self.drift.as_ref().map_or(0, |drift| drift.milliseconds);
        let tests = self.tests.as_ref().map_or(0, |tests| tests.milliseconds);
        tests + drift + self.plan.as_ref().map_or(0, |plan| plan.milliseconds) + ending
    }

    fn problems(&self) -> String {
        let ok = !self.diagnostics.iter().any(Entry::is_error);
        let format = format!("keyform.{}/1", self.command);
        let (diagnostics, shards) = (self.diagnostics.clone(), self.shards.clone());
        json::pretty(&diagnostic::Document { format, ok, diagnostics, shards })
    }

    /// Adds problems, each once.
    pub fn add(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            if !self.diagnostics.contains(&entry) {
                self.diagnostics.push(entry);
            }
        }
    }
}

/// The latest version of a report's documents that is read.
const VERSION: u32 = 1;

/// Reads what [`Run::documents`], `keyform plan --out` or a command under `--json` wrote; `name` is what the user
/// calls the file.
///
/// # Errors
/// It is something else, or broken.
pub fn read(name: &str, text: &[u8]) -> Result<Run, Diagnostic> {
    let bad = |what: String| {
        Diagnostic::error(&codes::BAD_REPORT, format!("`{name}` {what}."))
            .help("give a plan of `keyform plan --out FILE`, or what `--output json=FILE` wrote")
    };
    let mut run = Run { command: "plan".to_owned(), ..Run::default() };
    let mut is_empty = true;
    for document in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
        // The library's message may quote what it found; the line is enough.
        let document = document.map_err(|error| bad(format!("is no report, from line {} on", error.line())))?;
        let format = document.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
        let by = document.pointer("/origin/keyform").and_then(Value::as_str);
        let called = format!("`{name}`");
        let broken = |_| {
            let beyond = later::beyond(&codes::LATER_FILE, &called, by);
            beyond.unwrap_or_else(|| bad(format!("has a `{format}` that is not as it was written")))
        };
        let command = format.strip_prefix("keyform.").and_then(|rest| rest.split_once('/')).map(|(word, _)| word);
        let version = command.and_then(|command| later::of_format(&format, command));
        let command = command.filter(|_| version == Some(VERSION.into()));
        later::refused(&codes::LATER_FILE, (&called, "a report"), (version.unwrap_or_default(), VERSION), by)?;
        match (format.as_str(), command) {
            (FORMAT, _) if document.get("changes").is_some() => {
                let plan = Document::deserialize(&document).map_err(broken)?;
                run.add(plan.diagnostics.clone());
                run.at = plan.origin.as_ref().and_then(|origin| seconds(&origin.at));
                run.shards.clone_from(&plan.shards);
                run.plan = Some(plan);
            }
            (drift::FORMAT, _) if document.get("findings").is_some() => {
                let drift = drift::Document::deserialize(&document).map_err(broken)?;
                run.add(drift.diagnostics.clone());
                run.command = "drift".to_owned();
                run.shards.clone_from(&drift.shards);
                run.drift = Some(drift);
            }
            (REPORT, _) => {
                let ending = Ending::deserialize(&document).map_err(broken)?;
                run.add(ending.diagnostics.clone());
                run.command = "apply".to_owned();
                run.ending = Some(ending);
            }
            (_, Some("event" | "outputs")) => {}
            (_, Some(command @ ("plan" | "apply" | "destroy" | "drift"))) => {
                let problems = diagnostic::Document::deserialize(&document).map_err(broken)?;
                run.add(problems.diagnostics);
                if run.shards.is_empty() {
                    run.shards = problems.shards;
                }
                run.command = command.to_owned();
            }
            _ => return Err(bad("is no report of keyform, or one of another version".to_owned())),
        }
        is_empty = false;
    }
    if is_empty { Err(bad("is empty".to_owned())) } else { Ok(run) }
}

fn seconds(at: &str) -> Option<i64> {
    at.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}
