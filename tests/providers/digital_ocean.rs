//! DigitalOcean's App Platform: the variables of an app as part of its specification, as the vendor's own
//! description and its Go client tell it. A specification is only ever written as a whole, each time makes a
//! deployment, and what is a secret comes back encrypted, otherwise each time.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "dop_v1_canary_digital_ocean";
/// The app of the tests.
pub const APP: &str = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
/// Another one.
const OTHER: &str = "0c7d2b30-5d8f-4f0e-8a27-9b3a5a6f1f11";

/// All of DigitalOcean that matters here: specifications by app, with secrets in the form that comes back.
pub struct DigitalOcean {
    apps: BTreeMap<String, Value>,
    /// What encrypted values stand for.
    secrets: BTreeMap<String, String>,
    clock: u64,
}

impl DigitalOcean {
    /// Two apps, each with a service that has a variable of its own, and none of the apps'.
    pub fn new() -> Self {
        let spec = |name: &str| {
            json!({
                "name": name, "region": "fra", "features": ["buildpack-stack=ubuntu-22"],
                "alerts": [{ "rule": "DEPLOYMENT_FAILED" }],
                "services": [{ "name": "web", "http_port": 8080, "envs": [{ "key": "KEY0001", "value": "theirs" }] }],
            })
        };
        let apps = BTreeMap::from([(APP.into(), spec("shop")), (OTHER.into(), spec("other"))]);
        Self { apps, secrets: BTreeMap::new(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        if !call.query.is_empty() {
            return Err(refusal(400, "bad_request", "There are no parameters here."));
        }
        let (method, path) = call.route();
        let ["v2", "apps", path @ ..] = path.as_slice() else { return Err(missing()) };
        let [id] = path else {
            return if path.is_empty() {
                Ok(Answer::json(200, &json!({ "apps": [], "meta": { "total": 0 } })))
            } else {
                Err(missing())
            };
        };
        if !self.apps.contains_key(*id) {
            return Err(missing());
        }
        match method {
            "GET" => Ok(self.shown(id)),
            "PUT" => {
                let body = call.object(&["spec"], &["update_all_source_versions"]);
                let mut spec = body.map_err(|problem| refusal(400, "bad_request", &problem))?["spec"].clone();
                if spec["name"].as_str().is_none_or(str::is_empty) {
                    return Err(invalid("spec.name is required"));
                }
                for part in ["services", "workers", "jobs", "static_sites", "functions"] {
                    for component in spec.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten() {
                        self.take(component)?;
                    }
                }
                self.take(&mut spec)?;
                self.apps.insert((*id).to_owned(), spec);
                self.clock += 1;
                Ok(self.shown(id))
            }
            _ => Err(missing()),
        }
    }

    /// Takes the variables of an app or a component: plain texts of secrets are encrypted, what is encrypted is known.
    fn take(&mut self, owner: &mut Value) -> Result<(), Answer> {
        let Some(envs) = owner.get_mut("envs") else { return Ok(()) };
        for env in envs.as_array_mut().ok_or_else(|| invalid("envs is a list"))? {
            let fields = env.as_object().ok_or_else(|| invalid("a variable is an object"))?;
            let known = ["key", "value", "type", "scope"];
            if let Some(odd) = fields.keys().find(|name| !known.contains(&name.as_str())) {
                return Err(invalid(&format!("unknown field {odd}")));
            }
            let one_of =
                |name: &str, words: &[&str]| env[name].is_null() || words.iter().any(|word| env[name] == *word);
            if !one_of("type", &["GENERAL", "SECRET"])
                || !one_of("scope", &["UNSET", "RUN_TIME", "BUILD_TIME", "RUN_AND_BUILD_TIME"])
            {
                return Err(invalid("a type or a scope is none"));
            }
            let key = env["key"].as_str().unwrap_or("");
            let start = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !start || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(invalid("a key is letters, digits and underscores"));
            }
            let value = env["value"].as_str().unwrap_or("").to_owned();
            if env["type"] == "SECRET" && !self.secrets.contains_key(&value) {
                env["value"] = self.sealed(&value).into();
            }
        }
        Ok(())
    }

    fn sealed(&mut self, value: &str) -> String {
        self.clock += 1;
        let sealed = format!("EV[1:{:024x}:{:032x}]", self.clock, self.clock * 7919);
        self.secrets.insert(sealed.clone(), value.into());
        sealed
    }

    fn shown(&self, id: &str) -> Answer {
        let deployment = json!({ "id": format!("deployment-{}", self.clock), "phase": "PENDING_BUILD" });
        let app = json!({
            "id": id, "spec": self.apps[id], "created_at": "2026-11-21T00:00:00Z", "updated_at": "2026-11-21T00:00:00Z",
            "pending_deployment": deployment
        });
        Answer::json(200, &json!({ "app": app }))
    }

    fn envs(&mut self, place: &str) -> &mut Vec<Value> {
        let spec = self.apps.get_mut(place).unwrap().as_object_mut().unwrap();
        spec.entry("envs").or_insert_with(|| json!([])).as_array_mut().unwrap()
    }
}

impl Fake for DigitalOcean {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).unwrap_or_else(|refused| refused);
        answer.with("ratelimit-limit", "5000").with("ratelimit-remaining", "4999").with("ratelimit-reset", "1900000000")
    }

    fn records(&self) -> Vec<Record> {
        let mut all = Vec::new();
        for (id, spec) in &self.apps {
            for env in spec["envs"].as_array().into_iter().flatten() {
                let value = env["value"].as_str().unwrap_or("");
                let value = self.secrets.get(value).map_or(value, String::as_str);
                let more = format!("{} {}", env["type"], env["scope"]);
                all.push(Record { more, ..Record::new(id, env["key"].as_str().unwrap(), value) });
            }
            let mut rest = spec.clone();
            rest.as_object_mut().unwrap().remove("envs");
            all.push(Record::new(&format!("{id} all else"), "", &rest.to_string()));
        }
        all
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let value = self.sealed(value);
        let env = json!({ "key": key, "value": value, "type": "SECRET", "scope": "RUN_AND_BUILD_TIME" });
        self.envs(place).push(env);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        keys.iter().for_each(|key| self.plant(OTHER, key, "theirs"));
        self.plant(place, "THEIRS", "as it is");
        self.envs(place).push(json!({ "key": "PLAIN", "value": "${db.HOST}", "scope": "BUILD_TIME" }));
    }

    fn clear(&mut self, place: &str) {
        self.envs(place).clear();
    }
}

fn missing() -> Answer {
    refusal(404, "not_found", "The resource you requested could not be found.")
}

fn invalid(message: &str) -> Answer {
    refusal(400, "invalid_argument", message)
}

fn refusal(status: u16, id: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "id": id, "message": message, "request_id": "r1" }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "unauthorized", "Unable to authenticate you")
}

/// The answer of the limit for bursts.
pub fn throttled() -> Answer {
    refusal(429, "too_many_requests", "API rate limit exceeded.").with("retry-after", "1")
}
