//! Does a value fit a type? Safe conversions as in Terraform: numbers and truth values become texts,
//! texts that are written like numbers or truth values become those. Nothing else converts, and a
//! secret never fits anything plain. What is wrong is said by shape, never by value.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::schema::Form;
use crate::model::schema::Type;
use std::path::Path;
use std::sync::Arc;

/// Why a value does not fit, and which part of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Misfit {
    /// The way from the whole value to the part, the outermost step last.
    path: Vec<Step>,
    /// What is wrong with the part.
    pub(crate) why: Why,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Item(usize),
    Field(Arc<str>),
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Why {
    /// It is of another shape: what is wanted, what it is.
    Shape(String, &'static str),
    /// It is a secret.
    Secret,
    /// It is a path that depends on where keyform runs.
    Relative,
    /// It is a text of another form than the vendor demands.
    Form(Form),
    /// It is a text, but none of these; the text that it is.
    OneOf(Vec<Arc<str>>, Arc<str>),
    /// It is an object without this field.
    Missing(Arc<str>),
    /// It is an object with this field, which its type does not have; those that it has.
    Unknown(Arc<str>, Vec<Arc<str>>),
}

impl Misfit {
    /// The value as a whole is of another shape.
    pub(crate) fn shape(wanted: impl Into<String>, value: &Value) -> Self {
        let why = match value {
            Value::Source(_) | Value::Secret(_) | Value::Fingerprint(_) => Why::Secret,
            other => Why::Shape(wanted.into(), other.shape()),
        };
        Self { path: Vec::new(), why }
    }

    /// It is an object without a field that it needs.
    pub(crate) fn missing(name: &Arc<str>) -> Self {
        Self { path: Vec::new(), why: Why::Missing(name.clone()) }
    }

    /// It is an object with a field that nothing declares.
    pub(crate) fn unknown<'a>(name: &Arc<str>, known: impl IntoIterator<Item = &'a Arc<str>>) -> Self {
        Self { path: Vec::new(), why: Why::Unknown(name.clone(), known.into_iter().cloned().collect()) }
    }

    /// The same about an item of a list.
    pub(crate) fn item(self, index: usize) -> Self {
        self.below(Step::Item(index))
    }

    /// The same about a field of an object.
    pub(crate) fn field(self, name: &Arc<str>) -> Self {
        self.below(Step::Field(name.clone()))
    }

    fn below(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    /// What is wrong, in words, about a value known as `name`.
    pub(crate) fn detail(&self, name: &str) -> String {
        let place: String = self
            .path
            .iter()
            .rev()
            .map(|step| match step {
                Step::Item(i) => format!("[{i}]"),
                Step::Field(field) => format!("[\"{field}\"]"),
            })
            .collect();
        match &self.why {
            Why::Shape(wanted, got) => format!("`{name}{place}` takes {wanted}; this is {got}."),
            Why::Secret => format!("`{name}{place}` is plain, and this is a secret."),
            Why::Relative => format!("`{name}{place}` takes a path from the root, and this one is relative."),
            Why::Form(form) => format!("`{name}{place}` takes {}.", form.called()),
            Why::OneOf(allowed, _) => {
                let list = allowed.iter().map(|a| format!("\"{a}\"")).collect::<Vec<_>>().join(", ");
                format!("`{name}{place}` is one of {list}.")
            }
            Why::Missing(field) => format!("`{name}{place}` needs the field `{field}`."),
            Why::Unknown(field, _) => format!("`{name}{place}` has no field `{field}`."),
        }
    }

    /// The diagnostic: at the part of the expression that gave the part of the value.
    pub(crate) fn diagnostic(&self, name: &str, expr: &Expr) -> Diagnostic {
        let (detail, span) = (self.detail(name), self.span(expr));
        match &self.why {
            Why::Shape(_, got) => Diagnostic::error(&codes::WRONG_TYPE, detail).at(span, *got),
            Why::Secret => Diagnostic::error(&codes::SECRET_PLAIN, detail)
                .at(span, "comes from a secret")
                .help("a secret source can only be the value of an attribute that takes a secret"),
            Why::Relative => Diagnostic::error(&codes::NOT_ALLOWED, detail)
                .at(span, "relative")
                .help("write `abspath(\"…\")`: it starts at the directory of the configuration"),
            Why::Form(form) => Diagnostic::error(&codes::NOT_ALLOWED, detail).at(span, format!("no {}", form.word())),
            Why::OneOf(allowed, got) => Diagnostic::error(&codes::NOT_ALLOWED, detail)
                .at(span, "none of them")
                .did_you_mean(got, allowed.iter().map(|a| &**a)),
            Why::Missing(_) => Diagnostic::error(&codes::WRONG_TYPE, detail).at(span, ""),
            Why::Unknown(got, known) => Diagnostic::error(&codes::WRONG_TYPE, detail)
                .at(span, "")
                .did_you_mean(got, known.iter().map(|name| &**name)),
        }
    }

    fn span(&self, expr: &Expr) -> Span {
        let mut at = expr;
        for step in self.path.iter().rev() {
            let next = match (&at.node, step) {
                (Node::List(items), Step::Item(i)) => items.get(*i),
                (Node::Object(fields), Step::Field(name)) => fields.iter().find_map(|(key, value)| match key {
                    Key::Name(n, _) => (n == name).then_some(value),
                    Key::Expr(Expr { node: Node::String(n), .. }) => (n == name).then_some(value),
                    Key::Expr(_) => None,
                }),
                _ => None,
            };
            match next {
                Some(inner) => at = inner,
                None => break,
            }
        }
        at.span
    }
}

/// The value as the type has it.
pub(crate) fn fit(value: &Value, ty: &Type) -> Result<Value, Misfit> {
    match ty {
        Type::Any => match value {
            Value::Resource(_) => Err(Misfit::shape("plain data", value)),
            Value::List(items) => each(items, ty),
            Value::Object(fields) => fields_of(fields, ty),
            _ if value.is_sensitive() => Err(Misfit::shape("plain data", value)),
            _ => Ok(value.clone()),
        },
        Type::String => text(value).map(Value::String).ok_or_else(|| Misfit::shape("a text", value)),
        Type::Path => match text(value) {
            Some(path) if Path::new(&*path).is_absolute() => Ok(Value::String(path)),
            Some(_) => Err(Misfit { path: Vec::new(), why: Why::Relative }),
            None => Err(Misfit::shape("a path", value)),
        },
        Type::Form(form) => match text(value) {
            Some(got) if form.fits(&got) => Ok(Value::String(got)),
            Some(_) => Err(Misfit { path: Vec::new(), why: Why::Form(*form) }),
            None => Err(Misfit::shape("a text", value)),
        },
        Type::Number => number(value).map(Value::Number).ok_or_else(|| Misfit::shape("a number", value)),
        Type::Bool => truth(value).map(Value::Bool).ok_or_else(|| Misfit::shape("true or false", value)),
        Type::List(of) => match value {
            Value::List(items) => each(items, of),
            _ => Err(Misfit::shape("a list", value)),
        },
        Type::Map(of) => match value {
            Value::Object(fields) => fields_of(fields, of),
            _ => Err(Misfit::shape("a map", value)),
        },
        Type::Fields(names, of) => match value {
            Value::Object(fields) => match fields.keys().find(|name| !names.contains(name)) {
                Some(name) => Err(Misfit::unknown(name, names)),
                None => fields_of(fields, of),
            },
            _ => Err(Misfit::shape("a map", value)),
        },
        Type::OneOf(allowed) => match text(value) {
            Some(got) if allowed.contains(&got) => Ok(Value::String(got)),
            Some(got) => Err(Misfit { path: Vec::new(), why: Why::OneOf(allowed.clone(), got) }),
            None => Err(Misfit::shape("a text", value)),
        },
    }
}

fn each(items: &[Value], of: &Type) -> Result<Value, Misfit> {
    let fitted = items.iter().enumerate().map(|(i, item)| fit(item, of).map_err(|m| m.item(i)));
    fitted.collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn fields_of(fields: &Object, of: &Type) -> Result<Value, Misfit> {
    let fitted = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| Ok((name.clone(), fit(value, of).map_err(|m| m.field(name))?)));
    fitted.collect::<Result<Object, _>>().map(Value::object)
}

/// As a text, if it converts.
pub(crate) fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string().into()),
        Value::Bool(b) => Some(b.to_string().into()),
        _ => None,
    }
}

/// As a number, if it converts.
pub(crate) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(n) => Some(*n),
        Value::String(text) => {
            let float = || text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Number::Float);
            let plain = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let int = || text.parse().ok().map(Number::Int);
            plain.then(|| int().or_else(|| text.parse().ok().map(Number::Big)).or_else(float)).flatten()
        }
        _ => None,
    }
}

/// As a truth value, if it converts.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
