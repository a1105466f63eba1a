//! The whole way, as a team goes it: a change is proposed and commented on, pushed to, merged and applied with the checksum that was
//! reviewed; somebody edits the destination, an issue is opened, it is healed, the issue is closed.

use crate::canary;
use crate::forge::Stand;
use crate::forge::fakes::Kind;
use crate::forge::fakes::TOKEN;
use crate::scenarios::PROGRAM;
use std::collections::BTreeSet;
use std::fs;

const VALUES: [&str; 4] = ["canary-db-url-1", "canary-api-key-1", "canary-smtp-password-1", "canary-edited-by-hand"];

/// Runs keyform as a job of the CI does; nothing that it says has a value in it.
async fn job(stand: &Stand, run: u64, args: &[&str]) -> (i32, String) {
    let mut command = tokio::process::Command::new(PROGRAM);
    command.args(args).current_dir(stand.dir.path()).env_clear().envs(stand.environment(run));
    let names = ["DB_URL", "API_KEY", "SMTP_PASSWORD"];
    let output = command.envs(names.into_iter().zip(VALUES)).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let hidden: BTreeSet<String> = VALUES.into_iter().chain([TOKEN]).map(str::to_owned).collect();
    assert_eq!(canary::found(&hidden, &said), Vec::<&str>::new(), "{args:?}");
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// The checksum that the comment names.
fn checksum(comment: &str) -> String {
    let found = regex::Regex::new(r"keyform apply web\.plan --checksum ([0-9a-f]{64})").unwrap();
    found.captures(comment).unwrap_or_else(|| panic!("{comment}"))[1].to_owned()
}

#[tokio::test]
async fn a_change_goes_from_its_proposal_to_the_destination_and_stays_there() {
    let stand = Stand::new(Kind::GitHub).await;
    let write = |name: &str, text: &str| fs::write(stand.dir.path().join(name), text).unwrap();
    let read = |name: &str| fs::read_to_string(stand.dir.path().join(name)).unwrap();
    let secret = |key: &str, project: &str| {
        format!(
            "secret \"{key}\" {{\n  project     = {project}\n  environment = \"dev\"\n  value       = secret_env(\"{key}\")\n}}\n"
        )
    };
    let web = include_str!("../scenarios/web.hcl");
    let notify = format!(
        "notify \"github\" \"issue\" {{\n  url   = \"{}\"\n  repo  = \"acme/shop\"\n  token = secret_env(\"GITHUB_TOKEN\")\n}}\n",
        stand.front.url()
    );
    write("main.hcl", &format!("{web}\n{notify}"));
    assert_eq!(job(&stand, 1, &["apply", "--auto-approve"]).await.0, 0);
    let is_there = |key: &str| read("out/dev.env").contains(&format!("APP_{key}="));

    // Proposed: planned, kept, commented on, and nothing else happens.
    write("mail.hcl", &secret("SMTP_PASSWORD", "project.bakery"));
    assert_eq!(job(&stand, 2, &["plan", "--out", "web.plan"]).await.0, 0);
    let comment = ["comment", "web.plan", "--environment", "dev", "--status"];
    assert_eq!(job(&stand, 2, &comment).await.0, 0);
    let first = stand.ours();
    assert_eq!(first.len(), 1);
    assert!(first[0].contains("SMTP_PASSWORD") && first[0].contains("environment `dev`"), "{}", first[0]);
    let (commit, status) = stand.fake().marks[0].clone();
    assert_eq!((commit.as_str(), &status["state"]), ("c0ffee", &"success".into()));

    // Pushed to: the same comment says what it comes to now.
    write(
        "mail.hcl",
        &format!(
            "{}\n{}",
            secret("SMTP_PASSWORD", "project.bakery"),
            secret("SMTP_USER", "project.bakery").replace("secret_env(\"SMTP_USER\")", "secret_env(\"DB_URL\")")
        ),
    );
    assert_eq!(job(&stand, 3, &["plan", "--out", "web.plan"]).await.0, 0);
    assert_eq!(job(&stand, 3, &comment).await.0, 0);
    let second = stand.ours();
    assert!(second.len() == 1 && second[0].contains("SMTP_USER"), "{second:?}");
    let (old, reviewed) = (checksum(&first[0]), checksum(&second[0]));
    assert_ne!(old, reviewed);
    assert!(!is_there("SMTP_PASSWORD"), "nothing was applied");

    // Merged: what was reviewed last is applied, and nothing that was reviewed before.
    let apply = async |checksum: &str| job(&stand, 4, &["apply", "--auto-approve", "--checksum", checksum]).await;
    let (code, said) = apply(&old).await;
    assert_eq!(code, 6, "{said}");
    assert!(!is_there("SMTP_PASSWORD"), "nothing was applied");
    let (code, said) = apply(&reviewed).await;
    assert_eq!(code, 0, "{said}");
    assert!(is_there("SMTP_PASSWORD") && is_there("SMTP_USER"));

    // Every day after that: nothing to tell, until somebody edits the destination.
    let daily = ["drift", "--notify", "--environment", "dev"];
    assert_eq!(job(&stand, 5, &daily).await.0, 0);
    assert!(stand.fake().issues.is_empty());
    write("out/dev.env", &read("out/dev.env").replace(VALUES[1], VALUES[3]));
    assert_eq!(job(&stand, 6, &daily).await.0, 3);
    let issues = stand.fake().issues.clone();
    let [(title, body, true)] = issues.as_slice() else { panic!("{issues:?}") };
    assert_eq!(title, "keyform: drift of dev");
    assert!(body.contains("`secret_sync.web.entry.APP_API_KEY` (value-changed)"), "{body}");

    // Healed, and said so.
    let heal = [&daily[..], &["--heal", "--auto-approve"]].concat();
    let (code, said) = job(&stand, 7, &heal).await;
    assert_eq!(code, 0, "{said}");
    assert!(read("out/dev.env").contains(VALUES[1]));
    let issues = stand.fake().issues.clone();
    assert!(issues.len() == 1 && !issues[0].2 && issues[0].1.contains("Not there any more (1)"), "{issues:?}");
    let writes = stand.fake().writes.len();
    assert_eq!(job(&stand, 8, &daily).await.0, 0);
    assert_eq!(stand.fake().writes.len(), writes);
    stand.well();
}
