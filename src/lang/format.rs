//! Canonical layout of a source text, made from tokens: lines stay lines, comments stay, meaning stays.
//! Indentation, the space between tokens, the alignment of equals signs and of trailing comments, and
//! blank lines become canonical (one at most, none next to a bracket); texts and heredocs are not touched.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::source::SourceId;
use crate::lang::parse;
use crate::lang::token;
use crate::lang::token::Kind;
use crate::lang::token::Token;
use std::borrow::Cow;

/// Lays out a text. Spans of the diagnostic are of source 0.
///
/// # Errors
/// A text that does not parse is not touched; the diagnostic says why.
pub fn format(text: &str) -> Result<String, Diagnostic> {
    let id = SourceId(0);
    let mut acc = Diagnostics::new();
    parse::parse(&mut acc, id, text);
    if let Some(error) = acc.into_iter().find(|d| d.severity == Severity::Error) {
        return Err(error);
    }
    let tokens = token::tokens(id, text)?;
    let mut lines = lines(text, &tokens);
    align_values(&mut lines);
    align_comments(&mut lines);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut last: Option<&Line> = None;
    let mut is_apart = false;
    for line in &lines {
        if line.is_blank() {
            is_apart = true;
            continue;
        }
        // Of several blank lines one stays, and none where the file or a bracket begins or ends.
        if is_apart && !line.closes && last.is_some_and(|last| !last.opens) {
            out.push('\n');
        }
        line.print(&mut out);
        (last, is_apart) = (Some(line), false);
    }
    Ok(out)
}

/// A line, cut where things are aligned. A token that is several lines long is part of one.
#[derive(Default)]
struct Line {
    indent: usize,
    /// All of it, or what is before the equals sign.
    lead: String,
    /// How far the equals sign is from the lead.
    gap: usize,
    /// From the equals sign on, if what follows is a whole value.
    value: Option<String>,
    /// How far the comment is from what is before it.
    comment_gap: usize,
    /// A trailing comment.
    comment: Option<String>,
    /// Whether it begins with a bracket that closes.
    closes: bool,
    /// Whether it ends with a bracket that opens.
    opens: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.lead.is_empty() && self.comment.is_none()
    }

    /// Whether a token in it is several lines long: such a line is the last of a run.
    fn is_tall(&self) -> bool {
        self.lead.contains('\n') || self.value.as_ref().is_some_and(|value| value.contains('\n'))
    }

    /// Its width without the comment.
    fn width(&self) -> usize {
        let value = self.value.as_ref().map_or(0, |value| self.gap + value.chars().count());
        2 * self.indent + self.lead.chars().count() + value
    }

    fn print(&self, out: &mut String) {
        let spaces = |out: &mut String, n| out.extend(std::iter::repeat_n(' ', n));
        spaces(out, 2 * self.indent);
        out.push_str(&self.lead);
        if let Some(value) = &self.value {
            spaces(out, self.gap);
            out.push_str(value);
        }
        if let Some(comment) = &self.comment {
            spaces(out, self.comment_gap);
            out.push_str(comment);
        }
        out.push('\n');
    }
}

/// Cuts the tokens into lines, each with its indentation.
fn lines(text: &str, tokens: &[Token]) -> Vec<Line> {
    // The indentation of the line in which each open bracket stands.
    let mut open: Vec<usize> = Vec::new();
    tokens
        .split(|token| token.kind == Kind::Newline)
        .map(|tokens| {
            let closers = tokens.iter().take_while(|token| token.kind == Kind::Close).count();
            let mut indent = open.last().map_or(0, |indent| indent + 1);
            for (n, token) in tokens.iter().enumerate() {
                match token.kind {
                    Kind::Open => open.push(indent),
                    Kind::Close => {
                        let opened = open.pop().unwrap_or(0);
                        indent = if n < closers { opened } else { indent };
                    }
                    _ => {}
                }
            }
            line(text, tokens, indent)
        })
        .collect()
}

fn line(text: &str, tokens: &[Token], indent: usize) -> Line {
    let closes = tokens.first().is_some_and(|token| token.kind == Kind::Close);
    let opens = tokens.iter().rfind(|token| !token.is_comment()).is_some_and(|token| token.kind == Kind::Open);
    let mut line = Line { indent, gap: 1, comment_gap: 1, closes, opens, ..Line::default() };
    let mut tokens = tokens;
    if let [before @ .., last] = tokens
        && last.kind == Kind::LineComment
        && !before.is_empty()
    {
        line.comment = Some(last.text(text).trim_end().to_owned());
        tokens = before;
    }
    let sign =
        tokens.iter().position(|token| token.kind == Kind::Op && token.text(text) == "=").filter(|sign| *sign > 0);
    match sign.filter(|sign| brackets(&tokens[..*sign]) == 0 && brackets(&tokens[*sign..]) == 0) {
        Some(sign) => {
            line.lead = spaced(text, &tokens[..sign]);
            line.value = Some(spaced(text, &tokens[sign..]));
        }
        None => line.lead = spaced(text, tokens),
    }
    line
}

/// How many more brackets are opened than closed.
fn brackets(tokens: &[Token]) -> isize {
    tokens
        .iter()
        .map(|token| match token.kind {
            Kind::Open => 1,
            Kind::Close => -1,
            _ => 0,
        })
        .sum()
}

/// Puts equals signs of lines that follow each other below each other.
fn align_values(lines: &mut [Line]) {
    let width = |line: &Line| line.lead.chars().count();
    for run in
        lines.chunk_by_mut(|a, b| a.value.is_some() && b.value.is_some() && !a.is_tall() && !b.lead.contains('\n'))
    {
        let widest = run.iter().map(width).max().unwrap_or(0);
        run.iter_mut().for_each(|line| line.gap = 1 + widest - width(line));
    }
}

/// Puts trailing comments of lines that follow each other below each other.
fn align_comments(lines: &mut [Line]) {
    for run in lines.chunk_by_mut(|a, b| a.comment.is_some() && b.comment.is_some() && !a.is_tall() && !b.is_tall()) {
        let widest = run.iter().map(Line::width).max().unwrap_or(0);
        run.iter_mut().for_each(|line| line.comment_gap = 1 + widest - line.width());
    }
}

/// Tokens with the space between them that they should have.
fn spaced(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    for (n, token) in tokens.iter().enumerate() {
        if n > 0 && space_before(text, tokens, n) {
            out.push(' ');
        }
        let text = token.text(text);
        out.push_str(&match token.kind {
            Kind::LineComment => Cow::Borrowed(text.trim_end()),
            Kind::BlockComment | Kind::Heredoc => Cow::Owned(text.replace("\r\n", "\n")),
            _ => Cow::Borrowed(text),
        });
    }
    out
}

/// Whether a space belongs before a token that is not the first of its line.
fn space_before(text: &str, tokens: &[Token], n: usize) -> bool {
    let (before, token) = (tokens[n - 1], tokens[n]);
    if before.is_comment() || token.is_comment() {
        return true;
    }
    match (before.text(text), token.text(text)) {
        ("{", "}") => false,
        ("{", _) | (_, "}") => true,
        // `1 .0` is an index, `1.0` a number.
        (_, ".") => before.kind == Kind::Number,
        ("." | "::", _) | (_, "::") => false,
        (_, "," | "...") => false,
        ("(" | "[", _) | (_, ")" | "]") => false,
        ("!", _) => false,
        ("-", _) => n >= 2 && ends_value(text, tokens, n - 2),
        (_, "(") => before.kind != Kind::Ident || is_keyword(text, before),
        (_, "[") => !ends_value(text, tokens, n - 1),
        _ => true,
    }
}

/// Words after which a value begins.
fn is_keyword(text: &str, token: Token) -> bool {
    token.kind == Kind::Ident && matches!(token.text(text), "in" | "if")
}

/// Whether a value may end with the token, so that `-` after it subtracts and `[` indexes.
fn ends_value(text: &str, tokens: &[Token], n: usize) -> bool {
    match tokens[n].kind {
        Kind::Ident => !is_keyword(text, tokens[n]),
        Kind::Number | Kind::Quoted | Kind::Heredoc | Kind::Close => true,
        // The star of `a.*`.
        Kind::Op => tokens[n].text(text) == "*" && n > 0 && tokens[n - 1].text(text) == ".",
        Kind::LineComment | Kind::BlockComment => n > 0 && ends_value(text, tokens, n - 1),
        Kind::Newline | Kind::Open => false,
    }
}
