//! Octopus Deploy's variables of a project, as <https://octopus.com/docs/octopus-rest-api/examples/variables> and the
//! vendor's own client (`go-octopusdeploy`) tell it. The variables of a project are one document with a version; the same
//! name may be there in many scopes. Sensitive values never come back: null leaves one as it is.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The key that is let in.
pub const TOKEN: &str = "API-CANARYOCTOPUSDEPLOYKEY";
const FIELDS: [&str; 9] =
    ["Id", "Name", "Value", "Description", "Scope", "IsEditable", "Prompt", "Type", "IsSensitive"];
/// What a scope can be made of.
const KINDS: [&str; 7] = ["Environment", "Role", "Machine", "ProcessOwner", "Action", "Channel", "TenantTag"];

/// The variable sets of two projects.
pub struct Octopus {
    /// Version and variables by project, with their values.
    sets: BTreeMap<String, (u64, Vec<Value>)>,
    next: usize,
}

impl Octopus {
    /// Without variables.
    pub fn new() -> Self {
        Self { sets: ["Projects-1", "Projects-2"].map(|id| (id.to_owned(), (0, Vec::new()))).into(), next: 1 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("x-octopus-apikey") != TOKEN {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let missing = || refusal(404, "The resource you requested was not found.");
        let project = match path.as_slice() {
            ["api", "users", "me"] if method == "GET" => {
                return Ok(Answer::json(200, &json!({ "Id": "Users-1", "Username": "baker", "IsService": true })));
            }
            ["api", "Spaces-1", "variables", set] => set.strip_prefix("variableset-").ok_or_else(missing)?,
            _ => return Err(missing()),
        };
        let (version, variables) = self.sets.get_mut(project).ok_or_else(missing)?;
        match method {
            "GET" => {}
            "PUT" => {
                let known = ["OwnerId", "SpaceId", "ScopeValues", "Links", "Id"];
                let body = call.object(&["Version", "Variables"], &known).map_err(|problem| refusal(400, &problem))?;
                if body["Version"] != json!(*version) {
                    return Err(refusal(409, "The resource was modified since you retrieved it. Please try again."));
                }
                let mut new = Vec::new();
                for variable in body["Variables"].as_array().ok_or_else(invalid)? {
                    new.push(taken(variable, variables, &mut self.next)?);
                }
                (*version, *variables) = (*version + 1, new);
            }
            _ => return Err(refusal(405, "The method is not allowed.")),
        }
        let shown: Vec<Value> = variables.iter().map(shown).collect();
        Ok(Answer::json(
            200,
            &json!({
                "Id": format!("variableset-{project}"), "OwnerId": project, "SpaceId": "Spaces-1", "Version": version,
                "Variables": shown, "ScopeValues": { "Environments": [], "Roles": [] }, "Links": { "Self": "" }
            }),
        ))
    }
}

/// A variable as it is kept.
fn taken(new: &Value, old: &[Value], next: &mut usize) -> Result<Value, Answer> {
    let fields = new.as_object().ok_or_else(invalid)?;
    if fields.keys().any(|name| !FIELDS.contains(&name.as_str())) || new["Name"].as_str().is_none_or(str::is_empty) {
        return Err(invalid());
    }
    let scope = new["Scope"].as_object().ok_or_else(invalid)?;
    let ids = |ids: &Value| ids.as_array().is_some_and(|ids| !ids.is_empty() && ids.iter().all(Value::is_string));
    if !scope.iter().all(|(kind, it)| KINDS.contains(&kind.as_str()) && ids(it)) {
        return Err(refusal(400, "The scope of a variable is not valid."));
    }
    if new["IsSensitive"] != json!(new["Type"] == "Sensitive") || !(new["Value"].is_string() || new["Value"].is_null())
    {
        return Err(invalid());
    }
    let mut kept = new.clone();
    let before =
        new.get("Id").filter(|id| !id.is_null()).map(|id| old.iter().find(|it| it["Id"] == *id).ok_or_else(invalid));
    match before.transpose()? {
        Some(before) if new["Value"].is_null() && new["Type"] == "Sensitive" => kept["Value"] = before["Value"].clone(),
        Some(_) => {}
        None => {
            kept["Id"] = json!(format!("00000000-0000-4000-8000-{next:012}"));
            *next += 1;
        }
    }
    Ok(kept)
}

fn shown(variable: &Value) -> Value {
    let mut shown = variable.clone();
    if shown["Type"] == "Sensitive" {
        shown["Value"] = Value::Null;
    }
    shown
}

impl Fake for Octopus {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.sets.iter().flat_map(|(project, (_, all))| all.iter().map(move |it| (project, it)));
        all.map(|(project, it)| {
            let mut rest = it.clone();
            rest["Value"] = Value::Null;
            let (name, value) = (it["Name"].as_str().unwrap(), it["Value"].as_str().unwrap_or_default());
            Record { more: rest.to_string(), ..Record::new(&format!("{project} {}", scope(it)), name, value) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, value, "Sensitive");
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let places = [
            "Projects-1 ",
            "Projects-1 Environment=Environments-1",
            "Projects-1 Environment=Environments-1,Environments-2",
            "Projects-2 ",
        ];
        for other in places.into_iter().filter(|other| *other != place) {
            keys.iter().for_each(|key| self.put(other, key, "theirs", "Sensitive"));
        }
        self.put(place, "THEIRS", "theirs", "Sensitive");
        self.put(place, "THEIRS", "theirs as well", "Sensitive");
        self.put(place, "OPEN", "theirs", "String");
        self.put(place, "ACCOUNT", "Accounts-1", "AmazonWebServicesAccount");
    }

    fn clear(&mut self, place: &str) {
        let (project, wanted) = place.split_once(' ').unwrap();
        self.sets.get_mut(project).unwrap().1.retain(|it| scope(it) != wanted);
    }
}

impl Octopus {
    fn put(&mut self, place: &str, key: &str, value: &str, kind: &str) {
        let (project, scope) = place.split_once(' ').unwrap();
        // By hand, ids come in the order in which they were chosen.
        let ids = |ids: &str| ids.split(',').rev().map(str::to_owned).collect::<Vec<_>>();
        let scope: BTreeMap<&str, Vec<String>> =
            scope.split_once('=').map(|(kind, it)| (kind, ids(it))).into_iter().collect();
        let (version, all) = self.sets.get_mut(project).unwrap();
        *version += 1;
        all.push(json!({
            "Id": format!("00000000-0000-4000-8000-{:012}", self.next), "Name": key, "Value": value, "Description": "by hand",
            "Scope": scope, "IsEditable": true, "Prompt": null, "Type": kind, "IsSensitive": kind == "Sensitive"
        }));
        self.next += 1;
    }
}

/// `Environment=Environments-1,Environments-2`, or nothing.
fn scope(variable: &Value) -> String {
    let kinds = variable["Scope"].as_object().unwrap().iter().map(|(kind, ids)| {
        let mut ids: Vec<&str> = ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        ids.sort_unstable();
        format!("{kind}={}", ids.join(","))
    });
    kinds.collect::<Vec<_>>().join(" ")
}

fn invalid() -> Answer {
    refusal(400, "There was a problem with your request.")
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "ErrorMessage": message, "Errors": [message] }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "You must be logged in to perform this action.")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Too many requests").with("retry-after", "1")
}
