//! The secrets of a Databricks workspace, as <https://docs.databricks.com/api/workspace/secrets> and the vendor's own
//! SDK tell it. Values are written and never read here; names differ in more than their case.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The service principal.
pub const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
/// Its secret.
pub const SECRET: &str = "canary-databricks-secret";
/// What the secret brings.
pub const TOKEN: &str = "canary-databricks-token";
const MOST: usize = 1000;

/// A workspace: secrets by scope, as they were named first.
pub struct Databricks {
    scopes: BTreeMap<String, BTreeMap<String, (String, String, u64)>>,
    clock: u64,
}

impl Databricks {
    pub fn new(scopes: &[&str]) -> Self {
        Self { scopes: scopes.iter().map(|scope| ((*scope).to_owned(), BTreeMap::new())).collect(), clock: 0 }
    }

    fn put(&mut self, scope: &str, key: &str, value: &str) {
        self.clock += 1;
        let now = 1_763_700_000_000 + self.clock;
        let all = self.scopes.get_mut(scope).unwrap();
        let name = all.get(&key.to_lowercase()).map_or(key, |(name, ..)| name).to_owned();
        all.insert(key.to_lowercase(), (name, value.to_owned(), now));
    }

    fn of_scope(&mut self, call: &Call, what: &str) -> Answer {
        let fields: &[&str] = if what == "put" { &["scope", "key", "string_value"] } else { &["scope", "key"] };
        let body = match call.object(fields, &[]) {
            Ok(body) => body,
            Err(problem) => return refusal(400, "MALFORMED_REQUEST", &problem),
        };
        let Some([scope, key]) = ["scope", "key"]
            .map(|name| body[name].as_str())
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .and_then(|both| <[&str; 2]>::try_from(both).ok())
        else {
            return refusal(400, "MALFORMED_REQUEST", "a text is wanted");
        };
        let Some(all) = self.scopes.get_mut(scope) else {
            return refusal(404, "RESOURCE_DOES_NOT_EXIST", "Scope does not exist!");
        };
        if what == "delete" {
            return match all.remove(&key.to_lowercase()) {
                Some(_) => Answer::json(200, &json!({})),
                None => refusal(404, "RESOURCE_DOES_NOT_EXIST", "Secret does not exist!"),
            };
        }
        let is_name =
            |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let Some(value) = body["string_value"].as_str().filter(|value| !value.is_empty() && value.len() <= 128 << 10)
        else {
            return refusal(400, "INVALID_PARAMETER_VALUE", "The value is too long, or empty.");
        };
        if !is_name(key) || key.len() > 128 {
            return refusal(400, "INVALID_PARAMETER_VALUE", "The key is no name.");
        }
        if all.len() >= MOST && !all.contains_key(&key.to_lowercase()) {
            return refusal(400, "RESOURCE_LIMIT_EXCEEDED", "There are too many secrets in the scope.");
        }
        let (scope, key, value) = (scope.to_owned(), key.to_owned(), value.to_owned());
        self.put(&scope, &key, &value);
        Answer::json(200, &json!({}))
    }

    fn token(call: &Call) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
        let form = call.form();
        let is = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
        let refused = |status, error: &str, words: &str| {
            Answer::json(status, &json!({ "error": error, "error_description": words }))
        };
        if call.header("authorization") != basic {
            return refused(401, "invalid_client", "Client authentication failed");
        }
        if !is("grant_type", "client_credentials") || !is("scope", "all-apis") {
            return refused(400, "invalid_request", "grant type or scope is not supported");
        }
        Answer::json(
            200,
            &json!({ "access_token": TOKEN, "token_type": "Bearer", "scope": "all-apis", "expires_in": 3600 }),
        )
    }
}

impl Fake for Databricks {
    fn answer(&mut self, call: &Call) -> Answer {
        let (method, path) = call.route();
        if (method, path.as_slice()) == ("POST", &["oidc", "v1", "token"]) {
            return Self::token(call);
        }
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        match (method, path.as_slice()) {
            ("GET", ["api", "2.0", "secrets", "list"]) if call.asks_only(&["scope"]) => {
                let Some(all) = self.scopes.get(call.query("scope").unwrap_or("")) else {
                    return refusal(404, "RESOURCE_DOES_NOT_EXIST", "Scope does not exist!");
                };
                // Times come as numbers, and in the vendor's own example as texts.
                let shown = |(i, (name, _, time)): (usize, &(String, String, u64))| {
                    let time = if i % 2 == 0 { json!(time) } else { json!(time.to_string()) };
                    json!({ "key": name, "last_updated_timestamp": time })
                };
                let secrets: Vec<Value> = all.values().enumerate().map(shown).collect();
                Answer::json(200, &if secrets.is_empty() { json!({}) } else { json!({ "secrets": secrets }) })
            }
            ("POST", ["api", "2.0", "secrets", what @ ("put" | "delete")]) => self.of_scope(call, what),
            _ => refusal(404, "ENDPOINT_NOT_FOUND", "No API found"),
        }
    }

    fn records(&self) -> Vec<Record> {
        let all = self.scopes.iter().flat_map(|(scope, all)| all.values().map(move |it| (scope, it)));
        all.map(|(scope, (name, value, time))| Record { more: time.to_string(), ..Record::new(scope, name, value) })
            .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, value);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.put(place, "THEIRS", "as it is");
        for scope in self.scopes.keys().filter(|scope| *scope != place).cloned().collect::<Vec<_>>() {
            keys.iter().for_each(|key| self.put(&scope, key, "theirs"));
        }
    }

    fn clear(&mut self, place: &str) {
        self.scopes.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error_code": code, "message": message }))
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
}

/// The answer of the rate limit, which says no time.
pub fn throttled() -> Answer {
    refusal(429, "RESOURCE_EXHAUSTED", "Too many requests.")
}
