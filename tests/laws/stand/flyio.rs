//! An app at Fly.io.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::flyio;
use crate::providers::flyio::Fly;
use std::collections::BTreeMap;

pub async fn flyio() -> Stand {
    let (front, ground) = played(Fly::new(&["bakery", "other"]), "bakery", Vec::new()).await;
    let hosts = ["api.fly.io", "api.machines.dev"];
    Stand {
        spec: spec(
            "flyio",
            "access-token",
            attrs([("access_token", secret(flyio::TOKEN))]),
            attrs([("app_id", text("bakery"))]),
        ),
        redirect: hosts.iter().map(|host| ((*host).to_owned(), front.address)).collect::<BTreeMap<_, _>>(),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            writes: 1,
            good_keys: &["A", "a1_", "A-B"],
            ..Facts::usual(flyio::throttled(), flyio::unauthorized())
        },
        credentials: vec![flyio::TOKEN.into()],
    }
}
