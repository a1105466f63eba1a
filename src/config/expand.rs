//! `for_each`, and folders once in each environment: declarations → instances.

use crate::config::check;
use crate::config::decode;
use crate::config::decode::Decl;
use crate::config::evaluate::Environments;
use crate::config::evaluate::Evaluation;
use crate::config::evaluate::Target;
use crate::config::frames;
use crate::config::frames::At;
use crate::config::resources::Built;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::schema::Type;
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

/// An element of a `for_each`.
#[derive(Debug)]
pub(crate) struct Each {
    key: Arc<str>,
    object: Value,
}

impl Each {
    fn new(key: Arc<str>, value: Value) -> Self {
        let fields = [("key".into(), Value::String(key.clone())), ("value".into(), value)];
        Self { key, object: Value::object(Object::from_iter(fields)) }
    }

    /// Its key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What `each` means: an object of `key` and `value`.
    pub(crate) fn value(&self) -> Value {
        self.object.clone()
    }
}

/// How far the expansion of a declaration is.
#[derive(Debug, Clone)]
pub(crate) enum Expanded {
    Not,
    Running,
    Known(Rc<[usize]>),
    Failed,
}

/// An instance of a declaration.
pub(crate) struct Instance {
    /// The declaration.
    pub(crate) decl: usize,
    /// The frame that it is in.
    pub(crate) frame: usize,
    /// Its address, with the key if there is one.
    pub(crate) address: Address,
    /// The instance that it is nested in.
    pub(crate) parent: Option<usize>,
    /// The element of the `for_each` that `each` means: its own, or of the project around it.
    pub(crate) each: Option<Rc<Each>>,
    /// The key of its own `for_each`.
    pub(crate) key: Option<Arc<str>>,
    /// Of a folder: the slug of its environment.
    pub(crate) environment: Option<Arc<str>>,
    /// The resource made of it.
    pub(crate) state: RefCell<State>,
}

/// How far the evaluation of an instance is.
#[derive(Clone)]
pub(crate) enum State {
    Not,
    Running,
    Done(Rc<Built>),
}

impl<'a> Evaluation<'a> {
    /// The declaration, as the files have it.
    pub(crate) fn decl(&self, index: usize) -> &'a Decl<'a> {
        &self.declared.resources[index]
    }

    /// An instance by its number.
    pub(crate) fn instance(&self, index: usize) -> Rc<Instance> {
        self.instances.borrow()[index].clone()
    }

    /// The instances of a declaration; `None` if that failed, which is reported then. `span` asks for them.
    pub(crate) fn expand(&self, index: usize, span: Span) -> Option<Rc<[usize]>> {
        let state = self.expanded.borrow()[index].clone();
        let decl = self.decl(index);
        let module = frames::address(self.declared, decl.module);
        let name = || format!("the instances of {}", frames::below(module.as_ref(), decl.word, &decl.name));
        match state {
            Expanded::Known(instances) => return Some(instances),
            Expanded::Failed => return None,
            Expanded::Running => {
                self.circle(&name(), span);
                return None;
            }
            Expanded::Not => {}
        }
        self.expanded.borrow_mut()[index] = Expanded::Running;
        let made = self.leniently(false, || match decl.parent {
            None => self.expand_module(decl.module, span).and_then(|frames| {
                let all = frames.iter().map(|&frame| self.step(name(), span, || self.expand_in(index, frame, None)));
                Some(all.collect::<Option<Vec<_>>>()?.concat())
            }),
            Some(parent) => self.expand(parent, span).and_then(|parents| {
                let frame = |parent: usize| self.instance(parent).frame;
                let all = parents
                    .iter()
                    .map(|&parent| self.step(name(), span, || self.expand_in(index, frame(parent), Some(parent))));
                Some(all.collect::<Option<Vec<_>>>()?.concat())
            }),
        });
        let made = made.map(Rc::from);
        self.expanded.borrow_mut()[index] = made.clone().map_or(Expanded::Failed, Expanded::Known);
        made
    }

    /// The instances in one instance of the parent, or at the top.
    fn expand_in(&self, index: usize, frame: usize, parent: Option<usize>) -> Option<Vec<usize>> {
        self.within(frame, || self.instances_in(index, frame, parent))
    }

    fn instances_in(&self, index: usize, frame: usize, parent: Option<usize>) -> Option<Vec<usize>> {
        let decl = self.decl(index);
        let parent_instance = parent.map(|parent| self.instance(parent));
        let base = match &parent_instance {
            Some(parent) => parent.address.child(decl.word, &decl.name),
            None => frames::below(self.frame(frame).address.as_ref(), decl.word, &decl.name),
        };
        let outer = parent_instance.and_then(|parent| parent.each.clone());
        let for_each = decode::expr(&decl.block.body, "for_each");
        let elements = match for_each {
            Some(expr) => self
                .elements(expr, At { each: outer.as_deref(), ..At::frame(frame) })?
                .into_iter()
                .map(|each| Some(Rc::new(each)))
                .collect(),
            None => vec![None],
        };
        let is_folder = decl.kind == Kind::Folder;
        if for_each.is_some() || is_folder {
            self.targets.borrow_mut().insert(base.clone(), Target::Keyed(index));
        }
        let mut made = Vec::new();
        for own in elements {
            let key = own.as_ref().map(|each| each.key.clone());
            let each = own.or_else(|| outer.clone());
            let environments = match is_folder {
                true => self
                    .folder_environments(decl, parent, At { each: each.as_deref(), ..At::frame(frame) })?
                    .into_iter()
                    .map(Some)
                    .collect(),
                false => vec![None],
            };
            for environment in environments {
                let full: Option<Arc<str>> = match (&key, &environment) {
                    (Some(key), Some(environment)) => Some(format!("{key}/{environment}").into()),
                    (key, environment) => key.clone().or_else(|| environment.clone()),
                };
                let address = full.map_or_else(|| base.clone(), |full| base.instance(&full));
                let mut instances = self.instances.borrow_mut();
                self.targets.borrow_mut().insert(address.clone(), Target::Instance(instances.len()));
                made.push(instances.len());
                instances.push(Rc::new(Instance {
                    decl: index,
                    frame,
                    address,
                    parent,
                    each: each.clone(),
                    key: key.clone(),
                    environment,
                    state: RefCell::new(State::Not),
                }));
            }
        }
        Some(made)
    }

    /// The elements of a `for_each`.
    pub(crate) fn elements(&self, expr: &Expr, at: At<'_>) -> Option<Vec<Each>> {
        let value = self.eval(expr, at)?;
        let refuse = |detail: String| {
            self.report(
                Diagnostic::error(&codes::FOR_EACH, detail)
                    .at(expr.span, "")
                    .help("for_each = toset([\"a\", \"b\"]), or a map"),
            );
            None
        };
        match &value {
            Value::Object(fields) => {
                Some(fields.iter().map(|(key, value)| Each::new(key.clone(), value.clone())).collect())
            }
            Value::List(items) => {
                let mut seen = HashSet::new();
                let mut elements = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let Some(key) = check::text(item) else {
                        return refuse(format!("An element of this set is {}; all must be texts.", item.shape()));
                    };
                    if !seen.insert(key.clone()) {
                        return refuse(format!("`{key}` is twice in this list; a set holds everything once."));
                    }
                    elements.push(Each::new(key.clone(), Value::String(key)));
                }
                Some(elements)
            }
            other => refuse(format!("`for_each` takes a set of texts or a map; this is {}.", other.shape())),
        }
    }

    /// The environments that a folder is in.
    fn folder_environments(&self, decl: &Decl<'_>, parent: Option<usize>, at: At<'_>) -> Option<Vec<Arc<str>>> {
        if let Some(expr) = decode::expr(&decl.block.body, "environments") {
            let value = self.eval(expr, at)?;
            if !value.is_null() {
                return self.listed_environments(expr, &value);
            }
        }
        let project = match (parent, decode::expr(&decl.block.body, "project")) {
            (Some(parent), _) => self.instance(parent).address.clone(),
            (None, Some(expr)) => match self.eval(expr, at)? {
                Value::Resource(address) => Address::clone(&address),
                // Said better when the folder itself is looked at, which needs at least one instance of it.
                other => {
                    let d = Diagnostic::error(
                        &codes::WRONG_REFERENCE,
                        format!("`project` takes a reference to a project; this is {}.", other.shape()),
                    );
                    self.report(d.at(expr.span, "").help("write the bare address: `project.<name>`"));
                    return None;
                }
            },
            // Missing, which was reported.
            (None, None) => return None,
        };
        let all = self.environments(decl.block.header)?;
        let found = all.get(&project).cloned().unwrap_or_default();
        if found.is_empty() {
            let detail = format!("No environment of `{project}` is declared, so the folder would be nowhere.");
            self.report(
                Diagnostic::error(&codes::REQUIRED, detail)
                    .at(decl.block.header, "")
                    .help("declare its environments, or name them: `environments = [\"dev\"]`"),
            );
            return None;
        }
        Some(found)
    }

    fn listed_environments(&self, expr: &Expr, value: &Value) -> Option<Vec<Arc<str>>> {
        match check::fit(value, &Type::List(Box::new(Type::String))) {
            Ok(list) => {
                let mut seen = HashSet::new();
                let texts = list.as_list().unwrap_or_default().iter().filter_map(check::text);
                Some(texts.filter(|slug| seen.insert(slug.clone())).collect())
            }
            Err(misfit) => {
                self.report(misfit.diagnostic("environments", expr));
                None
            }
        }
    }

    /// The slugs of all declared environments, by project.
    fn environments(&self, span: Span) -> Option<Environments> {
        if let Some(known) = &*self.environments.borrow() {
            return Some(known.clone());
        }
        let mut all: HashMap<Address, Vec<Arc<str>>> = HashMap::new();
        let declared = self.declared.resources.iter().enumerate();
        for (index, _) in declared.filter(|(_, decl)| decl.kind == Kind::Environment) {
            for &instance in self.expand(index, span)?.iter() {
                let built = self.build(instance, span)?;
                if let (Some(project), Some(slug)) = (built.resource.reference("project"), built.resource.text("slug"))
                {
                    let slugs = all.entry(project.clone()).or_default();
                    // Two of one slug are reported as such.
                    if slugs.iter().all(|known| **known != *slug) {
                        slugs.push(slug.into());
                    }
                }
            }
        }
        let all = Rc::new(all);
        *self.environments.borrow_mut() = Some(all.clone());
        Some(all)
    }
}
