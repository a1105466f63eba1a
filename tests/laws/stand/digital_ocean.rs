//! An app at DigitalOcean.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::digital_ocean;
use crate::providers::digital_ocean::APP;
use crate::providers::digital_ocean::DigitalOcean;
use std::collections::BTreeMap;

pub async fn digital_ocean() -> Stand {
    let (front, ground) = played(DigitalOcean::new(), APP, Vec::new()).await;
    let connection = attrs([("api_token", secret(digital_ocean::TOKEN))]);
    let destination = attrs([("app_id", text(APP)), ("app_name", text("shop"))]);
    Stand {
        spec: spec("digital-ocean-app-platform", "api-token", connection, destination),
        redirect: BTreeMap::from([("api.digitalocean.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            // Every write is a deployment: all of them are one.
            writes: 1,
            // There is no request that deletes: what was observed is written without the key.
            deletes_the_gone: false,
            bad_keys: &["1A", "A-B", "A B", "A.B", "Ä"],
            ..Facts::usual(digital_ocean::throttled(), digital_ocean::unauthorized())
        },
        credentials: vec![digital_ocean::TOKEN.into()],
    }
}
