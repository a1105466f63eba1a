//! Nothing is lost unsaid: what ends takes along what it should, and what is protected stays.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
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
