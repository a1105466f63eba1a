//! Drift as JSON: `keyform.drift/1`, described by `schema/drift.schema.json`.

use crate::diag::source::Sources;
use crate::model::desired::Desired;
use crate::plan::Plan;
use crate::plan::drift::Acceptance;
use crate::plan::drift::Cause;
use crate::plan::drift::Drift;
use crate::plan::drift::Finding;
use crate::secret::Fingerprint;
use crate::view::json::Word;
use crate::view::json::diagnostic;
use crate::view::json::plan::Declared;
use crate::view::json::plan::Field;
use crate::view::json::plan::Foreign;
use crate::view::json::plan::fields;
use crate::view::json::plan::places;
use crate::view::json::shards::Shard;
use crate::view::text::Cost;
use crate::view::words;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a document says it is.
pub(super) const FORMAT: &str = "keyform.drift/1";

/// The document; everything that is drawn elsewhere is drawn from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    pub(super) format: Word,
    /// How many findings count, by the word of their cause.
    pub summary: BTreeMap<Word, usize>,
    /// How many are accepted.
    pub accepted: usize,
    /// How many things are as declared.
    pub unchanged: usize,
    /// The findings, in the order of their addresses.
    pub findings: Vec<Row>,
    /// What exists beside what is managed.
    pub foreign: Vec<Foreign>,
    /// Where the resources that the document names are declared.
    pub declared: Vec<Declared>,
    /// Requests sent.
    pub requests: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// Every problem that was found.
    pub diagnostics: Vec<diagnostic::Entry>,
    /// Which shards it is of, if not of the whole configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<Shard>,
}

/// A finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Of a resource, or of an entry below its sync.
    pub address: String,
    /// The resource.
    pub resource: String,
    /// Of an entry: its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is found.
    pub verdict: Word,
    /// How sure that is.
    pub evidence: Word,
    /// Whose doing it is.
    pub cause: Word,
    /// In words.
    pub detail: String,
    /// What differs.
    pub fields: Vec<Field>,
    /// What can be done, the best first.
    pub next: Vec<Word>,
    /// Why it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accepted {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The last day.
    pub expires: String,
}

impl Row {
    /// Whether it counts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.accepted.is_none() && self.cause != Cause::Lag.word()
    }

    /// Whether it has a cause.
    #[must_use]
    pub fn is(&self, cause: Cause) -> bool {
        self.cause == cause.word()
    }
}

impl Document {
    /// How many findings of a cause count.
    #[must_use]
    pub fn open(&self, cause: Cause) -> usize {
        self.summary.get(cause.word()).copied().unwrap_or_default()
    }
}

/// Mirrors what was found; `accepted` is what it was compared with.
#[must_use]
pub fn document(
    drift: &Drift,
    accepted: &[Acceptance],
    plan: &Plan,
    cost: Cost,
    (desired, sources): (&Desired, &Sources),
) -> Document {
    let resources = drift.findings.iter().map(|finding| finding.address.resource()).collect();
    Document {
        format: FORMAT.into(),
        summary: Cause::ALL.into_iter().map(|cause| (cause.word().into(), drift.open(cause))).collect(),
        accepted: drift.findings.iter().filter(|finding| finding.accepted.is_some()).count(),
        unchanged: plan.unchanged,
        findings: drift.findings.iter().map(|finding| row(finding, accepted)).collect(),
        foreign: plan.foreign.iter().map(|(place, &count)| Foreign { place: place.to_string(), count }).collect(),
        declared: places(&resources, desired, sources),
        requests: cost.requests,
        milliseconds: u64::try_from(cost.took.as_millis()).unwrap_or(u64::MAX),
        diagnostics: Vec::new(),
        shards: Vec::new(),
    }
}

fn row(finding: &Finding, accepted: &[Acceptance]) -> Row {
    let key = finding.address.entry_key();
    let accepted = finding.accepted.and_then(|place| accepted.get(place)).map(|acceptance| Accepted {
        reason: acceptance.reason.to_string(),
        owner: acceptance.owner.as_ref().map(ToString::to_string),
        expires: acceptance.expires.to_string(),
    });
    let detail = match finding.row {
        Some((action, reason)) => words::reason(reason, action, key.is_some()).to_owned(),
        None => finding.said.to_string(),
    };
    Row {
        address: finding.address.to_string(),
        resource: finding.address.resource().to_string(),
        key: key.map(str::to_owned),
        verdict: finding.verdict.word().into(),
        evidence: finding.evidence.word().into(),
        cause: finding.cause.word().into(),
        detail,
        fields: fields(&finding.fields, Fingerprint::short),
        next: finding.steps.iter().map(|step| step.word().into()).collect(),
        accepted,
    }
}
