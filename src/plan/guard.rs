//! What is dangerous about a plan, and what of it is allowed.
//!
//! | hazard | when | counts |
//! |---|---|---|
//! | `wipe` | the backend's sync deletes keys that keyform does not own; or a container ends, or is made again, that holds such things | keys, things |
//! | `takeover` | a key or resource that keyform did not write, or can't tell, is overwritten | rows |
//! | `mass-delete` | more deletes than `max_deletes` of one destination or project, or more than `max_delete_percent` of it and at least [`MIN_FOR_PERCENT`] | deletes |
//! | `shrunk` | a source that had keys was read as empty, or as less than half of what the ledger has | keys that are missing |
//! | `first-contact` | a sync that never ran changes or deletes what its destination holds, or takes it over a source's value; or would do so unseen | keys, or 1 |
//! | `regenerate` | a random secret that was made is gone, and would be made anew with another value | 1 each |
//! | `replace` | a resource is deleted and made again | 1 each |
//! | `collision` | two secrets become one key of one destination: never allowed | keys |
//! | `incomplete` | something could not be read; or the backend's run of a sync, which this plan sets off, deletes what nobody looked at | 1 each |
//! | `rule` | a declared resource does not meet a `rule` block | rules, for each resource |
//! | `protected` | what has, or had when its block went, `prevent_destroy`, or has the backend's `delete_protection`, is deleted, or what holds it: never allowed | 1 each |
//!
//! A hazard is allowed by its name in `allow` of the resource or of the `guard` block, or by its number on
//! the command line. The end of everything, when asked for, is neither `mass-delete` nor `shrunk`.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::desired::Broken;
use crate::model::desired::Desired;
use crate::model::job;
use crate::model::job::InitialSync;
use crate::model::ledger::VALUE;
use crate::model::live::Evidence;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Hazard;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Pushed;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::attributes;
use crate::plan::collisions;
use crate::plan::collisions::With;
use crate::plan::kept;
use crate::plan::order::is_at_left_place;
use crate::plan::sets_off;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Fewer deletes than this are never too large a part: one of two keys is half of them, and no accident.
pub const MIN_FOR_PERCENT: usize = 4;

/// How many rows a hazard names; the rest is a number.
const NAMED: usize = 3;

/// Names the hazards of a plan.
pub fn judge(plan: &mut Plan, input: &Input<'_>) {
    let mut judge = Judge { input, hazards: Vec::new() };
    let tallies = Tally::of(&plan.changes);
    for (sync, tally) in &tallies {
        judge.destination(sync, tally);
    }
    judge.resources(&plan.changes);
    judge.lost(&plan.changes);
    if !input.destroy {
        judge.emptied(&plan.changes);
        judge.projects(&plan.changes);
        let asked = |address: &Address| input.targets.is_empty() || tallies.contains_key(address);
        let syncs = input.desired.syncs();
        let syncs: Vec<(&Resource, &Pushed)> = syncs
            .filter(|resource| asked(&resource.address))
            .filter_map(|resource| Some((resource, input.wanted.syncs.get(&resource.address)?)))
            .collect();
        for (sync, pushed) in &syncs {
            judge.source(sync, pushed);
            // What was looked at in vain is `incomplete` besides; a schema leaves the rest of it alone.
            let listing = input.live.destinations.get(&sync.address);
            let unread = listing.is_some_and(|listing| listing.partial.is_some() && listing.entries.is_empty());
            let blind = plan.blind.contains_key(&sync.address) || unread && pushed.schema.is_none();
            judge.first_contact(sync, pushed, tallies.get(&sync.address), blind);
        }
        judge.unseen(plan, &syncs);
        judge.collisions(&syncs);
        judge.rules(&plan.changes);
    }
    for (address, why) in &plan.incomplete {
        judge.add(HazardKind::Incomplete, address, 1, format!("{}: {}", why.summary(), why.detail));
    }
    let mut hazards = judge.hazards;
    hazards.sort_by(|a, b| (a.kind, &a.address).cmp(&(b.kind, &b.address)));
    plan.hazards = hazards;
}

/// What does not meet a rule of the configuration: an error, and a warning where the configuration allows it.
#[must_use]
pub fn broken(desired: &Desired, broken: &Broken) -> Diagnostic {
    let detail = format!("{}: {}", broken.address, broken.message);
    let d = match is_allowed(desired, HazardKind::Rule, &broken.address) {
        true => Diagnostic::warning(&codes::RULE, detail),
        false => Diagnostic::error(&codes::RULE, detail),
    };
    let d = d.at(broken.origin, format!("rule `{}` wants this", broken.rule));
    match desired.resources.get(&broken.address) {
        Some(resource) => d.at(resource.origin.block, "of this"),
        None => d,
    }
}

/// Adds a hazard that only a look beyond the declared things shows.
pub fn add(plan: &mut Plan, desired: &Desired, kind: HazardKind, address: &Address, count: usize, detail: String) {
    let allowed = is_allowed(desired, kind, address);
    plan.hazards.push(Hazard { kind, address: address.clone(), count, detail, allowed });
    plan.hazards.sort_by(|a, b| (a.kind, &a.address).cmp(&(b.kind, &b.address)));
}

/// Whether the configuration allows a hazard there, of a resource or everywhere.
fn is_allowed(desired: &Desired, kind: HazardKind, address: &Address) -> bool {
    let resource = desired.resources.get(address);
    let lists = resource.map(|r| &r.allow).into_iter().chain([&desired.policy.allow]);
    let named = lists.flatten().any(|name| **name == *kind.word());
    named && kind.can_be_allowed()
}

/// The hazards that neither the configuration nor the command line allows. `allowed` is what the command
/// line says: a kind and the number of it that was reviewed; it must be what the plan has, neither less nor more.
#[must_use]
pub fn refusals<'a>(plan: &'a Plan, allowed: &[(HazardKind, usize)]) -> Vec<&'a Hazard> {
    let open = || plan.hazards.iter().filter(|hazard| !hazard.allowed);
    let mut sums: BTreeMap<HazardKind, usize> = BTreeMap::new();
    for hazard in open() {
        *sums.entry(hazard.kind).or_default() += hazard.count;
    }
    let is_allowed = |kind: HazardKind| {
        let sum = sums.get(&kind).copied().unwrap_or(0);
        kind.can_be_allowed() && allowed.iter().any(|(name, number)| *name == kind && *number == sum)
    };
    open().filter(|hazard| !is_allowed(hazard.kind)).collect()
}

/// Rows that are of one mind: how many, and the first few by name.
#[derive(Default)]
struct Rows {
    count: usize,
    names: Vec<String>,
}

impl Rows {
    fn add(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.push(format!("`{name}`"));
        }
    }

    /// "`A`, `B`, `C` and 4 more".
    fn named(&self) -> String {
        let names = self.names.join(", ");
        match self.count.saturating_sub(self.names.len()) {
            0 => names,
            rest => format!("{names} and {rest} more"),
        }
    }
}

/// The rows of one sync's entries.
#[derive(Default)]
struct Tally {
    wiped: Rows,
    taken: Rows,
    /// Those of `taken` whose value nobody can read.
    unseen: usize,
    deleted: Rows,
    /// What a first contact would change, delete, or lose at the source.
    touched: Rows,
}

impl Tally {
    fn of(changes: &[Change]) -> BTreeMap<Address, Tally> {
        let mut tallies: BTreeMap<Address, Tally> = BTreeMap::new();
        let mut rows = changes.iter().filter_map(|change| Some((change, change.address.entry_key()?))).peekable();
        while let Some((first, _)) = rows.peek() {
            // Entries of one sync mostly stand together, so its address is made once.
            let sync = first.address.resource();
            let tally = tallies.entry(sync.clone()).or_default();
            let is_same = |change: &Change| {
                let segments = change.address.segments();
                segments[..segments.len() - 1] == *sync.segments()
            };
            while let Some((change, key)) = rows.next_if(|(change, _)| is_same(change)) {
                tally.add(change, key);
            }
        }
        tallies
    }

    fn add(&mut self, change: &Change, key: &str) {
        if change.reason == Reason::Wipe {
            self.wiped.add(key);
        }
        if matches!(change.reason, Reason::Takeover | Reason::Unseen) {
            self.taken.add(key);
        }
        if change.reason == Reason::Unseen {
            self.unseen += 1;
        }
        if change.action == Action::Delete {
            self.deleted.add(key);
        }
        let loses_source = change.reason == Reason::Imported && change.fields.iter().any(|f| f.before != Shown::Absent);
        let is_changed = matches!(change.action, Action::Update | Action::Delete) && !is_at_left_place(&change.address);
        if is_changed || loses_source {
            self.touched.add(key);
        }
    }
}

struct Judge<'a> {
    input: &'a Input<'a>,
    hazards: Vec<Hazard>,
}

impl Judge<'_> {
    fn add(&mut self, kind: HazardKind, address: &Address, count: usize, detail: String) {
        let allowed = is_allowed(self.input.desired, kind, address);
        self.hazards.push(Hazard { kind, address: address.clone(), count, detail, allowed });
    }

    fn destination(&mut self, sync: &Address, tally: &Tally) {
        let Tally { wiped, taken, unseen, deleted, .. } = tally;
        if wiped.count > 0 {
            let detail = match self.written_before(sync, wiped) {
                None => format!("The sync would delete {}, which keyform does not manage.", wiped.named()),
                Some(old) => format!("The sync would delete {}; keyform wrote keys of {old}.", wiped.named()),
            };
            self.add(HazardKind::Wipe, sync, wiped.count, detail);
        }
        if taken.count > 0 {
            let detail = match self.written_before(sync, taken) {
                None if *unseen == taken.count => {
                    format!("{}: there already, and nobody can read what is there; it would be lost.", taken.named())
                }
                None => format!("This ledger does not own {}; the values there would be lost.", taken.named()),
                Some(old) => {
                    format!("{} would be overwritten; keyform wrote keys of {old}.", taken.named())
                }
            };
            self.add(HazardKind::Takeover, sync, taken.count, detail);
        }
        let listed = self.input.live.destinations.get(sync).map_or(0, |listing| listing.entries.len());
        let total = listed.max(self.recorded(sync));
        if !self.input.destroy && self.is_mass(deleted.count, total) {
            let detail = format!("{} of {total} keys would be deleted: {}.", deleted.count, deleted.named());
            self.add(HazardKind::MassDelete, sync, deleted.count, detail);
        }
    }

    /// The sync that is no longer declared under its name and that wrote keys of these names, in words.
    fn written_before(&self, sync: &Address, rows: &Rows) -> Option<String> {
        let records = self.input.ledger.records.keys().filter(|address| address.entry_key().is_some());
        let old = records.map(|address| (address, address.resource())).find(|(address, owner)| {
            let is_named =
                address.entry_key().is_some_and(|key| rows.names.iter().any(|name| *name == format!("`{key}`")));
            is_named && owner != sync && !self.input.desired.resources.contains_key(owner)
        });
        let (_, owner) = old?;
        let names = if rows.count == 1 { "this name" } else { "such names" };
        Some(format!("{names} for {owner}, which is no longer declared"))
    }

    /// The attributes of a row that can't be changed in place.
    fn immutable<'c>(&self, change: &'c Change) -> Vec<&'c str> {
        let seen = self.input.live.resources.get(&change.address);
        let Some((kind, seen)) = Kind::of(&change.address).zip(seen) else { return Vec::new() };
        let names = change.fields.iter().map(|field| &*field.name);
        names.filter(|name| attributes::is_immutable(kind, name, &seen.attrs)).collect()
    }

    fn resources(&mut self, changes: &[Change]) {
        for (address, foreign) in kept::going(changes, self.input) {
            let mut rows = Rows::default();
            foreign.iter().for_each(|one| rows.add(&one.name));
            let detail = format!("It holds {}, which keyform did not make and which would go with it.", rows.named());
            self.add(HazardKind::Wipe, address, rows.count, detail);
        }
        let deletes = |change: &&Change| matches!(change.action, Action::Delete | Action::Replace);
        let gone: BTreeSet<&Address> = changes.iter().filter(deletes).map(|change| &change.address).collect();
        for change in changes.iter().filter(|change| change.address.entry_key().is_none()) {
            let address = &change.address;
            if matches!(change.reason, Reason::Takeover | Reason::Unseen) {
                let is_ours = self.input.ledger.records.contains_key(address);
                let detail = match is_ours && !self.input.imports.found.contains(address) {
                    true => "It is managed, and keyform did not write its value, which would be lost.",
                    false => "It is there already, and this ledger did not make it.",
                };
                self.add(HazardKind::Takeover, address, 1, detail.to_owned());
            }
            if change.action == Action::Create && change.reason == Reason::Missing {
                self.regenerated(address);
            }
            if change.action == Action::Replace {
                let names = self.immutable(change);
                let detail = match names.is_empty() {
                    _ if change.reason != Reason::Immutable => {
                        "It ends with the keys at its old place, and is made again.".to_owned()
                    }
                    true => "It goes with what holds it, and is made again.".to_owned(),
                    false => format!("This can't be changed in place: {}.", names.join(", ")),
                };
                self.add(HazardKind::Replace, address, 1, detail);
            }
            if !matches!(change.action, Action::Delete | Action::Replace) {
                continue;
            }
            if self.is_protected(address) {
                let detail = "It has `prevent_destroy`; declare it without that first.".to_owned();
                self.add(HazardKind::Protected, address, 1, detail);
            }
            // The backend would refuse only this, after everything in it is gone.
            let seen = self.input.live.resources.get(address);
            if seen.and_then(|seen| seen.attrs.get("delete_protection")?.as_bool()) == Some(true) {
                let detail =
                    "The backend protects it: set `delete_protection = false` and apply that first.".to_owned();
                self.add(HazardKind::Protected, address, 1, detail);
            }
            self.contents(address, &gone);
        }
    }

    /// What goes with a container that is made again, and has its value nowhere else.
    fn lost(&mut self, changes: &[Change]) {
        for (container, secrets) in kept::lost_with(self.input, changes) {
            let mut rows = Rows::default();
            secrets.iter().for_each(|secret| rows.add(&secret.to_string()));
            let detail = format!(
                "It would be deleted with {}, whose value would be nowhere then: declare the new one under another label \
                 and name beside it, apply that, move what it holds and apply again; then take the old one away.",
                rows.named()
            );
            self.add(HazardKind::Protected, container, rows.count, detail);
        }
    }

    /// Values that were something, and are read as empty.
    fn emptied(&mut self, changes: &[Change]) {
        for (address, count) in kept::emptied(self.input, changes) {
            let detail = match count {
                1 => "1 value was read as empty; it was not when it was written.".to_owned(),
                n => format!("{n} values were read as empty; they were not when they were written."),
            };
            self.add(HazardKind::Shrunk, &address, count, detail);
        }
    }

    /// A random secret that was made, is gone, and would be made with another value; who still has the old one.
    fn regenerated(&mut self, address: &Address) {
        let Some(secret) = self.input.desired.resources.get(address) else { return };
        if !attributes::is_random(secret) {
            return;
        }
        let mut holders = Rows::default();
        for sync in self.input.desired.resources.values().filter(|sync| kept::is_source_of(secret, sync)) {
            let pushed = self.input.wanted.syncs.get(&sync.address);
            let Some((pushed, key)) = pushed.zip(secret.text("key")) else { continue };
            let stored = job::stored(&pushed.schema, &pushed.rules, key);
            let entry = sync.address.entry(&stored);
            let written = self.input.ledger.records.get(&entry).and_then(|record| record.written.get(VALUE));
            let listing = self.input.live.destinations.get(&sync.address);
            match listing.and_then(|listing| listing.entries.get(&stored)).map(|sighting| &sighting.evidence) {
                Some(Evidence::Value(live)) if Some(live) == written => holders.add(&entry.to_string()),
                _ => {}
            }
        }
        let detail = match holders.count {
            0 => "It was deleted outside, and gets a new value: what uses the old one stops working.".to_owned(),
            1 => format!(
                "It was deleted outside, and gets a new value. {} still holds the old one: put it back with `keyform \
                 secret set`, and nothing is lost.",
                holders.named()
            ),
            _ => format!(
                "It was deleted outside, and gets a new value. {} still hold the old one: put it back with `keyform \
                 secret set`, and nothing is lost.",
                holders.named()
            ),
        };
        self.add(HazardKind::Regenerate, address, 1, detail);
    }

    /// As declared; what is no longer declared, as it was last.
    fn is_protected(&self, address: &Address) -> bool {
        match self.input.desired.resources.get(address) {
            Some(resource) => resource.lifecycle.prevent_destroy,
            None => self.input.ledger.records.get(address).is_some_and(|record| record.protected),
        }
    }

    /// What is protected, goes with a container, and has no row of its own that says so.
    fn contents(&mut self, container: &Address, gone: &BTreeSet<&Address>) {
        let records = &self.input.ledger.records;
        let Some(natural) = records.get(container).map(|record| &record.natural) else { return };
        let mut rows = Rows::default();
        for (address, record) in records.iter().filter(|(a, _)| a.entry_key().is_none() && *a != container) {
            let is_there = || self.input.live.resources.contains_key(address);
            if kept::is_inside(container, natural, &record.natural)
                && !gone.contains(address)
                && self.is_protected(address)
                && is_there()
            {
                rows.add(&address.to_string());
            }
        }
        if rows.count > 0 {
            let detail = format!("It holds {}, which must not be deleted.", rows.named());
            self.add(HazardKind::Protected, container, rows.count, detail);
        }
    }

    /// Deletes of resources, by project.
    fn projects(&mut self, changes: &[Change]) {
        let records = &self.input.ledger.records;
        let project = |address: &Address| -> Option<Arc<str>> {
            let natural = &records.get(address)?.natural;
            let own = if address.kind() == Kind::Project.word() { natural.get("slug") } else { None };
            own.or_else(|| natural.get("project")).cloned()
        };
        let mut deleted: BTreeMap<Option<Arc<str>>, (Rows, &Address)> = BTreeMap::new();
        let resource = |change: &&Change| change.action == Action::Delete && change.address.entry_key().is_none();
        for change in changes.iter().filter(resource) {
            let (rows, _) = deleted.entry(project(&change.address)).or_insert((Rows::default(), &change.address));
            rows.add(&change.address.to_string());
        }
        if deleted.is_empty() {
            return;
        }
        let mut totals: BTreeMap<Option<Arc<str>>, (usize, Option<&Address>)> = BTreeMap::new();
        for address in records.keys().filter(|address| address.entry_key().is_none()) {
            let total = totals.entry(project(address)).or_default();
            total.0 += 1;
            total.1 = total.1.or((address.kind() == Kind::Project.word()).then_some(address));
        }
        for (project, (rows, first)) in deleted {
            let (total, address) = totals.get(&project).copied().unwrap_or_default();
            if self.is_mass(rows.count, total) {
                let detail = format!("{} of {total} resources would be deleted: {}.", rows.count, rows.named());
                self.add(HazardKind::MassDelete, address.unwrap_or(first), rows.count, detail);
            }
        }
    }

    fn source(&mut self, sync: &Resource, pushed: &Pushed) {
        let recorded = self.recorded(&sync.address);
        if pushed.unread.is_some() || recorded == 0 || pushed.read * 2 >= recorded {
            return;
        }
        let detail = match pushed.read {
            0 if recorded == 1 => "The source is empty; 1 key of it was written before.".to_owned(),
            0 => format!("The source is empty; {recorded} keys of it were written before."),
            1 => format!("The source has 1 key; {recorded} were written before."),
            read => format!("The source has {read} keys; {recorded} were written before."),
        };
        self.add(HazardKind::Shrunk, &sync.address, recorded - pushed.read, detail);
    }

    fn first_contact(&mut self, sync: &Resource, pushed: &Pushed, tally: Option<&Tally>, blind: bool) {
        let writes_itself = sync.text("run") == Some("keyform");
        // What it wrote is at the place that it leaves, and goes with it.
        let is_made_again = pushed.left.is_some() && sync.text("on_delete") == Some("remove");
        let is_new = is_made_again || self.recorded(&sync.address) == 0;
        let is_first = is_new && (writes_itself || pushed.first.is_some());
        if !is_first || pushed.unread.is_some() {
            return;
        }
        match tally.map(|tally| &tally.touched) {
            Some(touched) if touched.count > 0 => {
                let detail = format!("The destination is not empty: {} would change or go.", touched.named());
                self.add(HazardKind::FirstContact, &sync.address, touched.count, detail);
            }
            _ if blind && !writes_itself => {
                let does = match pushed.first {
                    Some(InitialSync::ImportPrioritizeDestination) => {
                        "takes what it holds over the values of the source"
                    }
                    Some(first) if first.imports() => "overwrites every key there that the source has",
                    _ if keeps(sync) => "overwrites every key there that the source has",
                    _ if pushed.schema.is_none() => "deletes every key there that the source lacks",
                    _ => "deletes every key there that fits its key schema and that the source lacks",
                };
                let detail = format!("The destination was not inspected, and the first run {does}.");
                self.add(HazardKind::FirstContact, &sync.address, 1, detail);
            }
            _ => {}
        }
    }

    /// Later runs that delete, at destinations that nobody looked at.
    fn unseen(&mut self, plan: &Plan, syncs: &[(&Resource, &Pushed)]) {
        let changes = plan.changes.iter().filter(|change| !matches!(change.action, Action::Adopt | Action::Forget));
        let set_off = sets_off::syncs(self.input, changes.clone());
        let changed: BTreeSet<&Address> = changes.map(|change| &change.address).collect();
        for (sync, pushed) in syncs {
            let runs = set_off.contains(&sync.address) || changed.contains(&sync.address);
            let is_blind = plan.blind.contains_key(&sync.address);
            if is_blind && runs && pushed.first.is_none() && !keeps(sync) && sync.text("run") != Some("keyform") {
                let which = if pushed.schema.is_none() { "" } else { "fits its key schema and that " };
                let detail = format!(
                    "The destination was not inspected, and the run that this sets off deletes every key there that \
                     {which}the source lacks."
                );
                self.add(HazardKind::Incomplete, &sync.address, 1, detail);
            }
        }
    }

    /// Secrets that become one key, of one sync or of several that write to one place.
    fn collisions(&mut self, syncs: &[(&Resource, &Pushed)]) {
        for meeting in collisions::meetings(self.input, syncs) {
            let mut rows = Rows::default();
            meeting.keys.iter().for_each(|(stored, _)| rows.add(stored));
            let address = &meeting.sync.address;
            let detail = match meeting.with {
                With::Sync(other) if other.address == *address => {
                    format!("Several secrets of the source become one key: {}.", rows.named())
                }
                With::Sync(other) if meeting.keys.iter().all(|(_, [_, their])| their.is_empty()) => {
                    let does = collisions::does(other, self.input.wanted.syncs.get(&other.address));
                    format!("At the same place, {does} {}.", rows.named())
                }
                With::Sync(other) => format!("{} writes {} at the same place.", other.address, rows.named()),
                With::Other(other) => {
                    format!(
                        "At the same place {}, which nothing declares, writes or deletes {}.",
                        other.called,
                        rows.named()
                    )
                }
            };
            self.add(HazardKind::Collision, address, rows.count, detail);
        }
    }

    /// What is declared otherwise than the configuration's own rules want it.
    fn rules(&mut self, changes: &[Change]) {
        let targeted = changes.iter().filter(|_| !self.input.targets.is_empty());
        let changed: BTreeSet<Address> = targeted.map(|change| change.address.resource()).collect();
        let mut broken: BTreeMap<&Address, Vec<&str>> = BTreeMap::new();
        for one in &self.input.desired.broken {
            if self.input.targets.is_empty() || changed.contains(&one.address) {
                broken.entry(&one.address).or_default().push(&one.message);
            }
        }
        for (address, messages) in broken {
            self.add(HazardKind::Rule, address, messages.len(), messages.join(" "));
        }
    }

    fn is_mass(&self, deletes: usize, total: usize) -> bool {
        let policy = &self.input.desired.policy;
        let is_large_part = deletes >= MIN_FOR_PERCENT && deletes * 100 > policy.max_delete_percent * total;
        deletes > policy.max_deletes || is_large_part
    }

    /// How many entries of a sync the ledger has.
    fn recorded(&self, sync: &Address) -> usize {
        let after = self.input.ledger.records.range(sync.clone()..);
        after
            .skip_while(|(address, _)| *address == sync)
            .take_while(|(address, _)| address.segments().starts_with(sync.segments()))
            .count()
    }
}

/// Whether a sync leaves keys at its destination that its source lacks.
fn keeps(sync: &Resource) -> bool {
    sync.attrs.get("disable_secret_deletion").and_then(|value| value.as_bool()).unwrap_or(false)
}
