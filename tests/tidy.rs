//! The architecture as tests: whatever `docs/ARCHITECTURE.md` promises and a machine can check.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Most lines of code in one file: blank lines and comments are free.
const MAX_LINES: usize = 500;

/// Files and folders below `src/` that may touch files, network, clock or environment.
const OUTSIDE: &[&str] = &[
    "config/load.rs",
    "config/source.rs",
    "disk.rs",
    "http/ambient.rs",
    "http/client.rs",
    "backend/client.rs",
    "backend/auth/",
    "provider/native/",
    "provider/registry.rs",
    "provider/sign/credentials.rs",
    "ledger/",
    "server/",
    "engine/",
    "cli/",
    "main.rs",
];

/// Rooms that are pure: not async, no serde.
const PURE: &[&str] = &["secret.rs", "secret/", "diag/", "model/", "plan/", "lang/", "config/", "view/"];

/// The edges where values become bytes.
const SERDE: &[&str] = &[
    "api/",
    "backend/",
    "engine/wire.rs",
    "http/json.rs",
    "ledger/",
    "view/json",
    "forge/",
    "notify/",
    "server/",
    "config/vars.rs",
    "config/json_schema.rs",
    "lang/functions/",
    "provider/native/",
    "provider/reference",
    "engine/secrets",
    "lsp/",
    "cli/",
];

struct File {
    /// Below `src/`, with forward slashes.
    name: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(below: &str) -> Vec<File> {
    let mut open = vec![root().join(below)];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root().join(below)).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(File { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// The code of a file without comments, line by line with numbers counted from 1; tests at its end left out.
fn code(file: &File) -> Vec<(usize, &str)> {
    let end = file.text.find("#[cfg(test)]").unwrap_or(file.text.len());
    file.text[..end]
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line))
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
        .collect()
}

fn is_in(name: &str, places: &[&str]) -> bool {
    places.iter().any(|place| name.starts_with(place))
}

/// Fails with all findings at once, so that one run shows everything there is to mend.
fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}\n  {}", findings.join("\n  "));
}

/// The modules in the order of `src/lib.rs`.
fn layers() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    text.lines().filter_map(|line| Some(line.strip_prefix("pub mod ")?.split(';').next()?.to_owned())).collect()
}

#[test]
fn a_module_imports_only_from_modules_above_it() {
    let layers = layers();
    let rank: BTreeMap<&str, usize> = layers.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let mut findings = Vec::new();
    for file in rust_files("src") {
        let room = file.name.split(['/', '.']).next().unwrap();
        let Some(&own) = rank.get(room) else { continue };
        for (line, text) in code(&file) {
            for part in text.split("crate::").skip(1) {
                let other: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(&theirs) = rank.get(other.as_str()) else { continue };
                if theirs > own {
                    findings.push(format!("src/{}:{line} {room} uses {other}, which is below it", file.name));
                }
                if room == "server"
                    && ["engine", "backend", "cli", "plan", "config", "ledger"].contains(&other.as_str())
                {
                    findings.push(format!("src/{}:{line} the server must not know {other}", file.name));
                }
            }
        }
    }
    none(&findings, "the order of src/lib.rs is the law");
}

#[test]
fn files_are_short_and_say_what_they_hold() {
    let mut findings = Vec::new();
    for below in ["src", "tests", "benches"] {
        for file in rust_files(below) {
            let lines = code(&file).len();
            if lines > MAX_LINES {
                findings.push(format!("{below}/{} has {lines} lines of code, {MAX_LINES} are allowed", file.name));
            }
            if !file.text.starts_with("//!") {
                findings.push(format!("{below}/{} does not open with //! saying what lives there", file.name));
            }
        }
    }
    none(&findings, "a file is short and opens with what lives there");
}

#[test]
fn the_outside_world_is_touched_at_the_edges_only() {
    let touches = [
        "std::fs",
        "std::net",
        "std::env",
        "env::var",
        "tokio::net",
        "tokio::fs",
        "tokio::process",
        "std::process",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "File::open",
        "stdin()",
        "stdout()",
    ];
    let mut findings = Vec::new();
    for file in rust_files("src") {
        if is_in(&file.name, OUTSIDE) {
            continue;
        }
        for (line, text) in code(&file) {
            if let Some(word) = touches.iter().find(|word| text.contains(**word)) {
                findings.push(format!("src/{}:{line} {word}", file.name));
            }
        }
    }
    none(&findings, "files, network, clock and environment are touched at the edges only");
}

#[test]
fn pure_rooms_are_not_async_and_serde_stays_at_the_edges() {
    let mut findings = Vec::new();
    for file in rust_files("src") {
        for (line, text) in code(&file) {
            if is_in(&file.name, PURE)
                && (text.contains("async ") || text.contains(".await") || text.contains("tokio::"))
            {
                findings.push(format!("src/{}:{line} is async", file.name));
            }
            let serde = text.contains("serde::") || text.contains("Serialize") || text.contains("serde_json::");
            if serde && !is_in(&file.name, SERDE) {
                findings.push(format!("src/{}:{line} uses serde", file.name));
            }
        }
    }
    none(&findings, "pure rooms are not async; values become bytes at the edges only");
}

#[test]
fn nothing_is_printed_outside_the_command_line() {
    let mut findings = Vec::new();
    for file in rust_files("src") {
        for (line, text) in code(&file) {
            let prints = ["println!", "eprintln!", "print!(", "dbg!"].iter().any(|word| text.contains(word));
            if prints && !file.name.starts_with("cli/") {
                findings.push(format!("src/{}:{line}", file.name));
            }
        }
    }
    none(&findings, "only cli/ prints");
}

#[test]
fn names_say_what_is_inside_and_nothing_is_left_for_later() {
    let drawers = ["util", "utils", "helper", "helpers", "common", "misc", "stuff"];
    let later = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("];
    let mut findings = Vec::new();
    for file in rust_files("src").iter().chain(&rust_files("tests")) {
        let stem = Path::new(&file.name).file_stem().unwrap().to_str().unwrap();
        if drawers.contains(&stem) || file.name.split('/').any(|part| drawers.contains(&part)) {
            findings.push(format!("{} is a drawer", file.name));
        }
        if file.name == "tidy.rs" {
            continue;
        }
        for (i, line) in file.text.lines().enumerate() {
            if let Some(word) = later.iter().find(|word| line.contains(**word)) {
                findings.push(format!("{}:{} {word}", file.name, i + 1));
            }
        }
    }
    none(&findings, "no drawers, nothing for later");
}

#[test]
fn a_trait_has_more_than_one_implementation() {
    let files = rust_files("src");
    let mut findings = Vec::new();
    for file in &files {
        for (line, text) in code(file) {
            let Some(rest) =
                text.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("trait ")
            else {
                continue;
            };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            let implementations = files
                .iter()
                .flat_map(|f| f.text.lines())
                .filter(|l| {
                    l.trim_start().starts_with("impl") && l.contains(&format!("{name} for "))
                        || l.contains(&format!("{name}> for "))
                })
                .count();
            if implementations < 2 {
                findings.push(format!("src/{}:{line} trait {name} has {implementations}", file.name));
            }
        }
    }
    none(&findings, "no trait with one implementation");
}

#[test]
fn every_file_is_part_of_the_build() {
    let mut findings = Vec::new();
    for below in ["src", "tests"] {
        for file in rust_files(below) {
            let path = PathBuf::from(&file.name);
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let folder = root().join(below).join(path.parent().unwrap());
            let (name, parents) = match stem {
                "main" | "lib" if path.parent() == Some(Path::new("")) => continue,
                // A package of its own.
                "main" if folder.join("Cargo.toml").exists() => continue,
                "mod" => (
                    folder.file_name().unwrap().to_str().unwrap().to_owned(),
                    vec![
                        folder.parent().unwrap().join("mod.rs"),
                        folder.parent().unwrap().join("lib.rs"),
                        folder.parent().unwrap().join("main.rs"),
                    ],
                ),
                _ => (
                    stem.to_owned(),
                    vec![
                        folder.join("mod.rs"),
                        folder.join("lib.rs"),
                        folder.join("main.rs"),
                        folder.with_extension("rs"),
                    ],
                ),
            };
            let listed = parents
                .iter()
                .filter_map(|parent| fs::read_to_string(parent).ok())
                .any(|text| text.lines().any(|line| line.contains(&format!("mod {name};"))));
            if !listed {
                findings.push(format!("{below}/{} is listed by no parent", file.name));
            }
        }
    }
    none(&findings, "a file that nothing lists is a forgotten one");
}

#[test]
fn no_secret_is_formatted_into_an_ordinary_text() {
    // A secret goes into a body, a header, a file or a hash; a text made of it would be an ordinary string
    // that is not wiped and that anyone may print.
    let mut findings = Vec::new();
    for file in rust_files("src") {
        for (line, text) in code(&file) {
            if text.contains("format!") && text.contains(".expose()") {
                findings.push(format!("src/{}:{line} {}", file.name, text.trim()));
            }
        }
    }
    none(&findings, "no secret is formatted into a text");
}
