//! Diagnostics as JSON: with byte ranges, lines and columns.

use crate::diag::Diagnostic;
use crate::diag::Fault;
use crate::diag::Severity;
use crate::diag::source::Sources;
use serde::Serialize;

/// One diagnostic.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    code: &'static str,
    severity: &'static str,
    fault: &'static str,
    summary: &'static str,
    detail: String,
    labels: Vec<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// A place. Bytes are counted from 0, lines and columns from 1; the end is one past the last.
#[derive(Debug, Clone, Serialize)]
struct Label {
    file: String,
    start: Position,
    end: Position,
    text: String,
}

#[derive(Debug, Clone, Serialize)]
struct Position {
    byte: u32,
    line: usize,
    column: usize,
}

/// A document that has nothing but diagnostics: of a command that failed before it had more to say.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// `keyform.<command>/1`.
    pub format: &'a str,
    /// Whether there is no error among them.
    pub ok: bool,
    /// All of them.
    pub diagnostics: Vec<Entry>,
}

/// All of a list.
pub fn entries<'a>(list: impl IntoIterator<Item = &'a Diagnostic>, sources: &Sources) -> Vec<Entry> {
    list.into_iter().map(|diagnostic| entry(diagnostic, sources)).collect()
}

/// One diagnostic; labels into texts that `sources` does not know are left out.
#[must_use]
pub fn entry(diagnostic: &Diagnostic, sources: &Sources) -> Entry {
    Entry {
        code: diagnostic.code.id,
        severity: match diagnostic.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        fault: match diagnostic.code.fault {
            Fault::Configuration => "configuration",
            Fault::Credentials => "credentials",
            Fault::Permission => "permission",
            Fault::Environment => "environment",
            Fault::Vendor => "vendor",
            Fault::Internal => "internal",
        },
        summary: diagnostic.summary(),
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
