//! Changes one by one: what is lost, by name and never folded; what changed outside; the rest, folded by project and sync.

use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Reason;
use crate::view::json::plan::Document;
use crate::view::json::plan::Field;
use crate::view::json::plan::Row;
use crate::view::json::plan::Value;
use crate::view::markdown::Detail;
use crate::view::markdown::Frame;
use crate::view::markdown::fold;
use crate::view::markup::code;
use crate::view::markup::fence;
use crate::view::outcome::destroys;
use crate::view::risks::project;
use crate::view::words;
use std::collections::BTreeMap;

/// Up to this many names of what is lost are always said.
const NAMED: usize = 200;
/// Groups of names that [`Detail::Groups`] has room for, of all resources together.
const GROUPS: usize = 100;

/// Rows by their resource, and within one by what becomes of them.
type Sorted<'a> = BTreeMap<&'a str, BTreeMap<(Action, Reason, bool), Vec<&'a Row>>>;

fn sorted<'a>(rows: impl Iterator<Item = &'a Row>) -> Sorted<'a> {
    let mut out = Sorted::new();
    for row in rows {
        let of = out.entry(&row.resource).or_default();
        of.entry((row.action, row.reason, row.key.is_some())).or_default().push(row);
    }
    out
}

/// What is lost.
pub(super) fn lost(out: &mut String, plan: &Document, detail: Detail) {
    let all: Vec<&Row> = plan.changes.iter().filter(|row| destroys(row)).collect();
    if all.is_empty() || detail == Detail::Totals {
        return;
    }
    let is_grouped = all.len() > NAMED || detail == Detail::Groups;
    out.push_str(&format!("**What is lost** ({})\n\n", all.len()));
    let mut left = if detail == Detail::Groups { GROUPS } else { usize::MAX };
    for (resource, lists) in sorted(all.into_iter()) {
        for ((action, reason, is_entry), rows) in lists {
            let what = format!("{} ({})", action.word(), words::reason(reason, action, is_entry));
            let names = match (is_entry, is_grouped) {
                (false, _) => String::new(),
                (true, false) => format!(": {}", names(&rows)),
                (true, true) => format!(": {}", groups(&rows, &mut left)),
            };
            if left == 0 {
                out.push_str(&format!("- {what}: {} of {}\n", rows.len(), code(resource)));
                continue;
            }
            let count =
                if is_entry { format!("{} of ", words::count(rows.len(), "key", "keys")) } else { String::new() };
            out.push_str(&format!("- {what}: {count}{}{names}\n", code(resource)));
            if detail == Detail::Groups {
                left = left.saturating_sub(1);
            }
        }
    }
    out.push('\n');
}

fn name(row: &Row) -> &str {
    row.key.as_deref().unwrap_or(&row.address)
}

fn names(rows: &[&Row]) -> String {
    let names: Vec<String> = rows.iter().map(|row| code(name(row))).collect();
    names.join(", ")
}

/// Names by how they begin, each group with its exact count.
fn groups(rows: &[&Row], left: &mut usize) -> String {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let name = name(row);
        let end = name.find(['_', '-', '/', '.']).map_or(name.len(), |at| at + 1);
        *groups.entry(name.get(..end).unwrap_or(name)).or_default() += 1;
    }
    if groups.len() > *left {
        return words::count(rows.len(), "name", "names");
    }
    *left -= groups.len();
    let group = |(start, count): (&str, usize)| match count {
        1 => format!("1 × {}", code(start)),
        n => format!("{n} × {}", code(&format!("{start}…"))),
    };
    let groups: Vec<String> = groups.into_iter().map(group).collect();
    groups.join(", ")
}

/// What changed outside: not by the change that the comment is about.
pub(super) fn drift(out: &mut String, plan: &Document, frame: &Frame, detail: Detail) {
    let rows: Vec<&Row> = plan.changes.iter().filter(|row| row.drift).collect();
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!(
        "**Changed outside, not by this change** ({}): apply sets it right.\n\n",
        words::count(rows.len(), "row", "rows")
    ));
    within(out, plan, frame, detail, &rows);
}

/// Everything else.
pub(super) fn rest(out: &mut String, plan: &Document, frame: &Frame, detail: Detail) {
    let rows: Vec<&Row> = plan.changes.iter().filter(|row| !row.drift).collect();
    if rows.is_empty() || detail > Detail::Names {
        return;
    }
    within(out, plan, frame, detail, &rows);
}

/// Rows folded by project, and within it by sync.
fn within(out: &mut String, plan: &Document, frame: &Frame, detail: Detail, rows: &[&Row]) {
    if detail > Detail::Names {
        return;
    }
    let mut of: BTreeMap<&str, String> = BTreeMap::new();
    let mut projects: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let project = of.entry(&row.resource).or_insert_with(|| project(plan, &row.resource).unwrap_or_default());
        projects.entry(project.clone()).or_default().push(row);
    }
    for (project, rows) in projects {
        let mut inner = String::new();
        let own: Vec<&Row> = rows.iter().copied().filter(|row| row.key.is_none()).collect();
        if !own.is_empty() {
            inner.push_str(&lines(&own, detail));
            inner.push('\n');
        }
        let mut syncs: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().copied().filter(|row| row.key.is_some()) {
            syncs.entry(&row.resource).or_default().push(row);
        }
        for (sync, rows) in syncs {
            fold(&mut inner, frame, sync, &counts(&rows), &lines(&rows, detail));
        }
        let name = if project.is_empty() { "outside projects" } else { &project };
        fold(out, frame, name, &counts(&rows), &inner);
    }
}

/// `3 to create, 1 to delete`.
fn counts(rows: &[&Row]) -> String {
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *counts.entry(row.action).or_default() += 1);
    let parts: Vec<String> = counts.into_iter().map(|(action, n)| format!("{n} to {}", action.word())).collect();
    parts.join(", ")
}

fn lines(rows: &[&Row], detail: Detail) -> String {
    if detail == Detail::Full {
        return fence(&rows.iter().flat_map(|row| drawn(row)).collect::<Vec<_>>());
    }
    let mut lists: BTreeMap<(Action, Reason, bool), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        lists.entry((row.action, row.reason, row.key.is_some())).or_default().push(row);
    }
    let list = |((action, reason, is_entry), rows): ((Action, Reason, bool), Vec<&Row>)| {
        format!("- {} ({}): {}\n", action.word(), words::reason(reason, action, is_entry), names(&rows))
    };
    lists.into_iter().map(list).collect()
}

/// A row with its fields, beginning with the character that gives it its colour.
fn drawn(row: &Row) -> Vec<String> {
    let mark = match row.action {
        Action::Create => "+",
        Action::Update => "!",
        Action::Replace | Action::Delete => "-",
        Action::Adopt | Action::Forget => " ",
    };
    let accepted = words::accepted(row.accepted.as_deref());
    let reason = format!("{}{accepted}", words::reason(row.reason, row.action, row.key.is_some()));
    let Some(key) = &row.key else {
        let mut lines = vec![format!("{mark} {} {} ({reason})", row.action.word(), row.address)];
        if !row.action.is_end() {
            lines.extend(row.fields.iter().filter_map(|field| change(row, field)));
        }
        return lines;
    };
    let values = row.fields.first().map(|field| match (shown(&field.before), shown(&field.after)) {
        (Some(before), Some(after)) if before != after => format!("  {before} → {after}"),
        (_, Some(one)) | (Some(one), None) => format!("  {one}"),
        (None, None) => String::new(),
    });
    vec![format!("{mark} {key}{}  {} ({reason})", values.unwrap_or_default(), row.action.word())]
}

/// Whether it is a value that does not exist before the plan is applied.
fn is_made(row: &Row, field: &Field) -> bool {
    row.kind == Kind::Secret.word() && field.after == Value::Unknown
}

fn change(row: &Row, field: &Field) -> Option<String> {
    let text = |value| shown(value).unwrap_or_else(|| "not set".to_owned());
    match row.action {
        Action::Create if is_made(row, field) => Some(format!("    {} = {}", field.name, words::MADE)),
        Action::Create => shown(&field.after).map(|after| format!("    {} = {after}", field.name)),
        _ => Some(format!("    {}: {} → {}", field.name, text(&field.before), text(&field.after))),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Absent => None,
        Value::Plain { text } => Some(text.clone()),
        // Of a plan that was kept there is all of it; nobody reads more than the beginning.
        Value::Secret { fingerprint } => Some(format!("#{}", fingerprint.get(..8).unwrap_or(fingerprint))),
        Value::Unknown => Some("?".to_owned()),
    }
}
