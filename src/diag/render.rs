//! Draws diagnostics for a terminal, through miette. Ranges that hold secrets are covered.

use crate::diag::Diagnostic;
use crate::diag::Label;
use crate::diag::Severity;
use crate::diag::bond;
use crate::diag::source::Source;
use crate::diag::source::SourceId;
use crate::diag::source::Sources;
use crate::diag::source::is_unseen;
use miette::GraphicalReportHandler;
use miette::GraphicalTheme;
use miette::LabeledSpan;
use miette::MietteError;
use miette::MietteSpanContents;
use miette::SourceCode;
use miette::SourceSpan;
use miette::SpanContents;
use std::error::Error;
use std::fmt;
use std::ops::Range;

/// Nothing is readable in a terminal narrower than this.
const MIN_WIDTH: usize = 40;

/// What stands before the lines of a text: `    help: `.
const MARGIN: usize = 12;

/// Draws one diagnostic: code, summary, detail, the source underlined, help. Without colour it is plain
/// ASCII, but for what the texts themselves hold.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool, width: usize) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    let width = width.max(MIN_WIDTH);
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(width)
        .with_context_lines(1)
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .without_syntax_highlighting();
    let whole = |text: String| bond::bound(&text, width - MARGIN);
    let mut out = String::new();
    for drawing in drawings(diagnostic, sources) {
        let drawing = Drawing { message: whole(drawing.message), help: drawing.help.map(whole), ..drawing };
        let before = out.len();
        if handler.render_report(&mut out, &drawing).is_err() {
            out.truncate(before);
            out.push_str(&drawing.without_source());
        }
    }
    bond::freed(&out)
}

/// A text as it may be drawn: what can't be seen is written as `\u{…}`; lines stay lines.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            c if is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// A source as miette reads it: covered, and never more of it than is drawn.
#[derive(Debug)]
struct Excerpt<'s>(&'s Source);

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Self(source) = self;
        // One line more at either end, so that the window's ends are never taken for the text's.
        let first = source.line(span.offset()).saturating_sub(before + 1);
        let last = source.line(span.offset() + span.len()) + after + 3;
        let (start, end) = (source.line_start(first), source.line_start(last));
        let window = source.shown().get(start..end).unwrap_or_default();
        let inner = (span.offset() - start, span.len()).into();
        let found = window.read_span(&inner, before, after)?;
        let place = (found.span().offset() + start, found.span().len()).into();
        Ok(Box::new(MietteSpanContents::new_named(
            source.name.to_string(),
            found.data(),
            place,
            found.line() + first,
            found.column(),
            found.line_count() + first,
        )))
    }
}

/// What miette draws at once: all labels in one source.
#[derive(Debug)]
struct Drawing<'s> {
    code: Option<String>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    source: Option<Excerpt<'s>>,
}

impl Drawing<'_> {
    fn without_source(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("  help: {help}\n"));
        let code = self.code.as_ref().map(|code| format!("{code}\n\n"));
        format!("{}  {}\n{}", code.unwrap_or_default(), self.message, help.unwrap_or_default())
    }
}

/// One drawing a source, that of the first label first.
fn drawings<'s>(diagnostic: &Diagnostic, sources: &'s Sources) -> Vec<Drawing<'s>> {
    let (severity, word) = match diagnostic.severity {
        Severity::Error => (miette::Severity::Error, "error"),
        Severity::Warning => (miette::Severity::Warning, "warning"),
    };
    let mut ids: Vec<SourceId> = Vec::new();
    for id in diagnostic.labels.iter().map(|label| label.span.source) {
        if sources.get(id).is_some_and(|source| !source.is_withheld()) && !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut first = Drawing {
        code: Some(format!("{word} {}: {}", diagnostic.code.id, diagnostic.summary())),
        severity,
        message: if diagnostic.detail.is_empty() {
            diagnostic.summary().to_owned()
        } else {
            visible(&diagnostic.detail)
        },
        help: None,
        labels: Vec::new(),
        source: None,
    };
    let mut ids = ids.into_iter().filter_map(|id| Some((id, sources.get(id)?)));
    if let Some((id, source)) = ids.next() {
        first.fill(id, source, &diagnostic.labels);
    }
    let mut all = vec![first];
    for (id, source) in ids {
        let mut next = Drawing {
            code: None,
            severity: miette::Severity::Advice,
            message: "and here:".to_owned(),
            help: None,
            labels: Vec::new(),
            source: None,
        };
        next.fill(id, source, &diagnostic.labels);
        all.push(next);
    }
    if let Some(last) = all.last_mut() {
        last.help = diagnostic.help.as_deref().map(visible);
    }
    all
}

impl<'s> Drawing<'s> {
    fn fill(&mut self, id: SourceId, source: &'s Source, labels: &[Label]) {
        for (n, label) in labels.iter().filter(|label| label.span.source == id).enumerate() {
            let text = (!label.text.is_empty()).then(|| visible(&label.text));
            let range = inside(source.shown(), label.span.range());
            self.labels.push(match n {
                0 => LabeledSpan::new_primary_with_span(text, range),
                _ => LabeledSpan::new_with_span(text, range),
            });
        }
        self.source = Some(Excerpt(source));
    }
}

/// The range as far as it lies in the text, ends moved out to whole characters.
fn inside(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Drawing<'_> {}

impl miette::Diagnostic for Drawing<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code.as_ref()?))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.help.as_ref()?))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
