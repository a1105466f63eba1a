//! Travis CI's environment variables of repositories, as <https://developer.travis-ci.com/resource/env_vars> and the
//! vendor's own server (`travis-ci/travis-api`, version 3) tell it. A private value never comes back and has no version;
//! name and branch together are taken once. A build gets what bash makes of a value.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-travis-token";

#[derive(Debug, Clone)]
struct Variable {
    id: String,
    name: String,
    /// As it is stored.
    value: String,
    public: bool,
    branch: Option<String>,
}

/// All of Travis CI: variables by the id of their repository, in the order in which they were written.
pub struct TravisCi {
    repositories: BTreeMap<String, Vec<Variable>>,
    next: usize,
}

impl TravisCi {
    /// Two repositories without variables.
    pub fn new() -> Self {
        Self { repositories: ["1001", "1002"].map(|id| (id.to_owned(), Vec::new())).into(), next: 1 }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("travis-api-version") != "3" {
            return Err(Answer::text(404, "not found"));
        }
        if call.header("authorization") != format!("token {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let (id, rest) = match path.as_slice() {
            ["user"] if method == "GET" => {
                return Ok(Answer::json(
                    200,
                    &json!({ "@type": "user", "@href": "/user/1", "id": 1, "login": "baker" }),
                ));
            }
            ["repo", id, rest @ ..] => ((*id).to_owned(), rest),
            _ => return Err(missing("resource")),
        };
        let next = format!("00000000-0000-4000-8000-{:012}", self.next);
        let all = self.repositories.get_mut(&id).ok_or_else(|| missing("repository"))?;
        let place =
            |id: &str, all: &[Variable]| all.iter().position(|it| it.id == *id).ok_or_else(|| missing("env_var"));
        match (method, rest) {
            ("GET", ["env_vars"]) => {
                let shown: Value = all.iter().map(|it| it.shown(&id)).collect();
                let href = format!("/repo/{id}/env_vars");
                let list =
                    json!({ "@type": "env_vars", "@href": href, "@representation": "standard", "env_vars": shown });
                Ok(Answer::json(200, &list))
            }
            ("POST", ["env_vars"]) => {
                let mut new =
                    Variable { id: next, name: String::new(), value: String::new(), public: false, branch: None };
                new.change(&fields(call)?)?;
                if all.iter().any(|it| it.name == new.name && it.branch == new.branch) {
                    return Err(refusal(409, "duplicate_resource", "resource already exists"));
                }
                if new.name.is_empty() {
                    return Err(refusal(422, "unprocessable_entity", "Variable name is required"));
                }
                let shown = new.shown(&id);
                all.push(new);
                self.next += 1;
                Ok(Answer::json(201, &shown))
            }
            // What is changed is taken away and comes last.
            ("PATCH", ["env_var", env_var]) => {
                let mut changed = all[place(env_var, all)?].clone();
                changed.change(&fields(call)?)?;
                all.remove(place(env_var, all)?);
                let shown = changed.shown(&id);
                all.push(changed);
                Ok(Answer::json(200, &shown))
            }
            ("DELETE", ["env_var", env_var]) => {
                all.remove(place(env_var, all)?);
                Ok(Answer::empty(204))
            }
            _ => Err(missing("resource")),
        }
    }
}

fn fields(call: &Call) -> Result<Map<String, Value>, Answer> {
    let known = ["env_var.name", "env_var.value", "env_var.public", "env_var.branch"];
    call.object(&[], &known).map_err(|problem| refusal(400, "wrong_params", &problem))
}

impl Variable {
    fn change(&mut self, fields: &Map<String, Value>) -> Result<(), Answer> {
        let wrong = || refusal(400, "wrong_params", "wrong parameters");
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("env_var.name", Value::String(text)) => self.name.clone_from(text),
                ("env_var.value", Value::String(text)) => self.value.clone_from(text),
                ("env_var.public", Value::Bool(public)) => self.public = *public,
                ("env_var.branch", Value::String(text)) => self.branch = Some(text.clone()),
                ("env_var.branch", Value::Null) => self.branch = None,
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }

    fn shown(&self, repository: &str) -> Value {
        json!({
            "@type": "env_var", "@href": format!("/repo/{repository}/env_var/{}", self.id), "@representation": "standard",
            "@permissions": { "read": true, "write": true }, "id": self.id, "name": self.name,
            "value": if self.public { json!(self.value) } else { Value::Null }, "public": self.public, "branch": self.branch
        })
    }
}

/// What a build gets: the word that bash makes of `export NAME=value`. What bash would put in is not known here.
fn in_a_build(value: &str) -> String {
    let mut word = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => word.extend(rest.by_ref().take_while(|c| *c != '\'')),
            '\\' => word.extend(rest.next()),
            ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return word + "<cut short>",
            '$' | '`' | '"' | '*' | '?' | '~' | '#' => word += "<changed>",
            plain => word.push(plain),
        }
    }
    word
}

impl Fake for TravisCi {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.repositories.iter().flat_map(|(id, all)| all.iter().map(move |it| (id, it)));
        all.map(|(id, it)| {
            let place = it.branch.as_ref().map_or_else(|| id.clone(), |branch| format!("{id} {branch}"));
            Record { more: it.public.to_string(), ..Record::new(&place, &it.name, &in_a_build(&it.value)) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, value, false);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for other in ["1001", "1001 main", "1001 other", "1002"].into_iter().filter(|other| *other != place) {
            keys.iter().for_each(|key| self.put(other, key, "theirs", false));
        }
        self.put(place, "THEIRS", "theirs", false);
        self.put(place, "OPEN", "theirs", true);
    }

    fn clear(&mut self, place: &str) {
        let (id, branch) = parts(place);
        self.repositories.get_mut(id).unwrap().retain(|it| it.branch.as_deref() != branch);
    }
}

impl TravisCi {
    fn put(&mut self, place: &str, key: &str, value: &str, public: bool) {
        let (id, branch) = parts(place);
        let new = Variable {
            id: format!("00000000-0000-4000-8000-{:012}", self.next),
            name: key.into(),
            value: value.into(),
            public,
            branch: branch.map(str::to_owned),
        };
        self.next += 1;
        self.repositories.get_mut(id).unwrap().push(new);
    }
}

/// The repository and the branch of a place.
fn parts(place: &str) -> (&str, Option<&str>) {
    place.split_once(' ').map_or((place, None), |(id, branch)| (id, Some(branch)))
}

fn missing(what: &str) -> Answer {
    refusal(404, "not_found", &format!("{what} not found (or insufficient access)"))
}

fn refusal(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "@type": "error", "error_type": kind, "error_message": message }))
}

/// The answer to bad credentials: no JSON.
pub fn unauthorized() -> Answer {
    Answer::text(403, "access denied")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    Answer::text(429, "Too Many Requests")
}
