//! Conversions between kinds of values, as HCL has them: texts that are written like numbers or truth
//! values are ones, and the other way round. What can't be converted is told as a predicate ("must be a
//! number, not a list") for the sentence of whoever asked.

use crate::model::attrs::Number;
use crate::model::attrs::Value;
use std::sync::Arc;

/// Why a value is not what is needed: reads on after the name of a thing.
pub(crate) type Predicate = String;

fn not(wanted: &str, value: &Value) -> Predicate {
    format!("must be {wanted}, not {}", value.shape())
}

/// A number, or a text that is written like one.
pub(crate) fn number(value: &Value) -> Result<Number, Predicate> {
    match value {
        Value::Number(n) => Ok(*n),
        Value::String(text) => {
            number_text(text).ok_or_else(|| "must be a number, not a text of another form".to_owned())
        }
        _ => Err(not("a number", value)),
    }
}

/// A number as HCL writes it; whole numbers that are too large to be exact are none.
pub(crate) fn number_text(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let bytes = digits.as_bytes();
    let edges = bytes.first()?.is_ascii_digit() && bytes.last()?.is_ascii_digit();
    if !edges || !bytes.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b)) {
        return None;
    }
    if let Ok(n) = text.parse() {
        return Some(Number::Int(n));
    }
    if let Ok(n) = text.parse() {
        return Some(Number::Big(n));
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.parse().ok().and_then(finite)
}

/// A float as a number: whole ones become exact; `None` for infinities.
pub(crate) fn finite(n: f64) -> Option<Number> {
    if !n.is_finite() {
        return None;
    }
    let float = Number::Float(n);
    Some(float.as_i64().map_or(float, Number::Int))
}

/// A whole number.
pub(crate) fn whole(value: &Value) -> Result<i64, Predicate> {
    number(value)?.as_i64().ok_or_else(|| "must be a whole number".to_owned())
}

/// A truth value, or a text that is `true` or `false`.
pub(crate) fn boolean(value: &Value) -> Result<bool, Predicate> {
    match value {
        Value::Bool(b) => Ok(*b),
        Value::String(text) => match &**text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false, not another text".to_owned()),
        },
        _ => Err(not("true or false", value)),
    }
}

/// A text, or a number or truth value written as one.
pub(crate) fn text(value: &Value) -> Result<Arc<str>, Predicate> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(n) => Ok(n.to_string().into()),
        Value::Bool(true) => Ok("true".into()),
        Value::Bool(false) => Ok("false".into()),
        _ => Err(not("a string", value)),
    }
}

/// A list, tuple or set.
pub(crate) fn list(value: &Value) -> Result<&Arc<Vec<Value>>, Predicate> {
    match value {
        Value::List(items) => Ok(items),
        _ => Err(not("a list", value)),
    }
}

/// An object or map.
pub(crate) fn object(value: &Value) -> Result<&Arc<crate::model::attrs::Object>, Predicate> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(not("an object", value)),
    }
}
