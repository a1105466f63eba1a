//! The live read of the backend: what the configuration and the ledger mention, and whatever references
//! in values lead to.

use crate::backend;
use crate::backend::frozen;
use crate::backend::read::EnvironmentMention;
use crate::backend::read::Mention;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::diag::Diagnostic;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::imports;
use crate::engine::index::Index;
use crate::engine::sources::Resolved;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::resource::GATEWAY;
use crate::plan::Imports;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reads everything that is mentioned. Where everything is to end, nothing is imported any more: it would end as well.
///
/// # Errors
/// Not even the projects could be listed.
pub(super) async fn read(
    backend: &backend::client::Client,
    desired: &Desired,
    ledger: &mut Ledger,
    imports: &mut Imports,
    destroy: bool,
) -> Result<State, Diagnostic> {
    if desired.resources.is_empty() && ledger.records.is_empty() && ledger.intents.is_empty() {
        return Ok(State::default());
    }
    let connections = Index::mentions_connections(desired, ledger);
    let slugs = Index::project_slugs(desired, ledger);
    let mut state = backend::read::roots(backend, connections, &slugs).await?;
    if desired.resources.values().any(|resource| resource.text(GATEWAY).is_some()) {
        state.gateways = Some(backend::read::gateways(backend).await);
    }
    let named = Index::mentions_of_organization(desired, ledger);
    (state.organization, state.things) = backend::read::organization(backend, &named).await;
    if !destroy {
        imports::find(ledger, imports, &state, desired, true);
    }
    let index = Index::new(desired, ledger, &state);
    let mut mentions = index.mentions(destroy);
    if !destroy {
        imports::mention(&mut mentions, &index, ledger, imports);
    }
    backend::read::fill(backend, &mut state, &mentions).await;
    if destroy {
        return Ok(state);
    }
    imports::find(ledger, imports, &state, desired, false);
    imports::absent(imports, &Index::new(desired, ledger, &state));
    Ok(state)
}

/// The same from a snapshot: what it does not have is unread.
pub(super) fn recall(
    mut state: State,
    desired: &Desired,
    ledger: &mut Ledger,
    imports: &mut Imports,
    destroy: bool,
) -> State {
    if desired.resources.values().any(|resource| resource.text(GATEWAY).is_some()) {
        state.gateways.get_or_insert_with(|| Err(frozen::missing("gateways")));
    }
    for kind in Index::mentions_of_organization(desired, ledger).into_keys() {
        state.things.entry(kind).or_insert_with(|| Err(frozen::missing(kind.word())));
    }
    if !destroy {
        imports::find(ledger, imports, &state, desired, true);
    }
    let index = Index::new(desired, ledger, &state);
    let mut mentions = index.mentions(destroy);
    if !destroy {
        imports::mention(&mut mentions, &index, ledger, imports);
    }
    frozen::unread(&mut state, &mentions);
    if !destroy {
        imports::find(ledger, imports, &state, desired, false);
        imports::absent(imports, &Index::new(desired, ledger, &state));
    }
    state
}

/// Reads of every project that is read at all, and of the organisation, what the next configuration may ask for.
pub(super) async fn widen(backend: &backend::client::Client, state: &mut State, desired: &Desired, ledger: &Ledger) {
    if !Index::mentions_connections(desired, ledger) {
        match backend::read::connections(backend).await {
            Ok(connections) => state.connections = connections,
            Err(why) => state.connections_failed = Some(why),
        }
    }
    let asked = Index::new(desired, ledger, state).mentions(false);
    let wide = |(slug, project): (&Arc<str>, &Project)| {
        let environments = project.environments.iter().map(|environment| {
            let (folders, secrets) = (environment.folders.is_none(), environment.secrets.is_none());
            (environment.slug.clone(), EnvironmentMention { folders, secrets, position: false })
        });
        let (tags, syncs) = (project.tags.is_none(), project.syncs.is_none());
        (slug.clone(), Mention { tags, syncs, environments: environments.collect(), ..Mention::default() })
    };
    let mentions = state.projects.iter().filter(|(slug, _)| asked.contains_key(*slug)).map(wide).collect();
    backend::read::fill(backend, state, &mentions).await;
}

/// The same as [`follow`] with a snapshot.
pub(super) fn followed(state: &mut State, desired: &Desired, ledger: &Ledger, resolved: &Resolved) {
    loop {
        let mentions = referenced(&Index::new(desired, ledger, state), resolved);
        if mentions.is_empty() {
            return;
        }
        frozen::unread(state, &mentions);
    }
}

/// Reads the environments that references in pushed values lead to, until no new one is found.
pub(super) async fn follow(
    backend: &backend::client::Client,
    state: &mut State,
    desired: &Desired,
    ledger: &Ledger,
    resolved: &Resolved,
) {
    loop {
        let mentions = referenced(&Index::new(desired, ledger, state), resolved);
        if mentions.is_empty() {
            return;
        }
        backend::read::fill(backend, state, &mentions).await;
    }
}

fn referenced(index: &Index<'_>, resolved: &Resolved) -> BTreeMap<Arc<str>, Mention> {
    let mut mentions: BTreeMap<Arc<str>, Mention> = BTreeMap::new();
    for project in pushing_projects(index.desired) {
        let Some(live) = index.project(project) else { continue };
        let view = View::new(index, resolved, project, When::Applied, &|_| true);
        for slug in view.referenced() {
            if let Some(environment) = index.live_environment(project, &slug).filter(|e| e.secrets.is_none()) {
                let mention = mentions.entry(live.slug.clone()).or_default();
                mention.environments.entry(environment.slug.clone()).or_default().secrets = true;
            }
        }
    }
    mentions
}

/// The projects that a declared sync reads.
pub(super) fn pushing_projects(desired: &Desired) -> BTreeSet<&Address> {
    desired.syncs().filter_map(|r| r.reference("project")).collect()
}
