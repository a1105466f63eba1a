//! `keyform comment` against the platforms: found in the environment of their CI, one comment kept up to date, never written
//! twice, never by an older run; and what is said when they refuse.

pub mod fakes;
mod issues;
mod shards;
mod whole;

use crate::canary;
use crate::forge::fakes::Fake;
use crate::forge::fakes::KINDS;
use crate::forge::fakes::Kind;
use crate::forge::fakes::TOKEN;
use crate::providers::front::Answer;
use crate::providers::front::Check;
use crate::providers::front::Fault;
use crate::providers::front::Front;
use crate::providers::openapi;
use crate::scenarios::PROGRAM;
use crate::services;
use keyform::model::address::Address;
use keyform::plan::Action;
use keyform::plan::Change;
use keyform::plan::Hazard;
use keyform::plan::HazardKind;
use keyform::plan::Plan;
use keyform::plan::Reason;
use keyform::view::json;
use keyform::view::text::Cost;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// A platform with its change, and a place to run in.
struct Stand {
    fake: Arc<Mutex<Fake>>,
    front: Arc<Front>,
    dir: tempfile::TempDir,
}

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Stand {
    async fn new(kind: Kind) -> Self {
        let fake = Arc::new(Mutex::new(Fake::new(kind)));
        let behind = Arc::clone(&fake);
        let github = openapi::github();
        // GraphQL is described elsewhere.
        let described: Check =
            Arc::new(move |call, answer| if call.path == ["graphql"] { Vec::new() } else { github(call, answer) });
        let checks = if kind == Kind::GitHub { vec![described] } else { Vec::new() };
        let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), checks).await;
        fake.lock().unwrap().url = front.url();
        Self { fake, front, dir: tempfile::tempdir().unwrap() }
    }

    /// What the platform's CI puts into the environment of a run for the change.
    fn environment(&self, run: u64) -> Vec<(String, String)> {
        let (url, run, own) = (self.front.url(), run.to_string(), format!("{}/", self.front.url()));
        let event = self.dir.path().join("event.json");
        std::fs::write(&event, r#"{"pull_request": {"number": 7, "head": {"sha": "c0ffee"}}}"#).unwrap();
        let event = event.to_str().unwrap().to_owned();
        let github = || {
            vec![
                ("GITHUB_ACTIONS", "true".to_owned()),
                ("GITHUB_API_URL", url.clone()),
                ("GITHUB_SERVER_URL", "https://git.example.com".to_owned()),
                ("GITHUB_REPOSITORY", "acme/shop".to_owned()),
                ("GITHUB_REF", "refs/pull/7/merge".to_owned()),
                ("GITHUB_SHA", "beef".to_owned()),
                ("GITHUB_EVENT_PATH", event.clone()),
                ("GITHUB_WORKFLOW", "secrets".to_owned()),
                ("GITHUB_RUN_NUMBER", run.clone()),
                ("GITHUB_RUN_ID", "99".to_owned()),
                ("GITHUB_TOKEN", TOKEN.to_owned()),
            ]
        };
        let kind = self.fake.lock().unwrap().kind;
        let pairs = match kind {
            Kind::GitHub => github(),
            Kind::Gitea => [github(), vec![("GITEA_ACTIONS", "true".to_owned())]].concat(),
            Kind::GitLab => vec![
                ("GITLAB_CI", "true".to_owned()),
                ("CI_API_V4_URL", format!("{url}/api/v4")),
                ("CI_PROJECT_ID", "42".to_owned()),
                ("CI_PROJECT_URL", "https://git.example.com/acme/shop".to_owned()),
                ("CI_MERGE_REQUEST_IID", "7".to_owned()),
                ("CI_COMMIT_SHA", "c0ffee".to_owned()),
                ("CI_PIPELINE_IID", run),
                ("CI_JOB_URL", "https://git.example.com/acme/shop/-/jobs/99".to_owned()),
                ("GITLAB_TOKEN", TOKEN.to_owned()),
            ],
            Kind::Bitbucket => vec![
                ("BITBUCKET_BUILD_NUMBER", run),
                ("BITBUCKET_REPO_FULL_NAME", "acme/shop".to_owned()),
                ("BITBUCKET_PR_ID", "7".to_owned()),
                ("BITBUCKET_COMMIT", "c0ffee".to_owned()),
                ("BITBUCKET_TOKEN", TOKEN.to_owned()),
            ],
            Kind::Azure => vec![
                ("TF_BUILD", "True".to_owned()),
                ("SYSTEM_COLLECTIONURI", own),
                ("SYSTEM_TEAMPROJECT", "my team".to_owned()),
                ("BUILD_REPOSITORY_PROVIDER", "TfsGit".to_owned()),
                ("BUILD_REPOSITORY_NAME", "shop".to_owned()),
                ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7".to_owned()),
                ("SYSTEM_PULLREQUEST_SOURCECOMMITID", "c0ffee".to_owned()),
                ("BUILD_SOURCEVERSION", "beef".to_owned()),
                ("SYSTEM_DEFINITIONID", "3".to_owned()),
                ("BUILD_BUILDID", run),
                ("SYSTEM_ACCESSTOKEN", TOKEN.to_owned()),
            ],
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Comments on a plan.
    async fn comment(&self, plan: &Plan, run: u64, args: &[&str]) -> Ended {
        let file = self.dir.path().join("plan.json");
        let sources = keyform::diag::source::Sources::new();
        // What it took is different every time.
        let cost = Cost { requests: run, took: Duration::from_millis(run) };
        std::fs::write(&file, json::pretty(&json::plan::document(plan, cost, Vec::new(), &sources))).unwrap();
        self.post(run, &[file.to_str().unwrap()], args).await
    }

    /// Comments as a job would; whatever is said is searched for the token.
    async fn post(&self, run: u64, files: &[&str], args: &[&str]) -> Ended {
        let mut command = tokio::process::Command::new(PROGRAM);
        command.arg("comment").args(files).args(args).current_dir(self.dir.path()).env_clear();
        command.envs(self.environment(run)).env("GITHUB_STEP_SUMMARY", self.dir.path().join("summary.md"));
        // Only this one's interface is always elsewhere.
        if self.fake.lock().unwrap().kind == Kind::Bitbucket {
            command.args(["--api", &self.front.url()]);
        }
        let output = command.output().await.unwrap();
        let said =
            [output.stdout.as_slice(), &output.stderr, &std::fs::read(self.summary()).unwrap_or_default()].concat();
        assert_eq!(canary::found(&[TOKEN.to_owned()].into(), &said), Vec::<&str>::new());
        Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn summary(&self) -> std::path::PathBuf {
        self.dir.path().join("summary.md")
    }

    fn fake(&self) -> std::sync::MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }

    /// The comments that are ours.
    fn ours(&self) -> Vec<String> {
        let fake = self.fake();
        fake.comments.iter().filter(|c| c.body.contains("keyform:comment")).map(|c| c.body.clone()).collect()
    }

    fn well(&self) {
        assert_eq!(self.front.problems(), Vec::<String>::new());
    }
}

fn change(key: &str, action: Action, reason: Reason) -> Change {
    let address = Address::new("secret_sync", "web").entry(key);
    Change { address, action, reason, drift: false, fields: Vec::new(), needs: Vec::new() }
}

fn creates(keys: &[&str]) -> Plan {
    let changes = keys.iter().map(|key| change(key, Action::Create, Reason::New)).collect();
    Plan { changes, ..Plan::default() }
}

/// A text without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn one_comment_is_kept_up_to_date_everywhere() {
    for kind in KINDS {
        let stand = Stand::new(kind).await;
        // More than a page, so that ours is not on the first one.
        (0..130).for_each(|n| stand.fake().plant(&format!("LGTM {n}"), true));
        let ended = stand.comment(&creates(&["A"]), 1, &[]).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{kind:?}");
        assert!(ended.out.starts_with("Commented on "), "{kind:?}: {}", ended.out);
        let first = stand.ours();
        assert_eq!(first.len(), 1);
        assert!(first[0].contains("`A`") || first[0].contains("+ A"), "{}", first[0]);
        assert_eq!(first[0].contains("<details>"), kind != Kind::Bitbucket);

        // The same again, by a later run that took longer: nothing is written.
        let before = stand.fake().writes.len();
        let ended = stand.comment(&creates(&["A"]), 2, &[]).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{kind:?}");
        assert_eq!(stand.fake().writes[before..], Vec::<String>::new(), "{kind:?}");
        assert_eq!(stand.ours(), first);

        let ended = stand.comment(&creates(&["A", "B"]), 3, &[]).await;
        assert_eq!(ended.code, 0, "{kind:?}: {}", ended.err);
        let second = stand.ours();
        assert_eq!((second.len(), stand.fake().writes.len()), (1, before + 1), "{kind:?}");
        assert!(second[0].contains("2 to create"), "{kind:?}: {}", second[0]);

        // An older run that was late says nothing.
        let ended = stand.comment(&creates(&["C"]), 2, &["--status", "--label"]).await;
        assert_eq!(ended.code, 0, "{kind:?}");
        assert!(ended.err.contains("KF1107"), "{kind:?}: {}", ended.err);
        assert_eq!((stand.ours(), stand.fake().writes.len()), (second, before + 1), "{kind:?}");

        // Another environment has a comment of its own.
        let ended = stand.comment(&creates(&["A"]), 4, &["--environment", "prod"]).await;
        assert_eq!((ended.code, stand.ours().len()), (0, 2), "{kind:?}: {}", ended.err);
        stand.well();
    }
}

#[tokio::test]
async fn what_a_token_may_not_change_is_written_anew() {
    for kind in KINDS {
        let stand = Stand::new(kind).await;
        stand.comment(&creates(&["A"]), 1, &[]).await;
        stand.fake().comments[0].is_foreign = true;
        let ended = stand.comment(&creates(&["B"]), 2, &[]).await;
        assert_eq!(ended.code, 0, "{kind:?}: {}", ended.err);
        assert_eq!(stand.ours().len(), 2, "{kind:?}");
        let folded: Vec<bool> = stand.fake().comments.iter().map(|comment| comment.is_minimised).collect();
        assert_eq!(folded, [kind == Kind::GitHub, false], "{kind:?}");
        // From now on that one is kept up to date; the old one is left alone.
        let before = stand.fake().writes.len();
        stand.comment(&creates(&["C"]), 3, &[]).await;
        assert_eq!((stand.ours().len(), stand.fake().writes.len()), (2, before + 1), "{kind:?}");
        stand.well();
    }
}

/// Whoever can't tell the fake from GitLab is a witness for it.
#[tokio::test]
async fn python_gitlab_takes_the_fake_for_gitlab() {
    let stand = Stand::new(Kind::GitLab).await;
    let python = services::folder().join("venv/bin/python");
    let mut command = tokio::process::Command::new(python);
    let script = services::source("gitlab_change.py");
    let output = command.arg(script).args([&*stand.front.url(), TOKEN]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_status_and_a_label_say_how_it_went() {
    for kind in KINDS {
        let stand = Stand::new(kind).await;
        stand.fake().labels.push("keyform:other/prod:clean".to_owned());
        stand.fake().labels.push("bug".to_owned());
        let labels = stand.fake().labels.clone();
        stand.fake().known = labels;
        let refused = Plan {
            hazards: vec![Hazard {
                kind: HazardKind::Wipe,
                address: Address::new("secret_sync", "web"),
                count: 1,
                detail: "The sync would delete `OLD`.".to_owned(),
                allowed: false,
            }],
            changes: vec![change("OLD", Action::Delete, Reason::Wipe)],
            ..Plan::default()
        };
        let args = ["--name", "infra", "--environment", "prod", "--status", "--label"];
        for (run, plan, word, state) in [(1, refused, "refused", false), (2, creates(&["A"]), "changes", true)] {
            let ended = stand.comment(&plan, run, &args).await;
            assert_eq!(ended.code, 0, "{kind:?}: {}", ended.err);
            let fake = stand.fake();
            let (commit, mark) = fake.marks.last().unwrap();
            assert_eq!(commit, "c0ffee", "{kind:?}: not the commit that was merged for the run");
            let said = mark["state"].as_str().unwrap().to_lowercase();
            assert_eq!(said.starts_with("succe"), state, "{kind:?}: {said}");
            assert!(said.starts_with("succe") || said.starts_with("fail"), "{kind:?}: {said}");
            assert!(mark.to_string().contains("infra/prod"), "{kind:?}: {mark}");
            let own = format!("keyform:infra/prod:{word}");
            match kind {
                Kind::Bitbucket => assert!(ended.err.contains("KF1106"), "{}", ended.err),
                _ => assert_eq!(fake.labels, ["keyform:other/prod:clean", "bug", &own], "{kind:?}"),
            }
        }
        stand.well();
    }
}

#[tokio::test]
async fn a_check_has_notes_at_the_lines() {
    let stand = Stand::new(Kind::GitHub).await;
    std::fs::create_dir_all(stand.dir.path().join(".git")).unwrap();
    std::fs::create_dir_all(stand.dir.path().join("infra dir")).unwrap();
    std::fs::write(stand.dir.path().join("infra dir/main.hcl"), "project \"bakery\" {\n  nonsense = 1\n}\n").unwrap();
    let run = |args: &[&str], dir: &str| {
        let mut command = tokio::process::Command::new(PROGRAM);
        command.args(args).current_dir(stand.dir.path().join(dir)).env_clear().envs(stand.environment(1));
        command
    };
    let planned = run(&["plan", "--output", "json=plan.json"], "infra dir").output().await.unwrap();
    assert_eq!(planned.status.code(), Some(1));
    let posted = run(&["comment", "plan.json", "--check"], "infra dir").output().await.unwrap();
    assert_eq!(posted.status.code(), Some(0), "{}", String::from_utf8_lossy(&posted.stderr));
    let fake = stand.fake();
    let (_, check) = fake.marks.last().unwrap();
    assert_eq!(check["conclusion"], "failure");
    let note = &check["output"]["annotations"][0];
    assert_eq!(
        (note["path"].as_str().unwrap(), note["start_line"].as_u64()),
        ("infra dir/main.hcl", Some(2)),
        "{check}"
    );
    let body = &fake.comments[0].body;
    let link = "https://git.example.com/acme/shop/blob/c0ffee/infra%20dir/main.hcl#L2";
    assert!(body.contains(link), "{body}");
    assert!(body.contains("There is no plan: 1 error."), "{body}");
    drop(fake);
    stand.well();
}

#[tokio::test]
async fn a_refusal_is_told_and_the_summary_has_everything() {
    for (status, hint) in [(403, "pull-requests: write"), (404, "pull-requests: write"), (422, "--dry-run")] {
        let stand = Stand::new(Kind::GitHub).await;
        let body = serde_json::json!({ "message": format!("no {TOKEN}"), "documentation_url": "x" });
        stand.front.fail(1, Fault::Instead(Answer::json(status, &body)));
        let ended = stand.comment(&creates(&["A"]), 1, &["--status"]).await;
        assert_eq!(ended.code, 1);
        assert!(ended.err.contains("KF1104") && flat(&ended.err).contains(hint), "{}", ended.err);
        let summary = std::fs::read_to_string(stand.summary()).unwrap();
        assert!(summary.contains("1 to create") && summary.contains("+ A"), "{summary}");
        assert_eq!(stand.fake().marks.len(), 0);
    }
    // The comment is there, the status is not.
    let stand = Stand::new(Kind::GitHub).await;
    let body = serde_json::json!({ "message": "no", "documentation_url": "x" });
    stand.front.fail(2, Fault::Instead(Answer::json(403, &body)));
    let ended = stand.comment(&creates(&["A"]), 1, &["--status"]).await;
    assert_eq!((ended.code, stand.ours().len()), (7, 1), "{}", ended.err);
    assert!(ended.err.contains("KF1105"), "{}", ended.err);
}

#[tokio::test]
async fn a_comment_whose_answer_was_lost_is_found_again() {
    let stand = Stand::new(Kind::GitLab).await;
    stand.front.fail(1, Fault::Lost);
    let ended = stand.comment(&creates(&["A"]), 1, &[]).await;
    // Nobody knows whether it is there, so it is not written again.
    assert_eq!((ended.code, stand.ours().len()), (1, 1), "{}", ended.err);
    let ended = stand.comment(&creates(&["A"]), 1, &[]).await;
    assert_eq!((ended.code, stand.ours().len()), (0, 1), "{}", ended.err);
    assert!(ended.out.contains("says so already"), "{}", ended.out);
}

#[tokio::test]
async fn a_plan_that_is_too_long_is_shortened_and_still_names_what_is_lost() {
    let lost: Vec<String> = (0..200).map(|n| format!("LOST_{n:03}")).collect();
    let new: Vec<String> = (0..5000).map(|n| format!("NEW_{n:05}")).collect();
    let plan = Plan {
        changes: (new.iter().map(|key| change(key, Action::Create, Reason::New)))
            .chain(lost.iter().map(|key| change(key, Action::Delete, Reason::Removed)))
            .collect(),
        ..Plan::default()
    };
    for (kind, most) in [(Kind::GitHub, 65_536), (Kind::Bitbucket, 32_768)] {
        let stand = Stand::new(kind).await;
        let ended = stand.comment(&plan, 1, &[]).await;
        assert_eq!(ended.code, 0, "{}", ended.err);
        let body = stand.ours().remove(0);
        assert!(body.chars().count() <= most, "{}", body.chars().count());
        assert!(lost.iter().all(|key| body.contains(&format!("`{key}`"))), "{body}");
        assert!(body.contains("_Shortened: ") && body.contains("[the run]("), "{body}");
        assert!(!body.contains("NEW_00000"), "{body}");
    }
}

#[tokio::test]
async fn without_a_change_or_a_platform_it_says_so() {
    let stand = Stand::new(Kind::GitHub).await;
    let file = stand.dir.path().join("plan.json");
    let sources = keyform::diag::source::Sources::new();
    let document = json::plan::document(&creates(&["A"]), Cost::default(), Vec::new(), &sources);
    std::fs::write(&file, json::pretty(&document)).unwrap();
    let run = |pairs: Vec<(&'static str, String)>, args: &'static [&'static str]| {
        let mut command = tokio::process::Command::new(PROGRAM);
        command.arg("comment").arg(&file).args(args).env_clear().envs(pairs).current_dir(stand.dir.path());
        command
    };
    let push = vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_API_URL", stand.front.url()),
        ("GITHUB_REPOSITORY", "acme/shop".to_owned()),
        ("GITHUB_REF", "refs/heads/main".to_owned()),
        ("GITHUB_SHA", "beef".to_owned()),
    ];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let none = run(push.clone(), &[]).output().await.unwrap();
    assert!(text(&none.stderr).contains("KF1103") && none.status.code() == Some(1), "{}", text(&none.stderr));
    let with = [push, vec![("GITHUB_TOKEN", TOKEN.to_owned())]].concat();
    let status = run(with, &["--status"]).output().await.unwrap();
    assert_eq!(status.status.code(), Some(0), "{}", text(&status.stderr));
    assert!(text(&status.stdout).contains("there is nothing to comment on"), "{}", text(&status.stdout));
    assert_eq!(stand.fake().comments.len(), 0);
    assert_eq!(stand.fake().marks.len(), 1);
    let nowhere = run(Vec::new(), &[]).output().await.unwrap();
    assert!(text(&nowhere.stderr).contains("KF1102") && nowhere.status.code() == Some(1), "{}", text(&nowhere.stderr));
    let dry = run(Vec::new(), &["--dry-run"]).output().await.unwrap();
    assert!(text(&dry.stdout).starts_with("<!-- keyform:comment 1 ") && dry.status.success(), "{}", text(&dry.stdout));
    std::fs::write(&file, "{\"format\": \"keyform.plan/1\", \"changes\": canary-x").unwrap();
    let bad = run(Vec::new(), &["--dry-run"]).output().await.unwrap();
    assert!(text(&bad.stderr).contains("KF1101") && !text(&bad.stderr).contains("canary"), "{}", text(&bad.stderr));
}
