//! The destinations of a plan: opened with the credentials of their connections, each place listed once.

use crate::backend::state::Sync;
use crate::diag::Diagnostic;
use crate::diag::Fault;
use crate::diag::codes;
use crate::engine::connections::live_connection;
use crate::engine::index::Index;
use crate::engine::planned::Tools;
use crate::engine::sources;
use crate::engine::sources::Resolved;
use crate::engine::wire;
use crate::http::client::Client;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::key_schema::KeySchema;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::Schemas;
use crate::model::schema::Variant;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::provider::Spec;
use crate::provider::registry::Registry;
use futures_util::StreamExt;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A destination that a declared sync writes to.
#[derive(Clone)]
pub(super) struct Opened {
    /// It, or why it can't be talked to.
    pub(super) destination: Result<Destination, Diagnostic>,
    /// The place, as a text that is equal for equal places; `None` if nobody can look at it.
    pub(super) place: Option<Arc<str>>,
    /// Why the declaration can't be meant, whatever is there.
    pub(super) wrong: Option<Diagnostic>,
    /// What it holds; `None` if it was not opened.
    pub(super) seen: Option<Arc<Result<Observation, Diagnostic>>>,
    /// How keys are named there: none where the schema names the container.
    pub(super) schema: KeySchema,
}

/// Destinations that are read at once; each vendor's own limits come on top.
const AT_ONCE: usize = 8;

/// Opens and reads the destination of every declared sync.
pub(super) async fn open(
    index: &Index<'_>,
    registry: &Registry,
    http: &Client,
    resolved: &Resolved,
) -> BTreeMap<Address, Opened> {
    let mut opened = BTreeMap::new();
    let mut places: BTreeMap<String, Destination> = BTreeMap::new();
    for resource in index.desired.syncs() {
        let (schema, container) = schemas(registry, resource);
        let (destination, wrong) = match spec(index, resolved, resource, container) {
            Ok(spec) => {
                let opened = registry.open(&spec, http);
                let wrong = opened.as_ref().err().filter(|why| why.code.fault == Fault::Configuration);
                let wrong = wrong.map(|why| sources::about(why.clone(), resource));
                (opened, wrong)
            }
            Err(why) => (Err(why), None),
        };
        if let Ok(destination) = &destination {
            places.entry(destination.place()).or_insert_with(|| destination.clone());
        }
        let place = destination.as_ref().ok().map(|destination| destination.place().into());
        opened.insert(resource.address.clone(), Opened { destination, place, wrong, seen: None, schema });
    }
    let listings: BTreeMap<String, Arc<Result<Observation, Diagnostic>>> = futures_util::stream::iter(places)
        .map(|(place, destination)| async move { (place, Arc::new(destination.read().await)) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for opened in opened.values_mut() {
        if let Ok(destination) = &opened.destination {
            opened.seen = listings.get(&destination.place()).cloned();
        }
    }
    opened
}

/// The destination of every declared sync as a snapshot has it: nothing is opened, and what is elsewhere than anything that
/// was read then is not inspected.
pub(super) fn recall(
    index: &Index<'_>,
    registry: &Registry,
    places: &BTreeMap<String, Arc<Result<Observation, Diagnostic>>>,
) -> BTreeMap<Address, Opened> {
    let one = |resource: &Resource| {
        let spot = spot(index, registry, resource);
        let seen = places.get(&spot).cloned();
        let detail = "the snapshot does not have what is there".to_owned();
        let destination = Err(Diagnostic::error(&codes::NOT_INSPECTED, detail));
        let place = seen.as_ref().map(|_| spot.into());
        (
            resource.address.clone(),
            Opened { destination, place, wrong: None, seen, schema: schemas(registry, resource).0 },
        )
    };
    index.desired.syncs().map(one).collect()
}

/// Where a sync writes, by all that its declaration says of it, and the same in every run: a digest that equal declarations have in
/// common.
pub(super) fn spot(index: &Index<'_>, registry: &Registry, resource: &Resource) -> String {
    let connection = resource.reference("connection").and_then(|address| index.desired.resources.get(address));
    let attr = |name: &str| connection.and_then(|connection| connection.attrs.get(name));
    let called = called(&resource.slug, inputs(registry.schemas(), resource));
    let (_, container) = schemas(registry, resource);
    // `Debug` of what is declared shows no secret.
    let text = format!(
        "{called} {:?} {:?} {:?} {container:?} {:?}",
        connection.map(|connection| (&connection.slug, connection.is_data())),
        [attr("name"), attr("method"), attr("project")],
        attr("credentials"),
        index.environment_name(resource)
    );
    hex::encode(Sha256::digest(text))
}

/// How a sync names its keys, and how it names its container.
fn schemas(registry: &Registry, resource: &Resource) -> (KeySchema, KeySchema) {
    let template = resource.text("key_schema").unwrap_or("");
    let environment = resource.text("environment").unwrap_or("");
    let schema = KeySchema::new(template, environment).unwrap_or_default();
    match variant(registry, resource) {
        Some(variant) if variant.schema_names_container => (KeySchema::none(), schema),
        _ => (schema, KeySchema::none()),
    }
}

/// The shape of the destination that a sync declares.
pub(super) fn variant<'a>(registry: &'a Registry, resource: &Resource) -> Option<&'a Variant> {
    let destination = registry.schemas().destinations.get(&resource.slug)?;
    let inputs = resource.attrs.get("destination").and_then(Value::as_object).cloned().unwrap_or_default();
    destination.variant(&inputs)
}

fn spec(index: &Index<'_>, resolved: &Resolved, resource: &Resource, container: KeySchema) -> Result<Spec, Diagnostic> {
    let missing = |what: &str| Diagnostic::error(&codes::NOT_INSPECTED, format!("{}: {what}", resource.address));
    let address = resource.reference("connection").ok_or_else(|| missing("it names no connection"))?;
    let connection = index.desired.resources.get(address).ok_or_else(|| missing("its connection is not declared"))?;
    let credentials = match resolved.credentials.get(address) {
        Some(Ok(credentials)) => credentials.clone(),
        Some(Err(why)) => return Err(why.clone()),
        None if connection.is_data() => {
            let detail = "its connection is only looked up, so that its credentials are not at hand".to_owned();
            return Err(Diagnostic::error(&codes::NOT_INSPECTED, detail));
        }
        None => return Err(missing("its connection has no credentials")),
    };
    Ok(Spec {
        slug: resource.slug.clone(),
        method: connection.text("method").unwrap_or("").into(),
        connection: credentials,
        destination: fields(resource, "destination"),
        options: fields(resource, "options"),
        key_schema: container,
        environment: index.environment_name(resource).unwrap_or_default(),
    })
}

/// The destination of a sync that the backend had and nothing declares any more, by a connection that is
/// still declared.
pub(super) fn of_live(
    index: &Index<'_>,
    registry: &Registry,
    http: &Client,
    resolved: &Resolved,
    sync: &Sync,
) -> Result<Destination, Diagnostic> {
    let mut connections = index.desired.resources.values().filter(|r| r.kind == Kind::AppConnection);
    let is_its = |r: &&Resource| live_connection(index, &r.address).is_some_and(|live| live.id == sync.connection);
    let connection = connections
        .find(is_its)
        .ok_or_else(|| Diagnostic::error(&codes::NOT_INSPECTED, "its connection is not declared".to_owned()))?;
    if connection.is_data() {
        let detail = "its connection is only looked up, so that its credentials are not at hand".to_owned();
        return Err(Diagnostic::error(&codes::NOT_INSPECTED, detail));
    }
    let credentials = resolved.credentials.get(&connection.address).cloned().unwrap_or_else(|| Ok(Attrs::new()))?;
    let schemas = registry.schemas();
    let destination = wire::destination_from_wire(schemas, &sync.destination, &sync.config);
    let names_container = schemas
        .destinations
        .get(&sync.destination)
        .and_then(|known| known.variant(&destination))
        .is_some_and(|variant| variant.schema_names_container);
    let template = sync.options.get(wire::option::KEY_SCHEMA).and_then(Value::as_str).filter(|_| names_container);
    let environment = sync.environment.as_deref().unwrap_or("");
    let spec = Spec {
        slug: sync.destination.clone(),
        method: connection.text("method").unwrap_or("").into(),
        connection: credentials,
        destination: destination.into_iter().collect(),
        options: wire::options_from_wire(schemas, &sync.destination, &sync.options).into_iter().collect(),
        key_schema: KeySchema::new(template.unwrap_or(""), environment).unwrap_or_default(),
        environment: index.live_name(sync).unwrap_or_default(),
    };
    registry.open(&spec, http)
}

/// What a sync's destination is called in plans and in the ledger, the same in every run: its kind and its fields.
pub(super) fn called(slug: &str, mut inputs: Object) -> Arc<str> {
    inputs.sort_keys();
    let fields = inputs.iter().filter_map(|(name, value)| Some(format!("{name} = {}", value.as_str()?)));
    let fields: Vec<String> = fields.collect();
    format!("{slug} ({})", fields.join(", ")).into()
}

/// The same for a sync that the backend has.
pub(super) fn called_of_live(schemas: &Schemas, live: &Sync) -> Arc<str> {
    called(&live.destination, wire::destination_from_wire(schemas, &live.destination, &live.config))
}

/// The inputs of a declared sync's destination, as they are compared.
pub(super) fn inputs(schemas: &Schemas, resource: &Resource) -> Object {
    let written = resource.attrs.get("destination").and_then(Value::as_object).cloned().unwrap_or_default();
    wire::destination_inputs(schemas, &resource.slug, &written)
}

/// Where the backend's sync writes now, if that is another place than the one it is declared with.
pub(super) fn left(
    index: &Index<'_>,
    tools: &Tools<'_>,
    resolved: &Resolved,
    resource: &Resource,
    opened: &Opened,
    live: &Sync,
) -> Option<Arc<str>> {
    let schemas = tools.registry.schemas();
    let old = wire::destination_from_wire(schemas, &live.destination, &live.config);
    let has_moved = live.destination != resource.slug || old != inputs(schemas, resource);
    let connection = resource.reference("connection").and_then(|address| live_connection(index, address));
    if !has_moved && connection.is_some_and(|connection| connection.id == live.connection) {
        return None;
    }
    // Other words may mean the same place; where the old one can't be opened, the words decide.
    let opened = opened.destination.as_ref().map(Destination::place);
    let is_same = match (of_live(index, tools.registry, tools.http, resolved, live), opened) {
        (Ok(old), Ok(new)) => old.place() == new,
        _ => !has_moved,
    };
    (!is_same).then(|| called_of_live(schemas, live))
}

fn fields(resource: &Resource, name: &str) -> Attrs {
    let fields = resource.attrs.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    fields.into_iter().collect()
}
