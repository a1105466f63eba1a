//! A service of this process with shelves of entries, each with its own rules for names.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::xray::worlds;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

pub(super) const MANIFEST: &str = r#"
provider "shelf" {
  title    = "Shelves"
  docs     = "https://shelf.example"
  verified = "2026-11-21"
  connection "token" {
    url   = string
    token = sensitive
  }
  base_url = connection.url
  headers  = { Authorization = connection.token }
  verify { request = "GET /" }

  destination "shelf" {
    title    = "Shelf"
    import   = true
    selector = "letters"
    number   = string
    root     = "/${destination.number}"
    list {
      request = "GET"
      items   = [for it in response : { key = it.key, value = it.value }]
    }
    upsert {
      max     = 100
      request = "POST"
      json    = { for it in entries : it.key => it.value }
    }
    delete {
      max     = 100
      request = "POST /gone"
      json    = [for it in entries : it.key]
    }
    variant "plain" {}
    variant "upper" {
      key { case = "upper" }
    }
    variant "lower" {
      key { case = "lower" }
    }
    variant "folded" {
      key { case = "insensitive" }
    }
    variant "dashes" {
      key { replace = { "_" = "-" } }
    }
  }
}
"#;

/// All shelves of the service, by their numbers; whether they hide some values.
pub(super) type Shelves = Arc<Mutex<BTreeMap<String, (bool, BTreeMap<String, String>)>>>;

pub(super) fn serve(shelves: &Shelves, call: &Call) -> Answer {
    let (method, path) = call.route();
    let mut shelves = shelves.lock().unwrap();
    let [number, rest @ ..] = path.as_slice() else { return Answer::empty(404) };
    let Some((hides, shelf)) = shelves.get_mut(*number) else { return Answer::json(200, &json!([])) };
    match (method, rest, call.json()) {
        ("GET", [], None) => {
            let value =
                |key: &str, value: &str| if *hides && worlds::is_hidden(key) { Value::Null } else { value.into() };
            let entries = shelf.iter().map(|(k, v)| json!({"key": k, "value": value(k, v)}));
            Answer::json(200, &entries.collect())
        }
        ("POST", [], Some(Value::Object(entries))) => {
            shelf.extend(entries.into_iter().map(|(k, v)| (k, v.as_str().unwrap().to_owned())));
            Answer::empty(204)
        }
        ("POST", ["gone"], Some(Value::Array(keys))) => {
            keys.iter().for_each(|key| assert!(shelf.remove(key.as_str().unwrap()).is_some()));
            Answer::empty(204)
        }
        _ => Answer::empty(400),
    }
}
