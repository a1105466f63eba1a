//! What the benches of whole runs share: the embedded backend as a process, keyform with its peak memory, and a relay on
//! loopback that counts requests, makes them wait, and refuses some.

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;
use std::fs;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// The embedded backend as a process of its own, ended when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Server {
    /// Starts it with its data in a folder; what it reaches as AWS is `moto`.
    pub fn start(folder: &Path, moto: &str) -> Self {
        fs::write(folder.join("client-secret"), "bench-only\n").unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let child = keyform(folder, moto)
            .args(["serve", "--listen", &listen, "--data", "server", "--client-id", "bench"])
            .args(["--client-secret-file", "client-secret", "--quiet"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(&listen).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the embedded backend does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, url: format!("http://{listen}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keyform in a folder; what it reaches as AWS is `moto`.
pub fn keyform(folder: &Path, moto: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyform"));
    command.current_dir(folder).env("AWS_ENDPOINT_URL", moto).env("HOME", folder);
    command
}

/// How a program ended.
pub struct Ran {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed.
    pub out: Vec<u8>,
    /// How long it took, its start included.
    pub took: Duration,
    /// The most memory that it had itself, without its children, in KiB.
    pub peak: u32,
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Ran {
    let begun = Instant::now();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watcher = std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(text) = fs::read_to_string(&status) {
            let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
            peak = line.trim().trim_end_matches(" kB").parse().unwrap_or(peak);
            std::thread::sleep(Duration::from_millis(5));
        }
        peak
    });
    let output = child.wait_with_output().unwrap();
    let took = begun.elapsed();
    Ran { code: output.status.code(), out: output.stdout, took, peak: watcher.join().unwrap() }
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// A relay on loopback in front of a service.
pub struct Relay {
    /// Where it listens.
    pub url: String,
    rules: Arc<Rules>,
}

struct Rules {
    upstream: String,
    client: reqwest::Client,
    latency: AtomicU64,
    refuse: AtomicU64,
    reads: AtomicU64,
    writes: AtomicU64,
}

/// Requests that a relay has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Those that read.
    pub reads: u64,
    /// Those that write.
    pub writes: u64,
}

impl Relay {
    /// Starts one; it ends with the runtime.
    pub async fn start(upstream: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rules = Arc::new(Rules {
            upstream: upstream.to_owned(),
            client: reqwest::Client::new(),
            latency: AtomicU64::new(0),
            refuse: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        });
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(pass).with_state(Arc::clone(&rules));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, rules }
    }

    /// How long each request waits before it is passed on.
    pub fn delay(&self, latency: Duration) {
        self.rules.latency.store(u64::try_from(latency.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Refuses one request in `every` with 429; none for 0.
    pub fn refuse(&self, every: u64) {
        self.rules.refuse.store(every, Ordering::Relaxed);
    }

    /// What has come since this was asked last.
    pub fn take(&self) -> Counts {
        Counts {
            reads: self.rules.reads.swap(0, Ordering::Relaxed),
            writes: self.rules.writes.swap(0, Ordering::Relaxed),
        }
    }
}

/// Whether an operation of AWS, or a method, only reads.
fn reads(method: &Method, headers: &HeaderMap) -> bool {
    let operation = headers.get("x-amz-target").and_then(|target| target.to_str().ok()?.split('.').nth(1));
    match operation {
        Some(operation) => ["Get", "List", "Describe", "BatchGet"].iter().any(|start| operation.starts_with(start)),
        None => method == Method::GET,
    }
}

async fn pass(State(rules): State<Arc<Rules>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let counted = if reads(&method, &headers) { &rules.reads } else { &rules.writes };
    let (before, refuse) = (counted.fetch_add(1, Ordering::Relaxed), rules.refuse.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_millis(rules.latency.load(Ordering::Relaxed))).await;
    if refuse > 0 && before % refuse == refuse - 1 {
        let text = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
        let refused = Response::builder().status(StatusCode::TOO_MANY_REQUESTS);
        return refused.header("content-type", "application/x-amz-json-1.1").body(Body::from(text)).unwrap();
    }
    let mut request = rules.client.request(method, format!("{}{uri}", rules.upstream)).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str())) {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let mut passed = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
        passed = passed.header(name, value);
    }
    passed.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}
