//! A secret group at Northflank.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::northflank;
use crate::providers::northflank::Northflank;
use std::collections::BTreeMap;

pub async fn northflank() -> Stand {
    let (front, ground) = played(Northflank::new(), "shop", Vec::new()).await;
    let destination = attrs([("project_id", text("bakery")), ("secret_group_id", text("shop"))]);
    Stand {
        spec: spec("northflank", "api-token", attrs([("api_token", secret(northflank::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.northflank.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            writes: 1,
            // There is no request that deletes: what was observed is written without the key.
            deletes_the_gone: false,
            good_keys: &["A", "a1_", "a.b-c/d", "1A"],
            bad_keys: &["A B", "A=B", "Ä"],
            ..Facts::usual(northflank::throttled(), northflank::unauthorized())
        },
        credentials: vec![northflank::TOKEN.into()],
    }
}
