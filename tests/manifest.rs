//! Manifests: what the loader says about mistakes, the requests that operations make, and the reference
//! pages that are generated from them.

use keyform::config::overlay::Overlay;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::model::attrs::Value;
use keyform::provider::manifest::Manifest;
use keyform::provider::manifest::load::load;
use keyform::provider::manifest::render;
use keyform::provider::manifest::render::Env;
use keyform::provider::manifest::render::Target;
use keyform::provider::manifest::slots::Slot;
use keyform::provider::reference;
use keyform::provider::reference::Example;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// A manifest whose destination says `words`.
fn manifest(words: &str) -> String {
    format!(
        r#"provider "acme" {{
  title    = "Acme"
  docs     = "https://docs.acme.example"
  verified = "2026-11-21"
  connection "token" {{ token = sensitive }}
  base_url = "https://api.acme.example"
  headers  = {{ Authorization = "Bearer ${{connection.token}}" }}
  destination "acme" {{
    app = string
{words}
  }}
}}
"#
    )
}

const LIST: &str = r#"list {
  request = "GET /things"
  items   = [for it in response : { key = it.name }]
}"#;

fn loaded(text: &str) -> (Option<Manifest>, Vec<String>) {
    let mut acc = Diagnostics::new();
    let mut sources = Sources::new();
    let id = sources.add("acme.hcl", text);
    let manifest = load(&mut acc, id, &sources.get(id).unwrap().clone()).pop();
    let said = acc.iter().map(|d| {
        let at = d.labels.first().and_then(|label| sources.line_column(label.span)).unwrap_or((0, 0));
        format!("{}:{} {}{}", at.0, at.1, d.detail, d.help.as_deref().map(|h| format!(" {h}")).unwrap_or_default())
    });
    let said = said.collect();
    (manifest, said)
}

#[test]
fn mistakes_are_found_when_a_manifest_is_loaded() {
    let writes = r#"upsert {
  request = "PUT /things/${key}"
}
delete { request = "DELETE /things/${key}" }"#;
    let check = |words: &str, expected: &str| {
        let said = loaded(&manifest(words)).1;
        assert!(said.iter().any(|line| line.contains(expected)), "{expected}\n{said:#?}");
        assert_eq!(said.len(), 1, "{said:#?}");
    };
    let with_list = |rest: &str| format!("{LIST}\n{rest}");
    assert_eq!(loaded(&manifest(&with_list(writes))).1, Vec::<String>::new());
    check(
        &with_list(&writes.replace("\n}", "\n  json = { v = vlaue }\n}")),
        "16:16 The name `vlaue` means nothing here. did you mean `value`?",
    );
    check(
        &with_list(&writes.replace("PUT /things/${key}", "PUT /things/${destination.ap}")),
        "no `destination.ap`. did you mean `app`?",
    );
    check(&with_list(&writes.replace("PUT ", "")), "begins with its method");
    check(&with_list(&format!("{writes}\nlokup \"x\" {{\n}}")), "no block `lokup` here. did you mean `lookup`?");
    check(&with_list("upsert { request = \"PUT /things\" }"), "A variant needs `list`, and either");
    check(&with_list(&format!("{writes}\nbranch = strng")), "no type `strng`. did you mean `string`?");
    check(&with_list(&format!("{writes}\nkey {{ matches = \"(\" }}")), "no regular expression");
    check(&with_list(&format!("{writes}\nselector = \"scope\"")), "exactly if it has variants");
    check(&with_list(&writes.replace("PUT /things/${key}", "PUT /things/${lst(key)}")), "no function `lst`");
    check(&with_list(&writes.replace("\n}", "\n  step { request = \"GET /\" }\n}")), "not both");
    check(
        &with_list(&writes.replace("PUT /things/${key}", "PUT /things/${response.id}")),
        "`response` means nothing here",
    );
}

#[test]
fn a_users_manifest_adds_and_never_replaces() {
    let directory = tempfile::tempdir().unwrap();
    let text = manifest(&format!("{LIST}\nreplace {{\n request = \"PUT /things\"\n json = entries\n}}"));
    fs::write(directory.path().join("acme.hcl"), &text).unwrap();
    fs::write(directory.path().join("render.hcl"), text.replace("\"acme\"", "\"render\"")).unwrap();
    let mut registry = Registry::builtin().unwrap();
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    let added = registry.add_user_manifests(&mut acc, &mut sources, directory.path(), &Overlay::default());
    assert_eq!(added, ["acme"]);
    let codes: Vec<&str> = acc.iter().map(|d| d.code.id).collect();
    assert_eq!(codes, ["KF0520"]);
    assert!(registry.schemas().destinations.contains_key("acme"));
    assert_eq!(&*registry.schemas().apps["render"].title, "Render");
}

/// The request of an operation as text.
fn sent(words: &str, slot: Slot, env: Env) -> Result<String, String> {
    let (manifest, said) = loaded(&manifest(words));
    assert_eq!(said, Vec::<String>::new());
    let manifest = manifest.unwrap();
    let operation = &manifest.destinations["acme"].variants[""].operations[&slot];
    let env =
        env.with("connection", Value::object([("token".into(), Value::Secret(Secret::new("canary-t".into())))].into()));
    let headers = render::headers(manifest.talk.headers.as_ref().unwrap(), &env).unwrap();
    let target = Target { base: "https://api.acme.example", root: "/v1", headers: &headers };
    let request = render::request(operation, operation.request.as_ref().unwrap(), &env, &target);
    let request = request.map_err(|d| d.code.id.to_owned())?;
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect();
    let body = request.body.map(|body| format!("\n{}\n{}", body.content_type, String::from_utf8_lossy(&body.bytes)));
    Ok(format!("{} {}\n{}{}", request.method.as_str(), request.url, headers.join("\n"), body.unwrap_or_default()))
}

#[test]
fn operations_become_requests() {
    let words =
        |upsert: &str| format!("{LIST}\nupsert {{\n{upsert}\n}}\ndelete {{ request = \"DELETE /things/${{key}}\" }}");
    let env = |key: &str| {
        let destination = Value::object([("app".into(), Value::from("a/b c"))].into());
        let value = Value::Secret(Secret::new("canary \"1\"".into()));
        Env::default()
            .with("key", Value::from(key))
            .with("destination", destination)
            .with("id", Value::Null)
            .with("value", value)
    };
    let check = |upsert: &str, expected: Result<&str, &str>| {
        let sent = sent(&words(upsert), Slot::Upsert, env("K/1?"));
        let expected = expected.map(|text| text.replace('~', "Authorization: Bearer canary-t")).map_err(str::to_owned);
        assert_eq!(sent, expected);
    };
    check("request = \"PUT /things/${key}\"", Ok("PUT https://api.acme.example/v1/things/K%2F1%3F\n~"));
    check("request = \"PUT\"", Ok("PUT https://api.acme.example/v1\n~"));
    check(
        "request = \"PUT /${raw(destination.app)}/x\"\nquery = { a = \"ü&\", b = null, c = [1, true] }",
        Ok("PUT https://api.acme.example/v1/a/b%20c/x?a=%C3%BC%26&c=1&c=true\n~"),
    );
    check(
        "request = \"PUT /x\"\njson = { v = value, n = null, big = 9007199254740993, s = \"007\" }",
        Ok(
            "PUT https://api.acme.example/v1/x\n~\napplication/json\n{\"v\":\"canary \\\"1\\\"\",\"n\":null,\"big\":9007199254740993,\"s\":\"007\"}",
        ),
    );
    check(
        "request = \"PUT /x\"\nform = { v = value, n = null }\nheaders = { X-A = 1, X-B = null }",
        Ok("PUT https://api.acme.example/v1/x\n~\nX-A: 1\napplication/x-www-form-urlencoded\nv=canary%20%221%22"),
    );
    check(
        "request = \"PUT /x\"\njson = {}\nheaders = { content-type = \"application/x-amz-json-1.1\" }",
        Ok("PUT https://api.acme.example/v1/x\n~\napplication/x-amz-json-1.1\n{}"),
    );
    // A secret has no place in an address, and nothing may be missing without being noticed.
    check("request = \"PUT /${value}\"", Err("KF0511"));
    check("request = \"PUT /x\"\nquery = { v = value }", Err("KF0511"));
    check("request = \"PUT /${id}\"", Err("KF0511"));
    for key in ["", ".", ".."] {
        let words = words("request = \"PUT /things/${key}\"");
        assert_eq!(sent(&words, Slot::Upsert, env(key)), Err("KF0524".to_owned()), "{key:?}");
    }
}

/// The files below a directory that hold configuration, in order.
fn configurations(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let (dirs, files): (Vec<PathBuf>, Vec<PathBuf>) = found.into_iter().partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "hcl"));
    own.chain(dirs.iter().filter(|dir| !dir.ends_with(".keyform")).flat_map(|dir| configurations(dir))).collect()
}

/// The blocks of a file as they are written, with the comments right above them, by how others refer to them.
fn blocks(text: &str) -> Vec<(String, String)> {
    let header = Regex::new(r#"^(\w+)((?: "[^"]*")*) \{"#).unwrap();
    let (mut blocks, mut begun): (Vec<(String, String)>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut name = None;
    for line in text.lines() {
        begun.push(line);
        if let Some(found) = header.captures(line).filter(|_| name.is_none()) {
            let label = found[2].split('"').rfind(|label| !label.trim().is_empty()).unwrap_or("").to_owned();
            name = Some(match &found[1] {
                "variable" => format!("var.{label}"),
                "locals" => "local.".to_owned(),
                kind => format!("{kind}.{label}"),
            });
        }
        let is_one_line = header.is_match(line) && line.ends_with("{}");
        let is_over = name.is_some() && (line == "}" || is_one_line);
        if is_over {
            blocks.push((name.take().unwrap(), begun.join("\n")));
        }
        if is_over || name.is_none() && line.is_empty() {
            begun.clear();
        }
    }
    blocks
}

/// What a sync to each destination needs, and the sync, from the example that is of its app, or that says it shortest.
fn examples() -> BTreeMap<Arc<str>, Example> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sync = Regex::new(r#"(?m)^secret_sync "([^"]+)""#).unwrap();
    let mut examples = BTreeMap::new();
    for path in configurations(&root.join("examples")) {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let blocks = blocks(&text);
        for (name, own) in blocks.iter().filter(|(_, own)| sync.is_match(own)) {
            let slug: Arc<str> = sync.captures(own).unwrap()[1].into();
            let mut needed = vec![name];
            while let Some((more, _)) = blocks.iter().find(|(other, _)| {
                let is_named = |by: &str| {
                    Regex::new(&format!(r"\b{}{}", regex::escape(other), if other.ends_with('.') { "" } else { r"\b" }))
                        .unwrap()
                        .is_match(by)
                };
                !needed.contains(&other) && blocks.iter().any(|(by, own)| needed.contains(&by) && is_named(own))
            }) {
                needed.push(more);
            }
            let texts = blocks.iter().filter(|(other, _)| needed.contains(&other)).map(|(_, own)| own.as_str());
            let text = texts.collect::<Vec<_>>().join("\n\n");
            let rank = |file: &str, text: &str| (!file.split('/').any(|part| slug.starts_with(part)), text.len());
            let is_better = |known: &Example| rank(&known.file, &known.text) <= rank(&file, &text);
            if !examples.get(&slug).is_some_and(is_better) {
                examples.insert(slug, Example { file: file.clone(), text });
            }
        }
    }
    examples
}

#[test]
fn all_manifests_load_and_have_a_page() {
    let registry = Registry::builtin().unwrap();
    let examples = examples();
    for (slug, example) in registry.schemas().destinations.keys().map(|slug| (slug, examples.get(slug))) {
        let text = &example.unwrap_or_else(|| panic!("no example has a sync to {slug}")).text;
        for block in ["project ", "app_connection ", "secret_sync "] {
            let is_there = text
                .lines()
                .any(|line| line.starts_with(block) || line.starts_with(&format!("data \"{}\"", block.trim())));
            assert!(is_there, "the example of {slug} has no {block}:\n{text}");
        }
    }
    for app in registry.schemas().apps.keys() {
        if let Some(page) = reference::app(registry.schemas(), app, &examples) {
            golden(&format!("docs/reference/{app}.md"), &page);
        }
    }
    golden("docs/reference/connections.md", &reference::connections(registry.schemas()));
    golden("docs/reference/manifest.md", &reference::words());
}

fn golden(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("KEYFORM_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{path} is not what is generated; run with KEYFORM_BLESS=1");
}
