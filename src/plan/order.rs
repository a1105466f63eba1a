//! What each change waits for, and the order that follows.
//!
//! | row | waits for |
//! |---|---|
//! | resource that stays | rows of what it needs; a secret that moves, the one that is still where it goes, be it that it moves on or ends |
//! | resource that ends | another slug of its environment; the end of what needs it or is in it; a container also for what is made again outside of it; a container or connection also for every sync and import that changes, since these may still point at it |
//! | entry | its sync, and nothing else; if that has no row, the rows of what the sync needs, of secrets only its own, and the end or the move of its own; one that stays also for the end of another sync that takes a key of this name along |
//! | entry at a place that its sync leaves | as other entries; where something leaves the sync's project, or another sync writes such a key, nothing: these and its own sync wait for it, since the backend takes away only what the source still has, whoever wrote it |
//!
//! What is only dropped from the ledger because it is declared under another address now waits for the row under that one.
//!
//! A sync that pushes what the first run of another one imports also comes after that one.
//!
//! What stays never waits for what ends, but for entries, which nothing waits for but syncs that come after an import:
//! so there is no circle.

use crate::diag::Diagnostic;
use crate::model::address::Address;
use crate::model::ledger::Natural;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::names;
use crate::plan::places::Places;
use crate::plan::relabelled;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::BinaryHeap;

/// Fills in [`Change::needs`] and puts the rows into an order in which they can be done: the same plan
/// always comes in the same order.
pub fn order(plan: &mut Plan, input: &Input<'_>) {
    plan.changes.sort_by(|a, b| a.address.cmp(&b.address));
    let all = Needs::new(&plan.changes, input);
    let needs = all.all();
    let swapped = all.swapped(&needs);
    plan.blocked.extend(swapped);
    let order = sorted(&plan.changes, &needs);
    for (change, needs) in plan.changes.iter_mut().zip(needs) {
        change.needs = needs.addresses;
    }
    let mut rows: Vec<Option<Change>> = plan.changes.drain(..).map(Some).collect();
    plan.changes = order.into_iter().filter_map(|i| rows[i].take()).collect();
}

/// What one row waits for.
#[derive(Default)]
struct Waits {
    addresses: Vec<Address>,
    rows: Vec<usize>,
}

struct Needs<'a> {
    input: &'a Input<'a>,
    changes: &'a [Change],
    /// The rows of resources.
    rows: BTreeMap<&'a Address, usize>,
    /// The end of secrets, by project, environment, path and key.
    ended_secrets: BTreeMap<[&'a str; 4], usize>,
    /// Secrets that are made again elsewhere, by project and the key that they leave.
    moved_secrets: BTreeMap<[&'a str; 2], Vec<usize>>,
    /// What environments are called once this is done, by their project and the slug that they leave.
    slugs: BTreeMap<[&'a str; 2], &'a str>,
    /// Environments that leave the slug of another one.
    left_names: BTreeMap<usize, usize>,
    /// Syncs that end and take keys along, by key.
    ended_syncs: BTreeMap<&'a str, BTreeSet<usize>>,
}

impl<'a> Needs<'a> {
    fn new(changes: &'a [Change], input: &'a Input<'a>) -> Self {
        let resources = changes.iter().enumerate().filter(|(_, change)| change.address.entry_key().is_none());
        let rows: BTreeMap<&Address, usize> = resources.map(|(i, change)| (&change.address, i)).collect();
        let slugs = slugs(changes, input);
        let ended_secrets = rows
            .iter()
            .filter(|(address, row)| changes[**row].action.is_end() && address.kind() == Kind::Secret.word())
            .filter_map(|(address, row)| {
                let natural = &input.ledger.records.get(*address)?.natural;
                let part = |name: &str| natural.get(name).map(|text| &**text);
                Some(([part("project")?, called(&slugs, natural)?, part("path")?, part("key")?], *row))
            })
            .collect();
        let mut moved_secrets: BTreeMap<[&str; 2], Vec<usize>> = BTreeMap::new();
        for (address, row) in &rows {
            if changes[*row].action == Action::Replace && address.kind() == Kind::Secret.word() {
                let natural = input.ledger.records.get(*address).map(|record| &record.natural);
                let left = natural.and_then(|natural| Some([&**natural.get("project")?, &**natural.get("key")?]));
                moved_secrets.entry(left.unwrap_or_default()).or_default().push(*row);
            }
        }
        let mut ended_syncs: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for change in changes.iter().filter(|change| change.action == Action::Delete) {
            let Some(key) = change.address.entry_key() else { continue };
            if let Some(row) = rows.get(&change.address.resource()).filter(|row| changes[**row].action.is_end()) {
                ended_syncs.entry(key).or_default().insert(*row);
            }
        }
        let left_names = names::leaving(changes, input);
        Self { input, changes, rows, ended_secrets, moved_secrets, left_names, ended_syncs, slugs }
    }

    /// Secrets that go where others are that wait for them, and what takes such names.
    fn swapped(&self, needs: &[Waits]) -> Vec<(Address, Diagnostic)> {
        let mut swapped = Vec::new();
        for (&address, &row) in self.rows.iter().filter(|(_, row)| self.goes_elsewhere(**row)) {
            let mut reached = BTreeSet::new();
            let mut open = self.makes_room(address);
            while let Some(next) = open.pop() {
                if reached.insert(next) {
                    open.extend(&needs[next].rows);
                }
            }
            if let Some(resource) = self.input.desired.resources.get(address).filter(|_| reached.contains(&row)) {
                swapped.push((address.clone(), names::circle(resource)));
            }
        }
        swapped
    }

    fn goes_elsewhere(&self, row: usize) -> bool {
        self.changes[row].action == Action::Replace || self.left_names.contains_key(&row)
    }

    /// What leaves the place where another one goes: it makes room first.
    fn makes_room(&self, address: &Address) -> Vec<usize> {
        if let Some(room) = self.rows.get(address).and_then(|row| self.left_names.get(row)) {
            return vec![*room];
        }
        let room = || {
            let resource = self.input.desired.resources.get(address).filter(|r| r.kind == Kind::Secret)?;
            let project = self.input.desired.resources.get(resource.reference("project")?)?.text("slug")?;
            let (environment, path) = (resource.text("environment")?, resource.text("path").unwrap_or("/"));
            let key = resource.text("key")?;
            let moving = self.moved_secrets.get(&[project, key]).into_iter().flatten();
            let is_there = |row: &&usize| {
                if self.changes[**row].address == *address {
                    return None;
                }
                let natural = &self.input.ledger.records.get(&self.changes[**row].address)?.natural;
                Some(called(&self.slugs, natural)? == environment && **natural.get("path")? == *path)
            };
            let ended = self.ended_secrets.get(&[project, environment, path, key]);
            Some(moving.filter(|row| is_there(row) == Some(true)).chain(ended).copied().collect())
        };
        room().unwrap_or_default()
    }

    fn all(&self) -> Vec<Waits> {
        let mut lists: Vec<Vec<usize>> = vec![Vec::new(); self.changes.len()];
        self.resources(&mut lists);
        self.ends(&mut lists);
        self.entries(&mut lists);
        self.left_places(&mut lists);
        relabelled::waits(self.changes).into_iter().for_each(|(row, now)| lists[row].push(now));
        let waits = lists.into_iter().enumerate().map(|(own, mut rows)| {
            rows.retain(|row| *row != own);
            rows.sort_unstable();
            rows.dedup();
            Waits { addresses: rows.iter().map(|row| self.changes[*row].address.clone()).collect(), rows }
        });
        waits.collect()
    }

    /// Rows of what an address needs, those that end left out.
    fn needed(&self, address: &Address) -> Vec<usize> {
        let needs = self.input.desired.graph.needs(address);
        let rows = needs.into_iter().filter_map(|needed| self.rows.get(needed).copied());
        rows.filter(|row| !self.changes[*row].action.is_end()).collect()
    }

    /// Rows of the syncs whose first run imports what a sync pushes.
    fn imports_before(&self, sync: &Address) -> Vec<usize> {
        let after = self.input.wanted.syncs.get(sync).map_or(&[][..], |pushed| &pushed.after);
        let mut rows = Vec::new();
        for importing in after {
            match self.rows.get(importing) {
                Some(row) => rows.push(*row),
                None => {
                    let own =
                        |change: &Change| change.reason == Reason::Imported && change.address.resource() == *importing;
                    rows.extend((0..self.changes.len()).filter(|row| own(&self.changes[*row])));
                }
            }
        }
        rows
    }

    fn resources(&self, lists: &mut [Vec<usize>]) {
        for (row, change) in self.changes.iter().enumerate() {
            if change.address.entry_key().is_none() && !change.action.is_end() {
                lists[row] = self.needed(&change.address);
                lists[row].extend(self.imports_before(&change.address));
                if self.goes_elsewhere(row) {
                    lists[row].extend(self.makes_room(&change.address));
                }
            }
        }
    }

    fn ends(&self, lists: &mut [Vec<usize>]) {
        let is_end = |row: &usize| self.changes[*row].action.is_end();
        // What needs it, as the configuration says, or else the ledger: never both, so that they can't disagree.
        let is_declared = |address: &Address| self.input.desired.resources.contains_key(address);
        let declared = |(row, change): &(usize, &Change)| is_end(row) && is_declared(&change.address);
        for (row, change) in self.changes.iter().enumerate().filter(declared) {
            for needed in self.input.desired.graph.needs(&change.address) {
                if let Some(needed) = self.rows.get(needed).filter(|row| is_end(row)) {
                    lists[*needed].push(row);
                }
            }
        }
        let ended = self.rows.iter().filter(|(_, row)| is_end(row));
        let ended: Vec<(&Address, usize, &Natural)> = ended
            .filter_map(|(address, row)| Some((*address, *row, &self.input.ledger.records.get(*address)?.natural)))
            .collect();
        let places = Places::of(ended.iter().map(|(address, _, natural)| (*address, *natural)));
        for (address, row, natural) in ended.iter().filter(|(address, ..)| !is_declared(address)) {
            if let Some(container) = places.nearest(address, natural).and_then(|c| self.rows.get(c)) {
                lists[*container].push(*row);
            }
        }
        self.sources_of_ended(&ended, lists);
        self.leaves_renamed(lists);
        // What a member is and may do, after the member. Where both are declared, the configuration has said so.
        let rows_of = |kinds: &[Kind]| -> Vec<usize> {
            let is = |address: &Address| kinds.iter().any(|kind| kind.word() == address.kind());
            ended.iter().filter(|(address, ..)| is(address) && !is_declared(address)).map(|(_, row, _)| *row).collect()
        };
        let members = rows_of(&[Kind::ProjectIdentity]);
        for row in rows_of(&[Kind::ProjectRole, Kind::Identity]) {
            lists[row].extend(&members);
        }
        // What is in it until it is made again elsewhere.
        for (address, row) in self.rows.iter().filter(|(_, row)| self.changes[**row].action == Action::Replace) {
            let natural = self.input.ledger.records.get(*address).map(|record| &record.natural);
            let container = natural.and_then(|natural| places.nearest(address, natural));
            if let Some(container) = container.and_then(|container| self.rows.get(container)) {
                lists[*container].push(*row);
            }
        }
        // What may still point at it.
        let pointing = |change: &Change| {
            let kind = Kind::from_word(change.address.kind());
            matches!(kind, Some(Kind::SecretSync | Kind::SecretImport))
        };
        let changed: Vec<usize> = (0..self.changes.len())
            .filter(|row| pointing(&self.changes[*row]))
            .filter(|row| matches!(self.changes[*row].action, Action::Update | Action::Replace))
            .collect();
        let ended_syncs: Vec<usize> =
            (ended.iter().filter(|(a, ..)| a.kind() == Kind::SecretSync.word())).map(|(_, row, _)| *row).collect();
        for (address, row, _) in &ended {
            match Kind::from_word(address.kind()) {
                Some(Kind::AppConnection) => lists[*row].extend(changed.iter().chain(&ended_syncs)),
                Some(Kind::Project | Kind::Environment | Kind::Folder) => lists[*row].extend(&changed),
                _ => {}
            }
        }
    }

    /// What leaves an environment that gets another slug is asked for under one of the two: under the new one.
    fn leaves_renamed(&self, lists: &mut [Vec<usize>]) {
        let natural = |address: &Address| Some(&self.input.ledger.records.get(address)?.natural);
        let is_renamed = |(address, row): &(&&Address, &usize)| {
            let Change { action, fields, .. } = &self.changes[**row];
            let has_slug = || fields.iter().any(|field| *field.name == *"slug");
            address.kind() == Kind::Environment.word() && *action == Action::Update && has_slug()
        };
        let renamed = self.rows.iter().filter(is_renamed);
        let places = Places::of(renamed.filter_map(|(address, _)| Some((*address, natural(address)?))));
        let leaves = |row: usize| self.changes[row].action.is_end() || self.changes[row].action == Action::Replace;
        for (address, row) in self.rows.iter().filter(|(_, row)| leaves(**row)) {
            let environment = natural(address).and_then(|natural| places.nearest(address, natural));
            lists[*row].extend(environment.and_then(|environment| self.rows.get(environment)));
        }
    }

    /// What a sync pushes ends, or moves on, after the sync ends: the backend takes away only the keys that the source still has.
    /// Where both are declared, the configuration has said so already.
    fn sources_of_ended(&self, ended: &[(&Address, usize, &Natural)], lists: &mut [Vec<usize>]) {
        let is = |address: &Address, kinds: &[Kind]| kinds.iter().any(|kind| kind.word() == address.kind());
        let is_declared = |address: &Address| self.input.desired.resources.contains_key(address);
        // What waits for something that ends by itself is left as it is: nothing comes to wait for itself.
        let syncs = ended.iter().filter(|(address, row, _)| is(address, &[Kind::SecretSync]) && lists[*row].is_empty());
        let syncs: Vec<_> = syncs.copied().collect();
        // What moves on leaves its place as well, and an import that changes may bring other keys.
        let leaves = |(address, row): &(&&Address, &usize)| match self.changes[**row].action {
            Action::Update => is(address, &[Kind::SecretImport]),
            action => {
                (action.is_end() || action == Action::Replace) && is(address, &[Kind::Secret, Kind::SecretImport])
            }
        };
        for (address, row) in self.rows.iter().filter(leaves) {
            let Some(natural) = self.input.ledger.records.get(*address).map(|record| &record.natural) else { continue };
            let pushing = syncs.iter().filter(|(sync, _, other)| {
                !(is_declared(sync) && is_declared(address)) && other.get("project") == natural.get("project")
            });
            lists[*row].extend(pushing.map(|(_, sync, _)| *sync));
        }
    }

    fn entries(&self, lists: &mut [Vec<usize>]) {
        let mut last: Option<(Address, SyncNeeds<'_>)> = None;
        for (row, change) in self.changes.iter().enumerate() {
            let Some(key) = change.address.entry_key() else { continue };
            // Rows are ordered by address, so those of one sync stand together.
            let above = &change.address.segments()[..change.address.segments().len() - 1];
            let needs = match last.take() {
                Some((sync, needs)) if sync.segments() == above => last.insert((sync, needs)),
                _ => {
                    let sync = change.address.resource();
                    let needs = self.sync_needs(&sync);
                    last.insert((sync, needs))
                }
            };
            let needs = &needs.1;
            lists[row].extend(&needs.all);
            if !change.action.is_end() {
                // Another sync ends at what may be the same place, and would take the key away.
                lists[row]
                    .extend(self.ended_syncs.get(key).into_iter().flatten().filter(|end| !needs.all.contains(end)));
            }
            if let Some(source) = needs.source(key) {
                lists[row].extend(needs.secrets.get(source));
                if let Some(project) = needs.project.filter(|_| change.action == Action::Delete) {
                    // What moved on is elsewhere before its old key goes.
                    lists[row].extend(self.moved_secrets.get(&[project, source]).into_iter().flatten());
                }
                let ended = needs.folder.and_then(|[p, e, path]| self.ended_secrets.get(&[p, e, path, source]));
                lists[row].extend(ended);
            }
        }
    }

    /// Entries at places that syncs leave: before what leaves their source, and before other syncs write such keys, since it
    /// may be there. Where there is neither, the old place keeps its keys until all that the sync needs is done.
    fn left_places(&self, lists: &mut [Vec<usize>]) {
        let mut left: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
        for (row, change) in self.changes.iter().enumerate().filter(|(_, change)| is_at_left_place(&change.address)) {
            left.entry(change.address.resource()).or_default().push(row);
        }
        if left.is_empty() {
            return;
        }
        let project = |address: &Address| self.input.ledger.records.get(address)?.natural.get("project");
        let leaves = |(address, row): &(&&Address, &usize)| {
            let is_source = [Kind::Secret.word(), Kind::SecretImport.word()].contains(&address.kind());
            is_source && matches!(self.changes[**row].action, Action::Delete | Action::Replace)
        };
        let leaving: Vec<_> = self.rows.iter().filter(leaves).map(|(address, row)| (project(address), *row)).collect();
        let mut written: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, change) in self.changes.iter().enumerate().filter(|(_, change)| !change.action.is_end()) {
            if let Some(key) = change.address.entry_key() {
                written.entry(key).or_default().push(row);
            }
        }
        for (sync, entries) in left {
            let (Some(own), Some(first)) = (self.rows.get(&sync), entries.first()) else { continue };
            // They go together: one of them is enough to wait for.
            let of_source = leaving.iter().filter(|(other, _)| *other == project(&sync)).map(|(_, row)| (*row, *first));
            let of_others = entries.iter().flat_map(|entry| {
                let key = self.changes[*entry].address.entry_key();
                let rows = key.and_then(|key| written.get(key)).into_iter().flatten();
                rows.map(|row| (*row, *entry))
            });
            let of_others = of_others.filter(|(row, _)| self.changes[*row].address.resource() != sync);
            let after: Vec<(usize, usize)> = of_source.chain(of_others).collect();
            if !after.is_empty() {
                entries.iter().for_each(|row| lists[*row].clear());
                lists[*own].extend(&entries);
                after.into_iter().for_each(|(row, entry)| lists[row].push(entry));
            }
        }
    }

    fn sync_needs(&self, sync: &Address) -> SyncNeeds<'_> {
        let pushed = self.input.wanted.syncs.get(sync);
        let mut needs = SyncNeeds { pushed, ..SyncNeeds::default() };
        needs.folder = self.input.desired.resources.get(sync).and_then(|resource| {
            let project = self.input.desired.resources.get(resource.reference("project")?)?;
            Some([project.text("slug")?, resource.text("environment")?, resource.text("path").unwrap_or("/")])
        });
        needs.project = needs.folder.map(|[project, ..]| project);
        if let Some(row) = self.rows.get(sync) {
            needs.all.push(*row);
            if self.changes[*row].action.is_end() {
                // Its secrets end after it: they are done together with the sync, or never.
                needs.folder = None;
            }
            // Otherwise it waits for its secrets itself.
            return needs;
        }
        needs.all.extend(self.imports_before(sync));
        for row in self.needed(sync) {
            let resource = self.input.desired.resources.get(&self.changes[row].address);
            match resource.filter(|r| r.kind == Kind::Secret).and_then(|r| r.text("key")) {
                Some(key) => {
                    needs.secrets.insert(key, row);
                }
                None => needs.all.push(row),
            }
        }
        needs
    }
}

/// What environments are called once this is done, by their project and the slug that they leave.
fn slugs<'a>(changes: &'a [Change], input: &'a Input<'_>) -> BTreeMap<[&'a str; 2], &'a str> {
    let renamed = changes.iter().filter(|change| change.address.kind() == Kind::Environment.word());
    let renamed = renamed.filter(|change| change.action == Action::Update).filter_map(|change| {
        let slug = change.fields.iter().find(|field| *field.name == *"slug")?;
        let (Shown::Plain(before), Shown::Plain(after)) = (&slug.before, &slug.after) else { return None };
        let project = input.ledger.records.get(&change.address)?.natural.get("project")?;
        let word = |text: &'a str| text.trim_matches('"');
        Some(([&**project, word(before)], word(after)))
    });
    renamed.collect()
}

/// What the environment that something is in will be called.
fn called<'a>(slugs: &BTreeMap<[&'a str; 2], &'a str>, natural: &'a Natural) -> Option<&'a str> {
    let environment = &**natural.get("environment")?;
    Some(slugs.get(&[&**natural.get("project")?, environment]).copied().unwrap_or(environment))
}

/// What the entries of one sync wait for.
#[derive(Default)]
struct SyncNeeds<'a> {
    all: Vec<usize>,
    /// Secrets of the source by their keys: an entry waits for its own only.
    secrets: BTreeMap<&'a str, usize>,
    /// Project of the source.
    project: Option<&'a str>,
    /// Project, environment and path of the source.
    folder: Option<[&'a str; 3]>,
    pushed: Option<&'a crate::plan::Pushed>,
}

impl SyncNeeds<'_> {
    /// The secret's key, as the schema says; destinations that change keys are asked by what they made of it.
    fn source<'k>(&self, key: &'k str) -> Option<&'k str> {
        self.pushed?.schema.strip(key)
    }
}

/// Whether it is a key at a place that its sync leaves.
#[must_use]
pub fn is_at_left_place(address: &Address) -> bool {
    address.entry_key().is_some() && address.key().is_some()
}

/// The rows in an order in which each comes after what it waits for; among those that are ready, what
/// stays before what ends, and by kind and address.
fn sorted(changes: &[Change], needs: &[Waits]) -> Vec<usize> {
    let mut missing: Vec<usize> = needs.iter().map(|waits| waits.rows.len()).collect();
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); changes.len()];
    for (row, waits) in needs.iter().enumerate() {
        for needed in &waits.rows {
            waiting[*needed].push(row);
        }
    }
    let ranks: Vec<(bool, u8)> = changes.iter().map(rank).collect();
    let mut ready: BinaryHeap<Reverse<((bool, u8), usize)>> =
        (0..changes.len()).filter(|row| missing[*row] == 0).map(|row| Reverse((ranks[row], row))).collect();
    let mut order = Vec::with_capacity(changes.len());
    while let Some(Reverse((_, row))) = ready.pop() {
        order.push(row);
        for &next in &waiting[row] {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.push(Reverse((ranks[next], next)));
            }
        }
    }
    // A configuration with a circle is refused before it is planned; if one came here, no row is lost.
    order.extend((0..changes.len()).filter(|row| missing[*row] > 0));
    order
}

fn rank(change: &Change) -> (bool, u8) {
    let kind = Kind::from_word(change.address.kind()).map_or(Kind::ALL.len(), |kind| kind as usize);
    let kind = u8::try_from(kind).unwrap_or(u8::MAX);
    let is_end = change.action.is_end();
    (is_end, if is_end { u8::MAX - kind } else { kind })
}
