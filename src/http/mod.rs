//! Requests as values, and the one client that sends them.
//!
//! Lives here: [`Request`] and [`Response`], which know nothing of the network; [`client`] sends, counts,
//! retries ([`retry`]) and paces ([`limit`]). What a request means is its maker's business.

use crate::secret::Secret;
use zeroize::Zeroizing;

/// A request. `Debug` shows method and address, never headers or body.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: Method,
    /// The full address, query included.
    pub url: reqwest::Url,
    /// Header names and values; any of them may be a secret.
    pub headers: Vec<(String, Secret)>,
    /// The body with its content type; `None` sends neither.
    pub body: Option<Body>,
    /// Whether sending it twice does the same as sending it once, so that it may be retried after an
    /// answer that never came.
    pub idempotent: bool,
}

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
}

/// A body with its content type.
#[derive(Clone)]
pub struct Body {
    /// `application/json` …
    pub content_type: String,
    /// The bytes, wiped on drop.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// An answer. `Debug` shows the status, never the body.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names, lower case, and values, in order.
    pub headers: Vec<(String, String)>,
    /// The bytes, wiped on drop.
    pub body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// The first header of a name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}{}", self.method, self.url.host_str().unwrap_or(""), self.url.path())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}
