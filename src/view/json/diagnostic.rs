//! Diagnostics as JSON: with byte ranges, lines and columns.

use crate::diag::Diagnostic;
use crate::diag::Fault;
use crate::diag::Severity;
use crate::diag::source::Sources;
use crate::view::json::Word;
use crate::view::json::shards::Shard;
use serde::Deserialize;
use serde::Serialize;

/// One diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `KF` and four digits.
    pub code: Word,
    severity: Word,
    fault: Word,
    /// The constant sentence of the code.
    pub summary: Word,
    /// Names the thing.
    pub detail: String,
    /// Places in the sources, the primary one first.
    pub labels: Vec<Label>,
    /// The next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Entry {
    /// Whether it is an error, not a warning.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

/// A place. Bytes are counted from 0, lines and columns from 1; the end is one past the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The file, as the user knows it.
    pub file: String,
    /// The first character.
    pub start: Position,
    /// One past the last.
    pub end: Position,
    /// What is there.
    pub text: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    byte: u32,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// A document that has nothing but diagnostics: of a command that failed before it had more to say.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    /// `keyform.<command>/1`.
    pub format: String,
    /// Whether there is no error among them.
    pub ok: bool,
    /// All of them.
    pub diagnostics: Vec<Entry>,
    /// Which shard it is of, if not of the whole configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<Shard>,
}

/// All of a list.
pub fn entries<'a>(list: impl IntoIterator<Item = &'a Diagnostic>, sources: &Sources) -> Vec<Entry> {
    list.into_iter().map(|diagnostic| entry(diagnostic, sources)).collect()
}

/// One diagnostic; labels into texts that `sources` does not know are left out.
#[must_use]
pub fn entry(diagnostic: &Diagnostic, sources: &Sources) -> Entry {
    Entry {
        code: diagnostic.code.id.into(),
        severity: match diagnostic.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
        .into(),
        fault: match diagnostic.code.fault {
            Fault::Configuration => "configuration",
            Fault::Credentials => "credentials",
            Fault::Permission => "permission",
            Fault::Environment => "environment",
            Fault::Vendor => "vendor",
            Fault::Internal => "internal",
        }
        .into(),
        summary: diagnostic.summary().into(),
        detail: diagnostic.detail.clone(),
        labels: diagnostic.labels.iter().filter_map(|label| place(label, sources)).collect(),
        help: diagnostic.help.clone(),
    }
}

fn place(label: &crate::diag::Label, sources: &Sources) -> Option<Label> {
    let span = label.span;
    let position = |byte: u32| {
        let (line, column) = sources.line_column(crate::diag::source::Span { start: byte, end: byte, ..span })?;
        Some(Position { byte, line, column })
    };
    Some(Label {
        file: sources.get(span.source)?.name.to_string(),
        start: position(span.start)?,
        end: position(span.end)?,
        text: label.text.clone(),
    })
}
