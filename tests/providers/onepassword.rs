//! A 1Password Connect server, as <https://developer.1password.com/docs/connect/api-reference/> and its own OpenAPI
//! description 1.7.1 tell it. Titles are not unique; a list has no fields.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-connect-token";
/// The vault of the destination.
pub const VAULT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Another one.
pub const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbb";
/// The field that the destination is about.
pub const LABEL: &str = "value";

/// Items by vault, as they are shown in full.
pub struct Connect {
    vaults: BTreeMap<String, Vec<Value>>,
    clock: u64,
}

impl Default for Connect {
    fn default() -> Self {
        Self { vaults: [VAULT, OTHER].map(|vault| (vault.to_owned(), Vec::new())).into(), clock: 0 }
    }
}

impl Connect {
    fn id(&mut self) -> String {
        self.clock += 1;
        format!("c{:025x}", self.clock)
    }

    /// A field as it is kept: with an id, and without a value that is empty.
    fn field(&mut self, given: &Value) -> Result<Value, Answer> {
        let known = ["id", "type", "purpose", "label", "value", "section"];
        let kinds = ["STRING", "EMAIL", "CONCEALED", "URL", "TOTP", "DATE", "MONTH_YEAR", "MENU"];
        let Some(fields) = given.as_object().filter(|fields| fields.keys().all(|name| known.contains(&name.as_str())))
        else {
            return Err(refusal(400, "Invalid field"));
        };
        if !kinds.contains(&given["type"].as_str().unwrap_or("STRING")) || !given["value"].is_string() {
            return Err(refusal(400, "Invalid field type or value"));
        }
        let mut fields = fields.clone();
        fields.entry("id").or_insert_with(|| self.id().into());
        if fields["value"] == "" {
            fields.remove("value");
        }
        Ok(Value::Object(fields))
    }

    fn create(&mut self, call: &Call, vault: &str) -> Answer {
        let mut item =
            match call.object(&["title", "category", "vault"], &["fields", "tags", "sections", "urls", "favorite"]) {
                Ok(body) => body,
                Err(problem) => return refusal(400, &problem),
            };
        if item["vault"]["id"] != vault || item["category"] != "API_CREDENTIAL" || !item["title"].is_string() {
            return refusal(400, "Invalid item");
        }
        let given = item.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        let fields: Result<Vec<Value>, Answer> = given.iter().map(|field| self.field(field)).collect();
        match fields {
            Err(refused) => refused,
            Ok(fields) => {
                item.insert("fields".into(), fields.into());
                let id = self.id();
                let more = json!({ "id": id, "version": 1, "createdAt": "2026-11-21T10:00:00Z", "updatedAt": "2026-11-21T10:00:00Z",
                    "lastEditedBy": "DOIHOHSVHVCO3ENUJQ3QYO3QZE" });
                item.extend(more.as_object().unwrap().clone());
                self.vaults.get_mut(vault).unwrap().push(Value::Object(item.clone()));
                Answer::json(200, &Value::Object(item))
            }
        }
    }

    fn patch(&mut self, call: &Call, vault: &str, at: usize) -> Answer {
        let Some(Value::Array(patches)) = call.json() else { return refusal(400, "A list of patches is wanted") };
        let mut item = self.vaults[vault][at].clone();
        for patch in &patches {
            let path: Vec<&str> = patch["path"].as_str().unwrap_or("").split('/').skip(1).collect();
            let fields = item["fields"].as_array_mut().unwrap();
            match (patch["op"].as_str(), path.as_slice()) {
                (Some("add"), ["fields"]) => match self.field(&patch["value"]) {
                    Ok(field) => item["fields"].as_array_mut().unwrap().push(field),
                    Err(refused) => return refused,
                },
                (Some("replace" | "add"), ["fields", id, "value"]) => {
                    let Some(field) = fields.iter_mut().find(|field| field["id"] == **id) else {
                        return refusal(400, "No such field");
                    };
                    field["value"] = patch["value"].clone();
                    let field_now = field.clone();
                    let id = field_now["id"].clone();
                    match self.field(&field_now) {
                        Ok(new) => {
                            let fields = item["fields"].as_array_mut().unwrap();
                            *fields.iter_mut().find(|field| field["id"] == id).unwrap() = new;
                        }
                        Err(refused) => return refused,
                    }
                }
                _ => return refusal(400, "Invalid patch"),
            }
        }
        item["version"] = (item["version"].as_u64().unwrap() + 1).into();
        self.vaults.get_mut(vault).unwrap()[at] = item.clone();
        Answer::json(200, &item)
    }

    fn put(&mut self, vault: &str, title: &str, fields: Value, category: &str) {
        let item = json!({ "id": self.id(), "title": title, "category": category, "vault": { "id": vault }, "version": 1,
            "fields": fields, "createdAt": "2026-11-21T10:00:00Z", "updatedAt": "2026-11-21T10:00:00Z" });
        self.vaults.get_mut(vault).unwrap().push(item);
    }
}

/// An item as a list has it.
fn short(item: &Value) -> Value {
    let mut item = item.clone();
    item.as_object_mut().unwrap().remove("fields");
    item
}

impl Fake for Connect {
    fn answer(&mut self, call: &Call) -> Answer {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        let (method, path) = call.route();
        let (vault, rest) = match path.as_slice() {
            ["v1", "vaults"] if method == "GET" => return Answer::json(200, &json!([{ "id": VAULT, "name": "app" }])),
            ["v1", "vaults", vault, "items", rest @ ..] => ((*vault).to_owned(), rest),
            _ => return refusal(404, "Not found"),
        };
        let Some(items) = self.vaults.get(&vault) else { return refusal(404, "Vault not found") };
        let at = rest.first().map(|id| items.iter().position(|item| item["id"] == **id));
        match (method, at) {
            ("GET", None) => Answer::json(200, &items.iter().map(short).collect()),
            ("POST", None) => self.create(call, &vault),
            (_, Some(None)) => refusal(404, "Item not found"),
            ("GET", Some(Some(at))) => Answer::json(200, &items[at]),
            ("PATCH", Some(Some(at))) => self.patch(call, &vault, at),
            ("DELETE", Some(Some(at))) => {
                self.vaults.get_mut(&vault).unwrap().remove(at);
                Answer::empty(204)
            }
            _ => refusal(405, "Method not allowed"),
        }
    }

    /// What is no API credential is at a place of its own.
    fn records(&self) -> Vec<Record> {
        let all = self.vaults.iter().flat_map(|(vault, items)| items.iter().map(move |item| (vault, item)));
        let record = |(vault, item): (&String, &Value)| {
            let field = item["fields"].as_array().unwrap().iter().find(|field| field["label"] == LABEL);
            let place = if item["category"] == "API_CREDENTIAL" { vault.clone() } else { format!("others of {vault}") };
            let value = field.and_then(|field| field["value"].as_str()).unwrap_or("");
            Record { more: item.to_string(), ..Record::new(&place, item["title"].as_str().unwrap(), value) }
        };
        all.map(record).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let fields = json!([{ "id": "username", "label": "username", "type": "STRING", "value": "someone" },
            { "id": "v", "label": LABEL, "type": "CONCEALED", "value": value }]);
        self.put(place, key, fields, "API_CREDENTIAL");
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let other = json!([{ "id": "n", "label": "notesPlain", "type": "STRING", "value": "theirs" }]);
        self.put(place, "THEIRS", other.clone(), "API_CREDENTIAL");
        for key in keys {
            self.put(place, key, other.clone(), "SECURE_NOTE");
            self.plant(OTHER, key, "theirs");
        }
    }

    fn clear(&mut self, place: &str) {
        self.vaults.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "status": status, "message": message }))
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "Invalid token signature")
}

/// The answer of whoever stands before the server.
pub fn throttled() -> Answer {
    refusal(429, "Too many requests").with("retry-after", "1")
}
