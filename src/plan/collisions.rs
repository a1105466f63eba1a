//! Keys that two secrets would share at one place: of one sync, of two that are declared, or of one that the
//! backend has and nothing declares. Templates that keep two writers apart prove it for all keys
//! ([`job::under`]); where they do not, the keys themselves are compared, as the destination stores them.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::job::InitialSync;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Other;
use crate::plan::Plan;
use crate::plan::Pushed;
use crate::plan::kept;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Keys of a sync that another writer has as well.
pub(super) struct Meeting<'a> {
    /// The sync.
    pub(super) sync: &'a Resource,
    /// Who else.
    pub(super) with: With<'a>,
    /// The keys as they are stored, each with the secret's own key in both sources; the other one's is empty
    /// where the other would delete the key.
    pub(super) keys: Vec<(Arc<str>, [Arc<str>; 2])>,
}

/// Who else writes a key.
#[derive(Clone, Copy)]
pub(super) enum With<'a> {
    /// Another declared sync, or the same one.
    Sync(&'a Resource),
    /// A sync that nothing declares.
    Other(&'a Other),
}

/// What syncs share. `syncs` are those that are planned.
pub(super) fn meetings<'a>(input: &Input<'a>, syncs: &[(&'a Resource, &'a Pushed)]) -> Vec<Meeting<'a>> {
    let mut places: BTreeMap<_, Vec<(&Resource, &Pushed)>> = BTreeMap::new();
    for (sync, pushed) in syncs {
        // A place that is not known is nobody else's.
        let alone = pushed.place.is_empty().then_some(&sync.address);
        places.entry((&pushed.place, alone)).or_default().push((sync, pushed));
    }
    let mut meetings = Vec::new();
    for syncs in places.values() {
        declared(&mut meetings, syncs);
        for other in &input.wanted.others {
            for (sync, pushed) in syncs.iter().filter(|(_, pushed)| pushed.place == other.place) {
                meetings.extend(undeclared(sync, pushed, other));
            }
        }
    }
    meetings
}

/// What the declared syncs of one place share.
fn declared<'a>(meetings: &mut Vec<Meeting<'a>>, syncs: &[(&'a Resource, &'a Pushed)]) {
    // Different keys of one source stay different where nothing changes their letters.
    if let [(_, pushed)] = syncs
        && pushed.rules.keeps_letters()
    {
        return;
    }
    let mut writers: BTreeMap<Arc<str>, (&Resource, &Arc<str>)> = BTreeMap::new();
    for (sync, pushed) in syncs {
        let mut met: BTreeMap<&Address, Meeting<'_>> = BTreeMap::new();
        for source in pushed.source.keys() {
            let stored = job::stored(&pushed.schema, &pushed.rules, source);
            match writers.entry(job::identity(&pushed.rules, &stored)) {
                Entry::Vacant(free) => {
                    free.insert((sync, source));
                }
                Entry::Occupied(taken) => {
                    let (other, name) = *taken.get();
                    let meeting = Meeting { sync, with: With::Sync(other), keys: Vec::new() };
                    let meeting = met.entry(&other.address).or_insert(meeting);
                    meeting.keys.push((stored, [Arc::clone(source), Arc::clone(name)]));
                }
            }
        }
        meetings.extend(met.into_values());
    }
    for (sync, pushed) in syncs {
        let others = syncs.iter().filter(|(other, theirs)| {
            let takes = deletes(other) || imports(theirs);
            other.address != sync.address && takes && theirs.schema.can_manage(&pushed.schema)
        });
        meetings.extend(others.filter_map(|(other, theirs)| deleted(sync, pushed, other, theirs)));
    }
}

/// Whether a sync deletes what looks like its own key and is none: what keyform runs itself knows its own.
fn deletes(sync: &Resource) -> bool {
    let keeps = sync.attrs.get("disable_secret_deletion").and_then(Value::as_bool).unwrap_or(false);
    sync.text("run") != Some("keyform") && !keeps
}

/// Whether the first run of a sync takes what it finds into its source.
fn imports(pushed: &Pushed) -> bool {
    pushed.can_import && pushed.first.is_some_and(InitialSync::imports)
}

/// What another sync does with keys that look like its own and are none.
pub(super) fn does(other: &Resource, theirs: Option<&Pushed>) -> String {
    match theirs.is_some_and(imports) {
        true => format!("the first run of {} would import", other.address),
        false => format!("each run of {} would delete", other.address),
    }
}

/// Keys of a sync that another one would delete, or take into its source.
fn deleted<'a>(sync: &'a Resource, pushed: &'a Pushed, other: &'a Resource, theirs: &'a Pushed) -> Option<Meeting<'a>> {
    let stored = |pushed: &Pushed, source: &Arc<str>| job::stored(&pushed.schema, &pushed.rules, source);
    let own: BTreeSet<Arc<str>> =
        theirs.source.keys().map(|source| job::identity(&theirs.rules, &stored(theirs, source))).collect();
    let is_lost =
        |stored: &Arc<str>| theirs.schema.manages(stored) && !own.contains(&job::identity(&theirs.rules, stored));
    let keys = pushed.source.keys().map(|source| (stored(pushed, source), source));
    let keys =
        keys.filter(|(stored, _)| is_lost(stored)).map(|(stored, source)| (stored, [Arc::clone(source), "".into()]));
    let keys: Vec<_> = keys.collect();
    (!keys.is_empty()).then_some(Meeting { sync, with: With::Sync(other), keys })
}

/// What a declared sync shares with one that nothing declares: keys that both write, and keys that the other one
/// deletes, because they look like its own and its source lacks them.
fn undeclared<'a>(sync: &'a Resource, pushed: &'a Pushed, other: &'a Other) -> Option<Meeting<'a>> {
    let rules = &pushed.rules;
    let apart = !job::under(&pushed.schema, rules).meets(&job::under(&other.schema, rules));
    if apart && !other.deletes {
        return None;
    }
    let identity = |source: &Arc<str>, schema| job::identity(rules, &job::stored(schema, rules, source));
    let theirs = other.source.as_ref()?.iter().map(|source| (identity(source, &other.schema), source));
    let theirs: BTreeMap<Arc<str>, &Arc<str>> = theirs.collect();
    let keys = pushed.source.keys().filter_map(|source| {
        let stored = job::stored(&pushed.schema, rules, source);
        match theirs.get(&job::identity(rules, &stored)) {
            Some(name) => Some((stored, [Arc::clone(source), Arc::clone(*name)])),
            None if other.deletes && other.schema.manages(&stored) => Some((stored, [Arc::clone(source), "".into()])),
            None => None,
        }
    });
    let keys: Vec<_> = keys.collect();
    (!keys.is_empty()).then_some(Meeting { sync, with: With::Other(other), keys })
}

/// The first key of each meeting, with both declarations underlined.
#[must_use]
pub fn notes(input: &Input<'_>, plan: &Plan) -> Vec<Diagnostic> {
    let hazards = plan.hazards.iter().filter(|hazard| hazard.kind == HazardKind::Collision);
    let named: BTreeSet<&Address> = hazards.map(|hazard| &hazard.address).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let syncs: Vec<_> =
        input.desired.syncs().filter_map(|sync| Some((sync, input.wanted.syncs.get(&sync.address)?))).collect();
    let meetings = meetings(input, &syncs);
    let named = meetings.iter().filter(|meeting| named.contains(&meeting.sync.address));
    named.filter_map(|meeting| note(input, meeting)).collect()
}

fn note(input: &Input<'_>, meeting: &Meeting<'_>) -> Option<Diagnostic> {
    let (stored, [own, their]) = meeting.keys.first()?;
    let address = &meeting.sync.address;
    let place = |sync: &Resource, key: &str| declaration(input, sync, key).unwrap_or(sync.origin.block);
    let at = place(meeting.sync, own);
    Some(match meeting.with {
        With::Sync(other) if their.is_empty() => {
            let does = does(other, input.wanted.syncs.get(&other.address));
            let detail = format!("At the same place, {does} what {address} writes: `{stored}`.");
            let d = Diagnostic::warning(&codes::ONE_KEY, detail).at(at, format!("is `{stored}`"));
            let d = if other.origin.block == at { d } else { d.at(other.origin.block, "this takes it") };
            d.help("give each a key schema with another prefix, or set `disable_secret_deletion = true` on both")
        }
        With::Sync(other) => {
            let detail = match other.address == *address {
                true => format!("`{own}` and `{their}` of {address} are both `{stored}` there."),
                false => format!("{address} and {} both write `{stored}`.", other.address),
            };
            let mut then = place(other, their);
            let mut now = at;
            if then == now {
                // One secret, or one block of several: it is the syncs that tell them apart.
                (then, now) = (other.origin.block, meeting.sync.origin.block);
            }
            let d = Diagnostic::warning(&codes::ONE_KEY, detail).at(now, format!("is `{stored}`"));
            if then == now { d } else { d.at(then, format!("is `{stored}` as well")) }
        }
        With::Other(other) => {
            let does = if their.is_empty() { "would delete" } else { "writes as well" };
            let detail = format!("{}, which nothing declares, {does} what {address} writes: `{stored}`.", other.called);
            Diagnostic::warning(&codes::ONE_KEY, detail)
                .at(at, format!("is `{stored}`"))
                .help("declare that sync under its own name, with another key schema or place; or delete it")
        }
    })
}

/// The block of a secret that a sync pushes, if it is declared in the sync's own folder.
fn declaration(input: &Input<'_>, sync: &Resource, key: &str) -> Option<Span> {
    let secret = input.desired.resources.values().find(|resource| {
        resource.kind == Kind::Secret && resource.text("key") == Some(key) && kept::is_source_of(resource, sync)
    });
    Some(secret?.origin.block)
}
