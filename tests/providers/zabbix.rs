//! User macros of Zabbix, as a real Zabbix 6.0 answered and
//! <https://www.zabbix.com/documentation/current/en/manual/api/reference/usermacro> tells it for those since 6.4. Every
//! answer has the status 200; a secret macro never gives its value back.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-zabbix-token";
/// The place of global macros; every other one is the id of a host.
pub const GLOBAL: &str = "global";
const EXISTS: &str = "already exists";

#[derive(Debug, Clone)]
struct Macro {
    id: u64,
    /// `{$NAME}`.
    name: String,
    value: String,
    kind: String,
    description: String,
}

/// Macros by host, and the global ones.
pub struct Zabbix {
    places: BTreeMap<String, Vec<Macro>>,
    clock: u64,
    /// What type those are of that are planted.
    kind: &'static str,
}

/// What goes wrong: the code and the words.
type Failure = (i64, String);

impl Zabbix {
    pub fn new(places: &[&str], kind: &'static str) -> Self {
        Self { places: places.iter().map(|place| ((*place).to_owned(), Vec::new())).collect(), clock: 0, kind }
    }

    fn shown(place: &str, it: &Macro) -> Value {
        let id = if place == GLOBAL { "globalmacroid" } else { "hostmacroid" };
        let mut out =
            json!({ id: it.id.to_string(), "macro": it.name, "type": it.kind, "description": it.description });
        if it.kind != "1" {
            out["value"] = it.value.as_str().into();
        }
        if place != GLOBAL {
            out["hostid"] = place.into();
            out["automatic"] = "0".into();
        }
        out
    }

    fn of_place(&self, place: &str) -> Value {
        self.places.get(place).into_iter().flatten().map(|it| Self::shown(place, it)).collect()
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Failure> {
        let invalid = |words: &str| (-32602, words.to_owned());
        let one_or_many = || params.as_array().cloned().unwrap_or_else(|| vec![params.clone()]);
        if matches!(params, Value::Array(all) if all.is_empty()) {
            return Err(invalid("Invalid parameter \"/\": cannot be empty."));
        }
        match method {
            "host.get" => {
                let known = ["hostids", "output", "selectMacros", "limit"];
                if let Some(odd) =
                    params.as_object().and_then(|p| p.keys().find(|name| !known.contains(&name.as_str())))
                {
                    return Err(invalid(&format!("unexpected parameter \"{odd}\".")));
                }
                let wanted = params["hostids"].as_str();
                let hosts = self.places.keys().filter(|host| *host != GLOBAL && wanted.is_none_or(|id| id == *host));
                let show = |host: &String| match params["selectMacros"].is_null() {
                    true => json!({ "hostid": host }),
                    false => json!({ "hostid": host, "macros": self.of_place(host) }),
                };
                Ok(hosts.map(show).collect())
            }
            "usermacro.get" if params["globalmacro"] == true => Ok(self.of_place(GLOBAL)),
            "usermacro.get" => Ok(self.of_place(params["hostids"].as_str().unwrap_or(""))),
            "usermacro.create" | "usermacro.createglobal" | "usermacro.update" | "usermacro.updateglobal" => {
                let is_global = method.ends_with("global");
                // All of them or none.
                let (before, clock) = (self.places.clone(), self.clock);
                let mut ids = Vec::new();
                for one in one_or_many() {
                    let written = if method.contains("create") {
                        self.create(&one, is_global)
                    } else {
                        self.update(&one, is_global)
                    };
                    match written {
                        Ok(id) => ids.push(id.to_string()),
                        Err(failure) => {
                            (self.places, self.clock) = (before, clock);
                            return Err(failure);
                        }
                    }
                }
                Ok(json!({ (if is_global { "globalmacroids" } else { "hostmacroids" }): ids }))
            }
            "usermacro.delete" | "usermacro.deleteglobal" => {
                let is_global = method.ends_with("global");
                let ids: Option<Vec<u64>> = one_or_many().iter().map(|id| id.as_str()?.parse().ok()).collect();
                let Some(ids) = ids else { return Err(invalid("Invalid parameter \"/1\": a number is expected.")) };
                let is_there = |id: &u64| {
                    self.places
                        .iter()
                        .any(|(place, all)| (place == GLOBAL) == is_global && all.iter().any(|it| it.id == *id))
                };
                if !ids.iter().all(is_there) {
                    return Err((-32500, "No permissions to referred object or it does not exist!".into()));
                }
                self.places.values_mut().for_each(|all| all.retain(|it| !ids.contains(&it.id)));
                Ok(json!({ "hostmacroids": ids }))
            }
            _ => Err((-32601, format!("Incorrect method \"{method}\"."))),
        }
    }

    fn fields(one: &Value, wanted: &[&str]) -> Result<(), Failure> {
        let Some(fields) = one.as_object() else { return Err((-32602, "an object is expected.".into())) };
        let known = [wanted, &["type", "description"]].concat();
        if let Some(odd) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err((-32602, format!("unexpected parameter \"{odd}\".")));
        }
        if let Some(missing) = wanted.iter().find(|name| !one[**name].is_string()) {
            return Err((-32602, format!("the parameter \"{missing}\" is missing, or no character string.")));
        }
        if one["value"].as_str().unwrap().chars().count() > 2048 {
            return Err((-32602, "Invalid parameter \"/1/value\": value is too long.".into()));
        }
        match &one["type"] {
            Value::Number(kind) if kind.as_i64().is_some_and(|kind| (0..3).contains(&kind)) => Ok(()),
            Value::String(kind) if ["0", "1", "2"].contains(&kind.as_str()) => Ok(()),
            Value::Null => Ok(()),
            _ => Err((-32602, "Invalid parameter \"/1/type\".".into())),
        }
    }

    fn create(&mut self, one: &Value, is_global: bool) -> Result<u64, Failure> {
        Self::fields(one, if is_global { &["macro", "value"] } else { &["hostid", "macro", "value"] })?;
        let place = if is_global { GLOBAL } else { one["hostid"].as_str().unwrap() };
        let name = one["macro"].as_str().unwrap();
        let bare = name.strip_prefix("{$").and_then(|name| name.strip_suffix('}')).unwrap_or("");
        if bare.is_empty()
            || name.len() > 255
            || !bare.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "_.".contains(c))
        {
            return Err((-32602, "Invalid parameter \"/1/macro\": incorrect syntax near.".into()));
        }
        let Some(all) = self.places.get_mut(place) else {
            return Err((-32500, "No permissions to referred object or it does not exist!".into()));
        };
        if all.iter().any(|it| it.name == name) {
            return Err((-32602, format!("Macro \"{name}\" {EXISTS}.")));
        }
        self.clock += 1;
        let kind = one["type"].as_str().map_or_else(|| one["type"].to_string(), str::to_owned);
        let value = one["value"].as_str().unwrap().to_owned();
        let description = one["description"].as_str().unwrap_or("").to_owned();
        all.push(Macro { id: self.clock, name: name.to_owned(), value, kind, description });
        Ok(self.clock)
    }

    fn update(&mut self, one: &Value, is_global: bool) -> Result<u64, Failure> {
        let id = if is_global { "globalmacroid" } else { "hostmacroid" };
        Self::fields(one, &[id, "value"])?;
        let id: u64 = one[id].as_str().unwrap().parse().unwrap();
        let mut all =
            self.places.iter_mut().filter(|(place, _)| (*place == GLOBAL) == is_global).flat_map(|(_, all)| all);
        let Some(found) = all.find(|it| it.id == id) else {
            return Err((-32500, "No permissions to referred object or it does not exist!".into()));
        };
        found.value = one["value"].as_str().unwrap().to_owned();
        if !one["type"].is_null() {
            found.kind = one["type"].as_str().map_or_else(|| one["type"].to_string(), str::to_owned);
        }
        Ok(id)
    }

    fn put(&mut self, place: &str, name: &str, value: &str, kind: &str) {
        self.clock += 1;
        let one = Macro {
            id: self.clock,
            name: name.into(),
            value: value.into(),
            kind: kind.into(),
            description: "by hand".into(),
        };
        self.places.get_mut(place).unwrap().push(one);
    }
}

impl Fake for Zabbix {
    fn answer(&mut self, call: &Call) -> Answer {
        if call.route() != ("POST", vec!["api_jsonrpc.php"]) {
            return Answer::text(404, "Not Found");
        }
        if call.header("content-type").split(';').next() != Some("application/json") {
            return Answer::empty(412);
        }
        let Ok(body) = serde_json::from_slice::<Value>(&call.body) else { return failure(-32700, "Parse error") };
        let is_known = |name: &String| ["jsonrpc", "method", "params", "id"].contains(&name.as_str());
        if body["jsonrpc"] != "2.0" || !body.as_object().is_some_and(|body| body.keys().all(is_known)) {
            return failure(-32600, "Invalid request.");
        }
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        match self.ask(body["method"].as_str().unwrap_or(""), &body["params"]) {
            Ok(result) => Answer::json(200, &json!({ "jsonrpc": "2.0", "result": result, "id": body["id"] })),
            Err((code, words)) => failure(code, &words),
        }
    }

    /// What has a context is at a place of its own.
    fn records(&self) -> Vec<Record> {
        let all = self.places.iter().flat_map(|(place, all)| all.iter().map(move |it| (place, it)));
        all.map(|(place, it)| {
            let key = it.name.trim_start_matches("{$").trim_end_matches('}');
            let place = if key.contains(':') { format!("contexts of {place}") } else { place.clone() };
            Record { more: format!("{it:?}"), ..Record::new(&place, key, &it.value) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, &format!("{{${key}}}"), value, self.kind);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.put(place, "{$THEIRS}", "as it is", "0");
        self.put(place, "{$VAULT}", "path/to:key", "2");
        for key in keys {
            self.put(place, &format!("{{${key}:\"context\"}}"), "theirs", "0");
        }
        for other in self.places.keys().filter(|other| *other != place).cloned().collect::<Vec<_>>() {
            keys.iter().for_each(|key| self.plant(&other, key, "theirs"));
        }
    }

    fn clear(&mut self, place: &str) {
        self.places.get_mut(place).unwrap().clear();
    }
}

fn failure(code: i64, data: &str) -> Answer {
    let message = if code == -32500 { "Application error." } else { "Invalid params." };
    Answer::json(
        200,
        &json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message, "data": data }, "id": 1 }),
    )
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    failure(-32602, "Not authorized.")
}

/// The answer of whoever stands before the server.
pub fn throttled() -> Answer {
    Answer::text(429, "Too many requests").with("retry-after", "1")
}
