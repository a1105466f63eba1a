//! Requests as values, and the one client that sends them.
//!
//! Lives here: [`Request`] and [`Response`], which know nothing of the network; [`client`] sends, counts,
//! retries ([`retry`]) and paces ([`limit`] by what is known beforehand, [`pace`] by what answers say); [`json`] turns bodies into values and back; [`ambient`] says what this machine knows of AWS. What a request
//! means is its maker's business.

pub mod ambient;
pub mod client;
pub mod json;
mod limit;
pub mod pace;
mod retry;
pub mod tape;

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::secret::Secret;
use zeroize::Zeroizing;

/// A request. `Debug` shows method and address, never query, headers or body.
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
    /// Whether knowing the path is enough to be let in: then nothing shows it.
    pub is_path_secret: bool,
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

impl Method {
    /// All, in the order in which people list them.
    pub const ALL: [Method; 6] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Head];

    /// As it stands in a request: `GET` …
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }

    /// The method that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }

    /// Whether HTTP itself says that sending it twice is as good as once.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch)
    }
}

/// A body with its content type.
#[derive(Clone)]
pub struct Body {
    /// `application/json` …
    pub content_type: String,
    /// The bytes, wiped on drop.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Request {
    /// A request without headers and body; idempotent if its method is.
    ///
    /// # Errors
    /// The text is no absolute http or https address.
    pub fn new(method: Method, url: &str) -> Result<Self, Diagnostic> {
        let url = reqwest::Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Diagnostic::error(
                    &codes::BAD_ADDRESS,
                    "An absolute address such as `https://api.example.com` is needed here.",
                )
            })?;
        let idempotent = method.is_idempotent();
        Ok(Self { method, url, headers: Vec::new(), body: None, idempotent, is_path_secret: false })
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: Secret) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Adds a header whose value anyone may see.
    #[must_use]
    pub fn plain_header(self, name: &str, value: &str) -> Self {
        self.header(name, Secret::new(value.to_owned()))
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, bytes: Zeroizing<Vec<u8>>) -> Self {
        self.body("application/json", bytes)
    }

    /// Sets a body.
    #[must_use]
    pub fn body(mut self, content_type: &str, bytes: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(Body { content_type: content_type.to_owned(), bytes });
        self
    }

    /// Says that sending it twice is as good as once although its method does not say so (a login, a
    /// search), or the other way round.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Says that whoever knows the path is let in.
    #[must_use]
    pub fn hide_path(mut self) -> Self {
        self.is_path_secret = true;
        self
    }

    /// Method, host and path, for messages: `GET api.example.com/v1/things`. The query is left out.
    #[must_use]
    pub fn title(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = if self.is_path_secret { "/…" } else { self.url.path() };
        format!("{} {}{port}{path}", self.method.as_str(), self.url.host_str().unwrap_or(""))
    }
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

    /// Whether the status is one of 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}
