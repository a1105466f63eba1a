//! What a run came to beside what is expected of it. Values are compared, never shown.

use crate::cli::exit::Exit;
use crate::cli::test::work::Ended;
use crate::cli::test::work::Left;
use crate::config::test_file;
use crate::config::test_file::Assert;
use crate::config::test_file::Expect;
use crate::config::test_file::Row;
use crate::config::test_file::Run;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::http;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::view::json;
use crate::view::json::plan::Document;
use crate::view::words;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More than this many rows are not named.
const NAMED: usize = 5;

fn differs(span: Span, detail: impl Into<String>, instead: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&codes::NOT_AS_EXPECTED, detail).at(span, instead)
}

/// Whether it ended as expected; if not, the errors that it ended with as well, and whether nothing can go on from it.
pub(super) fn ending(run: &Run, ended: &Ended) -> (Diagnostics, bool) {
    let Expect { exit, refused, hazards, .. } = &run.expect;
    let mut acc = Diagnostics::new();
    let code = ended.exit as u8;
    let is_hazardous = hazards.as_ref().is_some_and(|(all, _)| all.iter().any(|(_, number, _)| *number > 0));
    let is_right = match (exit, refused) {
        (Some((wanted, _)), _) => code == *wanted,
        (None, Some(_)) => matches!(ended.exit, Exit::Refused | Exit::Failed),
        (None, None) => ended.exit == Exit::Done || is_hazardous && ended.exit == Exit::Refused,
    };
    let codes: Vec<&str> = refused.iter().flat_map(|(codes, _)| codes).map(|(code, _)| &**code).collect();
    let is_meant = |problem: &Diagnostic| {
        let of_hazards = problem.code == &codes::HAZARDS || problem.code == &codes::RULE;
        codes.contains(&problem.code.id)
            || refused.is_none() && is_right && exit.is_some_and(|(exit, _)| exit != 0)
            || is_hazardous && of_hazards
            || run.expect.diagnostics.iter().any(|(code, _)| **code == *problem.code.id)
    };
    let unexpected = ended.found.iter().filter(|d| d.severity == Severity::Error && !is_meant(d));
    let unexpected: Vec<&Diagnostic> = unexpected.collect();
    let span = exit.map(|(_, span)| span).or(refused.as_ref().map(|(_, span)| *span)).unwrap_or(run.header);
    if !is_right {
        let hazards = ended.plan.iter().flat_map(|plan| &plan.hazards).filter(|hazard| !hazard.allowed);
        let hazards: Vec<String> =
            hazards.map(|h| format!("{} ({}) of {}", h.kind.word(), h.count, h.address)).collect();
        let because = if hazards.is_empty() { String::new() } else { format!(" Hazards: {}.", some(hazards)) };
        let detail = format!("`{}` ended with {code}, {}.{because}", run.command.word(), meaning(ended.exit));
        acc.push(Diagnostic::error(&codes::OTHER_ENDING, detail).at(span, format!("it is {code}")));
    } else if !unexpected.is_empty() {
        let mut others: Vec<String> = unexpected.iter().map(|problem| problem.code.id.to_owned()).collect();
        others.dedup();
        let detail = format!("`{}` ended with {code}, and with errors that are not expected.", run.command.word());
        acc.push(Diagnostic::error(&codes::OTHER_ENDING, detail).at(span, format!("also {}", some(others))));
    }
    unexpected.into_iter().for_each(|problem| acc.push(problem.clone()));
    if !is_right {
        return (acc, true);
    }
    let all = refused.iter().flat_map(|(codes, _)| codes).chain(&run.expect.diagnostics);
    for (code, span) in all.filter(|(code, _)| !ended.found.iter().any(|found| *found.code.id == **code)) {
        let mut found: Vec<String> = ended.found.iter().map(|found| found.code.id.to_owned()).collect();
        found.sort_unstable();
        found.dedup();
        let instead = if found.is_empty() { "nothing was said".to_owned() } else { some(found) };
        acc.push(differs(*span, format!("{code} was not said."), instead));
    }
    (acc, false)
}

fn meaning(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "done",
        Exit::Undetermined => "not fully determined",
        Exit::Refused => "refused",
        Exit::Partial => "done in part",
        Exit::Interrupted => "interrupted",
        Exit::Failed | Exit::Pending | Exit::Drift | Exit::Both | Exit::Usage => "failed",
    }
}

/// The plan: rows, counts, hazards.
pub(super) fn plan(run: &Run, ended: &Ended) -> Diagnostics {
    let mut acc = Diagnostics::new();
    let Expect { rows, nothing_else, counts, hazards, .. } = &run.expect;
    let Some(plan) = &ended.plan else {
        let spans = rows.iter().map(|(.., span)| *span).chain(counts.iter().map(|(.., span)| *span));
        for span in spans.chain(hazards.iter().map(|(_, span)| *span)) {
            acc.push(differs(span, "There is no plan: the run ended before.", "no plan"));
        }
        return acc;
    };
    for (address, wanted, span) in rows {
        let address = address.to_string();
        let row = plan.changes.iter().find(|row| row.address == address);
        let found = row.map(|row| (row.action, row.reason));
        let is_right = match (wanted, found) {
            (Row::None, None) => true,
            (Row::Of(action, reason), Some(found)) => found.0 == *action && reason.is_none_or(|r| r == found.1),
            _ => false,
        };
        if !is_right {
            let instead = match found {
                Some((action, reason)) => format!("it is `{} {}`", action.word(), reason.word()),
                None => "it has no row".to_owned(),
            };
            let mut problem = differs(*span, format!("{address}: {instead}."), instead);
            if row.is_none() {
                problem = problem.did_you_mean(&address, plan.changes.iter().map(|row| row.address.as_str()));
            }
            acc.push(problem);
        }
    }
    if let Some((true, span)) = nothing_else {
        let is_named = |address: &str| rows.iter().any(|(known, ..)| known.to_string() == address);
        let others: Vec<String> = named(plan, |address, _| !is_named(address));
        if !others.is_empty() {
            let instead = words::count(others.len(), "other row", "other rows");
            acc.push(differs(*span, format!("There is more in the plan: {}.", some(others)), instead));
        }
    }
    for (action, wanted, span) in counts {
        let found = named(plan, |_, of| of == *action);
        if found.len() != *wanted {
            let count = words::count(found.len(), "row", "rows");
            let which = if found.is_empty() { String::new() } else { format!(": {}", some(found)) };
            let detail = format!("{count} of `{}` instead of {wanted}{which}.", action.word());
            acc.push(differs(*span, detail, count));
        }
    }
    if let Some((wanted, span)) = hazards {
        let mut found: BTreeMap<HazardKind, usize> = BTreeMap::new();
        for hazard in &plan.hazards {
            *found.entry(hazard.kind).or_default() += hazard.count;
        }
        for (kind, number, span) in wanted {
            let count = found.remove(kind).unwrap_or_default();
            if count != *number {
                acc.push(differs(*span, format!("`{}` counts {count}, not {number}.", kind.word()), count.to_string()));
            }
        }
        for (kind, count) in found {
            let details = plan.hazards.iter().filter(|hazard| hazard.kind == kind);
            let details: Vec<String> = details.map(|hazard| format!("{}: {}", hazard.address, hazard.detail)).collect();
            let detail = format!("There is the hazard `{}` as well: {}", kind.word(), some(details));
            acc.push(differs(*span, detail, format!("also {} ({count})", kind.word())));
        }
    }
    acc
}

fn named(plan: &Document, is_it: impl Fn(&str, Action) -> bool) -> Vec<String> {
    let rows = plan.changes.iter().filter(|row| is_it(&row.address, row.action));
    rows.map(|row| format!("{} {}", row.action.word(), row.address)).collect()
}

/// The first ones, and how many more there are.
fn some(mut all: Vec<String>) -> String {
    let rest = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    format!("{}{more}", all.join(", "))
}

/// What is at destinations.
pub(super) fn entries(run: &Run, left: &Left) -> Diagnostics {
    let mut acc = Diagnostics::new();
    for at in &run.expect.entries {
        let Some(there) = left.entries.get(&at.sync) else {
            let detail = format!("`{}` is no declared sync whose destination can be opened.", at.sync);
            let known: Vec<String> = left.entries.keys().map(ToString::to_string).collect();
            let problem = differs(at.span, detail, "no such sync");
            acc.push(problem.did_you_mean(&at.sync.to_string(), known.iter().map(String::as_str)));
            continue;
        };
        for (key, place, span) in &at.keys {
            let instead = match (place, there.get(key)) {
                (None, None) => continue,
                (None, Some(_)) => "it is there",
                (Some(_), None) => "it is not there",
                (Some(place), Some(value)) => match left.secrets.get(place) {
                    Some(secret) if secret == value => continue,
                    Some(_) => "it has another value",
                    None => "there is no such secret",
                },
            };
            acc.push(differs(*span, format!("`{key}` of {}: {instead}.", at.sync), instead));
        }
    }
    acc
}

/// The conditions.
pub(super) fn asserts(run: &Run, ended: &Ended, left: &Left) -> Diagnostics {
    let mut acc = Diagnostics::new();
    if run.asserts.is_empty() {
        return acc;
    }
    let names = names(ended, left);
    for assert in &run.asserts {
        acc.extend(hold(assert, &names).err().map(Diagnostics::from).unwrap_or_default());
    }
    acc
}

fn hold(assert: &Assert, names: &[(&'static str, Value)]) -> Result<(), Diagnostic> {
    let bad = |why: Diagnostic| {
        let detail = format!("{}: {}", why.summary(), why.detail);
        Diagnostic { code: &codes::BAD_ASSERTION, detail, ..why }
    };
    let other = |value: &Value, wanted: &str, span: Span| {
        let detail = format!("This must be {wanted}.");
        Diagnostic::error(&codes::BAD_ASSERTION, detail).at(span, format!("this is {}", value.shape()))
    };
    let Assert { condition, message } = assert;
    let value = |expr| test_file::evaluated(expr, names.iter().cloned()).map_err(bad);
    match value(condition)? {
        Value::Bool(true) => Ok(()),
        Value::Bool(false) => match value(message)? {
            Value::String(text) => {
                Err(Diagnostic::error(&codes::NOT_ASSERTED, &*text).at(condition.span, "this is false"))
            }
            found => Err(other(&found, "a text", message.span)),
        },
        found => Err(other(&found, "true or false", condition.span)),
    }
}

/// What conditions are about.
fn names(ended: &Ended, left: &Left) -> Vec<(&'static str, Value)> {
    let parsed = |text: String| http::json::parse(text.as_bytes()).unwrap_or_default();
    let plan = ended.plan.as_ref().map(|plan| parsed(json::line(plan))).unwrap_or_default();
    let report = ended.report.as_ref().map(|report| parsed(json::line(report))).unwrap_or_default();
    let codes = ended.found.iter().map(|found| Value::from(found.code.id)).collect();
    let secrets = |entries: &BTreeMap<Arc<str>, _>| {
        let pairs = entries
            .iter()
            .map(|(key, value): (&Arc<str>, &crate::secret::Secret)| (key.clone(), Value::Secret(value.clone())));
        Value::object(pairs.collect::<Object>())
    };
    let entries = left.entries.iter().map(|(sync, entries)| (sync.to_string().into(), secrets(entries)));
    vec![
        ("plan", plan),
        ("report", report),
        ("exit", Value::int(i64::from(ended.exit as u8))),
        ("diagnostics", Value::list(codes)),
        ("entries", Value::object(entries.collect::<Object>())),
    ]
}
