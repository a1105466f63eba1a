//! Which names mean something where in a manifest, and the check of it: a typo is found when a manifest is
//! loaded, with file and line, not when a service is asked.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::ast::Step;
use crate::lang::functions::CORE;
use crate::provider::manifest::functions::MANIFEST;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The places where expressions stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the word of its block or attribute")]
pub enum Slot {
    BaseUrl,
    Headers,
    Root,
    Retry,
    Errors,
    Login,
    Verify,
    Lookup,
    List,
    Read,
    Create,
    Update,
    Upsert,
    Delete,
    Replace,
    After,
}

impl Slot {
    /// The operations that a variant may have.
    pub const OPERATIONS: [Slot; 8] =
        [Slot::List, Slot::Read, Slot::Create, Slot::Update, Slot::Upsert, Slot::Delete, Slot::Replace, Slot::After];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BaseUrl => "base_url",
            Self::Headers => "headers",
            Self::Root => "root",
            Self::Retry => "retry",
            Self::Errors => "errors",
            Self::Login => "login",
            Self::Verify => "verify",
            Self::Lookup => "lookup",
            Self::List => "list",
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::After => "after",
        }
    }

    /// The names in scope where a request is made.
    #[must_use]
    pub fn names(self, batch: bool) -> Vec<&'static str> {
        const PLACE: &[&str] =
            &["connection", "destination", "key_schema", "environment", "options", "login", "lookup"];
        const ENTRY: &[&str] = &["key", "id", "version", "raw"];
        let parts: &[&[&str]] = match (self, batch) {
            (Self::Retry | Self::Errors, _) => &[],
            (Self::Login, _) => &[&["connection"]],
            (Self::BaseUrl, _) => &[&["connection", "destination"]],
            (Self::Verify, _) => &[&["connection", "login"]],
            (Self::Headers, _) => &[&["connection", "destination", "options", "login"]],
            (Self::Root | Self::Lookup | Self::After, _) => &[PLACE],
            (Self::List, _) => &[PLACE, &["cursor"]],
            (Self::Read, true) => &[PLACE, &["entries"]],
            (Self::Read, false) => &[PLACE, ENTRY],
            (Self::Replace, _) | (Self::Create | Self::Update | Self::Upsert | Self::Delete, true) => {
                &[PLACE, &["document", "entries"]]
            }
            (Self::Delete, false) => &[PLACE, &["document"], ENTRY],
            (Self::Create | Self::Update | Self::Upsert, false) => &[PLACE, &["document"], ENTRY, &["value"]],
        };
        parts.concat()
    }

    /// Whether sending it twice is as good as once, whatever its method. A create may make two.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Create | Self::After)
    }
}

/// The names that an answer adds.
pub const ANSWER: [&str; 3] = ["response", "response_headers", "status"];

/// What may be named in one place.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    /// The names in scope.
    pub names: Vec<&'a str>,
    /// What may follow some of them: `destination` → its inputs.
    pub fields: &'a BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// Reports every name and function that means nothing here.
pub fn check(acc: &mut Diagnostics, expr: &Expr, names: &Names<'_>) {
    let mut found = BTreeSet::new();
    walk(expr, &mut Vec::new(), &mut |site, bound| {
        let problem = match site {
            Site::Name(name, _) if bound.iter().any(|b| &**b == name) || names.names.contains(&name) => None,
            Site::Name(name, expr) => Some(
                Diagnostic::error(&codes::MANIFEST, format!("The name `{name}` means nothing here."))
                    .at(expr.span, "")
                    .did_you_mean(name, names.names.iter().copied()),
            ),
            Site::Field(name, field, expr) => {
                names.fields.get(name).filter(|fields| !fields.contains(field)).map(|fields| {
                    Diagnostic::error(&codes::MANIFEST, format!("There is no `{name}.{field}`."))
                        .at(expr.span, "")
                        .did_you_mean(field, fields.iter().copied())
                })
            }
            Site::Call(name, _) if is_function(name) => None,
            Site::Call(name, expr) => Some(
                Diagnostic::error(&codes::MANIFEST, format!("There is no function `{name}`."))
                    .at(expr.span, "")
                    .did_you_mean(name, CORE.iter().chain(MANIFEST).map(|f| f.name)),
            ),
        };
        if let Some(problem) = problem
            && found.insert(problem.labels.first().map(|label| label.span))
        {
            acc.push(problem);
        }
    });
}

fn is_function(name: &str) -> bool {
    // Special forms of the evaluator, and the one of requests.
    matches!(name, "try" | "can" | "raw") || CORE.iter().chain(MANIFEST).any(|f| f.name == name)
}

/// The fields that expressions ask of a name: of `lookup`, its labels.
#[must_use]
pub fn fields_of(exprs: &[&Expr], of: &str) -> BTreeSet<Arc<str>> {
    let mut found = BTreeSet::new();
    for expr in exprs {
        walk(expr, &mut Vec::new(), &mut |site, _| {
            if let Site::Field(name, field, _) = site
                && name == of
            {
                found.insert(field.into());
            }
        });
    }
    found
}

/// Whether an expression uses a name.
#[must_use]
pub fn mentions(expr: &Expr, wanted: &str) -> bool {
    let mut found = false;
    walk(expr, &mut Vec::new(), &mut |site, _| found |= matches!(site, Site::Name(name, _) if name == wanted));
    found
}

enum Site<'a> {
    Name(&'a str, &'a Expr),
    Field(&'a str, &'a str, &'a Expr),
    Call(&'a str, &'a Expr),
}

type Visit<'v> = dyn FnMut(Site<'_>, &[Arc<str>]) + 'v;

/// Visits every name, every field of a name and every call; `bound` are the names that `for` gave a meaning.
fn walk(expr: &Expr, bound: &mut Vec<Arc<str>>, visit: &mut Visit<'_>) {
    match &expr.node {
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
        Node::Template(parts) => walk_parts(parts, bound, visit),
        Node::List(items) => items.iter().for_each(|item| walk(item, bound, visit)),
        Node::Object(fields) => {
            for (key, value) in fields {
                if let Key::Expr(key) = key {
                    walk(key, bound, visit);
                }
                walk(value, bound, visit);
            }
        }
        Node::Name(name) => visit(Site::Name(name, expr), bound),
        Node::Get(of, field) => {
            if let Node::Name(name) = &of.node {
                visit(Site::Field(name, field, expr), bound);
            }
            walk(of, bound, visit);
        }
        Node::Index(pair) => {
            walk(&pair.0, bound, visit);
            walk(&pair.1, bound, visit);
        }
        Node::Splat(of, steps) => {
            walk(of, bound, visit);
            for step in steps {
                if let Step::Index(index) = step {
                    walk(index, bound, visit);
                }
            }
        }
        Node::Call { name, args, .. } => {
            visit(Site::Call(name, expr), bound);
            args.iter().for_each(|arg| walk(arg, bound, visit));
        }
        Node::Unary(_, of) => walk(of, bound, visit),
        Node::Binary(_, pair) => {
            walk(&pair.0, bound, visit);
            walk(&pair.1, bound, visit);
        }
        Node::If(parts) => {
            walk(&parts.0, bound, visit);
            walk(&parts.1, bound, visit);
            walk(&parts.2, bound, visit);
        }
        Node::For(each) => {
            walk(&each.over, bound, visit);
            let outer = bound.len();
            bound.extend(each.key.iter().chain([&each.value]).cloned());
            for inner in each.key_expr.iter().chain([&each.value_expr]).chain(&each.cond) {
                walk(inner, bound, visit);
            }
            bound.truncate(outer);
        }
    }
}

fn walk_parts(parts: &[Part], bound: &mut Vec<Arc<str>>, visit: &mut Visit<'_>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(value) => walk(value, bound, visit),
            Part::If(cond, yes, no) => {
                walk(cond, bound, visit);
                walk_parts(yes, bound, visit);
                walk_parts(no, bound, visit);
            }
            Part::For { key, value, over, body } => {
                walk(over, bound, visit);
                let outer = bound.len();
                bound.extend(key.iter().chain([value]).cloned());
                walk_parts(body, bound, visit);
                bound.truncate(outer);
            }
        }
    }
}
