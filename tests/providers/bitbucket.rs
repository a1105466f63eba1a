//! Variables of Bitbucket Pipelines, of a repository and of its deployment environments, as
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/> tells it. A secured value never comes back.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// Who the token is of.
pub const EMAIL: &str = "someone@example.com";
/// The token that is let in.
pub const TOKEN: &str = "canary-bitbucket-token";
/// Of the repository `acme/app`.
pub const ENVIRONMENT: &str = "{44444444-4444-4444-8444-444444444444}";

#[derive(Debug, Clone)]
struct Variable {
    uuid: String,
    key: String,
    value: String,
    secured: bool,
}

/// Variables by where they are: a repository, or an environment of it behind that.
pub struct Bitbucket {
    places: BTreeMap<String, Vec<Variable>>,
    clock: u64,
}

impl Bitbucket {
    pub fn new(places: &[&str]) -> Self {
        Self { places: places.iter().map(|place| ((*place).to_owned(), Vec::new())).collect(), clock: 0 }
    }

    fn put(&mut self, place: &str, key: &str, value: &str, secured: bool) -> Variable {
        self.clock += 1;
        let uuid = format!("{{00000000-0000-4000-8000-{:012x}}}", self.clock);
        let variable = Variable { uuid, key: key.to_owned(), value: value.to_owned(), secured };
        self.places.get_mut(place).unwrap().push(variable.clone());
        variable
    }

    fn list(&self, call: &Call, place: &str) -> Answer {
        let number = |name: &str, usual: usize| call.query(name).map_or(Ok(usual), str::parse::<usize>);
        let (Ok(length @ 1..=100), Ok(page @ 1..)) = (number("pagelen", 10), number("page", 1)) else {
            return refusal(400, "Invalid page or pagelen");
        };
        let all = &self.places[place];
        let shown: Vec<Value> = all.iter().skip((page - 1) * length).take(length).map(shown).collect();
        let mut body = json!({ "values": shown, "page": page, "pagelen": length, "size": all.len() });
        if page * length < all.len() {
            let path = call.target.split('?').next().unwrap();
            body["next"] = format!("https://api.bitbucket.org{path}?pagelen={length}&page={}", page + 1).into();
        }
        Answer::json(200, &body)
    }

    fn write(&mut self, call: &Call, place: &str, uuid: Option<&str>) -> Answer {
        let body = match call.object(&["key", "value", "secured"], &["type", "uuid"]) {
            Ok(body) => body,
            Err(problem) => return refusal(400, &problem),
        };
        let (Some(key), Some(value), Some(secured)) =
            (body["key"].as_str(), body["value"].as_str(), body["secured"].as_bool())
        else {
            return refusal(400, "a field has the wrong type");
        };
        let is_name = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !key.starts_with(|c: char| c.is_ascii_digit());
        if key.is_empty() || !is_name || value.is_empty() {
            return refusal(400, "The name or the value is not valid");
        }
        let all = self.places.get_mut(place).unwrap();
        match uuid {
            None if all.iter().any(|variable| variable.key == key) => {
                refusal(409, "A variable with this key already exists")
            }
            None => {
                let (key, value) = (key.to_owned(), value.to_owned());
                Answer::json(201, &shown(&self.put(place, &key, &value, secured)))
            }
            Some(uuid) => match all.iter_mut().find(|variable| variable.uuid == uuid) {
                Some(variable) if variable.secured && !secured => refusal(400, "A secured variable stays secured"),
                Some(variable) => {
                    (variable.key, variable.value, variable.secured) = (key.to_owned(), value.to_owned(), secured);
                    Answer::json(200, &shown(variable))
                }
                None => refusal(404, "The variable does not exist"),
            },
        }
    }
}

fn shown(variable: &Variable) -> Value {
    let Variable { uuid, key, value, secured } = variable;
    let mut out = json!({ "type": "pipeline_variable", "uuid": uuid, "key": key, "secured": secured });
    if !secured {
        out["value"] = value.as_str().into();
    }
    out
}

impl Fake for Bitbucket {
    fn answer(&mut self, call: &Call) -> Answer {
        if call.header("authorization") != format!("Basic {}", STANDARD.encode(format!("{EMAIL}:{TOKEN}"))) {
            return unauthorized();
        }
        let (method, path) = call.route();
        let (place, rest) = match path.as_slice() {
            ["2.0", "user"] if method == "GET" => {
                return Answer::json(200, &json!({ "type": "user", "nickname": "someone" }));
            }
            ["2.0", "repositories", workspace, repository, "pipelines_config", "variables", rest @ ..] => {
                (format!("{workspace}/{repository}"), rest)
            }
            [
                "2.0",
                "repositories",
                workspace,
                repository,
                "deployments_config",
                "environments",
                environment,
                "variables",
                rest @ ..,
            ] => (format!("{workspace}/{repository}/{environment}"), rest),
            _ => return refusal(404, "Resource not found"),
        };
        let is_deployment = place.matches('/').count() == 2;
        if !self.places.contains_key(&place) {
            return refusal(404, "The account, the repository or the environment does not exist");
        }
        match (method, rest) {
            ("GET", []) if call.asks_only(&["page", "pagelen"]) => self.list(call, &place),
            ("POST", []) => self.write(call, &place, None),
            ("PUT", [uuid]) => self.write(call, &place, Some(uuid)),
            // A deployment's variable can't be asked for alone.
            ("GET", [uuid]) if !is_deployment => {
                match self.places[&place].iter().find(|variable| variable.uuid == *uuid) {
                    Some(variable) => Answer::json(200, &shown(variable)),
                    None => refusal(404, "The variable does not exist"),
                }
            }
            ("DELETE", [uuid]) => {
                let all = self.places.get_mut(&place).unwrap();
                match all.iter().position(|variable| variable.uuid == *uuid) {
                    Some(i) => {
                        all.remove(i);
                        Answer::empty(204)
                    }
                    None => refusal(404, "The variable does not exist"),
                }
            }
            _ => refusal(404, "Resource not found"),
        }
    }

    fn records(&self) -> Vec<Record> {
        let all = self.places.iter().flat_map(|(place, all)| all.iter().map(move |variable| (place, variable)));
        all.map(|(place, it)| Record { more: format!("{it:?}"), ..Record::new(place, &it.key, &it.value) }).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, value, true);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.put(place, "THEIRS", "as it is", true);
        self.put(place, "OPEN", "for all to see", false);
        for other in self.places.keys().filter(|other| *other != place).cloned().collect::<Vec<_>>() {
            keys.iter().for_each(|key| drop(self.put(&other, key, "theirs", true)));
        }
    }

    fn clear(&mut self, place: &str) {
        self.places.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "type": "error", "error": { "message": message } }))
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "Token is invalid, expired, or not supported for this endpoint.")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Rate limit for this resource has been exceeded").with("retry-after", "1")
}
