//! What the backend pushes by itself: while keyform could not look it is keyform's all the same, and while a sync
//! changes it is nothing.

use crate::faults::proxy::Fault;
use crate::faults::proxy::answer;
use crate::faults::stand::CHANGED;
use crate::faults::stand::FIRST;
use crate::faults::stand::Stand;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_pushed_by_a_run_that_failed_is_no_stranger() {
    let stand = Stand::changed().await;
    let is_written = AtomicBool::new(false);
    stand.proxy.faults(move |method, path| {
        if method == "POST" && path.contains("/secrets") {
            is_written.store(true, Ordering::SeqCst);
        }
        let is_hit = is_written.load(Ordering::SeqCst) && path.contains("/secret-syncs");
        let says = answer("500 Internal Server Error", "", "application/json", "{\"message\":\"x\"}");
        is_hit.then_some(Fault { is_done: false, says })
    });
    let ran = stand.apply().await;
    assert_eq!(ran.code, 7, "{}", ran.said);
    let began = Instant::now();
    while !stand.world.read("out/dev.env").contains("APP_C=canary-c") {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", stand.world.read("out/dev.env"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The value has changed before anybody ran it again.
    stand.world.write("b", "canary-d");
    stand.mends("pushed by a run that failed", &[("A", "canary-a2"), ("C", "canary-d"), ("HAND", "canary-hand")]).await;
    stand.end().await;
}

/// A sync that changes together with its source is switched off first; if the run ends before it is switched on again,
/// that is said, and the next run does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_pauses_goes_on_however_the_run_ended() {
    // The pause itself: refused, or done and its answer lost; then a write of its source; then its own row.
    for (which, fails, is_done) in [
        ("/secret-syncs/", 0, false),
        ("/secret-syncs/", 0, true),
        ("/secrets", 0, false),
        ("/secret-syncs/", 1, false),
    ] {
        let stand = Stand::changed().await;
        let main = stand.world.read("main.hcl");
        stand.world.write("main.hcl", &main.replace("  destination {", "  description = \"other\"\n  destination {"));
        let before = stand.world.read("out/dev.env");
        let writes: Mutex<Vec<String>> = Mutex::default();
        let writes: &'static Mutex<Vec<String>> = Box::leak(Box::new(writes));
        stand.proxy.faults(move |method, path| {
            if method == "GET" || path.contains("/auth/") {
                return None;
            }
            let mut writes = writes.lock().unwrap();
            let is_hit = path.contains(which) && writes.iter().filter(|path| path.contains(which)).count() >= fails;
            writes.push(path.to_owned());
            let says = answer("500 Internal Server Error", "", "application/json", "{\"message\":\"x\"}");
            is_hit.then_some(Fault { is_done, says })
        });
        let ran = stand.apply().await;
        let what = format!("{which} {fails} {is_done}");
        // Nothing was done, or part of it.
        let code = if fails == 0 { 1 } else { 7 };
        assert_eq!(ran.code, code, "{what}: {}", ran.said);
        assert!(ran.outcome().contains("KF0912"), "{what}: {}", ran.said);
        assert!(writes.lock().unwrap()[0].contains("/secret-syncs/"), "{what}: {:?}", writes.lock().unwrap());
        assert_eq!(stand.world.read("out/dev.env"), before, "{what}");
        stand.mends(&what, CHANGED).await;
        stand.end().await;
    }
}

/// The same where `auto_sync` is left to others: no row would say that it is off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_whose_auto_sync_is_ignored_goes_on_as_well() {
    for is_new in [false, true] {
        let stand = if is_new { Stand::new().await } else { Stand::changed().await };
        let main = stand.world.read("main.hcl");
        let other = "  description = \"other\"\n";
        let ignoring = "  lifecycle {\n    ignore = [auto_sync]\n  }\n  destination {";
        stand.world.write("main.hcl", &main.replace("  destination {", &format!("{other}{ignoring}")));
        let which = if is_new { "/sync-secrets" } else { "/secrets" };
        stand.proxy.faults(move |method, path| {
            let says = answer("500 Internal Server Error", "", "application/json", "{\"message\":\"x\"}");
            (method != "GET" && path.contains(which)).then_some(Fault { is_done: false, says })
        });
        let ran = stand.apply().await;
        assert_eq!(ran.code, if is_new { 7 } else { 1 }, "{}", ran.said);
        stand.mends("auto_sync is ignored", if is_new { FIRST } else { CHANGED }).await;
        // What is declared besides is that it is on.
        stand.world.write("main.hcl", &main.replace("  destination {", &format!("{other}  destination {{")));
        let now = stand.run(&["plan", "--exit-code"]).await;
        assert_eq!(now.code, 0, "{}", now.said);
        stand.end().await;
    }
}
