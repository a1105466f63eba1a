//! The vendors of which there is no server to be had: GitHub, GitLab, Vercel and Render as our own fakes
//! play them.

use crate::laws::stand::Everything;
use crate::laws::stand::Facts;
use crate::laws::stand::Ground;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::front::Answer;
use crate::providers::front::Front;
use crate::providers::github;
use crate::providers::github::GitHub;
use crate::providers::gitlab;
use crate::providers::gitlab::GitLab;
use crate::providers::gitlab::Variable;
use crate::providers::openapi;
use crate::providers::render;
use crate::providers::render::Render;
use crate::providers::vercel;
use crate::providers::vercel::Record;
use crate::providers::vercel::Vercel;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

/// A fake, and the part of it that the destination is.
pub enum Rest {
    GitHub(Arc<Mutex<GitHub>>, String),
    /// The owner and the environment scope.
    GitLab(Arc<Mutex<GitLab>>, String, &'static str),
    /// What a record of the destination looks like, and whether it is the team's.
    Vercel(Arc<Mutex<Vercel>>, Box<Record>, bool),
    Render(Arc<Mutex<Render>>, String),
}

impl Rest {
    pub fn holds(&self) -> BTreeMap<String, String> {
        match self {
            Self::GitHub(fake, place) => {
                let fake = fake.lock().unwrap();
                fake.places[place].iter().map(|(key, record)| (key.clone(), record.value.clone())).collect()
            }
            Self::GitLab(fake, owner, scope) => {
                let fake = fake.lock().unwrap();
                let own = fake.owners[owner].iter().filter(|v| v.scope == *scope);
                own.map(|v| (v.key.clone(), v.value.clone())).collect()
            }
            Self::Vercel(fake, like, shared) => {
                let fake = fake.lock().unwrap();
                let place = format!("{} ", like.reaches()[0]);
                let all = vercel::effective(if *shared { &fake.team } else { &fake.project }).into_iter();
                all.filter_map(|(name, value)| Some((name.strip_prefix(&place)?.to_owned(), value))).collect()
            }
            Self::Render(fake, owner) => fake.lock().unwrap().owners[owner].iter().cloned().collect(),
        }
    }

    pub fn everything(&self) -> Everything {
        let name =
            |own: bool, place: &str, key: &str| if own { format!("own {key}") } else { format!("{place} {key}") };
        match self {
            Self::GitHub(fake, place) => {
                let fake = fake.lock().unwrap();
                let all = fake.places.iter().flat_map(|(p, records)| records.iter().map(move |(k, r)| (p, k, r)));
                all.map(|(p, key, record)| (name(p == place, p, key), format!("{record:?}"))).collect()
            }
            Self::GitLab(fake, owner, scope) => {
                let fake = fake.lock().unwrap();
                let all = fake.owners.iter().flat_map(|(o, variables)| variables.iter().map(move |v| (o, v)));
                all.map(|(o, v)| {
                    let place = format!("{o} {}", v.scope);
                    (name(o == owner && v.scope == *scope, &place, &v.key), format!("{v:?}"))
                })
                .collect()
            }
            Self::Vercel(fake, like, _) => {
                let fake = fake.lock().unwrap();
                let own = format!("{} ", like.reaches()[0]);
                let mut all = Everything::new();
                for (records, whose) in [(&fake.project, "project"), (&fake.team, "team")] {
                    for record in records {
                        for (at, value) in vercel::effective(std::slice::from_ref(record)) {
                            let own = at.strip_prefix(&own).map(|key| format!("own {key}"));
                            let kept = (value, &record.kind, &record.comment, &record.configuration, &record.projects);
                            all.insert(own.unwrap_or(format!("{whose} {at}")), format!("{kept:?}"));
                        }
                    }
                }
                all
            }
            Self::Render(fake, owner) => {
                let fake = fake.lock().unwrap();
                let all = fake.owners.iter().flat_map(|(o, entries)| entries.iter().map(move |(k, v)| (o, k, v)));
                all.map(|(o, key, value)| (name(o == owner, o, key), value.clone())).collect()
            }
        }
    }

    pub fn plant(&self, entries: &BTreeMap<String, String>) {
        for (key, value) in entries {
            match self {
                Self::GitHub(fake, place) => fake.lock().unwrap().plant(place, key, value),
                Self::GitLab(fake, owner, scope) => fake.lock().unwrap().plant(owner, Variable::new(key, value, scope)),
                Self::Vercel(fake, like, shared) => {
                    let record = Record { key: key.clone(), value: value.clone(), ..(**like).clone() };
                    let mut fake = fake.lock().unwrap();
                    if *shared { fake.plant_shared(record) } else { fake.plant(record) }
                }
                Self::Render(fake, owner) => {
                    fake.lock().unwrap().owners.get_mut(owner).unwrap().push((key.clone(), value.clone()));
                }
            }
        }
    }

    pub fn plant_neighbours(&self, keys: &[&str]) {
        match self {
            Self::GitHub(fake, place) => {
                let mut fake = fake.lock().unwrap();
                fake.plant(place, "THEIRS", "as it is");
                let others: Vec<String> = fake.places.keys().filter(|other| *other != place).cloned().collect();
                others.iter().for_each(|other| keys.iter().for_each(|key| fake.plant(other, key, "theirs")));
            }
            Self::GitLab(fake, owner, scope) => {
                let mut fake = fake.lock().unwrap();
                for other in fake.owners.keys().cloned().collect::<Vec<_>>() {
                    for key in keys {
                        // Before ours in the list, so that a request without a scope would hit it.
                        fake.plant(&other, Variable { raw: true, ..Variable::new(key, "theirs", "staging") });
                    }
                }
                let hidden = Variable { masked: true, hidden: true, ..Variable::new("HIDDEN", "long-enough", scope) };
                let file = Variable::new("FILE", "two\nlines", scope);
                fake.plant(owner, hidden);
                fake.plant(owner, Variable { variable_type: "file".into(), protected: true, ..file });
            }
            Self::Vercel(fake, like, _) => {
                let mut fake = fake.lock().unwrap();
                for key in keys {
                    let branch = Some("feature".to_owned());
                    fake.plant(Record { branch, ..Record::new(key, "on a branch", &["preview"]) });
                    fake.plant(Record { kind: "plain".into(), ..Record::new(key, "theirs", &["development"]) });
                    fake.plant_shared(Record::new(key, "theirs", &["development"]));
                }
                let theirs = Record { key: "THEIRS".into(), value: "as it is".into(), ..(**like).clone() };
                let integration = Some("icfg_1".to_owned());
                fake.plant(Record { comment: Some("theirs".into()), ..theirs.clone() });
                fake.plant(Record { key: "INTEGRATION".into(), configuration: integration, ..theirs.clone() });
                fake.plant_shared(theirs);
            }
            Self::Render(fake, _) => {
                let mut fake = fake.lock().unwrap();
                for entries in fake.owners.values_mut() {
                    entries.push(("THEIRS".into(), "as it is".into()));
                }
                let other = fake.owners.get_mut("services/srv-other").unwrap();
                other.extend(keys.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
            }
        }
    }

    pub fn clear(&self) {
        match self {
            Self::GitHub(fake, place) => fake.lock().unwrap().places.get_mut(place).unwrap().clear(),
            Self::GitLab(fake, owner, _) => fake.lock().unwrap().owners.get_mut(owner).unwrap().clear(),
            Self::Vercel(fake, _, _) => {
                let mut fake = fake.lock().unwrap();
                fake.project.clear();
                fake.team.clear();
            }
            Self::Render(fake, owner) => fake.lock().unwrap().owners.get_mut(owner).unwrap().clear(),
        }
    }
}

const UPPER_KEYS: &[&str] = &["A", "_A1", "LOWER_and_upper"];

async fn github(place: &str, destination: Attrs, capacity: usize) -> Stand {
    let places = ["repos/acme/app", "repos/acme/app/environments/pro duction", "orgs/acme", "repos/acme/other"];
    let fake = Arc::new(Mutex::new(GitHub::new(&places)));
    let behind = Arc::clone(&fake);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), vec![openapi::github()]).await;
    let connection = attrs([("personal_access_token", secret(github::TOKEN))]);
    Stand {
        spec: spec("github", "pat", connection, destination),
        redirect: BTreeMap::from([("api.github.com".into(), front.address)]),
        ground: Ground::Rest(Rest::GitHub(fake, place.into())),
        front: Some(front),
        facts: Facts {
            readable: false,
            versions: true,
            deletes_the_gone: true,
            empty: true,
            max_bytes: 48 * 1024,
            limits_values: true,
            takes: |_| true,
            capacity: Some(capacity),
            reads: |n| n.div_ceil(100).max(1) as u64,
            // The public key, one each, and the list for the times of change.
            writes: 5,
            throttled: github::throttled(),
            unauthorized: Answer::json(401, &json!({ "message": "Bad credentials", "status": "401" })),
            good_keys: UPPER_KEYS,
            bad_keys: &["1A", "A-B", "A B", "GITHUB_TOKEN", "github_token", "Ä"],
            vendor_checks_keys: true,
            vendor_checks_credentials: true,
        },
        credentials: vec![github::TOKEN.into()],
    }
}

pub async fn github_repository() -> Stand {
    let destination = attrs([("scope", text("repository")), ("owner", text("acme")), ("repo", text("app"))]);
    github("repos/acme/app", destination, 100).await
}

pub async fn github_environment() -> Stand {
    let destination = attrs([
        ("scope", text("repository-environment")),
        ("owner", text("acme")),
        ("repo", text("app")),
        ("env", text("pro duction")),
    ]);
    github("repos/acme/app/environments/pro duction", destination, 100).await
}

pub async fn github_organization() -> Stand {
    let destination = attrs([("scope", text("organization")), ("org", text("acme")), ("visibility", text("private"))]);
    github("orgs/acme", destination, 1000).await
}

async fn gitlab(owner: &str, destination: Attrs) -> Stand {
    let fake = Arc::new(Mutex::new(GitLab::new(&["projects/acme/app", "groups/acme", "projects/other"])));
    let behind = Arc::clone(&fake);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), Vec::new()).await;
    fake.lock().unwrap().url = front.url();
    let connection = attrs([
        ("instance_url", text(&front.url())),
        ("access_token", secret(gitlab::TOKEN)),
        ("access_token_type", text("personal")),
    ]);
    Stand {
        spec: spec("gitlab", "access-token", connection, destination),
        redirect: BTreeMap::new(),
        ground: Ground::Rest(Rest::GitLab(fake, owner.into(), "production")),
        front: Some(front),
        facts: Facts {
            readable: true,
            versions: true,
            deletes_the_gone: true,
            empty: true,
            max_bytes: 100_000,
            limits_values: false,
            takes: |_| true,
            capacity: Some(if owner.starts_with("groups/") { 30_000 } else { 8000 }),
            reads: |n| n.div_ceil(100).max(1) as u64,
            writes: 3,
            throttled: gitlab::throttled(),
            unauthorized: Answer::json(401, &json!({ "message": "401 Unauthorized" })),
            good_keys: &["A", "1A", "_a1", "lower_and_UPPER"],
            bad_keys: &["A-B", "A B", "A.B", "Ä"],
            vendor_checks_keys: true,
            vendor_checks_credentials: true,
        },
        credentials: vec![gitlab::TOKEN.into()],
    }
}

pub async fn gitlab_project() -> Stand {
    let destination = attrs([
        ("scope", text("project")),
        ("project_id", text("acme/app")),
        ("project_name", text("app")),
        ("target_environment", text("production")),
    ]);
    gitlab("projects/acme/app", destination).await
}

pub async fn gitlab_group() -> Stand {
    let destination = attrs([
        ("scope", text("group")),
        ("group_id", text("acme")),
        ("group_name", text("acme")),
        ("target_environment", text("production")),
    ]);
    gitlab("groups/acme", destination).await
}

async fn vercel(like: Record, shared: bool, destination: Attrs) -> Stand {
    let fake = Arc::new(Mutex::new(Vercel::default()));
    let behind = Arc::clone(&fake);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), Vec::new()).await;
    let readable = like.kind != "sensitive";
    Stand {
        spec: spec("vercel", "api-token", attrs([("api_token", secret(vercel::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.vercel.com".into(), front.address)]),
        ground: Ground::Rest(Rest::Vercel(fake, Box::new(like), shared)),
        front: Some(front),
        facts: Facts {
            readable,
            versions: true,
            deletes_the_gone: !shared,
            empty: true,
            max_bytes: 50_000,
            limits_values: false,
            takes: |_| true,
            capacity: if shared { None } else { Some(1000) },
            // Encrypted values come one by one.
            reads: if readable { |n| (n.div_ceil(100).max(1) + n) as u64 } else { |n| n.div_ceil(100).max(1) as u64 },
            writes: 3,
            throttled: vercel::throttled(),
            unauthorized: Answer::json(403, &json!({ "error": { "code": "forbidden", "message": "Not authorized" } })),
            good_keys: &["A", "a1_", "AWS_ACCESS_KEY_ID", "VERCEL_THING"],
            bad_keys: &["1A", "A-B", "A B", "TZ", "AWS_SECRET_KEY", "Ä"],
            vendor_checks_keys: true,
            vendor_checks_credentials: true,
        },
        credentials: vec![vercel::TOKEN.into()],
    }
}

fn of_project(env: &str, more: &[(&str, Value)]) -> Attrs {
    let mut fields = attrs([
        ("scope", text("project")),
        ("app", text(vercel::PROJECT)),
        ("app_name", text("app")),
        ("team_id", text(vercel::TEAM)),
        ("env", text(env)),
    ]);
    fields.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    fields
}

pub async fn vercel_project() -> Stand {
    vercel(Record::new("", "", &["production"]), false, of_project("production", &[])).await
}

pub async fn vercel_custom() -> Stand {
    let like = Record { custom: vec![vercel::STAGING.into()], ..Record::new("", "", &[]) };
    vercel(like, false, of_project(vercel::STAGING, &[])).await
}

pub async fn vercel_sensitive() -> Stand {
    let like = Record { kind: "sensitive".into(), ..Record::new("", "", &["production"]) };
    vercel(like, false, of_project("production", &[("sensitive", true.into())])).await
}

pub async fn vercel_team() -> Stand {
    let destination = attrs([
        ("scope", text("team")),
        ("team_id", text(vercel::TEAM)),
        ("target_environments", Value::list(vec![text("production")])),
    ]);
    vercel(Record::new("", "", &["production"]), true, destination).await
}

async fn render(owner: &str, destination: Attrs, reads: fn(usize) -> u64) -> Stand {
    let fake = Arc::new(Mutex::new(Render::new(&["services/srv-1", "services/srv-other", "env-groups/evg-1"])));
    let behind = Arc::clone(&fake);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), Vec::new()).await;
    Stand {
        spec: spec("render", "api-key", attrs([("api_key", secret(render::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.render.com".into(), front.address)]),
        ground: Ground::Rest(Rest::Render(fake, owner.into())),
        front: Some(front),
        facts: Facts {
            readable: true,
            versions: true,
            deletes_the_gone: true,
            empty: true,
            max_bytes: 50_000,
            limits_values: false,
            takes: |_| true,
            capacity: None,
            reads,
            writes: 3,
            throttled: render::throttled(),
            unauthorized: Answer::json(401, &json!({ "id": "req-1", "message": "Unauthorized" })),
            good_keys: &["A", "a1_", "a.b-c", "_A"],
            bad_keys: &["1A", "A B", "Ä"],
            vendor_checks_keys: true,
            vendor_checks_credentials: true,
        },
        credentials: vec![render::TOKEN.into()],
    }
}

pub async fn render_service() -> Stand {
    let destination = attrs([("scope", text("service")), ("service_id", text("srv-1")), ("type", text("env"))]);
    // As the vendor's own client does: on until a page is empty.
    render("services/srv-1", destination, |n| (n.div_ceil(100) + 1) as u64).await
}

pub async fn render_group() -> Stand {
    let destination =
        attrs([("scope", text("environment-group")), ("environment_group_id", text("evg-1")), ("type", text("env"))]);
    render("env-groups/evg-1", destination, |_| 1).await
}
