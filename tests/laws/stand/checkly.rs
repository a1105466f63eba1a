//! An account at Checkly.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::checkly;
use crate::providers::checkly::ACCOUNT;
use crate::providers::checkly::Checkly;
use std::collections::BTreeMap;

pub async fn checkly() -> Stand {
    let (front, ground) = played(Checkly::new(), ACCOUNT, Vec::new()).await;
    Stand {
        spec: spec(
            "checkly",
            "api-key",
            attrs([("api_key", secret(checkly::TOKEN))]),
            attrs([("account_id", text(ACCOUNT))]),
        ),
        redirect: BTreeMap::from([("api.checklyhq.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            empty: false,
            // On until a page is short.
            reads: |n| (n / 100 + 1) as u64,
            ..Facts::usual(checkly::throttled(), checkly::unauthorized())
        },
        credentials: vec![checkly::TOKEN.into()],
    }
}
