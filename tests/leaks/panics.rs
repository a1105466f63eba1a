//! A panic says where it happened, never with what: one is forced while secrets are at hand, in a process of its own.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use keyform::cli::panics;
use keyform::engine::Scope;
use keyform::engine::event::Cancel;
use keyform::secret::Secret;
use std::process::Command;

/// Where the inner run panics.
const STAGE: &str = "KEYFORM_TEST_PANIC";
const STAGES: &[&str] = &["secret", "slice", "thread", "task", "reading", "planned", "applying"];

#[test]
fn a_panic_says_where_and_nothing_else() {
    if let Ok(stage) = std::env::var(STAGE) {
        return inner(&stage);
    }
    for stage in STAGES {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "leaks::panics::a_panic_says_where_and_nothing_else", "--nocapture"])
            .env(STAGE, stage)
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let (_, ours) =
            said.split_once("keyform itself is at fault here, at ").unwrap_or_else(|| panic!("{stage}: {said}"));
        assert!(ours.contains(".rs:"), "{stage}: {said}");
        assert!(!said.contains("canary"), "{stage}: {said}");
    }
}

/// Panics with a secret in the message, as a mistake would.
fn inner(stage: &str) {
    panics::hide_messages();
    let value = Secret::new(format!("{}-{}", "canary", "panic-é"));
    let with = value.clone();
    let fail = move || -> () { panic!("{} is not what it should be", with.expose()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match stage {
        "secret" => fail(),
        // The standard library quotes what is cut.
        "slice" => assert!(value.expose()[..value.len() - 1].is_empty()),
        "thread" => std::thread::spawn(fail).join().unwrap_err().downcast::<String>().map(drop).unwrap(),
        "task" => drop(runtime.block_on(async { tokio::spawn(async move { fail() }).await })),
        _ => runtime.block_on(async {
            let world = World::new(&format!("{PROJECT}{SYNC}"));
            let (desired, registry) = world.desired();
            let engine = world.open(&desired, registry).await.unwrap();
            if stage == "reading" {
                fail();
            }
            let planned = engine.plan(&desired, &Scope::default()).await.unwrap();
            if stage == "planned" {
                fail();
            }
            engine.apply(planned, &Cancel::new(), &mut |_| fail()).await;
        }),
    }
}
