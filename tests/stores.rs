//! Every place that a ledger can be kept in does what `ledger::store::Store` promises: S3 as moto plays it, Azure Blob
//! Storage as Azurite does, PostgreSQL itself, the embedded backend; of Google Cloud Storage a fake of the few requests.
//!
//! What takes its credentials from the environment is asked by a process of its own.

use crate::scenarios::PROGRAM;
use crate::services;
use crate::services::stores;
use axum::body::Bytes;
use axum::extract::Path as At;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hmac::Mac;
use keyform::backend::auth::Login;
use keyform::backend::client::Client;
use keyform::backend::client::Client as Backend;
use keyform::backend::shelf::Shelf;
use keyform::diag::codes;
use keyform::http;
use keyform::ledger::objects::Bucket;
use keyform::ledger::objects::Objects;
use keyform::ledger::postgres::Postgres;
use keyform::ledger::store::Put;
use keyform::ledger::store::Store;
use keyform::ledger::store::Version;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use keyform::server;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// Names, for a process of its own, the store and where it is.
const STORE: &str = "KEYFORM_TEST_STORE";
const ENDPOINT: &str = "KEYFORM_TEST_ENDPOINT";

fn done(put: Put) -> Version {
    match put {
        Put::Done(version) => version,
        Put::Conflict => panic!("something else is there"),
    }
}

/// What every store promises. `nowhere` is a state that nothing was ever in.
async fn contract(store: &dyn Store, nowhere: &str) {
    let place = store.place();
    let get = async |name: &str| store.get(name).await.unwrap_or_else(|why| panic!("{place}: {}", why.detail));
    let put = async |name: &str, content: &[u8], over: Option<&Version>| {
        store.put(name, content, over).await.unwrap_or_else(|why| panic!("{place}: {}", why.detail))
    };
    assert_eq!(get("ledger.jsonl").await, None, "{place}");
    let nowhere = Version(nowhere.to_owned());
    assert_eq!(put("absent.json", b"x", Some(&nowhere)).await, Put::Conflict, "{place}");
    assert_eq!(get("absent.json").await, None, "{place}");
    let first = done(put("ledger.jsonl", b"  one ${two}\n", None).await);
    assert_eq!(put("ledger.jsonl", b"other", None).await, Put::Conflict, "{place}");
    let found = get("ledger.jsonl").await.unwrap();
    assert_eq!((found.content.as_slice(), &found.version), (&b"  one ${two}\n"[..], &first), "{place}");
    let second = done(put("ledger.jsonl", b"two", Some(&first)).await);
    assert_ne!(first, second, "{place}");
    assert_eq!(put("ledger.jsonl", b"lost", Some(&first)).await, Put::Conflict, "{place}");
    assert_eq!(get("ledger.jsonl").await.unwrap().content, b"two", "{place}");
    // Far behind: what was passed is not there any more.
    let mut last = second;
    for i in 0..12 {
        last = done(put("ledger.jsonl", format!("{i}").as_bytes(), Some(&last)).await);
    }
    assert_eq!(put("ledger.jsonl", b"lost", Some(&first)).await, Put::Conflict, "{place}");
    assert_eq!(get("ledger.jsonl").await.unwrap().content, b"11", "{place}");
    // Large, and not text.
    let large: Vec<u8> = (0..1_500_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    done(put("snapshot-12-ab.json", &large, None).await);
    assert!(get("snapshot-12-ab.json").await.unwrap().content == large, "{place}");
    for _ in 0..2 {
        store.delete("snapshot-12-ab.json").await.unwrap();
    }
    assert_eq!(get("snapshot-12-ab.json").await, None, "{place}");
    assert_eq!(get("ledger.jsonl").await.unwrap().version, last, "{place}");
}

/// Of many writers over one state, one succeeds.
async fn race(store: &dyn Store) {
    let mut last = store.get("ledger.jsonl").await.unwrap().unwrap().version;
    for round in 0..5 {
        let contents: Vec<String> = (0..6).map(|writer| format!("{round} {writer}")).collect();
        let puts = join_all(contents.iter().map(|c| store.put("ledger.jsonl", c.as_bytes(), Some(&last)))).await;
        let won: Vec<(usize, Version)> = puts
            .into_iter()
            .map(Result::unwrap)
            .enumerate()
            .filter_map(|(i, put)| if let Put::Done(version) = put { Some((i, version)) } else { None })
            .collect();
        assert_eq!(won.len(), 1, "{}: round {round}", store.place());
        let found = store.get("ledger.jsonl").await.unwrap().unwrap();
        assert_eq!((found.content, &found.version), (contents[won[0].0].clone().into_bytes(), &won[0].1));
        last = found.version;
    }
}

#[tokio::test]
async fn of_the_environment() {
    let (Ok(which), Ok(endpoint)) = (std::env::var(STORE), std::env::var(ENDPOINT)) else { return };
    let endpoint = Some(endpoint.as_str());
    let bucket = |name, prefix| Bucket { name, prefix, of: Some("us-east-1"), endpoint };
    let open = |bucket: &Bucket<'_>| match which.as_str() {
        "s3" => Objects::s3(bucket),
        "gcs" => Objects::gcs(bucket),
        _ => Objects::azblob(&Bucket { of: Some(stores::ACCOUNT[0]), ..bucket.clone() }),
    };
    let store = open(&bucket("ledgers", "shop/prod")).unwrap();
    contract(&store, "\"7\" 7").await;
    // moto looks and writes in two steps.
    if which != "s3" {
        race(&store).await;
    }
    // Another prefix is another ledger.
    assert_eq!(open(&bucket("ledgers", "shop/dev")).unwrap().get("ledger.jsonl").await.unwrap(), None);
    // A bucket that is not there is no empty ledger.
    let absent = open(&bucket("nowhere", "")).unwrap();
    let why = absent.get("ledger.jsonl").await.unwrap_err();
    assert_eq!(why.code, &codes::LEDGER_STORE);
    assert!(why.detail.contains("nowhere") && why.detail.contains("404"), "{}", why.detail);
}

fn ask(store: &str, endpoint: &str, env: &[(&str, &str)]) {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stores::of_the_environment", "--nocapture"])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(STORE, store)
        .env(ENDPOINT, endpoint)
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(out.status.success() && said.contains("1 passed"), "{store}: {said}");
}

/// What the program needs to reach moto's S3 as an account of its own; the bucket `ledgers` is there.
pub(crate) async fn s3(account: &str) -> Vec<(String, String)> {
    let address = services::moto();
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    );
    let headers = [("authorization".to_owned(), scope)];
    let (status, _) = services::ask(address, "PUT /ledgers", &headers, None).await;
    assert_eq!(status, 200);
    [
        ("AWS_ACCESS_KEY_ID", account.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "canary-s3-key".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL_S3", format!("http://{address}")),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_its_promises() {
    let env = s3("canary-contract").await;
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ask("s3", &format!("http://{}", services::moto()), &env);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_keeps_its_promises() {
    let address = stores::azurite();
    let [account, key] = stores::ACCOUNT;
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let signed = format!(
        "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n/{account}/{account}/ledgers\nrestype:container"
    );
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(key).unwrap()).unwrap();
    mac.update(signed.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let headers = [
        ("x-ms-date", date.clone()),
        ("x-ms-version", "2021-08-06".to_owned()),
        ("authorization", format!("SharedKey {account}:{signature}")),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let (status, said) =
        services::ask(address, &format!("PUT /{account}/ledgers?restype=container"), &headers, None).await;
    assert_eq!(status, 201, "{said}");
    ask("azblob", &format!("http://{address}/{account}"), &[("AZURE_STORAGE_ACCOUNT_KEY", key)]);
}

/// Objects by path, with the generation of each: <https://cloud.google.com/storage/docs/xml-api/put-object-upload>,
/// <https://cloud.google.com/storage/docs/xml-api/reference-headers#xgoogifgenerationmatch> (read 2026-11-21).
type Generations = Arc<Mutex<(u64, BTreeMap<String, (Vec<u8>, u64)>)>>;

async fn google(
    State(all): State<Generations>,
    method: Method,
    At(path): At<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (last, objects) = &mut *all.lock().unwrap();
    if !path.starts_with("ledgers/") {
        let said = "<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist.</Message></Error>";
        return (StatusCode::NOT_FOUND, said).into_response();
    }
    let there = objects.get(&path).map_or(0, |(_, generation)| *generation);
    let wanted = headers.get("x-goog-if-generation-match").map(|wanted| wanted.to_str().unwrap().parse::<u64>());
    let described = |generation: u64| {
        let when = "Wed, 21 Oct 2026 07:28:00 GMT";
        [
            ("x-goog-generation", generation.to_string()),
            ("etag", format!("\"{generation}\"")),
            ("last-modified", when.into()),
        ]
    };
    match (method.as_str(), wanted) {
        (_, Some(Err(_))) => StatusCode::BAD_REQUEST.into_response(),
        (_, Some(Ok(wanted))) if wanted != there => StatusCode::PRECONDITION_FAILED.into_response(),
        ("PUT", _) => {
            *last += 1;
            objects.insert(path, (body.to_vec(), *last));
            described(*last).into_response()
        }
        (_, _) if there == 0 => {
            (StatusCode::NOT_FOUND, "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>").into_response()
        }
        ("DELETE", _) => {
            objects.remove(&path);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => (described(there), objects[&path].0.clone()).into_response(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_keeps_its_promises() {
    let app = axum::Router::new()
        .route("/{*path}", axum::routing::any(google))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(Generations::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let account = format!(
        "{{\"gcs_base_url\":\"http://{address}\",\"disable_oauth\":true,\"client_email\":\"\",\"private_key\":\"\",\"private_key_id\":\"\"}}"
    );
    let asked = tokio::task::spawn_blocking(move || {
        ask("gcs", &format!("http://{address}"), &[("GOOGLE_SERVICE_ACCOUNT_KEY", &account)]);
    });
    asked.await.unwrap();
}

/// The address of the real PostgreSQL, and the password.
pub(crate) fn postgres() -> (String, Secret) {
    (format!("postgres://keyform@{}/postgres", stores::postgres()), Secret::new(stores::PASSWORD.to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_its_promises() {
    let (url, password) = postgres();
    let url = Secret::new(url);
    let open = |name: &str| Postgres::new(&url, Some(&password), name).unwrap();
    // The table is made by whoever comes first, also if several do.
    let stores: Vec<Postgres> = (0..4).map(|i| open(&format!("first-{i}"))).collect();
    for put in join_all(stores.iter().map(|store| store.put("ledger.jsonl", b"x", None))).await {
        done(put.unwrap_or_else(|why| panic!("{}", why.detail)));
    }
    let store = open("contract");
    contract(&store, "7").await;
    // Each over a connection of its own.
    let racers: Vec<Postgres> = (0..4).map(|_| open("contract")).collect();
    let over = store.get("ledger.jsonl").await.unwrap().unwrap().version;
    let puts = join_all(racers.iter().map(|racer| racer.put("ledger.jsonl", b"won", Some(&over)))).await;
    assert_eq!(puts.into_iter().filter(|put| *put != Ok(Put::Conflict)).count(), 1);
    race(&store).await;
    let wrong = Postgres::new(&url, Some(&Secret::new("canary-wrong".to_owned())), "contract").unwrap();
    let why = wrong.get("ledger.jsonl").await.unwrap_err();
    assert_eq!(why.code, &codes::LEDGER_STORE);
    assert!(why.detail.contains("28P01") && !why.detail.contains("canary"), "{}", why.detail);
}

/// What a host bears a minute is there for all processes of one ledger: a minute's worth at once, then each in its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_one_ledger_take_turns_at_a_host() {
    let (url, password) = postgres();
    let url = Secret::new(url);
    let open = |name: &str| Postgres::new(&url, Some(&password), name).unwrap();
    let (one, other) = (open("pace"), open("pace"));
    for _ in 0..15 {
        let (a, b) = tokio::join!(one.turn("api.example.com", 30), other.turn("api.example.com", 30));
        assert_eq!((a, b), (Some(Duration::ZERO), Some(Duration::ZERO)));
    }
    let first = one.turn("api.example.com", 30).await.unwrap();
    let second = other.turn("api.example.com", 30).await.unwrap();
    assert!(first > Duration::ZERO && first <= Duration::from_secs(2), "{first:?}");
    assert!(second > first && second <= Duration::from_secs(4), "{second:?}");
    assert_eq!(one.turn("other.example.com", 30).await, Some(Duration::ZERO));
    assert_eq!(open("another").turn("api.example.com", 30).await, Some(Duration::ZERO));
    // Who can't be asked shares nothing, and fails nothing.
    let wrong = Postgres::new(&url, Some(&Secret::new("canary-wrong".to_owned())), "pace").unwrap();
    assert_eq!(wrong.turn("api.example.com", 30).await, None);
}

#[test]
fn a_database_elsewhere_is_reached_with_tls_only_and_no_address_is_quoted() {
    let new = |url: &str| Postgres::new(&Secret::new(url.to_owned()), None, "x").err().map(|why| why.detail);
    assert_eq!(new("postgres://keyform@db.example.com/keyform?sslmode=verify-full"), None);
    assert_eq!(new("postgres://keyform@localhost/keyform?sslmode=disable"), None);
    let plain = Some("The server would be reached without TLS.".to_owned());
    assert_eq!(new("postgres://keyform@db.example.com/keyform?sslmode=disable"), plain);
    assert_eq!(new("postgres://keyform@localhost,db.example.com/keyform?sslmode=disable"), plain);
    for bad in ["postgres://keyform:canary@host:x/y", "canary", "postgres:///canary"] {
        let why = new(bad).unwrap_or_else(|| panic!("{bad} is taken"));
        assert!(!why.contains("canary"), "{why}");
    }
    let place =
        Postgres::new(&Secret::new("postgres://u:canary@db.example.com/k".to_owned()), None, "x").unwrap().place();
    assert_eq!(place, "postgres://db.example.com/k/x");
    let elsewhere = Secret::new("postgres://u@db.example.com:6432,localhost:5432/k".to_owned());
    assert_eq!(Postgres::new(&elsewhere, None, "x").unwrap().place(), "postgres://db.example.com:6432,localhost/k/x");
}

#[tokio::test]
async fn an_object_store_elsewhere_is_reached_with_tls_only() {
    let new = |endpoint: &str| {
        let bucket = Bucket { name: "b", prefix: "", of: Some("us-east-1"), endpoint: Some(endpoint) };
        Objects::s3(&bucket).err().map(|why| why.detail)
    };
    assert_eq!(new("https://minio.example.com"), None);
    assert_eq!(new("http://127.0.0.1:9000"), None);
    let bucket = Bucket { name: "b", prefix: "p", of: Some("us-east-1"), endpoint: Some("http://127.0.0.1:9000/") };
    assert_eq!(Objects::s3(&bucket).unwrap().place(), "s3://b/p at http://127.0.0.1:9000");
    assert_eq!(new("http://minio.example.com").unwrap(), "The endpoint of s3://b would be reached without TLS.");
    let why = new("https://u:canary@minio.example.com").unwrap();
    assert_eq!(why, "The endpoint of s3://b holds a user or password.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backend_itself_keeps_its_promises() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(Registry::builtin().unwrap_or_else(|why| panic!("{why:?}")));
    let http = http::client::Client::new(http::client::Options::default()).unwrap();
    let running = server::start(server::Options::new(dir.path().join("server")), registry, http.clone()).await.unwrap();
    let login = || Login::universal(&running.client_id, running.client_secret.clone());
    let client: Client = Backend::connect(http, &running.url, login(), http::client::Policy::default()).unwrap();
    let shelf = |path: &str| Shelf::new(client.clone(), "ledgers", "prod", path);
    let why = shelf("/").get("ledger.jsonl").await.unwrap_err();
    assert!(why.detail.ends_with("There is no project `ledgers`, or this identity can't see it."), "{}", why.detail);
    made(&running, dir.path()).await;
    let store = shelf("/");
    contract(&store, "7").await;
    race(&store).await;
    let why = shelf("/nowhere").get("ledger.jsonl").await.unwrap_err();
    assert_eq!(why.code, &codes::LEDGER_STORE, "{}", why.detail);
    running.shutdown().await;
}

/// The project is made as its owner would.
async fn made(running: &server::Running, dir: &std::path::Path) {
    let main = format!(
        "backend \"infisical\" {{\n  url = \"{}\"\n  auth \"universal\" {{\n    client_id = \"{}\"\n    client_secret = \
         secret_env(\"SECRET\")\n  }}\n}}\nproject \"ledgers\" {{\n  environment \"prod\" {{}}\n}}\n",
        running.url, running.client_id
    );
    std::fs::write(dir.join("main.hcl"), main).unwrap();
    let mut command = tokio::process::Command::new(PROGRAM);
    command
        .args(["apply", "--auto-approve"])
        .current_dir(dir)
        .env_clear()
        .env("SECRET", running.client_secret.expose());
    let out = command.output().await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
