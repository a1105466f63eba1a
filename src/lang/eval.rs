//! The evaluator: expression and scope → value. Errors name slot, span and shape, never a value.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::nearest;
use crate::diag::source::Span;
use crate::lang::ast::Binary;
use crate::lang::ast::Expr;
use crate::lang::ast::For;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::ast::Step;
use crate::lang::ast::Unary;
use crate::lang::call;
use crate::lang::convert;
use crate::lang::operate;
use crate::lang::operate::mismatch;
use crate::lang::scope::Scope;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::secret::Secret;
use std::sync::Arc;

/// Evaluates one expression.
///
/// # Errors
/// A diagnostic at the part of the expression that failed.
pub fn eval(expr: &Expr, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    scope.outside().budget.step(expr.span)?;
    match &expr.node {
        Node::Null => Ok(Value::Null),
        Node::Bool(b) => Ok(Value::Bool(*b)),
        Node::Number(n) => Ok(Value::Number(*n)),
        Node::String(text) => Ok(Value::String(text.clone())),
        Node::Template(parts) => template(parts, scope),
        Node::List(items) => items.iter().map(|item| eval(item, scope)).collect::<Result<_, _>>().map(Value::list),
        Node::Object(fields) => object(fields, scope),
        Node::Name(name) => scope.get(name).cloned().ok_or_else(|| unknown_name(name, expr.span, scope)),
        Node::Get(base, name) => get(&eval(base, scope)?, name, name_span(expr.span, name), scope),
        Node::Index(both) => index(&eval(&both.0, scope)?, &both.1, scope),
        Node::Splat(base, steps) => splat(eval(base, scope)?, steps, base.span, scope),
        Node::Call { name, args, expand } => call::call(name, args, *expand, expr.span, scope),
        Node::Unary(Unary::Negate, operand) => operate::negate(&(eval(operand, scope)?, operand.span)),
        Node::Unary(Unary::Not, operand) => truth("The operand of `!`", operand, scope).map(|b| Value::Bool(!b)),
        Node::Binary(operator, both) => binary(*operator, &both.0, &both.1, expr.span, scope),
        Node::If(three) => {
            let chosen = if truth("The condition", &three.0, scope)? { &three.1 } else { &three.2 };
            eval(chosen, scope)
        }
        Node::For(each) => match &each.key_expr {
            Some(key) => for_object(each, key, scope),
            None => for_list(each, scope),
        },
    }
}

/// Evaluates the pieces of a template: to a text, or to a secret if a secret is part of it. A single
/// interpolation gives what it holds, whatever its kind.
///
/// # Errors
/// A diagnostic at the part that failed, or that can't be part of a text.
pub fn template(parts: &[Part], scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    if let [Part::Value(only)] = parts {
        return match eval(only, scope)? {
            Value::Source(_) => Err(in_text_secret(only.span)),
            value => Ok(value),
        };
    }
    text(parts, scope)
}

/// Evaluates the pieces of a template to a text (or a secret), a single interpolation too.
pub(crate) fn text(parts: &[Part], scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let mut pieces = Vec::with_capacity(parts.len());
    template_pieces(parts, scope, &mut pieces)?;
    let length = pieces.iter().map(|piece| piece.text().len()).sum();
    if let Some(at) = parts.iter().find_map(|part| match part {
        Part::Value(expr) | Part::If(expr, ..) | Part::For { over: expr, .. } => Some(expr.span),
        Part::Text(_) => None,
    }) {
        scope.outside().budget.text(length, at)?;
    }
    // One allocation: growing a text would leave copies of a secret behind.
    let mut text = String::with_capacity(length);
    pieces.iter().for_each(|piece| text.push_str(piece.text()));
    Ok(match pieces.iter().any(|piece| matches!(piece, Piece::Secret(_))) {
        true => Value::Secret(Secret::new(text)),
        false => Value::string(text),
    })
}

/// A text or a secret, on its way into a template.
enum Piece {
    Plain(Arc<str>),
    Secret(Secret),
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

fn template_pieces(parts: &[Part], scope: &Scope<'_>, out: &mut Vec<Piece>) -> Result<(), Diagnostic> {
    for part in parts {
        match part {
            Part::Text(text) => out.push(Piece::Plain(text.clone())),
            Part::Value(expr) => out.push(piece(eval(expr, scope)?, expr.span)?),
            Part::If(cond, then, otherwise) => {
                let chosen = if truth("The condition", cond, scope)? { then } else { otherwise };
                template_pieces(chosen, scope, out)?;
            }
            Part::For { key, value, over, body } => {
                each(key.as_ref(), value, over, scope, |inner| template_pieces(body, inner, out))?;
            }
        }
    }
    Ok(())
}

fn in_text_secret(at: Span) -> Diagnostic {
    operate::secret_in_plain("It can't be part of a text.", at)
}

fn piece(value: Value, at: Span) -> Result<Piece, Diagnostic> {
    let (detail, help) = match value {
        Value::Secret(secret) => return Ok(Piece::Secret(secret)),
        Value::Source(_) | Value::Fingerprint(_) => return Err(in_text_secret(at)),
        Value::Null => ("Null can't be part of a text.", "give a default: `coalesce(value, \"\")`"),
        Value::List(_) => {
            ("A list can't be part of a text.", "make a text of it: `join(\", \", list)` or `jsonencode(list)`")
        }
        Value::Object(_) => {
            ("An object can't be part of a text.", "name one of its attributes, or `jsonencode(object)`")
        }
        Value::Resource(_) => ("A resource can't be part of a text.", "name one of its attributes, such as `.slug`"),
        plain => return convert::text(&plain).map(Piece::Plain).map_err(|why| mismatch(&why, &plain, at)),
    };
    Err(Diagnostic::error(&codes::TYPE, detail).at(at, "").help(help))
}

fn truth(what: &str, expr: &Expr, scope: &Scope<'_>) -> Result<bool, Diagnostic> {
    operate::truth(what, &(eval(expr, scope)?, expr.span))
}

fn object(fields: &[(Key, Expr)], scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let mut out = Object::with_capacity(fields.len());
    for (key, value) in fields {
        let key = match key {
            Key::Name(name, _) => name.clone(),
            Key::Expr(key) => key_text(key, scope)?,
        };
        out.insert(key, eval(value, scope)?);
    }
    Ok(Value::object(out))
}

/// The key of a field, computed.
fn key_text(key: &Expr, scope: &Scope<'_>) -> Result<Arc<str>, Diagnostic> {
    let value = eval(key, scope)?;
    convert::text(&value).map_err(|why| mismatch(&format!("A key {why}."), &value, key.span))
}

fn unknown_name(name: &str, at: Span, scope: &Scope<'_>) -> Diagnostic {
    let names = scope.names();
    // A word that is near to no name may be a secret without its quotes.
    match nearest(name, names) {
        Some(known) => Diagnostic::error(&codes::UNKNOWN_NAME, format!("There is no `{name}` here."))
            .at(at, "")
            .help(format!("did you mean `{known}`?")),
        None => Diagnostic::error(
            &codes::UNKNOWN_NAME,
            "A bare word is the name of something, and nothing here has this name.",
        )
        .at(at, "")
        .help("texts stand in double quotes"),
    }
}

/// Where the name of `a.name` stands, whose span ends with it.
fn name_span(whole: Span, name: &str) -> Span {
    let length = u32::try_from(name.len()).unwrap_or(0);
    Span { start: whole.end.saturating_sub(length).max(whole.start), ..whole }
}

fn get(base: &Value, name: &str, at: Span, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let detail = match base {
        Value::Object(fields) => match fields.get(name) {
            Some(value) => return Ok(value.clone()),
            None => {
                let d = Diagnostic::error(&codes::NO_SUCH_ELEMENT, format!("The object has no attribute `{name}`."));
                return Err(d.at(at, "").did_you_mean(name, some_keys(fields)));
            }
        },
        Value::Resource(address) => return (scope.outside().resource)(address, name, at),
        Value::List(_) => {
            let detail = format!("A list has no attribute `{name}`; its elements may have.");
            let help = format!("`[*].{name}` takes it of every element, `[0].{name}` of the first");
            return Err(Diagnostic::error(&codes::TYPE, detail).at(at, "").help(help));
        }
        Value::Source(_) | Value::Secret(_) => format!("A secret has no attribute `{name}`."),
        other => format!("There is no attribute `{name}`: this is {}.", other.shape()),
    };
    Err(Diagnostic::error(&codes::TYPE, detail).at(at, ""))
}

/// The keys that a mistyped one is compared with: not all of them, because `try` may ask for every element.
fn some_keys(fields: &Object) -> impl Iterator<Item = &str> {
    fields.keys().take(200).map(|key| &**key)
}

fn index(base: &Value, key: &Expr, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let value = eval(key, scope)?;
    let wrong = |what: &str, why: String| mismatch(&format!("{what} {why}."), &value, key.span);
    match base {
        Value::List(items) => {
            let n = convert::whole(&value).map_err(|why| wrong("The index of a list", why))?;
            let found = usize::try_from(n).ok().and_then(|n| items.get(n));
            found.cloned().ok_or_else(|| {
                let detail = match items.len() {
                    0 => "The list is empty.".to_owned(),
                    1 => "The list has one element only, with the index 0.".to_owned(),
                    n => format!("The list has {n} elements, with indices from 0 to {}.", n - 1),
                };
                Diagnostic::error(&codes::NO_SUCH_ELEMENT, detail).at(key.span, "")
            })
        }
        Value::Object(fields) => {
            let name = convert::text(&value).map_err(|why| wrong("The key of an object", why))?;
            fields.get(&*name).cloned().ok_or_else(|| {
                let d = Diagnostic::error(&codes::NO_SUCH_ELEMENT, "The object has no such key.").at(key.span, "");
                match key.node {
                    Node::String(_) => d.did_you_mean(&name, some_keys(fields)),
                    _ => d,
                }
            })
        }
        Value::Resource(address) => {
            let name = convert::text(&value).map_err(|why| wrong("The key of a resource", why))?;
            (scope.outside().resource)(address, &name, key.span)
        }
        other => {
            let detail = format!("Only lists and objects have elements; this is {}.", other.shape());
            Err(Diagnostic::error(&codes::TYPE, detail).at(key.span, ""))
        }
    }
}

/// Null has no elements, a list its own, anything else itself.
fn splat(base: Value, steps: &[Step], at: Span, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let items = match base {
        Value::Null => Arc::default(),
        Value::List(items) => items,
        Value::Source(_) | Value::Secret(_) => return Err(operate::secret_in_plain("It has no elements.", at)),
        one => Arc::new(vec![one]),
    };
    if steps.is_empty() {
        return Ok(Value::List(items));
    }
    items.iter().map(|item| path(item.clone(), steps, at, scope)).collect::<Result<_, _>>().map(Value::list)
}

fn path(mut value: Value, steps: &[Step], at: Span, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    for step in steps {
        value = match step {
            Step::Get(name, at) => get(&value, name, *at, scope)?,
            Step::Index(key) => index(&value, key, scope)?,
            Step::Splat(steps, _) => splat(value, steps, at, scope)?,
        };
    }
    Ok(value)
}

fn binary(operator: Binary, left: &Expr, right: &Expr, at: Span, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    // What decides already leaves the other side alone.
    let decided = match operator {
        Binary::And => Some(("&&", false)),
        Binary::Or => Some(("||", true)),
        _ => None,
    };
    if let Some((sign, decides)) = decided {
        let first = truth(&format!("The left side of `{sign}`"), left, scope)?;
        return match first == decides {
            true => Ok(Value::Bool(decides)),
            false => truth(&format!("The right side of `{sign}`"), right, scope).map(Value::Bool),
        };
    }
    let left = (eval(left, scope)?, left.span);
    let right = (eval(right, scope)?, right.span);
    operate::binary(operator, &left, &right, at)
}

/// Runs `body` for every element, its key (or index) and value in scope; objects in the order of keys.
fn each(
    key: Option<&Arc<str>>,
    value: &Arc<str>,
    over: &Expr,
    scope: &Scope<'_>,
    mut body: impl FnMut(&Scope<'_>) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let all = eval(over, scope)?;
    let mut inner = scope.nested();
    let mut run = |name: Value, item: &Value| {
        if let Some(key) = key {
            inner.set(key.clone(), name);
        }
        inner.set(value.clone(), item.clone());
        body(&inner)
    };
    match &all {
        Value::List(items) => {
            let mut indices = 0..;
            items.iter().try_for_each(|item| run(Value::int(indices.next().unwrap_or(i64::MAX)), item))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            fields.into_iter().try_for_each(|(key, item)| run(Value::String(key.clone()), item))
        }
        other => {
            let detail = format!("`for` goes through lists and objects; this is {}.", other.shape());
            Err(mismatch(&detail, other, over.span))
        }
    }
}

fn wanted(each: &For, scope: &Scope<'_>) -> Result<bool, Diagnostic> {
    each.cond.as_ref().map_or(Ok(true), |cond| truth("The condition", cond, scope))
}

fn for_list(f: &For, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let mut out = Vec::new();
    each(f.key.as_ref(), &f.value, &f.over, scope, |inner| {
        if wanted(f, inner)? {
            out.push(eval(&f.value_expr, inner)?);
        }
        Ok(())
    })?;
    Ok(Value::list(out))
}

fn for_object(f: &For, key: &Expr, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let mut groups: indexmap::IndexMap<Arc<str>, Vec<Value>> = indexmap::IndexMap::new();
    each(f.key.as_ref(), &f.value, &f.over, scope, |inner| {
        if !wanted(f, inner)? {
            return Ok(());
        }
        let group = groups.entry(key_text(key, inner)?).or_default();
        if !f.group && !group.is_empty() {
            return Err(Diagnostic::error(&codes::DUPLICATE, "Two elements give the same key.")
                .at(key.span, "")
                .help("put `...` behind the value to gather all values of a key in a list"));
        }
        group.push(eval(&f.value_expr, inner)?);
        Ok(())
    })?;
    let values = groups.into_iter().filter_map(|(key, mut group)| match f.group {
        true => Some((key, Value::list(group))),
        false => group.pop().map(|value| (key, value)),
    });
    Ok(Value::object(values.collect()))
}
