//! Values of variables as text: files of them, and single ones from the command line and the environment.
//! They are plain data: no blocks, no references, no functions. No problem ever quotes or underlines
//! the text, because it may hold secrets: problems name the file, the line and the column, and their labels lead there.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::SourceId;
use crate::diag::source::Sources;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::lang::eval;
use crate::lang::functions;
use crate::lang::parse;
use crate::lang::scope::Budget;
use crate::lang::scope::Outside;
use crate::lang::scope::Scope;
use crate::model::attrs::Value;
use std::sync::Arc;

/// A value with the place that it came from, for people: `prod.vars.hcl:3`.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) value: Value,
    pub(crate) from: String,
    /// Its name there, where it is from a file.
    pub(crate) at: Option<Span>,
}

/// A file of values.
#[derive(Clone)]
pub(crate) struct File {
    /// What people know it by.
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    /// It, withheld.
    pub(crate) id: SourceId,
}

/// How the names of files of values end.
pub(crate) const VARS: &str = ".vars.hcl";

/// A problem with a file of values, without anything of its text.
pub(crate) fn unshown(sources: &Sources, name: &str, d: &Diagnostic) -> Diagnostic {
    let detail = format!("{}: {}.", place(sources, name, d), d.summary());
    Diagnostic { severity: d.severity, ..Diagnostic::error(&codes::VARS_FILE, detail) }
}

fn place(sources: &Sources, name: &str, d: &Diagnostic) -> String {
    match d.labels.first().and_then(|label| sources.line_column(label.span)) {
        Some((line, column)) => format!("{name}:{line}:{column}"),
        None => name.to_owned(),
    }
}

/// The values of a file.
pub(crate) fn file(acc: &mut Diagnostics, file: &File) -> Vec<(Arc<str>, Given)> {
    let (name, text) = (&*file.name, &*file.text);
    if name.ends_with(".json") {
        return json(acc, file);
    }
    let there = |span: Span| Span { source: file.id, ..span };
    // A registry of its own, so that nothing can draw the text.
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let mut inner = Diagnostics::new();
    let body = parse::parse(&mut inner, id, text);
    let place = |d: &Diagnostic| place(&sources, name, d);
    for d in inner.iter() {
        let own = unshown(&sources, name, d);
        acc.push(d.labels.iter().take(1).fold(own, |own, label| own.at(there(label.span), "")));
    }
    let Some(body) = body else { return Vec::new() };
    for block in &body.blocks {
        let (line, column) = sources.line_column(block.header).unwrap_or_default();
        let detail = format!("{name}:{line}:{column}: a file of values has no blocks.");
        let d = Diagnostic::error(&codes::VARS_FILE, detail).at(there(block.header), "");
        acc.push(d.help("write `name = value`"));
    }
    let mut values = Vec::with_capacity(body.attrs.len());
    for attr in &body.attrs {
        match constant(&attr.expr) {
            Ok(value) => {
                let line = sources.line_column(attr.name_span).map_or(0, |(line, _)| line);
                values.push((
                    attr.name.clone(),
                    Given { value, from: format!("{name}:{line}"), at: Some(there(attr.name_span)) },
                ));
            }
            Err(d) => {
                let detail = format!("{}: the value of `{}` is not plain data: {}.", place(&d), attr.name, d.summary());
                acc.push(Diagnostic::error(&codes::VARS_FILE, detail).at(there(attr.name_span), ""));
            }
        }
    }
    values
}

/// The values of a file in JSON: an object.
fn json(acc: &mut Diagnostics, file: &File) -> Vec<(Arc<str>, Given)> {
    let File { name, text, id } = file;
    let start = Span { source: *id, start: 0, end: 0 };
    let decode = functions::CORE.iter().find(|function| function.name == "jsondecode");
    let read = decode.map(|decode| (decode.call)(&Outside::nothing(&[]), &[Value::string(&**text)]));
    let why = match read {
        Some(Ok(Value::Object(fields))) => {
            let given = |value: &Value| Given { value: value.clone(), from: name.clone(), at: Some(start) };
            return fields.iter().map(|(variable, value)| (variable.clone(), given(value))).collect();
        }
        Some(Err(misuse)) => misuse.why,
        Some(Ok(_)) | None => "is no object".to_owned(),
    };
    let detail = format!("{name} {why}.");
    let d = Diagnostic::error(&codes::VARS_FILE, detail).at(start, "");
    acc.push(d.help("write `{ \"name\": value }`"));
    Vec::new()
}

/// A list, map or object written as an expression; `None` if it is none.
pub(crate) fn expression(text: &str) -> Option<Value> {
    let mut sources = Sources::new();
    let text = format!("value = {text}");
    let id = sources.add("value", text.as_str());
    let body = parse::parse(&mut Diagnostics::new(), id, &text)?;
    match (&body.attrs[..], &body.blocks[..]) {
        ([attr], []) => constant(&attr.expr).ok(),
        _ => None,
    }
}

/// The value of an expression that is plain data.
pub(super) fn constant(expr: &Expr) -> Result<Value, Diagnostic> {
    let outside = Outside { budget: Budget::of_value(), ..Outside::nothing(&[]) };
    eval::eval(expr, &Scope::new(&outside))
}
