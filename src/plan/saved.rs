//! Saved plans: what a plan was made from, and whether one that is made again is still the same.
//!
//! A saved plan is applied by planning again with what it was asked for, and comparing: its rows must come out
//! as they were, and nothing may have come to the resources that it touches, each with all of its keys, nor to the syncs
//! that the backend runs because of them. What changed elsewhere is left out and does not invalidate it. So a file can
//! leave rows out, but never add one.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::shard::Shard;
use crate::plan::Change;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Shown;
use crate::plan::sets_off;
use crate::plan::undo;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// A plan that was kept, to be applied later.
#[derive(Debug, Clone)]
pub struct Saved {
    /// What it says.
    pub plan: Plan,
    /// What it was made from.
    pub origin: Origin,
}

/// What a plan was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The version of keyform.
    pub keyform: Arc<str>,
    /// When, in UTC, as RFC 3339.
    pub at: Arc<str>,
    /// The owner of the ledger.
    pub ledger: Arc<str>,
    /// The key of the snapshot that it was made from instead of what was live, if it was.
    pub snapshot: Option<Arc<str>>,
    /// What the configuration said: [`configuration`].
    pub configuration: Fingerprint,
    /// [`crate::plan::Input::targets`].
    pub targets: Vec<Address>,
    /// [`crate::plan::Input::adopt`].
    pub adopt: bool,
    /// [`crate::plan::Input::destroy`].
    pub destroy: bool,
    /// Which part of the configuration it is of, if not the whole.
    pub shard: Option<Shard>,
}

/// A digest of all that a configuration says, whatever its files look like. Values of secrets are not part of
/// it, only where they come from: that they are the same is seen in the rows.
#[must_use]
pub fn configuration(desired: &Desired, key: &FingerprintKey) -> Fingerprint {
    key.fingerprint("keyform configuration", said(desired).as_bytes())
}

/// The same without a key, as 64 digits: equal on machines that have nothing but the configuration in common. Only the
/// digest of a whole configuration is one that tells nobody what a part of it says.
#[must_use]
pub fn digest(desired: &Desired) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(said(desired).as_bytes()))
}

fn said(desired: &Desired) -> String {
    let mut text = String::new();
    // `Debug` of plain data says all of it, is shown to nobody, and writing to a text can't fail.
    let mut say = |part: std::fmt::Arguments<'_>| {
        let _ = text.write_fmt(part);
        text.push('\n');
    };
    for (address, r) in &desired.resources {
        say(format_args!("{address} {} {:?} {:?} {:?}", r.slug, r.attrs, r.lifecycle, r.allow));
    }
    for edge in desired.graph.edges() {
        say(format_args!("{} needs {}", edge.from, edge.to));
    }
    for (address, import) in &desired.imports {
        say(format_args!("{address} is {}", import.id));
    }
    for moved in &desired.moved {
        say(format_args!("{} moved {}", moved.from, moved.to));
    }
    for broken in &desired.broken {
        say(format_args!("{} breaks {}: {}", broken.address, broken.rule, broken.message));
    }
    say(format_args!("{:?} {:?}", desired.removed, desired.policy));
    let backend = &desired.backend;
    say(format_args!("{} {:?} {:?} {:?}", backend.kind, backend.attrs, backend.auth, backend.auth_attrs));
    text
}

/// Reduces a plan that was made again, of `input`, to what the saved one says.
///
/// # Errors
/// It is not the same any more: what differs, one diagnostic each.
pub fn hold(saved: &Saved, now: &mut Plan, origin: &Origin, input: &Input<'_>) -> Result<(), Vec<Diagnostic>> {
    let made = &saved.origin;
    if made.keyform != origin.keyform {
        let detail = format!("It was made by keyform {}; this is {}.", made.keyform, origin.keyform);
        return Err(vec![stale(detail)]);
    }
    if made.ledger != origin.ledger {
        let help = "apply it where it was made: with the same ledger, or the same store of it";
        return Err(vec![stale("It was made with another ledger.".to_owned()).help(help)]);
    }
    if made.configuration != origin.configuration {
        let help = "check out the files that it was made from and give the same variables, or plan again";
        return Err(vec![stale("The configuration says something else now.".to_owned()).help(help)]);
    }
    let touched = touched(&saved.plan, now, input);
    let mut differences = rows(&saved.plan, now, &touched);
    differences.extend(hazards(&saved.plan, now, &touched));
    now.undo = undo::outlook(now, input);
    if differences.is_empty() {
        return Ok(());
    }
    Err(differences.into_iter().map(stale).collect())
}

fn stale(detail: String) -> Diagnostic {
    Diagnostic::error(&codes::STALE_PLAN, detail).help("look at a new plan, and apply that")
}

/// What a saved plan touches: the resources of its rows, and what the backend runs because of these: declared syncs, and
/// any that nothing declares, which stand in a plan only if they would do harm.
fn touched(saved: &Plan, now: &Plan, input: &Input<'_>) -> BTreeSet<Address> {
    let rows = saved.changes.iter().map(|change| &change.address).chain(saved.blocked.keys());
    let mut touched: BTreeSet<Address> = rows.map(Address::resource).collect();
    let own = now.changes.iter().filter(|change| touched.contains(&change.address.resource()));
    let run = sets_off::syncs(input, own);
    let is_known =
        |address: &Address| input.desired.resources.contains_key(address) || input.ledger.records.contains_key(address);
    touched.extend(run);
    touched.extend(now.hazards.iter().map(|hazard| hazard.address.clone()).filter(|address| !is_known(address)));
    touched
}

/// Keeps what is planned of what is touched, and says where it is not the same.
fn rows(saved: &Plan, now: &mut Plan, touched: &BTreeSet<Address>) -> Vec<String> {
    let then: BTreeMap<&Address, &Change> = saved.changes.iter().map(|change| (&change.address, change)).collect();
    now.changes.retain(|change| touched.contains(&change.address.resource()));
    now.blocked.retain(|address, _| touched.contains(&address.resource()));
    now.incomplete.retain(|address, _| touched.contains(address) || saved.incomplete.contains_key(address));
    now.blind.retain(|address, _| touched.contains(address) || saved.blind.contains_key(address));
    let mut differences = Vec::new();
    let mut rest = then.clone();
    for change in &now.changes {
        match rest.remove(&change.address) {
            Some(planned) if planned == change => {}
            Some(planned) => differences.push(changed(planned, change)),
            None => differences.push(unplanned(change)),
        }
    }
    for (address, planned) in rest {
        let resource = address.resource();
        let problem = |list: &BTreeMap<Address, Diagnostic>| {
            [address, &resource].into_iter().find_map(|address| list.get(address).map(|why| why.detail.clone()))
        };
        let why = problem(&now.blocked).or_else(|| problem(&now.incomplete));
        let why = why.unwrap_or_else(|| "there is nothing to do any more.".to_owned());
        differences.push(format!("{address}: {} was planned; {why}", act(planned)));
    }
    for address in saved.blocked.keys().filter(|address| !now.blocked.contains_key(*address)) {
        differences.push(format!("{address}: it could not be planned, and now it can."));
    }
    differences
}

/// The same for hazards: of what is touched, and where the saved plan has one.
fn hazards(saved: &Plan, now: &mut Plan, touched: &BTreeSet<Address>) -> Vec<String> {
    let mut counts: BTreeMap<(HazardKind, &Address), (usize, usize)> = BTreeMap::new();
    for hazard in &saved.hazards {
        counts.entry((hazard.kind, &hazard.address)).or_default().0 += hazard.count;
    }
    let known: BTreeSet<Address> = counts.keys().map(|(_, address)| (*address).clone()).collect();
    now.hazards.retain(|hazard| touched.contains(&hazard.address) || known.contains(&hazard.address));
    for hazard in &now.hazards {
        counts.entry((hazard.kind, &hazard.address)).or_default().1 += hazard.count;
    }
    let differs = counts.into_iter().filter(|(_, (then, now))| then != now);
    differs
        .map(|((kind, address), (then, now))| {
            format!("{address}: the hazard {} was {then}, and is {now} now.", kind.word())
        })
        .collect()
}

fn act(change: &Change) -> String {
    format!("{} ({})", change.action.word(), change.reason.word())
}

/// A row that came since: what of it differs, and why it matters where the saved plan does not name it.
fn unplanned(change: &Change) -> String {
    let Change { address, .. } = change;
    let what = change.fields.first().map(|field| {
        let (name, there, wanted) = (&field.name, shown(&field.before), shown(&field.after));
        match (&field.before, &field.after) {
            (_, Shown::Absent) => format!("; `{name}` is {there}, and is to go"),
            (Shown::Absent, _) => format!("; `{name}` is to be {wanted}"),
            _ => format!("; `{name}` is {there}, and is to be {wanted}"),
        }
    });
    let why = match address.entry_key() {
        Some(_) => format!("; a run of {} does that along with what was planned", address.resource()),
        None => String::new(),
    };
    format!("{address}: {} was not planned{}{why}.", act(change), what.unwrap_or_default())
}

fn changed(then: &Change, now: &Change) -> String {
    let address = &now.address;
    if (then.action, then.reason, then.drift) != (now.action, now.reason, now.drift) {
        let what = difference(then, now).map(|what| format!(" ({what})")).unwrap_or_default();
        return format!("{address}: {} was planned; it would be {} now{what}.", act(then), act(now));
    }
    let what = difference(then, now).unwrap_or_else(|| "it waits for something else now".to_owned());
    format!("{address}: {what}.")
}

/// The first attribute that was, or was to be, something else when a row was planned.
fn difference(then: &Change, now: &Change) -> Option<String> {
    let absent = (&Shown::Absent, &Shown::Absent);
    let fields = |change: &'_ Change, name: &str| -> Option<(Shown, Shown)> {
        let field = change.fields.iter().find(|field| *field.name == *name)?;
        Some((field.before.clone(), field.after.clone()))
    };
    let names: BTreeSet<&str> = then.fields.iter().chain(&now.fields).map(|field| &*field.name).collect();
    for name in names {
        let (old, new) = (fields(then, name), fields(now, name));
        if old == new {
            continue;
        }
        let (was_there, was_wanted) = old.as_ref().map_or(absent, |(before, after)| (before, after));
        let (is_there, is_wanted) = new.as_ref().map_or(absent, |(before, after)| (before, after));
        return Some(match was_there == is_there {
            false => format!("`{name}` was {}, and is {} now", shown(was_there), shown(is_there)),
            true => format!("`{name}` was planned as {}, and would be {} now", shown(was_wanted), shown(is_wanted)),
        });
    }
    None
}

fn shown(value: &Shown) -> String {
    match value {
        Shown::Absent => "not set".to_owned(),
        Shown::Plain(text) => text.to_string(),
        Shown::Secret(fingerprint) => format!("#{}", fingerprint.short()),
        Shown::Unknown => "an unknown secret".to_owned(),
    }
}
