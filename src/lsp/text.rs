//! Places in a text as editors name them: lines, and in a line units of UTF-16. Anything that is beyond a line or the
//! text is its end.

use gen_lsp_types::Position;
use gen_lsp_types::Range;

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Lines end with `\n`, `\r\n` or, as editors see it, with `\r` alone.
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let is_end = |at: &usize| match bytes[*at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        Self { starts: std::iter::once(0).chain((0..bytes.len()).filter(is_end).map(|at| at + 1)).collect() }
    }

    /// The place of a byte.
    pub(crate) fn position(&self, text: &str, at: usize) -> Position {
        let at = floor(text, at);
        let line = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        let units: usize = text[self.starts[line]..at].chars().map(char::len_utf16).sum();
        Position { line: narrow(line), character: narrow(units) }
    }

    /// The byte of a place.
    pub(crate) fn offset(&self, text: &str, at: Position) -> usize {
        let line = at.line as usize;
        let Some(&start) = self.starts.get(line) else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let mut units = 0;
        for (i, c) in text[start..end].char_indices() {
            units += c.len_utf16();
            if units > at.character as usize || matches!(c, '\n' | '\r') {
                return start + i;
            }
        }
        end
    }

    /// The range of bytes `start..end`.
    pub(crate) fn range(&self, text: &str, bytes: std::ops::Range<usize>) -> Range {
        Range { start: self.position(text, bytes.start), end: self.position(text, bytes.end) }
    }
}

/// The start of the character that a byte is of.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_utf16_and_every_kind_of_line() {
        let text = "a = \"é🔑\"\r\nb\rc\n";
        let lines = Lines::new(text);
        for (at, line, character) in [(0, 0, 0), (5, 0, 5), (7, 0, 6), (11, 0, 8), (14, 1, 0), (16, 2, 0), (18, 3, 0)] {
            let place = Position { line, character };
            assert_eq!(lines.position(text, at), place, "{at}");
            assert_eq!(lines.offset(text, place), at, "{place:?}");
        }
        // In the middle of a character, behind a line, behind the text.
        for ((line, character), at) in [((0, 7), 7), ((0, 99), 12), ((1, 9), 15), ((9, 0), 18)] {
            assert_eq!(lines.offset(text, Position { line, character }), at);
        }
        assert_eq!(lines.position(text, 9), Position { line: 0, character: 6 });
        assert_eq!(lines.position(text, 99), Position { line: 3, character: 0 });
    }
}
