//! What a sync's fields mean: checked against the declarations of its destination, and turned into what
//! a provider opens.

use crate::api::Issue;
use crate::api::syncs::Json;
use crate::api::syncs::Sync;
use crate::api::syncs::initial;
use crate::model::attrs::Value;
use crate::model::job::InitialSync;
use crate::model::key_schema::ENVIRONMENT;
use crate::model::key_schema::KeySchema;
use crate::model::key_schema::SECRET_KEY;
use crate::model::schema::Destination;
use crate::model::schema::Schemas;
use crate::provider::Spec;
use crate::server::check::Fields;
use crate::server::check::issue;
use crate::server::error::Refusal;
use crate::server::wire;
use serde_json::json;
use std::sync::Arc;

/// Why a sync whose source is gone can't run.
pub(crate) const NO_SOURCE: &str =
    "Invalid source configuration: folder no longer exists. Please update source configuration and try again.";

const KEY_SCHEMA: &str = "keySchema";
const DISABLE_DELETION: &str = "disableSecretDeletion";

/// The destination's fields and the options as they are stored: checked, and without what is not declared.
pub(crate) fn checked(destination: &Destination, config: &Json, options: &Json) -> Result<(Json, Json), Refusal> {
    let mut issues = Vec::new();
    let at = [serde_json::Value::from("destinationConfig")];
    let mut stored = Fields::new();
    let chosen = wire::variant(&mut issues, &at, destination, config);
    if let Some((name, variant)) = chosen {
        wire::attrs(&mut issues, &at, &variant.fields, config);
        if let Some(selector) = wire::selector(destination) {
            stored.insert(selector, json!(&**name));
        }
        stored.extend(wire::known(&variant.fields, config, false));
    }
    let stored_options = check_options(&mut issues, destination, options);
    for field in destination.options.iter().filter(|field| field.is_remote_only(chosen.map_or("", |(name, _)| name))) {
        if options.get(&*field.wire).is_some_and(|value| *value == json!(true)) {
            let message = format!("{} is not supported by this server", field.wire);
            issues.push(issue("custom", &[json!("syncOptions"), json!(&*field.wire)], message, json!({})));
        }
    }
    let fields = chosen.map_or(&[][..], |(_, variant)| &variant.fields);
    let name = chosen.map_or("", |(name, _)| name);
    for field in fields.iter().filter(|field| field.is_remote_only(name) && stored.contains_key(&*field.wire)) {
        let message = format!("{} is not supported by this server", field.wire);
        issues.push(issue("custom", &[at[0].clone(), json!(&*field.wire)], message, json!({})));
    }
    if issues.is_empty() { Ok((stored, stored_options)) } else { Err(Refusal::invalid(issues)) }
}

fn check_options(issues: &mut Vec<Issue>, destination: &Destination, options: &Json) -> Json {
    let at = |name: &str| [json!("syncOptions"), json!(name)];
    let mut stored = Fields::new();
    let allowed = match destination.can_import {
        true => &InitialSync::ALL[..],
        false => &InitialSync::ALL[..1],
    };
    let allowed: Vec<&str> = allowed.iter().map(|one| one.word()).collect();
    match options.get(initial::FIELD) {
        Some(serde_json::Value::String(word)) if allowed.contains(&word.as_str()) => {
            stored.insert(initial::FIELD.to_owned(), json!(word));
        }
        given => {
            let received = given.and_then(serde_json::Value::as_str).unwrap_or("undefined");
            let words: Vec<String> = allowed.iter().map(|word| format!("'{word}'")).collect();
            let message = match given {
                None => "Required".to_owned(),
                Some(_) => format!("Invalid enum value. Expected {}, received '{received}'", words.join(" | ")),
            };
            let more = json!({"received": received, "options": allowed});
            issues.push(issue("invalid_enum_value", &at(initial::FIELD), message, more));
        }
    }
    if let Some(template) = options.get(KEY_SCHEMA).filter(|value| !value.is_null() && value.as_str() != Some("")) {
        match template.as_str().map(str::trim).filter(|template| is_template(template)) {
            Some(template) => {
                stored.insert(KEY_SCHEMA.to_owned(), json!(template));
            }
            None => {
                let message = "Key schema must include exactly one {{secretKey}} placeholder, may include \
                               {{environment}}, and can otherwise only contain alphanumeric characters, dashes, \
                               underscores, and slashes";
                issues.push(issue("custom", &at(KEY_SCHEMA), message.to_owned(), json!({})));
            }
        }
    }
    match options.get(DISABLE_DELETION) {
        None | Some(serde_json::Value::Null) => {}
        Some(value @ serde_json::Value::Bool(_)) => {
            stored.insert(DISABLE_DELETION.to_owned(), value.clone());
        }
        Some(other) => {
            let received = crate::server::check::type_word(other);
            let more = json!({"expected": "boolean", "received": received});
            let message = format!("Expected boolean, received {received}");
            issues.push(issue("invalid_type", &at(DISABLE_DELETION), message, more));
        }
    }
    wire::attrs(issues, &[json!("syncOptions")], &destination.options, options);
    stored.extend(wire::known(&destination.options, options, false));
    stored
}

/// `{{secretKey}}` once, `{{environment}}` anywhere, else letters, digits, dashes, underscores and slashes.
fn is_template(template: &str) -> bool {
    let plain = template.replacen(SECRET_KEY, "", 1).replace(ENVIRONMENT, "");
    template.contains(SECRET_KEY)
        && template.chars().count() <= 255
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || "-_/".contains(c))
}

/// What the first run does.
pub(crate) fn initial(options: &Json) -> Option<InitialSync> {
    InitialSync::from_word(options.get(initial::FIELD)?.as_str()?)
}

/// Whether keys that the source lacks are left alone.
pub(crate) fn disables_deletion(options: &Json) -> bool {
    options.get(DISABLE_DELETION).and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// The key schema with the environment filled in; the one that changes nothing where there is none.
pub(crate) fn key_schema(options: &Json, environment: &str) -> KeySchema {
    let template = options.get(KEY_SCHEMA).and_then(serde_json::Value::as_str);
    template.and_then(|template| KeySchema::new(template, environment)).unwrap_or_else(KeySchema::none)
}

/// What a provider opens for a sync. The error is a sentence: the declarations changed since it was made.
pub(crate) fn spec(
    schemas: &Schemas,
    destination: &Destination,
    sync: &Sync,
    method: &str,
    credentials: &Fields,
    schema: &KeySchema,
) -> Result<Spec, String> {
    let app = schemas.apps.get(&destination.app).and_then(|app| app.methods.get(method));
    let declared =
        app.ok_or_else(|| format!("This server does not know the method {method} of {}.", destination.app))?;
    let mut issues = Vec::new();
    let connection = wire::attrs(&mut issues, &[json!("credentials")], &declared.fields, credentials);
    let at = [json!("destinationConfig")];
    let Some((name, variant)) = wire::variant(&mut issues, &at, destination, &sync.destination_config) else {
        return Err(complaint(&issues));
    };
    let mut config = wire::attrs(&mut issues, &at, &variant.fields, &sync.destination_config);
    if let Some(selector) = &destination.selector {
        config.insert(Arc::clone(selector), Value::String(Arc::clone(name)));
    }
    let options = wire::attrs(&mut issues, &[json!("syncOptions")], &destination.options, &sync.sync_options);
    if !issues.is_empty() {
        return Err(complaint(&issues));
    }
    Ok(Spec {
        slug: Arc::clone(&destination.slug),
        method: method.into(),
        connection,
        destination: config,
        options,
        key_schema: if variant.schema_names_container { schema.clone() } else { KeySchema::none() },
        environment: sync.environment.as_ref().map(|environment| Arc::from(&*environment.name)).unwrap_or_default(),
    })
}

fn complaint(issues: &[Issue]) -> String {
    let names = issues.iter().map(|issue| {
        let path: Vec<String> =
            issue.path.iter().map(|p| p.as_str().map_or_else(|| p.to_string(), str::to_owned)).collect();
        format!("{}: {}", path.join("."), issue.message)
    });
    names.collect::<Vec<_>>().join("; ")
}
