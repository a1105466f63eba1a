//! A Pages project, a Worker and a Secrets Store at Cloudflare.

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
use crate::providers::secrets_store;
use crate::providers::secrets_store::SecretsStore;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
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

pub async fn cloudflare_secrets_store() -> Stand {
    let (front, ground) = played(SecretsStore::new(), secrets_store::STORE, Vec::new()).await;
    let connection = attrs([("account_id", text(ACCOUNT)), ("api_token", secret(cloudflare::TOKEN))]);
    let scopes = Value::list(vec![text("workers"), text("ai_gateway")]);
    let destination = attrs([("store_id", text(secrets_store::STORE)), ("scopes", scopes)]);
    Stand {
        spec: spec("cloudflare-secrets-store", "api-token", connection, destination),
        redirect: BTreeMap::from([("api.cloudflare.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            empty: false,
            max_bytes: 65536,
            limits_values: true,
            capacity: Some(100),
            reads: |n| n.div_ceil(50).max(1) as u64,
            good_keys: &["A", "a1_", "1A", "A-B"],
            bad_keys: &["A B", "A.B", "A/B", "A%B"],
            ..Facts::usual(cloudflare::throttled(), cloudflare::unauthorized())
        },
        credentials: vec![cloudflare::TOKEN.into()],
    }
}
