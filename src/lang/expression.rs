//! Expressions: hands pieces of the text to hcl-edit and keeps its limits away from users. Carriage
//! returns go before and offsets are mapped back; objects of many fields, in which hcl-edit takes
//! quadratic time, are parsed in parts; its messages become diagnostics.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::lower::Lowerer;
use crate::lang::lower::Names;
use crate::lang::lower::Shift;
use crate::lang::token::Kind;
use crate::lang::token::Token;
use crate::lang::token::offset;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Objects with more separators than this are parsed in parts of as many.
const LARGE: usize = 128;

/// The fields of large objects, by the offset of their opening brace.
pub(crate) type Large = HashMap<u32, Box<[(Key, Expr)]>>;

/// Parses the expressions of one text.
pub(crate) struct Expressions<'t> {
    id: SourceId,
    text: &'t str,
    names: Names,
}

impl<'t> Expressions<'t> {
    pub(crate) fn new(id: SourceId, text: &'t str) -> Self {
        Self { id, text, names: Names::default() }
    }

    /// One shared copy of a name.
    pub(crate) fn intern(&mut self, name: &str) -> Arc<str> {
        self.names.intern(name)
    }

    /// The expression that the tokens spell; neither the first nor the last is a comment.
    pub(crate) fn expression(&mut self, tokens: &[Token]) -> Result<Expr, Diagnostic> {
        for token in tokens.iter().filter(|token| token.kind == Kind::Number) {
            if token.text(self.text).parse().is_ok_and(f64::is_infinite) {
                let d = Diagnostic::error(&codes::ARITHMETIC, "The number is too large.");
                return Err(d.at(self.span(token.range()), ""));
            }
        }
        self.part(tokens, false)
    }

    /// The text of a quoted token, if nothing is interpolated in it.
    pub(crate) fn plain_text(&mut self, token: Token) -> Result<Option<Arc<str>>, Diagnostic> {
        match self.expression(&[token])?.node {
            Node::String(text) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    /// The whole text as a template.
    pub(crate) fn template(&mut self) -> Result<Box<[Part]>, Diagnostic> {
        let mut shift = Shift::new(0);
        let source = without_returns(self.text, &mut shift);
        let tree = hcl_edit::parser::parse_template(&source).map_err(|e| self.syntax(&e, &source, &shift))?;
        let large = Large::new();
        Lowerer { id: self.id, source: &source, shift: &shift, large, names: &mut self.names }.file_template(&tree)
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { source: self.id, start: offset(range.start), end: offset(range.end) }
    }

    /// Parses tokens that are an expression, or (`fields`) some fields of an object.
    fn part(&mut self, tokens: &[Token], fields: bool) -> Result<Expr, Diagnostic> {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Ok(Expr { node: Node::Object(Box::default()), span: self.span(0..0) });
        };
        let text = &self.text[first.start as usize..last.end as usize];
        let objects = large_objects(self.text, tokens);
        if objects.is_empty() && !fields && !text.contains('\r') {
            return self.lower(text, &Shift::new(first.start), Large::new());
        }
        // Blank what is parsed apart; brackets, offsets and lines outside stay as they are.
        let mut large = Large::new();
        let mut blanked = String::with_capacity(text.len() + 3);
        let mut copied = first.start as usize;
        for object in objects {
            let (open, close) = (tokens[object.start], tokens[object.end]);
            large.insert(open.start, self.large_object(&tokens[object.start + 1..object.end])?);
            blanked.push_str(&self.text[copied..open.end as usize]);
            blanked.extend(std::iter::repeat_n(' ', (close.start - open.end) as usize));
            copied = close.start as usize;
        }
        blanked.push_str(&self.text[copied..last.end as usize]);
        if fields {
            let mut shift = Shift::new(first.start.saturating_sub(1));
            // A comment may end the part, so the brace needs a line of its own.
            let wrapped = format!("{{{blanked}\n}}");
            let source = without_returns(&wrapped, &mut shift);
            return self.lower(&source, &shift, large);
        }
        let mut shift = Shift::new(first.start);
        let source = without_returns(&blanked, &mut shift);
        self.lower(&source, &shift, large)
    }

    /// The fields between the braces of an object, parsed in parts.
    fn large_object(&mut self, tokens: &[Token]) -> Result<Box<[(Key, Expr)]>, Diagnostic> {
        let mut all = Vec::new();
        let mut depth = 0usize;
        let mut separators = 0;
        let mut start = 0;
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                _ => separators += usize::from(depth == 0 && separates(self.text, *token)),
            }
            if separators >= LARGE || at + 1 == tokens.len() {
                if let Node::Object(fields) = self.part(&tokens[start..=at], true)?.node {
                    all.extend(fields);
                }
                start = at + 1;
                separators = 0;
            }
        }
        Ok(all.into_boxed_slice())
    }

    fn lower(&mut self, source: &str, shift: &Shift, large: Large) -> Result<Expr, Diagnostic> {
        let tree = hcl_edit::parser::parse_expr(source).map_err(|e| self.syntax(&e, source, shift))?;
        Lowerer { id: self.id, source, shift, large, names: &mut self.names }.expr(&tree, 0)
    }

    /// What hcl-edit says, in our words. Its messages are made of constants; its `line()` is not used.
    fn syntax(&self, error: &hcl_edit::parser::Error, source: &str, shift: &Shift) -> Diagnostic {
        let mut at = error.location().offset().min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        // It points at the white space before what it minds.
        at += source[at..].len() - source[at..].trim_start().len();
        let rest = &source[at..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = word.max(rest.chars().next().map_or(0, char::len_utf8));
        let message = error.message();
        let has = |part: &str| message.contains(part);
        let is_escape = has("escape sequence") || has("hex code");
        let range = match source[..at].rfind('\\').filter(|_| is_escape) {
            Some(backslash) => backslash..at,
            None => at..at + length,
        };
        let span = Span { source: self.id, start: shift.at(range.start), end: shift.at(range.end) };
        let (code, detail, help) = if has("redefined object key") {
            (&codes::DUPLICATE, "A key of this object is set twice.", "")
        } else if has("nested levels") {
            (&codes::TOO_DEEP, "Expressions nest at most 64 levels deep.", "give the inner part a name in `locals`")
        } else if has("chained binary") {
            (&codes::TOO_DEEP, "At most 128 operators can be chained.", "give a part of the chain a name in `locals`")
        } else if is_escape {
            let help = r#"escapes are \n \r \t \" \\ \uHHHH \UHHHHHHHH, and $${ %%{ for ${ %{"#;
            (&codes::SYNTAX, "This is no escape.", help)
        } else if rest.chars().all(|c| c.is_whitespace() || "+-*/%<>=!&|?:.".contains(c)) {
            (
                &codes::SYNTAX,
                "The expression is not complete.",
                "an expression goes on to the next line only inside brackets",
            )
        } else if has("invalid expression") {
            (&codes::SYNTAX, "An expression is expected here.", "")
        } else if has("object item") {
            (&codes::SYNTAX, "A field of an object ends with a comma or the line.", "")
        } else if has("value assignment") {
            (&codes::SYNTAX, "After the key of a field an equals sign is expected.", "")
        } else if rest.starts_with(',') && has("unexpected token") {
            let help = "attributes stand on lines of their own, without commas; items in brackets";
            (&codes::SYNTAX, "A comma can't stand here.", help)
        } else if source.contains("%{") && has("unexpected token") {
            (
                &codes::SYNTAX,
                "This can't stand here.",
                "every `%{ if … }` needs its `%{ endif }`, every `%{ for … }` its `%{ endfor }`",
            )
        } else {
            (&codes::SYNTAX, "This can't stand here.", "")
        };
        let expected = message.strip_prefix("expected ").filter(|_| detail == "This can't stand here.");
        let d = Diagnostic::error(code, detail)
            .at(span, expected.map(|what| format!("expected {what}")).unwrap_or_default());
        if help.is_empty() { d } else { d.help(help) }
    }
}

fn separates(text: &str, token: Token) -> bool {
    token.kind == Kind::Newline || (token.kind == Kind::Op && token.text(text) == ",")
}

/// The outermost objects that have many fields, as the indices of their braces.
fn large_objects(text: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open => open.push((at, 0)),
            Kind::Close => {
                let Some((start, separators)) = open.pop() else { continue };
                let inside = &tokens[start + 1..at];
                let first = inside.iter().find(|token| !token.is_comment() && token.kind != Kind::Newline);
                let is_for = first.is_some_and(|token| token.text(text) == "for");
                if token.text(text) == "}" && separators > LARGE && !is_for {
                    found.retain(|inner| inner.start < start);
                    found.push(start..at);
                }
            }
            _ if separates(text, *token) => {
                if let Some((_, separators)) = open.last_mut() {
                    *separators += 1;
                }
            }
            _ => {}
        }
    }
    found
}

/// The text with `\n` for every `\r\n`; the shift learns where bytes went.
fn without_returns<'t>(text: &'t str, shift: &mut Shift) -> std::borrow::Cow<'t, str> {
    if !text.contains("\r\n") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.strip_suffix("\r\n") {
            Some(line) => {
                out.push_str(line);
                shift.cut(out.len());
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    out.into()
}
