//! One store, whichever dialect is spoken; and what the recorded exchanges do not reach.

use crate::server::Backend;
use crate::server::backend;
use crate::server::logged_in;
use crate::server::names;
use crate::server::start_as;
use keyform::http::Method;
use keyform::http::Request;
use keyform::http::client::Policy;
use keyform::secret::Secret;
use keyform::server;
use keyform::server::dialect::Dialect;
use keyform::server::rate::RateLimits;
use serde_json::Value;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

async fn old_backend(data: &Path) -> Backend {
    let options = server::Options { dialect: Dialect::October2024, ..server::Options::new(data.to_owned()) };
    logged_in(start_as(options).await.unwrap()).await
}

#[tokio::test]
async fn what_one_dialect_wrote_the_other_reads() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let id = b.project("payments").await;
    b.ok(Method::Patch, &format!("/api/v1/projects/{id}"), json!({"description": "money"})).await;
    let folder = json!({"projectId": id, "environment": "dev", "name": "api", "description": "what it serves"});
    b.ok(Method::Post, "/api/v2/folders", folder).await;
    let secret = json!({"projectId": id, "environment": "dev", "secretPath": "/api", "secretValue": "v",
                        "secretMetadata": [{"key": "owner", "value": "me"}]});
    b.ok(Method::Post, "/api/v4/secrets/K", secret).await;
    b.running.shutdown().await;

    let b = old_backend(dir.path()).await;
    for address in ["/api/v1/projects", "/api/v4/secrets", "/api/v2/folders", "/api/v1/secret-syncs/options"] {
        b.refused(Method::Get, address, Value::Null, 404, "Not Found", "Route GET:").await;
    }
    let project = b.ok(Method::Get, &format!("/api/v1/workspace/{id}"), Value::Null).await["workspace"].clone();
    assert!(project["description"].is_null() && project["slug"] == "payments", "{project}");
    let folders = format!("/api/v1/folders?workspaceId={id}&environment=dev");
    let folder = b.ok(Method::Get, &folders, Value::Null).await["folders"][0].clone();
    assert_eq!((&folder["name"], folder.get("description")), (&json!("api"), None));
    let place = json!({"workspaceId": id, "environment": "dev", "secretPath": "/api"});
    let address = format!("/api/v3/secrets/raw/K?workspaceId={id}&environment=dev&secretPath=/api");
    let secret = b.ok(Method::Get, &address, Value::Null).await["secret"].clone();
    assert_eq!((&secret["secretValue"], secret.get("secretMetadata")), (&json!("v"), None));
    // What it does not know it drops; a value must be there.
    let mut change = place.clone();
    change["secretMetadata"] = json!([]);
    b.refused(Method::Patch, "/api/v3/secrets/raw/K", change.clone(), 401, "ValidationFailure", "Required").await;
    change["secretValue"] = json!("w");
    b.ok(Method::Patch, "/api/v3/secrets/raw/K", change).await;
    b.refused(
        Method::Patch,
        &format!("/api/v1/workspace/{id}"),
        json!({"description": "x"}),
        500,
        "Update by id",
        "Something went wrong",
    )
    .await;
    // It deletes what is not empty without being forced.
    let at = json!({"workspaceId": id, "environment": "dev", "name": "deep", "path": "/api/batch"});
    b.ok(Method::Post, "/api/v1/folders", at).await;
    let at = json!({"workspaceId": id, "environment": "dev", "path": "/api"});
    b.ok(Method::Delete, "/api/v1/folders/batch", at).await;
    b.running.shutdown().await;

    let b = backend(dir.path()).await;
    let project = b.ok(Method::Get, &format!("/api/v1/projects/{id}"), Value::Null).await;
    assert_eq!(project["project"]["description"], "money");
    let address = format!("/api/v4/secrets/K?projectId={id}&environment=dev&secretPath=/api");
    let secret = b.ok(Method::Get, &address, Value::Null).await["secret"].clone();
    assert_eq!((&secret["secretValue"], &secret["version"]), (&json!("w"), &json!(2)));
    assert_eq!(secret["secretMetadata"], json!([{"key": "owner", "value": "me"}]));
    b.running.shutdown().await;
}

#[tokio::test]
async fn secrets_move_and_folders_change_together() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let id = b.project("payments").await;
    for name in ["from", "to"] {
        let folder = json!({"projectId": id, "environment": "dev", "name": name});
        b.ok(Method::Post, "/api/v2/folders", folder).await;
    }
    b.set(&id, "dev", "/from", "A", "1").await;
    b.set(&id, "dev", "/from", "B", "2").await;
    b.set(&id, "dev", "/to", "B", "taken").await;
    // A name that is also an address is one all the same.
    let named = json!({"projectId": id, "environment": "dev", "secrets": [{"secretKey": "move", "secretValue": "m"},
                       {"secretKey": "batch", "secretValue": "b"}]});
    b.ok(Method::Post, "/api/v4/secrets/batch", named).await;
    assert_eq!(b.get(&id, "dev", "/", "move", "").await + &b.get(&id, "dev", "/", "batch", "").await, "mb");
    let list = format!("/api/v4/secrets?projectId={id}&environment=dev&secretPath=/from");
    let listed = b.ok(Method::Get, &list, Value::Null).await["secrets"].clone();
    let mut asked = json!({"projectId": id, "sourceEnvironment": "dev", "sourceSecretPath": "/from",
                           "destinationEnvironment": "dev", "destinationSecretPath": "/to",
                           "secretIds": names(&listed, "id")});
    let address = "/api/v4/secrets/move";
    let words = "The following secrets already exist in the destination: B";
    b.refused(Method::Post, address, asked.clone(), 400, "BadRequest", words).await;
    // All or nothing.
    assert_eq!(b.get(&id, "dev", "/from", "A", "").await, "1");
    asked["shouldOverwrite"] = json!(true);
    let moved = b.ok(Method::Post, address, asked.clone()).await;
    assert_eq!(moved, json!({"isSourceUpdated": true, "isDestinationUpdated": true}));
    assert_eq!(b.get(&id, "dev", "/to", "B", "").await, "2");
    assert_eq!(b.ok(Method::Get, &list, Value::Null).await["secrets"], json!([]));
    b.refused(Method::Post, address, asked, 400, "BadRequest", "Invalid secrets").await;

    let list = format!("/api/v2/folders?projectId={id}&environment=dev");
    let folders = b.ok(Method::Get, &list, Value::Null).await["folders"].clone();
    let change = |number: usize, name: &str| json!({"id": folders[number]["id"], "environment": "dev", "name": name});
    let batch = |folders: Value| json!({"projectId": id, "folders": folders});
    let clash = batch(json!([change(0, "moved"), change(1, "moved")]));
    b.refused(Method::Patch, "/api/v2/folders/batch", clash, 400, "UpdateFolder", "already exists").await;
    assert_eq!(names(&b.ok(Method::Get, &list, Value::Null).await["folders"], "name"), ["from", "to"]);
    b.ok(Method::Patch, "/api/v2/folders/batch", batch(json!([change(0, "away"), change(1, "here")]))).await;
    assert_eq!(names(&b.ok(Method::Get, &list, Value::Null).await["folders"], "name"), ["away", "here"]);
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_window_ends() {
    let dir = tempfile::tempdir().unwrap();
    let window = Duration::from_secs(1);
    let rate_limits = Some(RateLimits { read: 1, write: 9, secrets: 1, window });
    let options = server::Options { rate_limits, ..server::Options::new(dir.path().to_owned()) };
    let b = logged_in(start_as(options).await.unwrap()).await;
    let start = Instant::now();
    // Our client does as it is told: it waits, and comes again.
    for _ in 0..2 {
        let url = format!("{}/api/v1/projects", b.running.url).parse().unwrap();
        let headers = vec![("authorization".to_owned(), Secret::new(format!("Bearer {}", b.token)))];
        let request =
            Request { method: Method::Get, url, headers, body: None, idempotent: true, is_path_secret: false };
        assert_eq!(b.client.send(&request, &Policy::default()).await.unwrap().status, 200);
    }
    assert!(start.elapsed() >= window, "{:?}", start.elapsed());
    b.running.shutdown().await;
}
