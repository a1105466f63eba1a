//! Splitting a configuration into shards, so that several processes plan and apply it at once; and what of a shard's plan
//! is another one's to do.
//!
//! What belongs together is never split:
//!
//! | together | because |
//! |---|---|
//! | what needs something, and what it needs | it waits for it; but for what is *common* |
//! | projects of one slug, and who takes a value that is stored in one | they read and write the same folders |
//! | syncs that may write to one place | only who sees both finds keys that meet |
//!
//! *Common* is what is of no project (connections, identities, templates, key schemas) and what several parts need. It is
//! shard 1's, with all that it needs. The other shards borrow it: they read it, have no row for it, and do nothing as long
//! as shard 1 has. So no two shards ever wait for each other.
//!
//! The split follows from the configuration alone, so that all shards agree however far the others have come. The
//! largest part goes first, to whoever has least to do.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::DESTINATION;
use crate::model::ledger::Record;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::attributes;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many resources that wait are named; the rest is a number.
const NAMED: usize = 3;

/// Where a sync writes, as far as its declaration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The kind of its destination.
    pub slug: Arc<str>,
    /// What says where it is; `None` where that is not known before it runs.
    pub fields: BTreeMap<Arc<str>, Option<String>>,
    /// What the connection says in plain text.
    pub access: BTreeMap<Arc<str>, String>,
}

impl Spot {
    /// Whether two syncs may write to one place, for all that can be told.
    fn may_be(&self, other: &Self) -> bool {
        let same_fields = self.fields.iter().all(|(name, own)| match (own, other.fields.get(name)) {
            (Some(own), Some(Some(their))) => own == their,
            _ => true,
        });
        let same_access = self.access.iter().all(|(name, own)| other.access.get(name).is_none_or(|their| their == own));
        self.slug == other.slug && same_fields && same_access
    }
}

/// Whose every resource is, of so many shards, counted from 1.
#[must_use]
pub fn split(desired: &Desired, spots: &BTreeMap<Address, Spot>, total: u32) -> BTreeMap<Address, u32> {
    let resources: Vec<&Resource> = desired.resources.values().collect();
    let at: BTreeMap<&Address, usize> = resources.iter().enumerate().map(|(at, r)| (&r.address, at)).collect();
    let mut sets = Sets((0..resources.len()).collect());
    let edges: Vec<(usize, usize)> = desired
        .graph
        .edges()
        .iter()
        .filter_map(|edge| Some((*at.get(&edge.from)?, *at.get(&edge.to)?)))
        .chain(stored(&resources))
        .collect();
    let is_free = |at: usize| is_of_no_project(resources[at]);
    for &(from, to) in edges.iter().filter(|(_, to)| !is_free(*to)) {
        sets.join(from, to);
    }
    let mut slugs: BTreeMap<&str, usize> = BTreeMap::new();
    for (project, resource) in resources.iter().enumerate().filter(|(_, r)| r.kind == Kind::Project) {
        if let Some(slug) = resource.text("slug") {
            sets.join(*slugs.entry(slug).or_insert(project), project);
        }
    }
    for (a, b) in meetings(spots) {
        if let (Some(a), Some(b)) = (at.get(a), at.get(b)) {
            sets.join(*a, *b);
        }
    }
    let common = common(&mut sets, &edges, &is_free, resources.len());
    let mut parts: BTreeMap<usize, (u64, bool)> = BTreeMap::new();
    for (at, resource) in resources.iter().enumerate() {
        let part = parts.entry(sets.find(at)).or_default();
        part.0 += requests(resource);
        part.1 |= common.contains(&at);
    }
    // By the first address of each part: a set is called after its first member.
    let mut order: Vec<(usize, (u64, bool))> = parts.into_iter().collect();
    order.sort_by_key(|(first, (weight, is_common))| (!is_common, Reverse(*weight), *first));
    let mut loads = vec![0_u64; usize::try_from(total.max(1)).unwrap_or(1)];
    let mut owners: BTreeMap<usize, u32> = BTreeMap::new();
    for (part, (weight, is_common)) in order {
        let least = loads.iter().enumerate().min_by_key(|(_, load)| **load).map_or(0, |(shard, _)| shard);
        let shard = if is_common { 0 } else { least };
        loads[shard] += weight;
        owners.insert(part, u32::try_from(shard + 1).unwrap_or(1));
    }
    let owner = |at: usize, sets: &mut Sets| owners.get(&sets.find(at)).copied().unwrap_or(1);
    resources.iter().enumerate().map(|(at, r)| (r.address.clone(), owner(at, &mut sets))).collect()
}

/// What several parts need though it is of no project. What only one part needs joins it.
fn common(sets: &mut Sets, edges: &[(usize, usize)], is_free: &dyn Fn(usize) -> bool, count: usize) -> BTreeSet<usize> {
    let (mut users, mut needs) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for &(from, to) in edges {
        if is_free(to) {
            users[to].push(from);
        }
        if is_free(from) {
            needs[from].push(to);
        }
    }
    // What needs a thing comes before it: then it is known which parts it is for.
    let mut waiting: Vec<usize> =
        users.iter().map(|users| users.iter().filter(|user| is_free(**user)).count()).collect();
    let mut ready: Vec<usize> = (0..count).filter(|at| is_free(*at) && waiting[*at] == 0).collect();
    let mut common = BTreeSet::new();
    let mut next = 0;
    while let Some(&at) = ready.get(next) {
        next += 1;
        let own = sets.find(at);
        let parts: BTreeSet<usize> =
            users[at].iter().map(|user| sets.find(*user)).filter(|part| *part != own).collect();
        let is_alone = users[at].iter().all(|user| !common.contains(user));
        match parts.first() {
            None => {}
            Some(part) if parts.len() == 1 && is_alone && sets.is_single(at, &needs[at]) => sets.join(*part, at),
            Some(_) => {
                common.insert(at);
            }
        }
        for &to in needs[at].iter().filter(|to| is_free(**to)) {
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    common
}

/// Sets of what belongs together, each called after its first member.
struct Sets(Vec<usize>);

impl Sets {
    fn find(&mut self, at: usize) -> usize {
        let mut root = at;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut one = at;
        while self.0[one] != root {
            one = std::mem::replace(&mut self.0[one], root);
        }
        root
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        let (first, second) = (a.min(b), a.max(b));
        self.0[second] = first;
    }

    /// Whether something was not joined with what it needs.
    fn is_single(&mut self, at: usize, needs: &[usize]) -> bool {
        let own = self.find(at);
        own == at && !needs.iter().any(|needed| self.find(*needed) == own)
    }
}

/// Whether something can be needed by several projects without being of one.
fn is_of_no_project(resource: &Resource) -> bool {
    match resource.kind {
        Kind::AppConnection => resource.attrs.get("project").is_none_or(Value::is_null),
        Kind::KeySchema => true,
        kind => kind.is_of_organization(),
    }
}

/// Who takes a value out of a declared project by its name: a pair of both.
fn stored(resources: &[&Resource]) -> Vec<(usize, usize)> {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Source(source) => {
                if let SecretSource::Stored(place) = &**source {
                    found.extend(place.trim_matches('/').split('/').next());
                }
            }
            Value::List(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(fields) => fields.values().for_each(|field| walk(field, found)),
            _ => {}
        }
    }
    let projects = resources.iter().enumerate().filter(|(_, r)| r.kind == Kind::Project);
    let projects: BTreeMap<&str, usize> = projects.filter_map(|(at, r)| Some((r.text("slug")?, at))).collect();
    let mut pairs = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let mut slugs = Vec::new();
        resource.attrs.values().for_each(|value| walk(value, &mut slugs));
        pairs.extend(slugs.into_iter().filter_map(|slug| Some((at, *projects.get(slug)?))));
    }
    pairs
}

/// Pairs of syncs that may write to one place, enough of them to join all that may.
fn meetings(spots: &BTreeMap<Address, Spot>) -> Vec<(&Address, &Address)> {
    // Equal ones are one; those that say everything are compared with those that say the same.
    let mut equal: BTreeMap<Vec<u8>, (&Address, &Spot)> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (address, spot) in spots {
        // `Debug` of plain data is a fine key, and shown to nobody.
        let (first, _) = *equal.entry(format!("{spot:?}").into_bytes()).or_insert((address, spot));
        pairs.push((first, address));
    }
    let mut exact: BTreeMap<String, Vec<(&Address, &Spot)>> = BTreeMap::new();
    let mut vague: BTreeMap<&str, Vec<(&Address, &Spot)>> = BTreeMap::new();
    for &(address, spot) in equal.values() {
        match spot.fields.values().all(Option::is_some) {
            true => exact.entry(format!("{} {:?}", spot.slug, spot.fields)).or_default().push((address, spot)),
            false => vague.entry(&spot.slug).or_default().push((address, spot)),
        }
    }
    let compare = |one: (&'_ Address, &'_ Spot), others: &[(&'_ Address, &'_ Spot)]| -> Vec<usize> {
        (0..others.len()).filter(|at| one.1.may_be(others[*at].1)).collect()
    };
    for group in exact.values() {
        for (at, one) in group.iter().enumerate() {
            pairs.extend(compare(*one, &group[..at]).into_iter().map(|other| (group[other].0, one.0)));
        }
    }
    for (slug, group) in &vague {
        let all: Vec<(&Address, &Spot)> = equal.values().filter(|(_, spot)| *spot.slug == **slug).copied().collect();
        for one in group {
            pairs.extend(compare(*one, &all).into_iter().map(|other| (all[other].0, one.0)));
        }
    }
    pairs
}

/// About how many requests something costs, made anew: what is read for it, written, and read again.
fn requests(resource: &Resource) -> u64 {
    match resource.kind {
        Kind::KeySchema => 0,
        Kind::Project if resource.is_data() => 2,
        _ if resource.is_data() => 0,
        Kind::Project => 3,
        Kind::Environment | Kind::NativeIntegration => 2,
        Kind::SecretSync => 4,
        _ => 1,
    }
}

/// Leaves in a plan what is this shard's to do. What waits for something that another shard has to do first keeps its rows, so
/// that drift is seen, and is blocked besides; of what ends keys where another shard writes, nothing is left.
pub fn narrow(plan: &mut Plan, input: &Input<'_>) {
    let Some(part) = &input.desired.part else { return };
    for (sync, other) in overlaps(plan, input) {
        let owner = part.owner(&other).unwrap_or(1);
        let detail = format!("{sync} takes keys away from where {other} writes, which belongs to shard {owner}.");
        let why = Diagnostic::error(&codes::SHARD_PLACE, detail)
            .help("apply this one change without `--shard`: only who sees both puts them in order");
        plan.changes.retain(|change| change.address.resource() != sync);
        plan.blocked.insert(sync, why);
    }
    let mut held: BTreeMap<Address, Address> = BTreeMap::new();
    // In the order of the plan, so that what a row needs comes before it.
    for change in &plan.changes {
        let cause = match part.borrows(&change.address) {
            true => Some(&change.address),
            false => change.needs.iter().find_map(|needed| held.get(needed)),
        };
        if let Some(cause) = cause.cloned() {
            held.insert(change.address.clone(), cause);
        }
    }
    plan.changes.retain(|change| !part.borrows(&change.address));
    plan.changes.iter_mut().for_each(|change| change.needs.retain(|needed| !part.borrows(needed)));
    let mut waiting: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for (address, cause) in held.into_iter().filter(|(address, _)| !part.borrows(address)) {
        waiting.entry(cause.resource()).or_default().insert(address.resource());
    }
    for (cause, resources) in waiting {
        let owner = part.owner(&cause).unwrap_or(1);
        let named: Vec<String> = resources.iter().take(NAMED).map(ToString::to_string).collect();
        let more = match resources.len() - named.len() {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let detail = format!("Shard {owner} has to change {cause} before {}{more}.", named.join(", "));
        let help = format!("run shard {owner}/{} first, then this one again", part.shard.total());
        plan.blocked.entry(cause).or_insert_with(|| Diagnostic::error(&codes::SHARD_WAITS, detail).help(help));
    }
}

/// Drops what is dangerous about things of other shards: they say it themselves.
pub fn judged(plan: &mut Plan, input: &Input<'_>) {
    plan.hazards.retain(|hazard| hazard.kind == HazardKind::Incomplete || !input.desired.borrows(&hazard.address));
}

/// Syncs of this shard that end, or leave, where a sync of another one writes.
fn overlaps(plan: &Plan, input: &Input<'_>) -> BTreeMap<Address, Address> {
    let Some(part) = input.desired.part.as_ref().filter(|part| !part.elsewhere.is_empty()) else {
        return BTreeMap::new();
    };
    let mut found = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| !part.borrows(&change.address)) {
        let sync = change.address.resource();
        if sync.kind() != Kind::SecretSync.word() || found.contains_key(&sync) {
            continue;
        }
        let is_entry = change.address.entry_key().is_some();
        let other = match (input.ledger.records.get(&change.address), is_entry) {
            (Some(entry), true) if change.action == Action::Delete => {
                // Where the sync still writes, nobody else does.
                let now = input.wanted.syncs.get(&sync).map(|pushed| &pushed.called);
                let left = entry.natural.get(DESTINATION).filter(|called| now != Some(*called));
                part.elsewhere.iter().find(|other| left == Some(&other.called))
            }
            (Some(record), false) if !stays(input, &sync, record) => {
                part.elsewhere.iter().find(|other| was_at(input, &sync, record, &other.slug, &other.fields))
            }
            _ => None,
        };
        if let Some(other) = other {
            found.insert(sync, other.sync.clone());
        }
    }
    found
}

/// Whether a sync is declared where it was written.
fn stays(input: &Input<'_>, sync: &Address, record: &Record) -> bool {
    let declared = input.desired.resources.get(sync).zip(input.wanted.resources.get(sync));
    declared.is_some_and(|(resource, attrs)| {
        let flat = attributes::wanted(resource, attrs);
        let fields = flat.into_iter().filter(|(name, _)| name.starts_with("destination."));
        was_at(input, sync, record, &resource.slug, &fields.collect())
    })
}

/// Whether the fields of a destination are those that a sync was written with, as far as its record has them.
fn was_at(input: &Input<'_>, sync: &Address, record: &Record, slug: &str, fields: &BTreeMap<Arc<str>, Value>) -> bool {
    let is_same = |(name, value): (&Arc<str>, &Value)| {
        let mark = record.written.get(name);
        mark.is_none_or(|mark| *mark == attributes::fingerprint(input.key, sync, name, value))
    };
    record.natural.get(DESTINATION).is_none_or(|was| **was == *slug) && fields.iter().all(is_same)
}
