//! Files and directories that may not be read or written: said as such, never taken for missing or empty, and
//! nothing is lost. Root may do everything, so where the tests run as root the program runs as nobody.

use crate::scenarios::PROGRAM;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::process::Stdio;

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

struct World {
    root: tempfile::TempDir,
    as_root: bool,
}

impl World {
    /// A copy of the program and a configuration, both the unprivileged user's, applied once.
    fn new() -> Self {
        let root = tempfile::tempdir_in("/tmp").unwrap();
        let as_root = fs::metadata(root.path()).unwrap().uid() == 0;
        fs::copy(PROGRAM, root.path().join("keyform")).unwrap();
        let work = root.path().join("work");
        fs::create_dir(&work).unwrap();
        let text = include_str!("scenarios/web.hcl").replace("secret_env(\"DB_URL\")", "secret_file(\"db.txt\")");
        fs::write(work.join("main.hcl"), text).unwrap();
        fs::write(work.join("db.txt"), "canary-db").unwrap();
        if as_root {
            for path in [root.path(), &work, &work.join("main.hcl"), &work.join("db.txt")] {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        fs::set_permissions(work.join("db.txt"), fs::Permissions::from_mode(0o600)).unwrap();
        let world = Self { root, as_root };
        let (code, text) = world.run(&["apply", "--auto-approve"]);
        assert_eq!(code, 0, "{text}");
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join("work").join(name)
    }

    /// The exit code, and all that was said.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let program = self.root.path().join("keyform");
        let mut command = match self.as_root {
            true => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
                command.arg("--clear-groups").arg(program);
                command
            }
            false => Command::new(program),
        };
        command.args(args).current_dir(self.root.path().join("work")).stdin(Stdio::null());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("API_KEY", "canary-api");
        let output = command.output().unwrap_or_else(|e| panic!("setpriv (util-linux) is needed to be nobody: {e}"));
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    fn mode(&self, name: &str, mode: u32) -> u32 {
        let path = self.path(name);
        let old = fs::metadata(&path).unwrap().permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        old
    }
}

#[test]
fn what_may_not_be_read_or_written_is_said_and_nothing_is_lost() {
    let world = World::new();
    let written = fs::read(world.path("out/dev.env")).unwrap();
    let tree = fs::read_dir(world.path("out")).unwrap().count();
    // Which file, with which mode, is in the way of what; what is said then, and the exit code.
    for (file, mode, args, said, code) in [
        ("main.hcl", 0o000, &["validate"][..], "KF0201", 1),
        (".", 0o300, &["validate"], "KF0201", 1),
        ("main.hcl", 0o000, &["fmt"], "KF1001", 1),
        ("db.txt", 0o000, &["plan"], "KF0907", 0),
        ("out/dev.env", 0o000, &["plan"], "permission denied", 5),
        ("out", 0o000, &["plan"], "permission denied", 5),
        (".keyform/ledger.json", 0o000, &["plan"], "KF0801", 1),
        (".keyform/fingerprint.key", 0o000, &["plan"], "KF0", 1),
        (".keyform/server/server.db", 0o000, &["plan"], "KF0701", 1),
        (".keyform", 0o500, &["apply", "--auto-approve"], "KF08", 1),
    ] {
        let old = world.mode(file, mode);
        let (exit, text) = world.run(args);
        world.mode(file, old);
        assert!(text.contains(said), "{file} {mode:o} {args:?}: {text}");
        assert_eq!(exit, code, "{file} {mode:o} {args:?}: {text}");
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(world.run(&["plan", "--exit-code"]).0, 0, "{file} {mode:o} {args:?}: nothing is to do afterwards");
    }
    // A new value that can't be written.
    fs::write(world.path("db.txt"), "canary-new").unwrap();
    let old = world.mode("out", 0o500);
    let (exit, text) = world.run(&["apply", "--auto-approve"]);
    world.mode("out", old);
    assert!(exit == 7 && text.contains("KF0903"), "{exit} {text}");
    assert_eq!(fs::read(world.path("out/dev.env")).unwrap(), written, "the file is as it was");
    assert_eq!(fs::read_dir(world.path("out")).unwrap().count(), tree, "nothing lies beside it");
    assert_eq!(world.run(&["apply", "--auto-approve"]).0, 0);
    assert!(fs::read_to_string(world.path("out/dev.env")).unwrap().contains("canary-new"));
}

#[test]
fn a_file_that_may_not_be_written_is_left_as_it_is() {
    let world = World::new();
    let text = fs::read_to_string(world.path("main.hcl")).unwrap().replace("  method", "method");
    fs::write(world.path("main.hcl"), &text).unwrap();
    world.mode("main.hcl", 0o400);
    let (exit, said) = world.run(&["fmt"]);
    assert!(exit == 1 && said.contains("KF1002"), "{exit} {said}");
    assert_eq!(fs::read_to_string(world.path("main.hcl")).unwrap(), text);
}
