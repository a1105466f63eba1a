//! Modules as they are called. Each instance of a module is a frame, in which `var`, `local` and the names of
//! resources have a meaning of their own; the first frame is the configuration itself. What is given to a
//! module, and what it gives, is evaluated when something first asks for it, and once.

use crate::config::Input;
use crate::config::decode;
use crate::config::decode::Declared;
use crate::config::evaluate::Evaluation;
use crate::config::evaluate::Target;
use crate::config::expand::Each;
use crate::config::expand::Expanded;
use crate::config::load;
use crate::config::locals::Locals;
use crate::config::variables;
use crate::config::variables::Variables;
use crate::config::vars::Given;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::model::address::Address;
use crate::model::address::DATA;
use crate::model::address::MODULE;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// An instance of a module.
pub(crate) struct Frame<'a> {
    /// The module.
    pub(crate) module: usize,
    /// The frame of the block that calls it; `None` for the configuration itself.
    parent: Option<usize>,
    /// The element of the call's `for_each`.
    each: Option<Rc<Each>>,
    /// Its address; `None` for the configuration itself.
    pub(crate) address: Option<Address>,
    /// What it is loaded from: relative paths start at its directory.
    pub(crate) input: Input,
    /// Where files of secrets are, seen from the configuration.
    pub(crate) secrets: PathBuf,
    /// The variables. Those of a module are evaluated one by one, and are in `inputs`.
    pub(crate) variables: Variables,
    inputs: Lazy,
    outputs: Lazy,
    /// What everything in it needs, once that is known.
    needs: RefCell<Option<Needs>>,
    /// The local values.
    pub(crate) locals: Locals<'a>,
    /// What kinds of resources stand for: `project` is an object of all projects; and `module`.
    pub(crate) roots: Vec<(Arc<str>, Value)>,
}

/// Addresses that are needed, each with where it says so.
type Needs = Rc<[(Address, Span)]>;

/// Values by name, as far as they were asked for.
type Lazy = RefCell<HashMap<Arc<str>, Known>>;

#[derive(Clone)]
enum Known {
    Running,
    Value(Value),
    Failed,
}

/// Where an expression stands: what its names mean.
#[derive(Clone, Copy)]
pub(crate) struct At<'e> {
    /// The frame.
    pub(crate) frame: usize,
    /// What `each` means.
    pub(crate) each: Option<&'e Each>,
    /// What `self` means.
    pub(crate) own: Option<&'e Value>,
}

impl At<'static> {
    /// In the configuration itself, without `each`.
    pub(crate) const ROOT: Self = Self { frame: 0, each: None, own: None };

    /// In a frame, without `each`.
    pub(crate) fn frame(frame: usize) -> Self {
        Self { frame, ..Self::ROOT }
    }
}

/// The address of something in a module.
pub(crate) fn below(module: Option<&Address>, kind: &str, name: &str) -> Address {
    module.map_or_else(|| Address::new(kind, name), |module| module.child(kind, name))
}

/// The address of a module without keys; `None` for the configuration itself.
pub(crate) fn address(declared: &Declared<'_>, module: usize) -> Option<Address> {
    let (above, _) = declared.modules[module].call?;
    let name = declared.modules[module].name()?;
    Some(below(address(declared, above).as_ref(), MODULE, name))
}

impl<'a> Frame<'a> {
    /// The configuration itself.
    pub(crate) fn root(declared: &'a Declared<'a>, input: &Input, variables: Variables) -> Self {
        Self::new(declared, 0, None, input.clone(), variables)
    }

    fn new(
        declared: &'a Declared<'a>,
        module: usize,
        address: Option<Address>,
        input: Input,
        variables: Variables,
    ) -> Self {
        let roots = roots(declared, module, address.as_ref());
        Self {
            module,
            parent: None,
            each: None,
            input,
            secrets: PathBuf::new(),
            variables,
            inputs: Lazy::default(),
            outputs: Lazy::default(),
            needs: RefCell::default(),
            locals: Locals::new(&declared.modules[module].locals),
            roots,
            address,
        }
    }

    /// Whether a variable has no usable value, which was reported.
    pub(crate) fn is_poisoned(&self, variable: &str) -> bool {
        let state = self.inputs.borrow().get(variable).cloned();
        self.variables.is_poisoned(variable) || matches!(state, Some(Known::Running | Known::Failed))
    }
}

/// What the kinds of resources stand for in a module, and `module`.
fn roots(declared: &Declared<'_>, module: usize, address: Option<&Address>) -> Vec<(Arc<str>, Value)> {
    let reference = |kind: &str, name: &Arc<str>| (name.clone(), Value::Resource(Arc::new(below(address, kind, name))));
    let kinds = Kind::ALL.into_iter().map(|kind| {
        let own = declared.resources.iter().filter(|decl| decl.module == module);
        let named = own.filter(|decl| decl.word == kind.word() && decl.parent.is_none());
        let all: Object = named.map(|decl| reference(kind.word(), &decl.name)).collect();
        (kind.word().into(), Value::object(all))
    });
    let called = declared.modules.iter().filter(|called| called.call.is_some_and(|(above, _)| above == module));
    let called: Object = called.filter_map(|called| Some(reference(MODULE, called.name()?))).collect();
    let looked_up = Kind::ALL.into_iter().filter_map(|kind| {
        let word = kind.data_word()?;
        let own = declared.resources.iter().filter(|decl| decl.module == module && decl.word == word);
        let all: Object = own.map(|decl| reference(word, &decl.name)).collect();
        (!all.is_empty()).then(|| (kind.word().into(), Value::object(all)))
    });
    let looked_up: Object = looked_up.collect();
    kinds.chain([(MODULE.into(), Value::object(called)), (DATA.into(), Value::object(looked_up))]).collect()
}

impl<'a> Evaluation<'a> {
    /// A frame by its number.
    pub(crate) fn frame(&self, index: usize) -> Rc<Frame<'a>> {
        self.frames.borrow()[index].clone()
    }

    /// The name of something in a frame, for the report of circles.
    pub(crate) fn label(&self, frame: usize, name: &str) -> String {
        self.frame(frame).address.as_ref().map_or_else(|| name.to_owned(), |address| format!("{address}.{name}"))
    }

    /// The frames of a module; `None` if that failed, which is reported then. `span` asks for them.
    pub(crate) fn expand_module(&self, index: usize, span: Span) -> Option<Rc<[usize]>> {
        let state = self.expanded_modules.borrow()[index].clone();
        let name = || {
            format!("the instances of {}", address(self.declared, index).map_or_else(String::new, |a| a.to_string()))
        };
        match state {
            Expanded::Known(frames) => return Some(frames),
            Expanded::Failed => return None,
            Expanded::Running => {
                self.circle(&name(), span);
                return None;
            }
            Expanded::Not => {}
        }
        self.expanded_modules.borrow_mut()[index] = Expanded::Running;
        let (above, block) = self.declared.modules[index].call?;
        let made = self.leniently(false, || {
            self.step(name(), span, || {
                let parents = self.expand_module(above, span)?;
                let all = parents.iter().map(|&parent| self.frames_in(index, block, parent));
                Some(all.collect::<Option<Vec<_>>>()?.concat())
            })
        });
        let made = made.map(Rc::from);
        self.expanded_modules.borrow_mut()[index] = made.clone().map_or(Expanded::Failed, Expanded::Known);
        made
    }

    /// The frames of a module in one frame of the block that calls it.
    fn frames_in(&self, index: usize, block: &Block, parent: usize) -> Option<Vec<usize>> {
        let module = &self.declared.modules[index];
        let base = below(self.frame(parent).address.as_ref(), MODULE, module.name()?);
        let elements = match decode::expr(&block.body, "for_each") {
            Some(expr) => {
                self.targets.borrow_mut().insert(base.clone(), Target::Modules(index));
                self.elements(expr, At::frame(parent))?.into_iter().map(|each| Some(Rc::new(each))).collect()
            }
            None => vec![None],
        };
        let dir = load::absolute(module.dir);
        // Files of secrets are told by the path that the user would write.
        let secrets = dir.strip_prefix(&self.input.dir).map_or_else(|_| dir.clone(), PathBuf::from);
        let mut made = Vec::new();
        for each in elements {
            let address = each.as_ref().map_or_else(|| base.clone(), |each| base.instance(each.key()));
            let input = Input { dir: dir.clone(), ..self.input.clone() };
            let variables = Variables::named(&module.variables);
            let frame = Frame::new(self.declared, index, Some(address.clone()), input, variables);
            let mut frames = self.frames.borrow_mut();
            self.targets.borrow_mut().insert(address, Target::Module(frames.len()));
            made.push(frames.len());
            frames.push(Rc::new(Frame { parent: Some(parent), each, secrets: secrets.clone(), ..frame }));
        }
        Some(made)
    }

    /// Evaluates what is given to every module, its local values and what it gives, so that all problems are found.
    pub(crate) fn all_modules(&self) {
        for index in 1..self.declared.modules.len() {
            let Some((_, block)) = self.declared.modules[index].call else { continue };
            for &frame in self.expand_module(index, block.header).iter().flat_map(|frames| frames.iter()) {
                for variable in &self.declared.modules[index].variables {
                    self.input(frame, &variable.labels[0].text, block.header);
                }
                self.validations(frame);
                self.all_locals(frame);
                for output in &self.declared.modules[index].outputs {
                    self.output(frame, &output.labels[0].text, block.header);
                }
            }
        }
    }

    /// A variable of a module; `None` if there is none of this name, or it failed. `span` asks for it.
    pub(crate) fn input(&self, index: usize, name: &str, span: Span) -> Option<Value> {
        let frame = self.frame(index);
        let module = &self.declared.modules[frame.module];
        let variable = *module.variables.iter().find(|variable| *variable.labels[0].text == *name)?;
        let ((_, call), parent) = (module.call?, frame.parent?);
        self.lazily(&frame.inputs, self.label(index, &format!("var.{name}")), name, span, || {
            let has_default = decode::expr(&variable.body, "default").is_some();
            let given = match decode::expr(&call.body, name) {
                Some(expr) => {
                    let value = self.eval(expr, At { each: frame.each.as_deref(), ..At::frame(parent) })?;
                    (!value.is_null() || !has_default).then_some((value, expr))
                }
                // Reported where the call was decoded.
                None if !has_default => return None,
                None => None,
            };
            let (mut found, mut hidden) = (Diagnostics::new(), Vec::new());
            let from = || format!("The call of `{}`", frame.address.as_ref().map_or("", Address::name));
            let value = given.as_ref().map(|(value, _)| Given { value: value.clone(), from: from(), at: None });
            let value = variables::one(&mut found, &mut hidden, &frame.input, variable, None, value);
            self.hidden.borrow_mut().extend(hidden);
            self.within(index, || {
                for d in found {
                    self.report(match &given {
                        Some((_, expr)) => d.at(expr.span, "given here"),
                        None => d,
                    });
                }
            });
            value
        })
    }

    /// What a module gives; `None` if there is none of this name, or it failed. `span` asks for it.
    pub(crate) fn output(&self, index: usize, name: &str, span: Span) -> Option<Value> {
        let frame = self.frame(index);
        let outputs = &self.declared.modules[frame.module].outputs;
        let block = outputs.iter().find(|output| *output.labels[0].text == *name)?;
        let expr = decode::expr(&block.body, "value")?;
        self.lazily(&frame.outputs, self.label(index, name), name, span, || self.eval(expr, At::frame(index)))
    }

    fn lazily(
        &self,
        table: &Lazy,
        label: String,
        name: &str,
        span: Span,
        evaluate: impl FnOnce() -> Option<Value>,
    ) -> Option<Value> {
        let state = table.borrow().get(name).cloned();
        match state {
            Some(Known::Value(value)) => return Some(value),
            Some(Known::Failed) => return None,
            Some(Known::Running) => {
                self.circle(&label, span);
                return None;
            }
            None => {}
        }
        table.borrow_mut().insert(name.into(), Known::Running);
        // What it reads makes no edge for whoever happens to ask for it first.
        let reads = self.reads.take();
        let value = self.step(label, span, evaluate);
        self.reads.replace(reads);
        let state = value.clone().map_or(Known::Failed, Known::Value);
        table.borrow_mut().insert(name.into(), state);
        value
    }

    /// What a variable of a module that failed was given, and where that stands.
    pub(crate) fn failed_input(&self, frame: &Frame<'a>, name: &str) -> Option<(&'a Expr, usize)> {
        let is_failed = matches!(frame.inputs.borrow().get(name), Some(Known::Failed));
        let (_, call) = self.declared.modules[frame.module].call.filter(|_| is_failed)?;
        Some((decode::expr(&call.body, name)?, frame.parent?))
    }

    /// What modules that are called here under a name would give, but failed to.
    pub(crate) fn failed_outputs(&self, caller: usize, name: &str) -> Vec<(&'a Expr, usize)> {
        let frames: Vec<Rc<Frame<'a>>> = self.frames.borrow().clone();
        let called = |frame: &Frame<'a>| {
            frame.parent == Some(caller) && self.declared.modules[frame.module].name().is_some_and(|own| **own == *name)
        };
        let mut found = Vec::new();
        for (index, frame) in frames.iter().enumerate().filter(|(_, frame)| called(frame)) {
            for block in &self.declared.modules[frame.module].outputs {
                let is_failed = matches!(frame.outputs.borrow().get(&block.labels[0].text), Some(Known::Failed));
                found.extend(decode::expr(&block.body, "value").filter(|_| is_failed).map(|expr| (expr, index)));
            }
        }
        found
    }

    /// The error for a name that a module does not give.
    pub(crate) fn no_output(&self, index: usize, name: &str, span: Span) -> Diagnostic {
        let frame = self.frame(index);
        let address = frame.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let outputs = self.declared.modules[frame.module].outputs.iter().map(|output| &*output.labels[0].text);
        let d = Diagnostic::error(&codes::UNKNOWN_REFERENCE, format!("`{address}` has no output `{name}`."));
        d.at(span, "").help("only what an `output` block of the module names can be read").did_you_mean(name, outputs)
    }

    /// Whether a module has an output of this name.
    pub(crate) fn gives(&self, module: usize, name: &str) -> bool {
        self.declared.modules[module].outputs.iter().any(|output| *output.labels[0].text == *name)
    }

    /// What a list of references asks for: of a resource or module with instances all of them, of a module
    /// everything in it. `None` if one is no reference, which is reported.
    pub(crate) fn dependencies(&self, expr: &Expr, at: At<'_>) -> Option<Vec<(Address, Span)>> {
        let value = self.eval(expr, at)?;
        let Value::List(items) = &value else {
            self.report(
                crate::config::check::Misfit::shape("a list of references", &value).diagnostic("depends_on", expr),
            );
            return None;
        };
        let mut all = Some(Vec::new());
        for (i, item) in items.iter().enumerate() {
            let span = match &expr.node {
                Node::List(parts) => parts.get(i).map_or(expr.span, |part| part.span),
                _ => expr.span,
            };
            let found = match item {
                Value::Resource(address) => self.meant(address, span),
                other => {
                    let detail = format!("`depends_on` takes references to resources; this is {}.", other.shape());
                    let d = Diagnostic::error(&codes::WRONG_REFERENCE, detail).at(span, other.shape());
                    self.report(d.help("write the bare address, without quotes"));
                    None
                }
            };
            all = all.zip(found).map(|(mut all, found)| {
                all.extend(found.into_iter().map(|address| (address, span)));
                all
            });
        }
        all
    }

    /// The instances that an address stands for; `None` if it stands for nothing, which was reported.
    fn meant(&self, address: &Address, span: Span) -> Option<Vec<Address>> {
        match self.target(address, span)? {
            Target::Instance(_) => Some(vec![address.clone()]),
            Target::Keyed(_) => Some(self.keys(address).iter().map(|key| address.instance(key)).collect()),
            Target::Module(_) | Target::Modules(_) => {
                let outer = address.without_keys();
                let inside = |index: usize| {
                    let module = self::address(self.declared, self.declared.resources[index].module);
                    module.is_some_and(|module| module.is_within(&outer))
                };
                let decls = (0..self.declared.resources.len()).filter(|index| inside(*index));
                let instances = decls.map(|index| self.expand(index, span)).collect::<Option<Vec<_>>>()?;
                let all = instances.iter().flat_map(|list| list.iter()).map(|&i| self.instance(i).address.clone());
                Some(all.filter(|instance| instance.is_within(address)).collect())
            }
        }
    }

    /// What everything in a frame needs, because the calls that lead to it say so.
    pub(crate) fn needs_of_frame(&self, index: usize) -> Needs {
        let frame = self.frame(index);
        let (Some(parent), Some((_, call))) = (frame.parent, self.declared.modules[frame.module].call) else {
            return Rc::default();
        };
        if let Some(known) = &*frame.needs.borrow() {
            return known.clone();
        }
        let mut needs = self.needs_of_frame(parent).to_vec();
        if let Some(expr) = decode::expr(&call.body, "depends_on") {
            let at = At { each: frame.each.as_deref(), ..At::frame(parent) };
            let reads = self.reads.take();
            needs.extend(self.dependencies(expr, at).unwrap_or_default());
            self.reads.replace(reads);
        }
        let needs: Needs = needs.into();
        frame.needs.replace(Some(needs.clone()));
        needs
    }
}
