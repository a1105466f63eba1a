//! A project at Supabase.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::supabase;
use crate::providers::supabase::PROJECT;
use crate::providers::supabase::Supabase;
use std::collections::BTreeMap;

pub async fn supabase() -> Stand {
    let (front, ground) = played(Supabase::new(), PROJECT, Vec::new()).await;
    let destination = attrs([("project_id", text(PROJECT)), ("project_name", text("bakery"))]);
    Stand {
        spec: spec("supabase", "access-token", attrs([("access_key", secret(supabase::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.supabase.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            // What is answered then is documented nowhere.
            deletes_the_gone: false,
            max_bytes: 24_576,
            limits_values: true,
            capacity: Some(100),
            // All that is written in one request, all that goes in another.
            writes: 2,
            good_keys: &["A", "a1_", "supabase_a", "A-B.C"],
            bad_keys: &["SUPABASE_A"],
            ..Facts::usual(supabase::throttled(), supabase::unauthorized())
        },
        credentials: vec![supabase::TOKEN.into()],
    }
}
