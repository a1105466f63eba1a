//! What was created is there, and is read.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::destination;
use crate::laws::done;
use crate::laws::key;
use crate::laws::stand::Stand;
use std::collections::BTreeMap;

pub async fn law(stand: &Stand) {
    let destination = destination(stand);
    let seen = destination.read().await.unwrap();
    let wanted: BTreeMap<String, String> = (0..5).map(|n| (key(n), canary(n))).collect();
    let writes: Vec<_> = wanted.iter().map(|(key, value)| create(key, value)).collect();
    let outcomes = destination.write(&seen, &writes).await;
    let keys: Vec<&str> = outcomes.iter().map(|outcome| &*outcome.key).collect();
    assert_eq!(keys, wanted.keys().collect::<Vec<_>>(), "one outcome for each write, in their order");
    done(outcomes);
    assert_eq!(stand.ground.holds().await, wanted);

    let seen = destination.read().await.unwrap();
    assert!(seen.partial.is_none());
    for (key, value) in &wanted {
        let there = seen.entries.get(key.as_str()).unwrap_or_else(|| panic!("`{key}` is not read"));
        let value = stand.facts.readable.then_some(value.as_str());
        assert_eq!(there.value.as_ref().map(|v| v.expose()), value, "{key}");
        let tells = there.version.is_some() || there.digest.is_some();
        assert!(stand.facts.readable || tells == stand.facts.versions, "whether `{key}` tells that it changed");
    }
    assert_eq!(seen.entries.len(), wanted.len());
}
