//! Vercel's environment variables of projects and the shared ones of teams, as
//! <https://vercel.com/docs/rest-api>, the vendor's own SDK and its Terraform provider tell it. One record
//! may serve several environments, and values that are encrypted come back one by one.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-vercel-token";
/// The team that owns everything here.
pub const TEAM: &str = "team_acme";
/// The one project.
pub const PROJECT: &str = "prj_app";
/// A custom environment of the project.
pub const STAGING: &str = "env_staging";

/// A record of the project or of the team.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: String,
    pub key: String,
    pub value: String,
    pub kind: String,
    pub target: Vec<String>,
    /// Custom environments of a project's record.
    pub custom: Vec<String>,
    pub branch: Option<String>,
    pub comment: Option<String>,
    /// Projects of a shared record.
    pub projects: Vec<String>,
    /// Whether a shared record reaches all custom environments.
    pub all_custom: bool,
    /// Of the integration that owns it.
    pub configuration: Option<String>,
    pub created: u64,
    pub updated: u64,
}

/// All of Vercel: the records of the project and the shared ones of the team.
#[derive(Default)]
pub struct Vercel {
    pub project: Vec<Record>,
    pub team: Vec<Record>,
    /// Variables of production that the token may not see.
    pub hidden: usize,
    clock: u64,
}

impl Record {
    /// An encrypted one.
    pub fn new(key: &str, value: &str, target: &[&str]) -> Self {
        Self {
            id: String::new(),
            key: key.into(),
            value: value.into(),
            kind: "encrypted".into(),
            target: target.iter().map(|t| (*t).to_owned()).collect(),
            custom: Vec::new(),
            branch: None,
            comment: None,
            projects: Vec::new(),
            all_custom: false,
            configuration: None,
            created: 0,
            updated: 0,
        }
    }

    fn shown(&self, opened: bool) -> Value {
        let value = match self.kind.as_str() {
            "plain" => self.value.clone(),
            "encrypted" if opened => self.value.clone(),
            "encrypted" => format!("eyJ2IjoidjIiLCJpZCI6Ii{}", self.id),
            _ => String::new(),
        };
        let mut out = json!({
            "id": self.id, "key": self.key, "value": value, "type": self.kind, "target": self.target,
            "createdAt": self.created, "updatedAt": self.updated, "decrypted": opened,
            "configurationId": self.configuration, "securityIssues": []
        });
        if let Some(comment) = &self.comment {
            out["comment"] = comment.as_str().into();
        }
        if !self.custom.is_empty() {
            out["customEnvironmentIds"] = self.custom.clone().into();
        }
        if let Some(branch) = &self.branch {
            out["gitBranch"] = branch.as_str().into();
        }
        out
    }

    fn shown_shared(&self, opened: bool) -> Value {
        let mut out = self.shown(opened);
        out["projectId"] = self.projects.clone().into();
        out["applyToAllCustomEnvironments"] = self.all_custom.into();
        out["ownerId"] = TEAM.into();
        out
    }

    /// Where it reaches: one text for each environment.
    pub fn reaches(&self) -> Vec<String> {
        let branch = self.branch.as_ref().map_or(String::new(), |branch| format!("@{branch}"));
        let custom = self.custom.iter().map(String::as_str).chain(self.all_custom.then_some("every custom one"));
        self.target.iter().map(String::as_str).chain(custom).map(|place| format!("{place}{branch}")).collect()
    }

    fn collides(&self, other: &Record) -> bool {
        self.key == other.key && self.reaches().iter().any(|place| other.reaches().contains(place))
    }

    /// Takes over what a request says.
    fn change(&mut self, body: &Map<String, Value>) -> Result<(), Answer> {
        let text = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(bad(&format!("`{name}` should be string"))),
        };
        let list = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(Value::String(one)) if name == "target" => Ok(Some(vec![one.clone()])),
            Some(Value::Array(items)) => {
                let items: Option<Vec<String>> = items.iter().map(|i| i.as_str().map(str::to_owned)).collect();
                items.map(Some).ok_or_else(|| bad(&format!("`{name}` should be a list of strings")))
            }
            Some(_) => Err(bad(&format!("`{name}` should be array"))),
        };
        self.key = text("key")?.unwrap_or_else(|| self.key.clone());
        self.value = text("value")?.unwrap_or_else(|| self.value.clone());
        self.kind = text("type")?.unwrap_or_else(|| self.kind.clone());
        self.target = list("target")?.unwrap_or_else(|| self.target.clone());
        self.custom = list("customEnvironmentIds")?.unwrap_or_else(|| self.custom.clone());
        self.projects = list("projectId")?.unwrap_or_else(|| self.projects.clone());
        if body.contains_key("gitBranch") {
            self.branch = text("gitBranch")?;
        }
        self.comment = text("comment")?.or_else(|| self.comment.clone());
        if let Some(all) = body.get("applyToAllCustomEnvironments") {
            self.all_custom = all.as_bool().ok_or_else(|| bad("`applyToAllCustomEnvironments` should be boolean"))?;
        }
        self.hold_to_the_rules()
    }

    fn hold_to_the_rules(&self) -> Result<(), Answer> {
        let start = self.key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !start || !self.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || self.key.len() > 256 {
            return Err(bad(
                "The name contains invalid characters. Only letters, digits, and underscores are allowed. Furthermore, the name should not start with a digit.",
            ));
        }
        if RESERVED.contains(&self.key.as_str()) {
            return Err(bad(&format!("The name of your Environment Variable ({}) is reserved.", self.key)));
        }
        if !["plain", "encrypted", "sensitive"].contains(&self.kind.as_str()) {
            return Err(bad("`type` should be equal to one of the allowed values"));
        }
        if let Some(odd) = self.target.iter().find(|t| !["production", "preview", "development"].contains(&t.as_str()))
        {
            return Err(bad(&format!("Invalid request: `target` has `{odd}`")));
        }
        if let Some(odd) = self.custom.iter().find(|id| *id != STAGING) {
            return Err(bad(&format!("There is no custom environment {odd}")));
        }
        if self.target.is_empty() && self.custom.is_empty() && !self.all_custom {
            return Err(bad("At least one target is needed"));
        }
        if self.kind == "sensitive" && self.target.iter().any(|t| t == "development") {
            return Err(bad("Sensitive variables can't have the target development"));
        }
        if self.branch.is_some() && (self.target != ["preview"] || !self.custom.is_empty()) {
            return Err(bad("`gitBranch` needs the target preview alone"));
        }
        if self.value.len() > 65536 {
            return Err(bad("The value is too long"));
        }
        Ok(())
    }
}

/// <https://vercel.com/docs/environment-variables/reserved-environment-variables>
const RESERVED: &[&str] = &[
    "AWS_SECRET_KEY",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "NOW_REGION",
    "TZ",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

impl Vercel {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        1_763_700_000_000 + self.clock
    }

    fn stamp(&mut self, mut record: Record) -> Record {
        let now = self.tick();
        record.id = format!("{:016x}", now % 1_000_000);
        (record.created, record.updated) = (now, now);
        record
    }

    /// Puts a record of the project there as if somebody else had.
    pub fn plant(&mut self, record: Record) {
        let record = self.stamp(record);
        self.project.push(record);
    }

    /// Puts a shared record of the team there as if somebody else had.
    pub fn plant_shared(&mut self, record: Record) {
        let record = self.stamp(record);
        self.team.push(record);
    }

    pub fn answer(&mut self, call: &Call) -> Answer {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return refusal(403, "forbidden", "Not authorized");
        }
        let (method, path) = call.route();
        // The project belongs to the team: whoever does not name it is looking in the wrong account.
        let team = call.query("teamId") == Some(TEAM);
        let answer = match (method, path.as_slice()) {
            ("GET", ["v2", "user"]) => Ok(Answer::json(200, &json!({ "user": { "id": "u1", "username": "acme" } }))),
            ("GET", ["v9" | "v10", "projects"]) => {
                let none = json!({ "count": 0, "next": null, "prev": null });
                Ok(Answer::json(200, &json!({ "projects": [], "pagination": none })))
            }
            _ if !team => Err(refusal(404, "not_found", "Project not found")),
            (_, ["v8" | "v9" | "v10" | "v1", "projects", project, "env", rest @ ..]) => {
                if *project == PROJECT || *project == "app" {
                    self.of_project(call, rest)
                } else {
                    Err(refusal(404, "not_found", "Project not found"))
                }
            }
            (_, ["v1", "env", rest @ ..]) => self.of_team(call, rest),
            _ => Err(refusal(404, "not_found", "The page could not be found")),
        };
        answer.unwrap_or_else(|refused| refused)
    }

    fn of_project(&mut self, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                only(call, &["teamId", "limit", "until", "since"])?;
                let (page, pagination) = page(call, self.project.iter().collect())?;
                let envs: Vec<Value> = page.iter().map(|r| r.shown(false)).collect();
                if self.hidden > 0 {
                    return Ok(Answer::json(200, &json!({ "envs": envs, "hiddenProductionEnvCount": self.hidden })));
                }
                Ok(Answer::json(200, &json!({ "envs": envs, "pagination": pagination })))
            }
            ("GET", [id]) => {
                let i = find(&self.project, id)?;
                Ok(Answer::json(200, &self.project[i].shown(true)))
            }
            ("POST", []) => self.create(call),
            ("PATCH", [id]) => {
                let i = find(&self.project, id)?;
                let fields = ["key", "value", "type", "target", "customEnvironmentIds", "gitBranch", "comment"];
                let body = call.object(&[], &fields).map_err(|e| bad(&e))?;
                let record = self.edited(&self.project, i, &body)?;
                let now = self.tick();
                self.project[i] = Record { updated: now, ..record };
                Ok(Answer::json(200, &self.project[i].shown(false)))
            }
            ("DELETE", [id]) => {
                let i = find(&self.project, id)?;
                Ok(Answer::json(200, &self.project.remove(i).shown(false)))
            }
            _ => Err(refusal(405, "method_unknown", "This endpoint does not respond to this method")),
        }
    }

    /// A record after an edit, if the edit is allowed.
    fn edited(&self, all: &[Record], i: usize, body: &Map<String, Value>) -> Result<Record, Answer> {
        let old = &all[i];
        if old.kind == "sensitive" && body.contains_key("key") {
            return Err(bad("You cannot change the key of a Sensitive Environment Variable."));
        }
        if old.configuration.is_some() {
            return Err(refusal(403, "forbidden", "The variable is managed by an integration"));
        }
        let mut record = old.clone();
        record.change(body)?;
        if (record.kind == "sensitive") != (old.kind == "sensitive") {
            return Err(bad("You cannot change the type of a Sensitive Environment Variable."));
        }
        match all.iter().enumerate().find(|(j, other)| *j != i && other.collides(&record)) {
            Some(_) => Err(conflict(&record)),
            None => Ok(record),
        }
    }

    fn create(&mut self, call: &Call) -> Result<Answer, Answer> {
        only(call, &["teamId"])?;
        let fields = ["target", "customEnvironmentIds", "gitBranch", "comment"];
        let body = call.object(&["key", "value", "type"], &fields).map_err(|e| bad(&e))?;
        let mut record = Record::new("", "", &[]);
        record.change(&body)?;
        if self.project.iter().any(|other| other.collides(&record)) {
            return Err(conflict(&record));
        }
        let record = self.stamp(record);
        let shown = record.shown(false);
        self.project.push(record);
        Ok(Answer::json(201, &json!({ "created": shown, "failed": [] })))
    }

    fn of_team(&mut self, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
        match (call.method.as_str(), rest) {
            ("GET", [] | ["all"]) => {
                only(call, &["teamId", "limit", "until", "since", "projectId", "ids", "search"])?;
                let (page, pagination) = page(call, self.team.iter().collect())?;
                let data: Vec<Value> = page.iter().map(|r| r.shown_shared(false)).collect();
                Ok(Answer::json(200, &json!({ "data": data, "pagination": pagination })))
            }
            ("GET", [id]) => {
                let i = find(&self.team, id)?;
                Ok(Answer::json(200, &self.team[i].shown_shared(true)))
            }
            ("POST", []) => self.create_shared(call),
            ("PATCH", []) => self.update_shared(call),
            ("DELETE", []) => {
                let ids = ids(call)?;
                let (deleted, missing): (Vec<_>, Vec<_>) =
                    ids.into_iter().partition(|id| self.team.iter().any(|r| r.id == *id));
                self.team.retain(|r| !deleted.contains(&r.id));
                let failed: Vec<Value> = missing.iter().map(|id| failure("not_found", "not found", id)).collect();
                Ok(Answer::json(200, &json!({ "deleted": deleted, "failed": failed })))
            }
            _ => Err(refusal(405, "method_unknown", "This endpoint does not respond to this method")),
        }
    }

    fn create_shared(&mut self, call: &Call) -> Result<Answer, Answer> {
        only(call, &["teamId"])?;
        let body = call.object(&["evs", "type"], &["target", "projectId", "applyToAllCustomEnvironments"]);
        let body = body.map_err(|e| bad(&e))?;
        let evs = body["evs"].as_array().ok_or_else(|| bad("`evs` should be array"))?;
        let (mut created, mut failed) = (Vec::new(), Vec::new());
        for ev in evs {
            let mut fields = body.clone();
            fields.remove("evs");
            let ev = ev.as_object().ok_or_else(|| bad("`evs` should hold objects"))?;
            if let Some(odd) = ev.keys().find(|name| !["key", "value", "comment"].contains(&name.as_str())) {
                return Err(bad(&format!("Invalid request: should NOT have additional property `{odd}`.")));
            }
            fields.extend(ev.clone());
            let mut record = Record::new("", "", &[]);
            record.change(&fields)?;
            if self.team.iter().any(|other| other.collides(&record)) {
                if evs.len() == 1 {
                    return Err(refusal(409, "existing_key_and_target", "The key and target exist already"));
                }
                failed.push(failure("existing_key_and_target", "The key and target exist already", &record.key));
                continue;
            }
            let record = self.stamp(record);
            created.push(record.shown_shared(false));
            self.team.push(record);
        }
        Ok(Answer::json(201, &json!({ "created": created, "failed": failed })))
    }

    fn update_shared(&mut self, call: &Call) -> Result<Answer, Answer> {
        only(call, &["teamId"])?;
        let body = call.object(&["updates"], &[]).map_err(|e| bad(&e))?;
        let updates = body["updates"].as_object().ok_or_else(|| bad("`updates` should be object"))?;
        let (mut updated, mut failed) = (Vec::new(), Vec::new());
        for (id, changes) in updates {
            let changes = changes.as_object().ok_or_else(|| bad("`updates` should hold objects"))?;
            let known = ["key", "value", "type", "target", "projectId", "applyToAllCustomEnvironments", "comment"];
            if let Some(odd) = changes.keys().find(|name| !known.contains(&name.as_str())) {
                return Err(bad(&format!("Invalid request: should NOT have additional property `{odd}`.")));
            }
            match find(&self.team, id).and_then(|i| Ok((i, self.edited(&self.team, i, changes)?))) {
                Ok((i, record)) => {
                    let now = self.tick();
                    self.team[i] = Record { updated: now, ..record };
                    updated.push(self.team[i].shown_shared(false));
                }
                Err(_) => failed.push(failure("not_found", "can't be updated", id)),
            }
        }
        Ok(Answer::json(200, &json!({ "updated": updated, "failed": failed })))
    }
}

/// What is there, for each environment that it reaches: `production KEY` → value.
pub fn effective(records: &[Record]) -> BTreeMap<String, String> {
    let each = |r: &Record| -> Vec<(String, String)> {
        r.reaches().iter().map(|place| (format!("{place} {}", r.key), r.value.clone())).collect()
    };
    records.iter().flat_map(each).collect()
}

/// One page, newest first, and how to get the next one: `until` a time.
fn page<'a>(call: &Call, mut all: Vec<&'a Record>) -> Result<(Vec<&'a Record>, Value), Answer> {
    let limit = match call.query("limit").map(str::parse::<usize>) {
        None => 100,
        Some(Ok(n)) if (1..=100).contains(&n) => n,
        Some(_) => return Err(bad("`limit` should be <= 100")),
    };
    if let Some(until) = call.query("until") {
        let until: u64 = until.parse().map_err(|_| bad("`until` should be number"))?;
        all.retain(|r| r.created < until);
    }
    all.sort_by_key(|r| std::cmp::Reverse(r.created));
    let next = all.get(limit).map(|_| all[limit - 1].created);
    all.truncate(limit);
    let pagination = json!({ "count": all.len(), "next": next, "prev": null });
    Ok((all, pagination))
}

fn find(all: &[Record], id: &str) -> Result<usize, Answer> {
    let missing = || refusal(404, "not_found", "The environment variable was not found");
    all.iter().position(|r| r.id == id).ok_or_else(missing)
}

fn ids(call: &Call) -> Result<Vec<String>, Answer> {
    let body = call.object(&["ids"], &[]).map_err(|e| bad(&e))?;
    let ids: Option<Vec<String>> =
        body["ids"].as_array().and_then(|ids| ids.iter().map(|id| id.as_str().map(str::to_owned)).collect());
    ids.filter(|ids| !ids.is_empty()).ok_or_else(|| bad("`ids` should be a list of strings"))
}

fn only(call: &Call, known: &[&str]) -> Result<(), Answer> {
    match call.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(bad(&format!("Invalid request: unknown query parameter `{name}`"))),
        None => Ok(()),
    }
}

fn failure(code: &str, message: &str, what: &str) -> Value {
    json!({ "error": { "code": code, "message": message, "envVarKey": what } })
}

fn conflict(record: &Record) -> Answer {
    let error = json!({
        "code": "ENV_CONFLICT",
        "message": format!("A variable with the name `{}` already exists for the target", record.key),
        "key": record.key, "envVarKey": record.key, "target": record.target, "gitBranch": record.branch
    });
    Answer::json(400, &json!({ "error": error }))
}

fn bad(message: &str) -> Answer {
    refusal(400, "bad_request", message)
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "rate_limited", "The rate limit is exceeded").with("retry-after", "1")
}
