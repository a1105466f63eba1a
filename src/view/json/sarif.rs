//! A run as SARIF 2.1.0, for code scanning: what is wrong, what is dangerous and what changed outside, each at the line of
//! the configuration that it is about. Rules are the codes of diagnostics, `hazard/…` and `drift/…`.
//!
//! The format: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>, looked up in November 2026.

use crate::diag::codes;
use crate::plan::HazardKind;
use crate::plan::Reason;
use crate::plan::drift::Cause;
use crate::view;
use crate::view::json;
use crate::view::json::diagnostic::Entry;
use crate::view::json::drift;
use crate::view::json::plan::Declared;
use crate::view::json::plan::Document;
use crate::view::json::run::Run;
use crate::view::words;
use percent_encoding::AsciiSet;
use percent_encoding::CONTROLS;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// What may not stand in a path of an address as it is.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Analysis<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Analysis<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

/// A result, in the words of SARIF.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'a> {
    fully_qualified_name: &'a str,
    kind: &'static str,
}

/// Draws a run.
#[must_use]
pub fn sarif(run: &Run) -> String {
    let mut results: Vec<Finding<'_>> = run.diagnostics.iter().map(|entry| finding(entry, None)).collect();
    if let Some(plan) = &run.plan {
        planned(&mut results, plan);
    }
    if let Some(document) = &run.drift {
        results.extend(document.findings.iter().map(|row| found(row, &document.declared)));
    }
    let failed = run.ending.iter().flat_map(|ending| &ending.failed);
    results.extend(failed.map(|problem| finding(&problem.diagnostic, Some(&problem.address))));
    let ids: BTreeSet<String> = results.iter().map(|result| result.rule_id.clone()).collect();
    let places: BTreeMap<&String, usize> = ids.iter().enumerate().map(|(i, id)| (id, i)).collect();
    for result in &mut results {
        result.rule_index = places.get(&result.rule_id).copied().unwrap_or_default();
    }
    let driver =
        Driver { name: "keyform", version: env!("CARGO_PKG_VERSION"), rules: ids.iter().map(|id| rule(id)).collect() };
    let execution_successful = !run.diagnostics.iter().any(Entry::is_error);
    json::pretty(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Analysis {
            tool: Tool { driver },
            invocations: [Invocation { execution_successful }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    })
}

fn rule(id: &str) -> Rule {
    let message = |text: &str| Message { text: text.to_owned() };
    let code = codes::all().find(|code| code.id == id);
    let hazard = id.strip_prefix("hazard/").and_then(HazardKind::from_word).map(words::hazard);
    Rule {
        id: id.to_owned(),
        short_description: match (code, hazard) {
            (Some(code), _) => message(code.summary),
            (None, Some(text)) => message(text),
            (None, None) => message("what is found differs from what keyform wrote last"),
        },
        full_description: code.map(|code| message(code.explain)),
    }
}

/// What a plan says itself: hazards, what changed outside, what is blocked or was not read.
fn planned<'a>(results: &mut Vec<Finding<'a>>, plan: &'a Document) {
    let at = |address: &'a str| -> Vec<Location<'a>> {
        let logical = vec![Logical { fully_qualified_name: address, kind: "resource" }];
        let resource = plan.changes.iter().find(|row| row.address == address).map_or(address, |row| &row.resource);
        let declared = plan.declared.iter().find(|declared| declared.address == resource);
        vec![Location { physical_location: declared.map(block), logical_locations: logical }]
    };
    for hazard in &plan.hazards {
        let detail = format!("{} ({}): {}", hazard.address, hazard.count, hazard.detail);
        let id = format!("hazard/{}", hazard.kind.word());
        let level = if hazard.allowed { "note" } else { "error" };
        results.push(result(id, level, &detail, &hazard.address, at(&hazard.address)));
    }
    for row in plan.changes.iter().filter(|row| row.drift) {
        let word = match row.reason {
            Reason::Missing => "missing",
            Reason::Conflict => "conflict",
            _ => "changed",
        };
        let why = words::reason(row.reason, row.action, row.key.is_some());
        let detail = format!("{}: {why}; apply would {} it", row.address, row.action.word());
        results.push(result(format!("drift/{word}"), "warning", &detail, &row.address, at(&row.address)));
    }
    for problem in plan.blocked.iter().chain(&plan.incomplete).chain(&plan.missing) {
        let known = results.iter().any(|known| known.message.text.contains(&*problem.diagnostic.detail));
        if !known {
            results.push(Finding {
                locations: at(&problem.address),
                ..finding(&problem.diagnostic, Some(&problem.address))
            });
        }
    }
}

/// The line of a block.
fn block(declared: &Declared) -> Physical {
    Physical {
        artifact_location: Artifact { uri: uri(&declared.file) },
        region: Region { start_line: declared.line, start_column: None, end_line: None, end_column: None },
    }
}

/// A finding of `keyform drift`, at the block that it is about.
fn found<'a>(row: &'a drift::Row, declared: &[Declared]) -> Finding<'a> {
    let level = match (row.is_open(), row.is(Cause::Unapplied)) {
        (false, _) => "note",
        (true, false) => "error",
        (true, true) => "warning",
    };
    let declared = declared.iter().find(|declared| declared.address == row.resource);
    let logical = vec![Logical { fully_qualified_name: &row.address, kind: "resource" }];
    let locations = vec![Location { physical_location: declared.map(block), logical_locations: logical }];
    let detail = format!("{} ({}): {}", row.address, row.cause, view::drift::line(row));
    result(format!("drift/{}", row.verdict), level, &detail, &row.address, locations)
}

/// A problem, at its primary label.
fn finding<'a>(entry: &'a Entry, address: Option<&'a str>) -> Finding<'a> {
    let help = entry.help.as_ref().map(|help| format!(" Next: {help}.")).unwrap_or_default();
    let detail = format!("{}: {}{help}", entry.summary, entry.detail);
    let physical = entry.labels.first().map(|label| Physical {
        artifact_location: Artifact { uri: uri(&label.file) },
        region: Region {
            start_line: label.start.line,
            start_column: Some(label.start.column),
            end_line: Some(label.end.line),
            end_column: Some(label.end.column),
        },
    });
    let logical: Vec<Logical<'a>> =
        address.map(|address| Logical { fully_qualified_name: address, kind: "resource" }).into_iter().collect();
    let locations = match physical.is_none() && logical.is_empty() {
        true => Vec::new(),
        false => vec![Location { physical_location: physical, logical_locations: logical }],
    };
    let level = if entry.is_error() { "error" } else { "warning" };
    result(entry.code.to_string(), level, &detail, address.unwrap_or(&entry.detail), locations)
}

fn result<'a>(id: String, level: &'static str, text: &str, about: &str, locations: Vec<Location<'a>>) -> Finding<'a> {
    // The same finding in the next run, also if lines have moved.
    let partial_fingerprints = [("keyform/1", format!("{id} {about}"))].into();
    let message = Message { text: words::shown(text) };
    Finding { rule_id: id, rule_index: 0, level, message, locations, partial_fingerprints }
}

/// A file as a relative address: below the directory that the command ran in.
fn uri(file: &str) -> String {
    utf8_percent_encode(file.trim_start_matches("./"), PATH).to_string()
}
