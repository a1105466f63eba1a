//! Rate limits as the vendor sets them: so many requests a window, for each route and each address that
//! asks. A server has none unless it is started with some.

use crate::server::Shared;
use crate::server::error::Refusal;
use axum::extract::ConnectInfo;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// How many requests a route takes from one address in one window.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    /// Most reads.
    pub read: u32,
    /// Most writes; logins are writes.
    pub write: u32,
    /// Reads and writes of secrets, writes of folders and imports.
    pub secrets: u32,
    /// How long a window is; a minute at the vendor.
    pub window: Duration,
}

/// The windows that are open.
pub(crate) struct Buckets {
    limits: RateLimits,
    open: Mutex<HashMap<Key, Window>>,
}

/// Method, pattern of the route, and who asks.
type Key = (Method, String, String);

struct Window {
    ends: Instant,
    used: u32,
}

/// How a bucket stands after a request.
struct Standing {
    limit: u32,
    /// `None` if the request was one too many.
    remaining: Option<u32>,
    /// Whole seconds until the window ends, at least 1.
    reset: u64,
}

impl Buckets {
    /// With nothing used.
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, open: Mutex::default() }
    }

    fn take(&self, key: Key, limit: u32, now: Instant) -> Standing {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, window| window.ends > now);
        let window = open.entry(key).or_insert(Window { ends: now + self.limits.window, used: 0 });
        // One that is refused does not make the window longer, nor the debt greater.
        window.used = window.used.saturating_add(1).min(limit.saturating_add(1));
        let left = window.ends.saturating_duration_since(now);
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Standing { limit, remaining: limit.checked_sub(window.used), reset: reset.max(1) }
    }
}

impl RateLimits {
    /// The class that a route belongs to.
    fn of(&self, method: &Method, route: &str) -> u32 {
        let is_read = *method == Method::GET || *method == Method::HEAD;
        let has = |part: &str| route.contains(part);
        if has("/secrets") || (!is_read && (has("/folders") || has("/secret-imports"))) {
            self.secrets
        } else if is_read {
            self.read
        } else {
            self.write
        }
    }
}

/// Counts a request, and refuses it if it is one too many.
pub(super) async fn limit(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let Some(buckets) = &app.rate else { return next.run(request).await };
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let most = buckets.limits.of(request.method(), &route);
    let key = (request.method().clone(), route, who(&request));
    let standing = buckets.take(key, most, Instant::now());
    let mut response = match standing.remaining {
        Some(_) => next.run(request).await,
        None => {
            let seconds = standing.reset;
            let mut refused = Refusal::new(
                429,
                "RateLimitExceeded",
                format!("Rate limit exceeded. Please try again in {seconds} seconds"),
            )
            .once(429, "RateLimitExceeded", "Rate limit exceeded. Please try again in 1 minute")
            .into_response();
            refused.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            refused
        }
    };
    tell(response.headers_mut(), &standing);
    response
}

fn tell(headers: &mut HeaderMap, standing: &Standing) {
    let numbers = [
        ("x-ratelimit-limit", u64::from(standing.limit)),
        ("x-ratelimit-remaining", u64::from(standing.remaining.unwrap_or(0))),
        ("x-ratelimit-reset", standing.reset),
    ];
    for (name, number) in numbers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
    }
}

/// The address that asks: what a proxy in front says, as the vendor believes it.
fn who(request: &Request) -> String {
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let first = forwarded.and_then(|list| list.split(',').next()).map(str::trim).filter(|first| !first.is_empty());
    let peer = || request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_string());
    first.map(str::to_owned).or_else(peer).unwrap_or_default()
}
