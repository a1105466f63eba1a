//! Fly.io's secrets of an app, as the Machines API's description, the vendor's documentation and its Go client tell
//! it: names with digests, set and unset together in one call. The account is asked about in GraphQL, which
//! tells failures in an answer whose status is 200.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "FlyV1 fm2_canary_fly_token";

/// All of Fly.io: secrets by app.
pub struct Fly {
    apps: BTreeMap<String, BTreeMap<String, String>>,
    version: u64,
}

impl Fly {
    /// With apps that have no secrets.
    pub fn new(apps: &[&str]) -> Self {
        Self { apps: apps.iter().map(|app| ((*app).to_owned(), BTreeMap::new())).collect(), version: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        let allowed = call.header("authorization") == format!("Bearer {TOKEN}");
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("POST", ["graphql"]) => {
                let query = call.json().unwrap_or_default()["query"].as_str().unwrap_or("").to_owned();
                let viewer = json!({ "data": { "viewer": { "id": "u1", "email": "someone@example.com" } } });
                match (allowed, query.contains("viewer")) {
                    (false, _) => Err(unauthorized()),
                    (true, true) => Ok(Answer::json(200, &viewer)),
                    _ => Ok(Answer::json(200, &json!({ "errors": [{ "message": "Field doesn't exist" }] }))),
                }
            }
            _ if !allowed => Err(unauthorized()),
            (_, ["v1", "apps", app, "secrets", rest @ ..]) => self.secrets(call, app, rest),
            _ => Err(refusal(404, "page not found")),
        }
    }

    fn secrets(&mut self, call: &Call, app: &str, rest: &[&str]) -> Result<Answer, Answer> {
        let known = ["version", "min_version", "show_secrets"];
        if call.query.iter().any(|(name, _)| call.method != "GET" || !known.contains(&name.as_str())) {
            return Err(refusal(400, "unknown parameter"));
        }
        let all = self.apps.get_mut(app).ok_or_else(|| refusal(404, "app not found"))?;
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Answer::json(200, &json!({ "secrets": shown(all) }))),
            ("POST", []) => {
                let body = call.object(&["values"], &[]).map_err(|problem| refusal(400, &problem))?;
                let values = body["values"].as_object().ok_or_else(|| refusal(400, "values is an object"))?;
                let mut next = all.clone();
                for (name, value) in values {
                    match value {
                        Value::Null => next.remove(name),
                        Value::String(value) => next.insert(name.clone(), value.clone()),
                        _ => return Err(refusal(400, "a value is a string or null")),
                    };
                }
                *all = next;
                self.version += 1;
                Ok(Answer::json(200, &json!({ "secrets": shown(all), "version": self.version })))
            }
            ("DELETE", [name]) => {
                self.version += 1;
                match all.remove(*name) {
                    Some(_) => Ok(Answer::json(200, &json!({ "version": self.version }))),
                    None => Err(refusal(404, "secret not found")),
                }
            }
            _ => Err(refusal(404, "page not found")),
        }
    }
}

fn shown(all: &BTreeMap<String, String>) -> Value {
    let digest = |value: &str| hex::encode(&Sha256::digest(format!("salt {value}"))[..8]);
    let one = |(name, value): (&String, &String)| json!({ "name": name, "digest": digest(value), "created_at": "2026-11-21T00:00:00Z", "updated_at": "2026-11-21T00:00:00Z" });
    all.iter().map(one).collect()
}

impl Fake for Fly {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.apps.iter().flat_map(|(app, all)| all.iter().map(move |it| (app, it)));
        all.map(|(app, (name, value))| Record::new(app, name, value)).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.apps.get_mut(place).unwrap().insert(key.into(), value.into());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for (app, all) in &mut self.apps {
            let theirs = if app == place { vec!["THEIRS"] } else { keys.to_vec() };
            all.extend(theirs.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
        }
    }

    fn clear(&mut self, place: &str) {
        self.apps.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message, "status": "unknown" }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "unauthorized")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "rate limit exceeded")
}
