//! Render's environment variables of services and environment groups, as <https://api-docs.render.com>
//! and the vendor's recorded exchanges tell it.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The key that is let in.
pub const TOKEN: &str = "canary-render-key";

/// All of Render: variables in their order by owner (`services/srv-1`, `env-groups/evg-1`).
pub struct Render {
    pub owners: BTreeMap<String, Vec<(String, String)>>,
    /// Deploys asked for, by service.
    pub deploys: Vec<String>,
    /// Cursors of a list before the last replacement are worth nothing.
    generation: u64,
}

impl Render {
    /// With owners that have no variables.
    pub fn new(owners: &[&str]) -> Self {
        let owners = owners.iter().map(|owner| ((*owner).to_owned(), Vec::new())).collect();
        Self { owners, deploys: Vec::new(), generation: 1 }
    }

    pub fn answer(&mut self, call: &Call) -> Answer {
        let limit = if call.is_read() { "400" } else { "100" };
        self.respond(call)
            .with("ratelimit-limit", limit)
            .with("ratelimit-remaining", "99")
            .with("ratelimit-reset", "30")
    }

    fn respond(&mut self, call: &Call) -> Answer {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return refusal(401, "Unauthorized");
        }
        if !["application/json", "*/*", ""].contains(&call.header("accept")) {
            return refusal(406, "Not Acceptable");
        }
        let (method, path) = call.route();
        let ["v1", path @ ..] = path.as_slice() else { return refusal(404, "not found") };
        let (kind, id, rest) = match path {
            ["users"] if method == "GET" => {
                return Answer::json(200, &json!({ "email": "someone@example.com", "name": "Someone" }));
            }
            [kind @ ("services" | "env-groups"), id, rest @ ..] => (*kind, *id, rest),
            _ => return refusal(404, "not found"),
        };
        let owner = format!("{kind}/{id}");
        if !self.owners.contains_key(&owner) {
            return refusal(404, &format!("not found: {owner}"));
        }
        match (method, kind, rest) {
            ("GET", "services", ["env-vars"]) => self.list(call, &owner),
            ("PUT", "services", ["env-vars"]) => self.replace(call, &owner),
            ("POST", "services", ["deploys"]) => {
                self.deploys.push(id.to_owned());
                // The second one is queued behind the first.
                let first = self.deploys.len() % 2 == 1;
                if first {
                    Answer::json(201, &json!({ "id": "dep-1", "status": "created" }))
                } else {
                    Answer::empty(202)
                }
            }
            ("GET", "env-groups", []) => Answer::json(200, &self.group(&owner)),
            ("GET", _, ["env-vars", key]) => match self.owners[&owner].iter().find(|(k, _)| k == key) {
                Some((key, value)) => Answer::json(200, &json!({ "key": key, "value": value })),
                None => refusal(404, "not found"),
            },
            ("PUT", _, ["env-vars", key]) => self.put(call, &owner, key),
            ("DELETE", _, ["env-vars", key]) => {
                let all = self.owners.get_mut(&owner).unwrap();
                match all.iter().position(|(k, _)| k == key) {
                    Some(i) => {
                        all.remove(i);
                        Answer::empty(204)
                    }
                    None => refusal(404, "not found"),
                }
            }
            _ => refusal(404, "not found"),
        }
    }

    fn list(&self, call: &Call, owner: &str) -> Answer {
        if let Some((name, _)) = call.query.iter().find(|(name, _)| name != "cursor" && name != "limit") {
            return refusal(400, &format!("invalid parameter {name}"));
        }
        let limit = match call.query("limit").map(str::parse::<usize>) {
            None => 20,
            Some(Ok(n)) if (1..=100).contains(&n) => n,
            Some(_) => return refusal(400, "limit must be between 1 and 100"),
        };
        let from = match call.query("cursor") {
            None => 0,
            Some(cursor) => match cursor.strip_prefix(&format!("g{}-", self.generation)).map(str::parse::<usize>) {
                Some(Ok(n)) => n + 1,
                _ => return refusal(400, "invalid cursor"),
            },
        };
        Answer::json(200, &self.items(owner, from, limit))
    }

    fn items(&self, owner: &str, from: usize, limit: usize) -> Value {
        let all = self.owners[owner].iter().enumerate().skip(from).take(limit);
        all.map(|(i, (key, value))| {
            json!({ "envVar": { "key": key, "value": value }, "cursor": format!("g{}-{i}", self.generation) })
        })
        .collect()
    }

    fn group(&self, owner: &str) -> Value {
        let all: Vec<Value> = self.owners[owner].iter().map(|(k, v)| json!({ "key": k, "value": v })).collect();
        json!({
            "id": owner.trim_start_matches("env-groups/"), "name": "app", "ownerId": "tea-1",
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
            "serviceLinks": [{ "id": "srv-1", "name": "app", "type": "web_service" }],
            "envVars": all, "secretFiles": []
        })
    }

    fn put(&mut self, call: &Call, owner: &str, key: &str) -> Answer {
        let body = match call.object(&["value"], &[]) {
            Ok(body) => body,
            Err(problem) => return refusal(400, &problem),
        };
        let Some(value) = body["value"].as_str().map(str::to_owned) else { return refusal(400, "invalid value") };
        if !takes(key) {
            return refusal(400, &format!("invalid key: {key}"));
        }
        let all = self.owners.get_mut(owner).unwrap();
        match all.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => old.clone_from(&value),
            None => all.push((key.to_owned(), value.clone())),
        }
        if owner.starts_with("env-groups/") {
            Answer::json(200, &self.group(owner))
        } else {
            Answer::json(200, &json!({ "key": key, "value": value }))
        }
    }

    fn replace(&mut self, call: &Call, owner: &str) -> Answer {
        let Some(Value::Array(items)) = call.json() else { return refusal(400, "a list is wanted") };
        let mut all: Vec<(String, String)> = Vec::new();
        for item in items {
            let only = item.as_object().is_some_and(|o| o.keys().all(|k| k == "key" || k == "value"));
            let (Some(key), Some(value), true) = (item["key"].as_str(), item["value"].as_str(), only) else {
                return refusal(400, "an item has a key and a value");
            };
            if !takes(key) || all.iter().any(|(k, _)| k == key) {
                return refusal(400, &format!("invalid key: {key}"));
            }
            all.push((key.to_owned(), value.to_owned()));
        }
        // The vendor's order is its own business.
        all.reverse();
        self.generation += 1;
        self.owners.insert(owner.to_owned(), all);
        Answer::json(200, &self.items(owner, 0, usize::MAX))
    }
}

fn takes(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "id": "req-1", "message": message }))
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "rate limit exceeded").with("ratelimit-remaining", "0").with("ratelimit-reset", "1")
}
