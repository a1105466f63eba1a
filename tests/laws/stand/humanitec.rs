//! An application and an environment at Humanitec.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::humanitec;
use crate::providers::humanitec::Humanitec;
use keyform::model::attrs::Attrs;
use std::collections::BTreeMap;

async fn humanitec(place: &str, scope: Attrs) -> Stand {
    let (front, ground) = played(Humanitec::new(), place, Vec::new()).await;
    let mut destination = attrs([("org", text("bakery")), ("app", text("shop"))]);
    destination.extend(scope);
    Stand {
        spec: spec("humanitec", "api-token", attrs([("api_token", secret(humanitec::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.humanitec.io".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            good_keys: &["A", "a1_", "a.b-c", "1A"],
            bad_keys: &["A B", "A/B", "Ä"],
            ..Facts::usual(humanitec::throttled(), humanitec::unauthorized())
        },
        credentials: vec![humanitec::TOKEN.into()],
    }
}

pub async fn humanitec_application() -> Stand {
    humanitec("", attrs([("scope", text("application"))])).await
}

pub async fn humanitec_environment() -> Stand {
    humanitec("production", attrs([("scope", text("environment")), ("env", text("production"))])).await
}
