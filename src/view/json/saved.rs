//! A saved plan as it is read again: what [`plan::saved`](crate::view::json::plan::saved) wrote, and nothing that
//! only looks like it. Whatever the file holds, the worst that comes of it is a diagnostic: what is applied is
//! planned again.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::plan;
use crate::plan::Change;
use crate::plan::Plan;
use crate::plan::Shown;
use crate::plan::saved::Origin;
use crate::plan::saved::Saved;
use crate::secret::Fingerprint;
use crate::view::json;
use crate::view::json::plan::Document;
use crate::view::json::plan::Problem;
use crate::view::json::plan::Row;
use crate::view::json::plan::Value;
use crate::view::text::Cost;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What it cost to make a plan that was kept.
#[must_use]
pub fn cost(text: &[u8]) -> Cost {
    let cost =
        |document: Document| Cost { requests: document.requests, took: Duration::from_millis(document.milliseconds) };
    json::plan::read("", text).map(cost).unwrap_or_default()
}

/// Reads a saved plan; `name` is what the user calls the file.
///
/// # Errors
/// It is none, of another version, or not as it was written.
pub fn read(name: &str, text: &[u8]) -> Result<Saved, Diagnostic> {
    let document = json::plan::read(name, text)?;
    let bad = |what| json::plan::bad(name, what);
    let Some(from) = &document.origin else {
        return Err(bad("is what `keyform plan --json` prints; it does not say what it was made from"));
    };
    let origin = origin(from).ok_or_else(|| bad("does not say what it was made from"))?;
    let plan = plan(&document).ok_or_else(|| bad("has a row that says nothing"))?;
    if plan::checksum(&plan) != document.checksum {
        return Err(bad("is not as it was written: its checksum is another"));
    }
    Ok(Saved { plan, origin })
}

fn origin(from: &json::plan::Origin) -> Option<Origin> {
    Some(Origin {
        keyform: (*from.keyform).into(),
        at: (*from.at).into(),
        ledger: (*from.ledger).into(),
        snapshot: from.snapshot.as_deref().map(Arc::from),
        configuration: Fingerprint::from_hex(&from.configuration)?,
        targets: from.targets.iter().map(|target| target.parse().ok()).collect::<Option<_>>()?,
        adopt: from.adopt,
        destroy: from.destroy,
        shard: from.shard.as_deref().map(|shard| shard.parse().ok()).map_or(Some(None), |shard| shard.map(Some))?,
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
            kind: hazard.kind,
            address: hazard.address.parse().ok()?,
            count: hazard.count,
            detail: hazard.detail.clone(),
            allowed: hazard.allowed,
        })
    });
    let blind = document.blind.iter().map(|blind| Some((blind.address.parse().ok()?, (*blind.why).into())));
    Some(Plan {
        hazards: hazards.collect::<Option<_>>()?,
        foreign: document.foreign.iter().map(|foreign| ((*foreign.place).into(), foreign.count)).collect(),
        blind: blind.collect::<Option<_>>()?,
        blocked: problems(&document.blocked)?,
        incomplete: problems(&document.incomplete)?,
        missing: problems(&document.missing)?,
        unchanged: document.unchanged,
        // A plan that is kept has a ledger.
        passing: false,
        undo: document.undo.outlook()?,
        backend: (*document.backend).into(),
        accepted: accepted(document)?,
        changes,
    })
}

fn accepted(document: &Document) -> Option<BTreeMap<Address, Arc<str>>> {
    let days = document.changes.iter().filter_map(|row| Some((row, row.accepted.as_deref()?)));
    days.map(|(row, day)| Some((row.address.parse().ok()?, day.into()))).collect()
}

fn row(row: &Row) -> Option<Change> {
    let fields = row.fields.iter().map(|field| {
        let name = (*field.name).into();
        Some(plan::Field { name, before: value(&field.before)?, after: value(&field.after)? })
    });
    Some(Change {
        address: row.address.parse().ok()?,
        action: row.action,
        reason: row.reason,
        drift: row.drift,
        fields: fields.collect::<Option<_>>()?,
        needs: row.needs.iter().map(|need| need.parse().ok()).collect::<Option<_>>()?,
    })
}

fn value(value: &Value) -> Option<Shown> {
    Some(match value {
        Value::Absent => Shown::Absent,
        Value::Plain { text } => Shown::Plain((**text).into()),
        Value::Secret { fingerprint } => Shown::Secret(Fingerprint::from_hex(fingerprint)?),
        Value::Unknown => Shown::Unknown,
    })
}

fn problems(list: &[Problem]) -> Option<BTreeMap<Address, Diagnostic>> {
    let problem = |problem: &Problem| {
        let entry = &problem.diagnostic;
        let code = codes::all().find(|code| code.id == entry.code)?;
        let mut diagnostic = Diagnostic::error(code, entry.detail.clone());
        diagnostic.help.clone_from(&entry.help);
        Some((problem.address.parse().ok()?, diagnostic))
    };
    list.iter().map(problem).collect()
}
