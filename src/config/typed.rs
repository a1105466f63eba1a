//! Attributes by their types in the table: evaluated, converted, references looked up, secrets kept apart.

use crate::config::blocks::Ty;
use crate::config::check;
use crate::config::check::Misfit;
use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::config::evaluate::Target;
use crate::config::refs;
use crate::config::resources::Builder;
use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::model::address::Address;
use crate::model::attrs::Object;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::schema::Type;
use crate::secret::Secret;
use std::sync::Arc;

impl Builder<'_, '_> {
    /// Evaluates an attribute of a type of the table. `None` if it has no such value, which is reported.
    pub(crate) fn typed(&mut self, name: &str, ty: Ty, expr: &Expr) -> Option<Value> {
        if ty == Ty::Secret {
            return self.secret(name, expr);
        }
        let value = self.eval(expr)?;
        if value.is_null() {
            return Some(value);
        }
        match ty {
            Ty::Ref(kind) => self.reference(name, kind, &value, expr),
            Ty::Environment => match value {
                Value::Resource(_) => self.slug_of(name, Kind::Environment, &value, expr),
                _ => self.fit(name, &value, &Type::String, expr),
            },
            Ty::Template => match value {
                Value::Resource(_) => self.reference(name, Kind::KeySchema, &value, expr),
                _ => self.fit(name, &value, &Type::String, expr),
            },
            Ty::Tags => self.tags(name, &value, expr),
            Ty::Integer(low, high) => self.integer(name, &value, low, high, expr),
            Ty::Bool => self.fit(name, &value, &Type::Bool, expr),
            Ty::Strings => self.fit(name, &value, &Type::List(Box::new(Type::String)), expr),
            Ty::Map => self.fit(name, &value, &Type::Map(Box::new(Type::String)), expr),
            Ty::OneOf(words) => {
                self.fit(name, &value, &Type::OneOf(words.iter().map(|word| (*word).into()).collect()), expr)
            }
            Ty::Any => self.fit(name, &value, &Type::Any, expr),
            Ty::String => self.fit(name, &value, &Type::String, expr),
            Ty::Place => self.place(name, &value, expr),
            // Not values of resources.
            Ty::Refs | Ty::Secret | Ty::Address | Ty::Each | Ty::Type | Ty::Condition => None,
        }
    }

    pub(crate) fn fit(&mut self, name: &str, value: &Value, ty: &Type, expr: &Expr) -> Option<Value> {
        check::fit(value, ty).map_err(|misfit| self.report(misfit.diagnostic(name, expr))).ok()
    }

    fn integer(&mut self, name: &str, value: &Value, low: i64, high: i64, expr: &Expr) -> Option<Value> {
        let Some(number) = check::number(value) else {
            self.report(Misfit::shape("a whole number", value).diagnostic(name, expr));
            return None;
        };
        match number.as_i64() {
            Some(n) if (low..=high).contains(&n) => Some(Value::int(n)),
            _ => {
                let detail = format!("`{name}` is a whole number from {low} to {high}.");
                self.report(Diagnostic::error(&codes::NOT_ALLOWED, detail).at(expr.span, "out of range"));
                None
            }
        }
    }

    /// `{ environment = …, path = … }`, with the path's default.
    fn place(&mut self, name: &str, value: &Value, expr: &Expr) -> Option<Value> {
        let Value::Object(fields) = value else {
            self.report(
                Misfit::shape("an object: `{ environment = \"…\", path = \"…\" }`", value).diagnostic(name, expr),
            );
            return None;
        };
        let fields = &**fields;
        let mut out = Object::new();
        for (key, value) in fields {
            let fitted = match (&**key, value) {
                ("environment", Value::Resource(_)) => self.slug_of(name, Kind::Environment, value, expr)?,
                ("environment" | "path", Value::Null) => continue,
                ("environment" | "path", _) => self.fit(&format!("{name}.{key}"), value, &Type::String, expr)?,
                _ => {
                    let d = Diagnostic::error(&codes::UNEXPECTED, format!("`{name}` has no field `{key}`."));
                    self.report(d.at(expr.span, "").did_you_mean(key, ["environment", "path"]));
                    return None;
                }
            };
            out.insert(key.clone(), fitted);
        }
        if !out.contains_key("environment") {
            let d = Diagnostic::error(&codes::REQUIRED, format!("`{name}` needs the field `environment`."));
            self.report(d.at(expr.span, ""));
            return None;
        }
        Some(Value::object(out))
    }

    fn tags(&mut self, name: &str, value: &Value, expr: &Expr) -> Option<Value> {
        let Value::List(items) = value else {
            self.report(Misfit::shape("a list of tags", value).diagnostic(name, expr));
            return None;
        };
        let mut slugs: Vec<Arc<str>> = Vec::with_capacity(items.len());
        for item in items.iter() {
            let slug = match item {
                Value::Resource(_) => self.slug_of(name, Kind::Tag, item, expr)?,
                _ => self.fit(name, item, &Type::String, expr)?,
            };
            slugs.extend(check::text(&slug));
        }
        slugs.sort();
        slugs.dedup();
        Some(Value::list(slugs.into_iter().map(Value::String).collect()))
    }

    /// The slug of the environment or tag that a value refers to.
    fn slug_of(&mut self, name: &str, kind: Kind, value: &Value, expr: &Expr) -> Option<Value> {
        let Value::Resource(address) = self.reference(name, kind, value, expr)? else { return None };
        let Some(Target::Instance(index)) = self.ev.target(&address, expr.span) else { return None };
        let built = self.ev.build(index, expr.span)?;
        built.resource.attrs.get("slug").cloned()
    }

    /// A reference to an instance of a resource of a kind; notes that it is needed.
    fn reference(&mut self, name: &str, kind: Kind, value: &Value, expr: &Expr) -> Option<Value> {
        let Value::Resource(address) = value else {
            let d = match value {
                Value::Source(_) | Value::Secret(_) => Misfit::shape("", value).diagnostic(name, expr),
                _ => Diagnostic::error(
                    &codes::WRONG_REFERENCE,
                    format!("`{name}` takes a reference to {}; this is {}.", article(kind), value.shape()),
                )
                .at(expr.span, value.shape()),
            };
            let known = value.as_str().filter(|text| self.ev.index.contains_key(&Address::new(kind.word(), text)));
            self.report(match known {
                Some(text) => {
                    d.help(format!("write the bare address, without quotes: `{}`", Address::new(kind.word(), text)))
                }
                None => d.help(format!("write the bare address: `{kind}.<name>`")),
            });
            return None;
        };
        if address.kind() != kind.word() {
            let detail = format!("`{name}` takes a reference to {}; `{address}` is none.", article(kind));
            self.report(Diagnostic::error(&codes::WRONG_REFERENCE, detail).at(expr.span, ""));
            return None;
        }
        match self.ev.target(address, expr.span) {
            Some(Target::Instance(_)) => {
                self.needs.push((Address::clone(address), expr.span));
                Some(value.clone())
            }
            Some(Target::Keyed(_)) => {
                let d = self.ev.needs_key(address, expr.span);
                self.report(d);
                None
            }
            None => {
                self.failed = true;
                None
            }
        }
    }

    /// A secret attribute: a source, or a literal, which is frowned upon.
    pub(crate) fn secret(&mut self, name: &str, expr: &Expr) -> Option<Value> {
        self.ev.hidden.borrow_mut().extend(refs::literals(expr));
        if self.ev.is_bare(expr) {
            // Perhaps the secret itself: what it says is not repeated.
            self.ev.hidden.borrow_mut().push(expr.span);
            let detail = format!("`{name}` is a secret, and this is neither a source nor a reference.");
            let d = Diagnostic::error(&codes::UNKNOWN_NAME, detail).at(expr.span, "");
            self.report(d.help("write a source such as `secret_env(\"NAME\")`; a text needs quotes"));
            return None;
        }
        let value = self.eval(expr)?;
        match &value {
            Value::Null => Some(value),
            Value::Source(source) => {
                if matches!(**source, SecretSource::Random { .. }) && self.decl.kind != Kind::Secret {
                    let detail = format!("`{name}` can't be made at random: nothing here would keep it.");
                    self.report(
                        Diagnostic::error(&codes::SECRET_PLACE, detail)
                            .at(expr.span, "")
                            .help("declare a `secret` with it, and refer to that with `secret_stored`"),
                    );
                    return None;
                }
                if let Some(warning) = source::exposed(source, &self.ev.input.dir) {
                    self.ev.report(warning.at(expr.span, "readable by others"));
                }
                Some(value)
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                let text = check::text(&value).unwrap_or_default();
                let detail = format!("`{name}` of `{}` is a secret, and plain text here.", self.instance.address);
                self.report(self.ev.literal(detail, expr.span));
                Some(Value::Source(Arc::new(SecretSource::Literal(Secret::new((*text).to_owned())))))
            }
            other => {
                let d = Misfit::shape("a secret source", other).diagnostic(name, expr);
                self.report(d.help("for example `secret_env(\"NAME\")`"));
                None
            }
        }
    }
}

impl Evaluation<'_> {
    /// The warning about a literal secret, an error where the user is strict.
    pub(crate) fn literal(&self, detail: String, span: Span) -> Diagnostic {
        let d = match self.input.strict {
            true => Diagnostic::error(&codes::LITERAL_SECRET, detail),
            false => Diagnostic::warning(&codes::LITERAL_SECRET, detail),
        };
        d.at(span, "").help("use `secret_env(\"NAME\")` or another source, or a `sensitive` variable")
    }
}

fn article(kind: Kind) -> String {
    format!("{} `{kind}`", decode::article(kind.word()).to_lowercase())
}
