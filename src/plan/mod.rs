//! Planning: desired, live and ledger in, a [`Plan`] out. Pure: no IO, nothing async, cannot fail on the
//! outside world. A plan is data, holds no secret, and has a row for whatever is not already right.
//!
//! [`diff`] compares resources and [`entries`] the keys of destinations, each by one truth table; [`order`]
//! says what each change waits for; [`guard`] names what is dangerous; [`facts`] puts the three truths about one address side by side; [`shards`] which part of it is one process's; [`saved`] says whether a plan that was kept
//! is still true; [`drift`] says whose doing it is that something is not right, [`heal`] what of that stays, [`news`] what of that nobody was told of; [`undo`] plans the way back from a run. How a plan looks is `view`'s business, what it reads and how it is done is the engine's.

mod along;
pub(crate) mod attributes;
pub mod collisions;
pub mod diff;
pub mod drift;
mod ends;
pub mod entries;
pub mod facts;
pub mod guard;
pub mod heal;
pub mod kept;
pub mod moves;
mod names;
pub mod news;
pub mod order;
mod places;
mod relabelled;
pub mod saved;
pub mod sets_off;
pub mod shards;
pub mod targets;
pub mod undo;

use crate::diag::Diagnostic;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::desired::Desired;
use crate::model::job::InitialSync;
use crate::model::key_schema::KeySchema;
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::schema::KeyRules;
use crate::plan::moves::Moves;
use crate::plan::undo::Outlook;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the configuration says.
    pub desired: &'a Desired,
    /// What is there.
    pub live: &'a Live,
    /// What keyform wrote last.
    pub ledger: &'a Ledger,
    /// What the ledger has under another address than its files, because it moved.
    pub moves: &'a Moves,
    /// Resources whose record is only the id that an `import` gave, and what can't be imported.
    pub imports: &'a Imports,
    /// The key of all fingerprints in `wanted`, `live` and `ledger`.
    pub key: &'a FingerprintKey,
    /// What the configuration comes to, now that secrets could be read.
    pub wanted: &'a Wanted,
    /// Only these and what they need; with `destroy`, these and what needs them. Empty for everything.
    pub targets: &'a [Address],
    /// Whether what exists and is not managed may be taken over.
    pub adopt: bool,
    /// Whether to plan the end of everything that the ledger owns.
    pub destroy: bool,
}

/// What the `import` blocks come to.
#[derive(Debug, Clone, Default)]
pub struct Imports {
    /// What was found: the ledger that is planned with has a record of it that says nothing but its id.
    pub found: BTreeSet<Address>,
    /// What was not, and why.
    pub refused: BTreeMap<Address, Diagnostic>,
}

/// What the configuration comes to, now that secrets could be read.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The attributes of every declared resource as the configuration names them, each secret as its
    /// fingerprint at the resource's address, and left out if its value is not at hand. References stay.
    pub resources: BTreeMap<Address, Attrs>,
    /// What each declared sync pushes.
    pub syncs: BTreeMap<Address, Pushed>,
    /// What syncs of the backend take away from where they write, if they end with `on_delete = "remove"`: the keys that are
    /// there and that their source has, with marks of their values; or why that is not known.
    pub taken: BTreeMap<Address, Result<Taken, Diagnostic>>,
    /// Syncs that nothing declares, at the places of declared ones.
    pub others: Vec<Other>,
    /// Declared resources with a secret whose value is not at hand, and why.
    pub missing: BTreeMap<Address, Diagnostic>,
}

/// What a sync of the backend takes away from where it writes.
#[derive(Debug, Clone)]
pub struct Taken {
    /// [`Pushed::place`].
    pub place: Arc<str>,
    /// Keys at the destination, with marks of their values where these can be read.
    pub keys: BTreeMap<Arc<str>, Option<Fingerprint>>,
}

/// A sync that the backend has and nothing declares, at the place of a declared one.
#[derive(Debug, Clone)]
pub struct Other {
    /// What people know it by.
    pub called: Arc<str>,
    /// [`Pushed::place`].
    pub place: Arc<str>,
    /// How its keys are named there.
    pub schema: KeySchema,
    /// Whether it deletes what looks like its own and its source lacks.
    pub deletes: bool,
    /// The keys of its source; `None` if that was not read.
    pub source: Option<Vec<Arc<str>>>,
}

/// What a sync pushes.
#[derive(Debug, Clone, Default)]
pub struct Pushed {
    /// The destination, as a text that is equal for equal places; empty if it is not known.
    pub place: Arc<str>,
    /// A mark of where the connection leads, whatever its credentials; `None` if it is not known.
    pub home: Option<Arc<str>>,
    /// The destination in words that are the same in every run: its kind and its fields.
    pub called: Arc<str>,
    /// Where the sync has written until now, in such words, if that is another place.
    pub left: Option<Arc<str>>,
    /// The source as it will be once the resources of this plan are right: by the secret's own key, the
    /// fingerprint of its value at the address of its entry (`sync.entry(job::stored(…))`), `None` if the
    /// value is not at hand.
    pub source: BTreeMap<Arc<str>, Option<Fingerprint>>,
    /// How many keys the source has now, before this plan changes it.
    pub read: usize,
    /// How keys are named at the destination; none where the schema names a container.
    pub schema: KeySchema,
    /// What the destination makes of a key.
    pub rules: KeyRules,
    /// The initial behaviour while no run has succeeded; `None` afterwards.
    pub first: Option<InitialSync>,
    /// Whether the backend can import from the destination.
    pub can_import: bool,
    /// Project, environment and path of the source, and of every folder that it imports.
    pub folders: BTreeSet<[Arc<str>; 3]>,
    /// Whether the source is another one once this plan is done.
    pub moves: bool,
    /// Syncs whose first run takes into the source what is in here: they come before.
    pub after: Vec<Address>,
    /// Keys of the destination, before it changes their letters, that its rules refuse: they are not written.
    pub refused: BTreeMap<Arc<str>, Diagnostic>,
    /// Why the destination can't be what it says: then nothing is said about the entries.
    pub wrong: Option<Diagnostic>,
    /// Why the source could not be read: then nothing is said about the entries.
    pub unread: Option<Diagnostic>,
    /// Why the destination was not looked at, if it was not.
    pub blind: Option<Arc<str>>,
}

/// Compares, orders and judges.
#[must_use]
pub fn make(input: &Input<'_>) -> Plan {
    let mut plan = Plan { passing: input.key.is_passing(), ..Plan::default() };
    let mut asked = targets::Asked::of(input.desired, input.ledger, input.targets, input.destroy);
    diff::resources(&mut plan, input, &asked);
    asked.set_off(&plan, input);
    entries::all(&mut plan, input, &asked);
    if !input.destroy {
        plan.missing.clone_from(&input.wanted.missing);
    }
    targets::narrow(&mut plan, input, &asked);
    along::judge(&mut plan, input);
    order::order(&mut plan, input);
    shards::narrow(&mut plan, input);
    guard::judge(&mut plan, input);
    shards::judged(&mut plan, input);
    plan.undo = undo::outlook(&plan, input);
    plan
}

/// Everything that apply would do, and everything that a reader must know before.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What will change, in an order in which it can be done.
    pub changes: Vec<Change>,
    /// What is dangerous about it.
    pub hazards: Vec<Hazard>,
    /// What exists beside what is managed and is left alone: how many, by a phrase that says where.
    pub foreign: BTreeMap<Arc<str>, usize>,
    /// Syncs whose destination was not looked at, and why: their rows are missing from `changes`.
    pub blind: BTreeMap<Address, Arc<str>>,
    /// What exists and is not managed, or would fail: there is no row for it, unless it only waits for another shard. Apply refuses the plan, unless
    /// only entries are in here: then the others go on.
    pub blocked: BTreeMap<Address, Diagnostic>,
    /// What could not be read.
    pub incomplete: BTreeMap<Address, Diagnostic>,
    /// Resources with a secret whose value is not at hand, and why: what the backend has for it stands.
    pub missing: BTreeMap<Address, Diagnostic>,
    /// How many resources and entries are already right.
    pub unchanged: usize,
    /// Whether its fingerprints were made under a key that nobody keeps: those of the next run are others.
    pub passing: bool,
    /// What of it could be undone.
    pub undo: Outlook,
    /// Which backend it is about, in words: an address, or where the embedded one keeps its data.
    pub backend: Arc<str>,
    /// Rows that overwrite what is accepted as drift, and the last day of that.
    pub accepted: BTreeMap<Address, Arc<str>>,
}

impl Plan {
    /// What would be written with a value that is not at hand: apply refuses the plan.
    #[must_use]
    pub fn lacking(&self) -> Vec<(&Address, &Diagnostic)> {
        let writes = |change: &Change| match change.action {
            Action::Create | Action::Replace => true,
            Action::Update => change.fields.iter().any(|field| field.after == Shown::Unknown),
            Action::Delete | Action::Adopt | Action::Forget => false,
        };
        let rows = self.changes.iter().filter(|change| writes(change));
        rows.filter_map(|change| self.missing.get_key_value(&change.address)).collect()
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Of a resource, or of an entry below its sync.
    pub address: Address,
    /// What will be done.
    pub action: Action,
    /// Why; nothing decides by it.
    pub reason: Reason,
    /// Whether what is found differs from what keyform wrote last.
    pub drift: bool,
    /// The attributes that differ, and the new ones of a create; for an entry, `value`.
    pub fields: Vec<Field>,
    /// What must be done before.
    pub needs: Vec<Address>,
}

/// What will be done. There is no "nothing": what is right is not in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It will be made.
    Create,
    /// It will be changed in place.
    Update,
    /// It will be deleted and made again.
    Replace,
    /// It will be deleted.
    Delete,
    /// It exists and is right; keyform will record that it owns it.
    Adopt,
    /// It is gone, or no longer managed; keyform will drop its record.
    Forget,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 6] =
        [Action::Create, Action::Update, Action::Replace, Action::Delete, Action::Adopt, Action::Forget];

    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Forget => "forget",
        }
    }

    /// The action that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// Whether it takes something away: then what needs it must be gone before.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Delete | Self::Forget)
    }
}

/// Why. Explains, decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Declared, and not there yet.
    New,
    /// The configuration or the source changed.
    Changed,
    /// It was there and is gone.
    Missing,
    /// Someone changed it outside.
    Drifted,
    /// Someone changed it outside, and the configuration changed as well.
    Conflict,
    /// Someone else wrote it.
    Takeover,
    /// It is there, its value can't be read, and keyform did not write it.
    Unseen,
    /// No longer declared, or no longer in the source.
    Removed,
    /// The end of everything was asked for.
    Destroyed,
    /// No longer there.
    Gone,
    /// The backend's sync deletes what it does not know.
    Wipe,
    /// No longer managed; left as it is.
    Kept,
    /// It is ours: made, or switched off, by a run that did not end.
    Resumed,
    /// An attribute changed that can't be changed in place.
    Immutable,
    /// Declared under another address now; the field `address` shows which.
    Moved,
    /// A resource: an `import` says that it is this one. An entry: the first run of a sync takes the
    /// destination's value into the source; the field `source` shows what the source has now and what it
    /// will have.
    Imported,
    /// It will be as it was before the run that is undone.
    Undone,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 17] = [
        Reason::New,
        Reason::Changed,
        Reason::Missing,
        Reason::Drifted,
        Reason::Conflict,
        Reason::Takeover,
        Reason::Unseen,
        Reason::Removed,
        Reason::Destroyed,
        Reason::Gone,
        Reason::Wipe,
        Reason::Kept,
        Reason::Resumed,
        Reason::Immutable,
        Reason::Moved,
        Reason::Imported,
        Reason::Undone,
    ];

    /// The reason that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Drifted => "drifted",
            Self::Conflict => "conflict",
            Self::Takeover => "takeover",
            Self::Unseen => "unseen",
            Self::Removed => "removed",
            Self::Destroyed => "destroyed",
            Self::Gone => "gone",
            Self::Wipe => "wipe",
            Self::Kept => "kept",
            Self::Resumed => "resumed",
            Self::Immutable => "immutable",
            Self::Moved => "moved",
            Self::Imported => "imported",
            Self::Undone => "undone",
        }
    }
}

/// The name of the field that shows how the address of a resource changed.
pub const ADDRESS: &str = "address";

/// One attribute before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// What was found.
    pub before: Shown,
    /// What is wanted.
    pub after: Shown,
}

/// A value as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Not set, not there.
    Absent,
    /// A plain value, as HCL text.
    Plain(Arc<str>),
    /// A secret.
    Secret(Fingerprint),
    /// A secret that is not known: it can't be read back, or its source is not at hand.
    Unknown,
}

/// The kinds of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table in docs/SEMANTICS.md says when each arises")]
pub enum HazardKind {
    Wipe,
    Takeover,
    MassDelete,
    Shrunk,
    FirstContact,
    Regenerate,
    Replace,
    Collision,
    Incomplete,
    Rule,
    Protected,
}

impl HazardKind {
    /// All kinds.
    pub const ALL: [HazardKind; 11] = [
        HazardKind::Wipe,
        HazardKind::Takeover,
        HazardKind::MassDelete,
        HazardKind::Shrunk,
        HazardKind::FirstContact,
        HazardKind::Regenerate,
        HazardKind::Replace,
        HazardKind::Collision,
        HazardKind::Incomplete,
        HazardKind::Rule,
        HazardKind::Protected,
    ];

    /// The word for it in `allow` lists, on the command line and in plans.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Wipe => "wipe",
            Self::Takeover => "takeover",
            Self::MassDelete => "mass-delete",
            Self::Shrunk => "shrunk",
            Self::FirstContact => "first-contact",
            Self::Regenerate => "regenerate",
            Self::Replace => "replace",
            Self::Collision => "collision",
            Self::Incomplete => "incomplete",
            Self::Rule => "rule",
            Self::Protected => "protected",
        }
    }

    /// The kind that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it can be allowed at all.
    #[must_use]
    pub fn can_be_allowed(self) -> bool {
        !matches!(self, Self::Collision | Self::Protected)
    }
}

/// A danger, named and counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazard {
    /// Which.
    pub kind: HazardKind,
    /// Where: a resource, usually a sync.
    pub address: Address,
    /// How many rows it is about.
    pub count: usize,
    /// One sentence that names the rows, or the first of them with the exact number of the rest.
    pub detail: String,
    /// Whether the configuration allows it; the command line may still do so.
    pub allowed: bool,
}

/// What a reviewed plan is recognised by: SHA-256, in hexadecimal, of a text of every row, hazard and gap.
/// Equal plans of one ledger have equal checksums, on every machine. `None` while there is no ledger that could keep the
/// key of the fingerprints in it: no other run would come to the same.
#[must_use]
pub fn checksum(plan: &Plan) -> Option<String> {
    let mut fields = plan.changes.iter().flat_map(|change| &change.fields);
    if plan.passing && fields.any(|f| [&f.before, &f.after].iter().any(|shown| matches!(shown, Shown::Secret(_)))) {
        return None;
    }
    let mut text = String::from("keyform plan 1\n");
    for change in &plan.changes {
        let drift = if change.drift { " drift" } else { "" };
        line(&mut text, format_args!("{} {}{drift} {}", change.action.word(), change.reason.word(), change.address));
        fields_of(&mut text, change);
    }
    for hazard in &plan.hazards {
        line(&mut text, format_args!("hazard {}={} {}", hazard.kind.word(), hazard.count, hazard.address));
    }
    for address in plan.blind.keys() {
        line(&mut text, format_args!("blind {address}"));
    }
    for address in plan.missing.keys() {
        line(&mut text, format_args!("missing {address}"));
    }
    for (address, diagnostic) in plan.blocked.iter().chain(&plan.incomplete) {
        line(&mut text, format_args!("{} {address}", diagnostic.code.id));
    }
    Some(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes())))
}

fn fields_of(text: &mut String, change: &Change) {
    for field in &change.fields {
        let name = field.name.escape_debug();
        line(text, format_args!("  {name}: {} -> {}", Mark(&field.before), Mark(&field.after)));
    }
}

/// What tells a change from any other of the same thing: what is done, and from what to what; not why.
#[must_use]
pub fn mark(key: &FingerprintKey, change: &Change) -> Fingerprint {
    let mut text = format!("{}\n", change.action.word());
    fields_of(&mut text, change);
    key.fingerprint(&change.address.to_string(), text.as_bytes())
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a text can't fail.
    let _ = text.write_fmt(content);
    text.push('\n');
}

/// A value in the text of a checksum: each kind opens with another letter, so that none looks like another.
struct Mark<'a>(&'a Shown);

impl std::fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Shown::Absent => f.write_str("absent"),
            Shown::Plain(text) => write!(f, "\"{}\"", text.escape_debug()),
            Shown::Secret(fingerprint) => write!(f, "#{}", fingerprint.to_hex()),
            Shown::Unknown => f.write_str("unknown"),
        }
    }
}
