//! An update touches one key: what else is there stays as it is, to the last attribute.

use crate::laws::canary;
use crate::laws::destination;
use crate::laws::done;
use crate::laws::fill;
use crate::laws::key;
use crate::laws::stand::Stand;
use crate::laws::update;

pub async fn law(stand: &Stand) {
    let destination = destination(stand);
    fill(&destination, &[(&key(1), &canary(1)), (&key(2), &canary(2)), (&key(3), &canary(3))]).await;
    let before = stand.ground.rest(&[&key(2)]).await;
    let seen = destination.read().await.unwrap();
    done(destination.write(&seen, &[update(&key(2), &canary(9))]).await);
    assert_eq!(stand.ground.holds().await[&key(2)], canary(9));
    assert_eq!(stand.ground.rest(&[&key(2)]).await, before);
}
