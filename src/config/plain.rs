//! What excerpts may show of a text that has syntax. The whole value of an attribute that is plain: the table of
//! blocks says which are. Of any other value only what leads somewhere: references to what has a name in every
//! configuration, names of functions, `true`, `false`, `null`, operators. Texts, numbers and bare words stay covered.

use crate::config::blocks;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::Ty;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::diag::source::Known;
use crate::diag::source::Span;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::ast::Step;
use crate::lang::functions;
use crate::model::address::DATA;
use crate::model::address::MODULE;
use crate::model::login;
use crate::model::resource::Kind;
use crate::model::schema::Method;
use crate::model::schema::Schemas;
use std::sync::Arc;

/// What is known of the values; what comes later counts.
pub(crate) fn marks<'a>(bodies: impl IntoIterator<Item = &'a Body>, schemas: &Schemas) -> Vec<(Span, Known)> {
    let mut marks = Marks { out: Vec::new(), texts: false, bound: Vec::new() };
    for body in bodies {
        collect(&mut marks, body, None, schemas);
    }
    marks.out
}

/// `form` is that of the block; `None` for a file, or if nobody knows it.
fn collect<'e>(marks: &mut Marks<'e>, body: &'e Body, form: Option<&Form>, schemas: &Schemas) {
    for attr in &body.attrs {
        let known = form.and_then(|form| form.attr(&attr.name));
        marks.texts = form.is_some_and(|form| match known {
            // A rule can't even be asked about a secret.
            Some(known) => is_plain(known.ty) || form.word == "rule",
            None => is_open(form.open, &attr.name, schemas),
        });
        marks.out.push((attr.expr.span, Known::Plain));
        // Where bare words have a meaning of their own, they are plain as well.
        let is_word = known.is_some_and(|known| matches!(known.ty, Ty::Type | Ty::NameOf(_) | Ty::Address));
        if !is_word && !names_a_source(&attr.expr) {
            marks.parts(&attr.expr);
        }
    }
    for block in &body.blocks {
        let data = || DATA_KINDS.iter().find(|(kind, _)| block.labels.first().is_some_and(|l| *l.text == *kind.word()));
        let inner = match form {
            Some(form) => form.block(&block.kind),
            None if &*block.kind == DATA => data().map(|(_, form)| *form),
            None => blocks::top(&block.kind),
        };
        collect(marks, &block.body, inner, schemas);
    }
}

/// Names that stand for something in every configuration, besides the kinds of resources.
const ROOTS: [&str; 6] = ["var", "local", "each", "self", MODULE, DATA];

struct Marks<'e> {
    out: Vec<(Span, Known)>,
    /// Whether texts and numbers of the value are plain; a bare word that is no name may always be a secret.
    texts: bool,
    /// The names that the `for` expressions around give.
    bound: Vec<&'e str>,
}

impl<'e> Marks<'e> {
    fn hide(&mut self, span: Span) {
        self.out.push((span, Known::Hidden));
    }

    fn is_known(&self, name: &str) -> bool {
        ROOTS.contains(&name) || Kind::from_word(name).is_some() || self.bound.contains(&name)
    }

    /// Hides what may be a secret in a value that is shown.
    fn parts(&mut self, expr: &'e Expr) {
        let quoted = Span { start: expr.span.start + 1, end: expr.span.end.saturating_sub(1), ..expr.span };
        match &expr.node {
            Node::Null | Node::Bool(_) => {}
            Node::Number(_) | Node::String(_) if self.texts => {}
            Node::Number(_) => self.hide(expr.span),
            Node::String(_) => self.hide(quoted),
            Node::Template(parts) => {
                if !self.texts {
                    self.hide(quoted);
                }
                self.template(parts);
            }
            Node::Name(_) | Node::Get(..) | Node::Index(_) | Node::Splat(..) => self.reference(expr),
            Node::List(items) => items.iter().for_each(|item| self.parts(item)),
            Node::Object(fields) => {
                for (key, value) in fields {
                    if let Key::Expr(key) = key {
                        self.parts(key);
                    }
                    self.parts(value);
                }
            }
            Node::Call { name, args, .. } => {
                if !functions::CORE.iter().chain(functions::OUTSIDE).any(|function| *function.name == **name) {
                    let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
                    self.hide(Span { end: expr.span.start.saturating_add(length).min(expr.span.end), ..expr.span });
                }
                args.iter().for_each(|arg| self.parts(arg));
            }
            Node::Unary(_, of) => self.parts(of),
            Node::Binary(_, pair) => [&pair.0, &pair.1].into_iter().for_each(|one| self.parts(one)),
            Node::If(three) => [&three.0, &three.1, &three.2].into_iter().for_each(|one| self.parts(one)),
            Node::For(it) => {
                self.parts(&it.over);
                let outside = self.bound.len();
                self.bound.extend(it.key.iter().chain([&it.value]).map(|name| &**name));
                let inner = it.key_expr.iter().chain([&it.value_expr]).chain(&it.cond);
                inner.for_each(|one| self.parts(one));
                self.bound.truncate(outside);
            }
        }
    }

    /// A name and what is behind it: shown if the name is known; of what is computed in it, as ever.
    fn reference(&mut self, expr: &'e Expr) {
        let mut inner = Vec::new();
        let mut root = expr;
        loop {
            root = match &root.node {
                Node::Get(of, _) => of,
                Node::Index(pair) => {
                    inner.push(&pair.1);
                    &pair.0
                }
                Node::Splat(of, steps) => {
                    inner.extend(steps.iter().filter_map(|step| match step {
                        Step::Index(index) => Some(index),
                        Step::Get(..) | Step::Splat(..) => None,
                    }));
                    of
                }
                Node::Name(name) if self.is_known(name) => break,
                Node::Name(_) => return self.hide(expr.span),
                _ => {
                    self.parts(root);
                    break;
                }
            };
        }
        inner.into_iter().for_each(|index| self.parts(index));
    }

    /// Of what is computed in a text, the expressions; the brackets around them are no part of the text.
    fn template(&mut self, parts: &'e [Part]) {
        for part in parts {
            let (expr, bodies, names): (&Expr, Vec<&[Part]>, Vec<&Arc<str>>) = match part {
                Part::Text(_) => continue,
                Part::Value(expr) => (expr, Vec::new(), Vec::new()),
                Part::If(expr, yes, no) => (expr, vec![&**yes, &**no], Vec::new()),
                Part::For { key, value, over, body } => (over, vec![&**body], key.iter().chain([value]).collect()),
            };
            let Span { start, end, .. } = expr.span;
            self.out.push((Span { start: start.saturating_sub(2), end: end + 1, ..expr.span }, Known::Plain));
            self.parts(expr);
            let outside = self.bound.len();
            self.bound.extend(names.into_iter().map(|name| &**name));
            bodies.into_iter().for_each(|body| self.template(body));
            self.bound.truncate(outside);
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
