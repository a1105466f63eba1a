//! Inputs of connections and destinations by their names in configurations ↔ by their names on the
//! wire, as the schema says. What is not set is left out on both sides, so that a comparison sees no
//! difference between absent, `null`, `""` and `false`.

use crate::api;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::json;
use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::Schemas;
use crate::provider::manifest::fields::camel_case;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The options that every destination has; they are attributes of their own in a configuration.
pub(super) mod option {
    pub(crate) const KEY_SCHEMA: &str = "keySchema";
    pub(crate) const KEEP: &str = "disableSecretDeletion";
}

/// One input with its two names and its default.
struct Input<'a> {
    name: &'a str,
    wire: String,
    default: Option<&'a Value>,
}

fn inputs<'a>(destination: &'a Destination, fields: &'a [Field]) -> Vec<Input<'a>> {
    let mut list: Vec<_> = fields.iter().map(input).collect();
    if let Some(selector) = &destination.selector
        && !fields.iter().any(|f| f.name == *selector)
    {
        list.insert(0, Input { name: selector, wire: camel_case(selector), default: None });
    }
    list
}

fn input(field: &Field) -> Input<'_> {
    Input { name: &field.name, wire: field.wire.to_string(), default: field.default.as_ref() }
}

/// The inputs of a `destination` block as they are compared.
pub(super) fn destination_inputs(schemas: &Schemas, slug: &str, written: &Object) -> Object {
    let Some(destination) = schemas.destinations.get(slug) else { return written.clone() };
    let Some(variant) = destination.variant(written) else { return written.clone() };
    compared(&inputs(destination, &variant.fields), |input| written.get(input.name).cloned())
}

/// A `destinationConfig` as it is compared, by the names of the configuration.
pub(super) fn destination_from_wire(schemas: &Schemas, slug: &str, config: &Object) -> Object {
    let Some(destination) = schemas.destinations.get(slug) else { return config.clone() };
    let picked = destination.selector.as_ref().and_then(|name| {
        let value = config.get(camel_case(name).as_str())?.clone();
        Some((name.clone(), value))
    });
    let Some(variant) = destination.variant(&picked.into_iter().collect()) else { return config.clone() };
    compared(&inputs(destination, &variant.fields), |input| config.get(input.wire.as_str()).cloned())
}

/// The options of a sync as they are compared.
pub(super) fn option_inputs(schemas: &Schemas, slug: &str, written: &Object) -> Object {
    let Some(destination) = schemas.destinations.get(slug) else { return written.clone() };
    let fields: Vec<_> = destination.options.iter().map(input).collect();
    compared(&fields, |input| written.get(input.name).cloned())
}

/// The destination's own part of `syncOptions` as it is compared.
pub(super) fn options_from_wire(schemas: &Schemas, slug: &str, options: &Object) -> Object {
    let Some(destination) = schemas.destinations.get(slug) else { return Object::new() };
    let fields: Vec<_> = destination.options.iter().map(input).collect();
    compared(&fields, |input| options.get(input.wire.as_str()).cloned())
}

fn compared(inputs: &[Input<'_>], value: impl Fn(&Input<'_>) -> Option<Value>) -> Object {
    inputs
        .iter()
        .filter_map(|input| {
            let found = value(input).filter(is_set);
            let value = found.or_else(|| input.default.cloned().filter(is_set))?;
            Some((Arc::from(input.name), value))
        })
        .collect()
}

/// Whether a value says anything: the API gives `null`, `""`, `false` and nothing at all for the same.
pub(super) fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// `destinationConfig` for a sync.
pub(super) fn destination_to_wire(schemas: &Schemas, slug: &str, written: &Object) -> api::syncs::Json {
    let Some(destination) = schemas.destinations.get(slug) else { return json_object(written) };
    let fields = destination.variant(written).map(|v| &*v.fields).unwrap_or_default();
    inputs(destination, fields)
        .iter()
        .filter_map(|input| Some((input.wire.clone(), plain_json(written.get(input.name)?)?)))
        .collect()
}

/// The destination's own part of `syncOptions`.
pub(super) fn options_to_wire(schemas: &Schemas, slug: &str, written: &Object) -> api::syncs::Json {
    let Some(destination) = schemas.destinations.get(slug) else { return json_object(written) };
    destination.options.iter().filter_map(|f| Some((f.wire.to_string(), plain_json(written.get(&f.name)?)?))).collect()
}

/// The names on the wire of what a connection's method takes, by those of the configuration.
pub(super) fn credential_names<'a>(schemas: &'a Schemas, app: &str, method: &str) -> BTreeMap<Arc<str>, &'a str> {
    let method = schemas.apps.get(app).and_then(|app| app.methods.get(method));
    method.into_iter().flat_map(|method| &method.fields).map(|field| (field.name.clone(), &*field.wire)).collect()
}

/// `credentials` for a connection.
///
/// # Errors
/// A field that JSON has no word for.
pub(super) fn credentials_to_wire(
    schemas: &Schemas,
    app: &str,
    method: &str,
    inputs: &Attrs,
) -> Result<BTreeMap<String, api::Credential>, Diagnostic> {
    let names = credential_names(schemas, app, method);
    let mut wire = BTreeMap::new();
    for (name, value) in inputs {
        let name = names.get(name).map_or_else(|| camel_case(name), |wire| (*wire).to_owned());
        let credential = match value {
            Value::Null => continue,
            Value::Secret(secret) => api::Credential::Text(secret.clone()),
            other => api::Credential::Plain(plain_json(other).ok_or_else(|| {
                Diagnostic::error(&codes::NEED_MISSING, format!("the field `{name}` holds {}", other.shape()))
            })?),
        };
        wire.insert(name, credential);
    }
    Ok(wire)
}

fn json_object(fields: &Object) -> api::syncs::Json {
    fields.iter().filter_map(|(name, value)| Some((camel_case(name), plain_json(value)?))).collect()
}

fn plain_json(value: &Value) -> Option<serde_json::Value> {
    if value.is_null() { None } else { json::to_serde(value) }
}
