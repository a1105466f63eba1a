//! Cloudflare's Secrets Store, as the vendor's own SDK (`cloudflare` 7.3), its command line and its documentation tell
//! it. Values never come back; the time of the last change tells that one changed. Secrets are made several at once,
//! and changed and deleted by an id.

use crate::providers::cloudflare;
use crate::providers::cloudflare::ACCOUNT;
use crate::providers::cloudflare::TOKEN;
use crate::providers::cloudflare::invalid;
use crate::providers::cloudflare::refusal;
use crate::providers::cloudflare::result;
use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The store of the tests.
pub const STORE: &str = "023e105f4ecef8ad9ca31a8372d0c353";
const OTHER: &str = "123e105f4ecef8ad9ca31a8372d0c353";
const MOST: usize = 100;
const MOST_BYTES: usize = 65536;
const MOST_IN_A_PAGE: usize = 50;
const SCOPES: [&str; 6] = ["workers", "ai_gateway", "dex", "access", "containers", "websearch"];

#[derive(Debug, Clone)]
struct Stored {
    id: String,
    name: String,
    value: String,
    scopes: Vec<String>,
    comment: String,
    status: &'static str,
    /// Counts changes of all secrets.
    modified: usize,
}

/// The stores of an account, each with its secrets in the order in which they were made.
pub struct SecretsStore {
    stores: BTreeMap<String, Vec<Stored>>,
    clock: usize,
}

impl SecretsStore {
    /// Two stores without secrets.
    pub fn new() -> Self {
        Self { stores: [STORE, OTHER].map(|id| (id.to_owned(), Vec::new())).into(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(cloudflare::unauthorized());
        }
        let (method, path) = call.route();
        let no_route = || refusal(404, 7003, "No route for that URI");
        let (store, rest) = match path.as_slice() {
            ["client", "v4", "zones"] if method == "GET" => return Ok(result(&json!([]))),
            ["client", "v4", "accounts", ACCOUNT, "secrets_store", "stores", store, "secrets", rest @ ..] => {
                (*store, rest)
            }
            _ => return Err(no_route()),
        };
        let all = self.stores.get_mut(store).ok_or_else(|| refusal(404, 1003, "store_not_found"))?;
        self.clock += 1;
        let now = self.clock;
        let place = |id: &str, all: &[Stored]| {
            let found = all.iter().position(|it| it.id == id && it.status != "deleted");
            found.ok_or_else(|| refusal(404, 1001, "secret_not_found"))
        };
        match (method, rest) {
            ("GET", []) => list(call, store, all),
            ("POST", []) => {
                let Some(Value::Array(items)) = call.json() else { return Err(invalid()) };
                let mut next = all.clone();
                let mut made = Vec::new();
                for (n, item) in items.iter().enumerate() {
                    let fields = item
                        .as_object()
                        .filter(|it| it.contains_key("name") && it.contains_key("value") && it.contains_key("scopes"));
                    let name = fields.and_then(|it| it["name"].as_str()).ok_or_else(invalid)?;
                    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
                        return Err(refusal(400, 1004, "invalid_secret_name"));
                    }
                    if next.iter().any(|it| it.name == name && it.status != "deleted") {
                        return Err(refusal(400, 1002, "secret_name_already_exists"));
                    }
                    let mut new = stored(&format!("{now:024x}{n:08x}"), name, "", now);
                    new.change(fields.ok_or_else(invalid)?, now)?;
                    made.push(new.shown(store));
                    next.push(new);
                }
                // Of the whole account.
                if next.iter().filter(|it| it.status != "deleted").count() > MOST {
                    return Err(refusal(400, 1005, "quota_exceeded"));
                }
                *all = next;
                Ok(result(&made.into()))
            }
            ("PATCH", [id]) => {
                let i = place(id, all)?;
                let fields = call.object(&[], &["value", "scopes", "comment"]).map_err(|_| invalid())?;
                all[i].change(&fields, now)?;
                Ok(result(&all[i].shown(store)))
            }
            ("DELETE", [id]) => {
                let i = place(id, all)?;
                all[i].status = "deleted";
                Ok(result(&all[i].shown(store)))
            }
            _ => Err(no_route()),
        }
    }
}

fn list(call: &Call, store: &str, all: &[Stored]) -> Result<Answer, Answer> {
    let number = |name: &str, default: usize, most: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(n)) if (1..=most).contains(&n) => Ok(n),
        Some(_) => Err(refusal(400, 1006, "validation_failed")),
    };
    if !call.asks_only(&["page", "per_page", "order", "direction", "search", "scopes"]) {
        return Err(invalid());
    }
    let (page, per_page) = (number("page", 1, usize::MAX)?, number("per_page", 20, MOST_IN_A_PAGE)?);
    let shown: Vec<Value> = all.iter().skip((page - 1) * per_page).take(per_page).map(|it| it.shown(store)).collect();
    let info = json!({
        "count": shown.len(), "page": page, "per_page": per_page, "total_count": all.len(),
        "total_pages": all.len().div_ceil(per_page)
    });
    let body = json!({ "success": true, "errors": [], "messages": [], "result": shown, "result_info": info });
    Ok(Answer::json(200, &body))
}

fn stored(id: &str, name: &str, value: &str, modified: usize) -> Stored {
    Stored {
        id: id.into(),
        name: name.into(),
        value: value.into(),
        scopes: vec!["workers".into()],
        comment: String::new(),
        status: "active",
        modified,
    }
}

impl Stored {
    fn change(&mut self, fields: &Map<String, Value>, now: usize) -> Result<(), Answer> {
        for (name, new) in fields {
            match (name.as_str(), new) {
                ("value", Value::String(text)) if text.len() <= MOST_BYTES && !text.is_empty() => {
                    self.value.clone_from(text)
                }
                ("comment", Value::String(text)) => self.comment.clone_from(text),
                ("scopes", Value::Array(scopes)) => {
                    let known = |it: &Value| it.as_str().filter(|it| SCOPES.contains(it)).map(str::to_owned);
                    self.scopes = scopes.iter().map(known).collect::<Option<_>>().ok_or_else(invalid)?;
                }
                ("name", Value::String(_)) => {}
                _ => return Err(invalid()),
            }
        }
        self.modified = now;
        Ok(())
    }

    fn shown(&self, store: &str) -> Value {
        json!({
            "id": self.id, "store_id": store, "name": self.name, "comment": self.comment, "scopes": self.scopes,
            "status": self.status, "created": "2026-11-22T00:00:00Z", "modified": format!("2026-11-22T00:00:00.{:06}Z", self.modified)
        })
    }
}

impl Fake for SecretsStore {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused).with("ratelimit", "\"default\";r=1199;t=300")
    }

    fn records(&self) -> Vec<Record> {
        let all = self.stores.iter().flat_map(|(store, all)| all.iter().map(move |it| (store, it)));
        all.filter(|(_, it)| it.status != "deleted")
            .map(|(store, it)| Record {
                more: format!("{:?} {} {}", it.scopes, it.comment, it.modified),
                ..Record::new(store, &it.name, &it.value)
            })
            .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.clock += 1;
        let new = stored(&format!("{:032x}", self.clock), key, value, self.clock);
        self.stores.get_mut(place).unwrap().push(new);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        keys.iter().for_each(|key| self.plant(OTHER, key, "theirs"));
        self.plant(place, "THEIRS", "theirs");
        let theirs = self.stores.get_mut(place).unwrap().last_mut().unwrap();
        (theirs.scopes, theirs.comment) = (vec!["ai_gateway".into()], "of the gateway".into());
        // What was deleted is named for a while.
        self.plant(place, keys[0], "gone");
        self.stores.get_mut(place).unwrap().last_mut().unwrap().status = "deleted";
    }

    fn clear(&mut self, place: &str) {
        self.stores.get_mut(place).unwrap().clear();
    }
}
