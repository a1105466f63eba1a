//! A run as JUnit's XML, which every CI shows: one case a row and one a finding. What needs somebody is a failure: what
//! changed outside, what is refused, what is wrong, what failed. What was not looked at is skipped.

use crate::plan::drift::Cause;
use crate::view;
use crate::view::json::diagnostic::Entry;
use crate::view::json::drift;
use crate::view::json::plan::Document;
use crate::view::json::plan::Row;
use crate::view::json::run::Run;
use crate::view::json::test;
use crate::view::markup::xml;
use crate::view::words;
use std::collections::BTreeMap;
use std::time::Duration;

/// A case.
struct Case {
    /// The resource, or what it is about.
    class: String,
    name: String,
    state: State,
}

enum State {
    Passed,
    Skipped(String),
    /// Its kind, one line, and the rest.
    Failed(String, String, String),
}

/// Draws a run.
#[must_use]
pub fn junit(run: &Run) -> String {
    let rows = run.plan.as_ref().map(|plan| rows(run, plan)).unwrap_or_default();
    let mut suites = vec![("changes", rows), ("hazards", hazards(run)), ("findings", findings(run))];
    if let Some(document) = &run.drift {
        suites.insert(0, ("drift", document.findings.iter().map(found).collect()));
    }
    let suites = match &run.tests {
        Some(tests) => tests.files.iter().map(|file| (file.file.as_str(), tested(file))).collect(),
        None => suites,
    };
    let all = suites.iter().map(|(_, cases)| cases);
    let (tests, failures) = all.fold((0, 0), |(t, f), cases| (t + cases.len(), f + failed(cases)));
    let time = seconds(run.milliseconds());
    let command = xml(&run.command);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"keyform {command}\" tests=\"{tests}\" \
         failures=\"{failures}\" time=\"{time}\">\n"
    );
    for (name, cases) in &suites {
        let skipped = cases.iter().filter(|case| matches!(case.state, State::Skipped(_))).count();
        out.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\">\n",
            xml(name),
            cases.len(),
            failed(cases)
        ));
        cases.iter().for_each(|case| draw(&mut out, case));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Milliseconds as seconds with their fraction.
pub(super) fn seconds(milliseconds: u64) -> String {
    let took = Duration::from_millis(milliseconds);
    format!("{}.{:03}", took.as_secs(), took.subsec_millis())
}

fn failed(cases: &[Case]) -> usize {
    cases.iter().filter(|case| matches!(case.state, State::Failed(..))).count()
}

fn draw(out: &mut String, case: &Case) {
    out.push_str(&format!("    <testcase classname=\"{}\" name=\"{}\"", xml(&case.class), xml(&case.name)));
    match &case.state {
        State::Passed => out.push_str("/>\n"),
        State::Skipped(why) => out.push_str(&format!("><skipped message=\"{}\"/></testcase>\n", xml(why))),
        State::Failed(kind, line, rest) => out.push_str(&format!(
            "><failure type=\"{}\" message=\"{}\">{}</failure></testcase>\n",
            xml(kind),
            xml(line),
            lines(rest),
        )),
    }
}

/// Every change; where it was applied, whether it was done.
fn rows(run: &Run, plan: &Document) -> Vec<Case> {
    let failed: BTreeMap<&str, &Entry> = run
        .ending
        .iter()
        .flat_map(|ending| &ending.failed)
        .map(|problem| (problem.address.as_str(), &problem.diagnostic))
        .collect();
    let skipped: BTreeMap<&str, String> = run
        .ending
        .iter()
        .flat_map(|ending| {
            let waiting =
                ending.unapproved.iter().map(|address| (address.as_str(), "it waits for approval".to_owned()));
            let skips = ending.skipped.iter().map(|skip| {
                let why = skip.because.as_ref().map(|other| format!("it needs {other}, which was not done"));
                (skip.address.as_str(), why.unwrap_or_else(|| "the run was stopped".to_owned()))
            });
            waiting.chain(skips)
        })
        .collect();
    let case = |row: &Row| {
        let reason = words::reason(row.reason, row.action, row.key.is_some());
        let state = match (failed.get(row.address.as_str()), skipped.get(row.address.as_str())) {
            (Some(entry), _) => problem(entry),
            (None, Some(why)) => State::Skipped(why.clone()),
            (None, None) if row.drift && run.ending.is_none() => {
                State::Failed("drift".to_owned(), reason.to_owned(), format!("{} {}", row.action.word(), row.address))
            }
            (None, None) => State::Passed,
        };
        let what = row.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
        Case { class: row.resource.clone(), name: format!("{}{what} ({reason})", row.action.word()), state }
    };
    plan.changes.iter().map(case).collect()
}

/// What was changed outside fails; what is accepted, on its way or could not be told is skipped.
fn found(row: &drift::Row) -> Case {
    let line = view::drift::line(row);
    let state = match (&row.accepted, row.is(Cause::Lag) || row.is(Cause::Unknown)) {
        (None, false) => State::Failed(format!("drift/{}", row.verdict), line.clone(), row.address.clone()),
        _ => State::Skipped(line),
    };
    let what = row.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
    Case { class: row.resource.clone(), name: format!("{}{what} ({})", row.verdict, row.cause), state }
}

/// Every run of a test file; before them what is wrong with the file itself.
fn tested(file: &test::File) -> Vec<Case> {
    let all = |entries: &[Entry]| -> State {
        let text = |entry: &Entry| format!("{} {}: {}", entry.code, entry.summary, entry.detail);
        let mut errors = entries.iter().filter(|entry| entry.is_error());
        match errors.next() {
            None => State::Passed,
            Some(first) => {
                let rest: Vec<String> = errors.map(text).collect();
                State::Failed(first.code.to_string(), first.detail.clone(), rest.join("\n"))
            }
        }
    };
    let own = Case { class: file.file.clone(), name: "file".to_owned(), state: all(&file.diagnostics) };
    let run = |run: &test::Run| {
        let state = match &*run.outcome {
            test::SKIPPED => State::Skipped("what came before it in the file failed".to_owned()),
            _ => all(&run.diagnostics),
        };
        Case { class: file.file.clone(), name: run.name.clone(), state }
    };
    std::iter::once(own).filter(|own| !matches!(own.state, State::Passed)).chain(file.runs.iter().map(run)).collect()
}

/// Every hazard, and every sync that nobody looked at.
fn hazards(run: &Run) -> Vec<Case> {
    let Some(plan) = &run.plan else { return Vec::new() };
    let hazards = plan.hazards.iter().map(|hazard| {
        let detail = format!("{}\n{}", hazard.detail, words::way_out(hazard.kind, hazard.count));
        let line = format!("{} ({}): {}", hazard.kind.word(), hazard.count, words::hazard(hazard.kind));
        let state = match hazard.allowed {
            true => State::Passed,
            false => State::Failed(format!("hazard/{}", hazard.kind.word()), line, detail),
        };
        Case { class: hazard.address.clone(), name: format!("{} ({})", hazard.kind.word(), hazard.count), state }
    });
    let blind = plan.blind.iter().map(|blind| Case {
        class: blind.address.clone(),
        name: "not inspected".to_owned(),
        state: State::Skipped(blind.why.clone()),
    });
    let problems = plan.blocked.iter().map(|p| (p, "blocked")).chain(plan.incomplete.iter().map(|p| (p, "not read")));
    let problems = problems.map(|(problem_at, name)| Case {
        class: problem_at.address.clone(),
        name: name.to_owned(),
        state: problem(&problem_at.diagnostic),
    });
    hazards.chain(blind).chain(problems).collect()
}

/// Every problem; warnings pass.
fn findings(run: &Run) -> Vec<Case> {
    let case = |entry: &Entry| {
        let at = entry.labels.first().map(|label| format!("{}:{}", label.file, label.start.line));
        let state = if entry.is_error() { problem(entry) } else { State::Passed };
        let name = format!("{} {}: {}", entry.code, entry.summary, entry.detail);
        Case { class: at.unwrap_or_else(|| "keyform".to_owned()), name, state }
    };
    run.diagnostics.iter().map(case).collect()
}

fn problem(entry: &Entry) -> State {
    let help = entry.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    State::Failed(entry.code.to_string(), entry.summary.to_string(), format!("{}{help}", entry.detail))
}

/// A text of several lines between tags.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(xml).collect();
    lines.join("\n")
}
