//! Connections and syncs of the embedded backend: checks, jobs, what outlives what.

use super::Backend;
use super::backend;
use super::names;
use keyform::http::Method;
use serde_json::Value;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncWriteExt as _;

/// A project with a connection to a directory, and what makes a sync of `dev` to the file `out.env` there.
async fn ready(b: &Backend, out: &Path) -> (String, Value) {
    let p = b.project("synced").await;
    let new = json!({"name": "files", "method": "directory", "credentials": {"path": out, "unknown": 1}});
    let connection = b.ok(Method::Post, "/api/v1/app-connections/local", new).await["appConnection"].clone();
    assert_eq!(connection["credentials"], json!({"path": out}));
    let sync = json!({
        "name": "out", "projectId": p, "connectionId": connection["id"], "environment": "dev", "secretPath": "/",
        "syncOptions": {"initialSyncBehavior": "overwrite-destination"},
        "destinationConfig": {"format": "dotenv", "file": "out.env"},
    });
    (p, sync)
}

fn with(base: &Value, field: &str, value: Value) -> Value {
    let mut changed = base.clone();
    changed[field] = value;
    changed
}

const SYNCS: &str = "/api/v1/secret-syncs/local-file";

#[tokio::test]
async fn connections_are_tried_and_kept_while_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let b = backend(&dir.path().join("data")).await;
    let (_, sync) = ready(&b, out.path()).await;
    let apps = b.ok(Method::Get, "/api/v1/app-connections/options", Value::Null).await;
    assert!(names(&apps["appConnectionOptions"], "app").contains(&"local".to_owned()));
    let syncs = b.ok(Method::Get, "/api/v1/secret-syncs/options", Value::Null).await;
    assert!(names(&syncs["secretSyncOptions"], "destination").contains(&"local-file".to_owned()));

    let base = "/api/v1/app-connections/local";
    let twin = json!({"name": "files", "method": "directory", "credentials": {"path": out.path()}});
    b.refused(Method::Post, base, twin.clone(), 400, "BadRequest", "already exists").await;
    // Something that answers, but is no vault.
    let credentials = json!({"instanceUrl": b.running.url, "accessToken": "canary-vault"});
    let vault = json!({"name": "x", "method": "access-token", "credentials": credentials});
    let vaults = "/api/v1/app-connections/hashicorp-vault";
    b.refused(Method::Post, vaults, vault, 400, "BadRequest", "Unable to validate connection").await;
    assert_eq!(b.ok(Method::Get, vaults, Value::Null).await["appConnections"], json!([]));
    let empty = json!({"name": "x", "method": "directory", "credentials": {}});
    b.refused(Method::Post, base, empty, 422, "ValidationFailure", "[\"credentials\",\"path\"]").await;
    let method = with(&twin, "method", json!("carrier-pigeon"));
    b.refused(Method::Post, base, method, 422, "ValidationFailure", "directory").await;
    b.refused(Method::Post, "/api/v1/app-connections/nope", twin, 404, "NotFound", "nope").await;

    b.ok(Method::Post, SYNCS, sync.clone()).await;
    let id = sync["connectionId"].as_str().unwrap();
    let one = format!("{base}/{id}");
    b.refused(Method::Delete, &one, Value::Null, 400, "BadRequest", "Cannot delete App Connection").await;
    b.refused(
        Method::Get,
        &format!("/api/v1/app-connections/github/{id}"),
        Value::Null,
        400,
        "BadRequest",
        "is not for App",
    )
    .await;
    let before = b.ok(Method::Get, &one, Value::Null).await["appConnection"].clone();
    let same = json!({"credentials": {"path": out.path()}, "description": "d"});
    let after = b.ok(Method::Patch, &one, same).await["appConnection"].clone();
    assert_ne!(before["credentialsHash"], after["credentialsHash"]);
    assert_eq!(b.ok(Method::Get, &format!("{base}/connection-name/files"), Value::Null).await["appConnection"], after);
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_job_behind() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let b = backend(&dir.path().join("data")).await;
    let (p, sync) = ready(&b, out.path()).await;
    let secrets = |value: &str| {
        let one = |n: i32| json!({"secretKey": format!("K{n}"), "secretValue": value});
        json!({"projectId": p, "environment": "dev", "secretPath": "/", "secrets": (0..60).map(one).collect::<Vec<_>>()})
    };
    b.ok(Method::Post, "/api/v4/secrets/batch", secrets("first")).await;
    let made = b.ok(Method::Post, SYNCS, sync).await["secretSync"].clone();
    b.settled("local-file", made["id"].as_str().unwrap()).await;
    let address = b.running.url.strip_prefix("http://").unwrap();
    for pause in 0..25 {
        let body = secrets(&format!("after-{pause}")).to_string();
        let head = format!(
            "PATCH /api/v4/secrets/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: \
             application/json\r\ncontent-length: {}\r\n\r\n",
            b.token,
            body.len()
        );
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        drop(client);
        tokio::time::sleep(Duration::from_millis(50)).await;
        // Done or not, but what is done is pushed, although nobody asks for anything else.
        let stored = format!("K0={}\n", b.get(&p, "dev", "/", "K0", "").await);
        let start = Instant::now();
        while !std::fs::read_to_string(out.path().join("out.env")).unwrap().contains(&stored) {
            assert!(start.elapsed() < Duration::from_secs(5), "{stored} is not pushed, after {pause} ms");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_sync_follows_its_source() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("out.env");
    let b = backend(&dir.path().join("data")).await;
    let (p, sync) = ready(&b, out.path()).await;
    std::fs::write(&file, "STALE=old\nAPP_STALE=old\n").unwrap();
    b.set(&p, "dev", "/", "A", "one").await;
    b.set(&p, "dev", "/", "B", "ref-${prod.P}").await;
    b.set(&p, "prod", "/", "P", "p1").await;
    let options = json!({"initialSyncBehavior": "overwrite-destination", "keySchema": "APP_{{secretKey}}"});
    let made = b.ok(Method::Post, SYNCS, with(&sync, "syncOptions", options)).await["secretSync"].clone();
    assert_eq!(made["syncStatus"], "pending");
    let id = made["id"].as_str().unwrap();
    let done = b.settled("local-file", id).await;
    assert_eq!((&done["syncStatus"], &done["lastSyncMessage"]), (&json!("succeeded"), &Value::Null), "{done}");
    let read = || std::fs::read_to_string(&file).unwrap();
    assert_eq!(read(), "STALE=old\nAPP_A=one\nAPP_B=ref-p1\n");

    // A change at the source, at what it imports, and at what it refers to.
    let body = json!({"projectId": p, "environment": "dev", "secretValue": "two"});
    b.ok(Method::Patch, "/api/v4/secrets/A", body).await;
    b.settled("local-file", id).await;
    assert!(read().contains("APP_A=two"), "{}", read());
    let body = json!({"projectId": p, "environment": "prod", "secretValue": "p2"});
    b.ok(Method::Patch, "/api/v4/secrets/P", body).await;
    b.settled("local-file", id).await;
    assert!(read().contains("APP_B=ref-p2"), "{}", read());
    let import = json!({"projectId": p, "environment": "dev", "import": {"environment": "staging", "path": "/"}});
    b.ok(Method::Post, "/api/v2/secret-imports", import).await;
    b.set(&p, "staging", "/", "C", "imported").await;
    b.settled("local-file", id).await;
    assert!(read().contains("APP_C=imported"), "{}", read());
    b.ok(Method::Delete, "/api/v4/secrets/C", json!({"projectId": p, "environment": "staging"})).await;
    b.settled("local-file", id).await;
    assert!(!read().contains("APP_C") && read().contains("STALE=old"), "{}", read());

    // A destination that can't be read is never taken for empty.
    let whole = read();
    std::fs::write(&file, "not an environment file\n").unwrap();
    b.ok(Method::Post, &format!("{SYNCS}/{id}/sync-secrets"), Value::Null).await;
    let failed = b.settled("local-file", id).await;
    assert_eq!(failed["syncStatus"], "failed");
    assert!(failed["lastSyncMessage"].is_string() && failed["lastSyncedAt"].is_string(), "{failed}");
    assert_eq!(read(), "not an environment file\n");
    std::fs::write(&file, whole).unwrap();

    let gone = b.ok(Method::Delete, &format!("{SYNCS}/{id}?removeSecrets=true"), Value::Null).await;
    assert_eq!(gone["secretSync"]["removeStatus"], "pending");
    let start = Instant::now();
    while b.call(Method::Get, &format!("{SYNCS}/{id}"), Value::Null).await.0 == 200 {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(read(), "STALE=old\n");
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_first_sync_imports_as_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("out.env");
    let b = backend(&dir.path().join("data")).await;
    let (p, sync) = ready(&b, out.path()).await;
    for (behavior, both) in [("import-prioritize-source", "here"), ("import-prioritize-destination", "there")] {
        b.call(Method::Delete, "/api/v4/secrets/ONLY", json!({"projectId": p, "environment": "dev"})).await;
        b.call(Method::Delete, "/api/v4/secrets/BOTH", json!({"projectId": p, "environment": "dev"})).await;
        std::fs::write(&file, "BOTH=there\nONLY=there\n").unwrap();
        b.set(&p, "dev", "/", "BOTH", "here").await;
        let new = with(&sync, "syncOptions", json!({"initialSyncBehavior": behavior}));
        let id = b.ok(Method::Post, SYNCS, new).await["secretSync"]["id"].as_str().unwrap().to_owned();
        let done = b.settled("local-file", &id).await;
        assert_eq!(done["syncStatus"], "succeeded", "{done}");
        assert_eq!(b.get(&p, "dev", "/", "ONLY", "").await, "there");
        assert_eq!(b.get(&p, "dev", "/", "BOTH", "").await, both);
        assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("BOTH={both}")));
        b.ok(Method::Delete, &format!("{SYNCS}/{id}"), Value::Null).await;
    }
    b.running.shutdown().await;
}

#[tokio::test]
async fn syncs_are_checked_changed_and_outlive_their_source() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let b = backend(&dir.path().join("data")).await;
    let (p, sync) = ready(&b, out.path()).await;
    let refuse = async |changed: Value, status: u16, error: &str, words: &str| {
        b.refused(Method::Post, SYNCS, changed, status, error, words).await;
    };
    refuse(
        with(&sync, "destinationConfig", json!({"format": "toml", "file": "x"})),
        422,
        "ValidationFailure",
        "dotenv",
    )
    .await;
    refuse(with(&sync, "destinationConfig", json!({"format": "json"})), 422, "ValidationFailure", "\"file\"").await;
    refuse(with(&sync, "syncOptions", json!({})), 422, "ValidationFailure", "initialSyncBehavior").await;
    let twice = json!({"initialSyncBehavior": "overwrite-destination", "keySchema": "{{secretKey}}{{secretKey}}"});
    refuse(with(&sync, "syncOptions", twice), 422, "ValidationFailure", "keySchema").await;
    refuse(with(&sync, "secretPath", json!("/nope")), 400, "BadRequest", "Could not find folder with path").await;
    let unknown = json!("00000000-0000-4000-8000-000000000000");
    refuse(with(&sync, "connectionId", unknown), 404, "NotFound", "Could not find App Connection").await;

    let folder = json!({"projectId": p, "environment": "dev", "name": "api", "path": "/"});
    b.ok(Method::Post, "/api/v2/folders", folder).await;
    let quiet = with(&with(&sync, "isAutoSyncEnabled", json!(false)), "secretPath", json!("/api"));
    let made = b.ok(Method::Post, SYNCS, quiet.clone()).await["secretSync"].clone();
    assert_eq!((&made["syncStatus"], &made["folder"]["path"]), (&Value::Null, &json!("/api")));
    refuse(quiet, 400, "BadRequest", "already exists").await;
    let one = format!("{SYNCS}/{}", made["id"].as_str().unwrap());
    b.set(&p, "dev", "/api", "K", "v").await;
    assert_eq!(b.ok(Method::Get, &one, Value::Null).await["secretSync"]["syncStatus"], Value::Null);
    let check = json!({"destinationConfig": made["destinationConfig"], "projectId": p});
    let taken = b.ok(Method::Post, &format!("{SYNCS}/check-destination"), check).await;
    assert_eq!(taken, json!({"hasDuplicate": true, "duplicateProjectId": p}));
    let on = b.ok(Method::Patch, &one, json!({"isAutoSyncEnabled": true, "description": "d"})).await;
    assert_eq!((&on["secretSync"]["syncStatus"], &on["secretSync"]["description"]), (&json!("pending"), &json!("d")));
    b.settled("local-file", made["id"].as_str().unwrap()).await;
    assert_eq!(std::fs::read_to_string(out.path().join("out.env")).unwrap(), "K=v\n");

    let delete = json!({"projectId": p, "environment": "dev", "path": "/", "forceDelete": true});
    b.ok(Method::Delete, "/api/v2/folders/api", delete).await;
    let orphan = b.ok(Method::Get, &one, Value::Null).await["secretSync"].clone();
    assert_eq!(
        (&orphan["folder"], &orphan["environment"], &orphan["folderId"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    b.refused(Method::Post, &format!("{one}/sync-secrets"), Value::Null, 400, "BadRequest", "folder no longer exists")
        .await;
    let mended = b.ok(Method::Patch, &one, json!({"environment": "dev", "secretPath": "/"})).await;
    assert_eq!(mended["secretSync"]["folder"]["path"], "/");
    let list = format!("/api/v1/secret-syncs?projectId={p}");
    assert_eq!(names(&b.ok(Method::Get, &list, Value::Null).await["secretSyncs"], "name"), ["out"]);
    b.ok(Method::Delete, &one, Value::Null).await;
    b.refused(Method::Get, &one, Value::Null, 404, "NotFound", "Could not find Local file Sync with ID").await;
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_job_that_did_not_end_is_run_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let b = backend(&data).await;
    let (p, sync) = ready(&b, out.path()).await;
    b.set(&p, "dev", "/", "A", "one").await;
    let id = b.ok(Method::Post, SYNCS, sync).await["secretSync"]["id"].as_str().unwrap().to_owned();
    b.settled("local-file", &id).await;
    let database = b.running.database();
    b.running.shutdown().await;
    std::fs::remove_file(out.path().join("out.env")).unwrap();
    // As a crash leaves it: a job that was taken, and a sync that says so.
    let sql = rusqlite::Connection::open(database).unwrap();
    sql.execute("INSERT INTO jobs (id, sync_id, kind, running) VALUES ('j', ?, 'sync', 1)", [&id]).unwrap();
    sql.execute("UPDATE syncs SET sync_status = 'running' WHERE id = ?", [&id]).unwrap();
    drop(sql);

    let b = backend(&data).await;
    assert_eq!(b.settled("local-file", &id).await["syncStatus"], "succeeded");
    assert_eq!(std::fs::read_to_string(out.path().join("out.env")).unwrap(), "A=one\n");
    b.running.shutdown().await;
}
