//! Checkly's variables of an account, as its API reference and the vendor's own clients tell it. Secrets never come
//! back, have no version, and stay secrets.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The key that is let in: one of a user, who says which account he means.
pub const TOKEN: &str = "cu_canary_checkly_key";
/// The account of the tests.
pub const ACCOUNT: &str = "438a4a8b-36d1-4ea8-9f5e-1c6e0d9d1f7a";
const OTHER: &str = "0a1b2c3d-36d1-4ea8-9f5e-1c6e0d9d1f7a";

#[derive(Debug, Clone)]
struct Variable {
    key: String,
    value: String,
    locked: bool,
    secret: bool,
}

/// All of Checkly: variables by account, in the order in which they were made.
pub struct Checkly {
    accounts: BTreeMap<String, Vec<Variable>>,
}

impl Checkly {
    /// Two accounts without variables.
    pub fn new() -> Self {
        Self { accounts: [ACCOUNT, OTHER].map(|account| (account.to_owned(), Vec::new())).into() }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let rest = match (method, path.as_slice()) {
            ("GET", ["v1", "accounts"]) => {
                let all = self.accounts.keys().map(|id| json!({ "id": id, "name": "Bakery" }));
                return Ok(Answer::json(200, &all.collect()));
            }
            (_, ["v1", "variables", rest @ ..]) => rest,
            _ => return Err(refusal(404, "Not Found")),
        };
        let all = self.accounts.get_mut(call.header("x-checkly-account"));
        let all = all.ok_or_else(|| refusal(403, "The account is not yours"))?;
        let place = |key: &str, all: &[Variable]| {
            all.iter().position(|v| v.key == key).ok_or_else(|| refusal(404, "Environment variable not found"))
        };
        match (method, rest) {
            ("GET", []) => list(call, all),
            ("GET", [key]) => Ok(Answer::json(200, &all[place(key, all)?].shown())),
            ("POST", []) => {
                let new = read(call)?;
                if place(&new.key, all).is_ok() {
                    return Err(refusal(409, "The key exists already"));
                }
                all.push(new.clone());
                Ok(Answer::json(201, &new.shown()))
            }
            // The key stays what it is, and a secret a secret.
            ("PUT", [key]) => {
                let i = place(key, all)?;
                let new = read(call)?;
                all[i] = Variable { key: all[i].key.clone(), secret: new.secret || all[i].secret, ..new };
                Ok(Answer::json(200, &all[i].shown()))
            }
            ("DELETE", [key]) => {
                all.remove(place(key, all)?);
                Ok(Answer::empty(204))
            }
            _ => Err(refusal(404, "Not Found")),
        }
    }
}

fn list(call: &Call, all: &[Variable]) -> Result<Answer, Answer> {
    let number = |name: &str, default: usize, most: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(n)) if (1..=most).contains(&n) => Ok(n),
        Some(_) => Err(refusal(400, &format!("child \"{name}\" fails"))),
    };
    if let Some((odd, _)) = call.query.iter().find(|(name, _)| name != "limit" && name != "page") {
        return Err(refusal(400, &format!("\"{odd}\" is not allowed")));
    }
    let (limit, page) = (number("limit", 10, 100)?, number("page", 1, usize::MAX)?);
    Ok(Answer::json(200, &all.iter().skip((page - 1) * limit).take(limit).map(Variable::shown).collect()))
}

fn read(call: &Call) -> Result<Variable, Answer> {
    let body = call.object(&["key", "value"], &["locked", "secret"]).map_err(|problem| refusal(400, &problem))?;
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let (Some(key), Some(value)) = (text("key"), text("value")) else {
        return Err(refusal(400, "key and value are not allowed to be empty"));
    };
    let on = |name: &str| body.get(name).and_then(Value::as_bool).unwrap_or(false);
    // The vendor's command line lets nobody ask for both.
    if on("locked") && on("secret") {
        return Err(refusal(400, "a variable is either locked or secret"));
    }
    Ok(Variable { key, value, locked: on("locked"), secret: on("secret") })
}

impl Variable {
    fn shown(&self) -> Value {
        let value = if self.secret { "" } else { &self.value };
        json!({ "key": self.key, "value": value, "locked": self.locked, "secret": self.secret })
    }
}

impl Fake for Checkly {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.accounts.iter().flat_map(|(account, all)| all.iter().map(move |v| (account, v)));
        all.map(|(account, v)| Record {
            more: format!("{} {}", v.locked, v.secret),
            ..Record::new(account, &v.key, &v.value)
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let new = Variable { key: key.into(), value: value.into(), locked: false, secret: true };
        self.accounts.get_mut(place).unwrap().push(new);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        keys.iter().for_each(|key| self.plant(OTHER, key, "theirs"));
        self.plant(place, "THEIRS", "as it is");
        let open = Variable { key: "OPEN".into(), value: "as it is".into(), locked: true, secret: false };
        self.accounts.get_mut(place).unwrap().push(open);
    }

    fn clear(&mut self, place: &str) {
        self.accounts.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "statusCode": status, "error": "Refused", "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "Bad Token")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Too Many Requests")
}
