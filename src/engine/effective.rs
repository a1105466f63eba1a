//! What the source of a sync holds once the plan is done: what is there, without what will be deleted,
//! with what is declared, imports merged, references replaced. A source that could not be read in full
//! is an error here, never an empty source.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::index::Index;
use crate::engine::index::natural;
use crate::engine::sources::Resolved;
use crate::model::address::Address;
use crate::model::ledger::VALUE;
use crate::model::references;
use crate::model::references::Place;
use crate::model::references::Reference;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The secrets that a sync pushes, by their own keys; `None` where the value is not at hand.
pub(super) type Source = BTreeMap<Arc<str>, Option<Secret>>;

/// What is taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// What is there now.
    Now,
    /// What will be there after the plan; random values that do not exist yet are not known.
    Planned,
    /// What will be there after the plan, all values known.
    Applied,
    /// What will be there after everything that is managed has ended.
    Ended,
}

/// What the first run of a sync takes into its folder.
pub(super) struct Imported {
    /// The sync's project.
    pub(super) project: Address,
    /// The sync.
    pub(super) sync: Address,
    /// The folder.
    pub(super) place: Place,
    /// The secrets, by their own keys.
    pub(super) secrets: Source,
}

impl Imported {
    /// That it takes keys into a folder which another one has taken into it just before: those would be lost.
    pub(super) fn overwrites(&self, before: &Imported, resource: &Resource) -> Option<Diagnostic> {
        let is_there = (&self.project, &self.place) == (&before.project, &before.place);
        let key = self.secrets.keys().find(|key| is_there && before.secrets.contains_key(*key))?;
        let detail = format!("The first runs of {} and {} would both import `{key}`.", before.sync, self.sync);
        Some(Diagnostic::error(&codes::IMPORT_DECLARED, detail).at(resource.origin.block, "declared here").help(
            "let one of them be `import-prioritize-source`, or apply one of them before the other: then the plan says what each does",
        ))
    }
}

/// One project's secrets and imports, folder by folder; environments as the configuration calls them.
pub(super) struct View<'a> {
    pub(super) secrets: BTreeMap<Place, BTreeMap<Arc<str>, Option<Secret>>>,
    imports: BTreeMap<Place, Vec<Place>>,
    /// Environments whose secrets, and folders whose imports, could not be read.
    unread: BTreeMap<Arc<str>, &'a Diagnostic>,
    unread_imports: BTreeMap<Place, &'a Diagnostic>,
}

impl<'a> View<'a> {
    /// The view of a declared project. What is not asked for will be as it is.
    pub(super) fn new(
        index: &Index<'a>,
        resolved: &Resolved,
        project: &Address,
        when: When,
        asked: &dyn Fn(&Address) -> bool,
    ) -> Self {
        let mut view = View {
            secrets: BTreeMap::new(),
            imports: BTreeMap::new(),
            unread: BTreeMap::new(),
            unread_imports: BTreeMap::new(),
        };
        view.add_live(index, project, when, asked);
        if matches!(when, When::Planned | When::Applied) {
            view.add_declared(index, resolved, project, when, asked);
        }
        view
    }

    fn add_live(&mut self, index: &Index<'a>, project: &Address, when: When, asked: &dyn Fn(&Address) -> bool) {
        let Some(live) = index.project(project) else { return };
        // What keyform owns comes in as it is declared: changed, renamed, or not at all. What it lets go stays.
        let managed = |kind: Kind| -> BTreeSet<&str> {
            let records = index
                .ledger
                .records
                .iter()
                .filter(|(a, _)| a.kind() == kind.word() && asked(a) && !index.desired.releases(a));
            records.map(|(_, record)| &*record.id).collect()
        };
        let (secrets, imports) = match when {
            When::Now => (BTreeSet::new(), BTreeSet::new()),
            When::Planned | When::Applied | When::Ended => (managed(Kind::Secret), managed(Kind::SecretImport)),
        };
        for environment in &live.environments {
            let slug = index.declared_slug(project, environment);
            match &environment.secrets {
                Some(Ok(list)) => {
                    for secret in list.iter().filter(|s| !secrets.contains(&*s.id)) {
                        let folder = self.secrets.entry(place(&slug, &secret.path)).or_default();
                        folder.insert(secret.key.clone(), secret.value.clone());
                    }
                }
                Some(Err(why)) => {
                    self.unread.insert(slug, why);
                }
                None => {}
            }
        }
        for ((environment, path), list) in &live.imports {
            let declared = |slug: &str| {
                live.environment(slug).map_or_else(|| Arc::from(slug), |e| index.declared_slug(project, e))
            };
            let at = place(&declared(environment), path);
            match list {
                Ok(list) => {
                    let kept = list.iter().filter(|i| !imports.contains(&*i.id));
                    let sources = kept.map(|i| place(&declared(&i.from_environment), &i.from_path)).collect();
                    self.imports.insert(at, sources);
                }
                Err(why) => {
                    self.unread_imports.insert(at, why);
                }
            }
        }
    }

    fn add_declared(
        &mut self,
        index: &Index<'_>,
        resolved: &Resolved,
        project: &Address,
        when: When,
        asked: &dyn Fn(&Address) -> bool,
    ) {
        let declared =
            index.desired.resources.values().filter(|r| r.reference("project") == Some(project) && asked(&r.address));
        for resource in declared {
            let at = place(resource.text("environment").unwrap_or(""), resource.text("path").unwrap_or("/"));
            match resource.kind {
                Kind::Secret => {
                    let fresh = resolved.fresh.contains_key(&resource.address);
                    let value = match when {
                        When::Planned if fresh => None,
                        _ => resolved.planned(&resource.address),
                    };
                    let folder = self.secrets.entry(at).or_default();
                    let key = resource.text("key").unwrap_or("");
                    // What is there stays, and is what is pushed.
                    let is_kept = resource.lifecycle.ignores(VALUE);
                    let there = || owned(index, project, &resource.address).or_else(|| folder.get(key).cloned());
                    let value = is_kept.then(there).flatten().unwrap_or(value);
                    folder.insert(key.into(), value);
                }
                Kind::SecretImport => {
                    let from = place(
                        resource.text("from_environment").unwrap_or(""),
                        resource.text("from_path").unwrap_or("/"),
                    );
                    let list = self.imports.entry(at).or_default();
                    if !list.contains(&from) {
                        list.push(from);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes what the first run of a sync imports into its folder.
    pub(super) fn take(&mut self, imported: &Imported) {
        let folder = self.secrets.entry(imported.place.clone()).or_default();
        folder.extend(imported.secrets.iter().map(|(key, value)| (key.clone(), value.clone())));
    }

    /// A folder and all that it imports, directly or not.
    pub(super) fn folders(&self, place: &Place) -> BTreeSet<Place> {
        let mut open = vec![place.clone()];
        let mut all = BTreeSet::new();
        while let Some(place) = open.pop() {
            if all.insert(place.clone()) {
                open.extend(self.imports.get(&place).into_iter().flatten().cloned());
            }
        }
        all
    }

    /// The secrets that a sync of this folder pushes.
    ///
    /// # Errors
    /// Part of what it is made of could not be read.
    pub(super) fn source(&self, environment: &str, path: &str) -> Result<Source, Diagnostic> {
        let place = place(environment, path);
        let mut merged = BTreeMap::new();
        self.merge(&place, &mut vec![], &mut merged)?;
        Ok(merged.into_iter().map(|(key, origin)| (key.clone(), self.expanded(&origin, &key))).collect())
    }

    /// Which folder each key comes from: a folder's own secrets win, then later imports.
    pub(super) fn merge(
        &self,
        place: &Place,
        open: &mut Vec<Place>,
        merged: &mut BTreeMap<Arc<str>, Place>,
    ) -> Result<(), Diagnostic> {
        if open.contains(place) {
            return Ok(());
        }
        if let Some(why) = self.unread.get(place.environment.as_str()).or_else(|| self.unread_imports.get(place)) {
            let detail = format!("{}{}: {}", place.environment, place.path, why.detail);
            return Err(Diagnostic { help: why.help.clone(), ..Diagnostic::error(&codes::SOURCE_UNREAD, detail) });
        }
        open.push(place.clone());
        for import in self.imports.get(place).into_iter().flatten() {
            self.merge(import, open, merged)?;
        }
        open.pop();
        for key in self.secrets.get(place).into_iter().flat_map(BTreeMap::keys) {
            merged.insert(key.clone(), place.clone());
        }
        Ok(())
    }

    /// The value of a secret with its references replaced; `None` where part of it is not at hand.
    pub(super) fn expanded(&self, origin: &Place, key: &str) -> Option<Secret> {
        let value = self.secrets.get(origin)?.get(key)?.as_ref()?;
        let mut unknown = false;
        let mut lookup = |reference: &Reference| {
            unknown |= self.unread.contains_key(reference.place.environment.as_str());
            let found = self.secrets.get(&reference.place)?.get(reference.key.as_str())?;
            unknown |= found.is_none();
            found.clone()
        };
        let at = Reference { place: origin.clone(), key: key.to_owned() };
        let expanded = references::expand(value, &at, &mut lookup);
        (!unknown).then_some(expanded)
    }

    /// Environments that references of this view lead to.
    pub(super) fn referenced(&self) -> BTreeSet<String> {
        let values = self.secrets.iter().flat_map(|(place, secrets)| secrets.values().map(move |v| (place, v)));
        values
            .filter_map(|(place, value)| Some((place, value.as_ref()?)))
            .flat_map(|(place, value)| references::find(value.expose(), place))
            .map(|reference| reference.place.environment)
            .collect()
    }
}

/// The value that the backend has for a secret that the ledger has.
fn owned(index: &Index<'_>, project: &Address, address: &Address) -> Option<Option<Secret>> {
    let id = &index.ledger.records.get(address)?.id;
    let read = index
        .project(project)?
        .environments
        .iter()
        .filter_map(|environment| environment.secrets.as_ref()?.as_ref().ok());
    read.flatten().find(|secret| secret.id == *id).map(|secret| secret.value.clone())
}

/// A folder by its names.
pub(super) fn place(environment: &str, path: &str) -> Place {
    Place { environment: environment.to_owned(), path: path.to_owned() }
}

/// Whether a record is of a sync that keyform runs itself.
pub(super) fn runs_here(natural: &crate::model::ledger::Natural) -> bool {
    natural.get(natural::RUN).is_some_and(|run| &**run == "keyform")
}
