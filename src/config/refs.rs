//! What an expression mentions, found without evaluating it: local values to be known first, and, when
//! evaluation failed, the name that is to blame.

use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::ast::Step;
use std::sync::Arc;

/// `root.name`, or the root alone where it is used as a whole or with a computed index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mention {
    /// `var`, `local`, `project` …
    pub(crate) root: Arc<str>,
    /// The name after it.
    pub(crate) name: Option<Arc<str>>,
    /// Both.
    pub(crate) span: Span,
}

/// Everything that an expression mentions, in source order.
pub(crate) fn mentions(expr: &Expr) -> Vec<Mention> {
    let mut found = Vec::new();
    walk(expr, &mut |inner| {
        let mention = |root: &Expr, name: Option<&Arc<str>>| match &root.node {
            Node::Name(root) => Some(Mention { root: root.clone(), name: name.cloned(), span: inner.span }),
            _ => None,
        };
        let this = match &inner.node {
            Node::Get(root, name) => mention(root, Some(name)),
            Node::Index(pair) => match &pair.1.node {
                Node::String(name) => mention(&pair.0, Some(name)),
                _ => mention(&pair.0, None),
            },
            Node::Name(_) => mention(inner, None),
            _ => None,
        };
        // `a.b` is met before the `a` in it, and stands for both.
        let done = this.is_some();
        found.extend(this);
        !done || matches!(&inner.node, Node::Index(pair) if !matches!(pair.1.node, Node::String(_)))
    });
    found
}

/// Goes through an expression and all inside of it, the outer ones first; not below one for which
/// `visit` says `false`.
pub(crate) fn walk<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr) -> bool) {
    if !visit(expr) {
        return;
    }
    match &expr.node {
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Name(_) => {}
        Node::Template(parts) => walk_parts(parts, visit),
        Node::List(items) => items.iter().for_each(|item| walk(item, visit)),
        Node::Object(fields) => {
            for (key, value) in fields {
                if let Key::Expr(key) = key {
                    walk(key, visit);
                }
                walk(value, visit);
            }
        }
        Node::Get(of, _) | Node::Unary(_, of) => walk(of, visit),
        Node::Index(pair) | Node::Binary(_, pair) => {
            walk(&pair.0, visit);
            walk(&pair.1, visit);
        }
        Node::Splat(of, steps) => {
            walk(of, visit);
            for step in steps {
                if let Step::Index(index) = step {
                    walk(index, visit);
                }
            }
        }
        Node::Call { args, .. } => args.iter().for_each(|arg| walk(arg, visit)),
        Node::If(three) => {
            walk(&three.0, visit);
            walk(&three.1, visit);
            walk(&three.2, visit);
        }
        Node::For(it) => {
            walk(&it.over, visit);
            it.key_expr.iter().for_each(|key| walk(key, visit));
            walk(&it.value_expr, visit);
            it.cond.iter().for_each(|cond| walk(cond, visit));
        }
    }
}

fn walk_parts<'e>(parts: &'e [Part], visit: &mut dyn FnMut(&'e Expr) -> bool) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(value) => walk(value, visit),
            Part::If(cond, yes, no) => {
                walk(cond, visit);
                walk_parts(yes, visit);
                walk_parts(no, visit);
            }
            Part::For { over, body, .. } => {
                walk(over, visit);
                walk_parts(body, visit);
            }
        }
    }
}

/// Where texts stand that are no arguments of functions: in a secret attribute, these are secrets.
pub(crate) fn literals(expr: &Expr) -> Vec<Span> {
    let mut found = Vec::new();
    walk(expr, &mut |inner| match &inner.node {
        Node::String(_) | Node::Template(_) | Node::Number(_) => {
            found.push(inner.span);
            false
        }
        Node::Call { .. } | Node::Index(_) => false,
        _ => true,
    });
    found
}
