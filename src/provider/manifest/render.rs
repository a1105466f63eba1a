//! Operations → requests. Pure: names in, a request out.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::http::Body;
use crate::http::Method;
use crate::http::Request;
use crate::http::json;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::eval::eval;
use crate::lang::functions::CORE;
use crate::lang::scope::Outside;
use crate::lang::scope::Scope;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::provider::manifest::Operation;
use crate::provider::manifest::functions::MANIFEST;
use crate::secret::Secret;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What stays as it is in a part of a path: the unreserved characters of RFC 3986.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Names with their meanings.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<&'static str, Value>);

impl Env {
    /// Gives a name a meaning.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.insert(name, value);
        self
    }

    /// What a name means; null if nothing.
    #[must_use]
    pub fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// Evaluates an expression.
    ///
    /// # Errors
    /// It asks for something that is not there, or of another shape.
    pub fn eval(&self, expr: &Expr) -> Result<Value, Diagnostic> {
        self.within(|scope| eval(expr, scope))
    }

    /// Evaluates an expression whose result is a truth value.
    ///
    /// # Errors
    /// As [`Env::eval`], and if it is none.
    pub fn holds(&self, expr: &Expr) -> Result<bool, Diagnostic> {
        let value = self.eval(expr)?;
        value.as_bool().ok_or_else(|| shape(expr.span, "true or false", &value))
    }

    /// Evaluates the part of an address that is made of fixed texts and interpolations, each of which is
    /// percent-encoded.
    ///
    /// # Errors
    /// An interpolation is empty, secret, or would lead somewhere else (`.`, `..`).
    pub fn path(&self, expr: &Expr) -> Result<String, Diagnostic> {
        self.within(|scope| path(expr, scope))
    }

    fn within<T>(&self, run: impl FnOnce(&Scope<'_>) -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        let functions = [MANIFEST, CORE];
        let outside = Outside::nothing(&functions);
        let mut scope = Scope::new(&outside);
        for (name, value) in &self.0 {
            scope.set(*name, value.clone());
        }
        run(&scope)
    }
}

/// Where an operation's request goes.
pub struct Target<'a> {
    /// The service's address, without a slash at its end.
    pub base: &'a str,
    /// What stands before the path.
    pub root: &'a str,
    /// Headers of every request.
    pub headers: &'a [(String, Secret)],
}

/// The request of an operation that is one.
///
/// # Errors
/// An expression fails, or gives something that can't be sent.
pub fn request(operation: &Operation, expr: &Expr, env: &Env, target: &Target<'_>) -> Result<Request, Diagnostic> {
    let line = env.path(expr)?;
    let (method, path) = line.split_once(' ').unwrap_or((&line, ""));
    let Some(method) = Method::from_word(method) else {
        return Err(Diagnostic::error(&codes::MANIFEST, "A request begins with its method.").at(expr.span, ""));
    };
    let mut request = Request::new(method, &format!("{}{}{path}", target.base, target.root))?;
    // What stands right after a host can go on with it: `.elsewhere.example/`, `@elsewhere.example/`.
    let own = reqwest::Url::parse(target.base).ok();
    if own.is_none_or(|own| own.origin() != request.url.origin()) {
        return Err(Diagnostic::error(
            &codes::FOREIGN_HOST,
            "A path begins with a slash; this one goes on with the host.",
        )
        .at(expr.span, "")
        .help("begin the path with `/`"));
    }
    if let Some(query) = operation.expr("query") {
        add_query(&mut request, query, env)?;
    }
    let mut headers = target.headers.to_vec();
    if let Some(own) = operation.expr("headers") {
        let own = self::headers(own, env)?;
        headers.retain(|(name, _)| !own.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        headers.extend(own);
    }
    if let Some(json) = operation.expr("json") {
        let value = env.eval(json)?;
        let bytes = json::write(&value).ok_or_else(|| shape(json.span, "something JSON has a word for", &value))?;
        request.body = Some(Body { content_type: "application/json".to_owned(), bytes });
    } else if let Some(form) = operation.expr("form") {
        let bytes = encode_form(form, env)?;
        request.body = Some(Body { content_type: "application/x-www-form-urlencoded".to_owned(), bytes });
    }
    if let Some(body) = &mut request.body
        && let Some(at) = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        headers.remove(at).1.expose().clone_into(&mut body.content_type);
    }
    request.headers = headers;
    Ok(request)
}

/// An object as headers; what is null is left out.
///
/// # Errors
/// The expression fails, or a field is no text.
pub fn headers(expr: &Expr, env: &Env) -> Result<Vec<(String, Secret)>, Diagnostic> {
    let object = object(expr, env)?;
    let mut headers = Vec::new();
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let value = match value {
            Value::Secret(secret) => secret.clone(),
            value => Secret::new(text(value).ok_or_else(|| shape(expr.span, "texts", value))?),
        };
        headers.push((name.to_string(), value));
    }
    Ok(headers)
}

fn object(expr: &Expr, env: &Env) -> Result<Object, Diagnostic> {
    let value = env.eval(expr)?;
    value.as_object().cloned().ok_or_else(|| shape(expr.span, "an object", &value))
}

fn add_query(request: &mut Request, expr: &Expr, env: &Env) -> Result<(), Diagnostic> {
    let object = object(expr, env)?;
    let mut pairs = Vec::new();
    for (name, value) in &object {
        let one = std::slice::from_ref(value);
        for value in value.as_list().unwrap_or(one).iter().filter(|value| !value.is_null()) {
            let text = text(value).ok_or_else(|| shape(expr.span, "texts, numbers and truth values", value))?;
            pairs.push(format!("{}={}", utf8_percent_encode(name, PART), utf8_percent_encode(&text, PART)));
        }
    }
    if !pairs.is_empty() {
        request.url.set_query(Some(&pairs.join("&")));
    }
    Ok(())
}

fn encode_form(expr: &Expr, env: &Env) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
    let object = object(expr, env)?;
    let mut out = Zeroizing::new(String::new());
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let text = match value {
            Value::Secret(secret) => Zeroizing::new(secret.expose().to_owned()),
            value => Zeroizing::new(text(value).ok_or_else(|| shape(expr.span, "texts", value))?),
        };
        if !out.is_empty() {
            out.push('&');
        }
        out.extend(utf8_percent_encode(name, PART));
        out.push('=');
        out.extend(utf8_percent_encode(&text, PART));
    }
    Ok(Zeroizing::new(out.as_bytes().to_vec()))
}

fn path(expr: &Expr, scope: &Scope<'_>) -> Result<String, Diagnostic> {
    match &expr.node {
        Node::String(text) => Ok(text.to_string()),
        Node::If(parts) => {
            let cond = eval(&parts.0, scope)?;
            match cond.as_bool() {
                Some(true) => path(&parts.1, scope),
                Some(false) => path(&parts.2, scope),
                None => Err(shape(parts.0.span, "true or false", &cond)),
            }
        }
        Node::Template(parts) => {
            let mut out = String::new();
            for part in parts {
                match part {
                    Part::Text(text) => out.push_str(text),
                    Part::Value(value) => out.push_str(&path_part(value, scope)?),
                    Part::If(cond, _, _) | Part::For { over: cond, .. } => {
                        let detail = "An address takes interpolations only, no directives.";
                        return Err(Diagnostic::error(&codes::MANIFEST, detail).at(cond.span, ""));
                    }
                }
            }
            Ok(out)
        }
        _ => Err(Diagnostic::error(&codes::MANIFEST, "An address is written as a text here.").at(expr.span, "")),
    }
}

/// One interpolation of an address. `raw(…)` keeps slashes; nothing keeps anything else.
fn path_part(expr: &Expr, scope: &Scope<'_>) -> Result<String, Diagnostic> {
    let (inner, slashes) = match &expr.node {
        Node::Call { name, args, .. } if &**name == "raw" && args.len() == 1 => (&args[0], true),
        _ => (expr, false),
    };
    let value = eval(inner, scope)?;
    let text = text(&value).ok_or_else(|| shape(inner.span, "a text or a number", &value))?;
    let parts: Vec<&str> = if slashes { text.split('/').collect() } else { vec![&text] };
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        let detail = "A part of an address would be empty, `.` or `..`.";
        return Err(Diagnostic::error(&codes::BAD_PATH_PART, detail).at(inner.span, ""));
    }
    let parts: Vec<String> = parts.iter().map(|part| utf8_percent_encode(part, PART).to_string()).collect();
    Ok(parts.join("/"))
}

/// A plain value as it stands in an address or a header; a secret is none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// An expression gave something of another shape than its slot takes.
#[must_use]
pub fn shape(span: Span, wanted: &str, found: &Value) -> Diagnostic {
    Diagnostic::error(&codes::UNEXPECTED_ANSWER, format!("Here should be {wanted}, and it is {}.", found.shape()))
        .at(span, "")
}
