//! One resource of the backend made, changed, made again or deleted. Before a create its intent is in
//! the ledger, after every success its record.

use crate::api;
use crate::backend::write;
use crate::backend::write::Place;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::Outcome;
use crate::engine::apply::containers;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::apply::secrets;
use crate::engine::apply::things;
use crate::engine::connections;
use crate::engine::wire;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::resource::CREDENTIALS;
use crate::model::resource::GATEWAY;
use crate::model::resource::Kind;
use crate::model::resource::MANAGED;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use std::sync::Arc;

pub(super) async fn change(run: &Run<'_>, changes: &[&Change]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push((change.address.clone(), one(run, change).await));
    }
    outcomes
}

async fn one(run: &Run<'_>, change: &Change) -> Result<(), Diagnostic> {
    match (change.action, Kind::from_word(change.address.kind())) {
        (Action::Create, _) => create(run, run.declared(&change.address)?).await,
        (Action::Update, _) => update(run, run.declared(&change.address)?, change).await,
        (Action::Delete, _) => delete(run, &change.address).await,
        (Action::Replace, Some(Kind::Secret)) => secrets::replace(run, change).await,
        (Action::Replace, Some(Kind::AppConnection)) => replace_connection(run, run.declared(&change.address)?).await,
        (Action::Replace, Some(Kind::Environment | Kind::Folder)) if !containers::goes_along(run, &change.address) => {
            containers::make(run, &change.address).await
        }
        (Action::Replace, _) => {
            delete(run, &change.address).await?;
            create(run, run.declared(&change.address)?).await
        }
        (Action::Adopt | Action::Forget, _) => Ok(()),
    }
}

/// A text attribute, owned.
fn owned(resource: &Resource, name: &str) -> Option<String> {
    resource.text(name).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn needed(resource: &Resource, name: &str) -> String {
    resource.text(name).unwrap_or("").to_owned()
}

async fn create(run: &Run<'_>, resource: &Resource) -> Result<(), Diagnostic> {
    run.intend([resource]).await?;
    let (client, address) = (run.backend(), &resource.address);
    let about = address.to_string();
    let mut version = None;
    let id = match resource.kind {
        Kind::Project => {
            let new = api::projects::Create {
                project_name: needed(resource, "name"),
                project_description: owned(resource, "description"),
                slug: owned(resource, "slug"),
                kind: owned(resource, "type"),
                template: owned(resource, "template"),
                should_create_default_envs: false,
                has_delete_protection: flag(resource, "delete_protection").unwrap_or(false),
            };
            let made = write::create_project(client, &about, new).await?;
            // A create takes no more than that.
            let rest = settings(resource, &|name| resource.attrs.contains_key(name));
            let rest = api::projects::Update { has_delete_protection: None, ..rest };
            if rest != api::projects::Update::default() {
                write::update_project(client, &about, &made.id, &rest).await?;
            }
            if let Some(days) = small(resource, "audit_logs_retention_days") {
                write::retain_audit_logs(client, &about, &made.slug, days).await?;
            }
            // Those of a template are there already.
            run.keep_environments(address, &made.environments);
            made.id
        }
        Kind::Environment | Kind::Folder => make_container(run, resource).await?,
        Kind::Tag => write::create_tag(client, &about, &run.project_id(address)?, &tag(resource)).await?.id,
        Kind::SecretImport => {
            let (environment, path) = import_source(run, resource);
            let place = run.place(address)?;
            let id = write::imports::create(client, &about, &place, &environment, &path).await?.id;
            order_import(run, resource, &place, &id).await?;
            id
        }
        Kind::AppConnection => {
            let made = create_connection(run, resource).await?;
            version = made.1;
            made.0
        }
        Kind::Secret => return secrets::create_one(run, resource).await,
        kind if kind.names().is_some() => things::create(run, resource).await?,
        // Syncs have a room of their own, and key schemas are nothing that a backend has.
        _ => return Err(missing(address, "a way to make it")),
    };
    run.keep_id(address, id.clone());
    run.append(&[run.record_of(resource, id, version)]).await
}

/// Makes a connection; gives its id and the mark that changes with its credentials.
async fn create_connection(run: &Run<'_>, resource: &Resource) -> Result<(Arc<str>, Option<Arc<str>>), Diagnostic> {
    let project_id = match resource.reference("project") {
        Some(_) => Some(run.project_id(&resource.address)?.to_string()),
        None => None,
    };
    let new = api::connections::Create {
        name: needed(resource, "name"),
        description: owned(resource, "description"),
        method: needed(resource, "method"),
        credentials: credentials(run, resource)?,
        project_id,
        is_platform_managed_credentials: managed(resource),
        gateway_id: connections::gateway_id(&run.index, resource)?,
    };
    let made = write::connections::create(run.backend(), &resource.address.to_string(), &resource.slug, &new).await?;
    Ok((made.id, made.credentials_hash))
}

fn credentials(
    run: &Run<'_>,
    resource: &Resource,
) -> Result<std::collections::BTreeMap<String, api::Credential>, Diagnostic> {
    let resolved = run.planned.basis.resolved.credentials.get(&resource.address);
    let inputs = resolved.cloned().unwrap_or_else(|| Ok(crate::model::attrs::Attrs::new()))?;
    let schemas = run.engine.options.registry.schemas();
    wire::credentials_to_wire(schemas, &resource.slug, resource.text("method").unwrap_or(""), &inputs)
}

/// Whether the backend is to change the credentials itself; `None` where nothing is said.
fn managed(resource: &Resource) -> Option<bool> {
    resource.attrs.get(MANAGED)?.as_bool()
}

/// The settings of a project that are meant, as a change.
fn settings(resource: &Resource, is_meant: &dyn Fn(&str) -> bool) -> api::projects::Update {
    let switch = |name: &str| flag(resource, name).filter(|_| is_meant(name));
    let ignored = resource.attrs.get("secret_detection_ignore_values").and_then(Value::as_list).unwrap_or_default();
    let ignored = || ignored.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    api::projects::Update {
        auto_capitalization: switch("auto_capitalization"),
        has_delete_protection: switch("delete_protection"),
        pit_version_limit: small(resource, "pit_version_limit").filter(|_| is_meant("pit_version_limit")),
        secret_sharing: switch("secret_sharing"),
        show_snapshots_legacy: switch("show_snapshots_legacy"),
        secret_detection_ignore_values: is_meant("secret_detection_ignore_values").then(ignored),
        ..api::projects::Update::default()
    }
}

fn small(resource: &Resource, name: &str) -> Option<u32> {
    whole(resource, name).and_then(|n| u32::try_from(n).ok())
}

fn whole(resource: &Resource, name: &str) -> Option<i64> {
    match resource.attrs.get(name) {
        Some(Value::Number(number)) => number.as_i64(),
        _ => None,
    }
}

fn flag(resource: &Resource, name: &str) -> Option<bool> {
    resource.attrs.get(name).and_then(Value::as_bool)
}

fn tag(resource: &Resource) -> api::tags::Write {
    api::tags::Write { slug: needed(resource, "slug"), color: needed(resource, "color") }
}

/// Puts an import where it is to stand among those of its folder that say where they stand.
async fn order_import(run: &Run<'_>, resource: &Resource, place: &Place, id: &Arc<str>) -> Result<(), Diagnostic> {
    let Some(own) = resource.position() else { return Ok(()) };
    let same = |other: &&Resource| {
        other.kind == Kind::SecretImport
            && ["project", "environment", "path"].iter().all(|name| other.attrs.get(*name) == resource.attrs.get(*name))
    };
    let others = run.planned.basis.desired.resources.values().filter(same);
    let others: Vec<(i64, Arc<str>)> =
        others.filter_map(|other| Some((other.position()?, run.id(&other.address).ok()?))).collect();
    let ids = |is_wanted: &dyn Fn(i64) -> bool| -> Vec<Arc<str>> {
        others.iter().filter(|(position, _)| is_wanted(*position)).map(|(_, id)| id.clone()).collect()
    };
    let (before, behind) = (ids(&|position| position < own), ids(&|position| position > own));
    let about = resource.address.to_string();
    Ok(write::imports::order(run.backend(), &about, place, id, &before, &behind).await?)
}

/// What an import reads, as the backend calls it now.
fn import_source(run: &Run<'_>, resource: &Resource) -> (String, String) {
    let declared = resource.text("from_environment").unwrap_or("");
    let environment = resource.reference("project").map_or_else(|| declared.to_owned(), |p| run.slug(p, declared));
    (environment, resource.text("from_path").unwrap_or("/").to_owned())
}

/// Makes an environment or a folder; gives its id.
pub(super) async fn make_container(run: &Run<'_>, resource: &Resource) -> Result<Arc<str>, Diagnostic> {
    let (client, address) = (run.backend(), &resource.address);
    let about = address.to_string();
    Ok(match resource.kind {
        Kind::Environment => {
            let (name, slug, position) = (needed(resource, "name"), needed(resource, "slug"), resource.position());
            let project = run.project_id(address)?;
            match resource.reference("project").and_then(|p| run.made_environment(p, &slug)) {
                Some(id) => {
                    let change = api::environments::Update { name: Some(name), slug: None, position };
                    write::update_environment(client, &about, &project, &id, &change).await?;
                    id
                }
                None => {
                    let new = api::environments::Create { name, slug, position };
                    write::create_environment(client, &about, &project, &new).await?.id
                }
            }
        }
        Kind::Folder => {
            let place = run.place(address)?;
            let description = owned(resource, "description");
            let made = write::create_folder(client, &about, &place, description.clone()).await?;
            // It may have been made on the way to one below it; then it has no description yet.
            if description.as_deref().is_some_and(|d| d != &*made.description) {
                write::update_folder(client, &about, &place, &made.id, description).await?;
            }
            made.id
        }
        _ => return Err(missing(address, "a way to make it")),
    })
}

async fn update(run: &Run<'_>, resource: &Resource, change: &Change) -> Result<(), Diagnostic> {
    let (client, address) = (run.backend(), &resource.address);
    let about = address.to_string();
    let id = run.id(address)?;
    let differs = |name: &str| change.fields.iter().any(|f| *f.name == *name);
    let text = |name: &str| differs(name).then(|| needed(resource, name));
    let mut version = run.record(address).and_then(|r| r.version.clone());
    match resource.kind {
        Kind::Project => {
            let change = api::projects::Update {
                name: text("name"),
                description: differs("description").then(|| Some(needed(resource, "description"))),
                slug: text("slug"),
                ..settings(resource, &differs)
            };
            // A server of 2024 fails on a change of nothing.
            if change != api::projects::Update::default() {
                write::update_project(client, &about, &id, &change).await?;
            }
            if let Some(days) =
                small(resource, "audit_logs_retention_days").filter(|_| differs("audit_logs_retention_days"))
            {
                write::retain_audit_logs(client, &about, resource.text("slug").unwrap_or(""), days).await?;
            }
        }
        Kind::Environment => {
            let position = resource.position().filter(|_| differs("position"));
            let change = api::environments::Update { name: text("name"), slug: text("slug"), position };
            write::update_environment(client, &about, &run.project_id(address)?, &id, &change).await?;
            run.keep_renamed(address);
        }
        Kind::Folder => {
            let description = Some(needed(resource, "description"));
            write::update_folder(client, &about, &run.place(address)?, &id, description).await?;
        }
        Kind::Tag => write::update_tag(client, &about, &run.project_id(address)?, &id, &tag(resource)).await?,
        Kind::SecretImport => {
            let (environment, path) = import_source(run, resource);
            let place = run.place(address)?;
            if differs("from_environment") || differs("from_path") {
                write::imports::update(client, &about, &place, &id, &environment, &path).await?;
            }
            if differs("position") {
                order_import(run, resource, &place, &id).await?;
            }
        }
        Kind::AppConnection => {
            let new_credentials = change.fields.iter().any(|f| f.name.starts_with(CREDENTIALS));
            let change = api::connections::Update {
                name: text("name"),
                description: differs("description").then(|| owned(resource, "description")),
                credentials: match new_credentials {
                    true => Some(credentials(run, resource)?),
                    false => None,
                },
                is_platform_managed_credentials: managed(resource).filter(|_| differs(MANAGED)),
                gateway_id: match differs(GATEWAY) {
                    true => Some(connections::gateway_id(&run.index, resource)?),
                    false => None,
                },
            };
            let made = write::connections::update(client, &about, &resource.slug, &id, &change).await?;
            version = made.credentials_hash;
        }
        kind if kind.names().is_some() => things::update(run, resource, change).await?,
        _ => return Err(missing(address, "a way to change it")),
    }
    let mut events = vec![run.record_of(resource, id.clone(), version)];
    if differs("slug") {
        events.extend(run.renamed(resource, &id));
    }
    run.append(&events).await
}

async fn delete(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let client = run.backend();
    let about = address.to_string();
    let id = run.id(address)?;
    // Where it was when it was written: its declaration may say something else by now.
    let place = || old_place(run, address);
    match Kind::from_word(address.kind()) {
        Some(Kind::Project) => write::delete_project(client, &about, &id).await?,
        Some(Kind::Environment) => write::delete_environment(client, &about, &old_project(run, address)?, &id).await?,
        Some(Kind::Folder) => {
            // What it holds besides is a hazard of the plan, and was allowed.
            let holds_more = run.planned.basis.live.resources.get(address).is_some_and(|o| !o.foreign.is_empty());
            write::delete_folder(client, &about, &place()?, &id, holds_more).await?;
        }
        Some(Kind::Tag) => write::delete_tag(client, &about, &old_project(run, address)?, &id).await?,
        Some(Kind::SecretImport) => write::imports::delete(client, &about, &place()?, &id).await?,
        Some(Kind::AppConnection) => {
            let connection = run.index.state.connections.iter().find(|c| c.id == id);
            let app = connection.map(|c| c.app.clone()).ok_or_else(|| missing(address, "it"))?;
            write::connections::delete(client, &about, &app, &id).await?;
        }
        Some(kind) if kind.names().is_some() => things::delete(run, kind, address).await?,
        _ => return Err(missing(address, "a way to delete it")),
    }
    run.append(&[journal::Event::Forget { address: address.clone() }]).await
}

pub(super) fn old_project(run: &Run<'_>, address: &Address) -> Result<Arc<str>, Diagnostic> {
    let natural = run.record(address).map(|record| &record.natural);
    let project = natural.and_then(|natural| run.index.project_of_natural(natural));
    project.map(|p| p.id.clone()).map_or_else(|| run.project_id(address), Ok)
}

/// Where the ledger says that something is, or else its declaration.
pub(super) fn old_place(run: &Run<'_>, address: &Address) -> Result<Place, Diagnostic> {
    use crate::engine::index::natural;
    let Some(natural) = run.record(address).map(|record| &record.natural) else { return run.place(address) };
    let Some(project) = run.index.project_of_natural(natural) else { return run.place(address) };
    let Some(environment) = run.index.environment_of_natural(project, natural) else { return run.place(address) };
    let path = natural.get(natural::PATH).map_or("/", |p| &**p).to_owned();
    Ok(Place { project: project.id.to_string(), environment: run.called_now(environment), path })
}

/// A connection can't change its method: the old one makes room by another name, the new one takes its
/// place in the syncs that use it, and then the old one goes.
async fn replace_connection(run: &Run<'_>, resource: &Resource) -> Result<(), Diagnostic> {
    let (client, about) = (run.backend(), resource.address.to_string());
    let old = run.id(&resource.address)?;
    let live =
        run.index.state.connections.iter().find(|c| c.id == old).ok_or_else(|| missing(&resource.address, "it"))?;
    if Some(&*live.name) == resource.text("name") {
        let mark: String = old.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let base: String = live.name.chars().take(50).collect();
        let name = Some(format!("{}-old-{mark}", base.trim_end_matches('-')));
        let aside = api::connections::Update { name, ..api::connections::Update::default() };
        write::connections::update(client, &about, &live.app, &old, &aside).await?;
    }
    run.intend([resource]).await?;
    let (id, version) = create_connection(run, resource).await?;
    run.keep_id(&resource.address, id.clone());
    run.append(&[run.record_of(resource, id.clone(), version)]).await?;
    // One of a project serves no sync of another; those are on their way elsewhere by rows of their own.
    let project = resource.reference("project").and_then(|_| run.project_id(&resource.address).ok());
    let served = run.index.state.projects.values().filter(|p| project.as_ref().is_none_or(|project| p.id == *project));
    for sync in served.filter_map(|p| p.syncs.as_ref()?.as_ref().ok()).flatten() {
        if sync.connection == old {
            let connection_id = Some(id.to_string());
            let change = api::syncs::Update { connection_id, ..api::syncs::Update::default() };
            write::syncs::update(client, &about, &sync.destination, &sync.id, &change).await?;
        }
    }
    if let Err(failure) = write::connections::delete(client, &about, &live.app, &old).await {
        let why = failure.diagnostic;
        let detail = format!("the connection that {about} took the place of is still there: {}", why.detail);
        run.warn(Diagnostic::warning(&codes::BACKEND_REFUSED, detail).help("delete it by hand once nothing uses it"));
    }
    Ok(())
}
