//! What a server of 2024 has no place for, found before anything is written: kinds that came later, and attributes
//! that such a server drops without a word.
//!
//! Which age a server has is known by then, as its projects were asked for. Between the two ages lie servers that
//! have the older names and keep more: those have app connections, by which they are told apart.

use crate::backend::client::Client;
use crate::backend::dialect::Area;
use crate::backend::read;
use crate::backend::state::State;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine::index::Index;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::targets::Asked;
use std::sync::Arc;

/// Kinds that it has nothing of, or nothing that a machine identity may see, and the words for that.
const LATER: &[(&[Kind], &str, &str)] = &[
    (
        &[Kind::AppConnection, Kind::SecretSync],
        "this server has no app connections and no secret syncs",
        "they came to Infisical in 2025: update the backend, or take them out of the configuration",
    ),
    (
        &[Kind::ProjectTemplate],
        "this server has no project templates",
        "update the backend, or take them out of the configuration",
    ),
    (
        &[Kind::Webhook],
        "this server shows webhooks to people only, not to a machine identity",
        "update the backend, or manage its webhooks by hand",
    ),
];

/// Attributes that it drops (measured, October 2024).
const DROPPED: &[(Kind, &[&str])] = &[
    (
        Kind::Project,
        &[
            "description",
            "type",
            "template",
            "delete_protection",
            "pit_version_limit",
            "secret_sharing",
            "show_snapshots_legacy",
            "secret_detection_ignore_values",
        ],
    ),
    (Kind::Folder, &["description"]),
    (Kind::Secret, &["metadata"]),
    (Kind::Identity, &["delete_protection"]),
];

/// Everything declared and asked for that the server has no place for.
///
/// # Errors
/// There is some: one diagnostic for each resource that loses something, and one for kinds that are not there.
pub(super) async fn check(
    client: &Client,
    desired: &Desired,
    ledger: &Ledger,
    state: &State,
    asked: &Asked,
) -> Result<(), Diagnostics> {
    if !client.is_old(Area::Projects) {
        return Ok(());
    }
    let index = Index::new(desired, ledger, state);
    let all = || desired.resources.values().filter(|resource| asked.resource(&resource.address));
    let mut problems = Diagnostics::new();
    for (kinds, why, help) in LATER {
        later(&mut problems, all().filter(|resource| kinds.contains(&resource.kind)), why, help);
    }
    for resource in all().filter(|resource| !resource.is_data()) {
        dropped(&mut problems, &index, resource);
    }
    if problems.is_empty() || has_connections(client, &index).await {
        return Ok(());
    }
    Err(problems)
}

/// Whether the server is newer than its names of projects say.
async fn has_connections(client: &Client, index: &Index<'_>) -> bool {
    let failed = match Index::mentions_connections(index.desired, index.ledger) {
        true => index.state.connections_failed.clone(),
        false => read::connections(client).await.err(),
    };
    failed.is_none_or(|why| why.code != &codes::BACKEND_ROUTE)
}

fn later<'a>(problems: &mut Diagnostics, mut found: impl Iterator<Item = &'a Resource>, why: &str, help: &'static str) {
    let Some(first) = found.next() else { return };
    let more = match found.count() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let d = Diagnostic::error(&codes::BACKEND_OLD, format!("{}{more}: {why}", first.address));
    problems.push(d.at(first.origin.block, "").help(help));
}

fn dropped(problems: &mut Diagnostics, index: &Index<'_>, resource: &Resource) {
    let names = DROPPED.iter().find(|(kind, _)| *kind == resource.kind).map_or(&[][..], |(_, names)| names);
    let says = |name: &&&str| resource.attrs.get(**name).is_some_and(|value| !is_what_it_has(name, value));
    let mut names: Vec<&str> = names.iter().filter(says).copied().collect();
    if resource.kind == Kind::ProjectRole {
        names.extend(unkept_of_permissions(resource));
    }
    // The only thing that it keeps and does not change.
    if resource.kind == Kind::Project {
        let live = index.project(&resource.address).filter(|live| Some(&*live.slug) != resource.text("slug"));
        names.extend(live.map(|_| "slug"));
    }
    let Some(first) = names.first() else { return };
    let list = names.join("`, `");
    let detail = format!("{}: this server does not keep its `{list}`", resource.address);
    let attribute = first.split('[').next().unwrap_or(first);
    let span = resource.origin.attrs.get(attribute).copied().unwrap_or(resource.origin.block);
    let d = Diagnostic::error(&codes::BACKEND_OLD, detail).at(span, "");
    problems.push(d.help(format!("update the backend, or leave `{list}` as the server has it")));
}

/// What it would drop of a role's permissions, which would then permit more than they should: it forbids nothing, and
/// knows conditions of secrets only, by environment and path (its own description, October 2024).
fn unkept_of_permissions(resource: &Resource) -> Vec<&'static str> {
    let list = resource.attrs.get("permissions").and_then(Value::as_list).unwrap_or_default();
    let permissions: Vec<_> = list.iter().filter_map(Value::as_object).collect();
    let is_kept = |name: &Arc<str>| ["environment", "secretPath"].contains(&&**name);
    let loses = |fields: &&Object| {
        let conditions = fields.get("conditions").and_then(Value::as_object).filter(|named| !named.is_empty());
        let is_of_secrets = fields.get("subject").and_then(Value::as_str) == Some("secrets");
        conditions.is_some_and(|named| !is_of_secrets || !named.keys().all(is_kept))
    };
    let forbids = |fields: &&Object| fields.get("inverted").and_then(Value::as_bool) == Some(true);
    let mut names = Vec::new();
    names.extend(permissions.iter().any(forbids).then_some("permissions[].inverted"));
    names.extend(permissions.iter().any(loses).then_some("permissions[].conditions"));
    names
}

/// Whether a value says no more than such a server means anyway.
fn is_what_it_has(name: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty() || (name, &**text) == ("type", "secret-manager"),
        Value::Number(Number::Int(n)) => (name, *n) == ("pit_version_limit", 10),
        Value::List(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
