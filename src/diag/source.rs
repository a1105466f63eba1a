//! The texts that spans point into.
//!
//! Lives here: [`Sources`], a registry of named texts, and [`Span`], a byte range in one of them.
//! Reading files does not: `config::load` does that and adds the texts here.

use crate::diag::cover;
use crate::diag::cover::Structure;
use std::ops::Range;
use std::sync::Arc;
use std::sync::OnceLock;

/// A text in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A byte range of one source. Offsets count bytes of the text as it is kept in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range of bytes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both; both must be of one source.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A text with the name that people know it by: a file's path as they gave it, or `--var`.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name shown above an excerpt.
    pub name: Arc<str>,
    /// The text, exactly as on disk: spans can be used to splice it.
    pub text: Arc<str>,
    /// Whether everything but its structure is covered unless it is known to be plain.
    covers: bool,
    /// Whether nothing of it is ever shown, not even covered.
    withheld: bool,
    /// Ranges that are known to be plain, or to be none: what was said last counts.
    known: Vec<(Range<usize>, Known)>,
    /// Made when it is first asked for.
    shown: OnceLock<String>,
    /// Where each line begins; made when it is first asked for.
    lines: OnceLock<Vec<usize>>,
}

/// What is known of a range of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It holds no secret.
    Plain,
    /// It is one, or may be: never to be shown.
    Hidden,
}

impl Source {
    fn new(name: Arc<str>, text: Arc<str>, covers: bool) -> Self {
        let (shown, lines) = (OnceLock::new(), OnceLock::new());
        Self { name, text, covers, withheld: false, known: Vec::new(), shown, lines }
    }

    /// Whether only its name, lines and columns may be told.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// The text as it may be shown: as on disk, with an asterisk for every byte that may be of a secret,
    /// and a question mark for every byte of a character that can't be seen. Offsets and lines stay the same.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.shown.get_or_init(|| {
            let length = self.text.len();
            let mut marks: Vec<Option<Known>> = vec![(!self.covers).then_some(Known::Plain); length];
            let mut mark = |range: &Range<usize>, known| {
                let end = range.end.min(length);
                marks.get_mut(range.start.min(end)..end).into_iter().for_each(|bytes| bytes.fill(Some(known)));
            };
            let structure =
                if self.covers && !self.withheld { cover::structure(&self.text) } else { Structure::default() };
            structure.shown.iter().for_each(|range| mark(range, Known::Plain));
            self.known.iter().for_each(|(range, known)| mark(range, *known));
            structure.comments.iter().for_each(|range| mark(range, Known::Hidden));
            userinfo(&self.text).for_each(|range| mark(&range, Known::Hidden));
            let blanks = self.blanks(&marks);
            let mut out = String::with_capacity(length);
            let mut chars = self.text.char_indices().peekable();
            while let Some((at, c)) = chars.next() {
                let is_break = c == '\n' || (c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n'));
                let bytes = at..at + c.len_utf8();
                if is_break || blanks[at] {
                    out.push(c);
                } else if marks[bytes.clone()].iter().any(|known| *known != Some(Known::Plain)) {
                    out.extend(std::iter::repeat_n('*', bytes.len()));
                } else if c != '\t' && is_unseen(c) {
                    out.extend(std::iter::repeat_n('?', bytes.len()));
                } else {
                    out.push(c);
                }
            }
            out
        })
    }

    /// Blanks that are layout: nothing is known of them, and they are not between two things that are covered.
    fn blanks(&self, marks: &[Option<Known>]) -> Vec<bool> {
        let bytes = self.text.as_bytes();
        let is_blank = |at: usize| matches!(bytes[at], b' ' | b'\t') && marks[at].is_none();
        let is_edge = |at: Option<usize>| {
            at.filter(|at| *at < bytes.len())
                .is_none_or(|at| matches!(bytes[at], b'\n' | b'\r') || marks[at] == Some(Known::Plain))
        };
        let mut out = vec![false; bytes.len()];
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            while at < bytes.len() && is_blank(at) {
                at += 1;
            }
            if is_edge(start.checked_sub(1)) || is_edge(Some(at)) {
                out[start..at].fill(true);
            }
            at += usize::from(at == start);
        }
        out
    }

    /// Where each line begins.
    fn lines(&self) -> &[usize] {
        self.lines
            .get_or_init(|| std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line that a byte is in, counted from 0.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.lines().partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Where a line begins; the end of the text if there are fewer.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        self.lines().get(line).copied().unwrap_or(self.text.len())
    }
}

/// Where names and passwords stand in the addresses of a text: `user:password@`.
fn userinfo(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.match_indices("://").filter_map(|(at, slashes)| {
        let start = at + slashes.len();
        let rest = &text[start..];
        let authority =
            &rest[..rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'')).unwrap_or(rest.len())];
        Some(start..start + authority.rfind('@')?)
    })
}

/// Whether a character moves a cursor, breaks a line, turns the direction of writing or can't be seen.
/// Private use counts too: no two terminals draw it alike, and the bond that keeps a command on a line is one of them.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// All texts of one run. Ids are handed out in order and never reused.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text that may hold secrets: all but its structure is covered until it is known to be plain.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        self.push(Source::new(name.into(), text.into(), true))
    }

    /// Adds a text that holds no secrets by its nature, such as a manifest.
    pub fn add_plain(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        self.push(Source::new(name.into(), text.into(), false))
    }

    /// Adds a text of which nothing is shown: a label says no more than which lines it is about.
    pub fn add_withheld(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        self.push(Source { withheld: true, ..Source::new(name.into(), text.into(), true) })
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(source);
        id
    }

    /// Takes over all texts of another registry. Gives by how much their ids are higher here.
    pub fn append(&mut self, other: Sources) -> u32 {
        let shift = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.extend(other.list);
        shift
    }

    /// Says whether a range is plain: from now on [`Source::shown`] shows or covers it, unless it is told otherwise
    /// again.
    pub fn mark(&mut self, span: Span, known: Known) {
        if let Some(source) = self.list.get_mut(span.source.0 as usize) {
            source.known.push((span.range(), known));
            source.shown.take();
        }
    }

    /// The text of an id handed out by this registry; `None` for a foreign id.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize)
    }

    /// All, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.list)
    }

    /// Line and column of a span's start, both counted from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, span: Span) -> Option<(usize, usize)> {
        let source = self.get(span.source)?;
        let start = span.start as usize;
        let line = source.line(start);
        let column = source.text.get(source.line_start(line)..start)?.chars().count();
        Some((line + 1, column + 1))
    }
}
