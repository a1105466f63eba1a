//! A saved plan as it is read again: what [`plan::saved`](crate::view::json::plan::saved) wrote, and nothing that
//! only looks like it. Whatever the file holds, the worst that comes of it is a diagnostic: what is applied is
//! planned again.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::saved::Origin;
use crate::plan::saved::Saved;
use crate::plan::undo::Outlook;
use crate::secret::Fingerprint;
use crate::view::json::plan::FORMAT;
use crate::view::text::Cost;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
struct Format {
    format: String,
}

#[derive(Deserialize)]
struct Document {
    unchanged: usize,
    changes: Vec<Row>,
    hazards: Vec<Hazard>,
    foreign: Vec<Foreign>,
    blind: Vec<Blind>,
    blocked: Vec<Problem>,
    incomplete: Vec<Problem>,
    missing: Vec<Problem>,
    undo: Undo,
    checksum: String,
    origin: Option<From>,
}

#[derive(Deserialize)]
struct Undo {
    asked: bool,
    kept: usize,
    foreign: usize,
    unread: Vec<String>,
    beyond: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    address: String,
    action: String,
    reason: String,
    drift: bool,
    fields: Vec<Field>,
    needs: Vec<String>,
}

#[derive(Deserialize)]
struct Field {
    name: Arc<str>,
    before: Value,
    after: Value,
}

#[derive(Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Value {
    Absent,
    Plain { text: Arc<str> },
    Secret { fingerprint: String },
    Unknown,
}

#[derive(Deserialize)]
struct Hazard {
    kind: String,
    address: String,
    count: usize,
    detail: String,
    allowed: bool,
}

#[derive(Deserialize)]
struct Foreign {
    place: Arc<str>,
    count: usize,
}

#[derive(Deserialize)]
struct Blind {
    address: String,
    why: Arc<str>,
}

#[derive(Deserialize)]
struct Problem {
    address: String,
    diagnostic: Entry,
}

#[derive(Deserialize)]
struct Entry {
    code: String,
    detail: String,
    help: Option<String>,
}

#[derive(Deserialize)]
struct From {
    keyform: Arc<str>,
    at: Arc<str>,
    ledger: Arc<str>,
    configuration: String,
    targets: Vec<String>,
    adopt: bool,
    destroy: bool,
}

/// What it cost to make a plan that was kept.
#[must_use]
pub fn cost(text: &[u8]) -> Cost {
    #[derive(Deserialize)]
    struct Spent {
        requests: u64,
        milliseconds: u64,
    }
    let cost = |spent: Spent| Cost { requests: spent.requests, took: Duration::from_millis(spent.milliseconds) };
    serde_json::from_slice(text).map(cost).unwrap_or_default()
}

/// Reads a saved plan; `name` is what the user calls the file.
///
/// # Errors
/// It is none, of another version, or not as it was written.
pub fn read(name: &str, text: &[u8]) -> Result<Saved, Diagnostic> {
    let bad = |what: String| {
        Diagnostic::error(&codes::BAD_PLAN, format!("`{name}` {what}.")).help("make one with `keyform plan --out FILE`")
    };
    // The library's message may quote what it found; the line is enough.
    let broken = |error: serde_json::Error| bad(format!("is no plan, from line {} on", error.line()));
    let format = serde_json::from_slice::<Format>(text).map_err(broken)?.format;
    if format != FORMAT {
        let is_plan = format.starts_with("keyform.plan/");
        return Err(bad(if is_plan { "is a plan of another version".to_owned() } else { "is no plan".to_owned() }));
    }
    let document: Document = serde_json::from_slice(text).map_err(broken)?;
    let Some(from) = &document.origin else {
        return Err(bad("is what `keyform plan --json` prints; it does not say what it was made from".to_owned()));
    };
    let origin = origin(from).ok_or_else(|| bad("does not say what it was made from".to_owned()))?;
    let plan = plan(&document).ok_or_else(|| bad("has a row that says nothing".to_owned()))?;
    if plan::checksum(&plan).as_ref() != Some(&document.checksum) {
        return Err(bad("is not as it was written: its checksum is another".to_owned()));
    }
    Ok(Saved { plan, origin })
}

fn origin(from: &From) -> Option<Origin> {
    Some(Origin {
        keyform: from.keyform.clone(),
        at: from.at.clone(),
        ledger: from.ledger.clone(),
        configuration: Fingerprint::from_hex(&from.configuration)?,
        targets: from.targets.iter().map(|target| target.parse().ok()).collect::<Option<_>>()?,
        adopt: from.adopt,
        destroy: from.destroy,
    })
}

fn plan(document: &Document) -> Option<Plan> {
    let changes: Vec<Change> = document.changes.iter().map(row).collect::<Option<_>>()?;
    let rows: BTreeSet<&Address> = changes.iter().map(|change| &change.address).collect();
    if rows.len() < changes.len() {
        return None;
    }
    let hazards = document.hazards.iter().map(|hazard| {
        Some(plan::Hazard {
            kind: HazardKind::from_word(&hazard.kind)?,
            address: hazard.address.parse().ok()?,
            count: hazard.count,
            detail: hazard.detail.clone(),
            allowed: hazard.allowed,
        })
    });
    let blind = document.blind.iter().map(|blind| Some((blind.address.parse().ok()?, blind.why.clone())));
    Some(Plan {
        hazards: hazards.collect::<Option<_>>()?,
        foreign: document.foreign.iter().map(|foreign| (foreign.place.clone(), foreign.count)).collect(),
        blind: blind.collect::<Option<_>>()?,
        blocked: problems(&document.blocked)?,
        incomplete: problems(&document.incomplete)?,
        missing: problems(&document.missing)?,
        unchanged: document.unchanged,
        // A plan that is kept has a ledger.
        passing: false,
        undo: Outlook {
            asked: document.undo.asked,
            kept: document.undo.kept,
            foreign: document.undo.foreign,
            unread: addresses(&document.undo.unread)?,
            beyond: addresses(&document.undo.beyond)?,
        },
        changes,
    })
}

fn addresses(list: &[String]) -> Option<Vec<Address>> {
    list.iter().map(|address| address.parse().ok()).collect()
}

fn row(row: &Row) -> Option<Change> {
    let fields = row.fields.iter().map(|field| {
        let name = field.name.clone();
        Some(plan::Field { name, before: value(&field.before)?, after: value(&field.after)? })
    });
    Some(Change {
        address: row.address.parse().ok()?,
        action: Action::from_word(&row.action)?,
        reason: Reason::from_word(&row.reason)?,
        drift: row.drift,
        fields: fields.collect::<Option<_>>()?,
        needs: row.needs.iter().map(|need| need.parse().ok()).collect::<Option<_>>()?,
    })
}

fn value(value: &Value) -> Option<Shown> {
    Some(match value {
        Value::Absent => Shown::Absent,
        Value::Plain { text } => Shown::Plain(text.clone()),
        Value::Secret { fingerprint } => Shown::Secret(Fingerprint::from_hex(fingerprint)?),
        Value::Unknown => Shown::Unknown,
    })
}

fn problems(list: &[Problem]) -> Option<BTreeMap<Address, Diagnostic>> {
    let problem = |problem: &Problem| {
        let entry = &problem.diagnostic;
        let code = codes::ALL.iter().find(|code| code.id == entry.code)?;
        let mut diagnostic = Diagnostic::error(code, entry.detail.clone());
        diagnostic.help.clone_from(&entry.help);
        Some((problem.address.parse().ok()?, diagnostic))
    };
    list.iter().map(problem).collect()
}
