//! What the backend pushed while keyform could not look: it is keyform's all the same.

use crate::faults::proxy::Fault;
use crate::faults::proxy::answer;
use crate::faults::stand::Stand;
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
