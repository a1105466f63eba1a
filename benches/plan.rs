//! `keyform plan` beside its floor: 200 syncs of 50 keys each from the embedded backend to Parameter
//! Store (moto), nothing to do. Run with `cargo bench --bench plan`; prints ratios, requests and memory.
//!
//! The floor is a bare client that makes the same requests with the same concurrency and throws the
//! answers away. The least number of requests that the two interfaces allow is
//!
//! ```text
//! 1 login + 1 projects + 1 connections + 1 syncs + environments × (1 folders + 1 secrets)
//!   + syncs × 1                        imports: they can only be listed folder by folder
//!   + syncs × (keys / 10 + 1)          GetParametersByPath gives ten a page
//! ```
//!
//! A last page that is full carries a token for one more, empty page: hence the `+ 1` instead of rounding up.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that can't go on panics, and prints")]

#[path = "../tests/services/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the tests; the bench needs one of the services")]
mod services;

use futures_util::StreamExt;
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

const SYNCS: usize = 200;
const KEYS: usize = 50;
/// The requests that keyform has under way at once.
const CONCURRENCY: usize = 8;
const RUNS: usize = 5;

fn main() {
    let moto = format!("http://{}", services::moto());
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &moto);
    fs::write(folder.path().join("main.hcl"), configuration(&server.url)).unwrap();

    let begun = Instant::now();
    run(folder.path(), &moto, &["apply", "--auto-approve", "--quiet"], 0);
    println!("apply: {} entries in {:.1} s", SYNCS * KEYS, begun.elapsed().as_secs_f64());

    let pages = KEYS / 10 + 1;
    let least = 4 + 2 + SYNCS * (1 + pages);
    let mut ours = Vec::new();
    let mut floor = Vec::new();
    let (mut requests, mut memory) = (0, 0);
    for _ in 0..RUNS {
        let begun = Instant::now();
        let (plan, peak) = run(folder.path(), &moto, &["plan", "--json"], 0);
        ours.push(begun.elapsed());
        let plan: serde_json::Value = serde_json::from_slice(&plan).unwrap();
        assert_eq!(plan["changes"].as_array().unwrap().len(), 0, "there is nothing to do");
        requests = usize::try_from(plan["requests"].as_u64().unwrap()).unwrap();
        memory = peak;

        let begun = Instant::now();
        let sent = bare(&server.url, &moto);
        floor.push(begun.elapsed());
        assert_eq!(sent, least, "the floor makes the least number of requests");
    }
    let (ours, floor) = (median(ours), median(floor));
    println!(
        "plan: {:.2} s, bare client: {:.2} s, ratio {:.2}",
        ours.as_secs_f64(),
        floor.as_secs_f64(),
        ours.as_secs_f64() / floor.as_secs_f64()
    );
    println!("requests: {requests}, least: {least}");
    println!("peak memory: {:.1} MB for {} entries", f64::from(memory) / 1024.0, SYNCS * KEYS);
}

fn configuration(url: &str) -> String {
    let mut text = format!(
        r#"
backend "infisical" {{
  url = "{url}"
  auth "universal" {{
    client_id     = "bench"
    client_secret = secret_file("client-secret")
  }}
}}

project "bench" {{
  environment "dev" {{}}
}}

app_connection "aws" "moto" {{
  method = "access-key"
  access_key_id     = "bench"
  secret_access_key = secret_file("client-secret")
}}

secret_sync "aws-parameter-store" "bench" {{
  for_each    = toset([for n in range({SYNCS}) : "f${{n}}"])
  project     = project.bench
  environment = "dev"
  path        = "/${{each.key}}"
  connection  = app_connection.moto
  auto_sync   = false
  destination {{
    region = "us-east-1"
    path   = "/bench/${{each.key}}/"
  }}
}}
"#
    );
    write!(
        text,
        r#"
folder "/" {{
  for_each = toset([for n in range({SYNCS}) : "f${{n}}"])
  project  = project.bench
  path     = "/${{each.key}}"
}}

secret "key" {{
  for_each    = toset(flatten([for n in range({SYNCS}) : [for k in range({KEYS}) : "f${{n}}/KEY_${{k}}"]]))
  project     = project.bench
  environment = "dev"
  path        = "/${{split("/", each.key)[0]}}"
  key         = split("/", each.key)[1]
  value       = secret_random({{ length = 32 }})
}}
"#
    )
    .unwrap();
    text
}

/// The embedded backend as a process of its own, ended when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path, moto: &str) -> Self {
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

fn keyform(folder: &Path, moto: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyform"));
    command.current_dir(folder).env("AWS_ENDPOINT_URL", moto).env("HOME", folder);
    command
}

/// Runs keyform and gives its output and its peak memory in KiB.
fn run(folder: &Path, moto: &str, arguments: &[&str], code: i32) -> (Vec<u8>, u32) {
    let child = keyform(folder, moto).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
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
    assert_eq!(output.status.code(), Some(code), "keyform {arguments:?}");
    (output.stdout, watcher.join().unwrap())
}

/// Makes the least requests that read what a plan has to read, and gives their number.
fn bare(url: &str, moto: &str) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let mut sent = 1;
        let login = client
            .post(format!("{url}/api/v1/auth/universal-auth/login"))
            .header("content-type", "application/json")
            .body(r#"{"clientId":"bench","clientSecret":"bench-only"}"#);
        let token = json(login).await["accessToken"].as_str().unwrap().to_owned();
        let get = |path: String| json(client.get(format!("{url}{path}")).bearer_auth(&token));
        let projects = get("/api/v1/projects".to_owned()).await;
        let project = projects["projects"][0]["id"].as_str().unwrap().to_owned();
        for path in [
            "/api/v1/app-connections".to_owned(),
            format!("/api/v1/secret-syncs?projectId={project}"),
            format!("/api/v2/folders?projectId={project}&environment=dev&path=/&recursive=true"),
            format!("/api/v4/secrets?projectId={project}&environment=dev&secretPath=/&recursive=true"),
        ] {
            get(path).await;
            sent += 1;
        }
        sent += 1;
        let imports = |n: usize| get(format!("/api/v2/secret-imports?projectId={project}&environment=dev&path=/f{n}"));
        sent += futures_util::stream::iter(0..SYNCS).map(imports).buffer_unordered(CONCURRENCY).count().await;
        let pages: usize = futures_util::stream::iter(0..SYNCS)
            .map(|n| parameters(&client, moto, n))
            .buffer_unordered(CONCURRENCY)
            .fold(0, async |sum, pages| sum + pages)
            .await;
        sent + pages
    })
}

/// Reads all pages of one path and gives their number.
async fn parameters(client: &reqwest::Client, moto: &str, n: usize) -> usize {
    let mut token = serde_json::Value::Null;
    let mut pages = 0;
    loop {
        let mut body = serde_json::json!({"Path": format!("/bench/f{n}/"), "WithDecryption": true, "MaxResults": 10});
        if !token.is_null() {
            body["NextToken"] = token;
        }
        // moto takes the account and region from the header and checks no signature.
        let request = client
            .post(moto)
            .header("x-amz-target", "AmazonSSM.GetParametersByPath")
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=bench/20261121/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=0")
            .body(body.to_string());
        let answer = json(request).await;
        pages += 1;
        token = answer["NextToken"].clone();
        if token.is_null() {
            return pages;
        }
    }
}

async fn json(request: reqwest::RequestBuilder) -> serde_json::Value {
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
