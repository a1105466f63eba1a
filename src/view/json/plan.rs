//! A plan as JSON: `keyform.plan/1`, described by `schema/plan.schema.json`. A saved plan is the same document,
//! with what the plan was made from and whole fingerprints.

use crate::diag::Diagnostic;
use crate::diag::source::Sources;
use crate::model::address::Address;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Plan;
use crate::plan::Shown;
use crate::plan::saved::Saved;
use crate::secret::Fingerprint;
use crate::view::json::diagnostic;
use crate::view::text::Cost;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a document says it is.
pub(super) const FORMAT: &str = "keyform.plan/1";

/// The document.
#[derive(Debug, Serialize)]
pub struct Document {
    format: &'static str,
    summary: BTreeMap<&'static str, usize>,
    unchanged: usize,
    changes: Vec<Row>,
    hazards: Vec<Hazard>,
    foreign: Vec<Foreign>,
    blind: Vec<Blind>,
    blocked: Vec<Problem>,
    incomplete: Vec<Problem>,
    missing: Vec<Problem>,
    undo: Undo,
    /// Absent while there is no ledger that could keep the key of the fingerprints.
    checksum: Option<String>,
    requests: u64,
    milliseconds: u64,
    diagnostics: Vec<diagnostic::Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

#[derive(Debug, Serialize)]
struct Origin {
    keyform: String,
    at: String,
    ledger: String,
    configuration: String,
    targets: Vec<String>,
    adopt: bool,
    destroy: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    address: String,
    resource: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    action: &'static str,
    reason: &'static str,
    drift: bool,
    fields: Vec<Field>,
    needs: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Field {
    name: String,
    before: Value,
    after: Value,
}

/// A value that may be shown; a secret is its fingerprint, of which only a file needs more than the first digits.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Value {
    Absent,
    Plain { text: String },
    Secret { fingerprint: String },
    Unknown,
}

#[derive(Debug, Serialize)]
struct Hazard {
    kind: &'static str,
    address: String,
    count: usize,
    detail: String,
    allowed: bool,
}

#[derive(Debug, Serialize)]
struct Undo {
    asked: bool,
    kept: usize,
    foreign: usize,
    unread: Vec<String>,
    beyond: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Foreign {
    place: String,
    count: usize,
}

#[derive(Debug, Serialize)]
struct Blind {
    address: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct Problem {
    address: String,
    diagnostic: diagnostic::Entry,
}

/// Mirrors a plan that is to be kept.
#[must_use]
pub fn saved(saved: &Saved, cost: Cost, diagnostics: Vec<diagnostic::Entry>, sources: &Sources) -> Document {
    let origin = &saved.origin;
    Document {
        changes: saved.plan.changes.iter().map(|change| row(change, Fingerprint::to_hex)).collect(),
        origin: Some(Origin {
            keyform: origin.keyform.to_string(),
            at: origin.at.to_string(),
            ledger: origin.ledger.to_string(),
            configuration: origin.configuration.to_hex(),
            targets: origin.targets.iter().map(ToString::to_string).collect(),
            adopt: origin.adopt,
            destroy: origin.destroy,
        }),
        ..document(&saved.plan, cost, diagnostics, sources)
    }
}

/// Mirrors a plan.
#[must_use]
pub fn document(plan: &Plan, cost: Cost, diagnostics: Vec<diagnostic::Entry>, sources: &Sources) -> Document {
    let mut summary = BTreeMap::new();
    for action in Action::ALL {
        summary.insert(action.word(), plan.changes.iter().filter(|change| change.action == action).count());
    }
    Document {
        format: FORMAT,
        summary,
        unchanged: plan.unchanged,
        changes: plan.changes.iter().map(|change| row(change, Fingerprint::short)).collect(),
        hazards: plan
            .hazards
            .iter()
            .map(|hazard| Hazard {
                kind: hazard.kind.word(),
                address: hazard.address.to_string(),
                count: hazard.count,
                detail: hazard.detail.clone(),
                allowed: hazard.allowed,
            })
            .collect(),
        foreign: plan.foreign.iter().map(|(place, &count)| Foreign { place: place.to_string(), count }).collect(),
        blind: plan.blind.iter().map(|(a, why)| Blind { address: a.to_string(), why: why.to_string() }).collect(),
        blocked: problems(&plan.blocked, sources),
        incomplete: problems(&plan.incomplete, sources),
        missing: problems(&plan.missing, sources),
        undo: Undo {
            asked: plan.undo.asked,
            kept: plan.undo.kept,
            foreign: plan.undo.foreign,
            unread: plan.undo.unread.iter().map(ToString::to_string).collect(),
            beyond: plan.undo.beyond.iter().map(ToString::to_string).collect(),
        },
        checksum: plan::checksum(plan),
        requests: cost.requests,
        milliseconds: u64::try_from(cost.took.as_millis()).unwrap_or(u64::MAX),
        diagnostics,
        origin: None,
    }
}

fn problems(list: &BTreeMap<Address, Diagnostic>, sources: &Sources) -> Vec<Problem> {
    list.iter().map(|(a, d)| Problem { address: a.to_string(), diagnostic: diagnostic::entry(d, sources) }).collect()
}

/// How much of a fingerprint is written.
type Digits = fn(Fingerprint) -> String;

fn row(change: &Change, digits: Digits) -> Row {
    let resource = change.address.resource();
    Row {
        address: change.address.to_string(),
        kind: resource.kind().to_owned(),
        resource: resource.to_string(),
        key: change.address.entry_key().map(str::to_owned),
        action: change.action.word(),
        reason: change.reason.word(),
        drift: change.drift,
        fields: change
            .fields
            .iter()
            .map(|field| Field {
                name: field.name.to_string(),
                before: value(&field.before, digits),
                after: value(&field.after, digits),
            })
            .collect(),
        needs: change.needs.iter().map(ToString::to_string).collect(),
    }
}

fn value(shown: &Shown, digits: Digits) -> Value {
    match shown {
        Shown::Absent => Value::Absent,
        Shown::Plain(text) => Value::Plain { text: text.to_string() },
        Shown::Secret(fingerprint) => Value::Secret { fingerprint: digits(*fingerprint) },
        Shown::Unknown => Value::Unknown,
    }
}
