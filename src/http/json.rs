//! JSON ↔ [`Value`]: integers stay exact, strings stay strings, fields keep their order. Errors say
//! where reading stopped, never what stood there.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Request;
use crate::http::Response;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use zeroize::Zeroizing;

/// The bytes are no JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes.
    pub column: usize,
}

/// Reads a JSON text.
///
/// # Errors
/// Where reading stopped.
pub fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    serde_json::from_slice(bytes).map(from_serde).map_err(|e| NotJson { line: e.line(), column: e.column() })
}

/// The JSON body of an answer; no body at all is [`Value::Null`].
///
/// # Errors
/// The body is something else: a proxy's page, a cut text. The error names host and status and quotes
/// nothing.
pub fn body(request: &Request, response: &Response) -> Result<Value, Diagnostic> {
    if response.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    parse(&response.body).map_err(|at| {
        let kind = response.header("content-type").unwrap_or("no content type");
        let kind = kind.split(';').next().unwrap_or(kind);
        Diagnostic::error(
            &codes::NOT_JSON,
            format!(
                "`{}` answered {} with something that is not JSON (`{kind}`, line {}, column {}).",
                request.title(),
                response.status,
                at.line,
                at.column
            ),
        )
        .help("check the address: a proxy or a sign-in page may have answered instead of the service")
    })
}

/// A tree of serde's as a value.
#[must_use]
pub fn from_serde(tree: serde_json::Value) -> Value {
    match tree {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => Value::Number(match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Number::Int(n),
            (None, Some(n)) => Number::Big(n),
            (None, None) => Number::Float(n.as_f64().unwrap_or(f64::NAN)),
        }),
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(items) => Value::list(items.into_iter().map(from_serde).collect()),
        serde_json::Value::Object(fields) => {
            Value::object(fields.into_iter().map(|(name, value)| (name.into(), from_serde(value))).collect())
        }
    }
}

/// A value as a tree of serde's; `None` for what JSON has no word for.
#[must_use]
pub fn to_serde(value: &Value) -> Option<serde_json::Value> {
    serde_json::from_slice(&write(value)?).ok()
}

/// Writes a value as compact JSON. Secrets are written as what they are: the result belongs into a
/// request or a destination's file. `None` if the value holds something that JSON has no word for: a
/// reference, a secret's source, a fingerprint, a number that is none.
#[must_use]
pub fn write(value: &Value) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::new());
    append(&mut out, value)?;
    Some(out)
}

fn append(out: &mut Vec<u8>, value: &Value) -> Option<()> {
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(b) => out.extend(if *b { &b"true"[..] } else { b"false" }),
        Value::Number(Number::Float(n)) if !n.is_finite() => return None,
        Value::Number(n) => out.extend(n.to_string().as_bytes()),
        Value::String(text) => append_text(out, text)?,
        Value::Secret(secret) => append_text(out, secret.expose())?,
        Value::List(items) => append_list(out, items)?,
        Value::Object(fields) => append_object(out, fields)?,
        Value::Resource(_) | Value::Source(_) | Value::Fingerprint(_) => return None,
    }
    Some(())
}

fn append_text(out: &mut Vec<u8>, text: &str) -> Option<()> {
    serde_json::to_writer(out, text).ok()
}

fn append_list(out: &mut Vec<u8>, items: &[Value]) -> Option<()> {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        append(out, item)?;
    }
    out.push(b']');
    Some(())
}

fn append_object(out: &mut Vec<u8>, fields: &Object) -> Option<()> {
    out.push(b'{');
    for (i, (name, value)) in fields.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        append_text(out, name)?;
        out.push(b':');
        append(out, value)?;
    }
    out.push(b'}');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use super::write;

    #[test]
    fn texts_survive_byte_for_byte() {
        for text in [
            r#"{"b":"007","a":[1,-2,18446744073709551615,1.5,true,null,""],"c":{}}"#,
            r#""\u0000é\n\\\"""#,
            "9223372036854775807",
        ] {
            let written = parse(text.as_bytes()).ok().and_then(|value| write(&value));
            assert_eq!(written.as_deref().map(Vec::as_slice), Some(text.as_bytes()));
        }
    }

    #[test]
    fn errors_say_where_only() {
        assert_eq!(parse(b"{\n  \"a\": canary }").map_err(|e| (e.line, e.column)), Err((2, 8)));
    }
}
