//! What is particular about app connections: credentials that come back in part, gateways by their names,
//! and what a plan should say about either.

use crate::backend::state::Connection;
use crate::backend::state::Gateway;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::index::Index;
use crate::engine::sources::text;
use crate::engine::wire;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::CREDENTIALS;
use crate::model::resource::GATEWAY;
use crate::model::resource::Kind;
use crate::model::resource::MANAGED;
use crate::model::resource::Resource;
use crate::model::schema::Schemas;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Plan;
use crate::plan::Shown;
use crate::secret::FingerprintKey;

/// The connection that a declared one stands for.
pub(super) fn live_connection<'a>(index: &Index<'a>, address: &Address) -> Option<&'a Connection> {
    let id = index.ledger.records.get(address).map(|r| &*r.id);
    if let Some(found) = index.state.connections.iter().find(|c| id == Some(&*c.id)) {
        return Some(found);
    }
    let resource = index.desired.resources.get(address)?;
    let project = match resource.reference("project") {
        Some(project) => Some(&*index.project(project)?.id),
        None => None,
    };
    index.state.connection(&resource.slug, resource.text("name")?, project)
}

/// Credentials as they are compared, where the ledger does not say what they are. The backend shows a mark that
/// changes whenever they are written. As long as it is the one of our last write, they are what we wrote,
/// whatever the backend made of an address or a name; `None` then. Otherwise what comes back of them is compared,
/// and if someone wrote them since, what does not come back shows the mark in its place, which equals nothing
/// that could be wanted.
pub(super) fn credentials(
    index: &Index<'_>,
    schemas: &Schemas,
    key: &FingerprintKey,
    resource: &Resource,
    live: &Connection,
) -> Option<Value> {
    let ours = index.ledger.records.get(&resource.address).map(|record| record.version.as_ref());
    let theirs = live.credentials_hash.as_ref();
    // What the backend changes itself was changed by nobody else.
    let is_foreign = !live.managed && ours.flatten().is_some() && theirs.is_some();
    if ours.is_some() && (ours.flatten() == theirs || !is_foreign) {
        return None;
    }
    let mark = theirs.map(|mark| key.fingerprint(&resource.address.to_string(), mark.as_bytes()));
    let mark = mark.filter(|_| is_foreign).map(Value::Fingerprint);
    let fields = resource.attrs.get(CREDENTIALS)?.as_object()?;
    let names = wire::credential_names(schemas, &live.app, &live.method);
    let shown = fields.iter().filter_map(|(name, declared)| {
        let back = names.get(name).and_then(|wire| live.credentials.get(*wire)).filter(|_| !declared.is_sensitive());
        Some((name.clone(), back.cloned().or_else(|| mark.clone())?))
    });
    Some(Value::object(shown.collect::<Object>()))
}

/// The gateway of a connection as its declaration calls it: by its id, or else by its name.
pub(super) fn gateway(index: &Index<'_>, resource: &Resource, live: &Connection) -> Result<Value, Diagnostic> {
    let Some(id) = &live.gateway else { return Ok(Value::Null) };
    let declared = resource.text(GATEWAY);
    let known = match &index.state.gateways {
        Some(Ok(known)) => &**known,
        Some(Err(why)) if declared != Some(&**id) => return Err(why.clone()),
        _ => &[],
    };
    let named = known.iter().find(|gateway| gateway.id == *id && declared != Some(&*gateway.id));
    Ok(text(named.map_or(id, |gateway| &gateway.name)))
}

/// The id of the gateway that a connection declares.
pub(super) fn gateway_id(index: &Index<'_>, resource: &Resource) -> Result<Option<String>, Diagnostic> {
    let Some(declared) = resource.text(GATEWAY).filter(|name| !name.is_empty()) else { return Ok(None) };
    let known: &[Gateway] = match &index.state.gateways {
        Some(Ok(known)) => known,
        Some(Err(why)) => return Err(why.clone()),
        None => &[],
    };
    let found = known.iter().find(|gateway| *gateway.id == *declared || *gateway.name == *declared);
    found.map(|gateway| Some(gateway.id.to_string())).ok_or_else(|| {
        let detail = format!("{}: the backend has no gateway `{declared}`.", resource.address);
        let names = known.iter().map(|gateway| &*gateway.name);
        Diagnostic::error(&codes::NO_GATEWAY, detail).at(resource.origin.block, "").did_you_mean(declared, names)
    })
}

/// What is worth knowing about the connections that a plan makes or changes.
pub(super) fn notes(index: &Index<'_>, schemas: &Schemas, plan: &Plan) -> Vec<Diagnostic> {
    let is_embedded = matches!(&*index.desired.backend.kind, "" | "embedded");
    let writes = |change: &&Change| matches!(change.action, Action::Create | Action::Update | Action::Replace);
    let mut notes = Vec::new();
    for change in plan.changes.iter().filter(writes) {
        let declared = index.desired.resources.get(&change.address);
        let Some(resource) = declared.filter(|resource| resource.kind == Kind::AppConnection) else { continue };
        let note = |code, detail| Diagnostic::warning(code, detail).at(resource.origin.block, "");
        let address: &Address = &resource.address;
        let writes_credentials = change.fields.iter().any(|field| field.name.starts_with(CREDENTIALS));
        if is_embedded && writes_credentials && is_untried(schemas, resource) {
            let detail = format!("{address}: the embedded backend keeps these credentials without having tried them.");
            let help = "nothing is wrong; whether they are good shows when something uses them";
            notes.push(note(&codes::UNTRIED, detail).help(help));
        }
        let yes = Shown::Plain("true".into());
        if change.fields.iter().any(|field| &*field.name == MANAGED && field.after == yes) {
            let detail = format!("{address}: the backend will change the password at once, and nobody will know it.");
            let help = "this can't be undone; use a login of the database that nothing else needs";
            notes.push(note(&codes::MANAGED, detail).help(help));
        }
        if change.fields.iter().any(|field| &*field.name == GATEWAY)
            && let Err(why) = gateway_id(index, resource)
        {
            notes.push(note(why.code, why.detail));
        }
    }
    notes
}

/// Whether there is something to try, and no request that would.
fn is_untried(schemas: &Schemas, resource: &Resource) -> bool {
    let app = schemas.apps.get(&resource.slug);
    let method = app.and_then(|app| app.methods.get(resource.text("method")?));
    method.is_some_and(|method| !method.tried && method.fields.iter().any(|field| field.sensitive || field.hidden))
}

/// What the connection says of itself that can be read, credentials apart.
pub(super) fn attrs(live: &Connection) -> Attrs {
    let or_null = |value: &str| if value.is_empty() { Value::Null } else { text(value) };
    let pairs = [
        ("name", text(&live.name)),
        ("description", or_null(&live.description)),
        ("app", text(&live.app)),
        ("method", text(&live.method)),
        ("project", live.project.as_ref().map_or(Value::Null, |id| text(id))),
        (GATEWAY, live.gateway.as_ref().map_or(Value::Null, |id| text(id))),
        (MANAGED, Value::Bool(live.managed)),
    ];
    pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
}
