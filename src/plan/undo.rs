//! The way back: what a plan says of how far it can be undone, and the plan that undoes a run.
//!
//! An undo puts back values that the run overwrote or deleted, and what the ledger had of them. What the run made stays:
//! nothing is ever deleted by an undo.
//!
//! | now | ledger | action · reason |
//! |---|---|---|
//! | as before the run | as before the run | nothing |
//! | as before the run, and about to be pushed over | any | Update · Undone |
//! | as before the run | another, or no record | Adopt · Undone: only the ledger hears of it |
//! | as before the run | a record, and had none | Forget · Undone: only the ledger hears of it |
//! | as the run left it, a value | any | Update · Undone |
//! | as the run left it, absent | any | Create · Undone |
//! | anything else | any | no row: changed since (KF0944) |
//! | anything else, and that is to be overwritten, or the backend does so because of another row | any | Create or Update · Undone: **hazard** takeover |
//! | can't be read, or is not there to be written to | any | no row: there is no way back (KF0945) |

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::capsule::Note;
use crate::model::ledger::VALUE;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Field;
use crate::plan::Hazard;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::attributes;
use crate::plan::kept;
use crate::secret::Fingerprint;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What of a plan could be undone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Whether the configuration asks for it: else nothing is kept.
    pub asked: bool,
    /// How many values that could be read are overwritten or deleted.
    pub kept: usize,
    /// How many values may be nowhere else: of those, what is not as keyform wrote it and what only the backend has;
    /// and secrets that go with what holds them.
    pub foreign: usize,
    /// Secrets and entries whose value is overwritten or deleted, and can't be read.
    pub unread: Vec<Address>,
    /// What ends, or is made again, and is more than a value.
    pub beyond: Vec<Address>,
}

/// What of a plan could be undone.
pub(super) fn outlook(plan: &Plan, input: &Input<'_>) -> Outlook {
    let mut outlook = Outlook { asked: input.desired.settings.undo.is_some(), ..Outlook::default() };
    for change in plan.changes.iter().filter(|change| takes(change)) {
        let is_secret = change.address.kind() == Kind::Secret.word();
        if !is_secret && change.address.entry_key().is_none() {
            outlook.beyond.push(change.address.clone());
            continue;
        }
        let before = change.fields.iter().find(|field| *field.name == *VALUE).map(|field| field.before.clone());
        let live = || input.live.resources.get(&change.address).is_some_and(|seen| seen.attrs.contains_key(VALUE));
        let is_read = match before {
            Some(Shown::Absent) => continue,
            Some(Shown::Unknown) => false,
            Some(Shown::Plain(_) | Shown::Secret(_)) => true,
            // A secret that ends has no fields.
            None if change.action == Action::Update => continue,
            None => live(),
        };
        let others = [Reason::Takeover, Reason::Drifted, Reason::Conflict, Reason::Wipe];
        if !is_read {
            outlook.unread.push(change.address.clone());
            continue;
        }
        outlook.kept += 1;
        outlook.foreign += usize::from(others.contains(&change.reason) || is_only_copy(change, input));
    }
    let going = kept::going(&plan.changes, input);
    outlook.foreign += going.iter().flat_map(|(_, all)| *all).filter(|one| one.is_secret).count();
    outlook
}

/// Whether the last copy of a value may end: of a random one, or of one whose source nothing names any more.
fn is_only_copy(change: &Change, input: &Input<'_>) -> bool {
    let is_secret = change.address.kind() == Kind::Secret.word() && change.address.entry_key().is_none();
    let declared = input.desired.resources.get(&change.address);
    change.action == Action::Delete && is_secret && declared.is_none_or(attributes::is_random)
}

/// Whether a change takes something that is there away.
fn takes(change: &Change) -> bool {
    match change.action {
        Action::Delete | Action::Replace => true,
        Action::Update => change.fields.iter().any(|field| *field.name == *VALUE),
        Action::Create | Action::Adopt | Action::Forget => false,
    }
}

/// One value that a run took.
#[derive(Debug, Clone)]
pub struct Past {
    /// Of what.
    pub address: Address,
    /// What it was before the run.
    pub before: Fingerprint,
    /// What the run made of it; `None` if it took it away.
    pub left: Option<Fingerprint>,
    /// What it is now.
    pub now: Now,
    /// What the ledger has to hear.
    pub hear: Hear,
    /// What the backend does to it as soon as what it needs is put back.
    pub echo: Echo,
    /// What has to be put back before.
    pub needs: Vec<Address>,
}

/// What the backend does to a value as soon as what it needs is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Nothing.
    None,
    /// It writes the value that it is to have.
    Same,
    /// It writes another one, or takes it away: so it has to be written again after that.
    Other,
}

/// What a value is now.
#[derive(Debug, Clone)]
pub enum Now {
    /// This.
    Value(Fingerprint),
    /// Nothing is there.
    Absent,
    /// Nobody can say, or nobody could write it: why.
    Unknown(Diagnostic),
}

/// What the ledger has to hear for it to be as before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hear {
    /// Nothing: it is.
    Nothing,
    /// The record that it had.
    Record,
    /// That it has none.
    Forget,
}

/// Plans the way back. `overwrite` says whether what has changed since may be overwritten, `allowed` whether the
/// configuration accepts the hazard `takeover` of a resource.
#[must_use]
pub fn way_back(past: &[Past], overwrite: bool, allowed: impl Fn(&Address) -> bool) -> Plan {
    let mut plan = Plan::default();
    let mut stale: BTreeMap<Address, Vec<&Address>> = BTreeMap::new();
    for one in past {
        let (action, now) = match &one.now {
            Now::Unknown(why) => {
                plan.blocked.insert(one.address.clone(), why.clone());
                continue;
            }
            Now::Value(now) if *now == one.before && one.echo != Echo::Other => match one.hear {
                Hear::Nothing => {
                    plan.unchanged += 1;
                    continue;
                }
                Hear::Record => (Action::Adopt, Some(*now)),
                Hear::Forget => (Action::Forget, Some(*now)),
            },
            Now::Value(now) => (Action::Update, Some(*now)),
            Now::Absent => (Action::Create, None),
        };
        let is_known = now == one.left || now == Some(one.before);
        if matches!(action, Action::Create | Action::Update) && !is_known {
            if !overwrite && one.echo == Echo::None {
                plan.blocked.insert(one.address.clone(), changed_since(&one.address));
                continue;
            }
            stale.entry(one.address.resource()).or_default().push(&one.address);
        }
        let before = now.map_or(Shown::Absent, Shown::Secret);
        let fields = match action {
            // It is drawn as what it is, not as what it will be.
            Action::Forget => Vec::new(),
            _ => vec![Field { name: VALUE.into(), before, after: Shown::Secret(one.before) }],
        };
        let (address, needs) = (one.address.clone(), one.needs.clone());
        plan.changes.push(Change { address, action, reason: Reason::Undone, drift: false, fields, needs });
    }
    for (address, rows) in stale {
        let names: Vec<String> = rows.iter().take(5).map(|row| format!("`{}`", row.name())).collect();
        let more = match rows.len().saturating_sub(names.len()) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let detail = format!("Somebody wrote {}{more} since; that would be lost.", names.join(", "));
        let allowed = allowed(&address);
        plan.hazards.push(Hazard { kind: HazardKind::Takeover, count: rows.len(), detail, allowed, address });
    }
    // What waits for a row that there is none of waits for nothing.
    let rows: BTreeSet<Address> = plan.changes.iter().map(|change| change.address.clone()).collect();
    for change in &mut plan.changes {
        change.needs.retain(|need| rows.contains(need));
    }
    plan
}

/// Of each capsule, the newest first: how many of its values were written again by later runs, and the first of those.
#[must_use]
pub fn taken_again(notes: &[Note]) -> Vec<(usize, Option<&Note>)> {
    let mut later: BTreeMap<&Address, &Note> = BTreeMap::new();
    let mut all = Vec::new();
    for note in notes {
        let runs: Vec<&Note> = note.values.iter().filter_map(|address| later.get(address).copied()).collect();
        let first = runs.iter().min_by(|a, b| a.run.cmp(&b.run)).copied();
        all.push((runs.len(), first));
        later.extend(note.values.iter().map(|address| (address, note)));
    }
    all
}

fn changed_since(address: &Address) -> Diagnostic {
    let detail = format!("{address}: what is there now is not what the run left; it is left alone.");
    Diagnostic::error(&codes::CHANGED_SINCE, detail)
}

/// Has a plan that leaves alone what has changed since say the number with which all of it is overwritten.
pub fn say_number(plan: &mut Plan, number: usize) {
    for why in plan.blocked.values_mut().filter(|why| why.code == &codes::CHANGED_SINCE) {
        why.help = Some(match number {
            1 => "if it may be overwritten as well, add `--allow takeover=1`".to_owned(),
            n => format!("if all that has changed since may be overwritten as well, add `--allow takeover={n}`"),
        });
    }
}
