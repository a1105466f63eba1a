//! Files of secrets for `secret import` and `secret export`: dotenv and JSON. A value never becomes part
//! of an error.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Secrets by key.
pub(super) type Secrets = BTreeMap<Arc<str>, Secret>;

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// KEY="value" lines
    Dotenv,
    /// One object of texts
    Json,
}

/// Reads a file's text.
///
/// # Errors
/// The text is not of the format; the line is named, not shown.
pub(super) fn read(text: &str, format: Format) -> Result<Secrets, Diagnostic> {
    match format {
        Format::Dotenv => dotenv(text),
        Format::Json => json(text),
    }
}

/// Writes a file's text.
#[must_use]
pub(super) fn write(secrets: &Secrets, format: Format) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::new());
    match format {
        Format::Dotenv => {
            for (key, secret) in secrets {
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(b"=\"");
                for byte in secret.expose().bytes() {
                    match byte {
                        b'\n' => out.extend_from_slice(b"\\n"),
                        b'\r' => out.extend_from_slice(b"\\r"),
                        b'"' | b'\\' | b'$' => out.extend_from_slice(&[b'\\', byte]),
                        other => out.push(other),
                    }
                }
                out.extend_from_slice(b"\"\n");
            }
        }
        Format::Json => {
            let map: BTreeMap<&str, &str> = secrets.iter().map(|(key, secret)| (&**key, secret.expose())).collect();
            // Texts only: this can't fail, but for the memory.
            let _ = serde_json::to_writer_pretty(&mut *out, &map);
            out.push(b'\n');
        }
    }
    out
}

fn malformed(detail: String) -> Diagnostic {
    Diagnostic::error(&codes::BAD_IMPORT, detail)
}

fn json(text: &str) -> Result<Secrets, Diagnostic> {
    let map: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|error| {
        malformed(format!("It is no JSON object: line {}, column {}.", error.line(), error.column()))
    })?;
    let mut secrets = Secrets::new();
    for (key, value) in map {
        match value {
            serde_json::Value::String(text) => secrets.insert(key.into(), Secret::new(text)),
            _ => return Err(malformed(format!("The value of `{key}` is no text; put it in quotes."))),
        };
    }
    Ok(secrets)
}

fn dotenv(text: &str) -> Result<Secrets, Diagnostic> {
    let mut secrets = Secrets::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let number = text[..text.len() - rest.len()].matches('\n').count() + 1;
        let line = rest.lines().next().unwrap_or_default();
        let skipped = &rest[line.len()..];
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = skipped.trim_start_matches(['\r', '\n']);
            continue;
        }
        let entry = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        let (key, _) = entry.split_once('=').ok_or_else(|| malformed(format!("Line {number} has no `=`.")))?;
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) || key.contains(['"', '\'']) {
            return Err(malformed(format!("Line {number} has no key before its `=`.")));
        }
        let equals = rest.find('=').unwrap_or_default();
        let (value, after) = value(&rest[equals + 1..], number)?;
        if secrets.insert(key.into(), Secret::new(value)).is_some() {
            return Err(malformed(format!("Line {number} sets `{key}` a second time.")));
        }
        rest = after;
    }
    Ok(secrets)
}

/// The value at the start of a text, and the lines after it. Quoted ones may go over several lines.
fn value(text: &str, number: usize) -> Result<(String, &str), Diagnostic> {
    let text = text.trim_start_matches([' ', '\t']);
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
        let line = text.lines().next().unwrap_or_default();
        let end = line.find(" #").unwrap_or(line.len());
        return Ok((line[..end].trim_end().to_owned(), next_line(&text[line.len()..])));
    };
    let mut out = String::new();
    let mut chars = text[1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => {
                let tail = &text[at + 2..];
                let line = tail.lines().next().unwrap_or_default();
                if !(line.trim().is_empty() || line.trim_start().starts_with('#')) {
                    return Err(malformed(format!("The value of line {number} goes on after its closing quote.")));
                }
                return Ok((out, next_line(&tail[line.len()..])));
            }
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 'r')) => out.push('\r'),
                Some((_, 't')) => out.push('\t'),
                Some((_, c @ ('"' | '\\' | '$'))) => out.push(c),
                Some((_, c)) => out.extend(['\\', c]),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err(malformed(format!("The quote of line {number} is never closed.")))
}

fn next_line(text: &str) -> &str {
    let text = text.strip_prefix('\r').unwrap_or(text);
    text.strip_prefix('\n').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

    use super::Format;
    use super::read;
    use super::write;

    #[test]
    fn what_is_written_is_read_again() {
        let odd =
            ["plain", "", "two\nlines\r\n", "q\"u'o`te", "$HOME ${x}", "back\\slash\\n", " padded ", "# no", "ü€"];
        let secrets: super::Secrets = odd
            .iter()
            .enumerate()
            .map(|(i, text)| (format!("KEY_{i}").into(), crate::secret::Secret::new((*text).to_owned())))
            .collect();
        for format in [Format::Dotenv, Format::Json] {
            let text = String::from_utf8(write(&secrets, format).to_vec()).unwrap();
            assert!(read(&text, format).unwrap() == secrets, "{format:?}");
        }
    }

    #[test]
    fn dotenv_files_of_others_are_read() {
        let text = "\u{feff}# comment\r\nexport A=1 # one\r\n\nB='single $x' # c\nC=\"a\nb\"\nD=\nE=a#b\nF=x=y";
        let secrets = read(text, Format::Dotenv).unwrap();
        let values: Vec<(&str, &str)> = secrets.iter().map(|(key, value)| (&**key, value.expose())).collect();
        assert_eq!(values, [("A", "1"), ("B", "single $x"), ("C", "a\nb"), ("D", ""), ("E", "a#b"), ("F", "x=y")]);
    }

    #[test]
    fn malformed_files_are_refused_without_being_quoted() {
        for text in ["canary-alone", "A=\"canary-open", "A=\"canary-x\" y", "=canary-x", "A=1\nA=canary-2"] {
            let diagnostic = read(text, Format::Dotenv).unwrap_err();
            assert!(!format!("{diagnostic:?}").contains("canary"), "{text}");
        }
        assert!(!format!("{:?}", read("{\"a\": canary-x}", Format::Json).unwrap_err()).contains("canary"));
    }
}
