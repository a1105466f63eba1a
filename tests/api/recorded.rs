//! What a real server of October 2024 was asked and what it answered. Ids, times, tokens and slugs that it made up
//! are placeholders: `{7}` is an id, the same wherever it stands.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One exchange.
#[derive(Clone, Deserialize)]
pub struct Exchange {
    pub name: String,
    /// Method and address.
    pub send: String,
    /// Those that are not what every client sends.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Absent, or JSON; `null` is JSON, too.
    #[serde(default, deserialize_with = "present")]
    pub body: Option<Value>,
    /// A body that is no JSON.
    pub raw: Option<String>,
    pub status: u16,
    #[serde(default)]
    pub answer: Value,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// All of them, in the order in which they happened.
pub fn exchanges() -> Vec<Exchange> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/infisical-2024-10.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Exchange {
    /// The method's name.
    pub fn method(&self) -> &str {
        self.send.split(' ').next().unwrap()
    }

    /// The address with its query.
    pub fn address(&self) -> &str {
        self.send.split_once(' ').unwrap().1
    }

    /// The bytes of the body. A text that was too long to be kept is made again.
    pub fn bytes(&self) -> Vec<u8> {
        match (&self.raw, &self.body) {
            // The one character that was not UTF-8.
            (Some(raw), _) => raw.chars().flat_map(|c| if c == '\u{fffd}' { vec![0xe9] } else { utf8(c) }).collect(),
            (None, Some(body)) => whole(body).to_string().into_bytes(),
            (None, None) => Vec::new(),
        }
    }
}

fn utf8(c: char) -> Vec<u8> {
    c.to_string().into_bytes()
}

fn whole(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match (fields.get("$truncated").and_then(Value::as_u64), &fields.get("head")) {
            (Some(length), Some(head)) => {
                Value::from(head.as_str().unwrap()[..1].repeat(usize::try_from(length).unwrap()))
            }
            _ => fields.iter().map(|(name, value)| (name.clone(), whole(value))).collect(),
        },
        Value::Array(items) => items.iter().map(whole).collect(),
        other => other.clone(),
    }
}

/// Whether a name fits a pattern: the name itself, or its start and a `*`.
pub fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
