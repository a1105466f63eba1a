//! Snapshots: a plan from one says what a live plan says, or that it does not know; it asks nobody and reads no value; a
//! snapshot that is not to be trusted is refused; and there is no value in one.

use crate::canary;
use crate::scenarios::PROGRAM;
use keyform::backend::frozen;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use keyform::secret::sign::Signer;
use keyform::server;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;

const BASE: &str = r#"
project "bakery" {
  name = "Bakery"
  environment "dev" {}
  folder "/api" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_env("DB_URL")
}

secret "SALT" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_env("SALT")
  comment     = "for the dough"
}

secret "REFERRING" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_env("REFERRING")
}

secret "MADE" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_random({ length = 24 })
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("../out")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  connection  = app_connection.files
  key_schema  = "APP_{{secretKey}}"

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
"#;

const VALUES: &[(&str, &str)] = &[
    ("DB_URL", "canary-database"),
    ("SALT", "canary-salt"),
    ("REFERRING", "canary-before-${DB_URL}-and-${canary-inside}"),
    ("FLOUR", "canary-flour"),
];

struct World {
    dir: tempfile::TempDir,
    server: server::Running,
    signer: Signer,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        for name in ["trusted", "fork", "out"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let registry = Arc::new(Registry::builtin().unwrap_or_else(|why| panic!("{why:?}")));
        let options = server::Options::new(dir.path().join("server"));
        let server = server::start(options, registry, Client::new(Options::default()).unwrap()).await.unwrap();
        let world = Self { dir, server, signer: Signer::generate() };
        world.write("trusted/main.hcl", BASE);
        let ran = world.trusted(&["apply", "--auto-approve"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a configuration of this backend.
    fn write(&self, name: &str, main: &str) {
        fs::write(self.path(name), backend(&self.server.url, &self.server.client_id) + main).unwrap();
    }

    fn key(&self) -> String {
        self.signer.verifier().to_hex()
    }

    fn trusted(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(PROGRAM);
        command.env_clear().args(args).current_dir(self.path("trusted")).envs(VALUES.iter().copied());
        command.env("CLIENT_SECRET", self.server.client_secret.expose());
        command.env("KEYFORM_SNAPSHOT_SIGNING_KEY", self.signer.to_hex().expose());
        ran(command)
    }

    /// As in a job that has no secret.
    fn fork(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(PROGRAM);
        command.env_clear().args(args).current_dir(self.path("fork"));
        ran(command)
    }

    fn take(&self) -> String {
        let file = self.path("now.snapshot");
        let ran = self.trusted(&["snapshot", "--out", file.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        fs::read_to_string(file).unwrap()
    }

    fn plan(&self, more: &[&str]) -> Ran {
        let (file, key) = (self.path("now.snapshot"), self.key());
        self.fork(&[&["plan", "--snapshot", file.to_str().unwrap(), "--snapshot-key", &key], more].concat())
    }
}

fn backend(url: &str, id: &str) -> String {
    format!(
        "backend \"infisical\" {{\n  url = \"{url}\"\n  auth \"universal\" {{\n    client_id = \"{id}\"\n    \
         client_secret = secret_env(\"CLIENT_SECRET\")\n  }}\n}}\n"
    )
}

fn ran(mut command: Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!format!("{}{}", ran.out, ran.err).contains("canary-"), "{}{}", ran.out, ran.err);
    ran
}

fn rows(ran: &Ran) -> Vec<Value> {
    let plan: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err));
    plan["changes"].as_array().unwrap_or_else(|| panic!("{plan:#}")).clone()
}

/// What a row says, and its fields by name: what was found and what is wanted.
fn said(row: &Value) -> (String, BTreeMap<String, [Value; 2]>) {
    let words = ["address", "action", "reason"].map(|name| row[name].as_str().unwrap());
    let field = |field: &Value| {
        let both = ["before", "after"].map(|side| field[side].clone());
        (field["name"].as_str().unwrap().to_owned(), both)
    };
    (format!("{} {}", words.join(" "), row["drift"]), row["fields"].as_array().unwrap().iter().map(field).collect())
}

/// Changes of a configuration, and whether a value matters that only a live plan knows.
fn changes() -> Vec<(&'static str, String, bool)> {
    let secret = "secret \"FLOUR\" {\n  project = project.bakery\n  environment = \"dev\"\n  path = \"/api\"\n  value = \
                  secret_env(\"FLOUR\")\n}\n";
    let without = |name: &str| {
        let start = BASE.find(&format!("secret \"{name}\"")).unwrap();
        let end = start + BASE[start..].find("\n}\n").unwrap() + 3;
        format!("{}{}", &BASE[..start], &BASE[end..])
    };
    vec![
        ("nothing", BASE.to_owned(), false),
        ("a name", BASE.replace("\"Bakery\"", "\"The bakery\""), false),
        ("a comment", BASE.replace("for the dough", "for the bread"), false),
        (
            "an environment",
            BASE.replace("environment \"dev\" {}", "environment \"dev\" {}\n  environment \"prod\" {}"),
            false,
        ),
        ("a secret that goes", without("SALT"), false),
        ("a random one that goes", without("MADE"), false),
        ("a sync that goes", BASE[..BASE.find("secret_sync").unwrap()].to_owned(), false),
        ("deletion off", BASE.replace("  key_schema  =", "  disable_secret_deletion = true\n  key_schema  ="), false),
        ("a secret that comes", format!("{BASE}{secret}"), true),
        ("another name of keys", BASE.replace("APP_{{", "WEB_{{"), true),
        ("what is referred to goes", without("DB_URL"), true),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_from_a_snapshot_says_what_a_live_plan_says_and_asks_nobody() {
    let world = World::new().await;
    // Somebody was at the destination, and something is there that nobody manages.
    let file = world.path("out/dev.env");
    let text = fs::read_to_string(&file).unwrap().replace("canary-salt", "canary-pepper");
    fs::write(&file, format!("{text}FOREIGN=canary-foreign\nAPP_STRANGE=canary-strange\n")).unwrap();
    world.take();
    let live: Vec<Ran> = changes()
        .iter()
        .map(|(_, main, _)| {
            world.write("trusted/main.hcl", main);
            world.trusted(&["plan", "--json"])
        })
        .collect();
    // From here on there is nothing to ask: whoever connects is counted.
    let address = world.server.url.trim_start_matches("http://").to_owned();
    let World { dir, server, signer } = world;
    let (url, id) = (server.url.clone(), server.client_id.clone());
    server.shutdown().await;
    fs::remove_dir_all(dir.path().join("out")).unwrap();
    let listener = TcpListener::bind(&address).unwrap();
    listener.set_nonblocking(true).unwrap();
    for ((what, main, is_open), live) in changes().iter().zip(&live) {
        fs::write(dir.path().join("fork/main.hcl"), backend(&url, &id) + main).unwrap();
        let mut command = Command::new(PROGRAM);
        let (file, key) = (dir.path().join("now.snapshot"), signer.verifier().to_hex());
        command.env_clear().args(["plan", "--json", "--snapshot", file.to_str().unwrap(), "--snapshot-key", &key]);
        command.current_dir(dir.path().join("fork"));
        let cold = ran(command);
        let (wanted, got) = (rows(live), rows(&cold));
        let names = |rows: &[Value]| rows.iter().map(|row| said(row).0).collect::<Vec<_>>();
        assert_eq!(names(&got), names(&wanted), "{what}: {}", cold.err);
        let mut unknown = 0;
        for (got, wanted) in got.iter().zip(&wanted) {
            let ((row, got), (_, wanted)) = (said(got), said(wanted));
            assert!(got.keys().all(|name| wanted.contains_key(name)), "{what}: {row}: {got:?} {wanted:?}");
            for (name, [before, after]) in wanted {
                let found = got.get(&name);
                // A value that is not known is said to be, or not said at all where everything is new.
                let is_unknown = after["is"] == "secret" && found.is_none_or(|[_, after]| after["is"] == "unknown");
                unknown += usize::from(is_unknown);
                assert!(is_unknown || found == Some(&[before, after]), "{what}: {row}: {name}: {found:?}");
            }
        }
        assert_eq!(unknown > 0, *is_open, "{what}: {unknown}");
        let of = |ran: &Ran| serde_json::from_str::<Value>(&ran.out).unwrap()["hazards"].clone();
        assert_eq!(of(&cold), of(live), "{what}");
        assert!(cold.out.contains("KF1167"), "{what}: the age is said");
    }
    assert!(listener.accept().is_err(), "somebody asked the backend");
    let left: Vec<_> = fs::read_dir(dir.path().join("fork")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["main.hcl"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_in_a_snapshot_and_none_is_read_for_a_plan() {
    let world = World::new().await;
    let text = world.take();
    let mut canaries: BTreeSet<String> = canary::collect(VALUES.iter().map(|(_, value)| *value));
    let made = fs::read_to_string(world.path("out/dev.env")).unwrap();
    let made = made.lines().find_map(|line| line.strip_prefix("APP_MADE=")).unwrap().to_owned();
    canaries.extend([made, world.server.client_secret.expose().to_owned()]);
    canaries.insert(fs::read_to_string(world.path("trusted/.keyform/fingerprint.key")).unwrap().trim().to_owned());
    canaries.insert(world.signer.to_hex().expose().to_owned());
    assert!(canaries.len() > 6, "{canaries:?}");
    assert_eq!(canary::found(&canaries, text.as_bytes()), Vec::<&str>::new());
    // Part of a value that only looks like a reference is part of the value.
    assert!(text.contains("${DB_URL}") && !text.contains("inside"), "references stay");
    // A stand-in is checked for once more when it is written.
    let mut frozen = frozen::read("x", &text, &[world.signer.verifier()]).unwrap();
    let project = frozen.state.projects.values_mut().next().unwrap();
    let secrets = project.environments[0].secrets.as_mut().unwrap().as_mut().unwrap();
    secrets[0].value = Some(Secret::new("canary-whole".to_owned()));
    assert_eq!(frozen::text(&frozen, &world.signer).unwrap_err().code.id, "KF1168");

    // Neither a program nor a file is read for a stranger's configuration.
    let stranger = "secret \"NEW\" {\n  project = project.bakery\n  environment = \"dev\"\n  value = secret_exec([\"touch\", \
                    \"ran\"])\n}\nsecret \"FILE\" {\n  project = project.bakery\n  environment = \"dev\"\n  value = \
                    secret_file(\"missing\")\n}\n";
    world.write("fork/main.hcl", &format!("{BASE}{stranger}"));
    let ran = world.plan(&["--allow-exec", "--exit-code"]);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("KF0907") && !world.path("fork/ran").exists(), "{}", ran.err);
    // Another source of what is there may come to something else.
    world.write("fork/main.hcl", &BASE.replace("secret_env(\"SALT\")", "secret_env(\"PEPPER\")"));
    let ran = world.plan(&["--exit-code"]);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("secret.SALT"), "{}", ran.err);
    world.write("fork/main.hcl", BASE);
    assert_eq!(world.plan(&["--exit-code"]).code, 0);
    // What could not be read is said when the snapshot is taken, and not known afterwards.
    fs::remove_file(world.path("out/dev.env")).unwrap();
    fs::create_dir(world.path("out/dev.env")).unwrap();
    let ran = world.trusted(&["snapshot", "--out", world.path("now.snapshot").to_str().unwrap()]);
    assert!(ran.code == 5 && ran.err.contains("KF0906"), "{} {}", ran.code, ran.err);
    assert_eq!(world.plan(&["--exit-code"]).code, 5);
    world.server.shutdown().await;
}

/// What the snapshot does not have is unknown, never absent.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_a_snapshot_is_not_planned() {
    let world = World::new().await;
    let other = "project \"cellar\" {\n  environment \"dev\" {}\n}\nsecret \"WINE\" {\n  project = project.cellar\n  environment = \
                 \"dev\"\n  value = secret_random({ length = 8 })\n}\n";
    world.write("trusted/main.hcl", &format!("{BASE}{other}"));
    assert_eq!(world.trusted(&["apply", "--auto-approve"]).code, 0);
    // The other project is there, but nothing of it is mentioned any more.
    world.write("trusted/main.hcl", BASE);
    fs::remove_dir_all(world.path("trusted/.keyform")).unwrap();
    world.take();
    world.write("fork/main.hcl", &format!("{BASE}{other}"));
    let ran = world.plan(&["--json"]);
    assert_eq!(ran.code, 6, "{}", ran.err);
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(plan["incomplete"][0]["address"], "secret.WINE", "{plan:#}");
    assert_eq!(plan["incomplete"][0]["diagnostic"]["code"], "KF1165");
    assert!(rows(&ran).iter().all(|row| row["address"] != "secret.WINE"));
    // A destination that nobody looked at is not empty.
    world.write("fork/main.hcl", &BASE.replace("dev.env", "other.env"));
    let ran = world.plan(&["--json"]);
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(plan["blind"][0]["address"], "secret_sync.web", "{plan:#}");
    world.server.shutdown().await;
}

/// What only the destination tells, of a sync that ends or that nobody declared, is not guessed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_takes_away_is_not_guessed() {
    let world = World::new().await;
    let removing = BASE.replace("key_schema  =", "on_delete   = \"remove\"\n  key_schema  =");
    world.write("trusted/main.hcl", &removing);
    assert_eq!(world.trusted(&["apply", "--auto-approve"]).code, 0);
    world.take();
    let sync = &removing[removing.find("secret_sync").unwrap()..];
    world.write("fork/main.hcl", &removing.replace(sync, ""));
    let ran = world.plan(&["--json"]);
    assert_eq!(ran.code, 5, "{} {}", ran.out, ran.err);
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(plan["incomplete"][0]["address"], "secret_sync.web", "{plan:#}");
    // Let go of, it still runs: another plan says that it can't tell what that would take.
    let gone = format!("{}\nremoved {{\n  from = secret_sync.web\n}}\n", removing.replace(sync, ""));
    world.write("trusted/main.hcl", &gone);
    assert_eq!(world.trusted(&["apply", "--auto-approve"]).code, 0);
    world.take();
    world.write("fork/main.hcl", &gone.replace("for the dough", "for bread"));
    let ran = world.plan(&[]);
    assert!(ran.err.contains("KF0914"), "{}\n{}", ran.out, ran.err);
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_not_to_be_trusted_is_refused() {
    let world = World::new().await;
    let text = world.take();
    world.write("fork/main.hcl", BASE);
    assert_eq!(world.plan(&[]).code, 0);
    let check = |what: &str, text: &str, code: &str| {
        fs::write(world.path("now.snapshot"), text).unwrap();
        let ran = world.plan(&[]);
        assert!(ran.code == 1 && ran.err.contains(code), "{what}: {} {}", ran.code, ran.err);
        assert!(ran.out.is_empty(), "{what}: {}", ran.out);
    };
    check("another text", &text.replace("\"bakery\"", "\"bakerx\""), "KF1161");
    let (line, signature) = text.split_once('\n').unwrap();
    check("another end", &text.replace(&signature[90..100], "0000000000"), "KF1161");
    let expired = frozen::Frozen { until: 1_000, ..frozen::read("x", &text, &[world.signer.verifier()]).unwrap() };
    let signed = |frozen, signer| String::from_utf8(frozen::text(frozen, signer).unwrap()).unwrap();
    check("an old one", &signed(&expired, &world.signer), "KF1162");
    check("an old one of somebody else", &signed(&expired, &Signer::generate()), "KF1161");
    check("no signature", line, "KF1160");
    check("something else", "{}\n{}\n", "KF1160");
    check("nothing", "", "KF1160");
    let other = format!("{}\n", line.replace("keyform.snapshot/1", "keyform.snapshot/9"));
    let sign = |line: &str| {
        let (key, signature) = (world.key(), world.signer.sign(line.as_bytes()));
        format!("{line}\n{{\"key\":\"{key}\",\"signature\":\"{signature}\"}}\n")
    };
    check("another version", &sign(other.trim_end()), "KF1280");
    check("not as it is written", &sign(&line.replace("\"known\"", "\"unknown\"")), "KF1160");
    // What is signed and says a value is none all the same.
    let start = line.find("\\u0001keyform:").unwrap();
    let whole = format!("{}plain{}", &line[..start], &line[start + "\\u0001keyform:".len()..]);
    check("a value", &sign(&whole), "KF1160");

    fs::write(world.path("now.snapshot"), &text).unwrap();
    let file = world.path("now.snapshot");
    let ran = world.fork(&["plan", "--snapshot", file.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.err.contains("KF1164"), "{}", ran.err);
    // The configuration can name the keys as well; what is said on the command line counts.
    world.write("fork/main.hcl", &format!("keyform {{\n  snapshot_keys = [\"{}\"]\n}}\n{BASE}", world.key()));
    assert_eq!(world.fork(&["plan", "--snapshot", file.to_str().unwrap()]).code, 0);
    let stranger = Signer::generate().verifier().to_hex();
    let ran = world.fork(&["plan", "--snapshot", file.to_str().unwrap(), "--snapshot-key", &stranger]);
    assert!(ran.code == 1 && ran.err.contains("KF1161"), "{}", ran.err);
    // Of another backend.
    let main = fs::read_to_string(world.path("fork/main.hcl")).unwrap();
    fs::write(world.path("fork/main.hcl"), main.replace("http://127.0.0.1", "https://elsewhere.example")).unwrap();
    let ran = world.plan(&[]);
    assert!(ran.code == 1 && ran.err.contains("KF1163"), "{}", ran.err);
    world.server.shutdown().await;
}

/// What was planned from a snapshot is applied only where a live plan says the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_plan_from_a_snapshot_has_to_be_true_live() {
    let world = World::new().await;
    world.take();
    let file = world.path("kept.plan");
    let file = file.to_str().unwrap();
    let renamed = BASE.replace("\"Bakery\"", "\"The bakery\"");
    world.write("fork/main.hcl", &renamed);
    let ran = world.plan(&["--out", file]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // The configuration that it was made for is not the one that is here.
    let ran = world.trusted(&["apply", file, "--auto-approve"]);
    assert!(ran.code == 6 && ran.err.contains("KF0"), "{} {}", ran.code, ran.err);
    world.write("trusted/main.hcl", &renamed);
    let ran = world.trusted(&["apply", file, "--auto-approve"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // By now it is not true any more.
    assert_eq!(world.trusted(&["apply", file, "--auto-approve"]).code, 6);
    // A value that was not known when it was reviewed is not applied unseen.
    let more = changes().into_iter().find(|(what, ..)| *what == "a secret that comes").unwrap().1;
    let more = more.replace("\"Bakery\"", "\"The bakery\"");
    world.write("fork/main.hcl", &more);
    let ran = world.plan(&["--out", file]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    world.write("trusted/main.hcl", &more);
    let ran = world.trusted(&["apply", file, "--auto-approve"]);
    assert!(ran.code == 6 && ran.err.contains("FLOUR"), "{} {}", ran.code, ran.err);
    assert!(!fs::read_to_string(world.path("out/dev.env")).unwrap().contains("FLOUR"));
    world.server.shutdown().await;
}

#[test]
fn a_private_key_is_for_its_owner_alone_and_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    let run = || {
        let mut command = Command::new(PROGRAM);
        command.env_clear().args(["snapshot", "keygen"]).arg(&file);
        ran(command)
    };
    let made = run();
    assert_eq!(made.code, 0, "{}", made.err);
    let private = fs::read_to_string(&file).unwrap();
    let signer = Signer::from_hex(&private).unwrap();
    assert_eq!(made.out.trim(), signer.verifier().to_hex());
    assert!(!format!("{}{}", made.out, made.err).contains(private.trim()));
    assert_eq!(mode(&file) & 0o777, 0o600);
    // Another key would be lost.
    assert!(run().code == 1 && fs::read_to_string(&file).unwrap() == private);
    let mut command = Command::new(PROGRAM);
    command.env_clear().args(["snapshot", "--out"]).arg(&file).env("KEYFORM_SNAPSHOT_SIGNING_KEY", private.trim());
    let refused = ran(command);
    assert!(refused.code == 1 && refused.err.contains("KF1002"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), private);
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap())
}
