//! What a plan shows of the syncs that a backend runs is what happens. Worlds are made up; the table of
//! `docs/SEMANTICS.md` says what should become of every key; the plan has to say the same, and so has what is at
//! the destination and in the source after the embedded backend ran the job. `KEYFORM_WORLDS=5000` tries more worlds than
//! the ordinary run, `KEYFORM_SEED=7` others.

mod service;
mod table;
mod worlds;

use crate::providers::front::Call;
use crate::providers::front::Front;
use crate::server::Backend;
use crate::server::logged_in;
use crate::xray::service::Shelves;
use crate::xray::table::Becomes;
use crate::xray::table::Case;
use crate::xray::table::Letters;
use crate::xray::table::Outcome;
use crate::xray::worlds::Place;
use crate::xray::worlds::Random;
use futures_util::StreamExt;
use keyform::config;
use keyform::config::overlay::Overlay;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::engine::Engine;
use keyform::engine::Options;
use keyform::engine::Scope;
use keyform::http;
use keyform::http::Method;
use keyform::http::client::Client;
use keyform::model::address::Address;
use keyform::model::job;
use keyform::model::job::Content;
use keyform::model::job::InitialSync;
use keyform::model::job::Job;
use keyform::model::job::Step;
use keyform::model::key_schema::KeySchema;
use keyform::model::schema;
use keyform::model::schema::KeyRules;
use keyform::plan::Action;
use keyform::plan::HazardKind;
use keyform::plan::Plan;
use keyform::plan::Reason;
use keyform::provider::native::Changes;
use keyform::provider::native::Malformed;
use keyform::provider::native::dotenv;
use keyform::provider::native::json;
use keyform::provider::native::yaml;
use keyform::provider::registry::Registry;
use keyform::server;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Entries, or secrets.
type Keys = BTreeMap<String, String>;

/// Worlds in which a backend really runs the jobs, if nobody says otherwise; each of them three times.
const WORLDS: usize = 250;
/// Worlds that only the rules are asked about, for each of the others.
const PURE: usize = 80;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn random() -> Random {
    let mut random = Random(0x5eed_0000 + number("KEYFORM_SEED", 1) as u64);
    (0..20).for_each(|_| assert!(random.below(2) < 2));
    random
}

fn rules(case: &Case) -> KeyRules {
    let (case, replace) = match case.letters {
        Letters::Plain => (schema::Case::Sensitive, Vec::new()),
        Letters::Upper => (schema::Case::Upper, Vec::new()),
        Letters::Lower => (schema::Case::Lower, Vec::new()),
        Letters::Folded => (schema::Case::Insensitive, Vec::new()),
        Letters::Dashes => (schema::Case::Sensitive, vec![("_".into(), "-".into())]),
    };
    KeyRules { case, replace, ..KeyRules::default() }
}

#[test]
fn the_rules_of_the_job_are_those_of_the_table() {
    let mut random = random();
    let mut met: BTreeMap<Becomes, usize> = BTreeMap::new();
    for _ in 0..number("KEYFORM_WORLDS", WORLDS) * PURE {
        let (_, mut case) = worlds::world(&mut random);
        if random.below(3) == 0 {
            case.run = "later";
        }
        // What a destination refuses is no part of these rules.
        case.strict = false;
        let expected = case.outcome();
        let rules = rules(&case);
        let schema = KeySchema::new(case.template, "dev").unwrap();
        let keyed = |map: &BTreeMap<String, String>| -> BTreeMap<Arc<str>, (String, bool)> {
            map.iter().map(|(k, v)| (k.as_str().into(), (v.clone(), case.unreadable.contains(k)))).collect()
        };
        let (source, destination) = (keyed(&case.source), keyed(&case.there));
        let job = Job {
            source: &source,
            destination: &destination,
            complete: true,
            schema: &schema,
            rules: &rules,
            first: InitialSync::from_word(case.run),
            delete: case.deletion,
            can_import: true,
        };
        let same = |(a, _): &(String, bool), (b, hidden): &(String, bool)| (!hidden).then_some(a == b);
        let content = |(value, hidden): &(String, bool)| match (hidden, value.is_empty()) {
            (true, _) => Content::Unreadable,
            (false, true) => Content::Empty,
            (false, false) => Content::Text,
        };
        let collide = !job::collisions(&schema, &rules, source.keys()).is_empty();
        match job::steps(&job, same, content) {
            _ if collide => assert!(expected.fails, "{case:?}"),
            Err(_) => assert!(expected.fails, "{case:?}"),
            Ok(steps) => {
                let found = steps.into_iter().map(|(key, step)| (key.to_string(), becomes(&step)));
                assert_eq!(found.collect::<BTreeMap<_, _>>(), expected.keys, "{case:?}");
                assert!(!expected.fails, "{case:?}");
            }
        }
        expected.keys.values().for_each(|becomes| *met.entry(*becomes).or_default() += 1);
    }
    assert!(met.len() == 7 && met.values().all(|count| *count > 50), "all of it is met, and often: {met:?}");
}

fn becomes(step: &Step) -> Becomes {
    match step {
        Step::Create { .. } => Becomes::Created,
        Step::Overwrite { .. } => Becomes::Overwritten,
        Step::Same { .. } => Becomes::Same,
        Step::Import { .. } => Becomes::Taken,
        Step::Delete => Becomes::Deleted,
        Step::Keep(_) => Becomes::Left,
    }
}

/// The server, what it writes to, and the worlds that it holds.
struct Stand {
    backend: Backend,
    front: Arc<Front>,
    shelves: Shelves,
    dir: tempfile::TempDir,
    project: String,
    worlds: Vec<(Place, Case)>,
    /// Ids of the syncs.
    syncs: Vec<String>,
}

const SECRETS: &str = "/api/v4/secrets/batch";

fn slug(place: Place) -> &'static str {
    if matches!(place, Place::File(_)) { "local-file" } else { "shelf" }
}

fn letters(letters: Letters) -> String {
    format!("{letters:?}").to_lowercase()
}

type Format = (fn(&str) -> Result<Keys, Malformed>, fn(&str, &Changes<'_>) -> Result<String, Malformed>);

fn format(word: &str) -> Format {
    match word {
        "dotenv" => (dotenv::read, dotenv::edit),
        "json" => (json::read, json::edit),
        _ => (yaml::read, yaml::edit),
    }
}

impl Stand {
    async fn new(count: usize) -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::create_dir(dir.path().join("out")).unwrap();
        std::fs::create_dir(dir.path().join("providers")).unwrap();
        std::fs::write(dir.path().join("providers/shelf.hcl"), service::MANIFEST).unwrap();
        let shelves = Shelves::default();
        let served = shelves.clone();
        let front = Front::before(Arc::new(move |call: &Call| service::serve(&served, call)), Vec::new()).await;
        let client = Client::new(http::client::Options::default()).unwrap();
        let options = server::Options::new(dir.path().join("server"));
        let running = server::start(options, Arc::new(registry(dir.path())), client).await.unwrap();
        std::fs::write(dir.path().join("id"), running.client_secret.expose()).unwrap();
        std::fs::set_permissions(dir.path().join("id"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let backend = logged_in(running).await;
        let project = backend.project("worlds").await;
        let mut random = random();
        let worlds = (0..count).map(|_| worlds::world(&mut random)).collect();
        let mut stand = Self { backend, front, shelves, dir, project, worlds, syncs: Vec::new() };
        stand.make().await;
        stand
    }

    /// Connections, and a folder with a sync for each world.
    async fn make(&mut self) {
        let (out, url) = (self.dir.path().join("out"), self.front.url());
        let mut connections = BTreeMap::new();
        for (app, method, credentials) in [
            ("local", "directory", json!({"path": out})),
            ("shelf", "token", json!({"url": url, "token": "canary-shelf"})),
        ] {
            let new = json!({"name": app, "method": method, "credentials": credentials});
            let made = self.backend.ok(Method::Post, &format!("/api/v1/app-connections/{app}"), new).await;
            connections.insert(app, made["appConnection"]["id"].clone());
        }
        let syncs = futures_util::stream::iter(self.worlds.iter().enumerate()).map(|(n, (place, case))| {
            let (backend, project, connections) = (&self.backend, &self.project, &connections);
            async move {
                let folder = json!({"projectId": project, "environment": "dev", "path": "/", "name": format!("w{n}")});
                backend.ok(Method::Post, "/api/v2/folders", folder).await;
                let (app, config) = match place {
                    Place::File(format) => ("local", json!({"format": format, "file": format!("w{n}")})),
                    Place::Service(of, _) => ("shelf", json!({"letters": letters(*of), "number": n.to_string()})),
                };
                let mut options = json!({"initialSyncBehavior": case.run, "disableSecretDeletion": !case.deletion});
                if case.template != "{{secretKey}}" {
                    options["keySchema"] = case.template.into();
                }
                let new = json!({
                    "name": format!("w{n}"), "projectId": project, "connectionId": connections[app], "environment": "dev",
                    "secretPath": format!("/w{n}"), "isAutoSyncEnabled": false, "syncOptions": options,
                    "destinationConfig": config,
                });
                let made = backend.ok(Method::Post, &format!("/api/v1/secret-syncs/{}", slug(*place)), new).await;
                made["secretSync"]["id"].as_str().unwrap().to_owned()
            }
        });
        self.syncs = syncs.buffered(8).collect().await;
        std::fs::write(self.dir.path().join("main.hcl"), self.configuration()).unwrap();
    }

    /// The same, as a configuration declares it.
    fn configuration(&self) -> String {
        let (url, id, front) = (&self.backend.running.url, &self.backend.running.client_id, self.front.url());
        let mut text = format!(
            r#"
backend "infisical" {{
  url = "{url}"
  auth "universal" {{
    client_id     = "{id}"
    client_secret = secret_file("id")
  }}
}}
project "worlds" {{
  environment "dev" {{}}
}}
app_connection "local" "local" {{
  method = "directory"
  path   = abspath("out")
}}
app_connection "shelf" "shelf" {{
  method = "token"
  url    = "{front}"
  token  = secret_file("token")
}}
"#
        );
        std::fs::write(self.dir.path().join("token"), "canary-shelf").unwrap();
        for (n, (place, case)) in self.worlds.iter().enumerate() {
            let (slug, template, initial, keeps) = (slug(*place), case.template, case.run, !case.deletion);
            let (app, destination) = match place {
                Place::File(format) => ("local", format!("format = \"{format}\"\n    file = \"w{n}\"")),
                Place::Service(of, _) => ("shelf", format!("letters = \"{}\"\n    number = \"{n}\"", letters(*of))),
            };
            write!(
                text,
                r#"
secret_sync "{slug}" "w{n}" {{
  project      = project.worlds
  environment  = "dev"
  path         = "/w{n}"
  connection   = app_connection.{app}
  key_schema   = "{template}"
  initial_sync = "{initial}"
  auto_sync    = false
  disable_secret_deletion = {keeps}
  destination {{
    {destination}
  }}
}}
"#
            )
            .unwrap();
        }
        text
    }

    /// Puts the worlds where they belong: secrets, and what the destinations hold.
    async fn put(&self) {
        let found = self.secrets().await;
        let each = futures_util::stream::iter(self.worlds.iter().enumerate()).map(|(n, (place, case))| {
            let place_of = json!({"projectId": self.project, "environment": "dev", "secretPath": format!("/w{n}")});
            let batch = move |secrets: Vec<Value>| {
                let mut body = place_of.clone();
                body["secrets"] = secrets.into();
                body
            };
            let old = found.get(&n).into_iter().flatten().map(|(k, _)| json!({"secretKey": k})).collect::<Vec<_>>();
            let new = case.source.iter().map(|(k, v)| json!({"secretKey": k, "secretValue": v})).collect::<Vec<_>>();
            self.place(n, *place, case);
            async move {
                if !old.is_empty() {
                    self.backend.ok(Method::Delete, SECRETS, batch(old)).await;
                }
                if !new.is_empty() {
                    self.backend.ok(Method::Post, SECRETS, batch(new)).await;
                }
            }
        });
        each.buffer_unordered(8).collect::<()>().await;
    }

    fn file(&self, n: usize) -> PathBuf {
        self.dir.path().join("out").join(format!("w{n}"))
    }

    fn place(&self, n: usize, place: Place, case: &Case) {
        match place {
            Place::File(word) => {
                let changes = case.there.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
                let empty = if word == "json" { "{}" } else { "" };
                std::fs::write(self.file(n), format(word).1(empty, &changes).unwrap()).unwrap();
            }
            Place::Service(_, hides) => {
                self.shelves.lock().unwrap().insert(n.to_string(), (hides, case.there.clone()));
            }
        }
    }

    /// What a destination holds.
    fn holds(&self, n: usize) -> Keys {
        match self.worlds[n].0 {
            Place::File(word) => format(word).0(&std::fs::read_to_string(self.file(n)).unwrap()).unwrap(),
            Place::Service(..) => self.shelves.lock().unwrap()[&n.to_string()].1.clone(),
        }
    }

    /// All secrets by world.
    async fn secrets(&self) -> BTreeMap<usize, Keys> {
        let path = format!("/api/v4/secrets?projectId={}&environment=dev&recursive=true", self.project);
        let mut all: BTreeMap<usize, Keys> = BTreeMap::new();
        for secret in self.backend.ok(Method::Get, &path, Value::Null).await["secrets"].as_array().unwrap() {
            let text = |name: &str| secret[name].as_str().unwrap().to_owned();
            let n = text("secretPath").trim_start_matches("/w").parse().unwrap();
            all.entry(n).or_default().insert(text("secretKey"), text("secretValue"));
        }
        all
    }

    /// Runs a job of every sync; gives which of them succeeded.
    async fn run(&self, job: &str) -> Vec<bool> {
        let each = futures_util::stream::iter(self.syncs.iter().zip(&self.worlds)).map(|(id, (place, _))| async move {
            let path = format!("/api/v1/secret-syncs/{}/{id}/{job}", slug(*place));
            self.backend.ok(Method::Post, &path, Value::Null).await;
        });
        each.buffer_unordered(8).collect::<()>().await;
        let field = if job == "remove-secrets" { "removeStatus" } else { "syncStatus" };
        let path = format!("/api/v1/secret-syncs?projectId={}", self.project);
        let start = Instant::now();
        loop {
            let all = self.backend.ok(Method::Get, &path, Value::Null).await;
            let status: BTreeMap<&str, &str> = all["secretSyncs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|sync| (sync["id"].as_str().unwrap(), sync[field].as_str().unwrap()))
                .collect();
            if status.values().all(|status| !["pending", "running"].contains(status)) {
                return self.syncs.iter().map(|id| status[id.as_str()] == "succeeded").collect();
            }
            assert!(start.elapsed() < Duration::from_secs(120), "the jobs do not end");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn plan(&self) -> Plan {
        let registry = registry(self.dir.path());
        let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
        let input = config::Input::new(self.dir.path());
        let desired = config::load(&mut acc, &mut sources, &input, registry.schemas());
        let desired = Arc::new(desired.unwrap_or_else(|| panic!("{acc:?}")));
        let state = self.dir.path().join(".keyform");
        let registry = Arc::new(registry);
        let options = Options {
            dir: self.dir.path().to_owned(),
            state,
            allow_exec: false,
            lock: None,
            registry,
            stand_ins: None,
            hear: None,
        };
        let engine = Engine::open(options, &desired).await.unwrap_or_else(|why| panic!("{why:?}"));
        let scope = Scope { adopt: true, ..Scope::default() };
        let planned = engine.plan(&desired, &scope).await;
        engine.close().await;
        planned.unwrap_or_else(|why| panic!("{why:?}")).plan
    }

    /// Plans and runs, and compares both with the table. Gives which jobs succeeded.
    async fn compare(&self, met: &mut BTreeMap<Becomes, usize>) -> Vec<bool> {
        self.put().await;
        let plan = self.plan().await;
        let went = self.run("sync-secrets").await;
        let secrets = self.secrets().await;
        let shown = Shown::of(&plan, self.worlds.len());
        for (n, (place, case)) in self.worlds.iter().enumerate() {
            let expected = case.outcome();
            let about = format!("w{n} {place:?} {case:#?}");
            shown[n].check(&expected, &about);
            let is_whole = !expected.fails && !expected.keys.values().any(|becomes| *becomes == Becomes::Refused);
            assert_eq!(went[n], is_whole, "whether the job succeeds: {about}");
            assert_eq!(self.holds(n), expected.there, "what is at the destination: {about}");
            assert_eq!(secrets.get(&n).cloned().unwrap_or_default(), expected.source, "what is in the source: {about}");
            expected.keys.values().for_each(|becomes| *met.entry(*becomes).or_default() += 1);
        }
        went
    }
}

fn registry(dir: &Path) -> Registry {
    let mut registry = Registry::builtin().unwrap();
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    registry.add_user_manifests(&mut acc, &mut sources, &dir.join("providers"), &Overlay::default());
    assert!(!acc.has_errors(), "{acc:?}");
    registry
}

/// What a plan says of one sync.
#[derive(Debug, Default)]
struct Shown {
    rows: BTreeMap<String, Becomes>,
    refused: Vec<String>,
    fails: bool,
}

impl Shown {
    fn of(plan: &Plan, count: usize) -> Vec<Self> {
        let mut all: Vec<Self> = (0..count).map(|_| Self::default()).collect();
        assert!(plan.incomplete.is_empty() && plan.blind.is_empty(), "{:?} {:?}", plan.incomplete, plan.blind);
        let number = |address: &Address| address.resource().to_string().strip_prefix("secret_sync.w")?.parse().ok();
        for change in &plan.changes {
            let (Some(n), Some(key)) = (number(&change.address), change.address.entry_key()) else { continue };
            let becomes = match (change.action, change.reason) {
                (Action::Create, _) => Becomes::Created,
                (Action::Update, _) => Becomes::Overwritten,
                (Action::Adopt, Reason::Imported) => Becomes::Taken,
                (Action::Adopt, _) => Becomes::Same,
                (Action::Delete, _) => Becomes::Deleted,
                _ => panic!("{change:?}"),
            };
            let n: usize = n;
            all[n].rows.insert(key.to_owned(), becomes);
        }
        for address in plan.blocked.keys() {
            let n: usize = number(address).unwrap_or_else(|| panic!("{:?}", plan.blocked));
            match address.entry_key() {
                Some(key) => all[n].refused.push(key.to_owned()),
                None => all[n].fails = true,
            }
        }
        for hazard in plan.hazards.iter().filter(|hazard| hazard.kind == HazardKind::Collision) {
            let n: usize = number(&hazard.address).unwrap();
            all[n].fails = true;
        }
        all
    }

    fn check(&self, expected: &Outcome, about: &str) {
        assert_eq!(self.fails, expected.fails, "whether the plan refuses it: {self:?} {about}");
        if expected.fails {
            return;
        }
        let mut rows = expected.keys.clone();
        let refused: Vec<&String> = rows.iter().filter(|(_, b)| **b == Becomes::Refused).map(|(key, _)| key).collect();
        assert_eq!(self.refused.iter().collect::<Vec<_>>(), refused, "which keys the plan refuses: {about}");
        rows.retain(|_, becomes| !matches!(becomes, Becomes::Left | Becomes::Refused));
        assert_eq!(self.rows, rows, "the rows of the plan: {about}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_shows_what_the_job_does() {
    let mut stand = Stand::new(number("KEYFORM_WORLDS", WORLDS)).await;
    let mut met = BTreeMap::new();
    let went = stand.compare(&mut met).await;
    let mut random = Random(random().0 ^ 0x7777);
    for (n, (place, case)) in stand.worlds.iter_mut().enumerate() {
        if went[n] {
            case.run = "later";
        }
        worlds::fill(&mut random, *place, case);
    }
    stand.compare(&mut met).await;
    assert!(met.len() == 8 && met.values().all(|count| *count > 5), "all of it is met, and often: {met:?}");

    // And the end: what the source has by now is taken away.
    for (place, case) in &mut stand.worlds {
        worlds::fill(&mut random, *place, case);
    }
    stand.put().await;
    let went = stand.run("remove-secrets").await;
    for (n, (place, case)) in stand.worlds.iter().enumerate() {
        assert!(went[n], "{place:?} {case:#?}");
        assert_eq!(stand.holds(n), case.taken_away(), "{place:?} {case:#?}");
    }
    stand.backend.running.shutdown().await;
}
