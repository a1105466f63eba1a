//! Reading everything that the identity can see, whether or not anything mentions it. Values of secrets are
//! read only where secrets themselves are wanted.
//!
//! ```text
//! 1  list of projects, 1 of app connections, 1 of gateways if a connection goes through one
//! 1  who am I, 1 list of identities, and two reads of each; 1 list of project templates
//! for each project:
//!   1  list of tags, 1 of syncs, 1 of members, 1 of webhooks, 1 of roles, and a read of each
//!   for each environment:
//!     1  recursive list of folders
//!     1  list of imports for the root and for each folder: the API has no recursive one
//!     1  recursive list of secrets             if secrets are wanted
//! ```

use crate::backend::client::Client;
use crate::backend::read;
use crate::backend::read::EnvironmentMention;
use crate::backend::read::Mention;
use crate::backend::state::State;
use crate::backend::state::Thing;
use crate::backend::state::Things;
use crate::backend::things;
use crate::backend::things::Scope;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::engine::adopt::Wish;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything of the projects that are wanted, and the organisation's own, besides why single things are missing.
/// `on` hears what is read.
///
/// # Errors
/// Not even the projects could be listed.
pub(super) async fn everything(
    client: &Client,
    wish: &Wish,
    on: &mut (dyn FnMut(&str) + Send),
) -> Result<(State, Vec<Diagnostic>), Diagnostic> {
    let mut lost = Vec::new();
    let slugs: BTreeSet<Arc<str>> = wish.projects.iter().cloned().collect();
    on("projects and connections");
    let mut state = read::roots(client, true, &slugs).await?;
    if state.connections.iter().any(|connection| connection.gateway.is_some()) {
        state.gateways = Some(read::gateways(client).await);
    }
    let is_old = state.connections_failed.as_ref().is_some_and(|why| why.code == &codes::BACKEND_ROUTE);
    if is_old && slugs.is_empty() {
        let detail = "This server can't list the projects that a machine identity sees.";
        return Err(Diagnostic::error(&codes::BACKEND_OLD, detail).help("name each of them: `--project SLUG`"));
    }
    if let Some(slug) = slugs.iter().find(|slug| !state.projects.contains_key(*slug)) {
        let detail = format!("There is no project `{slug}` that this identity can see.");
        let known = state.projects.keys().map(|known| &**known);
        return Err(Diagnostic::error(&codes::BACKEND_NOT_FOUND, detail).did_you_mean(slug, known));
    }
    let listed = kinds(Kind::is_of_organization);
    on("the organisation");
    let named = listed.into_iter().map(|kind| (kind, BTreeSet::new())).collect();
    let (organization, things) = read::organization(client, &named).await;
    let scope = Scope { name: "the organisation".into(), id: organization.clone() };
    (state.organization, state.things) = (organization, in_full(client, &scope, things, &mut lost).await);
    if !slugs.is_empty() {
        state.projects.retain(|slug, _| slugs.contains(slug));
    }
    let names: Vec<Arc<str>> = state.projects.keys().cloned().collect();
    for (n, slug) in names.iter().enumerate() {
        on(&format!("project {slug} ({} of {})", n + 1, names.len()));
        let Some(project) = state.projects.get(slug) else { continue };
        let has_secrets = wish.called.as_ref().is_some_and(|called| called.iter().any(|one| one.is_secret));
        let one = EnvironmentMention { folders: true, secrets: wish.secrets || has_secrets, position: false };
        let environments = project.environments.iter().map(|e| (e.slug.clone(), one)).collect();
        let things = kinds(|kind| !kind.is_of_organization()).into_iter().map(|kind| (kind, BTreeSet::new()));
        let things = things.collect();
        let mention = Mention { tags: true, syncs: true, environments, things, ..Mention::default() };
        let scope = Scope { name: slug.clone(), id: project.id.clone() };
        read::fill(client, &mut state, &BTreeMap::from([(slug.clone(), mention)])).await;
        if let Some(project) = state.projects.get_mut(slug) {
            let found = std::mem::take(&mut project.things);
            project.things = in_full(client, &scope, found, &mut lost).await;
        }
        let mut imports = BTreeSet::new();
        for environment in state.projects.get(slug).map(|project| &*project.environments).unwrap_or_default() {
            imports.insert((environment.slug.clone(), Arc::from("/")));
            if let Some(Ok(folders)) = &environment.folders {
                imports.extend(folders.keys().map(|path| (environment.slug.clone(), path.clone())));
            }
        }
        let mention = Mention { imports, ..Mention::default() };
        read::fill(client, &mut state, &BTreeMap::from([(slug.clone(), mention)])).await;
    }
    if let Some(own) = client.own() {
        leave_out(&mut state, own, wish);
    }
    Ok((state, lost))
}

/// Whoever ends the identity that keyform itself asks as locks keyform out half way: it is left out with its
/// memberships, unless somebody calls it by name.
fn leave_out(state: &mut State, own: &str, wish: &Wish) {
    if wish.called.iter().flatten().any(|called| called.ids.iter().any(|id| **id == *own)) {
        return;
    }
    let identity = |thing: &Thing| thing.attrs.get("identity").and_then(Value::as_str) == Some(own);
    let projects = state.projects.values_mut().map(|project| &mut project.things);
    for things in projects.chain([&mut state.things]) {
        let of_identities =
            things.iter_mut().filter(|(kind, _)| matches!(kind, Kind::Identity | Kind::ProjectIdentity));
        for all in of_identities.filter_map(|(_, all)| all.as_mut().ok()) {
            all.retain(|thing| *thing.id != *own && !identity(thing));
        }
    }
}

/// The kinds that are nothing but attributes.
fn kinds(is_wanted: impl Fn(Kind) -> bool) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.names().is_some() && is_wanted(*kind)).collect()
}

/// The same things, with what a listing leaves out. Where one of them can't be read, only that one is missing;
/// why goes to `lost`.
async fn in_full(client: &Client, scope: &Scope, listed: Things, lost: &mut Vec<Diagnostic>) -> Things {
    let mut full = Things::new();
    for (kind, found) in listed {
        let listed = match (&found, kind) {
            (Ok(listed), Kind::ProjectRole | Kind::Identity) if !listed.is_empty() => listed,
            _ => {
                full.insert(kind, found);
                continue;
            }
        };
        let ids: BTreeSet<Arc<str>> = listed.iter().map(|thing| thing.id.clone()).collect();
        if let Ok(all) = things::list(client, kind, scope, &ids).await {
            full.insert(kind, Ok(all));
            continue;
        }
        let mut read = Vec::new();
        for id in ids {
            match things::list(client, kind, scope, &BTreeSet::from([id.clone()])).await {
                Ok(all) => read.extend(all.into_iter().find(|thing| thing.id == id)),
                Err(why) => lost.push(why),
            }
        }
        full.insert(kind, Ok(read));
    }
    full
}

/// What could not be read, and why: what the identity may not see, or the backend does not have, apart from what
/// failed.
pub(super) fn gaps(state: &State, lost: &[Diagnostic]) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut gaps: Vec<&Diagnostic> = lost.iter().chain(&state.connections_failed).collect();
    gaps.extend(state.things.values().filter_map(|read| read.as_ref().err()));
    for project in state.projects.values() {
        gaps.extend(project.tags.as_ref().and_then(|read| read.as_ref().err()));
        gaps.extend(project.syncs.as_ref().and_then(|read| read.as_ref().err()));
        gaps.extend(project.things.values().filter_map(|read| read.as_ref().err()));
        for environment in &project.environments {
            gaps.extend(environment.folders.as_ref().and_then(|read| read.as_ref().err()));
            gaps.extend(environment.secrets.as_ref().and_then(|read| read.as_ref().err()));
        }
        gaps.extend(project.imports.values().filter_map(|read| read.as_ref().err()));
    }
    let mut once: Vec<Diagnostic> = Vec::new();
    for gap in gaps {
        if !once.contains(gap) {
            once.push(gap.clone());
        }
    }
    // What a server has no route for, it does not have.
    once.retain(|why| why.code != &codes::BACKEND_ROUTE);
    let is_hidden = |why: &Diagnostic| [&codes::BACKEND_PERMISSION, &codes::BACKEND_NOT_FOUND].contains(&why.code);
    let (mut hidden, failed): (Vec<_>, Vec<_>) = once.into_iter().partition(is_hidden);
    hidden.iter_mut().for_each(|why| why.severity = Severity::Warning);
    (hidden, failed)
}
