//! Parameters of TeamCity's projects and build configurations, as
//! <https://www.jetbrains.com/help/teamcity/rest/manage-typed-parameters.html> and the vendor's own server code
//! (`teamcity-rest`) tell it. A password never comes back; `%` in a value refers to another parameter.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-teamcity-token";
const PASSWORD: &str = "password display='hidden'";

#[derive(Debug, Clone, PartialEq)]
struct Parameter {
    value: String,
    kind: Option<String>,
}

/// Parameters by owner (`projects/Acme`, `buildTypes/Acme_Build`); whatever is above hands its own down.
pub struct TeamCity {
    owners: BTreeMap<String, BTreeMap<String, Parameter>>,
}

impl TeamCity {
    pub fn new(owners: &[&str]) -> Self {
        Self { owners: owners.iter().map(|owner| ((*owner).to_owned(), BTreeMap::new())).collect() }
    }

    fn list(&self, call: &Call, owner: &str) -> Answer {
        let fields = call.query("fields").unwrap_or("property(name,value,inherited,type(rawValue))");
        let shown = |(name, it): (&String, &Parameter), inherited: bool| {
            let mut out = json!({ "name": name });
            let is_password = it.kind.as_deref().is_some_and(|kind| kind.starts_with("password"));
            if fields.contains("value,") && (!is_password || it.value.is_empty()) {
                out["value"] = it.value.as_str().into();
            }
            if inherited && fields.contains("inherited") {
                out["inherited"] = true.into();
            }
            if let (Some(kind), true) = (&it.kind, fields.contains("type(rawValue)")) {
                out["type"] = json!({ "rawValue": kind });
            }
            out
        };
        let own = self.owners[owner].iter().map(|it| shown(it, false));
        let root = Parameter { value: "from above".into(), kind: None };
        let name = "env.INHERITED".to_owned();
        let all: Vec<Value> = own.chain([shown((&name, &root), true)]).collect();
        Answer::json(200, &json!({ "property": all }))
    }

    fn write(&mut self, call: &Call, owner: &str) -> Answer {
        let body = match call.object(&["name", "value"], &["type", "inherited"]) {
            Ok(body) => body,
            Err(problem) => return Answer::text(400, &problem),
        };
        let (Some(name), Some(value)) = (body["name"].as_str(), body["value"].as_str()) else {
            return Answer::text(400, "Parameter cannot have empty name or value.");
        };
        let kind = body.get("type").map(|kind| kind["rawValue"].as_str().unwrap_or("").to_owned());
        if kind.as_deref().is_some_and(|kind| kind != PASSWORD && !kind.starts_with("text")) {
            return Answer::text(400, "Can't parse the type of the parameter");
        }
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-*".contains(c));
        if !is_name || !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name == "env." {
            return Answer::text(400, "The parameter name should match the pattern");
        }
        let parameter = Parameter { value: value.to_owned(), kind };
        self.owners.get_mut(owner).unwrap().insert(name.to_owned(), parameter);
        Answer::json(200, &json!({ "name": name, "type": { "rawValue": PASSWORD } }))
    }
}

impl Fake for TeamCity {
    fn answer(&mut self, call: &Call) -> Answer {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return unauthorized();
        }
        // What is asked for without a word about the format comes as XML.
        if !call.header("accept").contains("json") && call.method != "DELETE" {
            return Answer::text(200, "<properties/>");
        }
        let (method, path) = call.route();
        let (kind, locator, rest) = match path.as_slice() {
            ["app", "rest", "server"] if method == "GET" => return Answer::json(200, &json!({ "version": "2026.1" })),
            ["app", "rest", kind @ ("projects" | "buildTypes"), locator, "parameters", rest @ ..] => {
                (kind, locator, rest)
            }
            _ => return Answer::text(404, "There is nothing here"),
        };
        let owner = format!("{kind}/{}", locator.strip_prefix("id:").unwrap_or(locator));
        if !self.owners.contains_key(&owner) {
            return Answer::text(404, "No project or build type found by locator");
        }
        match (method, rest) {
            ("GET", []) => self.list(call, &owner),
            ("POST", []) => self.write(call, &owner),
            // All of them at once.
            ("DELETE", [] | [""]) => {
                self.owners.get_mut(&owner).unwrap().clear();
                Answer::empty(204)
            }
            // Whether there was one is nothing that it tells.
            ("DELETE", [name]) => {
                self.owners.get_mut(&owner).unwrap().remove(*name);
                Answer::empty(204)
            }
            _ => Answer::text(405, "Method not allowed"),
        }
    }

    /// Values as a build sees them.
    fn records(&self) -> Vec<Record> {
        let all = self.owners.iter().flat_map(|(owner, all)| all.iter().map(move |(name, it)| (owner, name, it)));
        all.map(|(owner, name, it)| {
            let place = if name.starts_with("env.") { owner.clone() } else { format!("{owner} without env") };
            let key = name.strip_prefix("env.").unwrap_or(name);
            Record { more: format!("{it:?}"), ..Record::new(&place, key, &it.value.replace("%%", "%")) }
        })
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        let parameter = Parameter { value: value.replace('%', "%%"), kind: Some(PASSWORD.into()) };
        self.owners.get_mut(place).unwrap().insert(format!("env.{key}"), parameter);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        self.plant(place, "THEIRS", "as it is");
        let open = Parameter { value: "for all to see".into(), kind: None };
        let own = self.owners.get_mut(place).unwrap();
        own.insert("env.OPEN".into(), open.clone());
        own.extend(keys.iter().map(|key| (format!("system.{key}"), open.clone())));
        own.extend(keys.iter().map(|key| ((*key).to_owned(), open.clone())));
        for other in self.owners.keys().filter(|other| *other != place).cloned().collect::<Vec<_>>() {
            keys.iter().for_each(|key| self.plant(&other, key, "theirs"));
        }
    }

    fn clear(&mut self, place: &str) {
        self.owners.get_mut(place).unwrap().clear();
    }
}

/// The answer to a token that is none.
pub fn unauthorized() -> Answer {
    Answer::text(401, "Authentication required. Incorrect username or password.")
}

/// The answer of whoever stands before the server.
pub fn throttled() -> Answer {
    Answer::text(429, "Too many requests").with("retry-after", "1")
}
