//! Qovery's variables and secrets of projects and environments, as the vendor's own client (`qovery-typescript-axios`
//! 1.1.952, made from its description of the API) tells it. An environment shows what it inherits, too; values of secrets
//! never come back; what an edit does not say is gone.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;

/// The token that is let in: one of an organization.
pub const TOKEN: &str = "qov_canary_qovery_token";
/// The project and its environment.
pub const PROJECT: &str = "a1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a";
pub const ENVIRONMENT: &str = "b1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a";

#[derive(Debug, Clone)]
struct Variable {
    id: String,
    /// `PROJECT` or `ENVIRONMENT`.
    scope: &'static str,
    secret: bool,
    /// `VALUE`, or what it is else.
    kind: &'static str,
    key: String,
    value: String,
    description: Option<String>,
    /// Counts changes of all variables; none until it is changed.
    updated: Option<usize>,
}

/// All of Qovery: one project, and one environment of it.
pub struct Qovery {
    variables: Vec<Variable>,
    clock: usize,
}

impl Qovery {
    /// Without variables.
    pub fn new() -> Self {
        Self { variables: Vec::new(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Token {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let (scope, kind, rest) = match path.as_slice() {
            ["organization"] if method == "GET" => {
                return Ok(Answer::json(200, &json!({ "results": [{ "id": "o1", "name": "Bakery" }] })));
            }
            ["project", PROJECT, kind, rest @ ..] => ("PROJECT", *kind, rest),
            ["environment", ENVIRONMENT, kind, rest @ ..] => ("ENVIRONMENT", *kind, rest),
            _ => return Err(missing()),
        };
        let secret = match kind {
            "secret" => true,
            "environmentVariable" => false,
            _ => return Err(missing()),
        };
        self.clock += 1;
        let mine = |it: &Variable| it.scope == scope && it.secret == secret;
        let place = |id: &str, all: &[Variable]| all.iter().position(|it| mine(it) && it.id == id).ok_or_else(missing);
        match (method, rest) {
            ("GET", []) => {
                let seen = |it: &&Variable| it.secret == secret && (it.scope == scope || it.scope == "PROJECT");
                let shown: Value = self.variables.iter().filter(seen).map(Variable::shown).collect();
                Ok(Answer::json(200, &json!({ "results": shown })))
            }
            ("POST", []) => {
                let (key, value, description) = fields(call)?;
                if self.variables.iter().any(|it| it.scope == scope && it.key == key) {
                    return Err(refusal(409, "a variable with the same key already exists"));
                }
                self.put(scope, secret, "VALUE", &key, &value);
                let new = self.variables.last_mut().unwrap();
                new.description = description;
                Ok(Answer::json(201, &new.shown()))
            }
            ("PUT", [id]) => {
                let i = place(id, &self.variables)?;
                let (key, value, description) = fields(call)?;
                let it = &mut self.variables[i];
                (it.key, it.value, it.description, it.updated) = (key, value, description, Some(self.clock));
                Ok(Answer::json(200, &it.shown()))
            }
            ("DELETE", [id]) => {
                let i = place(id, &self.variables)?;
                self.variables.remove(i);
                Ok(Answer::empty(204))
            }
            _ => Err(refusal(405, "Request method is not supported")),
        }
    }

    fn put(&mut self, scope: &'static str, secret: bool, kind: &'static str, key: &str, value: &str) {
        self.clock += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.clock);
        let (key, value) = (key.to_owned(), value.to_owned());
        self.variables.push(Variable { id, scope, secret, kind, key, value, description: None, updated: None });
    }
}

/// Key, value and description of a body.
fn fields(call: &Call) -> Result<(String, String, Option<String>), Answer> {
    let known = ["value", "mount_path", "description", "enable_interpolation_in_file"];
    let body = call.object(&["key"], &known).map_err(|problem| refusal(400, &problem))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let key = text("key").filter(|key| !key.is_empty()).ok_or_else(|| refusal(400, "key must not be blank"))?;
    Ok((key, text("value").unwrap_or_default(), text("description")))
}

impl Variable {
    fn shown(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "key": self.key, "scope": self.scope, "variable_type": self.kind,
            "created_at": "2026-11-22T00:00:00.000Z", "description": self.description
        });
        if let Some(updated) = self.updated {
            shown["updated_at"] = json!(format!("2026-11-22T00:00:01.{updated:06}Z"));
        }
        if !self.secret {
            shown["value"] = json!(self.value);
        }
        shown
    }

    fn place(&self) -> String {
        let kind = if self.kind == "VALUE" { "" } else { " of another type" };
        format!("{} {}{kind}", self.scope, if self.secret { "secret" } else { "variable" })
    }
}

impl Fake for Qovery {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let record = |it: &Variable| Record {
            more: format!("{:?} {:?}", it.description, it.updated),
            ..Record::new(&it.place(), &it.key, &it.value)
        };
        self.variables.iter().map(record).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let scope = if place.starts_with("PROJECT") { "PROJECT" } else { "ENVIRONMENT" };
        self.put(scope, place.ends_with("secret"), "VALUE", key, value);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let other = if place.starts_with("PROJECT") { "ENVIRONMENT" } else { "PROJECT" };
        for secret in [true, false] {
            keys.iter().for_each(|key| self.put(other, secret, "VALUE", key, "theirs"));
        }
        self.plant(place, "THEIRS", "theirs");
        self.variables.last_mut().unwrap().description = Some("by hand".into());
        let scope = if place.starts_with("PROJECT") { "PROJECT" } else { "ENVIRONMENT" };
        for kind in ["BUILT_IN", "ALIAS", "FILE"] {
            self.put(scope, place.ends_with("secret"), kind, &format!("A_{kind}"), "theirs");
        }
    }

    fn clear(&mut self, place: &str) {
        self.variables.retain(|it| it.place() != place);
    }
}

fn missing() -> Answer {
    refusal(404, "the resource was not found")
}

fn refusal(status: u16, message: &str) -> Answer {
    let body = json!({ "status": status, "error": "Refused", "message": message, "path": "/", "timestamp": "2026-11-22T00:00:00Z" });
    Answer::json(status, &body)
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "Unauthorized")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Too Many Requests").with("retry-after", "1")
}
