//! The front: an HTTP server before a fake or a real service. It finds faults with what
//! passes, and on demand answers in the vendor's stead, breaks connections, or goes silent.

use crate::services;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::Map;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// As it was sent, query included.
    pub target: String,
    /// The parts of the path, decoded.
    pub path: Vec<String>,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    /// Method and path for a `match`.
    pub fn route(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.iter().map(String::as_str).collect())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body, if it is JSON and says so.
    pub fn json(&self) -> Option<Value> {
        let kind = self.header("content-type").split(';').next().unwrap();
        (kind == "application/json").then(|| serde_json::from_slice(&self.body).ok())?
    }

    /// The fields of the body, if it is a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        let is_form = self.header("content-type").starts_with("application/x-www-form-urlencoded");
        let text = String::from_utf8_lossy(if is_form { &self.body } else { b"" }).replace('+', " ");
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        text.split('&').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (decode(n), decode(v))).collect()
    }

    /// Whether the query has nothing but these.
    pub fn asks_only(&self, names: &[&str]) -> bool {
        self.query.iter().all(|(name, _)| names.contains(&name.as_str()))
    }

    /// The body, if it is a JSON object with all of `required` and nothing but those and `optional`. The
    /// vendors ignore what they do not know; what keyform sends must have a meaning.
    pub fn object(&self, required: &[&str], optional: &[&str]) -> Result<Map<String, Value>, String> {
        let Some(Value::Object(body)) = self.json() else { return Err("A JSON object is wanted.".into()) };
        if let Some(name) = required.iter().find(|name| !body.contains_key(**name)) {
            return Err(format!("\"{name}\" wasn't supplied."));
        }
        match body.keys().find(|name| !required.contains(&name.as_str()) && !optional.contains(&name.as_str())) {
            Some(name) => Err(format!("\"{name}\" is not a permitted key.")),
            None => Ok(body),
        }
    }

    /// Whether it can't change anything.
    pub fn is_read(&self) -> bool {
        self.method == "GET"
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".into(), "application/json; charset=utf-8".into())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type".into(), "text/plain".into())], body: body.into() }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What goes wrong, once, with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The front answers; the vendor never hears of it.
    Instead(Answer),
    /// The vendor does it, and the answer is lost.
    Lost,
    /// The connection breaks before the vendor hears of it.
    Cut,
    /// The vendor does it, and half of the answer comes.
    Half,
}

/// Who answers.
pub type Vendor = Arc<dyn Fn(&Call) -> Answer + Send + Sync>;
/// What finds faults with an exchange.
pub type Check = Arc<dyn Fn(&Call, &Answer) -> Vec<String> + Send + Sync>;

enum Behind {
    Fake(Vendor),
    Service(SocketAddr),
}

/// A running front. It stops listening when the runtime that started it ends.
pub struct Front {
    pub address: SocketAddr,
    behind: Behind,
    checks: Vec<Check>,
    state: Mutex<Passing>,
    stopped: Notify,
}

#[derive(Default)]
struct Passing {
    problems: Vec<String>,
    /// Requests to come until each fault, counted from the one before, and the faults.
    faults: VecDeque<(u64, Fault)>,
    /// Requests to come that are still answered, and whether the vendor does the one after them.
    stop: Option<(u64, bool)>,
}

impl Front {
    /// A front before a fake.
    pub async fn before(fake: Vendor, checks: Vec<Check>) -> Arc<Self> {
        Self::start(Behind::Fake(fake), checks).await
    }

    /// A front before a service.
    pub async fn before_service(service: SocketAddr, checks: Vec<Check>) -> Arc<Self> {
        Self::start(Behind::Service(service), checks).await
    }

    async fn start(behind: Behind, checks: Vec<Check>) -> Arc<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let front = Arc::new(Self { address, behind, checks, state: Mutex::default(), stopped: Notify::new() });
        let router = axum::Router::new().fallback(serve).with_state(Arc::clone(&front));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        front
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets `after` requests pass, counted from the fault before, and does `fault` to the next one.
    pub fn fail(&self, after: u64, fault: Fault) {
        self.state.lock().unwrap().faults.push_back((after, fault));
    }

    /// Forgets the faults that did not happen.
    pub fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// Lets `after` requests pass and answers none from then on; the vendor still does the first of those
    /// if `done`. [`Front::stopped`] tells when it came. `None` ends it.
    pub fn stop(&self, after: Option<u64>, done: bool) {
        self.state.lock().unwrap().stop = after.map(|after| (after, done));
    }

    /// Waits until a request came that is never answered.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// Whether the vendor's own description checks what passes.
    pub fn is_checked(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Whether somebody else's software answers.
    pub fn is_service(&self) -> bool {
        matches!(self.behind, Behind::Service(_))
    }

    /// What the checks found.
    pub fn problems(&self) -> Vec<String> {
        self.state.lock().unwrap().problems.clone()
    }

    /// What becomes of the next request.
    fn next(&self) -> Next {
        let mut state = self.state.lock().unwrap();
        if let Some((left, done)) = &mut state.stop {
            if *left == 0 {
                let does = std::mem::take(done);
                return if does { Next::DoAndHang } else { Next::Hang };
            }
            *left -= 1;
        }
        match state.faults.front_mut() {
            Some((0, _)) => Next::Fault(state.faults.pop_front().unwrap().1),
            Some((left, _)) => {
                *left -= 1;
                Next::Pass
            }
            None => Next::Pass,
        }
    }

    async fn ask(&self, call: &Call) -> Answer {
        let answer = match &self.behind {
            Behind::Fake(fake) => fake(call),
            Behind::Service(service) => forward(*service, call).await,
        };
        let problems: Vec<String> = self.checks.iter().flat_map(|check| check(call, &answer)).collect();
        self.state.lock().unwrap().problems.extend(problems);
        answer
    }
}

enum Next {
    Pass,
    Fault(Fault),
    Hang,
    DoAndHang,
}

async fn serve(State(front): State<Arc<Front>>, request: Request) -> Response {
    let call = read(request).await;
    match front.next() {
        Next::Pass => write(front.ask(&call).await),
        Next::Fault(Fault::Instead(answer)) => write(answer),
        Next::Fault(Fault::Cut) => hang_up(),
        Next::Fault(Fault::Lost) => {
            front.ask(&call).await;
            hang_up()
        }
        Next::Fault(Fault::Half) => {
            let whole = front.ask(&call).await;
            let half = whole.body[..whole.body.len() / 2].to_vec();
            let pieces = [Ok(half), Err(std::io::Error::other("cut"))];
            let (mut parts, _) = write(Answer { body: Vec::new(), ..whole }).into_parts();
            parts.headers.remove("content-length");
            Response::from_parts(parts, Body::from_stream(futures_util::stream::iter(pieces)))
        }
        Next::Hang => {
            front.stopped.notify_one();
            std::future::pending().await
        }
        Next::DoAndHang => {
            front.ask(&call).await;
            front.stopped.notify_one();
            std::future::pending().await
        }
    }
}

/// Ends the task of the connection, and with it the connection, without a word.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the connection is cut"))
}

async fn read(request: Request) -> Call {
    let (parts, body) = request.into_parts();
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let headers = parts.headers.iter();
    let headers = headers.map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let query = parts.uri.query().unwrap_or("").split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    });
    Call {
        method: parts.method.as_str().to_owned(),
        target: parts.uri.to_string(),
        path: parts.uri.path().trim_start_matches('/').split('/').map(decode).collect(),
        query: query.collect(),
        headers: headers.collect(),
        body: to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec(),
    }
}

fn write(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

/// Hands a request on as it is and gives the service's answer.
async fn forward(service: SocketAddr, call: &Call) -> Answer {
    let own = ["host", "content-length", "connection", "transfer-encoding", "date", "server"];
    let kept = |(name, _): &&(String, String)| !own.contains(&name.as_str());
    let headers: Vec<_> = call.headers.iter().filter(kept).cloned().collect();
    let request = format!("{} {}", call.method, call.target);
    let (status, headers, body) = services::exchange(service, &request, &headers, &call.body).await;
    Answer { status, headers: headers.iter().filter(kept).cloned().collect(), body }
}
