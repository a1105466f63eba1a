//! Services that no one here wrote, started by the tests: moto answers as AWS, OpenBao as Vault, aiosmtpd takes mail. Also what
//! vendors say about their own interfaces: GitHub's OpenAPI description, the request models of AWS.
//!
//! Everything is fetched once into `target/test-services/` and made anew when its list changes. A service
//! starts at most once for all tests of a run, on loopback, and ends with it. What a missing prerequisite
//! breaks fails loudly: nothing is skipped.

pub mod browser;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod helm;
pub mod stores;

use serde_json::Value;
use sha2::Digest;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

/// Where everything is, made if it is not there.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(prepare);
    &FOLDER
}

/// One of the files that describe an interface: `github.json`, `ssm.json`, `secretsmanager.json`.
pub fn description(name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(name)).unwrap()).unwrap()
}

/// A running service.
pub struct Service {
    /// Where it listens.
    pub address: SocketAddr,
    /// The guard ends the service when its standard input closes, so this has to live as long as the tests.
    _guard: Child,
}

/// AWS, as moto plays it. Every account is a world of its own; see `laws::stand`.
pub fn moto() -> SocketAddr {
    static MOTO: LazyLock<Service> = LazyLock::new(|| {
        Service::start("moto_server", "/moto-api/", |port| vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port])
    });
    MOTO.address
}

/// The token that may do everything at [`openbao`].
pub const ROOT_TOKEN: &str = "canary-root-token";

/// OpenBao, which speaks Vault's interface: unsealed, in memory.
pub fn openbao() -> SocketAddr {
    static OPENBAO: LazyLock<Service> = LazyLock::new(|| {
        Service::start("bao", "/v1/sys/health", |port| {
            let flags = ["server", "-dev", "-dev-no-store-token"].map(String::from);
            let own = [format!("-dev-root-token-id={ROOT_TOKEN}"), format!("-dev-listen-address=127.0.0.1:{port}")];
            flags.into_iter().chain(own).collect()
        })
    });
    OPENBAO.address
}

/// A mail server that keeps what it takes in a maildir.
pub fn mail(maildir: &Path) -> Service {
    let words = |port: String| {
        let program = folder().join("venv/bin/aiosmtpd").to_str().unwrap().to_owned();
        let flags = ["-n", "-l", &format!("127.0.0.1:{port}"), "-c", "aiosmtpd.handlers.Mailbox"].map(str::to_owned);
        [program].into_iter().chain(flags).chain([maildir.to_str().unwrap().to_owned()]).collect()
    };
    Service::run("aiosmtpd", &words, &|address| TcpStream::connect(address).is_ok())
}

impl Service {
    /// Starts a program of the virtual environment and waits until `path` answers.
    fn start(program: &str, path: &str, arguments: impl Fn(String) -> Vec<String>) -> Self {
        let words = |port: String| {
            let program = folder().join("venv/bin").join(program).to_str().unwrap().to_owned();
            std::iter::once(program).chain(arguments(port)).collect()
        };
        Self::run(program, &words, &|address| answers(address, path))
    }

    /// Starts a program with its arguments, given the port, and waits until it is ready.
    fn run(name: &str, words: &dyn Fn(String) -> Vec<String>, is_ready: &dyn Fn(SocketAddr) -> bool) -> Self {
        let log_path = folder().join(format!("{name}.log"));
        for _ in 0..3 {
            // Somebody else may take the port before the service does: then it ends, and another is tried.
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            let log = File::create(&log_path).unwrap();
            let mut guard = Command::new(folder().join("venv/bin/python"))
                .arg(source("guard.py"))
                .args(words(port.to_string()))
                .env("HOME", folder())
                .stdin(Stdio::piped())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(60) && guard.try_wait().unwrap().is_none() {
                if is_ready(address) {
                    return Self { address, _guard: guard };
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            guard.kill().unwrap();
            guard.wait().unwrap();
        }
        panic!("{name} does not start; see {}", log_path.display());
    }
}

/// Whether the address answers a GET of the path with 200.
fn answers(address: SocketAddr, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    let mut start = [0; 12];
    stream.write_all(request.as_bytes()).is_ok() && stream.read_exact(&mut start).is_ok() && start.ends_with(b" 200")
}

/// A file that belongs to the services.
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services").join(name)
}

/// Fetches what is not there yet, one process at a time.
fn prepare() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-services");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let wanted = hex::encode(
        ["requirements.txt", "package-lock.json", "prepare.py"]
            .iter()
            .fold(sha2::Sha256::new(), |hash, name| hash.chain_update(fs::read(source(name)).unwrap()))
            .finalize(),
    );
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return folder;
    }
    let made = Command::new("python3").arg(source("prepare.py")).arg(&folder).output();
    let made = made.unwrap_or_else(|e| panic!("python3 is needed to run the services of the tests: {e}"));
    assert!(
        made.status.success(),
        "the services of the tests can't be set up (python3 with venv, and npm, are needed):\n{}",
        String::from_utf8_lossy(&made.stderr)
    );
    fs::write(stamp, wanted).unwrap();
    folder
}

/// Packages of npm in a folder of their own, fetched when their list changes; `finish` makes of them what is needed.
fn packages(name: &str, finish: &dyn Fn(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-services").join(name);
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let lists = ["package.json", "package-lock.json"].map(|list| (list, fs::read(source(name).join(list)).unwrap()));
    let wanted = lists.iter().fold(sha2::Sha256::new(), |hash, (_, text)| hash.chain_update(text));
    let wanted = hex::encode(wanted.finalize());
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return folder;
    }
    for (list, text) in lists {
        fs::write(folder.join(list), text).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .output()
        .unwrap_or_else(|why| panic!("npm is needed to fetch what {} lists: {why}", source(name).display()));
    assert!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
    finish(&folder);
    fs::write(stamp, wanted).unwrap();
    folder
}

/// One exchange of HTTP in its plainest form. A client would cost more than the exchange, and these tests make
/// thousands. Gives the status, the headers, and the body.
pub async fn exchange(
    address: SocketAddr,
    request: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut head = format!("{request} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap();
    let headers = rest.lines().filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned()));
    (first.split(' ').nth(1).unwrap().parse().unwrap(), headers.collect(), answer[end + 4..].to_vec())
}

/// Asks a service something as its owner would, past keyform.
pub async fn ask(
    address: SocketAddr,
    request: &str,
    headers: &[(String, String)],
    body: Option<Value>,
) -> (u16, Value) {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let (status, _, body) = exchange(address, request, headers, body.as_bytes()).await;
    let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| text()))
}

/// An RSA key that was made for this run, as PEM.
pub fn rsa_key() -> &'static str {
    &rsa_keys()[0]
}

/// Another one, that is nobody's.
pub fn strange_rsa_key() -> &'static str {
    &rsa_keys()[1]
}

fn rsa_keys() -> &'static [String; 2] {
    static KEYS: LazyLock<[String; 2]> = LazyLock::new(|| {
        let made = python(
            "
import json
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import rsa
keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
print(json.dumps([key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode() for key in keys]))
",
            Path::new(""),
        );
        [0, 1].map(|n| made[n].as_str().unwrap().to_owned())
    });
    &KEYS
}

/// Runs a few lines of Python with the libraries of the virtual environment. Gives what they print as JSON.
pub fn python(lines: &str, argument: &Path) -> Value {
    let out = Command::new(folder().join("venv/bin/python")).args(["-c", lines]).arg(argument).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}
