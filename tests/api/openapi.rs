//! The description that a server of October 2024 gave of itself: all that keyform sends to such a server has to
//! fit it, and so does all that the embedded one answers in its stead.

use crate::providers::front::Call;
use crate::providers::front::Check;
use crate::providers::front::Front;
use crate::providers::openapi::Description;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use keyform::server;
use keyform::server::dialect::Dialect;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::process::Command;

/// Operations that the old server had and keyform uses. The rest of the description is there for whoever adds one.
const USED: &[&str] = &[
    "DELETE /api/v1/auth/universal-auth/identities/{id}",
    "DELETE /api/v1/folders/{id}",
    "DELETE /api/v1/identities/{id}",
    "DELETE /api/v1/secret-imports/{id}",
    "DELETE /api/v1/workspace/{id}",
    "DELETE /api/v1/workspace/{id}/environments/{id}",
    "DELETE /api/v1/workspace/{id}/tags/{id}",
    "DELETE /api/v1/workspace/{slug}/roles/{id}",
    "DELETE /api/v2/workspace/{id}/identity-memberships/{id}",
    "DELETE /api/v3/secrets/batch/raw",
    "GET /api/v1/auth/universal-auth/identities/{id}",
    "GET /api/v1/folders",
    "GET /api/v1/identities",
    "GET /api/v1/identities/{id}",
    "GET /api/v1/secret-imports",
    "GET /api/v1/workspace/{id}/tags",
    "GET /api/v1/workspace/{slug}/roles",
    "GET /api/v1/workspace/{slug}/roles/slug/{slug}",
    "GET /api/v2/workspace/{id}/identity-memberships",
    "GET /api/v2/workspace/{slug}",
    "GET /api/v3/secrets/raw",
    "PATCH /api/v1/auth/universal-auth/identities/{id}",
    "PATCH /api/v1/identities/{id}",
    "PATCH /api/v1/secret-imports/{id}",
    "PATCH /api/v1/workspace/{id}",
    "PATCH /api/v1/workspace/{id}/environments/{id}",
    "PATCH /api/v1/workspace/{id}/tags/{id}",
    "PATCH /api/v1/workspace/{slug}/roles/{id}",
    "PATCH /api/v2/workspace/{id}/identity-memberships/{id}",
    "PATCH /api/v3/secrets/batch/raw",
    "POST /api/v1/auth/universal-auth/identities/{id}",
    "POST /api/v1/auth/universal-auth/login",
    "POST /api/v1/folders",
    "POST /api/v1/identities",
    "POST /api/v1/secret-imports",
    "POST /api/v1/workspace/{id}/environments",
    "POST /api/v1/workspace/{id}/tags",
    "POST /api/v1/workspace/{slug}/roles",
    "POST /api/v2/workspace",
    "POST /api/v2/workspace/{id}/identity-memberships/{id}",
    "POST /api/v3/secrets/batch/raw",
];

/// What keyform says all the same, by operation: such a server drops it, and what follows from that.
const DROPPED: &[(&str, &str, &str)] = &[
    ("GET /api/v1/folders", "recursive", "it lists children only, and is asked for each folder"),
    ("GET /api/v3/secrets/raw", "viewSecretValue", "it shows values always"),
    ("DELETE /api/v1/folders/{id}", "forceDelete", "it never looks whether a folder is empty: keyform does"),
    ("POST /api/v2/workspace", "shouldCreateDefaultEnvs", "it makes them always, and they are deleted"),
    ("POST /api/v2/workspace", "hasDeleteProtection", "it knows none: one that is wanted is an error"),
    ("POST /api/v1/identities", "hasDeleteProtection", "it knows none: one that is wanted is an error"),
];

/// The call without what is dropped; tells of which rows something was.
fn without_dropped(operation: &str, call: &Call) -> (Call, Vec<usize>) {
    let mut call = call.clone();
    let mut body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let mut rows = Vec::new();
    for (number, (_, name, _)) in DROPPED.iter().enumerate().filter(|(_, row)| row.0 == operation) {
        let queried = call.query.len();
        call.query.retain(|(given, _)| given != name);
        let said = body.as_object_mut().is_some_and(|fields| fields.remove(*name).is_some());
        if said || call.query.len() < queried {
            rows.push(number);
        }
    }
    if !body.is_null() {
        call.body = body.to_string().into_bytes();
    }
    (call, rows)
}

const BACKEND: &str = r#"
backend "infisical" {
  url = env("URL")
  auth "universal" {
    client_id     = "openapi"
    client_secret = secret_env("CLIENT_SECRET")
  }
}
guard { allow = ["wipe", "mass-delete", "shrunk"] }
"#;

/// One state after another: each is applied, and then there is nothing to do.
const STATES: &[&str] = &[
    r##"
project "bakery" {
  environment "dev" {}
  environment "qa" { name = "Quality" }
  folder "/api" {}
  folder "/api/batch" { environments = ["dev"] }
  folder "/shared" {}
  tag "core" { color = "#00ff00" }
  secret "DB_URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("DB_URL")
    comment     = "as it was"
    tags        = ["core"]
  }
  secret "KEY" {
    environment = "qa"
    value       = secret_env("DB_URL")
  }
  secret_import "shared" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "dev", path = "/shared" }
  }
  secret_import "batch" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "dev", path = "/api/batch" }
  }
  project_role "reader" {
    permissions = [{ subject = "secrets", action = ["read"], conditions = { environment = "dev" } }]
  }
  project_identity "ci" {
    identity = identity.ci
    roles    = [project.bakery.project_role.reader]
  }
}
identity "ci" {
  metadata = { team = "ovens" }
  universal_auth { access_token_ttl = 600 }
}
identity "cd" {}
"##,
    // Other names, another comment, another source of an import; one thing less of most.
    r##"
project "bakery" {
  name = "The bakery"
  environment "qa" { name = "Qualities" }
  environment "dev" {}
  folder "/api" {}
  folder "/shared" {}
  tag "core" { color = "#ff0000" }
  secret "DB_URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("DB_URL")
    comment     = "as it is"
  }
  secret_import "shared" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "dev", path = "/shared" }
  }
  secret_import "batch" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "qa", path = "/" }
  }
  project_role "reader" {
    name        = "Readers"
    permissions = [{ subject = "secrets", action = ["read", "create"] }]
  }
  project_identity "ci" {
    identity = identity.ci
    roles    = ["viewer", { role = "member", range = "8h", start = "2026-01-01T00:00:00Z" }]
  }
}
identity "ci" {
  role     = "member"
  metadata = { team = "counter" }
  universal_auth { access_token_ttl = 700 }
}
"##,
    r##"
project "bakery" {
  environment "dev" {}
}
identity "ci" {}
"##,
];

async fn keyform(dir: &Path, url: &str, arguments: &[&str]) {
    let out = Command::new(env!("CARGO_BIN_EXE_keyform"))
        .args(arguments)
        .current_dir(dir)
        .env("URL", url)
        .env("CLIENT_SECRET", "canary-client-secret")
        .env("DB_URL", "canary-db-url")
        .output()
        .await
        .unwrap();
    let said = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(out.status.success(), "{arguments:?}: {said}");
}

#[tokio::test]
async fn old_servers_are_asked_what_their_description_says() {
    let dir = tempfile::tempdir().unwrap();
    let options = server::Options {
        dialect: Dialect::October2024,
        identity: Some(("openapi".into(), Secret::new("canary-client-secret".into()))),
        ..server::Options::new(dir.path().join("server"))
    };
    let registry = Arc::new(Registry::builtin().unwrap());
    let running = server::start(options, registry, Client::new(Options::default()).unwrap()).await.unwrap();

    let document = include_str!("infisical-openapi-2024-10.json");
    let description = Description::new(serde_json::from_str(document).unwrap());
    let used = Arc::new(Mutex::new(BTreeSet::new()));
    let kept = Arc::clone(&used);
    let dropped = Arc::new(Mutex::new(BTreeSet::new()));
    let dropped_here = Arc::clone(&dropped);
    let check: Check = Arc::new(move |call, answer| {
        // The newest address is tried first; that it is not there is what the answer says.
        if description.template(call).is_none() && answer.status == 404 {
            return Vec::new();
        }
        let operation = format!("{} {}", call.method, description.template(call).unwrap_or(&call.target));
        let (call, rows) = without_dropped(&operation, call);
        dropped_here.lock().unwrap().extend(rows);
        kept.lock().unwrap().insert(operation);
        description.check(&call, answer)
    });
    let address = running.url.strip_prefix("http://").unwrap().parse().unwrap();
    let front = Front::before_service(address, vec![check]).await;
    let here = dir.path().join("here");
    std::fs::create_dir(&here).unwrap();
    for state in STATES {
        std::fs::write(here.join("main.hcl"), format!("{BACKEND}{state}")).unwrap();
        keyform(&here, &front.url(), &["apply", "--auto-approve", "--quiet"]).await;
        keyform(&here, &front.url(), &["plan", "--exit-code"]).await;
    }
    keyform(&here, &front.url(), &["destroy", "--auto-approve", "--quiet"]).await;
    assert_eq!(front.problems(), [""; 0]);
    assert_eq!(dropped.lock().unwrap().len(), DROPPED.len(), "{dropped:?}");
    assert_eq!(used.lock().unwrap().iter().map(String::as_str).collect::<Vec<_>>(), USED);
    running.shutdown().await;
}
