//! Drift as people read it, also at two in the morning: what was changed outside first, then what is only not applied yet,
//! what nobody can tell, and what is accepted; each with what can be done about it.

use crate::plan::drift::Cause;
use crate::plan::drift::Drift;
use crate::plan::drift::Finding;
use crate::plan::drift::Step;
use crate::plan::heal::Stays;
use crate::view::json::drift::Document;
use crate::view::json::drift::Row;
use crate::view::json::plan::Field;
use crate::view::json::plan::Value;
use crate::view::paint::Paint;
use crate::view::text::Style;
use crate::view::words;
use std::time::Duration;

/// More findings than this of one section are folded.
const FOLD: usize = 100;

/// So many that are not healed are named.
const NOT_HEALED: usize = 20;

/// What is said below what is accepted.
pub(super) const OVERWRITTEN: &str =
    "Accepted means that it is not reported: the next apply still writes what is declared.";

/// What a cause is called above its findings.
#[must_use]
pub fn title(cause: Cause) -> &'static str {
    match cause {
        Cause::Outside => "Changed outside",
        Cause::Both => "Changed outside and in the configuration",
        Cause::Unapplied => "Not applied yet",
        Cause::Unknown => "Can't be told",
        Cause::Lag => "On its way",
    }
}

/// What can be done, as a sentence.
#[must_use]
pub fn advice(step: &str) -> Option<&'static str> {
    let all = [
        (Step::Heal, "`keyform drift --heal` writes what is declared"),
        (Step::Apply, "`keyform apply` writes what is declared"),
        (Step::Declare, "if it is right as it is, write it into the configuration"),
        (
            Step::Accept,
            "if it may stay for a while, an `accept` block in drift.ignore.hcl says until when; `keyform explain VERDICT` has one",
        ),
        (Step::Mend, "look at the cause and mend it"),
    ];
    all.into_iter().find(|(known, _)| known.word() == step).map(|(_, advice)| advice)
}

/// Draws what was found. Ends with a line break.
#[must_use]
pub fn drift(document: &Document, style: Style, is_brief: bool) -> String {
    let mut out = String::new();
    for cause in Cause::ALL {
        let rows: Vec<&Row> = document.findings.iter().filter(|row| row.accepted.is_none() && row.is(cause)).collect();
        section(&mut out, title(cause), &rows, style);
    }
    let accepted: Vec<&Row> = document.findings.iter().filter(|row| row.accepted.is_some()).collect();
    if !is_brief {
        section(&mut out, "Accepted", &accepted, style);
        if accepted.iter().any(|row| row.next.iter().any(|step| step == Step::Declare.word())) {
            // The empty line that ends the section comes after this.
            out.pop();
            words::paragraph(&mut out, OVERWRITTEN, 2, 2, style.width);
            out.push('\n');
        }
        for foreign in &document.foreign {
            let text = format!("Left alone: {}.", words::count_of(foreign.count, &words::shown(&foreign.place)));
            words::paragraph(&mut out, &text, 0, 2, style.width);
        }
        if !document.foreign.is_empty() {
            out.push('\n');
        }
    }
    let requests = words::count(usize::try_from(document.requests).unwrap_or(usize::MAX), "request", "requests");
    let cost = format!("({requests}, {})", words::duration(Duration::from_millis(document.milliseconds)));
    let is_bad = document.open(Cause::Outside) + document.open(Cause::Both) > 0;
    let is_clean = document.findings.iter().all(|row| !row.is_open());
    let color = match (is_bad, is_clean) {
        (true, _) => Paint::danger,
        (_, true) => Paint::good,
        _ => Paint::warn,
    };
    let mut lines = String::new();
    words::paragraph(&mut lines, &verdict(document), 0, 2, style.width);
    let last = lines.lines().last().map_or(0, |line| line.chars().count());
    let gap = if last + 1 + cost.len() > style.width { "\n" } else { " " };
    let lines: Vec<String> = lines.lines().map(|line| color(style.paint, line)).collect();
    out.push_str(&format!("{}{gap}{}\n", lines.join("\n"), style.paint.dim(&cost)));
    out
}

/// The verdict in words, without names.
#[must_use]
pub fn verdict(document: &Document) -> String {
    let parts: Vec<String> = [
        (document.open(Cause::Outside), "changed outside"),
        (document.open(Cause::Both), "changed outside and in the configuration"),
        (document.open(Cause::Unapplied), "not applied yet"),
        (document.open(Cause::Unknown), "that can't be told"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let unchanged = format!("{} as declared", words::count(document.unchanged, "thing is", "things are"));
    let accepted = match document.accepted {
        0 => String::new(),
        n => format!(", {n} accepted"),
    };
    let is_drift = document.open(Cause::Outside) + document.open(Cause::Both) > 0;
    match (parts.is_empty(), is_drift) {
        (true, _) => format!("No drift: {unchanged}{accepted}."),
        (_, true) => format!("Drift: {}; {unchanged}{accepted}.", parts.join(", ")),
        (_, false) => format!("No drift was found: {}; {unchanged}{accepted}.", parts.join(", ")),
    }
}

/// What is not healed, each with the reason; nothing where everything that counts is. Ends with a line break.
#[must_use]
pub fn stays(drift: &Drift, width: usize) -> String {
    let open = drift.stays.iter().filter_map(|(place, why)| Some((drift.findings.get(*place)?, why)));
    let open: Vec<(&Finding, &Stays)> = open.filter(|(finding, _)| finding.is_open()).collect();
    let mut out = match (drift.healable().is_empty(), open.is_empty()) {
        (true, true) => return "Nothing to heal.\n".to_owned(),
        (false, true) => return String::new(),
        (true, false) => "Nothing that can be healed:\n".to_owned(),
        (false, false) => "Not healed:\n".to_owned(),
    };
    for (finding, why) in open.iter().take(NOT_HEALED) {
        let text = format!("{}: {}", finding.address, why_stays(why));
        words::paragraph(&mut out, &words::shown(&text), 2, 2, width);
    }
    if open.len() > NOT_HEALED {
        out.push_str(&format!("  … and {} more.\n", open.len() - NOT_HEALED));
    }
    out
}

fn why_stays(why: &Stays) -> String {
    match why {
        Stays::NoRow => "there is nothing to write; mend the cause".to_owned(),
        Stays::Cause(Cause::Both) => "the configuration changed as well; `keyform apply` overwrites both".to_owned(),
        Stays::Cause(Cause::Lag) => "it is on its way".to_owned(),
        Stays::Cause(Cause::Unknown) => "nobody could look; mend the cause".to_owned(),
        Stays::Cause(_) => "it is not applied yet, which `keyform apply` does".to_owned(),
        Stays::Accepted => "it is accepted".to_owned(),
        Stays::Kept => "what is there is kept; the next `keyform apply` records it".to_owned(),
        Stays::Hazard(kind) => {
            format!("it is the hazard {}, which only `keyform apply` with its number allows", kind.word())
        }
        Stays::Unplanned => "not all of it could be planned or read; `keyform plan` says why".to_owned(),
        Stays::Beside(other) => format!("it would be written together with {other}, which is not healed"),
        Stays::Needs(other) => format!("it waits for {other}, which is not healed"),
        Stays::SetsOff(other) => format!("the backend would run {other} because of it, which is not healed"),
    }
}

fn section(out: &mut String, title: &str, rows: &[&Row], style: Style) {
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("{}\n", style.paint.bold(&format!("{title} ({}):", rows.len()))));
    let widest = rows.iter().map(|row| row.verdict.len()).max().unwrap_or_default();
    for row in rows.iter().take(FOLD) {
        let address = words::shown(&row.address);
        out.push_str(&format!("  {:<widest$}  {}\n", row.verdict, style.paint.bold(&address)));
        words::paragraph(out, &line(row), widest + 4, 2, style.width);
    }
    if rows.len() > FOLD {
        out.push_str(&format!("  … and {} more; `--json` has all.\n", rows.len() - FOLD));
    }
    let mut steps: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| row.accepted.is_none()) {
        steps.extend(row.next.iter().map(|step| &**step).filter(|step| !steps.contains(step)).collect::<Vec<_>>());
    }
    let some =
        |step: &str| if rows.iter().all(|row| row.next.iter().any(|own| own == step)) { "" } else { " (of some)" };
    for step in steps {
        if let Some(advice) = advice(step) {
            let text = format!("{step}{}: {advice}", some(step));
            words::paragraph(out, &text, 2, 2, style.width);
        }
    }
    out.push('\n');
}

/// What is said of a finding below its name.
#[must_use]
pub fn line(row: &Row) -> String {
    let fields: Vec<String> = row.fields.iter().map(field).collect();
    let fields = if fields.is_empty() { String::new() } else { format!(": {}", fields.join(", ")) };
    let sure = match &*row.evidence {
        "strong" => " (by its version or fingerprint; the value can't be read)",
        _ => "",
    };
    let accepted = row.accepted.as_ref().map(|accepted| {
        let owner = accepted.owner.as_ref().map(|owner| format!(", {}", words::shown(owner))).unwrap_or_default();
        format!("; accepted until {}{owner}: {}", words::shown(&accepted.expires), words::shown(&accepted.reason))
    });
    let detail = words::shown(row.detail.trim_end_matches('.'));
    format!("{detail}{fields}{sure}{}", accepted.unwrap_or_default())
}

fn field(field: &Field) -> String {
    let one = |value: &Value| match value {
        Value::Absent => "not set".to_owned(),
        Value::Plain { text } => words::shown(text),
        Value::Secret { fingerprint } => format!("#{fingerprint}"),
        Value::Unknown => "?".to_owned(),
    };
    let name = words::shown(&field.name);
    match (&field.before, &field.after) {
        (Value::Absent, after) => format!("{name} {}", one(after)),
        (before, Value::Absent) => format!("{name} is {}", one(before)),
        // It is only the ledger that does not have it.
        (before, after) if one(before) == one(after) => format!("{name} {}", one(after)),
        (before, after) => format!("{name} is {}, not {}", one(before), one(after)),
    }
}
