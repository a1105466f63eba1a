//! Manifests of users: what `providers check` finds odd, what a trial says about services that break the laws, and that
//! the pages show the example as it is.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Front;
use keyform::config::overlay::Overlay;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
use keyform::model::key_schema::KeySchema;
use keyform::provider::Spec;
use keyform::provider::matrix;
use keyform::provider::registry::Registry;
use keyform::provider::trial::Law;
use keyform::provider::trial::Trial;
use keyform::secret::Secret;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

const MANIFEST: &str = "examples/own-provider/providers/locker.hcl";

/// Codes with the lines that they are about.
fn odd(text: &str) -> Vec<(&'static str, usize)> {
    let mut registry = Registry::builtin().unwrap();
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    registry.check(&mut acc, &mut sources, "locker.hcl", text);
    acc.iter().map(|d| (d.code.id, sources.line_column(d.labels[0].span).map_or(0, |(line, _)| line))).collect()
}

#[test]
fn what_is_odd_about_a_manifest_is_said_with_its_line() {
    let text = fs::read_to_string(root(MANIFEST)).unwrap();
    assert_eq!(odd(&text), []);
    let check = |from: &str, to: &str, code: &str| {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let new = to.lines().last().unwrap().trim();
        let line = changed.lines().position(|line| line.contains(new)).unwrap() + 1;
        assert_eq!(odd(&changed).first().map(|(code, at)| (*code, *at)), Some((code, line)), "{to}");
    };
    check("    team = string", "    team = string\n    spare = string", "KF1180");
    check("    url   = string", "    url   = string\n    realm = string", "KF1180");
    check("token = sensitive", "token = string", "KF1181");
    let limits = "    limits { concurrency = 4 }";
    check(limits, &format!("{limits}\n    lookup \"spare\" {{ request = \"GET /spare\" }}"), "KF1180");
    check("verified = \"2026-11-21\"", "verified = \"2026-21-11\"", "KF1183");
    check("base_url = connection.url", "base_url = \"http://locker.example\"", "KF0502");
    let header = |without: &str| odd(&text.lines().filter(|l| !l.contains(without)).collect::<Vec<_>>().join("\n"));
    assert_eq!(header("verify {"), [("KF1182", 8)]);
    assert_eq!(header("errors {"), [("KF1184", 2)]);
    let plain = text.replace("base_url = connection.url", "base_url = \"http://${connection.url}\"");
    assert_eq!(odd(&plain), [], "what is not written out is not judged");
}

/// Mistakes would be as bad in keyform's own manifests. Inputs that no request uses are those that other backends want.
#[test]
fn nothing_else_is_odd_about_the_built_in_ones() {
    let mut found = Vec::new();
    for folder in ["providers", "providers/connections"] {
        for entry in fs::read_dir(root(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let text = fs::read_to_string(&path).unwrap();
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                found.extend(odd(&text).into_iter().map(|(code, _)| (name.clone(), code)));
            }
        }
    }
    found.retain(|(_, code)| *code != "KF1180");
    // It answers in plain words without a field for them.
    assert_eq!(found, [("windmill".to_owned(), "KF1184")]);
}

#[test]
fn the_matrix_has_a_page() {
    let registry = Registry::builtin().unwrap();
    let page = matrix::markdown(&matrix::rows(&registry));
    let file = root("docs/reference/matrix.md");
    if std::env::var_os("KEYFORM_BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(fs::read_to_string(&file).unwrap_or_default() == page, "run with KEYFORM_BLESS=1");
}

#[test]
fn the_page_shows_the_example_as_it_is() {
    let page = fs::read_to_string(root("docs/providers.md")).unwrap();
    let text = fs::read_to_string(root(MANIFEST)).unwrap();
    assert!(page.contains(&format!("```hcl\n{text}```")), "docs/providers.md does not show {MANIFEST} as it is");
}

/// The locker of a team, and what is wrong with it.
#[derive(Default)]
struct Locker {
    entries: BTreeMap<String, (String, u64)>,
    /// Keys that can't be deleted any more.
    sticky: Vec<String>,
}

/// What a service does otherwise than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Spaces around a value are lost.
    Trims,
    /// A write is answered and forgotten.
    Forgets,
    /// Updates are, creates are not.
    KeepsOld,
    /// An update changes the key before it as well.
    Spreads,
    /// A delete takes the next key, too.
    DeletesMore,
    /// A delete is answered and not done.
    DeletesNothing,
    /// Every write takes away what others have.
    Replaces,
    /// Values are other ones whenever they are read.
    Flickers,
    /// Odd characters are refused.
    Refuses,
}

impl Locker {
    fn answer(&mut self, call: &Call, fault: Fault) -> Answer {
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET", ["whoami"]) => Answer::json(200, &json!({})),
            ("GET", ["teams", "web", "entries"]) => {
                if fault == Fault::Flickers {
                    self.entries.values_mut().for_each(|(_, version)| *version += 1);
                }
                let entry = |(name, (value, version)): (&String, &(String, u64))| json!({ "name": name, "value": value, "version": version });
                let entries: Vec<_> = self.entries.iter().map(entry).collect();
                Answer::json(200, &json!({ "entries": entries, "more": false }))
            }
            ("PUT", ["teams", "web", "entries", name]) => {
                let mut value = call.json().unwrap()["value"].as_str().unwrap().to_owned();
                if fault == Fault::Trims {
                    value = value.trim().to_owned();
                }
                if fault == Fault::Refuses && !value.is_ascii() {
                    return Answer::json(422, &json!({ "message": "plain letters only" }));
                }
                if fault == Fault::Replaces {
                    self.entries.retain(|name, _| name.starts_with("KEYFORM"));
                }
                let version = self.entries.get(*name).map_or(0, |(_, version)| *version);
                let is_kept = match fault {
                    Fault::Forgets => false,
                    Fault::KeepsOld => version == 0,
                    _ => true,
                };
                if fault == Fault::Spreads && version > 0 {
                    let mut before = self.entries.range_mut(..(*name).to_owned());
                    before.next_back().unwrap().1.0.clone_from(&value);
                }
                if is_kept {
                    self.entries.insert((*name).to_owned(), (value, version + 1));
                }
                Answer::json(200, &json!({ "version": version + 1 }))
            }
            ("DELETE", ["teams", "web", "entries", name]) => {
                if fault == Fault::DeletesNothing || self.sticky.iter().any(|key| key == name) {
                    return Answer::empty(204);
                }
                if fault == Fault::DeletesMore {
                    let next = self.entries.range((*name).to_owned()..).nth(1).map(|(name, _)| name.clone());
                    next.and_then(|next| self.entries.remove(&next));
                }
                match self.entries.remove(*name) {
                    Some(_) => Answer::empty(204),
                    None => Answer::json(404, &json!({ "message": "no such entry" })),
                }
            }
            _ => Answer::json(404, &json!({ "message": "no such thing" })),
        }
    }
}

/// What a trial says of a service with a fault: the law that is broken and how, or the note that it has, and whether
/// it could be cleaned.
async fn tried(fault: Fault) -> (Result<Vec<String>, String>, Result<(), String>, Vec<String>) {
    let locker = Arc::new(Mutex::new(Locker::default()));
    locker.lock().unwrap().entries.insert("OWNER".into(), ("the web shop".into(), 1));
    let behind = Arc::clone(&locker);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call, fault)), Vec::new()).await;
    let mut registry = Registry::builtin().unwrap();
    let folder = root(MANIFEST).parent().unwrap().to_owned();
    registry.add_user_manifests(&mut Diagnostics::new(), &mut Sources::new(), &folder, &Overlay::default());
    let attrs = |fields: [(&str, Value); 1]| -> Attrs { fields.map(|(name, value)| (name.into(), value)).into() };
    let mut connection = attrs([("token", Value::Secret(Secret::new("canary-locker-token".into())))]);
    connection.extend(attrs([("url", Value::string(format!("http://{}", front.address)))]));
    let spec = Spec {
        slug: "locker".into(),
        method: "token".into(),
        connection,
        destination: attrs([("team", Value::string("web"))]),
        options: Attrs::new(),
        key_schema: KeySchema::none(),
        environment: "".into(),
    };
    let destination = registry.open(&spec, &Client::new(Options::default()).unwrap()).unwrap();
    let trial = Trial::begin(&destination, "abcdef", Duration::from_millis(300)).await.unwrap();
    let mut notes = Vec::new();
    let mut broken = None;
    for law in Law::ALL {
        if broken.is_some() && law != Law::Foreign {
            continue;
        }
        match trial.hold(law).await {
            Ok(note) if note.is_empty() => {}
            Ok(note) => notes.push(note),
            Err(why) => {
                broken.get_or_insert(why.detail);
            }
        }
    }
    let cleaned = trial.clean().await.map_err(|why| why.detail);
    let left = locker.lock().unwrap().entries.keys().cloned().collect();
    (broken.map_or(Ok(notes), Err), cleaned, left)
}

#[test]
fn a_trial_finds_what_a_service_does_otherwise_and_cleans_up_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let check = |fault: Fault, expected: Result<&[&str], &str>, left: usize| {
        let (said, cleaned, there) = runtime.block_on(tried(fault));
        let expected = expected.map(|notes| notes.iter().map(|n| (*n).to_owned()).collect()).map_err(str::to_owned);
        assert_eq!(said, expected, "{fault:?}");
        assert_eq!(cleaned.is_ok(), fault != Fault::DeletesNothing, "{fault:?} {cleaned:?}");
        assert_eq!(there.len(), left, "{fault:?} {there:?}");
    };
    check(Fault::None, Ok(&[]), 1);
    check(Fault::Refuses, Ok(&["1 of 12 were refused by the service, in an error of its own"]), 1);
    check(
        Fault::Trims,
        Err(
            "values arrive as they left: `KEYFORM_TEST_ABCDEF_4` was written and holds something else (\"two\\nlines\\n\").",
        ),
        1,
    );
    check(Fault::Forgets, Err("what was created is read: `KEYFORM_TEST_ABCDEF_1` was written and is not there."), 1);
    check(
        Fault::KeepsOld,
        Err("an update touches one key: `KEYFORM_TEST_ABCDEF_2` was updated, and still is as it was."),
        1,
    );
    check(
        Fault::Spreads,
        Err("an update touches one key: `KEYFORM_TEST_ABCDEF_2` was updated, and `KEYFORM_TEST_ABCDEF_1` changed."),
        1,
    );
    check(
        Fault::Flickers,
        Err(
            "read again, it says the same: `KEYFORM_TEST_ABCDEF_1` looks otherwise the second time, and nothing wrote it.",
        ),
        1,
    );
    check(
        Fault::Replaces,
        Err(
            "what others wrote stays as it was: `OWNER` is not as it was before; it may also have been changed by its owner.",
        ),
        0,
    );
    check(
        Fault::DeletesMore,
        Err("a delete touches the keys it names: `KEYFORM_TEST_ABCDEF_4` is gone or changed, and nothing named it."),
        0,
    );
    check(
        Fault::DeletesNothing,
        Err("a delete touches the keys it names: `KEYFORM_TEST_ABCDEF_1` is still there."),
        16,
    );
}
