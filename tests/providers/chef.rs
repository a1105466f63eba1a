//! Data bags of Chef Infra Server, as <https://docs.chef.io/server/api_chef_server/> and the server's own code
//! (`oc_erchef`, `chef_authn`) tell it. Who asks is proven by a signature over the request.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::services;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyform::provider::sign::rsa;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use std::collections::BTreeMap;

/// Whose key it is.
pub const USER: &str = "someone";
/// The place of the destination: bag and item.
pub const PLACE: &str = "app/prod";

/// Items by bag.
pub struct Chef {
    bags: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
}

impl Default for Chef {
    fn default() -> Self {
        Self { bags: ["app", "other"].map(|bag| (bag.to_owned(), BTreeMap::new())).into() }
    }
}

/// Whether the user's key signed the request, of now.
fn is_signed(call: &Call) -> bool {
    let parts = (1..).map(|n| call.header(&format!("x-ops-authorization-{n}"))).take_while(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    let time = call.header("x-ops-timestamp");
    let Ok(at) = time.parse::<jiff::Timestamp>() else { return false };
    let is_now = at.duration_since(jiff::Timestamp::now()).abs().as_secs() < 900 && !time.contains('.');
    let hash = STANDARD.encode(sha2::Sha256::digest(&call.body));
    let text = [
        format!("Method:{}", call.method),
        format!("Path:{}", call.target.split('?').next().unwrap()),
        format!("X-Ops-Content-Hash:{hash}"),
        "X-Ops-Sign:version=1.3".to_owned(),
        format!("X-Ops-Timestamp:{time}"),
        format!("X-Ops-UserId:{}", call.header("x-ops-userid")),
        format!("X-Ops-Server-API-Version:{}", call.header("x-ops-server-api-version")),
    ];
    // Such signatures have no chance in them: there is one that is right.
    let right = STANDARD.encode(rsa::sign(services::rsa_key(), text.join("\n").as_bytes()).unwrap());
    let is_split =
        parts.iter().rev().skip(1).all(|part| part.len() == 60) && parts.last().is_some_and(|part| part.len() <= 60);
    is_now
        && is_split
        && parts.concat() == right
        && call.header("x-ops-content-hash") == hash
        && call.header("x-ops-sign") == "version=1.3"
        && call.header("x-ops-userid") == USER
}

impl Chef {
    fn body(call: &Call, item: Option<&str>) -> Result<Map<String, Value>, Answer> {
        let Some(Value::Object(mut body)) = call.json() else {
            return Err(refusal(400, "invalid JSON in request body"));
        };
        if call.body.len() > 1_000_000 {
            return Err(refusal(413, "JSON must be no more than 1000000 bytes."));
        }
        let is_name = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
        match (body.get("id").and_then(Value::as_str), item) {
            (Some(id), Some(item)) if id != item => return Err(refusal(400, "DataBagItem name mismatch.")),
            (Some(id), _) if !is_name(id) => return Err(refusal(400, "Field 'id' invalid")),
            (None, Some(item)) => drop(body.insert("id".into(), item.into())),
            (None, None) => return Err(refusal(400, "Field 'id' missing")),
            _ => {}
        }
        // An item in its wrapping is unwrapped.
        if body.get("json_class").is_some_and(|class| class == "Chef::DataBagItem")
            && let Some(Value::Object(raw)) = body.remove("raw_data")
        {
            return Ok(raw);
        }
        Ok(body)
    }
}

impl Fake for Chef {
    fn answer(&mut self, call: &Call) -> Answer {
        if !is_signed(call) {
            return unauthorized();
        }
        let (method, path) = call.route();
        let path = match path.as_slice() {
            ["organizations", "acme", "users", USER] if method == "GET" => {
                return Answer::json(200, &json!({ "username": USER }));
            }
            ["organizations", "acme", "data", path @ ..] => path,
            _ => return refusal(404, "not found"),
        };
        let [bag, rest @ ..] = path else { return refusal(404, "not found") };
        let Some(items) = self.bags.get_mut(*bag) else { return refusal(404, "Cannot load data bag") };
        match (method, rest) {
            ("GET", [item]) => match items.get(*item) {
                Some(fields) => Answer::json(200, &json!(fields)),
                None => refusal(404, "Cannot load data bag item"),
            },
            ("PUT", [item]) if !items.contains_key(*item) => refusal(404, "Cannot load data bag item"),
            ("PUT", [item]) => match Self::body(call, Some(item)) {
                Ok(mut body) => {
                    items.insert((*item).to_owned(), body.clone());
                    body.extend([("chef_type".into(), "data_bag_item".into()), ("data_bag".into(), (*bag).into())]);
                    Answer::json(200, &Value::Object(body))
                }
                Err(refused) => refused,
            },
            ("POST", []) => match Self::body(call, None) {
                Ok(body) if items.contains_key(body["id"].as_str().unwrap()) => {
                    refusal(409, "Data bag item already exists")
                }
                Ok(body) => {
                    items.insert(body["id"].as_str().unwrap().to_owned(), body.clone());
                    Answer::json(201, &Value::Object(body))
                }
                Err(refused) => refused,
            },
            _ => refusal(405, "method not allowed"),
        }
    }

    /// The place is `bag/item`.
    fn records(&self) -> Vec<Record> {
        let mut all = Vec::new();
        for (bag, items) in &self.bags {
            for (item, fields) in items {
                for (name, value) in fields.iter().filter(|(name, _)| *name != "id") {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    all.push(Record::new(&format!("{bag}/{item}"), name, &text));
                }
            }
        }
        all
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let (bag, item) = place.split_once('/').unwrap();
        let fields = self.bags.get_mut(bag).unwrap().entry(item.to_owned()).or_default();
        fields.insert("id".into(), item.into());
        fields.insert(key.to_owned(), value.into());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        let (bag, item) = place.split_once('/').unwrap();
        let fields = self.bags.get_mut(bag).unwrap().get_mut(item).unwrap();
        fields.insert("number".into(), json!(9_007_199_254_740_993_i64));
        fields.insert("nested".into(), json!({ "a": [1, "two", null] }));
        for key in keys {
            self.plant("app/staging", key, "theirs");
            self.plant("other/prod", key, "theirs");
        }
    }

    fn clear(&mut self, place: &str) {
        let (bag, item) = place.split_once('/').unwrap();
        self.bags.get_mut(bag).unwrap().remove(item);
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": [message] }))
}

/// The answer to a signature that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "Invalid signature for user or client 'someone'")
}

/// The answer of whoever stands before the server.
pub fn throttled() -> Answer {
    refusal(429, "Too many requests").with("retry-after", "1")
}
