//! Nothing is asked twice: reading few keys and writing three of them takes no more requests than the
//! vendor's interface needs.

use crate::laws::canary;
use crate::laws::client;
use crate::laws::create;
use crate::laws::delete;
use crate::laws::done;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand::Stand;
use crate::laws::update;
use std::collections::BTreeMap;

pub async fn law(stand: &Stand) {
    stand.ground.plant(&BTreeMap::from([(key(2), canary(20)), (key(3), canary(3))])).await;
    let client = client(stand);
    let destination = open(stand, &client);
    let seen = destination.read().await.unwrap();
    let most = (stand.facts.reads)(2);
    assert!(client.requests() <= most, "{} requests to read two entries, {most} are enough", client.requests());
    let before = client.requests();
    done(destination.write(&seen, &[create(&key(1), &canary(1)), update(&key(2), &canary(2)), delete(&key(3))]).await);
    // Where values do not come back, one more listing tells the versions that the writes made.
    let most = stand.facts.writes + u64::from(!stand.facts.readable);
    assert!(client.requests() - before <= most, "{} requests to write three keys", client.requests() - before);
}
