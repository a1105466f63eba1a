//! Where secrets could go besides outputs: logs, children, arguments, modes of files, memory that a report shows. Every
//! scenario searches outputs and files; `laws/leaks.rs` searches what destinations say.

mod debug;
mod memory;
mod panics;

use crate::canary;
use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use crate::scenarios::PROGRAM;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::process::Stdio;

const TYPED: &str = r#"
variable "typed" {
  type      = string
  sensitive = true
}
secret "TYPED" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = var.typed
}
secret "ASKED" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_exec(["sh", "-c", "tr '\\0' '\\n' < /proc/$PPID/cmdline > parent; tr '\\0' '\\n' < /proc/self/cmdline > child; env > child.env; printf canary-asked"])
}
"#;

/// All that is said, at the most talkative.
fn run(world: &World, args: &[&str]) -> (i32, Vec<u8>) {
    run_with(world, args, "")
}

/// The same with an identity in the environment.
fn run_with(world: &World, args: &[&str], identity: &str) -> (i32, Vec<u8>) {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(world.path()).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", world.path());
    command.env("KEYFORM_VAR_typed", "canary-typed").env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    command.env("KEYFORM_UNDO_IDENTITY", identity);
    let output = command.output().unwrap();
    (output.status.code().unwrap_or(-1), [output.stdout, output.stderr].concat())
}

#[test]
fn nothing_leaks_where_nobody_looks() {
    let world = World::new(&format!("{PROJECT}{SYNC}{TYPED}"));
    let canaries = canary::collect(["canary-a canary-b canary-typed canary-asked"]);
    for args in [
        &["plan", "-vvv", "--allow-exec", "--out", "web.plan"][..],
        &["show", "web.plan", "--json"],
        &["plan", "--json", "-vvv", "--allow-exec"],
        &["apply", "-vvv", "--allow-exec", "--auto-approve"],
        &["show", "-vvv"],
        &["show", "--json"],
        &["ledger", "show", "-vvv"],
        &["graph"],
        &["plan", "--json", "--exit-code", "--allow-exec"],
    ] {
        let (code, said) = run(&world, args);
        assert_eq!(canary::found(&canaries, &said), Vec::<&str>::new(), "{args:?}: {}", String::from_utf8_lossy(&said));
        assert_eq!(code, 0, "{args:?}: {}", String::from_utf8_lossy(&said));
    }
    assert_eq!(world.read("out/dev.env").lines().count(), 4, "{}", world.read("out/dev.env"));

    // A child is told what the user's own environment has, and nothing that keyform found out since.
    for file in ["parent", "child", "child.env"] {
        let text = world.read(file);
        assert!(text.contains("sh") || text.contains("keyform"), "{file}: {text}");
        for secret in ["canary-a", "canary-b"] {
            assert!(!text.lines().any(|line| line.ends_with(secret)), "{file}: {text}");
        }
    }
    assert!(!world.read("parent").contains("canary"));

    // What keyform wrote is its owner's alone.
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.path().join(".keyform")), 0o700);
    let written = canary::files(&world.path().join(".keyform"));
    assert!(written.len() > 4, "{written:?}");
    for path in written {
        let bytes = fs::read(&path).unwrap();
        assert_eq!(canary::found(&canaries, &bytes), Vec::<&str>::new(), "{}", path.display());
        // An empty file that is only locked, in a directory that nobody else may enter.
        let is_open = path.ends_with("lock") && bytes.is_empty();
        assert!(is_open || mode(&path) & 0o077 == 0, "{} has mode {:o}", path.display(), mode(&path));
    }
    // Also what others could read before.
    fs::write(world.path().join("copy.env"), "A=1\n").unwrap();
    for file in ["copy.env", "web.plan"] {
        fs::set_permissions(world.path().join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let export = ["secret", "export", "bakery/dev/api", "--output", "copy.env", "--force"];
    assert_eq!(run(&world, &export).0, 0);
    assert_eq!(run(&world, &["plan", "--allow-exec", "--out", "web.plan"]).0, 0);
    for file in ["out/dev.env", "copy.env", "web.plan"] {
        assert_eq!(mode(&world.path().join(file)), 0o600, "{file}");
    }
    assert_eq!(canary::found(&canaries, &fs::read(world.path().join("web.plan")).unwrap()), Vec::<&str>::new());
}

#[test]
fn a_private_key_where_a_path_belongs_is_never_shown() {
    let world = World::new("");
    assert_eq!(run(&world, &["undo", "--new-identity", "undo.key"]).0, 0);
    let file = world.read("undo.key");
    let recipient = file.lines().next().unwrap().trim_start_matches("# public key: ");
    let asks = format!("keyform {{\n  undo {{\n    recipients = [\"{recipient}\"]\n  }}\n}}\n");
    world.write("main.hcl", &format!("{PROJECT}{SYNC}{asks}"));
    assert_eq!(run(&world, &["apply", "--auto-approve"]).0, 0);
    world.write("a", "canary-new");
    assert_eq!(run(&world, &["apply", "--auto-approve"]).0, 0);

    // In the environment what the file holds is as good as its path; a key with a slip of the pen is neither.
    let key = file.lines().nth(1).unwrap();
    for identity in [&file, key, "undo.key", &file.replace("AGE-", "AGF-"), &key[1..], "nowhere.key"] {
        for args in [&["undo", "last"][..], &["undo", "last", "--json"]] {
            let (code, said) = run_with(&world, args, identity);
            let said = String::from_utf8_lossy(&said).into_owned();
            let is_one = [&file, key, "undo.key"].contains(&identity);
            // Without a terminal nobody can say yes: so far it comes where the capsule was opened.
            assert_eq!(said.contains("update"), is_one, "{code} {identity} {args:?}: {said}");
            assert!(!said.contains(&key[20..40]) && !said.contains("canary"), "{args:?}: {said}");
        }
    }
    for path in [&file, key] {
        let (code, said) = run(&world, &["undo", "last", "--json", "--identity", path]);
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(code == 1 && said.contains("KF1015") && !said.contains(&key[20..40]), "{code} {said}");
    }
}
