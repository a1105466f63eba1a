//! Functions that write and read JSON, YAML, CSV and base64. What can't be read is told by its place,
//! never quoted.

use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::text::text;
use crate::lang::functions::wrong;
use crate::lang::scope::Outside;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;
use std::sync::Arc;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "jsonencode",
        params: "value",
        doc: "The value as JSON on one line, attributes in the order in which they are written.",
        secrets: Taint,
        call: |_, args| json(&args[0]).map(Value::string).map_err(|why| wrong(0, why)),
    },
    Function {
        name: "jsondecode",
        params: "text",
        doc: "The value that a text spells in JSON.",
        secrets: Taint,
        call: |_, args| {
            let read: Result<serde_json::Value, _> = serde_json::from_str(&text(args, 0)?);
            read.map(from_json).map_err(|e| wrong(0, format!("is no JSON at line {}, column {}", e.line(), e.column())))
        },
    },
    Function {
        name: "yamldecode",
        params: "text",
        doc: "The value that a text spells in YAML.",
        secrets: Taint,
        call: |_, args| {
            let read: Result<serde_yaml_ng::Value, _> = serde_yaml_ng::from_str(&text(args, 0)?);
            let place = |e: serde_yaml_ng::Error| match e.location() {
                Some(at) => format!("is no YAML at line {}, column {}", at.line(), at.column()),
                None => "is no YAML".to_owned(),
            };
            read.map_err(place).and_then(from_yaml).map_err(|why| wrong(0, why))
        },
    },
    Function {
        name: "csvdecode",
        params: "text",
        doc: "The list of the rows of a text in CSV, each an object named by the first row.",
        secrets: Taint,
        call: csvdecode,
    },
    Function {
        name: "base64encode",
        params: "text",
        doc: "The bytes of the text in base64.",
        secrets: Taint,
        call: |_, args| Ok(Value::string(STANDARD.encode(&*text(args, 0)?))),
    },
    Function {
        name: "base64decode",
        params: "text",
        doc: "The text whose bytes are written in base64.",
        secrets: Taint,
        call: |_, args| {
            let bytes = STANDARD.decode(&*text(args, 0)?).map_err(|_| wrong(0, "is no base64"))?;
            String::from_utf8(bytes).map(Value::string).map_err(|_| wrong(0, "is base64 of bytes that are no text"))
        },
    },
    Function {
        name: "sha256",
        params: "text",
        doc: "The SHA-256 digest of the text in hexadecimal digits.",
        secrets: Taint,
        call: |_, args| Ok(Value::string(hex::encode(sha2::Sha256::digest(text(args, 0)?.as_bytes())))),
    },
];

/// A value as JSON on one line.
pub(super) fn json(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_json(value, &mut out)?;
    Ok(out)
}

fn write_json(value: &Value, out: &mut String) -> Result<(), String> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(Number::Float(n)) => out.push_str(&serde_json::Value::from(*n).to_string()),
        Value::Number(n) => out.push_str(&n.to_string()),
        Value::String(text) => quote(text, out),
        Value::List(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                write_json(item, out)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (n, (key, value)) in fields.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                quote(key, out);
                out.push(':');
                write_json(value, out)?;
            }
            out.push('}');
        }
        Value::Resource(_) | Value::Source(_) | Value::Secret(_) | Value::Fingerprint(_) => {
            return Err(format!("holds {}, which can't be written", value.shape()));
        }
    }
    Ok(())
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn from_json(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => Value::Number(match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Number::Int(n),
            (_, Some(n)) => Number::Big(n),
            _ => Number::Float(n.as_f64().unwrap_or_default()),
        }),
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(items) => Value::list(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(fields) => {
            Value::object(fields.into_iter().map(|(key, value)| (Arc::from(key), from_json(value))).collect())
        }
    }
}

fn from_yaml(yaml: serde_yaml_ng::Value) -> Result<Value, String> {
    use serde_yaml_ng::Value as Yaml;
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(b) => Value::Bool(b),
        Yaml::Number(n) => Value::Number(match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(n), ..) => Number::Int(n),
            (_, Some(n), _) => Number::Big(n),
            (.., Some(n)) if n.is_finite() => Number::Float(n),
            _ => return Err("holds a number that is not finite".to_owned()),
        }),
        Yaml::String(text) => Value::string(text),
        Yaml::Sequence(items) => Value::list(items.into_iter().map(from_yaml).collect::<Result<_, _>>()?),
        Yaml::Mapping(fields) => {
            let mut out = Object::new();
            for (key, value) in fields {
                let key = from_yaml(key)?;
                let key = crate::lang::convert::text(&key).map_err(|_| "has a key that is no text".to_owned())?;
                out.insert(key, from_yaml(value)?);
            }
            Value::object(out)
        }
        Yaml::Tagged(tagged) => from_yaml(tagged.value)?,
    })
}

fn csvdecode(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let text = text(args, 0)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = |e: csv::Error| match e.position() {
        Some(at) => wrong(0, format!("is no CSV at line {}", at.line())),
        None => wrong(0, "is no CSV"),
    };
    let names: Vec<Arc<str>> = reader.headers().map_err(place)?.iter().map(Arc::from).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(place)?;
        let fields: Object = names.iter().cloned().zip(row.iter().map(Value::from)).collect();
        if fields.len() != names.len() {
            return Err(wrong(0, "names a column twice"));
        }
        rows.push(Value::object(fields));
    }
    Ok(Value::list(rows))
}
