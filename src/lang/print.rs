//! New blocks as text, in the canonical layout. Only for text that nobody has written yet: files of users are
//! changed by their tokens, never by printing a tree.

use crate::lang::format;
use crate::model::address;
use crate::model::attrs::Object;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use std::fmt::Write;

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The word it begins with.
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What is in it, in order.
    pub parts: Vec<Part>,
}

/// Something in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// An attribute: its name, and an expression as text.
    Attr(String, String),
    /// A block.
    Block(Block),
    /// Nothing: what follows is something else.
    Blank,
}

/// Most characters of what is written on one line where it could be several.
const WIDE: usize = 100;

/// The blocks one after the other, in the canonical layout. Comments stand before the first one.
#[must_use]
pub fn file(comments: &[String], blocks: &[Block]) -> String {
    let mut out = String::new();
    for line in comments {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    for (n, one) in blocks.iter().enumerate() {
        if n > 0 || !comments.is_empty() {
            out.push('\n');
        }
        block(&mut out, one, true);
    }
    // What is made here parses; as it is, it would only be laid out less well.
    format::format(&out).unwrap_or(out)
}

fn block(out: &mut String, block: &Block, is_top: bool) {
    out.push_str(&block.kind);
    for label in &block.labels {
        let _ = write!(out, " {}", quoted(label));
    }
    match &*block.parts {
        [] => out.push_str(" {}\n"),
        [Part::Attr(name, value)] if !is_top && is_short(block, name, value) => {
            let _ = writeln!(out, " {{ {name} = {value} }}");
        }
        parts => {
            out.push_str(" {\n");
            for part in parts {
                match part {
                    Part::Attr(name, value) => {
                        let _ = writeln!(out, "{name} = {value}");
                    }
                    Part::Block(inner) => self::block(out, inner, false),
                    Part::Blank => out.push('\n'),
                }
            }
            out.push_str("}\n");
        }
    }
}

/// Whether a block reads well on one line.
fn is_short(block: &Block, name: &str, value: &str) -> bool {
    let label: usize = block.labels.iter().map(String::len).sum();
    !value.contains('\n') && block.kind.len() + label + name.len() + value.len() < 70
}

/// A text in quotes, with nothing in it evaluated.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text as it stands between quotes, with nothing in it evaluated.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A value as an expression. Secrets and fingerprints have none and become `null`.
#[must_use]
pub fn expression(value: &Value) -> String {
    match value {
        Value::Null | Value::Secret(_) | Value::Fingerprint(_) => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Resource(address) => address.to_string(),
        Value::Source(source) => self::source(source),
        Value::List(items) => list(items),
        Value::Object(fields) => object(fields),
    }
}

fn source(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => format!("secret_env({})", quoted(name)),
        SecretSource::File(path) => format!("secret_file({})", quoted(&path.to_string_lossy())),
        SecretSource::Exec(words) => {
            let words: Vec<Value> = words.iter().map(|word| Value::String(word.clone())).collect();
            format!("secret_exec({})", list(&words))
        }
        SecretSource::Stored(place) => format!("secret_stored({})", quoted(place)),
        SecretSource::Random { length, .. } => format!("secret_random({{ length = {length} }})"),
        SecretSource::OrEmpty(source) => {
            let call = self::source(source);
            format!("{}, {{ allow_empty = true }})", call.strip_suffix(')').unwrap_or(&call))
        }
        SecretSource::Literal(_) => "null".to_owned(),
    }
}

fn list(items: &[Value]) -> String {
    let texts: Vec<String> = items.iter().map(expression).collect();
    let flat = format!("[{}]", texts.join(", "));
    let has_objects = items.iter().any(|item| matches!(item, Value::Object(_)));
    if texts.iter().any(|text| text.contains('\n')) || flat.len() > WIDE || (has_objects && items.len() > 1) {
        return format!("[\n{}\n]", texts.iter().map(|text| format!("{text},")).collect::<Vec<_>>().join("\n"));
    }
    flat
}

fn object(fields: &Object) -> String {
    let key = |name: &str| if address::is_identifier(name) { name.to_owned() } else { quoted(name) };
    let texts: Vec<String> =
        fields.iter().map(|(name, value)| format!("{} = {}", key(name), expression(value))).collect();
    if texts.is_empty() {
        return "{}".to_owned();
    }
    let flat = format!("{{ {} }}", texts.join(", "));
    match flat.len() > WIDE || flat.contains('\n') {
        true => format!("{{\n{}\n}}", texts.join("\n")),
        false => flat,
    }
}

#[cfg(test)]
mod tests {
    use super::Block;
    use super::Part;
    use super::escaped;
    use super::file;
    use crate::lang::format;

    #[test]
    fn texts_are_never_evaluated() {
        assert_eq!(escaped("a \"b\" ${c} %{d} $e \\ \n"), "a \\\"b\\\" $${c} %%{d} $e \\\\ \\n");
    }

    #[test]
    fn what_is_printed_is_laid_out() {
        let inner = Block { kind: "tag".into(), labels: vec!["a".into()], parts: Vec::new() };
        let parts = vec![
            Part::Attr("a".into(), "1".into()),
            Part::Attr("long_name".into(), "\"x\"".into()),
            Part::Blank,
            Part::Block(inner),
        ];
        let block = Block { kind: "project".into(), labels: vec!["p".into()], parts };
        let text = file(&["why".into()], &[block.clone(), block]);
        let one = "project \"p\" {\n  a         = 1\n  long_name = \"x\"\n\n  tag \"a\" {}\n}\n";
        assert_eq!(text, format!("# why\n\n{one}\n{one}"));
        assert_eq!(format::format(&text).as_deref(), Ok(&*text));
    }
}
