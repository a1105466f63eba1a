//! The texts that spans point into.
//!
//! Lives here: [`Sources`], a registry of named texts, and [`Span`], a byte range in one of them.
//! Reading files does not: `config::load` does that and adds the texts here.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

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
    /// Ranges that hold secrets (a literal in a secret attribute): never to be shown.
    hidden: Vec<Range<usize>>,
}

impl Source {
    /// The text as it may be shown: as on disk, with an asterisk for every byte that is hidden. Offsets
    /// and lines stay the same.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut bytes = self.text.as_bytes().to_vec();
        for range in &self.hidden {
            for byte in bytes.get_mut(range.clone()).into_iter().flatten().filter(|byte| **byte != b'\n') {
                *byte = b'*';
            }
        }
        Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
    }
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

    /// Adds a text.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Source { name: name.into(), text: text.into(), hidden: Vec::new() });
        id
    }

    /// Says that a range holds a secret: from now on [`Source::shown`] covers it.
    pub fn hide(&mut self, span: Span) {
        if let Some(source) = self.list.get_mut(span.source.0 as usize) {
            source.hidden.push(span.range());
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
        let before = self.get(span.source)?.text.get(..span.start as usize)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((line, column))
    }
}
