//! Infisical's own clients, unmodified, against `keyform serve` in both dialects: whoever can't tell our server
//! from the vendor's is a witness for it.

use crate::services;
use serde_json::json;
use std::io::BufRead as _;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

const CLIENT_ID: &str = "sdk";
const CLIENT_SECRET: &str = "canary-client-secret";
const DIALECTS: [&str; 2] = ["newest", "2024-10"];

/// `keyform serve`; it ends when this does.
struct Served {
    child: Child,
    url: String,
    _data: tempfile::TempDir,
}

impl Served {
    fn start(dialect: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let secret = data.path().join("secret");
        std::fs::write(&secret, CLIENT_SECRET).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_keyform"))
            .args(["serve", "--listen", "127.0.0.1:0", "--dialect", dialect, "--client-id", CLIENT_ID])
            .arg("--client-secret-file")
            .arg(secret)
            .arg("--data")
            .arg(data.path().join("data"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap().strip_prefix("Listening on ").unwrap().to_owned();
        // The rest is read so that the server never waits for us.
        std::thread::spawn(move || lines.count());
        Self { child, url, _data: data }
    }

    /// A new project, for clients that can't make one; gives its id.
    async fn project(&self) -> String {
        let address: SocketAddr = self.url.strip_prefix("http://").unwrap().parse().unwrap();
        let json_type = ("content-type".to_owned(), "application/json".to_owned());
        let login = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
        let request = "POST /api/v1/auth/universal-auth/login";
        let (status, token) = services::ask(address, request, std::slice::from_ref(&json_type), Some(login)).await;
        assert_eq!(status, 200, "{token}");
        let bearer = ("authorization".to_owned(), format!("Bearer {}", token["accessToken"].as_str().unwrap()));
        let new = json!({"projectName": "SDK", "slug": "sdk-project"});
        let (status, made) = services::ask(address, "POST /api/v2/workspace", &[json_type, bearer], Some(new)).await;
        assert_eq!(status, 200, "{made}");
        made["project"]["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name)
}

async fn runs(command: &mut Command) {
    let out = tokio::process::Command::from(std::mem::replace(command, Command::new(""))).output().await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test]
async fn the_python_client_takes_it_for_infisical() {
    for dialect in DIALECTS {
        let served = Served::start(dialect);
        let project = served.project().await;
        let mut python = Command::new(services::folder().join("venv/bin/python"));
        let arguments = [&*served.url, CLIENT_ID, CLIENT_SECRET, &*project, dialect];
        runs(python.arg(source("infisical.py")).args(arguments)).await;
    }
}

#[tokio::test]
async fn the_node_client_takes_it_for_infisical() {
    for dialect in DIALECTS {
        let served = Served::start(dialect);
        let arguments = [&*served.url, CLIENT_ID, CLIENT_SECRET, dialect];
        runs(Command::new("node").arg(source("infisical.mjs")).arg(services::folder()).args(arguments)).await;
    }
}

#[tokio::test]
async fn the_rust_client_takes_it_for_infisical() {
    // Built once, apart: it brings an HTTP client of its own.
    let target = services::folder().join("rust");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(source("rust/Cargo.toml"));
    runs(cargo.arg("--target-dir").arg(&target)).await;
    for dialect in DIALECTS {
        let served = Served::start(dialect);
        let project = served.project().await;
        let arguments = [&*served.url, CLIENT_ID, CLIENT_SECRET, &*project];
        runs(Command::new(target.join("debug/infisical-client")).args(arguments)).await;
    }
}
