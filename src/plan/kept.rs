//! Values that must not be lost: those of secrets that go with what holds them, and those that a read gave as empty.

use crate::model::address::Address;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::model::ledger::VALUE;
use crate::model::live::Foreign;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Field;
use crate::plan::Input;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::entries;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether a project, environment or folder held something when both were written.
#[must_use]
pub fn was_inside(ledger: &Ledger, container: &Address, other: &Address) -> bool {
    let natural = |address: &Address| ledger.records.get(address).map(|record| &record.natural);
    let both = natural(container).zip(natural(other));
    both.is_some_and(|(own, other)| is_inside(container, own, other))
}

/// Secrets that would be lost with a container that is made again: by the container. A project goes before its
/// successor is there, so whatever only the backend has; an environment or folder after all that moves, so what stays.
pub(super) fn lost_with<'a>(input: &Input<'a>, changes: &'a [Change]) -> BTreeMap<&'a Address, Vec<&'a Address>> {
    let rows: BTreeMap<&Address, Action> = changes.iter().map(|change| (&change.address, change.action)).collect();
    let mut lost: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for (&container, _) in rows.iter().filter(|(_, action)| **action == Action::Replace) {
        let kind = Kind::from_word(container.kind());
        if !matches!(kind, Some(Kind::Project | Kind::Environment | Kind::Folder)) {
            continue;
        }
        let declared_there = |address: &Address| {
            let resource = input.desired.resources.get(address);
            resource.and_then(|resource| resource.reference("project")) == Some(container)
        };
        let is_secret = |address: &Address| address.kind() == Kind::Secret.word() && address.entry_key().is_none();
        for address in input.live.resources.keys().filter(|address| is_secret(address)) {
            let is_in = was_inside(input.ledger, container, address);
            let goes = match (kind, rows.get(address)) {
                (_, Some(Action::Delete)) => true,
                (Some(Kind::Project), _) if is_in || declared_there(address) => {
                    declared_there(address) && input.desired.resources.get(address).is_some_and(can_be_made_again)
                }
                (_, Some(Action::Replace)) => true,
                _ => !is_in,
            };
            if !goes {
                lost.entry(container).or_default().push(address);
            }
        }
    }
    lost
}

/// Whether the value comes from outside of the backend.
fn can_be_made_again(secret: &Resource) -> bool {
    !matches!(secret.attrs.get(VALUE), None | Some(Value::Null)) && !is_kept_there(secret)
}

fn is_kept_there(secret: &Resource) -> bool {
    let is = |source: &SecretSource| matches!(source, SecretSource::Random { .. } | SecretSource::Stored(_));
    matches!(secret.attrs.get(VALUE), Some(Value::Source(source)) if is(source))
}

/// Random secrets and entries whose value was something and is empty now, though nobody declares it so: by secret or sync,
/// how many.
pub(super) fn emptied(input: &Input<'_>, changes: &[Change]) -> BTreeMap<Address, usize> {
    let mut emptied: BTreeMap<Address, usize> = BTreeMap::new();
    for change in changes.iter().filter(|change| matches!(change.action, Action::Update | Action::Adopt)) {
        let Some(Field { after: Shown::Secret(after), .. }) = change.fields.iter().find(|field| *field.name == *VALUE)
        else {
            continue;
        };
        let written = input.ledger.records.get(&change.address).and_then(|record| record.written.get(VALUE));
        let Some(written) = written else { continue };
        let (at, is_empty) = match change.address.entry_key() {
            None => {
                let empty = input.key.fingerprint(&change.address.to_string(), b"");
                let is_random = change.action == Action::Adopt && change.reason == Reason::Drifted;
                (change.address.clone(), is_random && empty == *after)
            }
            Some(stored) => {
                let sync = change.address.resource();
                let pushed = input.wanted.syncs.get(&sync);
                let is_empty = pushed.is_some_and(|pushed| {
                    let empty = entries::fingerprint(input.key, &sync, &pushed.rules, stored, b"");
                    let is_it = |source: &Arc<str>| *job::stored(&pushed.schema, &pushed.rules, source) == *stored;
                    let said = |source: &Arc<str>| is_it(source) && is_declared_so(input, &sync, source);
                    empty == *after && *written != empty && !pushed.source.keys().any(said)
                });
                (sync, change.action == Action::Update && is_empty)
            }
        };
        if is_empty {
            *emptied.entry(at).or_default() += 1;
        }
    }
    emptied
}

/// Whether the configuration itself gives the value that a sync pushes.
fn is_declared_so(input: &Input<'_>, sync: &Address, key: &str) -> bool {
    let Some(sync) = input.desired.resources.get(sync) else { return false };
    let mut secrets = input.desired.resources.values().filter(|resource| resource.kind == Kind::Secret);
    secrets.any(|secret| secret.text("key") == Some(key) && is_source_of(secret, sync) && can_be_made_again(secret))
}

/// Whether a sync pushes the folder that a secret is in.
pub(super) fn is_source_of(secret: &Resource, sync: &Resource) -> bool {
    let path = |resource: &Resource| resource.text("path").unwrap_or("/").trim_end_matches('/').to_owned();
    sync.kind == Kind::SecretSync
        && sync.reference("project") == secret.reference("project")
        && sync.text("environment") == secret.text("environment")
        && path(sync) == path(secret)
}

/// What nobody here owns and goes with a container that ends or is made again: each thing once, at the outermost one.
pub(super) fn going<'a>(changes: &'a [Change], input: &Input<'a>) -> Vec<(&'a Address, &'a [Foreign])> {
    let ends = changes.iter().filter(|change| matches!(change.action, Action::Delete | Action::Replace));
    let holders: Vec<(&Address, &[Foreign])> = ends
        .filter_map(|change| Some((&change.address, &*input.live.resources.get(&change.address)?.foreign)))
        .filter(|(_, foreign)| !foreign.is_empty())
        .collect();
    let natural = |address: &Address| input.ledger.records.get(address).map(|record| &record.natural);
    let is_outermost = |(address, _): &&(&Address, &[Foreign])| {
        let is_around = |other: &Address| {
            let pair = natural(other).zip(natural(address));
            other != *address && pair.is_some_and(|(own, inner)| is_inside(other, own, inner))
        };
        !holders.iter().any(|(other, _)| is_around(other))
    };
    holders.iter().filter(is_outermost).copied().collect()
}

/// Whether a project, environment or folder held something when both were written.
pub(super) fn is_inside(container: &Address, own: &Natural, other: &Natural) -> bool {
    let same = |name: &str, as_name: &str| own.get(name).is_some_and(|value| other.get(as_name) == Some(value));
    match Kind::from_word(container.kind()) {
        Some(Kind::Project) => same("slug", "project"),
        Some(Kind::Environment) => same("project", "project") && same("slug", "environment"),
        Some(Kind::Folder) => {
            let rest = own.get("path").and_then(|own| other.get("path")?.strip_prefix(&**own));
            let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            same("project", "project") && same("environment", "environment") && is_below
        }
        _ => false,
    }
}
