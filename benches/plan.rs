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

#[path = "harness/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared by the benches; this one counts elsewhere")]
mod harness;
#[path = "../tests/services/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the tests; the bench needs one of the services")]
mod services;

use futures_util::StreamExt;
use harness::Relay;
use harness::Server;
use std::fmt::Write;
use std::fs;
use std::time::Duration;
use std::time::Instant;

const SYNCS: usize = 200;
const KEYS: usize = 50;
/// The requests that keyform has under way at once: to the backend, and, as its manifest says, to Parameter Store.
const CONCURRENCY: [usize; 2] = [8, 3];
const RUNS: usize = 3;

fn main() {
    let moto = format!("http://{}", services::moto());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &moto);
    let (near, far) = runtime.block_on(async { (Relay::start(&server.url).await, Relay::start(&moto).await) });
    let write = |url: &str| fs::write(folder.path().join("main.hcl"), configuration(url)).unwrap();
    let keyform = |moto: &str, arguments: &[&str]| {
        let ran = harness::run(harness::keyform(folder.path(), moto).args(arguments));
        assert_eq!(ran.code, Some(0), "keyform {arguments:?}");
        ran
    };
    write(&server.url);
    let ran = keyform(&moto, &["apply", "--auto-approve", "--quiet"]);
    println!("apply: {} entries in {:.1} s", SYNCS * KEYS, ran.took.as_secs_f64());

    let pages = KEYS / 10 + 1;
    let least = 4 + 2 + SYNCS * (1 + pages);
    for latency in [None, Some(20), Some(100)] {
        // Without a latency nothing stands between; with one, both sides pass the same relays.
        let (backend, aws) = latency.map_or((&server.url, &moto), |_| (&near.url, &far.url));
        for relay in [&near, &far] {
            relay.delay(Duration::from_millis(latency.unwrap_or(0)));
        }
        write(backend);
        let (mut ours, mut floor, mut requests, mut memory) = (Vec::new(), Vec::new(), 0, 0);
        for _ in 0..RUNS {
            let ran = keyform(aws, &["plan", "--json"]);
            ours.push(ran.took);
            let plan: serde_json::Value = serde_json::from_slice(&ran.out).unwrap();
            assert_eq!(plan["changes"].as_array().unwrap().len(), 0, "there is nothing to do");
            requests = usize::try_from(plan["requests"].as_u64().unwrap()).unwrap();
            memory = ran.peak;

            let begun = Instant::now();
            let sent = bare(&runtime, backend, aws);
            floor.push(begun.elapsed());
            assert_eq!(sent, least, "the floor makes the least number of requests");
        }
        let (ours, floor) = (harness::median(ours).as_secs_f64(), harness::median(floor).as_secs_f64());
        let away = latency.map_or("on loopback".to_owned(), |latency| format!("{latency} ms away"));
        println!("{away}: plan {ours:.2} s, bare client {floor:.2} s, ratio {:.2}", ours / floor);
        println!("  requests: {requests}, least: {least}; peak memory: {:.1} MB", f64::from(memory) / 1024.0);
    }
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

/// Makes the least requests that read what a plan has to read, and gives their number.
fn bare(runtime: &tokio::runtime::Runtime, url: &str, moto: &str) -> usize {
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
        sent += futures_util::stream::iter(0..SYNCS).map(imports).buffer_unordered(CONCURRENCY[0]).count().await;
        let pages: usize = futures_util::stream::iter(0..SYNCS)
            .map(|n| parameters(&client, moto, n))
            .buffer_unordered(CONCURRENCY[1])
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
