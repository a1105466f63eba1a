//! A role of AWS is assumed with the machine's own credentials. Those come from the environment, so the
//! test runs itself once more in an environment that has some, and an endpoint that is moto.

use crate::laws::REGISTRY;
use crate::laws::canary;
use crate::laws::fill;
use crate::laws::key;
use crate::laws::stand::assumed_parameter_store;
use crate::services;
use keyform::http::client::Client;
use keyform::http::client::Options;
use std::collections::BTreeMap;
use std::process::Command;

/// The role that the inner run assumes.
const ROLE: &str = "KEYFORM_TEST_ROLE";

#[test]
fn a_role_is_assumed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match std::env::var(ROLE) {
        Err(_) => runtime.block_on(outer()),
        Ok(role) => runtime.block_on(inner(&role)),
    }
}

async fn outer() {
    let (role, _, ground) = assumed_parameter_store(None).await;
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "laws::assumed::a_role_is_assumed"])
        .env(ROLE, role)
        .env("AWS_ENDPOINT_URL", format!("http://{}", services::moto()))
        .env("AWS_ACCESS_KEY_ID", "AKIACANARY")
        .env("AWS_SECRET_ACCESS_KEY", "canary-own-key")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    // What was written arrived in the role's account, not in that of the machine's own credentials.
    assert_eq!(ground.unwrap().holds().await, BTreeMap::from([(key(1), canary(1))]));
}

async fn inner(role: &str) {
    let (_, spec, _) = assumed_parameter_store(Some(role)).await;
    let client = Client::new(Options::default()).unwrap();
    let destination = REGISTRY.open(&spec, &client).unwrap();
    fill(&destination, &[(&key(1), &canary(1))]).await;
    assert_eq!(destination.read().await.unwrap().entries.len(), 1);
}
