//! Railway's variables of a service, and those that an environment shares, as the vendor's schema, its
//! documentation and its command line tell it: GraphQL at one address, each kind of token in a header of its own,
//! failures in an answer whose status is 200. Sealed variables are named, and never shown.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token of an account, which is also good for the one project.
pub const TOKEN: &str = "canary-railway-token";
/// The project of the tests, its environment and its service.
pub const PROJECT: &str = "11111111-1111-4111-8111-111111111111";
pub const ENVIRONMENT: &str = "22222222-2222-4222-8222-222222222222";
pub const SERVICE: &str = "33333333-3333-4333-8333-333333333333";
const OTHER_SERVICE: &str = "44444444-4444-4444-8444-444444444444";

#[derive(Debug, Clone)]
struct Variable {
    value: String,
    sealed: bool,
    updated: u64,
}

/// All of Railway: variables by service, `` for what the environment shares.
pub struct Railway {
    services: BTreeMap<String, BTreeMap<String, Variable>>,
    clock: u64,
}

impl Railway {
    /// Two services without variables.
    pub fn new() -> Self {
        let services = ["", SERVICE, OTHER_SERVICE];
        Self { services: services.map(|service| (service.to_owned(), BTreeMap::new())).into(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Value, Answer> {
        if call.route() != ("POST", vec!["graphql", "v2"]) || !call.query.is_empty() {
            return Err(Answer::text(404, "Not Found"));
        }
        let body = call.object(&["query"], &["variables", "operationName"]).map_err(|problem| failed(&problem))?;
        let query = body["query"].as_str().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        let none = Map::new();
        let given = body.get("variables").and_then(Value::as_object).unwrap_or(&none);
        let account = call.header("authorization") == format!("Bearer {TOKEN}");
        let project = call.header("project-access-token");
        if !project.is_empty() && project != TOKEN {
            return Err(failed("Project Token not found"));
        }
        let asks = |field: &str| query.contains(field);
        match () {
            () if asks("{ me {") && account => Ok(json!({ "me": { "id": "u1" } })),
            () if asks("projectToken {") && !project.is_empty() => {
                Ok(json!({ "projectToken": { "projectId": PROJECT, "environmentId": ENVIRONMENT } }))
            }
            () if !account && project.is_empty() => Err(unauthorized()),
            () if asks("projects {") => Ok(json!({ "projects": { "edges": [] } })),
            () if asks("variableCollectionUpsert(input: $input)") => self.upsert(&query, given),
            () if asks("variableDelete(input: $input)") => self.delete(&query, given),
            () if asks("variables(projectId: $projectId") => self.list(&query, given),
            () => Err(failed("Problem processing request")),
        }
    }

    fn list(&self, query: &str, given: &Map<String, Value>) -> Result<Value, Answer> {
        for (name, kind) in [("projectId", "String!"), ("environmentId", "String!"), ("serviceId", "String")] {
            if !query.contains(&format!("${name}: {kind}")) {
                return Err(failed(&format!("Variable \"${name}\" is not defined.")));
            }
        }
        let service = place(given)?;
        let own = self.services.get(&service).ok_or_else(|| failed("Service not found"))?;
        let rendered =
            |value: &str| if query.contains("unrendered: true") { value.to_owned() } else { value.replace("${{", "(") };
        let open = own.iter().filter(|(_, it)| !it.sealed).map(|(name, it)| (name.clone(), rendered(&it.value).into()));
        // What the platform itself provides to a service is among them.
        let provided = (!service.is_empty()).then(|| ("RAILWAY_PROJECT_ID".to_owned(), PROJECT.into()));
        let mut data = json!({ "variables": open.chain(provided).collect::<Map<String, Value>>() });
        if query.contains("environment(id: $environmentId, projectId: $projectId) { variables(first: 10000)") {
            let all = self.services.iter().flat_map(|(service, all)| all.iter().map(move |it| (service, it)));
            let edges = all.map(|(service, (name, it))| {
                let service = if service.is_empty() { Value::Null } else { service.as_str().into() };
                let time = format!("2026-11-21T00:00:00.{:03}Z", it.updated % 1000);
                json!({ "node": { "name": name, "serviceId": service, "isSealed": it.sealed, "updatedAt": time } })
            });
            data["environment"] = json!({ "variables": { "edges": edges.collect::<Value>() } });
        }
        Ok(data)
    }

    fn upsert(&mut self, query: &str, given: &Map<String, Value>) -> Result<Value, Answer> {
        let input = input(query, given, "VariableCollectionUpsertInput", &["variables"], &["replace", "skipDeploys"])?;
        let service = place(input)?;
        self.clock += 1;
        let updated = self.clock;
        let own = self.services.get_mut(&service).ok_or_else(|| failed("Service not found"))?;
        if input.get("replace") == Some(&true.into()) {
            own.clear();
        }
        for (name, value) in input["variables"].as_object().ok_or_else(|| failed("variables is a map"))? {
            let value = value.as_str().ok_or_else(|| failed("a variable is a string"))?.to_owned();
            let sealed = own.get(name).is_some_and(|old| old.sealed);
            own.insert(name.clone(), Variable { value, sealed, updated });
        }
        Ok(json!({ "variableCollectionUpsert": true }))
    }

    fn delete(&mut self, query: &str, given: &Map<String, Value>) -> Result<Value, Answer> {
        let input = input(query, given, "VariableDeleteInput", &["name"], &[])?;
        let service = place(input)?;
        let own = self.services.get_mut(&service).ok_or_else(|| failed("Service not found"))?;
        match own.remove(input["name"].as_str().unwrap_or("")) {
            Some(_) => Ok(json!({ "variableDelete": true })),
            None => Err(failed("Variable not found")),
        }
    }
}

/// The service that is meant, `` for none.
fn place(given: &Map<String, Value>) -> Result<String, Answer> {
    if given.get("projectId") != Some(&PROJECT.into()) || given.get("environmentId") != Some(&ENVIRONMENT.into()) {
        return Err(failed("Environment not found"));
    }
    Ok(given.get("serviceId").and_then(Value::as_str).unwrap_or("").to_owned())
}

/// The input of a mutation, if it is of its type.
fn input<'a>(
    query: &str,
    given: &'a Map<String, Value>,
    kind: &str,
    required: &[&str],
    optional: &[&str],
) -> Result<&'a Map<String, Value>, Answer> {
    let input = given.get("input").and_then(Value::as_object).filter(|_| query.contains(&format!("$input: {kind}!")));
    let input = input.ok_or_else(|| failed("Variable \"$input\" is not defined."))?;
    let places = ["projectId", "environmentId", "serviceId"];
    let known = |name: &str| places.iter().chain(required).chain(optional).any(|known| *known == name);
    match input.keys().find(|name| !known(name)) {
        Some(odd) => Err(failed(&format!("Field \"{odd}\" is not defined by type \"{kind}\"."))),
        None if required.iter().all(|name| input.contains_key(*name)) => Ok(input),
        None => Err(failed("A field of the input is missing.")),
    }
}

impl Fake for Railway {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).map(|data| Answer::json(200, &json!({ "data": data })));
        answer.unwrap_or_else(|refused| refused).with("x-ratelimit-limit", "1000").with("x-ratelimit-remaining", "999")
    }

    fn records(&self) -> Vec<Record> {
        let all = self.services.iter().flat_map(|(service, all)| all.iter().map(move |it| (service, it)));
        all.map(|(service, (name, it))| Record { more: it.sealed.to_string(), ..Record::new(service, name, &it.value) })
            .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.clock += 1;
        let new = Variable { value: value.into(), sealed: false, updated: self.clock };
        self.services.get_mut(place).unwrap().insert(key.into(), new);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for service in self.services.keys().cloned().collect::<Vec<_>>() {
            let theirs = if service == place { vec!["THEIRS"] } else { keys.to_vec() };
            theirs.iter().for_each(|key| self.plant(&service, key, "theirs"));
        }
        let own = self.services.get_mut(place).unwrap();
        own.insert("SEALED".into(), Variable { value: "theirs".into(), sealed: true, updated: 1 });
        own.insert("REFERS".into(), Variable { value: "${{db.HOST}}".into(), sealed: false, updated: 1 });
    }

    fn clear(&mut self, place: &str) {
        self.services.get_mut(place).unwrap().clear();
    }
}

fn failed(message: &str) -> Answer {
    Answer::json(200, &json!({ "errors": [{ "message": message, "path": [] }], "data": null }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    failed("Not Authorized")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    Answer::json(429, &json!({ "errors": [{ "message": "Rate limit exceeded" }] })).with("retry-after", "1")
}
