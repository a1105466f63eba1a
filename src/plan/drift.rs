//! Drift: what a plan says about the world instead of what it would do. Every row, every gap and every failed job is a
//! [`Finding`]: a verdict, how sure it is, and whose doing it is.
//!
//! | a row, and what else is known | cause |
//! |---|---|
//! | it is drift, and what is declared is what was written last | outside |
//! | it is drift, and the declaration changed as well | both |
//! | a row that it waits for is not drift | unapplied |
//! | an entry of a sync that runs by itself; nothing is declared otherwise; a run is under way | lag |
//! | the same, and the last run failed | unapplied |
//! | the same, and neither | outside |
//! | any other | unapplied |
//! | it could not be read or compared | unknown |
//!
//! "Changed outside" and "not applied yet" are never mixed up: the first is what somebody has to hear of.

use crate::diag::Fault;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Field;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::heal;
use crate::plan::heal::Stays;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It should be there and is not.
    Missing,
    /// A secret has another value.
    ValueChanged,
    /// Something else about it is different.
    SettingsChanged,
    /// It is there and should not be.
    Extra,
    /// It is there, and the ledger does not have it.
    NotOwned,
    /// The backend says that its job failed.
    SyncFailed,
    /// Somebody switched off that the backend runs it by itself.
    SyncPaused,
    /// The service refuses the credentials of the connection.
    ConnectionBroken,
    /// The destination holds an older value than the source.
    Stale,
    /// More entries are wanted than the destination holds.
    LimitReached,
    /// Apply leaves it out, or refuses the plan.
    Blocked,
    /// It could not be read.
    Unreadable,
    /// It could not be compared.
    Unknown,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 13] = [
        Verdict::Missing,
        Verdict::ValueChanged,
        Verdict::SettingsChanged,
        Verdict::Extra,
        Verdict::NotOwned,
        Verdict::SyncFailed,
        Verdict::SyncPaused,
        Verdict::ConnectionBroken,
        Verdict::Stale,
        Verdict::LimitReached,
        Verdict::Blocked,
        Verdict::Unreadable,
        Verdict::Unknown,
    ];

    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::ValueChanged => "value-changed",
            Self::SettingsChanged => "settings-changed",
            Self::Extra => "extra",
            Self::NotOwned => "not-owned",
            Self::SyncFailed => "sync-failed",
            Self::SyncPaused => "sync-paused",
            Self::ConnectionBroken => "connection-broken",
            Self::Stale => "stale",
            Self::LimitReached => "limit-reached",
            Self::Blocked => "blocked",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown",
        }
    }

    /// The verdict that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// What is there was read and compared.
    Proven,
    /// A version or fingerprint differs from the one that keyform wrote; the value itself can't be read.
    Strong,
    /// Nothing could be seen.
    None,
}

impl Evidence {
    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Strong => "strong",
            Self::None => "none",
        }
    }
}

/// Whose doing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Somebody, or something, changed it outside.
    Outside,
    /// It was changed outside, and in the configuration as well.
    Both,
    /// The configuration or a source moved, and was not applied.
    Unapplied,
    /// The backend's sync is on its way.
    Lag,
    /// Nobody can say.
    Unknown,
}

impl Cause {
    /// All of them, the most urgent first.
    pub const ALL: [Cause; 5] = [Cause::Outside, Cause::Both, Cause::Unapplied, Cause::Unknown, Cause::Lag];

    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Both => "both",
            Self::Unapplied => "unapplied",
            Self::Lag => "lag",
            Self::Unknown => "unknown",
        }
    }
}

/// What can be done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `keyform drift --heal` writes what is declared.
    Heal,
    /// `keyform apply` does.
    Apply,
    /// What is there is written into the configuration.
    Declare,
    /// It is accepted for a while, until a date.
    Accept,
    /// The cause has to be found first.
    Mend,
}

impl Step {
    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Heal => "heal",
            Self::Apply => "apply",
            Self::Declare => "declare",
            Self::Accept => "accept",
            Self::Mend => "mend",
        }
    }
}

/// How the last job of a sync went, where that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// It waits or runs.
    Pending,
    /// It failed; why.
    Failed(Arc<str>),
}

/// What findings are made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the configuration says.
    pub desired: &'a Desired,
    /// Jobs that failed or are under way, by what they push.
    pub jobs: &'a BTreeMap<Address, Job>,
    /// Rows of what is gone whose declaration is another one than was written.
    pub altered: &'a BTreeSet<Address>,
    /// Syncs that the backend runs by itself when a resource is written.
    pub sets_off: &'a BTreeMap<Address, BTreeSet<Address>>,
    /// What is accepted.
    pub accepted: &'a [Acceptance],
    /// The day, as a number that grows: [`Acceptance::until`].
    pub today: i32,
}

/// A finding that is known and accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// What it is about, with everything in it.
    pub address: Address,
    /// What is accepted there.
    pub verdict: Verdict,
    /// Why.
    pub reason: Arc<str>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// The last day, as people write it.
    pub expires: Arc<str>,
    /// The last day, in days since some other one.
    pub until: i32,
    /// Where it stands.
    pub origin: crate::diag::source::Span,
}

/// Something that is not as it should be, or can't be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// A resource, or an entry below its sync.
    pub address: Address,
    /// What is found.
    pub verdict: Verdict,
    /// How sure that is.
    pub evidence: Evidence,
    /// Whose doing it is.
    pub cause: Cause,
    /// What apply would do about it, and why; `None` where there is no row.
    pub row: Option<(Action, Reason)>,
    /// What differs.
    pub fields: Vec<Field>,
    /// What is said about it where there is no row.
    pub said: Arc<str>,
    /// What can be done, the best first.
    pub steps: Vec<Step>,
    /// The place in [`Input::accepted`] of what accepts it.
    pub accepted: Option<usize>,
}

impl Finding {
    /// Whether it counts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.accepted.is_none() && self.cause != Cause::Lag
    }
}

/// What a plan comes to.
#[derive(Debug, Clone, Default)]
pub struct Drift {
    /// The findings, in the order of their addresses.
    pub findings: Vec<Finding>,
    /// Why findings are not healed, by their places in `findings`.
    pub stays: BTreeMap<usize, Stays>,
    /// Places in [`Input::accepted`] that would accept something, if they had not expired.
    pub expired: BTreeSet<usize>,
    /// Places in [`Input::accepted`] that nothing was found for.
    pub unused: BTreeSet<usize>,
}

impl Drift {
    /// How many findings of a cause count.
    #[must_use]
    pub fn open(&self, cause: Cause) -> usize {
        self.findings.iter().filter(|finding| finding.is_open() && finding.cause == cause).count()
    }

    /// The resources that can be healed.
    #[must_use]
    pub fn healable(&self) -> BTreeSet<Address> {
        let heals = |finding: &&Finding| finding.steps.contains(&Step::Heal);
        self.findings.iter().filter(heals).map(|finding| finding.address.resource()).collect()
    }
}

/// Sorts what a plan has into findings.
#[must_use]
pub fn drift(input: &Input<'_>) -> Drift {
    let plan = input.plan;
    let causes = causes(input);
    let mut findings: Vec<Finding> = plan.changes.iter().map(|change| row(change, causes[&change.address])).collect();
    let said = |address: &Address, verdict, cause, evidence, said: &str, steps: &[Step]| Finding {
        address: address.clone(),
        verdict,
        evidence,
        cause,
        row: None,
        fields: Vec::new(),
        said: said.into(),
        steps: steps.to_vec(),
        accepted: None,
    };
    let gap = [Step::Mend, Step::Accept];
    for (address, job) in input.jobs {
        if let Job::Failed(why) = job {
            findings.push(said(address, Verdict::SyncFailed, Cause::Outside, Evidence::Proven, why, &gap));
        }
    }
    for (address, why) in &plan.blocked {
        let verdict = match why.code {
            code if code == &codes::NOT_MANAGED => Verdict::NotOwned,
            code if code == &codes::TOO_MANY_ENTRIES => Verdict::LimitReached,
            _ => Verdict::Blocked,
        };
        findings.push(said(address, verdict, Cause::Unapplied, Evidence::Proven, &why.detail, &[Step::Mend]));
    }
    for (address, why) in &plan.incomplete {
        // What refuses a sync's reads refuses its writes as well.
        let is_refused = why.code.fault == Fault::Credentials && address.kind() == Kind::SecretSync.word();
        let verdict = if is_refused { Verdict::ConnectionBroken } else { Verdict::Unreadable };
        findings.push(said(address, verdict, Cause::Unknown, Evidence::None, &why.detail, &gap));
    }
    for (address, why) in &plan.blind {
        findings.push(said(address, Verdict::Unknown, Cause::Unknown, Evidence::None, why, &gap));
    }
    for (address, why) in &plan.missing {
        findings.push(said(address, Verdict::Unknown, Cause::Unknown, Evidence::None, &why.detail, &gap));
    }
    findings.sort_by(|a, b| (&a.address, a.verdict).cmp(&(&b.address, b.verdict)));
    let (mut expired, mut unused) = (BTreeSet::new(), (0..input.accepted.len()).collect::<BTreeSet<usize>>());
    for finding in &mut findings {
        accept(finding, input, &mut expired, &mut unused);
    }
    let stays = heal::stays(input, &findings);
    for (_, finding) in findings.iter_mut().enumerate().filter(|(place, _)| !stays.contains_key(place)) {
        finding.steps.insert(0, Step::Heal);
    }
    Drift { findings, stays, expired, unused }
}

/// Whose doing each row is.
fn causes<'a>(input: &Input<'a>) -> BTreeMap<&'a Address, Cause> {
    let rows: BTreeMap<&Address, &Change> = input.plan.changes.iter().map(|change| (&change.address, change)).collect();
    let cause = |change: &'a Change| {
        if change.drift {
            let is_both = change.reason == Reason::Conflict || input.altered.contains(&change.address);
            return if is_both { Cause::Both } else { Cause::Outside };
        }
        let needs: Vec<&&Change> = change.needs.iter().filter_map(|need| rows.get(need)).collect();
        let moves = matches!(change.reason, Reason::Changed | Reason::New | Reason::Removed | Reason::Wipe);
        if !moves || change.address.entry_key().is_none() || needs.iter().any(|need| !need.drift) {
            return Cause::Unapplied;
        }
        let sync = change.address.resource();
        let is = |name: &str, wanted: &Value| {
            input.desired.resources.get(&sync).and_then(|resource| resource.attrs.get(name)) == Some(wanted)
        };
        let runs_itself = is("run", &Value::string("backend")) && is("auto_sync", &Value::Bool(true));
        match (input.jobs.get(&sync), runs_itself) {
            _ if !needs.is_empty() => Cause::Outside,
            (Some(Job::Pending), true) => Cause::Lag,
            // Nobody did that: the run that should have brought it failed, and would fail again.
            (Some(Job::Failed(_)), true) => Cause::Unapplied,
            (_, true) => Cause::Outside,
            _ if change.reason == Reason::Wipe => Cause::Outside,
            _ => Cause::Unapplied,
        }
    };
    input.plan.changes.iter().map(|change| (&change.address, cause(change))).collect()
}

fn row(change: &Change, cause: Cause) -> Finding {
    let is_entry = change.address.entry_key().is_some();
    let is_secret = |field: &Field| matches!(field.before, Shown::Secret(_) | Shown::Unknown);
    let verdict = match (change.action, change.reason) {
        (Action::Create, _) | (Action::Forget, Reason::Gone) => Verdict::Missing,
        (Action::Delete | Action::Forget, _) => Verdict::Extra,
        (_, Reason::Takeover | Reason::Unseen) | (Action::Adopt, Reason::New | Reason::Imported) => Verdict::NotOwned,
        (_, Reason::Changed) if is_entry => Verdict::Stale,
        (Action::Update, Reason::Drifted) if is_paused(change) => Verdict::SyncPaused,
        (_, _) if is_entry || !change.fields.is_empty() && change.fields.iter().all(is_secret) => Verdict::ValueChanged,
        _ => Verdict::SettingsChanged,
    };
    let is_unseen = |field: &Field| field.before == Shown::Unknown;
    let evidence = match change.fields.iter().any(is_unseen) {
        true if change.reason == Reason::Unseen => Evidence::None,
        true => Evidence::Strong,
        false => Evidence::Proven,
    };
    let steps: &[Step] = match cause {
        Cause::Outside => &[Step::Declare, Step::Accept],
        Cause::Both => &[Step::Apply, Step::Declare, Step::Accept],
        Cause::Unapplied => &[Step::Apply],
        Cause::Lag | Cause::Unknown => &[],
    };
    Finding {
        address: change.address.clone(),
        verdict,
        evidence,
        cause,
        row: Some((change.action, change.reason)),
        fields: change.fields.clone(),
        said: "".into(),
        steps: steps.to_vec(),
        accepted: None,
    }
}

/// Whether a sync is as declared, but that the backend no longer runs it by itself.
fn is_paused(change: &Change) -> bool {
    let [field] = change.fields.as_slice() else { return false };
    &*field.name == "auto_sync" && field.before == Shown::Plain("false".into())
}

/// What is only not applied yet is nothing to get used to, and can't be accepted.
fn accept(finding: &mut Finding, input: &Input<'_>, expired: &mut BTreeSet<usize>, unused: &mut BTreeSet<usize>) {
    if matches!(finding.cause, Cause::Unapplied | Cause::Lag) {
        return;
    }
    for (place, acceptance) in input.accepted.iter().enumerate() {
        if acceptance.verdict != finding.verdict || !finding.address.is_within(&acceptance.address) {
            continue;
        }
        unused.remove(&place);
        if acceptance.until < input.today {
            expired.insert(place);
        } else {
            finding.accepted.get_or_insert(place);
        }
    }
}
