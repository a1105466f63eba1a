//! Nothing is lost unsaid: what ends takes along what it should, and what is protected stays.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use crate::engine::rows;
use keyform::engine::Scope;

fn removing() -> String {
    SYNC.replace("connection  = app_connection.files", "connection  = app_connection.files\n  on_delete = \"remove\"")
}

fn connection() -> &'static str {
    SYNC.split_once("secret_sync").unwrap().0
}

#[tokio::test]
async fn a_sync_that_ends_with_its_secrets_takes_its_keys_along() {
    for _ in 0..3 {
        let world = World::new(&format!("{PROJECT}{}", removing()));
        world.converge().await;
        assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b\n");
        world.write("main.hcl", connection());
        world.converge().await;
        assert_eq!(world.read("out/dev.env"), "");
    }
}

#[tokio::test]
async fn a_key_that_the_backend_left_is_not_called_deleted() {
    let sync = removing().replace("on_delete", "auto_sync = false\n  on_delete");
    let less = PROJECT.replace("\"A\"", "\"C\"");
    let world = World::new(&format!("{PROJECT}{sync}"));
    world.converge().await;
    // The source lacks it by now, so the backend does not take it away.
    world.write("main.hcl", &format!("{less}{sync}"));
    world.apply(&Scope { targets: vec!["project.bakery.secret.A".parse().unwrap()], ..Scope::default() }).await;
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b\n");
    world.write("main.hcl", &format!("{less}{}", connection()));
    let (_, report) = world.apply(&Scope::default()).await;
    let failed: Vec<_> = report.failed.iter().map(|(address, why)| format!("{address}: {}", why.code.id)).collect();
    assert_eq!(failed, ["secret_sync.web.entry.A: KF0905"], "{:?}", world.read("out/dev.env"));
    // It was said once, and that was it.
    assert_eq!(world.plan(&Scope::default()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_random_value_moves_from_project_to_project() {
    let text = |project: &str| {
        format!(
            r#"
project "bakery" {{
  environment "dev" {{}}
}}
project "cellar" {{
  environment "dev" {{}}
}}
secret "A" {{
  project     = project.{project}
  environment = "dev"
  value       = secret_random({{ length = 24 }})
}}
"#
        )
    };
    let world = World::new(&text("bakery"));
    world.converge().await;
    let made = world.stored_in("dev").await;
    world.write("main.hcl", &text("cellar"));
    assert_eq!(world.converge().await, ["replace immutable secret.A"]);
    assert_eq!(world.stored_in("dev").await, []);
    world.write("main.hcl", &text("bakery"));
    world.converge().await;
    assert_eq!(world.stored_in("dev").await, made);
}

#[tokio::test]
async fn what_can_t_move_stays_where_it_is() {
    let text = PROJECT.replace("secret_file(\"a\")", "secret_random({ length = 24 })");
    let world = World::new(&text);
    world.converge().await;
    let made = world.stored().await[0].clone();
    world.by_hand("A2", "canary-of-another").await;
    world.write("main.hcl", &text.replace("secret \"A\" {", "secret \"A\" {\n key = \"A2\""));
    let planned = world.planned().await;
    let blocked: Vec<_> =
        planned.plan.blocked.iter().map(|(address, why)| format!("{address}: {}", why.code.id)).collect();
    assert_eq!(blocked, ["project.bakery.secret.A: KF0401"]);
    let stored = world.stored().await;
    assert!(stored.contains(&made), "{stored:?}");
    assert!(stored.contains(&("A2".to_owned(), "canary-of-another".to_owned())), "{stored:?}");
}

/// What a plan counts as left alone at an old place.
fn left(plan: &keyform::plan::Plan) -> Vec<String> {
    let left = plan.foreign.iter().filter(|(phrase, _)| phrase.contains("until now"));
    left.map(|(phrase, count)| format!("{count} {phrase}")).collect()
}

const OLD_PLACE: &str = "local-file (file = dev.env, format = dotenv)";

#[tokio::test]
async fn a_sync_that_moves_says_what_becomes_of_its_keys() {
    for run in ["backend", "keyform"] {
        let sync = SYNC.replace("path        = \"/api\"", &format!("path = \"/api\"\n  run = \"{run}\""));
        let world = World::new(&format!("{PROJECT}{sync}"));
        world.converge().await;
        world.write("main.hcl", &format!("{PROJECT}{}", sync.replace("dev.env", "prod.env")));
        let plan = world.planned().await.plan;
        assert_eq!(left(&plan), [format!("2 keys at {OLD_PLACE}, where secret_sync.web wrote until now")]);
        assert!(rows(&plan).contains(&"create new secret_sync.web.entry.A".to_owned()), "{:?}", rows(&plan));
        world.converge().await;
        assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b\n");
        assert_eq!(world.read("out/prod.env"), "A=canary-a\nB=canary-b\n");
        assert_eq!(left(&world.planned().await.plan), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_sync_that_moves_takes_its_keys_along_if_it_is_to() {
    let world = World::new(&format!("{PROJECT}{}", removing()));
    world.converge().await;
    world.write("main.hcl", &format!("{PROJECT}{}", removing().replace("dev.env", "prod.env")));
    let plan = world.planned().await.plan;
    assert_eq!(left(&plan), Vec::<String>::new());
    let old = |key: &str| format!("delete removed secret_sync.web.entry.{key}[\"{OLD_PLACE}\"]");
    let mut expected = vec!["replace changed secret_sync.web".to_owned(), old("A"), old("B")];
    expected.extend(["A", "B"].map(|key| format!("create new secret_sync.web.entry.{key}")));
    let mut found = rows(&plan);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    let hazards: Vec<_> = plan.hazards.iter().map(|hazard| hazard.kind.word()).collect();
    assert_eq!(hazards, ["replace"]);
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "");
    assert_eq!(world.read("out/prod.env"), "A=canary-a\nB=canary-b\n");
}

#[tokio::test]
async fn a_sync_with_another_label_keeps_its_keys() {
    for run in ["backend", "keyform"] {
        let sync =
            SYNC.replace("path        = \"/api\"", &format!("path = \"/api\"\n  run = \"{run}\"\n  name = \"web\""));
        let world = World::new(&format!("{PROJECT}{sync}"));
        world.converge().await;
        world.write(
            "main.hcl",
            &format!("{PROJECT}{}", sync.replace("\"local-file\" \"web\"", "\"local-file\" \"shop\"")),
        );
        let rows = world.converge().await;
        if run == "backend" {
            assert_eq!(rows, ["adopt moved secret_sync.shop"]);
            continue;
        }
        assert!(rows.contains(&"adopt new secret_sync.shop.entry.A".to_owned()), "{run}: {rows:?}");
        assert!(rows.contains(&"forget kept secret_sync.web.entry.A".to_owned()), "{run}: {rows:?}");
        assert!(rows.iter().all(|row| row.starts_with("adopt") || row.starts_with("forget")), "{run}: {rows:?}");
    }
}

#[tokio::test]
async fn a_project_with_another_label_keeps_what_it_holds() {
    let text = PROJECT.replace("secret_file(\"a\")", "secret_random({ length = 24 })");
    let world = World::new(&format!("{text}{SYNC}"));
    world.converge().await;
    let made = world.stored().await;
    let text = text.replace("project \"bakery\" {", "project \"kitchen\" {\n  slug = \"bakery\"\n  name = \"bakery\"");
    world.write("main.hcl", &format!("{text}{}", SYNC.replace("project.bakery", "project.kitchen")));
    let rows = world.converge().await;
    assert!(rows.iter().all(|row| row.starts_with("adopt") || row.starts_with("forget")), "{rows:?}");
    assert_eq!(rows.len(), 2 * 5, "{rows:?}");
    assert_eq!(world.stored().await, made);
}

#[tokio::test]
async fn what_a_first_run_imports_is_pushed_by_the_others() {
    let second = |label: &str, environment: &str, run: &str| {
        let (_, sync) = SYNC.split_once("secret_sync").unwrap();
        let sync = sync.replace("\"web\"", &format!("\"{label}\"")).replace("dev.env", &format!("{label}.env"));
        let at = "environment = \"dev\"\n  path        = \"/api\"";
        format!(
            "secret_sync{}",
            sync.replace(at, &format!("environment = \"{environment}\"\n  run = \"{run}\"\n  path = \"/api\""))
        )
    };
    let project = PROJECT.replace("environment \"dev\" {}", "environment \"dev\" {}\n  environment \"prod\" {}").replace(
        "  secret \"A\" {",
        "  secret_import \"dev\" {\n    environment = \"prod\"\n    path = \"/api\"\n    from = { environment = \"dev\", path = \"/api\" }\n  }\n  secret \"A\" {",
    );
    for run in ["keyform", "backend"] {
        let import = SYNC
            .replace("path        = \"/api\"", "path        = \"/api\"\n  initial_sync = \"import-prioritize-source\"");
        let world =
            World::new(&format!("{project}{import}{}{}", second("also", "dev", run), second("other", "prod", run)));
        world.write("out/dev.env", "A=canary-old\nOLD=canary-imported\n");
        let rows = world.converge().await;
        assert!(rows.contains(&"create new secret_sync.also.entry.OLD".to_owned()), "{rows:?}");
        for file in ["dev", "also", "other"] {
            let text = world.read(&format!("out/{file}.env"));
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            assert_eq!(lines, ["A=canary-a", "B=canary-b", "OLD=canary-imported"], "{file}");
        }
    }
}

#[tokio::test]
async fn everything_is_destroyed() {
    let world = World::new(&format!("{PROJECT}{}", removing()));
    world.converge().await;
    let (_, report) = world.apply(&Scope { destroy: true, ..Scope::default() }).await;
    assert!(report.is_complete(), "{:#?} {:#?}", report.failed, report.skipped);
    assert_eq!(world.read("out/dev.env"), "");
}

/// The project with a random secret in an environment of its own.
fn random(environment: &str, lifecycle: &str) -> String {
    format!(
        r#"
project "bakery" {{
  environment "{environment}" {{}}
  secret "A" {{
    environment = "{environment}"
    value       = secret_random({{ length = 24 }})
    lifecycle {{
      {lifecycle}
    }}
  }}
}}
"#
    )
}

#[tokio::test]
async fn an_environment_with_another_label_is_no_way_around_protection() {
    let world = World::new(&random("prod", "prevent_destroy = true"));
    world.converge().await;
    world.write("main.hcl", &random("prod2", "prevent_destroy = true"));
    let plan = world.planned().await.plan;
    assert_eq!(
        rows(&plan),
        [
            "create new project.bakery.environment.prod2",
            "replace immutable project.bakery.secret.A",
            "delete removed project.bakery.environment.prod",
        ]
    );
    let hazards: Vec<_> =
        plan.hazards.iter().map(|hazard| format!("{} {}", hazard.kind.word(), hazard.address)).collect();
    assert_eq!(hazards, ["replace project.bakery.secret.A", "protected project.bakery.secret.A"]);

    // Without the protection, the random value moves along.
    world.write("main.hcl", &random("prod", "prevent_destroy = false"));
    world.converge().await;
    let before = world.stored_in("prod").await;
    world.write("main.hcl", &random("prod2", "prevent_destroy = false"));
    world.converge().await;
    assert_eq!(world.stored_in("prod2").await, before);
}

#[tokio::test]
async fn protection_and_the_end_of_a_sync_are_remembered_as_last_declared() {
    let protect = |on: bool, end: &str| {
        let project = random("dev", &format!("prevent_destroy = {on}"));
        format!("{project}{}", SYNC.replace("path        = \"/api\"", &format!("on_delete = \"{end}\"")))
    };
    let world = World::new(&protect(false, "remove"));
    world.converge().await;
    world.write("main.hcl", &protect(true, "keep"));
    assert_eq!(world.converge().await, ["adopt changed project.bakery.secret.A", "adopt changed secret_sync.web"]);
    let held = world.read("out/dev.env");
    world.write("main.hcl", "project \"bakery\" {\n  environment \"dev\" {}\n}\n");
    let hazards: Vec<_> = world.planned().await.plan.hazards.iter().map(|hazard| hazard.kind.word()).collect();
    assert_eq!(hazards, ["protected"]);

    // And back: what is not protected any more may go, and the keys stay.
    world.write("main.hcl", &protect(false, "keep"));
    assert_eq!(world.converge().await, ["adopt changed project.bakery.secret.A"]);
    world.write("main.hcl", "project \"bakery\" {\n  environment \"dev\" {}\n}\n");
    assert_eq!(world.planned().await.plan.hazards, []);
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), held);
}

#[tokio::test]
async fn what_moves_to_another_environment_leaves_nothing_behind() {
    let both = "\nproject \"bakery\" {\n  environment \"dev\" {}\n  environment \"prod\" {}\n  folder \"/shared\" {}\n";
    let text = |environment: &str| {
        format!(
            "{both}  secret_import \"shared\" {{\n    environment = \"{environment}\"\n    from = {{ environment = \"dev\", path = \"/shared\" }}\n  }}\n}}\n"
        )
    };
    let world = World::new(&text("dev"));
    world.converge().await;
    world.write("main.hcl", &text("prod"));
    assert_eq!(world.converge().await, ["replace immutable project.bakery.secret_import.shared"]);
}
