//! The ledger is on no disk of this machine: killed at any moment, and two at once, on S3 and PostgreSQL.

use crate::faults::stand::FIRST;
use crate::faults::stand::Ran;
use crate::faults::stand::Stand;
use crate::faults::stand::ran;
use crate::scenarios::PROGRAM;
use crate::services;
use crate::services::stores;
use crate::stores::postgres;
use crate::stores::s3;
use std::time::Duration;
use std::time::Instant;
use tokio::process::Command;

/// Where the ledger is, and what the program needs in its environment to get there.
struct Elsewhere {
    stand: Stand,
    env: Vec<(String, String)>,
    which: &'static str,
}

/// A secret that is read as soon as there is a file `go`.
const SLOW: &str = r#"
secret "SLOW" {
  project     = project.bakery
  environment = "dev"
  value       = secret_exec(["sh", "-c", "while [ ! -e go ]; do sleep 0.1; done; echo canary-slow"])
}
"#;

/// How much of the ledger there is: the write that the head counts.
const WRITES: &str = "\"write\":";

impl Elsewhere {
    async fn new(which: &'static str, name: &str) -> Self {
        let stand = Stand::new().await;
        let (block, env) = match which {
            "s3" => (
                format!("ledger \"s3\" {{\n bucket = \"ledgers\"\n prefix = \"{name}\"\n}}"),
                s3("canary-faults").await,
            ),
            _ => {
                let (url, password) = postgres();
                let env = vec![("PGPASSWORD".to_owned(), password.expose().to_owned())];
                (format!("ledger \"postgres\" {{\n url = \"{url}\"\n name = \"{name}\"\n}}"), env)
            }
        };
        stand.world.write("ledger.hcl", &format!("keyform {{\n{block}\n}}\n"));
        Self { stand, env, which }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.stand.command(PROGRAM);
        command.args(args).envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    async fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args)).await
    }

    /// Waits until a run has the lease.
    async fn begun(&self, name: &str) {
        let begun = Instant::now();
        while self.writes(name).await == 0 {
            assert!(begun.elapsed() < Duration::from_secs(120), "{}: nothing begins", self.which);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How often the head was written.
    async fn writes(&self, name: &str) -> u64 {
        let text = match self.which {
            "s3" => {
                let scope = "AWS4-HMAC-SHA256 Credential=canary-faults/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
                let headers = [("authorization".to_owned(), scope.to_owned())];
                let path = format!("GET /ledgers/{name}/ledger.jsonl");
                let (_, _, body) = services::exchange(services::moto(), &path, &headers, b"").await;
                String::from_utf8(body).unwrap()
            }
            _ => {
                let (client, connection) = tokio_postgres::Config::new()
                    .host("127.0.0.1")
                    .port(stores::postgres().port())
                    .user("keyform")
                    .dbname("postgres")
                    .password(stores::PASSWORD)
                    .connect(tokio_postgres::NoTls)
                    .await
                    .unwrap();
                tokio::spawn(connection);
                let sql = "SELECT content FROM keyform_ledger WHERE ledger = $1 AND name = 'ledger.jsonl'";
                let row = client.query_opt(sql, &[&name]).await.ok().flatten();
                row.map(|row| String::from_utf8(row.get(0)).unwrap()).unwrap_or_default()
            }
        };
        let number = text.split(WRITES).nth(1).map(|rest| rest.split(',').next().unwrap().parse().unwrap());
        number.unwrap_or_default()
    }
}

/// Killed as soon as the head was written so often; the run after goes on, without waiting for the lease: its process
/// is seen to be gone. Gives whether it was killed in the middle.
async fn killed_after(which: &'static str, writes: u64) -> bool {
    let name = format!("killed-{writes}");
    let elsewhere = Elsewhere::new(which, &name).await;
    let mut child = elsewhere.command(&["apply", "--auto-approve"]).spawn().unwrap();
    let begun = Instant::now();
    let killed = loop {
        assert!(begun.elapsed() < Duration::from_secs(120), "{which}: nothing happens");
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        if elsewhere.writes(&name).await >= writes {
            child.kill().await.unwrap();
            break true;
        }
    };
    let what = format!("{which}: killed after write {writes} of the head");
    let again = elsewhere.run(&["apply", "--auto-approve"]).await;
    assert_eq!(again.code, 0, "{what}: {}", again.said);
    let third = elsewhere.run(&["plan", "--exit-code"]).await;
    assert_eq!(third.code, 0, "{what}: {}", third.said);
    let pushed: String = FIRST.iter().map(|(key, value)| format!("APP_{key}={value}\n")).collect();
    assert!(elsewhere.stand.world.read("out/dev.env").ends_with(&pushed), "{what}");
    assert_eq!(elsewhere.stand.count().await, [1, 1, 1], "{what}: projects, connections, syncs");
    elsewhere.stand.end().await;
    killed
}

async fn killed_anywhere(which: &'static str) {
    let mut killed = Vec::new();
    for writes in [1, 3, 5, 8, 11] {
        killed.push(killed_after(which, writes).await);
    }
    // The last ones may be over before they are seen.
    assert!(killed[..2].iter().all(|killed| *killed), "{which}: {killed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_a_ledger_in_s3_the_next_run_goes_on() {
    killed_anywhere("s3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_a_ledger_in_postgresql_the_next_run_goes_on() {
    killed_anywhere("postgres").await;
}

/// While one run waits for a secret, a second one is told who it is, and a third one waits.
async fn two_at_once(which: &'static str) {
    let elsewhere = Elsewhere::new(which, "two").await;
    let world = &elsewhere.stand.world;
    world.write("slow.hcl", SLOW);
    let apply = ["apply", "--auto-approve", "--allow-exec"];
    let first = elsewhere.command(&apply);
    let first = tokio::spawn(ran(first));
    elsewhere.begun("two").await;
    let second = elsewhere.run(&apply).await;
    assert_eq!(second.code, 1, "{}", second.said);
    assert!(second.said.contains("KF0806") && second.said.contains("`apply` on"), "{}", second.said);
    let shown = elsewhere.run(&["ledger", "show"]).await;
    assert!(shown.said.contains("writing   `apply` on"), "{}", shown.said);
    let third = elsewhere.command(&[&apply[..], &["--lock-timeout", "4m"]].concat());
    let third = tokio::spawn(ran(third));
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.write("go", "");
    let (first, third) = (first.await.unwrap(), third.await.unwrap());
    assert_eq!((first.code, third.code), (0, 0), "{} {}", first.said, third.said);
    assert!(first.said.contains("Applied: 10 created."), "{}", first.said);
    assert!(third.said.contains("Nothing to do: 10 things"), "{}", third.said);
    assert_eq!(elsewhere.stand.count().await, [1, 1, 1]);
    let shown = elsewhere.run(&["ledger", "show"]).await;
    assert!(shown.said.contains("writing   nobody"), "{}", shown.said);
    elsewhere.stand.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_with_a_ledger_in_s3_take_turns() {
    two_at_once("s3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_with_a_ledger_in_postgresql_take_turns() {
    two_at_once("postgres").await;
}

/// Somebody ends the lease of a run that is alive: it changes nothing more, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_lease_was_ended_stops_before_its_next_change() {
    let elsewhere = Elsewhere::new("postgres", "ended").await;
    let world = &elsewhere.stand.world;
    world.write("slow.hcl", SLOW);
    let first = tokio::spawn(ran(elsewhere.command(&["apply", "--auto-approve", "--allow-exec"])));
    elsewhere.begun("ended").await;
    let shown = elsewhere.run(&["ledger", "show"]).await;
    let id = shown.said.lines().find_map(|line| line.strip_prefix("lease     ")).unwrap().to_owned();
    let other = elsewhere.run(&["ledger", "unlock", "4f0c", "--auto-approve"]).await;
    assert!(other.code == 1 && other.said.contains("KF0809"), "{}", other.said);
    let unlocked = elsewhere.run(&["ledger", "unlock", &id, "--auto-approve"]).await;
    assert_eq!(unlocked.code, 0, "{}", unlocked.said);
    world.write("go", "");
    let first = first.await.unwrap();
    assert_eq!(first.code, 1, "{}", first.said);
    assert!(first.said.contains("KF0808"), "{}", first.said);
    assert_eq!(elsewhere.stand.count().await, [0; 3], "nothing was made");
    elsewhere.stand.end().await;
}
