//! Text from outside as Markdown that can do nothing: no mention, link, reference, fence or HTML comes of it, on any of the
//! platforms that draw Markdown, whatever it says.
//!
//! A name is a code span: nothing in one is interpreted, and the two characters that could end it or its cell of a table
//! are written as their code points. Of a sentence, the words that are plain words stay as they are; everything else is code.
//! Where there is no Markdown, [`xml`] is enough.

use crate::view::words;

/// A name, as a code span.
#[must_use]
pub fn code(name: &str) -> String {
    match literal(name).as_str() {
        "" => "`(empty)`".to_owned(),
        // A span that begins and ends with a space would lose both.
        text if text.starts_with(' ') || text.ends_with(' ') => format!("`\"{text}\"`"),
        text => format!("`{text}`"),
    }
}

/// A text that can neither end a code span nor a cell.
fn literal(text: &str) -> String {
    words::shown(text).replace('`', "\\u{60}").replace('|', "\\u{7c}")
}

/// A name in a place where HTML is read and Markdown is not: the head of a folded section.
#[must_use]
pub fn html(name: &str) -> String {
    let mut out = String::from("<code>");
    for c in words::shown(name).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.') {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    out.push_str("</code>");
    out
}

/// A text in XML or HTML, also as the value of an attribute between double quotes.
#[must_use]
pub fn xml(text: &str) -> String {
    words::shown(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Lines that are shown as they are, in the colours of a patch: `+`, `-` and `!` at the beginning of a line have one each.
#[must_use]
pub fn fence(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| words::shown(line)).collect();
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`').map(str::len)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{}\n{fence}\n", lines.join("\n"))
}

/// A sentence that may quote names: between backticks, or as they are.
#[must_use]
pub fn prose(text: &str) -> String {
    let mut out = String::new();
    let quotes = text.matches('`').count();
    if quotes % 2 == 1 {
        words_of(&mut out, text);
        return out;
    }
    for (i, part) in text.split('`').enumerate().filter(|(_, part)| !part.is_empty()) {
        if i % 2 == 1 {
            apart(&mut out);
            out.push_str(&code(part));
        } else {
            words_of(&mut out, part);
        }
    }
    out
}

/// Adds the words of a text; those that are no plain words become code, neighbours together.
fn words_of(out: &mut String, text: &str) {
    let words: Vec<&str> = text.split(char::is_whitespace).collect();
    let runs = words.chunk_by(|a, b| is_plain(a) == is_plain(b));
    if words.first().is_some_and(|word| !is_plain(word)) {
        apart(out);
    }
    let runs: Vec<String> = runs
        .map(|run| {
            let text = run.join(" ");
            if is_plain(run[0]) {
                return text;
            }
            // What ends a sentence or a part of it stays outside.
            let end = text.trim_end_matches(['.', ',', ';', ':']);
            format!("{}{}", code(end), &text[end.len()..])
        })
        .collect();
    out.push_str(&runs.join(" "));
}

/// Two spans side by side would be one.
fn apart(out: &mut String) {
    if out.ends_with('`') {
        out.push(' ');
    }
}

/// Whether a word is nothing but a word or a small number, with what may stand beside it in a sentence.
fn is_plain(word: &str) -> bool {
    const HASH: usize = 7;
    let core = word.trim_start_matches('(').trim_end_matches(['.', ',', ';', ':', ')', '?']);
    let is_word = core.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '’');
    let is_number = core.len() < HASH && core.bytes().all(|b| b.is_ascii_digit());
    // Seven such letters may be a commit.
    let is_hash = core.len() >= HASH && core.bytes().all(|b| b.is_ascii_hexdigit());
    // Nothing but a comma is plain as well: it stands behind something that was quoted.
    (is_word || is_number) && !is_hash
}

#[cfg(test)]
mod tests {
    use super::code;
    use super::html;
    use super::prose;

    #[test]
    fn names_are_code_and_words_are_words() {
        assert_eq!(code("A|B`C\n"), r"`A\u{7c}B\u{60}C\u{a}`");
        assert_eq!(html("<b>@all"), "<code>&#60;b&#62;&#64;all</code>");
        assert_eq!(
            prose("The sync would delete `HAND MADE`, which @keyform did not write (12 keys)."),
            "The sync would delete `HAND MADE`, which `@keyform` did not write (12 keys)."
        );
        assert_eq!(prose("See main.hcl:3 and deadbeef1."), "See `main.hcl:3` and `deadbeef1`.");
    }
}
