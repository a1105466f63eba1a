//! Taking requests in: the fields of a body or a query, the address as clients write it, and the most
//! that a body may have.

use crate::server::check::Fields;
use crate::server::error::Refusal;
use axum::body::Body;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

/// Most bytes of a body: what the vendor takes.
const LIMIT: usize = 1 << 20;

/// The kind of what servers of October 2024 failed on.
const FAILED: &str = "InternalServerError";

/// The fields of a body: JSON, or a form.
pub(crate) struct Given(pub(crate) Fields);

/// The fields of a query: each a text, or a list of texts where it is repeated.
pub(crate) struct Asked(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for Given {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let kind = text_header(&parts, header::CONTENT_TYPE);
        let bytes = read(&parts, body).await?;
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Ok(Self(pairs(&String::from_utf8_lossy(&bytes))));
        }
        if bytes.is_empty() && kind.is_empty() {
            return Err(not_an_object(&Value::Null));
        }
        if kind.starts_with("text/plain") {
            return Err(not_an_object(&Value::from("")));
        }
        if !kind.is_empty() && !kind.starts_with("application/json") {
            let message = "Unsupported Media Type: the body must be JSON";
            return Err(Refusal::new(415, "Unsupported Media Type", message).failed_once(FAILED));
        }
        if bytes.is_empty() {
            return Err(empty());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(other) => Err(not_an_object(&other)),
            Err(_) => Err(Refusal::bad("Body is not valid JSON").failed_once(FAILED)),
        }
    }
}

/// Refuses a body that is said to be JSON and is empty, also where none is read.
pub(crate) async fn refuse_empty(request: Request, next: Next) -> Result<Response, Refusal> {
    match is_empty_json(request.headers()) {
        true => Err(empty()),
        false => Ok(next.run(request).await),
    }
}

fn is_empty_json(headers: &HeaderMap) -> bool {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0")
        && headers.get(header::CONTENT_TYPE).is_some_and(is_json)
}

fn empty() -> Refusal {
    Refusal::bad("Body cannot be empty when content-type is set to 'application/json'").failed_once(FAILED)
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(pairs(parts.uri.query().unwrap_or(""))))
    }
}

/// Gives a field its newest name: old clients call a project a workspace. The first that holds something
/// is taken.
pub(crate) fn rename(fields: &mut Fields, old: &[&str], new: &str) {
    for name in old {
        let Some(value) = fields.remove(*name) else { continue };
        let is_empty = |value: &Value| value.is_null() || value.as_str() == Some("");
        if fields.get(new).is_none_or(is_empty) {
            fields.insert(new.to_owned(), value);
        }
    }
}

async fn read(parts: &Parts, body: Body) -> Result<Vec<u8>, Refusal> {
    let too_large = || Refusal::new(413, "Payload Too Large", "Request body is too large").failed_once(FAILED);
    let announced = text_header(parts, header::CONTENT_LENGTH).parse::<usize>().unwrap_or(0);
    if announced > LIMIT {
        return Err(too_large());
    }
    match axum::body::to_bytes(body, LIMIT).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => Err(too_large()),
    }
}

fn text_header(parts: &Parts, name: header::HeaderName) -> String {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_ascii_lowercase()
}

fn not_an_object(value: &Value) -> Refusal {
    let received = crate::server::check::type_word(value);
    let more = serde_json::json!({"expected": "object", "received": received});
    let message = format!("Expected object, received {received}");
    Refusal::invalid(vec![crate::server::check::issue("invalid_type", &[], message, more)])
}

/// `a=1&b=2`, percent signs and plus signs undone.
fn pairs(text: &str) -> Fields {
    let mut fields = Fields::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = Value::String(decode(value));
        match fields.entry(decode(name)) {
            serde_json::map::Entry::Vacant(slot) => {
                slot.insert(value);
            }
            serde_json::map::Entry::Occupied(mut slot) => match slot.get_mut() {
                Value::Array(items) => items.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }
    fields
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
