//! Where a place in a file is, told from what stands before it: in which blocks, at a name, a label or a value, behind
//! which chain of names. Works on texts that are half typed.

use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::token;
use crate::lang::token::Kind;
use crate::lang::token::Token;
use crate::lsp::text::floor;
use crate::lsp::workspace::File;
use std::ops::Range;
use std::sync::Arc;

/// A place in a file.
pub(crate) struct Cursor<'f> {
    /// The blocks around it, the outermost first.
    pub(crate) blocks: Vec<&'f Block>,
    /// What is expected there.
    pub(crate) place: Place<'f>,
    /// The bytes of what is typed so far.
    pub(crate) typed: Range<usize>,
}

/// What is expected at a place.
pub(crate) enum Place<'f> {
    /// The name of an attribute or a block.
    Item,
    /// A label of a block.
    Label {
        /// The block's first word.
        word: &'f str,
        /// Labels before it.
        before: usize,
        /// Whether its quote is open.
        quoted: bool,
    },
    /// A part of a value.
    Value {
        /// The attribute.
        attr: &'f str,
        /// What is open around it in the value, the outermost first.
        within: Vec<Within<'f>>,
        /// Whether it is in a quoted text.
        quoted: bool,
        /// The names before it, if it goes on from some: `project.payments.`
        steps: Vec<Option<Arc<str>>>,
    },
    /// Nothing: a comment, or what has no syntax.
    Nothing,
}

/// A bracket that is open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Within<'f> {
    /// `[`
    List,
    /// `{`, and the field whose value is expected.
    Object(Option<&'f str>),
    /// `(`
    Call,
    /// `${` in a text.
    Template,
}

/// The whole name that a byte is in, or stands behind.
pub(crate) fn word(text: &str, at: usize) -> Range<usize> {
    let at = floor(text, at);
    let before = text[..at].char_indices().rev().take_while(|(_, c)| token::continues_ident(*c)).last();
    let after = text[at..].find(|c| !token::continues_ident(c)).unwrap_or(text.len() - at);
    before.map_or(at, |(start, _)| start)..at + after
}

/// The innermost blocks around a byte, the outermost first.
fn around(body: &Body, at: usize) -> Vec<&Block> {
    let mut found: Vec<&Block> = Vec::new();
    let mut body = body;
    while let Some(block) = body.blocks.iter().find(|block| {
        let inside = block.body.span;
        // At the end of what was never closed, too.
        inside.start as usize <= at && at <= inside.end as usize
    }) {
        found.push(block);
        body = &block.body;
    }
    found
}

impl<'f> Cursor<'f> {
    /// The place of a byte.
    pub(crate) fn at(file: &'f File, at: usize) -> Self {
        let at = floor(&file.text, at);
        let blocks = around(&file.body, at);
        let body = blocks.last().map_or(&file.body, |block| &block.body);
        let (start, end) = stretch(&file.text, body, at);
        let text = &file.text[start..end];
        let here = at - start;
        let tokens = token::lenient(text);
        let (place, typed) = place(text, &tokens, here).unwrap_or((Place::Nothing, here..here));
        Self { blocks, place, typed: typed.start + start..typed.end + start }
    }
}

/// The part of a body that says what a byte of it is: from behind what ended on a line before to where the next block
/// begins.
fn stretch(text: &str, body: &Body, at: usize) -> (usize, usize) {
    let is_before = |span: Span| {
        let end = span.end as usize;
        end <= at && text[end..at].contains('\n')
    };
    let spans = || body.blocks.iter().map(|block| block.span).chain(body.attrs.iter().map(|attr| attr.expr.span));
    let start = spans().filter(|span| is_before(*span)).map(|span| span.end as usize).max();
    let end = body.blocks.iter().map(|block| block.span.start as usize).filter(|start| *start > at).min();
    let inside = body.span.range();
    (start.unwrap_or(inside.start).min(at), end.unwrap_or(inside.end).max(at))
}

/// What is expected at a byte of a stretch, and what is typed of it; `None` if nobody can say.
fn place<'f>(text: &'f str, tokens: &[Token], at: usize) -> Option<(Place<'f>, Range<usize>)> {
    let contains = |token: &Token| match token.kind {
        Kind::Ident | Kind::Number | Kind::LineComment => token.range().start < at && at <= token.range().end,
        Kind::Quoted if !is_closed(text, *token) => token.range().start < at && at <= token.range().end,
        Kind::Quoted | Kind::Heredoc | Kind::BlockComment => token.range().start < at && at < token.range().end,
        _ => false,
    };
    let inside = tokens.iter().position(contains);
    let end = inside.unwrap_or_else(|| tokens.partition_point(|token| token.range().end <= at));
    let inside = inside.map(|inside| tokens[inside]);
    if inside.is_some_and(Token::is_comment) {
        return None;
    }
    let statement = statement(&tokens[..end]);
    let before: Vec<Token> = statement.iter().copied().filter(|token| !token.is_comment()).collect();
    let typed = inside.map_or(at..at, |token| token.range().start..at);
    let [first, rest @ ..] = &before[..] else {
        let is_name = inside.is_none_or(|token| token.kind == Kind::Ident);
        return is_name.then_some((Place::Item, typed));
    };
    if first.kind != Kind::Ident {
        return None;
    }
    let name = first.text(text);
    if let [sign, value @ ..] = rest
        && sign.text(text) == "="
    {
        return Some(self::value(text, name, value, inside, at));
    }
    let is_label = |token: &Token| matches!(token.kind, Kind::Ident | Kind::Quoted);
    if !rest.iter().all(is_label) || inside.is_some_and(|token| !is_label(&token)) {
        return None;
    }
    let quoted = inside.is_some_and(|token| token.kind == Kind::Quoted);
    let typed = typed.start + usize::from(quoted)..typed.end;
    Some((Place::Label { word: name, before: rest.len(), quoted }, typed))
}

/// Whether a quoted text ends with its quote.
fn is_closed(text: &str, token: Token) -> bool {
    let quoted = token.text(text);
    quoted.len() > 1 && quoted.ends_with('"')
}

/// The tokens of the last statement: from behind the last line break that no bracket holds.
fn statement(tokens: &[Token]) -> &[Token] {
    let mut start = 0;
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Newline if depth == 0 => start = i + 1,
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    &tokens[start..]
}

fn value<'f>(
    text: &'f str,
    attr: &'f str,
    before: &[Token],
    inside: Option<Token>,
    at: usize,
) -> (Place<'f>, Range<usize>) {
    let mut within = brackets(text, before);
    let code = |within, tokens: &[Token], typed: Range<usize>, start: &dyn Fn(Token) -> String| {
        let steps = match tokens.last() {
            Some(dot) if start(*dot) == "." => chain(&tokens[..tokens.len() - 1], start),
            _ => Some(Vec::new()),
        };
        match steps {
            Some(steps) => (Place::Value { attr, within, quoted: false, steps }, typed),
            None => (Place::Nothing, typed),
        }
    };
    let of_text = |token: Token| token.text(text).to_owned();
    match inside {
        Some(token) if matches!(token.kind, Kind::Quoted | Kind::Heredoc) => {
            let Some(start) = token::code_around(text, token, at) else {
                let steps = match before.last() {
                    Some(open) if open.text(text) == "[" => chain(&before[..before.len() - 1], &of_text),
                    _ => None,
                };
                let content = (token.range().start + 1).min(at);
                // Nothing is proposed for what goes on over lines.
                if token.kind == Kind::Heredoc || text[content..at].contains('\n') {
                    return (Place::Nothing, at..at);
                }
                let steps = steps.unwrap_or_default();
                return (Place::Value { attr, within, quoted: true, steps }, content..at);
            };
            within.push(Within::Template);
            let inner = &text[start..at];
            let tokens = token::lenient(inner);
            let (typed, tokens) = match tokens.split_last() {
                Some((last, rest)) if last.kind == Kind::Ident && last.range().end == inner.len() => {
                    (start + last.range().start..at, rest)
                }
                _ => (at..at, &tokens[..]),
            };
            code(within, tokens, typed, &|token| token.text(inner).to_owned())
        }
        inside => code(within, before, inside.map_or(at..at, |token| token.range().start..at), &of_text),
    }
}

/// The brackets that are open behind some tokens.
fn brackets<'f>(text: &'f str, tokens: &[Token]) -> Vec<Within<'f>> {
    let mut open = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| tokens[i]);
        match (token.kind, token.text(text)) {
            (Kind::Open, "[") => open.push(Within::List),
            (Kind::Open, "{") => open.push(Within::Object(None)),
            (Kind::Open, _) => open.push(Within::Call),
            (Kind::Close, _) => _ = open.pop(),
            (Kind::Op, "=" | ":") => {
                if let (Some(Within::Object(key)), Some(before)) = (open.last_mut(), before) {
                    *key = Some(before.text(text).trim_matches('"'));
                }
            }
            (Kind::Newline, _) | (Kind::Op, ",") => {
                if let Some(Within::Object(key)) = open.last_mut() {
                    *key = None;
                }
            }
            _ => {}
        }
    }
    open
}

/// The names of the traversal that tokens end with, the first one first; `None` if they end with something else.
fn chain(tokens: &[Token], text: &dyn Fn(Token) -> String) -> Option<Vec<Option<Arc<str>>>> {
    let mut steps = Vec::new();
    let mut end = tokens.len();
    loop {
        let last = *tokens.get(end.checked_sub(1)?)?;
        match last.kind {
            Kind::Ident => {
                steps.push(Some(text(last).into()));
                end -= 1;
                match end.checked_sub(1).map(|dot| text(tokens[dot])) {
                    Some(dot) if dot == "." => end -= 1,
                    _ => break,
                }
            }
            Kind::Close if text(last) == "]" => {
                let mut depth = 0usize;
                let open = (0..end).rev().find(|i| {
                    match tokens[*i].kind {
                        Kind::Close => depth += 1,
                        Kind::Open => depth -= 1,
                        _ => {}
                    }
                    depth == 0
                })?;
                steps.push(match &tokens[open + 1..end - 1] {
                    [key] if key.kind == Kind::Quoted => Some(text(*key).trim_matches('"').into()),
                    _ => None,
                });
                end = open;
            }
            _ => return None,
        }
    }
    steps.reverse();
    Some(steps)
}
