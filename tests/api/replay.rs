//! The recorded requests, sent to the embedded server as it speaks for October 2024: the same statuses and the
//! same bodies, but for what a table says.

use crate::api::recorded::Exchange;
use crate::api::recorded::exchanges;
use crate::api::recorded::fits;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Front;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::provider::registry::Registry;
use keyform::server;
use keyform::server::dialect::Dialect;
use keyform::server::rate::RateLimits;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;

/// What is deliberately otherwise here.
enum Deviation {
    /// Not sent: there is no such thing here.
    Absent,
    /// Answered with another status, or with the same one and another body.
    Otherwise(u16),
}

use Deviation::Absent;
use Deviation::Otherwise;

/// Exchanges by name, what is done here, and why. A row that fits nothing, or whose exchanges go as they were recorded,
/// fails the test.
const DEVIATIONS: &[(&[&str], Deviation, &str)] = &[
    // Other identities than the one that asks, and what they may do.
    (
        &["identity.ua.client_secret*", "auth.login.renewable*", "auth.renew.ok", "auth.uses_limit_3*"],
        Absent,
        IDENTITIES,
    ),
    (&["auth.token_after_*", "auth.login.revoked_secret", "auth.login.use*", "auth.expired.use"], Absent, IDENTITIES),
    (&["auth.login.ok.member"], Absent, IDENTITIES),
    (&["member.access_before", "member.access_removed", "intauth.create.outsider"], Absent, PERMISSIONS),
    (&["viewer.*", "noaccess.*"], Absent, PERMISSIONS),
    (&["member.access_self_removed"], Otherwise(200), PERMISSIONS),
    (&["project.list.identity_memberships"], Absent, "who is in which project is told by the projects"),
    (&["intauth.create.gcp_refresh_garbage"], Absent, "nothing is asked of a service when credentials are kept"),
    (
        &[
            "project.create.no_access_identity",
            "project.get.of_other_identity",
            "project.get.slug_of_other_identity",
            "project.get.outsider",
        ],
        Absent,
        PERMISSIONS,
    ),
    (&["project.list.org.outsider", "folder.create.outsider"], Absent, PERMISSIONS),
    (&["secret.get.outsider", "secret.create.outsider", "secret.list.outsider"], Absent, PERMISSIONS),
    // Not served.
    (
        &["http.post_json_type_length_0", "http.post_no_type_length_0"],
        Absent,
        "their runs would call a service; they are told in tests of their own",
    ),
    (&["auditlogs", "org.auditlogs", "snapshots.list", "dynamic.list", "memberships.users"], Absent, PAGES),
    (&["admin.config", "approval.policy.create"], Absent, PAGES),
    (&["http.docs_*", "http.options", "http.preflight"], Absent, "pages and what browsers ask first are not served"),
    (
        &["secret.v3_encrypted_get", "tag.attach*", "secret.create.key_empty"],
        Otherwise(404),
        "encrypted by clients: served to none of today",
    ),
    (&["http.big_header"], Absent, "the header that was sent is not recorded"),
    (&["project.create.bad_kms"], Otherwise(200), "there is no other key management: the field is not looked at"),
    (&["auth.bad.api_key_header"], Otherwise(401), "a key of a user is not looked at"),
    (&["auth.bad.alg_none"], Absent, "the token that was sent is not recorded"),
    (
        &["auth.renew.defaults_fail", "auth.revoke.after_failed_renew"],
        Otherwise(200),
        "a token lives a day of its thirty, so it can be renewed",
    ),
    // Faults of that version that no client can build on.
    (&["auth.login.proto_pollution"], Otherwise(404), "a name that JavaScript guards is one like others"),
    (
        &["project.get.slug_of_name_len6*"],
        Otherwise(200),
        "slugs that it makes up are never longer than those that it takes",
    ),
    (&["project.update.name65"], Otherwise(401), "the issue has the usual words"),
    (&["env.update.slug_empty"], Otherwise(400), "an environment has a slug that no other has, also if it is empty"),
    (&["env.list_with_empty_slug"], Otherwise(200), "as before: the slug stayed"),
    (
        &["folder.create.name_dotdot", "folder.create.name_single_dot", "folder.create.name_empty"],
        Otherwise(401),
        STEPS,
    ),
    (&["folder.create.name_spaces_only", "folder.create.name_leading_slash"], Otherwise(401), STEPS),
    (&["folder.list.after_slash_rename"], Otherwise(200), STEPS),
    (&["secret.get.unknown_slug"], Otherwise(404), "a project that is not there is missed by slug as by id"),
    (
        &["ref.get.R_MISSING_ENV", "ref.get.R_MISSING_PATH"],
        Otherwise(200),
        "a reference to nowhere stays as it is written, in one read as in a listing",
    ),
    (&["batch.create.dup_in_batch"], Otherwise(400), TWICE),
    (&["batch.create.dup_check", "batch.list.remaining"], Otherwise(200), TWICE),
    (&["list.with_imports_dangling", "nest.list_after_source_folder_gone"], Otherwise(200), SHIFTED),
    (&["nest.get_after_source_folder_gone"], Otherwise(200), SHIFTED),
    (
        &["race.*", "folderrace.*"],
        Absent,
        "requests that ran at once are sent one by one here, and a key is never there twice",
    ),
    (&["rate.*"], Absent, "limits are tried in a test of their own"),
];

const IDENTITIES: &str = "other identities are kept, but none of them can log in";
const PERMISSIONS: &str = "whoever can log in may do everything; whose token was sent is not recorded";
const PAGES: &str = "pages of the web are not served";
const STEPS: &str = "a name that a path can't hold is refused instead of taken for a step";
const TWICE: &str = "a key is there once";
const SHIFTED: &str = "when the folder of an import was gone, those behind it were told under its name";

/// Fields whose values nobody compares, by the start of the exchange's name, and why.
const FIELDS: &[(&str, &[&str], &str)] = &[
    ("tag.*", &["createdBy", "createdByActorType"], "who made a tag is not kept"),
    ("status", &["date", "redisConfigured"], "its own state"),
    ("list.with_imports*", &["folderId"], SHIFTED),
    ("import.secrets_raw", &["folderId"], SHIFTED),
    ("auth.login.*", &["expiresIn"], "a day"),
    ("role.get", &["permissions"], "what the roles permit that every project has is not listed"),
    ("member.update.temporary", &["temporaryAccessEndTime"], "a start and a range say it"),
    ("integration.*", &["isSynced", "syncMessage", "lastSyncJobId", "lastUsed"], "how its run went, and when"),
];

/// What stands for a placeholder here.
#[derive(Default)]
struct Bound(HashMap<String, String>);

impl Bound {
    /// A text with all placeholders filled in that stand for something.
    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (placeholder, live) in self.0.iter().filter(|(placeholder, _)| text.contains(&***placeholder)) {
            filled = filled.replace(placeholder, live);
        }
        filled
    }

    /// Integrations come in no order either, and have nothing but their ids to be known by: those that have been met.
    fn in_same_order<'v>(&self, recorded: &[Value], mut live: Vec<&'v Value>) -> Vec<&'v Value> {
        let ids: Vec<String> = recorded.iter().map(|item| self.fill(item["id"].as_str().unwrap_or_default())).collect();
        if recorded.iter().all(|item| item["integration"].is_string()) {
            live.sort_by_key(|item| ids.iter().position(|id| item["id"] == **id));
        }
        live
    }

    /// Whether a live answer is the recorded one; placeholders that stand for nothing yet get their meaning.
    fn agree(&mut self, at: &str, recorded: &Value, live: &Value, skip: &[&str], partly: bool) -> Result<(), String> {
        match (recorded, live) {
            (Value::Object(recorded), Value::Object(live)) => {
                let mut names: Vec<&String> = recorded.keys().collect();
                if !partly {
                    names.extend(live.keys());
                }
                names.sort_unstable();
                names.dedup();
                for name in names.into_iter().filter(|name| !skip.contains(&name.as_str())) {
                    let at = format!("{at}.{name}");
                    match (recorded.get(name), live.get(name)) {
                        (Some(recorded), Some(live)) => self.agree(&at, recorded, live, skip, partly)?,
                        (Some(_), None) => return Err(format!("{at} is not there")),
                        (None, _) => return Err(format!("{at} is too much")),
                    }
                }
                Ok(())
            }
            (Value::Array(recorded), Value::Array(live)) => {
                if recorded.len() != live.len() {
                    return Err(format!("{at} has {} items, not {}", live.len(), recorded.len()));
                }
                let (recorded, live) = (in_order(recorded), self.in_same_order(recorded, in_order(live)));
                for (number, (recorded, live)) in recorded.into_iter().zip(live).enumerate() {
                    self.agree(&format!("{at}[{number}]"), recorded, live, skip, partly)?;
                }
                Ok(())
            }
            (Value::String(recorded), Value::String(live)) => match &**recorded {
                "{time}" if is_time(live) => Ok(()),
                "{token}" if !live.is_empty() => {
                    self.0.insert("{token}".into(), live.clone());
                    Ok(())
                }
                placeholder if placeholder.starts_with('{') && placeholder.ends_with('}') && !live.starts_with('{') => {
                    let known = self.0.entry(placeholder.to_owned()).or_insert_with(|| live.clone());
                    if known == live { Ok(()) } else { Err(format!("{at}: {live} is not {placeholder}, {known}")) }
                }
                text if self.fill(text) == *live => Ok(()),
                text => Err(format!("{at}: {live:?}, not {:?}", self.fill(text))),
            },
            (recorded, live) if recorded == live => Ok(()),
            (recorded, live) => Err(format!("{at}: {live}, not {recorded}")),
        }
    }
}

fn is_time(text: &str) -> bool {
    text.len() == "2026-11-21T01:49:23.335Z".len() && text.parse::<jiff::Timestamp>().is_ok()
}

/// Secrets, folders, tags and members come in no order: they are compared by name.
fn in_order(items: &[Value]) -> Vec<&Value> {
    let key = |item: &&Value| {
        let text = |field: &str| item[field].as_str().unwrap_or("").to_owned();
        let who = &item["identity"];
        let member = who["name"].as_str().map(|name| (name.to_owned(), who["authMethod"].to_string()));
        let secret = || item["secretKey"].is_string().then(|| (text("secretPath"), text("secretKey")));
        member.or_else(secret).or_else(|| {
            let place = item["parentId"].is_string().then(|| text("relativePath"));
            place
                .or_else(|| item["color"].is_string().then(String::new))
                .map(|place| (place, text("name") + &text("slug")))
        })
    };
    let mut items: Vec<&Value> = items.iter().collect();
    if items.iter().all(|item| key(item).is_some()) {
        items.sort_by_key(key);
    }
    items
}

/// Sends exactly what was sent: no client would let us.
async fn send(url: &str, exchange: &Exchange, bound: &Bound) -> (u16, HashMap<String, String>, Value) {
    let address = url.strip_prefix("http://").unwrap();
    let mut body = exchange.bytes();
    if exchange.raw.is_none() && body.len() < 100_000 {
        body = bound.fill(std::str::from_utf8(&body).unwrap()).into_bytes();
    }
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n",
        exchange.method(),
        bound.fill(exchange.address())
    );
    let has = |name: &str| exchange.headers.contains_key(name);
    if !has("authorization") && bound.0.contains_key("{token}") {
        head += &bound.fill("authorization: Bearer {token}\r\n");
    }
    if exchange.body.is_some() && !has("content-type") {
        head += "content-type: application/json\r\n";
    }
    if !body.is_empty() {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in exchange.headers.iter().filter(|(_, value)| !value.is_empty()) {
        head += &format!("{name}: {}\r\n", bound.fill(value));
    }
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    // The server may answer and hang up before it has read all of a body that is too long.
    let _ = stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("{}", exchange.name));
    let (first, rest) = std::str::from_utf8(&answer[..end]).unwrap().split_once("\r\n").unwrap();
    let headers = rest.lines().filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned()));
    let body = serde_json::from_slice(&answer[end + 4..]).unwrap_or(Value::Null);
    (first.split(' ').nth(1).unwrap().parse().unwrap(), headers.collect(), body)
}

async fn start(data: &std::path::Path, rate_limits: Option<RateLimits>) -> server::Running {
    // Runs of integrations come to a service that knows nobody.
    let nobody = Front::before(Arc::new(|_: &Call| Answer::json(400, &serde_json::json!({}))), Vec::new()).await;
    let host = "secretsmanager.us-east-1.amazonaws.com";
    let redirect = [(host.to_owned(), nobody.address)].into();
    let dialect = Dialect::October2024;
    let options = server::Options { dialect, rate_limits, ..server::Options::new(data.to_owned()) };
    let registry = Arc::new(Registry::builtin().unwrap());
    server::start(options, registry, Client::new(Options { redirect, ..Options::default() }).unwrap()).await.unwrap()
}

#[tokio::test]
async fn recorded_requests_are_answered_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path(), None).await;
    let mut bound = Bound::default();
    // The identity that was recorded is the one that is here.
    bound.0.insert("recorder-admin".into(), "admin".into());
    bound.0.insert("{1}".into(), running.client_id.clone());
    bound.0.insert("{secret}".into(), running.client_secret.expose().to_owned());
    let mut problems = Vec::new();
    let mut used = vec![false; DEVIATIONS.len()];
    for exchange in exchanges() {
        let name = &*exchange.name;
        let row = DEVIATIONS.iter().position(|(names, ..)| names.iter().any(|pattern| fits(pattern, name)));
        let deviation = row.map(|row| &DEVIATIONS[row].1);
        if matches!(deviation, Some(Absent)) {
            used[row.unwrap()] = true;
            continue;
        }
        let (status, headers, live) = send(&running.url, &exchange, &bound).await;
        if let Some(etag) = headers.get("etag") {
            bound.0.insert("{etag}".into(), etag.clone());
        }
        let skip: Vec<&str> = FIELDS
            .iter()
            .filter(|(start, ..)| fits(start, name))
            .flat_map(|(_, fields, _)| fields.iter().copied())
            .collect();
        let agreed = match status == exchange.status {
            true => bound.agree("", &exchange.answer, &live, &skip, name.starts_with("setup ")),
            false => Err(format!("{status}, not {}", exchange.status)),
        };
        match (deviation, agreed) {
            (None, Ok(())) => {}
            (Some(Otherwise(here)), Err(_)) if status == *here => used[row.unwrap()] = true,
            (Some(Otherwise(here)), agreed) => {
                problems.push(format!("{name}: a deviation to {here}, but {status}, {agreed:?}"));
            }
            (_, Err(why)) => {
                let live = live.to_string();
                problems.push(format!("{name}: {}: {why}\n    {:.300}", exchange.send, live));
            }
            (Some(Absent), Ok(())) => unreachable!(),
        }
    }
    for (row, _) in DEVIATIONS.iter().zip(&used).filter(|(_, used)| !**used) {
        problems.push(format!("{:?}: nothing is otherwise", row.0));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    running.shutdown().await;
}

#[tokio::test]
async fn a_route_takes_so_many_requests_in_a_window_as_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let limits = RateLimits { read: 60, write: 200, secrets: 40, window: Duration::from_secs(60) };
    let running = start(dir.path(), Some(limits)).await;
    let mut bound = Bound::default();
    bound.0.insert("{1}".into(), running.client_id.clone());
    bound.0.insert("{secret}".into(), running.client_secret.expose().to_owned());
    let exchanges = exchanges();
    let named = |name: &str| exchanges.iter().find(|exchange| exchange.name == name).unwrap();
    let login = named("auth.login.ok.admin");
    let (status, headers, answer) = send(&running.url, login, &bound).await;
    // A login counts as a write.
    assert_eq!((status, &*headers["x-ratelimit-limit"], &*headers["x-ratelimit-remaining"]), (200, "200", "199"));
    bound.agree("", &login.answer, &answer, &["expiresIn"], false).unwrap();
    let made = exchanges.iter().rev().filter(|exchange| exchange.name == "setup.project.create");
    let made = made.into_iter().find(|exchange| exchange.bytes().windows(12).any(|w| w == b"Rate Project")).unwrap();
    let (_, _, answer) = send(&running.url, made, &bound).await;
    bound.agree("", &made.answer, &answer, &[], false).unwrap();

    let read = named("rate.read[1]");
    for left in (0..60).rev() {
        let (status, headers, answer) = send(&running.url, read, &bound).await;
        assert_eq!((status, &*headers["x-ratelimit-remaining"]), (200, &*left.to_string()));
        bound.agree("", &read.answer, &answer, &[], false).unwrap();
    }
    for name in ["rate.read[61]", "rate.read[64]", "rate.read.other_project_same_route"] {
        let refused = named(name);
        let (status, headers, answer) = send(&running.url, refused, &bound).await;
        assert_eq!((status, &*headers["x-ratelimit-limit"], &*headers["x-ratelimit-remaining"]), (429, "60", "0"));
        let wait: u64 = headers["retry-after"].parse().unwrap();
        assert!((1..=60).contains(&wait) && headers["x-ratelimit-reset"] == headers["retry-after"], "{headers:?}");
        bound.agree("", &refused.answer, &answer, &[], false).unwrap();
    }
    // Another route has a window of its own, and so has another address; the status has none.
    let other = Exchange { send: "GET /api/v2/workspace/nowhere".into(), ..named("status").clone() };
    let (status, headers, _) = send(&running.url, &other, &bound).await;
    assert_eq!((status, &*headers["x-ratelimit-remaining"]), (500, "59"));
    let mut elsewhere = read.clone();
    elsewhere.headers.insert("x-forwarded-for".into(), "192.0.2.7".into());
    let (status, headers, _) = send(&running.url, &elsewhere, &bound).await;
    assert_eq!((status, &*headers["x-ratelimit-remaining"]), (200, "59"));
    let (status, headers, _) = send(&running.url, named("status"), &bound).await;
    assert!(status == 200 && !headers.contains_key("x-ratelimit-limit"));
    running.shutdown().await;
}
