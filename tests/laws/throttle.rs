//! Being told to wait is no failure: the request waits as long as the vendor asks and goes on.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::destination;
use crate::laws::done;
use crate::laws::key;
use crate::laws::stand::Stand;
use crate::providers::front::Fault;
use std::time::Duration;
use std::time::Instant;

pub async fn law(stand: &Stand) {
    let Some(front) = &stand.front else { return };
    let destination = destination(stand);
    let seen = destination.read().await.unwrap();
    front.fail(0, Fault::Instead(stand.facts.throttled.clone()));
    front.fail(0, Fault::Instead(stand.facts.throttled.clone()));
    // Both at once, so that they wait together.
    let read = async {
        let begun = Instant::now();
        destination.read().await.unwrap();
        waited(stand, begun);
    };
    let write = async {
        let begun = Instant::now();
        done(destination.write(&seen, &[create(&key(1), &canary(1))]).await);
        waited(stand, begun);
    };
    tokio::join!(read, write);
    assert_eq!(stand.ground.holds().await.len(), 1);
}

/// All vendors that say how long to wait say one second.
fn waited(stand: &Stand, begun: Instant) {
    let headers = &stand.facts.throttled.headers;
    let says = headers.iter().any(|(name, _)| name == "retry-after" || name == "ratelimit-reset");
    assert!(!says || begun.elapsed() >= Duration::from_millis(950), "it waited {:?} only", begun.elapsed());
}
