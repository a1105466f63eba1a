//! Every chain of names in the expressions of a file, with where each of its names stands: what "find references" lists
//! and what renaming rewrites. Names that a `for` gives hide others.

use crate::diag::source::Span;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::ast::Step as After;
use std::sync::Arc;

/// A chain of names.
pub(crate) struct Mention {
    /// Its steps; one that is computed has no name.
    pub(crate) steps: Vec<Step>,
    /// The block and the attribute that it stands in.
    pub(crate) block: Arc<str>,
}

/// One name of a chain.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) name: Option<Arc<str>>,
    /// The name alone, without quotes and brackets.
    pub(crate) span: Span,
    /// `["name"]`, not `.name`.
    pub(crate) is_key: bool,
}

impl Mention {
    /// The names alone.
    pub(crate) fn names(&self) -> Vec<Option<Arc<str>>> {
        self.steps.iter().map(|step| step.name.clone()).collect()
    }
}

/// All of a file.
pub(crate) fn of(body: &Body) -> Vec<Mention> {
    let mut walk = Walk { out: Vec::new(), bound: Vec::new(), block: Arc::default() };
    walk.body(body);
    walk.out
}

struct Walk {
    out: Vec<Mention>,
    bound: Vec<Arc<str>>,
    block: Arc<str>,
}

impl Walk {
    fn body(&mut self, body: &Body) {
        body.attrs.iter().for_each(|attr| self.expr(&attr.expr));
        for block in &body.blocks {
            let outer = std::mem::replace(&mut self.block, block.kind.clone());
            self.body(&block.body);
            self.block = outer;
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.node {
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
            Node::Name(_) | Node::Get(..) | Node::Index(_) | Node::Splat(..) => self.chain(expr),
            Node::Template(parts) => self.parts(parts),
            Node::List(items) => items.iter().for_each(|item| self.expr(item)),
            Node::Object(fields) => {
                for (key, value) in fields {
                    if let Key::Expr(key) = key {
                        self.expr(key);
                    }
                    self.expr(value);
                }
            }
            Node::Call { args, .. } => args.iter().for_each(|arg| self.expr(arg)),
            Node::Unary(_, of) => self.expr(of),
            Node::Binary(_, pair) => [&pair.0, &pair.1].into_iter().for_each(|one| self.expr(one)),
            Node::If(three) => [&three.0, &three.1, &three.2].into_iter().for_each(|one| self.expr(one)),
            Node::For(it) => {
                self.expr(&it.over);
                self.binding(it.key.iter().chain([&it.value]), |walk| {
                    let inner = it.key_expr.iter().chain([&it.value_expr]).chain(&it.cond);
                    inner.for_each(|one| walk.expr(one));
                });
            }
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Value(value) => self.expr(value),
                Part::If(cond, yes, no) => {
                    self.expr(cond);
                    self.parts(yes);
                    self.parts(no);
                }
                Part::For { key, value, over, body } => {
                    self.expr(over);
                    self.binding(key.iter().chain([value]), |walk| walk.parts(body));
                }
            }
        }
    }

    fn binding<'n>(&mut self, names: impl Iterator<Item = &'n Arc<str>>, inside: impl FnOnce(&mut Self)) {
        let outside = self.bound.len();
        self.bound.extend(names.cloned());
        inside(self);
        self.bound.truncate(outside);
    }

    /// A traversal: its names, and what is computed in it.
    fn chain(&mut self, expr: &Expr) {
        let mut steps = Vec::new();
        let mut base = expr;
        loop {
            base = match &base.node {
                Node::Get(of, name) => {
                    steps.push(Step { name: Some(name.clone()), span: ending(base.span, name), is_key: false });
                    of
                }
                Node::Index(pair) => {
                    let (of, key) = &**pair;
                    let Span { start, end, .. } = key.span;
                    match &key.node {
                        Node::String(name) => {
                            let span = Span { start: start + 1, end: end.saturating_sub(1), ..key.span };
                            steps.push(Step { name: Some(name.clone()), span, is_key: true });
                        }
                        _ => {
                            self.expr(key);
                            steps.push(Step { name: None, span: key.span, is_key: true });
                        }
                    }
                    of
                }
                Node::Splat(of, after) => {
                    self.after(after);
                    // What comes behind it is of each element.
                    steps.clear();
                    steps.push(Step { name: None, span: base.span, is_key: true });
                    of
                }
                Node::Name(name) => {
                    if !self.bound.contains(name) {
                        steps.push(Step { name: Some(name.clone()), span: base.span, is_key: false });
                        steps.reverse();
                        self.out.push(Mention { steps, block: self.block.clone() });
                    }
                    return;
                }
                _ => return self.expr(base),
            };
        }
    }

    fn after(&mut self, steps: &[After]) {
        for step in steps {
            match step {
                After::Get(..) => {}
                After::Index(index) => self.expr(index),
                After::Splat(inner, _) => self.after(inner),
            }
        }
    }
}

/// Where a name stands that a span ends with.
fn ending(span: Span, name: &str) -> Span {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
    Span { start: span.end.saturating_sub(length).max(span.start), ..span }
}
