//! Resources of the backend: desired, live and ledger compared. No row looks at another one, but for what
//! is made again, which takes along what it holds.
//!
//! | desired | live | ledger | action · reason |
//! |---|---|---|---|
//! | yes | – | – | Create · New |
//! | yes | – | yes | Create · Missing *(drift)* |
//! | yes | same | yes | nothing |
//! | yes | same | yes, with another `prevent_destroy` or `on_delete` | Adopt · Changed |
//! | yes | differs | equals live, or did not have it | Update · Changed |
//! | yes | differs | equals desired | Update · Drifted *(drift)* |
//! | yes | differs | neither; or one attribute changed, another drifted | Update · Conflict *(drift)* |
//! | yes, a secret | another value | yes, but it never wrote the value | Update · Takeover: hazard |
//! | yes | same | yes, moved from another address | Adopt · Moved |
//! | yes | same | –, with an `import` | Adopt · Imported |
//! | yes | differs | –, with an `import` | Update · Takeover: hazard; Update · Unseen if it can't be read |
//! | yes | differs in what can't be changed in place | any | Replace · Immutable |
//! | yes | a random value, not the one that was made | yes | Adopt · Drifted *(drift)* |
//! | yes | same | open intent, or a request that waited for approval | Adopt · Resumed |
//! | yes | differs | open intent, and no record | Update · Resumed |
//! | yes, a sync | switched off, else the same | as switched off by keyform, and an open intent | Update · Resumed |
//! | yes | same | under an address that is no longer declared, same id | Adopt · New, and Forget · Kept there |
//! | yes | differs | the same | Update · Changed, and Forget · Kept there |
//! | yes | same | –, with `adopt` | Adopt · New |
//! | yes | differs | –, with `adopt` | Update · Takeover: hazard |
//! | yes | can't be read | –, with `adopt` | Update · Unseen: hazard takeover; Adopt · Unseen where it can't be changed in place |
//! | yes, a folder | yes | –, but one below it | as ours: the backend made it on the way |
//! | yes | yes | – | no row: blocked, with a diagnostic |
//! | – | yes | yes | Delete · Removed; Destroyed where the end of everything was asked for |
//! | by keyform itself | yes, a sync | yes | Delete · Changed: the field `run` says why |
//! | – | yes | yes, and a `removed` block without `destroy` | Forget · Kept |
//! | – | an environment or folder that is declared of others | yes | no row: blocked, with a diagnostic |
//! | – | yes | – | nothing; counted as foreign |
//! | – | – | yes | Forget · Gone |
//! | – | yes, with another id | yes | Forget · Gone: somebody made another one of its name |
//! | any | unknown | any | no row: incomplete, unless everything is to end and nothing that is owned needs it |
//!
//! A sync with `run = "keyform"` is nothing that the backend has: it counts as not declared here. An
//! attribute that can't be read is compared with the ledger alone. One that is no longer declared, and was
//! written by us, is unset. What `lifecycle.ignore` names is never compared, but for what a run that did not end left
//! switched off.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::ledger::VALUE;
use crate::model::live::Foreign;
use crate::model::live::Observed;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::ADDRESS;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Field;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::attributes;
use crate::plan::diff::row::Row;
use crate::plan::kept;
use crate::plan::targets::Asked;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

mod row;

/// Adds a row for every resource that is not right.
pub fn resources(plan: &mut Plan, input: &Input<'_>, asked: &Asked) {
    let ending = input.destroy.then(|| ending(input));
    let counts = |address: &Address| ending.as_ref().is_none_or(|ending| ending.contains(address));
    let incomplete = input.live.incomplete.iter().filter(|(address, _)| counts(address));
    plan.incomplete.extend(incomplete.map(|(address, why)| (address.clone(), why.clone())));
    let declared = declared(input);
    let unknown = unknown(input);
    let moved = moved(input, &declared);
    let nothing = Attrs::new();
    for (&address, &resource) in &declared {
        let attrs = input.wanted.resources.get(address).unwrap_or(&nothing);
        if let Some(why) = input.imports.refused.get(address) {
            plan.blocked.insert(address.clone(), why.clone());
            continue;
        }
        let row = Row {
            input,
            resource,
            wanted: attributes::wanted(resource, attrs),
            asked: asked.resource(address) && !input.desired.borrows(address),
        };
        match input.live.resources.get(address) {
            Some(seen) => row.exists(plan, seen, moved.get(address).copied()),
            None if unknown.contains(address) => {}
            None => row.absent(plan),
        }
    }
    if !input.destroy {
        moved_entries(plan, input);
    }
    if !input.destroy {
        plan.blocked.extend(input.imports.refused.iter().map(|(address, why)| (address.clone(), why.clone())));
    }
    plan.blocked.extend(input.moves.refused.iter().map(|(address, why)| (address.clone(), why.clone())));
    replace_contents(plan, input, &declared, asked);
    let kept: BTreeMap<&Address, &Address> = moved.iter().map(|(new, old)| (*old, *new)).collect();
    for address in input.ledger.records.keys().filter(|a| a.entry_key().is_none() && !declared.contains_key(*a)) {
        if input.moves.refused.contains_key(address) {
            continue;
        }
        if let Some(new) = kept.get(address) {
            plan.changes.push(change(address, Action::Forget, Reason::Kept, vec![renamed(address, new)]));
            continue;
        }
        let (action, reason) = match input.live.resources.get(address) {
            Some(_) if !input.destroy && input.desired.releases(address) => (Action::Forget, Reason::Kept),
            // Ours is gone, and somebody made another one of its name.
            Some(seen) if is_anothers(input, address, seen) => (Action::Forget, Reason::Gone),
            Some(_) if input.destroy => (Action::Delete, Reason::Destroyed),
            Some(_) => (Action::Delete, Reason::Removed),
            None if unknown.contains(address) => continue,
            None => (Action::Forget, Reason::Gone),
        };
        if reason == Reason::Removed
            && let Some(why) = still_used(input, address, &declared)
        {
            plan.blocked.insert(address.clone(), why);
            continue;
        }
        // A sync that keyform runs itself from now on.
        let is_taken_over = reason == Reason::Removed && input.desired.resources.contains_key(address);
        let runs = |who: &str| Shown::Plain(format!("\"{who}\"").into());
        let (reason, fields) = match is_taken_over {
            true => (Reason::Changed, vec![field(&"run".into(), runs("backend"), runs("keyform"))]),
            false => (reason, Vec::new()),
        };
        plan.changes.push(change(address, action, reason, fields));
    }
    if input.targets.is_empty() {
        // What goes with its container is not left alone.
        let going: BTreeSet<&Foreign> =
            kept::going(&plan.changes, input).into_iter().flat_map(|(_, all)| all).collect();
        for (place, all) in &input.live.foreign {
            match all.iter().filter(|one| !going.contains(one)).count() {
                0 => {}
                stays => plan.foreign.extend([(Arc::clone(place), stays)]),
            }
        }
    }
}

/// What the end of everything is about: what is owned, or was about to be, and what that needs. Whatever else could not
/// be read is nobody's business then, such as a kind that the server does not have.
fn ending(input: &Input<'_>) -> BTreeSet<Address> {
    let owned = || input.ledger.records.keys().chain(input.ledger.intents.keys()).cloned();
    let mut all = input.desired.graph.closure(owned());
    all.extend(owned());
    all
}

/// Whether what was found by its name is another thing than the one that the ledger knows.
fn is_anothers(input: &Input<'_>, address: &Address, seen: &Observed) -> bool {
    input.ledger.records.get(address).is_some_and(|record| !record.id.is_empty() && record.id != seen.id)
}

/// The syncs that keyform runs itself are nothing of the backend: only their entries have moved.
fn moved_entries(plan: &mut Plan, input: &Input<'_>) {
    for (to, from) in &input.moves.done {
        let resource = input.desired.resources.get(to).filter(|r| r.kind == Kind::SecretSync && !is_planned(r));
        if resource.is_some() && !input.ledger.records.contains_key(to) {
            plan.changes.push(change(to, Action::Adopt, Reason::Moved, vec![renamed(from, to)]));
        }
    }
}

/// The field that shows how the address changed.
pub(super) fn renamed(from: &Address, to: &Address) -> Field {
    let shown = |address: &Address| Shown::Plain(address.to_string().into());
    field(&ADDRESS.into(), shown(from), shown(to))
}

/// What is declared and held by the backend.
pub(super) fn declared<'a>(input: &Input<'a>) -> BTreeMap<&'a Address, &'a Resource> {
    input.desired.resources.iter().filter(|(_, resource)| !input.destroy && is_planned(resource)).collect()
}

/// Why an environment or folder that is no longer declared can't go: what is in it, or reads it, is declared.
fn still_used(input: &Input<'_>, address: &Address, declared: &BTreeMap<&Address, &Resource>) -> Option<Diagnostic> {
    let natural = &input.ledger.records.get(address)?.natural;
    let kind = Kind::from_word(address.kind()).filter(|kind| matches!(kind, Kind::Environment | Kind::Folder))?;
    let project = natural.get("project")?;
    let own = natural.get(if kind == Kind::Environment { "slug" } else { "environment" })?;
    let path = natural.get("path").map(|path| &**path);
    let is_in = |environment: Option<&str>, at: Option<&str>| {
        let below = |path: &str| at?.strip_prefix(path).map(|rest| rest.is_empty() || rest.starts_with('/'));
        environment == Some(own) && (kind == Kind::Environment || path.and_then(below) == Some(true))
    };
    let uses = |resource: &&Resource| {
        let slug = resource.reference("project").and_then(|p| input.desired.resources.get(p)?.text("slug"));
        slug == Some(project)
            && (is_in(resource.text("environment"), resource.text("path"))
                || is_in(resource.text("from_environment"), resource.text("from_path")))
    };
    let users: Vec<&Resource> = declared.values().copied().filter(uses).collect();
    let first = users.first()?;
    let users = match users.len() - 1 {
        0 => format!("{} still needs it", first.address),
        rest => format!("{} and {rest} more still need it", first.address),
    };
    let detail = format!("{address} is no longer declared, but {users}.");
    let help = "declare it again, or take away what needs it as well";
    Some(Diagnostic::error(&codes::STILL_USED, detail).at(first.origin.block, "this needs it").help(help))
}

/// What a record keeps of a resource that was just written with these attributes (those of
/// [`crate::plan::Wanted::resources`]): a fingerprint for each, by the name that a plan compares it under.
#[must_use]
pub fn written(key: &FingerprintKey, resource: &Resource, attrs: &Attrs) -> BTreeMap<Arc<str>, Fingerprint> {
    let mark = |(name, value): (Arc<str>, Value)| {
        let fingerprint = attributes::fingerprint(key, &resource.address, &name, &value);
        (name, fingerprint)
    };
    attributes::wanted(resource, attrs).into_iter().map(mark).collect()
}

/// What a record keeps of a resource that was adopted as it was found, whatever is declared: so that what differs
/// is a change to come.
#[must_use]
pub fn found(
    key: &FingerprintKey,
    resource: &Resource,
    attrs: &Attrs,
    seen: &Attrs,
) -> BTreeMap<Arc<str>, Fingerprint> {
    let mark = |(name, value): (Arc<str>, Value)| {
        let found = match attributes::found(resource.kind, seen, &name) {
            // Another value must not look like one that keyform wrote: it may be nowhere else.
            Some(found) if is_value(resource, &name) && !attributes::equal(&found, &value) => return None,
            Some(found) => found.into_owned(),
            // What is not among what is read is how it was found.
            None if !attributes::is_hidden(&name, &value) => value,
            None => return None,
        };
        let fingerprint = attributes::fingerprint(key, &resource.address, &name, &found);
        Some((name, fingerprint))
    };
    attributes::wanted(resource, attrs).into_iter().filter_map(mark).collect()
}

/// Whether the backend holds it.
fn is_planned(resource: &Resource) -> bool {
    resource.kind.is_planned()
        && !resource.is_data()
        && !(resource.kind == Kind::SecretSync && resource.text("run") == Some("keyform"))
}

/// What can't be said to be absent, because it or something that it needs could not be read.
fn unknown(input: &Input<'_>) -> BTreeSet<Address> {
    let incomplete = &input.live.incomplete;
    if incomplete.is_empty() {
        return BTreeSet::new();
    }
    let is_unknown = |address: &Address| {
        let mut above = Some(address.clone());
        while let Some(one) = above {
            if incomplete.contains_key(&one) {
                return true;
            }
            above = one.parent();
        }
        input.desired.graph.closure([address.clone()]).iter().any(|needed| incomplete.contains_key(needed))
    };
    let all = input.desired.resources.keys().chain(input.ledger.records.keys());
    all.filter(|address| address.entry_key().is_none() && is_unknown(address)).cloned().collect()
}

/// What the ledger has under an address that is no longer declared and lives on under another one: by the
/// new address, the old one.
pub(super) fn moved<'a>(
    input: &Input<'a>,
    declared: &BTreeMap<&'a Address, &Resource>,
) -> BTreeMap<&'a Address, &'a Address> {
    let old = input.ledger.records.iter().filter(|(a, r)| !r.id.is_empty() && !declared.contains_key(*a));
    let by_id: BTreeMap<(&str, &str), &Address> = old.map(|(a, r)| ((a.kind(), &*r.id), a)).collect();
    // Also one that has its record by now: a run that was killed has not dropped the old one yet.
    declared
        .keys()
        .filter_map(|&address| {
            let seen = input.live.resources.get(address)?;
            Some((address, *by_id.get(&(address.kind(), &*seen.id))?))
        })
        .collect()
}

fn change(address: &Address, action: Action, reason: Reason, fields: Vec<Field>) -> Change {
    let drift = matches!(reason, Reason::Missing | Reason::Drifted | Reason::Conflict);
    Change { address: address.clone(), action, reason, drift, fields, needs: Vec::new() }
}

/// Whether an attribute is the value of a secret.
fn is_value(resource: &Resource, name: &str) -> bool {
    resource.kind == Kind::Secret && name == VALUE
}

fn field(name: &Arc<str>, before: Shown, after: Shown) -> Field {
    Field { name: Arc::clone(name), before, after }
}

/// What is in a project, environment or folder that is made again goes with it, and is made again too. A
/// sync outlives its source folder and only has to be pointed at the new one. A connection holds nothing:
/// what uses it is pointed at the new one before the old one goes.
fn replace_contents(plan: &mut Plan, input: &Input<'_>, declared: &BTreeMap<&Address, &Resource>, asked: &Asked) {
    let replaced: Vec<&Resource> = plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Replace)
        .filter_map(|change| declared.get(&change.address).copied())
        .filter(|resource| matches!(resource.kind, Kind::Project | Kind::Environment | Kind::Folder))
        .collect();
    if replaced.is_empty() {
        return;
    }
    let rows: BTreeMap<Address, usize> = (0..).zip(&plan.changes).map(|(i, c)| (c.address.clone(), i)).collect();
    for (&address, &resource) in declared {
        let Some(container) = replaced.iter().find(|container| holds(container, resource)) else { continue };
        if !input.live.resources.contains_key(address) || plan.blocked.contains_key(address) {
            continue;
        }
        let in_project = replaced.iter().any(|container| container.kind == Kind::Project && holds(container, resource));
        if resource.kind == Kind::Secret && !in_project {
            // One that is where it is declared has moved there already: its container is made anew before the old one ends.
            continue;
        }
        let (action, reason) = match (resource.kind, container.kind) {
            (Kind::SecretSync, Kind::Environment | Kind::Folder) => (Action::Update, Reason::Changed),
            _ => (Action::Replace, Reason::Immutable),
        };
        match rows.get(address) {
            Some(&row) if action == Action::Replace => {
                plan.changes[row].action = action;
                plan.changes[row].reason = reason;
            }
            Some(_) => {}
            None => {
                plan.unchanged -= usize::from(asked.resource(address));
                plan.changes.push(change(address, action, reason, Vec::new()));
            }
        }
    }
}

/// Whether a project, environment or folder contains another resource.
fn holds(container: &Resource, other: &Resource) -> bool {
    if container.address == other.address {
        return false;
    }
    let project = other.reference("project");
    match container.kind {
        Kind::Project => project == Some(&container.address),
        Kind::Environment => {
            project == container.reference("project") && other.text("environment") == container.text("slug")
        }
        Kind::Folder => {
            let inside = |path: &str| {
                let rest = container.text("path").and_then(|own| path.strip_prefix(own));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            project == container.reference("project")
                && other.text("environment") == container.text("environment")
                && other.text("path").is_some_and(inside)
        }
        _ => false,
    }
}
