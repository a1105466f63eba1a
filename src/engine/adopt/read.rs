//! Reading everything that the identity can see, whether or not anything mentions it. Values of secrets are
//! read only where secrets themselves are wanted.
//!
//! ```text
//! 1  list of projects, 1 of app connections, 1 of gateways if a connection goes through one
//! for each project:
//!   1  list of tags, 1 of syncs
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
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::adopt::Wish;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything of the projects that are wanted, and the organisation's own. `on` hears what is read.
///
/// # Errors
/// Not even the projects could be listed.
pub(super) async fn everything(
    client: &Client,
    wish: &Wish,
    on: &mut (dyn FnMut(&str) + Send),
) -> Result<State, Diagnostic> {
    let slugs: BTreeSet<Arc<str>> = wish.projects.iter().cloned().collect();
    on("projects and connections");
    let mut state = read::roots(client, true, &slugs).await?;
    if state.connections.iter().any(|connection| connection.gateway.is_some()) {
        state.gateways = Some(read::gateways(client).await);
    }
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
        let mention = Mention { tags: true, syncs: true, environments, ..Mention::default() };
        read::fill(client, &mut state, &BTreeMap::from([(slug.clone(), mention)])).await;
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
    Ok(state)
}

/// Everything that could not be read, and why.
pub(super) fn gaps(state: &State) -> Vec<Diagnostic> {
    // A server without app connections has none that could be missed.
    let is_gap = |why: &&Diagnostic| why.code != &codes::BACKEND_ROUTE;
    let mut gaps: Vec<Diagnostic> = state.connections_failed.iter().filter(is_gap).cloned().collect();
    for project in state.projects.values() {
        gaps.extend(project.tags.as_ref().and_then(|read| read.as_ref().err()).cloned());
        gaps.extend(project.syncs.as_ref().and_then(|read| read.as_ref().err()).filter(is_gap).cloned());
        for environment in &project.environments {
            gaps.extend(environment.folders.as_ref().and_then(|read| read.as_ref().err()).cloned());
            gaps.extend(environment.secrets.as_ref().and_then(|read| read.as_ref().err()).cloned());
        }
        gaps.extend(project.imports.values().filter_map(|read| read.as_ref().err()).cloned());
    }
    let mut once: Vec<Diagnostic> = Vec::new();
    for gap in gaps {
        if !once.contains(&gap) {
            once.push(gap);
        }
    }
    once
}
