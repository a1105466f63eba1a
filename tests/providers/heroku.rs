//! Heroku's config vars of one app, as its Platform API reference, the vendor's JSON schema
//! (`heroku/platform-api`, `schema.json`) and its command line tell it: one map, changed as a whole or not
//! at all, in which add-ons own some of the variables.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "HRKU-canary-heroku-token";
/// All keys and values of an app together.
const MOST_BYTES: usize = 64 * 1024;

#[derive(Default)]
struct App {
    vars: BTreeMap<String, String>,
    /// Variables that attached add-ons own, by the attachment's name.
    attached: BTreeMap<String, Vec<String>>,
}

/// All of Heroku: apps by name.
pub struct Heroku {
    apps: BTreeMap<String, App>,
}

impl Heroku {
    /// With apps that have no variables.
    pub fn new(apps: &[&str]) -> Self {
        Self { apps: apps.iter().map(|app| ((*app).to_owned(), App::default())).collect() }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        if !call.header("accept").starts_with("application/vnd.heroku+json; version=3") {
            return Err(refusal(406, "not_acceptable", "Specify a version of the API."));
        }
        if !call.query.is_empty() {
            return Err(refusal(400, "bad_request", "There are no parameters here."));
        }
        let (method, path) = call.route();
        let ["apps", path @ ..] = path.as_slice() else { return Err(missing("page")) };
        let [name, rest @ ..] = path else {
            let apps: Vec<Value> = self.apps.keys().map(|name| json!({ "id": name, "name": name })).collect();
            return Ok(Answer::json(200, &apps.into()));
        };
        let app = self.apps.get_mut(*name).ok_or_else(|| missing("app"))?;
        match (method, rest) {
            ("GET", ["config-vars"]) => Ok(Answer::json(200, &json!(app.vars)).with("etag", "\"1\"")),
            ("PATCH", ["config-vars"]) => app.change(call),
            ("GET", ["addon-attachments"]) => app.attachments(call, name),
            _ => Err(missing("page")),
        }
    }
}

impl App {
    fn change(&mut self, call: &Call) -> Result<Answer, Answer> {
        let Some(Value::Object(changes)) = call.json() else { return Err(invalid("A JSON object is wanted.")) };
        let owned = self.attached.values().flatten();
        let owned: Vec<&str> = owned.filter(|key| changes.contains_key(*key)).map(String::as_str).collect();
        if !owned.is_empty() {
            return Err(invalid(&format!("Cannot overwrite attachment values {}.", owned.join(", "))));
        }
        let mut vars = self.vars.clone();
        for (key, value) in changes {
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(invalid(&format!("{key} is no valid name of a config var.")));
            }
            match value {
                Value::Null => vars.remove(&key),
                Value::String(value) => vars.insert(key, value),
                _ => return Err(invalid("A config var is a string.")),
            };
        }
        if vars.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MOST_BYTES {
            return Err(invalid("The config vars of an app are limited to 64kb."));
        }
        self.vars = vars;
        Ok(Answer::json(200, &json!(self.vars)))
    }

    /// Pages of attachments are asked for by the header `Range`; `config_vars` come on demand.
    fn attachments(&self, call: &Call, app: &str) -> Result<Answer, Answer> {
        let most = match call.header("range") {
            "" => 200,
            range => match range.split("max=").nth(1).map(str::parse::<usize>) {
                Some(Ok(most)) if (1..=1000).contains(&most) => most,
                _ => return Err(refusal(416, "requested_range_not_satisfiable", "The range is none.")),
            },
        };
        let included = call.header("accept-inclusion").split(',').any(|name| name == "config_vars");
        let shown = self.attached.iter().take(most).map(|(name, vars)| {
            let mut shown = json!({ "id": name, "name": name, "app": { "name": app } });
            if included {
                shown["config_vars"] = json!(vars);
            }
            shown
        });
        let status = if self.attached.len() > most { 206 } else { 200 };
        Ok(Answer::json(status, &shown.collect()))
    }
}

impl Fake for Heroku {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused).with("ratelimit-remaining", "2400")
    }

    fn records(&self) -> Vec<Record> {
        let all = self.apps.iter().flat_map(|(name, app)| app.vars.iter().map(move |var| (name, app, var)));
        all.map(|(name, app, (key, value))| {
            let attached = app.attached.values().flatten().any(|owned| owned == key);
            Record::new(&if attached { format!("{name} add-ons") } else { name.clone() }, key, value)
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.apps.get_mut(place).unwrap().vars.insert(key.into(), value.into());
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for (name, app) in &mut self.apps {
            if name == place {
                app.vars.insert("THEIRS".into(), "as it is".into());
                app.vars.insert("DATABASE_URL".into(), "postgres://canary".into());
                app.attached.insert("DATABASE".into(), vec!["DATABASE_URL".into()]);
            } else {
                app.vars.extend(keys.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
            }
        }
    }

    fn clear(&mut self, place: &str) {
        let App { vars, attached, .. } = self.apps.get_mut(place).unwrap();
        vars.retain(|key, _| attached.values().flatten().any(|owned| owned == key));
    }
}

fn missing(what: &str) -> Answer {
    refusal(404, "not_found", &format!("Couldn't find that {what}."))
}

fn invalid(message: &str) -> Answer {
    refusal(422, "invalid_params", message)
}

fn refusal(status: u16, id: &str, message: &str) -> Answer {
    let url = "https://devcenter.heroku.com/articles/platform-api-reference#errors";
    Answer::json(status, &json!({ "id": id, "message": message, "url": url }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "unauthorized", "Invalid credentials provided.")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(
        429,
        "rate_limit",
        "Your account reached the API limit. Please wait a few minutes before making new requests",
    )
    .with("ratelimit-remaining", "0")
}
