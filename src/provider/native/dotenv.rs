//! Dotenv files: `KEY=value` lines. Comments, blank lines, order, `export`, quoting of entries that are not
//! changed: all of it survives byte for byte.
//!
//! Read as shells and the common libraries do where they agree: bare values end at white space before a `#`;
//! between single quotes everything stands for itself; between double quotes `\n \r \t \" \\ \$` and an
//! escaped backtick are escapes and every other backslash is one; quoted values may span lines. Nothing is
//! expanded. Of two lines with one key the last one counts; a new value is written to both.

use crate::provider::native::Changes;
use crate::provider::native::Malformed;
use std::collections::BTreeMap;
use std::ops::Range;

/// One assignment.
struct Line {
    key: String,
    value: String,
    /// The whole line or lines, with the line break.
    whole: Range<usize>,
    /// The value with its quotes.
    value_at: Range<usize>,
}

/// The entries of a text.
///
/// # Errors
/// A line is neither an assignment nor a comment nor blank, or a quote is not closed.
pub fn read(text: &str) -> Result<BTreeMap<String, String>, Malformed> {
    Ok(assignments(text)?.into_iter().collect())
}

/// The entries of a text in its own order; a key that is set twice is there twice.
///
/// # Errors
/// As [`read`].
pub fn assignments(text: &str) -> Result<Vec<(String, String)>, Malformed> {
    Ok(lines(text)?.into_iter().map(|line| (line.key, line.value)).collect())
}

/// The text with some keys changed.
///
/// # Errors
/// As [`read`].
pub fn edit(text: &str, changes: &Changes<'_>) -> Result<String, Malformed> {
    edit_with(text, changes, quote)
}

/// The same for readers who want values quoted in another way.
///
/// # Errors
/// As [`read`].
pub fn edit_with(text: &str, changes: &Changes<'_>, quote: fn(&str) -> String) -> Result<String, Malformed> {
    let lines = lines(text)?;
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for line in &lines {
        match changes.get(line.key.as_str()) {
            Some(None) => {
                out.push_str(&text[at..line.whole.start]);
                at = line.whole.end;
            }
            // Also where a later line sets it again: what was replaced is not to go on standing in the file.
            Some(Some(value)) => {
                out.push_str(&text[at..line.value_at.start]);
                out.push_str(&quote(value));
                at = line.value_at.end;
                // Of `KEY=# why` the comment is one only as long as nothing stands before it.
                if text[at..].starts_with('#') {
                    out.push(' ');
                }
            }
            None => {}
        }
    }
    out.push_str(&text[at..]);
    let newline =
        if text.lines().next().is_some_and(|first| text[first.len()..].starts_with("\r\n")) { "\r\n" } else { "\n" };
    for (key, value) in changes {
        let Some(value) = value else { continue };
        if lines.iter().any(|line| line.key == *key) {
            continue;
        }
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(newline);
        }
        out.push_str(&format!("{key}={}{newline}", quote(value)));
    }
    Ok(out)
}

/// A value as it is written: bare if every reader agrees on it, else in single quotes, and only if it has
/// some itself, in double quotes with escapes.
fn quote(value: &str) -> String {
    if value.chars().all(is_bare) {
        return value.to_owned();
    }
    // Some readers turn `\r\n` into `\n` unless it is written as an escape, and take two backslashes, or one
    // before the closing quote, for an escape in single quotes, too.
    if !value.contains(['\'', '\r']) && !value.contains("\\\\") && !value.ends_with('\\') {
        return format!("'{value}'");
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '\r' => out.push_str("\\r"),
            '"' | '\\' | '$' | '`' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value as PHP's phpdotenv reads it: a quoted one has to stand on one line, and between double quotes it
/// takes no other escapes than those.
#[must_use]
pub fn quote_for_php(value: &str) -> String {
    if value.chars().all(is_bare) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\r', '\n']) {
        return format!("'{value}'");
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '"' | '\\' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What every reader takes as it is, without quotes.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c)
}

fn lines(text: &str) -> Result<Vec<Line>, Malformed> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let end = line_end(text, at);
        let line = text[at..end].trim();
        let assignment = !line.is_empty() && !line.starts_with('#');
        match text[at..end].split_once('=') {
            Some((before, _)) if assignment => {
                let key = key(before).ok_or_else(|| malformed(text, at, "this is no `KEY=value`"))?;
                let line = assigned(text, at, at + before.len() + 1, key)?;
                at = line.whole.end;
                found.push(line);
            }
            None if assignment && key(line).is_none_or(|key| !line.starts_with("export") || key == line) => {
                return Err(malformed(text, at, "this is no `KEY=value`"));
            }
            _ => at = end,
        }
    }
    Ok(found)
}

/// The key of `  export KEY `.
fn key(before: &str) -> Option<&str> {
    let before = before.trim();
    let key = before.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map_or(before, str::trim);
    let mut chars = key.chars();
    let first = chars.next()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    ((first.is_ascii_alphabetic() || first == '_') && chars.all(fits)).then_some(key)
}

/// The assignment whose line begins at `start` and whose value begins after `from`.
fn assigned(text: &str, start: usize, from: usize, key: &str) -> Result<Line, Malformed> {
    let key = key.to_owned();
    let rest = &text[from..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let begin = from + blank;
    let quoted = match text[begin..].chars().next() {
        Some('\'') => Some(single(&text[begin + 1..])),
        Some('"') => Some(double(&text[begin + 1..])),
        _ => None,
    };
    let Some(quoted) = quoted else {
        let end = line_end(text, from);
        let line = text[from..end].trim_end_matches(['\n', '\r']);
        let comment = line
            .char_indices()
            .find(|(i, c)| *c == '#' && (*i == 0 || line[..*i].ends_with([' ', '\t'])))
            .map_or(line.len(), |(i, _)| i);
        let value = line[..comment].trim_matches([' ', '\t']);
        let begin = if value.is_empty() { from } else { begin };
        return Ok(Line { key, value: value.to_owned(), whole: start..end, value_at: begin..begin + value.len() });
    };
    let (value, length) = quoted.ok_or_else(|| malformed(text, start, "a quote is not closed"))?;
    let value_end = begin + 1 + length;
    let end = line_end(text, value_end);
    let after = text[value_end..end].trim();
    if !after.is_empty() && !after.starts_with('#') {
        return Err(malformed(text, start, "something stands behind the closing quote"));
    }
    Ok(Line { key, value, whole: start..end, value_at: begin..value_end })
}

/// The value of a text in single quotes, and how long it is with the closing one.
fn single(text: &str) -> Option<(String, usize)> {
    let end = text.find('\'')?;
    Some((text[..end].to_owned(), end + 1))
}

/// The value of a text in double quotes, and how long it is with the closing one.
fn double(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((out, i + 1)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                c @ ('"' | '\\' | '$' | '`') => out.push(c),
                other => {
                    out.push('\\');
                    out.push(other);
                }
            },
            c => out.push(c),
        }
    }
    None
}

/// One past the line break that ends the line at `from`.
fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |i| from + i + 1)
}

fn malformed(text: &str, at: usize, why: &'static str) -> Malformed {
    Malformed { line: text[..at].matches('\n').count() + 1, why }
}
