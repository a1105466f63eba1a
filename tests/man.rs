//! The manual: a page for every command, and none that the programs that show it complain of.

use crate::scenarios::PROGRAM;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_command_has_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("man1");
    let ran = Command::new(PROGRAM).args(["man", "--out"]).arg(&out).output().unwrap();
    assert!(ran.status.success() && ran.stdout.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));

    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/commands.md")).unwrap();
    let names = page.lines().filter_map(|line| Some(format!("{}.1", line.strip_prefix("## ")?.replace(' ', "-"))));
    let wanted: BTreeSet<String> = names.collect();
    let made = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let made: BTreeSet<String> = made.collect();
    assert!(wanted.len() > 30 && made == wanted, "{:?}", made.symmetric_difference(&wanted));

    let plan = fs::read_to_string(out.join("keyform-plan.1")).unwrap();
    for word in [".SH NAME", "Show what apply would do, key by key", "\\-\\-exit\\-code", ".SH EXTRA"] {
        assert!(plan.contains(word), "{word}: {plan}");
    }
    // Where they are there. Every warning is one that a reader would see as odd text.
    for (program, options) in
        [("groff", ["-k", "-Kutf8", "-man", "-ww", "-z"].as_slice()), ("mandoc", &["-T", "lint", "-W", "error"])]
    {
        for name in &made {
            let Ok(ran) = Command::new(program).args(options).arg(out.join(name)).output() else { continue };
            let said = [ran.stdout, ran.stderr].concat();
            assert!(ran.status.success() && said.is_empty(), "{program} {name}: {}", String::from_utf8_lossy(&said));
        }
    }
}

#[test]
fn a_directory_that_can_not_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let out = dir.path().join("file/man1");
    let ran = Command::new(PROGRAM).args(["man", "--out"]).arg(&out).output().unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{err}");
    assert!(err.contains("KF1002"), "{err}");
}
