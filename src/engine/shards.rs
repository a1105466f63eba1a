//! A shard of a configuration: what is left of it, and what is said of the rest. Asks nobody: the split follows from what is
//! declared, and comes out the same on every machine.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::destinations;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::key_schema::KeySchema;
use crate::model::ledger::Ledger;
use crate::model::resource::CREDENTIALS;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::shard::Elsewhere;
use crate::model::shard::Part;
use crate::model::shard::Shard;
use crate::plan::shards;
use crate::plan::shards::Spot;
use crate::provider::registry::Registry;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// What says where a file lies.
const FILE: &str = "file";

/// The part of a whole configuration that is one shard's, with what it borrows.
#[must_use]
pub fn part(whole: Desired, registry: &Registry, shard: Shard) -> Desired {
    let spots = whole.syncs().map(|sync| (sync.address.clone(), spot(&whole, registry, sync))).collect();
    let owners = shards::split(&whole, &spots, shard.total());
    let own = |address: &Address| owners.get(address) == Some(&shard.index());
    let kept = whole.graph.closure(whole.resources.keys().filter(|address| own(address)).cloned());
    let borrowed: BTreeSet<Address> = kept.iter().filter(|address| !own(address)).cloned().collect();
    let projects = whole.resources.values().filter(|r| r.kind == Kind::Project).filter_map(|r| {
        let slug = r.text("slug")?;
        Some((slug.into(), *owners.get(&r.address)?))
    });
    let called = |sync: &Resource| destinations::called(&sync.slug, destinations::inputs(registry.schemas(), sync));
    let destinations: BTreeMap<Arc<str>, u32> =
        whole.syncs().filter_map(|sync| Some((called(sync), *owners.get(&sync.address)?))).collect();
    let elsewhere = whole.syncs().filter(|sync| !own(&sync.address)).map(|sync| Elsewhere {
        sync: sync.address.clone(),
        slug: sync.slug.clone(),
        called: called(sync),
        fields: fields(registry, sync),
    });
    let (elsewhere, projects) = (elsewhere.collect(), projects.collect());
    let split = digest(&whole, &owners, &destinations, shard.total());
    let part = Part { shard, owners, projects, destinations, borrowed, elsewhere, split };
    let mut desired = whole;
    desired.resources.retain(|address, _| kept.contains(address));
    desired.graph = desired.graph.within(&kept);
    desired.imports.retain(|address, _| kept.contains(address));
    desired.broken.retain(|broken| part.owner(&broken.address) == Some(shard.index()));
    desired.part = Some(Arc::new(part));
    desired
}

/// Says what no shard ends; one of them says it.
pub(super) fn left(desired: &Desired, ledger: &Ledger) -> Option<Diagnostic> {
    const NAMED: usize = 3;
    let left = &ledger.apart.left;
    let part = desired.part.as_ref().filter(|part| part.shard.index() == 1 && !left.is_empty())?;
    let names: Vec<String> = left.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match left.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let detail = format!("No longer declared, and of no project: {}{more}.", names.join(", "));
    let help = format!("once all {} shards are through, `keyform apply` without `--shard` ends it", part.shard.total());
    Some(Diagnostic::warning(&codes::SHARD_LEFT, detail).help(help))
}

/// Names a split: whose everything is, also of what nothing declares any more.
fn digest(
    whole: &Desired,
    owners: &BTreeMap<Address, u32>,
    destinations: &BTreeMap<Arc<str>, u32>,
    total: u32,
) -> Arc<str> {
    let mut hash = Sha256::new();
    hash.update(format!("keyform split 1 {total}\n"));
    for (address, owner) in owners {
        let slug = whole.resources.get(address).filter(|r| r.kind == Kind::Project).and_then(|r| r.text("slug"));
        hash.update(format!("{address} {owner} {}\n", slug.unwrap_or("")));
    }
    for (called, owner) in destinations {
        hash.update(format!("{called} {owner}\n"));
    }
    hex::encode(hash.finalize()).into()
}

/// The inputs of a sync's destination that say where it is.
fn fields(registry: &Registry, sync: &Resource) -> BTreeMap<Arc<str>, Value> {
    let inputs = destinations::inputs(registry.schemas(), sync);
    let locating = locating(registry, sync, &inputs);
    let is_one = |name: &Arc<str>| locating.as_ref().map_or(&**name == FILE, |names| names.contains(name));
    let fields = inputs.into_iter().filter(|(name, value)| is_one(name) && !value.is_null());
    fields.map(|(name, value)| (format!("destination.{name}").into(), value)).collect()
}

fn locating(registry: &Registry, sync: &Resource, inputs: &Object) -> Option<BTreeSet<Arc<str>>> {
    let selector = registry.schemas().destinations.get(&sync.slug)?.selector.as_deref();
    let variant = selector.and_then(|selector| inputs.get(selector)?.as_str()).unwrap_or("");
    registry.locating(&sync.slug, variant)
}

/// Where a sync writes, as far as that is plain text. Letters count as equal in both cases: too much together is only slower.
fn spot(whole: &Desired, registry: &Registry, sync: &Resource) -> Spot {
    let connection = sync.reference("connection").and_then(|address| whole.resources.get(address));
    let credentials = connection.filter(|connection| !connection.is_data()).and_then(|c| c.attrs.get(CREDENTIALS));
    let credentials = credentials.and_then(Value::as_object).cloned().unwrap_or_default();
    let inputs = destinations::inputs(registry.schemas(), sync);
    let said = |value: &Value| match value {
        Value::Null => Some(String::new()),
        value => plain(value),
    };
    let Some(locating) = locating(registry, sync, &inputs) else {
        // The file itself, whichever connection leads there.
        let text = |fields: &Object, name: &str| fields.get(name).and_then(Value::as_str).map(PathBuf::from);
        let path = text(&credentials, "path").zip(text(&inputs, FILE)).map(|(dir, file)| dir.join(file));
        let path = path.map(|path| path.components().collect::<PathBuf>());
        let field = (Arc::from(FILE), path.as_deref().map(Path::display).map(|path| path.to_string().to_lowercase()));
        return Spot { slug: sync.slug.clone(), fields: [field].into(), access: BTreeMap::new() };
    };
    let fields = locating.iter().map(|name| (name.clone(), said(inputs.get(name).unwrap_or(&Value::Null))));
    let mut fields: BTreeMap<Arc<str>, Option<String>> = fields.collect();
    if destinations::variant(registry, sync).is_some_and(|variant| variant.schema_names_container) {
        let schema = KeySchema::new(sync.text("key_schema").unwrap_or(""), sync.text("environment").unwrap_or(""));
        let name = inputs.get("secret_name").and_then(Value::as_str).unwrap_or_default();
        fields.insert("secret_name".into(), schema.map(|schema| schema.apply(name).to_lowercase()));
    }
    let access = credentials.iter().filter_map(|(name, value)| Some((name.clone(), plain(value)?)));
    Spot { slug: sync.slug.clone(), fields, access: access.collect() }
}

/// A plain value as text. `None` for what is secret or comes from elsewhere.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(text) => Some(text.to_lowercase()),
        _ => None,
    }
}
