//! Credentials are verified: good ones are taken, bad ones are refused with one request.

use crate::laws::REGISTRY;
use crate::laws::client;
use crate::laws::secret;
use crate::laws::stand::Stand;
use crate::providers::front::Fault as FrontFault;
use crate::services;
use keyform::diag::Fault;
use keyform::model::attrs::Value;

pub async fn law(stand: &Stand) {
    let app = &REGISTRY.schemas().destinations[&stand.spec.slug].app;
    let method = &stand.spec.method;
    let until = match REGISTRY.verify(app, method, &stand.spec.connection, &client(stand)).await {
        Ok(until) => until,
        Err(diagnostic) => panic!("good credentials are refused: {diagnostic:#?}"),
    };
    // Who says until when they are good is heard.
    let said = (&**app == "github").then_some("2027-10-12 09:00:00 UTC");
    assert_eq!(until.as_deref(), said);
    let Some(front) = &stand.front else { return };
    let mut wrong = stand.spec.connection.clone();
    for value in wrong.values_mut() {
        if let Value::Secret(right) = value {
            let is_key = right.expose().starts_with("-----BEGIN");
            *value = Value::Secret(secret(if is_key { services::strange_rsa_key() } else { "canary-wrong" }));
        }
    }
    if !stand.facts.vendor_checks_credentials {
        front.fail(0, FrontFault::Instead(stand.facts.unauthorized.clone()));
    }
    let client = client(stand);
    let refusal = REGISTRY.verify(app, method, &wrong, &client).await.unwrap_err();
    assert!(matches!(refusal.code.fault, Fault::Credentials | Fault::Permission), "{refusal:#?}");
    assert_eq!(client.requests(), 1);
}
