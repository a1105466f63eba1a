//! Vault's key-value engines, versions 1 and 2, on a real OpenBao; every stand has a mount of its own.

use crate::laws::stand::Everything;
use crate::laws::stand::Facts;
use crate::laws::stand::Ground;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::stand::unique;
use crate::laws::text;
use crate::providers::front::Answer;
use crate::providers::front::Front;
use crate::services;
use keyform::model::attrs::Attrs;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

pub struct Vault {
    mount: String,
    version: u8,
}

async fn ask(method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let token = ("x-vault-token".to_owned(), services::ROOT_TOKEN.to_owned());
    services::ask(services::openbao(), &format!("{method} /v1/{path}"), &[token], body).await
}

async fn told(path: &str, body: Value) {
    let (status, answer) = ask("POST", path, Some(body)).await;
    assert!(status < 300, "{path}: {status} {answer}");
}

impl Vault {
    fn path(&self, document: &str) -> String {
        if self.version == 2 { format!("{}/data/{document}", self.mount) } else { format!("{}/{document}", self.mount) }
    }

    async fn fields(&self, document: &str) -> BTreeMap<String, Value> {
        let (_, answer) = ask("GET", &self.path(document), None).await;
        let fields = if self.version == 2 { &answer["data"]["data"] } else { &answer["data"] };
        fields.as_object().cloned().unwrap_or_default().into_iter().collect()
    }

    async fn set(&self, document: &str, fields: Value) {
        let body = if self.version == 2 { json!({ "data": fields }) } else { fields };
        told(&self.path(document), body).await;
    }

    pub async fn holds(&self) -> BTreeMap<String, String> {
        let fields = self.fields("app/prod").await.into_iter();
        fields.map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
    }

    pub async fn everything(&self) -> Everything {
        let own =
            self.fields("app/prod").await.into_iter().map(|(key, value)| (format!("own {key}"), value.to_string()));
        let beside = self.fields("app/dev").await.into_iter().map(|(key, v)| (format!("dev {key}"), v.to_string()));
        own.chain(beside).collect()
    }

    pub async fn plant(&self, entries: &BTreeMap<String, String>) {
        self.set("app/prod", json!(entries)).await;
    }

    pub async fn plant_neighbours(&self, keys: &[&str]) {
        self.set(
            "app/prod",
            json!({ "THEIRS": "as it is", "number": 7, "big": 9_007_199_254_740_993_i64, "truth": true,
            "nothing": null, "nested": { "a": [1, "two"] } }),
        )
        .await;
        self.set("app/dev", json!({ keys[0]: "theirs" })).await;
    }

    pub async fn clear(&self) {
        let path = if self.version == 2 { format!("{}/metadata/app/prod", self.mount) } else { self.path("app/prod") };
        ask("DELETE", &path, None).await;
    }
}

async fn stand(version: u8, method: &str, logins: bool) -> Stand {
    let mount = format!("kv-{}", unique());
    told(&format!("sys/mounts/{mount}"), json!({ "type": "kv", "options": { "version": version.to_string() } })).await;
    let vault = Vault { mount: mount.clone(), version };
    // An engine of version 2 answers 400 for the moment in which it is set up.
    while ask("GET", &vault.path("ready"), None).await.0 == 400 {}
    let policy = format!(
        "path \"{mount}/*\" {{ capabilities = [\"create\", \"read\", \"update\", \"patch\", \"delete\", \"list\"] }}"
    );
    told(&format!("sys/policies/acl/{mount}"), json!({ "policy": policy })).await;

    let front = Front::before_service(services::openbao(), Vec::new()).await;
    let (connection, credential) = if logins { approle(&front, &mount).await } else { token(&front, &mount).await };
    Stand {
        spec: spec("hashicorp-vault", method, connection, attrs([("mount", text(&mount)), ("path", text("app/prod"))])),
        redirect: BTreeMap::new(),
        front: Some(front),
        ground: Ground::Vault(vault),
        facts: Facts {
            readable: true,
            versions: true,
            deletes_the_gone: false,
            empty: true,
            max_bytes: 100_000,
            limits_values: false,
            takes: |_| true,
            capacity: None,
            // Which version the engine is of, and the document.
            reads: if logins { |_| 3 } else { |_| 2 },
            writes: 1,
            throttled: Answer::json(429, &json!({ "errors": ["request path: rate limit quota exceeded"] }))
                .with("retry-after", "1"),
            unauthorized: Answer::json(403, &json!({ "errors": ["permission denied"] })),
            good_keys: &["A", "a-b", "a.b", "a/b", "ü key"],
            bad_keys: &[""],
            vendor_checks_keys: false,
            vendor_checks_credentials: true,
        },
        credentials: vec![credential],
    }
}

async fn token(front: &Front, policy: &str) -> (Attrs, String) {
    let (_, made) = ask("POST", "auth/token/create", Some(json!({ "policies": [policy] }))).await;
    let token = made["auth"]["client_token"].as_str().unwrap();
    (attrs([("instance_url", text(&front.url())), ("access_token", secret(token))]), token.to_owned())
}

async fn approle(front: &Front, policy: &str) -> (Attrs, String) {
    // Whoever comes second finds it there.
    ask("POST", "sys/auth/approle", Some(json!({ "type": "approle" }))).await;
    let role = format!("auth/approle/role/{policy}");
    told(&role, json!({ "token_policies": [policy], "token_ttl": "10m" })).await;
    let (_, id) = ask("GET", &format!("{role}/role-id"), None).await;
    let (_, made) = ask("POST", &format!("{role}/secret-id"), Some(json!({}))).await;
    let secret_id = made["data"]["secret_id"].as_str().unwrap();
    let role_id = text(id["data"]["role_id"].as_str().unwrap());
    let connection =
        attrs([("instance_url", text(&front.url())), ("role_id", role_id), ("secret_id", secret(secret_id))]);
    (connection, secret_id.to_owned())
}

pub async fn vault_v1() -> Stand {
    stand(1, "access-token", false).await
}

pub async fn vault_v2() -> Stand {
    stand(2, "access-token", false).await
}

pub async fn vault_approle() -> Stand {
    stand(2, "app-role", true).await
}
