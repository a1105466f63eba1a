//! What earlier versions left is read and used, and what later ones leave is refused by name (`docs/compatibility.md`).
//!
//! Each folder of `compat/` is a place where that version was at work: configuration, state (`.keyform`, called `state` there),
//! destinations, a saved plan, reports, a signed snapshot with its key, an undo capsule with its identity; and what that version
//! promised: numbers of diagnostics, exit codes, commands and their options. `KEYFORM_FREEZE=1 cargo test --test it -- compat`
//! makes the folder of this version, once; that of a released version is never written again.

#![cfg(target_os = "linux")]

use crate::scenarios::PROGRAM;
use keyform::diag::codes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// The directory of a local connection is absolute; this one is wherever the program runs.
const MAIN: &str = r#"keyform {
  undo { recipients = ["RECIPIENT"] }
}

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
  comment     = "the oven's"
}

secret "API_KEY" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_env("API_KEY")
}

secret "SALT" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_random({ length = 24 })
}

app_connection "local" "files" {
  method = "directory"
  path   = "/proc/self/cwd/out"
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

const ACCEPTED: &str = r#"accept "secret_sync.web.entry.APP_DB_URL" {
  verdict = "value-changed"
  reason  = "the oven is moved by hand"
  expires = "9999-12-31"
}
"#;

/// The values of the first run, and of the second.
const FIRST: &[(&str, &str)] = &[("DB_URL", "canary-db-url"), ("API_KEY", "canary-key-before")];
const SECOND: &[(&str, &str)] = &[("DB_URL", "canary-db-url"), ("API_KEY", "canary-key-after")];

/// The identity of the capsule, back to front: nobody takes it for one that somebody lost.
const TURNED: &str = "undo.turned";

fn turned(text: &str) -> String {
    text.chars().rev().collect()
}

/// A version that nobody has.
const LATER: &str = "99.1.0";

struct World {
    dir: tempfile::TempDir,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl World {
    fn new() -> Self {
        Self { dir: tempfile::tempdir_in("/tmp").unwrap() }
    }

    /// What a version left.
    fn of(version: &str) -> Self {
        let world = Self::new();
        copy(&kept().join(version), world.dir.path());
        fs::rename(world.path("state"), world.path(".keyform")).unwrap();
        fs::write(world.path("undo.key"), turned(&world.read(TURNED))).unwrap();
        fs::set_permissions(world.path("undo.key"), fs::Permissions::from_mode(0o600)).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    fn run_with(&self, values: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut command = Command::new(PROGRAM);
        command.env_clear().args(args).current_dir(self.dir.path()).envs(values.iter().copied());
        if self.path("snapshot.key").exists() {
            command.env("KEYFORM_SNAPSHOT_SIGNING_KEY", self.read("snapshot.key").trim());
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(SECOND, args)
    }

    fn does(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}\n{}{}", ran.out, ran.err);
        ran
    }

    /// Puts something else in the place of what is in a file, exactly once.
    fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(old).count(), 1, "{name}: {old}");
        fs::write(self.path(name), text.replace(old, new)).unwrap();
    }
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat")
}

/// Every version that something is kept of.
fn versions() -> Vec<String> {
    let folders = fs::read_dir(kept()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let mut versions: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    versions.sort();
    assert!(!versions.is_empty());
    versions
}

/// Copies a folder, for its owner's eyes only, as keyform itself would have made it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::write(&to, fs::read(entry.path()).unwrap()).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// What the program promises: numbers of diagnostics, exit codes, commands with their options.
fn promises() -> BTreeSet<String> {
    let mut promises: BTreeSet<String> = codes::all().map(|code| format!("diagnostic {}", code.id)).collect();
    let ran = World::new().does(0, &["explain", "exit-codes"]);
    promises.extend(ran.out.lines().map(|line| format!("exit {}", line.split_whitespace().next().unwrap())));
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/commands.md")).unwrap();
    let option = regex::Regex::new(r"^ +(?:-\w, )?(--[a-z-]+)").unwrap();
    let mut command = "";
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            command = name;
            promises.insert(format!("command {command}"));
        } else if let Some(found) = option.captures(line) {
            promises.insert(format!("option {command} {}", &found[1]));
        }
    }
    promises
}

/// Makes the folder of this version.
fn freeze() {
    let folder = kept().join(env!("CARGO_PKG_VERSION"));
    assert!(!folder.exists(), "{} is kept already: a released version does not change", folder.display());
    let world = World::new();
    let run = |values: &[(&str, &str)], args: &[&str]| {
        let ran = world.run_with(values, args);
        assert!(ran.code < 4, "{args:?}\n{}{}", ran.out, ran.err);
        ran.out
    };
    fs::create_dir(world.path("out")).unwrap();
    let recipient = run(&[], &["undo", "--new-identity", "undo.key"]);
    fs::write(world.path("main.hcl"), MAIN.replace("RECIPIENT", recipient.trim())).unwrap();
    let public = run(&[], &["snapshot", "keygen", "snapshot.key"]);
    fs::write(world.path("snapshot.pub"), public.lines().last().unwrap()).unwrap();
    run(FIRST, &["apply", "--auto-approve"]);
    run(SECOND, &["plan", "--out", "web.plan"]);
    run(SECOND, &["apply", "--auto-approve", "--output", "json=report.json"]);
    run(SECOND, &["snapshot", "--out", "now.snapshot", "--expires-in", "3650d"]);
    // What drift is of: accepted until the end of time.
    let file = world.read("out/dev.env");
    world.replace("out/dev.env", "canary-db-url", "canary-by-hand");
    run(SECOND, &["drift", "--output", "json=drift.json"]);
    fs::write(world.path("out/dev.env"), file).unwrap();
    fs::write(world.path("drift.ignore.hcl"), ACCEPTED).unwrap();
    let mut text = String::new();
    for promise in promises() {
        writeln!(text, "{promise}").unwrap();
    }
    fs::write(world.path("promises"), text).unwrap();
    fs::write(world.path(TURNED), turned(&world.read("undo.key"))).unwrap();
    fs::remove_file(world.path("undo.key")).unwrap();
    // Who signed is of no use to whoever reads.
    fs::remove_file(world.path("snapshot.key")).unwrap();
    fs::rename(world.path(".keyform"), world.path("state")).unwrap();
    copy(world.dir.path(), &folder);
}

#[test]
fn what_earlier_versions_left_is_used() {
    if std::env::var_os("KEYFORM_FREEZE").is_some() {
        freeze();
    }
    let versions = versions();
    assert!(versions.iter().any(|version| version == env!("CARGO_PKG_VERSION")), "run with KEYFORM_FREEZE=1, once");
    for version in versions {
        let world = World::of(&version);
        assert!(!world.read(".keyform/journal.jsonl").is_empty(), "{version}: there is a journal");
        let ran = world.does(0, &["plan", "--exit-code"]);
        assert!(ran.out.contains("Nothing to do: "), "{version}: {}", ran.out);
        assert!(world.does(0, &["ledger", "list"]).out.contains("secret_sync.web"), "{version}");
        assert!(world.does(0, &["show", "web.plan"]).out.contains("~ update  secret.API_KEY"), "{version}");
        // It was applied since, or is of another version: either way it is no longer true, and nothing is wrong with it.
        assert!(world.does(6, &["apply", "web.plan", "--auto-approve"]).err.contains("KF0406"), "{version}");
        for report in ["report.json", "drift.json", "web.plan"] {
            let ran = world.does(0, &["comment", report, "--dry-run"]);
            assert!(ran.out.contains("API_KEY") || ran.out.contains("APP_DB_URL"), "{version}: {report}: {}", ran.out);
        }
        let from = ["--snapshot", "now.snapshot", "--snapshot-key", &world.read("snapshot.pub")];
        let ran = world.does(0, &[&["plan", "--exit-code"], &from[..]].concat());
        assert!(ran.out.contains("Nothing to do: "), "{version}: {}", ran.out);

        world.replace("out/dev.env", "canary-db-url", "canary-by-hand");
        world.does(0, &["drift"]);
        fs::remove_file(world.path("drift.ignore.hcl")).unwrap();
        assert!(world.does(3, &["drift"]).out.contains("value-changed"), "{version}");
        world.replace("out/dev.env", "canary-by-hand", "canary-db-url");

        assert!(world.does(0, &["undo"]).out.contains("can be undone"), "{version}");
        world.does(0, &["undo", "last", "--identity", "undo.key", "--auto-approve"]);
        assert!(world.read("out/dev.env").contains("canary-key-before"), "{version}");
        // What is written from now on is of today, and goes on from what was there.
        world.does(0, &["apply", "--auto-approve"]);
        assert!(world.read("out/dev.env").contains("canary-key-after"), "{version}");
        let ledger: Value = serde_json::from_str(&world.read(".keyform/ledger.json")).unwrap();
        assert_eq!(ledger["keyform"], env!("CARGO_PKG_VERSION"), "{version}");
        world.does(0, &["plan", "--exit-code"]);
    }
}

/// A promise that is broken on purpose stands in `retired`, with the version that broke it: `diagnostic KF9999 1.0.0`.
#[test]
fn what_was_promised_holds() {
    let retired: BTreeMap<&str, &str> =
        include_str!("compat/retired").lines().filter_map(|line| line.rsplit_once(' ')).collect();
    let now = promises();
    for version in versions() {
        let text = fs::read_to_string(kept().join(&version).join("promises")).unwrap();
        assert!(text.lines().count() > 300, "{version}: {}", text.lines().count());
        for promise in text.lines() {
            assert!(
                now.contains(promise) != retired.contains_key(promise),
                "keyform {version} promised `{promise}`: it is there, or it is retired and never comes back"
            );
        }
    }
}

/// Each file with a later version, and the command that reads it.
#[test]
fn what_later_versions_leave_is_refused_by_name() {
    let version = env!("CARGO_PKG_VERSION");
    let by = |own: &str| format!("\"keyform\"{own}\"{version}\"");
    let later = |own: &str| format!("\"keyform\"{own}\"{LATER}\"");
    let (wide, tight) = (": ", ":");
    let key = fs::read_to_string(kept().join(version).join("snapshot.pub")).unwrap();
    let planned = ["plan", "--snapshot", "now.snapshot", "--snapshot-key", &key];
    let note = {
        let world = World::of(version);
        let names = fs::read_dir(world.path(".keyform/undo")).unwrap().map(|entry| entry.unwrap().file_name());
        let note = names.map(|name| name.into_string().unwrap()).find(|name| name.ends_with(".json")).unwrap();
        format!(".keyform/undo/{note}")
    };
    let check = |file: &str, marks: &[(&str, &str)], args: &[&str], code: &str, needs: &str| {
        let world = World::of(version);
        for (old, new) in marks {
            world.replace(file, old, new);
        }
        let ran = world.run(args);
        let err = ran.err.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
        assert!(err.contains(code) && err.contains(needs), "{file}: {}{}", ran.out, ran.err);
        assert!(!["is no ", "damaged", "not as "].iter().any(|word| err.contains(word)), "{file}: {err}");
        ran.code
    };
    let number = ("\"version\": 1", "\"version\": 2");
    let named = format!("use keyform {LATER}, or a later one");
    let wide_by = (&*by(wide), &*later(wide));
    let unknown = ("\"records\"", "\"unheard\": {}, \"records\"");
    let state = ".keyform/ledger.json";
    assert_eq!(check(state, &[number, wide_by, unknown], &["plan"], "KF0804", &named), 1);
    assert_eq!(check(state, &[number, wide_by], &["apply", "--auto-approve"], "KF0804", &named), 1);
    let plan = ("\"keyform.plan/1\"", "\"keyform.plan/2\"");
    for args in [["show", "web.plan"].as_slice(), &["apply", "web.plan"], &["comment", "web.plan", "--dry-run"]] {
        assert_eq!(check("web.plan", &[plan, wide_by], args, "KF1280", &named), 1);
    }
    // Of the same version, and with a word that came later.
    let word = ("\"hazards\": []", "\"hazards\": {\"teleport\": 1}");
    assert_eq!(check("web.plan", &[word, wide_by], &["show", "web.plan"], "KF1280", &named), 1);
    let report = ("\"keyform.report/1\"", "\"keyform.report/7\"");
    let any = "use the keyform that wrote it, or a later one";
    assert_eq!(check("report.json", &[report], &["comment", "report.json", "--dry-run"], "KF1280", any), 1);
    let drift = ("\"keyform.drift/1\"", "\"keyform.drift/2\"");
    assert_eq!(check("drift.json", &[drift], &["comment", "drift.json", "--dry-run"], "KF1280", any), 1);
    let snapshot = ("\"format\":\"keyform.snapshot/1\"", "\"format\":\"keyform.snapshot/2\"");
    let tight_by = (&*format!("{},\"at\"", by(tight)), &*format!("{},\"at\"", later(tight)));
    assert_eq!(check("now.snapshot", &[snapshot, tight_by], &planned, "KF1280", &named), 1);
    let changed = World::of(version);
    changed.replace("now.snapshot", tight_by.0, tight_by.1);
    assert!(changed.does(1, &planned).err.contains("KF1161"), "what is of a known version is signed");
    check(&note, &[number, wide_by], &["undo"], "KF1280", &named);

    let world = World::of(version);
    rusqlite::Connection::open(world.path(".keyform/server/server.db"))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let ran = world.does(1, &["plan"]);
    assert!(ran.err.contains("KF0705") && ran.err.contains("version 99"), "{}", ran.err);
}
