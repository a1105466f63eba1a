//! Variable groups of Azure DevOps, as
//! <https://learn.microsoft.com/en-us/rest/api/azure/devops/distributedtask/variablegroups> and the vendor's own clients
//! tell it. A group is written as a whole; a secret of it never comes back, and stays if it is sent without a value.

use crate::providers::entra;
use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// The personal access token that is let in.
pub const TOKEN: &str = "canary-devops-token";
/// The project.
pub const PROJECT: &str = "55555555-5555-4555-8555-555555555555";
/// The name of the environment, and so of the destination's group.
pub const GROUP: &str = "Production (EU)";

#[derive(Debug, Clone)]
struct Group {
    id: u64,
    name: String,
    kind: String,
    description: String,
    /// With the values of secrets.
    variables: Map<String, Value>,
    projects: Value,
}

/// Groups of the project.
#[derive(Default)]
pub struct DevOps {
    groups: Vec<Group>,
    clock: u64,
}

impl DevOps {
    fn shown(group: &Group) -> Value {
        let Group { id, name, kind, description, variables, projects } = group;
        let hide = |(name, it): (&String, &Value)| {
            let mut it = it.clone();
            if it["isSecret"] == true {
                it["value"] = Value::Null;
            }
            (name.clone(), it)
        };
        let variables: Map<String, Value> = variables.iter().map(hide).collect();
        json!({ "id": id, "name": name, "type": kind, "description": description, "variables": variables, "isShared": false,
            "variableGroupProjectReferences": projects, "createdOn": "2026-11-21T10:00:00Z", "modifiedOn": "2026-11-21T10:00:00Z" })
    }

    fn write(&mut self, call: &Call, id: Option<u64>) -> Answer {
        let wanted = ["name", "type", "variables", "variableGroupProjectReferences"];
        let body = match call.object(&wanted, &["description", "providerData", "id"]) {
            Ok(body) => body,
            // A missing reference is taken for a missing permission.
            Err(problem) if problem.contains("References") => return unauthorized(),
            Err(problem) => return refusal(400, &problem),
        };
        let (Some(name), Some(given)) = (body["name"].as_str(), body["variables"].as_object()) else {
            return refusal(400, "a name and variables are wanted");
        };
        let Some(references) = body["variableGroupProjectReferences"].as_array().filter(|all| !all.is_empty()) else {
            return unauthorized();
        };
        if references
            .iter()
            .any(|one| one["projectReference"]["id"] != PROJECT && one["projectReference"]["id"] != "other")
        {
            return refusal(404, "The project does not exist");
        }
        let at = match id.map(|id| self.groups.iter().position(|group| group.id == id)) {
            Some(None) => return refusal(404, "The variable group does not exist"),
            Some(Some(at)) => Some(at),
            None => None,
        };
        if self.groups.iter().enumerate().any(|(i, group)| Some(i) != at && group.name == name) {
            return refusal(400, "Variable group already exists.");
        }
        if given.is_empty() || body["type"] != "Vsts" {
            return refusal(400, "A group has at least one variable");
        }
        let old = at.map(|at| self.groups[at].variables.clone()).unwrap_or_default();
        let mut variables = Map::new();
        for (key, it) in given {
            let known = ["value", "isSecret", "isReadOnly"];
            if !it.as_object().is_some_and(|it| it.keys().all(|name| known.contains(&name.as_str()))) {
                return refusal(400, "a variable has a value and isSecret");
            }
            if variables.keys().any(|other: &String| other.eq_ignore_ascii_case(key)) {
                return refusal(400, "Duplicate variable");
            }
            let mut it = it.clone();
            if it["isSecret"] == true && it["value"].is_null() {
                it["value"] = old.get(key).map_or(Value::Null, |old| old["value"].clone());
            }
            variables.insert(key.clone(), it);
        }
        self.clock += 1;
        let group = Group {
            id: id.unwrap_or(self.clock),
            name: name.to_owned(),
            kind: "Vsts".into(),
            description: body.get("description").and_then(Value::as_str).unwrap_or("").to_owned(),
            variables,
            projects: body["variableGroupProjectReferences"].clone(),
        };
        let answer = Answer::json(200, &Self::shown(&group));
        match at {
            Some(at) => self.groups[at] = group,
            None => self.groups.push(group),
        }
        answer
    }

    fn put(&mut self, group: &str, key: &str, it: Value) {
        if !self.groups.iter().any(|known| known.name == group) {
            self.clock += 1;
            let projects = json!([{ "name": group, "projectReference": { "id": PROJECT, "name": "app" } },
                { "name": group, "projectReference": { "id": "other", "name": "other" } }]);
            let (kind, description) = ("Vsts".into(), "by hand".into());
            self.groups.push(Group {
                id: self.clock,
                name: group.into(),
                kind,
                description,
                variables: Map::new(),
                projects,
            });
        }
        let found = self.groups.iter_mut().find(|known| known.name == group).unwrap();
        found.variables.insert(key.to_owned(), it);
    }
}

impl Fake for DevOps {
    fn answer(&mut self, call: &Call) -> Answer {
        if let Some(answer) = entra::token(call, "https://app.vssps.visualstudio.com/.default") {
            return answer;
        }
        let own = [format!("Basic {}", STANDARD.encode(format!(":{TOKEN}"))), format!("Bearer {}", entra::TOKEN)];
        if !own.iter().any(|own| own == call.header("authorization")) {
            return unauthorized();
        }
        if !["7.1", "7.2-preview.2"].contains(&call.query("api-version").unwrap_or("")) {
            return refusal(400, "No api-version was supplied for the request.");
        }
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET", ["acme", "_apis", "projects"]) => {
                Answer::json(200, &json!({ "count": 1, "value": [{ "id": PROJECT }] }))
            }
            ("GET", ["acme", PROJECT, "_apis", "distributedtask", "variablegroups"])
                if call.asks_only(&["api-version", "groupName"]) =>
            {
                // That the name is compared as a whole is nothing that is promised.
                let start = call.query("groupName").unwrap_or("").to_lowercase();
                let found = self.groups.iter().filter(|group| group.name.to_lowercase().starts_with(&start));
                let found: Vec<Value> = found.map(Self::shown).collect();
                Answer::json(200, &json!({ "count": found.len(), "value": found }))
            }
            ("POST", ["acme", "_apis", "distributedtask", "variablegroups"]) => self.write(call, None),
            ("PUT", ["acme", "_apis", "distributedtask", "variablegroups", id]) => self.write(call, id.parse().ok()),
            ("DELETE", ["acme", "_apis", "distributedtask", "variablegroups", id])
                if call.query("projectIds") == Some(PROJECT) =>
            {
                match self.groups.iter().position(|group| group.id.to_string() == **id) {
                    Some(at) => {
                        self.groups.remove(at);
                        Answer::empty(204)
                    }
                    None => refusal(404, "The variable group does not exist"),
                }
            }
            _ => refusal(404, "The controller for path was not found"),
        }
    }

    /// The place is the group.
    fn records(&self) -> Vec<Record> {
        let mut all = Vec::new();
        for group in &self.groups {
            let about = format!("{} {} {}", group.kind, group.description, group.projects);
            all.push(Record { more: about, ..Record::new("groups", &group.name, "") });
            for (key, it) in &group.variables {
                let value = it["value"].as_str().unwrap_or("").to_owned();
                all.push(Record { more: it.to_string(), ..Record::new(&group.name, key, &value) });
            }
        }
        all
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, json!({ "value": value, "isSecret": true }));
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        self.put(place, "OPEN", json!({ "value": "for all to see", "isSecret": false, "isReadOnly": true }));
        for key in keys {
            // A name that begins alike.
            self.plant(&format!("{place} 2"), key, "theirs");
        }
    }

    fn clear(&mut self, place: &str) {
        self.groups.retain(|group| group.name != place);
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "$id": "1", "message": message, "typeKey": "VssException", "errorCode": 0 }))
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    Answer::text(401, "<html>Access Denied: The Personal Access Token used has expired.</html>")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "The request was blocked due to exceeding usage of resource").with("retry-after", "1")
}
