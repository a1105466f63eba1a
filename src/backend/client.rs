//! One client for the whole run: logs in when it must, speaks the dialect that the server knows, sends
//! calls, and turns whatever goes wrong into a diagnostic.
//!
//! What is asked is the business of [`crate::backend::read`] and [`crate::backend::write`].

use crate::api;
use crate::api::Credential;
use crate::backend::auth::Login;
use crate::backend::auth::Token;
use crate::backend::auth::identity_of;
use crate::backend::auth::token_is_spent;
use crate::backend::call::Call;
use crate::backend::dialect;
use crate::backend::dialect::Area;
use crate::backend::dialect::Generation;
use crate::backend::refusal;
use crate::backend::refusal::Failure;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http;
use crate::http::Method;
use crate::http::Request;
use crate::http::Response;
use crate::http::client::Policy;
use crate::secret::Secret;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

/// Where a backend is asked when nothing names its address.
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
    known: dialect::Known,
    /// The identity that it logs in as, once that was met among others.
    own: OnceLock<Arc<str>>,
    /// Servers of 2024 make a folder twice if two requests make it at the same moment (measured).
    folders: tokio::sync::Mutex<()>,
}

impl Client {
    /// A client for a backend. Sends nothing yet.
    ///
    /// # Errors
    /// The address is none.
    pub fn connect(http: http::client::Client, url: &str, login: Login, policy: Policy) -> Result<Self, Diagnostic> {
        let base = base_url(url)?;
        let policy = Policy { settled: Some(Arc::new(refusal::is_final)), ..policy };
        let (token, known, own, folders) = Default::default();
        Ok(Self { inner: Arc::new(Inner { http, base, login, policy, token, known, own, folders }) })
    }

    /// The address without `/api`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.inner.base.as_str().trim_end_matches('/')
    }

    /// Whether the server was found to know only the names of 2024 for a part of the API.
    #[must_use]
    pub fn is_old(&self, area: Area) -> bool {
        self.inner.known.of(area).get() == Some(Generation::Old)
    }

    /// Takes note of an identity that was read: it may be the one that asks.
    pub(super) fn meet(&self, identity: &str, client_id: &str) {
        if self.inner.login.is_of(identity, client_id) {
            self.inner.own.get_or_init(|| identity.into());
        }
    }

    /// The id of the identity that asks, if it was among those that were read.
    #[must_use]
    pub fn own(&self) -> Option<&str> {
        self.inner.own.get().map(|id| &**id)
    }

    /// The id of the identity that asks, as its token tells it.
    ///
    /// # Errors
    /// The login failed.
    pub(super) async fn claimed(&self) -> Result<Option<String>, Failure> {
        self.token(None).await.map(|token| identity_of(&token))
    }

    /// The turn to make a folder, where the server needs turns.
    pub(super) async fn folder_turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match self.inner.known.of(Area::Folders).get() {
            Some(Generation::Newest) => None,
            _ => Some(self.inner.folders.lock().await),
        }
    }

    /// Sends a call and reads the answer.
    ///
    /// # Errors
    /// Everything but a status of 200 with the JSON that was expected.
    pub async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        // On the heap: what waits for an answer waits for many of these, deep in the engine.
        let response = Box::pin(self.translated(&call)).await?;
        if call.method != Method::Get && refusal::is_approval(&response.body) {
            return Err(refusal::unapproved(&call, response.status));
        }
        serde_json::from_slice(&response.body)
            .map_err(|error| refusal::unreadable(&call, self.url(), &response, &error))
    }

    /// Sends a call in the dialect of the server. The first call of an area finds out which that is.
    async fn translated(&self, call: &Call<'_>) -> Result<Response, Failure> {
        let Some(route) = dialect::of(call.method, call.pattern) else { return self.answer(call).await };
        let found = self.inner.known.of(route.area);
        let turn = match found.get() {
            Some(_) => None,
            None => Some(found.turn.lock().await),
        };
        match found.get() {
            Some(Generation::Newest) => {
                drop(turn);
                self.answer(call).await
            }
            Some(Generation::Old) => {
                drop(turn);
                match route.old {
                    Some(old) => self.answer(&call.in_old(old)).await,
                    None => self.answer(call).await,
                }
            }
            None => {
                let answer = self.answer(call).await;
                match answer {
                    Err(failure) if failure.is_unknown_route() => {
                        let answer = match route.old {
                            Some(old) => self.answer(&call.in_old(old)).await,
                            None => Err(failure),
                        };
                        // Where neither is there, it is no server of this kind: nothing is known of it.
                        if route.old.is_none() || !answer.as_ref().is_err_and(Failure::is_unknown_route) {
                            found.keep(Generation::Old);
                        }
                        answer
                    }
                    // Refused or not, it knows the route; where no answer came, the next call asks again.
                    Ok(_) | Err(Failure { status: Some(_), .. }) => {
                        found.keep(Generation::Newest);
                        answer
                    }
                    Err(_) => answer,
                }
            }
        }
    }

    /// Sends a call as it is, and once more with a new token if the old one is spent.
    async fn answer(&self, call: &Call<'_>) -> Result<Response, Failure> {
        let token = self.token(None).await?;
        let response = self.exchange(call, &token).await?;
        if response.status == 200 {
            return Ok(response);
        }
        let said = refusal::words(&response.body);
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
        let fields = login.fields(&self.inner.http).await.map_err(|why| Failure::settled(why, None))?;
        let secrets = fields.iter().filter_map(|(name, field)| match field {
            Credential::Text(text) if !login.shows(name) => Some(text.clone()),
            _ => None,
        });
        let call = Call::new("the login", Method::Post, login.route());
        let call = call.json(&fields).secrets(secrets.collect::<Vec<_>>()).repeatable();
        let request = self.request(&call, None);
        let response = self.transport(&call, &request).await?;
        if response.status != 200 {
            let mut failure = self.refused(&call, &response, &[]);
            let said = refusal::words(&response.body);
            // An unknown client id is 404 on servers of 2024; wrong input is 401 there.
            if matches!(response.status, 401 | 404) && !said.is_validation() && !said.is_missing_route() {
                failure.diagnostic.code = &codes::BACKEND_CREDENTIALS;
                failure.diagnostic.help = Some(login.advice());
            }
            return Err(failure);
        }
        let answer: api::auth::Token = serde_json::from_slice(&response.body)
            .map_err(|error| refusal::unreadable(&call, self.url(), &response, &error))?;
        Ok(Token::of_login(answer.access_token, answer.expires_in, Instant::now()))
    }

    async fn exchange(&self, call: &Call<'_>, token: &Secret) -> Result<Response, Failure> {
        let request = self.request(call, Some(token));
        self.transport(call, &request).await
    }

    async fn transport(&self, call: &Call<'_>, request: &Request) -> Result<Response, Failure> {
        let counted = Some(Arc::from(call.named()));
        let policy = Policy { counted, ..self.inner.policy.clone() };
        let answer = self.inner.http.send(request, &policy).await;
        answer.map_err(|cause| refusal::unanswered(call, self.url(), &cause))
    }

    fn refused(&self, call: &Call<'_>, response: &Response, tokens: &[Secret]) -> Failure {
        let unsaid = call.secrets.iter().chain(tokens).cloned().chain(self.inner.login.secrets());
        refusal::refused(call, self.url(), response, &unsaid.collect::<Vec<_>>())
    }

    fn request(&self, call: &Call<'_>, token: Option<&Secret>) -> Request {
        let mut url = self.inner.base.clone();
        let mut args = call.args.iter();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            for segment in call.pattern.split('/').skip(1) {
                // Pushing escapes slashes and everything else that could leave the segment.
                path.push(if segment.starts_with(':') { args.next().map_or("", |(value, _)| value) } else { segment });
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
        Request { method: call.method, url, headers, body, idempotent: call.idempotent, is_path_secret: false }
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
    fn a_token_is_spent_only_when_the_server_says_so() {
        assert!(!token_is_spent(401, "ValidationFailure", "Token missing"));
        assert!(!token_is_spent(401, "UnauthorizedError", "Invalid credentials"));
        assert!(token_is_spent(401, "UnauthorizedError", "No identity access token found"));
        assert!(token_is_spent(403, "TokenError", "Your token has expired. Please re-authenticate."));
        assert!(!token_is_spent(403, "PermissionDenied", "Token missing"));
    }
}
