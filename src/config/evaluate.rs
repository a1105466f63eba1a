//! Evaluation: expressions of a configuration with all that they can name. Local values, `for_each` and
//! attributes of resources are evaluated when something first asks for them, and once; so order means
//! nothing, and a circle is found when something that is under way is asked for again.

use crate::config::Input;
use crate::config::decode::CALLED;
use crate::config::decode::Decl;
use crate::config::decode::Declared;
use crate::config::expand::Expanded;
use crate::config::expand::Instance;
use crate::config::expand::State;
use crate::config::frames;
use crate::config::frames::At;
use crate::config::frames::Frame;
use crate::config::load;
use crate::config::refs;
use crate::config::resources::Built;
use crate::config::variables::Variables;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::nearest;
use crate::diag::source::Span;
use crate::disk;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::lang::eval;
use crate::lang::functions;
use crate::lang::scope::Budget;
use crate::lang::scope::Outside;
use crate::lang::scope::Scope;
use crate::model::address::Address;
use crate::model::address::MODULE;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::schema::Schemas;
use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// How deep values may lead to values before they are known. A chain that long is no configuration that
/// a person wrote, and the stack ends somewhere.
const MAX_DEPTH: usize = 500;

/// One configuration while it is evaluated.
pub(crate) struct Evaluation<'a> {
    pub(crate) schemas: &'a Schemas,
    pub(crate) input: &'a Input,
    pub(crate) declared: &'a Declared<'a>,
    /// All frames so far; the first is the configuration itself.
    pub(crate) frames: RefCell<Vec<Rc<Frame<'a>>>>,
    /// Frames of each module.
    pub(crate) expanded_modules: RefCell<Vec<Expanded>>,
    /// Modules by their addresses without keys.
    pub(crate) modules: HashMap<Address, usize>,
    /// The frame that is being evaluated, for reports.
    now: Cell<usize>,
    /// Problems found so far.
    pub(crate) acc: RefCell<Diagnostics>,
    /// Places that hold literal secrets.
    pub(crate) hidden: RefCell<Vec<Span>>,
    /// Instances of each declaration.
    pub(crate) expanded: RefCell<Vec<Expanded>>,
    /// All instances so far.
    pub(crate) instances: RefCell<Vec<Rc<Instance>>>,
    /// What addresses mean.
    pub(crate) targets: RefCell<HashMap<Address, Target>>,
    /// Declarations by their addresses without keys.
    pub(crate) index: HashMap<Address, usize>,
    /// The slugs of all declared environments, by project.
    pub(crate) environments: RefCell<Option<Environments>>,
    /// Resources nested in a project's instance, by kind.
    pub(crate) nested: RefCell<HashMap<(Address, Kind), Value>>,
    /// Attributes that were read by the expression under way: address and place.
    pub(crate) reads: RefCell<Vec<(Address, Span)>>,
    /// What is being evaluated, the outermost first, for the report of circles.
    pub(crate) under_way: RefCell<Vec<(String, Span)>>,
    /// Whether something was asked for that failed, and was reported, before.
    pub(crate) poisoned: Cell<bool>,
    /// Whether what is evaluated may come out without a value because a variable has none.
    lenient: Cell<bool>,
    /// If something came out so that may not: the variables that are to blame, as far as it can be told.
    pub(crate) lacking: RefCell<Option<BTreeSet<Arc<str>>>>,
}

/// Slugs of environments, by project.
pub(crate) type Environments = Rc<HashMap<Address, Vec<Arc<str>>>>;

/// What an address means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// A declaration that needs an instance's key.
    Keyed(usize),
    /// An instance.
    Instance(usize),
    /// A module that needs an instance's key.
    Modules(usize),
    /// A frame.
    Module(usize),
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(
        schemas: &'a Schemas,
        input: &'a Input,
        declared: &'a Declared<'a>,
        variables: Variables,
        acc: Diagnostics,
    ) -> Self {
        let index = declared.resources.iter().enumerate().map(|(i, decl)| {
            let module = frames::address(declared, decl.module);
            let top = |decl: &Decl<'_>| frames::below(module.as_ref(), decl.word, &decl.name);
            let address = match decl.parent {
                Some(parent) => top(&declared.resources[parent]).child(decl.word, &decl.name),
                None => top(decl),
            };
            (address, i)
        });
        let modules = (0..declared.modules.len()).filter_map(|i| Some((frames::address(declared, i)?, i))).collect();
        let mut expanded_modules = vec![Expanded::Not; declared.modules.len()];
        expanded_modules[0] = Expanded::Known(Rc::from([0]));
        Self {
            frames: RefCell::new(vec![Rc::new(Frame::root(declared, input, variables))]),
            expanded_modules: RefCell::new(expanded_modules),
            modules,
            now: Cell::new(0),
            index: index.collect(),
            environments: RefCell::default(),
            schemas,
            input,
            declared,
            acc: RefCell::new(acc),
            hidden: RefCell::default(),
            expanded: RefCell::new(vec![Expanded::Not; declared.resources.len()]),
            instances: RefCell::default(),
            targets: RefCell::default(),
            nested: RefCell::default(),
            reads: RefCell::default(),
            under_way: RefCell::default(),
            poisoned: Cell::new(false),
            lenient: Cell::new(false),
            lacking: RefCell::default(),
        }
    }

    /// Everything that was built, in the order of the files.
    pub(crate) fn built(&self) -> Vec<Rc<Built>> {
        let instances = self.instances.borrow();
        let mut all: Vec<Rc<Built>> = instances
            .iter()
            .filter_map(|instance| match &*instance.state.borrow() {
                State::Done(built) => Some(built.clone()),
                State::Not | State::Running => None,
            })
            .collect();
        all.sort_by(|a, b| {
            (a.resource.origin.block, &a.resource.address).cmp(&(b.resource.origin.block, &b.resource.address))
        });
        all
    }

    /// Adds a problem. In a module, the blocks that call it are named as well.
    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        let module = self.frame(self.now.get()).module;
        let calls = self.declared.calls(module);
        let diagnostic = calls.fold(diagnostic, |d, block| d.at(block.header, CALLED));
        self.acc.borrow_mut().push(diagnostic);
    }

    /// Does something that is about a frame.
    pub(crate) fn within<T>(&self, frame: usize, f: impl FnOnce() -> T) -> T {
        let was = self.now.replace(frame);
        let result = f();
        self.now.set(was);
        result
    }

    /// The value of an expression; `None` if it has none, which is reported then.
    pub(crate) fn eval(&self, expr: &Expr, at: At<'_>) -> Option<Value> {
        match &expr.node {
            Node::Null => return Some(Value::Null),
            Node::Bool(b) => return Some(Value::Bool(*b)),
            Node::Number(n) => return Some(Value::Number(*n)),
            Node::String(text) => return Some(Value::String(text.clone())),
            _ => {}
        }
        self.within(at.frame, || self.evaluate(expr, at))
    }

    fn evaluate(&self, expr: &Expr, at: At<'_>) -> Option<Value> {
        if self.under_way.borrow().len() >= MAX_DEPTH {
            let detail = format!("More than {MAX_DEPTH} values lead to each other here.");
            self.report(Diagnostic::error(&codes::TOO_DEEP, detail).at(expr.span, ""));
            return None;
        }
        let frame = self.frame(at.frame);
        let local = self.locals_for(expr, at.frame)?;
        let var = self.variables_for(expr, at.frame)?;
        let resource = |address: &Address, name: &str, span: Span| self.attribute(address, name, span);
        let env = |name: &str| (self.input.env)(name);
        let outside = Outside {
            functions: &[functions::CORE, functions::OUTSIDE],
            base: &frame.input.dir,
            secrets: &frame.secrets,
            env: &env,
            read: &disk::read_text,
            glob: &load::glob,
            resource: &resource,
            budget: Budget::of_value(),
        };
        let mut scope = Scope::new(&outside);
        for (name, value) in &frame.roots {
            scope.set(name.clone(), value.clone());
        }
        scope.set("var", var);
        scope.set("local", local);
        if let Some(each) = at.each {
            scope.set("each", each.value());
        }
        if let Some(own) = at.own {
            scope.set("self", own.clone());
        }
        let was = self.poisoned.replace(false);
        let result = eval::eval(expr, &scope);
        let poisoned = self.poisoned.replace(was);
        if self.frame(0).variables.spares_any() && !self.lenient.get() {
            self.note_lacking(expr, at.frame, poisoned);
        }
        match result {
            Ok(value) => Some(value),
            Err(_) if poisoned => None,
            Err(diagnostic) => {
                if let Some(better) = self.blame(expr, at, diagnostic) {
                    self.report(better);
                }
                None
            }
        }
    }

    /// Whether an expression is made of words that mean nothing: a text without quotes.
    pub(crate) fn is_bare(&self, expr: &Expr) -> bool {
        let roots = &self.frame(0).roots;
        let is_root =
            |name: &str| matches!(name, "var" | "local" | "each") || roots.iter().any(|(root, _)| **root == *name);
        matches!(expr.node, Node::Name(_) | Node::Get(..) | Node::Unary(..) | Node::Binary(..))
            && refs::mentions(expr).iter().any(|mention| !is_root(&mention.root))
    }

    /// Notes the variables without a value that an expression mentions, itself or by way of local values and of
    /// what modules are given and give: also where `try` has an answer to it.
    fn note_lacking(&self, expr: &Expr, frame: usize, poisoned: bool) {
        let (mut found, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![(expr, frame)]);
        let mut is_lacking = poisoned;
        while let Some((expr, index)) = open.pop() {
            let frame = self.frame(index);
            for mention in refs::mentions(expr) {
                let mut is_new = |name: &Arc<str>| seen.insert((index, mention.root.clone(), name.clone()));
                match (&*mention.root, &mention.name) {
                    ("var", name) if frame.variables.is_spared(name.as_deref()) => {
                        is_lacking = true;
                        found.extend(name.clone());
                    }
                    ("var", Some(name)) if is_new(name) => open.extend(self.failed_input(&frame, name)),
                    ("local", Some(name)) if is_new(name) => {
                        open.extend(frame.locals.failed(name).map(|expr| (expr, index)));
                    }
                    (MODULE, Some(name)) if is_new(name) => open.extend(self.failed_outputs(index, name)),
                    _ => {}
                }
            }
        }
        if is_lacking {
            self.lacking.borrow_mut().get_or_insert_default().extend(found);
        }
    }

    /// Does something whose values may, or may not, be missing because a variable has none.
    pub(crate) fn leniently<T>(&self, lenient: bool, f: impl FnOnce() -> T) -> T {
        let was = self.lenient.replace(lenient);
        let result = f();
        self.lenient.set(was);
        result
    }

    /// The `local` object that an expression needs: all of them once they are known, before that the ones
    /// it mentions.
    fn locals_for(&self, expr: &Expr, frame: usize) -> Option<Value> {
        let locals = &self.frame(frame).locals;
        if let Some(all) = locals.all() {
            return Some(all);
        }
        let mentioned: Vec<_> = refs::mentions(expr).into_iter().filter(|m| &*m.root == "local").collect();
        if mentioned.iter().any(|m| m.name.is_none()) {
            return Some(locals.object(|name| self.local(frame, name, expr.span)));
        }
        let known = mentioned
            .iter()
            .filter_map(|m| m.name.clone().map(|name| (name, m.span)))
            .filter_map(|(name, span)| self.local(frame, &name, span).map(|value| (name, value)));
        Some(Value::object(known.collect()))
    }

    /// The `var` object that an expression needs: of a module only what it mentions.
    fn variables_for(&self, expr: &Expr, frame: usize) -> Option<Value> {
        let at = self.frame(frame);
        if frame == 0 {
            return Some(at.variables.values());
        }
        let mentioned: Vec<_> = refs::mentions(expr).into_iter().filter(|m| &*m.root == "var").collect();
        let all = mentioned.iter().any(|m| m.name.is_none());
        let all = if all { at.variables.names() } else { Vec::new() };
        let all = all.into_iter().map(|name| (Arc::from(name), expr.span));
        let named = mentioned.iter().filter_map(|m| Some((m.name.clone()?, m.span)));
        let known = named.chain(all).filter_map(|(name, span)| {
            let value = self.input(frame, &name, span)?;
            Some((name, value))
        });
        Some(Value::object(known.collect()))
    }

    /// Why an expression has no value, said better than the evaluator can: `None` if what failed was
    /// reported before.
    fn blame(&self, expr: &Expr, at: At<'_>, diagnostic: Diagnostic) -> Option<Diagnostic> {
        let frame = self.frame(at.frame);
        let unknown = |what: String, span: Span, name: &str, known: Vec<&str>, none: &str| {
            let d = Diagnostic::error(&codes::UNKNOWN_REFERENCE, format!("{what} is not declared.")).at(span, "");
            match nearest(name, known.iter().copied()) {
                Some(near) => d.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => d.help(none.replace("<name>", name)),
                None => d,
            }
        };
        for mention in refs::mentions(expr) {
            // Another part of the expression may mention what is unknown without being to blame (`try`).
            let involved = diagnostic
                .labels
                .first()
                .is_none_or(|l| l.span.start <= mention.span.end && mention.span.start <= l.span.end);
            if !involved {
                continue;
            }
            let (root, span) = (&*mention.root, mention.span);
            if root == "each" && at.each.is_none() {
                let d = Diagnostic::error(&codes::UNKNOWN_NAME, "`each` only has a meaning in blocks with `for_each`.");
                return Some(d.at(span, "").help("add `for_each`, or remove `each`"));
            }
            let Some(name) = &mention.name else { continue };
            match root {
                "var" if frame.is_poisoned(name) => return None,
                "var" if !frame.variables.knows(name) => {
                    let none = "declare it: `variable \"<name>\" {}`";
                    return Some(unknown(format!("`var.{name}`"), span, name, frame.variables.names(), none));
                }
                "local" if frame.locals.is_poisoned(name) => return None,
                "local" if !frame.locals.knows(name) => {
                    let none = "declare it in a `locals` block";
                    return Some(unknown(format!("`local.{name}`"), span, name, frame.locals.names(), none));
                }
                _ => {}
            }
            let Some((_, Value::Object(all))) = frame.roots.iter().find(|(kind, _)| **kind == *root) else { continue };
            if !all.contains_key(name) {
                let what = format!("`{}`", Address::new(root, name));
                let nested = self.nested_home(frame.module, root, name);
                let d = unknown(
                    what,
                    span,
                    name,
                    all.keys().map(|k| &**k).collect(),
                    if root == MODULE {
                        "no module is called here"
                    } else {
                        "no resource of this kind is declared at the top of a file"
                    },
                );
                return Some(match nested {
                    Some(home) => d.help(format!("it is nested in a project: `{home}`")),
                    None => d,
                });
            }
        }
        Some(diagnostic)
    }

    /// The address of a nested resource that someone wrote as if it stood at the top.
    fn nested_home(&self, module: usize, kind: &str, name: &str) -> Option<Address> {
        let all = &self.declared.resources;
        let decl = all.iter().find(|decl| decl.module == module && decl.word == kind && &*decl.name == name)?;
        let parent = &all[decl.parent?];
        Some(Address::new(parent.kind.word(), &parent.name).child(kind, name))
    }

    /// Does something that may lead to more of its kind, with its name noted for the report of circles.
    pub(crate) fn step<T>(&self, name: impl Into<String>, span: Span, f: impl FnOnce() -> T) -> T {
        self.under_way.borrow_mut().push((name.into(), span));
        let result = f();
        self.under_way.borrow_mut().pop();
        result
    }

    /// Reports that `name` is asked for, at `span`, while it is under way.
    pub(crate) fn circle(&self, name: &str, span: Span) {
        let under_way = self.under_way.borrow();
        let start = under_way.iter().position(|(n, _)| n == name).unwrap_or(0);
        let path: Vec<&str> = under_way[start..].iter().map(|(n, _)| n.as_str()).chain([name]).collect();
        let shown = match path.len() {
            0..=8 => path.join(" → "),
            n => format!("{} → … ({} more) … → {name}", path[..5].join(" → "), n - 6),
        };
        let mut d = Diagnostic::error(&codes::VALUE_CYCLE, format!("`{name}` depends on itself: {shown}."));
        // Each step is underlined where the one before asks for it.
        for (asked, at) in under_way[start..].iter().skip(1).take(16) {
            d = d.at(*at, format!("asks for {asked}"));
        }
        self.acc.borrow_mut().push(d.at(span, format!("asks for {name}")));
    }
}
