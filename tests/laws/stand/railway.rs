//! A service and an environment at Railway.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::railway;
use crate::providers::railway::ENVIRONMENT;
use crate::providers::railway::PROJECT;
use crate::providers::railway::Railway;
use crate::providers::railway::SERVICE;
use keyform::model::attrs::Attrs;
use std::collections::BTreeMap;

async fn railway(method: &str, place: &str, service: Attrs) -> Stand {
    let (front, ground) = played(Railway::new(), place, Vec::new()).await;
    let mut destination = attrs([
        ("project_id", text(PROJECT)),
        ("project_name", text("bakery")),
        ("environment_id", text(ENVIRONMENT)),
        ("environment_name", text("production")),
    ]);
    destination.extend(service);
    Stand {
        spec: spec("railway", method, attrs([("api_token", secret(railway::TOKEN))]), destination),
        redirect: BTreeMap::from([("backboard.railway.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            // What is answered then is documented nowhere.
            deletes_the_gone: false,
            // All that is set in one request, each that goes in another.
            writes: 2,
            bad_keys: &["RAILWAY_A"],
            vendor_checks_keys: false,
            ..Facts::usual(railway::throttled(), railway::unauthorized())
        },
        credentials: vec![railway::TOKEN.into()],
    }
}

pub async fn railway_service() -> Stand {
    railway("project-token", SERVICE, attrs([("service_id", text(SERVICE))])).await
}

pub async fn railway_shared() -> Stand {
    railway("account-token", "", Attrs::new()).await
}
