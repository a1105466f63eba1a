//! What the faults happen to: a server with a proxy before it, a configuration that was applied once and
//! changed since, and things at the backend and the destination that are not keyform's.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use crate::faults::proxy::Proxy;
use crate::scenarios::PROGRAM;
use keyform::diag::source::is_unseen;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::provider::registry::Registry;
use keyform::server;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;

/// The project of the engine's tests and its sync, whose keys get a prefix.
fn before() -> String {
    let schema = "  key_schema  = \"APP_{{secretKey}}\"\n  destination {";
    format!("{PROJECT}{}", SYNC.replace("  destination {", schema))
}

/// A run of the program: its exit code, and the codes of what it said.
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) said: String,
}

impl Ran {
    /// For a cell of the table: `exit 7: KF0608, KF0904`.
    pub(super) fn outcome(&self) -> String {
        let code = regex::Regex::new(r"\bKF\d{4}\b").unwrap();
        let codes: BTreeSet<&str> = code.find_iter(&self.said).map(|m| m.as_str()).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let colon = if codes.is_empty() { "" } else { ": " };
        format!("exit {}{colon}{}", self.code, codes.join(", "))
    }
}

pub(super) struct Stand {
    pub(super) world: World,
    pub(super) proxy: Proxy,
    server: server::Running,
    _dir: tempfile::TempDir,
}

impl Stand {
    /// A server that holds nothing yet, and a configuration to be applied to it.
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        let registry = Arc::new(Registry::builtin().unwrap_or_else(|why| panic!("{why:?}")));
        let options = server::Options::new(dir.path().join("server"));
        let server = server::start(options, registry, Client::new(Options::default()).unwrap()).await.unwrap();
        let proxy = Proxy::before(server.url.trim_start_matches("http://").parse().unwrap()).await;
        let world = World::new("");
        world.write("id", server.client_secret.expose());
        for name in ["a", "b", "id"] {
            fs::set_permissions(world.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        world.write("out/dev.env", "# by hand\nFOREIGN=canary-foreign\n");
        let stand = Self { world, proxy, server, _dir: dir };
        stand.declare(&before());
        stand
    }

    /// The same, applied; then a secret was made by hand, one was changed, one is no longer declared, and one is new.
    pub(super) async fn changed() -> Self {
        let stand = Self::new().await;
        stand.world.converge().await;
        stand.world.by_hand("HAND", "canary-hand").await;
        stand.world.converge().await;
        stand.world.write("a", "canary-a2");
        stand.world.write("b", "canary-c");
        stand.declare(&before().replace("secret \"B\"", "secret \"C\""));
        stand
    }

    fn declare(&self, main: &str) {
        let (url, id) = (&self.proxy.url, &self.server.client_id);
        let text = format!(
            "backend \"infisical\" {{\n  url = \"{url}\"\n  auth \"universal\" {{\n    client_id = \"{id}\"\n    \
             client_secret = secret_file(\"id\")\n  }}\n}}\n{main}"
        );
        self.world.write("main.hcl", &text);
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.world.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.world.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    pub(super) async fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(PROGRAM);
        command.args(args);
        let ran = ran(command).await;
        assert!(!ran.said.contains(self.server.client_secret.expose()), "{}", ran.said);
        ran
    }

    pub(super) async fn apply(&self) -> Ran {
        self.run(&["apply", "--auto-approve"]).await
    }

    /// After whatever happened: run again it ends it, run a third time it has nothing to do, nothing is there
    /// twice, nothing is missing, and what is not keyform's is as it was.
    pub(super) async fn mends(&self, what: &str, keys: &[(&str, &str)]) {
        self.mends_with(what, keys, &[]).await;
    }

    /// The same, with more arguments for the second run.
    pub(super) async fn mends_with(&self, what: &str, keys: &[(&str, &str)], more: &[&str]) {
        self.proxy.heal();
        let again = self.run(&[&["apply", "--auto-approve"], more].concat()).await;
        assert_eq!(again.code, 0, "{what}: {}", again.said);
        let third = self.run(&["plan", "--exit-code"]).await;
        assert_eq!(third.code, 0, "{what}: {}", third.said);
        let mut wanted: Vec<(String, String)> =
            keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(self.world.stored().await, wanted, "{what}");
        for (key, _) in &mut wanted {
            key.insert_str(0, "APP_");
        }
        let file = self.world.read("out/dev.env");
        assert!(file.starts_with("# by hand\nFOREIGN=canary-foreign\n"), "{what}: {file}");
        let mut lines: Vec<&str> = file.lines().skip(2).collect();
        lines.sort_unstable();
        let expected: Vec<String> = wanted.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(lines, expected, "{what}");
        assert_eq!(fs::read_dir(self.world.path().join("out")).unwrap().count(), 1, "{what}: files are left over");
        assert_eq!(self.count().await, [1, 1, 1], "{what}: projects, connections, syncs");
    }

    /// What there is in all: projects, connections, syncs.
    pub(super) async fn count(&self) -> [usize; 3] {
        let http = reqwest::Client::new();
        let url = &self.server.url;
        let login = json!({ "clientId": self.server.client_id, "clientSecret": self.server.client_secret.expose() });
        let login = http.post(format!("{url}/api/v1/auth/universal-auth/login")).body(login.to_string());
        let answer = login.header("content-type", "application/json").send().await.unwrap().bytes().await.unwrap();
        let login: Value = serde_json::from_slice(&answer).unwrap();
        let token = login["accessToken"].as_str().unwrap().to_owned();
        let list = async |path: &str, name: &str| {
            let answer = http.get(format!("{url}{path}")).bearer_auth(&token).send().await.unwrap();
            let list: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            list[name].as_array().unwrap_or_else(|| panic!("{path}: {list}")).clone()
        };
        let projects = list("/api/v1/projects", "projects").await;
        if projects.is_empty() {
            return [0; 3];
        }
        let connections = list("/api/v1/app-connections", "appConnections").await;
        let id = projects[0]["id"].as_str().unwrap();
        let syncs = list(&format!("/api/v1/secret-syncs?projectId={id}"), "secretSyncs").await;
        [projects.len(), connections.len(), syncs.len()]
    }

    pub(super) async fn end(self) {
        self.server.shutdown().await;
    }
}

/// What there is after the change.
pub(super) const CHANGED: &[(&str, &str)] = &[("A", "canary-a2"), ("C", "canary-c"), ("HAND", "canary-hand")];
/// What there is when the configuration was applied for the first time.
pub(super) const FIRST: &[(&str, &str)] = &[("A", "canary-a"), ("B", "canary-b")];

/// Runs a program to its end. Whatever it says, it says no secret, and it does not panic.
pub(super) async fn ran(mut command: Command) -> Ran {
    let output = tokio::time::timeout(Duration::from_secs(240), command.output()).await.unwrap().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains("canary-") && !said.contains("panicked"), "{said}");
    assert!(!said.contains("eyJ"), "a token is shown: {said}");
    assert!(said.chars().all(|c| c == '\n' || !is_unseen(c)), "a terminal is given {said:?}");
    Ran { code: output.status.code().unwrap_or(-1), said }
}
