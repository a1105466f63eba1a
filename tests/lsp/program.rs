//! The program on its standard input and output.

use crate::lsp::BASE;
use crate::lsp::editor::Editor;
use crate::scenarios::PROGRAM;
use serde_json::Value as Json;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What was told without being asked.
    told: Vec<Json>,
}

impl Client {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("lsp").args(args).env_clear();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, told: Vec::new() }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    fn send(&mut self, message: &Json) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Json) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn next(&mut self) -> Json {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server is gone");
            match line.trim_end() {
                "" => break,
                line => length = line.strip_prefix("Content-Length: ").unwrap().parse().unwrap(),
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn answer(&mut self, id: Json) -> Json {
        loop {
            let message = self.next();
            if message.get("id") == Some(&id) && message.get("method").is_none() {
                return message;
            }
            self.told.push(message);
        }
    }

    fn ask(&mut self, id: u64, method: &str, params: Json) -> Json {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.answer(json!(id))
    }

    fn initialize(&mut self, dir: &Path) {
        let can = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
        let root = format!("file://{}", dir.display());
        let answer = self.ask(1, "initialize", json!({ "processId": null, "rootUri": root, "capabilities": can }));
        assert_eq!(answer["result"]["capabilities"]["textDocumentSync"]["change"], 2);
        self.tell("initialized", json!({}));
        let watching = self.next();
        assert_eq!(watching["method"], "client/registerCapability");
        self.send(&json!({ "jsonrpc": "2.0", "id": watching["id"], "result": null }));
    }

    fn open(&mut self, path: &Path, text: &str) {
        let uri = format!("file://{}", path.display());
        let document = json!({ "uri": uri, "languageId": "hcl", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// The problems of a file that are told next.
    fn problems(&mut self, path: &Path) -> Json {
        let uri = json!(format!("file://{}", path.display()));
        loop {
            let message = self.next();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return message["params"]["diagnostics"].clone();
            }
        }
    }

    /// Says goodbye; gives the exit code and the log.
    fn end(mut self) -> (i32, String) {
        assert_eq!(self.ask(99, "shutdown", Json::Null)["result"], Json::Null);
        let late = self.ask(100, "textDocument/hover", json!({}));
        assert_eq!(late["error"]["code"], -32600);
        self.tell("exit", Json::Null);
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code().unwrap(), log)
    }
}

#[test]
fn a_conversation_from_its_beginning_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = Client::start(&["-vv"]);
    let early = client.ask(5, "textDocument/hover", json!({}));
    assert_eq!(early["error"]["code"], -32002);
    client.initialize(dir.path());
    // Not saved yet; lines end as on Windows; a character of two units before what changes.
    let main = dir.path().join("main.hcl");
    client.open(&main, "locals { \r\n  a = \"🥐é\" + canary_7f3a\r\n}\r\n");
    let wrong = client.problems(&main);
    assert_eq!(wrong[0]["code"], "KF0105");
    assert_eq!(wrong[0]["severity"], 1);
    assert_eq!(wrong[0]["range"]["start"], json!({ "line": 1, "character": 14 }));
    let id = json!({ "uri": format!("file://{}", main.display()), "version": 2 });
    let range = json!({ "start": { "line": 1, "character": 11 }, "end": { "line": 1, "character": 25 } });
    let change = json!({ "range": range, "text": "" });
    client.tell("textDocument/didChange", json!({ "textDocument": id, "contentChanges": [change] }));
    assert_eq!(client.problems(&main), json!([]), "mended");
    let outline = client.ask(6, "textDocument/documentSymbol", json!({ "textDocument": id }));
    assert_eq!(outline["result"][0]["children"][0]["name"], "a");
    // Whatever comes, it goes on.
    client.raw(b"Content-Length: 7\r\n\r\n{canary");
    assert_eq!(client.answer(Json::Null)["error"]["code"], -32700);
    client.raw(b"Content-Length: x\r\n\r\n");
    assert_eq!(client.answer(Json::Null)["error"]["code"], -32700);
    client.send(&json!({ "jsonrpc": "2.0", "id": 8 }));
    assert_eq!(client.answer(json!(8))["error"]["code"], -32600);
    assert_eq!(client.ask(9, "canary/unknown", json!({}))["error"]["code"], -32601);
    assert_eq!(client.ask(10, "textDocument/hover", json!({ "canary": 1 }))["error"]["code"], -32602);
    client.tell("textDocument/didChange", json!({ "canary": 1 }));
    client.tell("canary/unknown", json!(null));
    assert_eq!(client.ask(11, "initialize", json!({}))["error"]["code"], -32600);
    let elsewhere = json!({ "textDocument": { "uri": "untitled:x" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.ask(12, "textDocument/hover", elsewhere)["result"], Json::Null);
    // Closed and never saved, it is gone, and so is what was wrong with it.
    client.open(&dir.path().join("other.hcl"), "x");
    assert_ne!(client.problems(&dir.path().join("other.hcl")), json!([]));
    client.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": format!("file://{}/other.hcl", dir.path().display()) } }),
    );
    assert_eq!(client.problems(&dir.path().join("other.hcl")), json!([]));
    let (code, log) = client.end();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("file read") && !log.contains("🥐") && !log.contains("at fault"), "{log}");
    assert!(!log.contains("7f3a"), "{log}");
}

#[test]
fn an_editor_that_goes_away_ends_it() {
    let mut client = Client::start(&[]);
    client.tell("exit", Json::Null);
    assert_eq!(client.child.wait().unwrap().code(), Some(1));
    let Client { mut child, input, .. } = Client::start(&[]);
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// A problem as both tell it: code, severity, file, range, words, how many places more.
type Problem = (String, String, String, [u64; 4], String, Option<String>, usize);

/// Everything that `keyform validate` says of a directory, as far as it has a place.
fn validated(dir: &Path) -> BTreeSet<Problem> {
    let output = Command::new(PROGRAM).arg("-C").arg(dir).args(["validate", "--json"]).env_clear().output().unwrap();
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let problem = |problem: &Json| {
        let labels = problem["labels"].as_array().unwrap();
        let first = labels.first()?;
        let number = |side: &str, unit: &str| first[side][unit].as_u64().unwrap() - 1;
        let range =
            [number("start", "line"), number("start", "column"), number("end", "line"), number("end", "column")];
        let file = Path::new(first["file"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
        let words = match first["text"].as_str().unwrap() {
            "" => text(&problem["detail"]),
            there => format!("{} ({there})", text(&problem["detail"])),
        };
        let help = problem["help"].as_str().map(|help| format!("help: {help}"));
        Some((text(&problem["code"]), text(&problem["severity"]), file, range, words, help, labels.len() - 1))
    };
    document["diagnostics"].as_array().unwrap().iter().filter_map(problem).collect()
}

/// The same as an editor is told it. No scenario has a character of two units, so columns are characters.
fn shown(file: &str, problem: &Json) -> Problem {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let range = ["/start/line", "/start/character", "/end/line", "/end/character"];
    let range = range.map(|place| problem["range"].pointer(place).unwrap().as_u64().unwrap());
    let related = problem["relatedInformation"].as_array().cloned().unwrap_or_default();
    let help = related.iter().map(|one| text(&one["message"])).find(|words| words.starts_with("help: "));
    let severity = if problem["severity"] == 1 { "error" } else { "warning" };
    let more = related.len() - usize::from(help.is_some());
    (text(&problem["code"]), severity.to_owned(), file.to_owned(), range, text(&problem["message"]), help, more)
}

#[test]
fn problems_are_those_of_validate() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut folders: Vec<_> = std::fs::read_dir(scenarios).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let is_about_it = |dir: &PathBuf| {
        let session = std::fs::read_to_string(dir.join("session")).unwrap_or_default();
        dir.join("main.hcl").exists() && ["KF01", "KF02", "KF03"].iter().any(|code| session.contains(code))
    };
    folders.retain(is_about_it);
    let mut codes = BTreeSet::new();
    for dir in folders {
        let mut editor = Editor::new();
        for file in std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            std::fs::copy(&file, editor.dir.path().join(file.file_name().unwrap())).unwrap();
        }
        editor.open("main.hcl", &std::fs::read_to_string(dir.join("main.hcl")).unwrap());
        let told = editor.check();
        let told = told.iter().flat_map(|(file, all)| all.as_array().unwrap().iter().map(|one| shown(file, one)));
        let told: BTreeSet<Problem> = told.collect();
        assert_eq!(told, validated(editor.dir.path()), "{}", dir.display());
        codes.extend(told.into_iter().map(|problem| problem.0));
    }
    assert!(codes.len() > 10, "{codes:?}");
}

/// Work is counted, not time: a file that did not change is not read again.
#[test]
fn a_file_of_five_thousand_resources_is_read_once_a_change() {
    let dir = tempfile::tempdir().unwrap();
    let many: String = (0..5000)
        .map(|n| format!("secret \"KEY_{n}\" {{\n  project     = project.bakery\n  environment = \"prod\"\n  value       = secret_env(\"KEY_{n}\")\n}}\n\n"))
        .collect();
    std::fs::write(dir.path().join("beside.hcl"), "locals { here = 1 }\n").unwrap();
    let (main, text) = (dir.path().join("main.hcl"), format!("{BASE}\n{many}"));
    let mut client = Client::start(&["-vv"]);
    client.initialize(dir.path());
    client.open(&main, &text);
    let last = text.lines().count() - 3;
    let id = json!({ "uri": format!("file://{}", main.display()) });
    let ask = |client: &mut Client, n: u64| {
        let at = json!({ "line": last, "character": 16 });
        let answer = client.ask(n, "textDocument/completion", json!({ "textDocument": id, "position": at }));
        let items = answer["result"]["items"].as_array().unwrap().clone();
        assert!(items.len() <= 500 && items.iter().any(|item| item["label"] == "secret_env"), "{}", items.len());
    };
    (20..30).for_each(|n| ask(&mut client, n));
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
    let versioned = json!({ "uri": id["uri"], "version": 2 });
    let change = json!({ "range": range, "text": "# 🥐\r\n" });
    client.tell("textDocument/didChange", json!({ "textDocument": versioned, "contentChanges": [change] }));
    let at = json!({ "line": last + 1, "character": 16 });
    let answer = client.ask(40, "textDocument/completion", json!({ "textDocument": id, "position": at }));
    assert!(answer["result"]["items"].as_array().is_some_and(|items| !items.is_empty()));
    let (code, log) = client.end();
    assert_eq!(code, 0);
    let read = |name: &str| log.lines().filter(|line| line.contains("file read") && line.contains(name)).count();
    assert_eq!((read("main.hcl"), read("beside.hcl")), (2, 1), "{log}");
}
