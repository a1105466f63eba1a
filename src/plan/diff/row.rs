//! One declared resource: what differs from what is there, because of whom, and the row that follows.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::model::live::Observed;
use crate::model::resource::AUTO_SYNC;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Field;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::attributes;
use crate::plan::attributes::Flat;
use crate::plan::diff::change;
use crate::plan::diff::field;
use crate::plan::diff::is_value;
use crate::plan::diff::renamed;
use crate::plan::kept;
use crate::secret::Fingerprint;
use std::sync::Arc;

/// One declared resource.
pub(super) struct Row<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) resource: &'a Resource,
    pub(super) wanted: Flat,
    /// Whether the targets ask for it: what is as declared is counted only then.
    pub(super) asked: bool,
}

/// One attribute that differs, and because of whom.
struct Difference {
    field: Field,
    cause: Cause,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The configuration moved.
    Changed,
    /// Someone moved it outside.
    Drifted,
    /// Both.
    Both,
    /// Nobody can say: it can't be read and we did not write it.
    Unseen,
    /// It is ours, and its value is another's: we never wrote one.
    Foreign,
}

impl Row<'_> {
    pub(super) fn absent(&self, plan: &mut Plan) {
        let reason = match self.input.ledger.records.contains_key(&self.resource.address) {
            true => Reason::Missing,
            false => Reason::New,
        };
        let set = self.wanted.iter().filter(|(_, value)| !attributes::is_unset(value));
        let mut fields: Vec<Field> =
            set.map(|(name, value)| field(name, Shown::Absent, attributes::shown(value))).collect();
        if attributes::is_random(self.resource) {
            fields.push(field(&VALUE.into(), Shown::Absent, Shown::Unknown));
        }
        plan.changes.push(change(&self.resource.address, Action::Create, reason, fields));
    }

    pub(super) fn exists(&self, plan: &mut Plan, seen: &Observed, moved: Option<&Address>) {
        let address = &self.resource.address;
        let imported = self.input.imports.found.contains(address);
        let record = self.input.ledger.records.get(address).filter(|_| !imported);
        // Begun, or asked for.
        let ledger = self.input.ledger;
        let intent = ledger.intents.contains_key(address) || ledger.requests.contains_key(address);
        let followed = moved.is_some() || (record.is_none() && self.came_with_another());
        let is_ours = record.is_some() || intent || imported || followed;
        let differences = self.differences(seen, record);
        let is_fixed = |d: &Difference| attributes::is_immutable(self.resource.kind, &d.field.name, &seen.attrs);
        // What nobody can read is no reason to make again what is only taken over: it is taken as it is.
        let is_taken = record.is_none() && !intent && !followed;
        let immutable = differences.iter().any(|d| is_fixed(d) && !(is_taken && d.cause == Cause::Unseen));
        let stays = differences.iter().all(is_fixed);
        if !is_ours && (!self.input.adopt || immutable) {
            plan.blocked.insert(address.clone(), self.not_managed(immutable));
            return;
        }
        if differences.is_empty()
            && let Some(field) = record.and_then(|record| self.random_drift(seen, record))
        {
            plan.changes.push(change(address, Action::Adopt, Reason::Drifted, vec![field]));
            return;
        }
        if differences.is_empty()
            && !intent
            && let Some(record) = record
        {
            let mut fields = self.remembered(record);
            let reason = if fields.is_empty() { Reason::Moved } else { Reason::Changed };
            fields.splice(0..0, self.moved());
            match fields.is_empty() {
                true => plan.unchanged += usize::from(self.asked),
                false => plan.changes.push(change(address, Action::Adopt, reason, fields)),
            }
            return;
        }
        if immutable && self.input.live.occupied.contains(address) {
            plan.blocked.insert(address.clone(), self.occupied());
            return;
        }
        let (action, reason) = match (record, differences.is_empty()) {
            (_, false) if immutable => (Action::Replace, Reason::Immutable),
            (_, true) if intent => (Action::Adopt, Reason::Resumed),
            (Some(_), _) if intent && differences.iter().all(is_pause) => (Action::Update, Reason::Resumed),
            (Some(_), _) => (Action::Update, reason(&differences)),
            (None, true) if imported => (Action::Adopt, Reason::Imported),
            (None, true) => (Action::Adopt, Reason::New),
            (None, false) if intent => (Action::Update, Reason::Resumed),
            (None, false) if followed => (Action::Update, Reason::Changed),
            (None, false) if stays => (Action::Adopt, Reason::Unseen),
            (None, false) if differences.iter().all(|d| d.cause == Cause::Unseen) => (Action::Update, Reason::Unseen),
            (None, false) => (Action::Update, Reason::Takeover),
        };
        let fields = self.moved().into_iter().chain(differences.into_iter().map(|d| d.field)).collect();
        plan.changes.push(change(address, action, reason, fields));
    }

    /// Whether it is a folder that the backend made on the way to one of ours.
    fn came_with_another(&self) -> bool {
        let Resource { kind: Kind::Folder, address, .. } = self.resource else { return false };
        let own = || -> Option<Natural> {
            let project = self.input.desired.resources.get(self.resource.reference("project")?)?.text("slug")?;
            let place = [("project", project), ("environment", self.resource.text("environment")?)];
            let all = place.into_iter().chain([("path", self.resource.text("path")?)]);
            Some(all.map(|(name, text)| (name.into(), text.into())).collect())
        };
        let Some(own) = own() else { return false };
        let mut folders = self.input.ledger.records.iter().filter(|(other, _)| other.kind() == Kind::Folder.word());
        folders.any(|(other, record)| other != address && kept::is_inside(address, &own, &record.natural))
    }

    /// From where it moved, if it did.
    fn moved(&self) -> Option<Field> {
        let to = &self.resource.address;
        self.input.moves.done.get(to).map(|from| renamed(from, to))
    }

    /// What only the ledger knows, for the time when the block is gone, and has otherwise than declared.
    fn remembered(&self, record: &Record) -> Vec<Field> {
        let flag = |flag: bool| Shown::Plain(if flag { "true" } else { "false" }.into());
        let protected = self.resource.lifecycle.prevent_destroy;
        let protection = (record.protected != protected)
            .then(|| field(&"prevent_destroy".into(), flag(record.protected), flag(protected)));
        let removes = |flag: bool| Shown::Plain(if flag { "\"remove\"" } else { "\"keep\"" }.into());
        let declared = self.resource.text("on_delete") == Some("remove");
        let ends = (record.removes != declared)
            .then(|| field(&"on_delete".into(), removes(record.removes), removes(declared)));
        protection.into_iter().chain(ends).collect()
    }

    fn differences(&self, seen: &Observed, record: Option<&Record>) -> Vec<Difference> {
        let mut all = Vec::new();
        let on = Value::Bool(true);
        for (name, value) in &self.wanted {
            let value = match self.was_switched_off(name) {
                true => &on,
                false if self.is_ignored(name) => continue,
                false => value,
            };
            if attributes::is_out_of_hand(name, value, &seen.attrs) {
                continue;
            }
            let found = attributes::found(self.resource.kind, &seen.attrs, name);
            let old = record.and_then(|r| r.written.get(name));
            let cause = match &found {
                Some(found) if attributes::equal(found, value) => continue,
                Some(found) => match old.copied() {
                    None if record.is_some() && is_value(self.resource, name) => Cause::Foreign,
                    None => Cause::Changed,
                    Some(old) if old == self.mark(name, found) => Cause::Changed,
                    Some(old) if old == self.mark(name, value) => Cause::Drifted,
                    Some(_) => Cause::Both,
                },
                // Which one it refers to is how it was found.
                None if matches!(value, Value::Resource(_)) => continue,
                None if old.is_some_and(|old| *old == self.mark(name, value)) => continue,
                None if old.is_none() && record.is_some() && is_value(self.resource, name) => Cause::Foreign,
                None if record.is_some() => Cause::Changed,
                None if attributes::is_hidden(name, value) => Cause::Unseen,
                None => continue,
            };
            let before = found.map_or(Shown::Unknown, |found| attributes::shown(&found));
            all.push(Difference { field: field(name, before, attributes::shown(value)), cause });
        }
        let declared = attributes::wanted(self.resource, &self.resource.attrs);
        for name in record.into_iter().flat_map(|r| r.written.keys()) {
            if self.wanted.contains_key(name) || declared.contains_key(name) || self.is_ignored(name) {
                continue;
            }
            if attributes::is_kept(self.resource.kind, name) {
                continue;
            }
            let before = match attributes::found(self.resource.kind, &seen.attrs, name) {
                Some(found) if attributes::is_unset(&found) => continue,
                Some(found) => attributes::shown(&found),
                None if attributes::is_hidden(name, &Value::Null) => Shown::Unknown,
                None => continue,
            };
            all.push(Difference { field: field(name, before, Shown::Absent), cause: Cause::Changed });
        }
        all
    }

    /// A random value that is not the one that was made: it is kept, because there is no other.
    fn random_drift(&self, seen: &Observed, record: &Record) -> Option<Field> {
        if !attributes::is_random(self.resource) || self.is_ignored(VALUE) {
            return None;
        }
        let found = attributes::found(self.resource.kind, &seen.attrs, VALUE)?;
        let name: Arc<str> = VALUE.into();
        let is_drift = *record.written.get(&name)? != self.mark(&name, &found);
        is_drift.then(|| field(&name, Shown::Unknown, attributes::shown(&found)))
    }

    /// `destination` in the list covers `destination.region` as well.
    fn is_ignored(&self, name: &str) -> bool {
        let covers = |ignored: &Arc<str>| {
            name.strip_prefix(&**ignored).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.resource.lifecycle.ignore.iter().any(covers)
    }

    /// Whether a run that did not end switched a sync off whose `auto_sync` is the business of others: it is to be as it was.
    fn was_switched_off(&self, name: &str) -> bool {
        name == AUTO_SYNC && self.is_ignored(name) && self.input.ledger.intents.contains_key(&self.resource.address)
    }

    fn mark(&self, name: &str, value: &Value) -> Fingerprint {
        attributes::fingerprint(self.input.key, &self.resource.address, name, value)
    }

    fn occupied(&self) -> Diagnostic {
        let Resource { address, origin, .. } = self.resource;
        let detail = format!("{address} can't move: a secret that this ledger did not make is where it is declared.");
        Diagnostic::error(&codes::NOT_MANAGED, detail)
            .at(origin.block, "declared here")
            .help("give one of the two another key, or delete the other one by hand")
    }

    fn not_managed(&self, immutable: bool) -> Diagnostic {
        let Resource { address, origin, .. } = self.resource;
        let detail = format!("{address} exists, and this ledger did not make it.");
        let help = match immutable {
            true => "what exists differs in what can't be changed in place: give this one another name",
            // Somebody else's thing has neighbours that are ours; where nothing is, the ledger was lost.
            false if self.input.ledger.records.is_empty() => {
                "the ledger is empty. If it was lost, put it back, or take over what is there: `keyform plan --adopt` shows how, \
                 `keyform apply --adopt` does it. If others made it, give this one another name"
            }
            false => "take it over with `--adopt` or an `import` block, or give this one another name",
        };
        Diagnostic::error(&codes::NOT_MANAGED, detail).at(origin.block, "declared here").help(help)
    }
}

/// Whether it is only that keyform itself has a sync switched off, in a run that did not end.
fn is_pause(difference: &Difference) -> bool {
    *difference.field.name == *AUTO_SYNC && difference.cause == Cause::Changed
}

fn reason(differences: &[Difference]) -> Reason {
    let has = |cause| differences.iter().any(|d| d.cause == cause);
    match (has(Cause::Changed) || has(Cause::Unseen), has(Cause::Drifted)) {
        _ if has(Cause::Foreign) => Reason::Takeover,
        _ if has(Cause::Both) => Reason::Conflict,
        (true, true) => Reason::Conflict,
        (false, true) => Reason::Drifted,
        _ => Reason::Changed,
    }
}
