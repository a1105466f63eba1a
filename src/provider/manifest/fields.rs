//! What inputs take: `string`, `optional(number, 5)`, `oneof("a", "b")`, `sensitive` … as fields of a schema.
//! The comment at the end of an input's line is its documentation.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Attr;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::model::attrs::Value;
use crate::model::schema::Field;
use crate::model::schema::Form;
use crate::model::schema::Type;
use std::sync::Arc;

/// The words that stand for types.
const TYPES: [&str; 17] = [
    "string",
    "path",
    "uuid",
    "url",
    "email",
    "hierarchy",
    "remote",
    "number",
    "bool",
    "any",
    "list",
    "map",
    "sensitive",
    "hidden",
    "optional",
    "oneof",
    "wire",
];

/// The input that an attribute declares. `text` is the whole source, for the comment.
pub fn field(acc: &mut Diagnostics, attr: &Attr, text: &str) -> Option<Field> {
    let mut field = Field {
        name: attr.name.clone(),
        wire: camel_case(&attr.name).into(),
        ty: Type::String,
        required: true,
        default: None,
        sensitive: false,
        remote: None,
        hidden: false,
        doc: comment_after(text, attr.expr.span.end as usize),
    };
    acc.take(read(&attr.expr, &mut field))?;
    Some(field)
}

/// `app_name` as the backend's API writes it: `appName`.
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

fn read(expr: &Expr, field: &mut Field) -> Result<(), Diagnostic> {
    match &expr.node {
        Node::Name(name) => field.ty = simple(name, expr.span, field)?,
        Node::Call { name, args, .. } => call(name, args, expr.span, field)?,
        _ => return Err(bad(expr.span, "An input says what it takes, such as `string` or `optional(bool, false)`.")),
    }
    Ok(())
}

fn simple(name: &str, span: Span, field: &mut Field) -> Result<Type, Diagnostic> {
    Ok(match name {
        "string" => Type::String,
        "path" => Type::Path,
        "uuid" => Type::Form(Form::Uuid),
        "url" => Type::Form(Form::Url),
        "email" => Type::Form(Form::Email),
        "hierarchy" => Type::Form(Form::Hierarchy),
        "number" => Type::Number,
        "bool" => Type::Bool,
        "any" => Type::Any,
        "sensitive" => {
            field.sensitive = true;
            Type::String
        }
        _ => return Err(unknown(name, span)),
    })
}

fn call(name: &str, args: &[Expr], span: Span, field: &mut Field) -> Result<(), Diagnostic> {
    match (name, args) {
        ("optional", [inner]) => {
            field.required = false;
            read(inner, field)
        }
        ("optional", [inner, default]) => {
            field.required = false;
            field.default = Some(literal(default)?);
            read(inner, field)
        }
        ("hidden", [inner]) => {
            field.hidden = true;
            read(inner, field)
        }
        ("list", [inner]) => {
            read(inner, field)?;
            field.ty = Type::List(Box::new(field.ty.clone()));
            Ok(())
        }
        ("map", [inner, names @ ..]) => {
            read(inner, field)?;
            let names: Vec<Arc<str>> = names.iter().map(text).collect::<Result<_, _>>()?;
            let inner = Box::new(field.ty.clone());
            field.ty = if names.is_empty() { Type::Map(inner) } else { Type::Fields(names, inner) };
            Ok(())
        }
        ("oneof", [_, ..]) => {
            field.ty = Type::OneOf(args.iter().map(text).collect::<Result<_, _>>()?);
            Ok(())
        }
        ("remote", [inner, variants @ ..]) => {
            field.remote = Some(variants.iter().map(text).collect::<Result<_, _>>()?);
            read(inner, field)
        }
        ("wire", [inner, name]) => {
            field.wire = text(name)?;
            read(inner, field)
        }
        _ if TYPES.contains(&name) => Err(bad(span, format!("`{name}` does not take these arguments."))),
        _ => Err(unknown(name, span)),
    }
}

/// A text without interpolations.
pub fn text(expr: &Expr) -> Result<Arc<str>, Diagnostic> {
    match &expr.node {
        Node::String(text) => Ok(text.clone()),
        _ => Err(bad(expr.span, "A plain text is needed here.")),
    }
}

/// A value without names, calls and interpolations.
pub fn literal(expr: &Expr) -> Result<Value, Diagnostic> {
    Ok(match &expr.node {
        Node::Null => Value::Null,
        Node::Bool(b) => Value::Bool(*b),
        Node::Number(n) => Value::Number(*n),
        Node::String(text) => Value::String(text.clone()),
        Node::List(items) => Value::list(items.iter().map(literal).collect::<Result<_, _>>()?),
        _ => return Err(bad(expr.span, "A plain value is needed here.")),
    })
}

fn bad(span: Span, detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&codes::MANIFEST, detail).at(span, "")
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    bad(span, format!("There is no type `{name}`.")).did_you_mean(name, TYPES)
}

/// The comment that stands right above a place, without its marks.
#[must_use]
pub fn comment_above(text: &str, start: usize) -> Arc<str> {
    let above = text.get(..start).unwrap_or_default().lines().rev();
    let mut lines: Vec<&str> = above.map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
    lines.reverse();
    lines.join("\n").into()
}

fn comment_after(text: &str, end: usize) -> Arc<str> {
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    line.trim().strip_prefix('#').map(str::trim).unwrap_or_default().into()
}
