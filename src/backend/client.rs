//! One client for the whole run: logs in when it must, sends calls, and turns whatever goes wrong into
//! a diagnostic that names the resource, the request and the server's own words.
//!
//! What is asked is the business of [`crate::backend::read`] and [`crate::backend::write`].

use crate::api;
use crate::api::Credential;
use crate::backend::auth::Login;
use crate::backend::auth::Token;
use crate::backend::auth::token_is_spent;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::is_unseen;
use crate::http;
use crate::http::Method;
use crate::http::Request;
use crate::http::Response;
use crate::http::client::Policy;
use crate::secret::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// Where a backend is asked when the configuration names no address.
pub const DEFAULT_URL: &str = "https://app.infisical.com";

/// A connection to one backend. Clones share the token.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: http::client::Client,
    base: reqwest::Url,
    login: Login,
    policy: Policy,
    token: tokio::sync::Mutex<Option<Token>>,
}

/// Why a call gave no answer.
#[derive(Debug)]
pub struct Failure {
    /// For people.
    pub diagnostic: Diagnostic,
    /// The status, if there was an answer.
    pub status: Option<u16>,
}

impl Failure {
    /// Whether the thing that was asked for is not there.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status == Some(404) && self.diagnostic.code == &codes::BACKEND_NOT_FOUND
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        failure.diagnostic
    }
}

/// One call: what it is about, the request, and what must not be seen in its answer.
pub struct Call<'a> {
    about: &'a str,
    method: Method,
    /// With `:name` for each segment that is filled in: what messages show.
    pattern: &'static str,
    args: Vec<&'a str>,
    query: Vec<(&'static str, &'a str)>,
    body: Option<Zeroizing<Vec<u8>>>,
    secrets: Vec<Secret>,
    idempotent: bool,
}

impl<'a> Call<'a> {
    /// A call about something with a name for people: an address, or `the list of projects`.
    #[must_use]
    pub fn new(about: &'a str, method: Method, pattern: &'static str) -> Self {
        let idempotent = matches!(method, Method::Get);
        Self {
            about,
            method,
            pattern,
            args: Vec::new(),
            query: Vec::new(),
            body: None,
            secrets: Vec::new(),
            idempotent,
        }
    }

    /// Fills in the next `:segment` of the pattern.
    #[must_use]
    pub fn arg(mut self, value: &'a str) -> Self {
        self.args.push(value);
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // The wire types are plain structs with text keys: they always serialize.
        self.body = Some(Zeroizing::new(serde_json::to_vec(body).unwrap_or_default()));
        self
    }

    /// Names secrets of the body, to be blotted out if the answer quotes them.
    #[must_use]
    pub fn secrets(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// Says that sending it twice is sending it once, so that it may be repeated after a lost answer.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.idempotent = true;
        self
    }

    fn named(&self) -> String {
        format!("{} {}", self.method.as_str(), self.pattern)
    }
}

impl Client {
    /// A client for a backend. Sends nothing yet.
    ///
    /// # Errors
    /// The address is none.
    pub fn connect(http: http::client::Client, url: &str, login: Login, policy: Policy) -> Result<Self, Diagnostic> {
        let base = base_url(url)?;
        Ok(Self { inner: Arc::new(Inner { http, base, login, policy, token: tokio::sync::Mutex::new(None) }) })
    }

    /// The address without `/api`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.inner.base.as_str().trim_end_matches('/')
    }

    /// Sends a call and reads the answer.
    ///
    /// # Errors
    /// Everything but a status of 200 with the JSON that was expected.
    pub async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        let response = self.answer(&call).await?;
        if call.method != Method::Get && is_approval(&response.body) {
            let detail = format!("{}: {} was taken as a request for approval", call.about, call.named());
            let diagnostic = Diagnostic::error(&codes::BACKEND_APPROVAL, detail)
                .help("approve the request at the backend, then run again");
            return Err(Failure { diagnostic, status: Some(response.status) });
        }
        serde_json::from_slice(&response.body).map_err(|error| self.unreadable(&call, &response, &error))
    }

    /// Sends a call and gives the answer's JSON as it is, for answers that come in more than one shape.
    async fn answer(&self, call: &Call<'_>) -> Result<Response, Failure> {
        let token = self.token(None).await?;
        let response = self.exchange(call, &token).await?;
        if response.status == 200 {
            return Ok(response);
        }
        let said = words(&response.body);
        if token_is_spent(response.status, &said.error, &said.text()) && self.inner.login.token().is_none() {
            let fresh = self.token(Some(&token)).await?;
            let again = self.exchange(call, &fresh).await?;
            return if again.status == 200 { Ok(again) } else { Err(self.refused(call, &again, &[token, fresh])) };
        }
        Err(self.refused(call, &response, &[token]))
    }

    /// The token to use: the one at hand if it is fresh and not `spent`, else that of a new login. One
    /// login at a time: whoever waits for the lock finds its result.
    async fn token(&self, spent: Option<&Secret>) -> Result<Secret, Failure> {
        let mut held = self.inner.token.lock().await;
        if let Some(token) = held.as_ref()
            && token.is_fresh(Instant::now())
            && spent != Some(&token.text)
        {
            return Ok(token.text.clone());
        }
        let token = match self.inner.login.token() {
            Some(text) => Token::given(text.clone()),
            None => self.log_in().await?,
        };
        Ok(held.insert(token).text.clone())
    }

    async fn log_in(&self) -> Result<Token, Failure> {
        let login = &self.inner.login;
        let fields = login.fields(&self.inner.http).await;
        let fields = fields.map_err(|diagnostic| Failure { diagnostic, status: None })?;
        let secrets = fields.iter().filter_map(|(name, field)| match field {
            Credential::Text(text) if !login.shows(name) => Some(text.clone()),
            _ => None,
        });
        let call = Call::new("the login", Method::Post, login.route())
            .json(&fields)
            .secrets(secrets.collect::<Vec<_>>())
            .repeatable();
        let request = self.request(&call, None)?;
        let response = self.transport(&call, &request).await?;
        if response.status != 200 {
            let mut failure = self.refused(&call, &response, &[]);
            let error = words(&response.body).error;
            // An unknown client id is 404 on servers of 2024; wrong input is 401 there.
            if matches!(response.status, 401 | 404) && !matches!(&*error, "ValidationFailure" | "Not Found") {
                failure.diagnostic.code = &codes::BACKEND_CREDENTIALS;
                failure.diagnostic.help = Some(login.advice());
            }
            return Err(failure);
        }
        let answer: api::auth::Token =
            serde_json::from_slice(&response.body).map_err(|error| self.unreadable(&call, &response, &error))?;
        Ok(Token::of_login(answer.access_token, answer.expires_in, Instant::now()))
    }

    async fn exchange(&self, call: &Call<'_>, token: &Secret) -> Result<Response, Failure> {
        let request = self.request(call, Some(token))?;
        self.transport(call, &request).await
    }

    async fn transport(&self, call: &Call<'_>, request: &Request) -> Result<Response, Failure> {
        self.inner.http.send(request, &self.inner.policy).await.map_err(|cause| {
            let (code, help) = if cause.code == &codes::BUSY {
                (&codes::BACKEND_LIMIT, "run again in a minute, or with a lower `parallelism`")
            } else {
                (
                    &codes::BACKEND_UNREACHABLE,
                    "check `url` of the `backend` block and the network between here and there",
                )
            };
            let detail = format!("{}: {} at {}: {}", call.about, call.named(), self.url(), cause.detail);
            Failure { diagnostic: Diagnostic::error(code, detail).help(help), status: None }
        })
    }

    fn request(&self, call: &Call<'_>, token: Option<&Secret>) -> Result<Request, Failure> {
        let mut url = self.inner.base.clone();
        let mut args = call.args.iter();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            for segment in call.pattern.split('/').skip(1) {
                // Pushing escapes slashes and everything else that could leave the segment.
                path.push(if segment.starts_with(':') { args.next().copied().unwrap_or("") } else { segment });
            }
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut headers = vec![("accept".to_owned(), Secret::new("application/json".to_owned()))];
        if let Some(token) = token {
            headers.push(("authorization".to_owned(), Secret::new(["Bearer ", token.expose()].concat())));
        }
        let body = call
            .body
            .as_ref()
            .map(|bytes| http::Body { content_type: "application/json".to_owned(), bytes: bytes.clone() });
        Ok(Request { method: call.method, url, headers, body, idempotent: call.idempotent })
    }

    /// The diagnostic for an answer that is not 200. `tokens` are those that were sent.
    fn refused(&self, call: &Call<'_>, response: &Response, tokens: &[Secret]) -> Failure {
        let status = response.status;
        if looks_like_html(response) {
            return self.not_json(call, response);
        }
        let said = words(&response.body);
        let unsaid = unsaid(call, &self.inner.login, tokens);
        let message = redact(&said.text(), &unsaid);
        let error = redact(&said.error, &unsaid);
        let (code, help) = match status {
            401 if said.error != "ValidationFailure" => {
                (&codes::BACKEND_CREDENTIALS, Some("the token is not accepted: log in anew or replace it"))
            }
            403 if said.error == "TokenError" => {
                (&codes::BACKEND_CREDENTIALS, Some("the token is not accepted: log in anew or replace it"))
            }
            403 => (
                &codes::BACKEND_PERMISSION,
                Some("give the machine identity a role in this project that may do this, or add it to the project"),
            ),
            404 if said.error == "Not Found" => (&codes::BACKEND_ROUTE, Some("check `url`, or update the backend")),
            404 => (&codes::BACKEND_NOT_FOUND, None),
            429 => (&codes::BACKEND_LIMIT, Some("run again in a minute, or with a lower `parallelism`")),
            500.. => (&codes::BACKEND_FAILED, None),
            _ => (&codes::BACKEND_REFUSED, None),
        };
        // In some refusals of 2024 the useful words are in `error`.
        let words = match (message.is_empty(), error.contains(' ') && status == 403) {
            (_, true) => format!("{message} ({error})"),
            (true, _) => error,
            _ => message,
        };
        let mut detail = format!("{}: {} answered {status}: {words}", call.about, call.named());
        if let Some(id) = said.req_id {
            detail = format!("{detail} [request {}]", redact(&id, &unsaid));
        }
        let mut diagnostic = Diagnostic::error(code, detail);
        diagnostic.help = help.map(str::to_owned);
        Failure { diagnostic, status: Some(status) }
    }

    fn unreadable(&self, call: &Call<'_>, response: &Response, error: &serde_json::Error) -> Failure {
        if looks_like_html(response) {
            return self.not_json(call, response);
        }
        // The library's own text can quote a value: only place and kind are told.
        let detail = format!(
            "{}: {} answered {} with something unexpected ({:?} error at line {}, column {})",
            call.about,
            call.named(),
            response.status,
            error.classify(),
            error.line(),
            error.column(),
        );
        let diagnostic = Diagnostic::error(&codes::BACKEND_ANSWER, detail)
            .help("check that `url` is the address of the backend itself and that its version is supported");
        Failure { diagnostic, status: Some(response.status) }
    }

    fn not_json(&self, call: &Call<'_>, response: &Response) -> Failure {
        let detail = format!(
            "{}: {} at {} answered {} with a web page instead of JSON",
            call.about,
            call.named(),
            self.url(),
            response.status
        );
        let code = if response.status >= 500 { &codes::BACKEND_FAILED } else { &codes::BACKEND_ANSWER };
        let diagnostic = Diagnostic::error(code, detail)
            .help("check that `url` is the backend's own address, not that of a proxy or a login page");
        Failure { diagnostic, status: Some(response.status) }
    }
}

/// The address without trailing slashes and without `/api`, whichever of them it was given with.
fn base_url(text: &str) -> Result<reqwest::Url, Diagnostic> {
    let trimmed = text.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/api").unwrap_or(trimmed);
    let bad = || {
        Diagnostic::error(&codes::BACKEND_CONFIG, "`url` is not an address of the form https://host".to_owned())
            .help("write the address that the backend is opened with in a browser")
    };
    let url = reqwest::Url::parse(trimmed).map_err(|_| bad())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !url.username().is_empty() {
        return Err(bad());
    }
    Ok(url)
}

/// An error body; an empty one if it is none.
fn words(body: &[u8]) -> api::Failure {
    serde_json::from_slice(body).unwrap_or_else(|_| api::Failure {
        req_id: None,
        status_code: 0,
        message: api::Message::Text(String::new()),
        error: String::new(),
    })
}

/// What stands where a secret stood.
const BLOT: &str = "•••";
/// Values that are shorter stand in many a word by chance: blotted out there, the rest of the word would
/// give them away.
const IN_ANY_WORD: usize = 6;

/// What a message must not say: the secrets of the call, the tokens that were sent, what logs in.
fn unsaid(call: &Call<'_>, login: &Login, tokens: &[Secret]) -> Vec<Secret> {
    call.secrets.iter().chain(tokens).cloned().chain(login.secrets()).collect()
}

/// The text with a short value blotted out where it stands as a word of its own.
fn blot_words(text: &str, value: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let joined = before.chars().next_back().or(out.chars().next_back()).is_some_and(char::is_alphanumeric)
            || after.chars().next().is_some_and(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if joined { value } else { BLOT });
        rest = after;
    }
    out + rest
}

/// The server's words without secrets, without control characters, and not too long.
fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|s| !s.expose().trim().is_empty()) {
        let trimmed = secret.expose().trim();
        text = match trimmed.chars().count() < IN_ANY_WORD {
            true => blot_words(&text, trimmed),
            false => text.replace(secret.expose(), BLOT).replace(trimmed, BLOT),
        };
    }
    let clean: String = text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    match clean.char_indices().nth(600) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

fn looks_like_html(response: &Response) -> bool {
    response.header("content-type").is_some_and(|t| t.contains("html")) || response.body.trim_ascii().starts_with(b"<")
}

fn is_approval(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|json| json["approval"].is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_with_and_without_api_and_slash() {
        for given in
            ["https://kms.example", "https://kms.example/", "https://kms.example/api", " https://kms.example/api/ "]
        {
            assert_eq!(base_url(given).map(|url| url.to_string()), Ok("https://kms.example/".to_owned()), "{given}");
        }
        let below = base_url("https://kms.example/infisical/api/").map(|url| url.to_string());
        assert_eq!(below, Ok("https://kms.example/infisical".to_owned()));
        for bad in ["kms.example", "ftp://kms.example", "https://user:canary@kms.example", ""] {
            let problem = base_url(bad).err().map(|why| (why.code.id, why.detail.contains("canary")));
            assert_eq!(problem, Some(("KF0611", false)), "{bad}");
        }
    }

    #[test]
    fn quoted_secrets_and_control_characters_are_blotted_out() {
        let secrets = [Secret::new("canary-key\n".to_owned()), Secret::new(String::new())];
        assert_eq!(redact("bad \u{1b}[31mcanary-key", &secrets), "bad  [31m•••");
        assert_eq!(redact("a\u{202e}b\u{9b}c", &[]), "a b c");
        let call = Call::new("x", Method::Get, "/x").secrets([Secret::new("canary-a".to_owned())]);
        let login = Login::universal("x", Secret::new("canary-b".to_owned()));
        let unsaid = unsaid(&call, &login, &[Secret::new("canary-c".to_owned())]);
        assert_eq!(redact("expired canary-c, canary-b, canary-a", &unsaid), "expired •••, •••, •••");
        let short = [Secret::new("v".to_owned())];
        assert_eq!(redact("no environment `v` (v), v", &short), "no environment `•••` (•••), •••");
        assert_eq!(redact(&"x".repeat(1000), &[]).chars().count(), 601);
    }

    #[test]
    fn validation_issues_are_words() {
        let body = br#"{"statusCode":401,"error":"ValidationFailure","message":[{"code":"invalid_type","path":["secrets",0,"secretKey"],"message":"Required"}]}"#;
        let said = words(body);
        assert_eq!(said.text(), "secrets.0.secretKey: Required");
        assert!(!token_is_spent(401, &said.error, &said.text()));
        assert!(token_is_spent(403, "TokenError", "Your token has expired. Please re-authenticate."));
    }
}
