//! Syncs that the backend has and nothing declares, as far as they write to the place of a declared one.

use crate::engine::destinations;
use crate::engine::destinations::Opened;
use crate::engine::effective::View;
use crate::engine::index::Index;
use crate::engine::planned::Tools;
use crate::engine::planned::live_sync;
use crate::engine::sources::Resolved;
use crate::engine::wire;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::key_schema::KeySchema;
use crate::model::live::Live;
use crate::model::resource::Resource;
use crate::plan::Other;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All of them. What a connection that is not declared leads to is not known, and not among them.
pub(super) fn of(
    tools: &Tools<'_>,
    index: &Index<'_>,
    resolved: &Resolved,
    opened: &BTreeMap<Address, Opened>,
    views: &BTreeMap<&Address, (View<'_>, View<'_>)>,
    live: &Live,
) -> Vec<Other> {
    let places = opened.values().filter_map(|opened| Some(opened.destination.as_ref().ok()?.place()));
    let places: BTreeSet<String> = places.collect();
    let declared = index.desired.syncs().filter_map(|resource| live_sync(index, resource)).map(|sync| &sync.id);
    // What is only looked up is nobody's here, and what a `removed` block lets go of goes on without anybody.
    let is_others = |address: &Address| {
        index.desired.resources.get(address).is_some_and(Resource::is_data) || index.desired.releases(address)
    };
    let observed = live.resources.iter().filter(|(address, _)| !is_others(address)).map(|(_, seen)| &seen.id);
    let recorded = index.ledger.records.iter().filter(|(address, _)| !is_others(address)).map(|(_, record)| &record.id);
    let known = recorded.chain(declared).chain(observed);
    let known: BTreeSet<&Arc<str>> = known.collect();
    let mut others = Vec::new();
    for project in index.state.projects.values() {
        let Some(Ok(syncs)) = &project.syncs else { continue };
        for sync in syncs.iter().filter(|sync| !known.contains(&sync.id)) {
            let opened = destinations::of_live(index, tools.registry, tools.http, resolved, sync);
            let Ok(destination) = opened else { continue };
            let place = destination.place();
            if !places.contains(&place) {
                continue;
            }
            let (environment, path) = (sync.environment.as_deref().unwrap_or(""), sync.path.as_deref().unwrap_or("/"));
            let template = sync.options.get(wire::option::KEY_SCHEMA).and_then(Value::as_str).unwrap_or("");
            let schema = match destination.variant().schema_names_container {
                true => KeySchema::none(),
                false => KeySchema::new(template, environment).unwrap_or_default(),
            };
            let source = views.iter().find_map(|(address, (_, planned))| {
                let live = index.project(address).filter(|live| live.id == project.id)?;
                let slug = index.declared_slug(address, live.environment(environment)?);
                Some(planned.source(&slug, path).ok()?.into_keys().collect())
            });
            let keeps = sync.options.get(wire::option::KEEP).and_then(Value::as_bool).unwrap_or(false);
            others.push(Other {
                called: format!("the sync `{}` of {}", sync.name, project.slug).into(),
                place: place.into(),
                schema,
                deletes: !keeps,
                source,
            });
        }
    }
    others
}
