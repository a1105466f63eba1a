//! CircleCI's environment variables of projects, as its API v2 and the vendor's own command line and Terraform provider
//! tell it. Of a value only the last characters come back, a variable of the same name is written over, and projects are
//! named by organization: by names where these are GitHub's or Bitbucket's, by ids where they are CircleCI's own.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in: one of a person.
pub const TOKEN: &str = "CCIPAT_canary_circleci_token";
/// The organization that is CircleCI's own, and a project of it.
pub const ORGANIZATION: &str = "c1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a";
pub const PROJECT: &str = "d1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a";
/// The slug of it.
pub const STANDALONE: &str = "circleci/c1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a/d1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a";
const PAGE: usize = 100;

/// All of CircleCI: variables by the slug of their project.
pub struct CircleCi {
    projects: BTreeMap<String, BTreeMap<String, String>>,
}

impl CircleCi {
    /// Two projects of an organization of GitHub, and one of an organization of its own.
    pub fn new() -> Self {
        let slugs = ["gh/bakery/shop", "gh/bakery/other", STANDALONE];
        Self { projects: slugs.map(|slug| (slug.to_owned(), BTreeMap::new())).into() }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("circle-token") != TOKEN {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let ["api", "v2", path @ ..] = path.as_slice() else { return Err(refusal(404, "Not Found")) };
        let (slug, rest) = match path {
            ["me"] if method == "GET" => {
                return Ok(Answer::json(200, &json!({ "id": "u1", "login": "baker", "name": "Baker" })));
            }
            ["me", "collaborations"] if method == "GET" => return Ok(Answer::json(200, &collaborations())),
            ["project", vcs, organization, project, rest @ ..] => (format!("{vcs}/{organization}/{project}"), rest),
            _ => return Err(refusal(404, "Not Found")),
        };
        let vars = self.projects.get_mut(&slug).ok_or_else(|| refusal(404, "Project not found"))?;
        match (method, rest) {
            ("GET", ["envvar"]) => list(call, vars),
            ("POST", ["envvar"]) => {
                let body = call.object(&["name", "value"], &[]).map_err(|problem| refusal(400, &problem))?;
                let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
                let (Some(name), Some(value)) = (text("name"), text("value")) else {
                    return Err(refusal(400, "name and value must not be empty"));
                };
                let answer = Answer::json(201, &shown(&name, &value));
                vars.insert(name, value);
                Ok(answer)
            }
            ("DELETE", ["envvar", name]) => match vars.remove(*name) {
                Some(_) => Ok(Answer::json(200, &json!({ "message": "Environment variable deleted." }))),
                None => Err(refusal(404, "Environment variable not found.")),
            },
            _ => Err(refusal(404, "Not Found")),
        }
    }
}

fn collaborations() -> Value {
    json!([
        { "id": "a1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a", "vcs_type": "github", "slug": "gh/bakery", "name": "bakery", "avatar_url": "" },
        { "id": ORGANIZATION, "vcs_type": "circleci", "slug": "circleci/9YytKzouJxzu4TjCRFqAoD", "name": "Bakery of its own", "avatar_url": "" },
        { "id": "b1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a", "vcs_type": "bitbucket", "slug": "bb/mill", "name": "mill", "avatar_url": "" },
    ])
}

fn list(call: &Call, vars: &BTreeMap<String, String>) -> Result<Answer, Answer> {
    if !call.asks_only(&["page-token"]) {
        return Err(refusal(400, "Unexpected query parameter."));
    }
    let from = match call.query("page-token") {
        None => 0,
        Some(token) => {
            let from = token.strip_prefix("after-").and_then(|n| n.parse::<usize>().ok());
            from.ok_or_else(|| refusal(400, "Invalid page token."))?
        }
    };
    let items: Vec<Value> = vars.iter().skip(from).take(PAGE).map(|(name, value)| shown(name, value)).collect();
    let next =
        if from + items.len() < vars.len() { json!(format!("after-{}", from + items.len())) } else { Value::Null };
    Ok(Answer::json(200, &json!({ "items": items, "next_page_token": next })))
}

fn shown(name: &str, value: &str) -> Value {
    let last: String = value.chars().skip(value.chars().count().saturating_sub(4)).collect();
    json!({ "name": name, "value": format!("xxxx{last}"), "created-at": "2026-11-22T00:00:00.000Z" })
}

impl Fake for CircleCi {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused)
    }

    fn records(&self) -> Vec<Record> {
        let all = self.projects.iter().flat_map(|(slug, vars)| vars.iter().map(move |it| (slug, it)));
        all.map(|(slug, (name, value))| Record::new(slug, name, value)).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.projects.get_mut(place).unwrap().insert(key.into(), value.into());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for (slug, vars) in &mut self.projects {
            let theirs = if slug == place { vec!["THEIRS"] } else { keys.to_vec() };
            vars.extend(theirs.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
        }
    }

    fn clear(&mut self, place: &str) {
        self.projects.get_mut(place).unwrap().clear();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "You must log in first.")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "API rate limit exceeded.").with("retry-after", "1")
}
