//! What a sync pushes and where: its source once the plan is done, the keys as its destination writes them, and what is
//! wrong with them.

use crate::backend::state::Sync;
use crate::diag::codes;
use crate::engine::destinations;
use crate::engine::destinations::Opened;
use crate::engine::effective;
use crate::engine::effective::View;
use crate::engine::index::Index;
use crate::engine::index::natural;
use crate::engine::observe;
use crate::engine::planned::Tools;
use crate::engine::planned::live_sync;
use crate::engine::sources;
use crate::engine::sources::Resolved;
use crate::model::job;
use crate::model::job::InitialSync;
use crate::model::references::Place;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan;
use crate::plan::Pushed;
use crate::provider::Destination;
use crate::provider::rules;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a declared sync pushes, and where, as the plan compares it.
pub(super) fn of(
    tools: &Tools<'_>,
    index: &Index<'_>,
    resolved: &Resolved,
    resource: &Resource,
    opened: &Opened,
    (now, planned): (&View<'_>, &View<'_>),
    key: &FingerprintKey,
) -> Pushed {
    let address = &resource.address;
    let variant = destinations::variant(tools.registry, resource);
    let keys = variant.map(|v| v.keys.clone()).unwrap_or_default();
    let (environment, path) = (resource.text("environment").unwrap_or(""), resource.text("path").unwrap_or("/"));
    let (source, unread) = match planned.source(environment, path) {
        Ok(source) => (source, None),
        Err(why) => (BTreeMap::new(), Some(why)),
    };
    let moves = now.source(environment, path).ok().as_ref() != Some(&source);
    let of_folder = |folder: &Place| {
        let project =
            resource.reference("project").and_then(|project| index.desired.resources.get(project)?.text("slug"));
        [project.unwrap_or("").into(), folder.environment.as_str().into(), folder.path.as_str().into()]
    };
    let folders = planned.folders(&effective::place(environment, path)).iter().map(of_folder).collect();
    let stored = |name: &str| job::stored(&opened.schema, &keys, name);
    let named_count = source.len();
    // Nothing is said about a stand-in that would be about the value.
    let value = |value: &Option<Secret>| value.clone().filter(|_| tools.memory().is_none());
    let named = source.iter().map(|(name, found)| (stored(name), value(found))).collect();
    let mut problems = variant.map(|variant| rules::check(variant, &named)).unwrap_or_default();
    // Two keys that become one are a hazard of their own; too many is nothing that one key could mend.
    problems.retain(|(_, why)| why.code != &codes::FOLDED_KEYS);
    let whole = problems.iter().position(|(_, why)| why.code == &codes::TOO_MANY_ENTRIES);
    let whole = whole.map(|at| sources::about(problems.remove(at).1, resource));
    let declared = variant.filter(|_| !problems.is_empty());
    let declared = declared.map(|variant| rules::pushed(index.desired, resource, variant)).unwrap_or_default();
    let refused = problems.into_iter().map(|(key, why)| {
        let why = rules::placed(why, declared.get(&key).copied(), resource);
        (key, why)
    });
    let refused = refused.collect();
    let source = source.into_iter().map(|(name, value)| {
        let stored = job::stored(&opened.schema, &keys, &name);
        let fingerprint =
            value.map(|v| plan::entries::fingerprint(key, address, &keys, &stored, v.expose().as_bytes()));
        (name, fingerprint)
    });
    let count = |environment: &str, path: &str| now.source(environment, path).map(|source| source.len()).unwrap_or(0);
    let mut read = count(environment, path);
    let live = live_sync(index, resource);
    if let Some((old, at)) = live.and_then(|sync| sync.environment.as_deref().zip(sync.path.as_deref())) {
        // It will read another folder: what moves there along with it is not lost.
        let project = resource.reference("project").and_then(|project| Some((project, index.project(project)?)));
        let old = project.and_then(|(address, live)| Some(index.declared_slug(address, live.environment(old)?)));
        let has_moved = old.as_ref().is_some_and(|old| (&**old, at) != (environment, path));
        if has_moved {
            read = read.max(old.map_or(0, |old| count(&old, at)).min(named_count));
        }
    }
    if read < named_count && !index.ledger.records.is_empty() {
        read = (read + arriving(index, resource)).min(named_count);
    }
    let schemas = tools.registry.schemas();
    let destination = schemas.destinations.get(&resource.slug);
    let left = live.and_then(|live| destinations::left(index, tools, resolved, resource, opened, live));
    Pushed {
        called: destinations::called(&resource.slug, destinations::inputs(schemas, resource)),
        left,
        place: opened.place.clone().unwrap_or_default(),
        home: opened.destination.as_ref().ok().map(|d| mark_of(key, d)),
        source: source.collect(),
        read,
        schema: opened.schema.clone(),
        rules: keys,
        folders,
        moves,
        first: first(tools, index, resolved, resource, opened),
        can_import: destination.is_some_and(|d| d.can_import),
        after: Vec::new(),
        refused,
        wrong: opened.wrong.clone().or(whole),
        unread,
        blind: opened
            .destination
            .as_ref()
            .err()
            .filter(|_| opened.place.is_none())
            .map(|why| why.detail.clone().into()),
    }
}

/// The initial behaviour of a sync that the backend runs, while no run has succeeded.
pub(super) fn first(
    tools: &Tools<'_>,
    index: &Index<'_>,
    resolved: &Resolved,
    resource: &Resource,
    opened: &Opened,
) -> Option<InitialSync> {
    let runs_here = resource.text("run") == Some("keyform");
    let initial = resource.text("initial_sync").and_then(InitialSync::from_word).filter(|_| !runs_here)?;
    // One of another kind of destination is made again, and one that takes its keys along when it leaves its place.
    let is_the_same = |sync: &Sync| {
        let leaves = || destinations::left(index, tools, resolved, resource, opened, sync).is_some();
        sync.destination == resource.slug && !(resource.text("on_delete") == Some("remove") && leaves())
    };
    let has_succeeded = live_sync(index, resource).is_some_and(|sync| sync.has_succeeded && is_the_same(sync));
    (!has_succeeded).then_some(initial)
}

/// How many secrets move into the folder of a sync along with the plan: they were read elsewhere, and are not lost.
fn arriving(index: &Index<'_>, sync: &Resource) -> usize {
    let is_in = |secret: &&Resource| {
        secret.kind == Kind::Secret
            && ["project", "environment", "path"].iter().all(|name| secret.attrs.get(*name) == sync.attrs.get(*name))
    };
    let has_moved = |secret: &&Resource| {
        let natural = index.ledger.records.get(&secret.address).map(|record| &record.natural);
        let differs = |name: &str| natural.and_then(|was| was.get(name)).map(|was| &**was) != secret.text(name);
        natural.is_some() && (differs(natural::ENVIRONMENT) || differs(natural::PATH))
    };
    let secrets = index.desired.resources.values().filter(is_in).filter(has_moved);
    secrets.filter(|secret| observe::live_secret(index, secret).is_some()).count()
}

/// A mark of where a connection leads.
fn mark_of(key: &FingerprintKey, destination: &Destination) -> Arc<str> {
    format!("#{}", key.fingerprint("home", destination.home().as_bytes()).short()).into()
}
