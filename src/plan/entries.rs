//! Entries of destinations: desired, live and ledger compared, key by key, whatever the vendor's write
//! granularity. What the backend's own job would do comes from [`crate::model::job`]; whose a key is, and
//! why it changed, from the ledger.
//!
//! | desired | live | ledger | action · reason |
//! |---|---|---|---|
//! | yes | absent | – | Create · New |
//! | yes | absent | yes | Create · Missing *(drift)* |
//! | yes | equal | – | Adopt · New |
//! | yes | equal | yes | nothing |
//! | yes | differs | equals live | Update · Changed |
//! | yes | differs | equals desired | Update · Drifted *(drift)* |
//! | yes | differs | neither | Update · Conflict *(drift)* |
//! | yes | differs | open intent to write what is live | Update · Resumed |
//! | yes | differs | – | Update · Takeover: hazard |
//! | yes | unreadable | equals desired, same version | nothing |
//! | yes | unreadable | equals desired, other version | Update · Drifted *(drift)* |
//! | yes | unreadable | differs from desired | Update · Changed |
//! | yes | unreadable | – | Update · Unseen: hazard takeover |
//! | yes | imported by a first run | any | Adopt · Imported, the field `source` says into what |
//! | – | yes | yes | Delete · Removed; Forget · Kept if nothing deletes it |
//! | – | yes | – | foreign, counted; Delete · Wipe, a hazard, where the backend deletes it |
//! | – | absent | yes | Forget · Gone |
//!
//! A digest that the vendor shows is a comparison: equal, or different without saying whose change it was
//! (Drifted if the ledger has the desired value, else Changed). A value that is wanted but not at hand is
//! like one that can't be read, and never equal. In a partial listing a key that was not seen is unknown:
//! it counts as unreadable where it is desired, and gives no row where it is not. "Nothing deletes it"
//! means `disable_secret_deletion`, or a key schema that no longer names it.
//!
//! The entries of a sync that ends are deleted with it under `on_delete = "remove"`, if a complete listing
//! or the backend itself says which are there; else they are Forget · Kept.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::job::Kept;
use crate::model::job::Step;
use crate::model::job::Unimportable;
use crate::model::ledger::DESTINATION;
use crate::model::ledger::HOME;
use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::model::live::Evidence;
use crate::model::live::Listing;
use crate::model::live::Sighting;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::Case;
use crate::model::schema::KeyRules;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Field;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Pushed;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::ends;
use crate::plan::entries::foretold::steps;
use crate::plan::entries::found::Found;
use crate::plan::entries::found::Verdict;
use crate::plan::order::is_at_left_place;
use crate::plan::relabelled;
use crate::plan::targets::Asked;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::LazyLock;

pub mod foretold;
mod found;

/// The fingerprint of an entry's value, wherever the value was met: wanted, live and in the ledger alike.
/// `stored` is the key at the destination; keys that the destination takes for one have one fingerprint.
#[must_use]
pub fn fingerprint(key: &FingerprintKey, sync: &Address, rules: &KeyRules, stored: &str, value: &[u8]) -> Fingerprint {
    let (own, entry) = (sync.to_string(), sync.entry(&job::identity(rules, stored)).to_string());
    let below = entry.strip_prefix(&*own).unwrap_or(&entry);
    key.fingerprint(&format!("{}{below}", key.name(&own)), value)
}

/// Adds a row for every entry that is not right.
pub fn all(plan: &mut Plan, input: &Input<'_>, asked: &Asked) {
    let mut owned = owned(input);
    if !input.destroy {
        let renamed = relabelled::renamed(input, &owned);
        let mut exchanged = relabelled::exchanged(input, &owned);
        for resource in input.desired.syncs() {
            let address = &resource.address;
            let mut records = owned.remove(address).unwrap_or_default();
            let followed = match renamed.get(address) {
                Some(old) => relabelled::follow(plan, &owned.remove(old).unwrap_or_default(), address),
                None => exchanged.remove(address).unwrap_or_default(),
            };
            if !asked.entries(address) {
                continue;
            }
            records.extend(followed.iter().filter_map(|(entry, record)| Some((entry.entry_key()?, (entry, record)))));
            Sync { input, address, resource, records: &records }.compare(plan);
        }
    }
    ends::ended(plan, input, &owned);
}

/// The entries of one sync: by key, address and record.
pub(super) type Records<'a> = BTreeMap<&'a str, (&'a Address, &'a Record)>;

/// What the ledger owns, by sync and key.
fn owned<'a>(input: &Input<'a>) -> BTreeMap<Address, Records<'a>> {
    let mut all: BTreeMap<Address, Records<'a>> = BTreeMap::new();
    // Built as a whole from what is in order already: much faster than key by key.
    let whole = |(sync, records): (Address, Vec<(&'a str, _)>)| (sync, Records::from_iter(records));
    let mut current: Option<(Address, Vec<_>)> = None;
    for (address, record) in &input.ledger.records {
        let Some(key) = address.entry_key() else { continue };
        // Records are ordered by address, so those of one sync stand together.
        let above = &address.segments()[..address.segments().len() - 1];
        if current.as_ref().is_none_or(|(sync, _)| sync.segments() != above) {
            all.extend(current.take().map(whole));
        }
        let (_, records) = current.get_or_insert_with(|| (address.resource(), Vec::new()));
        records.push((key, (address, record)));
    }
    all.extend(current.map(whole));
    all
}

/// One declared sync.
struct Sync<'a> {
    input: &'a Input<'a>,
    address: &'a Address,
    resource: &'a Resource,
    records: &'a Records<'a>,
}

impl Sync<'_> {
    fn compare(&self, plan: &mut Plan) {
        let blind = |plan: &mut Plan, why: &Arc<str>| plan.blind.insert(self.address.clone(), Arc::clone(why));
        let Some(pushed) = self.input.wanted.syncs.get(self.address) else {
            blind(plan, &"its source is not known".into());
            return;
        };
        if let Some(why) = &pushed.unread {
            plan.incomplete.insert(self.address.clone(), why.clone());
            return;
        }
        self.leave(plan, pushed);
        if let Some(why) = &pushed.wrong {
            plan.blocked.insert(self.address.clone(), why.clone());
            return;
        }
        let Some(listing) = self.input.live.destinations.get(self.address) else {
            let refused = pushed.refused.iter().map(|(key, why)| (self.address.entry(key), why.clone()));
            plan.blocked.extend(refused);
            let why = pushed.blind.clone().unwrap_or_else(|| "its destination was not read".into());
            blind(plan, &why);
            return;
        };
        if let Some(why) = &listing.partial {
            plan.incomplete.insert(self.address.clone(), why.clone());
        }
        match self.steps(pushed, listing) {
            Ok(steps) => match self.overwrites_declared(&steps) {
                keys if keys.is_empty() => self.rows(plan, pushed, listing, &steps),
                keys => {
                    plan.blocked.entry(self.address.clone()).or_insert_with(|| self.import_is_undone(&keys));
                }
            },
            Err(failed) => {
                plan.blocked.entry(self.address.clone()).or_insert_with(|| self.import_fails(&failed));
            }
        }
    }

    /// Secrets of the source that a first run would give another value than they are declared with: the next
    /// apply would take it back. What is random has no value of its own.
    fn overwrites_declared(&self, steps: &BTreeMap<Arc<str>, Step>) -> Vec<Arc<str>> {
        let own = |name: &str| self.resource.text(name).unwrap_or("");
        let is_declared = |key: &str| {
            self.input.desired.resources.values().any(|other| {
                let random = |value: &Value| {
                    matches!(value, Value::Source(source) if matches!(**source, SecretSource::Random { .. }))
                };
                other.kind == Kind::Secret
                    && other.text("key") == Some(key)
                    && other.reference("project") == self.resource.reference("project")
                    && other.text("environment").unwrap_or("") == own("environment")
                    && other.text("path").unwrap_or("/").trim_end_matches('/') == own("path").trim_end_matches('/')
                    && other.attrs.get("value").is_some_and(|value| !random(value))
            })
        };
        let taken = steps.values().filter_map(|step| match step {
            Step::Import { source, overwrite_source: true } => Some(source),
            _ => None,
        });
        taken.filter(|key| is_declared(key)).cloned().collect()
    }

    fn steps(&self, pushed: &Pushed, listing: &Listing) -> Result<BTreeMap<Arc<str>, Step>, Unimportable> {
        let first = pushed.first.filter(|_| !self.writes_itself());
        steps(self.input.key, self.address, pushed, listing, first, self.deletes())
    }

    /// Where else than at the sync's place an entry was written, in words.
    fn elsewhere<'r>(&self, pushed: &'r Pushed, record: &'r Record) -> Option<&'r Arc<str>> {
        static BEFORE: LazyLock<Arc<str>> = LazyLock::new(|| "the place where its connection led before".into());
        let called = record.natural.get(DESTINATION).filter(|called| **called != pushed.called);
        let home = record.natural.get(HOME).zip(pushed.home.as_ref()).filter(|(then, now)| then != now);
        called.or(pushed.left.as_ref()).or(home.map(|_| &*BEFORE))
    }

    /// Whether another declared sync that keyform runs writes to a place: the keys there are its own now.
    fn is_written_there(&self, place: &str) -> bool {
        self.input.wanted.syncs.iter().any(|(other, pushed)| {
            *other != *self.address && *pushed.called == *place && relabelled::is_run_here(self.input, other)
        })
    }

    /// What is left behind where the sync wrote until now. The backend takes its keys away only with the sync, so under
    /// `on_delete = "remove"` that ends and is made again; else, and where keyform itself wrote, they stay and are counted.
    fn leave(&self, plan: &mut Plan, pushed: &Pushed) {
        let removes = self.resource.text("on_delete") == Some("remove") && pushed.left.is_some();
        if !removes && self.records.values().all(|(_, record)| self.elsewhere(pushed, record).is_none()) {
            return;
        }
        let incomplete = &mut plan.incomplete;
        let own = plan.changes.iter_mut().find(|change| change.address == *self.address);
        let own = own.filter(|own| matches!(own.action, Action::Update | Action::Replace));
        let mut kept: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        let mut rows = Vec::new();
        for (address, record) in self.records.values() {
            match self.elsewhere(pushed, record) {
                Some(place) if removes && own.is_some() => {
                    let gone = vec![value(Shown::Unknown, Shown::Absent)];
                    rows.push(end(&address.instance(place), Action::Delete, Reason::Removed, gone));
                }
                Some(place) if !self.is_written_there(place) => *kept.entry(place).or_default() += 1,
                Some(_) | None => {}
            }
        }
        if let Some(own) = own.filter(|_| removes) {
            own.action = Action::Replace;
            if let Some(place) = &pushed.left {
                let strangers = ends::strangers(incomplete, self.input, self.address, self.records);
                rows.extend(strangers.into_iter().map(|row| Change { address: row.address.instance(place), ..row }));
            }
        }
        plan.changes.extend(rows);
        for (place, count) in kept {
            plan.foreign.insert(format!("keys at {place}, where {} wrote until now", self.address).into(), count);
        }
    }

    fn rows(&self, plan: &mut Plan, pushed: &Pushed, listing: &Listing, steps: &BTreeMap<Arc<str>, Step>) {
        let folded = self.folded(&pushed.rules);
        let record = |key: &Arc<str>| -> Option<&Record> {
            let record = match &folded {
                None => self.records.get(&**key).map(|(_, record)| *record),
                Some(folded) => folded.get(&job::identity(&pushed.rules, key)).copied(),
            };
            record.filter(|record| self.elsewhere(pushed, record).is_none())
        };
        let before = plan.changes.len();
        let neighbours = self.neighbours(pushed);
        let mut foreign = 0;
        for (key, step) in steps {
            let writes = matches!(step, Step::Create { .. } | Step::Overwrite { .. });
            if let Some(why) = pushed.refused.get(key).filter(|_| writes) {
                plan.blocked.insert(self.address.entry(key), why.clone());
                continue;
            }
            let found = Found { sighting: listing.entries.get(key), record: record(key), meant: self.meant(key) };
            match self.row(pushed, listing, step, &found) {
                Verdict::Row(action, reason, fields) => {
                    let drift = matches!(reason, Reason::Missing | Reason::Drifted | Reason::Conflict);
                    let address = self.address.entry(key);
                    plan.changes.push(Change { address, action, reason, drift, fields, needs: Vec::new() });
                }
                Verdict::Right => plan.unchanged += 1,
                Verdict::Foreign => foreign += usize::from(!neighbours.iter().any(|sync| self.has(sync, key))),
                Verdict::Unknown => {}
            }
        }
        if foreign > 0 {
            plan.foreign.insert(format!("keys at the destination of {}", self.address).into(), foreign);
        }
        // What was written elsewhere and is not written here: nobody needs its record.
        let went_on = |(_, record): &&(&Address, &Record)| self.elsewhere(pushed, record).is_some();
        let went_along = |row: &Change| is_at_left_place(&row.address) && row.address.resource() == *self.address;
        let reason = match plan.changes[..before].last().is_some_and(went_along) {
            true => Reason::Removed,
            false => Reason::Kept,
        };
        let mut went: BTreeSet<&Address> = self.records.values().filter(went_on).map(|(address, _)| *address).collect();
        went.retain(|address| plan.changes[before..].iter().all(|change| change.address != **address));
        plan.changes.extend(went.into_iter().map(|address| end(address, Action::Forget, reason, Vec::new())));
        if listing.partial.is_none() {
            let seen = folded
                .is_some()
                .then(|| steps.keys().map(|key| job::identity(&pushed.rules, key)).collect::<BTreeSet<_>>());
            // What has just been taken over under another address is forgotten there.
            let is_here = |record: &Record| self.elsewhere(pushed, record).is_none() && !record.written.is_empty();
            for (key, (address, _)) in self.records.iter().filter(|(_, (_, record))| is_here(record)) {
                let is_seen = match &seen {
                    None => steps.contains_key(*key),
                    Some(seen) => seen.contains(&job::identity(&pushed.rules, key)),
                };
                if !is_seen {
                    plan.changes.push(end(address, Action::Forget, Reason::Gone, Vec::new()));
                }
            }
        }
    }

    /// One step of the truth table.
    fn row(&self, pushed: &Pushed, listing: &Listing, step: &Step, found: &Found<'_>) -> Verdict {
        let wanted = |source: &Arc<str>| pushed.source.get(source).copied().flatten();
        match step {
            // Nothing at all could be read: nothing is said about what keyform does not know either.
            Step::Create { .. }
                if listing.partial.is_some() && listing.entries.is_empty() && found.record.is_none() =>
            {
                Verdict::Unknown
            }
            Step::Create { source } if listing.partial.is_some() => found.unreadable(wanted(source)),
            Step::Create { source } => {
                let reason = if found.record.is_some() { Reason::Missing } else { Reason::New };
                Verdict::Row(Action::Create, reason, vec![value(Shown::Absent, secret(wanted(source)))])
            }
            Step::Same { .. } if found.ours().is_some() => Verdict::Right,
            Step::Same { source } => {
                let shown = secret(wanted(source));
                Verdict::Row(Action::Adopt, Reason::New, vec![value(shown.clone(), shown)])
            }
            Step::Overwrite { source, compared: true } => found.differs(wanted(source)),
            Step::Overwrite { source, compared: false } => found.unreadable(wanted(source)),
            Step::Import { source, overwrite_source } => {
                let before = if *overwrite_source { secret(wanted(source)) } else { Shown::Absent };
                let field = Field { name: "source".into(), before, after: found.shown() };
                Verdict::Row(Action::Adopt, Reason::Imported, vec![field])
            }
            Step::Delete | Step::Keep(_) if found.record.is_none() && !found.is_begun() => match step {
                Step::Delete if !self.writes_itself() => self.delete(Reason::Wipe, found),
                _ => Verdict::Foreign,
            },
            Step::Delete => self.delete(Reason::Removed, found),
            Step::Keep(Kept::Partial) => Verdict::Unknown,
            Step::Keep(_) if listing.partial.is_some() => Verdict::Unknown,
            // The backend leaves alone what its schema does not name; keyform knows what it wrote.
            Step::Keep(Kept::Unmanaged) if self.writes_itself() && self.deletes() => {
                self.delete(Reason::Removed, found)
            }
            Step::Keep(_) => Verdict::Row(Action::Forget, Reason::Kept, Vec::new()),
        }
    }

    fn delete(&self, reason: Reason, found: &Found<'_>) -> Verdict {
        Verdict::Row(Action::Delete, reason, vec![value(found.shown(), Shown::Absent)])
    }

    /// Records by what their keys have in common with the destination's; `None` if that is the key.
    fn folded(&self, rules: &KeyRules) -> Option<BTreeMap<Arc<str>, &Record>> {
        let fold = || self.records.iter().map(|(key, (_, record))| (job::identity(rules, key), *record)).collect();
        (rules.case == Case::Insensitive).then(fold)
    }

    /// The other declared syncs that write to the same place.
    fn neighbours(&self, pushed: &Pushed) -> Vec<&Address> {
        let is_here = |(other, theirs): &(&Address, &Pushed)| *other != self.address && theirs.place == pushed.place;
        let syncs = self.input.wanted.syncs.iter().filter(|_| !pushed.place.is_empty());
        syncs.filter(is_here).map(|(other, _)| other).collect()
    }

    /// What a run was to write there that the ledger has not heard of since.
    fn meant(&self, key: &str) -> Option<Fingerprint> {
        let intents = Some(&self.input.ledger.intents).filter(|intents| !intents.is_empty())?;
        Fingerprint::from_hex(intents.get(&self.address.entry(key))?.get(VALUE)?)
    }

    /// Whether the ledger has a key of another sync.
    fn has(&self, sync: &Address, key: &str) -> bool {
        self.input.ledger.records.contains_key(&sync.entry(key))
    }

    fn writes_itself(&self) -> bool {
        self.resource.text("run") == Some("keyform")
    }

    fn deletes(&self) -> bool {
        !self.resource.attrs.get("disable_secret_deletion").and_then(|v| v.as_bool()).unwrap_or(false)
    }

    fn import_is_undone(&self, keys: &[Arc<str>]) -> Diagnostic {
        let detail = format!(
            "The first run of {} would give {} the destination's value, and the next apply the declared one again.",
            self.address,
            named(keys)
        );
        Diagnostic::error(&codes::IMPORT_DECLARED, detail)
            .at(self.resource.origin.block, "declared here")
            .help(
                "if the destination's values are right, put them where these secrets take theirs from, or declare the secrets only \
                 after the import; if the declared ones are, choose `initial_sync = \"import-prioritize-source\"` and allow the \
                 number that the plan names",
            )
    }

    fn import_fails(&self, failed: &Unimportable) -> Diagnostic {
        let mut detail = format!("The first run of {} would import", self.address);
        let help = if failed.illegal.is_empty() {
            if failed.unreadable.is_empty() {
                let words = "whose values hold `${`: as secrets they refer to others, and the next push writes what they come to";
                let _ = write!(detail, " {}, {words}.", named(&failed.referring));
            } else {
                let _ = write!(detail, " {}, whose values can't be read there.", named(&failed.unreadable));
            }
            "use `initial_sync = \"overwrite-destination\"`, or a key schema that leaves them out"
        } else {
            let _ = write!(detail, " {}.", named(&failed.illegal));
            "use a key schema that leaves them out, or `initial_sync = \"overwrite-destination\"`"
        };
        Diagnostic::error(&codes::IMPORT_NAMES, detail).at(self.resource.origin.block, "declared here").help(help)
    }
}

/// The first few keys, and how many more there are.
pub(crate) fn named<K: AsRef<str>>(keys: &[K]) -> String {
    let shown: Vec<String> = keys.iter().take(5).map(|key| format!("`{}`", key.as_ref())).collect();
    match keys.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

pub(super) fn end(address: &Address, action: Action, reason: Reason, fields: Vec<Field>) -> Change {
    Change { address: address.clone(), action, reason, drift: false, fields, needs: Vec::new() }
}

fn seen(sighting: Option<&Sighting>) -> Option<Fingerprint> {
    match sighting?.evidence {
        Evidence::Value(value) => Some(value),
        Evidence::Digest(_) | Evidence::Present => None,
    }
}

/// What is at the destination, as a row has it.
pub(super) fn shown(sighting: Option<&Sighting>) -> Shown {
    secret(seen(sighting))
}

pub(super) fn value(before: Shown, after: Shown) -> Field {
    Field { name: VALUE.into(), before, after }
}

pub(super) fn secret(fingerprint: Option<Fingerprint>) -> Shown {
    fingerprint.map_or(Shown::Unknown, Shown::Secret)
}
