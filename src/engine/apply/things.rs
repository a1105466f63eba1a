//! A thing that is nothing but attributes, made, changed or deleted.

use crate::backend::state::Thing;
use crate::backend::things;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::backend::things::integrations;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::engine::apply::resource::old_project;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::apply::sync;
use crate::engine::things::by_id;
use crate::engine::things::run_failed;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// Makes it; gives its id.
pub(super) async fn create(run: &Run<'_>, resource: &Resource) -> Result<Arc<str>, Diagnostic> {
    let about = resource.address.to_string();
    let (scope, attrs) = (scope(run, resource)?, attrs(run, resource, true)?);
    let new = Wanted { about: &about, scope: &scope, attrs: &attrs, changed: BTreeSet::new() };
    Ok(things::create(run.backend(), resource.kind, &new).await?)
}

pub(super) async fn update(run: &Run<'_>, resource: &Resource, change: &Change) -> Result<(), Diagnostic> {
    let about = resource.address.to_string();
    let changed = change.fields.iter().map(|field| field.name.split('.').next().unwrap_or_default());
    let changed: BTreeSet<&str> = changed.collect();
    // These are written together: what is not at hand is in nobody's way as long as none of them changes.
    let has_credentials = ["credentials", "host", "namespace"].iter().any(|name| changed.contains(name));
    let (scope, attrs) = (scope(run, resource)?, attrs(run, resource, has_credentials)?);
    let wanted = Wanted { about: &about, scope: &scope, attrs: &attrs, changed };
    Ok(things::update(run.backend(), resource.kind, live(run, resource.kind, &resource.address)?, &wanted).await?)
}

pub(super) async fn delete(run: &Run<'_>, kind: Kind, address: &Address) -> Result<(), Diagnostic> {
    let about = address.to_string();
    let id = if kind.is_of_organization() { Arc::default() } else { old_project(run, address)? };
    let name = run.index.state.project_by_id(&id).map(|project| project.slug.clone()).unwrap_or_default();
    let scope = Scope { name, id };
    let removes = match run.index.desired.resources.get(address) {
        Some(resource) => resource.text("on_delete") == Some("remove"),
        None => run.record(address).is_some_and(|record| record.removes),
    };
    Ok(things::delete(run.backend(), kind, &about, &scope, live(run, kind, address)?, removes).await?)
}

/// It as it was read for the plan.
fn live<'a>(run: &Run<'a>, kind: Kind, address: &Address) -> Result<&'a Thing, Diagnostic> {
    let id = run.id(address)?;
    by_id(&run.index, kind, &id).ok_or_else(|| missing(address, "it"))
}

/// The organisation, or its project.
fn scope(run: &Run<'_>, resource: &Resource) -> Result<Scope, Diagnostic> {
    if resource.kind.is_of_organization() {
        return Ok(Scope { name: Arc::default(), id: run.index.state.organization.clone() });
    }
    let project = resource.reference("project").and_then(|project| run.index.desired.resources.get(project));
    let name = project.and_then(|project| project.text("slug")).unwrap_or_default();
    Ok(Scope { name: name.into(), id: run.project_id(&resource.address)? })
}

/// What is sent: ids in the place of references, secrets if they are sent, environments as they are called now.
fn attrs(run: &Run<'_>, resource: &Resource, has_credentials: bool) -> Result<Attrs, Diagnostic> {
    let mut out = Attrs::new();
    for (name, value) in &resource.attrs {
        let value = match (&**name, value) {
            ("project", _) => continue,
            ("credentials", _) if !has_credentials => continue,
            ("credentials", _) => {
                let resolved = run.planned.basis.resolved.credentials.get(&resource.address);
                let fields = resolved.cloned().unwrap_or_else(|| Ok(Attrs::new()))?;
                Value::object(fields.into_iter().collect())
            }
            ("environment", Value::String(slug)) => {
                let slug = resource.reference("project").map_or_else(|| slug.to_string(), |p| run.slug(p, slug));
                Value::string(slug)
            }
            (_, Value::Resource(other)) => Value::String(run.id(other)?),
            _ => value.clone(),
        };
        out.insert(Arc::clone(name), value);
    }
    Ok(out)
}

/// Native integrations run by themselves when they, or what they push, was changed. Waits for how that goes, and
/// tells what went wrong; `is_done` says which changes were made.
pub(super) async fn tell_runs(run: &Run<'_>, is_done: &(dyn Fn(&Address) -> bool + Sync)) {
    let written: BTreeSet<&Address> = run
        .planned
        .plan
        .changes
        .iter()
        .filter(|change| !matches!(change.action, Action::Adopt | Action::Forget) && is_done(&change.address))
        .map(|change| &change.address)
        .collect();
    let ends = |address: &Address| run.planned.plan.changes.iter().any(|c| c.address == *address && c.action.is_end());
    let graph = &run.planned.basis.desired.graph;
    let is_pushed = |need: &Address| matches!(Kind::of(need), Some(Kind::Secret | Kind::SecretImport));
    let runs = |resource: &&Resource| {
        let needs = || graph.needs(&resource.address).into_iter().any(|need| is_pushed(need) && written.contains(need));
        resource.kind == Kind::NativeIntegration
            && !ends(&resource.address)
            && resource.attrs.get("active").and_then(Value::as_bool) == Some(true)
            && (written.contains(&resource.address) || needs())
    };
    let told = run.index.desired.resources.values().filter(runs).map(|resource| last_run(run, resource));
    for warning in futures_util::future::join_all(told).await.into_iter().filter_map(Result::err) {
        run.warn(Diagnostic { severity: Severity::Warning, ..warning });
    }
}

/// Waits for a run that was not there when the plan was made.
async fn last_run(run: &Run<'_>, resource: &Resource) -> Result<(), Diagnostic> {
    let (address, timeout) = (&resource.address, sync::timeout(resource));
    if timeout.is_zero() {
        return Ok(());
    }
    let (about, id) = (address.to_string(), run.id(address)?);
    let before = run.planned.basis.live.resources.get(address).filter(|seen| seen.id == id);
    let before = before.and_then(|seen| seen.attrs.get("run")?.as_str());
    let began = Instant::now();
    let mut pause = sync::FIRST_PAUSE;
    loop {
        let now = integrations::last_run(run.backend(), &about, &id).await?;
        match now.is_synced.filter(|_| now.id.is_some() && now.id.as_deref() != before) {
            Some(true) => return Ok(()),
            Some(false) => {
                return Err(run_failed(resource, &now.message, &run.planned.basis.resolved));
            }
            None if began.elapsed() > timeout => {
                let detail = format!("{address} did not run within {} s", timeout.as_secs());
                let help = "the next plan says if it fails; or raise its `timeout`";
                return Err(Diagnostic::warning(&codes::SYNC_TIMEOUT, detail).help(help));
            }
            None => sync::wait(run, address, "the backend's integration is under way", began, &mut pause).await,
        }
    }
}
