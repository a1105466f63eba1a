//! Checks every expression of a manifest against the names that mean something where it stands.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::lang::ast::Expr;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::provider::manifest::Manifest;
use crate::provider::manifest::Operation;
use crate::provider::manifest::Shape;
use crate::provider::manifest::Talk;
use crate::provider::manifest::slots;
use crate::provider::manifest::slots::ANSWER;
use crate::provider::manifest::slots::Names;
use crate::provider::manifest::slots::Slot;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

type Fields<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Words of an operation whose expressions see the answer.
const AFTER_ANSWER: [&str; 6] = ["items", "next", "document", "value", "version", "retry"];

/// Checks everything, for each method and each variant. One mistake is reported once.
pub(super) fn check(acc: &mut Diagnostics, manifest: &Manifest) {
    let mut found = Diagnostics::new();
    for (name, method) in manifest.app.methods.iter().filter(|(_, method)| !method.browser_only) {
        let mut fields = Fields::new();
        fields.insert("connection", names(&method.fields));
        let talk = manifest.methods.get(name).cloned().unwrap_or_default().over(&manifest.talk);
        check_talk(&mut found, &talk, &fields);
        for place in manifest.destinations.values() {
            for (variant, shape) in &place.variants {
                let mut fields = fields.clone();
                fields.insert("destination", inputs(&place.schema, variant));
                fields.insert("key_schema", ["prefix", "suffix"].into());
                fields.insert("options", names(&place.schema.options));
                fields.insert("lookup", shape.lookups.iter().map(|(name, _)| &**name).collect());
                check_shape(&mut found, shape, &talk, &fields);
            }
        }
    }
    let mut seen = BTreeSet::new();
    for diagnostic in found {
        if seen.insert(diagnostic.labels.first().map(|label| label.span)) {
            acc.push(diagnostic);
        }
    }
}

fn names(fields: &[Field]) -> BTreeSet<&str> {
    fields.iter().map(|field| &*field.name).collect()
}

fn inputs<'a>(schema: &'a Destination, variant: &str) -> BTreeSet<&'a str> {
    let mut inputs = schema.variants.get(variant).map(|variant| names(&variant.fields)).unwrap_or_default();
    inputs.extend(schema.selector.as_deref());
    inputs
}

fn check_talk(acc: &mut Diagnostics, talk: &Talk, fields: &Fields<'_>) {
    let mut one = |expr: &Option<Expr>, slot: Slot, more: &[&str]| {
        if let Some(expr) = expr {
            check_expr(acc, expr, &slot.names(false), more, fields);
        }
    };
    one(&talk.headers, Slot::Headers, &[]);
    one(&talk.retry, Slot::Retry, &ANSWER);
    if let Some(errors) = &talk.errors {
        one(&errors.when, Slot::Errors, &ANSWER);
        one(&errors.message, Slot::Errors, &ANSWER);
        one(&errors.refused, Slot::Errors, &ANSWER);
    }
    if let Some(login) = &talk.login {
        check_operation(acc, login, Slot::Login, fields, false);
    }
    if let Some(verify) = &talk.verify {
        check_operation(acc, verify, Slot::Verify, fields, false);
    }
}

fn check_shape(acc: &mut Diagnostics, shape: &Shape, provider: &Talk, fields: &Fields<'_>) {
    let talk = shape.talk.clone().over(provider);
    check_talk(acc, &shape.talk, fields);
    if let Some(expr) = &talk.base_url {
        check_expr(acc, expr, &Slot::BaseUrl.names(false), &[], fields);
    }
    if let Some(root) = &shape.root {
        check_expr(acc, root, &Slot::Root.names(false), &[], fields);
    }
    if let Some(readable) = &shape.readable {
        check_expr(acc, readable, &Slot::BaseUrl.names(false), &[], fields);
    }
    for (_, lookup) in &shape.lookups {
        check_operation(acc, lookup, Slot::Lookup, fields, false);
    }
    for (slot, operation) in &shape.operations {
        check_operation(acc, operation, *slot, fields, false);
    }
    let has = |slot| shape.operations.contains_key(&slot);
    // Several at once can go away by the request that writes them.
    let upsert = shape.operations.get(&Slot::Upsert);
    let deletes = has(Slot::Delete) || upsert.is_some_and(|upsert| upsert.max.is_some());
    let writes = has(Slot::Replace) || (upsert.is_some() || has(Slot::Create) && has(Slot::Update)) && deletes;
    if !shape.native
        && (!has(Slot::List) || !writes)
        && let Some(operation) = shape.operations.values().next()
    {
        let detail =
            "A variant needs `list`, and either `replace`, or `delete` with `upsert` or with `create` and `update`.";
        acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(operation.span, ""));
    }
}

/// `answered` says that an answer came before: in steps after the first, and in recoveries.
fn check_operation(acc: &mut Diagnostics, operation: &Operation, slot: Slot, fields: &Fields<'_>, answered: bool) {
    let before: &[&str] = if answered { &ANSWER } else { &[] };
    let base = &slot.names(operation.max.is_some());
    for (word, expr) in &operation.exprs {
        let more = if AFTER_ANSWER.contains(word) { &ANSWER } else { before };
        check_expr(acc, expr, base, more, fields);
    }
    if let Some(expr) = &operation.request {
        check_expr(acc, expr, base, before, fields);
    }
    let mut batch = operation.clone();
    for (i, step) in operation.steps.iter().enumerate() {
        batch.clone_from(step);
        batch.max = operation.max;
        check_operation(acc, &batch, slot, fields, answered || i > 0);
    }
    for recovery in &operation.recover {
        batch.clone_from(recovery);
        batch.max = operation.max;
        check_operation(acc, &batch, slot, fields, true);
    }
}

fn check_expr(acc: &mut Diagnostics, expr: &Expr, names: &[&str], more: &[&str], fields: &Fields<'_>) {
    let names: Vec<&str> = names.iter().chain(more).copied().collect();
    slots::check(acc, expr, &Names { names, fields });
}
