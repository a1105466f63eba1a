//! A plan as JSON: `keyform.plan/1`, described by `schema/plan.schema.json`. A saved plan is the same document,
//! with what the plan was made from and whole fingerprints.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::diag::source::Sources;
use crate::http::pace::Headroom;
use crate::model::address::Address;
use crate::model::attrs;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::saved::Saved;
use crate::plan::undo::Outlook;
use crate::secret::Fingerprint;
use crate::view::json::Word;
use crate::view::json::diagnostic;
use crate::view::json::shards::Shard;
use crate::view::json::word;
use crate::view::text::Cost;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What a document says it is.
pub(super) const FORMAT: &str = "keyform.plan/1";

/// The latest version of it that is read.
const VERSION: u32 = 1;

/// The document. Everything that is drawn for people or programs elsewhere (`view::markdown`, `view::junit` …) is drawn
/// from it, so it is read as well as written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    pub(super) format: Word,
    /// Which backend it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub backend: String,
    /// How many changes there are, by the word of their action.
    pub summary: BTreeMap<Word, usize>,
    /// How many things are as declared.
    pub unchanged: usize,
    /// The rows.
    pub changes: Vec<Row>,
    /// What is dangerous.
    pub hazards: Vec<Hazard>,
    /// What is left alone.
    pub foreign: Vec<Foreign>,
    /// Syncs whose destination was not looked at.
    pub blind: Vec<Blind>,
    /// What exists and is not managed, or would fail.
    pub blocked: Vec<Problem>,
    /// What could not be read.
    pub incomplete: Vec<Problem>,
    /// Resources with a value that is not at hand.
    pub missing: Vec<Problem>,
    /// What of it could be undone.
    pub undo: Undo,
    /// Where the resources that the document names are declared.
    #[serde(default)]
    pub declared: Vec<Declared>,
    /// Every declared sync, also those that nothing changes: from where to where.
    #[serde(default)]
    pub syncs: Vec<Sync>,
    /// 64 digits that only this plan has; absent while there is no ledger that could keep the key of the fingerprints.
    pub checksum: Option<String>,
    /// Requests sent.
    pub requests: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// What is left of what a service takes, of the kind of request of which the least is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Room>,
    /// Every problem that was found.
    pub diagnostics: Vec<diagnostic::Entry>,
    /// Which shards it is of, if not of the whole configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<Shard>,
    /// Of a plan that was kept: what it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// What a service still takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Room {
    /// The service.
    pub host: String,
    /// What it takes at a time.
    pub limit: u32,
    /// What of that is left.
    pub left: u32,
}

/// What a plan was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Origin {
    pub(super) keyform: String,
    /// When, in UTC, as RFC 3339.
    pub at: String,
    pub(super) ledger: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshot: Option<String>,
    pub(super) configuration: String,
    pub(super) targets: Vec<String>,
    pub(super) adopt: bool,
    pub(super) destroy: bool,
    /// Which part of the configuration it is of, if not the whole: `2/8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
}

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Of a resource, or of an entry below its sync.
    pub address: String,
    /// The resource.
    pub resource: String,
    /// The resource's kind.
    pub kind: String,
    /// Of an entry: its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What will be done.
    #[serde(with = "word::action")]
    pub action: Action,
    /// Why.
    #[serde(with = "word::reason")]
    pub reason: Reason,
    /// Whether what is found differs from what keyform wrote last.
    pub drift: bool,
    /// What differs.
    pub fields: Vec<Field>,
    /// What must be done before.
    pub needs: Vec<String>,
    /// Until when that what it overwrites is accepted as drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// One attribute before and after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What was found.
    pub before: Value,
    /// What is wanted.
    pub after: Value,
}

/// A value that may be shown; a secret is its fingerprint, of which only a file needs more than the first digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
#[expect(missing_docs, reason = "they mirror `plan::Shown`")]
pub enum Value {
    Absent,
    Plain { text: String },
    Secret { fingerprint: String },
    Unknown,
}

/// Something dangerous.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hazard {
    /// What it is.
    #[serde(with = "word::hazard")]
    pub kind: HazardKind,
    /// Of which resource.
    pub address: String,
    /// How many.
    pub count: usize,
    /// What exactly.
    pub detail: String,
    /// Whether the configuration allows it.
    pub allowed: bool,
}

/// What is left alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Foreign {
    /// What and where, as a phrase.
    pub place: String,
    /// How many.
    pub count: usize,
}

/// A sync whose destination was not looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Blind {
    /// The sync.
    pub address: String,
    /// Why.
    pub why: String,
}

/// What of a plan could be undone; addresses of what could not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    pub(super) asked: bool,
    pub(super) kept: usize,
    pub(super) foreign: usize,
    pub(super) unread: Vec<String>,
    pub(super) beyond: Vec<String>,
}

impl Undo {
    /// What it mirrors; `None` if one of the addresses is none.
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        let addresses =
            |list: &[String]| -> Option<Vec<Address>> { list.iter().map(|address| address.parse().ok()).collect() };
        Some(Outlook {
            asked: self.asked,
            kept: self.kept,
            foreign: self.foreign,
            unread: addresses(&self.unread)?,
            beyond: addresses(&self.beyond)?,
        })
    }
}

/// What is wrong with one resource or entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// The resource or entry.
    pub address: String,
    /// What.
    pub diagnostic: diagnostic::Entry,
}

/// Where a resource is declared.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Declared {
    /// The resource.
    pub address: String,
    /// The app of a connection, the destination of a sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The project that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The file, as the user knows it.
    pub file: String,
    /// The line of its block, counted from 1.
    pub line: usize,
}

/// A declared sync: what it reads, and where it writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sync {
    /// The sync.
    pub address: String,
    /// The address of its project.
    pub project: String,
    /// Environment and path that it reads: `prod/api`.
    pub folder: String,
    /// The address of its connection.
    pub connection: String,
    /// Where it writes, in words: the kind of destination, and its fields.
    pub destination: String,
}

impl Document {
    /// Says of every resource that the document names where it is declared, and of every sync from where to where it goes.
    #[must_use]
    pub fn declared(mut self, desired: &Desired, sources: &Sources) -> Self {
        let problems = self.blocked.iter().chain(&self.incomplete).chain(&self.missing).map(|p| &p.address);
        let others = self.hazards.iter().map(|h| &h.address).chain(self.blind.iter().map(|b| &b.address));
        let named = self.changes.iter().map(|row| &row.resource).chain(problems).chain(others);
        let addresses: BTreeSet<Address> =
            named.filter_map(|text| text.parse().ok()).map(|a: Address| a.resource()).collect();
        self.declared = places(&addresses, desired, sources);
        self.syncs = desired.syncs().map(sync).collect();
        self
    }

    /// Says which shards it is of.
    #[must_use]
    pub fn of(mut self, shards: &[Shard]) -> Self {
        self.shards = shards.to_vec();
        self
    }

    /// Says what is left of what a service takes.
    #[must_use]
    pub fn headroom(mut self, room: Option<&Headroom>) -> Self {
        self.headroom = room.map(|room| Room { host: room.host.clone(), limit: room.limit, left: room.left });
        self
    }
}

/// Where resources are declared.
pub(super) fn places(addresses: &BTreeSet<Address>, desired: &Desired, sources: &Sources) -> Vec<Declared> {
    addresses.iter().filter_map(|address| place(address, desired, sources)).collect()
}

fn place(address: &Address, desired: &Desired, sources: &Sources) -> Option<Declared> {
    let resource = desired.resources.get(address)?;
    let around = std::iter::successors(address.parent(), Address::parent);
    let project = around.into_iter().find(|around| around.kind() == Kind::Project.word());
    let own = (resource.kind == Kind::Project).then(|| address.clone());
    Some(Declared {
        address: address.to_string(),
        what: (!resource.slug.is_empty()).then(|| resource.slug.to_string()),
        project: own.or(project).or_else(|| resource.reference("project").cloned()).map(|project| project.to_string()),
        file: sources.get(resource.origin.block.source)?.name.to_string(),
        line: sources.line_column(resource.origin.block)?.0,
    })
}

fn sync(resource: &Resource) -> Sync {
    let address = |name: &str| resource.reference(name).map(ToString::to_string).unwrap_or_default();
    let text = |name: &str| resource.text(name).unwrap_or_default();
    let fields = resource.attrs.get("destination").and_then(attrs::Value::as_object);
    let fields: BTreeMap<&str, &str> =
        fields.into_iter().flatten().filter_map(|(name, value)| Some((&**name, value.as_str()?))).collect();
    let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{name} = {value}")).collect();
    Sync {
        address: resource.address.to_string(),
        project: address("project"),
        folder: format!("{}{}", text("environment"), text("path").trim_end_matches('/')),
        connection: address("connection"),
        destination: format!("{} ({})", resource.slug, fields.join(", ")),
    }
}

/// What is read first.
#[derive(Deserialize)]
struct Claim {
    format: String,
    origin: Option<Maker>,
}

#[derive(Deserialize)]
struct Maker {
    keyform: Option<String>,
}

/// Reads a document; `name` is what the user calls the file.
///
/// # Errors
/// It is none, of another version, or not as it was written.
pub fn read(name: &str, text: &[u8]) -> Result<Document, Diagnostic> {
    // The library's message may quote what it found; the line is enough.
    let broken = |error: serde_json::Error| bad(name, &format!("is no plan, from line {} on", error.line()));
    let claim = serde_json::from_slice::<Claim>(text).map_err(broken)?;
    let version = later::of_format(&claim.format, "plan").ok_or_else(|| bad(name, "is no plan"))?;
    let (called, by) = (format!("`{name}`"), claim.origin.as_ref().and_then(|origin| origin.keyform.as_deref()));
    later::refused(&codes::LATER_FILE, (&called, "a plan"), (version, VERSION), by)?;
    let beyond = || later::beyond(&codes::LATER_FILE, &called, by);
    serde_json::from_slice(text).map_err(|error| beyond().unwrap_or_else(|| broken(error)))
}

/// A file that was to be a plan.
pub(super) fn bad(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(&codes::BAD_PLAN, format!("`{name}` {what}.")).help("make one with `keyform plan --out FILE`")
}

/// Mirrors a plan that is to be kept.
#[must_use]
pub fn saved(saved: &Saved, cost: Cost, diagnostics: Vec<diagnostic::Entry>, sources: &Sources) -> Document {
    let origin = &saved.origin;
    Document {
        changes: rows(&saved.plan, Fingerprint::to_hex),
        origin: Some(Origin {
            keyform: origin.keyform.to_string(),
            at: origin.at.to_string(),
            ledger: origin.ledger.to_string(),
            snapshot: origin.snapshot.as_ref().map(ToString::to_string),
            configuration: origin.configuration.to_hex(),
            targets: origin.targets.iter().map(ToString::to_string).collect(),
            adopt: origin.adopt,
            destroy: origin.destroy,
            shard: origin.shard.map(|shard| shard.to_string()),
        }),
        ..document(&saved.plan, cost, diagnostics, sources)
    }
}

/// Mirrors a plan.
#[must_use]
pub fn document(plan: &Plan, cost: Cost, diagnostics: Vec<diagnostic::Entry>, sources: &Sources) -> Document {
    let mut summary = BTreeMap::new();
    for action in Action::ALL {
        summary.insert(action.word().into(), plan.changes.iter().filter(|change| change.action == action).count());
    }
    Document {
        format: FORMAT.into(),
        backend: plan.backend.to_string(),
        summary,
        unchanged: plan.unchanged,
        changes: rows(plan, Fingerprint::short),
        hazards: plan
            .hazards
            .iter()
            .map(|hazard| Hazard {
                kind: hazard.kind,
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
        declared: Vec::new(),
        syncs: Vec::new(),
        checksum: plan::checksum(plan),
        requests: cost.requests,
        milliseconds: u64::try_from(cost.took.as_millis()).unwrap_or(u64::MAX),
        headroom: None,
        diagnostics,
        shards: Vec::new(),
        origin: None,
    }
}

fn problems(list: &BTreeMap<Address, Diagnostic>, sources: &Sources) -> Vec<Problem> {
    list.iter().map(|(a, d)| Problem { address: a.to_string(), diagnostic: diagnostic::entry(d, sources) }).collect()
}

/// How much of a fingerprint is written.
pub(super) type Digits = fn(Fingerprint) -> String;

fn rows(plan: &Plan, digits: Digits) -> Vec<Row> {
    let accepted = |change: &Change| plan.accepted.get(&change.address).map(ToString::to_string);
    plan.changes.iter().map(|change| Row { accepted: accepted(change), ..row(change, digits) }).collect()
}

fn row(change: &Change, digits: Digits) -> Row {
    let resource = change.address.resource();
    Row {
        address: change.address.to_string(),
        kind: resource.kind().to_owned(),
        resource: resource.to_string(),
        key: change.address.entry_key().map(str::to_owned),
        action: change.action,
        reason: change.reason,
        drift: change.drift,
        fields: fields(&change.fields, digits),
        needs: change.needs.iter().map(ToString::to_string).collect(),
        accepted: None,
    }
}

/// Mirrors what differs.
pub(super) fn fields(fields: &[plan::Field], digits: Digits) -> Vec<Field> {
    let one = |field: &plan::Field| Field {
        name: field.name.to_string(),
        before: value(&field.before, digits),
        after: value(&field.after, digits),
    };
    fields.iter().map(one).collect()
}

fn value(shown: &Shown, digits: Digits) -> Value {
    match shown {
        Shown::Absent => Value::Absent,
        Shown::Plain(text) => Value::Plain { text: text.to_string() },
        Shown::Secret(fingerprint) => Value::Secret { fingerprint: digits(*fingerprint) },
        Shown::Unknown => Value::Unknown,
    }
}
