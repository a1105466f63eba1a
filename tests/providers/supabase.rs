//! Supabase's secrets of a project's Edge Functions, as the description of its Management API and the exchanges
//! that the vendor's command line recorded tell it. Digests come back, never values, and among them what the
//! platform itself keeps there.

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
pub const TOKEN: &str = "sbp_canary_supabase_token";
/// The project of the tests.
pub const PROJECT: &str = "abcdefghijklmnopqrst";
/// Another one.
const OTHER: &str = "tsrqponmlkjihgfedcba";
/// What the platform puts into every project.
const PLATFORM: &[&str] = &["SUPABASE_URL", "SUPABASE_DB_URL", "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_SECRET_KEYS"];
const MOST: usize = 100;

/// All of Supabase: secrets by project.
pub struct Supabase {
    projects: BTreeMap<String, BTreeMap<String, String>>,
}

impl Supabase {
    /// Two projects with nothing but the platform's own.
    pub fn new() -> Self {
        Self { projects: [PROJECT, OTHER].map(|project| (project.to_owned(), BTreeMap::new())).into() }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let ["v1", "projects", path @ ..] = path.as_slice() else { return Err(refusal(404, "Cannot find the page")) };
        let [project, "secrets"] = path else {
            let all = self.projects.keys().map(|id| json!({ "id": id, "ref": id, "name": id }));
            return Ok(Answer::json(200, &all.collect()));
        };
        if !call.query.is_empty() {
            return Err(refusal(400, "There are no parameters here"));
        }
        let all = self.projects.get_mut(*project).ok_or_else(|| refusal(404, "Project not found"))?;
        match method {
            "GET" => {
                let time = |name: &str| format!("2026-11-21T00:00:{:02}.000Z", name.len() % 60);
                let shown = |name: &str, value: &str| {
                    let digest = hex::encode(Sha256::digest(value.as_bytes()));
                    json!({ "name": name, "value": digest, "updated_at": time(name) })
                };
                let platform = PLATFORM.iter().map(|name| shown(name, "platform"));
                Ok(Answer::json(200, &platform.chain(all.iter().map(|(name, value)| shown(name, value))).collect()))
            }
            "POST" => {
                let mut next = all.clone();
                for item in list(call)? {
                    let only = item.as_object().is_some_and(|o| o.keys().all(|k| k == "name" || k == "value"));
                    let (Some(name), Some(value), true) = (item["name"].as_str(), item["value"].as_str(), only) else {
                        return Err(refusal(400, "name and value should be strings"));
                    };
                    if name.starts_with("SUPABASE_") || name.chars().count() > 256 || name.is_empty() {
                        return Err(refusal(400, "name should not start with SUPABASE_ or be too long"));
                    }
                    if value.chars().count() > 24_576 {
                        return Err(refusal(400, "value should be shorter"));
                    }
                    next.insert(name.into(), value.into());
                }
                if next.len() > MOST {
                    return Err(refusal(400, "Failed to create project's secrets"));
                }
                *all = next;
                Ok(Answer::empty(201))
            }
            "DELETE" => {
                for item in list(call)? {
                    let name = item.as_str().ok_or_else(|| refusal(400, "names should be strings"))?;
                    all.remove(name);
                }
                Ok(Answer::empty(200))
            }
            _ => Err(refusal(404, "Cannot find the page")),
        }
    }
}

fn list(call: &Call) -> Result<Vec<Value>, Answer> {
    match call.json() {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(refusal(400, "Expected an array")),
    }
}

impl Fake for Supabase {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).unwrap_or_else(|refused| refused);
        answer.with("x-ratelimit-limit", "120").with("x-ratelimit-remaining", "119").with("x-ratelimit-reset", "60")
    }

    fn records(&self) -> Vec<Record> {
        let all = self.projects.iter().flat_map(|(project, all)| all.iter().map(move |it| (project, it)));
        all.map(|(project, (name, value))| Record::new(project, name, value)).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.projects.get_mut(place).unwrap().insert(key.into(), value.into());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        // In small letters the name is free.
        self.plant(place, "supabase_theirs", "as it is");
        keys.iter().for_each(|key| self.plant(OTHER, key, "theirs"));
    }

    fn clear(&mut self, place: &str) {
        self.projects.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "Unauthorized")
}

/// The answer of the rate limit: how many seconds are left.
pub fn throttled() -> Answer {
    refusal(429, "Too many requests").with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", "1")
}
