//! What goes wrong on the way to the backend: refusals, silence, half answers, and death. The run after
//! converges, makes nothing twice and loses nothing.

mod approval;
mod aws;
mod elsewhere;
mod killed;
mod lists;
mod proxy;
mod pushed;
mod reading;
mod stand;
mod stranger;
mod table;
mod undone;

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use keyform::engine::Scope;
use keyform::http::Method;
use keyform::http::Request;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::http::client::Policy;
use keyform::provider::registry::Registry;
use keyform::server;
use std::io::BufRead;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing.
    None,
    /// Answered by the front with a status; the backend never sees it.
    Status(u16),
    /// A web page instead of JSON.
    Page,
    /// The change is taken as a request that a person must approve.
    Approval,
    /// The list of projects is empty.
    Unseen,
    /// Syncs have neither environment nor folder.
    Orphaned,
    /// The backend does it, and the answer breaks off.
    Lost,
    /// The backend does it, and no answer ever comes.
    Silence,
}

type Script = Arc<dyn Fn(&str, &str, usize) -> Fault + Send + Sync>;

/// A front before an embedded server: decides over each request by its method, path and number among
/// those of its kind (reads and logins, or writes), both counted from 1.
struct Front {
    url: String,
    client_id: String,
    client_secret: String,
    script: Arc<Mutex<Script>>,
    writes: Arc<Mutex<usize>>,
    server: server::Running,
    _dir: tempfile::TempDir,
}

#[derive(Clone)]
struct Relay {
    target: String,
    http: reqwest::Client,
    script: Arc<Mutex<Script>>,
    reads: Arc<Mutex<usize>>,
    writes: Arc<Mutex<usize>>,
}

impl Front {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let registry = Arc::new(Registry::builtin().unwrap_or_else(|why| panic!("{why:?}")));
        let options = server::Options::new(dir.path().join("server"));
        let server = server::start(options, registry, Client::new(Options::default()).unwrap()).await.unwrap();
        let none: Script = Arc::new(|_, _, _| Fault::None);
        let script = Arc::new(Mutex::new(none));
        let writes = Arc::new(Mutex::new(0));
        let relay = Relay {
            target: server.url.clone(),
            http: reqwest::Client::new(),
            script: script.clone(),
            reads: Arc::default(),
            writes: writes.clone(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(pass).with_state(relay);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            url,
            client_id: server.client_id.clone(),
            client_secret: server.client_secret.expose().to_owned(),
            script,
            writes,
            server,
            _dir: dir,
        }
    }

    /// From now on, with counting begun anew.
    fn faults(&self, script: impl Fn(&str, &str, usize) -> Fault + Send + Sync + 'static) {
        *self.writes.lock().unwrap() = 0;
        *self.script.lock().unwrap() = Arc::new(script);
    }

    fn world(&self, main: &str) -> World {
        let world = World::new(&format!("{}{main}", self.block()));
        world.write("id", &self.client_secret);
        world
    }

    fn block(&self) -> String {
        format!(
            "backend \"infisical\" {{\n  url = \"{}/api/\"\n  auth \"universal\" {{\n    client_id = \"{}\"\n    client_secret = \
             secret_file(\"id\")\n  }}\n}}\n",
            self.url, self.client_id
        )
    }
}

async fn pass(State(relay): State<Relay>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path().to_owned();
    let is_read = method == "GET" || path.ends_with("/login");
    let number = {
        let mut counter = if is_read { relay.reads.lock().unwrap() } else { relay.writes.lock().unwrap() };
        *counter += 1;
        *counter
    };
    let script = relay.script.lock().unwrap().clone();
    let fault = script(&method, &path, number);
    match fault {
        Fault::Status(status) => {
            let body = format!("{{\"statusCode\":{status},\"message\":\"canary-fault\",\"error\":\"Fault\"}}");
            let headers = [("content-type", "application/json"), ("retry-after", "0")];
            return (StatusCode::from_u16(status).unwrap(), headers, body).into_response();
        }
        Fault::Page => return ([("content-type", "text/html")], "<html>sign in</html>").into_response(),
        Fault::Approval => {
            let body =
                r#"{"approval":{"id":"0e7b1f6c-6c1b-4a35-9d5d-0c9f0f6d9f10","status":"open","hasMerged":false}}"#;
            return ([("content-type", "application/json")], body).into_response();
        }
        Fault::Unseen => return ([("content-type", "application/json")], "{\"projects\":[]}").into_response(),
        Fault::None | Fault::Orphaned | Fault::Lost | Fault::Silence => {}
    }
    let query = parts.uri.path_and_query().map_or(String::new(), ToString::to_string);
    let bytes = axum::body::to_bytes(body, 10 << 20).await.unwrap();
    let mut onward = relay.http.request(parts.method, format!("{}{query}", relay.target)).body(bytes);
    for name in ["authorization", "content-type"] {
        if let Some(value) = parts.headers.get(name) {
            onward = onward.header(name, value);
        }
    }
    let answer = onward.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let bytes = answer.bytes().await.unwrap();
    match fault {
        Fault::Lost => {
            let broken = futures_util::stream::once(async { Err::<Vec<u8>, _>(std::io::Error::other("cut")) });
            (status, Body::from_stream(broken)).into_response()
        }
        Fault::Silence => std::future::pending().await,
        Fault::Orphaned => {
            let mut list: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            for sync in list["secretSyncs"].as_array_mut().unwrap() {
                for field in ["environment", "folder", "folderId"] {
                    sync[field] = serde_json::Value::Null;
                }
            }
            ([("content-type", "application/json")], list.to_string()).into_response()
        }
        _ => (status, [("content-type", "application/json")], bytes).into_response(),
    }
}

fn main() -> String {
    format!("{PROJECT}{SYNC}")
}

/// After whatever happened, a second run ends it, and a third has nothing to do.
async fn check(front: &Front, world: &World) {
    front.faults(|_, _, _| Fault::None);
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b\n");
    let keys: Vec<_> = world.stored().await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["A", "B"]);
}

#[tokio::test]
async fn a_backend_that_is_busy_or_fails_now_and_then_is_asked_again() {
    let front = Front::start().await;
    let world = front.world(&main());
    front.faults(|method, _, number| match (method, number % 3) {
        (_, 1) => Fault::Status(429),
        ("GET", 2) => Fault::Status(503),
        _ => Fault::None,
    });
    world.converge().await;
    check(&front, &world).await;
    front.server.shutdown().await;
}

#[tokio::test]
async fn the_answer_to_any_write_may_be_lost() {
    let mut cut = 1;
    loop {
        let front = Front::start().await;
        let world = front.world(&main());
        front.faults(move |method, path, number| {
            let write = method != "GET" && !path.ends_with("/login");
            if write && number == cut { Fault::Lost } else { Fault::None }
        });
        let (_, report) = world.apply(&Scope::default()).await;
        let writes = *front.writes.lock().unwrap();
        // What is there is compared with what was to be made: nothing is made twice, and nothing has to be done again.
        assert!(report.is_complete(), "write {cut}: {:?}", report.failed);
        assert!(world.plan(&Scope::default()).await.is_empty(), "write {cut}");
        check(&front, &world).await;
        front.server.shutdown().await;
        if cut > writes {
            break;
        }
        cut += 1;
    }
    assert!(cut > 6, "only {cut} writes");
}

/// Whatever goes wrong on the way, a random value that moves is still in the backend, and arrives.
#[tokio::test]
async fn what_moves_is_never_nowhere() {
    for fault in [Fault::Lost, Fault::Status(500)] {
        for cut in 1..=2 {
            let front = Front::start().await;
            let text = PROJECT.replace("secret_file(\"a\")", "secret_random({ length = 24 })");
            let world = front.world(&text);
            world.converge().await;
            let made = world.stored().await[0].1.clone();
            let moved = text.replace("secret \"A\" {", "secret \"A\" {\n key = \"C\"");
            world.write("main.hcl", &format!("{}{moved}", front.block()));
            front.faults(move |method, path, number| {
                let write = method != "GET" && !path.ends_with("/login");
                if write && number >= cut { fault } else { Fault::None }
            });
            let (rows, report) = world.apply(&Scope::default()).await;
            assert_eq!(rows, ["replace immutable project.bakery.secret.A"]);
            assert!(!report.is_complete(), "{fault:?} {cut}");
            front.faults(|_, _, _| Fault::None);
            assert!(world.stored().await.iter().any(|(_, value)| *value == made), "{fault:?} {cut}");
            world.converge().await;
            let stored = world.stored().await;
            assert_eq!(stored, [("B".to_owned(), "canary-b".to_owned()), ("C".to_owned(), made)], "{fault:?} {cut}");
            front.server.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_write_that_fails_stops_only_what_needs_it() {
    let front = Front::start().await;
    let world = front.world(&main());
    front.faults(|method, path, _| match (method, path) {
        ("POST", "/api/v4/secrets/batch") => Fault::Status(500),
        _ => Fault::None,
    });
    let (_, report) = world.apply(&Scope::default()).await;
    assert_eq!(report.failed.len(), 2, "{:?}", report.failed);
    for (_, why) in &report.failed {
        assert_eq!(why.code.id, "KF0608");
        assert!(why.detail.contains("POST /api/v4/secrets/batch"), "{}", why.detail);
    }
    assert!(!report.skipped.is_empty());
    check(&front, &world).await;
    front.server.shutdown().await;
}

/// A project whose slug someone else has, unseen.
#[tokio::test]
async fn a_slug_that_an_unseen_project_has_is_said_to_be_taken() {
    let front = Front::start().await;
    let world = front.world(PROJECT);
    world.converge().await;
    std::fs::remove_dir_all(world.path().join(".keyform")).unwrap();
    front.faults(|method, path, _| match (method, path) {
        ("GET", "/api/v1/projects") => Fault::Unseen,
        _ => Fault::None,
    });
    let (_, report) = world.apply(&Scope::default()).await;
    let why = &report.failed[0].1;
    assert_eq!(why.code.id, "KF0614", "{}", why.detail);
    assert!(why.help.as_ref().is_some_and(|help| help.contains("--adopt")));
    front.server.shutdown().await;
}

/// The folder that a sync reads is gone: it is pointed at the one that is declared.
#[tokio::test]
async fn an_orphaned_sync_is_repaired() {
    let front = Front::start().await;
    let world = front.world(&main());
    world.converge().await;
    front.faults(|method, path, _| match (method, path) {
        ("GET", "/api/v1/secret-syncs") => Fault::Orphaned,
        _ => Fault::None,
    });
    let rows = world.plan(&Scope::default()).await;
    assert!(rows.iter().any(|row| row.starts_with("update") && row.ends_with("secret_sync.web")), "{rows:?}");
    let (_, report) = world.apply(&Scope::default()).await;
    assert!(report.is_complete(), "{:?}", report.failed);
    check(&front, &world).await;
    front.server.shutdown().await;
}

#[tokio::test]
async fn a_page_instead_of_json_is_called_one() {
    let front = Front::start().await;
    let world = front.world(&main());
    front.faults(|method, _, _| if method == "GET" { Fault::Page } else { Fault::None });
    let why = world.try_apply(&Scope::default()).await.err().unwrap();
    let why: Vec<_> = why.iter().collect();
    assert_eq!(why[0].code.id, "KF0609");
    assert!(why[0].detail.contains("web page"), "{}", why[0].detail);
    check(&front, &world).await;
    front.server.shutdown().await;
}

#[tokio::test]
async fn a_part_that_can_t_be_read_is_unknown_and_nothing_is_deleted() {
    let front = Front::start().await;
    let world = front.world(&main());
    world.converge().await;
    front.faults(|_, path, _| if path == "/api/v4/secrets" { Fault::Status(403) } else { Fault::None });
    let rows = world.plan(&Scope::default()).await;
    assert!(rows.iter().any(|row| row.starts_with("incomplete project.bakery.secret.A")), "{rows:?}");
    assert!(!rows.iter().any(|row| row.starts_with("delete") || row.starts_with("create")), "{rows:?}");
    check(&front, &world).await;
    front.server.shutdown().await;
}

#[tokio::test]
async fn wrong_credentials_and_a_closed_port_say_so() {
    let front = Front::start().await;
    let world = front.world(PROJECT);
    world.write("id", "canary-wrong");
    let why = world.try_apply(&Scope::default()).await.err().unwrap();
    assert_eq!(why.iter().next().unwrap().code.id, "KF0602");
    world.write("main.hcl", &format!("{}{PROJECT}", front.block().replace(&front.url, "http://127.0.0.1:9")));
    let why = world.try_apply(&Scope::default()).await.err().unwrap();
    assert_eq!(why.iter().next().unwrap().code.id, "KF0601");
    front.server.shutdown().await;
}

/// The real program, killed while the backend has done the n-th write and nobody was told.
#[tokio::test]
async fn killed_at_any_write_the_next_run_goes_on() {
    for kill in 1..=9 {
        let front = Front::start().await;
        let world = front.world(&main());
        let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
        front.faults(move |method, path, number| {
            let write = method != "GET" && !path.ends_with("/login");
            if write && number >= kill {
                let _ = reached.send(());
                return Fault::Silence;
            }
            Fault::None
        });
        let mut child = Command::new(env!("CARGO_BIN_EXE_keyform"))
            .args(["apply", "--auto-approve"])
            .current_dir(world.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(world.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let reached = tokio::time::timeout(Duration::from_secs(20), wait.recv()).await.is_ok();
        // What the backend was asked for is done before the program dies.
        tokio::time::sleep(Duration::from_millis(200)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(reached || kill > 6, "write {kill} was never reached: {}", world.read("stderr"));
        check(&front, &world).await;
        front.server.shutdown().await;
    }
}

/// A body is endless, or drips, or comes slowly but surely.
#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    for (chunk, pause, chunks, wanted, tries) in
        [(1 << 20, 0, usize::MAX, Some("KF0527"), 1), (1, 20, usize::MAX, Some("KF0503"), 5), (2048, 60, 10, None, 1)]
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
                    for _ in 0..chunks {
                        if stream.write_all(&vec![b'x'; chunk]).await.is_err() {
                            break;
                        }
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                });
            }
        });
        let options = Options { most_bytes: 8 << 20, patience: Duration::from_millis(300), ..Options::default() };
        let client = Client::new(options).unwrap();
        let result = client.send(&Request::new(Method::Get, &url).unwrap(), &Policy::default()).await;
        assert_eq!(result.as_ref().err().map(|why| why.code.id), wanted, "{result:?}");
        assert_eq!(client.requests(), tries, "{result:?}");
        assert!(result.is_err() || result.is_ok_and(|answer| answer.body.len() == chunk * chunks));
    }
}

#[tokio::test]
async fn asked_twice_to_stop_it_stops_at_once() {
    let front = Front::start().await;
    let world = front.world(&main());
    let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
    front.faults(move |method, path, _| {
        if method == "GET" || path.ends_with("/login") {
            return Fault::None;
        }
        let _ = reached.send(());
        Fault::Silence
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_keyform"))
        .args(["apply", "--auto-approve"])
        .current_dir(world.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let process = child.id().to_string();
    let interrupt = || Command::new("kill").args(["-INT", &process]).status().unwrap();
    tokio::time::timeout(Duration::from_secs(20), wait.recv()).await.unwrap();
    interrupt();
    assert!(log.any(|line| line.starts_with("Stopping:")));
    let begun = std::time::Instant::now();
    interrupt();
    assert!(log.any(|line| line.starts_with("Stopped.")));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(5), "what was in flight was waited for");
    check(&front, &world).await;
    front.server.shutdown().await;
}

#[tokio::test]
async fn a_sync_starts_by_itself_last_and_before_its_end_no_longer() {
    let front = Front::start().await;
    let world = front.world(&main().replace("  destination {", "  on_delete = \"remove\"\n  destination {"));
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = seen.clone();
    front.faults(move |method, path, _| {
        if method != "GET" && path.contains("/secret-syncs/") {
            let end = path.split('/').next_back().filter(|end| *end == "sync-secrets").unwrap_or_default();
            log.lock().unwrap().push(format!("{method} {end}"));
        }
        Fault::None
    });
    world.converge().await;
    assert_eq!(*seen.lock().unwrap(), ["POST ", "POST sync-secrets", "PATCH "]);
    seen.lock().unwrap().clear();
    let (_, report) = world.apply(&Scope { destroy: true, ..Scope::default() }).await;
    assert!(report.is_complete(), "{:?}", report.failed);
    assert_eq!(*seen.lock().unwrap(), ["PATCH ", "DELETE "]);
    front.server.shutdown().await;
}

/// A backend that does otherwise than a plan said is found out, though everything that was planned is there.
#[tokio::test]
async fn what_a_sync_did_besides_is_told() {
    let front = Front::start().await;
    let schema = "  key_schema = \"APP_{{secretKey}}\"\n  destination {";
    let world = front.world(&main().replace("  destination {", schema));
    let file = world.path().join("out/dev.env");
    std::fs::write(&file, "GOES=canary-1\nCHANGES=canary-2\nSTAYS=canary-3\n").unwrap();
    let path = file.clone();
    front.faults(move |_, sent, _| {
        if sent.ends_with("/sync-secrets") {
            std::fs::write(&path, "CHANGES=canary-4\nCOMES=canary-5\nSTAYS=canary-3\n").unwrap();
        }
        Fault::None
    });
    let (_, report) = world.apply(&Scope::default()).await;
    assert!(report.is_complete(), "{:?}", report.failed);
    let warnings: Vec<&str> = report.warnings.iter().map(|why| &*why.detail).collect();
    let expected = "secret_sync.web: not as it was, and the plan did not say so: `CHANGES`, `COMES`, `GOES`";
    assert_eq!(warnings, [expected]);
    front.server.shutdown().await;
}
