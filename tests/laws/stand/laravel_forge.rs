//! A site at Laravel Forge.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::laravel_forge;
use crate::providers::laravel_forge::Forge;
use std::collections::BTreeMap;

pub async fn laravel_forge() -> Stand {
    let (front, ground) = played(Forge::new(), "7", Vec::new()).await;
    let destination = attrs([("org_slug", text("bakery")), ("server_id", text("42")), ("site_id", text("7"))]);
    Stand {
        spec: spec("laravel-forge", "api-token", attrs([("api_token", secret(laravel_forge::TOKEN))]), destination),
        redirect: BTreeMap::from([("forge.laravel.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            // The file is written once, and read until the job on the server is done.
            writes: 3,
            // There is no request that deletes: what was observed is written without the key.
            deletes_the_gone: false,
            bad_keys: &["1A", "A-B", "A B", "A.B", "Ä"],
            vendor_checks_keys: false,
            ..Facts::usual(laravel_forge::throttled(), laravel_forge::unauthorized())
        },
        credentials: vec![laravel_forge::TOKEN.into()],
    }
}
