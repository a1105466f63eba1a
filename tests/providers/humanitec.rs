//! Humanitec's shared values of an application and of its environments, as the vendor's own description of the
//! Platform API (v0.28) tells it. Secret values never come back, and an environment's list shows what it inherits.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-humanitec-token";

#[derive(Debug, Clone)]
struct Shared {
    value: String,
    secret: bool,
    description: Option<String>,
    updated: u64,
}

/// All of Humanitec: values by level, the application's (``) and each environment's.
pub struct Humanitec {
    levels: BTreeMap<String, BTreeMap<String, Shared>>,
    clock: u64,
}

impl Humanitec {
    /// One application with two environments and no values.
    pub fn new() -> Self {
        let levels = ["", "production", "staging"];
        Self { levels: levels.map(|level| (level.to_owned(), BTreeMap::new())).into(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        if !call.query.is_empty() {
            return Err(refusal(400, "There are no parameters here."));
        }
        let (method, path) = call.route();
        let ["orgs", path @ ..] = path.as_slice() else { return Err(refusal(404, "no such page")) };
        let (level, rest) = match path {
            [] => return Ok(Answer::json(200, &json!([{ "id": "bakery", "name": "Bakery" }]))),
            ["bakery", "apps", "shop", "values", rest @ ..] => ("", rest),
            ["bakery", "apps", "shop", "envs", env, "values", rest @ ..] => (*env, rest),
            _ => return Err(refusal(404, "no such application")),
        };
        self.clock += 1;
        let now = self.clock;
        let inherited = if level.is_empty() { BTreeMap::new() } else { self.levels[""].clone() };
        let own = self.levels.get_mut(level).ok_or_else(|| refusal(404, "no such environment"))?;
        let source = if level.is_empty() { "app" } else { "env" };
        match (method, rest) {
            ("GET", []) => {
                let above = inherited.iter().filter(|(key, _)| !own.contains_key(*key)).map(|it| (it, "app"));
                let all = own.iter().map(|it| (it, source)).chain(above);
                Ok(Answer::json(200, &all.map(|((key, it), source)| it.shown(key, source)).collect()))
            }
            ("POST", []) => {
                let body = body(call, &["key", "description"], &["value", "is_secret", "secret_ref"])?;
                let key = body["key"].as_str().filter(|key| takes(key)).ok_or_else(|| refusal(400, "invalid key"))?;
                if own.contains_key(key) {
                    return Err(refusal(409, "the value exists already"));
                }
                let secret = body.get("is_secret").and_then(Value::as_bool).unwrap_or(false);
                let mut new = Shared { value: String::new(), secret, description: None, updated: now };
                new.change(&body)?;
                own.insert(key.to_owned(), new.clone());
                Ok(Answer::json(201, &new.shown(key, source)))
            }
            ("PATCH" | "PUT", [key]) => {
                let all: &[&str] = if method == "PUT" { &["value", "description"] } else { &[] };
                let body = body(call, all, &["value", "description"])?;
                let it = own.get_mut(*key).ok_or_else(|| refusal(404, "no such value"))?;
                if body.is_empty() {
                    return Err(refusal(400, "a value or a description is wanted"));
                }
                it.change(&body)?;
                it.updated = now;
                Ok(Answer::json(200, &it.shown(key, source)))
            }
            ("DELETE", [key]) => match own.remove(*key) {
                Some(_) => Ok(Answer::empty(204)),
                None => Err(refusal(404, "no such value")),
            },
            // Everything of the level.
            ("DELETE", []) => {
                own.clear();
                Ok(Answer::empty(204))
            }
            _ => Err(refusal(404, "no such page")),
        }
    }
}

impl Shared {
    fn change(&mut self, body: &Map<String, Value>) -> Result<(), Answer> {
        match body.get("value") {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => self.value.clone_from(value),
            Some(_) => return Err(refusal(422, "a value is a string")),
        }
        if let Some(Value::String(description)) = body.get("description") {
            self.description = Some(description.clone());
        }
        Ok(())
    }

    fn shown(&self, key: &str, source: &str) -> Value {
        let value = if self.secret { "" } else { &self.value };
        let version = self.secret.then(|| self.updated.to_string());
        let time = format!("2026-11-21T00:{:02}:{:02}.{:06}Z", self.updated / 60 % 60, self.updated % 60, self.updated);
        json!({
            "key": key, "value": value, "is_secret": self.secret, "description": self.description.clone().unwrap_or_default(),
            "source": source, "created_at": "2026-11-21T00:00:00Z", "updated_at": time,
            "secret_key": null, "secret_store_id": null, "secret_version": version
        })
    }
}

fn takes(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn body(call: &Call, required: &[&str], optional: &[&str]) -> Result<Map<String, Value>, Answer> {
    call.object(required, optional).map_err(|problem| refusal(422, &problem))
}

impl Fake for Humanitec {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.levels.iter().flat_map(|(level, all)| all.iter().map(move |it| (level, it)));
        all.map(|(level, (key, it))| Record {
            more: format!("{:?} {}", it.description, it.secret),
            ..Record::new(level, key, &it.value)
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.clock += 1;
        let new = Shared { value: value.into(), secret: true, description: None, updated: self.clock };
        self.levels.get_mut(place).unwrap().insert(key.into(), new);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for level in self.levels.keys().cloned().collect::<Vec<_>>() {
            let theirs = if level == place { vec!["THEIRS"] } else { keys.to_vec() };
            theirs.iter().for_each(|key| self.plant(&level, key, "theirs"));
        }
        let plain = Shared { value: "theirs".into(), secret: false, description: Some("why".into()), updated: 1 };
        self.levels.get_mut(place).unwrap().insert("PLAIN".into(), plain);
    }

    fn clear(&mut self, place: &str) {
        self.levels.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": format!("API-{status}"), "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "the token is not valid")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "the rate limit is reached")
}
