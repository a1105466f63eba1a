//! Instances → resources: attributes evaluated, converted to their types, defaults applied. What each
//! kind demands beyond types is in [`kinds`](crate::config::kinds).

use crate::config::Extent;
use crate::config::blocks;
use crate::config::blocks::Ty;
use crate::config::check;
use crate::config::decode;
use crate::config::decode::Decl;
use crate::config::evaluate::Evaluation;
use crate::config::expand::Instance;
use crate::config::expand::State;
use crate::config::frames::At;
use crate::config::names::Bad;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::resource::Lifecycle;
use crate::model::resource::Origin;
use crate::model::resource::Resource;
use crate::model::schema::Field;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// An evaluated instance.
pub(crate) struct Built {
    /// The resource; attributes that failed are missing.
    pub(crate) resource: Resource,
    /// Whether something failed.
    pub(crate) failed: bool,
    /// What its expressions refer to.
    pub(crate) needs: Vec<(Address, Span)>,
}

/// An instance while it is evaluated.
pub(crate) struct Builder<'e, 'a> {
    pub(crate) ev: &'e Evaluation<'a>,
    pub(crate) decl: &'a Decl<'a>,
    pub(crate) instance: &'e Instance,
    pub(crate) attrs: Attrs,
    pub(crate) spans: BTreeMap<Arc<str>, Span>,
    pub(crate) needs: Vec<(Address, Span)>,
    pub(crate) failed: bool,
}

/// The attributes of a sync that `ignore` may name: what it does does not follow from them.
const IGNORABLE_OF_A_SYNC: [&str; 3] = ["auto_sync", "description", "timeout"];

impl Evaluation<'_> {
    /// The resource of an instance; `None` in a circle, which is reported. `span` asks for it.
    pub(crate) fn build(&self, index: usize, span: Span) -> Option<Rc<Built>> {
        let instance = self.instance(index);
        let state = instance.state.borrow().clone();
        match state {
            State::Done(built) => return Some(built),
            State::Running => {
                self.circle(&instance.address.to_string(), span);
                return None;
            }
            State::Not => {}
        }
        *instance.state.borrow_mut() = State::Running;
        let reads = self.reads.take();
        let built = self.step(instance.address.to_string(), span, || {
            let mut builder = Builder {
                ev: self,
                decl: self.decl(instance.decl),
                instance: &instance,
                attrs: Attrs::new(),
                spans: BTreeMap::new(),
                needs: Vec::new(),
                failed: false,
            };
            self.leniently(false, || {
                self.within(instance.frame, || {
                    builder.attributes();
                    builder.kind();
                    Rc::new(builder.finish())
                })
            })
        });
        self.reads.replace(reads);
        *instance.state.borrow_mut() = State::Done(built.clone());
        Some(built)
    }
}

impl<'a> Builder<'_, 'a> {
    fn attributes(&mut self) {
        let form = self.decl.form;
        for attr in &self.decl.block.body.attrs {
            let Some(known) = form.attr(&attr.name) else { continue };
            // Evaluated elsewhere: `for_each`, and the environments of a folder, before there are instances.
            let is_apart = known.name == "environments" && self.decl.kind == Kind::Folder;
            if matches!(known.name, "for_each" | "depends_on" | "allow") || is_apart {
                continue;
            }
            // Reported as out of place.
            if known.name == "project" && self.instance.parent.is_some() {
                continue;
            }
            self.spans.insert(attr.name.clone(), attr.expr.span);
            let ev = self.ev;
            let lenient = match ev.input.extent {
                Extent::End | Extent::Graph => {
                    known.name == "description" || (matches!(known.ty, Ty::Secret) && self.decl.kind == Kind::Secret)
                }
                Extent::All | Extent::Used | Extent::Backend => false,
            };
            match ev.leniently(lenient, || self.typed(known.name, known.ty, &attr.expr)) {
                Some(Value::Null) if known.required => {
                    let detail = format!("`{}` must be set, and this is null.", known.name);
                    self.report(Diagnostic::error(&codes::REQUIRED, detail).at(attr.expr.span, "null"));
                }
                Some(Value::Null) => {
                    self.spans.remove(&attr.name);
                }
                Some(value) => {
                    self.attrs.insert(attr.name.clone(), value);
                }
                None => self.failed = true,
            }
        }
        if let Some(parent) = self.instance.parent {
            let address = self.ev.instance(parent).address.clone();
            self.attrs.insert("project".into(), Value::Resource(Arc::new(address)));
        }
        // What is missing was reported once for the block, when it was decoded.
        let required = form.attrs().filter(|attr| attr.required && !self.attrs.contains_key(attr.name));
        self.failed |= required.count() > 0;
    }

    fn finish(mut self) -> Built {
        let allow = self
            .texts("allow")
            .into_iter()
            .map(|(text, span)| self.ev.hazard(text, span))
            .collect::<Vec<_>>()
            .into_iter()
            .flatten()
            .collect();
        let depends_on = decode::expr(&self.decl.block.body, "depends_on");
        if let Some(expr) = depends_on {
            match self.ev.dependencies(expr, self.at()) {
                Some(needs) => self.needs.extend(needs),
                None => self.failed = true,
            }
            self.needs.extend(self.ev.reads.take());
        }
        self.needs.extend(self.ev.needs_of_frame(self.instance.frame).iter().cloned());
        let lifecycle = self.lifecycle();
        Built {
            resource: Resource {
                address: self.instance.address.clone(),
                kind: self.decl.kind,
                slug: self.slug(),
                attrs: self.attrs,
                lifecycle,
                allow,
                origin: Origin { block: self.decl.block.header, attrs: self.spans },
            },
            failed: self.failed,
            needs: self.needs,
        }
    }

    /// The first label of kinds that have two; of a connection that is looked up, the attribute `app`.
    fn slug(&self) -> Arc<str> {
        let app =
            self.attrs.get("app").and_then(check::text).filter(|_| self.decl.kind.data_word() == Some(self.decl.word));
        app.unwrap_or_else(|| self.decl.slug.clone())
    }

    /// Reports a problem of this instance.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.failed |= diagnostic.severity == Severity::Error;
        self.ev.report(diagnostic);
    }

    /// Where its expressions stand.
    fn at(&self) -> At<'_> {
        At { each: self.instance.each.as_deref(), ..At::frame(self.instance.frame) }
    }

    /// Evaluates an expression and notes what it reads.
    pub(crate) fn eval(&mut self, expr: &Expr) -> Option<Value> {
        let value = self.ev.eval(expr, self.at());
        self.needs.extend(self.ev.reads.take());
        if value.is_none() {
            self.failed = true;
        }
        value
    }

    /// Evaluates what a manifest declares: fields of a connection, of a destination, options.
    pub(crate) fn fields(&mut self, body: &Body, fields: &[&Field], prefix: &str) -> crate::model::attrs::Object {
        let mut out = crate::model::attrs::Object::new();
        for field in fields {
            let written = body.attrs.iter().find(|attr| attr.name == field.name);
            let mut value = None;
            if let Some(attr) = written {
                self.spans.insert(format!("{prefix}{}", attr.name).into(), attr.expr.span);
                let ev = self.ev;
                let got = ev.leniently(ev.input.extent == Extent::Graph, || match field.sensitive {
                    true => self.secret(&attr.name, &attr.expr),
                    false => self.eval(&attr.expr).and_then(|value| match value {
                        Value::Null => Some(value),
                        _ => self.fit(&attr.name, &value, &field.ty, &attr.expr),
                    }),
                });
                match got {
                    Some(got) => value = Some(got).filter(|value| !value.is_null()),
                    None => {
                        self.failed = true;
                        continue;
                    }
                }
            }
            if value.is_none() && field.required && field.default.is_none() {
                let detail = format!("`{}` needs `{}`.", self.instance.address, field.name);
                let d = Diagnostic::error(&codes::REQUIRED, detail);
                self.report(match written {
                    Some(attr) => d.at(attr.expr.span, "null"),
                    None => d.at(self.decl.block.header, format!("`{}` is not set", field.name)),
                });
                continue;
            }
            if let Some(value) = value.or_else(|| field.default.clone()) {
                out.insert(field.name.clone(), value);
            }
        }
        out
    }

    /// Checks a name that the backend has rules for; `label` stands for one that was not written.
    pub(crate) fn name_rule(&mut self, attr: &str, rule: impl Fn(&str) -> Result<(), Bad>) {
        let Some(text) = self.attrs.get(attr).and_then(Value::as_str) else { return };
        let Err(bad) = rule(text) else { return };
        let written = self.spans.get(attr).copied();
        let d = Diagnostic::error(&codes::BAD_NAME, format!("`{attr}` of `{}` {}.", self.instance.address, bad.why))
            .at(written.unwrap_or(self.decl.name_span), if written.is_some() { "" } else { "taken from the label" });
        self.report(match (bad.help, written) {
            (Some(help), Some(_)) => d.help(help),
            (Some(help), None) => d.help(format!("set `{attr}`, {help}")),
            (None, Some(_)) => d,
            (None, None) => d.help(format!("set `{attr}`")),
        });
    }

    /// Sets an attribute that was not written.
    pub(crate) fn default(&mut self, attr: &str, value: impl FnOnce(&Self) -> Value) {
        if !self.attrs.contains_key(attr) && !self.spans.contains_key(attr) {
            let value = value(self);
            self.attrs.insert(attr.into(), value);
        }
    }

    /// The texts of a list attribute that is not stored, with where each stands.
    fn texts(&mut self, name: &str) -> Vec<(Arc<str>, Span)> {
        let Some(expr) = decode::expr(&self.decl.block.body, name) else { return Vec::new() };
        let Some(value) = self.typed(name, Ty::Strings, expr) else { return Vec::new() };
        let place = |i: usize| match &expr.node {
            Node::List(parts) => parts.get(i).map_or(expr.span, |part| part.span),
            _ => expr.span,
        };
        let items = value.as_list().unwrap_or_default();
        items.iter().enumerate().filter_map(|(i, item)| Some((check::text(item)?, place(i)))).collect()
    }

    fn lifecycle(&mut self) -> Lifecycle {
        let mut out = Lifecycle::default();
        let Some(block) = self.decl.block.body.blocks.iter().find(|block| &*block.kind == "lifecycle") else {
            return out;
        };
        if let Some(expr) = decode::expr(&block.body, "prevent_destroy") {
            let value = self.typed("prevent_destroy", Ty::Bool, expr);
            out.prevent_destroy = value.and_then(|v| v.as_bool()).unwrap_or(false);
        }
        let Some(expr) = decode::expr(&block.body, "ignore") else { return out };
        let Node::List(items) = &expr.node else {
            self.report(
                Diagnostic::error(&codes::WRONG_TYPE, "`ignore` takes a list of names of attributes.")
                    .at(expr.span, ""),
            );
            return out;
        };
        let form = self.decl.form;
        for item in items {
            let (Node::Name(name) | Node::String(name)) = &item.node else {
                self.report(
                    Diagnostic::error(&codes::WRONG_TYPE, "`ignore` takes names of attributes.").at(item.span, ""),
                );
                continue;
            };
            let known = form.attr(name).is_some() || form.block(name).is_some() || form.open != blocks::Open::No;
            if known && form.word == Kind::SecretSync.word() && !IGNORABLE_OF_A_SYNC.contains(&&**name) {
                let detail = format!("What a sync does follows from `{name}`, so that a plan has to know it.");
                let help = "declare what it is to be; what a sync says only of itself can be ignored: `auto_sync`, `description`";
                self.report(Diagnostic::error(&codes::NOT_IGNORABLE, detail).at(item.span, "").help(help));
            } else if known {
                out.ignore.push(name.clone());
            } else {
                let d = Diagnostic::error(
                    &codes::UNEXPECTED,
                    format!("{} `{}` has no attribute `{name}`.", decode::article(form.word), form.word),
                );
                self.report(d.at(item.span, "").did_you_mean(name, form.attrs().map(|attr| attr.name)));
            }
        }
        out
    }
}
