//! What was read of the backend, under the addresses of the configuration and the ledger, with
//! attributes named and normalised as the configuration has them.

use crate::backend::state::Environment;
use crate::backend::state::FolderInfo;
use crate::backend::state::Import;
use crate::backend::state::Project;
use crate::backend::state::Stored;
use crate::backend::state::Sync;
use crate::backend::state::Thing;
use crate::backend::state::Things;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::connections;
use crate::engine::foreign;
use crate::engine::index::Index;
use crate::engine::index::natural;
use crate::engine::sources::Resolved;
use crate::engine::sources::text;
use crate::engine::things;
use crate::engine::wire;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::live::Live;
use crate::model::live::Observed;
use crate::model::resource::CREDENTIALS;
use crate::model::resource::GATEWAY;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::Schemas;
use crate::secret::FingerprintKey;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

/// What became of one address.
enum Look {
    Found(Observed),
    Absent,
    Unknown(Diagnostic),
}

/// The resources of the backend; destinations are not looked at here.
pub(super) fn observe(index: &Index<'_>, resolved: &Resolved, schemas: &Schemas, key: &FingerprintKey) -> Live {
    let observer = Observer { index, resolved, schemas, key, secrets: secret_table(index) };
    let mut live = Live::default();
    let mut claimed = BTreeSet::new();
    // What keyform runs itself is nothing that the backend has, unless it had it before.
    let is_declared = |r: &Resource| r.kind.is_planned() && r.text("run") != Some("keyform");
    let declared = index.desired.resources.values().filter(|r| is_declared(r));
    let remembered = index.ledger.records.keys().chain(index.ledger.intents.keys());
    let remembered =
        remembered.filter(|a| a.entry_key().is_none() && !index.desired.resources.get(*a).is_some_and(is_declared));
    let looks = declared
        .map(|resource| (&resource.address, observer.declared(resource)))
        .chain(remembered.map(|address| (address, observer.remembered(address))));
    for (address, look) in looks {
        match look {
            Look::Found(observed) => {
                // What is only looked up is nobody's here.
                if !index.desired.resources.get(address).is_some_and(Resource::is_data) {
                    claimed.insert(observed.id.clone());
                }
                live.resources.insert(address.clone(), observed);
            }
            Look::Absent => {}
            Look::Unknown(why) => {
                live.incomplete.insert(address.clone(), why);
            }
        }
    }
    foreign::find(index, &mut live, &claimed);
    live
}

/// The live secret of a declared one, for random values that are kept.
pub(super) fn live_secret<'a>(index: &Index<'a>, resource: &Resource) -> Option<&'a Stored> {
    let record = index.ledger.records.get(&resource.address);
    // Wherever it is by now: in its project, or in the one that it was made in.
    let projects =
        index.project_of(resource).into_iter().chain(record.and_then(|r| index.project_of_natural(&r.natural)));
    let mut all = projects.flat_map(|p| &p.environments).filter_map(|e| e.secrets.as_ref()?.as_ref().ok()).flatten();
    let by_id = record.and_then(|record| all.find(|secret| secret.id == record.id));
    by_id.or_else(|| secret_at(index, resource))
}

/// The live secret of this name at the place where one is declared.
pub(super) fn secret_at<'a>(index: &Index<'a>, resource: &Resource) -> Option<&'a Stored> {
    let project = resource.reference("project")?;
    let environment = index.live_environment(project, resource.text("environment")?)?;
    let secrets = environment.secrets.as_ref()?.as_ref().ok()?;
    let path = resource.text("path").unwrap_or("/");
    secrets.iter().find(|s| *s.path == *path && Some(&*s.key) == resource.text("key"))
}

/// All secrets that were read, to be found by id and by name.
#[derive(Default)]
struct Table<'a> {
    by_id: HashMap<&'a str, (&'a Project, &'a Environment, &'a Stored)>,
    /// By the environment's id, path and key.
    by_name: HashMap<(&'a str, &'a str, &'a str), Vec<&'a Stored>>,
}

fn secret_table<'a>(index: &Index<'a>) -> Table<'a> {
    let mut table = Table::default();
    let environments = index.state.projects.values().flat_map(|p| p.environments.iter().map(move |e| (p, e)));
    for (project, environment) in environments {
        let Some(Ok(secrets)) = &environment.secrets else { continue };
        for secret in secrets {
            table.by_id.insert(&secret.id, (project, environment, secret));
            table.by_name.entry((&environment.id, &secret.path, &secret.key)).or_default().push(secret);
        }
    }
    table
}

struct Observer<'a> {
    index: &'a Index<'a>,
    resolved: &'a Resolved,
    schemas: &'a Schemas,
    key: &'a FingerprintKey,
    secrets: Table<'a>,
}

/// Where a nested resource is: what both the declared and the remembered ones say of themselves.
struct Spot<'a> {
    address: &'a Address,
    /// What `project` and `environment` are shown as.
    project: Value,
    environment: Value,
    live_project: &'a Project,
    live_environment: Option<&'a Environment>,
    /// The id in the ledger.
    id: Option<Arc<str>>,
}

impl<'a> Observer<'a> {
    fn declared(&self, resource: &'a Resource) -> Look {
        match resource.kind {
            Kind::Project => self.project(&resource.address),
            Kind::AppConnection => self.connection(resource),
            Kind::KeySchema => Look::Absent,
            kind if kind.is_of_organization() => {
                let id = self.index.ledger.records.get(&resource.address).map(|record| &*record.id);
                let is_it = |thing: &Thing| things::is_declared(self.index, self.resolved, resource, thing);
                self.thing(&self.index.state.things, kind, &resource.address, id, is_it, None)
            }
            _ => {
                let Some(address) = resource.reference("project") else { return Look::Absent };
                if let Some(elsewhere) = self.elsewhere(resource, address) {
                    return Look::Found(elsewhere);
                }
                let Some(live_project) = self.index.project(address) else { return Look::Absent };
                let slug_attr = if resource.kind == Kind::Environment { "slug" } else { "environment" };
                let slug = resource.text(slug_attr).unwrap_or("");
                let spot = Spot {
                    address: &resource.address,
                    project: Value::Resource(Arc::new(address.clone())),
                    environment: text(slug),
                    live_project,
                    live_environment: self.index.live_environment(address, slug),
                    id: self.index.ledger.records.get(&resource.address).map(|r| r.id.clone()),
                };
                let name = |attr: &str| resource.text(attr).unwrap_or_default().to_owned();
                let path = resource.text("path").unwrap_or("/");
                match resource.kind {
                    Kind::Environment => self.environment(&spot),
                    Kind::Folder => self.folder(&spot, path),
                    Kind::Tag => self.tag(&spot, &name("slug")),
                    Kind::Secret => self.secret(&spot, path, &name("key")),
                    Kind::SecretImport => self.import(&spot, path, &name("from_environment"), &name("from_path")),
                    Kind::SecretSync => self.sync(&spot, Some(resource), &name("name")),
                    kind => {
                        let is_it = |thing: &Thing| things::is_declared(self.index, self.resolved, resource, thing);
                        let things = &live_project.things;
                        self.thing(things, kind, &resource.address, spot.id.as_deref(), is_it, Some(&spot))
                    }
                }
            }
        }
    }

    /// What the ledger has of it in another project than it is declared in.
    fn elsewhere(&self, resource: &'a Resource, project: &Address) -> Option<Observed> {
        let kinds = [Kind::Environment, Kind::Folder, Kind::Secret, Kind::SecretImport, Kind::SecretSync, Kind::Tag];
        let record = self.index.ledger.records.get(&resource.address).filter(|_| kinds.contains(&resource.kind))?;
        let old = self.index.project_of_natural(&record.natural)?;
        let has_moved = self.index.project(project).is_none_or(|live| live.id != old.id);
        match self.remembered(&resource.address) {
            Look::Found(seen) if has_moved && seen.id == record.id => Some(seen),
            _ => None,
        }
    }

    fn remembered(&self, address: &'a Address) -> Look {
        let record = self.index.ledger.records.get(address);
        let empty = Natural::new();
        let natural = record.map(|r| &r.natural).or_else(|| self.index.ledger.intents.get(address)).unwrap_or(&empty);
        let name = |key: &str| natural.get(key).map_or("", |t| &**t).to_owned();
        match Kind::from_word(address.kind()) {
            Some(Kind::Project) => self.project(address),
            Some(Kind::AppConnection) => {
                self.found_connection(record.map(|r| &*r.id), &name(natural::APP), &name(natural::NAME), natural)
            }
            None | Some(Kind::KeySchema) => Look::Absent,
            Some(kind) if kind.is_of_organization() => {
                let is_it = |thing: &Thing| things::is_remembered(kind, natural, thing);
                self.thing(&self.index.state.things, kind, address, record.map(|r| &*r.id), is_it, None)
            }
            Some(kind) => {
                let Some(live_project) = self.index.project_of_natural(natural) else { return Look::Absent };
                let live_environment = match kind {
                    Kind::Environment => {
                        let id = record.map(|r| &r.id);
                        let by_id = live_project.environments.iter().find(|e| Some(&e.id) == id);
                        by_id.or_else(|| live_project.environment(&name(natural::SLUG)))
                    }
                    _ => self.index.environment_of_natural(live_project, natural),
                };
                let spot = Spot {
                    address,
                    project: text(&live_project.slug),
                    environment: live_environment.map_or(Value::Null, |e| text(&e.slug)),
                    live_project,
                    live_environment,
                    id: record.map(|r| r.id.clone()),
                };
                let path = natural.get(natural::PATH).map_or("/", |p| &**p);
                match kind {
                    Kind::Environment => self.environment(&spot),
                    Kind::Folder => self.folder(&spot, path),
                    Kind::Tag => self.tag(&spot, &name(natural::SLUG)),
                    Kind::Secret => self.secret(&spot, path, &name(natural::KEY)),
                    Kind::SecretImport => {
                        self.import(&spot, path, &name(natural::FROM_ENVIRONMENT), &name(natural::FROM_PATH))
                    }
                    Kind::SecretSync => self.sync(&spot, None, &name(natural::NAME)),
                    kind => {
                        let is_it = |thing: &Thing| things::is_remembered(kind, natural, thing);
                        self.thing(&live_project.things, kind, address, spot.id.as_deref(), is_it, Some(&spot))
                    }
                }
            }
        }
    }

    fn project(&self, address: &Address) -> Look {
        let Some(project) = self.index.project(address) else { return Look::Absent };
        let mut attrs = attrs([
            ("slug", text(&project.slug)),
            ("name", text(&project.name)),
            ("description", or_null(&project.description)),
        ]);
        attrs.extend(project.settings.clone());
        Look::Found(Observed { id: project.id.clone(), attrs, foreign: Vec::new() })
    }

    fn environment(&self, spot: &Spot<'_>) -> Look {
        let Some(environment) = spot.live_environment else { return Look::Absent };
        let mut attrs = attrs([
            ("project", spot.project.clone()),
            ("slug", text(&environment.slug)),
            ("name", text(&environment.name)),
        ]);
        match &environment.position {
            Some(Ok(position)) => {
                attrs.insert("position".into(), Value::int(*position));
            }
            Some(Err(why)) => return Look::Unknown(why.clone()),
            None => {}
        }
        Look::Found(Observed { id: environment.id.clone(), attrs, foreign: Vec::new() })
    }

    fn folder(&self, spot: &Spot<'_>, path: &str) -> Look {
        let Some(environment) = spot.live_environment else { return Look::Absent };
        let folders = match &environment.folders {
            Some(Ok(folders)) => folders,
            Some(Err(why)) => return Look::Unknown(why.clone()),
            None => return Look::Absent,
        };
        let by_id = folders.iter().find(|(_, folder)| spot.id.as_ref() == Some(&folder.id));
        let found: Option<(&Arc<str>, &FolderInfo)> = by_id.or_else(|| folders.get_key_value(path));
        let Some((path, folder)) = found else { return Look::Absent };
        let attrs = attrs([
            ("project", spot.project.clone()),
            ("environment", spot.environment.clone()),
            ("path", Value::String(path.clone())),
            ("description", or_null(&folder.description)),
        ]);
        Look::Found(Observed { id: folder.id.clone(), attrs, foreign: Vec::new() })
    }

    fn tag(&self, spot: &Spot<'_>, slug: &str) -> Look {
        let tags = match &spot.live_project.tags {
            Some(Ok(tags)) => tags,
            Some(Err(why)) => return Look::Unknown(why.clone()),
            None => return Look::Absent,
        };
        let by_id = tags.iter().find(|tag| spot.id.as_ref() == Some(&tag.id));
        let Some(tag) = by_id.or_else(|| tags.iter().find(|tag| *tag.slug == *slug)) else { return Look::Absent };
        let attrs =
            attrs([("project", spot.project.clone()), ("slug", text(&tag.slug)), ("color", or_null(&tag.color))]);
        Look::Found(Observed { id: tag.id.clone(), attrs, foreign: Vec::new() })
    }

    fn secret(&self, spot: &Spot<'_>, path: &str, key: &str) -> Look {
        let by_id = spot.id.as_ref().and_then(|id| self.secrets.by_id.get(&**id)).copied();
        let unread = spot.live_environment.and_then(|e| e.secrets.as_ref()?.as_ref().err());
        if let (None, Some(why)) = (by_id, unread) {
            return Look::Unknown(why.clone());
        }
        let named = spot.live_environment.and_then(|e| self.secrets.by_name.get(&(&e.id, path, key)));
        let named = named.map(|list| &**list).unwrap_or_default();
        let (project, environment, secret) = match (by_id, named) {
            // It may be in another project and environment than it is declared in.
            (Some((project, environment, secret)), _) => {
                let is_project = project.id == spot.live_project.id;
                let project = if is_project { spot.project.clone() } else { text(&project.slug) };
                match spot.live_environment {
                    Some(here) if here.id == environment.id => (project, spot.environment.clone(), secret),
                    _ => (project, text(&environment.slug), secret),
                }
            }
            (None, [secret]) => (spot.project.clone(), spot.environment.clone(), *secret),
            (None, []) => return Look::Absent,
            (None, several) => {
                let folder = if path == "/" { "" } else { path };
                let environment = spot.live_environment.map_or("", |e| &e.slug);
                let place = format!("{}/{environment}{folder}", spot.live_project.slug);
                let detail = format!("{place} holds the secret `{key}` {} times", several.len());
                return Look::Unknown(
                    Diagnostic::error(&codes::BACKEND_TWICE, detail).help("delete all but one of them by hand"),
                );
            }
        };
        let mut attrs = attrs([
            ("project", project),
            ("environment", environment),
            ("path", text(&secret.path)),
            ("key", text(&secret.key)),
            ("comment", or_null(&secret.comment)),
            ("tags", if_any(secret.tags.iter().map(|tag| text(tag)).collect())),
            ("metadata", if_set(Value::object(secret.metadata.clone()))),
        ]);
        if let Some(value) = &secret.value {
            let fingerprint = self.key.fingerprint(&spot.address.to_string(), value.expose().as_bytes());
            attrs.insert("value".into(), Value::Fingerprint(fingerprint));
        }
        Look::Found(Observed { id: secret.id.clone(), attrs, foreign: Vec::new() })
    }

    fn import(&self, spot: &Spot<'_>, path: &str, from_environment: &str, from_path: &str) -> Look {
        // It may be in another place than it is declared in.
        let all = spot.live_project.imports.iter().filter_map(|(place, imports)| Some((place, imports.as_ref().ok()?)));
        let mut all = all.flat_map(|(place, imports)| imports.iter().map(move |import| (place, import)));
        let by_id = all.find(|(_, import)| spot.id.as_ref() == Some(&import.id));
        let here = spot.live_environment.map(|environment| (environment.slug.clone(), Arc::from(path)));
        let imports = match here.as_ref().and_then(|here| spot.live_project.imports.get(here)) {
            Some(Ok(imports)) => &**imports,
            Some(Err(why)) if by_id.is_none() => return Look::Unknown(why.clone()),
            _ => &[],
        };
        let project = match &spot.project {
            Value::Resource(address) => Some(&**address),
            _ => None,
        };
        // A declared source may have been renamed since.
        let source = project.and_then(|p| self.index.live_environment(p, from_environment));
        let source = source.map_or(from_environment, |e| &*e.slug);
        let matches = |i: &&Import| *i.from_environment == *source && *i.from_path == *from_path;
        let named = || here.as_ref().zip(imports.iter().find(matches));
        let Some(((slug, path), import)) = by_id.or_else(named) else { return Look::Absent };
        let is_here = here.as_ref().is_some_and(|(here, _)| here == slug);
        let environment = if is_here { spot.environment.clone() } else { text(slug) };
        let shown = if *import.from_environment == *source { from_environment } else { &import.from_environment };
        let attrs = attrs([
            ("project", spot.project.clone()),
            ("environment", environment),
            ("path", text(path)),
            ("from_environment", text(shown)),
            ("from_path", text(&import.from_path)),
            ("position", self.index.position(spot.address, imports, import)),
        ]);
        Look::Found(Observed { id: import.id.clone(), attrs, foreign: Vec::new() })
    }

    fn connection(&self, resource: &Resource) -> Look {
        let mut natural = Natural::new();
        let id = self.index.ledger.records.get(&resource.address).map(|r| &*r.id);
        let project = resource.reference("project").map(|address| (address, self.index.project(address)));
        match project {
            None => {}
            Some((_, Some(live))) => natural.extend([(natural::PROJECT_ID.into(), live.id.clone())]),
            // It may be in another project; by its name it would be one of the organisation.
            Some((_, None)) if self.index.state.connections.iter().any(|c| id == Some(&*c.id)) => {}
            Some((_, None)) => return Look::Absent,
        }
        let look = self.found_connection(id, &resource.slug, resource.text("name").unwrap_or(""), &natural);
        match look {
            Look::Found(mut observed) => {
                if let Some(live) = self.index.state.connections.iter().find(|c| c.id == observed.id) {
                    let gateway = match connections::gateway(self.index, resource, live) {
                        Ok(gateway) => gateway,
                        Err(why) => return Look::Unknown(why),
                    };
                    observed.attrs.insert(GATEWAY.into(), gateway);
                    let credentials = connections::credentials(self.index, self.schemas, self.key, resource, live);
                    observed.attrs.extend(credentials.map(|credentials| (CREDENTIALS.into(), credentials)));
                }
                let own = observed.attrs.get("project").and_then(Value::as_str).unwrap_or_default();
                let shown = match project {
                    Some((address, Some(live))) if *live.id == *own => Some(Value::Resource(Arc::new(address.clone()))),
                    _ => self.index.state.project_by_id(own).map(|live| text(&live.slug)),
                };
                observed.attrs.extend(shown.map(|shown| ("project".into(), shown)));
                Look::Found(observed)
            }
            other => other,
        }
    }

    fn found_connection(&self, id: Option<&str>, app: &str, name: &str, natural: &Natural) -> Look {
        if let Some(why) = &self.index.state.connections_failed {
            return Look::Unknown(why.clone());
        }
        let project = natural.get(natural::PROJECT_ID).map(|id| &**id);
        let by_id = self.index.state.connections.iter().find(|c| id == Some(&*c.id));
        let Some(connection) = by_id.or_else(|| self.index.state.connection(app, name, project)) else {
            return Look::Absent;
        };
        Look::Found(Observed { id: connection.id.clone(), attrs: connections::attrs(connection), foreign: Vec::new() })
    }

    fn thing(
        &self,
        things: &Things,
        kind: Kind,
        address: &Address,
        id: Option<&str>,
        is_it: impl Fn(&Thing) -> bool,
        spot: Option<&Spot<'_>>,
    ) -> Look {
        let found = match things.get(&kind) {
            Some(Ok(all)) => things::find(all, id, is_it, address),
            Some(Err(why)) => Err(why.clone()),
            None => Ok(None),
        };
        match found {
            Ok(Some(thing)) => {
                let mut attrs = things::attrs(self.index, self.key, address, thing);
                if let Some(spot) = spot {
                    attrs.insert("project".into(), spot.project.clone());
                    if let Some(live) = spot.live_environment
                        && attrs.get("environment").and_then(Value::as_str) == Some(&*live.slug)
                    {
                        attrs.insert("environment".into(), spot.environment.clone());
                    }
                }
                Look::Found(Observed { id: thing.id.clone(), attrs, foreign: Vec::new() })
            }
            Ok(None) => Look::Absent,
            Err(why) => Look::Unknown(why),
        }
    }

    fn sync(&self, spot: &Spot<'_>, resource: Option<&Resource>, name: &str) -> Look {
        let syncs = match &spot.live_project.syncs {
            Some(Ok(syncs)) => syncs,
            Some(Err(why)) => return Look::Unknown(why.clone()),
            None => return Look::Absent,
        };
        let by_id = syncs.iter().find(|sync| spot.id.as_ref() == Some(&sync.id));
        let Some(sync) = by_id.or_else(|| syncs.iter().find(|sync| *sync.name == *name)) else { return Look::Absent };
        Look::Found(Observed { id: sync.id.clone(), attrs: self.sync_attrs(spot, resource, sync), foreign: Vec::new() })
    }

    fn sync_attrs(&self, spot: &Spot<'_>, resource: Option<&Resource>, sync: &Sync) -> Attrs {
        let is_it = |address: &&Address| {
            connections::live_connection(self.index, address).is_some_and(|live| live.id == sync.connection)
        };
        let connections = self.index.desired.resources.values().filter(|r| r.kind == Kind::AppConnection);
        let declared_connection = resource
            .and_then(|r| r.reference("connection"))
            .filter(is_it)
            .or_else(|| connections.map(|connection| &connection.address).find(is_it));
        let connection = match declared_connection {
            Some(address) => Value::Resource(Arc::new(address.clone())),
            None => {
                let live = self.index.state.connections.iter().find(|c| c.id == sync.connection);
                // Under the address that it had, so that nobody seems to have changed it outside.
                let is_it = |(address, record): &(&Address, &Record)| {
                    address.kind() == Kind::AppConnection.word() && record.id == sync.connection
                };
                match self.index.ledger.records.iter().find(is_it) {
                    Some((address, _)) => Value::Resource(Arc::new(address.clone())),
                    None => live.map_or_else(|| text(&sync.connection), |c| text(&c.name)),
                }
            }
        };
        // What the configuration calls the environment that the sync reads.
        let environment = match (&sync.environment, spot.live_environment) {
            (Some(slug), Some(live)) if *slug == live.slug => spot.environment.clone(),
            (Some(slug), _) => text(slug),
            (None, _) => Value::Null,
        };
        let plain = |name: &str| sync.options.get(name).cloned().unwrap_or_default();
        attrs([
            ("name", text(&sync.name)),
            ("description", or_null(&sync.description)),
            ("project", spot.project.clone()),
            ("environment", environment),
            ("path", sync.path.as_ref().map_or(Value::Null, |p| text(p))),
            ("connection", connection),
            ("key_schema", if_set(plain(wire::option::KEY_SCHEMA))),
            ("initial_sync", if_set(plain(crate::api::syncs::initial::FIELD))),
            ("disable_secret_deletion", Value::Bool(plain(wire::option::KEEP).as_bool().unwrap_or(false))),
            ("auto_sync", Value::Bool(sync.auto_sync)),
            ("options", if_set(Value::object(wire::options_from_wire(self.schemas, &sync.destination, &sync.options)))),
            ("destination", Value::object(wire::destination_from_wire(self.schemas, &sync.destination, &sync.config))),
        ])
    }
}

fn attrs<const N: usize>(pairs: [(&str, Value); N]) -> Attrs {
    pairs.into_iter().map(|(name, value)| (Arc::from(name), value)).collect()
}

fn or_null(value: &Arc<str>) -> Value {
    if value.is_empty() { Value::Null } else { Value::String(value.clone()) }
}

pub(super) fn if_set(value: Value) -> Value {
    if wire::is_set(&value) { value } else { Value::Null }
}

pub(super) fn if_any(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::list(items) }
}
