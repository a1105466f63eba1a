//! What is around all routes: addresses as clients write them, unknown routes, ETags; and the two answers
//! that are about the server itself.

use crate::api::identities::Details;
use crate::api::identities::Identity;
use crate::server::Shared;
use crate::server::clock;
use crate::server::dialect;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

/// Longest answer that gets an ETag: more than any listing has.
const TAGGED: usize = 64 << 20;

/// Longest segment of a path: the vendor's router takes no longer one.
const LONGEST: usize = 100;

/// Puts the outer layers around the routes.
pub(crate) fn wrap(routes: Router<Shared>, app: Shared) -> Router {
    let routes = routes.fallback(no_route).method_not_allowed_fallback(no_route).with_state(app.clone());
    // The address must be mended before it is matched: so around the routes, not in them.
    let spoken = Router::new().fallback_service(routes).layer(from_fn_with_state(app, dialect::speak));
    spoken.layer(from_fn(tag)).layer(from_fn(mend))
}

/// `GET /api/status`
pub(crate) async fn status() -> Json<Value> {
    Json(json!({
        "date": clock::now(),
        "message": "Ok",
        "emailConfigured": false,
        "inviteOnlySignup": true,
        "redisConfigured": false,
        "secretScanningConfigured": false,
    }))
}

/// `GET /api/v1/identities/details`
pub(crate) async fn details(State(app): State<Shared>) -> Json<Details> {
    Json(Details { identity_details: Identity { organization: app.db.organization().clone() } })
}

/// A route that is not there, or not with this method: the words of the vendor's framework.
pub(crate) async fn no_route(method: Method, uri: Uri) -> Response {
    let address = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
    let body =
        json!({"message": format!("Route {method}:{address} not found"), "error": "Not Found", "statusCode": 404});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// A slash at the end means nothing; what can't be read is refused, and what is too long leads nowhere.
async fn mend(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    match segments(path) {
        None => return unreadable(path),
        Some(lengths) if lengths.iter().any(|length| *length > LONGEST) => {
            return no_route(request.method().clone(), request.uri().clone()).await;
        }
        Some(_) => {}
    }
    if let Some(shorter) = path.strip_suffix('/').filter(|shorter| !shorter.is_empty()) {
        let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
        if let Ok(uri) = format!("{shorter}{query}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    next.run(request).await
}

/// How long the segments of a path are, as JavaScript counts; `None` if one can't be decoded.
fn segments(path: &str) -> Option<Vec<usize>> {
    let length = |segment: &str| {
        let escapes = segment.split('%').skip(1);
        let is_whole = |escape: &str| escape.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
        escapes.into_iter().all(is_whole).then(|| decoded.encode_utf16().count())
    };
    path.split('/').map(length).collect()
}

/// A path with bad escapes: the words of the vendor's framework.
fn unreadable(path: &str) -> Response {
    let message = format!("'{path}' is not a valid url component");
    let body = json!({"error": "Bad Request", "code": "FST_ERR_BAD_URL", "message": message, "statusCode": 400});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Gives answers to reads a digest, and none at all to who has it already.
async fn tag(request: Request, next: Next) -> Response {
    let is_read = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !is_read || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, TAGGED).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let digest = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..16]));
    if let Ok(value) = HeaderValue::from_str(&digest) {
        if known.as_ref() == Some(&value) {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response();
        }
        parts.headers.insert(header::ETAG, value);
    }
    Response::from_parts(parts, Body::from(bytes))
}
