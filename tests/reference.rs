//! Pages of `docs/reference/` that are made from tables: what is committed is what is generated.
//! `KEYFORM_BLESS=1` rewrites them; review that as a diff. Pages of apps are in `manifest.rs`, that of
//! blocks is in `config.rs`.

use std::fmt::Write;
use std::process::Command;

fn check(page: &str, text: &str) {
    let path = format!("{}/docs/reference/{page}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("KEYFORM_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/reference/{page} is not what is generated; run with KEYFORM_BLESS=1");
}

#[test]
fn functions_are_listed() {
    check("functions.md", &keyform::view::reference::functions());
}

#[test]
fn diagnostics_are_listed() {
    check("diagnostics.md", &keyform::view::reference::diagnostics());
}

#[test]
fn commands_are_listed() {
    let mut page = String::from("# Commands\n\nGenerated from `keyform COMMAND --help`.\n");
    write(&mut page, &mut Vec::new());
    check("commands.md", &page);
}

/// The help of a command and of those below it.
fn write(page: &mut String, command: &mut Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_keyform")).args(&*command).arg("--help").output().unwrap();
    assert!(output.status.success(), "{command:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{command:?} has lines of more than 80 columns: {wide:#?}");
    let name = command.iter().fold("keyform".to_owned(), |name, part| format!("{name} {part}"));
    write!(page, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end()).unwrap();
    let below = help.split("Commands:\n").nth(1).unwrap_or_default().lines();
    for line in below.take_while(|line| line.starts_with("  ")) {
        let Some(sub) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else { continue };
        command.push(sub.split_whitespace().next().unwrap().to_owned());
        write(page, command);
        command.pop();
    }
}
