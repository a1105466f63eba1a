//! What fuzzing feeds: one function a reader of foreign bytes. None of them may panic, hang, or break the promise that
//! its assertions state. `cargo fuzz` drives them here, `tests/mutation.rs` on stable.

use keyform::api;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::lang::eval;
use keyform::lang::format::format;
use keyform::lang::functions;
use keyform::lang::parse;
use keyform::lang::scope::Budget;
use keyform::lang::scope::Outside;
use keyform::lang::scope::Scope;
use keyform::ledger::files::Files;
use keyform::model::attrs::Value;
use keyform::model::key_schema::KeySchema;
use keyform::provider::manifest::load::load;
use keyform::provider::native::Changes;
use keyform::provider::native::dotenv;
use keyform::provider::native::json;
use keyform::provider::native::yaml;
use keyform::view::json::saved;
use std::path::Path;
use std::path::PathBuf;
use std::sync::LazyLock;

/// What is tried with any bytes: it panics if they break a promise.
pub type Target = fn(&[u8]);

/// Every target with its name, which is also that of its corpus.
pub const ALL: &[(&str, Target)] = &[
    ("parser", parser),
    ("evaluator", evaluator),
    ("manifest", manifest),
    ("key_schema", key_schema),
    ("local_files", local_files),
    ("ledger", ledger),
    ("saved_plan", saved_plan),
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
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
        let dir = std::env::temp_dir().join(format!("keyform-fuzz-{}", std::process::id()));
        // If it can't be made, reading below finds nothing: still no panic.
        let _ = std::fs::create_dir_all(&dir);
        dir
    });
    let dir: &Path = &DIR;
    let at = data.windows(5).position(|w| w == b"\n---\n");
    let (journal, snapshot) = match at {
        Some(at) => (&data[..=at], Some(&data[at + 5..])),
        None => (data, None),
    };
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

/// A plan from a file.
pub fn saved_plan(data: &[u8]) {
    let _ = saved::read("web.plan", data);
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
