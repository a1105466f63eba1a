//! Several processes of the program at one configuration: one server, one ledger in PostgreSQL, a shard each.

use crate::canary;
use crate::scenarios::PROGRAM;
use crate::stores;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

const PROJECTS: usize = 16;
const SHARDS: usize = 8;
const SECRET: &str = "canary-client-secret-0123456789";

/// A configuration of many projects, each with two secrets that are pushed to a file of its own, over one connection.
struct World {
    root: tempfile::TempDir,
    env: BTreeMap<String, String>,
    server: Child,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl World {
    fn new(ledger: &str) -> Self {
        let root = tempfile::tempdir_in("/tmp").unwrap();
        let dir = |name: &str| root.path().join(name);
        for name in ["config", "out", "home"] {
            fs::create_dir(dir(name)).unwrap();
        }
        fs::write(dir("secret.txt"), SECRET).unwrap();
        let mut command = Command::new(PROGRAM);
        command.current_dir(root.path()).args(["serve", "--listen", "127.0.0.1:0", "--data", "server"]);
        command.args(["--client-id", "keyform", "--client-secret-file", "secret.txt", "--allow-local", "out"]);
        let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let address = regex::Regex::new(r"http://[0-9.:]+").unwrap();
        let url = lines.by_ref().map_while(Result::ok).find_map(|l| address.find(&l).map(|m| m.as_str().to_owned()));
        std::thread::spawn(move || lines.count());
        let (database, password) = stores::postgres();
        let mut env: BTreeMap<String, String> = (0..PROJECTS)
            .flat_map(|n| ["A", "B"].map(|key| (format!("SECRET_{n}_{key}"), format!("canary-value-{n}-{key}"))))
            .collect();
        env.insert("PGPASSWORD".to_owned(), password.expose().to_owned());
        let world = Self { env, server, root };
        world.configure(&url.unwrap(), &database, ledger, PROJECTS);
        world
    }

    fn dir(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn configure(&self, url: &str, database: &str, ledger: &str, projects: usize) {
        let mut text = format!(
            r#"
keyform {{
  ledger "postgres" {{
    url  = "{database}"
    name = "{ledger}"
  }}
}}
backend "infisical" {{
  url = "{url}"
  auth "universal" {{
    client_id     = "keyform"
    client_secret = secret_file("../secret.txt")
  }}
}}
app_connection "local" "files" {{
  method = "directory"
  path   = abspath("../out")
}}
"#
        );
        for n in 0..projects {
            write!(
                text,
                r#"
project "project-{n}" {{
  environment "dev" {{}}
}}
secret "A-{n}" {{
  project     = project.project-{n}
  environment = "dev"
  key         = "A"
  value       = secret_env("SECRET_{n}_A")
}}
secret "B-{n}" {{
  project     = project.project-{n}
  environment = "dev"
  key         = "B"
  value       = secret_env("SECRET_{n}_B")
}}
secret_sync "local-file" "file-{n}" {{
  project     = project.project-{n}
  environment = "dev"
  connection  = app_connection.files
  destination {{
    format = "dotenv"
    file   = "{n}.env"
  }}
}}
"#
            )
            .unwrap();
        }
        fs::write(self.dir("config/main.hcl"), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.dir("config")).env_clear().envs(&self.env);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.dir("home"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts an apply of one shard; its state directory is its own, as on a machine of its own.
    fn shard(&self, index: usize) -> Child {
        let shard = format!("{index}/{SHARDS}");
        self.command(&["apply", "--auto-approve", "--shard", &shard, "--json"]).spawn().unwrap()
    }

    fn clean(&self) {
        let output = self.command(&["plan", "--exit-code"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        for n in 0..PROJECTS {
            let file = fs::read_to_string(self.dir("out").join(format!("{n}.env"))).unwrap();
            let has = |key: &str| file.contains(&format!("canary-value-{n}-{key}"));
            assert!(has("A") && has("B"), "{n}.env lacks a key");
        }
    }
}

fn text(output: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("canary-value"), "a value was shown");
    text
}

/// What a process did: by address, how often.
fn done(output: &Output) -> Vec<String> {
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let documents = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let ended = documents.filter(|event| event["event"] == "done");
    ended.filter_map(|event| Some(event["address"].as_str()?.to_owned())).collect()
}

#[test]
fn eight_processes_do_together_what_one_would_do() {
    let world = World::new("shards-together");
    // The first has the connection that all need.
    let first = world.shard(1).wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    let others: Vec<Child> = (2..=SHARDS).map(|index| world.shard(index)).collect();
    let others: Vec<Output> = others.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for output in std::iter::once(&first).chain(&others) {
        assert_eq!(output.status.code(), Some(0), "{}", text(output));
        let own = done(output);
        assert!(own.len() >= PROJECTS / SHARDS * 7, "a shard that did next to nothing: {own:?}");
        own.into_iter().for_each(|address| *times.entry(address).or_default() += 1);
    }
    // Project, environment, two secrets, sync and two keys of each, and the connection.
    assert_eq!(times.len(), PROJECTS * 7 + 1, "{times:?}");
    assert!(times.values().all(|times| *times == 1), "written twice: {times:?}");
    world.clean();
    for path in canary::files(&world.dir("config")) {
        let bytes = fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary-value"), "{}", path.display());
    }
}

#[test]
fn a_shard_that_was_killed_is_repaired_by_running_it_again() {
    let world = World::new("shards-killed");
    // All at once: the others refuse as long as the first has the connection to make, and change nothing.
    let early = world.shard(5).wait_with_output().unwrap();
    assert_eq!(early.status.code(), Some(6), "{}", text(&early));
    assert!(text(&early).contains("KF1270") && done(&early).is_empty(), "{}", text(&early));
    let first = world.shard(1).wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    let mut killed = world.shard(2);
    let others: Vec<Child> = (3..=SHARDS).map(|index| world.shard(index)).collect();
    // In the middle of its work.
    let mut lines = BufReader::new(killed.stdout.take().unwrap()).lines();
    let began = Instant::now();
    while !lines.next().unwrap().unwrap().contains("\"done\"") {
        assert!(began.elapsed() < Duration::from_secs(120), "it never began");
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    for output in others.into_iter().map(|child| child.wait_with_output().unwrap()) {
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
    let output = world.command(&["plan", "--exit-code"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "what was cut off is left: {}", text(&output));
    let again = world.shard(2).wait_with_output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again));
    world.clean();
}
