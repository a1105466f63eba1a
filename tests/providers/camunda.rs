//! Connector secrets of a cluster of Camunda 8 SaaS, as the vendor's description of its Administration API
//! (`console-customer-api` 1.3.3) and <https://docs.camunda.io/docs/apis-tools/administration-api/> tell it.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::json;
use std::collections::BTreeMap;

/// The client of the API.
pub const CLIENT: &str = "camunda-client";
/// Its secret.
pub const SECRET: &str = "canary-camunda-secret";
/// What the secret brings.
pub const TOKEN: &str = "canary-camunda-token";

/// An organization: secrets by cluster.
pub struct Camunda {
    clusters: BTreeMap<String, BTreeMap<String, String>>,
}

impl Camunda {
    pub fn new(clusters: &[&str]) -> Self {
        Self { clusters: clusters.iter().map(|cluster| ((*cluster).to_owned(), BTreeMap::new())).collect() }
    }

    fn token(call: &Call) -> Answer {
        let form = call.form();
        let is = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
        if !is("client_id", CLIENT) || !is("client_secret", SECRET) {
            return Answer::json(401, &json!({ "error": "access_denied", "error_description": "Unauthorized" }));
        }
        if !is("grant_type", "client_credentials") || !is("audience", "api.cloud.camunda.io") {
            return Answer::json(403, &json!({ "error": "access_denied", "error_description": "Unknown audience" }));
        }
        Answer::json(200, &json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 86_400, "scope": "" }))
    }
}

impl Fake for Camunda {
    fn answer(&mut self, call: &Call) -> Answer {
        let (method, path) = call.route();
        if call.header("host") == "login.cloud.camunda.io" {
            return if (method, path.as_slice()) == ("POST", &["oauth", "token"]) {
                Self::token(call)
            } else {
                Answer::empty(404)
            };
        }
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        let ["clusters", cluster, "secrets", rest @ ..] = path.as_slice() else { return Answer::empty(404) };
        let Some(all) = self.clusters.get_mut(*cluster) else { return refusal(404, "Cluster not found") };
        let text = |fields: &[&str]| {
            let body = call.object(fields, &[]).map_err(|problem| refusal(400, &problem))?;
            let texts: Option<Vec<String>> =
                fields.iter().map(|name| body[*name].as_str().map(str::to_owned)).collect();
            texts.filter(|texts| !texts.last().unwrap().is_empty()).ok_or_else(|| refusal(400, "a text is wanted"))
        };
        match (method, rest) {
            ("GET", []) => Answer::json(200, &json!(all)),
            ("POST", []) => match text(&["secretName", "secretValue"]) {
                Err(refused) => refused,
                Ok(texts) if texts[0].is_empty() || texts[0].chars().count() >= 50 => {
                    refusal(400, "Secret name must be less than 50 characters")
                }
                Ok(texts) if all.contains_key(&texts[0]) => refusal(409, "Secret already exists"),
                Ok(texts) => {
                    all.insert(texts[0].clone(), texts[1].clone());
                    Answer::empty(204)
                }
            },
            ("PUT", [name]) => match (text(&["secretValue"]), all.get_mut(*name)) {
                (Err(refused), _) => refused,
                (Ok(texts), Some(value)) => {
                    value.clone_from(&texts[0]);
                    Answer::empty(204)
                }
                (Ok(_), None) => refusal(404, "Secret not found"),
            },
            // Whether there is one is nothing that it tells.
            ("DELETE", [name]) => {
                all.remove(*name);
                Answer::empty(204)
            }
            _ => Answer::empty(404),
        }
    }

    fn records(&self) -> Vec<Record> {
        let all = self.clusters.iter().flat_map(|(cluster, all)| all.iter().map(move |(k, v)| (cluster, k, v)));
        all.map(|(cluster, key, value)| Record::new(cluster, key, value)).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.clusters.get_mut(place).unwrap().insert(key.to_owned(), value.to_owned());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        for (_, all) in self.clusters.iter_mut().filter(|(cluster, _)| *cluster != place) {
            all.extend(keys.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
        }
    }

    fn clear(&mut self, place: &str) {
        self.clusters.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "Unauthorized")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Too Many Requests").with("retry-after", "1")
}
