//! Empty reads empty, and writing nothing asks nothing.

use crate::laws::client;
use crate::laws::open;
use crate::laws::stand::Stand;

pub async fn law(stand: &Stand) {
    let client = client(stand);
    let destination = open(stand, &client);
    let seen = destination.read().await.unwrap();
    assert!(seen.entries.is_empty(), "{:?}", seen.entries.keys());
    assert!(seen.partial.is_none());
    let before = client.requests();
    assert!(destination.write(&seen, &[]).await.is_empty());
    assert_eq!(client.requests(), before);
}
