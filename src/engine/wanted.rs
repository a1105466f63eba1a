//! What the configuration comes to, now that secrets could be read: attributes as they are compared with
//! what was read, and written to the ledger.

use crate::engine::observe::if_any;
use crate::engine::observe::if_set;
use crate::engine::sources::Resolved;
use crate::engine::sources::text;
use crate::engine::wire;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::Schemas;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::sync::Arc;

/// The attributes of a declared resource: secrets as fingerprints at its address, left out where their
/// value is not at hand; what is not set left out. `fresh` includes values that were made in this run.
pub(super) fn attrs(
    resource: &Resource,
    schemas: &Schemas,
    resolved: &Resolved,
    key: &FingerprintKey,
    fresh: bool,
) -> Attrs {
    let address = resource.address.to_string();
    let fingerprint = |secret: &Secret| Value::Fingerprint(key.fingerprint(&address, secret.expose().as_bytes()));
    let mut wanted = Attrs::new();
    for (name, value) in &resource.attrs {
        let object = || value.as_object().cloned().unwrap_or_default();
        let value = match (resource.kind, &**name) {
            (Kind::Secret, "value") if fresh => resolved.value(&resource.address).ok().map(|s| fingerprint(&s)),
            (Kind::Secret, "value") => {
                let known = resolved.secrets.get(&resource.address).and_then(|r| r.as_ref().ok());
                known.filter(|_| !resolved.fresh.contains_key(&resource.address)).map(fingerprint)
            }
            (Kind::Secret, "comment") => Some(text(value.as_str().unwrap_or("").trim())),
            (Kind::Secret, "tags") => Some(if_any(sorted(value))),
            (Kind::SecretSync, "destination") => {
                Some(Value::object(wire::destination_inputs(schemas, &resource.slug, &object())))
            }
            (Kind::SecretSync, "options") => {
                Some(if_set(Value::object(wire::option_inputs(schemas, &resource.slug, &object()))))
            }
            (_, "credentials") => match resolved.credentials.get(&resource.address) {
                Some(Ok(fields)) => Some(Value::object(
                    fields.iter().map(|(name, field)| (name.clone(), with_fingerprints(field, &fingerprint))).collect(),
                )),
                _ => None,
            },
            _ => Some(value.clone()),
        };
        let says_nothing = |v: &Value| !wire::is_set(v) && !matches!(v, Value::Bool(_));
        if let Some(value) = value.filter(|v| !says_nothing(v) || &**name == "destination") {
            wanted.insert(name.clone(), value);
        }
    }
    wanted
}

fn sorted(list: &Value) -> Vec<Value> {
    let mut items: Vec<Arc<str>> =
        list.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(Arc::from).collect();
    items.sort();
    items.dedup();
    items.into_iter().map(Value::String).collect()
}

pub(super) fn with_fingerprints(value: &Value, fingerprint: &dyn Fn(&Secret) -> Value) -> Value {
    match value {
        Value::Secret(secret) => fingerprint(secret),
        Value::List(items) => Value::list(items.iter().map(|item| with_fingerprints(item, fingerprint)).collect()),
        Value::Object(fields) => Value::object(
            fields.iter().map(|(name, field)| (name.clone(), with_fingerprints(field, fingerprint))).collect(),
        ),
        other => other.clone(),
    }
}
