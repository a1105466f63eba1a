//! Ona's secrets of a project, as its API reference (<https://ona.com/api-reference/resources/secrets>) and the vendor's own
//! client (`@gitpod/sdk` 0.6) tell it. Every call is a POST, and an answer leaves out what is empty or false. Values never
//! come back to anybody but an environment.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// The token that is let in: one of a person.
pub const TOKEN: &str = "canary-ona-personal-access-token";
/// The project of the tests.
pub const PROJECT: &str = "b0e12f6c-4c67-429d-a4a6-d9838b5da047";
const OTHER: &str = "c0e12f6c-4c67-429d-a4a6-d9838b5da047";
const MOST_IN_A_PAGE: usize = 100;

#[derive(Debug, Clone)]
struct Stored {
    id: String,
    project: String,
    name: String,
    value: String,
    /// Where it is mounted, if it is no variable.
    file: Option<String>,
    /// Counts changes of all secrets.
    updated: usize,
}

/// All of Ona: the secrets of two projects.
pub struct Ona {
    secrets: Vec<Stored>,
    clock: usize,
}

impl Ona {
    /// Without secrets.
    pub fn new() -> Self {
        Self { secrets: Vec::new(), clock: 0 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let ("POST", path) = call.route() else { return Err(refusal(405, "unimplemented", "Method Not Allowed")) };
        let ["api", service, procedure] = path.as_slice() else { return Err(missing()) };
        let known = ["filter", "pagination", "name", "value", "scope", "environmentVariable", "secretId"];
        let body = call.object(&[], &known).map_err(|problem| invalid(&problem))?;
        self.clock += 1;
        match (*service, *procedure) {
            ("gitpod.v1.IdentityService", "GetAuthenticatedIdentity") => {
                Ok(Answer::json(200, &json!({ "organizationId": "o1", "subject": { "id": "u1" } })))
            }
            ("gitpod.v1.SecretService", "ListSecrets") => self.list(&body),
            ("gitpod.v1.SecretService", "CreateSecret") => self.create(&body),
            ("gitpod.v1.SecretService", "UpdateSecretValue") => {
                let i = self.place(&body)?;
                self.secrets[i].value = value(&body)?;
                self.secrets[i].updated = self.clock;
                Ok(Answer::json(200, &json!({})))
            }
            ("gitpod.v1.SecretService", "DeleteSecret") => {
                let i = self.place(&body)?;
                self.secrets.remove(i);
                Ok(Answer::json(200, &json!({})))
            }
            _ => Err(missing()),
        }
    }

    fn place(&self, body: &Map<String, Value>) -> Result<usize, Answer> {
        self.secrets.iter().position(|it| body.get("secretId") == Some(&json!(it.id))).ok_or_else(missing)
    }

    fn list(&self, body: &Map<String, Value>) -> Result<Answer, Answer> {
        let project = body.get("filter").and_then(|it| it["scope"]["projectId"].as_str());
        let project = project.ok_or_else(|| invalid("a scope is wanted"))?;
        let page = body.get("pagination").cloned().unwrap_or_default();
        let size = page["pageSize"].as_u64().map_or(25, |n| usize::try_from(n).unwrap());
        if size > MOST_IN_A_PAGE {
            return Err(invalid("page_size: value must be less than or equal to 100"));
        }
        let from = match page["token"].as_str() {
            None => 0,
            Some(token) => {
                token.strip_prefix("t").and_then(|n| n.parse().ok()).ok_or_else(|| invalid("invalid token"))?
            }
        };
        let all: Vec<&Stored> = self.secrets.iter().filter(|it| it.project == project).collect();
        let shown: Vec<Value> = all.iter().skip(from).take(size).map(|it| it.shown()).collect();
        let mut answer = json!({ "pagination": {} });
        if from + shown.len() < all.len() {
            answer["pagination"]["nextToken"] = json!(format!("t{}", from + shown.len()));
        }
        if !shown.is_empty() {
            answer["secrets"] = shown.into();
        }
        Ok(Answer::json(200, &answer))
    }

    fn create(&mut self, body: &Map<String, Value>) -> Result<Answer, Answer> {
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        if !(3..=127).contains(&name.len()) {
            return Err(invalid("name: value length must be between 3 and 127 characters"));
        }
        let project =
            body.get("scope").and_then(|it| it["projectId"].as_str()).ok_or_else(|| invalid("a scope is wanted"))?;
        if body.get("environmentVariable") != Some(&json!(true)) {
            return Err(invalid("a secret is a variable, a file or a credential"));
        }
        if self.secrets.iter().any(|it| it.project == project && it.name == name) {
            return Err(refusal(409, "already_exists", "the secret exists already"));
        }
        let (name, value) = (name.to_owned(), value(body)?);
        self.put(project, &name, &value, None);
        Ok(Answer::json(200, &json!({ "secret": self.secrets.last().unwrap().shown() })))
    }

    fn put(&mut self, project: &str, name: &str, value: &str, file: Option<&str>) {
        self.clock += 1;
        self.secrets.push(Stored {
            id: format!("00000000-0000-4000-8000-{:012}", self.clock),
            project: project.into(),
            name: name.into(),
            value: value.into(),
            file: file.map(str::to_owned),
            updated: self.clock,
        });
    }
}

fn value(body: &Map<String, Value>) -> Result<String, Answer> {
    let value = body.get("value").and_then(Value::as_str).filter(|value| !value.is_empty());
    value.map(str::to_owned).ok_or_else(|| invalid("value: value is required"))
}

impl Stored {
    fn shown(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "name": self.name, "scope": { "projectId": self.project }, "creator": { "id": "u1" },
            "createdAt": "2026-11-22T00:00:00Z", "updatedAt": format!("2026-11-22T00:00:00.{:06}Z", self.updated)
        });
        match &self.file {
            Some(path) => shown["filePath"] = json!(path),
            None => shown["environmentVariable"] = json!(true),
        }
        shown
    }
}

impl Fake for Ona {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let place = |it: &Stored| if it.file.is_some() { format!("{} files", it.project) } else { it.project.clone() };
        let record =
            |it: &Stored| Record { more: it.updated.to_string(), ..Record::new(&place(it), &it.name, &it.value) };
        self.secrets.iter().map(record).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, value, None);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        keys.iter().for_each(|key| self.put(OTHER, key, "theirs", None));
        self.put(place, "THEIRS", "theirs", None);
        self.put(place, "SSH_KEY", "theirs", Some("/home/gitpod/.ssh/id_rsa"));
    }

    fn clear(&mut self, place: &str) {
        self.secrets.retain(|it| it.project != place);
    }
}

fn missing() -> Answer {
    refusal(404, "not_found", "not found")
}

fn invalid(message: &str) -> Answer {
    refusal(400, "invalid_argument", message)
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "code": code, "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "unauthenticated", "the token is not valid")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "resource_exhausted", "too many requests").with("retry-after", "1")
}
