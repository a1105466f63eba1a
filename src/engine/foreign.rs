//! What is in the backend and belongs to nobody here: how many of each, and in what.

use crate::engine::index::Index;
use crate::model::live::Live;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::sync::Arc;

/// Counts what is there and belongs to nobody, and what would go with its container. Folders that a backend made on
/// the way to one of ours came with it.
pub(super) fn count(index: &Index<'_>, live: &mut Live, claimed: &BTreeSet<Arc<str>>) {
    let mut within: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let folders = index.ledger.records.iter().filter(|(address, _)| address.kind() == Kind::Folder.word());
    let owned: HashSet<&str> = folders.map(|(_, record)| &*record.id).collect();
    for project in index.state.projects.values() {
        let mut count = |live: &mut Live, phrase: String, containers: &[&Arc<str>]| {
            *live.foreign.entry(phrase.into()).or_default() += 1;
            for container in containers {
                *within.entry((*container).clone()).or_default() += 1;
            }
        };
        let is_mentioned = claimed.contains(&project.id);
        if let Some(Ok(tags)) = &project.tags {
            for _ in tags.iter().filter(|tag| !claimed.contains(&tag.id)) {
                count(live, format!("tags in {}", project.slug), &[&project.id]);
            }
        }
        if let Some(Ok(syncs)) = &project.syncs {
            for _ in syncs.iter().filter(|sync| !claimed.contains(&sync.id)) {
                count(live, format!("syncs in {}", project.slug), &[&project.id]);
            }
        }
        for (kind, things) in &project.things {
            // Members are not counted: whoever made the project is one.
            let phrase = match kind {
                Kind::ProjectRole => "roles",
                Kind::Webhook => "webhooks",
                Kind::NativeIntegration => "native integrations",
                _ => continue,
            };
            for _ in things.iter().flatten().filter(|thing| !claimed.contains(&thing.id)) {
                count(live, format!("{phrase} in {}", project.slug), &[&project.id]);
            }
        }
        for environment in &project.environments {
            if is_mentioned && !claimed.contains(&environment.id) {
                count(live, format!("environments in {}", project.slug), &[&project.id]);
            }
            let place = format!("{}/{}", project.slug, environment.slug);
            let empty = BTreeMap::new();
            let folders = match &environment.folders {
                Some(Ok(folders)) => folders,
                _ => &empty,
            };
            let above = |path: &str| {
                let mut ids = vec![&project.id, &environment.id];
                ids.extend(folders.iter().filter(|(p, _)| is_below(path, p)).map(|(_, f)| &f.id));
                ids
            };
            let ours: Vec<&Arc<str>> =
                folders.iter().filter(|(_, folder)| owned.contains(&*folder.id)).map(|(path, _)| path).collect();
            let is_foreign = |path: &str| !ours.iter().any(|own| is_below(own, path));
            let unclaimed = folders.iter().filter(|(_, folder)| !claimed.contains(&folder.id));
            for (path, _) in unclaimed.filter(|(path, _)| is_foreign(path)) {
                let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
                count(live, format!("folders in {place}"), &above(parent));
            }
            if let Some(Ok(secrets)) = &environment.secrets {
                for secret in secrets.iter().filter(|secret| !claimed.contains(&secret.id)) {
                    let folder = if &*secret.path == "/" { "" } else { &secret.path };
                    count(live, format!("secrets in {place}{folder}"), &above(&secret.path));
                }
            }
        }
    }
    for observed in live.resources.values_mut() {
        observed.foreign = within.get(&observed.id).copied().unwrap_or(0);
    }
}

/// Whether a path is a folder or lies below it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
