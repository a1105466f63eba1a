//! Bad credentials are not tried again: one request, and a diagnostic that says whose fault it is.

use crate::laws::client;
use crate::laws::open;
use crate::laws::stand::Stand;
use crate::providers::front::Fault as FrontFault;
use keyform::diag::Fault;

pub async fn law(stand: &Stand) {
    let Some(front) = &stand.front else { return };
    let client = client(stand);
    let destination = open(stand, &client);
    front.fail(0, FrontFault::Instead(stand.facts.unauthorized.clone()));
    let refusal = destination.read().await.err().unwrap();
    assert_eq!(client.requests(), 1);
    let fault = refusal.code.fault;
    assert!(matches!(fault, Fault::Credentials | Fault::Permission), "{refusal:#?}");
}
