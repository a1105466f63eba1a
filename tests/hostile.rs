//! Texts that others choose: names and keys that would steer a terminal, manifests that would reach elsewhere,
//! the network that nobody configured. What a hostile server does is in `faults/table.rs`.

use crate::engine::PROJECT;
use crate::engine::World;
use crate::scenarios::PROGRAM;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::diag::source::is_unseen;
use keyform::provider::manifest::load::load;
use keyform::provider::manifest::render;
use keyform::provider::manifest::render::Env;
use keyform::provider::manifest::render::Target;
use keyform::provider::manifest::slots::Slot;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;

/// What would clear a screen, set a title, turn the writing, start a line, command a CI runner or become markup.
const ODD: &str = r"odd\u001b[2J\u001b]0;t\u0007\u009b31m\u202e\u2066\u200b\r\n::error::x\n```<script>";

fn manifest(list: &str, more: &str) -> String {
    format!(
        r#"provider "acme" {{
  title    = "Acme"
  docs     = "https://docs.acme.example"
  verified = "2026-11-21"
  connection "token" {{ token = sensitive }}
  base_url = "https://api.acme.example"
{more}
  destination "acme" {{
    app = string
    list {{
      request = {list}
      items   = [for it in response : {{ key = it.name }}]
    }}
    upsert {{ request = "PUT /things/${{key}}" }}
    delete {{ request = "DELETE /things/${{key}}" }}
  }}
}}
"#
    )
}

#[test]
fn a_manifest_reaches_no_other_host() {
    for (request, code) in [
        (r#""GET /things""#, None),
        (r#""GET //evil.example/things""#, None),
        (r#""GET""#, None),
        (r#""GET @evil.example/things""#, Some("KF0513")),
        (r#""GET .evil.example/things""#, Some("KF0513")),
        (r#""GET :8443/things""#, Some("KF0513")),
        (r#""GET ${destination.app}/things""#, Some("KF0513")),
        (r#""GET ${raw(destination.app)}/things""#, Some("KF0513")),
    ] {
        let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
        let id = sources.add("acme.hcl", manifest(request, ""));
        let manifest = load(&mut acc, id, &sources.get(id).unwrap().clone()).pop();
        let manifest = manifest.unwrap_or_else(|| panic!("{request}: {acc:?}"));
        let operation = &manifest.destinations["acme"].variants[""].operations[&Slot::List];
        let app = keyform::model::attrs::Value::object([("app".into(), ".evil.example".into())].into());
        let env = Env::default().with("destination", app);
        let target = Target { base: "https://api.acme.example", root: "", headers: &[] };
        let made = render::request(operation, operation.request.as_ref().unwrap(), &env, &target);
        assert_eq!(made.as_ref().err().map(|why| why.code.id), code, "{request}");
        assert!(made.is_err() || made.is_ok_and(|made| made.url.host_str() == Some("api.acme.example")), "{request}");
    }
}

#[test]
fn a_manifest_sees_neither_files_nor_the_environment() {
    for call in ["env(\"HOME\")", "file(\"/etc/passwd\")", "secret_env(\"HOME\")", "secret_file(\"/etc/passwd\")"] {
        let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
        let id = sources.add("acme.hcl", manifest("\"GET /things\"", &format!("  headers = {{ X = {call} }}")));
        load(&mut acc, id, &sources.get(id).unwrap().clone());
        let said: Vec<&str> = acc.iter().map(|why| why.code.id).collect();
        assert!(acc.has_errors(), "{call} is taken: {said:?}");
    }
}

fn run(world: &World, args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(world.path()).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", world.path());
    command.output().unwrap()
}

/// Names of everything that has a name someone else may choose.
#[test]
fn odd_names_steer_no_terminal() {
    let text = format!(
        r#"
project "bakery" {{
  name        = "{ODD}"
  description = "{ODD}"
  environment "dev" {{ name = "{ODD}" }}
}}
secret "odd" {{
  project     = project.bakery
  environment = "dev"
  key         = "{}"
  value       = secret_file("a")
  comment     = "{ODD}"
}}
variable "v" {{
  default = "{ODD}"
  validation {{
    condition     = startswith(var.v, "odd")
    error_message = "Not ${{var.v}}."
  }}
}}
output "o" {{ value = "{ODD}" }}
"#,
        ODD.replace(':', "")
    );
    let world = World::new(&text);
    let commands: &[&[&str]] = &[
        &["plan"],
        &["plan", "--out", "p.plan"],
        &["show", "p.plan"],
        &["apply", "--auto-approve"],
        &["apply", "--auto-approve", "-vv"],
        &["show"],
        &["graph"],
        &["plan", "--var", "v=no\u{1b}[2J\u{202e}\n::error::x"],
        &["plan", "--target", "secret.\u{1b}[2J\u{202e}"],
        &["explain", "\u{1b}[2J\u{202e}"],
        &["\u{1b}[2J\u{202e}"],
        &["plan", "--out", "no/\u{1b}[2J\u{202e}.plan"],
        &["-C", "\u{1b}[2J\u{202e}", "plan"],
        &["destroy", "--auto-approve"],
    ];
    for args in commands {
        let output = run(&world, args);
        for bytes in [&output.stdout, &output.stderr] {
            let said = std::str::from_utf8(bytes).unwrap();
            let is_raw = |c: char| c != '\n' && is_unseen(c);
            assert!(!said.contains(is_raw), "{args:?} gives a terminal {said:?}");
            assert!(!said.lines().any(|line| line.starts_with("::error::x")), "{args:?} commands a runner: {said}");
        }
    }
    for args in [&["plan", "--json"][..], &["show", "--json"], &["apply", "--auto-approve", "--json"]] {
        let output = run(&world, args);
        let said = std::str::from_utf8(&output.stdout).unwrap();
        assert!(!said.contains(|c: char| c != '\n' && c.is_control()), "{args:?}: {said:?}");
        for line in said.lines().filter(|line| line.starts_with('{') && line.ends_with('}')) {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

/// A proxy that notes where it is asked to lead, and leads nowhere.
fn trap() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            notes.lock().unwrap().push(line.split(' ').nth(1).unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (url, asked)
}

fn trapped(world: &World, args: &[&str]) -> (Output, Vec<String>) {
    let (url, asked) = trap();
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(world.path()).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", world.path());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, &url);
    }
    let output = command.output().unwrap();
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    asked.dedup();
    (output, asked)
}

#[test]
fn nobody_is_asked_but_the_configured_hosts() {
    let local = World::new(&format!("{PROJECT}{}", crate::engine::SYNC));
    for args in [&["validate"][..], &["plan"], &["apply", "--auto-approve"], &["show"], &["destroy", "--auto-approve"]]
    {
        let (output, asked) = trapped(&local, args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(asked, Vec::<String>::new(), "{args:?}");
    }
    let remote = World::new(&format!(
        "backend \"infisical\" {{\n  url = \"https://backend.invalid\"\n  auth \"universal\" {{\n    client_id = \"a\"\n    \
         client_secret = secret_file(\"a\")\n  }}\n}}\n{PROJECT}"
    ));
    let (output, asked) = trapped(&remote, &["validate"]);
    assert!(output.status.success() && asked.is_empty(), "{asked:?}");
    let (output, asked) = trapped(&remote, &["plan"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(asked, ["backend.invalid:443"]);
}

/// Notes every address that a program connects to, whoever in it does.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int connect(int fd, const struct sockaddr *to, socklen_t length) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    char text[64] = "?";
    int port = 0;
    if (to->sa_family == AF_INET) {
        const struct sockaddr_in *it = (const void *)to;
        inet_ntop(AF_INET, &it->sin_addr, text, sizeof text);
        port = ntohs(it->sin_port);
    } else if (to->sa_family == AF_INET6) {
        const struct sockaddr_in6 *it = (const void *)to;
        inet_ntop(AF_INET6, &it->sin6_addr, text, sizeof text);
        port = ntohs(it->sin6_port);
    }
    FILE *notes = fopen(getenv("KEYFORM_TEST_NOTES"), "a");
    fprintf(notes, "%s %d\n", text, port);
    fclose(notes);
    return real(fd, to, length);
}
"#;

/// Not even past the client that knows of proxies: the system is asked.
#[tokio::test]
async fn nothing_is_connected_to_but_the_configured_address() {
    let dir = tempfile::tempdir().unwrap();
    let (source, shim) = (dir.path().join("shim.c"), dir.path().join("shim.so"));
    std::fs::write(&source, SHIM).unwrap();
    let made = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&shim, &source]).arg("-ldl").status().unwrap();
    assert!(made.success());
    let registry = std::sync::Arc::new(keyform::provider::registry::Registry::builtin().unwrap());
    let client = keyform::http::client::Client::new(keyform::http::client::Options::default()).unwrap();
    let options = keyform::server::Options::new(dir.path().join("server"));
    let server = keyform::server::start(options, registry, client).await.unwrap();
    let world = World::new(&format!(
        "backend \"infisical\" {{\n  url = \"{}\"\n  auth \"universal\" {{\n    client_id = \"{}\"\n    client_secret = \
         secret_file(\"id\")\n  }}\n}}\n{PROJECT}{}",
        server.url,
        server.client_id,
        crate::engine::SYNC
    ));
    world.write("id", server.client_secret.expose());
    for args in [&["validate"][..], &["plan"], &["apply", "--auto-approve"], &["show"], &["destroy", "--auto-approve"]]
    {
        let notes = dir.path().join(args[0]);
        std::fs::write(&notes, "").unwrap();
        let mut command = tokio::process::Command::new(PROGRAM);
        command.args(args).current_dir(world.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", world.path());
        command.env("LD_PRELOAD", &shim).env("KEYFORM_TEST_NOTES", &notes);
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(&notes).unwrap();
        let asked: std::collections::BTreeSet<&str> = text.lines().collect();
        let wanted = server.url.trim_start_matches("http://").replace(':', " ");
        let wanted = if args[0] == "validate" { Vec::new() } else { vec![wanted.as_str()] };
        assert_eq!(asked.into_iter().collect::<Vec<_>>(), wanted, "{args:?}");
    }
    server.shutdown().await;
}
