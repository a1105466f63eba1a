//! From addresses to what was read: by the id that the ledger remembers, else by natural key. The same
//! in the other direction: which parts of the backend a configuration and a ledger mention at all.
//!
//! Environments can be renamed in place, so everything here speaks of them as the configuration does;
//! [`Index::live_environment`] is the one place that knows what the backend calls them now.

use crate::backend::read::Mention;
use crate::backend::read::Named;
use crate::backend::state::Environment;
use crate::backend::state::Import;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Sync;
use crate::model::address::Address;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Names of natural keys in the ledger.
pub(super) mod natural {
    pub(crate) const PROJECT: &str = "project";
    pub(crate) const PROJECT_ID: &str = "project_id";
    pub(crate) const ENVIRONMENT: &str = "environment";
    pub(crate) const ENVIRONMENT_ID: &str = "environment_id";
    pub(crate) const SLUG: &str = "slug";
    pub(crate) const PATH: &str = "path";
    pub(crate) const KEY: &str = "key";
    pub(crate) const FROM_ENVIRONMENT: &str = "from_environment";
    pub(crate) const FROM_PATH: &str = "from_path";
    pub(crate) const APP: &str = "app";
    pub(crate) const NAME: &str = "name";
    pub(crate) use crate::model::ledger::DESTINATION;
    pub(crate) const RUN: &str = "run";
    pub(crate) const IDENTITY: &str = "identity";
}

/// Looks things up. Cheap to make, holds nothing of its own but one small table.
pub(super) struct Index<'a> {
    pub(super) desired: &'a Desired,
    pub(super) ledger: &'a Ledger,
    pub(super) state: &'a State,
    /// Declared environments by project and slug.
    environments: BTreeMap<(&'a Address, &'a str), &'a Address>,
}

impl<'a> Index<'a> {
    pub(super) fn new(desired: &'a Desired, ledger: &'a Ledger, state: &'a State) -> Self {
        let environments = desired
            .resources
            .values()
            .filter(|r| r.kind == Kind::Environment)
            .filter_map(|r| Some(((r.reference("project")?, r.text("slug")?), &r.address)))
            .collect();
        Self { desired, ledger, state, environments }
    }

    /// The project of an address: declared, or only remembered.
    pub(super) fn project(&self, address: &Address) -> Option<&'a Project> {
        let remembered = self.ledger.records.get(address);
        if let Some(found) = remembered.and_then(|r| self.state.project_by_id(&r.id)) {
            return Some(found);
        }
        let slug = match self.desired.resources.get(address) {
            Some(resource) => resource.text("slug"),
            None => remembered.and_then(|r| r.natural.get(natural::SLUG)).map(|s| &**s),
        };
        self.state.projects.get(slug?)
    }

    /// The project that a declared resource is in.
    pub(super) fn project_of(&self, resource: &Resource) -> Option<&'a Project> {
        self.project(resource.reference("project")?)
    }

    /// The project that something remembered is in.
    pub(super) fn project_of_natural(&self, natural: &Natural) -> Option<&'a Project> {
        let by_id = natural.get(natural::PROJECT_ID).and_then(|id| self.state.project_by_id(id));
        by_id.or_else(|| self.state.projects.get(natural.get(natural::PROJECT)?))
    }

    /// The address of the declared environment with a slug.
    pub(super) fn environment_address(&self, project: &Address, slug: &str) -> Option<&'a Address> {
        self.environments.get(&(project, slug)).copied()
    }

    /// The environment of a project that the configuration calls `slug`, whatever the backend calls it.
    pub(super) fn live_environment(&self, project: &Address, slug: &str) -> Option<&'a Environment> {
        let live = self.project(project)?;
        let renamed = self.environment_address(project, slug).and_then(|address| {
            let id = &self.ledger.records.get(address)?.id;
            live.environments.iter().find(|e| e.id == *id)
        });
        renamed.or_else(|| live.environment(slug))
    }

    /// The name, not the slug, of the environment that a declared sync is of.
    pub(super) fn environment_name(&self, sync: &Resource) -> Option<Arc<str>> {
        let (project, slug) = (sync.reference("project")?, sync.text("environment")?);
        let declared = self.environment_address(project, slug).and_then(|address| self.desired.resources.get(address));
        let declared = declared.and_then(|environment| environment.text("name")).map(Arc::from);
        declared.or_else(|| Some(self.live_environment(project, slug)?.name.clone()))
    }

    /// The same of a sync that the backend has.
    pub(super) fn live_name(&self, sync: &Sync) -> Option<Arc<str>> {
        let is_its =
            |project: &&Project| matches!(&project.syncs, Some(Ok(syncs)) if syncs.iter().any(|s| s.id == sync.id));
        let project = self.state.projects.values().find(is_its)?;
        Some(project.environment(sync.environment.as_deref()?)?.name.clone())
    }

    /// What the configuration calls an environment of the backend.
    pub(super) fn declared_slug(&self, project: &Address, live: &Environment) -> Arc<str> {
        let declared = self.environments.iter().find(|((p, slug), _)| {
            *p == project && self.live_environment(project, slug).is_some_and(|e| e.id == live.id)
        });
        declared.map_or_else(|| live.slug.clone(), |((_, slug), _)| Arc::from(*slug))
    }

    /// The environment that something remembered is in.
    pub(super) fn environment_of_natural(&self, project: &'a Project, natural: &Natural) -> Option<&'a Environment> {
        let by_id = natural
            .get(natural::ENVIRONMENT_ID)
            .and_then(|id| project.environments.iter().find(|e| e.id == *id && !id.is_empty()));
        by_id.or_else(|| project.environment(natural.get(natural::ENVIRONMENT)?))
    }

    /// The address of the declared project with a slug.
    pub(super) fn project_address(&self, slug: &str) -> Option<&'a Address> {
        let mut projects = self.desired.resources.values().filter(|r| r.kind == Kind::Project);
        projects.find(|r| r.text("slug") == Some(slug)).map(|r| &r.address)
    }

    /// The place of an import in the words of the configuration: what it declares, if it stands behind all that are
    /// to stand before it, else its rank. The order counts, not the backend's numbers.
    pub(super) fn position(&self, address: &Address, imports: &[Import], import: &Import) -> Value {
        let at = |id: &str| imports.iter().position(|other| *other.id == *id);
        let resource = self.desired.resources.get(address);
        let Some((resource, own)) = resource.and_then(|r| Some((r, r.position()?))) else { return Value::Null };
        let Some(here) = at(&import.id) else { return Value::Null };
        let same = |other: &Resource, name: &str| other.attrs.get(name) == resource.attrs.get(name);
        let is_before = |other: &&Resource| {
            other.kind == Kind::SecretImport
                && ["project", "environment", "path"].iter().all(|name| same(other, name))
                && other.position().is_some_and(|position| position < own)
        };
        let before = self.desired.resources.values().filter(is_before);
        let mut before = before.filter_map(|other| at(&self.ledger.records.get(&other.address)?.id));
        let rank = i64::try_from(here + 1).unwrap_or(i64::MAX);
        match before.all(|other| other < here) {
            true => Value::int(own),
            false if rank != own => Value::int(rank),
            false => Value::Null,
        }
    }

    /// What has to be read, by the slug that the backend has for each project. What ends, which with `destroy` is everything,
    /// takes along whatever is in it.
    pub(super) fn mentions(&self, destroy: bool) -> BTreeMap<Arc<str>, Mention> {
        let mut mentions = BTreeMap::new();
        for resource in self.desired.resources.values() {
            self.mention(&mut mentions, resource);
        }
        for (address, record) in &self.ledger.records {
            // What is declared elsewhere than it was written is looked for where it was, too.
            let has_moved = self.desired.resources.get(address).is_none_or(|resource| {
                let differs = |name: &str| {
                    resource.text(name).is_some_and(|now| record.natural.get(name).is_some_and(|was| **was != *now))
                };
                let was = record.natural.get(natural::PROJECT_ID).filter(|_| resource.reference("project").is_some());
                differs(natural::ENVIRONMENT)
                    || differs(natural::PATH)
                    || was.is_some_and(|was| self.project_of(resource).is_none_or(|now| now.id != *was))
            });
            if has_moved && address.entry_key().is_none() {
                self.mention_natural(&mut mentions, address, &record.natural);
                self.mention_taken(&mut mentions, record);
            }
            if has_moved || destroy {
                self.mention_contents(&mut mentions, address, record);
            }
        }
        mentions
    }

    /// What goes with a project, an environment or a folder, whoever made it.
    fn mention_contents(&self, mentions: &mut BTreeMap<Arc<str>, Mention>, address: &Address, record: &Record) {
        let Some((project, environments)) = self.contents(address, record) else { return };
        let mention = mentions.entry(project.slug.clone()).or_default();
        for environment in environments {
            let mention = mention.environments.entry(environment.slug.clone()).or_default();
            (mention.folders, mention.secrets) = (true, true);
        }
        if address.kind() == Kind::Project.word() {
            (mention.tags, mention.syncs) = (true, true);
        }
    }

    /// The environments of a project, an environment itself, or that of a folder; `None` of anything else.
    pub(super) fn contents(&self, address: &Address, record: &Record) -> Option<(&'a Project, Vec<&'a Environment>)> {
        let kind = Kind::from_word(address.kind())?;
        let project = match kind {
            Kind::Project => self.state.project_by_id(&record.id)?,
            _ => self.project_of_natural(&record.natural)?,
        };
        let all = project.environments.iter();
        match kind {
            Kind::Project => Some((project, all.collect())),
            Kind::Environment => Some((project, all.filter(|environment| environment.id == record.id).collect())),
            Kind::Folder => {
                Some((project, self.environment_of_natural(project, &record.natural).into_iter().collect()))
            }
            _ => None,
        }
    }

    /// What a sync takes away with it when it ends are the keys that its source has.
    fn mention_taken(&self, mentions: &mut BTreeMap<Arc<str>, Mention>, record: &Record) {
        let part = |name: &str| record.natural.get(name).cloned();
        if let Some(project) = self.project_of_natural(&record.natural).filter(|_| record.removes)
            && let Some(folder) = part(natural::ENVIRONMENT).zip(part(natural::PATH))
        {
            let mention = mentions.entry(project.slug.clone()).or_default();
            mention.environments.entry(folder.0.clone()).or_default().secrets = true;
            mention.sources.insert(folder);
        }
    }

    fn mention(&self, mentions: &mut BTreeMap<Arc<str>, Mention>, resource: &Resource) {
        for source in sources(resource) {
            if let SecretSource::Stored(place) = source
                && let Some((project, environment, ..)) = stored_place(place)
                && let Some(live) = self.state.projects.get(project)
            {
                let environment = mentions.entry(live.slug.clone()).or_default().environments.entry(environment.into());
                environment.or_default().secrets = true;
            }
        }
        let Some(address) = resource.reference("project") else { return };
        let Some(project) = self.project(address) else { return };
        let mention = mentions.entry(project.slug.clone()).or_default();
        let slug =
            if resource.kind == Kind::Environment { resource.text("slug") } else { resource.text("environment") };
        let live = slug.and_then(|slug| self.live_environment(address, slug));
        let environment = live.map(|e| e.slug.clone());
        let path = resource.text("path").unwrap_or("/");
        if resource.attrs.contains_key("tags") {
            mention.tags = true;
        }
        if resource.kind.names().is_some() {
            let names = mention.things.entry(resource.kind).or_default();
            names.extend(thing_names(resource));
            names.extend(self.ledger.records.get(&resource.address).map(|record| record.id.clone()));
        }
        match (resource.kind, environment) {
            (Kind::Tag, _) => mention.tags = true,
            (Kind::Environment, Some(environment)) => {
                mention.environments.entry(environment).or_default().position |=
                    resource.attrs.get("position").is_some_and(|p| !p.is_null());
            }
            (Kind::Folder, Some(environment)) => mention.environments.entry(environment).or_default().folders = true,
            (Kind::Secret, Some(environment)) => mention.environments.entry(environment).or_default().secrets = true,
            (Kind::SecretImport, Some(environment)) => {
                mention.imports.insert((environment, path.into()));
            }
            (Kind::SecretSync, environment) => {
                mention.syncs = true;
                if let Some(environment) = environment {
                    mention.environments.entry(environment.clone()).or_default().secrets = true;
                    mention.sources.insert((environment, path.into()));
                }
            }
            _ => {}
        }
    }

    pub(super) fn mention_natural(
        &self,
        mentions: &mut BTreeMap<Arc<str>, Mention>,
        address: &Address,
        natural: &Natural,
    ) {
        let Some(project) = self.project_of_natural(natural) else { return };
        let environment = self.environment_of_natural(project, natural).map(|e| e.slug.clone());
        let mention = mentions.entry(project.slug.clone()).or_default();
        let path = natural.get(natural::PATH).cloned().unwrap_or_else(|| "/".into());
        let kind = Kind::from_word(address.kind());
        if let Some(kind) = kind.filter(|kind| kind.names().is_some()) {
            mention.things.entry(kind).or_default();
        }
        match (kind, environment) {
            (Some(Kind::Tag), _) => mention.tags = true,
            (Some(Kind::SecretSync), _) => mention.syncs = true,
            (Some(Kind::Folder), Some(environment)) => {
                mention.environments.entry(environment).or_default().folders = true;
            }
            (Some(Kind::Secret), Some(environment)) => {
                mention.environments.entry(environment).or_default().secrets = true;
            }
            (Some(Kind::SecretImport), Some(environment)) => {
                mention.imports.insert((environment, path));
            }
            _ => {}
        }
    }

    /// The slugs of all projects that have to be read.
    pub(super) fn project_slugs(desired: &Desired, ledger: &Ledger) -> BTreeSet<Arc<str>> {
        let declared = desired.resources.values().filter(|r| r.kind == Kind::Project).filter_map(|r| r.text("slug"));
        let stored = desired.resources.values().flat_map(sources).filter_map(|source| match source {
            SecretSource::Stored(place) => Some(stored_place(place)?.0),
            _ => None,
        });
        let remembered = ledger.records.iter().filter_map(|(address, record)| {
            let name = if address.kind() == Kind::Project.word() { natural::SLUG } else { natural::PROJECT };
            record.natural.get(name).map(|slug| &**slug)
        });
        let imported = desired.imports.iter().filter(|(to, _)| to.kind() != Kind::AppConnection.word());
        let imported = imported.filter_map(|(_, import)| import.id.trim_matches('/').split('/').next());
        declared.chain(stored).chain(remembered).chain(imported).map(Into::into).collect()
    }

    /// What has to be read of the organisation besides its connections.
    pub(super) fn mentions_of_organization(desired: &Desired, ledger: &Ledger) -> Named {
        let mut named = Named::new();
        for resource in desired.resources.values().filter(|r| r.kind.is_of_organization()) {
            let names = named.entry(resource.kind).or_default();
            names.extend(thing_names(resource));
            names.extend(ledger.records.get(&resource.address).map(|record| record.id.clone()));
        }
        for address in ledger.records.keys().chain(ledger.intents.keys()) {
            if let Some(kind) = Kind::from_word(address.kind()).filter(|kind| kind.is_of_organization()) {
                named.entry(kind).or_default();
            }
        }
        named
    }

    /// Whether app connections have to be read.
    pub(super) fn mentions_connections(desired: &Desired, ledger: &Ledger) -> bool {
        let declared = desired.resources.values().any(|r| matches!(r.kind, Kind::AppConnection | Kind::SecretSync));
        declared || ledger.records.keys().any(|a| a.kind() == Kind::AppConnection.word())
    }
}

/// The texts that name a thing at the backend.
fn thing_names(resource: &Resource) -> impl Iterator<Item = Arc<str>> {
    resource.kind.names().unwrap_or_default().iter().filter_map(|name| resource.text(name)).map(Arc::from)
}

/// Every secret source of a resource.
pub(super) fn sources(resource: &Resource) -> Vec<&SecretSource> {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a SecretSource>) {
        match value {
            Value::Source(source) => found.push(source),
            Value::List(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(fields) => fields.values().for_each(|field| walk(field, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    resource.attrs.values().for_each(|value| walk(value, &mut found));
    found
}

/// `project/environment/path/KEY` in its parts: project, environment, absolute path, key.
pub(super) fn stored_place(place: &str) -> Option<(&str, &str, String, &str)> {
    let mut parts: Vec<&str> = place.trim_matches('/').split('/').collect();
    if parts.len() < 3 {
        return None;
    }
    let key = parts.pop()?;
    Some((parts[0], parts[1], format!("/{}", parts[2..].join("/")), key))
}
