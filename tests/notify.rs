//! Who hears of drift: each channel gets what its documentation wants, news once, nothing that a name could do there; and what is
//! said when nobody can be told.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>,
//! <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>, <https://www.standardwebhooks.com/>.

use crate::canary;
use crate::forge::fakes::Fake;
use crate::forge::fakes::Kind;
use crate::forge::fakes::TOKEN;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Check;
use crate::providers::front::Fault;
use crate::providers::front::Front;
use crate::providers::openapi;
use crate::scenarios::PROGRAM;
use crate::services;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

/// What is searched for in everything that is said and sent.
const VALUES: [&str; 4] = ["canary-db-url-1", "canary-api-key-1", "canary-edited-by-hand", "canary-slack-path"];
const SIGNING: &str = "canary-signing-secret";
const ROUTING: &str = "canary0routing0key0of0thirty0two";

/// A configuration with destinations that can be changed, and somebody to tell.
struct Stand {
    dir: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Stand {
    /// Applied, with these `notify` blocks.
    async fn new(blocks: &str, env: &[(&'static str, String)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let web = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/web.hcl")).unwrap();
        fs::write(dir.path().join("main.hcl"), format!("{web}\n{blocks}")).unwrap();
        let values = [("DB_URL", VALUES[0].to_owned()), ("API_KEY", VALUES[1].to_owned())];
        let stand = Self { dir, env: [env, &values].concat() };
        assert_eq!(stand.run(&["apply", "--auto-approve"]).await.code, 0);
        stand
    }

    async fn run(&self, args: &[&str]) -> Ended {
        let mut command = tokio::process::Command::new(PROGRAM);
        command.args(args).current_dir(self.dir.path()).env_clear().envs(self.env.iter().cloned());
        let output = command.output().await.unwrap();
        let hidden: BTreeSet<String> = VALUES.into_iter().chain([SIGNING, ROUTING, TOKEN]).map(str::to_owned).collect();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        assert_eq!(canary::found(&hidden, &said), Vec::<&str>::new(), "{args:?}");
        let told = fs::read(self.dir.path().join(".keyform/told.json")).unwrap_or_default();
        assert_eq!(canary::found(&hidden, &told), Vec::<&str>::new());
        Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    async fn drift(&self, args: &[&str]) -> Ended {
        self.run(&[&["drift", "--notify"], args].concat()).await
    }

    /// Somebody edits a value at the destination.
    fn edit(&self) {
        let file = self.dir.path().join("out/dev.env");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace(VALUES[1], VALUES[2])).unwrap();
    }

    /// And puts it back.
    fn mend(&self) {
        let file = self.dir.path().join("out/dev.env");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace(VALUES[2], VALUES[1])).unwrap();
    }
}

/// Takes whatever is sent, and keeps it.
struct Sink {
    calls: Arc<Mutex<Vec<Call>>>,
    front: Arc<Front>,
}

impl Sink {
    async fn new() -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let behind = Arc::clone(&calls);
        let vendor = move |call: &Call| {
            behind.lock().unwrap().push(call.clone());
            Answer::text(if call.path == ["v2", "enqueue"] { 202 } else { 200 }, "ok")
        };
        Self { calls, front: Front::before(Arc::new(vendor), Vec::new()).await }
    }

    /// What came since, in the order of their paths; nothing of it has a value in it.
    fn take(&self) -> Vec<Call> {
        let mut calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.sort_by(|a, b| a.target.cmp(&b.target));
        let values: BTreeSet<String> = VALUES[..3].iter().map(|value| (*value).to_owned()).collect();
        for call in &calls {
            assert_eq!(canary::found(&values, &call.body), Vec::<&str>::new(), "{}", call.target);
        }
        calls
    }

    fn targets(&self) -> Vec<String> {
        self.take().into_iter().map(|call| format!("{} {}", call.method, call.target)).collect()
    }
}

const ADDRESS: &str = "secret_sync.web.entry.APP_API_KEY";

fn everybody(sink: &Sink) -> (String, Vec<(&'static str, String)>) {
    let url = sink.front.url();
    let blocks = format!(
        r#"
notify "slack" "team" {{ url = secret_env("SLACK") }}
notify "teams" "office" {{ url = secret_env("TEAMS") }}
notify "webhook" "siem" {{
  url    = "{url}/hook"
  secret = secret_env("SIGNING")
}}
notify "pagerduty" "oncall" {{
  routing_key = secret_env("ROUTING")
  url         = "{url}/v2/enqueue"
  severity    = "error"
}}
notify "slack" "planners" {{
  url    = secret_env("PLANNERS")
  causes = ["unapplied"]
}}
notify "heartbeat" "switch" {{ url = secret_env("BEAT") }}
"#
    );
    let at = |path: &str| format!("{url}/{path}");
    let env = vec![
        ("SLACK", at("services/T0/B0/canary-slack-path")),
        ("TEAMS", at("workflows/canary-slack-path")),
        ("PLANNERS", at("planners")),
        ("BEAT", at("ping/canary-slack-path")),
        ("SIGNING", SIGNING.to_owned()),
        ("ROUTING", ROUTING.to_owned()),
    ];
    (blocks, env)
}

#[tokio::test]
async fn news_is_told_once_and_so_is_that_it_is_over() {
    let sink = Sink::new().await;
    let (blocks, env) = everybody(&sink);
    let stand = Stand::new(&blocks, &env).await;

    // Nothing to tell: only that somebody looked.
    assert_eq!(stand.drift(&[]).await.code, 0);
    let beat = "GET /ping/canary-slack-path".to_owned();
    assert_eq!(sink.targets(), std::slice::from_ref(&beat));

    stand.edit();
    let ended = stand.drift(&[]).await;
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let calls = sink.take();
    let [hook, ping, slack, pager, teams] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(ping.method, "GET");
    is_slack(&slack.json().unwrap(), &format!("New (1):\n- value-changed: {ADDRESS}"));
    is_teams(&teams.json().unwrap(), &format!("- value-changed: {ADDRESS}"));
    is_signed(hook);
    let said = hook.json().unwrap();
    assert_eq!(said["format"], "keyform.notice/1");
    assert_eq!((&said["clean"], &said["channel"]), (&json!(false), &json!("siem")));
    assert_eq!(
        said["parts"],
        json!([{ "title": "New", "count": 1, "findings": [{ "address": ADDRESS, "verdict": "value-changed" }] }])
    );
    let event = pager.object(&["routing_key", "event_action", "dedup_key", "payload"], &[]).unwrap();
    assert_eq!((&event["routing_key"], &event["event_action"]), (&json!(ROUTING), &json!("trigger")));
    let payload = &event["payload"];
    assert_eq!(payload["severity"], "error");
    assert!(payload["summary"].as_str().unwrap().starts_with("keyform: drift. Drift: 1 changed outside"));
    assert!(!payload["source"].as_str().unwrap().is_empty());
    assert_eq!(payload["custom_details"]["New"], json!([format!("value-changed: {ADDRESS}")]));

    // The same again is no news.
    assert_eq!(stand.drift(&[]).await.code, 3);
    assert_eq!(sink.targets(), std::slice::from_ref(&beat));

    stand.mend();
    assert_eq!(stand.drift(&[]).await.code, 0);
    let calls = sink.take();
    assert_eq!(calls.len(), 5);
    is_slack(&calls[2].json().unwrap(), &format!("Not there any more (1):\n- value-changed: {ADDRESS}"));
    let over = calls[3].object(&["routing_key", "event_action", "dedup_key"], &[]).unwrap();
    assert_eq!((&over["event_action"], &over["dedup_key"]), (&json!("resolve"), &event["dedup_key"]));
    assert_eq!(calls[0].json().unwrap()["clean"], true);

    assert_eq!(stand.drift(&[]).await.code, 0);
    assert_eq!(sink.targets(), [beat]);
}

/// A message of Slack that says this, in blocks that are not interpreted.
fn is_slack(body: &Value, text: &str) {
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["text", "blocks"]);
    let blocks = body["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks {
        assert_eq!((&block["type"], &block["text"]["type"]), (&json!("section"), &json!("plain_text")));
        assert!((1..=3000).contains(&block["text"]["text"].as_str().unwrap().chars().count()));
    }
    assert!(blocks.iter().any(|block| block["text"]["text"] == text), "{body}");
    assert!(!body["text"].as_str().unwrap().contains(['<', '>']), "{body}");
}

/// A message of Teams with one card that says this, in runs that know no Markdown.
fn is_teams(body: &Value, text: &str) {
    assert_eq!(body["type"], "message");
    let [attachment] = body["attachments"].as_array().unwrap().as_slice() else { panic!("{body}") };
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachment["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.2")));
    let blocks = card["body"].as_array().unwrap();
    let run = |block: &Value| {
        assert_eq!((&block["type"], &block["inlines"][0]["type"]), (&json!("RichTextBlock"), &json!("TextRun")));
        block["inlines"][0]["text"].as_str().unwrap().to_owned()
    };
    assert!(blocks.iter().map(run).any(|line| line == text), "{body}");
    assert!(body.to_string().len() < 28 * 1024);
}

/// Signed as Standard Webhooks wants it, by Python's own reckoning.
fn is_signed(call: &Call) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("call.json");
    let header = |name: &str| call.header(name).to_owned();
    let parts = json!({
        "id": header("webhook-id"), "timestamp": header("webhook-timestamp"), "secret": SIGNING,
        "body": String::from_utf8(call.body.clone()).unwrap(),
    });
    fs::write(&file, parts.to_string()).unwrap();
    let wanted = services::python(
        "
import base64, hashlib, hmac, json, sys
call = json.load(open(sys.argv[1]))
signed = '.'.join([call['id'], call['timestamp'], call['body']]).encode()
print(json.dumps('v1,' + base64.b64encode(hmac.new(call['secret'].encode(), signed, hashlib.sha256).digest()).decode()))
",
        &file,
    );
    assert_eq!(wanted, header("webhook-signature"));
    assert!(header("webhook-id").len() > 10 && header("webhook-timestamp").parse::<i64>().unwrap() > 1_700_000_000);
}

#[tokio::test]
async fn what_can_not_be_told_is_told_by_the_next_run() {
    let sink = Sink::new().await;
    let blocks = r#"
notify "slack" "team" { url = secret_env("SLACK") }
notify "heartbeat" "switch" { url = secret_env("BEAT") }
"#;
    let url = |path: &str| format!("{}/{path}", sink.front.url());
    let env = [("SLACK", url("services/canary-slack-path")), ("BEAT", url("ping"))];
    let stand = Stand::new(blocks, &env).await;
    stand.edit();

    // Passing trouble is tried again.
    sink.front.fail(0, Fault::Instead(Answer::empty(503)));
    assert_eq!(stand.drift(&["-vv"]).await.code, 3);
    assert_eq!(sink.targets(), ["GET /ping", "POST /services/canary-slack-path"]);

    stand.mend();
    sink.front.fail(0, Fault::Instead(Answer::text(404, "no_service")));
    let ended = stand.drift(&["-vv", "--output", "json=drift.json"]).await;
    assert_eq!(ended.code, 7);
    assert!(ended.out.contains("No drift: 8 things are as declared."), "{}", ended.out);
    assert!(ended.err.contains("KF1134") && ended.err.contains("answered 404"), "{}", ended.err);
    // Nobody is told that all is well, either.
    assert_eq!(sink.targets(), Vec::<String>::new());
    let kept: Value = serde_json::from_slice(&fs::read(stand.dir.path().join("drift.json")).unwrap()).unwrap();
    assert_eq!(kept["diagnostics"][0]["code"], "KF1134");

    assert_eq!(stand.drift(&[]).await.code, 0);
    assert_eq!(sink.targets(), ["GET /ping", "POST /services/canary-slack-path"]);

    // A secret that is not at hand.
    let bare = Stand { dir: stand.dir, env: stand.env.into_iter().filter(|(name, _)| *name != "SLACK").collect() };
    let ended = bare.drift(&["--json"]).await;
    assert_eq!(ended.code, 7);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["diagnostics"][0]["severity"], "warning");
    assert!(document["diagnostics"][0]["detail"].as_str().unwrap().contains("`SLACK` is not set"));

    // What was told is damaged: that is said, and it is told what there is.
    bare.edit();
    fs::write(bare.dir.path().join(".keyform/told.json"), "{").unwrap();
    let ended = bare.drift(&[]).await;
    assert!(ended.code == 7 && ended.err.contains("KF1136"), "{}", ended.err);
    // Of a later version: which one is said.
    bare.edit();
    let later = "{\"version\": 2, \"keyform\": \"99.1.0\", \"told\": []}";
    fs::write(bare.dir.path().join(".keyform/told.json"), later).unwrap();
    let ended = bare.drift(&[]).await;
    assert!(ended.err.contains("KF1136") && ended.err.contains("use keyform 99.1.0"), "{}", ended.err);
}

#[tokio::test]
async fn nobody_is_told_where_nobody_is_named() {
    let stand = Stand::new("", &[]).await;
    let ended = stand.drift(&[]).await;
    assert!(ended.code == 1 && ended.err.contains("KF1135"), "{}", ended.err);
    assert_eq!(stand.drift(&["--target", "project.bakery"]).await.code, 64, "what was not looked for is not over");
}

#[tokio::test]
async fn healing_is_told_as_well() {
    let sink = Sink::new().await;
    let blocks = r#"notify "slack" "team" { url = secret_env("SLACK") }"#;
    let stand = Stand::new(blocks, &[("SLACK", format!("{}/slack", sink.front.url()))]).await;
    stand.edit();
    let ended = stand.drift(&["--heal", "--auto-approve"]).await;
    assert_eq!((ended.code, ended.out.matches("Drift: 1").count()), (0, 1), "{}{}", ended.out, ended.err);
    let calls = sink.take();
    assert_eq!(calls.len(), 2);
    is_slack(&calls[0].json().unwrap(), &format!("New (1):\n- value-changed: {ADDRESS}"));
    is_slack(&calls[1].json().unwrap(), &format!("Not there any more (1):\n- value-changed: {ADDRESS}"));
}

/// An environment whose name would do harm in every format that there is.
const HOSTILE: &str = "prod\r\nBcc: eve@example.com\r\n\r\n<!channel> @everyone **b** [x](https://evil.example)";

#[tokio::test]
async fn a_name_can_do_nothing_wherever_it_is_told() {
    let sink = Sink::new().await;
    let maildir = tempfile::tempdir().unwrap();
    let maildir = maildir.path().join("mail");
    let server = services::mail(&maildir);
    let (mut blocks, mut env) = everybody(&sink);
    blocks.push_str(&format!(
        r#"
notify "email" "ops" {{
  server = "smtp://{}"
  from   = "Keyform <keyform@example.com>"
  to     = ["ops@example.com", "Security <security@example.com>"]
}}
"#,
        server.address
    ));
    let fake = Arc::new(Mutex::new(Fake::new(Kind::GitHub)));
    let front = forge(&fake).await;
    blocks.push_str(&github(&front));
    env.push(("TOKEN", TOKEN.to_owned()));
    let stand = Stand::new(&blocks, &env).await;
    stand.edit();
    let ended = stand.drift(&["--environment", HOSTILE]).await;
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let calls = sink.take();
    is_slack(&calls[2].json().unwrap(), &format!("New (1):\n- value-changed: {ADDRESS}"));
    is_teams(&calls[4].json().unwrap(), &format!("- value-changed: {ADDRESS}"));

    let mails: Vec<_> = fs::read_dir(maildir.join("new")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(mails.len(), 1);
    let mail = parsed(&mails[0]);
    assert_eq!(mail["to"], "ops@example.com, Security <security@example.com>");
    assert_eq!((&mail["bcc"], &mail["rcpt"]), (&Value::Null, &json!("ops@example.com, security@example.com")));
    let subject = mail["subject"].as_str().unwrap();
    assert!(
        subject.contains("prod\\u{d}\\u{a}Bcc: eve@example.com") && subject.contains("Drift: 1 changed outside"),
        "{subject}"
    );
    assert!(mail["body"].as_str().unwrap().contains(ADDRESS), "{mail}");

    let (title, body, _) = fake.lock().unwrap().issues[0].clone();
    // The first line is not shown, and has it escaped.
    let (first, body) = body.split_once('\n').unwrap();
    assert!(first.starts_with("<!-- keyform:comment 1 drift%2Fissue%2Fprod%0D%0ABcc"), "{first}");
    assert!(
        !title.contains('\n') && !body.contains("Bcc") && body.contains(&format!("`{ADDRESS}`")),
        "{title}: {body}"
    );
    assert_eq!(front.problems(), Vec::<String>::new());

    // A server that is not there is not waited for for ever, and is a warning.
    drop(server);
    stand.mend();
    let ended = stand.drift(&["--environment", HOSTILE]).await;
    assert_eq!(ended.code, 7);
    assert!(ended.err.contains("The mail server `127.0.0.1` could not be reached."), "{}", ended.err);
}

/// A mail as Python's library reads it.
fn parsed(path: &Path) -> Value {
    services::python(
        "
import email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
print(json.dumps({'to': mail['To'], 'bcc': mail['Bcc'], 'rcpt': mail['X-RcptTo'], 'subject': mail['Subject'], 'body': mail.get_content()}))
",
        path,
    )
}

async fn forge(fake: &Arc<Mutex<Fake>>) -> Arc<Front> {
    let behind = Arc::clone(fake);
    let kind = fake.lock().unwrap().kind;
    let checks: Vec<Check> = if kind == Kind::GitHub { vec![openapi::github()] } else { Vec::new() };
    Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), checks).await
}

fn github(front: &Front) -> String {
    let url = front.url();
    format!(
        r#"
notify "github" "issue" {{
  url   = "{url}"
  repo  = "acme/shop"
  token = secret_env("TOKEN")
}}
"#
    )
}

#[tokio::test]
async fn an_issue_is_opened_kept_up_to_date_closed_and_opened_again() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let fake = Arc::new(Mutex::new(Fake::new(kind)));
        let front = forge(&fake).await;
        let url = front.url();
        let block = match kind {
            Kind::GitHub => github(&front),
            _ => format!(
                r#"notify "gitlab" "issue" {{
  url   = "{url}/api/v4/"
  repo  = "42"
  token = secret_env("TOKEN")
}}"#
            ),
        };
        let stand = Stand::new(&block, &[("TOKEN", TOKEN.to_owned())]).await;
        let issues = || fake.lock().unwrap().issues.clone();
        // Somebody else's issue with that label.
        fake.lock().unwrap().issues.push(("Other".into(), "Not ours".into(), true));
        stand.edit();
        assert_eq!(stand.drift(&["--environment", "prod"]).await.code, 3, "{kind:?}");
        assert_eq!(issues().len(), 2);
        let (title, body, is_open) = issues()[1].clone();
        assert_eq!((title.as_str(), is_open), ("keyform: drift of prod", true));
        assert!(body.contains(&format!("New (1)\n\n- `{ADDRESS}` (value-changed)")), "{body}");

        // Another finding: the same issue says so.
        let file = stand.dir.path().join("out/dev.env");
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, before.lines().filter(|line| !line.contains("DB_URL")).collect::<Vec<_>>().join("\n"))
            .unwrap();
        assert_eq!(stand.drift(&["--environment", "prod"]).await.code, 3);
        assert!(issues().len() == 2 && issues()[1].1.contains("Still there (1)"), "{}", issues()[1].1);

        // Another environment has an issue of its own.
        assert_eq!(stand.drift(&["--environment", "dev"]).await.code, 3);
        assert_eq!(issues().len(), 3);

        let writes = fake.lock().unwrap().writes.len();
        assert_eq!(stand.drift(&["--environment", "prod"]).await.code, 3);
        assert_eq!(fake.lock().unwrap().writes.len(), writes, "no news");

        fs::write(&file, &before).unwrap();
        stand.mend();
        assert_eq!(stand.drift(&["--environment", "prod"]).await.code, 0);
        assert!(issues().len() == 3 && !issues()[1].2 && issues()[2].2);

        stand.edit();
        assert_eq!(stand.drift(&["--environment", "prod"]).await.code, 3);
        assert!(issues().len() == 3 && issues()[1].2, "opened again");
        assert_eq!(front.problems(), Vec::<String>::new());
        assert_eq!(issues()[0], ("Other".into(), "Not ours".into(), true));
    }
}

#[tokio::test]
async fn an_issue_that_could_not_be_found_again_is_told() {
    let fake = Arc::new(Mutex::new(Fake::new(Kind::GitHub)));
    fake.lock().unwrap().is_label_dropped = true;
    let front = forge(&fake).await;
    let stand = Stand::new(&github(&front), &[("TOKEN", TOKEN.to_owned())]).await;
    stand.edit();
    let ended = stand.drift(&[]).await;
    assert!(ended.code == 7 && ended.err.contains("without its label `keyform`"), "{}", ended.err);
}
