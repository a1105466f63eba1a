//! Trigger.dev's environment variables of a project, as <https://trigger.dev/docs/management/envvars/list> and the
//! vendor's own server (`triggerdotdev/trigger.dev`) tell it. Secret values come back as `<redacted>`. Some variables are
//! left out of an import without a word, and a variable that another environment has too is no longer there with 400.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in: one of a person.
pub const TOKEN: &str = "tr_pat_canary_trigger_token";
/// The project of the tests.
pub const PROJECT: &str = "proj_yubjwjsfkxnylobaqvqz";
const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "prod", "preview"];

#[derive(Debug, Clone)]
struct Variable {
    value: String,
    secret: bool,
}

/// One project: variables by environment.
pub struct TriggerDev {
    environments: BTreeMap<String, BTreeMap<String, Variable>>,
}

impl TriggerDev {
    /// With variables in one environment alone, which the other ones will have too.
    pub fn new() -> Self {
        let mut new = Self { environments: ENVIRONMENTS.map(|name| (name.to_owned(), BTreeMap::new())).into() };
        (0..10).for_each(|n| new.plant("staging", &format!("KEY{n:04}"), "theirs"));
        new
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let (environment, rest) = match path.as_slice() {
            ["api", "v1", "projects"] if method == "GET" => {
                let project = json!({ "id": "p1", "externalRef": PROJECT, "name": "Bakery", "slug": "bakery-1" });
                return Ok(Answer::json(200, &json!([project])));
            }
            ["api", "v1", "projects", PROJECT, "envvars", environment, rest @ ..] => ((*environment).to_owned(), rest),
            ["api", "v1", "projects", _, "envvars", ..] => return Err(refusal(404, "Project not found")),
            _ => return Err(refusal(404, "Not found")),
        };
        let vars = self.environments.get_mut(&environment).ok_or_else(|| refusal(404, "Environment not found"))?;
        match (method, rest) {
            ("GET", []) => {
                let shown = vars.iter().map(|(name, it)| {
                    json!({ "name": name, "value": if it.secret { "<redacted>" } else { &it.value }, "isSecret": it.secret })
                });
                Ok(Answer::json(200, &shown.collect()))
            }
            ("POST", ["import"]) => {
                let known = ["override", "isSecret"];
                let body = call.object(&["variables"], &known).map_err(|_| refusal(400, "Invalid body"))?;
                import(
                    vars,
                    &body["variables"],
                    body.get("isSecret") == Some(&json!(true)),
                    body.get("override") == Some(&json!(true)),
                )
            }
            ("DELETE", [name]) => {
                let elsewhere = self.environments.values().any(|vars| vars.contains_key(*name));
                let vars = self.environments.get_mut(&environment).unwrap();
                match vars.remove(*name) {
                    Some(_) => Ok(Answer::json(200, &json!({ "success": true }))),
                    None if elsewhere => Err(refusal(400, "Environment variable value not found")),
                    None => Err(refusal(404, "Environment variable not found")),
                }
            }
            _ => Err(refusal(405, "Method not allowed")),
        }
    }
}

fn import(vars: &mut BTreeMap<String, Variable>, new: &Value, secret: bool, over: bool) -> Result<Answer, Answer> {
    let new = new.as_object().ok_or_else(|| refusal(400, "Invalid body"))?;
    let mut taken = Vec::new();
    for (name, value) in new {
        let value = value.as_str().ok_or_else(|| refusal(400, "Invalid body"))?;
        let left_out = ["TRIGGER_SECRET_KEY", "TRIGGER_API_URL"].contains(&name.as_str()) || value.trim().is_empty();
        if !left_out && !name.trim().is_empty() {
            taken.push((name.clone(), value.to_owned()));
        }
    }
    if taken.is_empty() {
        return Err(refusal(400, "You must set at least one value"));
    }
    if !over && taken.iter().any(|(name, _)| vars.contains_key(name)) {
        return Err(refusal(400, "Some of the variables are already set for these environments."));
    }
    for (name, value) in taken {
        // A secret stays one.
        let secret = secret || vars.get(&name).is_some_and(|old| old.secret);
        vars.insert(name, Variable { value, secret });
    }
    Ok(Answer::json(200, &json!({ "success": true })))
}

impl Fake for TriggerDev {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.environments.iter().flat_map(|(name, vars)| vars.iter().map(move |it| (name, it)));
        all.map(|(name, (key, it))| Record { more: it.secret.to_string(), ..Record::new(name, key, &it.value) })
            .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let new = Variable { value: value.into(), secret: true };
        self.environments.get_mut(place).unwrap().insert(key.into(), new);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for other in ENVIRONMENTS.into_iter().filter(|other| *other != place) {
            keys.iter().for_each(|key| self.plant(other, key, "theirs"));
        }
        self.plant(place, "THEIRS", "theirs");
        let open = Variable { value: "theirs".into(), secret: false };
        self.environments.get_mut(place).unwrap().insert("OPEN".into(), open);
    }

    fn clear(&mut self, place: &str) {
        self.environments.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "Invalid or Missing API key")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Rate limit exceeded").with("x-ratelimit-limit", "1500").with("x-ratelimit-remaining", "0")
}
