//! Planning: desired, live and ledger in, a [`Plan`] out. Pure: no IO, nothing async, cannot fail on the
//! outside world. A plan is data, holds no secret, and has a row for whatever is not already right.

use crate::diag::Diagnostic;
use crate::model::address::Address;
use crate::secret::Fingerprint;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// What could not be read.
    pub incomplete: BTreeMap<Address, Diagnostic>,
    /// How many resources and entries are already right.
    pub unchanged: usize,
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
    /// No longer there.
    Gone,
    /// The backend's sync deletes what it does not know.
    Wipe,
    /// No longer managed; left as it is.
    Kept,
    /// It is ours: made by a run that did not end.
    Resumed,
    /// An attribute changed that can't be changed in place.
    Immutable,
}

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
    Replace,
    Collision,
    Incomplete,
    Protected,
}

impl HazardKind {
    /// All kinds.
    pub const ALL: [HazardKind; 9] = [
        HazardKind::Wipe,
        HazardKind::Takeover,
        HazardKind::MassDelete,
        HazardKind::Shrunk,
        HazardKind::FirstContact,
        HazardKind::Replace,
        HazardKind::Collision,
        HazardKind::Incomplete,
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
            Self::Replace => "replace",
            Self::Collision => "collision",
            Self::Incomplete => "incomplete",
            Self::Protected => "protected",
        }
    }

    /// The kind that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
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
