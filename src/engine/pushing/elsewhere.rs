//! What a plan sets off at syncs that are not its own: those that nothing declares, and declared ones that nobody asked for.

use crate::api;
use crate::backend::frozen;
use crate::backend::state::Folder;
use crate::backend::state::Sync;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::connections::live_connection;
use crate::engine::effective::View;
use crate::engine::effective::When;
use crate::engine::index::Index;
use crate::engine::planned::live_sync;
use crate::engine::pushing::Loss;
use crate::engine::pushing::called;
use crate::engine::pushing::folder;
use crate::engine::pushing::held;
use crate::engine::pushing::owner;
use crate::engine::pushing::reached;
use crate::engine::sources::Resolved;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::job::InitialSync;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;
use crate::plan::guard;
use crate::plan::sets_off;
use crate::plan::targets::Asked;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Adds as hazards what syncs that nothing declares would delete or overwrite, because the backend runs them when what a plan
/// changes in their source is done. Gives what can't be told of them: it is the business of whoever made them. Without an
/// engine nothing can be told.
pub(in crate::engine) async fn hazards(
    engine: Option<&Engine>,
    index: &Index<'_>,
    resolved: &Resolved,
    (input, asked): (&Input<'_>, &Asked),
    plan: &mut Plan,
) -> Vec<Diagnostic> {
    let ends = |address: &Address| {
        plan.changes.iter().any(|change| change.address == *address && change.action == Action::Delete)
    };
    let declared = index.desired.syncs().filter_map(|r| Some((&live_sync(index, r)?.id, &r.address)));
    let records = index.ledger.records.iter();
    let managed = records.filter(|(address, _)| index.desired.resources.contains_key(*address) || ends(address));
    let known: BTreeMap<&Arc<str>, &Address> = declared.chain(managed.map(|(a, record)| (&record.id, a))).collect();
    // One that the plan changes or ends pauses meanwhile; one that nobody asked for runs with the settings that it has.
    let rows: BTreeMap<&Address, Action> = plan.changes.iter().map(|c| (&c.address, c.action)).collect();
    let is_asked = |sync: &Sync| known.get(&sync.id).is_some_and(|address| asked.resource(address));
    let is_other = |sync: &Sync| sync.auto_sync && !is_asked(sync);
    // What is its own and stays pushed is there again in the end; what is its own and let go of stays, says its row.
    let told = |kind: HazardKind, entry: &Address| match rows.get(entry) {
        Some(action) => kind == HazardKind::Takeover || *action == Action::Delete,
        None => index.ledger.records.contains_key(entry),
    };
    let when = if input.destroy { When::Ended } else { When::Planned };
    let mut touched: BTreeMap<Arc<str>, BTreeSet<Folder>> = BTreeMap::new();
    for [project, environment, path] in sets_off::touched(input.desired, input.ledger, plan.changes.iter()) {
        // What is new has only names of the configuration, which the backend may not have yet.
        if let Some((live, environment)) = called_now(index, &project, &environment) {
            touched.entry(live).or_default().insert((environment, path.clone()));
        }
        touched.entry(project).or_default().insert((environment, path));
    }
    let moving: BTreeSet<&Address> =
        plan.changes.iter().filter(|change| sets_off::leads_elsewhere(change)).map(|change| &change.address).collect();
    let mut found = BTreeMap::new();
    for (slug, touched) in touched {
        let Some(project) = index.state.projects.get(&slug) else { continue };
        // Mostly there are none, and they were listed before.
        if let Some(Ok(syncs)) = &project.syncs
            && !syncs.iter().any(is_other)
        {
            continue;
        }
        let Some(owner) = owner(index, project).cloned() else {
            let unseen = Diagnostic::error(&codes::NOT_INSPECTED, "the project is no longer declared");
            found.insert((Address::new(Kind::Project.word(), &slug), None), (false, Err(unseen)));
            continue;
        };
        let looked = match engine {
            Some(engine) => engine.pushers(&slug).await.map(|state| (engine, state)),
            None => Err(frozen::missing("keys of syncs that nothing declares")),
        };
        let (engine, state) = match looked {
            Ok(looked) => looked,
            Err(why) => {
                found.insert((owner, None), (false, Err(why)));
                continue;
            }
        };
        let there = Index::new(index.desired, index.ledger, &state);
        let Some(project) = state.projects.get(&slug) else { continue };
        let started: BTreeSet<usize> = touched.iter().flat_map(|folder| reached(project, folder)).collect();
        // What it will push is what its folder will hold once everything is done, whichever row does it.
        let view = |when| View::new(&there, resolved, &owner, when, &|address| asked.resource(address));
        let (before, after) = (view(When::Now), view(when));
        let syncs = project.syncs.as_ref().and_then(|syncs| syncs.as_ref().ok()).into_iter().flatten().enumerate();
        for (at, sync) in syncs.filter(|(_, sync)| is_other(sync)) {
            let Some(at_folder) = folder(sync).filter(|_| started.contains(&at)) else { continue };
            let of = |view| held(&there, &owner, project, view, &at_folder);
            let pushed = of(&before).and_then(|before| Ok((before, of(&after)?)));
            let mut lost = engine.lost(&there, resolved, sync, pushed, &told).await;
            lost.extend(half_told(&there, sync, &moving));
            let is_ours = known.contains_key(&sync.id);
            found.extend(lost.into_iter().map(|l| ((l.address.clone(), Some(l.kind)), (is_ours, Ok(l)))));
        }
    }
    let mut notes = Vec::new();
    for ((address, _), (is_ours, loss)) in found {
        let unseen = match loss {
            Ok(loss) if loss.is_told => {
                let why = match is_ours {
                    true => "The backend runs this sync as it is now, because nobody asked for its change",
                    false => "Nothing declares this sync, and the backend runs it",
                };
                let detail = format!("{why}: {}.", loss.detail);
                guard::add(plan, index.desired, loss.kind, &address, loss.count, detail);
                continue;
            }
            Ok(loss) => format!("The backend will run {address} as it is now. {}", loss.detail),
            Err(why) => format!("{address}: which syncs the backend will run can't be told: {}", why.detail),
        };
        notes.push(Diagnostic::warning(&codes::ELSEWHERE_UNSEEN, unseen));
    }
    notes
}

/// What a look at the destination of a sync does not tell of its next run, in words.
fn half_told(index: &Index<'_>, sync: &Sync, moving: &BTreeSet<&Address>) -> Option<Loss> {
    let is_its = |address: &Address| live_connection(index, address).is_some_and(|live| live.id == sync.connection);
    let initial = sync.options.get(api::syncs::initial::FIELD).and_then(Value::as_str).and_then(InitialSync::from_word);
    let why = if moving.iter().any(|address| is_its(address)) {
        "runs where its connection leads now as well as where it will lead, and only the latter was looked at"
    } else if !sync.has_succeeded && initial.is_some_and(InitialSync::imports) {
        "has not succeeded yet, and its first run takes what is at its destination into the source"
    } else {
        return None;
    };
    let (address, detail) = (called(index, sync), format!("{} {why}", sync.name));
    Some(Loss { kind: HazardKind::Incomplete, address, count: 1, is_told: true, detail })
}

/// What the backend calls a project and an environment now that the configuration calls so.
fn called_now(index: &Index<'_>, project: &str, environment: &str) -> Option<(Arc<str>, Arc<str>)> {
    let mut projects = index.desired.resources.values().filter(|resource| resource.kind == Kind::Project);
    let owner = &projects.find(|resource| resource.text("slug") == Some(project))?.address;
    let live = index.project(owner)?;
    let now = live.environments.iter().find(|live| *index.declared_slug(owner, live) == *environment);
    Some((live.slug.clone(), now.map_or_else(|| environment.into(), |now| now.slug.clone())))
}
