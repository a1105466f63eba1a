//! What went wrong, where, and what to do next.
//!
//! Lives here: [`Diagnostic`] and its accumulator [`Diagnostics`]; [`source`] holds the texts that
//! spans point into, [`codes`] the table of stable codes ([`code`] is a row of it), [`render`] draws them for a terminal, [`together`] those of
//! one kind at once, `cover` finds what an excerpt must not show. The
//! summary of a diagnostic is constant, the detail names the thing, the help says the next step, and
//! none of them ever quotes a secret value.

#[macro_use]
pub mod code;
pub mod bond;
pub mod codes;
mod cover;
pub mod later;
pub mod render;
pub mod source;
pub mod together;

use crate::diag::code::Code;
use crate::diag::source::Span;

/// How bad it is: errors stop the stage that found them, warnings do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something that works but is likely not meant.
    Warning,
    /// Something that must be mended first.
    Error,
}

/// Whose fault it is: picks the wording and, at the end, the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The configuration or the command line.
    Configuration,
    /// Credentials that are wrong, expired or missing.
    Credentials,
    /// Credentials that are right but may not do this.
    Permission,
    /// The machine or the network: a file that can't be read, a host that can't be reached.
    Environment,
    /// The service at the other end.
    Vendor,
    /// Keyform itself.
    Internal,
}

/// A place in a source, with a word about it. The first label of a diagnostic is the primary one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there: "declared here", "collides with this"; empty for none.
    pub text: String,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, its constant summary and its fault: a row of [`codes`].
    pub code: &'static Code,
    /// Error or warning.
    pub severity: Severity,
    /// Names the thing: one or two sentences.
    pub detail: String,
    /// Places in the sources, the primary one first.
    pub labels: Vec<Label>,
    /// The next step, if there is one to name.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: &'static Code, detail: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, detail: detail.into(), labels: Vec::new(), help: None }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static Code, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, detail) }
    }

    /// Adds a place. The first one added is the primary one.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Sets the next step.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Sets the next step "did you mean …?" if `wanted` is close to one of `known`.
    #[must_use]
    pub fn did_you_mean<'a>(self, wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(wanted, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// The constant sentence that names the kind of problem.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.code.summary
    }
}

/// Problems found so far. Loading never stops at the first one: functions push and go on, stages ask
/// [`Diagnostics::has_errors`] at their end.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds the error of a result and gives its value, if there is one.
    pub fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|d| self.push(d)).ok()
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { list: vec![diagnostic] }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The known name nearest to a mistyped one, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(wanted.len()).saturating_sub(1) / 4)
        .min()
        .map(|(_, name)| name)
}

/// Why a file can't be read or written, in a few words.
#[must_use]
pub fn why(kind: std::io::ErrorKind) -> String {
    match kind {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::InvalidInput => "it is no regular file".to_owned(),
        std::io::ErrorKind::FileTooLarge => "it is too large".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        kind => kind.to_string(),
    }
}
