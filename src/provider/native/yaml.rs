//! YAML files: one mapping, one key a line at the left margin. Comments, order and entries that are not
//! changed survive byte for byte. A file that says the same in another way (a flow mapping, anchors used
//! across entries) is refused rather than rewritten.

use crate::provider::native::Changes;
use crate::provider::native::Malformed;
use serde_yaml_ng::Mapping;
use serde_yaml_ng::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A key with its value, or lines that are none.
struct Piece<'a> {
    text: &'a str,
    entry: Option<(String, String)>,
    /// Where an entry ends and the comments and blank lines behind it begin.
    end: usize,
    /// Whether it says that the whole holds nothing: `{}`, `null`.
    nothing: bool,
    /// Whether it ends the document: `...`.
    last: bool,
}

/// The entries of a text.
///
/// # Errors
/// The text is no YAML mapping, or not one that can be changed line by line.
pub fn read(text: &str) -> Result<BTreeMap<String, String>, Malformed> {
    Ok(pieces(text)?.into_iter().filter_map(|piece| piece.entry).collect())
}

/// The text with some keys changed.
///
/// # Errors
/// As [`read`].
pub fn edit(text: &str, changes: &Changes<'_>) -> Result<String, Malformed> {
    let pieces = pieces(text)?;
    let is_known = |key: &str| pieces.iter().any(|p| p.entry.as_ref().is_some_and(|(known, _)| known == key));
    let added: Vec<(&str, &str)> =
        changes.iter().filter_map(|(key, value)| Some((*key, (*value)?))).filter(|(key, _)| !is_known(key)).collect();
    let mut out = String::with_capacity(text.len());
    let (body, end) = pieces.split_at(pieces.iter().position(|piece| piece.last).unwrap_or(pieces.len()));
    for piece in body {
        let behind = &piece.text[piece.end..];
        match piece.entry.as_ref().map(|(key, _)| (key, changes.get(key.as_str()))) {
            // Of what goes, the rest of its line goes too.
            Some((_, Some(None))) => out.push_str(behind.split_once('\n').map_or("", |(_, below)| below)),
            Some((key, Some(Some(value)))) => {
                out.push_str(&line(key, value));
                out.push_str(if behind.is_empty() { "\n" } else { behind });
            }
            _ if added.is_empty() => out.push_str(piece.text),
            _ if piece.nothing => {}
            _ => out.push_str(&ended(piece)),
        }
    }
    for (key, value) in added {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&line(key, value));
        out.push('\n');
    }
    end.iter().for_each(|piece| out.push_str(piece.text));
    let mut wanted: BTreeMap<String, String> = pieces.into_iter().filter_map(|piece| piece.entry).collect();
    for (key, value) in changes {
        match value {
            Some(value) => drop(wanted.insert((*key).to_owned(), (*value).to_owned())),
            None => drop(wanted.remove(*key)),
        }
    }
    // YAML has more ways to hang together than lines: what is not exactly what was meant is not written.
    if read(&out).as_ref() != Ok(&wanted) {
        return Err(Malformed { line: 1, why: "this mapping can't be changed line by line" });
    }
    Ok(out)
}

/// The text of a piece, written anew if a line break after it would become part of its value: a block of text that
/// the file ends in.
fn ended<'a>(piece: &Piece<'a>) -> Cow<'a, str> {
    let Some((key, value)) = piece.entry.as_ref().filter(|_| !piece.text.ends_with('\n')) else {
        return piece.text.into();
    };
    let longer = mapping(&format!("{}\n", piece.text), 1).unwrap_or_default();
    let is_same = longer.values().next().is_some_and(|longer| as_text(longer) == *value);
    if is_same { piece.text.into() } else { line(key, value).into() }
}

/// An entry, without a line break.
fn line(key: &str, value: &str) -> String {
    let bare = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    // Words such as `yes` and `null` are no texts to every reader.
    let key = if bare(key) && key.len() > 5 { key.to_owned() } else { quote(key) };
    format!("{key}: {}", quote(value))
}

/// A text in double quotes, on one line, everything escaped that is not plainly printable.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Malformed> {
    let whole = mapping(text, 1)?;
    let mut pieces = Vec::new();
    let mut number = 1;
    for (chunk, is_entry) in chunks(text) {
        // The one entry of these lines; anything else does not add up to the whole below.
        let found = if is_entry { mapping(chunk, number)? } else { Mapping::new() };
        let nothing = is_entry && found.is_empty();
        let end = if found.is_empty() { chunk.len() } else { entry_end(chunk, &found) };
        let entry = found.into_iter().next().map(|(key, value)| (as_text(&key), as_text(&value)));
        let last = !is_entry && chunk.starts_with("...");
        pieces.push(Piece { text: chunk, entry, end, nothing, last });
        number += chunk.matches('\n').count();
    }
    let same: BTreeMap<String, String> = whole.iter().map(|(key, value)| (as_text(key), as_text(value))).collect();
    let found = pieces.iter().filter_map(|piece| piece.entry.clone());
    if pieces.iter().filter(|piece| piece.entry.is_some()).count() != whole.len()
        || found.collect::<BTreeMap<_, _>>() != same
    {
        return Err(Malformed { line: 1, why: "this is no mapping with one key a line" });
    }
    Ok(pieces)
}

/// Where what says `found` ends in the lines of an entry: before its own line break, and before a comment in
/// the same line, if there is one. What looks like a comment may be part of a text: the shortest beginning that still says the same
/// decides.
fn entry_end(chunk: &str, found: &Mapping) -> usize {
    let ends = chunk.match_indices('\n').map(|(at, _)| at);
    let comments = chunk.match_indices(" #").chain(chunk.match_indices("\t#")).map(|(at, _)| at);
    let mut cuts: Vec<usize> = ends.chain(comments).collect();
    cuts.sort_unstable();
    cuts.into_iter().find(|at| mapping(&chunk[..*at], 1).is_ok_and(|cut| cut == *found)).unwrap_or(chunk.len())
}

/// The text cut before each line that begins at the left margin, and whether an entry begins there. Lines that
/// are indented, blank, or items of a list belong to the entry before them.
fn chunks(text: &str) -> Vec<(&str, bool)> {
    let mut starts: Vec<(usize, bool)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marker = ["---", "..."].iter().any(|m| line.trim_end() == *m || line.starts_with(&format!("{m} ")));
        let other = line.starts_with(['#', '%', '\u{feff}']) || marker;
        let inner =
            line.trim().is_empty() || line.starts_with([' ', '\t']) || line.trim_end() == "-" || line.starts_with("- ");
        match starts.last() {
            Some((_, false)) if other && !line.starts_with("...") || line.trim().is_empty() => {}
            Some((_, true)) if inner => {}
            _ => starts.push((at, !other && !line.trim().is_empty())),
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    starts.iter().zip(ends).map(|((start, entry), end)| (&text[*start..end], *entry)).collect()
}

fn mapping(text: &str, from: usize) -> Result<Mapping, Malformed> {
    let wrong = |line: usize| Malformed { line: from + line.saturating_sub(1), why: "this is no YAML mapping" };
    match serde_yaml_ng::from_str(text).map_err(|e| wrong(e.location().map_or(1, |at| at.line())))? {
        Value::Null => Ok(Mapping::new()),
        Value::Mapping(mapping) => Ok(mapping),
        _ => Err(wrong(1)),
    }
}

/// A text as it is, everything else as JSON.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}
