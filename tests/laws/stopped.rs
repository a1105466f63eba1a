//! Stopped anywhere and run again, it converges: the run is killed after each number of requests, once
//! before the vendor does the next one and once right after.

use crate::laws::Wanted;
use crate::laws::Written;
use crate::laws::canary;
use crate::laws::client;
use crate::laws::converge;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand::Stand;
use std::collections::BTreeMap;

pub async fn law(stand: &Stand) {
    let Some(front) = &stand.front else { return };
    let client = client(stand);
    for after in 0..40 {
        for done in [false, true] {
            // One to be created, one to be updated, one to be deleted, one that stays.
            stand.ground.clear().await;
            let there = [(key(2), canary(20)), (key(3), canary(3)), (key(4), canary(4))];
            stand.ground.plant(&BTreeMap::from(there)).await;
            let wanted: Wanted = BTreeMap::from([
                (key(1), Some(canary(1))),
                (key(2), Some(canary(2))),
                (key(3), None),
                (key(4), Some(canary(4))),
            ]);
            let mut written = Written::new();
            front.stop(Some(after), done);
            let stopped = {
                let destination = open(stand, &client);
                tokio::select! {
                    result = converge(&destination, &wanted, &mut written) => { assert!(result.1); false }
                    () = front.stopped() => true,
                }
            };
            front.stop(None, false);
            let destination = open(stand, &client);
            assert!(converge(&destination, &wanted, &mut written).await.1, "stopped after {after}, it does not go on");
            let wanted: BTreeMap<String, String> = wanted.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
            assert_eq!(stand.ground.holds().await, wanted, "stopped after {after} (done: {done})");
            if !stopped {
                assert!(after > 1, "nothing was stopped");
                return;
            }
        }
    }
    panic!("four writes take more than 40 requests");
}
