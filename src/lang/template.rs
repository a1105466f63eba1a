//! Templates of hcl-edit's tree → [`Part`]s. The text of each literal is taken from the source, because
//! hcl-edit bends it: inside directives of quoted texts it leaves escapes in, and it takes the
//! indentation of `<<-` away where HCL does not.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Part;
use crate::lang::lower::Lowerer;
use hcl_edit::Span as _;
use hcl_edit::template as edit;
use hcl_edit::template::Strip;
use std::iter::Peekable;
use std::vec::IntoIter;

/// Where a template stands: it decides on escapes and indentation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `"…"`: backslash escapes.
    Quoted,
    /// `<<EOT`
    Heredoc,
    /// `<<-EOT`: indentation that all lines share is taken away.
    Indented,
    /// The content of a file.
    File,
}

/// A template as a flat sequence, as HCL's own rules see it.
enum Flat<'a> {
    Text(String),
    Value(&'a hcl_edit::expr::Expression, Strip),
    If(&'a hcl_edit::expr::Expression, Strip),
    For(&'a edit::ForTemplateExpr),
    Else(Strip),
    End(Strip),
}

/// Lowers a template.
pub(crate) fn lower(
    to: &mut Lowerer<'_>,
    tree: &edit::Template,
    style: Style,
    depth: usize,
) -> Result<Box<[Part]>, Diagnostic> {
    let mut flat = Vec::new();
    flatten(to, tree, style, false, &mut flat)?;
    strip(&mut flat);
    if style == Style::Indented {
        dedent(&mut flat);
    }
    parts(to, &mut flat.into_iter().peekable(), depth)
}

fn flatten<'a>(
    to: &Lowerer<'_>,
    tree: &'a edit::Template,
    style: Style,
    in_directive: bool,
    out: &mut Vec<Flat<'a>>,
) -> Result<(), Diagnostic> {
    for element in tree {
        match element {
            edit::Element::Literal(literal) => match (style, in_directive) {
                (Style::Quoted, false) => out.push(Flat::Text(literal.to_string())),
                (Style::Quoted, true) => {
                    let text = unescape(literal).ok_or_else(|| {
                        Diagnostic::error(&codes::SYNTAX, "This text has an escape that is none.")
                            .at(to.span(literal.span()), "")
                            .help(r#"escapes are \n \r \t \" \\ \uHHHH \UHHHHHHHH"#)
                    })?;
                    out.push(Flat::Text(text));
                }
                // One token a line: strip markers and indentation work on lines.
                _ => {
                    let raw = &to.source[literal.span().unwrap_or_default()];
                    out.extend(raw.split_inclusive('\n').map(|line| Flat::Text(unescape_markers(line))));
                }
            },
            edit::Element::Interpolation(value) => out.push(Flat::Value(&value.expr, value.strip)),
            edit::Element::Directive(directive) => match &**directive {
                edit::Directive::If(directive) => {
                    out.push(Flat::If(&directive.if_expr.cond_expr, directive.if_expr.strip));
                    flatten(to, &directive.if_expr.template, style, true, out)?;
                    if let Some(other) = &directive.else_expr {
                        out.push(Flat::Else(other.strip));
                        flatten(to, &other.template, style, true, out)?;
                    }
                    out.push(Flat::End(directive.endif_expr.strip));
                }
                edit::Directive::For(directive) => {
                    out.push(Flat::For(&directive.for_expr));
                    flatten(to, &directive.for_expr.template, style, true, out)?;
                    out.push(Flat::End(directive.endfor_expr.strip));
                }
            },
        }
    }
    Ok(())
}

/// `~}` takes the white space after it away, `{~` that before it; in heredocs as far as the line goes.
fn strip(flat: &mut [Flat<'_>]) {
    for at in 0..flat.len() {
        let marker = match &flat[at] {
            Flat::Text(_) => continue,
            Flat::Value(_, strip) | Flat::If(_, strip) | Flat::Else(strip) | Flat::End(strip) => *strip,
            Flat::For(directive) => directive.strip,
        };
        if marker.strip_start()
            && let Some(Flat::Text(before)) = at.checked_sub(1).map(|before| &mut flat[before])
        {
            before.truncate(before.trim_end().len());
        }
        if marker.strip_end()
            && let Some(Flat::Text(after)) = flat.get_mut(at + 1)
        {
            *after = after.trim_start().to_owned();
        }
    }
}

/// Takes away the indentation that all lines share; blank lines do not count.
fn dedent(flat: &mut [Flat<'_>]) {
    let indent = |text: &str| text.chars().take_while(|c| c.is_whitespace()).count();
    let mut starts = Vec::new();
    let mut least = usize::MAX;
    let mut line_start = true;
    for (at, element) in flat.iter().enumerate() {
        match element {
            Flat::Text(text) => {
                if line_start && !(text.trim().is_empty() && text.ends_with('\n')) {
                    starts.push(at);
                    least = least.min(indent(text));
                }
                line_start = text.ends_with('\n');
            }
            _ if line_start => {
                least = 0;
                line_start = false;
            }
            _ => {}
        }
    }
    for at in starts {
        if let Flat::Text(text) = &mut flat[at] {
            *text = text.chars().skip(least).collect();
        }
    }
}

/// Builds the tree again, up to the end of the directive that this is the body of.
fn parts(
    to: &mut Lowerer<'_>,
    flat: &mut Peekable<IntoIter<Flat<'_>>>,
    depth: usize,
) -> Result<Box<[Part]>, Diagnostic> {
    let mut out = Vec::new();
    let mut text = String::new();
    while let Some(element) = flat.next_if(|element| !matches!(element, Flat::Else(_) | Flat::End(_))) {
        if let Flat::Text(more) = &element {
            text.push_str(more);
            continue;
        }
        if !text.is_empty() {
            out.push(Part::Text(std::mem::take(&mut text).into()));
        }
        match element {
            Flat::Value(expr, _) => out.push(Part::Value(to.expr(expr, depth)?)),
            Flat::If(cond, _) => {
                let cond = to.expr(cond, depth)?;
                let then = parts(to, flat, depth + 1)?;
                let otherwise = match flat.next() {
                    Some(Flat::Else(_)) => {
                        let otherwise = parts(to, flat, depth + 1)?;
                        flat.next();
                        otherwise
                    }
                    _ => Box::default(),
                };
                out.push(Part::If(cond, then, otherwise));
            }
            Flat::For(directive) => {
                let key = directive.key_var.as_ref().map(|name| to.name(name));
                let value = to.name(&directive.value_var);
                let over = to.expr(&directive.collection_expr, depth)?;
                let body = parts(to, flat, depth + 1)?;
                flat.next();
                out.push(Part::For { key, value, over, body });
            }
            Flat::Text(_) | Flat::Else(_) | Flat::End(_) => {}
        }
    }
    if !text.is_empty() {
        out.push(Part::Text(text.into()));
    }
    Ok(out.into_boxed_slice())
}

/// `$${` and `%%{` are what they escape.
fn unescape_markers(text: &str) -> String {
    text.replace("$${", "${").replace("%%{", "%{")
}

/// The backslash escapes of quoted texts; `None` if one of them is none.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let digits = match chars.next()? {
            'n' => {
                out.push('\n');
                continue;
            }
            'r' => {
                out.push('\r');
                continue;
            }
            't' => {
                out.push('\t');
                continue;
            }
            c @ ('"' | '\\') => {
                out.push(c);
                continue;
            }
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let hex = chars.as_str().get(..digits)?;
        chars = chars.as_str()[digits..].chars();
        out.push(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?);
    }
    Some(out)
}
