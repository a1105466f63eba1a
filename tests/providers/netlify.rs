//! Netlify's environment variables, as the vendor's own description (`@netlify/open-api`), its command line and
//! its Terraform provider tell it. A variable has a value for each deploy context; a site's are apart from its
//! team's, and no list merges the two.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-netlify-token";
/// The one team.
const TEAM: &str = "bakery";
/// Its sites.
const SITES: &[&str] = &["site-1", "site-2"];
const CONTEXTS: &[&str] = &["all", "dev", "dev-server", "branch-deploy", "deploy-preview", "production", "branch"];
const SCOPES: &[&str] = &["builds", "functions", "runtime", "post-processing"];

#[derive(Debug, Clone)]
struct Variable {
    key: String,
    scopes: Vec<String>,
    secret: bool,
    values: Vec<Value>,
    updated: u64,
}

#[derive(Debug, Clone)]
struct Value {
    id: String,
    value: String,
    context: String,
    parameter: Option<String>,
}

/// All of Netlify: variables of the team (``) and of its sites.
pub struct Netlify {
    owners: BTreeMap<String, Vec<Variable>>,
    clock: u64,
}

impl Netlify {
    /// A team with two sites, and no variables.
    pub fn new() -> Self {
        let owners = SITES.iter().chain(&[""]).map(|owner| ((*owner).to_owned(), Vec::new())).collect();
        Self { owners, clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let ["api", "v1", "accounts", path @ ..] = path.as_slice() else { return Err(missing()) };
        let [team, "env", rest @ ..] = path else {
            let team = json!({ "id": "t1", "slug": TEAM, "name": "Bakery" });
            return if path.is_empty() { Ok(Answer::json(200, &json!([team]))) } else { Err(missing()) };
        };
        let known = |(name, _): &(String, String)| {
            name == "site_id" || method == "GET" && rest.is_empty() && (name == "context_name" || name == "scope")
        };
        if *team != TEAM || !call.query.iter().all(known) {
            return Err(missing());
        }
        self.clock += 1;
        let now = self.clock;
        let owner = call.query("site_id").unwrap_or("");
        let Some(all) = self.owners.get_mut(owner) else { return Err(missing()) };
        let place = |key: &str, all: &[Variable]| all.iter().position(|v| v.key == key).ok_or_else(missing);
        match (method, rest) {
            ("GET", []) => {
                let fits = |v: &&Variable| match call.query("context_name") {
                    None => true,
                    Some(name) => v.values.iter().any(|value| value.context == name || value.context == "all"),
                };
                Ok(Answer::json(200, &all.iter().filter(fits).map(Variable::shown).collect()))
            }
            ("GET", [key]) => Ok(Answer::json(200, &all[place(key, all)?].shown())),
            ("POST", []) => {
                let Some(Json::Array(items)) = call.json() else { return Err(invalid("A list is wanted")) };
                let made: Vec<Variable> = items.iter().map(|item| variable(item, now)).collect::<Result<_, _>>()?;
                if let Some(twin) = made.iter().find(|new| all.iter().any(|old| old.key == new.key)) {
                    return Err(invalid(&format!("{} already exists", twin.key)));
                }
                all.extend(made.iter().cloned());
                Ok(Answer::json(201, &made.iter().map(Variable::shown).collect()))
            }
            ("PUT", [key]) => {
                let i = place(key, all)?;
                all[i] = variable(&call.json().unwrap_or_default(), now)?;
                Ok(Answer::json(200, &all[i].shown()))
            }
            // Makes the value of one context, or changes it; the others stay.
            ("PATCH", [key]) => {
                let i = place(key, all)?;
                let new = value(&call.json().unwrap_or_default(), now, i)?;
                if all[i].secret && (new.context == "all" || new.context == "dev") {
                    return Err(invalid("A secret has no value for this context"));
                }
                let same = |v: &Value| v.context == new.context && v.parameter == new.parameter;
                all[i].values.retain(|v| !same(v));
                all[i].values.push(new);
                all[i].updated = now;
                Ok(Answer::json(201, &all[i].shown()))
            }
            ("DELETE", [key]) => {
                all.remove(place(key, all)?);
                Ok(Answer::empty(204))
            }
            ("DELETE", [key, "value", id]) => {
                let i = place(key, all)?;
                let before = all[i].values.len();
                all[i].values.retain(|v| v.id != *id);
                all[i].updated = now;
                if all[i].values.len() == before { Err(missing()) } else { Ok(Answer::empty(204)) }
            }
            _ => Err(missing()),
        }
    }
}

impl Variable {
    fn new(key: &str, context: &str, value: &str, now: u64) -> Self {
        let id = format!("value-{key}-{now}");
        let value = Value { id, value: value.into(), context: context.into(), parameter: None };
        let scopes = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        Self { key: key.into(), scopes, secret: false, values: vec![value], updated: now }
    }

    fn shown(&self) -> Json {
        let values = self.values.iter().map(|v| {
            // Of a secret only the value of one's own machine is shown.
            let value = if self.secret && v.context != "dev" { "" } else { &v.value };
            let mut shown = json!({ "id": v.id, "value": value, "context": v.context });
            if let Some(parameter) = &v.parameter {
                shown["context_parameter"] = parameter.as_str().into();
            }
            shown
        });
        let updated = format!("2026-11-21T00:{:02}:{:02}.000Z", self.updated / 60 % 60, self.updated % 60);
        json!({
            "key": self.key, "scopes": self.scopes, "values": values.collect::<Json>(), "is_secret": self.secret,
            "updated_at": updated, "updated_by": { "id": "u1", "full_name": "Someone", "email": "a@example.com" }
        })
    }
}

fn variable(item: &Json, now: u64) -> Result<Variable, Answer> {
    let fields = fields(item, &["key", "scopes", "values", "is_secret"])?;
    let key = fields.get("key").and_then(Json::as_str).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| invalid("A key is wanted"))?.to_owned();
    let secret = fields.get("is_secret").and_then(Json::as_bool).unwrap_or(false);
    let scopes = match fields.get("scopes") {
        None => SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        Some(scopes) => texts(scopes, SCOPES).ok_or_else(|| invalid("The scopes are none"))?,
    };
    let values = fields.get("values").and_then(Json::as_array).filter(|values| !values.is_empty());
    let values = values.ok_or_else(|| invalid("Values are wanted"))?.iter().enumerate();
    let values: Vec<Value> = values.map(|(i, item)| value(item, now, i)).collect::<Result<_, _>>()?;
    if secret && values.iter().any(|v| v.context == "all") {
        return Err(invalid("A secret has a value for each context"));
    }
    Ok(Variable { key, scopes, secret, values, updated: now })
}

fn value(item: &Json, now: u64, i: usize) -> Result<Value, Answer> {
    let fields = fields(item, &["context", "context_parameter", "value"])?;
    let text = |name: &str| fields.get(name).and_then(Json::as_str).map(str::to_owned);
    let context = text("context").filter(|name| CONTEXTS.contains(&name.as_str()));
    let context = context.ok_or_else(|| invalid("The context is none"))?;
    let parameter = text("context_parameter");
    if (context == "branch") != parameter.is_some() {
        return Err(invalid("A branch, and only a branch, has a parameter"));
    }
    let value = text("value").ok_or_else(|| invalid("A value is wanted"))?;
    Ok(Value { id: format!("value-{now}-{i}"), value, context, parameter })
}

fn fields<'a>(item: &'a Json, known: &[&str]) -> Result<&'a Map<String, Json>, Answer> {
    let fields = item.as_object().ok_or_else(|| invalid("An object is wanted"))?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(odd) => Err(invalid(&format!("{odd} means nothing"))),
        None => Ok(fields),
    }
}

fn texts(list: &Json, known: &[&str]) -> Option<Vec<String>> {
    let text = |item: &Json| item.as_str().filter(|text| known.contains(text)).map(str::to_owned);
    list.as_array()?.iter().map(text).collect()
}

impl Fake for Netlify {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).unwrap_or_else(|refused| refused);
        answer.with("x-ratelimit-limit", "500").with("x-ratelimit-remaining", "499")
    }

    fn records(&self) -> Vec<Record> {
        let all = self.owners.iter().flat_map(|(owner, all)| all.iter().map(move |v| (owner, v)));
        let each = all.flat_map(|(owner, v)| v.values.iter().map(move |value| (owner, v, value)));
        each.map(|(owner, variable, value)| {
            let branch = value.parameter.as_deref().unwrap_or("");
            let place = format!("{owner}/{}{branch}{}", value.context, if variable.secret { " secret" } else { "" });
            Record { more: format!("{:?}", variable.scopes), ..Record::new(&place, &variable.key, &value.value) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let (owner, context) = place.split_once('/').unwrap();
        self.clock += 1;
        let new = Variable::new(key, context, value, self.clock);
        let all = self.owners.get_mut(owner).unwrap();
        match all.iter_mut().find(|v| v.key == key) {
            Some(old) => old.values.extend(new.values),
            None => all.push(new),
        }
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let (own, own_context) = place.split_once('/').unwrap();
        for owner in self.owners.keys().cloned().collect::<Vec<_>>() {
            for context in ["deploy-preview", "production"].iter().filter(|c| **c != own_context || owner != own) {
                keys.iter().for_each(|key| self.plant(&format!("{owner}/{context}"), key, "theirs"));
            }
        }
        self.plant(place, "THEIRS", "as it is");
        self.clock += 1;
        let hidden = Variable { secret: true, ..Variable::new("HIDDEN", "production", "theirs", self.clock) };
        self.owners.get_mut(own).unwrap().push(hidden);
    }

    fn clear(&mut self, place: &str) {
        let (owner, context) = place.split_once('/').unwrap();
        let all = self.owners.get_mut(owner).unwrap();
        all.iter_mut().for_each(|v| v.values.retain(|value| value.context != context));
        all.retain(|v| !v.values.is_empty());
    }
}

fn missing() -> Answer {
    refusal(404, "Not Found")
}

fn invalid(message: &str) -> Answer {
    refusal(422, message)
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "code": status, "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "Access Denied")
}

/// The answer of the rate limit: until when, in seconds since 1970.
pub fn throttled() -> Answer {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    refusal(429, "Too many requests")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", (now + 2).to_string())
}
