//! Variables of a Windmill workspace, as the vendor's own server code (`windmill-store/src/variables.rs`) and client tell
//! it. Answers to writes are plain texts; what narrows a listing is a pattern of SQL.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-windmill-token";
/// The workspace.
pub const WORKSPACE: &str = "acme";
/// What a stored value has at most, as the text that is stored.
const MOST_STORED: usize = 15_000;

#[derive(Debug, Clone, Default)]
struct Variable {
    value: String,
    secret: bool,
    description: String,
    is_oauth: bool,
}

/// A workspace. An old server takes no notice of pages and prefixes.
pub struct Windmill {
    all: BTreeMap<String, Variable>,
    is_old: bool,
}

impl Windmill {
    pub fn new(is_old: bool) -> Self {
        Self { all: BTreeMap::new(), is_old }
    }

    fn list(&self, call: &Call) -> Answer {
        if !call.asks_only(&["path_start", "path", "page", "per_page"]) {
            return Answer::text(400, "keyform sends what means nothing");
        }
        let number = |name: &str, usual: usize| call.query(name).map_or(Ok(usual), str::parse::<usize>);
        let (Ok(page @ 1..), Ok(length)) = (number("page", 1), number("per_page", 1000)) else {
            return Answer::text(400, "Failed to deserialize query string");
        };
        let (length, page) = if self.is_old { (usize::MAX, 1) } else { (length.min(10_000), page) };
        let start = call.query("path_start").filter(|_| !self.is_old).unwrap_or("");
        let shown = |(path, it): (&String, &Variable)| {
            json!({ "workspace_id": WORKSPACE, "path": path, "value": (!it.secret).then_some(&it.value), "is_secret": it.secret,
                "description": it.description, "is_oauth": it.is_oauth, "account": it.is_oauth.then_some(7), "is_linked": false,
                "is_refreshed": false, "is_expired": false, "extra_perms": {} })
        };
        let fits = self.all.iter().filter(|(path, _)| is_like(path, start));
        let found: Vec<Value> = fits.skip(length.saturating_mul(page - 1)).take(length).map(shown).collect();
        Answer::json(200, &found.into())
    }

    fn write(&mut self, call: &Call, path: Option<String>) -> Answer {
        let Some(Value::Object(body)) = call.json() else {
            return Answer::text(415, "Expected request with `Content-Type: application/json`");
        };
        let known = ["path", "value", "is_secret", "description", "account", "is_oauth"];
        if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
            return Answer::text(422, &format!("unknown field `{name}`"));
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let is_new = path.is_none();
        let Some(path) = path.or_else(|| text("path")) else { return Answer::text(422, "missing field `path`") };
        if is_new && ["value", "is_secret", "description"].iter().any(|name| !body.contains_key(*name)) {
            return Answer::text(422, "missing field");
        }
        let old = self.all.get(&path).cloned();
        if is_new && old.is_some() {
            return Answer::text(400, &format!("Variable {path} already exists"));
        }
        if !is_new && old.is_none() {
            return Answer::text(404, "Variable not found");
        }
        let is_word =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let parts: Vec<&str> = path.split('/').collect();
        if !["u", "f", "g"].contains(&parts[0])
            || parts.len() < 3
            || !parts.iter().all(|part| is_word(part))
            || path.len() > 255
        {
            return Answer::text(400, "SqlErr: new row violates check constraint \"proper_id\"");
        }
        let old = old.unwrap_or_default();
        let secret = body.get("is_secret").and_then(Value::as_bool).unwrap_or(old.secret);
        if secret != old.secret && !body.contains_key("value") {
            return Answer::text(400, "is_secret can't be changed without a value");
        }
        let value = text("value").unwrap_or(old.value);
        // Secrets are stored encrypted in blocks, in base64.
        let stored = if secret { ((value.len() / 16 + 1) * 16).div_ceil(3) * 4 } else { value.chars().count() };
        if stored > MOST_STORED {
            return Answer::text(400, "SqlErr: value too long for type character varying(15000)");
        }
        let description = text("description").unwrap_or(old.description);
        self.all.insert(path.clone(), Variable { value, secret, description, is_oauth: old.is_oauth });
        match is_new {
            true => Answer::text(201, &format!("variable {path} created")),
            false => Answer::text(200, &format!("variable {path} updated (npath: {path:?})")),
        }
    }
}

/// `LIKE 'start%'`, in which `_` and `%` stand for others.
fn is_like(path: &str, start: &str) -> bool {
    let pattern: String = start
        .chars()
        .map(|c| match c {
            '_' => ".".to_owned(),
            '%' => ".*".to_owned(),
            c => regex::escape(&c.to_string()),
        })
        .collect();
    regex::Regex::new(&format!("^{pattern}")).unwrap().is_match(path)
}

impl Fake for Windmill {
    fn answer(&mut self, call: &Call) -> Answer {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        let (method, path) = call.route();
        let rest = match path.as_slice() {
            ["api", "workspaces", "list"] if method == "GET" => {
                return Answer::json(200, &json!([{ "id": WORKSPACE, "name": "Acme" }]));
            }
            ["api", "w", WORKSPACE, "variables", rest @ ..] => rest,
            _ => return Answer::text(404, "Not found"),
        };
        let Some((what, at)) = rest.split_first() else { return Answer::text(404, "Not found") };
        let at = at.join("/");
        match (method, *what) {
            ("GET", "list") => self.list(call),
            ("GET", "get_value") => match self.all.get(&at) {
                Some(variable) => Answer::json(200, &json!(variable.value)),
                None => Answer::text(404, "Variable not found"),
            },
            ("POST", "create") => self.write(call, None),
            ("POST", "update") => self.write(call, Some(at)),
            // Whether there was one is nothing that it tells.
            ("DELETE", "delete") => {
                self.all.remove(&at);
                Answer::text(200, &format!("variable {at} deleted"))
            }
            _ => Answer::text(404, "Not found"),
        }
    }

    /// The place is a path with a slash at its end; what is deeper is of it, too. Tokens of others are not.
    fn records(&self) -> Vec<Record> {
        let record = |(path, it): (&String, &Variable)| {
            let (place, key) = path.rsplit_once('/').unwrap();
            let place = if it.is_oauth { "tokens".to_owned() } else { format!("{place}/") };
            Record { more: format!("{it:?}"), ..Record::new(&place, key, &it.value) }
        };
        self.all.iter().map(record).collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let variable =
            Variable { value: value.to_owned(), secret: true, description: "by hand".into(), is_oauth: false };
        self.all.insert(format!("{place}{key}"), variable);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        self.all.insert(format!("{place}OPEN"), Variable { value: "for all to see".into(), ..Variable::default() });
        self.all.insert(format!("{place}TOKEN"), Variable { is_oauth: true, secret: true, ..Variable::default() });
        for key in keys {
            // Both fit the pattern that `_` makes of the place.
            self.plant(&place.replace('_', "-"), key, "theirs");
            self.plant(&place.replace('_', "X"), key, "theirs");
            self.plant("u/someone/", key, "theirs");
        }
    }

    fn clear(&mut self, place: &str) {
        self.all.retain(|path, _| !path.starts_with(place));
    }
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    Answer::text(401, "Unauthorized")
}

/// The answer of whoever stands before the server.
pub fn throttled() -> Answer {
    Answer::text(429, "Too many requests").with("retry-after", "1")
}
