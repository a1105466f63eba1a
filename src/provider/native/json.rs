//! JSON files: one object. Order, numbers and nested values of entries that are not changed survive as they
//! are written; a value that is no text reads as its JSON.

use crate::provider::native::Changes;
use crate::provider::native::Malformed;
use indexmap::IndexMap;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

type Entries = IndexMap<String, Box<RawValue>>;

/// The entries of a text.
///
/// # Errors
/// The text is no JSON object.
pub fn read(text: &str) -> Result<BTreeMap<String, String>, Malformed> {
    Ok(entries(text)?.into_iter().map(|(key, raw)| (key, plain(&raw))).collect())
}

/// The text with some keys changed.
///
/// # Errors
/// As [`read`].
pub fn edit(text: &str, changes: &Changes<'_>) -> Result<String, Malformed> {
    let mut entries = entries(text)?;
    for (key, value) in changes {
        match value {
            Some(value) => {
                let raw = RawValue::from_string(serde_json::Value::from(*value).to_string());
                entries.insert(
                    (*key).to_owned(),
                    raw.map_err(|_| Malformed { line: 1, why: "a value can't be written" })?,
                );
            }
            None => {
                entries.shift_remove(*key);
            }
        }
    }
    if entries.is_empty() {
        return Ok("{}\n".to_owned());
    }
    let lines: Vec<String> = entries
        .iter()
        .map(|(key, raw)| format!("  {}: {}", serde_json::Value::from(key.as_str()), raw.get()))
        .collect();
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

fn entries(text: &str) -> Result<Entries, Malformed> {
    if text.trim().is_empty() {
        return Ok(Entries::new());
    }
    serde_json::from_str(text).map_err(|e| Malformed { line: e.line(), why: "this is no JSON object" })
}

fn plain(raw: &RawValue) -> String {
    serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}
