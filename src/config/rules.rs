//! The `rule` blocks: what a configuration itself wants of its resources. Decided here, offline, for every
//! declared resource of the kind that is meant, also for those of modules; what does not meet them is a hazard
//! of every plan.

use crate::config::blocks;
use crate::config::check::Misfit;
use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::config::resources::Built;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::desired::Broken;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use std::rc::Rc;
use std::sync::Arc;

impl Evaluation<'_> {
    /// What does not meet the rules, in the order of the rules.
    pub(crate) fn rules(&self, all: &[Rc<Built>]) -> Vec<Broken> {
        let mut broken = Vec::new();
        for block in &self.declared.rules {
            let Some(kind) = self.kind_meant(block) else { continue };
            for built in
                all.iter().filter(|built| built.resource.kind == kind && !built.resource.is_data() && !built.failed)
            {
                match self.breaks(block, &built.resource) {
                    Some(found) => broken.extend(found),
                    // What is wrong with a rule is said once.
                    None => break,
                }
            }
        }
        broken
    }

    /// The kind of resource that a rule is about.
    fn kind_meant(&self, block: &Block) -> Option<Kind> {
        let expr = decode::expr(&block.body, "match")?;
        let value = self.eval(expr, At::ROOT)?;
        let Some(word) = value.as_str() else {
            self.report(Misfit::shape("a kind of resource, such as \"secret_sync\"", &value).diagnostic("match", expr));
            return None;
        };
        let kind = Kind::from_word(word);
        if kind.is_none() {
            let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("There is no kind of resource `{word}`."));
            self.report(d.at(expr.span, "").did_you_mean(word, Kind::ALL.into_iter().map(Kind::word)));
        }
        kind
    }

    /// Whether a resource breaks a rule, and how; `None` if the rule can't be evaluated, which was reported.
    fn breaks(&self, block: &Block, resource: &Resource) -> Option<Option<Broken>> {
        let own = seen(resource);
        let at = At { own: Some(&own), ..At::ROOT };
        let require = decode::expr(&block.body, "require")?;
        let is_meant = match decode::expr(&block.body, "when") {
            Some(when) => self.holds("when", when, at)?,
            None => true,
        };
        if !is_meant || self.holds("require", require, at)? {
            return Some(None);
        }
        let message = decode::expr(&block.body, "message")?;
        let value = self.eval(message, at)?;
        let Some(text) = value.as_str() else {
            self.report(Misfit::shape("a text", &value).diagnostic("message", message));
            return None;
        };
        Some(Some(Broken {
            rule: block.labels[0].text.clone(),
            address: resource.address.clone(),
            message: text.into(),
            origin: require.span,
        }))
    }

    fn holds(&self, name: &str, expr: &Expr, at: At<'_>) -> Option<bool> {
        let value = self.eval(expr, at)?;
        if value.as_bool().is_none() {
            self.report(Misfit::shape("true or false", &value).diagnostic(name, expr));
        }
        value.as_bool()
    }
}

/// What `self` is: the attributes as they are written in the block, those that are not set as null, and what the
/// block says besides.
fn seen(resource: &Resource) -> Value {
    let mut own = Object::new();
    let form = blocks::TOP.iter().find(|form| form.kind == Some(resource.kind));
    for attr in form.iter().flat_map(|form| form.attrs()).filter(|a| !matches!(a.name, "for_each" | "depends_on")) {
        own.insert(attr.name.into(), Value::Null);
    }
    let texts = |list: &[Arc<str>]| Value::list(list.iter().cloned().map(Value::String).collect());
    // The fields of a connection stand beside its other attributes.
    let fields = resource.attrs.get("credentials").and_then(Value::as_object);
    own.extend(fields.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    own.extend(resource.attrs.iter().map(|(name, value)| (name.clone(), value.clone())));
    own.shift_remove("credentials");
    own.insert("allow".into(), texts(&resource.allow));
    let lifecycle: Object = [
        ("prevent_destroy".into(), Value::Bool(resource.lifecycle.prevent_destroy)),
        ("ignore".into(), texts(&resource.lifecycle.ignore)),
    ]
    .into();
    own.insert("lifecycle".into(), Value::object(lifecycle));
    let name = Value::string(resource.address.name());
    let labels = if resource.slug.is_empty() { vec![name] } else { vec![Value::String(resource.slug.clone()), name] };
    own.insert("labels".into(), Value::list(labels));
    own.insert("address".into(), Value::string(resource.address.to_string()));
    Value::object(own)
}
