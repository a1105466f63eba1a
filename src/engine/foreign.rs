//! What is in the backend and belongs to nobody here, and in what it is.

use crate::backend::state::Stored;
use crate::engine::index::Index;
use crate::engine::observe::secret_at;
use crate::model::address::Address;
use crate::model::live::Foreign;
use crate::model::live::Live;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::sync::Arc;

/// Finds what is there and belongs to nobody, and what would go with its container. Folders that a backend made on
/// the way to one of ours came with it.
pub(super) fn find(index: &Index<'_>, live: &mut Live, claimed: &BTreeSet<Arc<str>>) {
    let mut within: BTreeMap<Arc<str>, Vec<Foreign>> = BTreeMap::new();
    let folders = index.ledger.records.iter().filter(|(address, _)| address.kind() == Kind::Folder.word());
    let owned: HashSet<&str> = folders.map(|(_, record)| &*record.id).collect();
    for project in index.state.projects.values() {
        let mut add = |live: &mut Live, phrase: String, name: String, containers: &[&Arc<str>]| {
            let one = Foreign { name: name.into(), is_secret: phrase.starts_with("secrets ") };
            for container in containers {
                within.entry((*container).clone()).or_default().push(one.clone());
            }
            live.foreign.entry(phrase.into()).or_default().push(one);
        };
        let is_mentioned = claimed.contains(&project.id);
        if let Some(Ok(tags)) = &project.tags {
            for tag in tags.iter().filter(|tag| !claimed.contains(&tag.id)) {
                add(
                    live,
                    format!("tags in {}", project.slug),
                    format!("tag {}/{}", project.slug, tag.slug),
                    &[&project.id],
                );
            }
        }
        if let Some(Ok(syncs)) = &project.syncs {
            for sync in syncs.iter().filter(|sync| !claimed.contains(&sync.id)) {
                add(
                    live,
                    format!("syncs in {}", project.slug),
                    format!("sync {}/{}", project.slug, sync.name),
                    &[&project.id],
                );
            }
        }
        for (kind, things) in &project.things {
            // Members are not counted: whoever made the project is one.
            let word = match kind {
                Kind::ProjectRole => "role",
                Kind::Webhook => "webhook",
                Kind::NativeIntegration => "native integration",
                _ => continue,
            };
            for thing in things.iter().flatten().filter(|thing| !claimed.contains(&thing.id)) {
                add(live, format!("{word}s in {}", project.slug), format!("{word} {}", thing.id), &[&project.id]);
            }
        }
        for environment in &project.environments {
            if is_mentioned && !claimed.contains(&environment.id) {
                let name = format!("{}/{}/", project.slug, environment.slug);
                add(live, format!("environments in {}", project.slug), name, &[&project.id]);
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
                add(live, format!("folders in {place}"), format!("{place}{path}/"), &above(parent));
            }
            if let Some(Ok(secrets)) = &environment.secrets {
                for secret in secrets.iter().filter(|secret| !claimed.contains(&secret.id)) {
                    let folder = if &*secret.path == "/" { "" } else { &secret.path };
                    let name = format!("{place}{folder}/{}", secret.key);
                    add(live, format!("secrets in {place}{folder}"), name, &above(&secret.path));
                }
            }
        }
    }
    for observed in live.resources.values_mut() {
        observed.foreign = within.get(&observed.id).cloned().unwrap_or_default();
    }
    hold_unread(index, live);
    live.occupied = occupied(index, live, claimed);
}

/// What ends must not take along what nobody could look at: then nothing is known of it.
fn hold_unread(index: &Index<'_>, live: &mut Live) {
    let ending = index.ledger.records.iter().filter(|(address, _)| !index.desired.resources.contains_key(*address));
    for (address, record) in ending {
        let (_, environments) = index.contents(address, record).unzip();
        let unread = environments.into_iter().flatten().find_map(|environment| {
            let secrets = environment.secrets.as_ref().and_then(|read| read.as_ref().err());
            secrets.or(environment.folders.as_ref().and_then(|read| read.as_ref().err()))
        });
        if let Some(why) = unread.filter(|_| live.resources.contains_key(address)) {
            live.resources.remove(address);
            live.incomplete.insert(address.clone(), why.clone());
        }
    }
}

/// Declared secrets that are elsewhere, while one that nobody owns is where they are to be.
fn occupied(index: &Index<'_>, live: &Live, claimed: &BTreeSet<Arc<str>>) -> BTreeSet<Address> {
    let secrets = index.desired.resources.values().filter(|resource| resource.kind == Kind::Secret);
    let moving = secrets.filter(|secret| {
        let Some(seen) = live.resources.get(&secret.address) else { return false };
        let has_moved =
            || ["environment", "path", "key"].iter().any(|name| seen.attrs.get(*name) != secret.attrs.get(*name));
        let is_foreign = |there: &Stored| there.id != seen.id && !claimed.contains(&there.id);
        // What a run that did not end has made there is its own.
        !index.ledger.intents.contains_key(&secret.address)
            && has_moved()
            && secret_at(index, secret).is_some_and(is_foreign)
    });
    moving.map(|secret| secret.address.clone()).collect()
}

/// Whether a path is a folder or lies below it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
