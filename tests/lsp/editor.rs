//! An editor with one directory, which asks the server as values: no process, no waiting.

use keyform::lsp::check::Settings;
use keyform::lsp::server::Server;
use keyform::lsp::wire::Frame;
use serde_json::Value as Json;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) struct Editor {
    pub(super) dir: tempfile::TempDir,
    server: Server,
    version: i64,
    open: BTreeMap<String, String>,
}

/// A text without its mark `|`, and where that stood.
pub(super) fn marked(text: &str) -> (String, Json) {
    let (before, after) = text.split_once('|').unwrap();
    (format!("{before}{after}"), end(before))
}

/// The place behind a text.
pub(super) fn end(text: &str) -> Json {
    let line = text.matches('\n').count();
    let last = text.rsplit('\n').next().unwrap();
    json!({ "line": line, "character": last.encode_utf16().count() })
}

/// The byte of a place.
fn byte(text: &str, at: &Json) -> usize {
    let number = |name: &str| usize::try_from(at[name].as_u64().unwrap()).unwrap();
    let start: usize = text.split_inclusive('\n').take(number("line")).map(str::len).sum();
    let mut units = 0;
    let within = text[start..].char_indices().find(|(_, c)| {
        let here = units;
        units += c.len_utf16();
        here >= number("character")
    });
    within.map_or(text.len(), |(i, _)| start + i)
}

/// A text with the edits of an answer, none of which may overlap.
pub(super) fn edited(text: &str, edits: &Json) -> String {
    let place = |edit: &Json| (byte(text, &edit["range"]["start"]), byte(text, &edit["range"]["end"]));
    let mut edits: Vec<&Json> = edits.as_array().unwrap().iter().collect();
    edits.sort_by_key(|edit| place(edit));
    let (mut out, mut copied) = (String::new(), 0);
    for edit in edits {
        let (start, end) = place(edit);
        assert!(start >= copied, "edits overlap");
        out += &text[copied..start];
        out += edit["newText"].as_str().unwrap();
        copied = end;
    }
    out + &text[copied..]
}

impl Editor {
    pub(super) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let mut server = Server::new(settings);
        let dir = tempfile::tempdir().unwrap();
        let can = json!({
            "textDocument": {
                "completion": { "completionItem": { "snippetSupport": true } },
                "publishDiagnostics": { "relatedInformation": true },
            },
        });
        let root = format!("file://{}", dir.path().display());
        let folders = json!([{ "uri": root, "name": "x" }]);
        let params = json!({ "processId": null, "workspaceFolders": folders, "capabilities": can });
        let answers = server.handle(Frame::Message(json!({ "id": 0, "method": "initialize", "params": params })));
        assert_eq!(answers[0]["result"]["serverInfo"]["name"], "keyform");
        Self { dir, server, version: 0, open: BTreeMap::new() }
    }

    /// Writes a file that is not open.
    pub(super) fn write(&mut self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    }

    pub(super) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.dir.path().join(name).display())
    }

    pub(super) fn id(&self, name: &str) -> Json {
        json!({ "uri": self.uri(name) })
    }

    pub(super) fn text(&self, name: &str) -> String {
        let on_disk = || std::fs::read_to_string(self.dir.path().join(name)).unwrap();
        self.open.get(name).cloned().unwrap_or_else(on_disk)
    }

    fn tell(&mut self, method: &str, params: Json) {
        let answers = self.server.handle(Frame::Message(json!({ "method": method, "params": params })));
        assert!(answers.is_empty(), "{answers:?}");
    }

    /// Opens a file with a text, or gives it another one.
    pub(super) fn open(&mut self, name: &str, text: &str) {
        self.version += 1;
        let (uri, version) = (self.uri(name), self.version);
        if self.open.insert(name.to_owned(), text.to_owned()).is_none() {
            let document = json!({ "uri": uri, "languageId": "hcl", "version": version, "text": text });
            self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        } else {
            let id = json!({ "uri": uri, "version": version });
            self.tell("textDocument/didChange", json!({ "textDocument": id, "contentChanges": [{ "text": text }] }));
        }
    }

    /// The result, or the error.
    pub(super) fn try_ask(&mut self, method: &str, params: Json) -> Result<Json, Json> {
        let message = json!({ "id": 7, "method": format!("textDocument/{method}"), "params": params });
        let mut answers = self.server.handle(Frame::Message(message));
        assert_eq!(answers.len(), 1);
        let answer = answers.remove(0);
        assert_eq!((&answer["id"], &answer["jsonrpc"]), (&json!(7), &json!("2.0")));
        answer.get("result").cloned().ok_or_else(|| answer["error"].clone())
    }

    pub(super) fn ask(&mut self, method: &str, params: Json) -> Json {
        self.try_ask(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    pub(super) fn ask_at(&mut self, method: &str, name: &str, at: &Json) -> Json {
        let context = json!({ "includeDeclaration": true });
        self.ask(method, json!({ "textDocument": self.id(name), "position": at, "context": context }))
    }

    /// What is proposed, in the order in which it is listed.
    pub(super) fn completions(&mut self, name: &str, at: &Json) -> Vec<Json> {
        let answer = self.ask("completion", json!({ "textDocument": self.id(name), "position": at }));
        let mut items = answer["items"].as_array().cloned().unwrap_or_default();
        items.sort_by_key(|item| item["sortText"].as_str().unwrap().to_owned());
        items
    }

    pub(super) fn labels(&mut self, name: &str, at: &Json) -> Vec<String> {
        self.completions(name, at).iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) fn hover(&mut self, name: &str, at: &Json) -> String {
        self.ask_at("hover", name, at)["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn symbols(&mut self, name: &str) -> Json {
        self.ask("documentSymbol", json!({ "textDocument": self.id(name) }))
    }

    /// What is told of problems, by the names of the files.
    pub(super) fn check(&mut self) -> BTreeMap<String, Json> {
        let root = self.dir.path().to_owned();
        let name = |uri: &Json| {
            let path = uri.as_str().unwrap().strip_prefix("file://").unwrap().to_owned();
            Path::new(&path).strip_prefix(&root).unwrap().display().to_string()
        };
        let told = self.server.check();
        told.iter().map(|one| (name(&one["params"]["uri"]), one["params"]["diagnostics"].clone())).collect()
    }
}
