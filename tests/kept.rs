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
