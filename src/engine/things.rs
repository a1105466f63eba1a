//! Kinds that are nothing but attributes: which thing of the backend a declared one is, and what it says.

use crate::backend::state::Thing;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::index::Index;
use crate::engine::sources::Resolved;
use crate::engine::wanted::with_fingerprints;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::ledger::Natural;
use crate::model::live::Live;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use crate::secret::blot::blot;
use std::sync::Arc;

/// The thing with an id, else the one that `is_named` finds. Several of one name can't be told apart.
pub(super) fn find<'a>(
    things: &'a [Thing],
    id: Option<&str>,
    is_named: impl Fn(&Thing) -> bool,
    address: &Address,
) -> Result<Option<&'a Thing>, Diagnostic> {
    if let Some(found) = things.iter().find(|thing| Some(&*thing.id) == id) {
        return Ok(Some(found));
    }
    let mut named = things.iter().filter(|thing| is_named(thing));
    match (named.next(), named.count()) {
        (first, 0) => Ok(first),
        (_, more) => {
            let detail = format!("{address}: the backend has {} things that are called so", more + 1);
            Err(Diagnostic::error(&codes::BACKEND_TWICE, detail).help("delete all but one of them by hand"))
        }
    }
}

/// What else tells native integrations of one service and folder apart.
const TARGET: [&str; 8] =
    ["app", "owner", "region", "target_path", "target_environment", "target_service", "scope", "url"];

/// Whether a thing is what a resource declares: by what names its kind, the address of a webhook, and where a native
/// integration writes to.
pub(super) fn is_declared(index: &Index<'_>, resolved: &Resolved, resource: &Resource, thing: &Thing) -> bool {
    let same = |name: &&str| {
        let found = thing.attrs.get(*name).and_then(Value::as_str);
        let wanted = match (*name, resource.reference("project")) {
            ("environment", Some(project)) => {
                let declared = resource.text(name).unwrap_or("");
                Some(index.live_environment(project, declared).map_or(declared, |e| &e.slug))
            }
            _ => match resource.reference(name) {
                Some(other) => live(index, other).map(|thing| &*thing.id),
                None => resource.text(name),
            },
        };
        found.is_some() && found == wanted
    };
    let url = || match resolved.credentials.get(&resource.address) {
        Some(Ok(fields)) => {
            let live = thing.attrs.get("credentials").and_then(Value::as_object).and_then(|c| c.get("url"));
            live.is_some() && live == fields.get("url")
        }
        _ => false,
    };
    let text = |thing: &Thing, name: &str| thing.attrs.get(name).and_then(Value::as_str).map(str::to_owned);
    let target = || TARGET.iter().all(|name| text(thing, name).as_deref() == resource.text(name));
    resource.kind.names().unwrap_or_default().iter().all(same)
        && (resource.kind != Kind::Webhook || url())
        && (resource.kind != Kind::NativeIntegration || target())
}

/// Whether a thing is what the ledger remembers by name. A webhook and a native integration are remembered by their
/// ids alone.
pub(super) fn is_remembered(kind: Kind, natural: &Natural, thing: &Thing) -> bool {
    let same = |name: &&str| {
        let found = thing.attrs.get(*name).and_then(Value::as_str);
        found.is_some() && found == natural.get(*name).map(|text| &**text)
    };
    !matches!(kind, Kind::Webhook | Kind::NativeIntegration) && kind.names().unwrap_or_default().iter().all(same)
}

/// Webhooks and native integrations whose label changed, though no block says so: what is declared anew is what one that is
/// declared no longer has made. Their secrets can only be compared under the name that they were written under.
pub(super) fn relabelled(index: &Index<'_>, resolved: &Resolved) -> Vec<(Address, Address)> {
    let kind =
        |address: &Address| Kind::of(address).filter(|kind| matches!(kind, Kind::Webhook | Kind::NativeIntegration));
    let desired = index.desired;
    let is_left = |address: &Address| !desired.resources.contains_key(address) && !desired.releases(address);
    let left = index.ledger.records.iter().filter(|(address, _)| is_left(address));
    let left = left.filter_map(|(address, record)| Some((address, by_id(index, kind(address)?, &record.id)?)));
    let left: Vec<(&Address, &Thing)> = left.collect();
    if left.is_empty() {
        return Vec::new();
    }
    let is_new = |address: &Address| {
        !index.ledger.records.contains_key(address)
            && !index.ledger.intents.contains_key(address)
            && !desired.imports.contains_key(address)
    };
    let mut pairs = Vec::new();
    for resource in desired.resources.values().filter(|resource| kind(&resource.address).is_some()) {
        let is_it = |(old, thing): &&(&Address, &Thing)| {
            kind(old) == Some(resource.kind) && is_declared(index, resolved, resource, thing)
        };
        if is_new(&resource.address) {
            pairs.extend(left.iter().filter(is_it).map(|(old, _)| ((*old).clone(), resource.address.clone())));
        }
    }
    // Where it could be more than one, nobody knows which.
    let is_only = |(old, new): &(Address, Address)| pairs.iter().filter(|(a, b)| a == old || b == new).count() == 1;
    pairs.iter().filter(|pair| is_only(pair)).cloned().collect()
}

/// What it says as the configuration says it: secrets as fingerprints, and what it refers to by its address.
pub(super) fn attrs(index: &Index<'_>, key: &FingerprintKey, address: &Address, thing: &Thing) -> Attrs {
    let fingerprint =
        |secret: &Secret| Value::Fingerprint(key.fingerprint(&address.to_string(), secret.expose().as_bytes()));
    let resource = index.desired.resources.get(address);
    let one = |(name, value): (&Arc<str>, &Value)| {
        let declared = resource.and_then(|resource| resource.reference(name));
        let is_it = |other: &&Address| live(index, other).map(|thing| &*thing.id) == value.as_str();
        let value = match declared.filter(is_it) {
            Some(other) => Value::Resource(Arc::new(other.clone())),
            None => with_fingerprints(value, &fingerprint),
        };
        (Arc::clone(name), value)
    };
    thing.attrs.iter().map(one).collect()
}

/// What the backend says of native integrations whose last run failed.
pub(super) fn notes(index: &Index<'_>, live: &Live, resolved: &Resolved) -> Vec<Diagnostic> {
    let declared = index.desired.resources.values().filter(|resource| resource.kind == Kind::NativeIntegration);
    let note = |resource: &Resource| {
        let said = live.resources.get(&resource.address)?.attrs.get("run_failed")?.as_str()?;
        Some(run_failed(resource, said, resolved))
    };
    declared.filter_map(note).collect()
}

/// The warning that the last run of a native integration failed, and why.
pub(super) fn run_failed(resource: &Resource, said: &str, resolved: &Resolved) -> Diagnostic {
    let said = blot(if said.is_empty() { "it gives no reason" } else { said }, &resolved.values());
    let detail = format!("{}: {said}", resource.address);
    Diagnostic::warning(&codes::INTEGRATION_FAILED, detail)
        .at(resource.origin.block, "")
        .help("mend the cause; it runs again whenever it, or what it pushes, changes")
}

/// The thing of the organisation that a declared one stands for.
pub(super) fn live<'a>(index: &Index<'a>, address: &Address) -> Option<&'a Thing> {
    let resource = index.desired.resources.get(address)?;
    let things = index.state.things.get(&resource.kind)?.as_ref().ok()?;
    let id = index.ledger.records.get(address).map(|record| &*record.id);
    let name = resource.text("name");
    let is_named = |thing: &Thing| name.is_some() && thing.attrs.get("name").and_then(Value::as_str) == name;
    find(things, id, is_named, address).ok().flatten()
}

/// Wherever it is, the thing of a kind with an id.
pub(super) fn by_id<'a>(index: &Index<'a>, kind: Kind, id: &str) -> Option<&'a Thing> {
    let projects = index.state.projects.values().map(|project| &project.things);
    let all = projects.chain([&index.state.things]).filter_map(|things| things.get(&kind)?.as_ref().ok());
    all.flatten().find(|thing| *thing.id == *id)
}
