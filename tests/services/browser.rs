//! A browser: Chromium as Debian-like systems run it without a screen, fetched once from npm into
//! `target/test-services/browser/`, and driven by `browser/drive.mjs`.

use crate::services;
use crate::services::source;
use serde_json::Value;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::LazyLock;

/// What came of a page.
pub struct Visit {
    /// What each step gave.
    pub results: Vec<Value>,
    /// What the page said on its console, or failed with.
    pub said: Vec<String>,
    /// Every address that was asked for, the page's own first.
    pub asked: Vec<String>,
}

/// Opens a file with a look (`width`, `height`, `dark`, `print`) and does the steps, which `drive.mjs` lists.
pub fn visit(file: &Path, look: Value, steps: &[Value]) -> Visit {
    static PROGRAM: LazyLock<PathBuf> =
        LazyLock::new(|| services::packages("browser", &unpack).join("unpacked/chromium"));
    let mut first = json!({ "open": format!("file://{}", file.display()) });
    first.as_object_mut().unwrap().extend(look.as_object().unwrap().clone());
    let all: Vec<Value> = std::iter::once(first).chain(steps.iter().cloned()).collect();
    let steps = Value::from(all).to_string();
    let mut output = driven(&PROGRAM, &steps);
    for _ in 0..2 {
        // A browser that died on a busy machine says nothing of the page.
        if output.status.code() == Some(LEFT_WAITING) {
            output = driven(&PROGRAM, &steps);
        }
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the browser ended with {}: {said}", output.status);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let texts = |name: &str| {
        answer[name].as_array().unwrap().iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
    };
    Visit { results: answer["results"].as_array().unwrap().clone(), said: texts("said"), asked: texts("asked") }
}

/// How Node ends where what it waits for is gone.
const LEFT_WAITING: i32 = 13;

fn driven(program: &Path, steps: &str) -> Output {
    let mut child = Command::new("node")
        .arg(source("browser").join("drive.mjs"))
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| panic!("node is needed to drive the browser: {why}"));
    child.stdin.take().unwrap().write_all(steps.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn unpack(folder: &Path) {
    let made = Command::new("node")
        .arg(source("browser").join("unpack.mjs"))
        .arg(folder.join("node_modules/@sparticuz/chromium"))
        .arg(folder.join("unpacked"))
        .output()
        .unwrap_or_else(|why| panic!("node is needed to unpack the browser: {why}"));
    assert!(made.status.success(), "the browser can't be unpacked: {}", String::from_utf8_lossy(&made.stderr));
}
