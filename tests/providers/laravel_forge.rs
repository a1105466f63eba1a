//! Laravel Forge's environment file of a site, as its API reference tells it: one text, which a job writes on the
//! server some time after it was asked to. What is in the text is what Laravel finds there: it is read by the rules
//! of phpdotenv 5.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-laravel-forge-token";

#[derive(Default)]
struct Site {
    content: String,
    /// What a job is about to write, and how often the file is read before it does.
    pending: Option<(String, u32)>,
}

/// All of Forge: the sites of one server.
pub struct Forge {
    sites: BTreeMap<String, Site>,
}

impl Forge {
    /// Two sites with files that say nothing.
    pub fn new() -> Self {
        Self { sites: ["7", "8"].map(|site| (site.to_owned(), Site::default())).into() }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        if call.header("accept") != "application/json" || !call.query.is_empty() {
            return Err(refusal(400, "Bad Request"));
        }
        let (method, path) = call.route();
        let site = match (method, path.as_slice()) {
            ("GET", ["api", "me"]) => {
                return Ok(Answer::json(200, &json!({ "data": { "id": "1", "type": "users" } })));
            }
            (_, ["api", "orgs", "bakery", "servers", "42", "sites", site, "environment"]) => *site,
            _ => return Err(refusal(404, "Not Found")),
        };
        let site = self.sites.get_mut(site).ok_or_else(|| refusal(404, "Not Found"))?;
        match method {
            "GET" => {
                site.pass();
                let attributes = json!({ "content": site.content });
                Ok(Answer::json(
                    200,
                    &json!({ "data": { "id": "7", "type": "environments", "attributes": attributes } }),
                ))
            }
            "PUT" => {
                let body = call.object(&["environment"], &["cache", "queues", "encryption_key"]);
                let body = body.map_err(|problem| refusal(422, &problem))?;
                let text = body["environment"].as_str().filter(|text| !text.trim().is_empty());
                let text = text.ok_or_else(|| refusal(422, "The environment field is required."))?;
                site.pending = Some((text.to_owned(), 1));
                Ok(Answer::json(202, &json!({ "message": "The environment will be updated." })))
            }
            _ => Err(refusal(405, "Method Not Allowed")),
        }
    }
}

impl Site {
    /// The job writes once the file was read often enough.
    fn pass(&mut self) {
        match self.pending.take() {
            Some((text, 0)) => self.content = text,
            Some((text, left)) => self.pending = Some((text, left - 1)),
            None => {}
        }
    }

    fn newest(&self) -> &str {
        self.pending.as_ref().map_or(&self.content, |(text, _)| text)
    }

    /// Sets a variable as somebody would by hand.
    fn set(&mut self, key: &str, value: &str) {
        let mut text = self.newest().to_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        let value = value.replace('\n', "\\n").replace('\r', "\\r");
        self.content = format!("{text}{key}=\"{value}\"\n");
        self.pending = None;
    }
}

/// What Laravel finds in a file: of two lines with one key the first one counts, as what is set stays set.
fn found(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("`{line}` has no value"));
        let value = read(value).unwrap_or_else(|why| panic!("`{key}` fails to parse: {why}"));
        found.entry(key.trim().to_owned()).or_insert(value);
    }
    found
}

/// A value, which stands on one line here. `$` and a name in braces would be replaced.
fn read(text: &str) -> Result<String, String> {
    let mut chars = text.trim_start().chars().peekable();
    let quote = chars.next_if(|c| *c == '"' || *c == '\'');
    let mut value = String::new();
    loop {
        match (quote, chars.next()) {
            (Some(_), None) => return Err("a missing closing quote".into()),
            (None, None) => return Ok(value),
            (Some(quote), Some(c)) if c == quote => break,
            (Some('"'), Some('\\')) => match chars.next() {
                Some(c @ ('"' | '\\' | '$')) => value.push(c),
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                _ => return Err("an unexpected escape sequence".into()),
            },
            (None | Some('"'), Some('$')) if chars.peek() == Some(&'{') => value.push_str("replaced "),
            (None, Some('#')) => return Ok(value),
            (None, Some(c)) if c.is_whitespace() => break,
            (_, Some(c)) => value.push(c),
        }
    }
    let rest: String = chars.collect();
    match rest.trim_start() {
        "" => Ok(value),
        comment if comment.starts_with('#') => Ok(value),
        _ => Err("unexpected whitespace".into()),
    }
}

impl Fake for Forge {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.respond(call).unwrap_or_else(|refused| refused);
        answer.with("x-ratelimit-limit", "60").with("x-ratelimit-remaining", "59")
    }

    fn records(&self) -> Vec<Record> {
        let mut all = Vec::new();
        for (id, site) in &self.sites {
            let text = site.newest();
            all.extend(found(text).iter().map(|(key, value)| Record::new(id, key, value)));
            let comments = text.lines().filter(|line| line.starts_with('#') && *line != "# .env");
            all.extend(comments.map(|line| Record::new(&format!("{id} comments"), line, "")));
        }
        all
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.sites.get_mut(place).unwrap().set(key, value);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        for (id, site) in &mut self.sites {
            if id == place {
                site.content = "# Where it runs.\nAPP_ENV=production\n\nMAIL_FROM=\"${APP_NAME}\" # as it is\n".into();
            } else {
                keys.iter().for_each(|key| site.set(key, "theirs"));
            }
        }
    }

    fn clear(&mut self, place: &str) {
        *self.sites.get_mut(place).unwrap() = Site::default();
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, "Unauthenticated.")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, "Too Many Attempts.").with("retry-after", "1").with("x-ratelimit-remaining", "0")
}
