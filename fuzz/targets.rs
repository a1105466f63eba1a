//! What fuzzing feeds: one function a reader of foreign bytes. None of them may panic, hang, or break the promise that
//! its assertions state. `fuzz/run` drives them, led by coverage, and `tests/mutation.rs` at random.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use keyform::api;
use keyform::diag::Diagnostic;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::lang::eval;
use keyform::lang::format::format;
use keyform::lang::functions;
use keyform::lang::parse;
use keyform::lang::scope::Budget;
use keyform::lang::scope::Outside;
use keyform::lang::scope::Scope;
use keyform::ledger::capsules::Capsules;
use keyform::ledger::files::Files;
use keyform::ledger::shared::Shared;
use keyform::ledger::store::Found;
use keyform::ledger::store::Put;
use keyform::ledger::store::Store;
use keyform::ledger::store::Version;
use keyform::lsp::check::Settings;
use keyform::lsp::server::Server;
use keyform::lsp::wire::Frame;
use keyform::model::attrs::Value;
use keyform::model::key_schema::KeySchema;
use keyform::provider::manifest::load::load;
use keyform::provider::native::Changes;
use keyform::provider::native::dotenv;
use keyform::provider::native::json;
use keyform::provider::native::yaml;
use keyform::view::json::run;
use keyform::view::json::sarif;
use keyform::view::json::saved;
use keyform::view::junit;
use keyform::view::outcome;
use keyform::view::prometheus;
use serde_json::Value as Json;
use serde_json::json;
use std::cell::RefCell;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::Duration;

/// What is tried with any bytes: it panics if they break a promise.
pub type Target = fn(&[u8]);

/// Every target with its name, which is also that of its corpus.
pub const ALL: &[(&str, Target)] = &[
    ("parser", parser),
    ("editor", editor),
    ("evaluator", evaluator),
    ("manifest", manifest),
    ("key_schema", key_schema),
    ("local_files", local_files),
    ("ledger", ledger),
    ("shared_ledger", shared_ledger),
    ("undo_notes", undo_notes),
    ("saved_plan", saved_plan),
    ("report", report),
    ("api_bodies", api_bodies),
];

/// A configuration: every span of a diagnostic lies in the text, and formatting twice is formatting once.
pub fn parser(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    let id = sources.add("main.hcl", text);
    let parsed = parse::parse(&mut acc, id, text);
    assert!(parsed.is_some() || acc.has_errors(), "nothing is read, and nothing is wrong");
    for diagnostic in acc.iter() {
        for label in &diagnostic.labels {
            assert!(text.get(label.span.range()).is_some(), "a label that is not in the text");
        }
    }
    if let Ok(once) = format(text) {
        assert!(format(&once).is_ok_and(|twice| twice == once), "formatted twice it is another text");
    }
}

thread_local! {
    /// One conversation for all texts: what providers declare is read once.
    static EDITOR: RefCell<Server> = RefCell::new({
        let mut server = Server::new(Settings::default());
        say(&mut server, "initialize", json!({ "capabilities": {} }));
        let document = json!({ "uri": "file:///nowhere/main.hcl", "languageId": "hcl", "version": 1, "text": "" });
        tell(&mut server, "textDocument/didOpen", json!({ "textDocument": document }));
        server
    });
}

/// Asks a language server.
fn say(server: &mut Server, method: &str, params: Json) -> Json {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    server.handle(Frame::Message(message)).pop().unwrap_or_default()
}

fn tell(server: &mut Server, method: &str, params: Json) {
    server.handle(Frame::Message(json!({ "jsonrpc": "2.0", "method": method, "params": params })));
}

/// A text that is half typed: everything that an editor asks at places all over it is answered, and every edit is of the
/// text.
pub fn editor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    EDITOR.with_borrow_mut(|server| {
        let id = json!({ "uri": "file:///nowhere/main.hcl", "version": 2 });
        tell(server, "textDocument/didChange", json!({ "textDocument": id, "contentChanges": [{ "text": text }] }));
        let lines = text.split('\n').count();
        let mut ask = |method: &str, params: Json| {
            let answer = say(server, method, params);
            assert!(answer.pointer("/error/code") != Some(&json!(-32603)), "{method} panics");
            answer["result"].clone()
        };
        let document = json!({ "uri": "file:///nowhere/main.hcl" });
        ask("textDocument/documentSymbol", json!({ "textDocument": document }));
        ask(
            "textDocument/formatting",
            json!({ "textDocument": document, "options": { "tabSize": 2, "insertSpaces": true } }),
        );
        for (line, typed) in text.split('\n').enumerate().step_by(lines / 3 + 1) {
            let length = typed.encode_utf16().count();
            for character in [length, length / 2] {
                let at = json!({ "line": line, "character": character });
                let asked =
                    json!({ "textDocument": document, "position": at, "context": { "includeDeclaration": true } });
                let listed = ask("textDocument/completion", json!({ "textDocument": document, "position": at }));
                for item in listed["items"].as_array().into_iter().flatten() {
                    let range = &item["textEdit"]["range"];
                    assert_eq!(range["start"]["line"], range["end"]["line"], "what is typed is on one line");
                }
                ask("textDocument/hover", json!({ "textDocument": document, "position": at }));
                ask("textDocument/definition", json!({ "textDocument": document, "position": at }));
                ask("textDocument/references", asked);
                ask("textDocument/prepareRename", json!({ "textDocument": document, "position": at }));
            }
        }
    });
}

/// An expression, with everything that needs no outside, and a budget.
pub fn evaluator(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(expr) = parse::expression(Sources::new().add("", text), text) else { return };
    let core = [functions::CORE];
    let outside = Outside { budget: Budget::of_value(), ..Outside::nothing(&core) };
    let mut scope = Scope::new(&outside);
    scope.set("a", Value::int(1));
    scope.set("text", Value::from("hello"));
    scope.set("list", Value::list(vec![Value::from("x"), Value::from("y")]));
    let _ = eval::eval(&expr, &scope);
}

/// A manifest of a provider.
pub fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    let id = sources.add("acme.hcl", text);
    let Some(source) = sources.get(id).cloned() else { return };
    let _ = load(&mut acc, id, &source);
}

/// A template, and on the next line a key: what was applied is stripped.
pub fn key_schema(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (template, key) = text.split_once('\n').unwrap_or((text, "KEY"));
    let Some(schema) = KeySchema::new(template, "dev") else { return };
    assert_eq!(schema.strip(&schema.apply(key)), Some(key));
    assert!(schema.meets(&schema));
}

/// Files of secrets that others wrote: what can be read can be changed, and nothing else changes.
pub fn local_files(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let changes = Changes::from([("KEYFORM_NEW", Some("it's \"new\"\n"))]);
    for (read, edit) in [
        (dotenv::read as fn(&str) -> Result<_, _>, dotenv::edit as fn(&str, &Changes<'_>) -> Result<_, _>),
        (json::read, json::edit),
        (yaml::read, yaml::edit),
    ] {
        let Ok(mut before) = read(text) else { continue };
        let Ok(edited) = edit(text, &changes) else { continue };
        before.insert("KEYFORM_NEW".to_owned(), "it's \"new\"\n".to_owned());
        assert_eq!(read(&edited).as_ref(), Ok(&before), "{edited:?}");
    }
}

/// A journal and, after a line `---`, a snapshot: read or refused, and left as they are.
pub fn ledger(data: &[u8]) {
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| folder("ledger"));
    let dir: &Path = &DIR;
    let (journal, snapshot) = halves(data);
    let mut files = vec![(dir.join("journal.jsonl"), journal)];
    files.extend(snapshot.map(|snapshot| (dir.join("ledger.json"), snapshot)));
    for (path, bytes) in &files {
        if std::fs::write(path, bytes).is_err() {
            return;
        }
    }
    let key = keyform::secret::Secret::new("0".repeat(64));
    if let Ok(store) = Files::open(dir, Some(&key)) {
        let _ = store.load();
    }
    for (path, bytes) in &files {
        assert!(std::fs::read(path).is_ok_and(|now| now == *bytes), "reading changed a file");
        let _ = std::fs::remove_file(path);
    }
}

/// A folder of this process. If it can't be made, reading there finds nothing: still no panic.
fn folder(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("keyform-fuzz-{}-{name}", std::process::id()));
    let _ = std::fs::create_dir_all(&dir);
    dir
}

/// What stands before a line `---`, and what after it, if there is one.
fn halves(data: &[u8]) -> (&[u8], Option<&[u8]>) {
    match data.windows(5).position(|w| w == b"\n---\n") {
        Some(at) => (&data[..=at], Some(&data[at + 5..])),
        None => (data, None),
    }
}

/// The head of a shared ledger and, after a line `---`, whatever snapshot it names: read or refused.
pub fn shared_ledger(data: &[u8]) {
    let (head, snapshot) = halves(data);
    let store = Two { head: head.to_vec(), snapshot: snapshot.map(<[u8]>::to_vec) };
    let key = keyform::secret::Secret::new("0".repeat(64));
    let Ok(shared) = Shared::new(Arc::new(store), Some(&key), Duration::from_secs(1)) else { return };
    // This store never lets anyone wait.
    assert!(shared.load().now_or_never().is_some() && shared.leases().now_or_never().is_some(), "it waits");
}

/// A store with a head and one other content, under every name. Nothing can be written.
struct Two {
    head: Vec<u8>,
    snapshot: Option<Vec<u8>>,
}

impl Store for Two {
    fn place(&self) -> String {
        "there".to_owned()
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Found>, Diagnostic>> {
        let content = if name == "ledger.jsonl" { Some(&self.head) } else { self.snapshot.as_ref() };
        let found = content.map(|content| Found { content: content.clone(), version: Version("1".to_owned()) });
        Box::pin(std::future::ready(Ok(found)))
    }

    fn put<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<&'a Version>) -> BoxFuture<'a, Result<Put, Diagnostic>> {
        Box::pin(std::future::ready(Ok(Put::Conflict)))
    }

    fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The note of an undo capsule.
pub fn undo_notes(data: &[u8]) {
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| folder("notes"));
    let undo = DIR.join("undo");
    if std::fs::create_dir_all(&undo).is_ok() && std::fs::write(undo.join("20260102-030405-006.json"), data).is_ok() {
        let _ = Capsules::beside(&DIR).notes().now_or_never();
    }
}

/// A plan from a file.
pub fn saved_plan(data: &[u8]) {
    let _ = saved::read("web.plan", data);
}

/// What a run wrote, in a job that has it from another: whatever is read is written so that it can be read again, and
/// shown in every form.
pub fn report(data: &[u8]) {
    let Ok(run) = run::read("run.json", data) else { return };
    assert!(run::read("again.json", run.documents().as_bytes()).is_ok(), "what was read can't be read again");
    let _ = (sarif::sarif(&run), junit::junit(&run), prometheus::prometheus(&run), outcome::verdict(&run));
}

/// Answers of a backend.
pub fn api_bodies(data: &[u8]) {
    let _ = serde_json::from_slice::<api::Failure>(data).map(|failure| failure.text().len());
    let _ = serde_json::from_slice::<api::auth::Token>(data);
    let _ = serde_json::from_slice::<api::secrets::Many>(data);
    let _ = serde_json::from_slice::<api::projects::Many>(data);
    let _ = serde_json::from_slice::<api::folders::Many>(data);
    let _ = serde_json::from_slice::<api::imports::Many>(data);
    let _ = serde_json::from_slice::<api::syncs::Many>(data);
    let _ = serde_json::from_slice::<api::connections::Many>(data);
    let _ = keyform::http::json::parse(data);
}
