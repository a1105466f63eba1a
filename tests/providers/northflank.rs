//! Northflank's secret groups, as the vendor's own client (`@northflank/js-client` 0.9.5) tells it. A group is one
//! document: its variables, its files and its mounts are written together, and what it inherits from addons is
//! shown apart from its own only by the details.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "nf-canary-northflank-token";

#[derive(Default)]
struct Group {
    variables: BTreeMap<String, String>,
    /// Files and mounts, by path and by name.
    files: BTreeMap<String, Value>,
    mounts: BTreeMap<String, Value>,
}

/// All of Northflank: the groups of one project.
pub struct Northflank {
    groups: BTreeMap<String, Group>,
}

impl Northflank {
    /// Two groups that hold nothing.
    pub fn new() -> Self {
        Self { groups: ["shop", "other"].map(|group| (group.to_owned(), Group::default())).into() }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let ["v1", "projects", path @ ..] = path.as_slice() else { return Err(missing()) };
        let ["bakery", "secrets", group, rest @ ..] = path else {
            return if path.is_empty() {
                Ok(Answer::json(200, &json!({ "data": { "projects": [] } })))
            } else {
                Err(missing())
            };
        };
        let id = (*group).to_owned();
        let group = self.groups.get_mut(&id).ok_or_else(missing)?;
        match (method, rest) {
            ("GET", ["details"]) if call.query.is_empty() => {
                let inherited = json!([{ "addonId": "db", "variables": { "DB_HOST": "db.internal" } }]);
                let mut data = group.shown(&id, false);
                data["addonSecrets"] = inherited;
                Ok(Answer::json(200, &json!({ "data": data })))
            }
            ("GET", []) => {
                let own = call.query("show") == Some("this");
                Ok(Answer::json(200, &json!({ "data": group.shown(&id, !own) })))
            }
            ("PATCH", []) => {
                let known = ["description", "tags", "type", "secretType", "priority", "restrictions", "secrets"];
                let body = call.object(&[], &known).map_err(|problem| refusal(400, &problem))?;
                group.change(&body["secrets"])?;
                Ok(Answer::json(200, &json!({ "data": group.shown(&id, false) })))
            }
            _ => Err(missing()),
        }
    }
}

impl Group {
    fn shown(&self, id: &str, merged: bool) -> Value {
        let mut variables = self.variables.clone();
        if merged {
            variables.insert("DB_HOST".into(), "db.internal".into());
        }
        let mut secrets = json!({ "files": self.files, "dockerSecretMounts": self.mounts });
        // A group that has only files says nothing of variables.
        if !variables.is_empty() {
            secrets["variables"] = json!(variables);
        }
        json!({
            "id": id, "name": id, "type": "secret", "secretType": "environment", "priority": 10, "secrets": secrets,
            "createdAt": "2026-11-21T00:00:00Z", "updatedAt": "2026-11-21T00:00:00Z"
        })
    }

    /// What is named is replaced. Whether the rest of `secrets` stays is documented nowhere; here it does not.
    fn change(&mut self, secrets: &Value) -> Result<(), Answer> {
        let fields = secrets.as_object().ok_or_else(|| refusal(400, "secrets is an object"))?;
        if fields.keys().any(|name| !["variables", "files", "dockerSecretMounts"].contains(&name.as_str())) {
            return Err(refusal(400, "secrets holds variables, files and mounts"));
        }
        let object = |name: &str| match fields.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(fields)) => Ok(fields.clone().into_iter().collect::<BTreeMap<_, _>>()),
            Some(_) => Err(refusal(400, "an object is wanted")),
        };
        let mut variables = BTreeMap::new();
        for (key, value) in object("variables")? {
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.".contains(c)) {
                return Err(refusal(400, "Keys may only contain letters, numbers, hyphens, forward slashes and dots"));
            }
            variables.insert(key, value.as_str().ok_or_else(|| refusal(400, "a variable is a string"))?.to_owned());
        }
        *self = Self { variables, files: object("files")?, mounts: object("dockerSecretMounts")? };
        Ok(())
    }
}

impl Fake for Northflank {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).unwrap_or_else(|refused| refused);
        answer.with("x-ratelimit-limit", "1000").with("x-ratelimit-remaining", "999").with("x-ratelimit-reset", "3600")
    }

    fn records(&self) -> Vec<Record> {
        let mut all = Vec::new();
        for (id, group) in &self.groups {
            all.extend(group.variables.iter().map(|(key, value)| Record::new(id, key, value)));
            let others = group.files.iter().chain(&group.mounts);
            all.extend(others.map(|(key, it)| Record::new(&format!("{id} files"), key, &it.to_string())));
        }
        all
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.groups.get_mut(place).unwrap().variables.insert(key.into(), value.into());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for (id, group) in &mut self.groups {
            let theirs = if id == place { vec!["THEIRS"] } else { keys.to_vec() };
            group.variables.extend(theirs.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
            let file = json!({ "data": "Y2FuYXJ5", "encoding": "utf-8" });
            group.files.insert("/etc/key.pem".into(), file.clone());
            group.mounts.insert("npmrc".into(), file);
        }
    }

    fn clear(&mut self, place: &str) {
        self.groups.get_mut(place).unwrap().variables.clear();
    }
}

fn missing() -> Answer {
    refusal(404, "The resource was not found")
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "status": status, "message": message } }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "The token is not valid")
}

/// The answer of the limit by the hour: seconds until it ends.
pub fn throttled() -> Answer {
    refusal(429, "Too many requests").with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", "1")
}
