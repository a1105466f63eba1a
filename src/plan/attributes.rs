//! Attributes as a plan compares them: by flat names, with one text for each value.
//!
//! An object is compared field by field (`destination.region`), so that a plan names what differs and a
//! part that can't be read (a connection's credentials) does not hide the rest. The slug of a connection
//! is its attribute `app`, that of a sync its attribute `destination`.

use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::ledger::VALUE;
use crate::model::resource::CREDENTIALS;
use crate::model::resource::Kind;
use crate::model::resource::MANAGED;
use crate::model::resource::Resource;
use crate::plan::Shown;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether a secret's value is made at random, once.
pub(crate) fn is_random(resource: &Resource) -> bool {
    let value = resource.attrs.get(VALUE).filter(|_| resource.kind == Kind::Secret);
    matches!(value, Some(Value::Source(source)) if matches!(**source, SecretSource::Random { .. }))
}

/// Attributes that only keyform minds: no backend has them.
fn is_local(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::SecretSync => matches!(name, "run" | "on_delete" | "timeout"),
        Kind::NativeIntegration => matches!(name, "on_delete" | "timeout"),
        _ => false,
    }
}

/// Attributes that a backend can't change in place (Infisical, 2025–2026): a difference means delete and
/// create.
///
/// | kind | attributes |
/// |---|---|
/// | project | `type`, `template` |
/// | environment, tag | `project` |
/// | folder, `secret_import` | `project`, `environment`, `path` |
/// | secret | `project`, `environment`, `path`, `key` |
/// | `app_connection` | `app`, `method`, `project`; where the backend changes the credentials itself, these too, and that it does |
/// | `secret_sync` | `destination` (the kind of destination), `project` |
/// | `project_role` | `project` |
/// | `project_identity` | `project`, `identity` |
/// | `project_template` | `type` |
/// | `native_integration` | `project`, the service, `target_environment_id`, `target_service`, `target_service_id`, `scope`, `url` |
/// | webhook | `project`, `environment`, `path`, `type`, `url`, `secret_key` |
pub(super) fn is_immutable(kind: Kind, name: &str, live: &Attrs) -> bool {
    match kind {
        Kind::Identity | Kind::KeySchema => false,
        Kind::Project => matches!(name, "type" | "template"),
        Kind::ProjectTemplate => name == "type",
        Kind::ProjectRole => name == "project",
        Kind::ProjectIdentity => matches!(name, "project" | "identity"),
        Kind::Webhook => {
            matches!(name, "project" | "environment" | "path" | "type") || name.starts_with("credentials.")
        }
        Kind::NativeIntegration => matches!(
            name,
            "project"
                | "integration"
                | "target_environment_id"
                | "target_service"
                | "target_service_id"
                | "scope"
                | "url"
        ),
        Kind::Environment | Kind::Tag => name == "project",
        Kind::Folder | Kind::SecretImport => matches!(name, "project" | "environment" | "path"),
        Kind::Secret => matches!(name, "project" | "environment" | "path" | "key"),
        Kind::AppConnection => {
            let is_of_credentials = name == MANAGED || name.starts_with(CREDENTIALS);
            matches!(name, "app" | "method" | "project") || is_of_credentials && is_managed(live)
        }
        Kind::SecretSync => matches!(name, "destination" | "project"),
    }
}

/// Whether the backend changes the credentials of a connection itself.
fn is_managed(live: &Attrs) -> bool {
    live.get(MANAGED).and_then(Value::as_bool) == Some(true)
}

/// Whether a value stands whatever is declared: a password that the backend has changed itself since.
pub(super) fn is_out_of_hand(name: &str, value: &Value, live: &Attrs) -> bool {
    name.starts_with(CREDENTIALS) && value.is_sensitive() && is_managed(live)
}

/// Attributes that have no state of not being set: what is no longer declared stays as it is.
pub(super) fn is_kept(kind: Kind, name: &str) -> bool {
    match kind {
        // The list of ignored values can be empty; a switch or a number can't.
        Kind::Project => matches!(
            name,
            "type"
                | "delete_protection"
                | "auto_capitalization"
                | "pit_version_limit"
                | "audit_logs_retention_days"
                | "secret_sharing"
                | "show_snapshots_legacy"
        ),
        Kind::Environment | Kind::SecretImport => name == "position",
        Kind::Identity => name == "delete_protection",
        Kind::Webhook => name == "events",
        // The backend merges what it is told into what it has, and these have no empty state.
        Kind::NativeIntegration => matches!(
            name,
            "options.initial_sync"
                | "options.mapping_behavior"
                | "options.metadata_sync_mode"
                | "options.gcp_label_name"
                | "options.gcp_label_value"
        ),
        _ => false,
    }
}

/// Attributes by flat name.
pub(super) type Flat = BTreeMap<Arc<str>, Value>;

/// What the configuration wants of a resource, by flat name.
pub(super) fn wanted(resource: &Resource, attrs: &Attrs) -> Flat {
    let mut flat = Flat::new();
    for (name, value) in attrs {
        match value {
            Value::Null => {}
            _ if is_local(resource.kind, name) => {}
            Value::Object(fields) => {
                for (field, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                    // A backend keeps these without blanks around them.
                    let field = if **name == *"metadata" { field.trim() } else { field };
                    flat.insert(format!("{name}.{field}").into(), value.clone());
                }
            }
            _ => {
                flat.insert(Arc::clone(name), normal(resource.kind, name, value));
            }
        }
    }
    let slug = match resource.kind {
        Kind::AppConnection => "app",
        Kind::SecretSync => "destination",
        _ => return flat,
    };
    flat.insert(slug.into(), Value::String(Arc::clone(&resource.slug)));
    flat
}

/// What was found under a flat name; `None` if it can't be read.
pub(super) fn found<'a>(kind: Kind, live: &'a Attrs, name: &str) -> Option<Cow<'a, Value>> {
    if let Some((object, field)) = name.split_once('.') {
        return match live.get(object)? {
            Value::Object(fields) => match fields.get(field) {
                Some(value) => Some(Cow::Borrowed(value)),
                None => (object != CREDENTIALS).then_some(Cow::Owned(Value::Null)),
            },
            _ => Some(Cow::Owned(Value::Null)),
        };
    }
    match live.get(name)? {
        // A sync's attribute of this name is the kind of destination, which is not among what is read.
        Value::Object(_) => None,
        value => Some(Cow::Owned(normal(kind, name, value))),
    }
}

/// Whether nobody can read the attribute back, so that only the ledger says what it is.
pub(super) fn is_hidden(name: &str, value: &Value) -> bool {
    value.is_sensitive() || name.strip_prefix(CREDENTIALS).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether two values are the same state: not set, empty text, empty list and empty object are one.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    a == b || (is_unset(a) && is_unset(b))
}

pub(super) fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The tags of a secret are a set: their order means nothing. A backend keeps what people write about a thing
/// without blanks around it, such as the end of the last line of a heredoc.
fn normal(kind: Kind, name: &str, value: &Value) -> Value {
    match value {
        Value::List(items) if kind == Kind::Secret && name == "tags" => {
            let mut items = items.to_vec();
            items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Value::list(items)
        }
        Value::String(text) if matches!(name, "description" | "comment") => Value::String(text.trim().into()),
        _ => value.clone(),
    }
}

/// The fingerprint of an attribute in the ledger. Values that count as equal have one fingerprint.
pub(crate) fn fingerprint(key: &FingerprintKey, address: &Address, name: &str, value: &Value) -> Fingerprint {
    let mut canonical = String::new();
    if !is_unset(value) {
        write(&mut canonical, value);
    }
    let address = address.to_string();
    key.fingerprint(&format!("{}#{name}", key.name(&address)), canonical.as_bytes())
}

/// The value as a plan shows it.
pub(super) fn shown(value: &Value) -> Shown {
    match value {
        Value::Null => Shown::Absent,
        Value::Fingerprint(fingerprint) => Shown::Secret(*fingerprint),
        value if value.is_sensitive() => Shown::Unknown,
        value => {
            let mut text = String::new();
            write(&mut text, value);
            Shown::Plain(text.into())
        }
    }
}

/// As HCL, on one line; a secret as its fingerprint. The fields of an object are sorted.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(out, text),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (i, (name, value)) in sorted.into_iter().enumerate() {
                out.push_str(if i == 0 { " " } else { ", " });
                write_text(out, name);
                out.push_str(" = ");
                write(out, value);
            }
            out.push_str(if fields.is_empty() { "}" } else { " }" });
        }
        Value::Resource(address) => out.push_str(&address.to_string()),
        Value::Fingerprint(fingerprint) => {
            out.push('#');
            out.push_str(&fingerprint.to_hex());
        }
        // Neither reaches a plan; if one did, it would be shown as what it is, never by its content.
        Value::Source(_) | Value::Secret(_) => out.push_str(value.shape()),
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
