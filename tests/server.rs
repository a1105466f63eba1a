//! The embedded backend, driven over HTTP as any client drives it.

mod dialects;
mod native;
mod syncs;

use keyform::http::Body;
use keyform::http::Method;
use keyform::http::Request;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::http::client::Policy;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use keyform::server;
use serde_json::Value;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use zeroize::Zeroizing;

/// A server in a directory, with a client that has logged in.
pub(crate) struct Backend {
    pub(crate) running: server::Running,
    client: Client,
    token: String,
}

async fn start(data: &Path) -> Result<server::Running, keyform::diag::Diagnostic> {
    start_as(server::Options::new(data.to_owned())).await
}

async fn start_as(options: server::Options) -> Result<server::Running, keyform::diag::Diagnostic> {
    server::start(options, Arc::new(Registry::builtin().unwrap()), Client::new(Options::default()).unwrap()).await
}

async fn backend(data: &Path) -> Backend {
    logged_in(start(data).await.unwrap()).await
}

pub(crate) async fn logged_in(running: server::Running) -> Backend {
    let mut backend = Backend { client: Client::new(Options::default()).unwrap(), token: String::new(), running };
    let login = json!({"clientId": backend.running.client_id, "clientSecret": backend.running.client_secret.expose()});
    let answer = backend.ok(Method::Post, "/api/v1/auth/universal-auth/login", login).await;
    assert_eq!(answer["tokenType"], "Bearer");
    backend.token = answer["accessToken"].as_str().unwrap().to_owned();
    backend
}

impl Backend {
    async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> (u16, Value) {
        let mut headers = Vec::new();
        if !self.token.is_empty() {
            headers.push(("authorization".to_owned(), Secret::new(format!("Bearer {}", self.token))));
        }
        let body = body.map(|bytes| Body { content_type: "application/json".into(), bytes: Zeroizing::new(bytes) });
        let url = format!("{}{path}", self.running.url).parse().unwrap();
        let request = Request { method, url, headers, body, idempotent: false, is_path_secret: false };
        let policy = Policy { budget: Duration::ZERO, ..Policy::default() };
        let response = self.client.send(&request, &policy).await.unwrap();
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let body = (!body.is_null()).then(|| body.to_string().into_bytes());
        self.send(method, path, body).await
    }

    pub(crate) async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert_eq!(status, 200, "{method:?} {path}: {answer}");
        answer
    }

    /// Refused with a status, the name of the kind, and words of the message.
    async fn refused(&self, method: Method, path: &str, body: Value, status: u16, error: &str, words: &str) {
        let (got, answer) = self.call(method, path, body).await;
        assert_eq!((got, answer["error"].as_str()), (status, Some(error)), "{method:?} {path}: {answer}");
        assert!(answer["message"].to_string().contains(words), "{method:?} {path}: {answer}");
        assert_eq!(answer["statusCode"], status);
    }

    /// A project with the default environments; gives its id.
    pub(crate) async fn project(&self, slug: &str) -> String {
        let new = json!({"projectName": slug, "slug": slug});
        self.ok(Method::Post, "/api/v1/projects", new).await["project"]["id"].as_str().unwrap().to_owned()
    }

    async fn set(&self, project: &str, environment: &str, path: &str, key: &str, value: &str) {
        let body = json!({"projectId": project, "environment": environment, "secretPath": path, "secretValue": value});
        self.ok(Method::Post, &format!("/api/v4/secrets/{key}"), body).await;
    }

    async fn get(&self, project: &str, environment: &str, path: &str, key: &str, more: &str) -> String {
        let address =
            format!("/api/v4/secrets/{key}?projectId={project}&environment={environment}&secretPath={path}{more}");
        self.ok(Method::Get, &address, Value::Null).await["secret"]["secretValue"].as_str().unwrap().to_owned()
    }

    /// Waits until a sync is at rest.
    async fn settled(&self, destination: &str, id: &str) -> Value {
        let start = Instant::now();
        loop {
            let path = format!("/api/v1/secret-syncs/{destination}/{id}");
            let sync = self.ok(Method::Get, &path, Value::Null).await["secretSync"].clone();
            let open = |field: &str| matches!(sync[field].as_str(), Some("pending" | "running"));
            if !open("syncStatus") && !open("importStatus") && !open("removeStatus") {
                return sync;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{sync}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn logging_in_and_who_may_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut b = backend(dir.path()).await;
    let details = b.ok(Method::Get, "/api/v1/identities/details", Value::Null).await;
    assert_eq!(details["identityDetails"]["organization"]["slug"], "keyform");
    b.ok(Method::Get, "/api/status/", Value::Null).await;

    let renewed = b.ok(Method::Post, "/api/v1/auth/token/renew", json!({"accessToken": b.token})).await;
    assert_eq!(renewed["accessToken"], b.token.as_str());
    b.refused(Method::Get, "/api/v1/nope", Value::Null, 404, "Not Found", "Route GET:/api/v1/nope not found").await;
    b.refused(Method::Put, "/api/v1/projects", Value::Null, 404, "Not Found", "Route PUT:/api/v1/projects").await;
    let revoke = json!({"accessToken": b.token});
    b.ok(Method::Post, "/api/v1/auth/token/revoke", revoke).await;
    b.refused(Method::Get, "/api/v1/projects", Value::Null, 401, "UnauthorizedError", "No identity access token").await;
    b.token = "garbage".into();
    b.refused(Method::Get, "/api/status", Value::Null, 403, "TokenError", "malformed").await;
    b.refused(Method::Get, "/api/v1/nope", Value::Null, 404, "Not Found", "Route GET").await;
    b.token = String::new();
    b.refused(Method::Get, "/api/v1/projects", Value::Null, 401, "UnauthorizedError", "Token missing").await;
    let wrong = json!({"clientId": b.running.client_id, "clientSecret": "canary-wrong"});
    let login = "/api/v1/auth/universal-auth/login";
    b.refused(Method::Post, login, wrong, 401, "UnauthorizedError", "Invalid credentials").await;
    b.refused(
        Method::Post,
        login,
        json!({"clientId": 7}),
        422,
        "ValidationFailure",
        "Expected string, received number",
    )
    .await;
    let (status, answer) = b.send(Method::Post, login, Some(b"{".to_vec())).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("BadRequest")));
    let (status, _) = b.send(Method::Post, login, Some(vec![b' '; (1 << 20) + 1])).await;
    assert_eq!(status, 413);
    b.running.shutdown().await;
}

#[tokio::test]
async fn projects_and_environments() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let id = b.project("payments").await;
    let taken = json!({"projectName": "Other", "slug": "payments"});
    b.refused(Method::Post, "/api/v1/projects", taken, 400, "BadRequest", "already exists").await;
    let bad = json!({"projectName": "x", "slug": "Bad_Slug"});
    b.refused(Method::Post, "/api/v1/projects", bad, 422, "ValidationFailure", "lowercase letters, numbers").await;
    let auto = b
        .ok(
            Method::Post,
            "/api/v2/workspace",
            json!({"projectName": "My Camel2Case", "shouldCreateDefaultEnvs": false}),
        )
        .await;
    assert!(auto["project"]["slug"].as_str().unwrap().starts_with("my-camel2-case-"), "{auto}");
    assert_eq!(auto["project"]["environments"], json!([]));

    let base = format!("/api/v1/projects/{id}");
    let change = json!({"description": "Payments", "slug": "pay-ments"});
    let changed = b.ok(Method::Patch, &base, change).await;
    assert_eq!(
        (&changed["project"]["slug"], &changed["project"]["description"]),
        (&json!("pay-ments"), &json!("Payments"))
    );
    let change = json!({"description": null});
    assert_eq!(b.ok(Method::Patch, &base, change).await["project"]["description"], Value::Null);
    assert_eq!(b.ok(Method::Get, "/api/v1/projects/slug/pay-ments", Value::Null).await["id"], id.as_str());
    b.refused(Method::Get, "/api/v1/projects/nope", Value::Null, 404, "NotFound", "not found").await;

    let environments = format!("{base}/environments");
    let second = json!({"name": "Test", "slug": "test", "position": 2});
    let made = b.ok(Method::Post, &environments, second).await["environment"].clone();
    let order = async || names(&b.ok(Method::Get, &base, Value::Null).await["project"]["environments"], "slug");
    assert_eq!(order().await, ["dev", "test", "staging", "prod"]);
    let one = format!("{environments}/{}", made["id"].as_str().unwrap());
    b.ok(Method::Patch, &one, json!({"position": 4, "slug": "qa"})).await;
    assert_eq!(order().await, ["dev", "staging", "prod", "qa"]);
    b.refused(Method::Post, &environments, json!({"name": "x", "slug": "dev"}), 400, "CreateEnvironment", "already")
        .await;
    b.ok(Method::Delete, &one, Value::Null).await;
    b.refused(Method::Get, &one, Value::Null, 404, "NotFound", "Environment with ID").await;
    b.refused(Method::Get, &environments, Value::Null, 404, "Not Found", "Route GET").await;

    b.ok(Method::Patch, &base, json!({"hasDeleteProtection": true})).await;
    b.refused(Method::Delete, &base, Value::Null, 403, "ForbiddenError", "protection").await;
    b.ok(Method::Patch, &base, json!({"hasDeleteProtection": false})).await;
    b.ok(Method::Delete, &base, Value::Null).await;
    b.refused(Method::Delete, &base, Value::Null, 404, "NotFound", "not found").await;
    b.running.shutdown().await;
}

#[tokio::test]
async fn folders_are_made_with_those_above_and_keep_their_paths() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let p = b.project("folders").await;
    let new = |name: &str, path: &str| json!({"projectId": p, "environment": "dev", "name": name, "path": path});
    let made = b.ok(Method::Post, "/api/v2/folders", new("v1", "/api/public")).await["folder"].clone();
    assert_eq!(made["path"], "/api/public/v1");
    let again = b.ok(Method::Post, "/api/v2/folders", new("v1", "api/public/")).await["folder"].clone();
    assert_eq!(made["id"], again["id"]);
    b.refused(Method::Post, "/api/v2/folders", new("a b", "/"), 422, "ValidationFailure", "alphanumeric").await;

    let list = |path: &str, recursive: &str| {
        format!("/api/v2/folders?projectId={p}&environment=dev&path={path}&recursive={recursive}")
    };
    assert_eq!(names(&b.ok(Method::Get, &list("/", "False"), Value::Null).await["folders"], "name"), ["api"]);
    let all = b.ok(Method::Get, &list("/api", "true"), Value::Null).await;
    assert_eq!(names(&all["folders"], "relativePath"), ["public", "public/v1"]);
    assert_eq!(b.ok(Method::Get, &list("/nope", "false"), Value::Null).await["folders"], json!([]));

    let public = all["folders"][0]["id"].as_str().unwrap();
    let rename = new("private", "/api");
    b.ok(Method::Patch, &format!("/api/v2/folders/{public}"), rename).await;
    b.set(&p, "dev", "/api/private/v1", "K", "kept").await;
    assert_eq!(b.get(&p, "dev", "/api/private/v1", "K", "").await, "kept");
    let by_id = b.ok(Method::Get, &format!("/api/v2/folders/{}", made["id"].as_str().unwrap()), Value::Null).await;
    assert_eq!(by_id["folder"]["path"], "/api/private/v1");
    assert_eq!(by_id["folder"]["environment"]["envSlug"], "dev");

    let delete = |force: bool| json!({"projectId": p, "environment": "dev", "path": "/", "forceDelete": force});
    b.refused(Method::Delete, "/api/v2/folders/api", delete(false), 400, "BadRequest", "not empty").await;
    b.ok(Method::Delete, "/api/v2/folders/api", delete(true)).await;
    b.refused(Method::Delete, "/api/v2/folders/api", delete(true), 404, "NotFound", "not found").await;
    b.running.shutdown().await;
}

#[tokio::test]
async fn secrets_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let p = b.project("secrets").await;
    for (given, stored) in [
        ("  pad  ", "pad"),
        ("line\n\n\n", "line\n"),
        ("\nline", "line"),
        ("a\r\nb\r\n", "a\r\nb\n"),
        ("\n", "\n"),
        ("   ", ""),
        ("ünï${}\u{0}", "ünï${}\u{0}"),
    ] {
        let body = json!({"projectId": p, "environment": "dev", "secretValue": given});
        let made = b.ok(Method::Post, "/api/v4/secrets/T", body.clone()).await;
        assert_eq!(made["secret"]["secretValue"], stored);
        assert_eq!(b.get(&p, "dev", "/", "T", "").await, stored);
        b.ok(Method::Delete, "/api/v4/secrets/T", json!({"projectId": p, "environment": "dev"})).await;
    }
    let tags = format!("/api/v1/projects/{p}/tags");
    let tag = b.ok(Method::Post, &tags, json!({"slug": "db", "color": "#fff"})).await["tag"]["id"].clone();
    b.refused(Method::Post, &tags, json!({"slug": "db", "color": ""}), 400, "BadRequest", "Tag already exist").await;
    let place = json!({"projectId": p, "environment": "dev", "secretPath": "/"});
    let with = |more: Value| {
        let mut body = place.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let new = with(json!({
        "secretValue": "v", "secretComment": " c ", "tagIds": [tag], "secretMetadata": [{"key": "owner", "value": "me"}]
    }));
    b.ok(Method::Post, "/api/v4/secrets/K", new.clone()).await;
    b.refused(Method::Post, "/api/v4/secrets/K", new, 400, "BadRequest", "Secret already exist").await;
    b.ok(Method::Patch, "/api/v4/secrets/K", with(json!({"secretComment": "d"}))).await;
    let read = format!("/api/v3/secrets/raw/K?workspaceId={p}&environment=dev&secretPath=/");
    let got = b.ok(Method::Get, &read, Value::Null).await["secret"].clone();
    assert_eq!((&got["secretValue"], &got["secretComment"], &got["version"]), (&json!("v"), &json!("d"), &json!(2)));
    assert_eq!((&got["tags"][0]["slug"], &got["secretMetadata"][0]["value"]), (&json!("db"), &json!("me")));
    assert_eq!(got["workspace"], p.as_str());
    b.ok(Method::Patch, "/api/v4/secrets/K", with(json!({"newSecretName": "L"}))).await;
    b.refused(Method::Get, &read, Value::Null, 404, "NotFound", "Secret with name 'K' not found").await;
    let hidden = b.get(&p, "dev", "/", "L", "&viewSecretValue=false").await;
    assert_eq!(hidden, "<hidden-by-infisical>");
    b.refused(Method::Post, "/api/v4/secrets/a:b", with(json!({"secretValue": ""})), 422, "ValidationFailure", "colon")
        .await;
    b.refused(Method::Post, "/api/v4/secrets/K", with(json!({})), 422, "ValidationFailure", "Required").await;
    let nowhere = json!({"projectId": p, "environment": "dev", "secretPath": "/zzz", "secretValue": ""});
    b.refused(Method::Post, "/api/v4/secrets/K", nowhere, 404, "CreateSecret", "Folder with path '/zzz'").await;
    let list = format!("/api/v4/secrets?projectId={p}&environment=dev&secretPath=/zzz");
    assert_eq!(b.ok(Method::Get, &list, Value::Null).await["secrets"], json!([]));
    let tagged = format!("/api/v4/secrets?projectId={p}&environment=dev&tagSlugs=db");
    assert_eq!(names(&b.ok(Method::Get, &tagged, Value::Null).await["secrets"], "secretKey"), ["L"]);
    let unknown = format!("/api/v4/secrets?projectId={p}&environment=dev&recursive=1");
    b.refused(Method::Get, &unknown, Value::Null, 422, "ValidationFailure", "recursive").await;
    b.running.shutdown().await;
}

#[tokio::test]
async fn batches_are_all_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let p = b.project("batches").await;
    let batch = |items: Vec<Value>| json!({"projectId": p, "environment": "dev", "secretPath": "/", "secrets": items});
    let items: Vec<Value> =
        (0..5000).map(|n| json!({"secretKey": format!("K{n:04}"), "secretValue": format!("value {n}")})).collect();
    b.ok(Method::Post, "/api/v4/secrets/batch", batch(items)).await;
    let list = format!("/api/v4/secrets?projectId={p}&environment=dev");
    let all = b.ok(Method::Get, &list, Value::Null).await;
    assert_eq!(all["secrets"].as_array().unwrap().len(), 5000);

    let some =
        batch(vec![json!({"secretKey": "NEW", "secretValue": "x"}), json!({"secretKey": "K0001", "secretValue": "x"})]);
    b.refused(Method::Post, "/api/v4/secrets/batch", some.clone(), 400, "BadRequest", "already exist: K0001").await;
    b.refused(Method::Patch, "/api/v3/secrets/batch/raw", some.clone(), 404, "NotFound", "does not exist: NEW").await;
    assert_eq!(b.get(&p, "dev", "/", "K0001", "").await, "value 1");
    b.refused(Method::Delete, "/api/v4/secrets/batch", some.clone(), 404, "NotFound", "NEW").await;
    let mut upsert = some.clone();
    upsert["mode"] = json!("upsert");
    b.ok(Method::Patch, "/api/v4/secrets/batch", upsert).await;
    assert_eq!(b.get(&p, "dev", "/", "NEW", "").await, "x");
    b.ok(Method::Delete, "/api/v4/secrets/batch", some).await;
    let wrong = batch(vec![json!({"secretKey": "A"})]);
    b.refused(
        Method::Post,
        "/api/v4/secrets/batch",
        wrong,
        422,
        "ValidationFailure",
        "[\"secrets\",0,\"secretValue\"]",
    )
    .await;
    b.running.shutdown().await;
}

#[tokio::test]
async fn references_and_imports() {
    let dir = tempfile::tempdir().unwrap();
    let b = backend(dir.path()).await;
    let p = b.project("imports").await;
    let folder = json!({"projectId": p, "environment": "prod", "name": "shared", "path": "/"});
    b.ok(Method::Post, "/api/v2/folders", folder).await;
    b.set(&p, "dev", "/", "A", "dev-a").await;
    b.set(&p, "dev", "/", "R", "<${A}|${prod.shared.S}|${NOPE}>").await;
    b.set(&p, "prod", "/shared", "S", "s-${T}").await;
    b.set(&p, "prod", "/shared", "T", "t").await;
    b.set(&p, "prod", "/shared", "A", "prod-a").await;
    b.set(&p, "staging", "/", "T", "staging-t").await;
    assert_eq!(b.get(&p, "dev", "/", "R", "").await, "<${A}|${prod.shared.S}|${NOPE}>");
    assert_eq!(b.get(&p, "dev", "/", "R", "&expandSecretReferences=true").await, "<dev-a|s-t|${NOPE}>");

    let import = |environment: &str, path: &str| json!({"projectId": p, "environment": "dev", "path": "/", "import": {"environment": environment, "path": path}});
    let first = b.ok(Method::Post, "/api/v2/secret-imports", import("prod", "/shared")).await["secretImport"].clone();
    b.ok(Method::Post, "/api/v2/secret-imports", import("staging", "/")).await;
    let back =
        json!({"projectId": p, "environment": "staging", "path": "/", "import": {"environment": "dev", "path": "/"}});
    b.refused(Method::Post, "/api/v2/secret-imports", back, 400, "BadRequest", "Cyclic").await;
    let list = format!("/api/v4/secrets?projectId={p}&environment=dev&include_imports=true");
    let got = b.ok(Method::Get, &list, Value::Null).await;
    assert_eq!(names(&got["imports"], "environment"), ["prod", "staging"]);
    assert_eq!(names(&got["imports"][0]["secrets"], "secretKey"), ["A", "S", "T"]);
    assert_eq!(b.get(&p, "dev", "/", "A", "&include_imports=true").await, "dev-a");
    assert_eq!(b.get(&p, "dev", "/", "T", "&include_imports=true").await, "staging-t");
    let id = first["id"].as_str().unwrap();
    let last = json!({"projectId": p, "environment": "dev", "path": "/", "import": {"position": 2}});
    b.ok(Method::Patch, &format!("/api/v2/secret-imports/{id}"), last).await;
    assert_eq!(b.get(&p, "dev", "/", "T", "&include_imports=true").await, "t");
    let place = json!({"projectId": p, "environment": "dev", "path": "/"});
    b.ok(Method::Delete, &format!("/api/v2/secret-imports/{id}"), place).await;
    let imports = format!("/api/v2/secret-imports?projectId={p}&environment=dev");
    assert_eq!(b.ok(Method::Get, &imports, Value::Null).await["secretImports"].as_array().unwrap().len(), 1);
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_restart_keeps_everything_and_nothing_lies_in_the_open() {
    let dir = tempfile::tempdir().unwrap();
    let canary = "canary-value-5f0c";
    let b = backend(dir.path()).await;
    let p = b.project("restart").await;
    let body = json!({
        "projectId": p, "environment": "dev", "secretValue": canary, "secretComment": canary,
        "secretMetadata": [{"key": "k", "value": canary}]
    });
    b.ok(Method::Post, "/api/v4/secrets/K", body).await;
    let in_the_open = |secret: &str| {
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a value in plain text", path.display());
        }
    };
    in_the_open(canary);
    in_the_open(&b.token);
    let token = b.token.clone();
    #[cfg(unix)]
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "{} can be read by others", entry.path().display());
    }
    let held = start(dir.path()).await.err().unwrap();
    assert_eq!(held.code.id, "KF0702");
    let address = b.running.url.trim_start_matches("http://");
    assert!(held.detail.contains(address), "{}", held.detail);
    b.running.shutdown().await;
    in_the_open(canary);

    let mut b = backend(dir.path()).await;
    b.token = token;
    assert_eq!(b.get(&p, "dev", "/", "K", "").await, canary);
    b.running.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_or_a_damaged_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    backend(dir.path()).await.running.shutdown().await;
    let (key, database) = (dir.path().join("root.key"), dir.path().join("server.db"));
    let (good_key, good_database) = (std::fs::read(&key).unwrap(), std::fs::read(&database).unwrap());

    std::fs::write(&key, "0".repeat(64)).unwrap();
    assert_eq!(start(dir.path()).await.err().unwrap().code.id, "KF0703");
    std::fs::remove_file(&key).unwrap();
    assert_eq!(start(dir.path()).await.err().unwrap().code.id, "KF0703");
    assert!(!key.exists());
    std::fs::write(&key, &good_key).unwrap();

    for damaged in [b"not a database at all, but long enough to be looked at".repeat(40), {
        let mut bytes = good_database.clone();
        bytes[4096..20_000].fill(0xa5);
        bytes
    }] {
        std::fs::write(&database, &damaged).unwrap();
        assert_eq!(start(dir.path()).await.err().unwrap().code.id, "KF0704");
        assert!(std::fs::read(&database).unwrap() == damaged, "a damaged database was changed");
    }
    std::fs::write(&database, &good_database).unwrap();
    backend(dir.path()).await.running.shutdown().await;
}
