//! Azure Key Vault's secrets, as <https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/operation-groups> tells it.
//! What is deleted can be recovered, and its name is taken until then; both take a moment.

use crate::providers::entra;
use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The vault's host.
pub const HOST: &str = "acme.vault.azure.net";
const VERSIONS: &[&str] = &["7.3", "7.4", "7.5", "7.6", "2025-07-01"];

#[derive(Debug, Clone, Default, PartialEq)]
struct Version {
    value: String,
    content_type: Option<String>,
    tags: Option<Value>,
    enabled: bool,
    expires: Option<u64>,
}

#[derive(Debug, Clone, Default)]
struct Named {
    /// As it was written first: names differ in more than their case only.
    name: String,
    versions: Vec<Version>,
    deleted: bool,
    /// Writes that still meet the moment that a deletion or a recovery takes.
    busy: u8,
    /// Of a certificate.
    managed: bool,
}

/// A vault. One of its secrets may be the destination of all keys.
pub struct KeyVault {
    secrets: BTreeMap<String, Named>,
    container: Option<&'static str>,
    /// Where it stands, for the links between pages.
    pub url: String,
}

impl KeyVault {
    pub fn new(container: Option<&'static str>) -> Self {
        Self { secrets: BTreeMap::new(), container, url: format!("https://{HOST}") }
    }

    fn shown(&self, named: &Named, at: usize, with_value: bool) -> Value {
        let version = &named.versions[at];
        let mut attributes = json!({ "enabled": version.enabled, "created": 1_763_700_000, "updated": 1_763_700_000 + at,
            "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90 });
        if let Some(expires) = version.expires {
            attributes["exp"] = expires.into();
        }
        let suffix = if with_value { format!("/{:032x}", at + 1) } else { String::new() };
        let mut out = json!({ "id": format!("{}/secrets/{}{suffix}", self.url, named.name), "attributes": attributes });
        if with_value {
            out["value"] = version.value.as_str().into();
        }
        if let Some(kind) = &version.content_type {
            out["contentType"] = kind.as_str().into();
        }
        if let Some(tags) = &version.tags {
            out["tags"] = tags.clone();
        }
        if named.managed {
            out["managed"] = true.into();
        }
        out
    }

    fn bundle(&self, named: &Named) -> Value {
        self.shown(named, named.versions.len() - 1, true)
    }

    fn list(&self, call: &Call) -> Answer {
        let most = match call.query("maxresults").map(str::parse) {
            None => 25,
            Some(Ok(n)) if (1..=25).contains(&n) => n,
            Some(_) => return refusal(400, "BadParameter", None, "Invalid maxresults"),
        };
        let from: usize = call.query("$skiptoken").map_or(0, |token| token.parse().unwrap());
        let all: Vec<&Named> = self.secrets.values().filter(|named| !named.deleted).collect();
        let page: Vec<Value> =
            all.iter().skip(from).take(most).map(|named| self.shown(named, named.versions.len() - 1, false)).collect();
        let more = from + most < all.len();
        let version = call.query("api-version").unwrap();
        let next = format!("{}/secrets?api-version={version}&$skiptoken={}&maxresults={most}", self.url, from + most);
        Answer::json(200, &json!({ "value": page, "nextLink": more.then_some(next) }))
    }

    fn set(&mut self, call: &Call, name: &str) -> Answer {
        let body = match call.object(&["value"], &["contentType", "tags", "attributes"]) {
            Ok(body) => body,
            Err(problem) => return refusal(400, "BadParameter", None, &problem),
        };
        let version = match version(&body) {
            Ok(version) => version,
            Err(refused) => return refused,
        };
        if name.is_empty() || name.len() > 127 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return refusal(400, "BadParameter", None, "The request URI contains an invalid name");
        }
        let named = self.secrets.entry(name.to_lowercase()).or_default();
        if named.busy > 0 {
            named.busy -= 1;
            let inner = if named.deleted { "ObjectIsBeingDeleted" } else { "ObjectIsBeingRecovered" };
            return refusal(409, "Conflict", Some(inner), "Secret is currently in transition.");
        }
        if named.deleted {
            let inner = Some("ObjectIsDeletedButRecoverable");
            return refusal(409, "Conflict", inner, "Secret is currently in a deleted but recoverable state.");
        }
        if named.managed {
            return refusal(403, "Forbidden", None, "Operation is not allowed on a secret of a certificate.");
        }
        if named.name.is_empty() {
            named.name = name.to_owned();
        }
        named.versions.push(version);
        Answer::json(200, &self.bundle(&self.secrets[&name.to_lowercase()]))
    }

    fn of_container(&self) -> Map<String, Value> {
        let named = self.container.and_then(|name| self.secrets.get(name)).filter(|named| !named.deleted);
        let text = named.and_then(|named| named.versions.last()).map_or("{}", |version| &version.value);
        serde_json::from_str(text).unwrap()
    }

    fn put(&mut self, name: &str, version: Version) {
        let named = self.secrets.entry(name.to_lowercase()).or_default();
        named.name = name.to_owned();
        named.versions.push(version);
    }

    fn put_in_container(&mut self, fields: &Map<String, Value>) {
        if let Some(name) = self.container {
            let value = Value::Object(fields.clone()).to_string();
            self.put(name, Version { value, enabled: true, ..Version::default() });
        }
    }
}

fn version(body: &Map<String, Value>) -> Result<Version, Answer> {
    let bad = |words: &str| refusal(400, "BadParameter", None, words);
    let Some(value) = body["value"].as_str() else { return Err(bad("The property \"value\" is no string")) };
    if value.len() > 25_600 {
        return Err(bad("The property \"value\" is longer than 25600 bytes"));
    }
    let attributes = &body.get("attributes").cloned().unwrap_or_default();
    let text =
        |name: &str| body.get(name).map(|text| text.as_str().map(str::to_owned).ok_or_else(|| bad(name))).transpose();
    let is_map = |tags: &Value| tags.as_object().is_some_and(|tags| tags.values().all(Value::is_string));
    if body.get("tags").is_some_and(|tags| !is_map(tags)) {
        return Err(bad("tags"));
    }
    Ok(Version {
        value: value.to_owned(),
        content_type: text("contentType")?,
        tags: body.get("tags").cloned(),
        enabled: attributes["enabled"].as_bool().unwrap_or(true),
        expires: attributes["exp"].as_u64(),
    })
}

impl Fake for KeyVault {
    fn answer(&mut self, call: &Call) -> Answer {
        if let Some(answer) = entra::token(call, "https://vault.azure.net/.default") {
            return answer;
        }
        if call.header("authorization") != format!("Bearer {}", entra::TOKEN) {
            let challenge = format!(
                "Bearer authorization=\"https://login.microsoftonline.com/{}\", resource=\"https://vault.azure.net\"",
                entra::TENANT
            );
            return unauthorized().with("www-authenticate", challenge);
        }
        if !call.query("api-version").is_some_and(|version| VERSIONS.contains(&version)) {
            return refusal(400, "BadParameter", None, "The specified version is not recognized.");
        }
        if !call.asks_only(&["api-version", "maxresults", "$skiptoken"]) {
            return refusal(400, "BadParameter", None, "A parameter is not recognized.");
        }
        let (method, path) = call.route();
        let missing =
            || refusal(404, "SecretNotFound", None, "A secret with this name was not found in this key vault.");
        match (method, path.as_slice()) {
            ("GET", ["secrets"]) => self.list(call),
            ("PUT", ["secrets", name]) => self.set(call, name),
            ("GET", ["secrets", name] | ["secrets", name, ""]) => match self.secrets.get(&name.to_lowercase()) {
                Some(named) if named.deleted => missing(),
                Some(named) if !named.versions.last().unwrap().enabled => refusal(
                    403,
                    "Forbidden",
                    Some("SecretDisabled"),
                    "Operation get is not allowed on a disabled secret.",
                ),
                Some(named) => Answer::json(200, &self.bundle(named)),
                None => missing(),
            },
            ("DELETE", ["secrets", name]) => match self.secrets.get_mut(&name.to_lowercase()) {
                Some(named) if !named.deleted => {
                    (named.deleted, named.busy) = (true, 1);
                    let mut gone = json!({ "recoveryId": format!("{}/deletedsecrets/{name}", self.url),
                        "deletedDate": 1_763_700_000, "scheduledPurgeDate": 1_771_476_000 });
                    let bundle = self.bundle(&self.secrets[&name.to_lowercase()]);
                    gone.as_object_mut().unwrap().extend(bundle.as_object().unwrap().clone());
                    gone.as_object_mut().unwrap().remove("value");
                    Answer::json(200, &gone)
                }
                _ => missing(),
            },
            ("GET", ["deletedsecrets", name]) => match self.secrets.get(&name.to_lowercase()) {
                Some(named) if named.deleted => Answer::json(
                    200,
                    &json!({ "id": format!("{}/secrets/{name}/1", self.url),
                    "recoveryId": format!("{}/deletedsecrets/{name}", self.url), "attributes": {} }),
                ),
                _ => missing(),
            },
            ("POST", ["deletedsecrets", name, "recover"]) => match self.secrets.get_mut(&name.to_lowercase()) {
                Some(named) if named.deleted => {
                    (named.deleted, named.busy) = (false, 1);
                    Answer::json(200, &self.bundle(&self.secrets[&name.to_lowercase()]))
                }
                _ => missing(),
            },
            _ => refusal(404, "NotFound", None, "No such address."),
        }
    }

    /// The place of one secret's own keys is its name; of the vault's secrets, nothing.
    fn records(&self) -> Vec<Record> {
        let there = self.secrets.values().filter(|named| !named.deleted && !named.versions.is_empty());
        let mut all = Vec::new();
        for named in there {
            let version = named.versions.last().unwrap();
            match self.container == Some(&named.name) {
                true => {
                    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    all.extend(self.of_container().iter().map(|(k, v)| Record::new(&named.name, k, &text(v))));
                    all.push(Record {
                        more: format!("{:?} {:?}", version.tags, version.content_type),
                        ..Record::new("around", &named.name, "")
                    });
                }
                false => {
                    all.push(Record { more: format!("{version:?}"), ..Record::new("", &named.name, &version.value) })
                }
            }
        }
        all
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        if place.is_empty() {
            return self.put(key, Version { value: value.to_owned(), enabled: true, ..Version::default() });
        }
        let mut fields = self.of_container();
        fields.insert(key.to_owned(), value.into());
        self.put_in_container(&fields);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let theirs = Version { value: "as it is".into(), enabled: true, ..Version::default() };
        let tags = Some(json!({ "of": "them" }));
        self.put("THEIRS", Version { tags: tags.clone(), content_type: Some("text/plain".into()), ..theirs.clone() });
        self.put("DISABLED", Version { enabled: false, ..theirs.clone() });
        self.put("CERTIFICATE", theirs.clone());
        self.secrets.get_mut("certificate").unwrap().managed = true;
        if !place.is_empty() {
            keys.iter().for_each(|key| self.put(key, theirs.clone()));
            let value = json!({ "number": 7, "nested": { "a": [1, "two"] } }).to_string();
            self.put(place, Version { value, tags, content_type: Some("application/json".into()), ..theirs });
        }
    }

    fn clear(&mut self, place: &str) {
        self.secrets.retain(|name, _| !place.is_empty() && name != place);
    }
}

fn refusal(status: u16, code: &str, inner: Option<&str>, message: &str) -> Answer {
    let mut error = json!({ "code": code, "message": message });
    if let Some(inner) = inner {
        error["innererror"] = json!({ "code": inner });
    }
    Answer::json(status, &json!({ "error": error }))
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "Unauthorized", None, "AKV10000: Request is missing a Bearer or PoP token.")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Throttled", None, "Too many requests.").with("retry-after", "1")
}
