//! References: what a bare address, and an attribute read from one, stand for.

use crate::config::blocks;
use crate::config::evaluate::Evaluation;
use crate::config::evaluate::Target;
use crate::config::expand::Expanded;
use crate::config::expand::Instance;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::nearest;
use crate::diag::source::Span;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::sync::Arc;

impl Evaluation<'_> {
    /// What an address means; `None` if its declaration failed, or there is none, which is reported then.
    pub(crate) fn target(&self, address: &Address, span: Span) -> Option<Target> {
        if let Some(target) = self.targets.borrow().get(address) {
            return Some(*target);
        }
        let stripped = address.without_keys();
        match (self.index.get(&stripped), self.modules.get(&stripped)) {
            (Some(&index), _) => drop(self.expand(index, span)?),
            (None, Some(&module)) => drop(self.expand_module(module, span)?),
            (None, None) => return None,
        }
        let found = self.targets.borrow().get(address).copied();
        if found.is_none() {
            self.report(self.no_instance(address, span));
        }
        found
    }

    /// An attribute of a resource, an instance of one, or the resources nested in a project: what the
    /// evaluator asks for when it meets a step after a reference.
    pub(crate) fn attribute(&self, address: &Address, name: &str, span: Span) -> Result<Value, Diagnostic> {
        match self.target(address, span) {
            None => Err(self.poison(span)),
            Some(Target::Keyed(decl)) => {
                let instance = address.instance(name);
                if self.targets.borrow().contains_key(&instance) {
                    return Ok(Value::Resource(Arc::new(instance)));
                }
                Err(match self.decl(decl).form.attr(name).is_some() || blocks::COMPUTED.contains(&name) {
                    true => self.needs_key(address, span),
                    false => self.no_instance(&instance, span),
                })
            }
            Some(Target::Modules(module)) => {
                let instance = address.instance(name);
                match self.targets.borrow().contains_key(&instance) {
                    true => Ok(Value::Resource(Arc::new(instance))),
                    false if self.gives(module, name) => Err(self.needs_key(address, span)),
                    false => Err(self.no_instance(&instance, span)),
                }
            }
            Some(Target::Module(frame)) if !self.gives(self.frame(frame).module, name) => {
                Err(self.no_output(frame, name, span))
            }
            Some(Target::Module(frame)) => self.output(frame, name, span).ok_or_else(|| self.poison(span)),
            Some(Target::Instance(index)) => {
                let instance = self.instance(index);
                match Kind::from_word(name).filter(|kind| self.nests(&instance, *kind)) {
                    Some(kind) => Ok(self.nested(&instance, kind)),
                    None => self.read(index, &instance, name, span),
                }
            }
        }
    }

    fn nests(&self, instance: &Instance, kind: Kind) -> bool {
        let form = self.decl(instance.decl).form;
        form.blocks().any(|inner| inner.kind == Some(kind))
    }

    /// The resources of a kind that are nested in a project, by name.
    fn nested(&self, instance: &Instance, kind: Kind) -> Value {
        let key = (instance.address.clone(), kind);
        if let Some(known) = self.nested.borrow().get(&key) {
            return known.clone();
        }
        let children = self.decl(instance.decl).children.iter().map(|&child| self.decl(child));
        let named = children.filter(|child| child.kind == kind).map(|child| {
            let address = instance.address.child(kind.word(), &child.name);
            (child.name.clone(), Value::Resource(Arc::new(address)))
        });
        let all = Value::object(named.collect::<Object>());
        self.nested.borrow_mut().insert(key, all.clone());
        all
    }

    /// An attribute that the configuration declares.
    fn read(&self, index: usize, instance: &Instance, name: &str, span: Span) -> Result<Value, Diagnostic> {
        let address = &instance.address;
        let form = self.decl(instance.decl).form;
        if blocks::COMPUTED.contains(&name) {
            let detail = format!("`{name}` of `{address}` is made by the backend; a configuration can't read it.");
            return Err(Diagnostic::error(&codes::COMPUTED, detail)
                .at(span, "")
                .help(format!("pass the resource itself: `{address}`")));
        }
        let Some(built) = self.build(index, span) else { return Err(self.poison(span)) };
        let attrs = &built.resource.attrs;
        let credentials = attrs.get("credentials").and_then(Value::as_object);
        let found = attrs.get(name).or_else(|| credentials?.get(name));
        if let Some(value) = found {
            self.reads.borrow_mut().push((address.clone(), span));
            return Ok(value.clone());
        }
        if built.failed {
            return Err(self.poison(span));
        }
        let meta = ["for_each", "depends_on", "allow"];
        if form.attr(name).is_some() && !meta.contains(&name) {
            return Ok(Value::Null);
        }
        let known: Vec<&str> = form
            .attrs()
            .map(|attr| attr.name)
            .filter(|name| !meta.contains(name))
            .chain(form.blocks().filter(|_| instance.parent.is_none()).map(|form| form.word))
            .chain(credentials.into_iter().flat_map(Object::keys).map(|key| &**key))
            .collect();
        Err(Diagnostic::error(&codes::UNKNOWN_REFERENCE, format!("`{address}` has no attribute `{name}`."))
            .at(span, "")
            .did_you_mean(name, known))
    }

    /// Notes that what is asked for failed before. The diagnostic is dropped by who notices the note.
    fn poison(&self, span: Span) -> Diagnostic {
        self.poisoned.set(true);
        Diagnostic::error(&codes::UNKNOWN_REFERENCE, "This could not be evaluated.").at(span, "")
    }

    /// The error for an address without a key where there are several instances.
    pub(crate) fn needs_key(&self, address: &Address, span: Span) -> Diagnostic {
        let d = Diagnostic::error(&codes::INSTANCE_KEY, format!("`{address}` has instances; one must be named."))
            .at(span, "which one?");
        match self.keys(address).first() {
            Some(key) => d.help(format!("for example `{}`", address.instance(key))),
            None => d.help("it has no instance at all: its `for_each` is empty"),
        }
    }

    fn no_instance(&self, address: &Address, span: Span) -> Diagnostic {
        let base = address.without_key();
        let keys = self.keys(&base);
        let d = Diagnostic::error(&codes::INSTANCE_KEY, format!("There is no instance `{address}`.")).at(span, "");
        let key = address.key().unwrap_or_default();
        match nearest(key, keys.iter().map(|key| &**key)) {
            Some(near) => d.help(format!("did you mean `{}`?", base.instance(near))),
            None if keys.is_empty() => d,
            None => {
                let shown = keys.iter().take(8).map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
                let more = if keys.len() > 8 { format!(" and {} more", keys.len() - 8) } else { String::new() };
                d.help(format!("its keys are {shown}{more}"))
            }
        }
    }

    /// Whether a block declares an address, though it may have no instance.
    pub(crate) fn is_declared(&self, address: &Address) -> bool {
        address.without_keys() == *address && (self.index.contains_key(address) || self.modules.contains_key(address))
    }

    /// The keys of the instances of an address without a key.
    pub(crate) fn keys(&self, base: &Address) -> Vec<Arc<str>> {
        if let Some(&module) = self.modules.get(&base.without_keys()) {
            let Expanded::Known(all) = self.expanded_modules.borrow()[module].clone() else { return Vec::new() };
            let addresses = all.iter().filter_map(|&frame| self.frame(frame).address.clone());
            let here = addresses.filter(|address| address.without_key() == *base);
            return here.filter_map(|address| address.key().map(Arc::from)).collect();
        }
        let Some(&index) = self.index.get(&base.without_keys()) else { return Vec::new() };
        let Expanded::Known(all) = self.expanded.borrow()[index].clone() else {
            return Vec::new();
        };
        let instances = all.iter().map(|&instance| self.instance(instance));
        let here = instances.filter(|instance| instance.address.without_key() == *base);
        here.filter_map(|instance| instance.address.key().map(Arc::from)).collect()
    }
}
