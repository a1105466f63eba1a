//! Native integrations of AWS, run by the embedded server itself: moto answers as AWS, and every request is held to AWS's
//! own models and its signature. What such a run deletes is only what an earlier one wrote. And keyform itself, from the
//! first plan to the end.

use super::Backend;
use super::logged_in;
use crate::laws::stand::Stand;
use crate::laws::stand::aws;
use keyform::http::Method;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::model::attrs::Value as Attr;
use keyform::provider::registry::Registry;
use keyform::server;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// A server that reaches AWS where the stand is.
async fn reaching(data: &Path, stand: &Stand) -> Backend {
    let client = Client::new(Options { redirect: stand.redirect.clone(), ..Options::default() }).unwrap();
    let registry = Arc::new(Registry::builtin().unwrap());
    logged_in(server::start(server::Options::new(data.to_owned()), registry, client).await.unwrap()).await
}

/// The same, a project with two secrets, and credentials for the service there.
async fn ready(data: &Path, stand: &Stand, service: &str) -> (Backend, String, Value) {
    let b = reaching(data, stand).await;
    let project = b.project("native").await;
    b.set(&project, "dev", "/", "DB_URL", "canary-db-url").await;
    b.set(&project, "dev", "/", "API_KEY", "canary-api-key").await;
    let access_id = stand.spec.connection.get("access_key_id").and_then(Attr::as_str).unwrap();
    let auth = json!({
        "workspaceId": project, "integration": service, "accessId": access_id, "accessToken": stand.credentials[0],
    });
    let auth = b.ok(Method::Post, "/api/v1/integration-auth/access-token", auth).await;
    (b, project, auth["integrationAuth"]["id"].clone())
}

impl Backend {
    /// Makes an integration of the folder with the two secrets, and waits for its first run.
    async fn integrate(&self, auth: &Value, fields: Value) -> String {
        let mut new = json!({ "integrationAuthId": auth, "sourceEnvironment": "dev", "region": "eu-central-1" });
        new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = self.ok(Method::Post, "/api/v1/integration", new).await;
        let id = made["integration"]["id"].as_str().unwrap().to_owned();
        self.ran(&id, &Value::Null).await;
        id
    }

    /// Waits for the run after another one, which went well.
    async fn ran(&self, id: &str, before: &Value) -> Value {
        let start = Instant::now();
        loop {
            let path = format!("/api/v1/integration/{id}");
            let found = self.ok(Method::Get, &path, Value::Null).await["integration"].clone();
            if found["lastSyncJobId"] != *before && found["isSynced"] != Value::Null {
                assert_eq!((&found["isSynced"], &found["syncMessage"]), (&json!(true), &Value::Null), "{found}");
                return found["lastSyncJobId"].clone();
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{found}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn entries(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

const BOTH: &[(&str, &str)] = &[("API_KEY", "canary-api-key"), ("DB_URL", "canary-db-url")];

#[tokio::test]
async fn parameters_follow_the_folder_and_theirs_stay() {
    let dir = tempfile::tempdir().unwrap();
    let stand = aws::parameter_store().await;
    stand.ground.plant(&entries(&[("THEIRS", "as it is"), ("DB_URL", "older")])).await;
    let (b, project, auth) = ready(&dir.path().join("data"), &stand, "aws-parameter-store").await;
    let id = b.integrate(&auth, json!({ "path": "/app/prod" })).await;
    let theirs = ("THEIRS", "as it is");
    assert_eq!(stand.ground.holds().await, entries(&[BOTH, &[theirs]].concat()));

    // A secret goes, another one changes: what the run wrote goes along, and nothing else.
    let first = b.ran(&id, &Value::Null).await;
    let gone = json!({ "projectId": project, "environment": "dev", "secretPath": "/" });
    b.ok(Method::Delete, "/api/v4/secrets/API_KEY", gone).await;
    let second = b.ran(&id, &first).await;
    assert_eq!(stand.ground.holds().await, entries(&[("DB_URL", "canary-db-url"), theirs]));
    let change =
        json!({ "projectId": project, "environment": "dev", "secretPath": "/", "secretValue": "canary-newer" });
    b.ok(Method::Patch, "/api/v4/secrets/DB_URL", change).await;
    b.ran(&id, &second).await;
    assert_eq!(stand.ground.holds().await, entries(&[("DB_URL", "canary-newer"), theirs]));

    // With its end goes what it wrote, if that is asked for.
    let end = format!("/api/v1/integration/{id}?shouldDeleteIntegrationSecrets=true");
    b.ok(Method::Delete, &end, Value::Null).await;
    assert_eq!(stand.ground.holds().await, entries(&[theirs]));
    b.running.shutdown().await;
    assert_eq!(stand.front.unwrap().problems(), Vec::<String>::new());
}

#[tokio::test]
async fn one_secret_holds_all_keys_or_each_has_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let many = aws::secrets_manager_many().await;
    many.ground.plant(&entries(&[("THEIRS", "as it is")])).await;
    let (b, _, auth) = ready(&dir.path().join("many"), &many, "aws-secret-manager").await;
    let id = b.integrate(&auth, json!({ "app": "app/prod", "metadata": { "mappingBehavior": "many-to-one" } })).await;
    assert_eq!(many.ground.holds().await, entries(&[BOTH, &[("THEIRS", "as it is")]].concat()));
    b.ok(Method::Delete, &format!("/api/v1/integration/{id}"), Value::Null).await;
    assert_eq!(many.ground.holds().await.len(), 3, "nobody asked to take it away");
    b.running.shutdown().await;
    assert_eq!(many.front.unwrap().problems(), Vec::<String>::new());

    let single = aws::secrets_manager_one().await;
    let (b, _, auth) = ready(&dir.path().join("one"), &single, "aws-secret-manager").await;
    let metadata = json!({ "mappingBehavior": "one-to-one", "secretPrefix": "app/" });
    b.integrate(&auth, json!({ "metadata": metadata })).await;
    let wanted = entries(&[("app/API_KEY", "canary-api-key"), ("app/DB_URL", "canary-db-url")]);
    assert_eq!(single.ground.holds().await, wanted);
    b.running.shutdown().await;
    assert_eq!(single.front.unwrap().problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_can_not_be_says_why_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let stand = aws::parameter_store().await;
    stand.ground.plant(&entries(&[("DB_URL", "older")])).await;
    let (b, _, auth) = ready(&dir.path().join("data"), &stand, "aws-parameter-store").await;
    let new = json!({
        "integrationAuthId": auth, "sourceEnvironment": "dev", "region": "eu-central-1", "path": "/app/prod",
        "metadata": { "initialSyncBehavior": "prefer-target" },
    });
    let made = b.ok(Method::Post, "/api/v1/integration", new).await;
    let path = format!("/api/v1/integration/{}", made["integration"]["id"].as_str().unwrap());
    let start = Instant::now();
    let found = loop {
        let found = b.ok(Method::Get, &path, Value::Null).await["integration"].clone();
        if found["isSynced"] == json!(false) || start.elapsed() > Duration::from_secs(20) {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(found["syncMessage"], "This server does not take values from a service: use overwrite-target.");
    assert_eq!(stand.ground.holds().await, entries(&[("DB_URL", "older")]));
    b.running.shutdown().await;
}

const CONFIGURATION: &str = r#"
backend "infisical" {
  url = env("URL")
  auth "universal" {
    client_id     = env("CLIENT_ID")
    client_secret = secret_env("CLIENT_SECRET")
  }
}

project "native" {
  environment "dev" {}
  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }
  secret "API_KEY" {
    environment = "dev"
    value       = secret_env("API_KEY")
  }
  native_integration "aws-parameter-store" "parameters" {
    environment  = "dev"
    access_id    = env("AWS_ID")
    access_token = secret_env("AWS_SECRET")
    region       = "eu-central-1"
    target_path  = "/app/prod"
    on_delete    = "remove"
    options { aws_tags = { team = "ovens" } }
  }
}
"#;

/// Runs keyform, and gives what it says; it has to end with that code.
async fn keyform(dir: &Path, env: &[(&str, &str)], arguments: &str, code: i32) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_keyform"));
    command.args(arguments.split(' ')).current_dir(dir).envs(env.iter().copied());
    let out = command.output().await.unwrap();
    let said = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert_eq!(out.status.code(), Some(code), "{arguments}: {said}");
    assert!(!said.contains("canary"), "{said}");
    said
}

#[tokio::test]
async fn keyform_makes_changes_mends_adopts_and_ends_one() {
    let dir = tempfile::tempdir().unwrap();
    let stand = aws::parameter_store().await;
    let theirs = ("THEIRS", "as it is");
    stand.ground.plant(&entries(&[theirs])).await;
    let b = reaching(&dir.path().join("data"), &stand).await;
    let access_id = stand.spec.connection.get("access_key_id").and_then(Attr::as_str).unwrap();
    let (url, client_id) = (b.running.url.clone(), b.running.client_id.clone());
    let secret = b.running.client_secret.expose().to_owned();
    let mut env = vec![
        ("URL", &*url),
        ("CLIENT_ID", &client_id),
        ("CLIENT_SECRET", &secret),
        ("INFISICAL_HOST", &url),
        ("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", &client_id),
        ("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET", &secret),
        ("AWS_ID", access_id),
        ("AWS_SECRET", &stand.credentials[0]),
        ("DB_URL", "canary-db-url"),
        ("API_KEY", "canary-api-key"),
    ];
    let here = dir.path().join("here");
    std::fs::create_dir(&here).unwrap();
    std::fs::write(here.join("main.hcl"), CONFIGURATION).unwrap();

    // Each apply waits for the run that follows from it.
    keyform(&here, &env, "apply --auto-approve", 0).await;
    assert_eq!(stand.ground.holds().await, entries(&[BOTH, &[theirs]].concat()));
    keyform(&here, &env, "plan --exit-code", 0).await;

    // A secret changes, another one goes, and the integration itself changes.
    env.retain(|(name, _)| *name != "DB_URL");
    env.push(("DB_URL", "canary-newer"));
    let api_key = "  secret \"API_KEY\" {\n    environment = \"dev\"\n    value       = secret_env(\"API_KEY\")\n  }\n";
    let changed = CONFIGURATION.replace(api_key, "").replace("ovens", "counter");
    assert_eq!(changed.len(), CONFIGURATION.len() - api_key.len() + 2);
    std::fs::write(here.join("main.hcl"), &changed).unwrap();
    let plan = keyform(&here, &env, "plan --exit-code", 2).await;
    assert!(plan.contains("options.aws_tags") && plan.contains("- delete  project.native.secret.API_KEY"), "{plan}");
    keyform(&here, &env, "apply --auto-approve", 0).await;
    assert_eq!(stand.ground.holds().await, entries(&[("DB_URL", "canary-newer"), theirs]));
    keyform(&here, &env, "plan --exit-code", 0).await;

    // Somebody switches it off.
    let project = b.ok(Method::Get, "/api/v1/projects/slug/native", Value::Null).await["id"].clone();
    let path = format!("/api/v1/projects/{}/integrations", project.as_str().unwrap());
    let found = b.ok(Method::Get, &path, Value::Null).await["integrations"][0].clone();
    let path = format!("/api/v1/integration/{}", found["id"].as_str().unwrap());
    b.ok(Method::Patch, &path, json!({ "isActive": false, "secretPath": "/" })).await;
    let drift = keyform(&here, &env, "drift", 3).await;
    assert!(drift.contains("active is false, not true"), "{drift}");
    keyform(&here, &env, "drift --heal --auto-approve", 0).await;
    keyform(&here, &env, "drift", 0).await;

    // Somebody else takes it over, with nothing but what is there.
    let there = dir.path().join("there");
    std::fs::create_dir(&there).unwrap();
    let said = keyform(&there, &env, &format!("adopt --url {url} --secrets"), 0).await;
    assert!(said.contains("1 native integration") && said.contains("The plan is empty"), "{said}");

    // Another key sets no run going by itself: one is asked for, and waited for.
    env.retain(|(name, _)| *name != "AWS_SECRET");
    env.push(("AWS_SECRET", "canary-rotated"));
    let before = b.ok(Method::Get, &path, Value::Null).await["integration"]["lastSyncJobId"].clone();
    let said = keyform(&here, &env, "apply --auto-approve", 0).await;
    assert!(said.contains("credentials.access_token") && !said.contains("KF0904"), "{said}");
    let after = b.ok(Method::Get, &path, Value::Null).await["integration"]["lastSyncJobId"].clone();
    assert_ne!(after, before);
    env.retain(|(name, _)| *name != "AWS_SECRET");
    env.push(("AWS_SECRET", &stand.credentials[0]));
    keyform(&here, &env, "apply --auto-approve", 0).await;

    keyform(&here, &env, "destroy --auto-approve", 0).await;
    assert_eq!(stand.ground.holds().await, entries(&[theirs]));
    b.running.shutdown().await;
}
