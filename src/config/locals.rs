//! Local values: names for expressions, in any order.

use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::diag::source::Span;
use crate::lang::ast::Attr;
use crate::lang::ast::Expr;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// All local values, each evaluated once.
pub(crate) struct Locals<'a> {
    /// In the order of the files.
    list: Vec<&'a Attr>,
    state: RefCell<HashMap<Arc<str>, State<'a>>>,
    all: RefCell<Option<Value>>,
}

#[derive(Clone)]
enum State<'a> {
    Not(&'a Attr),
    Running,
    Known(Value),
    Failed,
}

impl<'a> Locals<'a> {
    pub(crate) fn new(list: &[&'a Attr]) -> Self {
        let state = list.iter().map(|attr| (attr.name.clone(), State::Not(attr))).collect();
        Self { list: list.to_vec(), state: RefCell::new(state), all: RefCell::default() }
    }

    /// The object of all of them, once all were evaluated.
    pub(crate) fn all(&self) -> Option<Value> {
        self.all.borrow().clone()
    }

    /// The object of those that `value` gives a value for.
    pub(crate) fn object(&self, value: impl Fn(&str) -> Option<Value>) -> Value {
        let known = self.list.iter().filter_map(|attr| Some((attr.name.clone(), value(&attr.name)?)));
        Value::object(known.collect::<Object>())
    }

    pub(crate) fn knows(&self, name: &str) -> bool {
        self.state.borrow().contains_key(name)
    }

    /// Whether it failed, which was reported.
    pub(crate) fn is_poisoned(&self, name: &str) -> bool {
        matches!(self.state.borrow().get(name), Some(State::Failed | State::Running))
    }

    /// The expression of one that failed.
    pub(crate) fn failed(&self, name: &str) -> Option<&'a Expr> {
        let attr = self.list.iter().find(|attr| &*attr.name == name)?;
        matches!(self.state.borrow().get(name), Some(State::Failed)).then_some(&attr.expr)
    }

    /// Those that are mentioned before those that mention them, as far as there is such an order.
    fn order(&self) -> Vec<&'a Attr> {
        let by_name: HashMap<&str, &'a Attr> = self.list.iter().map(|attr| (&*attr.name, *attr)).collect();
        let mut order = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for &root in &self.list {
            let mut open = vec![(root, false)];
            while let Some((attr, done)) = open.pop() {
                if done {
                    order.push(attr);
                } else if seen.insert(&*attr.name) {
                    open.push((attr, true));
                    let mentioned =
                        crate::config::refs::mentions(&attr.expr).into_iter().filter(|m| &*m.root == "local");
                    open.extend(mentioned.filter_map(|m| by_name.get(&*m.name?).map(|next| (*next, false))));
                }
            }
        }
        order
    }

    fn known(&self, name: &str) -> Option<Value> {
        match self.state.borrow().get(name) {
            Some(State::Known(value)) => Some(value.clone()),
            _ => None,
        }
    }

    pub(crate) fn names(&self) -> Vec<&'a str> {
        self.list.iter().map(|attr| &*attr.name).collect()
    }
}

impl<'a> Evaluation<'a> {
    /// Evaluates all local values; from then on they are at hand as a whole. Long chains are taken from
    /// their far end first, so that they need no deep stack.
    pub(crate) fn all_locals(&self, frame: usize) {
        let locals = &self.frame(frame).locals;
        for name in locals.order() {
            self.local(frame, &name.name, name.name_span);
        }
        let all = locals.object(|name| locals.known(name));
        *locals.all.borrow_mut() = Some(all);
    }

    /// A local value; `None` if there is none of this name, or it failed. `span` asks for it.
    pub(crate) fn local(&self, frame: usize, name: &str, span: Span) -> Option<Value> {
        let at = self.frame(frame);
        let locals = &at.locals;
        let (key, state) = locals.state.borrow().get_key_value(name).map(|(k, s)| (k.clone(), s.clone()))?;
        let attr = match state {
            State::Known(value) => return Some(value),
            State::Failed => return None,
            State::Running => {
                self.circle(&self.label(frame, &format!("local.{name}")), span);
                return None;
            }
            State::Not(attr) => attr,
        };
        locals.state.borrow_mut().insert(key.clone(), State::Running);
        // What a local value reads makes no edge for whoever happens to ask for it first.
        let reads = self.reads.take();
        let label = self.label(frame, &format!("local.{name}"));
        let value = self.step(label, span, || self.eval(&attr.expr, At::frame(frame)));
        self.reads.replace(reads);
        let state = value.clone().map_or(State::Failed, State::Known);
        locals.state.borrow_mut().insert(key, state);
        value
    }
}
