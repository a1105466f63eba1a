//! Where a secret reaches: the secrets that are it or are made of it, the keys that syncs write of them, and copies that
//! nothing here writes. Looked up by key, or by a value, which is compared by fingerprints and kept nowhere.

use crate::diag::Diagnostic;
use crate::engine::Planned;
use crate::engine::effective;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::index::Index;
use crate::model::address::Address;
use crate::model::job;
use crate::model::ledger::VALUE;
use crate::model::references;
use crate::model::references::Place;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::entries;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is looked for.
#[derive(Debug)]
pub enum Sought {
    /// What it is called.
    Name(Name),
    /// A value.
    Value(Secret),
}

/// What a secret is called: by all of these.
#[derive(Debug, Default)]
pub struct Name {
    /// Its key, or that of what a sync makes of it at its destination.
    pub key: Option<Arc<str>>,
    /// Where it is, as [`Origin::place`].
    pub places: BTreeSet<String>,
}

impl Name {
    /// Whether a key at a destination may be a copy, by its name alone.
    fn is_of(&self, key: &str) -> bool {
        let mut last = self.places.iter().filter_map(|place| place.rsplit('/').next());
        self.key.as_deref() == Some(key) || last.any(|last| last == key)
    }
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Reach {
    /// The secrets, in the order of projects and folders.
    pub secrets: Vec<Origin>,
    /// What syncs write of them.
    pub written: Vec<Written>,
    /// Keys that nothing here writes and that hold the value, or have the key.
    pub copies: Vec<Copy>,
    /// Native integrations, which push whole folders under names of their own.
    pub integrations: Vec<Address>,
    /// What could not be looked at, and why: there may be more.
    pub unseen: BTreeMap<Address, Arc<str>>,
    /// Every key that there is, and where each of them is, for whoever mistyped one.
    pub known: BTreeSet<Arc<str>>,
}

/// A secret of a backend.
#[derive(Debug)]
pub struct Origin {
    /// `project/environment/path/KEY`, as `keyform secret` takes it.
    pub place: String,
    /// The block that declares it.
    pub declared: Option<Address>,
    /// Whether it only refers to one of the others.
    pub refers: bool,
    /// [`Origin::place`] of those of the others that its value refers to.
    pub to: Vec<String>,
}

/// A key that a sync writes.
#[derive(Debug)]
pub struct Written {
    /// The sync.
    pub sync: Address,
    /// Its destination in words.
    pub destination: Arc<str>,
    /// The slug of its environment.
    pub environment: String,
    /// The folder that it reads: `project/environment/path`.
    pub folder: String,
    /// The key at the destination.
    pub key: Arc<str>,
    /// [`Origin::place`] of the secret that it is made of.
    pub secret: String,
    /// When keyform last saw it written, in UTC, as RFC 3339.
    pub at: Option<Arc<str>>,
    /// What the next apply does to it.
    pub pending: Option<Action>,
    /// Whether the backend writes it by itself as soon as the secret changes.
    pub at_once: bool,
}

/// A key at a destination, that no sync of this configuration writes.
#[derive(Debug)]
pub struct Copy {
    /// A sync to the same destination.
    pub sync: Address,
    /// The destination in words; empty if nothing declares it any more.
    pub destination: Arc<str>,
    /// The key.
    pub key: Arc<str>,
    /// When keyform wrote it, if it did.
    pub at: Option<Arc<str>>,
}

/// Secrets by their folder and key, with whether they only refer to what is sought.
type Carriers = BTreeMap<(Place, Arc<str>), bool>;

impl Planned {
    /// Where a secret reaches.
    #[must_use]
    pub fn reach(&self, sought: &Sought) -> Reach {
        let basis = &self.basis;
        let index = Index::new(&basis.desired, &self.ledger, &basis.state);
        let mut reach = Reach::default();
        let resources = || basis.desired.resources.values();
        let projects: BTreeSet<&Address> = resources().filter_map(|resource| resource.reference("project")).collect();
        for project in projects {
            let view = View::new(&index, &basis.resolved, project, When::Planned, &|_| true);
            self.project(&mut reach, project, &view, sought);
        }
        let incomplete = self.plan.incomplete.iter().map(|(address, why)| (address, why.detail.as_str().into()));
        let blind = self.plan.blind.iter().map(|(address, why)| (address, why.clone()));
        reach.unseen.extend(incomplete.chain(blind).map(|(address, why): (_, Arc<str>)| (address.clone(), why)));
        self.copies(&mut reach, sought);
        reach
    }

    fn project(&self, reach: &mut Reach, project: &Address, view: &View<'_>, sought: &Sought) {
        let basis = &self.basis;
        let slug = basis.desired.resources.get(project).and_then(|project| project.text("slug"));
        let slug = slug.unwrap_or(project.name());
        let syncs: Vec<(&Resource, BTreeMap<Arc<str>, Place>)> = basis
            .desired
            .syncs()
            .filter(|sync| sync.reference("project") == Some(project))
            .filter_map(|sync| match view.origins(text(sync, "environment", ""), text(sync, "path", "/")) {
                Ok(origins) => Some((sync, origins)),
                Err(why) => {
                    reach.unseen.insert(sync.address.clone(), why.detail.as_str().into());
                    None
                }
            })
            .collect();
        let stored = |sync: &Resource, name: &str| {
            let pushed = basis.wanted.syncs.get(&sync.address)?;
            Some(job::stored(&pushed.schema, &pushed.rules, name))
        };
        let of = |place: &Place, key: &str| {
            let path = place.path.trim_end_matches('/');
            format!("{slug}/{}{path}/{key}", place.environment)
        };
        let mut carriers = Carriers::new();
        for (place, key, value) in view.each() {
            let at = of(place, key);
            let is_it = match sought {
                Sought::Name(name) => name.key.as_ref() == Some(key) || name.places.contains(&at),
                Sought::Value(wanted) => view.expanded(place, key).is_some_and(|value| self.is_same(&value, wanted)),
            };
            if is_it {
                let refers = matches!(sought, Sought::Value(_)) && value.is_some_and(references::refers);
                carriers.insert((place.clone(), key.clone()), refers);
            }
            reach.known.extend([key.clone(), at.into()]);
        }
        if let Sought::Name(Name { key: Some(wanted), .. }) = sought {
            // What people read at a destination is its name there.
            for (sync, origins) in &syncs {
                for (name, place) in origins.iter().filter(|(name, _)| stored(sync, name).as_ref() == Some(wanted)) {
                    carriers.entry((place.clone(), name.clone())).or_default();
                }
            }
        }
        follow(view, &mut carriers);
        for ((place, key), refers) in &carriers {
            let declared = basis.desired.resources.values().find(|resource| {
                let at = (text(resource, "environment", ""), text(resource, "path", "/"));
                resource.kind == Kind::Secret
                    && resource.reference("project") == Some(project)
                    && at == (&*place.environment, &*place.path)
                    && resource.text("key") == Some(&**key)
            });
            let declared = declared.map(|resource| resource.address.clone());
            let value = view.secrets.get(place).and_then(|keys| keys.get(key)?.as_ref());
            let named = value.map(|value| references::find(value.expose(), place)).unwrap_or_default();
            let to = named.iter().filter(|reference| carries(&carriers, &reference.place, &reference.key));
            let to = to.map(|reference| of(&reference.place, &reference.key)).collect();
            reach.secrets.push(Origin { place: of(place, key), declared, refers: *refers, to });
        }
        for (sync, origins) in &syncs {
            for (name, place) in origins.iter().filter(|(name, place)| carries(&carriers, place, name)) {
                let Some(key) = stored(sync, name) else { continue };
                let entry = sync.address.entry(&key);
                let pending = self.plan.changes.iter().find(|change| change.address == entry);
                let is_on = |attr: &str| sync.attrs.get(attr).and_then(|value| value.as_bool()) != Some(false);
                reach.written.push(Written {
                    sync: sync.address.clone(),
                    destination: self.called(&sync.address),
                    environment: text(sync, "environment", "").to_owned(),
                    folder: {
                        let path = text(sync, "path", "/").trim_end_matches('/');
                        format!("{slug}/{}{path}", text(sync, "environment", ""))
                    },
                    key,
                    secret: of(place, name),
                    at: self.ledger.records.get(&entry).map(|record| record.at.clone()),
                    pending: pending.map(|change| change.action),
                    at_once: sync.text("run") != Some("keyform") && is_on("auto_sync"),
                });
            }
        }
        let is_native = |resource: &&Resource| {
            resource.kind == Kind::NativeIntegration && resource.reference("project") == Some(project)
        };
        for resource in basis.desired.resources.values().filter(is_native) {
            let at = effective::place(text(resource, "environment", ""), text(resource, "path", "/"));
            let folders = view.folders(&at);
            if carriers.keys().any(|(place, _)| folders.contains(place)) {
                reach.integrations.push(resource.address.clone());
            }
        }
    }

    /// Keys at destinations that hold the value, or have the key, and that nothing writes.
    fn copies(&self, reach: &mut Reach, sought: &Sought) {
        let basis = &self.basis;
        let place =
            |sync: &Address| basis.wanted.syncs.get(sync).map(|pushed| pushed.place.clone()).unwrap_or_default();
        let mut known: BTreeSet<(Arc<str>, Arc<str>)> =
            reach.written.iter().map(|written| (place(&written.sync), written.key.clone())).collect();
        if matches!(sought, Sought::Name(name) if !name.places.is_empty()) {
            // Where one secret is meant, what syncs write of others of its name is no copy of it.
            known.extend(basis.wanted.syncs.values().flat_map(|pushed| {
                let stored = |name| job::stored(&pushed.schema, &pushed.rules, name);
                pushed.source.keys().map(move |name| (pushed.place.clone(), stored(name)))
            }));
        }
        for (sync, opened) in &basis.opened {
            let Some(Ok(seen)) = opened.seen.as_deref() else { continue };
            for (key, entry) in &seen.entries {
                let record = self.ledger.records.get(&sync.entry(key));
                let is_it = match sought {
                    Sought::Name(name) => name.is_of(key),
                    Sought::Value(wanted) => match &entry.value {
                        Some(value) => self.is_same(value, wanted),
                        // It does not come back: what is known is what keyform wrote.
                        None => record.is_some_and(|record| {
                            let rules = basis.wanted.syncs.get(sync).map(|pushed| pushed.rules.clone());
                            let rules = rules.unwrap_or_default();
                            let bytes = wanted.expose().as_bytes();
                            let print = entries::fingerprint(&basis.key, sync, &rules, key, bytes);
                            record.written.get(VALUE) == Some(&print)
                        }),
                    },
                };
                if is_it && known.insert((place(sync), key.clone())) {
                    let at = record.map(|record| record.at.clone());
                    let destination = self.called(sync);
                    reach.copies.push(Copy { sync: sync.clone(), destination, key: key.clone(), at });
                }
            }
        }
    }

    fn called(&self, sync: &Address) -> Arc<str> {
        self.basis.wanted.syncs.get(sync).map(|pushed| pushed.called.clone()).unwrap_or_default()
    }

    /// Whether two values are one, by fingerprints that are kept nowhere.
    fn is_same(&self, a: &Secret, b: &Secret) -> bool {
        let print = |value: &Secret| self.basis.key.fingerprint("", value.expose().as_bytes());
        print(a) == print(b)
    }
}

/// Adds what refers to what is there already, until nothing more does.
fn follow(view: &View<'_>, carriers: &mut Carriers) {
    loop {
        let more: Vec<(Place, Arc<str>)> = view
            .each()
            .filter(|(place, key, _)| !carries(carriers, place, key))
            .filter(|(place, _, value)| {
                let found = value.map(|value| references::find(value.expose(), place)).unwrap_or_default();
                found.iter().any(|reference| carries(carriers, &reference.place, &reference.key))
            })
            .map(|(place, key, _)| (place.clone(), key.clone()))
            .collect();
        if more.is_empty() {
            return;
        }
        carriers.extend(more.into_iter().map(|carrier| (carrier, true)));
    }
}

fn carries(carriers: &Carriers, place: &Place, key: &str) -> bool {
    carriers.contains_key(&(place.clone(), key.into()))
}

fn text<'a>(resource: &'a Resource, name: &str, otherwise: &'a str) -> &'a str {
    resource.text(name).unwrap_or(otherwise)
}

impl View<'_> {
    /// Every secret with its value as it is written, where that is at hand.
    fn each(&self) -> impl Iterator<Item = (&Place, &Arc<str>, Option<&Secret>)> {
        let secrets = self.secrets.iter();
        secrets.flat_map(|(place, keys)| keys.iter().map(move |(key, value)| (place, key, value.as_ref())))
    }

    /// The folder of each secret that a sync of this one pushes, by their own keys.
    ///
    /// # Errors
    /// Part of what it is made of could not be read.
    fn origins(&self, environment: &str, path: &str) -> Result<BTreeMap<Arc<str>, Place>, Diagnostic> {
        let mut merged = BTreeMap::new();
        self.merge(&effective::place(environment, path), &mut Vec::new(), &mut merged)?;
        Ok(merged)
    }
}
