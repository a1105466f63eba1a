//! Empty reads empty, an answer without anything in it is no empty destination, and writing nothing asks nothing.

use crate::laws::canary;
use crate::laws::client;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand::Stand;
use crate::providers::front::Answer;
use crate::providers::front::Fault;
use std::collections::BTreeMap;

pub async fn law(stand: &Stand) {
    let client = client(stand);
    let destination = open(stand, &client);
    let seen = destination.read().await.unwrap();
    assert!(seen.entries.is_empty(), "{:?}", seen.entries.keys());
    assert!(seen.partial.is_none());
    let before = client.requests();
    assert!(destination.write(&seen, &[]).await.is_empty());
    assert_eq!(client.requests(), before);
    nothing(stand).await;
}

async fn nothing(stand: &Stand) {
    let Some(front) = &stand.front else { return };
    stand.ground.plant(&BTreeMap::from([(key(1), canary(1))])).await;
    let client = client(stand);
    assert_eq!(open(stand, &client).read().await.unwrap().entries.len(), 1);
    for body in ["", "null"] {
        for after in 0..client.requests() {
            front.fail(after, Fault::Instead(Answer::text(200, body)));
            let read = open(stand, &self::client(stand)).read().await;
            let is_lost = read.is_ok_and(|seen| seen.entries.is_empty() && seen.partial.is_none());
            assert!(!is_lost, "`{body}` instead of answer {after} is taken for an empty destination");
            front.heal();
        }
    }
}
