//! GitLab's variables of projects and groups, as <https://docs.gitlab.com/api/project_level_variables/>,
//! <https://docs.gitlab.com/api/group_level_variables/> and the rules for masking tell it.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-gitlab-token";

/// A variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    pub key: String,
    pub value: String,
    pub scope: String,
    pub variable_type: String,
    pub protected: bool,
    pub masked: bool,
    pub hidden: bool,
    pub raw: bool,
    pub description: Option<String>,
}

/// All of GitLab: variables by owner (`projects/acme/app`, `groups/acme`).
pub struct GitLab {
    pub owners: BTreeMap<String, Vec<Variable>>,
    /// Where it listens: GitLab writes full addresses into its `Link` headers.
    pub url: String,
}

impl Variable {
    /// One as the vendor makes it by default.
    pub fn new(key: &str, value: &str, scope: &str) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            scope: scope.into(),
            variable_type: "env_var".into(),
            protected: false,
            masked: false,
            hidden: false,
            raw: false,
            description: None,
        }
    }

    fn shown(&self) -> Value {
        json!({
            "variable_type": self.variable_type, "key": self.key,
            "value": if self.hidden { Value::Null } else { self.value.clone().into() },
            "protected": self.protected, "masked": self.masked, "hidden": self.hidden, "raw": self.raw,
            "environment_scope": self.scope, "description": self.description
        })
    }

    /// Takes over what a request says and holds it to the rules.
    fn change(&mut self, body: &Map<String, Value>) -> Result<(), Answer> {
        let text = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(error(&format!("{name} is invalid"))),
        };
        let truth = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(*b)),
            Some(_) => Err(error(&format!("{name} is invalid"))),
        };
        if let Some(value) = text("value")? {
            self.value = value;
        }
        if let Some(scope) = text("environment_scope")? {
            self.scope = scope;
        }
        if let Some(kind) = text("variable_type")? {
            if !["env_var", "file"].contains(&kind.as_str()) {
                return Err(error("variable_type does not have a valid value"));
            }
            self.variable_type = kind;
        }
        if !body.get("description").is_none_or(Value::is_null) {
            self.description = text("description")?;
        }
        self.protected = truth("protected")?.unwrap_or(self.protected);
        self.raw = truth("raw")?.unwrap_or(self.raw);
        self.masked = truth("masked")?.unwrap_or(self.masked);
        if truth("masked_and_hidden")? == Some(true) {
            (self.masked, self.hidden) = (true, true);
        }
        let letters = |c: char| self.raw || c.is_ascii_alphanumeric() || "_+=/@:.~-".contains(c);
        let maskable = self.value.chars().count() >= 8
            && !self.value.contains(char::is_whitespace)
            && self.value.chars().all(letters);
        if self.masked && !maskable {
            return Err(invalid("value", "is invalid"));
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > 255) {
            return Err(invalid("description", "is too long (maximum is 255 characters)"));
        }
        Ok(())
    }
}

impl GitLab {
    /// With owners that have no variables.
    pub fn new(owners: &[&str]) -> Self {
        let owners = owners.iter().map(|owner| ((*owner).to_owned(), Vec::new())).collect();
        Self { owners, url: String::new() }
    }

    /// Puts a variable there as if somebody else had.
    pub fn plant(&mut self, owner: &str, variable: Variable) {
        self.owners.get_mut(owner).unwrap().push(variable);
    }

    pub fn answer(&mut self, call: &Call) -> Answer {
        let token = call.header("private-token");
        if token != TOKEN && call.header("authorization") != format!("Bearer {TOKEN}") {
            return Answer::json(401, &json!({ "message": "401 Unauthorized" }));
        }
        let (method, path) = call.route();
        let (kind, id, rest) = match path.as_slice() {
            ["api", "v4", "user"] if method == "GET" => {
                return Answer::json(200, &json!({ "id": 1, "username": "acme", "state": "active" }));
            }
            ["api", "v4", kind @ ("projects" | "groups"), id, "variables", rest @ ..] => (*kind, *id, rest),
            _ => return Answer::json(404, &json!({ "error": "404 Not Found" })),
        };
        let owner = format!("{kind}/{id}");
        if !self.owners.contains_key(&owner) {
            let what = if kind == "projects" { "Project" } else { "Group" };
            return Answer::json(404, &json!({ "message": format!("404 {what} Not Found") }));
        }
        let answer = match (method, rest) {
            ("GET", []) => self.list(call, &owner),
            ("POST", []) => self.create(call, &owner),
            ("GET", [key]) => {
                self.find(call, &owner, key, true).map(|i| Answer::json(200, &self.owners[&owner][i].shown()))
            }
            ("PUT", [key]) => self.update(call, &owner, key),
            ("DELETE", [key]) => self.find(call, &owner, key, true).map(|i| {
                self.owners.get_mut(&owner).unwrap().remove(i);
                Answer::empty(204)
            }),
            _ => Err(Answer::json(405, &json!({ "error": "405 Not Allowed" }))),
        };
        answer.unwrap_or_else(|refused| refused)
    }

    fn list(&self, call: &Call, owner: &str) -> Result<Answer, Answer> {
        let number = |name: &str, default: usize| match call.query(name).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(n)) if n > 0 => Ok(n),
            Some(_) => Err(error(&format!("{name} does not have a valid value"))),
        };
        if let Some((name, _)) = call.query.iter().find(|(name, _)| name != "per_page" && name != "page") {
            return Err(error(&format!("{name} is no parameter of this list")));
        }
        let (per_page, page) = (number("per_page", 20)?.min(100), number("page", 1)?);
        let all = &self.owners[owner];
        let pages = all.len().div_ceil(per_page).max(1);
        let items: Vec<Value> = all.iter().skip((page - 1) * per_page).take(per_page).map(Variable::shown).collect();
        let path = call.target.split('?').next().unwrap();
        let link = |n: usize, rel: &str| format!("<{}{path}?page={n}&per_page={per_page}>; rel=\"{rel}\"", self.url);
        let mut links = vec![link(1, "first"), link(pages, "last")];
        let next = if page < pages { (page + 1).to_string() } else { String::new() };
        if page < pages {
            links.insert(0, link(page + 1, "next"));
        }
        Ok(Answer::json(200, &items.into())
            .with("link", links.join(", "))
            .with("x-next-page", next)
            .with("x-page", page.to_string())
            .with("x-per-page", per_page.to_string())
            .with("x-total", all.len().to_string())
            .with("x-total-pages", pages.to_string()))
    }

    fn create(&mut self, call: &Call, owner: &str) -> Result<Answer, Answer> {
        let body =
            call.object(&["key", "value"], &[CHANGES, &["masked_and_hidden"]].concat()).map_err(|e| error(&e))?;
        let key = body["key"].as_str().ok_or_else(|| error("key is invalid"))?.to_owned();
        if key.is_empty() || key.len() > 255 || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(invalid("key", "can contain only letters, digits and '_'."));
        }
        let mut variable = Variable::new(&key, "", "*");
        variable.change(&body)?;
        let limit = if owner.starts_with("projects/") { 8000 } else { 30000 };
        let all = self.owners.get_mut(owner).unwrap();
        if all.iter().any(|other| other.key == key && other.scope == variable.scope) {
            return Err(invalid("key", &format!("({key}) has already been taken")));
        }
        if all.len() >= limit {
            return Err(invalid("base", &format!("Maximum number of CI/CD variables ({limit}) exceeded")));
        }
        let shown = variable.shown();
        all.push(variable);
        Ok(Answer::json(201, &shown))
    }

    fn update(&mut self, call: &Call, owner: &str, key: &str) -> Result<Answer, Answer> {
        let body = call.object(&[], CHANGES).map_err(|e| error(&e))?;
        // A group's variable that several scopes share is found without a filter, whichever comes first.
        let i = self.find(call, owner, key, owner.starts_with("projects/"))?;
        let mut variable = self.owners[owner][i].clone();
        variable.change(&body)?;
        let all = self.owners.get_mut(owner).unwrap();
        if all.iter().enumerate().any(|(j, other)| j != i && other.key == key && other.scope == variable.scope) {
            return Err(invalid("key", &format!("({key}) has already been taken")));
        }
        let shown = variable.shown();
        all[i] = variable;
        Ok(Answer::json(200, &shown))
    }

    /// Which variable a request means.
    fn find(&self, call: &Call, owner: &str, key: &str, strict: bool) -> Result<usize, Answer> {
        let wanted = call.query("filter[environment_scope]");
        if let Some((name, _)) = call.query.iter().find(|(name, _)| name != "filter[environment_scope]") {
            return Err(error(&format!("{name} is no parameter of a variable")));
        }
        let found: Vec<usize> = self.owners[owner]
            .iter()
            .enumerate()
            .filter(|(_, v)| v.key == key && wanted.is_none_or(|scope| v.scope == scope))
            .map(|(i, _)| i)
            .collect();
        match found.as_slice() {
            [] => Err(Answer::json(404, &json!({ "message": "404 Variable Not Found" }))),
            [_, _, ..] if strict => Err(Answer::json(
                409,
                &json!({ "message": "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'" }),
            )),
            [first, ..] => Ok(*first),
        }
    }
}

/// What create and update both take.
const CHANGES: &[&str] = &["value", "variable_type", "environment_scope", "protected", "masked", "raw", "description"];

fn error(message: &str) -> Answer {
    Answer::json(400, &json!({ "error": message }))
}

fn invalid(field: &str, why: &str) -> Answer {
    Answer::json(400, &json!({ "message": { field: [why] } }))
}

/// The answer of the rate limit: no JSON.
pub fn throttled() -> Answer {
    Answer::text(429, "Retry later\n").with("retry-after", "1")
}
