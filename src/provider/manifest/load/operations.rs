//! Blocks of requests, and the two attributes that have a form of their own.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::decode::Decoder;
use crate::model::attrs::Value;
use crate::provider::manifest::Operation;
use crate::provider::manifest::fields;
use crate::provider::manifest::slots::fields_of;
use crate::provider::manifest::words::OPERATION_EXPRS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads a block that is a request, or a sequence of steps.
pub(super) fn operation(acc: &mut Diagnostics, block: &Block) -> Option<Operation> {
    let mut decoder = Decoder::new(&block.body);
    let request = decoder.attr("request").map(|attr| attr.expr.clone());
    let mut exprs = BTreeMap::new();
    for word in OPERATION_EXPRS {
        if let Some(attr) = decoder.attr(word) {
            exprs.insert(word, attr.expr.clone());
        }
    }
    let max = decoder.attr("max").and_then(|attr| match acc.take(fields::literal(&attr.expr))? {
        Value::Number(n) => n.as_i64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0),
        _ => None,
    });
    let steps: Vec<Operation> = decoder.blocks("step").into_iter().filter_map(|step| operation(acc, step)).collect();
    let recover = decoder.blocks("recover").into_iter().filter_map(|inner| operation(acc, inner)).collect();
    decoder.finish(acc);
    if let Some(request) = &request {
        check_request(acc, request);
    }
    let is_recovery = &*block.kind == "recover";
    let wrong = match (request.is_some(), steps.is_empty()) {
        (true, false) => Some("is either one `request` or a sequence of `step` blocks, not both"),
        (false, true) if !is_recovery => Some("needs a `request`, or `step` blocks"),
        _ if is_recovery && !exprs.contains_key("when") => Some("needs a `when` that tells which error is meant"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        let detail = format!("A `{}` block {wrong}.", block.kind);
        acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(block.header, ""));
    }
    let mut operation =
        Operation { span: block.header, request, exprs, max, steps, recover, lookups: Default::default() };
    operation.lookups = fields_of(&operation.all_exprs(), "lookup");
    Some(operation)
}

/// A request is a text, or a choice between texts, that begins with its method.
fn check_request(acc: &mut Diagnostics, expr: &Expr) {
    let first = match &expr.node {
        Node::String(text) => Some(text),
        Node::Template(parts) => match parts.first() {
            Some(Part::Text(text)) => Some(text),
            _ => None,
        },
        Node::If(parts) => {
            check_request(acc, &parts.1);
            check_request(acc, &parts.2);
            return;
        }
        _ => None,
    };
    let method = first.and_then(|text| text.split(' ').next()).and_then(crate::http::Method::from_word);
    if method.is_none() {
        let detail = "A request is a text that begins with its method, such as `GET /things/${key}`.";
        acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(expr.span, ""));
    }
}

/// What is replaced, and by what.
type Replacement = (Arc<str>, Arc<str>);

/// `{ "-" = "_" }`: what is replaced by what.
pub(super) fn replacements(expr: &Expr) -> Result<Vec<Replacement>, Diagnostic> {
    let Node::Object(pairs) = &expr.node else {
        return Err(Diagnostic::error(&codes::MANIFEST, "An object of texts is needed here.").at(expr.span, ""));
    };
    let pair = |(key, value): &(Key, Expr)| {
        let key = match key {
            Key::Name(name, _) => name.clone(),
            Key::Expr(expr) => fields::text(expr)?,
        };
        Ok((key, fields::text(value)?))
    };
    pairs.iter().map(pair).collect()
}
