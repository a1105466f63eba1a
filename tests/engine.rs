//! The engine against the embedded backend and local files: after every apply a new plan is empty, and
//! what the ledger does not own survives.

use keyform::config;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::engine::Engine;
use keyform::engine::Lock;
use keyform::engine::Options;
use keyform::engine::Planned;
use keyform::engine::Scope;
use keyform::engine::event::Cancel;
use keyform::engine::event::Report;
use keyform::engine::health::State;
use keyform::engine::secrets::Place;
use keyform::model::desired::Desired;
use keyform::plan::Plan;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::Duration;

/// A project with one environment, whose secrets are files beside the configuration.
pub(crate) const PROJECT: &str = r#"
project "bakery" {
  environment "dev" {}
  folder "/api" {}
  secret "A" {
    environment = "dev"
    path        = "/api"
    value       = secret_file("a")
  }
  secret "B" {
    environment = "dev"
    path        = "/api"
    value       = secret_file("b")
  }
}
"#;

/// A sync of that project into one file.
pub(crate) const SYNC: &str = r#"
app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}
secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  connection  = app_connection.files
  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
"#;

/// A directory with a configuration, and what can be done with it.
pub(crate) struct World {
    dir: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(main: &str) -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(world.path().join("out")).unwrap();
        world.write("main.hcl", main);
        world.write("a", "canary-a");
        world.write("b", "canary-b");
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    pub(crate) fn desired(&self) -> (Arc<Desired>, Arc<Registry>) {
        // Reading all manifests takes longer than most of what is done with them.
        static REGISTRY: LazyLock<Arc<Registry>> =
            LazyLock::new(|| Arc::new(Registry::builtin().unwrap_or_else(|why| panic!("{why:?}"))));
        let registry = Arc::clone(&REGISTRY);
        let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
        let input = config::Input::new(self.path());
        let desired = config::load(&mut acc, &mut sources, &input, registry.schemas());
        let desired = desired.unwrap_or_else(|| panic!("{acc:?}"));
        (Arc::new(desired), registry)
    }

    pub(crate) async fn open(&self, desired: &Desired, registry: Arc<Registry>) -> Result<Engine, Diagnostics> {
        let options = Options {
            dir: self.path().to_owned(),
            state: self.path().join(".keyform"),
            allow_exec: false,
            lock: Some(Lock { command: "apply".to_owned(), timeout: Duration::from_secs(10), only_if_new: false }),
            registry,
            stand_ins: None,
            hear: None,
        };
        Engine::open(options, desired).await
    }

    /// Plans; gives the rows, one text each.
    pub(crate) async fn plan(&self, scope: &Scope) -> Vec<String> {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await.unwrap();
        let planned = engine.plan(&desired, scope).await;
        engine.close().await;
        rows(&planned.unwrap_or_else(|why| panic!("{why:?}")).plan)
    }

    /// Plans and applies; gives the rows and how it went.
    pub(crate) async fn apply(&self, scope: &Scope) -> (Vec<String>, Report) {
        self.try_apply(scope).await.unwrap_or_else(|why| panic!("{why:?}"))
    }

    pub(crate) async fn try_apply(&self, scope: &Scope) -> Result<(Vec<String>, Report), Diagnostics> {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await?;
        let result = match engine.plan(&desired, scope).await {
            Ok(planned) => {
                let rows = rows(&planned.plan);
                Ok((rows, engine.apply(planned, &Cancel::new(), &mut |_| {}).await))
            }
            Err(why) => Err(why),
        };
        engine.close().await;
        result
    }

    /// Applies, expects that all went well, and that a new plan is empty.
    pub(crate) async fn converge(&self) -> Vec<String> {
        let (rows, report) = self.apply(&Scope::default()).await;
        assert!(report.is_complete(), "{:#?} {:#?}", report.failed, report.skipped);
        assert_eq!(self.plan(&Scope::default()).await, Vec::<String>::new(), "after {rows:?}");
        rows
    }

    /// Works by hand on the backend.
    pub(crate) async fn by_hand(&self, key: &str, value: &str) {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await.unwrap();
        let place = Place { project: "bakery".into(), environment: "dev".into(), path: "/api".into() };
        let secrets = [(Arc::from(key), Secret::new(value.to_owned()))].into();
        engine.set_secrets(&place, &secrets).await.unwrap();
        engine.close().await;
    }

    pub(crate) async fn stored(&self) -> Vec<(String, String)> {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await.unwrap();
        let place = Place { project: "bakery".into(), environment: "dev".into(), path: "/api".into() };
        let secrets = engine.secrets(&place).await.unwrap();
        engine.close().await;
        secrets.into_iter().map(|(key, value)| (key.to_string(), value.expose().to_owned())).collect()
    }

    /// The secrets at the root of an environment.
    pub(crate) async fn stored_in(&self, environment: &str) -> Vec<(String, String)> {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await.unwrap();
        let place = Place { project: "bakery".into(), environment: environment.into(), path: "/".into() };
        let secrets = engine.secrets(&place).await.unwrap();
        engine.close().await;
        secrets.into_iter().map(|(key, value)| (key.to_string(), value.expose().to_owned())).collect()
    }

    /// The secrets of any folder; none where there is no such folder.
    pub(crate) async fn held(&self, environment: &str, path: &str) -> BTreeMap<String, String> {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await.unwrap();
        let place = Place { project: "bakery".into(), environment: environment.into(), path: path.into() };
        let secrets = engine.secrets(&place).await.unwrap_or_default();
        engine.close().await;
        secrets.into_iter().map(|(key, value)| (key.to_string(), value.expose().to_owned())).collect()
    }

    pub(crate) async fn planned(&self) -> Planned {
        let (desired, registry) = self.desired();
        let engine = self.open(&desired, registry).await.unwrap();
        let planned = engine.plan(&desired, &Scope::default()).await.unwrap();
        engine.close().await;
        planned
    }
}

/// A plan as texts: `create new project.bakery`.
pub(crate) fn rows(plan: &Plan) -> Vec<String> {
    let changes = plan.changes.iter().map(|c| format!("{} {} {}", c.action.word(), c.reason.word(), c.address));
    let blocked = plan.blocked.values().map(|why| format!("blocked {}", why.detail));
    let incomplete = plan.incomplete.iter().map(|(address, why)| format!("incomplete {address}: {}", why.detail));
    let blind = plan.blind.keys().map(|address| format!("blind {address}"));
    changes.chain(blocked).chain(incomplete).chain(blind).collect()
}

#[tokio::test]
async fn a_project_is_made_changed_and_taken_down() {
    let world = World::new(PROJECT);
    let rows = world.converge().await;
    assert_eq!(rows.len(), 5, "{rows:?}");

    world.write("a", "canary-a2");
    assert_eq!(world.converge().await, ["update changed project.bakery.secret.A"]);
    assert_eq!(world.stored().await[0].1, "canary-a2");

    // A trailing newline is kept as exactly one, white space around is not: no difference for ever.
    world.write("a", "  canary-a3 \n\n\n");
    assert_eq!(world.converge().await, ["update changed project.bakery.secret.A"]);

    world.by_hand("B", "canary-drift").await;
    assert_eq!(world.converge().await, ["update drifted project.bakery.secret.B"]);

    let (rows, report) = world.apply(&Scope { destroy: true, ..Scope::default() }).await;
    assert!(report.is_complete(), "{:#?}", report.failed);
    assert_eq!(rows.len(), 5);
    assert_eq!(world.plan(&Scope { destroy: true, ..Scope::default() }).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_key_is_renamed_and_a_block_is_relabelled() {
    let world = World::new(PROJECT);
    world.converge().await;
    world.write("main.hcl", &PROJECT.replace("secret \"A\" {", "secret \"A\" {\n key = \"A2\""));
    assert_eq!(world.converge().await, ["replace immutable project.bakery.secret.A"]);
    let keys: Vec<_> = world.stored().await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["A2", "B"]);

    // The same secret under another address is the same secret.
    world.write("main.hcl", &PROJECT.replace("secret \"A\" {", "secret \"renamed\" {\n key = \"A2\""));
    let rows = world.converge().await;
    assert!(rows.iter().all(|row| row.starts_with("adopt") || row.starts_with("forget")), "{rows:?}");
}

#[tokio::test]
async fn a_folder_moves_and_an_environment_is_renamed() {
    let world = World::new(PROJECT);
    world.converge().await;
    world.write(
        "main.hcl",
        &PROJECT
            .replace("environment \"dev\" {}", "environment \"dev\" {\n slug = \"develop\"\n}")
            .replace("= \"dev\"", "= \"develop\""),
    );
    world.converge().await;
    world.write("main.hcl", &PROJECT.replace("/api", "/svc"));
    world.converge().await;
}

#[tokio::test]
async fn entries_follow_the_source_and_foreign_keys_are_named() {
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    let rows = world.converge().await;
    assert!(rows.iter().any(|row| row == "create new secret_sync.web.entry.A"), "{rows:?}");
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b\n");

    world.write("b", "canary-b2");
    let rows = world.converge().await;
    assert_eq!(rows, ["update changed project.bakery.secret.B", "update changed secret_sync.web.entry.B"]);
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b2\n");

    // Someone wrote at the destination.
    world.write("out/dev.env", "A=canary-other\nB=canary-b2\n");
    assert_eq!(world.converge().await, ["update drifted secret_sync.web.entry.A"]);

    // Gone at the destination.
    world.write("out/dev.env", "A=canary-a\n");
    assert_eq!(world.converge().await, ["create missing secret_sync.web.entry.B"]);

    // A secret that nobody declared goes along, because the backend pushes the whole folder.
    world.by_hand("C", "canary-c").await;
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b2\nC=canary-c\n");

    // Removed from the source.
    let less = PROJECT.replace("\"B\"", "\"D\"");
    world.write("main.hcl", &format!("{less}{SYNC}"));
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nC=canary-c\nD=canary-b2\n");
}

#[tokio::test]
async fn a_key_schema_leaves_foreign_keys_alone() {
    let sync = SYNC.replace("path        = \"/api\"", "path        = \"/api\"\n  key_schema  = key_schema.app");
    let schema = "key_schema \"app\" {\n  prefix = \"APP_\"\n}\n";
    let world = World::new(&format!("{PROJECT}{schema}{sync}"));
    world.write("out/dev.env", "FOREIGN=canary-f\n");
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "FOREIGN=canary-f\nAPP_A=canary-a\nAPP_B=canary-b\n");
}

#[tokio::test]
async fn a_sync_that_keyform_runs_writes_only_what_it_owns() {
    let sync = SYNC.replace("path        = \"/api\"", "path        = \"/api\"\n  run         = \"keyform\"");
    let world = World::new(&format!("{PROJECT}{sync}"));
    world.write("out/dev.env", "FOREIGN=canary-f\n");
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "FOREIGN=canary-f\nA=canary-a\nB=canary-b\n");
    world.write("a", "canary-a2");
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "FOREIGN=canary-f\nA=canary-a2\nB=canary-b\n");
    let less = PROJECT.replace("\"B\"", "\"D\"");
    world.write("main.hcl", &format!("{less}{sync}"));
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "FOREIGN=canary-f\nA=canary-a2\nD=canary-b\n");

    // Handed over to the backend, which then owns the whole file: the foreign key is the user's to allow.
    world.write("main.hcl", &format!("{less}{SYNC}"));
    let rows = world.plan(&Scope::default()).await;
    assert!(rows.contains(&"delete wipe secret_sync.web.entry.FOREIGN".to_owned()), "{rows:?}");
}

#[tokio::test]
async fn the_first_run_imports_what_it_finds() {
    let sync =
        SYNC.replace("path        = \"/api\"", "path        = \"/api\"\n  initial_sync = \"import-prioritize-source\"");
    let world = World::new(&format!("{PROJECT}{sync}"));
    world.write("out/dev.env", "A=canary-old\nOLD=canary-old\n");
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nOLD=canary-old\nB=canary-b\n");
    let keys: Vec<_> = world.stored().await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["A", "B", "OLD"]);
}

#[tokio::test]
async fn imports_and_references_are_pushed_as_the_backend_resolves_them() {
    let more = r#"
project "bakery" {
  environment "dev" {}
  environment "prod" {}
  folder "/api" {}
  folder "/shared" {}
  secret "HOST" {
    environment = "prod"
    path        = "/shared"
    value       = secret_file("a")
  }
  secret "URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_file("url")
  }
  secret_import "shared" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "prod", path = "/shared" }
  }
}
"#;
    let world = World::new(&format!("{more}{SYNC}"));
    world.write("url", "https://${prod.shared.HOST}/${MISSING}");
    world.converge().await;
    assert_eq!(world.read("out/dev.env").lines().count(), 2, "{}", world.read("out/dev.env"));
    assert!(world.read("out/dev.env").contains("https://canary-a/"), "{}", world.read("out/dev.env"));
    // The source of a reference moves: the entries follow.
    world.write("a", "canary-a2");
    let rows = world.converge().await;
    assert_eq!(rows.iter().filter(|row| row.contains("entry")).count(), 2, "{rows:?}");
}

#[tokio::test]
async fn random_values_are_made_once() {
    let random = PROJECT.replace("secret_file(\"b\")", "secret_random({ length = 24 })");
    let world = World::new(&format!("{random}{SYNC}"));
    world.converge().await;
    let before = world.stored().await;
    assert_eq!(before[1].1.len(), 24);
    world.write("a", "canary-a2");
    world.converge().await;
    assert_eq!(world.stored().await[1], before[1]);
}

#[tokio::test]
async fn what_is_not_at_hand_stops_only_what_needs_it() {
    let world = World::new(PROJECT);
    fs::remove_file(world.path().join("b")).unwrap();
    let planned = world.planned().await;
    assert_eq!(planned.notes.len(), 1, "{:?}", planned.notes);
    assert_eq!(planned.plan.changes.len(), 5);
    let (_, report) = world.apply(&Scope::default()).await;
    assert_eq!(report.failed.len(), 1, "{:?}", report.failed);
    assert_eq!(report.done_count(), 4);
    world.write("b", "canary-b");
    assert_eq!(world.converge().await, ["create new project.bakery.secret.B"]);
    // Once it is there, a plan does without the value.
    fs::remove_file(world.path().join("b")).unwrap();
    assert_eq!(world.plan(&Scope::default()).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_unreadable_destination_is_not_an_empty_one() {
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    world.converge().await;
    fs::remove_file(world.path().join("out/dev.env")).unwrap();
    fs::create_dir(world.path().join("out/dev.env")).unwrap();
    let rows = world.plan(&Scope::default()).await;
    assert!(rows.iter().any(|row| row.starts_with("incomplete secret_sync.web")), "{rows:?}");
    assert!(!rows.iter().any(|row| row.contains("delete") || row.contains("missing")), "{rows:?}");
}

#[tokio::test]
async fn a_plan_asks_for_lists_and_nothing_else() {
    let mut many = String::from("project \"bakery\" {\n  environment \"dev\" {}\n  folder \"/api\" {}\n");
    for i in 0..200 {
        many.push_str(&format!(
            "  secret \"K{i}\" {{\n    environment = \"dev\"\n    path = \"/api\"\n    value = secret_file(\"a\")\n  }}\n"
        ));
    }
    many.push_str("}\n");
    let world = World::new(&format!("{many}{SYNC}"));
    let rows = world.converge().await;
    assert_eq!(rows.len(), 3 + 200 + 2 + 200);
    // Login, projects, connections, syncs, folders, secrets, imports of the source.
    assert_eq!(world.planned().await.requests, 7);
}

/// The requests of one folder are each done or not: what an earlier one made is no failure of a later one.
#[tokio::test]
async fn a_value_that_is_too_large_fails_alone() {
    let more = PROJECT.replace(
        "secret \"B\"",
        "secret \"C\" {\n environment = \"dev\"\n path = \"/api\"\n value = secret_file(\"c\")\n }\n secret \"B\"",
    );
    let world = World::new(&more);
    world.write("b", &"x".repeat(1_200_000));
    world.write("c", "canary-c");
    let (_, report) = world.apply(&Scope::default()).await;
    let failed: Vec<String> = report.failed.iter().map(|(address, _)| address.to_string()).collect();
    assert_eq!(failed, ["project.bakery.secret.B"], "{:?}", report.failed);
    let stored = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(world.stored().await, stored(&[("A", "canary-a"), ("C", "canary-c")]));
    world.write("b", "canary-b");
    assert_eq!(world.converge().await, ["create new project.bakery.secret.B"]);
}

#[test]
fn credentials_that_end_soon_are_worth_a_word() {
    let now: jiff::Timestamp = "2027-10-01T00:00:00Z".parse().unwrap();
    let state = |until: &str| keyform::engine::health::taken(Some(until), now).0;
    // As GitHub writes it, and as Vault does.
    assert_eq!(state("2027-10-12 09:00:00 UTC"), State::Odd);
    assert_eq!(state("2027-10-12T09:00:00.466476215+02:00"), State::Odd);
    assert_eq!(state("2027-09-12 09:00:00 UTC"), State::Odd);
    assert_eq!(state("2027-10-16 09:00:00 UTC"), State::Good);
    // Whatever is no time is shown, and nothing is made of it.
    assert_eq!(state("never"), State::Good);
    assert_eq!(keyform::engine::health::taken(None, now).1, "credentials are taken");
}
