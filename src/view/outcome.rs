//! What a run came to, in one word for programs and in one sentence for people: the same for every output.

use crate::model::ledger::VALUE;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Reason;
use crate::plan::drift::Cause;
use crate::view::drift;
use crate::view::json::diagnostic::Entry;
use crate::view::json::plan::Document;
use crate::view::json::plan::Field;
use crate::view::json::plan::Row;
use crate::view::json::plan::Value;
use crate::view::json::run::Run;
use crate::view::json::shards::Planned;
use crate::view::json::shards::Shard;
use crate::view::words;
use std::collections::BTreeMap;

/// What a run came to, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// There is no plan, or nothing of it was done.
    Failed,
    /// It was applied in part, or would be: apply leaves out what is blocked.
    Partial,
    /// Apply refuses the plan as it is.
    Refused,
    /// Something was changed outside.
    Drift,
    /// Something that exists would be lost.
    Destructive,
    /// There are changes, and nothing is lost.
    Changes,
    /// There is nothing to do where it could be seen.
    Unsure,
    /// There is nothing to do.
    Clean,
    /// It was applied.
    Applied,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 9] = [
        Outcome::Failed,
        Outcome::Partial,
        Outcome::Refused,
        Outcome::Drift,
        Outcome::Destructive,
        Outcome::Changes,
        Outcome::Unsure,
        Outcome::Clean,
        Outcome::Applied,
    ];

    /// Of a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        // What is not the whole is never taken for it.
        match (run.unknown.is_empty(), &run.ending) {
            (true, _) => Self::known(run),
            (false, None) => Self::Failed,
            (false, Some(_)) => Self::known(run).min(Self::Partial),
        }
    }

    /// Of what is known of a run.
    fn known(run: &Run) -> Self {
        if let (Some(drift), None) = (&run.drift, &run.ending) {
            let open = |cause| drift.open(cause) > 0;
            return match () {
                () if open(Cause::Outside) || open(Cause::Both) => Self::Drift,
                () if open(Cause::Unapplied) => Self::Changes,
                () if open(Cause::Unknown) => Self::Unsure,
                () => Self::Clean,
            };
        }
        if let Some(ending) = &run.ending {
            return match (ending.complete, ending.done.is_empty()) {
                (true, _) => Self::Applied,
                (false, true) if !ending.failed.is_empty() => Self::Failed,
                (false, _) => Self::Partial,
            };
        }
        let Some(plan) = &run.plan else { return Self::Failed };
        let is_whole = plan.incomplete.is_empty() && plan.blind.is_empty() && plan.missing.is_empty();
        match () {
            () if is_blocked(plan) || plan.hazards.iter().any(|hazard| !hazard.allowed) => Self::Refused,
            () if !plan.blocked.is_empty() => Self::Partial,
            () if plan.changes.iter().any(destroys) => Self::Destructive,
            () if !plan.changes.is_empty() => Self::Changes,
            () if !is_whole => Self::Unsure,
            () => Self::Clean,
        }
    }

    /// The word for it in documents and labels.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Drift => "drift",
            Self::Destructive => "destructive",
            Self::Changes => "changes",
            Self::Unsure => "unsure",
            Self::Clean => "clean",
            Self::Applied => "applied",
        }
    }

    /// Whether somebody has to do something before it can go on.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Partial | Self::Refused | Self::Drift)
    }
}

/// Whether an address is that of an entry.
#[must_use]
pub fn is_entry(address: &str) -> bool {
    address.contains(".entry.") || address.contains(".entry[")
}

/// Whether apply refuses a plan because of what is blocked: where only entries are, it does the rest, if there is any.
fn is_blocked(plan: &Document) -> bool {
    let blocked = &plan.blocked;
    blocked.iter().any(|problem| !is_entry(&problem.address)) || (!blocked.is_empty() && plan.changes.is_empty())
}

/// Whether something that exists is lost.
#[must_use]
pub fn destroys(row: &Row) -> bool {
    matches!(row.action, Action::Delete | Action::Replace)
        || matches!(row.reason, Reason::Takeover | Reason::Unseen | Reason::Wipe)
        || is_drifted_value(row)
}

/// Whether a value is overwritten that somebody changed outside: it may be nowhere else.
fn is_drifted_value(row: &Row) -> bool {
    let is_of_secret = row.key.is_some() || row.kind == Kind::Secret.word();
    let is_there = |field: &Field| field.name == VALUE && field.before != Value::Absent;
    row.drift && row.action == Action::Update && is_of_secret && row.fields.iter().any(is_there)
}

/// Of which shards nothing is known, as a sentence. `None` if that is none.
#[must_use]
pub fn unknown(run: &Run) -> Option<String> {
    let all = words::several(&run.unknown, "shard", "shards");
    (!all.is_empty()).then(|| format!("Nothing is known of {all}."))
}

/// The verdict in words, without names: a few sentences.
#[must_use]
pub fn verdict(run: &Run) -> String {
    match unknown(run) {
        Some(unknown) if run.plan.is_none() && run.drift.is_none() => format!("{} {unknown}", said(run)),
        Some(unknown) => format!("INCOMPLETE. {unknown} Of the others: {}", said(run)),
        None => said(run),
    }
}

fn said(run: &Run) -> String {
    let errors = run.diagnostics.iter().filter(|entry| Entry::is_error(entry)).count();
    if let (Some(document), None) = (&run.drift, &run.ending) {
        return drift::verdict(document);
    }
    let Some(plan) = &run.plan else {
        return format!("There is no plan: {}.", words::count(errors, "error", "errors"));
    };
    if let Some(ending) = &run.ending {
        let done: usize = ending.done.values().sum();
        let mut parts = vec![format!("{} done", words::count(done, "change", "changes"))];
        let counts = [
            (ending.failed.len(), "failed"),
            (ending.unapproved.len(), "waiting for approval"),
            (ending.skipped.len(), "skipped"),
            (ending.blocked, "blocked"),
        ];
        parts.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        let word = match (Outcome::known(run), ending.interrupted) {
            (Outcome::Applied, _) => "Applied",
            (_, true) => "Stopped",
            (Outcome::Failed, _) => "Failed",
            _ => "Applied in part",
        };
        return format!("{word}: {}.", parts.join(", "));
    }
    let lost = lost(plan);
    let unseen = match plan.blind.len() {
        0 => String::new(),
        n => format!(" {} not inspected.", words::count(n, "destination was", "destinations were")),
    };
    let unchanged = format!("{} as declared", words::count(plan.unchanged, "thing is", "things are"));
    let keys = plan.blocked.iter().filter(|problem| is_entry(&problem.address)).count();
    match Outcome::known(run) {
        Outcome::Refused => {
            let open: usize = plan.hazards.iter().filter(|hazard| !hazard.allowed).map(|hazard| hazard.count).sum();
            let blocked = plan.blocked.len() - keys;
            let mut parts = Vec::new();
            if open > 0 {
                parts.push(format!("{} not allowed", words::count(open, "hazardous row is", "hazardous rows are")));
            }
            if blocked > 0 {
                parts.push(format!("{} blocked", words::count(blocked, "resource is", "resources are")));
            }
            if keys > 0 {
                parts.push(format!("{} blocked", words::count(keys, "key is", "keys are")));
            }
            let lost = if lost.is_empty() { lost } else { format!(" {lost}") };
            format!("Apply refuses this as it is: {}.{lost}{unseen}", parts.join(", "))
        }
        Outcome::Partial => {
            let left = words::count(keys, "key that is blocked", "keys that are blocked");
            let rest = match (lost.is_empty(), unseen.is_empty()) {
                (false, _) => lost,
                (true, true) => "Of the rest nothing is lost:".to_owned(),
                (true, false) => "Of the rest nothing is lost where it could be seen:".to_owned(),
            };
            format!("Apply leaves out {left}. {rest} {}.{unseen}", counts(plan))
        }
        Outcome::Destructive => format!("{lost} {}.{unseen}", counts(plan)),
        Outcome::Changes if !unseen.is_empty() => {
            format!("Nothing is lost where it could be seen: {}.{unseen}", counts(plan))
        }
        Outcome::Changes => format!("Nothing is lost: {}.", counts(plan)),
        Outcome::Unsure => format!("Nothing to do where it could be seen: {unchanged}."),
        _ => format!("Nothing to do: {unchanged}."),
    }
}

/// What is lost, as a sentence; empty if nothing is.
fn lost(plan: &Document) -> String {
    let count = |is: &dyn Fn(&Row) -> bool, one, many| {
        let n = plan.changes.iter().filter(|row| destroys(row) && is(row)).count();
        (n > 0).then(|| words::count(n, one, many))
    };
    let is_end = |row: &Row| row.action == Action::Delete;
    let parts: Vec<String> = [
        count(&|row| is_end(row) && row.key.is_some(), "key is deleted", "keys are deleted"),
        count(&|row| is_end(row) && row.key.is_none(), "resource is deleted", "resources are deleted"),
        count(&|row| row.action == Action::Replace, "resource is made again", "resources are made again"),
        count(
            &is_drifted_value,
            "value that was changed outside is overwritten",
            "values that were changed outside are overwritten",
        ),
        count(
            &|row| matches!(row.action, Action::Update | Action::Adopt | Action::Create) && !is_drifted_value(row),
            "thing that keyform did not write is overwritten",
            "things that keyform did not write are overwritten",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { String::new() } else { format!("{}.", parts.join(", ")) }
}

/// `3 to create, 1 to delete`, in the order of [`Action`].
#[must_use]
pub fn counts(plan: &Document) -> String {
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    for row in &plan.changes {
        *counts.entry(row.action).or_default() += 1;
    }
    let parts: Vec<String> =
        counts.into_iter().map(|(action, count)| format!("{count} to {}", action.word())).collect();
    parts.join(", ")
}

/// How a plan is applied.
pub enum Way {
    /// Not as it is: what is wrong can't be allowed.
    Mend,
    /// With a command.
    Command {
        /// The command, with the numbers that it needs.
        command: String,
        /// Whether it does nothing else than this plan: before there is a ledger, no other run comes to its checksum.
        exactly: bool,
        /// Whether it allows hazards.
        review: bool,
    },
    /// One shard after the other.
    Shards {
        /// A command for each that has something to do.
        commands: Vec<String>,
        /// Those that have to be planned again after these.
        again: Vec<String>,
        /// Whether they do nothing else.
        exactly: bool,
        /// Whether hazards are allowed.
        review: bool,
    },
}

/// How the plan of a run is applied; `file` is what `apply` takes, if it was kept. `None` if there is nothing to apply.
#[must_use]
pub fn way(run: &Run, file: Option<&str>) -> Option<Way> {
    let plan = run.plan.as_ref().filter(|plan| !plan.changes.is_empty() && Outcome::of(run) != Outcome::Failed)?;
    let mut open: BTreeMap<HazardKind, usize> = BTreeMap::new();
    for hazard in plan.hazards.iter().filter(|hazard| !hazard.allowed) {
        *open.entry(hazard.kind).or_default() += hazard.count;
    }
    if is_blocked(plan) || open.keys().any(|kind| !kind.can_be_allowed()) {
        return Some(Way::Mend);
    }
    let review = !open.is_empty();
    if plan.shards.len() > 1 {
        return Some(shards(plan, review));
    }
    let shard = plan.shards.first().map(|shard| shard.shard.as_str());
    let checksum = plan.checksum.as_deref();
    let command = command(file, shard, checksum, open.iter().map(|(kind, count)| (kind.word(), *count)));
    Some(Way::Command { command, exactly: checksum.is_some(), review })
}

fn shards(plan: &Document, review: bool) -> Way {
    let planned = plan.shards.iter().filter_map(|shard| Some((shard, shard.planned.as_ref()?)));
    let (again, now): (Vec<_>, Vec<_>) =
        planned.filter(|(_, planned)| planned.changes > 0).partition(|(_, planned)| planned.waits);
    let own = |(shard, planned): (&Shard, &Planned)| {
        let allow = planned.allow.iter().map(|(kind, count)| (&**kind, *count));
        command(planned.file.as_deref(), Some(&shard.shard), planned.checksum.as_deref(), allow)
    };
    Way::Shards {
        exactly: now.iter().all(|(_, planned)| planned.checksum.is_some()),
        commands: now.into_iter().map(own).collect(),
        again: again.into_iter().map(|(shard, _)| shard.shard.clone()).collect(),
        review,
    }
}

/// What applies a plan: a file knows of which shard it is.
fn command<'a>(
    file: Option<&str>,
    shard: Option<&str>,
    checksum: Option<&str>,
    allow: impl Iterator<Item = (&'a str, usize)>,
) -> String {
    let mut command = "keyform apply".to_owned();
    match (file, shard) {
        (Some(file), _) => command.push_str(&format!(" {file}")),
        (None, Some(shard)) => command.push_str(&format!(" --shard {shard}")),
        (None, None) => {}
    }
    command.extend(checksum.map(|checksum| format!(" --checksum {checksum}")));
    command.extend(allow.map(|(kind, count)| format!(" --allow {kind}={count}")));
    command
}
