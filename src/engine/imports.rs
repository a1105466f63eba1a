//! What an `import` names, looked for among what was read. What is found gets a record in the ledger that is
//! planned with, which says its id and nothing else: so that everything that looks for it finds it by that.
//!
//! A path is written as people know it: `project/environment/path/KEY` and its like.

use crate::backend::read::Mention;
use crate::backend::state::Environment;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Thing;
use crate::backend::state::Things;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::index::Index;
use crate::engine::index::natural;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::desired::Import;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Imports;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Between the folder of an import and the one that it takes from: `payments/prod/api from prod/shared`.
const FROM: &str = " from ";

/// Looks for what is no longer looked for: projects and connections with `roots`, all else without.
pub(super) fn find(ledger: &mut Ledger, imports: &mut Imports, state: &State, desired: &Desired, roots: bool) {
    let mut found = Vec::new();
    for (address, import, resource) in pending(ledger, imports, desired) {
        let is_root =
            matches!(resource.kind, Kind::Project | Kind::AppConnection) || resource.kind.is_of_organization();
        if is_root != roots {
            continue;
        }
        let index = Index::new(desired, ledger, state);
        match look(&index, resource, &import.id) {
            Ok(id) => found.push((address, id)),
            Err(why) => {
                let d = Diagnostic::error(&codes::NO_SUCH_IMPORT, why.detail.clone()).at(import.origin, "");
                let d = d.help(why.help(resource.kind));
                let d = d.did_you_mean(&import.id, why.known.iter().map(|name| &**name));
                imports.refused.insert(address.clone(), d);
            }
        }
    }
    let mut recorded = Vec::new();
    for (address, id) in found {
        let owned = |(other, record): &(&Address, &Record)| record.id == id && other.kind() == address.kind();
        match ledger.records.iter().find(owned).map(|(other, _)| other.clone()) {
            Some(other) => {
                let origin = desired.imports.get(address).map(|import| import.origin);
                let d = Diagnostic::error(&codes::NO_SUCH_IMPORT, format!("It is managed already, as {other}."));
                let d = d.help("a `moved` block says that it is declared under another address");
                let d = origin.into_iter().fold(d, |d, span| d.at(span, ""));
                imports.refused.insert(address.clone(), d);
            }
            None => {
                ledger.records.insert(address.clone(), Record { id: id.clone(), ..Record::default() });
                recorded.push((address, id));
            }
        }
    }
    // Only now all environments are found that are called otherwise than they are declared.
    let index = Index::new(desired, ledger, state);
    let look = |(address, id): &(&Address, Arc<str>)| elsewhere(&index, desired.resources.get(*address)?, id);
    let misplaced: Vec<Option<String>> = recorded.iter().map(look).collect();
    for ((address, _), why) in recorded.into_iter().zip(misplaced) {
        let Some(why) = why else {
            imports.found.insert(address.clone());
            continue;
        };
        ledger.records.remove(address);
        let d = Diagnostic::error(&codes::NO_SUCH_IMPORT, why);
        let d = d.help("name what is where this is declared, or declare it where that is");
        let origin = desired.imports.get(address).map(|import| import.origin);
        imports.refused.insert(address.clone(), origin.into_iter().fold(d, |d, span| d.at(span, "")));
    }
}

/// Where a thing of the backend is.
struct Home<'a> {
    project: &'a Project,
    /// The environment's slug and the path, of what is in a folder; of a folder its own path.
    folder: Option<(&'a str, &'a str)>,
}

/// Where what has this id is, among what was read.
fn home<'a>(state: &'a State, kind: Kind, id: &str) -> Option<Home<'a>> {
    state.projects.values().find_map(|project| {
        let is_it = |other: &Arc<str>| **other == *id;
        let whole = || Home { project, folder: None };
        let within = |environment: &'a str, path: &'a str| Home { project, folder: Some((environment, path)) };
        let mut environments = project.environments.iter();
        match kind {
            Kind::Environment => environments.find(|e| is_it(&e.id)).map(|_| whole()),
            Kind::Tag => project.tags.iter().flatten().flatten().find(|tag| is_it(&tag.id)).map(|_| whole()),
            Kind::SecretSync => project.syncs.iter().flatten().flatten().find(|sync| is_it(&sync.id)).map(|_| whole()),
            Kind::Folder => environments.find_map(|e| {
                let folders = e.folders.as_ref()?.as_ref().ok()?;
                folders.iter().find(|(_, folder)| is_it(&folder.id)).map(|(path, _)| within(&e.slug, path))
            }),
            Kind::Secret => environments.find_map(|e| {
                let secrets = e.secrets.as_ref()?.as_ref().ok()?;
                secrets.iter().find(|secret| is_it(&secret.id)).map(|secret| within(&e.slug, &secret.path))
            }),
            Kind::SecretImport => project.imports.iter().find_map(|((environment, path), list)| {
                list.iter().flatten().find(|import| is_it(&import.id)).map(|_| within(environment, path))
            }),
            _ => {
                let thing = project.things.get(&kind)?.iter().flatten().find(|thing| is_it(&thing.id))?;
                let text = |name: &str| thing.attrs.get(name).and_then(Value::as_str);
                Some(text("environment").map_or_else(whole, |e| within(e, text("path").unwrap_or("/"))))
            }
        }
    })
}

/// Why what was found can't be what is declared: it is in another project, environment or folder, or a sync to
/// another kind of destination.
fn elsewhere(index: &Index<'_>, resource: &Resource, id: &str) -> Option<String> {
    let address = &resource.address;
    let shown = |project: Option<&str>, folder: Option<(&str, &str)>| {
        let project = project.unwrap_or("the organisation");
        folder.map_or_else(|| project.to_owned(), |(environment, path)| format!("{project}/{environment}{path}"))
    };
    let own = resource.reference("project");
    let declared = own.and_then(|project| index.desired.resources.get(project)?.text("slug"));
    let live = own.and_then(|project| index.project(project));
    if resource.kind == Kind::AppConnection {
        let found = index.state.connections.iter().find(|connection| *connection.id == *id)?;
        let is_there = found.project.as_deref() == live.map(|project| &*project.id) && live.is_some() == own.is_some();
        let home = found.project.as_deref().and_then(|id| index.state.project_by_id(id)).map(|project| &*project.slug);
        return (!is_there).then(|| {
            format!("It belongs to {}, and {address} is declared for {}.", shown(home, None), shown(declared, None))
        });
    }
    let found = home(index.state, resource.kind, id).filter(|_| own.is_some())?;
    if resource.kind == Kind::SecretSync {
        let syncs = found.project.syncs.iter().flatten().flatten();
        if let Some(sync) = syncs.into_iter().find(|sync| *sync.id == *id && sync.destination != resource.slug) {
            return Some(format!("It is a sync to `{}`, not to `{}`.", sync.destination, resource.slug));
        }
    }
    let place = resource.text("environment").map(|slug| (slug, resource.text("path").unwrap_or("/")));
    let is_there = live.is_some_and(|live| live.id == found.project.id)
        && found.folder.is_none_or(|(environment, path)| {
            place.is_some_and(|(slug, declared)| {
                let own = own.and_then(|project| index.live_environment(project, slug));
                own.is_some_and(|own| *own.slug == *environment) && declared == path
            })
        });
    let place = place.filter(|_| found.folder.is_some());
    (!is_there).then(|| {
        let home = shown(Some(&found.project.slug), found.folder);
        format!("It is in `{home}`, and {address} is declared in `{}`.", shown(declared, place))
    })
}

/// Whether what is managed under an address, by its id, is what an import of it names.
///
/// # Errors
/// It is not, or nothing has this name.
pub(super) fn is_managed(index: &Index<'_>, address: &Address, id: &str) -> Result<(), Diagnostic> {
    let declared = index.desired.imports.get(address).zip(index.desired.resources.get(address));
    let Some((import, resource)) = declared.filter(|(import, _)| *import.id != *id) else { return Ok(()) };
    let d = match look(index, resource, &import.id) {
        Ok(found) if *found == *id => return Ok(()),
        Ok(_) => {
            let kind = resource.kind.word();
            let detail = format!("{address} is managed already, and is another {kind} than the one named.");
            Diagnostic::error(&codes::NO_SUCH_IMPORT, detail).help(
                "declare the other one under an address of its own, or let this one go with a `removed` block first",
            )
        }
        Err(why) => {
            let detail = format!("{} {address} is managed already, as another one.", why.detail);
            Diagnostic::error(&codes::NO_SUCH_IMPORT, detail)
                .help(why.help(resource.kind))
                .did_you_mean(&import.id, why.known.iter().map(|name| &**name))
        }
    };
    Err(d.at(import.origin, "declared here"))
}

/// What is to be looked up and is not there, by its address.
pub(super) fn absent(imports: &mut Imports, index: &Index<'_>) {
    for (address, resource) in index.desired.resources.iter().filter(|(_, resource)| resource.is_data()) {
        let name = resource.text(if resource.kind == Kind::Project { "slug" } else { "name" }).unwrap_or("");
        let project = resource.reference("project").and_then(|project| Some(&*index.project(project)?.slug));
        let path = project.map_or_else(|| name.to_owned(), |project| format!("{project}/{name}"));
        if let Err(why) = look(index, resource, &path) {
            let d = Diagnostic::error(&codes::NO_SUCH_DATA, why.detail).at(resource.origin.block, "looked up here");
            let d = match why.known.len() {
                0 => d,
                1..=8 => d.help(format!("there is `{}`", why.known.join("`, `"))),
                n => d.help(format!("there are {n} others")),
            };
            let d = d.did_you_mean(&path, why.known.iter().map(|name| &**name));
            imports.refused.insert(address.clone(), d);
        }
    }
}

/// A thing of the organisation or of a project, by its id or its name.
fn thing(things: &Things, kind: Kind, name: &str) -> Result<Arc<str>, Missing> {
    let all = listed(things.get(&kind))?;
    let attr = kind.names().and_then(|names| if let [attr] = names { Some(*attr) } else { None });
    let own = |thing: &Thing| attr.and_then(|attr| thing.attrs.get(attr)?.as_str().map(str::to_owned));
    let found = all.iter().find(|thing| *thing.id == *name || own(thing).as_deref() == Some(name));
    found.map(|thing| thing.id.clone()).ok_or_else(|| missing(kind.word(), name, all.iter().filter_map(own)))
}

/// Adds what has to be read so that the paths of imports can be looked for.
pub(super) fn mention(
    mentions: &mut BTreeMap<Arc<str>, Mention>,
    index: &Index<'_>,
    ledger: &Ledger,
    imports: &Imports,
) {
    for (address, import, resource) in pending(ledger, imports, index.desired) {
        if let Some(natural) = natural_of(resource.kind, &import.id) {
            index.mention_natural(mentions, address, &natural);
        }
    }
}

/// Imports of what the ledger does not have, and nobody has looked for yet.
fn pending<'a>(
    ledger: &Ledger,
    imports: &Imports,
    desired: &'a Desired,
) -> Vec<(&'a Address, &'a Import, &'a Resource)> {
    let open = desired
        .imports
        .iter()
        .filter(|(address, _)| !ledger.records.contains_key(*address) && !imports.refused.contains_key(*address));
    open.filter_map(|(address, import)| Some((address, import, desired.resources.get(address)?))).collect()
}

/// How a thing of a kind is written as a path.
fn written(kind: Kind) -> &'static str {
    match kind {
        Kind::Project => "its slug",
        Kind::Environment => "`project/environment`",
        Kind::Folder => "`project/environment/path`",
        Kind::Tag => "`project/tag`",
        Kind::Secret => "`project/environment/path/KEY`",
        Kind::SecretImport => "`project/environment/path from environment/path`",
        Kind::AppConnection => "its name; with `project/` before it if it belongs to one",
        Kind::SecretSync => "`project/name`",
        Kind::Identity | Kind::ProjectTemplate => "its name",
        Kind::ProjectRole => "its slug",
        Kind::ProjectIdentity => "`project/name of the identity`",
        Kind::Webhook | Kind::NativeIntegration => "`project/environment/path` of what it is about",
        Kind::KeySchema => "nothing else",
    }
}

/// A path in its parts; `None` for what is no path of this kind: an id.
fn natural_of(kind: Kind, path: &str) -> Option<Natural> {
    let (path, from) = match path.split_once(FROM) {
        Some((path, from)) => (path, Some(from)),
        None => (path, None),
    };
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut natural = Natural::new();
    let mut put = |name: &str, value: &str| {
        natural.insert(name.into(), value.into());
    };
    let last = match kind {
        Kind::Environment | Kind::Tag | Kind::SecretSync | Kind::ProjectIdentity => 2,
        Kind::Folder | Kind::SecretImport | Kind::Webhook | Kind::NativeIntegration => 2,
        Kind::Secret => 3,
        _ => return None,
    };
    if parts.len() < last {
        return None;
    }
    put(natural::PROJECT, parts.remove(0));
    match kind {
        Kind::Environment | Kind::Tag => put(natural::SLUG, &parts.join("/")),
        Kind::SecretSync | Kind::ProjectIdentity => put(natural::NAME, &parts.join("/")),
        _ => {}
    }
    if kind == Kind::Environment {
        put(natural::ENVIRONMENT, parts[0]);
    }
    let in_folder =
        [Kind::Folder, Kind::Secret, Kind::SecretImport, Kind::Webhook, Kind::NativeIntegration].contains(&kind);
    if in_folder {
        put(natural::ENVIRONMENT, parts.remove(0));
        if kind == Kind::Secret {
            put(natural::KEY, parts.pop()?);
        }
        put(natural::PATH, &format!("/{}", parts.join("/")));
    }
    if let (Kind::SecretImport, Some(from)) = (kind, from) {
        let (environment, path) = from.trim_matches('/').split_once('/').unwrap_or((from.trim_matches('/'), ""));
        put(natural::FROM_ENVIRONMENT, environment);
        put(natural::FROM_PATH, &format!("/{path}"));
    }
    Some(natural)
}

/// Why something was not found, and what is there instead, as it would be written.
struct Missing {
    detail: String,
    known: Vec<String>,
}

impl Missing {
    /// How it would be named, with what there is as long as that is little.
    fn help(&self, kind: Kind) -> String {
        let there = match self.known.len() {
            0 => String::new(),
            1..=8 => format!("; there is `{}`", self.known.join("`, `")),
            n => format!("; there are {n} others"),
        };
        format!("write its id, or {}{there}", written(kind))
    }
}

fn missing(what: &str, name: &str, known: impl IntoIterator<Item = String>) -> Missing {
    Missing { detail: format!("The backend has no {what} `{name}`."), known: known.into_iter().collect() }
}

fn unread(why: &Diagnostic) -> Missing {
    Missing { detail: format!("It could not be looked for: {}", why.detail), known: Vec::new() }
}

/// The id of what is named.
fn look(index: &Index<'_>, resource: &Resource, name: &str) -> Result<Arc<str>, Missing> {
    match resource.kind {
        Kind::Project => {
            let mut all = index.state.projects.values();
            let found = all.find(|project| *project.id == *name || *project.slug == *name);
            let known = || index.state.projects.keys().map(ToString::to_string);
            found.map(|project| project.id.clone()).ok_or_else(|| missing("project", name, known()))
        }
        Kind::AppConnection => connection(index.state, resource, name),
        kind if kind.is_of_organization() => thing(&index.state.things, kind, name),
        kind => match natural_of(kind, name) {
            Some(natural) => by_path(index, resource, name, &natural),
            None => by_id(index, resource, name),
        },
    }
}

fn connection(state: &State, resource: &Resource, name: &str) -> Result<Arc<str>, Missing> {
    if let Some(why) = &state.connections_failed {
        return Err(unread(why));
    }
    let shown = |connection: &crate::backend::state::Connection| {
        let project = connection.project.as_ref().and_then(|id| state.project_by_id(id));
        project.map_or_else(|| connection.name.to_string(), |p| format!("{}/{}", p.slug, connection.name))
    };
    let all = || state.connections.iter().filter(|connection| connection.app == resource.slug);
    if let Some(found) = all().find(|connection| *connection.id == *name || shown(connection) == name) {
        return Ok(found.id.clone());
    }
    let other = state.connections.iter().find(|connection| *connection.id == *name || shown(connection) == name);
    match other {
        Some(other) => {
            let detail = format!("`{name}` is a connection of the app `{}`, not of `{}`.", other.app, resource.slug);
            Err(Missing { detail, known: Vec::new() })
        }
        None => Err(missing(&format!("connection of the app `{}`", resource.slug), name, all().map(shown))),
    }
}

fn by_path(index: &Index<'_>, resource: &Resource, name: &str, natural: &Natural) -> Result<Arc<str>, Missing> {
    let kind = resource.kind;
    let part = |key: &str| natural.get(key).map_or("", |text| &**text);
    let slug = part(natural::PROJECT);
    let Some(project) = index.state.projects.get(slug) else {
        let known = index.state.projects.keys().map(|known| name.replacen(slug, known, 1));
        return Err(missing("project", slug, known));
    };
    let place = |rest: &str| format!("{slug}/{rest}");
    match kind {
        Kind::Tag => {
            let tags = listed(project.tags.as_ref())?;
            let found = tags.iter().find(|tag| *tag.slug == *part(natural::SLUG));
            found.map(|tag| tag.id.clone()).ok_or_else(|| missing("tag", name, tags.iter().map(|t| place(&t.slug))))
        }
        Kind::SecretSync => {
            let syncs = listed(project.syncs.as_ref())?;
            let found = syncs.iter().find(|sync| *sync.name == *part(natural::NAME));
            found.map(|sync| sync.id.clone()).ok_or_else(|| missing("sync", name, syncs.iter().map(|s| place(&s.name))))
        }
        Kind::ProjectIdentity => {
            let called = listed(index.state.things.get(&Kind::Identity))?;
            let name_of = |member: &Thing| {
                let identity = called
                    .iter()
                    .find(|identity| member.attrs.get("identity").and_then(Value::as_str) == Some(&*identity.id));
                identity?.attrs.get("name")?.as_str()
            };
            let members = listed(project.things.get(&kind))?;
            let is_meant = |member: &&Thing| name_of(member) == Some(part(natural::NAME));
            only(members.iter().filter(is_meant), name, kind)?
                .ok_or_else(|| missing("member", name, members.iter().filter_map(name_of).map(place)))
        }
        Kind::Webhook | Kind::NativeIntegration => {
            let things = listed(project.things.get(&kind))?;
            // Besides the place there is what the block itself says: the service, or the kind of the webhook.
            let named = |thing: &&Thing| {
                kind.names().unwrap_or_default().iter().all(|name| {
                    let wanted = natural.get(*name).map(|text| &**text).or_else(|| resource.text(name));
                    thing.attrs.get(*name).and_then(Value::as_str) == wanted
                })
            };
            let shown = |thing: &Thing| {
                let text = |name: &str| thing.attrs.get(name).and_then(Value::as_str).unwrap_or("");
                place(&format!("{}{}", text("environment"), text("path").trim_end_matches('/')))
            };
            only(things.iter().filter(named), name, kind)?
                .ok_or_else(|| missing(&kind.word().replace('_', " "), name, things.iter().map(shown)))
        }
        _ => {
            let environment = part(natural::ENVIRONMENT);
            let Some(live) = project.environment(environment) else {
                let known = project.environments.iter().map(|e| name.replacen(environment, &e.slug, 1));
                return Err(missing("environment", &place(environment), known));
            };
            in_environment(project, live, kind, name, natural)
        }
    }
}

/// The one thing that is meant, if there is one; several can't be told apart by a path.
fn only<'a>(mut found: impl Iterator<Item = &'a Thing>, name: &str, kind: Kind) -> Result<Option<Arc<str>>, Missing> {
    let first = found.next().map(|thing| thing.id.clone());
    match found.count() {
        0 => Ok(first),
        more => {
            let detail = format!("The backend has {} things of the kind `{kind}` at `{name}`: write the id.", more + 1);
            Err(Missing { detail, known: Vec::new() })
        }
    }
}

fn in_environment(
    project: &Project,
    environment: &Environment,
    kind: Kind,
    name: &str,
    natural: &Natural,
) -> Result<Arc<str>, Missing> {
    let part = |key: &str| natural.get(key).map_or("", |text| &**text);
    let path = part(natural::PATH);
    let place = |path: &str| format!("{}/{}{path}", project.slug, environment.slug);
    match kind {
        Kind::Environment => Ok(environment.id.clone()),
        Kind::Folder => {
            let empty = BTreeMap::new();
            let folders = match &environment.folders {
                Some(folders) => folders.as_ref().map_err(unread)?,
                None => &empty,
            };
            let known = || folders.keys().map(|path| place(path));
            folders.get(path).map(|folder| folder.id.clone()).ok_or_else(|| missing("folder", name, known()))
        }
        Kind::Secret => {
            let secrets = listed(environment.secrets.as_ref())?;
            let mut found = secrets.iter().filter(|secret| *secret.path == *path && *secret.key == *part(natural::KEY));
            let shown = |path: &str, key: &str| place(&format!("{}/{key}", path.trim_end_matches('/')));
            let known = || secrets.iter().map(|secret| shown(&secret.path, &secret.key));
            found.next().map(|secret| secret.id.clone()).ok_or_else(|| missing("secret", name, known()))
        }
        _ => {
            let imports = project.imports.get(&(environment.slug.clone(), path.into()));
            let imports = listed(imports)?;
            let is_meant = |import: &&crate::backend::state::Import| {
                *import.from_environment == *part(natural::FROM_ENVIRONMENT)
                    && *import.from_path == *part(natural::FROM_PATH)
            };
            let shown = |import: &crate::backend::state::Import| {
                let from = format!("{}{}", import.from_environment, import.from_path.trim_end_matches('/'));
                format!("{}{FROM}{from}", place(path.trim_end_matches('/')))
            };
            let found = imports.iter().find(is_meant).map(|import| import.id.clone());
            found.ok_or_else(|| missing("import", name, imports.iter().map(shown)))
        }
    }
}

/// What a list has; nothing if nobody asked for it.
fn listed<T>(list: Option<&Result<Vec<T>, Diagnostic>>) -> Result<&[T], Missing> {
    match list {
        Some(Ok(list)) => Ok(list),
        Some(Err(why)) => Err(unread(why)),
        None => Ok(&[]),
    }
}

/// By id, in the project that it is declared in.
fn by_id(index: &Index<'_>, resource: &Resource, id: &str) -> Result<Arc<str>, Missing> {
    let what = resource.kind.word();
    let Some(project) = index.project_of(resource) else { return Err(missing(what, id, [])) };
    let mut ids: Vec<&Arc<str>> = Vec::new();
    match resource.kind {
        Kind::Environment => ids.extend(project.environments.iter().map(|e| &e.id)),
        Kind::Tag => ids.extend(listed(project.tags.as_ref())?.iter().map(|tag| &tag.id)),
        Kind::SecretSync => ids.extend(listed(project.syncs.as_ref())?.iter().map(|sync| &sync.id)),
        Kind::SecretImport => {
            for list in project.imports.values() {
                ids.extend(listed(Some(list))?.iter().map(|import| &import.id));
            }
        }
        Kind::Folder => {
            let all = project.environments.iter().filter_map(|e| e.folders.as_ref()?.as_ref().ok());
            ids.extend(all.flat_map(|folders| folders.values().map(|folder| &folder.id)));
        }
        Kind::Secret => {
            for environment in &project.environments {
                ids.extend(listed(environment.secrets.as_ref())?.iter().map(|secret| &secret.id));
            }
        }
        kind => return thing(&project.things, kind, id),
    }
    ids.into_iter().find(|found| ***found == *id).cloned().ok_or_else(|| missing(what, id, []))
}
