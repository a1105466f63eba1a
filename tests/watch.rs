//! `keyform watch`: runs on a schedule, one at a time; tells systemd, Prometheus and whoever asks how it is; ends in order.

use crate::canary;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Front;
use crate::scenarios::PROGRAM;
use crate::services;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::Child;
use tokio::process::ChildStderr;
use tokio::process::Command;

const VALUES: [&str; 3] = ["canary-db-url-1", "canary-api-key-1", "canary-edited-by-hand"];

/// An applied configuration, and what the environment says.
struct Stand {
    dir: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

impl Stand {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let web = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/web.hcl");
        fs::copy(web, dir.path().join("main.hcl")).unwrap();
        let env = vec![("DB_URL", VALUES[0].to_owned()), ("API_KEY", VALUES[1].to_owned())];
        let stand = Self { dir, env };
        let status = stand.command(&["apply", "--auto-approve", "--quiet"]).status().await.unwrap();
        assert!(status.success());
        stand
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.dir.path()).env_clear().envs(self.env.iter().cloned());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts watching.
    fn watch(&self, args: &[&str]) -> Watch {
        let words = [&["watch", "--log-format", "json", "--listen", "127.0.0.1:0", "--schedule"], args].concat();
        let mut child = self.command(&words).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Watch { child, lines, seen: Vec::new() }
    }

    fn edit(&self) {
        let file = self.dir.path().join("out/dev.env");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace(VALUES[1], VALUES[2])).unwrap();
    }
}

/// A process that watches.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    /// What it has logged so far.
    seen: Vec<Value>,
}

impl Watch {
    /// The next line of the log with this message; every line is JSON without a value.
    async fn hear(&mut self, message: &str) -> Value {
        let values: BTreeSet<String> = VALUES.into_iter().map(str::to_owned).collect();
        loop {
            let line = tokio::time::timeout(Duration::from_secs(150), self.lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no `{message}` after {:?}", self.seen)).unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended without `{message}`: {:?}", self.seen));
            assert_eq!(canary::found(&values, line.as_bytes()), Vec::<&str>::new());
            let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            self.seen.push(entry.clone());
            if entry["message"] == message {
                return entry;
            }
        }
    }

    async fn address(&mut self) -> SocketAddr {
        self.hear("listening").await["address"].as_str().unwrap().parse().unwrap()
    }

    /// Asks it to stop, and waits until it did.
    async fn stop(mut self) -> i32 {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        ended.unwrap().unwrap().code().unwrap()
    }
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let (status, _, body) = services::exchange(address, &format!("GET {path}"), &[], &[]).await;
    (status, String::from_utf8(body).unwrap())
}

/// The value of a series.
fn series(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[tokio::test]
async fn it_looks_at_once_and_at_each_tick_and_goes_on_after_a_run_that_failed() {
    let mut stand = Stand::new().await;
    let socket = stand.dir.path().join("notify.sock");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(150))).unwrap();
    let states = std::thread::spawn(move || heard(&systemd));
    stand.env.push(("NOTIFY_SOCKET", socket.to_str().unwrap().to_owned()));
    stand.env.push(("WATCHDOG_USEC", "1000000".to_owned()));
    stand.edit();
    let mut watch = stand.watch(&["* * * * *"]);
    let address = watch.address().await;
    let finding = watch.hear("finding").await;
    assert_eq!(finding["address"], "secret_sync.web.entry.APP_API_KEY");
    let ended = watch.hear("run ended").await;
    assert_eq!((&ended["exit"], &ended["outside"]), (&3.into(), &1.into()), "{ended}");
    watch.hear("next run").await;

    let (status, text) = get(address, "/metrics").await;
    assert_eq!(status, 200);
    is_prometheus(&text);
    assert!((series(&text, "keyform_watch_runs_total{outcome=\"drift\"}") - 1.0).abs() < 0.1, "{text}");
    assert!((series(&text, "keyform_drift_findings{cause=\"outside\"}") - 1.0).abs() < 0.1, "{text}");
    let next = series(&text, "keyform_watch_next_run_timestamp_seconds");
    assert!(next % 60.0 < 0.1 && next > series(&text, "keyform_watch_last_success_timestamp_seconds"), "{text}");
    assert_eq!(get(address, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/").await.0, 404);
    let post = services::exchange(address, "POST /metrics", &[], b"x").await;
    assert_eq!(post.0, 405);

    // The configuration is read anew, and is broken by now.
    fs::write(stand.dir.path().join("more.hcl"), "projct \"x\" {}\n").unwrap();
    let begun = Instant::now();
    let problem = watch.hear("not expected here").await;
    assert_eq!((&problem["code"], &problem["level"]), (&"KF0112".into(), &"ERROR".into()));
    assert_eq!(watch.hear("run ended").await["exit"], 1);
    assert!(begun.elapsed() < Duration::from_secs(75), "a tick a minute");
    watch.hear("next run").await;
    let (_, text) = get(address, "/metrics").await;
    assert!((series(&text, "keyform_watch_runs_total{outcome=\"failed\"}") - 1.0).abs() < 0.1, "{text}");
    assert_eq!(get(address, "/healthz").await.0, 200);
    assert_eq!(watch.stop().await, 0);

    let states = states.join().unwrap();
    assert_eq!((states.first().unwrap().as_str(), states.last().unwrap().as_str()), ("READY=1", "STOPPING=1"));
    assert!(states.iter().filter(|state| *state == "WATCHDOG=1").count() > 3, "{states:?}");
    assert!(states.iter().any(|state| state.starts_with("STATUS=drift at ")), "{states:?}");
}

/// What systemd is told, until it stops.
fn heard(systemd: &UnixDatagram) -> Vec<String> {
    let mut states: Vec<String> = Vec::new();
    let mut part = [0; 4096];
    while states.last().is_none_or(|state| state != "STOPPING=1") {
        let n = systemd.recv(&mut part).unwrap();
        states.push(String::from_utf8(part[..n].to_vec()).unwrap());
    }
    states
}

/// As <https://prometheus.io/docs/instrumenting/exposition_formats/> has it: each metric has one type and help, no series is there twice.
fn is_prometheus(text: &str) {
    let metric =
        regex::Regex::new(r#"^(keyform_[a-z_]+)(\{[a-z]+="[a-z-]+"(,[a-z]+="[a-z-]+")*\})? \d+(\.\d+)?$"#).unwrap();
    let (mut types, mut series) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned()), "twice: {line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else if !line.starts_with("# HELP ") {
            let found = metric.captures(line).unwrap_or_else(|| panic!("{line}"));
            assert!(types.contains(&found[1]), "{line} has no type");
            assert!(series.insert(line.split(' ').next().unwrap().to_owned()), "twice: {line}");
        }
    }
}

#[tokio::test]
async fn healing_puts_back_what_somebody_changed() {
    let mut stand = Stand::new().await;
    #[cfg(target_os = "linux")]
    {
        // A name that is no file.
        use std::os::linux::net::SocketAddrExt;
        let name = format!("keyform-test-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        let systemd = UnixDatagram::bind_addr(&address).unwrap();
        systemd.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stand.env.push(("NOTIFY_SOCKET", format!("@{name}")));
        let watch = stand.watch(&["@yearly"]);
        let mut part = [0; 64];
        let n = systemd.recv(&mut part).unwrap();
        assert_eq!(&part[..n], b"READY=1");
        assert_eq!(watch.stop().await, 0);
    }
    stand.edit();
    let mut watch = stand.watch(&["@yearly", "--heal"]);
    let address = watch.address().await;
    let ended = watch.hear("run ended").await;
    assert_eq!((&ended["exit"], &ended["outside"]), (&0.into(), &0.into()), "{ended}");
    watch.hear("next run").await;
    let kept = fs::read_to_string(stand.dir.path().join("out/dev.env")).unwrap();
    assert!(kept.contains(VALUES[1]) && !kept.contains(VALUES[2]), "{kept}");
    let (_, text) = get(address, "/metrics").await;
    is_prometheus(&text);
    assert!((series(&text, "keyform_watch_runs_total{outcome=\"applied\"}") - 1.0).abs() < 0.1, "{text}");

    // Whatever is thrown at it, it answers the next one.
    for garbage in [&b"\0\xff\r\n\r\n"[..], &[b'x'; 20_000], b"GET"] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        // It may hang up before the end.
        let _ = stream.write_all(garbage).await;
    }
    assert_eq!(get(address, "/healthz").await.0, 200);
    assert_eq!(watch.stop().await, 0);
}

#[tokio::test]
async fn a_run_that_waits_for_an_answer_ends_when_it_is_asked_to() {
    let silent = Front::before(Arc::new(|_| Answer::empty(200)), Vec::new()).await;
    silent.stop(Some(0), false);
    let mut stand = Stand::new().await;
    let url = silent.url();
    let block = format!(
        "backend \"infisical\" {{\n  url = \"{url}\"\n  auth \"universal\" {{\n    client_id     = \"keyform\"\n    client_secret = secret_env(\"CLIENT_SECRET\")\n  }}\n}}\n"
    );
    fs::write(stand.dir.path().join("backend.hcl"), block).unwrap();
    stand.env.push(("CLIENT_SECRET", "canary-client-secret".to_owned()));
    let watch = stand.watch(&["@hourly"]);
    silent.stopped().await;
    let begun = Instant::now();
    assert_eq!(watch.stop().await, 0);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_is_wrong_from_the_start_is_said_at_once() {
    let stand = Stand::new().await;
    let run = async |args: &[&str]| {
        let output = stand.command(args).output().await.unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for schedule in ["* * * *", "0 0 31 2 *", "soon"] {
        let (code, said) = run(&["watch", "--schedule", schedule]).await;
        assert_eq!(code, 64, "{said}");
    }
    let (code, said) = run(&["watch", "--schedule", "@daily", "--time-zone", "Mars/Base"]).await;
    assert!(code == 64 && said.contains("Europe/Berlin"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = run(&["watch", "--schedule", "@daily", "--listen", &address]).await;
    assert!(code == 1 && said.contains("KF1050"), "{said}");
    fs::write(stand.dir.path().join("more.hcl"), "projct \"x\" {}\n").unwrap();
    let (code, said) = run(&["watch", "--schedule", "@daily"]).await;
    assert!(code == 1 && said.contains("KF0112"), "{said}");
}

#[tokio::test]
async fn each_run_is_a_trace_where_a_collector_is_named() {
    let calls: Arc<std::sync::Mutex<Vec<Call>>> = Arc::default();
    let behind = Arc::clone(&calls);
    let vendor = move |call: &Call| {
        behind.lock().unwrap().push(call.clone());
        Answer::json(200, &serde_json::json!({}))
    };
    let collector = Front::before(Arc::new(vendor), Vec::new()).await;
    let mut stand = Stand::new().await;
    stand.edit();
    let bare = stand.env.len();
    stand.env.push(("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/", collector.url())));
    stand.env.push(("OTEL_EXPORTER_OTLP_HEADERS", "api-key=canary%2Dtrace%20key".to_owned()));
    stand.env.push(("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=prod".to_owned()));
    let mut watch = stand.watch(&["@yearly", "--heal"]);
    watch.hear("next run").await;
    assert_eq!(watch.stop().await, 0);
    let sent = std::mem::take(&mut *calls.lock().unwrap());
    let [call] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((call.method.as_str(), call.target.as_str()), ("POST", "/v1/traces"));
    assert_eq!(call.header("api-key"), "canary-trace key");
    let values: BTreeSet<String> = VALUES.into_iter().map(str::to_owned).collect();
    assert_eq!(canary::found(&values, &call.body), Vec::<&str>::new());
    let body = call.json().unwrap();
    let named = |name: &str| {
        let all = body["resourceSpans"][0]["resource"]["attributes"].as_array().unwrap();
        all.iter().find(|one| one["key"] == name).map(|one| one["value"]["stringValue"].as_str().unwrap().to_owned())
    };
    assert_eq!(named("service.name").as_deref(), Some("keyform"));
    assert_eq!(named("deployment.environment").as_deref(), Some("prod"));
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["keyform watch", "load", "look", "heal", "look again"]);
    let hexadecimal = |value: &Value, digits: usize| {
        let text = value.as_str().unwrap();
        text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let number = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    for span in spans {
        assert!(hexadecimal(&span["traceId"], 32) && hexadecimal(&span["spanId"], 16), "{span}");
        assert_eq!(span["traceId"], spans[0]["traceId"]);
        let (began, ended) = (number(span, "startTimeUnixNano"), number(span, "endTimeUnixNano"));
        assert!(number(&spans[0], "startTimeUnixNano") <= began && began <= ended, "{span}");
        assert!(ended <= number(&spans[0], "endTimeUnixNano"), "{span}");
    }
    assert!(spans[1..].iter().all(|span| span["parentSpanId"] == spans[0]["spanId"]));
    assert_eq!((&spans[0]["parentSpanId"], &spans[0]["status"]["code"]), (&Value::Null, &1.into()));

    // gRPC is another protocol: that is said before anything begins.
    stand.env.push(("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc".to_owned()));
    let output = stand.command(&["watch", "--schedule", "@yearly"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("KF1051"));
    // And nothing is sent where nobody wants it.
    stand.env.truncate(bare + 1);
    stand.env.push(("OTEL_SDK_DISABLED", "true".to_owned()));
    let mut watch = stand.watch(&["@yearly"]);
    watch.hear("next run").await;
    assert_eq!(watch.stop().await, 0);
    assert!(calls.lock().unwrap().is_empty());
}
