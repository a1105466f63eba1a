//! Foreign keys survive: records that others made stay as they are while keys beside them are created,
//! updated and deleted.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::delete;
use crate::laws::destination;
use crate::laws::done;
use crate::laws::fill;
use crate::laws::key;
use crate::laws::stand::Stand;
use crate::laws::update;

pub async fn law(stand: &Stand) {
    stand.ground.plant_neighbours(&[&key(1), &key(2), &key(3)]).await;
    let destination = destination(stand);
    let own = [&*key(1), &*key(2), &*key(3)];
    let before = stand.ground.rest(&own).await;
    assert!(!before.is_empty(), "there is something foreign");
    fill(&destination, &[(&key(1), &canary(1)), (&key(2), &canary(2))]).await;
    let seen = destination.read().await.unwrap();
    done(destination.write(&seen, &[update(&key(1), &canary(8)), delete(&key(2)), create(&key(3), &canary(3))]).await);
    let holds = stand.ground.holds().await;
    assert_eq!(holds.get(&key(1)), Some(&canary(8)));
    assert_eq!(holds.get(&key(2)), None);
    assert_eq!(holds.get(&key(3)), Some(&canary(3)));
    assert_eq!(stand.ground.rest(&own).await, before);
}
