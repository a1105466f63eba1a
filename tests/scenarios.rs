//! Runs the folders of `scenarios/`: each is a small world, and a session with the exact output of every
//! command. `KEYFORM_BLESS=1` rewrites the sessions, `KEYFORM_SCENARIO=name` runs those whose name holds it.
//!
//! The real program runs in a copy of the folder, with nothing in its environment but what `env` says.
//! `base web` gives it the configuration `scenarios/web.hcl`, which many share.
//! Besides `keyform …` a session knows `write`, `append`, `replace`, `rm`, `mkdir`, `mv`, `chmod`, `cat`,
//! `ls`, `set`, `unset`, and `start keyform serve …` or `start python3 …` with `stop`.

use crate::canary;
use crate::session;
use crate::session::Step;
use keyform::model::address::Address;
use keyform::model::resource::Kind;
use regex::Regex;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keyform");

/// Where a scenario runs.
pub(crate) struct World {
    root: tempfile::TempDir,
    env: BTreeMap<String, String>,
    canaries: BTreeSet<String>,
    /// Files that may hold secrets: those that the scenario itself brought or wrote.
    given: BTreeSet<PathBuf>,
    leaks: Vec<String>,
    fingerprints: BTreeMap<String, usize>,
    server: Option<Child>,
}

impl World {
    /// A copy of a folder.
    pub(crate) fn of(folder: &Path) -> Self {
        // Always below /tmp: where lines break must not depend on how long the directory's name is.
        let root = tempfile::tempdir_in("/tmp").unwrap();
        for name in ["home", "work"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let mut world = Self {
            env: BTreeMap::new(),
            canaries: BTreeSet::new(),
            given: BTreeSet::new(),
            leaks: Vec::new(),
            fingerprints: BTreeMap::new(),
            server: None,
            root,
        };
        for path in canary::files(folder) {
            let name = path.strip_prefix(folder).unwrap();
            // Somebody tried the example where it stands.
            if name.starts_with(".keyform") || name.starts_with("out") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            world.canaries.extend(canary::collect([text.as_str()]));
            if name == Path::new("env") {
                let pairs = text.lines().filter_map(|line| line.split_once('='));
                world.env.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            } else if name != Path::new("session") {
                world.put(name.to_str().unwrap(), &text);
            }
        }
        world
    }

    /// The directory that commands run in.
    pub(crate) fn dir(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Writes a file that the world itself has brought.
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        let path = self.dir().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.given.insert(path);
    }

    /// The program, ready to be started in this world.
    pub(crate) fn command(&self, args: &[String]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.dir()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.root.path().join("home")).envs(&self.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs one step and gives what it shows.
    pub(crate) fn run(&mut self, step: &Step) -> String {
        let words = session::words(&step.command);
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        let input = step.input.as_deref();
        match (args.as_slice(), input) {
            (["keyform", rest @ ..], _) => return self.keyform(rest, input),
            (["start", "keyform", rest @ ..], _) => {
                let args: Vec<String> = rest.iter().map(|word| (*word).to_owned()).collect();
                self.start(self.command(&args));
            }
            (["start", "python3", rest @ ..], _) => {
                let mut command = Command::new("python3");
                command.args(rest).current_dir(self.dir()).envs(&self.env);
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                self.start(command);
            }
            (["stop"], _) => return self.stop(),
            (["base", name], _) => {
                let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(format!("{name}.hcl"));
                self.put("main.hcl", &fs::read_to_string(shared).unwrap());
            }
            (["write", name], Some(text)) => self.put(name, text),
            (["append", name], Some(text)) => {
                let before = fs::read_to_string(self.dir().join(name)).unwrap_or_default();
                self.put(name, &(before + text));
            }
            (["replace", name, old, new], _) => {
                let before = fs::read_to_string(self.dir().join(name)).unwrap_or_default();
                if !before.contains(old) {
                    return format!("no `{old}` in {name}\n");
                }
                self.put(name, &before.replace(old, new));
            }
            (["rm", name], _) => {
                let path = self.dir().join(name);
                let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
                return gone.map_or_else(|_| format!("no {name}\n"), |()| String::new());
            }
            (["mkdir", name], _) => fs::create_dir_all(self.dir().join(name)).unwrap(),
            (["mv", from, to], _) => {
                fs::rename(self.dir().join(from), self.dir().join(to)).unwrap();
                self.given.insert(self.dir().join(to));
            }
            (["chmod", mode, name], _) => {
                let mode = u32::from_str_radix(mode, 8).unwrap();
                fs::set_permissions(self.dir().join(name), fs::Permissions::from_mode(mode)).unwrap();
            }
            (["cat", name], _) => {
                let text = fs::read_to_string(self.dir().join(name)).unwrap_or_else(|_| format!("no {name}\n"));
                return session::shown(&self.normal(&text), "", 0);
            }
            (["ls", name], _) => {
                let mut names: Vec<String> = fs::read_dir(self.dir().join(name))
                    .map(|dir| dir.map(|e| e.unwrap().file_name().to_str().unwrap().to_owned()).collect())
                    .unwrap_or_default();
                names.sort();
                return session::shown(&names.iter().map(|name| format!("{name}\n")).collect::<String>(), "", 0);
            }
            (["set", pair], _) => {
                let (name, value) = pair.split_once('=').unwrap();
                let value = self.expand(value);
                self.env.insert(name.to_owned(), value);
            }
            (["unset", name], _) => {
                self.env.remove(*name);
            }
            _ => panic!("`{}` is no command of a session", step.command),
        }
        String::new()
    }

    fn keyform(&mut self, args: &[&str], input: Option<&str>) -> String {
        let mut plain = Vec::new();
        let (mut from, mut to) = (None, None);
        let mut words = args.iter();
        while let Some(word) = words.next() {
            match *word {
                "<" => from = words.next(),
                ">" => to = words.next(),
                word => plain.push(self.expand(word)),
            }
        }
        let input = match from {
            Some(file) => Some(fs::read_to_string(self.dir().join(file)).unwrap()),
            None => input.map(str::to_owned),
        };
        let mut command = self.command(&plain);
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().unwrap();
        if let Some(input) = input {
            // Who does not read it may be gone already.
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        }
        let output = child.wait_with_output().unwrap();
        let mut stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let shows_values = matches!(plain.as_slice(), [a, b, ..] if a == "secret" && (b == "get" || b == "export"));
        let line = plain.join(" ");
        self.search(&format!("standard error of `{line}`"), stderr.as_bytes());
        if !shows_values {
            self.search(&format!("standard output of `{line}`"), stdout.as_bytes());
        }
        if let Some(file) = to {
            self.put(file, &stdout);
            stdout.clear();
        }
        session::shown(&self.normal(&stdout), &sorted(&self.normal(&stderr)), output.status.code().unwrap_or(-1))
    }

    /// Types a line into a shell and gives what a person would see of both streams. What differs from run to run is `…`.
    pub(crate) fn shell(&mut self, line: &str) -> String {
        if let Some((name, value)) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')) {
            self.env.insert(name.to_owned(), value.to_owned());
            return String::new();
        }
        let programs = Path::new(PROGRAM).parent().unwrap().display();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{line} 2>&1")]).current_dir(self.dir()).env_clear().envs(&self.env);
        let output = command.env("PATH", path).env("HOME", self.root.path().join("home")).output().unwrap();
        if line.starts_with("keyform ") {
            self.search(&format!("what `{line}` printed"), &output.stdout);
        }
        let mut text = self.normal(&String::from_utf8(output.stdout).unwrap());
        for varying in ["[COST]", "[TIME]", "[DIR]/", "[ID]", "[HASH]"] {
            text = text.replace(varying, if varying == "[DIR]/" { "" } else { "…" });
        }
        text
    }

    /// The word with `$NAME` replaced by variables of the scenario's environment.
    fn expand(&self, word: &str) -> String {
        self.env.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("${name}"), value))
    }

    /// Starts a server; its address becomes `$URL`, its credentials those that it was given.
    fn start(&mut self, mut command: Command) {
        let mut child = command.spawn().unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let address = Regex::new(r"http://[0-9.:]+").unwrap();
        let url = lines.by_ref().map_while(Result::ok).find_map(|l| address.find(&l).map(|m| m.as_str().to_owned()));
        // The rest is read so that the server never waits for us.
        std::thread::spawn(move || lines.count());
        self.env.insert("URL".to_owned(), url.unwrap_or_default());
        self.server = Some(child);
    }

    /// Starts a server in the place of whatever remote one the environment or a variable would name.
    fn stand_in(&mut self, dialect: &str) {
        let secret = "canary-client-secret-0123456789";
        self.put("secret.txt", secret);
        let serve = "serve --listen 127.0.0.1:0 --data server --client-id keyform --client-secret-file secret.txt";
        let serve: Vec<String> = serve.split(' ').chain(["--dialect", dialect]).map(str::to_owned).collect();
        self.start(self.command(&serve));
        let url = self.env["URL"].clone();
        for name in ["INFISICAL_HOST", "HANZO_KMS_URL", "KEYFORM_VAR_url"] {
            self.env.insert(name.to_owned(), url.clone());
        }
        self.env.insert("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID".to_owned(), "keyform".to_owned());
        self.env.insert("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET".to_owned(), secret.to_owned());
    }

    fn stop(&mut self) -> String {
        let Some(mut child) = self.server.take() else { return String::new() };
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let code = child.wait().unwrap().code().unwrap_or(-1);
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
        self.search("standard error of the server", stderr.as_bytes());
        session::shown("", &self.normal(&stderr), code)
    }

    /// Has everything that is emitted searched for another text.
    pub(crate) fn watch(&mut self, canary: &str) {
        self.canaries.insert(canary.to_owned());
    }

    /// What was found where it must not be.
    pub(crate) fn leaks(&self) -> &[String] {
        &self.leaks
    }

    fn search(&mut self, place: &str, bytes: &[u8]) {
        for canary in canary::found(&self.canaries, bytes) {
            self.leaks.push(format!("{canary} is in {place}"));
        }
    }

    /// Looks for canaries in every file that the program wrote, but for the destinations in `out/`.
    pub(crate) fn search_files(&mut self) {
        let destinations = self.dir().join("out");
        for path in canary::files(self.root.path()) {
            if !path.starts_with(&destinations) && !self.given.contains(&path) {
                let bytes = fs::read(&path).unwrap();
                self.search(&format!("{}", path.strip_prefix(self.root.path()).unwrap().display()), &bytes);
            }
        }
    }

    /// The text without what differs from run to run. Fingerprints are numbered, so that it can be seen
    /// which of them are equal.
    fn normal(&mut self, text: &str) -> String {
        let dir = fs::canonicalize(self.dir()).unwrap();
        let mut text = text.replace(dir.to_str().unwrap(), "[DIR]").replace(self.dir().to_str().unwrap(), "[DIR]");
        for (pattern, replacement) in [
            // Fingerprints are keyed, and each run has a key of its own.
            (r"(?m)^Checksum: [0-9a-f]{64}\n", ""),
            // Below every plan; reports have it as well, and there it stays.
            (r"(?m)^Backend: [^`\n]*\n", ""),
            // Whether there was something to wait for is a matter of luck.
            (r#"(?m)^.*"event":"waiting".*\n"#, ""),
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[ID]"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", "[TIME]"),
            (r"\(\d+ requests?, [^)]*\)", "([COST])"),
            (r"(?m)^\d+ requests?, \d+(\.\d+)? (ms|s)", "[COST]"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "[TIME]"),
            (r"keyform:comment 1 (\S+ \S+) \d+ [0-9a-f]{16}", "keyform:comment 1 $1 [TIME] [HASH]"),
            (r#" time="\d+\.\d+""#, r#" time="[TIME]""#),
            (r"(?m)^(keyform_run_(requests|duration_seconds|timestamp_seconds)) .*", "$1 [NUMBER]"),
            (r"\(\d+(\.\d+)? (ms|s)\)", "([TIME])"),
            (r"\b[0-9a-f]{64}\b", "[HASH]"),
            (r"\breq-[0-9a-f]+\b", "req-[ID]"),
            (r"\b\d{8}-\d{6}-\d{3}\b", "[RUN]"),
            (r"\bage1[0-9a-z]{58}\b", "age1[KEY]"),
            (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:[PORT]"),
            (r"\d+ of (\d+) requests of a kind left", "[NUMBER] of $1 requests of a kind left"),
            (r#""(milliseconds|requests|left)": ?\d+"#, r#""$1":0"#),
            (r#""(id|owner)": "[^"]+""#, r#""$1": "[ID]""#),
            (r"KEYFORM_TEST_[A-Z]{6}", "KEYFORM_TEST_[TAG]"),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, replacement).into_owned();
        }
        let fingerprint = Regex::new(r##"(#|": ?")([0-9a-f]{8})\b"##).unwrap();
        fingerprint
            .replace_all(&text, |found: &regex::Captures<'_>| {
                let next = self.fingerprints.len() + 1;
                let number = *self.fingerprints.entry(found[2].to_owned()).or_insert(next);
                format!("{}{number:08}", &found[1])
            })
            .into_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut child) = self.server.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Changes that run at the same time end in any order: their lines are sorted.
fn sorted(text: &str) -> String {
    let is_progress = |line: &str| ["done ", "failed "].iter().any(|word| line.starts_with(word));
    let mut lines: Vec<&str> = text.lines().collect();
    for run in lines.chunk_by_mut(|a, b| is_progress(a) == is_progress(b)) {
        if is_progress(run[0]) {
            run.sort_unstable();
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Folders below one of the project's, sorted.
pub(crate) fn folders(below: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    let only = std::env::var("KEYFORM_SCENARIO").unwrap_or_default();
    folders.retain(|path| path.to_str().unwrap().contains(&only));
    folders.sort();
    folders
}

/// Runs one folder; gives what is wrong with it.
fn check(folder: &Path, bless: bool) -> Option<String> {
    let file = folder.join("session");
    let text = fs::read_to_string(&file).unwrap();
    let mut steps = session::parse(&text);
    let mut world = World::of(folder);
    for step in &mut steps {
        step.expected = world.run(step);
    }
    world.search_files();
    let name = folder.file_name().unwrap().to_str().unwrap();
    if !world.leaks.is_empty() {
        return Some(format!("{name} leaks:\n  {}", world.leaks.join("\n  ")));
    }
    let now = session::print(&steps);
    if now == text {
        return None;
    }
    if bless {
        fs::write(&file, &now).unwrap();
        return None;
    }
    let diff = similar::TextDiff::from_lines(&text, &now);
    Some(format!("{name}:\n{}", diff.unified_diff().context_radius(4).header("session", "now")))
}

/// Does something for each folder, a few at a time, and fails with everything that is wrong.
pub(crate) fn all(folders: &[PathBuf], check: impl Fn(&Path) -> Option<String> + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) {
                    let outcome = catch_unwind(AssertUnwindSafe(|| check(folder)));
                    let failure = outcome.unwrap_or_else(|_| Some(format!("{} panicked, see above", folder.display())));
                    failures.lock().unwrap().extend(failure);
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert!(failures.is_empty(), "{} of {} failed\n\n{}", failures.len(), folders.len(), failures.join("\n"));
}

#[test]
fn every_session_goes_as_written() {
    let bless = std::env::var_os("KEYFORM_BLESS").is_some();
    let mut all_folders = folders("tests/scenarios");
    // Some examples are walks through something.
    all_folders.extend(folders("examples").into_iter().filter(|folder| folder.join("session").exists()));
    all(&all_folders, |folder| check(folder, bless));
}

/// What is done to things of each kind, as far as rows say it.
fn done_to_kinds(session: &str) -> BTreeSet<(Kind, &str)> {
    let row = |line: &'_ str| {
        let (done, rest) =
            [("+ create", "create"), ("~ update", "change"), ("-/+ replace", "change"), ("- delete", "delete")]
                .iter()
                .find_map(|(start, done)| Some((*done, line.trim_start().strip_prefix(start)?)))?;
        let address: Address = rest.split_whitespace().next()?.parse().ok()?;
        Some((Kind::of(&address)?, done))
    };
    session.lines().filter_map(row).collect()
}

#[test]
fn every_kind_is_made_changed_and_ended_in_one_world() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/everything");
    let text: String = canary::files(&folder).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let words = Kind::ALL.into_iter().map(Kind::word).chain(["module", "import", "moved", "removed"]);
    let data = Kind::ALL.into_iter().filter_map(Kind::data_word).map(|word| word.replace("data.", "data \""));
    let is_declared = |word: &String| Regex::new(&format!(r#"(?m)^\s*{word}[" {{]"#)).unwrap().is_match(&text);
    let undeclared: Vec<String> = words.map(str::to_owned).chain(data).filter(|word| !is_declared(word)).collect();
    assert!(undeclared.is_empty(), "nobody declares {undeclared:?}");
    let session = fs::read_to_string(folder.join("session")).unwrap();
    let (newest, old) = session.split_once("keyform serve --dialect 2024-10").unwrap();
    let (newest, old) = (done_to_kinds(newest), done_to_kinds(old));
    let later = [Kind::ProjectTemplate, Kind::AppConnection, Kind::SecretSync, Kind::Webhook];
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_planned()) {
        let all: Vec<_> =
            ["create", "change", "delete"].into_iter().filter(|done| !newest.contains(&(kind, done))).collect();
        assert!(all.is_empty(), "{kind}: no {all:?}");
        let all = ["change", "delete"].into_iter().all(|done| old.contains(&(kind, done)));
        assert_eq!(all, !later.contains(&kind), "{kind} of a server of 2024");
    }
}

#[test]
fn every_example_is_valid_and_goes_as_far_as_it_can_here() {
    let mut examples = folders("examples");
    examples.retain(|folder| !folder.ends_with("destinations"));
    examples.extend(folders("examples/destinations"));
    all(&examples, |folder| {
        let mut world = World::of(folder);
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text: String = canary::files(folder)
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "hcl"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        for found in Regex::new(r#"\benv\("([A-Z_]+)"\)"#).unwrap().captures_iter(&text) {
            // Azure's ids are UUIDs.
            let is_uuid = found[1].starts_with("AZURE_") && found[1].ends_with("_ID");
            let value = if is_uuid { "00000000-0000-4000-8000-000000000001" } else { "some-value" };
            world.env.insert(found[1].to_owned(), value.to_owned());
        }
        // An older installation of Hanzo KMS is a server of that age.
        if text.contains("\nbackend \"") {
            world.stand_in(if name == "hanzo-kms" { "2024-10" } else { "newest" });
        }
        // What runs at the backend alone may fail there, which is a warning.
        if text.contains("native_integration \"") {
            for found in Regex::new(r#"\bsecret_env\("([A-Z_]+)"\)"#).unwrap().captures_iter(&text) {
                let kind = if found[1].ends_with("_ARN") { "arn:aws:iam::123456789012:role/" } else { "" };
                world.env.insert(found[1].to_owned(), format!("{kind}canary-{}", found[1].to_lowercase()));
            }
        }
        let is_local = text.matches("app_connection \"").count() == text.matches("app_connection \"local\"").count();
        let mut commands = vec!["validate", "fmt --check"];
        if name == "adopt" {
            let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/infisical-cloud/main.hcl");
            world.put("filled/main.hcl", &fs::read_to_string(other).unwrap());
            commands.extend(["-C filled apply --auto-approve", "adopt --dry-run", "adopt"]);
        }
        if is_local {
            commands.extend(["apply --auto-approve", "plan --exit-code"]);
        } else if folder.parent().is_some_and(|above| above.ends_with("destinations")) {
            commands.push("plan");
        }
        commands.into_iter().find_map(|command| {
            let main = world.dir().join("main.hcl");
            if command.starts_with("apply") && main.exists() {
                // A bucket can't be reached from here: the ledger is kept on this disk instead.
                let elsewhere = Regex::new(r#"(?s)\n  ledger "s3" \{.*?\n  \}"#).unwrap();
                world.put("main.hcl", &elsewhere.replace(&fs::read_to_string(&main).unwrap(), ""));
            }
            let args: Vec<&str> = command.split(' ').collect();
            let shown = format!("\n{}", world.keyform(&args, None));
            // What can't be reached from here may make a plan incomplete, and nothing worse.
            let failed = shown.contains("\n? ") && !(command == "plan" && shown.contains("\n? 5\n"));
            failed.then(|| format!("{name}: keyform {command}{shown}"))
        })
    });
}
