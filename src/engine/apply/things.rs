//! A thing that is nothing but attributes, made, changed or deleted.

use crate::backend::state::Thing;
use crate::backend::things;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::diag::Diagnostic;
use crate::engine::apply::resource::old_project;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::things::by_id;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Change;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Makes it; gives its id.
pub(super) async fn create(run: &Run<'_>, resource: &Resource) -> Result<Arc<str>, Diagnostic> {
    let about = resource.address.to_string();
    let (scope, attrs) = (scope(run, resource)?, attrs(run, resource)?);
    let new = Wanted { about: &about, scope: &scope, attrs: &attrs, changed: BTreeSet::new() };
    Ok(things::create(run.backend(), resource.kind, &new).await?)
}

pub(super) async fn update(run: &Run<'_>, resource: &Resource, change: &Change) -> Result<(), Diagnostic> {
    let about = resource.address.to_string();
    let (scope, attrs) = (scope(run, resource)?, attrs(run, resource)?);
    let changed = change.fields.iter().map(|field| field.name.split('.').next().unwrap_or_default()).collect();
    let wanted = Wanted { about: &about, scope: &scope, attrs: &attrs, changed };
    Ok(things::update(run.backend(), resource.kind, live(run, resource.kind, &resource.address)?, &wanted).await?)
}

pub(super) async fn delete(run: &Run<'_>, kind: Kind, address: &Address) -> Result<(), Diagnostic> {
    let about = address.to_string();
    let id = if kind.is_of_organization() { Arc::default() } else { old_project(run, address)? };
    let scope = Scope { name: Arc::default(), id };
    Ok(things::delete(run.backend(), kind, &about, &scope, live(run, kind, address)?).await?)
}

/// It as it was read for the plan.
fn live<'a>(run: &Run<'a>, kind: Kind, address: &Address) -> Result<&'a Thing, Diagnostic> {
    let id = run.id(address)?;
    by_id(&run.index, kind, &id).ok_or_else(|| missing(address, "it"))
}

/// The organisation, or its project.
fn scope(run: &Run<'_>, resource: &Resource) -> Result<Scope, Diagnostic> {
    let id = match resource.kind.is_of_organization() {
        true => run.index.state.organization.clone(),
        false => run.project_id(&resource.address)?,
    };
    Ok(Scope { name: Arc::default(), id })
}

/// What is sent: ids in the place of references, secrets, environments as they are called now.
fn attrs(run: &Run<'_>, resource: &Resource) -> Result<Attrs, Diagnostic> {
    let mut out = Attrs::new();
    for (name, value) in &resource.attrs {
        let value = match (&**name, value) {
            ("project", _) => continue,
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
