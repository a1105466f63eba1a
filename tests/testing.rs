//! `keyform test` beyond its scenario: the example of `--help`, what it leaves and what it sends, its documents, and destinations in
//! memory beside the manifests that they follow.

use crate::canary;
use crate::scenarios::PROGRAM;
use keyform::diag::codes;
use keyform::http::Method;
use keyform::http::Request;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::http::client::Policy;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
use keyform::model::key_schema::KeySchema;
use keyform::provider::Destination;
use keyform::provider::Op;
use keyform::provider::Spec;
use keyform::provider::Write;
use keyform::provider::memory::Shelf;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A copy of a configuration, and a place for temporary files.
struct Copy(tempfile::TempDir);

impl Copy {
    fn of(folder: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["work", "tmp"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        for path in canary::files(&root(folder)) {
            fs::copy(&path, dir.path().join("work").join(path.file_name().unwrap())).unwrap();
        }
        Self(dir)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join("work").join(name), text).unwrap();
    }

    /// Everything that is there, apart from the configuration's own files.
    fn left(&self) -> Vec<String> {
        let shown = |path: std::path::PathBuf| path.strip_prefix(self.0.path()).unwrap().display().to_string();
        let mut left: Vec<String> = canary::files(self.0.path()).into_iter().map(shown).collect();
        left.retain(|name| !name.ends_with(".hcl"));
        left
    }

    /// Runs `keyform test` with an environment that has nothing in it.
    fn test(&self, args: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.arg("test").args(args).current_dir(self.0.path().join("work"));
        command.env_clear().env("TMPDIR", self.0.path().join("tmp")).output().unwrap()
    }
}

#[test]
fn the_example_of_the_help_passes_offline_and_leaves_nothing() {
    let example = fs::read_to_string(root("examples/tested/web.kftest.hcl")).unwrap();
    let help = Command::new(PROGRAM).args(["test", "--help"]).output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains(&example));
    let copy = Copy::of("examples/tested");
    let output = copy.test(&[]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shown.matches('✓').count(), example.matches("\nrun \"").count(), "{shown}");
    assert_eq!(copy.left(), [""; 0]);
}

/// The backend writes every key anew whose value it can't read, and so does a new sync that begins to run by itself: what
/// tells that somebody wrote there changes with it, and nobody did.
#[test]
fn what_the_backend_writes_anew_is_no_drift() {
    let copy = Copy::of("examples/tested");
    copy.write(
        "web.kftest.hcl",
        r#"
run "made" { command = "apply" }
run "nothing to do" {
  expect { nothing_else = true }
}
run "rotated" {
  command = "apply"
  stand_ins {
    env = { DATABASE_URL = "two" }
  }
  expect { update = 2 }
}
run "again nothing to do" {
  stand_ins {
    env = { DATABASE_URL = "two" }
  }
  expect { nothing_else = true }
}
"#,
    );
    let output = copy.test(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn destinations_of_every_sort_are_written_and_found_again() {
    // One that is signed, two that are signed with keys that a stand-in is not, one with a digest, one with times, one with lookups.
    for name in ["1password", "chef", "oci-vault", "flyio", "databricks", "azure-devops"] {
        let copy = Copy::of(&format!("examples/destinations/{name}"));
        copy.write(
            "all.kftest.hcl",
            "run \"made\" { command = \"apply\" }\nrun \"again\" {\n  expect { nothing_else = true }\n}\n",
        );
        let output = copy.test(&[]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn documents_are_what_their_schema_says() {
    let schema = fs::read_to_string(root("schema/test.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let copy = Copy::of("examples/tested");
    copy.write("broken.kftest.hcl", "run \"canary-name-0001\" { comand = 1 }\n");
    copy.write(
        "other.kftest.hcl",
        "run \"lost\" {\n  expect { exit = 3 }\n}\n\nrun \"<later> & last\" {}\n\ngiven {\n  gone = [\"secret.x\"]\n}\n",
    );
    let output = copy.test(&["--json", "--output", "junit=../tests.xml", "--output", "sarif=../tests.sarif"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let counts = ["ok", "passed", "failed", "skipped"].map(|name| document[name].to_string());
    assert_eq!(counts, ["false", "3", "1", "1"]);
    assert_eq!(document["files"][0]["diagnostics"][0]["labels"][0]["start"]["line"], 1);
    let lost = &document["files"][1]["runs"][0];
    assert_eq!((&lost["outcome"], &lost["diagnostics"][0]["code"]), (&"failed".into(), &"KF1193".into()));
    assert_eq!(lost["diagnostics"][0]["labels"][0]["start"]["line"], 2);

    let junit = fs::read_to_string(copy.0.path().join("tests.xml")).unwrap();
    assert!(junit.contains("<testsuites name=\"keyform test\" tests=\"6\" failures=\"2\""), "{junit}");
    assert!(junit.contains("name=\"&lt;later&gt; &amp; last\"><skipped"), "{junit}");
    assert!(junit.contains("<failure type=\"KF1193\""), "{junit}");
    let sarif: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(copy.0.path().join("tests.sarif")).unwrap()).unwrap();
    let rules: Vec<&str> =
        sarif["runs"][0]["results"].as_array().unwrap().iter().filter_map(|found| found["ruleId"].as_str()).collect();
    assert!(rules.contains(&"KF1193"), "{rules:?}");
}

#[tokio::test]
async fn a_client_that_is_kept_here_sends_nothing_elsewhere() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let redirect = [("service.example".to_owned(), listener.local_addr().unwrap())].into();
    let client = Client::new(Options { only_here: true, redirect, ..Options::default() }).unwrap();
    let request = Request::new(Method::Get, "https://service.example/secrets").unwrap();
    let why = client.send(&request, &Policy::default()).await.err().unwrap();
    assert_eq!((why.code, client.requests()), (&codes::KEPT_HERE, 0));
    assert!(listener.accept().is_err());
}

fn opened(registry: &Registry, slug: &str, method: &str, fields: [&[(&str, &str)]; 2]) -> Destination {
    let attrs = |pairs: &[(&str, &str)]| -> Attrs {
        pairs.iter().map(|(name, value)| ((*name).into(), Value::string(*value))).collect()
    };
    let spec = Spec {
        slug: slug.into(),
        method: method.into(),
        connection: attrs(fields[0]),
        destination: attrs(fields[1]),
        options: Attrs::new(),
        key_schema: KeySchema::none(),
        environment: "Production".into(),
    };
    registry.open(&spec, &Client::new(Options { only_here: true, ..Options::default() }).unwrap()).unwrap()
}

async fn put(destination: &Destination, key: &str, value: &str) -> Result<(), &'static str> {
    let seen = destination.read().await.unwrap();
    let value = Secret::new(value.to_owned());
    let op = if seen.entries.contains_key(key) { Op::Update(value) } else { Op::Create(value) };
    let outcome = destination.write(&seen, &[Write { key: key.into(), op }]).await.remove(0);
    outcome.result.map(drop).map_err(|why| why.code.id)
}

#[tokio::test]
async fn destinations_in_memory_keep_to_their_manifests() {
    let registry = Registry::builtin().unwrap().in_memory(Shelf::default());
    let at = |repo| {
        let place = [("scope", "repository"), ("owner", "acme"), ("repo", repo)];
        opened(&registry, "github", "pat", [&[("personal_access_token", "x")], &place])
    };
    // Values don't come back, a time does; other places hold other things.
    let github = at("web");
    put(&github, "KEY", "one").await.unwrap();
    let first = at("web").read().await.unwrap().entries["KEY"].clone();
    put(&github, "KEY", "one").await.unwrap();
    let second = github.read().await.unwrap().entries["KEY"].clone();
    assert!(first.value.is_none() && first.version.is_some() && first.version != second.version);
    assert_eq!(github.kept().unwrap()["KEY"].expose(), "one");
    assert!(at("api").read().await.unwrap().entries.is_empty());
    // What the service would refuse is refused.
    assert_eq!(put(&github, "GITHUB_TOKEN", "x").await, Err("KF0515"));
    let most = github.variant().max_entries.unwrap();
    for n in 1..most {
        put(&github, &format!("KEY_{n}"), "x").await.unwrap();
    }
    assert_eq!(put(&github, "ONE_MORE", "x").await, Err("KF0518"));
    put(&github, "KEY", "three").await.unwrap();

    // A digest is of the value alone.
    let fly = opened(&registry, "flyio", "access-token", [&[("access_token", "x")], &[("app_id", "web")]]);
    let mut digests = Vec::new();
    for value in ["one", "one", "two"] {
        put(&fly, "KEY", value).await.unwrap();
        let seen = fly.read().await.unwrap().entries["KEY"].clone();
        assert!(seen.value.is_none() && seen.version.is_none());
        digests.push(seen.digest.unwrap());
    }
    assert!(digests[0] == digests[1] && digests[1] != digests[2] && !digests[2].contains("two"));
}
