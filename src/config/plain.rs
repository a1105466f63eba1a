//! Which attributes are plain: what is quoted in them is never a secret, and excerpts may show it.
//! The table of blocks says so; whatever it does not name stays covered.

use crate::config::blocks;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::Ty;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::diag::source::Span;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::model::address::DATA;
use crate::model::login;
use crate::model::schema::Method;
use crate::model::schema::Schemas;

/// Where the values of plain attributes stand.
pub(crate) fn spans<'a>(bodies: impl IntoIterator<Item = &'a Body>, schemas: &Schemas) -> Vec<Span> {
    let mut out = Vec::new();
    for block in bodies.into_iter().flat_map(|body| &body.blocks) {
        let data = || DATA_KINDS.iter().find(|(kind, _)| block.labels.first().is_some_and(|l| *l.text == *kind.word()));
        let form = if &*block.kind == DATA { data().map(|(_, form)| *form) } else { blocks::top(&block.kind) };
        if let Some(form) = form {
            collect(&mut out, &block.body, form, schemas);
        }
    }
    out
}

fn collect(out: &mut Vec<Span>, body: &Body, form: &Form, schemas: &Schemas) {
    for attr in &body.attrs {
        let is_plain = match form.attr(&attr.name) {
            // A rule can't even be asked about a secret.
            Some(known) => is_plain(known.ty) || form.word == "rule",
            None => is_open(form.open, &attr.name, schemas),
        };
        if is_plain || names_a_source(&attr.expr) {
            out.push(attr.expr.span);
        }
    }
    for block in &body.blocks {
        if let Some(form) = form.block(&block.kind) {
            collect(out, &block.body, form, schemas);
        }
    }
}

/// Whether it says where a secret is, by name.
fn names_a_source(expr: &Expr) -> bool {
    match &expr.node {
        Node::Call { name, args, .. } => {
            matches!(&**name, "secret_env" | "secret_file" | "secret_stored")
                && args.iter().all(|arg| matches!(arg.node, Node::String(_)))
        }
        _ => false,
    }
}

fn is_plain(ty: Ty) -> bool {
    match ty {
        Ty::Secret | Ty::TextOrSecret | Ty::Any | Ty::Each | Ty::Condition => false,
        Ty::String | Ty::Integer(..) | Ty::Bool | Ty::Strings | Ty::Map | Ty::OneOf(_) | Ty::Ref(_) | Ty::Refs => true,
        Ty::Environment | Ty::Tags | Ty::Template | Ty::Place | Ty::Type | Ty::Path | Ty::Address => true,
        Ty::Objects(_) | Ty::NameOf(_) | Ty::Roles => true,
    }
}

/// Whether some provider names it and none takes a secret in it.
fn is_open(open: Open, name: &str, schemas: &Schemas) -> bool {
    let fields = |name: &str| -> Vec<bool> {
        let destinations = schemas.destinations.values();
        let options = destinations.clone().flat_map(|destination| &destination.options);
        let variants = destinations.flat_map(|d| d.variants.values()).flat_map(|variant| &variant.fields);
        let methods = schemas.apps.values().flat_map(|app| app.methods.values()).flat_map(Method::inputs);
        options.chain(variants).chain(methods).filter(|field| &*field.name == name).map(|f| f.sensitive).collect()
    };
    match open {
        Open::No | Open::Names | Open::Inputs => false,
        Open::Destination if schemas.destinations.values().any(|d| d.selector.as_deref() == Some(name)) => true,
        Open::Login => {
            let mut found = login::METHODS.iter().filter_map(|method| method.field(name)).peekable();
            found.peek().is_some() && found.all(|field| !field.secret)
        }
        Open::Connection | Open::Destination | Open::Options => {
            let found = fields(name);
            !found.is_empty() && !found.contains(&true)
        }
    }
}
