//! Faults on the way lose nothing: connections that break, answers that are lost or come by half, servers
//! that fail. Whatever one run could not do, the next one does, and nothing is there twice.

use crate::laws::Wanted;
use crate::laws::Written;
use crate::laws::canary;
use crate::laws::client;
use crate::laws::converge;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand::Stand;
use crate::providers::front::Answer;
use crate::providers::front::Fault;
use std::collections::BTreeMap;

pub async fn law(stand: &Stand) {
    let Some(front) = &stand.front else { return };
    let client = client(stand);
    let broken = Answer::text(500, "oops");
    let kinds = [Fault::Lost, Fault::Cut, Fault::Half, Fault::Instead(broken)];
    for (after, fault) in kinds.iter().cycle().take(8).enumerate() {
        stand.ground.clear().await;
        stand.ground.plant(&BTreeMap::from([(key(2), canary(20)), (key(3), canary(3))])).await;
        let wanted: Wanted = BTreeMap::from([(key(1), Some(canary(1))), (key(2), Some(canary(2))), (key(3), None)]);
        let mut written = Written::new();
        front.heal();
        front.fail(after as u64, fault.clone());
        let destination = open(stand, &client);
        let mut result = converge(&destination, &wanted, &mut written).await;
        if !result.1 {
            result = converge(&destination, &wanted, &mut written).await;
        }
        assert!(result.1, "{fault:?} at request {after} is never mended");
        let wanted: BTreeMap<String, String> = wanted.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
        assert_eq!(stand.ground.holds().await, wanted, "{fault:?} at request {after}");
    }
}
