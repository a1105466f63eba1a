//! Helm, as it lints and renders a chart: its own engine as a library, fetched once from PyPI into
//! `target/test-services/helm/` and asked by `helm/lint.py`.
//!
//! The library has no `template`. What a chart hands to `fail` is logged while it is linted, so a copy of the chart hands
//! everything that it renders to that.

use crate::services::source;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// What Helm makes of a chart.
pub struct Linted {
    /// What is wrong with it.
    pub errors: Vec<String>,
    /// What each template comes to, by its name.
    pub rendered: BTreeMap<String, String>,
    /// Why it would not be installed, in the words of its templates.
    pub refused: Vec<String>,
}

/// Lints and renders a chart with these values in place of its own, which have the names of all.
pub fn lint(chart: &Path, values: &Value) -> Linted {
    let library = library();
    let root = tempfile::tempdir().unwrap();
    let copy = root.path().join(chart.file_name().unwrap());
    copied(chart, &copy);
    fs::write(copy.join("values.yaml"), values.to_string()).unwrap();
    fs::create_dir(copy.join("shown")).unwrap();
    for entry in fs::read_dir(chart.join("templates")).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        if !name.to_str().unwrap().starts_with('_') {
            fs::copy(path, copy.join("shown").join(name)).unwrap();
        }
    }
    let show = "{{- range $path, $_ := .Files.Glob \"shown/*\" }}{{- fail (printf \"%s\\n%s\" $path (tpl ($.Files.Get $path) $)) }}{{ end }}\n";
    fs::write(copy.join("templates/shown.yaml"), show).unwrap();
    let output = Command::new("python3").arg(source("helm").join("lint.py")).arg(library).arg(&copy).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors = answer["Errors"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    // `… message="shown/a.yaml\n…"`: a text as Go quotes it.
    let messages = said.lines().filter_map(|line| line.split_once("funcMap fail message="));
    let mut linted = Linted { errors, rendered: BTreeMap::new(), refused: Vec::new() };
    for (_, text) in messages {
        let text = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
        match text.strip_prefix("shown/").and_then(|rest| rest.split_once('\n')) {
            Some((name, text)) => drop(linted.rendered.insert(name.to_owned(), text.to_owned())),
            None => linted.refused.push(text),
        }
    }
    linted
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        if path.is_dir() {
            copied(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// The library, fetched when what is listed changes, one process at a time.
fn library() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-services/helm");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (wanted, stamp) = (fs::read_to_string(source("helm").join("requirements.txt")).unwrap(), folder.join("stamp"));
    if !fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        let fetched = Command::new("python3").arg(source("helm").join("fetch.py")).arg(&folder).output();
        let fetched = fetched.unwrap_or_else(|why| panic!("python3 is needed to fetch Helm: {why}"));
        assert!(fetched.status.success(), "Helm can't be fetched: {}", String::from_utf8_lossy(&fetched.stderr));
        fs::write(stamp, wanted).unwrap();
    }
    folder.join("helm.so")
}
