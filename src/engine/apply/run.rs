//! What all changes of one run share: the ids of what is there and what was made, where things are, and
//! the ledger's journal.

use crate::backend::client::Client;
use crate::backend::state::Environment;
use crate::backend::write::Place;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::apply::Outcome;
use crate::engine::event::Event;
use crate::engine::index::Index;
use crate::engine::index::natural;
use crate::engine::open;
use crate::engine::wanted;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Reason;
use crate::provider::turns::Turns;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::sync::mpsc::UnboundedSender;

/// One run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine,
    pub(super) planned: &'a Planned,
    pub(super) index: Index<'a>,
    events: UnboundedSender<Event>,
    made: Mutex<Made>,
    pub(super) turns: Turns,
}

#[derive(Default)]
struct Made {
    /// Ids of what this run made.
    ids: BTreeMap<Address, Arc<str>>,
    /// Ids of environments that a template made along with their project, by project and slug.
    environments: BTreeMap<(Address, Arc<str>), Arc<str>>,
    /// Environments that this run changed: they are called as declared now.
    renamed: BTreeSet<Address>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: &'a Engine, planned: &'a Planned, events: UnboundedSender<Event>) -> Self {
        let basis = &planned.basis;
        let index = Index::new(&basis.desired, &planned.ledger, &basis.state);
        Self { engine, planned, index, events, made: Mutex::default(), turns: Turns::default() }
    }

    pub(super) fn backend(&self) -> &Client {
        &self.engine.reached.backend
    }

    /// The declared resource of a change.
    pub(super) fn declared(&self, address: &Address) -> Result<&'a Resource, Diagnostic> {
        let basis = &self.planned.basis;
        basis.desired.resources.get(address).ok_or_else(|| missing(address, "its declaration"))
    }

    pub(super) fn record(&self, address: &Address) -> Option<&'a Record> {
        self.planned.ledger.records.get(address)
    }

    /// The id of something that exists, or that this run made.
    pub(super) fn id(&self, address: &Address) -> Result<Arc<str>, Diagnostic> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).ids.get(address).cloned();
        let live = || self.planned.basis.live.resources.get(address).map(|o| o.id.clone());
        made.or_else(live).filter(|id| !id.is_empty()).ok_or_else(|| missing(address, "it"))
    }

    pub(super) fn keep_id(&self, address: &Address, id: Arc<str>) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).ids.insert(address.clone(), id);
    }

    /// Notes the environments that a new project came with.
    pub(super) fn keep_environments(&self, project: &Address, environments: &[Environment]) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.environments.extend(environments.iter().map(|e| ((project.clone(), e.slug.clone()), e.id.clone())));
    }

    /// The environment that a new project came with.
    pub(super) fn made_environment(&self, project: &Address, slug: &str) -> Option<Arc<str>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.environments.get(&(project.clone(), slug.into())).cloned()
    }

    /// Says that an environment is called as declared from now on.
    pub(super) fn keep_renamed(&self, address: &Address) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).renamed.insert(address.clone());
    }

    pub(super) fn warn(&self, warning: Diagnostic) {
        let warnings = &mut self.made.lock().unwrap_or_else(PoisonError::into_inner).warnings;
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).warnings.clone()
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody listens any more when the run is over.
        let _ = self.events.send(event);
    }

    /// The id of the project that something is in.
    pub(super) fn project_id(&self, address: &Address) -> Result<Arc<str>, Diagnostic> {
        if let Some(resource) = self.planned.basis.desired.resources.get(address) {
            let project = resource.reference("project").ok_or_else(|| missing(address, "its project"))?;
            return self.id(project).or_else(|why| self.index.project(project).map(|p| p.id.clone()).ok_or(why));
        }
        let natural = self.record(address).map(|r| &r.natural);
        let live = natural.and_then(|natural| self.index.project_of_natural(natural));
        live.map(|project| project.id.clone()).ok_or_else(|| missing(address, "its project"))
    }

    /// The folder that something is in: project, environment as the backend calls it now, path.
    pub(super) fn place(&self, address: &Address) -> Result<Place, Diagnostic> {
        let project = self.project_id(address)?.to_string();
        if let Some(resource) = self.planned.basis.desired.resources.get(address) {
            let slug = resource.text("environment").unwrap_or("");
            let environment = resource.reference("project").map_or_else(|| slug.to_owned(), |p| self.slug(p, slug));
            let path = resource.text("path").unwrap_or("/").to_owned();
            return Ok(Place { project, environment, path });
        }
        let natural = &self.record(address).ok_or_else(|| missing(address, "its record"))?.natural;
        let live = self.index.project_of_natural(natural).ok_or_else(|| missing(address, "its project"))?;
        let environment = self.index.environment_of_natural(live, natural);
        let environment = self.called_now(environment.ok_or_else(|| missing(address, "its environment"))?);
        let path = natural.get(natural::PATH).map_or("/", |p| &**p).to_owned();
        Ok(Place { project, environment, path })
    }

    /// The slug of an environment that was read, at this moment.
    pub(super) fn called_now(&self, environment: &Environment) -> String {
        let basis = &self.planned.basis;
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |address: &&Address| basis.live.resources.get(*address).is_some_and(|o| o.id == environment.id);
        let renamed = made.renamed.iter().find(is_it).and_then(|address| basis.desired.resources.get(address));
        renamed.and_then(|declared| declared.text("slug")).unwrap_or(&environment.slug).to_owned()
    }

    /// What the backend calls an environment at this moment.
    pub(super) fn slug(&self, project: &Address, declared: &str) -> String {
        let address = self.index.environment_address(project, declared);
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if address.is_some_and(|a| made.renamed.contains(a) || made.ids.contains_key(a)) {
            return declared.to_owned();
        }
        self.index.live_environment(project, declared).map_or(declared, |e| &e.slug).to_owned()
    }

    /// What will find a resource again.
    pub(super) fn natural(&self, resource: &Resource) -> Natural {
        let mut found = Natural::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|v| !v.is_empty()) {
                found.insert(name.into(), value.into());
            }
        };
        if let Some(project) = resource.reference("project") {
            let slug = self.index.desired.resources.get(project).and_then(|p| p.text("slug"));
            put(natural::PROJECT, slug);
            put(natural::PROJECT_ID, self.project_id(&resource.address).ok().as_deref());
            if let Some(slug) = resource.text("environment") {
                put(natural::ENVIRONMENT, Some(slug));
                let made = self.index.environment_address(project, slug).and_then(|a| self.id(a).ok());
                let id = made.or_else(|| self.index.live_environment(project, slug).map(|e| e.id.clone()));
                put(natural::ENVIRONMENT_ID, id.as_deref());
            }
        }
        let names: &[&str] = match resource.kind {
            Kind::Project | Kind::Environment | Kind::Tag => &[natural::SLUG],
            Kind::Folder => &[natural::PATH],
            Kind::Secret => &[natural::PATH, natural::KEY],
            Kind::SecretImport => &[natural::PATH, natural::FROM_ENVIRONMENT, natural::FROM_PATH],
            Kind::AppConnection => &[natural::NAME],
            Kind::SecretSync => &[natural::NAME, natural::PATH, natural::RUN],
            // An identity by its id: see below.
            kind => kind.names().unwrap_or_default(),
        };
        for name in names {
            put(name, resource.text(name));
        }
        match resource.kind {
            Kind::AppConnection => put(natural::APP, Some(&resource.slug)),
            Kind::SecretSync => put(natural::DESTINATION, Some(&resource.slug)),
            Kind::ProjectIdentity => {
                let id = resource.reference(natural::IDENTITY).and_then(|identity| self.id(identity).ok());
                put(natural::IDENTITY, id.as_deref());
            }
            _ => {}
        }
        found
    }

    /// The record of a resource that is now as declared.
    pub(super) fn record_of(&self, resource: &Resource, id: Arc<str>, version: Option<Arc<str>>) -> journal::Event {
        let basis = &self.planned.basis;
        let schemas = self.engine.options.registry.schemas();
        let attrs = wanted::attrs(resource, schemas, &basis.resolved, &basis.key, true);
        let mut written = plan::diff::written(&basis.key, resource, &attrs);
        // A value that is not at hand stayed as it was written.
        if resource.kind == Kind::Secret && resource.attrs.contains_key(VALUE) && !written.contains_key(VALUE) {
            let old = self.record(&resource.address).and_then(|record| record.written.get(VALUE));
            written.extend(old.map(|mark| (VALUE.into(), *mark)));
        }
        let record = Record {
            id,
            natural: self.natural(resource),
            written,
            // `append` says it for all records.
            marked: None,
            version,
            protected: resource.lifecycle.prevent_destroy,
            removes: resource.text("on_delete") == Some("remove"),
            at: open::now().into(),
        };
        journal::Event::Record { address: resource.address.clone(), record }
    }

    /// The record of a resource as it was found.
    pub(super) fn found_record(&self, resource: &Resource, id: Arc<str>) -> Result<journal::Event, Diagnostic> {
        let basis = &self.planned.basis;
        let seen = basis.live.resources.get(&resource.address).ok_or_else(|| missing(&resource.address, "it"))?;
        let mut event = self.record_of(resource, id, None);
        if let journal::Event::Record { record, .. } = &mut event {
            let schemas = self.engine.options.registry.schemas();
            let attrs = wanted::attrs(resource, schemas, &basis.resolved, &basis.key, false);
            record.written = plan::diff::found(&basis.key, resource, &attrs, &seen.attrs);
        }
        Ok(event)
    }

    /// The records of what is in a project or environment that got another slug: their natural keys name it.
    /// What has a row of its own is recorded or forgotten there.
    pub(super) fn renamed(&self, container: &Resource, id: &str) -> Vec<journal::Event> {
        let (id_name, name) = match container.kind {
            Kind::Project => (natural::PROJECT_ID, natural::PROJECT),
            _ => (natural::ENVIRONMENT_ID, natural::ENVIRONMENT),
        };
        let rows: BTreeSet<&Address> = self.planned.plan.changes.iter().map(|change| &change.address).collect();
        let inside = self.planned.ledger.records.iter().filter(|(address, record)| {
            !rows.contains(address) && record.natural.get(id_name).is_some_and(|found| **found == *id)
        });
        let renamed = inside.map(|(address, record)| {
            let mut record = record.clone();
            record.natural.insert(name.into(), container.text("slug").unwrap_or("").into());
            journal::Event::Record { address: address.clone(), record }
        });
        renamed.collect()
    }

    /// Says in the ledger that these will be made, before they are.
    pub(super) async fn intend<'r>(&self, resources: impl IntoIterator<Item = &'r Resource>) -> Result<(), Diagnostic> {
        let intents = resources.into_iter().map(|resource| journal::Event::Intent {
            address: resource.address.clone(),
            natural: self.natural(resource),
        });
        self.append(&intents.collect::<Vec<_>>()).await
    }

    /// Writes to the ledger; on return it is durable.
    pub(super) async fn append(&self, events: &[journal::Event]) -> Result<(), Diagnostic> {
        let Some(lock) = &self.engine.lock else {
            let detail = "an apply needs the ledger's lock".to_owned();
            return Err(Diagnostic::error(&codes::NEED_MISSING, detail));
        };
        if events.is_empty() { Ok(()) } else { lock.append(&self.named(events)).await }
    }

    /// The events with the name under which the fingerprints of each record were made.
    fn named(&self, events: &[journal::Event]) -> Vec<journal::Event> {
        let mut named = events.to_vec();
        for event in &mut named {
            if let journal::Event::Record { address, record } = event {
                let address = address.resource().to_string();
                let name = self.planned.basis.key.name(&address);
                record.marked = (name != address).then(|| name.into());
            }
        }
        named
    }

    /// Has the ledger's files follow what moved, before anything else is written under the new addresses. What
    /// targets left out of the plan stays where it is.
    pub(super) async fn follow(&self) -> Result<(), Diagnostic> {
        let rows: BTreeSet<Address> =
            self.planned.plan.changes.iter().map(|change| change.address.resource()).collect();
        let moved = self.planned.basis.moves.done.iter().filter(|(to, _)| rows.contains(to));
        let events = moved.map(|(to, from)| journal::Event::Move { from: from.clone(), to: to.clone() });
        self.append(&events.collect::<Vec<_>>()).await
    }

    /// Changes that only the ledger hears of.
    pub(super) async fn only_records(&self, changes: &[&Change]) -> Vec<Outcome> {
        let event = |change: &Change| match change.action {
            Action::Forget => Ok(Some(journal::Event::Forget { address: change.address.clone() })),
            // The ledger followed before everything else.
            _ if change.reason == Reason::Moved => Ok(None),
            _ => {
                let resource = self.declared(&change.address)?;
                // What the ledger alone knows changed: what was written is as it was. A value that changed
                // outside and is kept is recorded anew instead.
                if let Some(record) = self.record(&change.address).filter(|_| change.reason == Reason::Changed) {
                    let mut record = record.clone();
                    record.protected = resource.lifecycle.prevent_destroy;
                    record.removes = resource.text("on_delete") == Some("remove");
                    return Ok(Some(journal::Event::Record { address: change.address.clone(), record }));
                }
                let id = self.id(&change.address)?;
                let connection = self.index.state.connections.iter().find(|c| c.id == id);
                let version = connection.and_then(|c| c.credentials_hash.clone());
                Ok(Some(self.record_of(resource, id, version)))
            }
        };
        let mut outcomes = Vec::new();
        let mut events = Vec::new();
        let mut recorded = Vec::new();
        for change in changes {
            match event(change) {
                Ok(event) => {
                    events.extend(event);
                    recorded.push(change.address.clone());
                }
                Err(why) => outcomes.push((change.address.clone(), Err(why))),
            }
        }
        let kept = self.append(&events).await;
        outcomes.extend(recorded.into_iter().map(|address| (address, kept.clone())));
        outcomes
    }
}

/// The problem that something is needed and not there.
pub(super) fn missing(address: &Address, what: &str) -> Diagnostic {
    Diagnostic::error(&codes::NEED_MISSING, format!("{address}: {what} is not there"))
        .help("plan again: something may have changed since")
}

/// The folder that a change of a secret is in: where it is for an end, else where it is declared.
pub(super) fn folder_of(planned: &Planned, change: &Change) -> Option<(Address, String, String)> {
    let declared = planned.basis.desired.resources.get(&change.address);
    if let Some(resource) = declared.filter(|_| !change.action.is_end()) {
        let (environment, path) = (resource.text("environment")?, resource.text("path").unwrap_or("/"));
        return Some((resource.reference("project")?.clone(), environment.to_owned(), path.to_owned()));
    }
    let natural = &planned.ledger.records.get(&change.address)?.natural;
    let part = |name: &str| natural.get(name).map(|v| v.to_string()).unwrap_or_default();
    let project = natural.get(natural::PROJECT_ID).or_else(|| natural.get(natural::PROJECT))?;
    Some((Address::new(Kind::Project.word(), project), part(natural::ENVIRONMENT), part(natural::PATH)))
}
