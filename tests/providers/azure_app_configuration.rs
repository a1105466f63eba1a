//! Azure App Configuration's key-values, as
//! <https://learn.microsoft.com/en-us/azure/azure-app-configuration/rest-api-key-value> tells it. A key-value is named by
//! key and label together.

use crate::providers::entra;
use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The store's host.
pub const HOST: &str = "acme.azconfig.io";
const PAGE: usize = 100;

#[derive(Debug, Clone, Default, PartialEq)]
struct KeyValue {
    value: Option<String>,
    content_type: Option<String>,
    tags: BTreeMap<String, String>,
    locked: bool,
    etag: u64,
}

/// A store.
#[derive(Default)]
pub struct Store {
    /// By key and label.
    all: BTreeMap<(String, String), KeyValue>,
    clock: u64,
}

impl Store {
    fn list(&self, call: &Call) -> Answer {
        if !call.asks_only(&["api-version", "key", "label", "After", "$select"]) {
            return problem(400, "invalid-argument", "a parameter is unknown");
        }
        let (keys, labels) = (Filter::read(call.query("key")), Filter::read(call.query("label")));
        let (Some(keys), Some(labels)) = (keys, labels) else {
            return problem(400, "invalid-argument", "a filter is malformed");
        };
        let after = call.query("After").unwrap_or("");
        let found: Vec<_> = self
            .all
            .iter()
            .filter(|((key, label), _)| keys.takes(key) && labels.takes(label))
            .filter(|((key, label), _)| format!("{key}\n{label}").as_str() > after)
            .collect();
        let items: Vec<Value> = found.iter().take(PAGE).map(|((key, label), kv)| shown(key, label, kv)).collect();
        let mut answer = json!({ "items": items });
        if found.len() > PAGE {
            let (key, label) = found[PAGE - 1].0;
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let own = call.query.iter().filter(|(name, _)| name != "After");
            let query: Vec<String> = own.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            answer["@nextLink"] =
                format!("/kv?{}&After={}", query.join("&"), encode(&format!("{key}\n{label}"))).into();
        }
        typed(200, &answer, "application/vnd.microsoft.appconfig.kvset+json; charset=utf-8")
    }

    fn set(&mut self, call: &Call, name: (String, String)) -> Answer {
        let kinds = ["application/vnd.microsoft.appconfig.kv+json", "application/json"];
        if !kinds.contains(&call.header("content-type").split(';').next().unwrap()) {
            return problem(415, "unsupported-media-type", "unsupported media type");
        }
        let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&call.body) else {
            return problem(400, "invalid-json", "a JSON object is wanted");
        };
        // What a client got it may send back.
        let known = ["value", "content_type", "tags", "key", "label", "etag", "last_modified", "locked"];
        let text = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(problem(400, "invalid-argument", name)),
        };
        let (Ok(value), Ok(content_type)) = (text("value"), text("content_type")) else {
            return problem(400, "invalid-argument", "a field is no string");
        };
        let tags = body.get("tags").filter(|tags| !tags.is_null()).cloned().unwrap_or_else(|| json!({}));
        let Ok(tags) = serde_json::from_value::<BTreeMap<String, String>>(tags) else {
            return problem(400, "invalid-argument", "tags are strings");
        };
        if body.keys().any(|name| !known.contains(&name.as_str()))
            || name.0.contains('%')
            || [".", "..", ""].contains(&&*name.0)
        {
            return problem(400, "invalid-argument", "an argument is invalid");
        }
        if self.all.get(&name).is_some_and(|kv| kv.locked) {
            return problem(409, "key-locked", "Modifying the key is not allowed.");
        }
        self.clock += 1;
        let kv = KeyValue { value, content_type, tags, locked: false, etag: self.clock };
        let tags: usize = kv.tags.iter().map(|(n, v)| n.len() + v.len()).sum();
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        if name.0.len() + name.1.len() + tags + length(&kv.value) + length(&kv.content_type) > 10 << 10 {
            return problem(413, "payload-too-large", "The key-value is too large.");
        }
        let answer =
            typed(200, &shown(&name.0, &name.1, &kv), "application/vnd.microsoft.appconfig.kv+json; charset=utf-8");
        self.all.insert(name, kv);
        answer
    }

    fn put(&mut self, key: &str, label: &str, kv: KeyValue) {
        self.clock += 1;
        self.all.insert((key.to_owned(), label.to_owned()), KeyValue { etag: self.clock, ..kv });
    }
}

/// What a list is narrowed by: texts, one of which may go on; none takes all.
struct Filter(Option<Vec<(String, bool)>>);

impl Filter {
    fn read(text: Option<&str>) -> Option<Self> {
        let Some(text) = text.filter(|text| *text != "*") else { return Some(Self(None)) };
        let mut names = vec![(String::new(), false)];
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            let last = names.last_mut()?;
            match letter {
                '\\' => last.0.push(letters.next()?),
                ',' => names.push(Default::default()),
                '*' if !last.1 => last.1 = true,
                _ if last.1 => return None,
                '\0' => {}
                letter => last.0.push(letter),
            }
        }
        Some(Self(Some(names)))
    }

    fn takes(&self, text: &str) -> bool {
        let fits = |(name, more): &(String, bool)| if *more { text.starts_with(name.as_str()) } else { text == name };
        self.0.as_ref().is_none_or(|names| names.iter().any(fits))
    }
}

fn shown(key: &str, label: &str, kv: &KeyValue) -> Value {
    json!({ "etag": format!("etag-{}", kv.etag), "key": key, "label": Some(label).filter(|label| !label.is_empty()),
        "content_type": kv.content_type, "value": kv.value, "tags": kv.tags, "locked": kv.locked,
        "last_modified": "2026-11-21T10:00:00+00:00" })
}

impl Fake for Store {
    fn answer(&mut self, call: &Call) -> Answer {
        if let Some(answer) = entra::token(call, "https://azconfig.io/.default") {
            return answer;
        }
        if call.header("authorization") != format!("Bearer {}", entra::TOKEN) {
            return unauthorized();
        }
        if !["1.0", "2023-10-01", "2023-11-01", "2024-09-01", "2026-04-01"]
            .contains(&call.query("api-version").unwrap_or(""))
        {
            return problem(400, "invalid-argument", "API version is not supported");
        }
        let (method, path) = call.route();
        let label = call.query("label").unwrap_or("").replace('\0', "");
        match (method, path.as_slice()) {
            ("GET", ["kv"]) => self.list(call),
            _ if !call.asks_only(&["api-version", "label"]) => {
                problem(400, "invalid-argument", "a parameter is unknown")
            }
            ("GET", ["kv", key]) => match self.all.get(&((*key).to_owned(), label.clone())) {
                Some(kv) => {
                    typed(200, &shown(key, &label, kv), "application/vnd.microsoft.appconfig.kv+json; charset=utf-8")
                }
                None => Answer::empty(404),
            },
            ("PUT", ["kv", key]) => self.set(call, ((*key).to_owned(), label)),
            ("DELETE", ["kv", key]) => {
                let name = ((*key).to_owned(), label);
                match self.all.get(&name) {
                    Some(kv) if kv.locked => problem(409, "key-locked", "Modifying the key is not allowed."),
                    Some(_) => {
                        let kv = self.all.remove(&name).unwrap();
                        typed(
                            200,
                            &shown(&name.0, &name.1, &kv),
                            "application/vnd.microsoft.appconfig.kv+json; charset=utf-8",
                        )
                    }
                    None => Answer::empty(204),
                }
            }
            _ => problem(404, "not-found", "there is nothing here"),
        }
    }

    /// The place is the label; the empty one is none.
    fn records(&self) -> Vec<Record> {
        let record = |((key, label), kv): (&(String, String), &KeyValue)| {
            let value = kv.value.clone().unwrap_or_default();
            Record { more: format!("{kv:?}"), ..Record::new(label, key, &value) }
        };
        self.all.iter().map(record).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(key, place, KeyValue { value: Some(value.to_owned()), ..KeyValue::default() });
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let theirs = KeyValue { value: Some("theirs".into()), ..KeyValue::default() };
        for key in keys {
            for label in
                ["", "staging", "prod", "production", "prod,uction"].into_iter().filter(|label| *label != place)
            {
                self.put(key, label, theirs.clone());
            }
        }
        let tags = BTreeMap::from([("of".to_owned(), "them".to_owned())]);
        self.put("THEIRS", place, KeyValue { tags, content_type: Some("text/plain".into()), ..theirs.clone() });
        self.put("LOCKED", place, KeyValue { locked: true, ..theirs.clone() });
        self.put("NOTHING", place, KeyValue::default());
        self.put(".appconfig.featureflag/beta", place, theirs);
    }

    fn clear(&mut self, place: &str) {
        self.all.retain(|(_, label), _| label != place);
    }
}

fn typed(status: u16, body: &Value, kind: &str) -> Answer {
    Answer { status, headers: vec![("content-type".into(), kind.into())], body: body.to_string().into_bytes() }
}

fn problem(status: u16, kind: &str, title: &str) -> Answer {
    let body =
        json!({ "type": format!("https://azconfig.io/errors/{kind}"), "title": title, "detail": "", "status": status });
    typed(status, &body, "application/problem+json; charset=utf-8")
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    Answer::empty(401).with("www-authenticate", "Bearer error=\"invalid_token\", error_description=\"invalid\"")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    problem(429, "too-many-requests", "The allowed number of requests is exceeded.").with("retry-after-ms", "100")
}
