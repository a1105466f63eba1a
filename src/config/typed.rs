//! Attributes by their types in the table: evaluated, converted, references looked up, secrets kept apart.

use crate::config::blocks::Attribute;
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
use crate::lang::ast::Key;
use crate::lang::ast::Node;
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
        if matches!(ty, Ty::Secret) {
            return self.secret(name, expr);
        }
        let value = self.eval(expr)?;
        if value.is_null() {
            return Some(value);
        }
        self.converted(name, ty, value, expr)
    }

    /// A value as a type of the table has it.
    fn converted(&mut self, name: &str, ty: Ty, value: Value, expr: &Expr) -> Option<Value> {
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
            Ty::Objects(attrs) => self.objects(name, attrs, &value, expr),
            Ty::Roles => self.roles(name, &value, expr),
            Ty::NameOf(kind) => match value {
                Value::Resource(_) => self.attribute_of(name, kind, "name", &value, expr),
                _ => self.fit(name, &value, &Type::String, expr),
            },
            Ty::TextOrSecret => match value {
                Value::Source(_) => self.secret(name, expr),
                _ => {
                    let text = check::text(&self.fit(name, &value, &Type::String, expr)?)?;
                    Some(Value::Source(Arc::new(SecretSource::Literal(Secret::new((*text).to_owned())))))
                }
            },
            // Not values of resources.
            Ty::Refs | Ty::Secret | Ty::Path | Ty::Address | Ty::Each | Ty::Type | Ty::Condition => None,
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

    /// A list of objects, each with the fields of a table.
    fn objects(&mut self, name: &str, attrs: &'static [Attribute], value: &Value, expr: &Expr) -> Option<Value> {
        let Value::List(items) = value else {
            self.report(Misfit::shape("a list of objects", value).diagnostic(name, expr));
            return None;
        };
        let items = items.iter().enumerate().map(|(i, item)| {
            let expr = item_of(expr, i);
            let name = format!("{name}[{i}]");
            let Value::Object(fields) = item else {
                self.report(Misfit::shape("an object", item).diagnostic(&name, expr));
                return None;
            };
            self.object(&name, attrs, fields, expr)
        });
        // All of them, so that every problem is told.
        let items: Vec<Option<Value>> = items.collect();
        Some(Value::list(items.into_iter().collect::<Option<_>>()?))
    }

    fn object(&mut self, name: &str, attrs: &'static [Attribute], fields: &Object, expr: &Expr) -> Option<Value> {
        let mut out = Object::new();
        let mut is_good = true;
        for unknown in fields.keys().filter(|field| attrs.iter().all(|attr| *attr.name != ***field)) {
            let d = Diagnostic::error(&codes::UNEXPECTED, format!("`{name}` has no field `{unknown}`."));
            self.report(d.at(expr.span, "").did_you_mean(unknown, attrs.iter().map(|attr| attr.name)));
            is_good = false;
        }
        for attr in attrs {
            match fields.get(attr.name).filter(|value| !value.is_null()) {
                None if attr.required => {
                    let detail = format!("`{name}` needs the field `{}`.", attr.name);
                    self.report(Diagnostic::error(&codes::REQUIRED, detail).at(expr.span, ""));
                    is_good = false;
                }
                None => {}
                Some(value) => {
                    let full = format!("{name}.{}", attr.name);
                    match self.converted(&full, attr.ty, value.clone(), field_of(expr, attr.name)) {
                        Some(value) => {
                            out.insert(attr.name.into(), value);
                        }
                        None => is_good = false,
                    }
                }
            }
        }
        is_good.then(|| Value::object(out))
    }

    /// Roles of a member: slugs, or objects for those that it has for a while; sorted.
    fn roles(&mut self, name: &str, value: &Value, expr: &Expr) -> Option<Value> {
        let Value::List(items) = value else {
            self.report(Misfit::shape("a list of roles", value).diagnostic(name, expr));
            return None;
        };
        let mut roles = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let (name, expr) = (format!("{name}[{i}]"), item_of(expr, i));
            roles.push(match item {
                Value::Object(fields) => self.temporary_role(&name, fields, expr)?,
                other => self.role(&name, other, expr)?,
            });
        }
        roles.sort_by(|a, b| role_slug(a).cmp(&role_slug(b)));
        if roles.is_empty() {
            let detail = format!("`{name}` needs at least one role.");
            self.report(Diagnostic::error(&codes::REQUIRED, detail).at(expr.span, "empty").help("`no-access` is one"));
        }
        if let Some(twice) = roles.windows(2).find(|pair| role_slug(&pair[0]) == role_slug(&pair[1])) {
            let detail = format!("`{name}` has `{}` twice.", role_slug(&twice[0]).unwrap_or_default());
            self.report(Diagnostic::error(&codes::NOT_ALLOWED, detail).at(expr.span, ""));
        }
        Some(Value::list(roles))
    }

    fn role(&mut self, name: &str, value: &Value, expr: &Expr) -> Option<Value> {
        match value {
            Value::Resource(_) => self.slug_of(name, Kind::ProjectRole, value, expr),
            _ => self.fit(name, value, &Type::String, expr),
        }
    }

    fn temporary_role(&mut self, name: &str, fields: &Object, expr: &Expr) -> Option<Value> {
        const FIELDS: [&str; 3] = ["role", "range", "start"];
        let mut out = Object::new();
        for field in FIELDS {
            let Some(value) = fields.get(field).filter(|value| !value.is_null()) else {
                let detail = format!("`{name}` needs the field `{field}`.");
                let d = Diagnostic::error(&codes::REQUIRED, detail).at(expr.span, "");
                self.report(d.help("{ role = \"admin\", range = \"8h\", start = \"2026-01-01T00:00:00Z\" }"));
                return None;
            };
            let (name, expr) = (format!("{name}.{field}"), field_of(expr, field));
            let value = match field {
                "role" => self.role(&name, value, expr)?,
                _ => self.fit(&name, value, &Type::String, expr)?,
            };
            if field == "start" {
                let Some(time) = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()) else {
                    let detail = format!("`{name}` is a time such as `2026-01-01T00:00:00Z`.");
                    self.report(Diagnostic::error(&codes::NOT_ALLOWED, detail).at(expr.span, "no such time"));
                    return None;
                };
                out.insert(field.into(), Value::string(time.to_string()));
                continue;
            }
            out.insert(field.into(), value);
        }
        if let Some(unknown) = fields.keys().find(|field| !FIELDS.contains(&&***field)) {
            let d = Diagnostic::error(&codes::UNEXPECTED, format!("`{name}` has no field `{unknown}`."));
            self.report(d.at(expr.span, "").did_you_mean(unknown, FIELDS));
            return None;
        }
        Some(Value::object(out))
    }

    /// The slug of the environment, tag or role that a value refers to.
    fn slug_of(&mut self, name: &str, kind: Kind, value: &Value, expr: &Expr) -> Option<Value> {
        self.attribute_of(name, kind, "slug", value, expr)
    }

    /// An attribute of the resource that a value refers to.
    fn attribute_of(&mut self, name: &str, kind: Kind, attr: &str, value: &Value, expr: &Expr) -> Option<Value> {
        let Value::Resource(address) = self.reference(name, kind, value, expr)? else { return None };
        let Some(Target::Instance(index)) = self.ev.target(&address, expr.span) else { return None };
        let built = self.ev.build(index, expr.span)?;
        built.resource.attrs.get(attr).cloned()
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
        if Kind::of(address) != Some(kind) {
            let detail = format!("`{name}` takes a reference to {}; `{address}` is none.", article(kind));
            self.report(Diagnostic::error(&codes::WRONG_REFERENCE, detail).at(expr.span, ""));
            return None;
        }
        match self.ev.target(address, expr.span) {
            Some(Target::Instance(_)) => {
                self.needs.push((Address::clone(address), expr.span));
                Some(value.clone())
            }
            Some(Target::Keyed(_) | Target::Module(_) | Target::Modules(_)) => {
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

/// The expression of an item, if it is written out.
fn item_of(expr: &Expr, i: usize) -> &Expr {
    match &expr.node {
        Node::List(items) => items.get(i).unwrap_or(expr),
        _ => expr,
    }
}

/// The expression of a field, if it is written out.
fn field_of<'e>(expr: &'e Expr, name: &str) -> &'e Expr {
    let Node::Object(fields) = &expr.node else { return expr };
    let found = fields.iter().find(|(key, _)| match key {
        Key::Name(field, _) | Key::Expr(Expr { node: Node::String(field), .. }) => **field == *name,
        Key::Expr(_) => false,
    });
    found.map_or(expr, |(_, value)| value)
}

/// What a role is called, whether it is for ever or for a while.
/// The slug that an entry of `roles` names, alone or for a while; none of one that refers to a role.
pub(crate) fn role_slug(role: &Value) -> Option<&str> {
    match role {
        Value::Object(fields) => fields.get("role").and_then(Value::as_str),
        other => other.as_str(),
    }
}

fn article(kind: Kind) -> String {
    format!("{} `{kind}`", decode::article(kind.word()).to_lowercase())
}
