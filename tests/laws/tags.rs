//! Tags of AWS are written along with a value, those of others stay; where a listing shows them, they are only
//! written where they differ.

use crate::laws::REGISTRY;
use crate::laws::canary;
use crate::laws::client;
use crate::laws::done;
use crate::laws::fill;
use crate::laws::hold;
use crate::laws::key;
use crate::laws::stand;
use crate::laws::stand::Ground;
use crate::laws::stand::Stand;
use crate::laws::text;
use crate::laws::update;
use keyform::http::client::Client;
use keyform::model::attrs::Value;
use keyform::provider::Destination;

/// The destination of a stand, with one tag among its options.
fn tagged(stand: &Stand, client: &Client, value: &str) -> Destination {
    let tag = [("key".into(), text("team")), ("value".into(), text(value))];
    let mut spec = stand.spec.clone();
    spec.options.insert("tags".into(), Value::list(vec![Value::object(tag.into_iter().collect())]));
    REGISTRY.open(&spec, client).unwrap()
}

/// `again` is how many requests it takes to update a key whose tags are right.
async fn law(stand: &Stand, again: u64) {
    let Ground::Aws(ground) = &stand.ground else { panic!("tags are AWS's") };
    let client = client(stand);
    fill(&tagged(stand, &client, "bakery"), &[(&key(1), &canary(1))]).await;
    ground.tag(&key(1), "owner", "them").await;
    for (n, requests) in [(2, 2), (3, again)] {
        let destination = tagged(stand, &client, "kitchen");
        let seen = destination.read().await.unwrap();
        let before = client.requests();
        done(destination.write(&seen, &[update(&key(1), &canary(n))]).await);
        assert_eq!(client.requests() - before, requests);
        let tags: Vec<(String, String)> = ground.tags(&key(1)).await.into_iter().collect();
        assert_eq!(tags, [("owner", "them"), ("team", "kitchen")].map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}

#[test]
fn tags_follow_a_secret() {
    hold(stand::secrets_manager_one, async |stand: &Stand| law(stand, 1).await);
}

#[test]
fn tags_follow_the_one_secret_of_many_keys() {
    hold(stand::secrets_manager_many, async |stand: &Stand| law(stand, 2).await);
}

#[test]
fn tags_follow_a_parameter() {
    hold(stand::parameter_store, async |stand: &Stand| law(stand, 2).await);
}
