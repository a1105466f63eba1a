//! HCP Terraform's variables of workspaces and variable sets, as its API reference and the vendor's Go client with
//! its tests tell it. Sensitive values never come back, a key may be there once for each category, and lists
//! have one page whatever is asked.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary.atlasv1.terraform-cloud-token";

#[derive(Debug, Clone)]
struct Variable {
    id: String,
    key: String,
    value: String,
    category: String,
    sensitive: bool,
    hcl: bool,
    description: Option<String>,
    version: u64,
}

/// All of HCP Terraform: variables by owner (`workspaces/ws-1`, `varsets/varset-1`).
pub struct TerraformCloud {
    owners: BTreeMap<String, Vec<Variable>>,
    clock: u64,
}

impl TerraformCloud {
    /// Two workspaces and two sets without variables.
    pub fn new() -> Self {
        let owners = ["workspaces/ws-1", "workspaces/ws-2", "varsets/varset-1", "varsets/varset-2"];
        Self { owners: owners.map(|owner| (owner.to_owned(), Vec::new())).into(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        if !call.body.is_empty() && call.header("content-type") != "application/vnd.api+json" {
            return Err(refusal(415, "unsupported media type", "The Content-Type must be application/vnd.api+json."));
        }
        let (method, path) = call.route();
        let ["api", "v2", path @ ..] = path.as_slice() else { return Err(missing()) };
        let (owner, rest) = match path {
            ["organizations"] => {
                let own = json!({ "id": "bakery", "type": "organizations", "attributes": { "name": "bakery" } });
                return Ok(Answer::json(200, &json!({ "data": [own] })));
            }
            ["workspaces", id, "vars", rest @ ..] => (format!("workspaces/{id}"), rest),
            ["varsets", id, "relationships", "vars", rest @ ..] => (format!("varsets/{id}"), rest),
            _ => return Err(missing()),
        };
        self.clock += 1;
        let now = self.clock;
        let in_set = owner.starts_with("varsets");
        let all = self.owners.get_mut(&owner).ok_or_else(missing)?;
        match (method, rest) {
            ("GET", []) => {
                Ok(Answer::json(200, &json!({ "data": all.iter().map(Variable::shown).collect::<Value>() })))
            }
            ("POST", []) => {
                let mut new = Variable::new(&format!("var-{now}"), "", "", "");
                new.change(call, now, false)?;
                taken(all, &new)?;
                all.push(new.clone());
                Ok(Answer::json(201, &json!({ "data": new.shown() })))
            }
            ("PATCH", [id]) => {
                let i = all.iter().position(|v| v.id == *id).ok_or_else(missing)?;
                let mut new = all[i].clone();
                new.change(call, now, in_set)?;
                taken(all, &new)?;
                all[i] = new;
                Ok(Answer::json(200, &json!({ "data": all[i].shown() })))
            }
            ("DELETE", [id]) => {
                let i = all.iter().position(|v| v.id == *id).ok_or_else(missing)?;
                all.remove(i);
                Ok(Answer::empty(204))
            }
            _ => Err(missing()),
        }
    }
}

impl Variable {
    fn new(id: &str, key: &str, value: &str, category: &str) -> Self {
        Self {
            id: id.into(),
            key: key.into(),
            value: value.into(),
            category: category.into(),
            sensitive: false,
            hcl: false,
            description: None,
            version: 0,
        }
    }

    fn shown(&self) -> Value {
        let value = if self.sensitive { Value::Null } else { self.value.as_str().into() };
        let attributes = json!({
            "key": self.key, "value": value, "sensitive": self.sensitive, "category": self.category, "hcl": self.hcl,
            "created-at": "2026-11-21T00:00:00Z", "description": self.description, "version-id": format!("{:064x}", self.version)
        });
        json!({ "id": self.id, "type": "vars", "attributes": attributes })
    }

    /// Takes over what a request says: any field that it names, and all that are needed if it is new.
    fn change(&mut self, call: &Call, now: u64, keeps_category: bool) -> Result<(), Answer> {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let data = body["data"].as_object().ok_or_else(|| invalid("data is missing"))?;
        if data.keys().any(|name| !["type", "id", "attributes"].contains(&name.as_str())) || data["type"] != "vars" {
            return Err(invalid("data is of another type"));
        }
        for (name, value) in data["attributes"].as_object().ok_or_else(|| invalid("attributes are missing"))? {
            match (name.as_str(), value) {
                ("key", Value::String(text)) => self.key.clone_from(text),
                ("value", Value::String(text)) => self.value.clone_from(text),
                ("description", Value::String(text)) if text.len() <= 512 => self.description = Some(text.clone()),
                ("category", Value::String(text)) if !keeps_category => self.category.clone_from(text),
                ("sensitive", Value::Bool(on)) if *on || !self.sensitive => self.sensitive = *on,
                ("hcl", Value::Bool(on)) => self.hcl = *on,
                _ => return Err(invalid(&format!("{name} is invalid"))),
            }
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let named = match self.category.as_str() {
            "terraform" => {
                self.key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && self.key.chars().all(plain)
            }
            "env" => !self.key.is_empty() && !self.key.contains([' ', '=']),
            _ => return Err(invalid("Category is not included in the list")),
        };
        if !named || self.key.len() > 128 {
            return Err(invalid("Key has invalid characters"));
        }
        if self.value.len() > 256 * 1024 {
            return Err(invalid("Value is too long"));
        }
        self.version = now;
        Ok(())
    }
}

fn taken(all: &[Variable], new: &Variable) -> Result<(), Answer> {
    match all.iter().find(|v| v.id != new.id && v.key == new.key && v.category == new.category) {
        Some(_) => Err(invalid("Key has already been taken")),
        None => Ok(()),
    }
}

impl Fake for TerraformCloud {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).unwrap_or_else(|refused| refused);
        answer.with("x-ratelimit-limit", "30").with("x-ratelimit-remaining", "29").with("x-ratelimit-reset", "0.5")
    }

    fn records(&self) -> Vec<Record> {
        let all = self.owners.iter().flat_map(|(owner, all)| all.iter().map(move |v| (owner, v)));
        all.map(|(owner, v)| {
            let place = format!("{owner} {}", v.category);
            Record { more: format!("{:?}", (v.hcl, &v.description)), ..Record::new(&place, &v.key, &v.value) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let (owner, category) = place.split_once(' ').unwrap();
        self.clock += 1;
        let id = format!("var-{}", self.clock);
        let new = Variable { version: self.clock, sensitive: true, ..Variable::new(&id, key, value, category) };
        self.owners.get_mut(owner).unwrap().push(new);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for owner in self.owners.keys().cloned().collect::<Vec<_>>() {
            for category in ["terraform", "env"] {
                let there = format!("{owner} {category}");
                let theirs = if there == place { vec!["THEIRS"] } else { keys.to_vec() };
                theirs.iter().for_each(|key| self.plant(&there, key, "theirs"));
            }
        }
        let (owner, category) = place.split_once(' ').unwrap();
        let plain = Variable { hcl: true, ..Variable::new("var-plain", "PLAIN", "[1]", category) };
        self.owners.get_mut(owner).unwrap().push(plain);
    }

    fn clear(&mut self, place: &str) {
        let (owner, category) = place.split_once(' ').unwrap();
        self.owners.get_mut(owner).unwrap().retain(|v| v.category != category);
    }
}

fn missing() -> Answer {
    refusal(404, "not found", "The resource was not found, or you may not see it.")
}

fn invalid(detail: &str) -> Answer {
    refusal(422, "invalid attribute", detail)
}

fn refusal(status: u16, title: &str, detail: &str) -> Answer {
    let error = json!({ "status": status.to_string(), "title": title, "detail": detail });
    Answer::json(status, &json!({ "errors": [error] }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    Answer::json(401, &json!({ "errors": [{ "status": "401", "title": "unauthorized" }] }))
}

/// The answer of the rate limit, which is counted by the second.
pub fn throttled() -> Answer {
    refusal(429, "too many requests", "You have exceeded the API's rate limit.")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", "0.4")
}
