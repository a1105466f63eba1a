//! A delete touches the keys it names, and one that is gone already is deleted. What
//! was deleted can come again.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::delete;
use crate::laws::destination;
use crate::laws::done;
use crate::laws::fill;
use crate::laws::key;
use crate::laws::stand::Stand;

pub async fn law(stand: &Stand) {
    let destination = destination(stand);
    fill(&destination, &[(&key(1), &canary(1)), (&key(2), &canary(2)), (&key(3), &canary(3))]).await;
    let before = stand.ground.rest(&[&key(1), &key(3)]).await;
    let seen = destination.read().await.unwrap();
    done(destination.write(&seen, &[delete(&key(1)), delete(&key(3))]).await);
    assert_eq!(stand.ground.holds().await.into_keys().collect::<Vec<_>>(), [key(2)]);
    assert_eq!(stand.ground.rest(&[&key(1), &key(3)]).await, before);
    if stand.facts.deletes_the_gone {
        // What was observed is older than the delete: a run that was stopped would send it again.
        done(destination.write(&seen, &[delete(&key(1))]).await);
    }

    let seen = destination.read().await.unwrap();
    done(destination.write(&seen, &[delete(&key(2))]).await);
    assert!(stand.ground.holds().await.is_empty(), "the last one goes too");
    let seen = destination.read().await.unwrap();
    assert!(seen.entries.is_empty());

    done(destination.write(&seen, &[create(&key(2), &canary(7))]).await);
    assert_eq!(stand.ground.holds().await.remove(&key(2)), Some(canary(7)), "what was deleted can come again");
}
