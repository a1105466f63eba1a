//! The one client: sends, counts, retries and paces. The only place that talks to the network, but for
//! the credentials chain of AWS.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Request;
use crate::http::Response;
use crate::http::limit::Limits;
use crate::http::pace::Claim;
use crate::http::pace::Headroom;
use crate::http::pace::Key;
use crate::http::pace::Paces;
use crate::http::pace::Wait;
use crate::http::retry;
use crate::http::tape::Tape;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;
use zeroize::Zeroizing;

/// How a client is made.
#[derive(Clone)]
pub struct Options {
    /// Longest time until a connection stands.
    pub connect_timeout: Duration,
    /// Longest time until a whole answer is there.
    pub timeout: Duration,
    /// Most bytes of an answer's body.
    pub most_bytes: usize,
    /// How long a body may take for its next kilobyte: slower is as good as silent.
    pub patience: Duration,
    /// Longest pause that a service may ask for; a longer one is an error that says so.
    pub longest_pause: Duration,
    /// How long a service may take for what it said that it will do.
    pub settle: Duration,
    /// Hears of every request.
    pub tape: Option<Tape>,
    /// Whether nothing but this machine is reached.
    pub only_here: bool,
    /// Has the processes that ask the same services at once take turns; where it can't, each takes its share.
    pub pacer: Option<Arc<Pacer>>,
    /// How many processes there are that ask the same services at once: each takes its share of what they can bear a minute.
    pub share: u32,
    /// Hosts that are reached at another address of this machine, and without their pace: for tests.
    pub redirect: BTreeMap<String, SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            most_bytes: 256 << 20,
            patience: Duration::from_secs(10),
            longest_pause: Duration::from_secs(120),
            settle: Duration::from_secs(60),
            tape: None,
            only_here: false,
            pacer: None,
            share: 1,
            redirect: BTreeMap::new(),
        }
    }
}

/// What a host can bear.
#[derive(Clone)]
pub struct Policy {
    /// Longest time that all tries of one request may take together.
    pub budget: Duration,
    /// Most requests a minute.
    pub rate: Option<u32>,
    /// Most requests at once.
    pub concurrency: usize,
    /// Answers that ask for another try although their status does not say so: a service that was too
    /// busy did nothing, so these are retried whatever the method.
    pub throttled: Option<Arc<Throttled>>,
    /// Answers that are final although their status is one that passes.
    pub settled: Option<Arc<Throttled>>,
    /// What the service counts together, where its answers tell how many of that it still takes: the
    /// method and route of a request.
    pub counted: Option<Arc<str>>,
    /// Whether the cloud's metadata service is asked: it has a link-local address, which no packet leaves the
    /// machine's host with, and speaks plain http only.
    pub metadata: bool,
}

/// Most bytes that are set aside for a body before any of it is there.
const ANNOUNCED: usize = 8 << 20;

/// How often one request may fail before its failure stands. Being told to wait is no failure.
const MOST_FAILURES: u32 = 4;

/// Takes the next turn of all processes at a host that bears so many requests a minute: how long it is until then. `None` if
/// nobody can tell.
pub type Pacer = dyn Fn(&str, u32) -> BoxFuture<'static, Option<Duration>> + Send + Sync;

/// Whether an answer says one thing or another: that the service was too busy to do anything, that it means it.
pub type Throttled = dyn Fn(&Response) -> bool + Send + Sync;

impl Default for Policy {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(180),
            rate: None,
            concurrency: 8,
            throttled: None,
            settled: None,
            counted: None,
            metadata: false,
        }
    }
}

/// Sends requests. Clones share connections, counters and limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// For addresses of this machine: a proxy could not reach them.
    here: reqwest::Client,
    options: Options,
    requests: AtomicU64,
    limits: Limits,
    paces: Paces,
    waits: OnceLock<Box<dyn Fn(Wait) + Send + Sync>>,
}

impl Client {
    /// A client. Proxies are taken from the environment, as everywhere, but this machine is reached directly.
    ///
    /// # Errors
    /// The machine offers no usable TLS set-up.
    pub fn new(options: Options) -> Result<Self, Diagnostic> {
        // Whoever comes second finds it installed: both mean the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("keyform/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(options.connect_timeout)
                .timeout(options.timeout)
        };
        let fail = |_| {
            Diagnostic::error(&codes::NO_TLS, "The HTTP client could not be set up.").help(
                "install the certificates of this machine (`ca-certificates`), or name a bundle with SSL_CERT_FILE",
            )
        };
        let http = builder().build().map_err(fail)?;
        let here = builder().no_proxy().build().map_err(fail)?;
        let (requests, limits, paces, waits) = Default::default();
        Ok(Self(Arc::new(Inner { http, here, options, requests, limits, paces, waits })))
    }

    /// Has `hear` told of every longer wait for a service that takes no more for now. The first one to ask
    /// hears it.
    pub fn hear_waits(&self, hear: impl Fn(Wait) + Send + Sync + 'static) {
        // Whoever comes second hears nothing: there is one progress to show.
        let _ = self.0.waits.set(Box::new(hear));
    }

    /// Waits until the service takes a request of this kind; gives how long that took.
    async fn turn(&self, key: &Key) -> Duration {
        let begun = Instant::now();
        let mut again = false;
        loop {
            let mut changed = std::pin::pin!(self.0.paces.changed.notified());
            changed.as_mut().enable();
            match self.0.paces.claim(key, Instant::now(), again) {
                Claim::Granted => return begun.elapsed(),
                Claim::Later(pause, news) => {
                    if let (Some(wait), Some(hear)) = (news, self.0.waits.get()) {
                        hear(wait);
                    }
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                }
            }
            again = true;
        }
    }

    /// How long a service may take for what it said that it will do.
    #[must_use]
    pub fn settle(&self) -> Duration {
        self.0.options.settle
    }

    /// The least that any service still takes of one kind of request, where their answers tell.
    #[must_use]
    pub fn headroom(&self) -> Option<Headroom> {
        self.0.paces.headroom()
    }

    /// How many requests were sent so far, retries included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Sends a request and gives the answer, whatever its status. Waits and tries again where that is
    /// harmless: after 429, after 5xx and silence if the request is idempotent, after a connection that
    /// never stood. Never after 401 and 403.
    ///
    /// # Errors
    /// No answer came, the address is not to be trusted with a secret, or the service asks for too long
    /// a pause.
    pub async fn send(&self, request: &Request, policy: &Policy) -> Result<Response, Diagnostic> {
        let host = host(request);
        if request.url.scheme() != "https" && !is_here(request, policy) {
            return Err(Diagnostic::error(&codes::PLAIN_HTTP, format!("`{host}` would be reached without TLS."))
                .help("use an https address; plain http is allowed for this machine only"));
        }
        if self.0.options.only_here && !is_loopback(request.url.host_str().unwrap_or("")) {
            let detail = format!("`{host}` would be asked (`{}`).", request.title());
            return Err(Diagnostic::error(&codes::KEPT_HERE, detail));
        }
        let headers = headers(request)?;
        let counted = policy.counted.as_ref().map(|kind| (host.clone(), kind.clone()));
        let mut begun = Instant::now();
        let mut pauses = retry::pauses();
        let mut failures = 0;
        loop {
            if let Some(key) = &counted {
                // Waiting for one's turn is no trouble that the budget is for.
                begun += self.turn(key).await;
            }
            let outcome = self.once(request, headers.clone(), policy, &host).await;
            if let Some(key) = &counted {
                self.0.paces.heard(key, outcome.as_ref().ok(), Instant::now());
            }
            let (pause, asked) = match &outcome {
                Ok(response) => {
                    let is_settled = policy.settled.as_ref().is_some_and(|settled| settled(response));
                    let again = retry::asks_again(response.status, request.idempotent) && !is_settled
                        || policy.throttled.as_ref().is_some_and(|throttled| throttled(response));
                    if !again {
                        return outcome.map_err(|failure| failure.diagnostic(request, &host));
                    }
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    let asked = retry::asked_pause(response, now);
                    failures += u32::from(response.status >= 500);
                    // To be asked to wait no time at all would be a loop without an end.
                    let asked = asked.filter(|pause| !pause.is_zero());
                    (asked.or_else(|| pauses.next()), asked)
                }
                Err(failure) => {
                    failures += 1;
                    let harmless = !failure.sent || request.idempotent;
                    (pauses.next().filter(|_| harmless && failure.may_pass()), None)
                }
            };
            let pause = pause.filter(|_| failures <= MOST_FAILURES);
            let left = policy.budget.saturating_sub(begun.elapsed());
            match pause {
                Some(pause) if pause <= left && pause <= self.0.options.longest_pause => {
                    tracing::debug!(host, ms = pause.as_millis(), "waiting before another try");
                    tokio::time::sleep(pause).await;
                }
                _ => {
                    let longest = left.min(self.0.options.longest_pause);
                    if let Some(asked) = asked.filter(|asked| *asked > longest) {
                        return Err(Diagnostic::error(
                            &codes::BUSY,
                            format!("`{host}` asks to wait {} seconds.", asked.as_secs()),
                        ));
                    }
                    return outcome.map_err(|failure| failure.diagnostic(request, &host));
                }
            }
        }
    }

    async fn once(
        &self,
        request: &Request,
        headers: HeaderMap,
        policy: &Policy,
        host: &str,
    ) -> Result<Response, Failure> {
        let elsewhere = self.0.options.redirect.get(host);
        let rate = policy.rate.filter(|_| elsewhere.is_none());
        let _permit = self.0.limits.enter(host, &Policy { rate, ..policy.clone() }, &self.0.options).await;
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(tape) = &self.0.options.tape {
            tape.record(request);
        }
        let mut url = request.url.clone();
        let mut builder = match elsewhere {
            None if is_here(request, policy) => self.0.here.request(method(request), url),
            None => self.0.http.request(method(request), url),
            Some(address) => {
                let told = url.set_scheme("http").is_ok()
                    && url.set_ip_host(address.ip()).is_ok()
                    && url.set_port(Some(address.port())).is_ok();
                debug_assert!(told, "an https address can be turned into an http one of an IP address");
                self.0.here.request(method(request), url).header("host", host)
            }
        };
        builder = builder.headers(headers);
        if let Some(body) = &request.body {
            builder = builder.body(body.bytes.to_vec());
        }
        let mut response = builder.send().await.map_err(Failure::from)?;
        let status = response.status().as_u16();
        tracing::debug!(request = request.title(), status);
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = self.body(&mut response).await?;
        Ok(Response { status, headers, body })
    }

    /// The body of an answer, which may neither be endless nor drip.
    async fn body(&self, response: &mut reqwest::Response) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let options = &self.0.options;
        // A long listing is not copied each time it outgrows its place; what is announced is not believed blindly.
        let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        let mut body = Zeroizing::new(Vec::with_capacity(announced.min(options.most_bytes).min(ANNOUNCED)));
        let (mut since, mut then) = (Instant::now(), 0);
        loop {
            let left = options.patience.saturating_sub(since.elapsed());
            let chunk = tokio::time::timeout(left, response.chunk()).await;
            let chunk = chunk.map_err(|_| Failure { why: Why::Slow, sent: true })?;
            let Some(chunk) = chunk.map_err(Failure::from)? else { return Ok(body) };
            if body.len() + chunk.len() > options.most_bytes {
                return Err(Failure { why: Why::Large(options.most_bytes), sent: true });
            }
            body.extend_from_slice(&chunk);
            if body.len() - then >= 1024 {
                (since, then) = (Instant::now(), body.len());
            }
        }
    }
}

/// Why no answer came.
struct Failure {
    why: Why,
    /// Whether the service may have seen the request.
    sent: bool,
}

enum Why {
    Connect,
    Timeout,
    Cut,
    /// The body came too slowly.
    Slow,
    /// The body has more than this many bytes.
    Large(usize),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let why = match () {
            () if error.is_timeout() => Why::Timeout,
            () if error.is_connect() => Why::Connect,
            () => Why::Cut,
        };
        Self { why, sent: !error.is_connect() }
    }
}

impl Failure {
    /// Whether another try may go better.
    fn may_pass(&self) -> bool {
        !matches!(self.why, Why::Large(_))
    }

    fn diagnostic(self, request: &Request, host: &str) -> Diagnostic {
        let title = request.title();
        match self.why {
            Why::Connect => Diagnostic::error(&codes::UNREACHABLE, format!("No connection to `{host}` (`{title}`)."))
                .help("check the address, the network and the proxy settings"),
            Why::Timeout => {
                Diagnostic::error(&codes::UNREACHABLE, format!("`{host}` did not answer in time (`{title}`)."))
            }
            Why::Slow => {
                let detail = format!("The answer of `{host}` came too slowly to wait for its end (`{title}`).");
                Diagnostic::error(&codes::UNREACHABLE, detail)
            }
            Why::Large(most) => {
                let detail = format!("`{host}` answered with more than {most} bytes (`{title}`).");
                Diagnostic::error(&codes::TOO_LONG, detail)
            }
            Why::Cut => {
                Diagnostic::error(&codes::UNREACHABLE, format!("The connection to `{host}` broke off (`{title}`)."))
            }
        }
    }
}

/// The headers of a request, its content type included.
fn headers(request: &Request) -> Result<HeaderMap, Diagnostic> {
    let kind = request.body.as_ref().map(|body| ("content-type", body.content_type.as_str()));
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).chain(kind) {
        let (Ok(name), Ok(mut value)) = (HeaderName::from_str(name), HeaderValue::from_str(value)) else {
            let title = request.title();
            return Err(Diagnostic::error(
                &codes::BAD_HEADER,
                format!("The header `{name}` of `{title}` would have characters that no header can carry."),
            )
            .help("check the credentials of the connection for line breaks"));
        };
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn method(request: &Request) -> reqwest::Method {
    use crate::http::Method;
    match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
        Method::Head => reqwest::Method::HEAD,
    }
}

fn host(request: &Request) -> String {
    let host = request.url.host_str().unwrap_or("");
    match request.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether the host is this machine itself, or the metadata service where that is asked.
fn is_here(request: &Request, policy: &Policy) -> bool {
    let host = request.url.host_str().unwrap_or("");
    let is_link_local = || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_link_local());
    is_loopback(host) || policy.metadata && (host == "metadata.google.internal" || is_link_local())
}

/// Whether a host, as an address names it, is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}
