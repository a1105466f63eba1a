//! Cloudflare's variables of a Pages project and secrets of a Worker, as the vendor's own SDK
//! (`cloudflare` 7.3) and its command line (`wrangler` 4.164) tell it. Secrets never come back and have no
//! version; whatever goes wrong, `success` is false.

use crate::providers::fake::Fake;
use crate::providers::fake::Record;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// The token that is let in.
pub const TOKEN: &str = "canary-cloudflare-token";
/// The account of the tests.
pub const ACCOUNT: &str = "acc1";
/// Variables of a Worker, whatever their kind, on a paid plan.
const MOST_OF_A_WORKER: usize = 128;
/// Secrets in one request.
const MOST_AT_ONCE: usize = 100;
const MOST_BYTES: usize = 5 * 1024;

#[derive(Debug, Clone, PartialEq)]
struct Binding {
    /// `plain_text`, `secret_text` or `secret_key`.
    kind: String,
    value: String,
}

type Bindings = BTreeMap<String, Binding>;

/// All of Cloudflare: variables of projects by project and environment, bindings of Workers by script.
pub struct Cloudflare {
    projects: BTreeMap<String, BTreeMap<String, Bindings>>,
    /// Environments whose settings come from a file of Wrangler's: its hash, echoed with every change.
    hashes: BTreeMap<String, String>,
    workers: BTreeMap<String, Bindings>,
}

impl Cloudflare {
    /// Two projects and two Workers without variables.
    pub fn new() -> Self {
        let environments = || ["production", "preview"].map(|name| (name.to_owned(), Bindings::new())).into();
        Self {
            projects: ["shop", "other"].map(|project| (project.to_owned(), environments())).into(),
            hashes: BTreeMap::from([("shop/production".into(), "0a1b2c".into())]),
            workers: ["edge", "other"].map(|worker| (worker.to_owned(), Bindings::new())).into(),
        }
    }

    fn respond(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.header("authorization") != format!("Bearer {TOKEN}") {
            return Err(unauthorized());
        }
        let (method, path) = call.route();
        let ["client", "v4", path @ ..] = path.as_slice() else {
            return Err(refusal(404, 7003, "No route for that URI"));
        };
        match (method, path) {
            ("GET", ["zones"]) => Ok(result(&json!([]))),
            (_, ["accounts", ACCOUNT, "pages", "projects", project]) => self.project(call, project),
            (_, ["accounts", ACCOUNT, "workers", "scripts", script, rest @ ..]) => self.worker(call, script, rest),
            _ => Err(refusal(404, 7003, "No route for that URI")),
        }
    }

    fn project(&mut self, call: &Call, name: &str) -> Result<Answer, Answer> {
        let missing = || refusal(404, 8000007, "Project not found. The specified project name does not match any.");
        let environments = self.projects.get_mut(name).ok_or_else(missing)?;
        match call.method.as_str() {
            "GET" => {}
            "PATCH" => {
                let body = call.object(&["deployment_configs"], &[]).map_err(|e| refusal(400, 8000000, &e))?;
                let configs = body["deployment_configs"].as_object().ok_or_else(invalid)?;
                for (environment, config) in configs {
                    let vars = environments.get_mut(environment).ok_or_else(invalid)?;
                    let config = config.as_object().ok_or_else(invalid)?;
                    if config.keys().any(|name| name != "env_vars" && name != "wrangler_config_hash") {
                        return Err(invalid());
                    }
                    let mut next = vars.clone();
                    for (key, new) in config.get("env_vars").and_then(Value::as_object).ok_or_else(invalid)? {
                        change(&mut next, key, new, "value")?;
                    }
                    *vars = next;
                    // What becomes of it when nobody echoes it is documented nowhere; here it is lost.
                    let place = format!("{name}/{environment}");
                    match config.get("wrangler_config_hash").and_then(Value::as_str) {
                        Some(hash) => self.hashes.insert(place, hash.into()),
                        None => self.hashes.remove(&place),
                    };
                }
            }
            _ => return Err(refusal(405, 10405, "Method not allowed for this authentication scheme")),
        }
        let shown = |vars: &Bindings| -> Value {
            let one = |(key, it): (&String, &Binding)| {
                let value = if it.kind == "plain_text" { &it.value } else { "" };
                (key.clone(), json!({ "type": it.kind, "value": value }))
            };
            // Where there are none, there is no map.
            if vars.is_empty() { Value::Null } else { Value::Object(vars.iter().map(one).collect()) }
        };
        let configs = environments.iter().map(|(environment, vars)| {
            let mut config = json!({ "env_vars": shown(vars), "fail_open": true, "compatibility_date": "2026-01-01" });
            if let Some(hash) = self.hashes.get(&format!("{name}/{environment}")) {
                config["wrangler_config_hash"] = hash.as_str().into();
            }
            (environment.clone(), config)
        });
        let configs: serde_json::Map<String, Value> = configs.collect();
        Ok(result(
            &json!({ "id": "p1", "name": name, "subdomain": format!("{name}.pages.dev"), "deployment_configs": configs }),
        ))
    }

    fn worker(&mut self, call: &Call, script: &str, rest: &[&str]) -> Result<Answer, Answer> {
        let missing = || refusal(404, 10007, "This Worker does not exist on your account.");
        let bindings = self.workers.get_mut(script).ok_or_else(missing)?;
        let shown = |name: &str, it: &Binding| json!({ "name": name, "type": it.kind });
        match (call.method.as_str(), rest) {
            ("GET", ["secrets"]) => {
                let secrets = bindings.iter().filter(|(_, it)| it.kind != "plain_text");
                Ok(result(&secrets.map(|(name, it)| shown(name, it)).collect()))
            }
            ("PUT", ["secrets"]) => {
                let new = call.object(&["name", "text", "type"], &[]).map_err(|e| refusal(400, 10021, &e))?;
                let name = new["name"].as_str().ok_or_else(invalid)?.to_owned();
                change(bindings, &name, &Value::Object(new), "text")?;
                Ok(result(&shown(&name, &bindings[&name])))
            }
            ("DELETE", ["secrets", name]) => match bindings.remove(*name) {
                Some(_) => Ok(result(&Value::Null)),
                None => Err(refusal(404, 10056, "Secret not found")),
            },
            // Both names of the content type are the vendor's own.
            ("PATCH", ["secrets-bulk"]) => {
                let kind = call.header("content-type");
                if kind != "application/json" && kind != "application/merge-patch+json" {
                    return Err(refusal(415, 10001, "Content-Type must be application/merge-patch+json"));
                }
                let body: Value = serde_json::from_slice(&call.body).map_err(|_| invalid())?;
                let only =
                    body.as_object().is_some_and(|o| o.keys().all(|name| name == "secrets" || name == "version_tags"));
                let secrets = body["secrets"].as_object().filter(|_| only).ok_or_else(invalid)?;
                if secrets.len() > MOST_AT_ONCE {
                    return Err(refusal(400, 100160, "Too many secrets in one request"));
                }
                let mut next = bindings.clone();
                for (name, new) in secrets {
                    if !new.is_null() && new["name"] != **name {
                        return Err(invalid());
                    }
                    change(&mut next, name, new, "text")?;
                }
                if next.len() > MOST_OF_A_WORKER {
                    return Err(refusal(400, 10055, "Too many variables"));
                }
                *bindings = next;
                let all = secrets.iter().filter(|(_, new)| !new.is_null());
                Ok(result(&Value::Object(all.map(|(name, _)| (name.clone(), shown(name, &bindings[name]))).collect())))
            }
            _ => Err(refusal(405, 10405, "Method not allowed")),
        }
    }
}

/// Sets one, or with null takes it away.
fn change(all: &mut Bindings, key: &str, new: &Value, field: &str) -> Result<(), Answer> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if field == "text" && (key.starts_with(|c: char| c.is_ascii_digit()) || key.is_empty() || !key.chars().all(plain)) {
        return Err(refusal(400, 10021, "The name of a binding is the name of a variable"));
    }
    if new.is_null() {
        all.remove(key);
        return Ok(());
    }
    let fields = new.as_object().ok_or_else(invalid)?;
    if fields.keys().any(|name| name != "type" && name != field && name != "name") {
        return Err(invalid());
    }
    let (Some(kind), Some(value)) = (new["type"].as_str(), new[field].as_str()) else { return Err(invalid()) };
    if value.len() > MOST_BYTES && field == "text" {
        return Err(refusal(400, 10054, "The value of a variable is limited to 5 kB"));
    }
    if field == "text" && all.get(key).is_some_and(|old| old.kind == "plain_text") {
        return Err(refusal(400, 10053, "A binding of another kind has this name"));
    }
    all.insert(key.into(), Binding { kind: kind.into(), value: value.into() });
    Ok(())
}

impl Fake for Cloudflare {
    fn answer(&mut self, call: &Call) -> Answer {
        self.respond(call).unwrap_or_else(|refused| refused).with("ratelimit", "\"default\";r=1199;t=300")
    }

    fn records(&self) -> Vec<Record> {
        let pages = self.projects.iter().flat_map(|(project, environments)| {
            environments.iter().map(move |(name, vars)| (format!("pages {project}/{name}"), vars))
        });
        let workers = self.workers.iter().map(|(script, bindings)| (format!("workers {script}"), bindings));
        let all = pages.chain(workers).flat_map(|(place, all)| all.iter().map(move |it| (place.clone(), it)));
        let hashes = self.hashes.iter().map(|(place, hash)| Record::new(&format!("hash {place}"), "", hash));
        all.map(|(place, (key, it))| {
            let place = if it.kind == "secret_text" { place } else { format!("{place} {}", it.kind) };
            Record::new(&place, key, &it.value)
        })
        .chain(hashes)
        .collect()
    }

    fn plant(&mut self, place: &str, key: &str, value: &str) {
        self.put(place, key, "secret_text", value);
    }

    fn plant_neighbours(&mut self, place: &str, keys: &[&str]) {
        let places =
            ["pages shop/production", "pages shop/preview", "pages other/production", "workers edge", "workers other"];
        for other in places.iter().filter(|other| **other != place) {
            keys.iter().for_each(|key| self.plant(other, key, "theirs"));
        }
        self.plant(place, "THEIRS", "as it is");
        self.put(place, "PLAIN", "plain_text", "as it is");
        if place.starts_with("workers") {
            self.put(place, "SIGNING_KEY", "secret_key", "as it is");
        }
    }

    fn clear(&mut self, place: &str) {
        self.bindings(place).clear();
    }
}

impl Cloudflare {
    fn put(&mut self, place: &str, key: &str, kind: &str, value: &str) {
        self.bindings(place).insert(key.into(), Binding { kind: kind.into(), value: value.into() });
    }

    fn bindings(&mut self, place: &str) -> &mut Bindings {
        let (product, name) = place.split_once(' ').unwrap();
        if product == "workers" {
            return self.workers.get_mut(name).unwrap();
        }
        let (project, environment) = name.split_once('/').unwrap();
        self.projects.get_mut(project).unwrap().get_mut(environment).unwrap()
    }
}

/// An answer that went well.
pub fn result(result: &Value) -> Answer {
    Answer::json(200, &json!({ "success": true, "errors": [], "messages": [], "result": result }))
}

/// The answer to a body that makes no sense.
pub fn invalid() -> Answer {
    refusal(400, 10001, "The body of the request is invalid")
}

/// The answer to what is refused.
pub fn refusal(status: u16, code: u32, message: &str) -> Answer {
    let errors = json!([{ "code": code, "message": message }]);
    Answer::json(status, &json!({ "success": false, "errors": errors, "messages": [], "result": null }))
}

/// The answer to bad credentials.
pub fn unauthorized() -> Answer {
    refusal(401, 10000, "Authentication error")
}

/// The answer of the rate limit.
pub fn throttled() -> Answer {
    refusal(429, 971, "Please wait and consider throttling your request speed").with("retry-after", "1")
}
