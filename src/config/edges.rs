//! What needs what: edges from references and `depends_on`, and the ones that follow from names (a secret
//! needs its folder, a sync needs the secrets that it is to push). Circles are reported, also of imports, and
//! so are places that nothing declares.

use crate::config::resources::Built;
use crate::config::typed::role_slug;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::code::Code;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::graph::Graph;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::rc::Rc;

/// A folder: project, environment's slug, path.
type Folder<'r> = (&'r Address, &'r str, &'r str);

/// What is declared, by the names that imply it.
#[derive(Default)]
struct Named<'r> {
    projects: HashMap<&'r str, &'r Address>,
    /// By project.
    environments: HashMap<&'r Address, HashMap<&'r str, &'r Address>>,
    tags: HashMap<(&'r Address, &'r str), &'r Address>,
    roles: HashMap<(&'r Address, &'r str), &'r Address>,
    folders: HashMap<Folder<'r>, &'r Address>,
    /// Ancestors of declared folders: the backend makes them along with those.
    ancestors: HashSet<Folder<'r>>,
    /// By the folder that they are in.
    secrets: HashMap<Folder<'r>, Vec<&'r Resource>>,
    imports: HashMap<Folder<'r>, Vec<&'r Resource>>,
    /// What says its place in a list, by the list: the environments of a project, the imports of a folder.
    places: HashMap<(Kind, Folder<'r>), BTreeMap<i64, &'r Resource>>,
}

/// The graph of all resources.
pub(crate) fn graph(acc: &mut Diagnostics, all: &[Rc<Built>]) -> Graph {
    let mut graph = Graph::default();
    let named = index(all);
    for built in all {
        graph.add(&built.resource.address);
        for (to, span) in &built.needs {
            graph.need(&built.resource.address, to, Some(*span));
        }
    }
    for built in all {
        implied(&mut graph, &named, &built.resource);
        if !built.failed {
            undeclared(acc, &named, &built.resource);
        }
    }
    let blocks: HashMap<&Address, Span> =
        all.iter().map(|built| (&built.resource.address, built.resource.origin.block)).collect();
    for cycle in graph.cycles() {
        let labels = cycle.iter().map(|edge| {
            let span = edge.span.or_else(|| blocks.get(&edge.from).copied());
            (span, format!("{} needs {}", edge.from, edge.to))
        });
        acc.push(circle(&codes::CYCLE, cycle.iter().map(|edge| edge.from.to_string()), labels));
    }
    import_circles(acc, &named);
    graph
}

fn index(all: &[Rc<Built>]) -> Named<'_> {
    let mut named = Named::default();
    for resource in all.iter().map(|built| &built.resource) {
        let address = &resource.address;
        if let (Kind::Project, Some(slug)) = (resource.kind, resource.text("slug")) {
            named.projects.entry(slug).or_insert(address);
        }
        let Some(project) = resource.reference("project") else { continue };
        if let Some((list, place)) = list_of(resource) {
            named.places.entry(list).or_default().insert(place, resource);
        }
        match resource.kind {
            Kind::Environment => {
                let slug = resource.text("slug").map(|slug| (slug, address));
                named.environments.entry(project).or_default().extend(slug);
            }
            Kind::Tag => named.tags.extend(resource.text("slug").map(|slug| ((project, slug), address))),
            Kind::ProjectRole => named.roles.extend(resource.text("slug").map(|slug| ((project, slug), address))),
            Kind::Folder => {
                let Some(folder) = folder_of(resource) else { continue };
                named.folders.insert(folder, address);
                named.ancestors.extend(ancestors(folder.2).map(|path| (folder.0, folder.1, path)));
            }
            Kind::Secret | Kind::SecretImport => {
                let Some(folder) = folder_of(resource) else { continue };
                let map = if resource.kind == Kind::Secret { &mut named.secrets } else { &mut named.imports };
                map.entry(folder).or_default().push(resource);
            }
            _ => {}
        }
    }
    named
}

/// The folder that a resource is, or is in.
fn folder_of(resource: &Resource) -> Option<Folder<'_>> {
    Some((resource.reference("project")?, resource.text("environment")?, resource.text("path")?))
}

/// The list that a resource says its place in, and the place.
fn list_of(resource: &Resource) -> Option<((Kind, Folder<'_>), i64)> {
    let list = match resource.kind {
        Kind::Environment => (resource.reference("project")?, "", ""),
        Kind::SecretImport => folder_of(resource)?,
        _ => return None,
    };
    Some(((resource.kind, list), resource.position()?))
}

/// The folder that an import takes secrets from.
fn source_of(resource: &Resource) -> Option<Folder<'_>> {
    Some((resource.reference("project")?, resource.text("from_environment")?, resource.text("from_path")?))
}

/// The folders above a path, the nearest first, without the root.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').rev().map(|(at, _)| &path[..at]).filter(|path| !path.is_empty())
}

fn implied<'r>(graph: &mut Graph, named: &Named<'r>, resource: &'r Resource) {
    let from = &resource.address;
    if let Some(project) = resource.reference("project") {
        graph.need(from, project, None);
    }
    if let Some(folder) = folder_of(resource) {
        place(graph, named, from, folder);
    }
    // Places are filled from the front: only then does each thing stay where it was put.
    if let Some((list, place)) = list_of(resource)
        && let Some((_, before)) = named.places.get(&list).and_then(|all| all.range(..place).next_back())
    {
        graph.need(from, &before.address, None);
    }
    match resource.kind {
        Kind::Secret => {
            let project = resource.reference("project");
            let tags = resource.attrs.get("tags").and_then(Value::as_list).unwrap_or_default();
            for tag in tags.iter().filter_map(Value::as_str) {
                if let Some(tag) = project.and_then(|project| named.tags.get(&(project, tag))) {
                    graph.need(from, tag, None);
                }
            }
        }
        // A role that is named by its slug is needed as one that is referred to.
        Kind::ProjectIdentity => {
            let project = resource.reference("project");
            let roles = resource.attrs.get("roles").and_then(Value::as_list).unwrap_or_default();
            for slug in roles.iter().filter_map(role_slug) {
                if let Some(role) = project.and_then(|project| named.roles.get(&(project, slug))) {
                    graph.need(from, role, None);
                }
            }
        }
        Kind::SecretImport => {
            if let Some(source) = source_of(resource) {
                place(graph, named, from, source);
            }
        }
        Kind::SecretSync | Kind::NativeIntegration => {
            if let Some(folder) = folder_of(resource) {
                payload(graph, named, from, folder);
            }
        }
        _ => {}
    }
    stored(graph, named, from, &resource.attrs);
}

/// Imports that lead back to the folder that they start from: no secret of such a circle has one place. Found on a
/// graph of imports, where each needs those of the folder that it takes from.
fn import_circles(acc: &mut Diagnostics, named: &Named<'_>) {
    let mut graph = Graph::default();
    let imports: HashMap<&Address, &Resource> =
        named.imports.values().flatten().map(|import| (&import.address, *import)).collect();
    for (address, import) in &imports {
        let next = source_of(import).and_then(|source| named.imports.get(&source));
        // One that imports its own folder was reported as such.
        let others = next.into_iter().flatten().filter(|next| next.address != **address);
        others.for_each(|next| graph.need(address, &next.address, None));
    }
    for cycle in graph.cycles() {
        let steps: Vec<&Resource> = cycle.iter().filter_map(|edge| imports.get(&edge.from).copied()).collect();
        let name = |folder: Option<Folder<'_>>| folder.map_or(String::new(), |(_, env, path)| format!("{env}:{path}"));
        let labels = steps.iter().map(|import| {
            (Some(import.origin.block), format!("{} takes from {}", name(folder_of(import)), name(source_of(import))))
        });
        acc.push(circle(&codes::IMPORT_CYCLE, steps.iter().map(|import| name(folder_of(import))), labels));
    }
}

/// What is in a folder needs the environment and the nearest declared folder.
fn place(graph: &mut Graph, named: &Named<'_>, from: &Address, (project, environment, path): Folder<'_>) {
    if let Some(environment) = named.environments.get(project).and_then(|all| all.get(environment)) {
        graph.need(from, environment, None);
    }
    let nearest = std::iter::once(path).chain(ancestors(path));
    let mut declared = nearest.filter_map(|path| named.folders.get(&(project, environment, path)));
    if let Some(folder) = declared.find(|folder| **folder != from) {
        graph.need(from, folder, None);
    }
}

/// A sync needs what it is to push: the secrets of its folder, and of all folders imported there.
fn payload<'r>(graph: &mut Graph, named: &Named<'r>, from: &Address, folder: Folder<'r>) {
    let mut seen = HashSet::from([folder]);
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for secret in named.secrets.get(&folder).into_iter().flatten() {
            graph.need(from, &secret.address, None);
        }
        for import in named.imports.get(&folder).into_iter().flatten() {
            graph.need(from, &import.address, None);
            open.extend(source_of(import).filter(|source| seen.insert(*source)));
        }
    }
}

/// `secret_stored("project/environment/path/KEY")` needs that secret, if it is declared.
fn stored(graph: &mut Graph, named: &Named<'_>, from: &Address, attrs: &Attrs) {
    for value in attrs.values() {
        match value {
            Value::Source(source) => {
                if let SecretSource::Stored(reference) = &**source
                    && let Some(secret) = stored_secret(named, reference)
                {
                    graph.need(from, secret, None);
                }
            }
            Value::Object(fields) => {
                let inner: Attrs = fields
                    .iter()
                    .filter(|(_, value)| matches!(value, Value::Source(_)))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                stored(graph, named, from, &inner);
            }
            _ => {}
        }
    }
}

fn stored_secret<'n>(named: &Named<'n>, reference: &str) -> Option<&'n Address> {
    let reference = reference.trim_start_matches('/');
    let (project, rest) = reference.split_once('/')?;
    let (environment, rest) = rest.split_once('/')?;
    let (path, key) = rest.rsplit_once('/').map_or(("/".to_owned(), rest), |(path, key)| (format!("/{path}"), key));
    let project = named.projects.get(project)?;
    let secrets = named.secrets.get(&(*project, environment, path.as_str()))?;
    secrets.iter().find(|secret| secret.text("key") == Some(key)).map(|secret| &secret.address)
}

/// Warns about environments and folders that nothing declares, where their neighbours are declared.
fn undeclared(acc: &mut Diagnostics, named: &Named<'_>, resource: &Resource) {
    let places = [("environment", "path", folder_of(resource)), ("from_environment", "from_path", source_of(resource))];
    for (environment_attr, path_attr, place) in places {
        let Some((project, environment, path)) = place else { continue };
        let Some(declared) = named.environments.get(project) else { continue };
        let span = |attr: &str| resource.origin.attrs.get(attr).copied().unwrap_or(resource.origin.block);
        if !declared.contains_key(environment) {
            let detail = format!("`{project}` declares no environment `{environment}`.");
            let d = Diagnostic::warning(&codes::UNDECLARED, detail).at(span(environment_attr), "");
            acc.push(d.did_you_mean(environment, declared.keys().copied()));
            continue;
        }
        let folder = (project, environment, path);
        let known = path == "/" || named.folders.contains_key(&folder) || named.ancestors.contains(&folder);
        if !known {
            let detail = format!("`{project}` declares no folder `{path}` in `{environment}`.");
            let d = Diagnostic::warning(&codes::UNDECLARED, detail).at(span(path_attr), "");
            let near = named.folders.keys().filter(|(p, e, _)| *p == project && *e == environment).map(|f| f.2);
            acc.push(match crate::diag::nearest(path, near) {
                Some(near) => d.help(format!("did you mean `{near}`?")),
                None => d.help(format!("declare it: `folder \"{path}\" {{}}`")),
            });
        }
    }
}

/// The report of a circle: every step underlined.
fn circle(
    code: &'static Code,
    steps: impl Iterator<Item = String>,
    labels: impl Iterator<Item = (Option<Span>, String)>,
) -> Diagnostic {
    let names: Vec<String> = steps.map(|step| format!("`{step}`")).collect();
    let shown = match names.len() {
        0..=8 => names.join(" → "),
        n => format!("{} → … ({} more)", names[..6].join(" → "), n - 6),
    };
    let first = names.first().cloned().unwrap_or_default();
    let labels = labels.take(16).filter_map(|(span, text)| Some((span?, text)));
    labels.fold(Diagnostic::error(code, format!("{shown} → {first}.")), |d, (span, text)| d.at(span, text))
}
