//! An app at Heroku.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::heroku;
use crate::providers::heroku::Heroku;
use std::collections::BTreeMap;

pub async fn heroku() -> Stand {
    let (front, ground) = played(Heroku::new(&["bakery", "other"]), "bakery", Vec::new()).await;
    let destination = attrs([("app", text("bakery")), ("app_name", text("bakery"))]);
    Stand {
        spec: spec("heroku", "auth-token", attrs([("auth_token", secret(heroku::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.heroku.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            // All keys and values of an app together have to fit into 64 kB.
            max_bytes: 30_000,
            // The variables, and those of them that add-ons own.
            reads: |_| 2,
            // Every change restarts the app: all of them are one.
            writes: 1,
            good_keys: &["A", "a1_", "_A", "1A"],
            bad_keys: &["A-B", "A B", "A.B", "Ä"],
            ..Facts::usual(heroku::throttled(), heroku::unauthorized())
        },
        credentials: vec![heroku::TOKEN.into()],
    }
}
