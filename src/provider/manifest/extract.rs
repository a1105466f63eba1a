//! Answers → entries: what `items`, `next`, `value` and `version` say about them, checked for its shape.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Response;
use crate::http::json;
use crate::lang::ast::Expr;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::provider::Seen;
use crate::provider::manifest::render::Env;
use crate::provider::manifest::render::shape;
use crate::secret::Secret;
use std::sync::Arc;

/// The fields that an item may have.
const FIELDS: [&str; 6] = ["key", "value", "id", "digest", "version", "raw"];

/// The names that an answer adds to those of its request.
#[must_use]
pub fn answered(env: &Env, response: &Response, body: Value) -> Env {
    let mut headers = Object::new();
    for (name, value) in &response.headers {
        headers.entry(name.as_str().into()).or_insert_with(|| Value::string(value.as_str()));
    }
    env.clone()
        .with("response", body)
        .with("response_headers", Value::object(headers))
        .with("status", Value::int(response.status.into()))
}

/// The entries of an answer, in its order.
///
/// # Errors
/// The answer lacks a field, or an item has another shape than items have.
pub fn items(expr: &Expr, env: &Env) -> Result<Vec<(Arc<str>, Seen)>, Diagnostic> {
    let value = env.eval(expr)?;
    let list = value.as_list().ok_or_else(|| shape(expr.span, "a list of items", &value))?;
    list.iter().map(|item| self::item(expr, item)).collect()
}

fn item(expr: &Expr, item: &Value) -> Result<(Arc<str>, Seen), Diagnostic> {
    let fields = item.as_object().ok_or_else(|| shape(expr.span, "an item, which is an object", item))?;
    if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&&***name)) {
        let detail = format!("An item has no field `{name}`.");
        return Err(Diagnostic::error(&codes::MANIFEST, detail).at(expr.span, "").did_you_mean(name, FIELDS));
    }
    let key = match fields.get("key") {
        Some(Value::String(key)) => key.clone(),
        other => return Err(shape(expr.span, "an item's `key`, a text", other.unwrap_or(&Value::Null))),
    };
    let name = |field: &str| match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(n)) => Ok(Some(n.to_string().into())),
        Some(other) => Err(shape(expr.span, &format!("an item's `{field}`, a text or a number"), other)),
    };
    let seen = Seen {
        value: secret(fields.get("value").unwrap_or(&Value::Null)),
        id: name("id")?,
        digest: name("digest")?,
        version: name("version")?,
        raw: fields.get("raw").cloned(),
    };
    Ok((key, seen))
}

/// A value that came back, as a secret: a text as it is, null as none, everything else as JSON.
#[must_use]
pub fn secret(value: &Value) -> Option<Secret> {
    match value {
        Value::Null => None,
        Value::Secret(secret) => Some(secret.clone()),
        Value::String(text) => Some(Secret::new(text.to_string())),
        other => json::write(other).map(|bytes| Secret::new(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// What leads to the next page; `None` at the end. An empty text is an end, too.
///
/// # Errors
/// The answer lacks a field, or the result can't be a cursor.
pub fn next(expr: &Expr, env: &Env) -> Result<Option<Value>, Diagnostic> {
    match env.eval(expr)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value @ (Value::String(_) | Value::Number(_)) => Ok(Some(value)),
        other => Err(shape(expr.span, "a cursor, an address or null", &other)),
    }
}

/// A version as text.
///
/// # Errors
/// The answer lacks the field, or it is neither text nor number.
pub fn version(expr: &Expr, env: &Env) -> Result<Option<Arc<str>>, Diagnostic> {
    match env.eval(expr)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(n) => Ok(Some(n.to_string().into())),
        other => Err(shape(expr.span, "a version, a text or a number", &other)),
    }
}
