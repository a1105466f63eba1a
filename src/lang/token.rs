//! The lexer: text → tokens, comments and newlines included. A quoted text or a heredoc is one token,
//! whatever is interpolated in it. The parser cuts the text with it, the formatter moves its tokens.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use std::ops::Range;

/// How deep texts, heredocs and interpolations may nest in each other.
const MAX_TEMPLATE_DEPTH: usize = 64;

/// How many commas and line breaks the code in one template may have.
const MAX_TEMPLATE_SEPARATORS: usize = 1000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword.
    Ident,
    /// A number.
    Number,
    /// `"…"` with its quotes.
    Quoted,
    /// From `<<` to the closing marker.
    Heredoc,
    /// `# …` or `// …` without the line break.
    LineComment,
    /// `/* … */`
    BlockComment,
    /// `\n` or `\r\n`
    Newline,
    /// `(`, `[`, `{`
    Open,
    /// `)`, `]`, `}`
    Close,
    /// An operator or a separator.
    Op,
}

/// A token: its kind and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Token {
    /// Its bytes.
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Its text.
    pub(crate) fn text(self, source: &str) -> &str {
        &source[self.range()]
    }

    /// Whether it is a comment of either kind.
    pub(crate) fn is_comment(self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }
}

/// All tokens of a text, or the first thing that is none.
///
/// # Errors
/// Something opened and never closed, or a character that means nothing.
pub(crate) fn tokens(id: SourceId, text: &str) -> Result<Vec<Token>, Diagnostic> {
    let mut lexer = Lexer { id, text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let mut out = Vec::with_capacity(text.len() / 5);
    while let Some(token) = lexer.next()? {
        out.push(token);
    }
    Ok(out)
}

/// All tokens of a text that may be half typed: what is opened and never closed ends with its line, and what means nothing
/// is left out.
pub(crate) fn lenient(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { id: SourceId(0), text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let mut out = Vec::new();
    loop {
        lexer.take_while(|c| matches!(c, ' ' | '\t'));
        let start = lexer.at;
        match lexer.next() {
            Ok(Some(token)) => out.push(token),
            Ok(None) => return out,
            Err(_) => {
                lexer.at = start;
                let kind = match (lexer.byte(0), lexer.byte(1)) {
                    (b'"', _) => Kind::Quoted,
                    (b'<', b'<') => Kind::Heredoc,
                    (b'/', b'*') => Kind::BlockComment,
                    _ => {
                        lexer.at += lexer.rest().chars().next().map_or(1, char::len_utf8);
                        continue;
                    }
                };
                lexer.take_while(|c| !matches!(c, '\n' | '\r'));
                out.push(Token { kind, start: offset(start), end: offset(lexer.at) });
            }
        }
    }
}

/// Where the code begins that an offset of a quoted text or heredoc is in: behind the innermost `${` or `%{` that is open
/// there. `None` if the offset is in the text itself.
pub(crate) fn code_around(text: &str, token: Token, at: usize) -> Option<usize> {
    let mut lexer = Lexer { id: SourceId(0), text, at: token.start as usize + usize::from(token.kind == Kind::Quoted) };
    // What is open, and where its code begins; `None` is a text.
    let mut open: Vec<Option<(usize, usize)>> = vec![None];
    while lexer.at < at.min(token.end as usize) {
        match open.last_mut() {
            Some(None) => {
                if lexer.skips_escape() {
                    continue;
                }
                if lexer.opens_code().is_some() {
                    open.push(Some((lexer.at, 0)));
                    continue;
                }
                match lexer.byte(0) {
                    b'"' if open.len() > 1 => _ = open.pop(),
                    b'\\' if token.kind == Kind::Quoted || open.len() > 1 => lexer.at += 1,
                    _ => {}
                }
            }
            Some(Some((_, brackets))) => match lexer.byte(0) {
                b'"' => open.push(None),
                b'{' => *brackets += 1,
                b'}' if *brackets == 0 => _ = open.pop(),
                b'}' => *brackets -= 1,
                _ => {}
            },
            None => return None,
        }
        lexer.at += lexer.rest().chars().next().map_or(1, char::len_utf8);
    }
    // Between the two characters that open it, nothing is open yet.
    open.last().copied().flatten().map(|(start, _)| start).filter(|start| *start <= at)
}

/// Whether a name may start with it.
pub(crate) fn starts_ident(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// Whether a name may go on with it.
pub(crate) fn continues_ident(c: char) -> bool {
    c == '_' || c == '-' || c.is_alphanumeric()
}

struct Lexer<'t> {
    id: SourceId,
    text: &'t str,
    at: usize,
}

/// What the lexer is inside of, in a template.
enum Inside {
    Quoted { open: usize },
    Heredoc { open: usize, marker: Range<usize> },
    Code { open: usize, brackets: usize },
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let end = end.min(self.text.len());
        Span { source: self.id, start: offset(start), end: offset(end) }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }

    fn next(&mut self) -> Result<Option<Token>, Diagnostic> {
        while matches!(self.byte(0), b' ' | b'\t') {
            self.at += 1;
        }
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let kind = match first {
            '\n' => self.skip(1, Kind::Newline),
            '\r' if self.byte(1) == b'\n' => self.skip(2, Kind::Newline),
            '#' => self.line_comment(),
            '/' if self.byte(1) == b'/' => self.line_comment(),
            '/' if self.byte(1) == b'*' => {
                self.block_comment()?;
                Kind::BlockComment
            }
            '"' => {
                self.template(Inside::Quoted { open: start })?;
                Kind::Quoted
            }
            '<' if self.byte(1) == b'<' => match self.heredoc_start()? {
                Some(inside) => {
                    self.template(inside)?;
                    Kind::Heredoc
                }
                None => self.skip(1, Kind::Op),
            },
            '0'..='9' => {
                self.number();
                Kind::Number
            }
            '(' | '[' | '{' => self.skip(1, Kind::Open),
            ')' | ']' | '}' => self.skip(1, Kind::Close),
            c if starts_ident(c) => {
                self.take_while(continues_ident);
                Kind::Ident
            }
            c => match self.operator() {
                Some(length) => self.skip(length, Kind::Op),
                None => return Err(self.stray(c)),
            },
        };
        Ok(Some(Token { kind, start: offset(start), end: offset(self.at) }))
    }

    fn skip(&mut self, length: usize, kind: Kind) -> Kind {
        self.at += length;
        kind
    }

    fn operator(&self) -> Option<usize> {
        if self.rest().starts_with("...") {
            return Some(3);
        }
        match (self.byte(0), self.byte(1)) {
            (b'=', b'=' | b'>') | (b'!' | b'<' | b'>', b'=') => Some(2),
            (b'&', b'&') | (b'|', b'|') | (b':', b':') => Some(2),
            (b'=' | b'!' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%' | b'.' | b',' | b':' | b'?', _) => Some(1),
            _ => None,
        }
    }

    fn stray(&self, c: char) -> Diagnostic {
        let named = match c {
            '\'' => return self.syntax("Texts stand in double quotes.", 1).help("write \"…\" instead of '…'"),
            ';' => return self.syntax("Nothing ends with a semicolon; the line break does it.", 1),
            '&' | '|' => return self.syntax("A single `&` or `|` is no operator.", 1).help("write `&&` or `||`"),
            c if c.is_control() || c == '\u{feff}' => format!("U+{:04X}", u32::from(c)),
            c => format!("`{c}`"),
        };
        self.syntax(&format!("The character {named} means nothing here."), c.len_utf8())
    }

    fn syntax(&self, detail: &str, length: usize) -> Diagnostic {
        Diagnostic::error(&codes::SYNTAX, detail).at(self.span(self.at, self.at + length), "")
    }

    fn unclosed(&self, what: &str, open: usize, length: usize, wanted: &str) -> Diagnostic {
        Diagnostic::error(&codes::UNCLOSED, format!("{what} is opened and never closed."))
            .at(self.span(open, open + length), "opened here")
            .help(wanted)
    }

    fn line_comment(&mut self) -> Kind {
        let rest = self.rest();
        let line = rest.find('\n').unwrap_or(rest.len());
        let line = if rest[..line].ends_with('\r') { line - 1 } else { line };
        self.skip(line, Kind::LineComment)
    }

    fn block_comment(&mut self) -> Result<(), Diagnostic> {
        match self.rest()[2..].find("*/") {
            Some(length) => self.at += length + 4,
            None => return Err(self.unclosed("A comment", self.at, 2, "close it with `*/`")),
        }
        Ok(())
    }

    fn number(&mut self) {
        let digits = |lexer: &mut Self| lexer.take_while(|c| c.is_ascii_digit());
        digits(self);
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            digits(self);
        }
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            digits(self);
        }
    }

    /// At `<<`: goes behind the first line of a heredoc, or stays if it is none.
    fn heredoc_start(&mut self) -> Result<Option<Inside>, Diagnostic> {
        let open = self.at;
        let start = open + 2 + usize::from(self.byte(2) == b'-');
        if !self.text[start..].starts_with(starts_ident) {
            return Ok(None);
        }
        self.at = start;
        self.take_while(continues_ident);
        let marker = start..self.at;
        match (self.byte(0), self.byte(1)) {
            (b'\n', _) => self.at += 1,
            (b'\r', b'\n') => self.at += 2,
            _ => return Err(self.syntax("The marker of a heredoc ends its line.", 1)),
        }
        Ok(Some(Inside::Heredoc { open, marker }))
    }

    /// Goes behind the end of a quoted text or heredoc; a stack of its own, so that no text is too deep
    /// for the thread.
    fn template(&mut self, outermost: Inside) -> Result<(), Diagnostic> {
        let start = self.at;
        if let Inside::Quoted { .. } = outermost {
            self.at += 1;
        }
        let mut separators = 0;
        let mut line_start = true;
        let mut stack = vec![outermost];
        while let Some(inside) = stack.last_mut() {
            let entered = match inside {
                Inside::Quoted { open } => {
                    let open = *open;
                    self.in_quoted(open)?
                }
                Inside::Heredoc { open, marker } => {
                    let (open, marker) = (*open, marker.clone());
                    self.in_heredoc(open, marker, std::mem::take(&mut line_start))?
                }
                Inside::Code { open, brackets } => {
                    let (entered, left) = self.in_code(*open, *brackets, &mut separators)?;
                    *brackets = left;
                    entered
                }
            };
            match entered {
                Some(inside) => {
                    line_start = matches!(inside, Inside::Heredoc { .. });
                    stack.push(inside);
                }
                None => {
                    stack.pop();
                }
            }
            let detail = match (stack.len() > MAX_TEMPLATE_DEPTH, separators > MAX_TEMPLATE_SEPARATORS) {
                (true, _) => "Texts are nested in each other too deeply.",
                (_, true) => "The code in this text is too long.",
                _ => continue,
            };
            let help = "give the inner part a name in `locals` and use the name here";
            return Err(Diagnostic::error(&codes::TOO_DEEP, detail).at(self.span(start, start + 1), "").help(help));
        }
        Ok(())
    }

    /// What opens an interpolation or directive here: goes behind it.
    fn opens_code(&mut self) -> Option<Inside> {
        let open = self.at;
        (matches!(self.byte(0), b'$' | b'%') && self.byte(1) == b'{').then(|| {
            self.at += 2;
            Inside::Code { open, brackets: 0 }
        })
    }

    /// Goes behind `$${` and `%%{`.
    fn skips_escape(&mut self) -> bool {
        let c = self.byte(0);
        let escape = matches!(c, b'$' | b'%') && self.byte(1) == c && self.byte(2) == b'{';
        self.at += if escape { 3 } else { 0 };
        escape
    }

    fn in_quoted(&mut self, open: usize) -> Result<Option<Inside>, Diagnostic> {
        loop {
            if self.skips_escape() {
                continue;
            }
            if let Some(code) = self.opens_code() {
                return Ok(Some(code));
            }
            match self.rest().chars().next() {
                Some('"') => {
                    self.at += 1;
                    return Ok(None);
                }
                None | Some('\n') => {
                    let help = "close it with `\"` on the same line; a text of several lines is a heredoc, `<<-EOT`";
                    return Err(self.unclosed("A quote", open, 1, help));
                }
                Some('\\') if !matches!(self.byte(1), b'\n' | b'\r') => {
                    self.at += 1;
                    self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                }
                Some(c) => self.at += c.len_utf8(),
            }
        }
    }

    fn in_heredoc(
        &mut self,
        open: usize,
        marker: Range<usize>,
        mut line_start: bool,
    ) -> Result<Option<Inside>, Diagnostic> {
        let text = self.text;
        loop {
            if line_start {
                let line = self.rest();
                let trimmed = line.trim_start_matches([' ', '\t']);
                let end = trimmed.strip_prefix(&text[marker.clone()]);
                if end.is_some_and(|end| !end.starts_with(continues_ident)) {
                    self.at += line.len() - trimmed.len() + marker.len();
                    return Ok(None);
                }
                line_start = false;
            }
            if self.skips_escape() {
                continue;
            }
            if let Some(code) = self.opens_code() {
                return Ok(Some(code));
            }
            match self.rest().chars().next() {
                None => {
                    let help = format!("close it with `{}` on a line of its own", &text[marker.clone()]);
                    return Err(self.unclosed("A heredoc", open, marker.end - open, &help));
                }
                Some(c) => {
                    self.at += c.len_utf8();
                    line_start = c == '\n';
                }
            }
        }
    }

    /// Inside `${ }`: stops at its end, or where another text opens. Gives the brackets still open.
    fn in_code(
        &mut self,
        open: usize,
        mut brackets: usize,
        separators: &mut usize,
    ) -> Result<(Option<Inside>, usize), Diagnostic> {
        loop {
            match self.byte(0) {
                0 if self.at == self.text.len() => {
                    return Err(self.unclosed("An interpolation", open, 2, "close it with `}`"));
                }
                b'"' => {
                    let open = self.at;
                    self.at += 1;
                    return Ok((Some(Inside::Quoted { open }), brackets));
                }
                b'<' if self.byte(1) == b'<' => match self.heredoc_start()? {
                    Some(heredoc) => return Ok((Some(heredoc), brackets)),
                    None => self.at += 2,
                },
                b'#' => _ = self.line_comment(),
                b'/' if self.byte(1) == b'/' => _ = self.line_comment(),
                b'/' if self.byte(1) == b'*' => self.block_comment()?,
                b'}' if brackets == 0 => {
                    self.at += 1;
                    return Ok((None, 0));
                }
                c => {
                    match c {
                        b'(' | b'[' | b'{' => brackets += 1,
                        b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
                        b',' | b'\n' => *separators += 1,
                        _ => {}
                    }
                    self.at += self.rest().chars().next().map_or(1, char::len_utf8);
                }
            }
        }
    }
}

/// A byte offset as spans keep it. Texts of 4 GiB and more are refused before they come here.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Looks through a text that is one template without quotes.
///
/// # Errors
/// An interpolation that is never closed, or nested too deeply.
pub(crate) fn check_template(id: SourceId, text: &str) -> Result<(), Diagnostic> {
    let mut lexer = Lexer { id, text, at: 0 };
    while lexer.at < text.len() {
        if lexer.skips_escape() {
            continue;
        }
        match lexer.opens_code() {
            Some(code) => lexer.template(code)?,
            None => lexer.at += lexer.rest().chars().next().map_or(1, char::len_utf8),
        }
    }
    Ok(())
}
