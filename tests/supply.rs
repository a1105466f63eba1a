//! What keyform is made of: every dependency comes from crates.io, has a licence that `deny.toml` allows, and is
//! none that it bans. `cargo deny check` reads the same file and knows advisories as well.

use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The quoted texts of an array in `deny.toml`.
fn listed(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let start = text.find(&format!("\n{name} = [")).unwrap_or_else(|| panic!("deny.toml has no `{name}`"));
    let array = text[start..].split("\n]").next().unwrap();
    let lines = array.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether an SPDX expression can be met with the licences that are allowed.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any(&words, &mut at, allowed);
    met && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(words, at, allowed);
    }
    met
}

fn all(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = any(words, at, allowed);
        *at += 1;
        return met;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).unwrap_or(&"");
        *at += 2;
        return allowed.contains(&format!("{word} WITH {exception}"));
    }
    allowed.contains(*word)
}

#[test]
fn every_licence_is_allowed_and_each_that_is_allowed_is_needed() {
    let allowed = listed("allow");
    assert!(is_met("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed) && is_met("GPL-3.0/MIT", &allowed));
    assert!(!is_met("MIT AND GPL-3.0", &allowed) && !is_met("GPL-3.0 OR AGPL-3.0", &allowed) && !is_met("", &allowed));
    assert!(!is_met("GPL-2.0 WITH Classpath-exception-2.0", &allowed));
    let packages = packages();
    let licence = |package: &Value| package["license"].as_str().unwrap_or_default().to_owned();
    let bad: Vec<String> = packages
        .iter()
        .filter(|package| !is_met(&licence(package), &allowed))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], licence(package)))
        .collect();
    assert!(bad.is_empty(), "licences that deny.toml does not allow:\n{}", bad.join("\n"));
    for name in &allowed {
        let mut less = allowed.clone();
        less.remove(name);
        let is_needed = packages.iter().any(|package| !is_met(&licence(package), &less));
        // Either of the two that nearly everything offers would do.
        assert!(is_needed || name == "MIT", "{name} is allowed, and nothing needs it");
    }
}

#[test]
fn everything_comes_from_crates_io_and_with_a_checksum() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut seen = 0;
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
            line.map(|line| line.trim_end_matches('"').to_owned())
        };
        let name = field("name").unwrap();
        if name.starts_with("keyform") {
            continue;
        }
        seen += 1;
        assert_eq!(field("source").as_deref(), Some(CRATES_IO), "{name}");
        assert!(field("checksum").is_some_and(|sum| sum.len() == 64), "{name} has no checksum");
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn one_tls_one_way_and_nothing_that_is_banned() {
    let banned = listed("deny");
    assert!(banned.contains("openssl-sys"), "{banned:?}");
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap().to_owned();
        assert!(!banned.contains(&name), "{name} is banned by deny.toml");
        versions.entry(name).or_default().insert(package["version"].as_str().unwrap().to_owned());
    }
    for name in ["rustls", "ring", "hyper", "reqwest", "tokio", "serde", "serde_json", "h2", "http"] {
        assert_eq!(versions.get(name).map(BTreeSet::len), Some(1), "{name}: {:?}", versions.get(name));
    }
}

#[test]
fn nothing_here_is_unsafe() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(text.contains("\nunsafe_code = \"forbid\"\n"));
    assert!(!root().join("build.rs").exists(), "a build script runs on every machine that builds this");
}

/// What Cargo.toml says of the package.
fn manifest(name: &str) -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix("= \""));
    line.unwrap().trim_end_matches('"').to_owned()
}

#[test]
fn the_image_has_certificates_and_no_root_and_is_built_as_cargo_says() {
    let text = fs::read_to_string(root().join("Containerfile")).unwrap();
    let stages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    let rust = format!("docker.io/library/rust:{}-", manifest("rust-version"));
    assert!(stages[0].starts_with(&rust), "{stages:?}");
    // Of what there is without a shell, this one has the C library, libgcc and certificates.
    assert_eq!(stages.last(), Some(&"gcr.io/distroless/cc-debian12:nonroot"));
    assert!(text.lines().any(|line| line == "USER nonroot"), "{text}");
    let profile = text.split("--profile ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    let cargo = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(cargo.contains(&format!("\n[profile.{profile}]\n")), "{profile}");
    assert!(text.contains(&format!("/src/target/{profile}/keyform ")), "{profile}");
}

#[test]
fn the_changelog_begins_with_the_version_that_is_built() {
    let text = fs::read_to_string(root().join("docs/CHANGELOG.md")).unwrap();
    let heading = text.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    let (version, day) = heading.split_once(", ").unwrap();
    assert_eq!(version, manifest("version"));
    assert!(day == "unreleased" || day.parse::<jiff::civil::Date>().is_ok(), "{day}");
}
