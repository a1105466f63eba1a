//! All pages are read: 250 keys, or as many as the vendor holds, in as few requests as its pages allow.

use crate::laws::canary;
use crate::laws::client;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand::Stand;
use std::collections::BTreeMap;

pub async fn law(stand: &Stand) {
    let n = stand.facts.capacity.map_or(250, |most| most.min(250));
    let planted: BTreeMap<String, String> = (0..n).map(|n| (key(n), canary(n))).collect();
    stand.ground.plant(&planted).await;
    let client = client(stand);
    let destination = open(stand, &client);
    let seen = destination.read().await.unwrap();
    assert!(seen.partial.is_none());
    let keys: Vec<&str> = seen.entries.keys().map(|key| &**key).collect();
    assert_eq!(keys, planted.keys().collect::<Vec<_>>());
    if stand.facts.readable {
        let wrong: Vec<&str> = seen
            .entries
            .iter()
            .filter(|(key, there)| there.value.as_ref().map(|v| v.expose()) != planted.get(&***key).map(String::as_str))
            .map(|(key, _)| &**key)
            .collect();
        assert!(wrong.is_empty(), "values are wrong: {wrong:?}");
    }
    let most = (stand.facts.reads)(n);
    assert!(client.requests() <= most, "{} requests to read {n} entries, {most} are enough", client.requests());
}
