//! Text → [`ast`](crate::lang::ast): our lexer finds attributes and blocks, hcl-edit parses the
//! expressions one by one, each is lowered at once and hcl-edit's tree dropped (a whole file of it takes
//! fifty times the size of the source). So memory stays small, and one mistake hides no other.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use crate::lang::ast::Attr;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Label;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::expression::Expressions;
use crate::lang::token;
use crate::lang::token::Kind;
use crate::lang::token::Token;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// hcl-edit goes 64 levels deep whatever the build; a debug build needs more than 2 MiB for that.
const STACK: usize = 32 << 20;

/// How deep blocks and brackets may nest.
const MAX_DEPTH: usize = 64;

/// Texts above this are no configuration, and spans could not point into them.
const MAX_BYTES: usize = 1 << 30;

/// Parses one source. Problems go to `acc`; `None` if there is no tree to go on with.
pub fn parse(acc: &mut Diagnostics, id: SourceId, text: &str) -> Option<Body> {
    let parsed = on_large_stack(id, text, || {
        let mut parser = Parser::new(id, text)?;
        let body = parser.file();
        Ok((body, parser.acc))
    });
    let (body, problems) = acc.take(parsed)?;
    let whole = !problems.has_errors();
    acc.extend(problems);
    whole.then_some(body)
}

/// The blocks and attributes of a text that may be half typed, without their values: an expression is where it stands, and
/// nothing more. Reads on wherever it can.
pub fn skeleton(id: SourceId, text: &str) -> Body {
    let read = |lenient: bool| {
        on_large_stack(id, text, || {
            let tokens = if lenient { token::lenient(text) } else { token::tokens(id, text)? };
            let mut parser = Parser { lenient, skips_values: true, ..Parser::of(id, text, tokens) };
            let body = parser.file();
            Ok((body, parser.acc.has_errors()))
        })
    };
    // What has syntax is laid out as it may be; where it has none, lines at the margin say where blocks end.
    match read(false) {
        Ok((body, false)) => body,
        _ => read(true).map_or_else(
            |_| Body { attrs: Vec::new(), blocks: Vec::new(), span: Span { source: id, start: 0, end: 0 } },
            |(body, _)| body,
        ),
    }
}

/// Parses a text that is one expression: the value of a variable given on the command line.
///
/// # Errors
/// The text is no expression.
pub fn expression(id: SourceId, text: &str) -> Result<Expr, Diagnostic> {
    on_large_stack(id, text, || {
        let mut parser = Parser::new(id, text)?;
        // Line breaks around it mean nothing.
        parser.skip_blank();
        let found = parser.expression_until_line_end().ok_or(()).and_then(|expr| {
            parser.skip_blank();
            parser.peek().is_none().then_some(expr).ok_or(())
        });
        found.map_err(|()| {
            let here = parser.here();
            let first = parser.acc.into_iter().next();
            first.unwrap_or_else(|| Diagnostic::error(&codes::SYNTAX, "The expression ends before this.").at(here, ""))
        })
    })
}

/// Parses a text that is one template without quotes: the content of a file.
///
/// # Errors
/// The text is no template.
pub fn template(id: SourceId, text: &str) -> Result<Box<[Part]>, Diagnostic> {
    on_large_stack(id, text, || {
        token::check_template(id, text)?;
        Expressions::new(id, text).template()
    })
}

fn on_large_stack<T: Send>(
    id: SourceId,
    text: &str,
    work: impl FnOnce() -> Result<T, Diagnostic> + Send,
) -> Result<T, Diagnostic> {
    let start = Span { source: id, start: 0, end: 0 };
    if text.len() > MAX_BYTES {
        return Err(Diagnostic::error(&codes::TOO_DEEP, "The text is larger than 1 GiB.").at(start, ""));
    }
    let failed = |what: &str| Diagnostic::error(&codes::SYNTAX, what).at(start, "");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(failed("The parser failed on this text; that is a bug.")),
            Err(_) => Err(failed("No thread could be started to parse this text.")),
        }
    })
}

struct Parser<'t> {
    id: SourceId,
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    acc: Diagnostics,
    /// Whether it was reported already that the text ends too soon.
    cut_short: bool,
    /// Whether what is never closed ends where the next thing at the margin begins.
    lenient: bool,
    /// Whether values are passed over.
    skips_values: bool,
    expressions: Expressions<'t>,
}

impl<'t> Parser<'t> {
    fn new(id: SourceId, text: &'t str) -> Result<Self, Diagnostic> {
        Ok(Self::of(id, text, token::tokens(id, text)?))
    }

    fn of(id: SourceId, text: &'t str, tokens: Vec<Token>) -> Self {
        let expressions = Expressions::new(id, text);
        let (at, acc, cut_short, lenient, skips_values) = (0, Diagnostics::new(), false, false, false);
        Self { id, text, tokens, at, acc, cut_short, lenient, skips_values, expressions }
    }

    /// Whether what comes next stands at the margin, where a block that was never closed has to end.
    fn is_outside(&self, token: Token) -> bool {
        let before = self.text[..token.start as usize].bytes().next_back();
        self.lenient && token.kind == Kind::Ident && matches!(before, None | Some(b'\n'))
    }

    fn file(&mut self) -> Body {
        let mut body = self.body(None, 0);
        body.span = Span { source: self.id, start: 0, end: token::offset(self.text.len()) };
        body
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn is(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.text(self.text) == text && token.kind != Kind::Quoted)
    }

    fn span(&self, range: Range<u32>) -> Span {
        Span { source: self.id, start: range.start, end: range.end }
    }

    fn span_of(&self, token: Token) -> Span {
        self.span(token.start..token.end)
    }

    /// The token that is next, or the end of the text.
    fn here(&self) -> Span {
        let end = token::offset(self.text.trim_end().len());
        self.peek().filter(|token| token.kind != Kind::Newline).map_or_else(
            || {
                let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
                let at = before.filter(|token| token.kind != Kind::Newline).map_or(end, |token| token.end);
                self.span(at..at)
            },
            |token| self.span_of(token),
        )
    }

    fn skip_comments(&mut self) {
        while self.peek().is_some_and(Token::is_comment) {
            self.at += 1;
        }
    }

    fn skip_blank(&mut self) {
        while self.peek().is_some_and(|token| token.is_comment() || token.kind == Kind::Newline) {
            self.at += 1;
        }
    }

    fn syntax(&mut self, detail: impl Into<String>, span: Span, label: &str, help: &str) {
        let mut d = Diagnostic::error(&codes::SYNTAX, detail).at(span, label);
        d.help = (!help.is_empty()).then(|| help.to_owned());
        self.acc.push(d);
    }

    /// After a mistake: goes to the end of the line, behind all brackets that it opens, unless the
    /// block ends before.
    fn recover(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline if depth == 0 => return,
                Kind::Open => depth += 1,
                Kind::Close if depth == 0 => return,
                Kind::Close => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// After a mistake that was reported: goes to the end of the line, or of the block.
    fn skip_line(&mut self, open: Option<Token>) {
        self.recover();
        while self.peek().is_some_and(|token| token.kind == Kind::Close) && !(open.is_some() && self.is("}")) {
            self.at += 1;
            self.recover();
        }
    }

    /// Reads attributes and blocks up to the closing brace (left to the caller), or to the end of the file.
    fn body(&mut self, open: Option<Token>, depth: usize) -> Body {
        let mut body = Body { attrs: Vec::new(), blocks: Vec::new(), span: self.here() };
        let mut names: HashMap<Arc<str>, Span> = HashMap::new();
        self.skip_comments();
        let one_line = open.is_some() && self.peek().is_some_and(|token| token.kind != Kind::Newline);
        loop {
            self.skip_blank();
            let Some(token) = self.peek() else { break };
            match token.kind {
                Kind::Close if open.is_some() => break,
                Kind::Ident if open.is_some() && self.is_outside(token) => break,
                Kind::Ident => {
                    let items = body.attrs.len() + body.blocks.len();
                    self.at += 1;
                    self.skip_comments();
                    if self.is("=") {
                        if let Some(attr) = self.attr(token) {
                            match names.get(&attr.name) {
                                Some(first) => self.set_twice(&attr, *first),
                                None => _ = names.insert(attr.name.clone(), attr.name_span),
                            }
                            body.attrs.push(attr);
                        } else {
                            self.skip_line(open);
                        }
                    } else if let Some(block) = self.block(token, depth) {
                        body.blocks.push(block);
                    } else {
                        self.skip_line(open);
                    }
                    if one_line && items > 0 {
                        let help = "put each attribute and block on a line of its own";
                        self.syntax("A block on one line holds one attribute at most.", self.span_of(token), "", help);
                    }
                }
                Kind::Quoted => {
                    let help = "names of attributes and blocks stand without quotes";
                    self.syntax("A text can't stand here.", self.span_of(token), "", help);
                    self.skip_line(open);
                }
                _ => {
                    let detail = "Here an attribute or a block is expected.";
                    let help = match token.kind {
                        Kind::Close => "nothing is open that this could close",
                        _ => "write `name = value`, or `name { … }`",
                    };
                    self.syntax(detail, self.span_of(token), "", help);
                    self.skip_line(open);
                }
            }
            self.line_end(open, one_line);
        }
        body
    }

    fn set_twice(&mut self, attr: &Attr, first: Span) {
        self.acc.push(
            Diagnostic::error(&codes::DUPLICATE, format!("`{}` is set twice in this block.", attr.name))
                .at(attr.name_span, "second time")
                .at(first, "first time"),
        );
    }

    /// Behind an attribute or a block: the line must end, or a one-line block.
    fn line_end(&mut self, open: Option<Token>, one_line: bool) {
        self.skip_comments();
        let Some(token) = self.peek() else { return };
        match token.kind {
            Kind::Newline => return,
            Kind::Ident if self.is_outside(token) => return,
            Kind::Close if one_line => return,
            Kind::Close if open.is_some() => {
                let help = "put the closing brace on a line of its own";
                self.syntax("A block that starts on a line of its own ends on one.", self.span_of(token), "", help);
                return;
            }
            Kind::Op if token.text(self.text) == "," => {
                let help = "attributes and blocks stand on lines of their own, without commas";
                self.syntax("There is no comma between attributes.", self.span_of(token), "", help);
            }
            _ => self.syntax("Here the line should end.", self.span_of(token), "", ""),
        }
        self.skip_line(open);
    }

    /// At an opening bracket: goes behind the one that closes it.
    fn skip_brackets(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            self.at += 1;
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// At the equals sign of an attribute.
    fn attr(&mut self, name: Token) -> Option<Attr> {
        self.at += 1;
        let expr = self.expression_until_line_end()?;
        Some(Attr { name: self.expressions.intern(name.text(self.text)), name_span: self.span_of(name), expr })
    }

    /// Behind the first word of a block.
    fn block(&mut self, kind: Token, depth: usize) -> Option<Block> {
        let mut labels = Vec::new();
        let mut header = self.span_of(kind);
        while let Some(token) = self.peek().filter(|token| matches!(token.kind, Kind::Ident | Kind::Quoted)) {
            let span = self.span_of(token);
            header = header.to(span);
            let text = match token.kind {
                Kind::Quoted => self.label(token),
                _ => Some(self.expressions.intern(token.text(self.text))),
            };
            labels.extend(text.map(|text| Label { text, span }));
            self.at += 1;
            self.skip_comments();
        }
        let Some(open) = self.peek().filter(|_| self.is("{")) else {
            // The name is not repeated: a line of its own may be a secret.
            let help = "write `name = …` for an attribute, `name { … }` for a block";
            self.syntax("After a name an equals sign or a brace is expected.", self.here(), "", help);
            self.recover();
            return None;
        };
        if depth >= MAX_DEPTH {
            let d = Diagnostic::error(&codes::TOO_DEEP, "Blocks nest at most 64 levels deep.");
            self.acc.push(d.at(self.span_of(open), ""));
            self.skip_brackets();
            self.cut_short = self.peek().is_none();
            return None;
        }
        self.at += 1;
        let mut body = self.body(Some(open), depth + 1);
        body.span = self.span(open.end..self.peek().map_or(token::offset(self.text.len()), |token| token.start));
        match self.peek() {
            close if self.lenient || self.is("}") => {
                let end = close.filter(|_| self.is("}")).map_or(body.span.end, |close| close.end);
                self.at += usize::from(self.is("}"));
                Some(Block {
                    kind: self.expressions.intern(kind.text(self.text)),
                    header,
                    labels,
                    body,
                    span: self.span(kind.start..end),
                })
            }
            Some(close) => {
                let d = Diagnostic::error(&codes::UNCLOSED, "A block is opened and never closed.");
                self.acc.push(d.at(self.span_of(open), "opened here").at(self.span_of(close), "`}` is expected here"));
                self.at += 1;
                None
            }
            None => {
                // The blocks around it are open too; one mistake explains them all.
                if !std::mem::replace(&mut self.cut_short, true) {
                    let d = Diagnostic::error(&codes::UNCLOSED, "A block is opened and never closed.");
                    self.acc.push(d.at(self.span_of(open), "opened here").help("close it with `}`"));
                }
                None
            }
        }
    }

    fn label(&mut self, token: Token) -> Option<Arc<str>> {
        let text = token.text(self.text).strip_prefix('"').unwrap_or_default();
        let text = text.strip_suffix('"').unwrap_or(text);
        if self.skips_values {
            return Some(self.expressions.intern(text));
        }
        if !text.contains(['\\', '$', '%']) {
            return Some(self.expressions.intern(text));
        }
        match self.expressions.plain_text(token) {
            Ok(Some(text)) => return Some(text),
            Ok(None) => {
                self.syntax("A label is a plain text.", self.span_of(token), "nothing can be interpolated here", "")
            }
            Err(d) => self.acc.push(d),
        }
        None
    }

    fn expression_until_line_end(&mut self) -> Option<Expr> {
        self.skip_comments();
        let first = self.at;
        let mut open: Vec<Token> = Vec::new();
        let mut deepest = 0;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline if open.is_empty() => break,
                Kind::Open => {
                    open.push(token);
                    deepest = deepest.max(open.len());
                }
                Kind::Close => {
                    let Some(opening) = open.pop() else { break };
                    let pair = (opening.text(self.text), token.text(self.text));
                    if self.lenient && !matches!(pair, ("(", ")") | ("[", "]") | ("{", "}")) {
                        return self.value_of_line(first);
                    }
                    if !matches!(pair, ("(", ")") | ("[", "]") | ("{", "}")) {
                        let d = Diagnostic::error(&codes::UNCLOSED, format!("A `{}` is never closed.", pair.0))
                            .at(self.span_of(opening), "opened here")
                            .at(self.span_of(token), "another bracket is closed here");
                        self.acc.push(d);
                        self.recover();
                        return None;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        if self.lenient && !open.is_empty() {
            return self.value_of_line(first);
        }
        if let Some(opening) = open.pop() {
            let d = Diagnostic::error(
                &codes::UNCLOSED,
                format!("A `{}` is opened and never closed.", opening.text(self.text)),
            );
            self.acc.push(d.at(self.span_of(opening), "opened here"));
            self.cut_short = true;
            return None;
        }
        let mut last = self.at;
        while last > first && self.tokens[last - 1].is_comment() {
            last -= 1;
        }
        if first == last {
            let mut place = self.here();
            if let Some(sign) = first.checked_sub(1).and_then(|at| self.tokens.get(at)) {
                place = self.span_of(*sign);
            }
            self.syntax("A value is expected here.", place, "nothing follows on this line", "");
            return None;
        }
        if deepest > MAX_DEPTH {
            let d = Diagnostic::error(&codes::TOO_DEEP, "Brackets nest at most 64 levels deep.");
            self.acc.push(d.at(self.span_of(self.tokens[first]), ""));
            return None;
        }
        if self.skips_values {
            let span = self.span(self.tokens[first].start..self.tokens[last - 1].end);
            return Some(Expr { node: Node::Null, span });
        }
        let expr = self.expressions.expression(&self.tokens[first..last]);
        self.acc.take(expr)
    }

    /// A value with a bracket that is never closed: it ends with its line.
    fn value_of_line(&mut self, first: usize) -> Option<Expr> {
        self.at = first;
        while self.peek().is_some_and(|token| token.kind != Kind::Newline) {
            self.at += 1;
        }
        let span = self.span(self.tokens.get(first)?.start..self.tokens.get(self.at.checked_sub(1)?)?.end);
        Some(Expr { node: Node::Null, span })
    }
}
