//! Secrets of a vault of Oracle Cloud, as the vendor's own SDK (`oci` 2.189) and
//! <https://docs.oracle.com/en-us/iaas/Content/secret-management/home.htm> tell it. What is made and changed takes a
//! moment; what is deleted goes after thirty days and keeps its name until then. Who asks is proven by a signature.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::services;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyform::provider::sign::rsa;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;

pub const USER: &str = "ocid1.user.oc1..someone";
pub const TENANCY: &str = "ocid1.tenancy.oc1..acme";
pub const FINGERPRINT: &str = "aa:bb:cc";
pub const REGION: &str = "us-ashburn-1";
pub const COMPARTMENT: &str = "ocid1.compartment.oc1..app";
/// The vault of the destination.
pub const VAULT: &str = "ocid1.vault.oc1..app";
/// Another one of the same compartment.
pub const OTHER: &str = "ocid1.vault.oc1..other";
pub const KEY: &str = "ocid1.key.oc1..app";
const PAGE: usize = 50;

#[derive(Debug, Clone)]
struct Held {
    id: String,
    vault: String,
    name: String,
    state: &'static str,
    /// How often it is still seen on its way to `ACTIVE`.
    busy: u8,
    versions: Vec<String>,
    is_generated: bool,
}

/// Secrets of a compartment.
#[derive(Default)]
pub struct Oci {
    all: Vec<Held>,
    clock: u64,
}

/// Whether the user's key signed the request, of now, with all that has to be signed.
fn is_signed(call: &Call) -> bool {
    let field = |name: &str| {
        let (_, rest) = call.header("authorization").split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let (Some(names), Some(key), Some(signature)) = (field("headers"), field("keyId"), field("signature")) else {
        return false;
    };
    let mut wanted = vec!["date", "(request-target)", "host"];
    if ["POST", "PUT", "PATCH"].contains(&&*call.method) {
        wanted.extend(["content-length", "content-type", "x-content-sha256"]);
        if call.header("x-content-sha256") != STANDARD.encode(sha2::Sha256::digest(&call.body)) {
            return false;
        }
    }
    let lines: Vec<String> = names
        .split(' ')
        .map(|name| match name {
            "(request-target)" => format!("{name}: {} {}", call.method.to_lowercase(), call.target),
            name => format!("{name}: {}", call.header(name)),
        })
        .collect();
    let at = jiff::fmt::rfc2822::parse(call.header("date"));
    let is_now = at.is_ok_and(|at| at.timestamp().duration_since(jiff::Timestamp::now()).abs().as_secs() < 300);
    // Such signatures have no chance in them: there is one that is right.
    let right = STANDARD.encode(rsa::sign(services::rsa_key(), lines.join("\n").as_bytes()).unwrap());
    is_now
        && wanted.iter().all(|name| names.split(' ').any(|signed| signed == *name))
        && key == format!("{TENANCY}/{USER}/{FINGERPRINT}")
        && signature == right
        && field("algorithm").as_deref() == Some("rsa-sha256")
        && field("version").as_deref() == Some("1")
}

impl Held {
    /// As it is seen now; being seen is what brings it on its way.
    fn seen(&mut self) -> Value {
        let state = match (self.state, self.busy) {
            ("ACTIVE", 0) => "ACTIVE",
            ("ACTIVE", _) if self.versions.len() == 1 => "CREATING",
            ("ACTIVE", _) => "UPDATING",
            (state, _) => state,
        };
        self.busy = self.busy.saturating_sub(1);
        json!({ "id": self.id, "compartmentId": COMPARTMENT, "vaultId": self.vault, "keyId": KEY, "secretName": self.name,
            "lifecycleState": state, "currentVersionNumber": self.versions.len(), "isReplica": false,
            "isAutoGenerationEnabled": self.is_generated, "timeCreated": "2026-11-21T10:00:00Z" })
    }
}

/// The value that a body has, if it is one that is taken.
fn content(body: &Value) -> Result<String, Answer> {
    let given = &body["secretContent"];
    let data = given["content"].as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    match String::from_utf8(data) {
        Ok(text) if given["contentType"] == "BASE64" && !text.is_empty() && text.len() <= 25_600 => Ok(text),
        _ => Err(refusal(400, "InvalidParameter", "Invalid secret content")),
    }
}

impl Oci {
    fn list(&mut self, call: &Call) -> Answer {
        if !call.asks_only(&["compartmentId", "vaultId", "name", "lifecycleState", "limit", "page"])
            || call.query("compartmentId") != Some(COMPARTMENT)
        {
            return refusal(400, "InvalidParameter", "Invalid query");
        }
        let from: usize = call.query("page").map_or(0, |page| page.trim_start_matches("page-").parse().unwrap());
        let fits = |it: &&mut Held| {
            call.query("vaultId").is_none_or(|vault| it.vault == vault)
                && call.query("name").is_none_or(|name| it.name == name)
                && call.query("lifecycleState").is_none_or(|state| it.state == state)
        };
        let found: Vec<&mut Held> = self.all.iter_mut().filter(fits).collect();
        let is_more = found.len() > from + PAGE;
        let page: Value = found.into_iter().skip(from).take(PAGE).map(Held::seen).collect();
        let answer = Answer::json(200, &page);
        if is_more { answer.with("opc-next-page", format!("page-{}", from + PAGE)) } else { answer }
    }

    fn create(&mut self, call: &Call) -> Answer {
        let fields = ["compartmentId", "vaultId", "keyId", "secretName", "secretContent"];
        let body = match call.object(&fields, &["enableAutoGeneration", "description"]) {
            Ok(body) => Value::Object(body),
            Err(problem) => return refusal(400, "CannotParseRequest", &problem),
        };
        let name = body["secretName"].as_str().unwrap_or("").to_owned();
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if body["compartmentId"] != COMPARTMENT
            || body["vaultId"] != VAULT
            || body["keyId"] != KEY
            || !is_name
            || name.is_empty()
            || name.len() > 255
        {
            return refusal(400, "InvalidParameter", "Invalid secretName or OCID");
        }
        if self.all.iter().any(|it| it.vault == VAULT && it.name == name) {
            return refusal(400, "InvalidParameter", "The secret name already exists in the vault.");
        }
        match content(&body) {
            Ok(value) => {
                self.put(VAULT, &name, &value);
                let made = self.all.last_mut().unwrap();
                made.busy = 2;
                Answer::json(200, &made.seen())
            }
            Err(refused) => refused,
        }
    }

    fn update(&mut self, call: &Call, at: usize) -> Answer {
        let body = match call.object(&["secretContent"], &["enableAutoGeneration", "description"]) {
            Ok(body) => Value::Object(body),
            Err(problem) => return refusal(400, "CannotParseRequest", &problem),
        };
        let it = &mut self.all[at];
        if it.busy > 0 || it.state != "ACTIVE" {
            it.busy = it.busy.saturating_sub(1);
            return refusal(409, "IncorrectState", "The secret is not ACTIVE.");
        }
        match content(&body) {
            Ok(value) => {
                it.versions.push(value);
                it.busy = 2;
                Answer::json(200, &it.seen())
            }
            Err(refused) => refused,
        }
    }

    fn put(&mut self, vault: &str, name: &str, value: &str) {
        self.clock += 1;
        let id = format!("ocid1.vaultsecret.oc1..{}", self.clock);
        let (vault, name) = (vault.to_owned(), name.to_owned());
        self.all.push(Held {
            id,
            vault,
            name,
            state: "ACTIVE",
            busy: 0,
            versions: vec![value.to_owned()],
            is_generated: false,
        });
    }
}

impl Fake for Oci {
    fn answer(&mut self, call: &Call) -> Answer {
        if !is_signed(call) {
            return unauthorized();
        }
        let (method, path) = call.route();
        let host = call.header("host").split('.').next().unwrap();
        match (host, method, path.as_slice()) {
            ("identity", "GET", ["20160918", "users", USER]) => Answer::json(200, &json!({ "id": USER })),
            ("secrets", "GET", ["20190301", "secretbundles", id]) => {
                let found = self
                    .all
                    .iter()
                    .find(|it| it.id == *id && it.state == "ACTIVE" && (it.busy == 0 || it.versions.len() > 1));
                let Some(it) = found else { return missing() };
                let content = STANDARD.encode(it.versions.last().unwrap());
                Answer::json(
                    200,
                    &json!({ "secretId": id, "versionNumber": it.versions.len(), "stages": ["CURRENT", "LATEST"],
                    "secretBundleContent": { "contentType": "BASE64", "content": content } }),
                )
            }
            ("vaults", "GET", ["20180608", "secrets"]) => self.list(call),
            ("vaults", "POST", ["20180608", "secrets"]) => self.create(call),
            ("vaults", method, ["20180608", "secrets", id, rest @ ..]) => {
                let Some(at) = self.all.iter().position(|it| it.id == *id) else { return missing() };
                let it = &mut self.all[at];
                match (method, rest) {
                    ("GET", []) => Answer::json(200, &it.seen()),
                    ("PUT", []) => self.update(call, at),
                    ("POST", ["actions", "scheduleDeletion"]) if it.state == "ACTIVE" && it.busy == 0 => {
                        it.state = "PENDING_DELETION";
                        Answer::empty(200)
                    }
                    ("POST", ["actions", "cancelDeletion"])
                        if it.state == "PENDING_DELETION" && call.body.is_empty() =>
                    {
                        (it.state, it.busy) = ("ACTIVE", 2);
                        Answer::empty(200)
                    }
                    ("POST", ["actions", _]) => {
                        it.busy = it.busy.saturating_sub(1);
                        refusal(409, "IncorrectState", "The secret is not in the state for this.")
                    }
                    _ => missing(),
                }
            }
            _ => missing(),
        }
    }

    /// What is deleted is at a place of its own.
    fn records(&self) -> Vec<Record> {
        let place = |it: &Held| match it.is_generated {
            true => format!("generated in {}", it.vault),
            false if it.state == "ACTIVE" => it.vault.clone(),
            false => format!("{} in {}", it.state, it.vault),
        };
        let record = |it: &Held| Record {
            more: format!("{} {:?}", it.id, it.versions),
            ..Record::new(&place(it), &it.name, it.versions.last().unwrap())
        };
        // Of those that are gone anyway, which ones they were is nobody's concern.
        self.all.iter().filter(|it| it.state != "PENDING_DELETION" || it.name == "OLD").map(record).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, value);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.put(place, "THEIRS", "as it is");
        self.put(place, "OLD", "gone soon");
        self.all.last_mut().unwrap().state = "PENDING_DELETION";
        self.put(place, "GENERATED", "by Oracle");
        self.all.last_mut().unwrap().is_generated = true;
        keys.iter().for_each(|key| self.put(OTHER, key, "theirs"));
    }

    fn clear(&mut self, place: &str) {
        self.all.retain(|it| it.vault != place);
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "code": code, "message": message }))
}

fn missing() -> Answer {
    refusal(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
}

/// The answer to a signature that is none.
pub fn unauthorized() -> Answer {
    refusal(401, "NotAuthenticated", "The required information to complete authentication was not provided.")
}

/// The answer of the rate limit, which says no time.
pub fn throttled() -> Answer {
    refusal(429, "TooManyRequests", "Tenancy is throttled")
}
