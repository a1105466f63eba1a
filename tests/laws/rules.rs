//! Key rules reject what the vendor rejects, and nothing that it takes: each key is shown to the rules
//! and, past them, to the vendor. So do the rules of values and of how many there may be.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::destination;
use crate::laws::key;
use crate::laws::secret;
use crate::laws::stand::Stand;
use std::collections::BTreeMap;
use std::sync::Arc;

pub async fn law(stand: &Stand) {
    let destination = destination(stand);
    for (keys, good) in [(stand.facts.good_keys, true), (stand.facts.bad_keys, false)] {
        for key in keys {
            let wanted: BTreeMap<Arc<str>, _> = BTreeMap::from([((*key).into(), Some(secret(&canary(1))))]);
            assert_eq!(destination.check(&wanted).is_empty(), good, "what the rules say of `{key}`");
            if !good && !stand.facts.vendor_checks_keys {
                continue;
            }
            let seen = destination.read().await.unwrap();
            let stored = destination.stored_key(key);
            let outcome = destination.write(&seen, &[create(&stored, &canary(1))]).await.remove(0);
            assert_eq!(outcome.result.is_ok(), good, "what the vendor says of `{key}`: {:#?}", outcome.result);
            if good {
                assert!(destination.read().await.unwrap().entries.contains_key(stored.as_str()), "`{key}` is read");
            }
        }
    }
    let many = |count: usize| destination.check(&(0..count).map(|n| (key(n).into(), None)).collect());
    match stand.facts.capacity {
        None => assert!(many(50_000).is_empty(), "nothing limits how many there are"),
        Some(most) => {
            assert!(many(most).is_empty(), "as many as it holds are fine");
            let ids: Vec<_> = many(most + 1).iter().map(|(_, why)| why.code.id).collect();
            assert_eq!(ids, ["KF0518"], "one entry too many is reported");
        }
    }
    if stand.facts.limits_values {
        let wanted = BTreeMap::from([("KEY".into(), Some(secret(&"v".repeat(stand.facts.max_bytes + 1))))]);
        assert!(!destination.check(&wanted).is_empty(), "one byte too many is reported");
    }
    if !stand.facts.empty {
        let wanted = BTreeMap::from([("KEY".into(), Some(secret("")))]);
        assert!(!destination.check(&wanted).is_empty(), "the empty value is reported");
    }
}
