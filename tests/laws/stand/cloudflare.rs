//! A Pages project and a Worker at Cloudflare.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::cloudflare;
use crate::providers::cloudflare::ACCOUNT;
use crate::providers::cloudflare::Cloudflare;
use keyform::model::attrs::Attrs;
use std::collections::BTreeMap;

async fn cloudflare(slug: &str, place: &str, destination: Attrs) -> Stand {
    let (front, ground) = played(Cloudflare::new(), place, Vec::new()).await;
    let connection = attrs([("account_id", text(ACCOUNT)), ("api_token", secret(cloudflare::TOKEN))]);
    Stand {
        spec: spec(slug, "api-token", connection, destination),
        redirect: BTreeMap::from([("api.cloudflare.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            writes: 1,
            ..Facts::usual(cloudflare::throttled(), cloudflare::unauthorized())
        },
        credentials: vec![cloudflare::TOKEN.into()],
    }
}

pub async fn cloudflare_pages() -> Stand {
    let destination = attrs([("project_name", text("shop")), ("environment", text("production"))]);
    cloudflare("cloudflare-pages", "pages shop/production", destination).await
}

pub async fn cloudflare_workers() -> Stand {
    let stand = cloudflare("cloudflare-workers", "workers edge", attrs([("script_id", text("edge"))])).await;
    let facts = Facts {
        max_bytes: 5120,
        limits_values: true,
        capacity: Some(128),
        good_keys: &["A", "a1_", "_A", "$A"],
        bad_keys: &["1A", "A-B", "A B", "A.B"],
        ..stand.facts
    };
    Stand { facts, ..stand }
}
