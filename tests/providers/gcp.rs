//! Secret Manager of Google Cloud, as the vendor's own description of it (`secretmanager.v1`) and
//! <https://cloud.google.com/secret-manager/docs> tell it; with the metadata service and the one that lets an account be
//! impersonated before it.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The account that is impersonated.
pub const ACCOUNT: &str = "keyform-df92581a-0fe9@acme.iam.gserviceaccount.com";
/// The machine's own token.
pub const OWN: &str = "canary-machine-token";
/// The account's token.
pub const TOKEN: &str = "canary-account-token";
/// The metadata service.
pub const METADATA: &str = "169.254.169.254";
/// Most secrets on a page here; a service may always give fewer than it was asked for.
const PAGE: usize = 100;

#[derive(Debug, Clone, Default)]
struct Held {
    replication: Value,
    /// The bytes, and whether they can be read.
    versions: Vec<(Vec<u8>, bool)>,
}

/// Secrets by what they are of: `projects/acme`, `projects/acme/locations/europe-west1`. In the order in which they were
/// made.
pub struct SecretManager {
    parents: BTreeMap<String, Vec<(String, Held)>>,
}

impl SecretManager {
    pub fn new(parents: &[&str]) -> Self {
        Self { parents: parents.iter().map(|parent| ((*parent).to_owned(), Vec::new())).collect() }
    }

    fn list(&self, call: &Call, parent: &str) -> Answer {
        let Ok(wanted) = call.query("pageSize").map_or(Ok(PAGE), str::parse::<usize>) else {
            return refusal(400, "INVALID_ARGUMENT", "Invalid value at 'page_size'");
        };
        let from: usize = call.query("pageToken").map_or(0, |token| token.trim_start_matches("page-").parse().unwrap());
        let all = &self.parents[parent];
        let shown = |(name, held): &(String, Held)| {
            json!({ "name": format!("{parent}/secrets/{name}"), "replication": held.replication,
                "createTime": "2026-11-21T10:00:00Z", "etag": "\"16404d5a4d5a4d\"" })
        };
        let size = wanted.min(PAGE);
        let page: Vec<Value> = all.iter().rev().skip(from).take(size).map(shown).collect();
        let mut body = json!({ "totalSize": all.len() });
        if !page.is_empty() {
            body["secrets"] = page.into();
        }
        if from + size < all.len() {
            body["nextPageToken"] = format!("page-{}", from + size).into();
        }
        Answer::json(200, &body)
    }

    fn create(&mut self, call: &Call, parent: &str) -> Answer {
        let name = call.query("secretId").unwrap_or("").to_owned();
        let body = match call.object(&[], &["replication", "labels", "annotations"]) {
            Ok(body) => body,
            Err(problem) => return refusal(400, "INVALID_ARGUMENT", &problem),
        };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        if name.is_empty() || name.len() > 255 || !is_name {
            return refusal(400, "INVALID_ARGUMENT", "The provided Secret ID does not match the expected format");
        }
        let replication = body.get("replication").cloned().unwrap_or_default();
        let places = replication["userManaged"]["replicas"].as_array();
        let good = match parent.contains("/locations/") {
            true => replication.is_null(),
            false => {
                replication == json!({ "automatic": {} })
                    || places.is_some_and(|all| !all.is_empty() && all.iter().all(|one| one["location"].is_string()))
            }
        };
        if !good {
            return refusal(400, "INVALID_ARGUMENT", "The replication is not valid");
        }
        let all = self.parents.get_mut(parent).unwrap();
        if all.iter().any(|(known, _)| *known == name) {
            return refusal(409, "ALREADY_EXISTS", "Secret already exists.");
        }
        let answer = json!({ "name": format!("{parent}/secrets/{name}"), "replication": replication });
        all.push((name, Held { replication, versions: Vec::new() }));
        Answer::json(200, &answer)
    }

    fn add(&mut self, call: &Call, parent: &str, name: &str) -> Answer {
        let body = match call.object(&["payload"], &[]) {
            Ok(body) => body,
            Err(problem) => return refusal(400, "INVALID_ARGUMENT", &problem),
        };
        let data = body["payload"]["data"].as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        if data.is_empty() || data.len() > 64 << 10 {
            return refusal(400, "INVALID_ARGUMENT", "Field [payload] is required, of 64 KiB at most");
        }
        let found = self.parents.get_mut(parent).unwrap().iter_mut().find(|(known, _)| known == name);
        let Some((_, held)) = found else { return missing() };
        held.versions.push((data, true));
        let number = held.versions.len();
        Answer::json(200, &json!({ "name": format!("{parent}/secrets/{name}/versions/{number}"), "state": "ENABLED" }))
    }

    fn access(&self, parent: &str, name: &str) -> Answer {
        let found = self.parents[parent].iter().find(|(known, _)| known == name);
        let Some((data, enabled)) = found.and_then(|(_, held)| held.versions.last()) else { return missing() };
        if !enabled {
            return refusal(400, "FAILED_PRECONDITION", "Secret Version is in DISABLED state.");
        }
        let number = found.unwrap().1.versions.len();
        Answer::json(
            200,
            &json!({ "name": format!("{parent}/secrets/{name}/versions/{number}"),
            "payload": { "data": STANDARD.encode(data), "dataCrc32c": "1" } }),
        )
    }

    fn tokens(call: &Call) -> Answer {
        let asked = format!("{ACCOUNT}:generateAccessToken");
        if call.header("authorization") != format!("Bearer {OWN}") {
            return unauthorized();
        }
        if call.route() != ("POST", vec!["v1", "projects", "-", "serviceAccounts", &asked]) {
            return refusal(404, "NOT_FOUND", "Unknown service account");
        }
        match call.object(&["scope"], &["lifetime", "delegates"]) {
            Ok(body) if body["scope"] == json!(["https://www.googleapis.com/auth/cloud-platform"]) => {
                Answer::json(200, &json!({ "accessToken": TOKEN, "expireTime": "2026-11-21T11:00:00Z" }))
            }
            _ => refusal(400, "INVALID_ARGUMENT", "Scope is wanted"),
        }
    }

    fn put(&mut self, parent: &str, name: &str, versions: Vec<(Vec<u8>, bool)>) {
        let held = Held { replication: json!({ "automatic": {} }), versions };
        self.parents.get_mut(parent).unwrap().push((name.to_owned(), held));
    }
}

impl Fake for SecretManager {
    fn answer(&mut self, call: &Call) -> Answer {
        match call.header("host") {
            METADATA if call.header("metadata-flavor") != "Google" => {
                return Answer::text(403, "Missing Metadata-Flavor:Google header.");
            }
            METADATA => {
                return Answer::json(200, &json!({ "access_token": OWN, "expires_in": 3599, "token_type": "Bearer" }));
            }
            "iamcredentials.googleapis.com" => return Self::tokens(call),
            _ => {}
        }
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        let (method, path) = call.route();
        let ["v1", path @ ..] = path.as_slice() else { return missing() };
        let Some(at) = path.iter().position(|part| part.starts_with("secrets")) else { return missing() };
        let (parent, rest) = (path[..at].join("/"), &path[at..]);
        // A region's secrets are at that region's host only.
        let host = match parent.split_once("/locations/") {
            Some((_, place)) => format!("secretmanager.{place}.rep.googleapis.com"),
            None => "secretmanager.googleapis.com".to_owned(),
        };
        let is_here = call.header("host") == host || call.header("host").starts_with("127.0.0.1");
        if !self.parents.contains_key(&parent) || !is_here {
            return refusal(403, "PERMISSION_DENIED", "Permission denied on the resource project.");
        }
        // The vendor's own client says in which form it wants the answer.
        let known = ["pageSize", "pageToken", "secretId", "alt", "filter"];
        if !call.asks_only(&known) {
            return refusal(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name");
        }
        match (method, rest) {
            ("GET", ["secrets"]) => self.list(call, &parent),
            ("POST", ["secrets"]) => self.create(call, &parent),
            ("POST", ["secrets", name]) => match name.strip_suffix(":addVersion") {
                Some(name) => self.add(call, &parent, name),
                None => missing(),
            },
            ("GET", ["secrets", name, "versions", "latest:access"]) => self.access(&parent, name),
            ("DELETE", ["secrets", name]) => {
                let all = self.parents.get_mut(&parent).unwrap();
                match all.iter().position(|(known, _)| known == name) {
                    Some(i) => {
                        all.remove(i);
                        Answer::json(200, &json!({}))
                    }
                    None => missing(),
                }
            }
            _ => missing(),
        }
    }

    fn records(&self) -> Vec<Record> {
        let all = self.parents.iter().flat_map(|(parent, all)| all.iter().map(move |it| (parent, it)));
        all.map(|(parent, (name, held))| {
            let value = held.versions.last().map(|(data, _)| String::from_utf8_lossy(data).into_owned());
            Record { more: format!("{held:?}"), ..Record::new(parent, name, &value.unwrap_or_default()) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, vec![(b"before".to_vec(), true), (value.into(), true)]);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        self.put(place, "EMPTY", Vec::new());
        self.put(place, "DISABLED", vec![(b"off".to_vec(), false)]);
        self.put(place, "BINARY", vec![(vec![0xff, 0xfe, 0], true)]);
        for other in self.parents.keys().filter(|other| *other != place).cloned().collect::<Vec<_>>() {
            keys.iter().for_each(|key| self.plant(&other, key, "theirs"));
        }
    }

    fn clear(&mut self, place: &str) {
        self.parents.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": status, "message": message, "status": code } }))
}

fn missing() -> Answer {
    refusal(404, "NOT_FOUND", "Secret or version not found, or it has no versions.")
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
}

/// The answer of the rate limit, which says no time.
pub fn throttled() -> Answer {
    refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Secret Manager API write requests'.")
}
