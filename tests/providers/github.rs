//! GitHub's secrets of workflows, of repositories, environments and organisations, as
//! <https://docs.github.com/rest/actions/secrets> tells it. Values are never given back: they are opened
//! with the private key, so that tests can see whether every byte arrived.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-github-token";

/// A secret at GitHub.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub value: String,
    pub created: u64,
    pub updated: u64,
    /// Of organisations only.
    pub visibility: Option<String>,
    pub selected: Vec<u64>,
}

/// All of GitHub: secrets by place (`repos/acme/app`, `repos/acme/app/environments/production`,
/// `orgs/acme`) and name.
pub struct GitHub {
    pub places: BTreeMap<String, BTreeMap<String, Record>>,
    key: crypto_box::SecretKey,
    clock: u64,
}

enum Place {
    Organization,
    Repository,
}

impl GitHub {
    /// With places that hold nothing.
    pub fn new(places: &[&str]) -> Self {
        let places = places.iter().map(|place| ((*place).to_owned(), BTreeMap::new())).collect();
        Self { places, key: crypto_box::SecretKey::from([7; 32]), clock: 0 }
    }

    /// Puts a secret there as if somebody else had.
    pub fn plant(&mut self, place: &str, name: &str, value: &str) {
        let visibility = place.starts_with("orgs/").then(|| "private".to_owned());
        self.clock += 1;
        let record =
            Record { value: value.into(), created: self.clock, updated: self.clock, visibility, selected: Vec::new() };
        self.places.get_mut(place).unwrap().insert(name.to_owned(), record);
    }

    pub fn answer(&mut self, call: &Call) -> Answer {
        if call.header("user-agent").is_empty() {
            return Answer::text(403, "Request forbidden by administrative rules.");
        }
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return refusal(401, "Bad credentials");
        }
        if !["2022-11-28", "2026-03-10", ""].contains(&call.header("x-github-api-version")) {
            return refusal(400, "The API version is not supported");
        }
        if !["application/vnd.github+json", "application/json", "*/*", ""].contains(&call.header("accept")) {
            return refusal(415, "Unsupported 'Accept' header");
        }
        let (method, path) = call.route();
        let (place, kind, rest) = match path.as_slice() {
            ["user"] if method == "GET" => {
                return Answer::json(200, &user())
                    .with("GitHub-Authentication-Token-Expiration", "2027-10-12 09:00:00 UTC");
            }
            ["orgs", org, "actions", "secrets", rest @ ..] => (format!("orgs/{org}"), Place::Organization, rest),
            ["repos", owner, repo, "actions", "secrets", rest @ ..] => {
                (format!("repos/{owner}/{repo}"), Place::Repository, rest)
            }
            ["repos", owner, repo, "environments", name, "secrets", rest @ ..] => {
                (format!("repos/{owner}/{repo}/environments/{name}"), Place::Repository, rest)
            }
            _ => return refusal(404, "Not Found"),
        };
        if !self.places.contains_key(&place) {
            return refusal(404, "Not Found");
        }
        match (method, rest) {
            ("GET", []) => self.list(call, &place),
            ("GET", ["public-key"]) => {
                let key = STANDARD.encode(self.key.public_key().as_bytes());
                Answer::json(200, &json!({ "key_id": KEY_ID, "key": key }))
            }
            ("GET", [name]) => match self.places[&place].get(&name.to_uppercase()) {
                Some(record) => Answer::json(200, &shown(&name.to_uppercase(), record)),
                None => refusal(404, "Not Found"),
            },
            ("PUT", [name]) => self.put(call, &place, &kind, &name.to_uppercase()).unwrap_or_else(|refused| refused),
            ("DELETE", [name]) => match self.places.get_mut(&place).unwrap().remove(&name.to_uppercase()) {
                Some(_) => Answer::empty(204),
                None => refusal(404, "Not Found"),
            },
            _ => refusal(404, "Not Found"),
        }
    }

    fn list(&self, call: &Call, place: &str) -> Answer {
        if let Some((name, _)) = call.query.iter().find(|(name, _)| name != "per_page" && name != "page") {
            return refusal(422, &format!("`{name}` is no parameter of this list"));
        }
        let number = |name: &str, default: usize| call.query(name).map_or(Some(default), |n| n.parse().ok());
        let (Some(per_page), Some(page)) = (number("per_page", 30), number("page", 1)) else {
            return refusal(422, "per_page and page are numbers");
        };
        let (per_page, page) = (per_page.clamp(1, 100), page.max(1));
        let all = &self.places[place];
        let pages = all.len().div_ceil(per_page).max(1);
        let secrets: Vec<Value> =
            all.iter().skip((page - 1) * per_page).take(per_page).map(|(name, record)| shown(name, record)).collect();
        let answer = Answer::json(200, &json!({ "total_count": all.len(), "secrets": secrets }));
        let path = call.target.split('?').next().unwrap();
        let link =
            |n: usize, rel: &str| format!("<https://api.github.com{path}?per_page={per_page}&page={n}>; rel=\"{rel}\"");
        let mut links = Vec::new();
        if page > 1 {
            links.push(link(page - 1, "prev"));
        }
        if page < pages {
            links.extend([link(page + 1, "next"), link(pages, "last")]);
        }
        if page > 1 {
            links.push(link(1, "first"));
        }
        if links.is_empty() { answer } else { answer.with("link", links.join(", ")) }
    }

    fn put(&mut self, call: &Call, place: &str, kind: &Place, name: &str) -> Result<Answer, Answer> {
        let (required, optional): (&[&str], &[&str]) = match kind {
            Place::Repository => (&["encrypted_value", "key_id"], &[]),
            Place::Organization => (&["encrypted_value", "key_id", "visibility"], &["selected_repository_ids"]),
        };
        let body = call
            .object(required, optional)
            .map_err(|problem| refusal(422, &format!("Invalid request.\n\n{problem}")))?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            || name.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(refusal(
                422,
                "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).",
            ));
        }
        if name.starts_with("GITHUB_") {
            return Err(refusal(422, "Secret names must not start with GITHUB_."));
        }
        if body["key_id"] != KEY_ID {
            return Err(refusal(422, "Bad request - key_id is not the id of the latest public key"));
        }
        let sealed = body["encrypted_value"].as_str().and_then(|text| STANDARD.decode(text).ok());
        let sealed = sealed.ok_or_else(|| refusal(422, "encrypted_value is not Base64"))?;
        let opened = self.key.unseal(&sealed).map_err(|_| refusal(422, "encrypted_value can't be decrypted"))?;
        let value = String::from_utf8(opened).map_err(|_| refusal(422, "encrypted_value is not text"))?;
        if value.len() > 48 * 1024 {
            return Err(refusal(422, "Secrets are limited to 48 KB"));
        }
        let visibility = body.get("visibility").map(|v| v.as_str().unwrap_or_default().to_owned());
        if visibility.as_ref().is_some_and(|v| !["all", "private", "selected"].contains(&v.as_str())) {
            return Err(refusal(422, "visibility is one of all, private, selected"));
        }
        let ids = |v: &Value| v.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>();
        let selected = match body.get("selected_repository_ids") {
            Some(_) if visibility.as_deref() != Some("selected") => {
                return Err(refusal(422, "selected_repository_ids needs the visibility selected"));
            }
            Some(list) => ids(list).ok_or_else(|| refusal(422, "selected_repository_ids is a list of numbers"))?,
            None => Vec::new(),
        };
        let limit = if place.starts_with("orgs/") { 1000 } else { 100 };
        let records = self.places.get_mut(place).unwrap();
        self.clock += 1;
        if let Some(record) = records.get_mut(name) {
            *record = Record { value, created: record.created, updated: self.clock, visibility, selected };
            return Ok(Answer::empty(204));
        }
        if records.len() >= limit {
            return Err(refusal(422, "The limit of secrets is reached"));
        }
        let record = Record { value, created: self.clock, updated: self.clock, visibility, selected };
        records.insert(name.to_owned(), record);
        Ok(Answer::json(201, &json!({})))
    }
}

const KEY_ID: &str = "568250167242549743";

fn shown(name: &str, record: &Record) -> Value {
    let mut out = json!({ "name": name, "created_at": time(record.created), "updated_at": time(record.updated) });
    if let Some(visibility) = &record.visibility {
        out["visibility"] = visibility.as_str().into();
        if visibility == "selected" {
            out["selected_repositories_url"] =
                format!("https://api.github.com/orgs/acme/actions/secrets/{name}/repositories").into();
        }
    }
    out
}

/// Seconds since the fake began, as GitHub writes a time.
fn time(seconds: u64) -> String {
    format!("2026-11-21T{:02}:{:02}:{:02}Z", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

fn refusal(status: u16, message: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Answer::json(status, &body)
}

/// The answer of a secondary rate limit.
pub fn throttled() -> Answer {
    refusal(429, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
        .with("retry-after", "1")
}

/// Who the token belongs to.
fn user() -> Value {
    let url = "https://api.github.com/users/acme";
    let mut user = json!({
        "login": "acme", "id": 1, "node_id": "MDQ6VXNlcjE=", "gravatar_id": "", "type": "User", "site_admin": false,
        "name": "Acme", "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null,
        "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0,
        "disk_usage": 0, "collaborators": 0, "two_factor_authentication": true
    });
    for name in ["avatar", "html", "followers", "following", "gists", "starred", "subscriptions", "organizations"] {
        user[format!("{name}_url")] = url.into();
    }
    for name in ["repos_url", "events_url", "received_events_url", "url"] {
        user[name] = url.into();
    }
    user
}
