//! What is odd about a manifest that loads: inputs and lookups that nothing uses, credentials that would be shown or
//! that nothing tries, a date that is none, words of the service that get lost. Pure.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::lang::parse::parse;
use crate::model::schema::Field;
use crate::model::schema::Type;
use crate::provider::manifest::Manifest;
use crate::provider::manifest::Shape;
use crate::provider::manifest::Talk;
use crate::provider::manifest::slots::fields_of;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Names of inputs that are credentials by the look of them.
const CREDENTIALS: [&str; 6] = ["password", "passphrase", "secret", "token", "api_key", "private_key"];

/// Warns of what is odd about a manifest.
pub fn lint(acc: &mut Diagnostics, manifest: &Manifest) {
    // It was parsed before, so this finds nothing new; the tree has the places.
    let text = &manifest.text;
    let body = parse(&mut Diagnostics::new(), text.id, &text.source.text);
    let is_its = |block: &&Block| label(block) == Some(&*manifest.app.slug);
    let Some(provider) = body.iter().flat_map(|body| &body.blocks).find(is_its) else { return };
    identity(acc, manifest, provider);
    address(acc, manifest);
    connections(acc, manifest, provider);
    for block in provider.body.blocks.iter().filter(|block| &*block.kind == "destination") {
        destination(acc, manifest, block);
    }
}

fn identity(acc: &mut Diagnostics, manifest: &Manifest, provider: &Block) {
    if manifest.app.verified.parse::<Date>().is_err() {
        let detail = format!("`{}` is no day.", manifest.app.verified);
        let at = place(&provider.body, "verified").unwrap_or(provider.header);
        acc.push(Diagnostic::warning(&codes::BAD_DAY, detail).at(at, "").help("write the day as in 2026-11-21"));
    }
    let words = |talk: &Talk| talk.errors.as_ref().is_some_and(|errors| errors.message.is_some());
    let mut shapes = shapes(manifest).filter(|shape| !shape.native).peekable();
    if shapes.peek().is_some() && !words(&manifest.talk) && !shapes.any(|shape| words(&shape.talk)) {
        let detail = format!("When `{}` refuses something, its own words are not shown.", manifest.app.slug);
        let help = "say where they are: `errors { message = get(response, \"message\", null) }`";
        acc.push(Diagnostic::warning(&codes::NO_WORDS, detail).at(provider.header, "").help(help));
    }
}

/// A literal address without TLS: only this machine is ever spoken to that way.
fn address(acc: &mut Diagnostics, manifest: &Manifest) {
    let talks = manifest.methods.values().chain([&manifest.talk]).chain(shapes(manifest).map(|shape| &shape.talk));
    let mut seen = BTreeSet::new();
    for expr in talks.filter_map(|talk| talk.base_url.as_ref()) {
        let Node::String(url) = &expr.node else { continue };
        let is_here = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|here| url.starts_with(here));
        if url.starts_with("http://") && !is_here && seen.insert(expr.span) {
            let detail = format!("`{url}` would be refused.");
            acc.push(Diagnostic::warning(&codes::PLAIN_HTTP, detail).at(expr.span, "").help("write https://"));
        }
    }
}

fn connections(acc: &mut Diagnostics, manifest: &Manifest, provider: &Block) {
    let mut exprs: Vec<&Expr> = talk(&manifest.talk);
    shapes(manifest).for_each(|shape| exprs.extend(of_shape(shape)));
    for block in provider.body.blocks.iter().filter(|block| &*block.kind == "connection") {
        let Some((name, method)) = label(block).and_then(|name| manifest.app.methods.get_key_value(name)) else {
            continue;
        };
        if method.browser_only {
            continue;
        }
        // Some call the half that is no secret a key.
        let has_secret = method.fields.iter().any(|field| field.sensitive);
        let is_half = |field: &Field| has_secret && field.name.ends_with("api_key");
        for field in method.fields.iter().filter(|field| looks_secret(field) && !is_half(field)) {
            let detail = format!("`{}` is taken for plain text: it may be shown, and kept in the ledger.", field.name);
            let at = place(&block.body, &field.name).unwrap_or(block.header);
            acc.push(Diagnostic::warning(&codes::SHOWN_CREDENTIAL, detail).at(at, "").help("write `sensitive`"));
        }
        if !method.tried && !manifest.destinations.is_empty() && method.fields.iter().any(|field| field.sensitive) {
            let detail = format!("No request tells good credentials of `{name}` from bad ones.");
            let help = "add `verify { request = \"GET …\" }` with something that every good credential may read";
            acc.push(Diagnostic::warning(&codes::NEVER_TRIED, detail).at(block.header, "").help(help));
        }
        // Code takes inputs by their names; of apps without destinations nothing is asked here.
        let is_native = manifest.signer.is_some() || shapes(manifest).any(|shape| shape.native);
        if !is_native && !manifest.destinations.is_empty() {
            let mut own = exprs.clone();
            own.extend(manifest.methods.get(name).map(talk).unwrap_or_default());
            unused(acc, &method.fields, &fields_of(&own, "connection"), block);
        }
    }
}

fn destination(acc: &mut Diagnostics, manifest: &Manifest, block: &Block) {
    let Some(place) = label(block).and_then(|slug| manifest.destinations.get(slug)) else { return };
    // Code takes inputs by their names.
    if place.variants.values().any(|shape| shape.native) {
        return;
    }
    let mut exprs = talk(&manifest.talk);
    manifest.methods.values().for_each(|method| exprs.extend(talk(method)));
    let shared = exprs.clone();
    place.variants.values().for_each(|shape| exprs.extend(of_shape(shape)));
    if let Some(options) = block.body.blocks.iter().find(|block| &*block.kind == "options") {
        unused(acc, &place.schema.options, &fields_of(&exprs, "options"), options);
    }
    let mut said = BTreeSet::new();
    for (name, shape) in &place.variants {
        let own = [shared.clone(), of_shape(shape)].concat();
        let used = fields_of(&own, "destination");
        let variant = block.body.blocks.iter().find(|block| &*block.kind == "variant" && label(block) == Some(name));
        let fields = place.schema.variants.get(name).map(|variant| &*variant.fields).unwrap_or_default();
        let (own_fields, all): (Vec<Field>, Vec<Field>) = fields
            .iter()
            .cloned()
            .partition(|field| variant.is_some_and(|b| self::place(&b.body, &field.name).is_some()));
        if let Some(variant) = variant {
            unused(acc, &own_fields, &used, variant);
        }
        // What all variants take is of use if one of them uses it.
        let all: Vec<Field> = all.into_iter().filter(|field| said.insert(field.name.clone())).collect();
        unused(acc, &all, &fields_of(&exprs, "destination"), block);
        let asked = fields_of(&own, "lookup");
        for (lookup, operation) in shape.lookups.iter().filter(|(lookup, _)| !asked.contains(lookup)) {
            if said.insert(format!("lookup {lookup}").into()) {
                let detail = format!("Nothing uses `lookup.{lookup}`.");
                acc.push(Diagnostic::warning(&codes::UNUSED, detail).at(operation.span, ""));
            }
        }
    }
}

/// Inputs that no request asks for. What only a remote backend does something with says so.
fn unused(acc: &mut Diagnostics, fields: &[Field], used: &BTreeSet<Arc<str>>, block: &Block) {
    for field in fields.iter().filter(|field| !used.contains(&field.name) && field.remote.is_none()) {
        let detail = format!("No request uses the input `{}`.", field.name);
        let at = place(&block.body, &field.name).unwrap_or(block.header);
        let help = "use it, or take it away; it may stay where another backend wants it";
        acc.push(Diagnostic::warning(&codes::UNUSED, detail).at(at, "").help(help));
    }
}

fn looks_secret(field: &Field) -> bool {
    let is_one = |word: &str| field.name.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    field.ty == Type::String && !field.sensitive && !field.hidden && CREDENTIALS.iter().any(|word| is_one(word))
}

/// Every variant of every destination.
fn shapes(manifest: &Manifest) -> impl Iterator<Item = &Shape> {
    manifest.destinations.values().flat_map(|place| place.variants.values())
}

/// Every expression of what requests share.
fn talk(talk: &Talk) -> Vec<&Expr> {
    let errors = talk.errors.iter().flat_map(|errors| [&errors.when, &errors.message, &errors.refused]).flatten();
    let operations = [&talk.login, &talk.verify].into_iter().flatten().flat_map(|operation| operation.all_exprs());
    let own = [&talk.base_url, &talk.headers, &talk.retry].into_iter().flatten();
    own.chain(errors).chain(operations).collect()
}

fn of_shape(shape: &Shape) -> Vec<&Expr> {
    let own = [&shape.root, &shape.readable].into_iter().flatten();
    let operations = shape.lookups.iter().map(|(_, lookup)| lookup).chain(shape.operations.values());
    own.chain(talk(&shape.talk)).chain(operations.flat_map(|operation| operation.all_exprs())).collect()
}

fn label(block: &Block) -> Option<&str> {
    block.labels.first().map(|label| &*label.text)
}

/// Where an attribute stands in a block.
fn place(body: &Body, name: &str) -> Option<Span> {
    body.attrs.iter().find(|attr| &*attr.name == name).map(|attr| attr.name_span)
}
