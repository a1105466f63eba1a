//! Sites and a team at Netlify.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::netlify;
use crate::providers::netlify::Netlify;
use keyform::model::attrs::Attrs;
use std::collections::BTreeMap;

async fn netlify(place: &str, destination: Attrs) -> Stand {
    let (front, ground) = played(Netlify::new(), place, Vec::new()).await;
    Stand {
        spec: spec("netlify", "access-token", attrs([("access_token", secret(netlify::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.netlify.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts::usual(netlify::throttled(), netlify::unauthorized()),
        credentials: vec![netlify::TOKEN.into()],
    }
}

pub async fn netlify_site() -> Stand {
    let destination =
        attrs([("account_id", text("bakery")), ("site_id", text("site-1")), ("context", text("production"))]);
    netlify("site-1/production", destination).await
}

pub async fn netlify_team() -> Stand {
    netlify("/all", attrs([("account_id", text("bakery"))])).await
}
