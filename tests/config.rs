//! Configurations: text → resources or diagnostics. The cases are in `tests/config/*.txt`:
//!
//! ```text
//! ### name of the case
//! the text of main.hcl
//! --- FILE                 (further files: everything up to the next line of this kind)
//! --- var NAME=VALUE       (as on the command line)
//! --- var-file FILE
//! --- strict
//! ===
//! what comes of it
//! ```
//!
//! `KEYFORM_BLESS=1` rewrites what is expected; review it as a diff.

use keyform::config;
use keyform::config::Input;
use keyform::diag::Diagnostic;
use keyform::diag::Diagnostics;
use keyform::diag::Severity;
use keyform::diag::source::Sources;
use keyform::model::attrs::SecretSource;
use keyform::model::attrs::Value;
use keyform::model::desired::Desired;
use keyform::model::resource::Resource;
use keyform::model::schema::App;
use keyform::model::schema::Destination;
use keyform::model::schema::Field;
use keyform::model::schema::Method;
use keyform::model::schema::Schemas;
use keyform::model::schema::Type;
use keyform::model::schema::Variant;
use keyform::provider::registry::Registry;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

fn field(name: &str, ty: Type, required: bool, default: Option<Value>, sensitive: bool) -> Field {
    let (name, wire, doc) = (name.into(), name.into(), Arc::default());
    Field { name, wire, ty, required, default, sensitive, hidden: false, remote: None, doc }
}

fn needed(name: &str) -> Field {
    field(name, Type::String, true, None, false)
}

fn secret(name: &str) -> Field {
    field(name, Type::String, true, None, true)
}

fn one_of(words: &[&str]) -> Type {
    Type::OneOf(words.iter().map(|word| (*word).into()).collect())
}

fn app(slug: &str, methods: Vec<(&str, Method)>) -> (Arc<str>, App) {
    let methods = methods.into_iter().map(|(name, method)| (name.into(), method)).collect();
    let docs = format!("https://example.com/{slug}").into();
    (
        slug.into(),
        App {
            slug: slug.into(),
            title: slug.to_uppercase().into(),
            about: Arc::default(),
            docs,
            verified: Arc::default(),
            methods,
        },
    )
}

/// A small world of providers, of every shape that the loader knows.
fn schemas() -> Schemas {
    let method = |fields: Vec<Field>| Method { fields, ..Method::default() };
    let apps = [
        app(
            "aws",
            vec![
                ("assume-role", method(vec![needed("role_arn")])),
                ("access-key", method(vec![needed("access_key_id"), secret("secret_access_key")])),
            ],
        ),
        app(
            "github",
            vec![
                ("pat", method(vec![secret("personal_access_token"), field("host", Type::String, false, None, false)])),
                ("oauth", Method { browser_only: true, ..Method::default() }),
            ],
        ),
        app("local", vec![("directory", method(vec![needed("path")]))]),
    ];
    let destination = |slug: &str, app: &str, selector: Option<&str>, variants: Vec<(&str, Variant)>| {
        let variants = variants.into_iter().map(|(name, variant)| (name.into(), variant)).collect();
        let selector = selector.map(Into::into);
        let (slug, app, title): (Arc<str>, _, _) = (slug.into(), app.into(), slug.to_uppercase().into());
        let selector_wire = selector.clone();
        let destination = Destination {
            slug: slug.clone(),
            app,
            title,
            selector,
            selector_wire,
            variants,
            options: vec![],
            can_import: true,
        };
        (slug, destination)
    };
    let region = || field("region", one_of(&["us-east-1", "eu-central-1"]), true, None, false);
    let mut destinations = vec![
        destination(
            "aws-secrets-manager",
            "aws",
            Some("mapping"),
            vec![
                ("one-to-one", Variant { fields: vec![region()], ..Variant::default() }),
                (
                    "many-to-one",
                    Variant {
                        fields: vec![region(), needed("secret_name")],
                        schema_names_container: true,
                        ..Variant::default()
                    },
                ),
            ],
        ),
        destination(
            "github",
            "github",
            Some("scope"),
            vec![
                ("repository", Variant { fields: vec![needed("owner"), needed("repository")], ..Variant::default() }),
                (
                    "organization",
                    Variant {
                        fields: vec![
                            needed("owner"),
                            field("visibility", one_of(&["all", "private"]), false, Some("all".into()), false),
                            field("repository_ids", Type::List(Box::new(Type::Number)), false, None, false),
                        ],
                        ..Variant::default()
                    },
                ),
            ],
        ),
        destination(
            "local-file",
            "local",
            None,
            vec![("", Variant { fields: vec![needed("file")], ..Variant::default() })],
        ),
    ];
    destinations[0].1.options = vec![
        field("key_id", Type::String, false, None, false),
        field("tags", Type::Map(Box::new(Type::String)), false, None, false),
    ];
    destinations[1].1.can_import = false;
    Schemas { apps: apps.into_iter().collect(), destinations: destinations.into_iter().collect() }
}

/// What a case is made of.
struct Case {
    name: String,
    /// Everything between the name and `===`.
    given: String,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut out = Vec::new();
    for part in text.split("### ").skip(1) {
        let (name, rest) = part.split_once('\n').unwrap();
        let (given, expected) = rest.split_once("===\n").unwrap_or((rest, ""));
        out.push(Case { name: name.to_owned(), given: given.to_owned(), expected: expected.to_owned() });
    }
    out
}

fn environment(name: &str) -> Option<String> {
    match name {
        "REGION" => Some("eu-central-1".to_owned()),
        "KEYFORM_VAR_from_env" => Some("environment".to_owned()),
        "KEYFORM_VAR_count" => Some("many".to_owned()),
        "KEYFORM_VAR_names" => Some("[\"b\", \"a\", \"b\"]".to_owned()),
        _ => None,
    }
}

/// Loads a case and shows what comes of it.
fn run(given: &str, schemas: &Schemas) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut input = Input { env: std::sync::Arc::new(environment), ..Input::new(dir.path()) };
    let mut file = PathBuf::from("main.hcl");
    let mut text = String::new();
    let write = |file: &Path, text: &str| {
        let file = dir.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    for line in given.split_inclusive('\n') {
        let Some(order) = line.strip_prefix("--- ") else {
            text.push_str(line);
            continue;
        };
        match order.trim_end().split_once(' ') {
            Some(("var", pair)) => {
                let (name, value) = pair.split_once('=').unwrap();
                input.vars.push((name.to_owned(), value.to_owned()));
            }
            Some(("var-file", name)) => input.var_files.push(dir.path().join(name)),
            None if order.trim_end() == "strict" => input.strict = true,
            _ => {
                write(&file, &text);
                file = PathBuf::from(order.trim_end());
                text.clear();
            }
        }
    }
    write(&file, &text);
    let mut acc = Diagnostics::new();
    let mut sources = Sources::new();
    let desired = config::load(&mut acc, &mut sources, &input, schemas);
    assert_eq!(desired.is_none(), acc.has_errors());
    let mut out: String = acc.iter().map(|d| show(d, &sources)).collect();
    if let Some(desired) = desired {
        out.push_str(&resources(&desired));
    }
    out.replace(&format!("{}/", dir.path().display()), "")
}

fn show(d: &Diagnostic, sources: &Sources) -> String {
    let severity = if d.severity == Severity::Error { "error" } else { "warning" };
    let mut out = format!("{severity} {}: {}\n", d.code.id, d.detail);
    for label in &d.labels {
        let source = sources.get(label.span.source).unwrap();
        let (line, column) = sources.line_column(label.span).unwrap();
        let shown = source.shown();
        let text = shown[label.span.range()].replace('\n', "⏎");
        let name = &*source.name;
        // Of modules, the file is named as well.
        let file = if name.contains("/m/") { format!("{name}:") } else { String::new() };
        let _ = writeln!(out, "  {file}{line}:{column} {text} — {}", label.text);
    }
    if let Some(help) = &d.help {
        let _ = writeln!(out, "  help: {help}");
    }
    out
}

fn resources(desired: &Desired) -> String {
    let mut out = String::new();
    for resource in desired.resources.values() {
        let _ = writeln!(out, "{}{}", resource.address, details(resource));
        for (name, value) in &resource.attrs {
            let _ = writeln!(out, "  {name} = {}", shown(value));
        }
        let needs = desired.graph.needs(&resource.address);
        if !needs.is_empty() {
            let needs: Vec<String> = needs.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "  needs {}", needs.join(", "));
        }
    }
    for (name, value) in &desired.outputs {
        let _ = writeln!(out, "output {name} = {}", shown(value));
    }
    if !desired.backend.kind.is_empty() {
        let _ = writeln!(
            out,
            "backend {} {:?} {:?} {:?}",
            desired.backend.kind, desired.backend.attrs, desired.backend.auth, desired.backend.auth_attrs
        );
    }
    if desired.settings.parallelism.is_some() || desired.settings.ledger.is_some() {
        let _ = writeln!(out, "{:?}", desired.settings);
    }
    for notify in &desired.notify {
        let _ = writeln!(out, "notify {} {} {:?} {:?}", notify.channel, notify.name, notify.attrs, notify.causes);
    }
    if desired.policy.max_deletes != 10 || !desired.policy.allow.is_empty() {
        let _ = writeln!(out, "{:?}", desired.policy);
    }
    out
}

fn details(resource: &Resource) -> String {
    let mut out = String::new();
    if !resource.slug.is_empty() {
        let _ = write!(out, " ({})", resource.slug);
    }
    if resource.lifecycle.prevent_destroy {
        out.push_str(" protected");
    }
    if !resource.lifecycle.ignore.is_empty() {
        let _ = write!(out, " ignores {:?}", resource.lifecycle.ignore);
    }
    if !resource.allow.is_empty() {
        let _ = write!(out, " allows {:?}", resource.allow);
    }
    out
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Resource(address) => format!("→ {address}"),
        Value::Source(source) => match &**source {
            SecretSource::Literal(_) => "literal".to_owned(),
            other => format!("{other:?}"),
        },
        Value::Secret(_) | Value::Fingerprint(_) => "secret".to_owned(),
    }
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let schemas = schemas();
    let mut blessed = text.split("### ").next().unwrap().to_owned();
    let mut wrong = Vec::new();
    for case in cases(&text) {
        let got = run(&case.given, &schemas);
        assert!(!got.contains("canary"), "a secret is shown:\n{got}");
        if got.trim_end() != case.expected.trim_end() {
            wrong.push(format!("### {}\n{got}\n--- expected\n{}", case.name, case.expected.trim_end()));
        }
        let _ = write!(blessed, "### {}\n{}===\n{}\n\n", case.name, case.given, got.trim_end());
    }
    if std::env::var("KEYFORM_BLESS").is_ok_and(|bless| bless == "1") {
        fs::write(&path, format!("{}\n", blessed.trim_end())).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_good_configurations_declare() {
    check("good.txt");
}

#[test]
fn what_is_said_about_bad_ones() {
    check("bad.txt");
}

#[test]
fn syncs_into_one_place() {
    check("places.txt");
}

#[test]
fn modules() {
    check("modules.txt");
}

#[test]
fn directories_that_hold_no_configuration() {
    let schemas = Schemas::default();
    let dir = tempfile::tempdir().unwrap();
    let first = |dir: &Path| {
        let mut acc = Diagnostics::new();
        let loaded = config::load(&mut acc, &mut Sources::new(), &Input::new(dir), &schemas);
        assert!(loaded.is_none());
        acc.iter().next().unwrap().code.id
    };
    assert_eq!(first(&dir.path().join("nowhere")), "KF0201");
    assert_eq!(first(dir.path()), "KF0202");
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/main.hcl"), "").unwrap();
    fs::write(dir.path().join("only.vars.hcl"), "").unwrap();
    assert_eq!(first(dir.path()), "KF0202");
    fs::write(dir.path().join("main.hcl"), b"locals {\n  a = \"\xff\"\n}").unwrap();
    assert_eq!(first(dir.path()), "KF0203");
    assert_eq!(first(&dir.path().join("main.hcl")), "KF0201");
}

#[test]
fn secrets_are_read_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let resolve = |source: &SecretSource, exec| {
        config::source::resolve(source, dir.path(), exec)
            .map(|s| s.expose().to_owned())
            .map_err(|d| (d.code.id, d.detail))
    };
    let file = SecretSource::File("token".into());
    assert_eq!(resolve(&file, false).unwrap_err().0, "KF0240");
    for (content, secret) in [("canary\n", "canary"), ("canary\r\n", "canary"), ("canary\n\n", "canary\n")] {
        fs::write(dir.path().join("token"), content).unwrap();
        assert_eq!(resolve(&file, false).unwrap(), secret);
    }
    for content in ["", "\n", " \n\n"] {
        fs::write(dir.path().join("token"), content).unwrap();
        assert_eq!(resolve(&file, false).unwrap_err().0, "KF0240", "{content:?}");
        let meant = SecretSource::OrEmpty(file.clone().into());
        assert_eq!(resolve(&meant, false).unwrap(), content.strip_suffix('\n').unwrap_or(content));
    }
    fs::write(dir.path().join("token"), b"canary\xff").unwrap();
    let (code, detail) = resolve(&file, false).unwrap_err();
    assert_eq!(code, "KF0240");
    assert!(!detail.contains("canary"));
    let echo = |script: &str| SecretSource::Exec(["sh", "-c", script].map(Into::into).to_vec());
    assert_eq!(resolve(&echo("echo canary"), false).unwrap_err().0, "KF0241");
    assert_eq!(resolve(&echo("echo canary"), true).unwrap(), "canary");
    assert_eq!(resolve(&echo("true"), true).unwrap_err().0, "KF0240");
    let (code, detail) = resolve(&echo("echo canary; exit 3"), true).unwrap_err();
    assert_eq!(code, "KF0240");
    assert!(!detail.contains("canary") && detail.contains('3'), "{detail}");
    assert_eq!(resolve(&SecretSource::Env("KEYFORM_NO_SUCH".into()), true).unwrap_err().0, "KF0240");
}

/// Compares a generated file with what it is generated from.
fn generated(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("KEYFORM_BLESS").is_ok_and(|bless| bless == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{file} is out of date: run the tests with KEYFORM_BLESS=1 and commit it");
}

#[test]
fn the_schema_and_the_reference_are_up_to_date() {
    let registry = Registry::builtin().unwrap();
    generated("schema/config.schema.json", &config::json_schema(registry.schemas()));
    generated("docs/reference/blocks.md", &config::reference());
}

#[test]
fn the_schema_takes_configurations_in_their_json_form() {
    let schema = serde_json::from_str(&config::json_schema(&schemas())).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let sync = |destination: serde_json::Value| {
        serde_json::json!({
            "project": { "payments": { "name": "Payments", "environment": { "dev": [{}, { "position": 1 }] } } },
            "secret_sync": { "github": { "x": {
                "project": "${project.payments}",
                "environment": "dev",
                "connection": "${app_connection.gh}",
                "auto_sync": false,
                "destination": destination,
            } } },
        })
    };
    let good = sync(serde_json::json!({ "scope": "organization", "owner": "x", "repository_ids": [1] }));
    assert!(validator.is_valid(&good), "{:?}", validator.iter_errors(&good).map(|e| e.to_string()).collect::<Vec<_>>());
    assert!(!validator.is_valid(&sync(serde_json::json!({ "scope": "organization" }))));
    assert!(!validator.is_valid(&sync(serde_json::json!({ "scope": "repository", "owner": "x", "repo": "y" }))));
    assert!(!validator.is_valid(&serde_json::json!({ "projct": {} })));
}

#[test]
fn nothing_panics() {
    let schemas = schemas();
    let tokens = ["null", "{}", "[]", "\"\"", "secret_env(\"X\")", "project", "each.key", "project.payments", "-1"];
    for file in ["good.txt", "bad.txt", "places.txt", "modules.txt"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(file)).unwrap();
        for case in cases(&text) {
            let lines: Vec<&str> = case.given.split_inclusive('\n').collect();
            for (i, line) in lines.iter().enumerate().filter(|(i, line)| i % 3 == 0 && !line.starts_with("--- ")) {
                // Without the line, and with another value in it.
                let mut broken = vec![String::new()];
                if let Some((name, _)) = line.split_once('=') {
                    let token = tokens[(i * 7 + case.name.len()) % tokens.len()];
                    let close = if line.trim_end().ends_with('}') && line.contains('{') { " }" } else { "" };
                    broken.push(format!("{name}= {token}{close}\n"));
                }
                for line in broken {
                    let given = [lines[..i].concat(), line, lines[i + 1..].concat()].concat();
                    let out = run(&given, &schemas);
                    assert!(!out.contains("could not be evaluated"), "{given}\n{out}");
                }
            }
        }
    }
}

#[test]
fn long_chains_need_no_deep_stack() {
    let schemas = schemas();
    let chain = |n: usize, line: &dyn Fn(usize) -> String| (0..n).map(line).collect::<String>();
    let locals = chain(5_000, &|i| format!("  l{i} = local.l{}\n", i + 1));
    let text = format!("locals {{\n{locals}  l5000 = \"end\"\n}}\noutput \"x\" {{ value = local.l0 }}\n");
    assert_eq!(run(&text, &schemas), "output x = \"end\"\n");
    // Values that lead to each other: the other way round there is a limit.
    let reads = |n: usize| {
        let all = chain(n, &|i| format!("project \"name{i}\" {{ name = project.name{}.name }}\n", i + 1));
        run(&format!("{all}project \"name{n}\" {{}}\n"), &schemas)
    };
    assert!(reads(200).contains("name = \"name200\""));
    assert!(reads(2_000).starts_with("error KF0103"));
    let needs = chain(5_000, &|i| format!("project \"name{i}\" {{ depends_on = [project.name{}] }}\n", i + 1));
    assert!(run(&format!("{needs}project \"name5000\" {{}}\n"), &schemas).contains("needs project.name5000"));
}

#[test]
fn the_example_of_the_language_page_loads() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/LANGUAGE.md")).unwrap();
    let registry = Registry::builtin().unwrap();
    let block = |opens: &str| {
        let blocks = page.split("```hcl\n").skip(1).map(|part| part.split("```").next().unwrap());
        let found: Vec<&str> = blocks.filter(|block| block.starts_with(opens)).collect();
        assert_eq!(found.len(), 1, "{opens}");
        found[0].to_owned()
    };
    let example = block("project \"payments\"");
    let environment = "--- var region=us-2\n";
    assert!(
        run(&example, registry.schemas()).starts_with("app_connection.prod (aws)"),
        "{}",
        run(&example, registry.schemas())
    );
    assert_eq!(run(&format!("{}{environment}", block("variable \"region\"")), registry.schemas()), "");
    let settings = block("keyform {").replace("env(\"INFISICAL_CLIENT_ID\")", "\"id\"");
    assert!(
        run(&settings, registry.schemas()).starts_with("backend infisical"),
        "{}",
        run(&settings, registry.schemas())
    );
    let access = format!("project \"payments\" {{}}\n{}", block("identity \"ci\""));
    let access = run(&access, registry.schemas());
    assert!(access.contains("project_identity.ci") && !access.contains("error"), "{access}");
}
