//! Types of variables: `string`, `list(string)`, `object({ name = string, size = optional(number, 1) })` …

use crate::config::check;
use crate::config::check::Misfit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::sync::Arc;

/// The type of a variable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum VarType {
    Any,
    String,
    Number,
    Bool,
    /// A reference to a resource of a kind: of a module only, since nothing outside can refer.
    Ref(Kind),
    List(Box<VarType>),
    Set(Box<VarType>),
    Map(Box<VarType>),
    Object(Vec<Member>),
}

/// A field of an object type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    name: Arc<str>,
    ty: VarType,
    /// `None`: required. `Some(Null)`: optional without a default.
    optional: Option<Value>,
}

/// Reads a type expression.
pub(crate) fn parse(expr: &Expr) -> Result<VarType, Diagnostic> {
    let bad = |at: &Expr| {
        Err(Diagnostic::error(&codes::BAD_TYPE, "This is no type.")
            .at(at.span, "")
            .help("for example `string`, `list(string)`, `object({ name = string })`"))
    };
    match &expr.node {
        Node::Name(name) => match &**name {
            "any" => Ok(VarType::Any),
            "string" => Ok(VarType::String),
            "number" => Ok(VarType::Number),
            "bool" => Ok(VarType::Bool),
            word if Kind::from_word(word).is_some() => Ok(Kind::from_word(word).map_or(VarType::Any, VarType::Ref)),
            _ => {
                let known = ["any", "string", "number", "bool", "list", "set", "map", "object"];
                let d = Diagnostic::error(&codes::BAD_TYPE, format!("`{name}` is no type.")).at(expr.span, "");
                Err(d.help("for example `string`, `list(string)`").did_you_mean(name, known))
            }
        },
        // As Terraform wrote them long ago.
        Node::String(name) if matches!(&**name, "string" | "number" | "bool") => {
            let d = Diagnostic::error(&codes::BAD_TYPE, "Types are written without quotes.").at(expr.span, "");
            Err(d.help(format!("type = {name}")))
        }
        Node::Call { name, args, expand: false } => match (&**name, &**args) {
            ("list", [of]) => Ok(VarType::List(Box::new(parse(of)?))),
            ("set", [of]) => Ok(VarType::Set(Box::new(parse(of)?))),
            ("map", [of]) => Ok(VarType::Map(Box::new(parse(of)?))),
            ("object", [Expr { node: Node::Object(fields), .. }]) => {
                fields.iter().map(|(key, value)| member(key, value)).collect::<Result<_, _>>().map(VarType::Object)
            }
            _ => bad(expr),
        },
        _ => bad(expr),
    }
}

fn member(key: &Key, value: &Expr) -> Result<Member, Diagnostic> {
    let name = match key {
        Key::Name(name, _) | Key::Expr(Expr { node: Node::String(name), .. }) => name.clone(),
        Key::Expr(other) => {
            return Err(
                Diagnostic::error(&codes::BAD_TYPE, "The field of an object type is a name.").at(other.span, "")
            );
        }
    };
    let Node::Call { name: call, args, .. } = &value.node else {
        return Ok(Member { name, ty: parse(value)?, optional: None });
    };
    if &**call != "optional" {
        return Ok(Member { name, ty: parse(value)?, optional: None });
    }
    let (ty, default) = match &**args {
        [ty] => (parse(ty)?, Value::Null),
        [ty, default] => (parse(ty)?, constant(default)?),
        _ => {
            let d = Diagnostic::error(&codes::BAD_TYPE, "`optional` takes a type and perhaps a default.");
            return Err(d.at(value.span, "").help("optional(string, \"x\")"));
        }
    };
    Ok(Member { name, ty, optional: Some(default) })
}

/// A default: plain data.
fn constant(expr: &Expr) -> Result<Value, Diagnostic> {
    let outside = crate::lang::scope::Outside::nothing(&[]);
    crate::lang::eval::eval(expr, &crate::lang::scope::Scope::new(&outside))
}

/// The value as the type has it. Sources of secrets pass where a text does.
pub(crate) fn convert(value: &Value, ty: &VarType) -> Result<Value, Misfit> {
    if value.is_null() || (matches!(value, Value::Source(_)) && *ty == VarType::String) {
        return Ok(value.clone());
    }
    match (ty, value) {
        (VarType::Ref(kind), Value::Resource(address)) if Kind::of(address) == Some(*kind) => Ok(value.clone()),
        (VarType::Ref(kind), _) => Err(Misfit::shape(format!("a reference to a `{kind}`"), value)),
        (VarType::Any, _) => Ok(value.clone()),
        (VarType::String, _) => check::text(value).map(Value::String).ok_or_else(|| Misfit::shape("a text", value)),
        (VarType::Number, _) => check::number(value).map(Value::Number).ok_or_else(|| Misfit::shape("a number", value)),
        (VarType::Bool, _) => check::truth(value).map(Value::Bool).ok_or_else(|| Misfit::shape("true or false", value)),
        (VarType::List(of), Value::List(items)) => items_of(items, of),
        (VarType::Set(of), Value::List(items)) => {
            let Value::List(items) = items_of(items, of)? else { return Ok(Value::Null) };
            let mut out: Vec<Value> = Vec::with_capacity(items.len());
            let mut seen = std::collections::HashSet::new();
            for item in items.iter() {
                // Only texts can be told apart cheaply; other sets are small.
                let fresh = match item.as_str() {
                    Some(text) => seen.insert(text.to_owned()),
                    None => !out.contains(item),
                };
                if fresh {
                    out.push(item.clone());
                }
            }
            out.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Ok(Value::list(out))
        }
        (VarType::Map(of), Value::Object(fields)) => {
            let all =
                fields.iter().map(|(name, value)| Ok((name.clone(), convert(value, of).map_err(|m| m.field(name))?)));
            all.collect::<Result<Object, _>>().map(Value::object)
        }
        (VarType::Object(members), Value::Object(fields)) => object(members, fields),
        (VarType::List(_) | VarType::Set(_), _) => Err(Misfit::shape("a list", value)),
        (VarType::Map(_), _) => Err(Misfit::shape("a map", value)),
        (VarType::Object(_), _) => Err(Misfit::shape("an object", value)),
    }
}

fn items_of(items: &[Value], of: &VarType) -> Result<Value, Misfit> {
    let all = items.iter().enumerate().map(|(i, item)| convert(item, of).map_err(|m| m.item(i)));
    all.collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn object(members: &[Member], fields: &Object) -> Result<Value, Misfit> {
    let mut out = Object::new();
    for member in members {
        let given = fields.get(&member.name).filter(|value| !value.is_null());
        let value = match (given, &member.optional) {
            (Some(value), _) => value,
            (None, Some(default)) => default,
            (None, None) => return Err(Misfit::missing(&member.name)),
        };
        out.insert(member.name.clone(), convert(value, &member.ty).map_err(|m| m.field(&member.name))?);
    }
    if let Some(extra) = fields.keys().find(|name| members.iter().all(|member| member.name != **name)) {
        return Err(Misfit::unknown(extra, members.iter().map(|member| &member.name)));
    }
    Ok(Value::object(out))
}
