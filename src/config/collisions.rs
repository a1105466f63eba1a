//! Syncs that write to one place: would they undo each other's work, or could they write one key? Decided
//! from their sources and key schemas, before any secret is known.
//!
//! Two syncs write to one place if connection, destination and all of the `destination` block are the same.
//! There, with A and B any two of them:
//!
//! | A and B | verdict |
//! |---|---|
//! | copy one folder under one key schema | error: one of them is too many |
//! | A deletes what its source lacks, and keys of B look to A like its own | error: each run of A undoes B |
//! | can write the same key, as the destination stores it, but neither deletes | warning: depends on the secrets |
//! | many-to-one, and the container has one name | error: each run replaces the other's |
//! | otherwise | nothing: different prefixes keep them apart |
//!
//! A sync deletes if the backend runs it and `disable_secret_deletion` is not set; keyform itself only
//! deletes what it owns.

use crate::config::resources::Built;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::key_schema::KeySchema;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::Schemas;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A sync at a place.
struct Writer<'r> {
    resource: &'r Resource,
    schema: KeySchema,
    /// The schema as the destination stores what it names.
    folded: KeySchema,
    source: (&'r Address, &'r str, &'r str),
    deletes: bool,
    /// Of a many-to-one destination: the container's name.
    container: Option<String>,
}

/// Checks all syncs.
pub(crate) fn check(acc: &mut Diagnostics, schemas: &Schemas, all: &[Rc<Built>]) {
    let mut places: BTreeMap<(String, &str, String), Vec<Writer<'_>>> = BTreeMap::new();
    for built in all.iter().filter(|built| built.resource.kind == Kind::SecretSync && !built.failed) {
        let resource = &built.resource;
        let (Some(writer), Some(connection)) = (writer(schemas, resource), resource.reference("connection")) else {
            continue;
        };
        // `Debug` of plain data is a fine key, and shown to nobody.
        let destination = format!("{:?}", resource.attrs.get("destination"));
        places.entry((connection.to_string(), &resource.slug, destination)).or_default().push(writer);
    }
    for writers in places.values_mut().filter(|writers| writers.len() > 1) {
        pairs(acc, writers);
    }
}

fn writer<'r>(schemas: &Schemas, resource: &'r Resource) -> Option<Writer<'r>> {
    let environment = resource.text("environment")?;
    let schema = match resource.text("key_schema") {
        Some(template) if !template.is_empty() => KeySchema::new(template, environment)?,
        _ => KeySchema::none(),
    };
    let destination = resource.attrs.get("destination").and_then(Value::as_object)?;
    let declared = schemas.destinations.get(&resource.slug)?;
    let selected = declared.selector.as_ref().and_then(|selector| destination.get(selector)?.as_str());
    let variant = match selected {
        Some(name) => declared.variants.get(name)?,
        None => declared.variants.values().next()?,
    };
    let container = variant.schema_names_container.then(|| {
        let name = destination.get("secret_name").and_then(Value::as_str).unwrap_or_default();
        schema.apply(name)
    });
    let run_by_backend = resource.text("run") != Some("keyform");
    let keeps = resource.attrs.get("disable_secret_deletion").and_then(Value::as_bool).unwrap_or(false);
    Some(Writer {
        resource,
        folded: job::under(&schema, &variant.keys),
        schema,
        source: (resource.reference("project")?, environment, resource.text("path")?),
        deletes: run_by_backend && !keeps,
        container,
    })
}

/// Compares the syncs of one place. Sorted by prefix, only those whose prefixes begin alike can meet, and
/// those stand in one chain, so that many syncs with different prefixes are cheap.
fn pairs(acc: &mut Diagnostics, writers: &mut [Writer<'_>]) {
    writers.sort_by(|a, b| {
        (a.folded.prefix(), a.folded.suffix(), &a.resource.address).cmp(&(
            b.folded.prefix(),
            b.folded.suffix(),
            &b.resource.address,
        ))
    });
    let mut chain: Vec<&Writer<'_>> = Vec::new();
    for writer in writers.iter() {
        while chain.last().is_some_and(|last| !writer.folded.prefix().starts_with(last.folded.prefix())) {
            chain.pop();
        }
        // One report for each sync says enough.
        if let Some(d) = chain.iter().rev().find_map(|other| compare(other, writer)) {
            acc.push(d);
        }
        chain.push(writer);
    }
}

fn compare(a: &Writer<'_>, b: &Writer<'_>) -> Option<Diagnostic> {
    // In the order of the files, so that the report reads as the files do.
    let (a, b) = if a.resource.origin.block <= b.resource.origin.block { (a, b) } else { (b, a) };
    let (first, second) = (&a.resource.address, &b.resource.address);
    let labelled = |d: Diagnostic| match a.resource.origin.block == b.resource.origin.block {
        true => d.at(b.resource.origin.block, "two instances of this block"),
        false => d.at(b.resource.origin.block, "and this one").at(a.resource.origin.block, "this one"),
    };
    if let (Some(one), Some(other)) = (&a.container, &b.container) {
        return (one == other).then(|| {
            let detail = format!("`{first}` and `{second}` both write the one secret that holds all keys.");
            labelled(Diagnostic::error(&codes::COLLISION, detail)).help("give one of them another name there")
        });
    }
    if a.source == b.source && a.schema == b.schema {
        let detail = format!("`{first}` and `{second}` copy the same folder to the same place.");
        return Some(labelled(Diagnostic::error(&codes::COLLISION, detail)).help("remove one of them"));
    }
    let undone = [(a, b), (b, a)].into_iter().find(|(by, of)| by.deletes && by.schema.can_manage(&of.schema));
    if let Some((by, of)) = undone {
        let detail = format!(
            "Every run of `{}` would delete what `{}` wrote: the keys look like its own.",
            by.resource.address, of.resource.address
        );
        return Some(
            labelled(Diagnostic::error(&codes::COLLISION, detail))
                .help("give each a key schema with another prefix, or set `disable_secret_deletion = true` on both"),
        );
    }
    a.folded.meets(&b.folded).then(|| {
        let detail = format!("`{first}` and `{second}` write to the same place, and could write the same key there.");
        labelled(Diagnostic::warning(&codes::OVERLAP, detail)).help("give each a key schema with another prefix")
    })
}
