//! The command line as such: help, usage errors, streams, exit codes. What commands do is in `scenarios/`.

use crate::scenarios::PROGRAM;
use std::io::BufRead;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

const COMMANDS: &[&str] = &[
    "init",
    "validate",
    "fmt",
    "plan",
    "apply",
    "comment",
    "adopt",
    "destroy",
    "drift",
    "watch",
    "snapshot",
    "lsp",
    "test",
    "undo",
    "show",
    "where",
    "doctor",
    "graph",
    "import",
    "adopt",
    "secret",
    "ledger",
    "providers",
    "serve",
    "explain",
    "completions",
];

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).env_clear().stdin(Stdio::null());
    command.output().unwrap()
}

/// As in an image that has nothing but the program.
#[test]
#[cfg(target_os = "linux")]
fn a_machine_without_certificates_is_told_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.hcl"), "project \"bakery\" {}\n").unwrap();
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("SSL_CERT_FILE", "/dev/null").current_dir(dir.path());
    let output = command.arg("plan").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("KF0504") && err.contains("ca-certificates"), "{err}");
}

/// What a saved plan, `show --json` of it and `plan --json` look like is published.
#[test]
fn plans_are_what_their_schema_says_and_only_their_owner_reads_a_saved_one() {
    use std::os::unix::fs::PermissionsExt;
    let schema: serde_json::Value = serde_json::from_str(include_str!("../schema/plan.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let check = |bytes: &[u8]| {
        let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let errors: Vec<String> =
            schema.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        document
    };
    let dir = tempfile::tempdir().unwrap();
    let main = "project \"bakery\" {\n  environment \"dev\" {}\n  secret \"A\" {\n    environment = \"dev\"\n    value = \
                secret_file(\"a\")\n  }\n}\nrule \"r\" {\n  match = \"secret\"\n  require = false\n  message = \"No.\"\n}\n";
    std::fs::write(dir.path().join("main.hcl"), main).unwrap();
    std::fs::write(dir.path().join("a"), "canary-a").unwrap();
    let (dir, file) = (dir.path().to_str().unwrap(), dir.path().join("p.plan"));
    let path = file.to_str().unwrap();
    let mut saved = serde_json::Value::Null;
    for _ in 0..2 {
        let output = run(&["-C", dir, "plan", "-out", path, "--json"]);
        // Nothing on the command line of a plan allows a rule that is not met.
        assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        saved = check(&std::fs::read(&file).unwrap());
        let printed = check(&output.stdout);
        assert_eq!(saved["checksum"], printed["checksum"]);
        assert!(printed["origin"].is_null() && saved["origin"]["destroy"] == false);
    }
    let shown = check(&run(&["show", path, "--json"]).stdout);
    assert_eq!((&shown["changes"], &shown["hazards"]), (&saved["changes"], &saved["hazards"]));
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_does_not_arrive_is_a_failure() {
    for args in [&["explain", "KF0101"][..], &["--json", "providers", "list"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(PROGRAM).args(args).env_clear().stdin(Stdio::null()).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{args:?}");
        assert!(text(&output.stderr).contains("KF1002"), "{args:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_file_of_values_is_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in ["p canary-7f3a\n", "p: canary-7f3a\n", "canary-7f3a\n", "p = [canary-7f3a\n"] {
        std::fs::write(dir.path().join("keyform.vars.hcl"), wrong).unwrap();
        let output = run(&["-C", dir.path().to_str().unwrap(), "fmt", "--check"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("keyform.vars.hcl:1:") && !told.contains("canary"), "{told}");
    }
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let top = run(&["--help"]);
    for command in COMMANDS {
        assert!(text(&top.stdout).contains(&format!("  {command} ")), "{command} is not in --help");
        let output = run(&[command, "--help"]);
        let help = text(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty(), "{command}");
        assert!(help.contains("Example"), "{command} shows no example");
        assert!(help.split("\n\n").nth(1).is_some_and(|p| p.len() > 60), "{command} is not explained:\n{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{command} is too wide:\n{help}");
    }
    for line in text(&top.stdout).lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let word = line.split_whitespace().next().unwrap();
        let is_listed = COMMANDS.contains(&word) || !word.chars().all(|c| c.is_ascii_lowercase()) || word == "keyform";
        assert!(is_listed, "{word} is not tested");
    }
}

#[test]
fn wrong_usage_is_64_and_says_so_on_standard_error() {
    for args in [
        &["frobnicate"][..],
        &["plan", "--frobnicate"],
        &["plan", "--target", "not an address"],
        &["plan", "--var", "novalue"],
        &["apply", "--allow", "wipe"],
        &["apply", "--allow", "frobnicate=3"],
        &["apply", "--allow", "collision=3"],
        &["apply", "--parallelism", "0"],
        &["apply", "--checksum", "12"],
        &["apply", "a.plan", "--adopt"],
        &["explain", "KF9999"],
        &[],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(64), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn help_version_and_completions_go_to_standard_output() {
    for args in [&["--help"][..], &["--version"], &["plan", "-h"], &["explain"], &["explain", "exit-codes"]] {
        let output = run(args);
        assert!(output.status.success() && output.stderr.is_empty() && !output.stdout.is_empty(), "{args:?}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success() && text(&output.stdout).contains("auto-approve"), "{shell}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let mut child = Command::new(PROGRAM)
        .args(["completions", "bash"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn interrupted_once_it_ends_in_order_and_goes_on_at_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/many/main.hcl");
    std::fs::copy(example, dir.path().join("main.hcl")).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["apply", "--auto-approve", "--parallelism", "1"])
        .current_dir(dir.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
    // The first change is done: somebody presses Ctrl-C.
    assert!(log.next().unwrap().unwrap().starts_with("done "));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let rest: Vec<String> = log.map_while(Result::ok).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stdout));
    assert!(rest.iter().any(|line| line.starts_with("Stopping")), "{rest:?}");
    assert!(text(&output.stdout).contains("Stopped: "), "{}", text(&output.stdout));
    let again = ["apply", "--auto-approve", "--quiet"];
    let again = Command::new(PROGRAM).args(again).current_dir(dir.path()).env_clear().output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let plan =
        Command::new(PROGRAM).args(["plan", "--exit-code"]).current_dir(dir.path()).env_clear().output().unwrap();
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stdout));
}

#[test]
fn every_code_is_explained_and_none_twice() {
    let codes: Vec<&keyform::diag::code::Code> = keyform::diag::codes::all().collect();
    for code in &codes {
        assert!(code.id.len() == 6 && code.id.starts_with("KF"), "{}", code.id);
        assert!(!code.summary.ends_with('.') && code.summary.len() < 70, "{}: {}", code.id, code.summary);
        assert!(code.explain.len() > 40 && code.explain.ends_with('.'), "{} is not explained", code.id);
        assert_eq!(codes.iter().filter(|other| other.id == code.id).count(), 1, "{}", code.id);
    }
    assert!(codes.windows(2).all(|pair| pair[0].id < pair[1].id), "codes are in order");
}

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let output = run(&["secret", "set", "bakery/dev/KEY", "canary-typed"]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(64), "{err}");
    assert!(err.contains("KF1015") && err.contains("standard input"), "{err}");
    assert!(!err.contains("canary") && !out.contains("canary"), "{out}{err}");
}

#[test]
fn what_is_no_assignment_is_not_repeated() {
    for args in [
        &["validate", "--var", "canary-a"][..],
        &["validate", "--var", "canary 1=a"],
        &["plan", "--var", "a=", "canary-a"],
    ] {
        let output = run(args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{err}");
        assert!(err.contains("•••") && !err.contains("canary"), "{err}");
    }
}

#[test]
fn of_very_many_problems_the_first_are_shown_and_the_rest_counted() {
    let dir = tempfile::tempdir().unwrap();
    let blocks: String = (0..2000).map(|n| format!("secret \"K{n}\" {{\n  valeu = \"canary-a\"\n}}\n")).collect();
    std::fs::write(dir.path().join("main.hcl"), blocks).unwrap();
    let output = run(&["-C", dir.path().to_str().unwrap(), "validate"]);
    let err = text(&output.stderr);
    let shown = err.lines().filter(|line| line.starts_with("error ")).count();
    assert_eq!(shown, 100, "{err}");
    let rest = err.lines().find_map(|line| line.split_once(" more are not shown")).unwrap().0.parse::<usize>().unwrap();
    let all = err.lines().last().unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
    assert_eq!(all, 100 + rest, "{err}");
    assert!(!err.contains("canary"), "{err}");
}

#[test]
fn logs_have_no_colours_where_nobody_sees_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.hcl"), "project \"bakery\" {}\n").unwrap();
    for more in [&["-v"][..], &["-vv", "--no-color"]] {
        let mut command = Command::new(PROGRAM);
        command.args(["-C", dir.path().to_str().unwrap(), "plan"]).args(more).env_clear().stdin(Stdio::null());
        let output = command.output().unwrap();
        let log = text(&output.stderr);
        assert!(output.status.success() && log.contains("INFO"), "{log}");
        assert!(!log.contains('\u{1b}'), "{log}");
    }
}

#[test]
fn a_proxy_is_not_asked_for_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/main.hcl");
    std::fs::copy(example, dir.path().join("main.hcl")).unwrap();
    let output = Command::new(PROGRAM)
        .args(["plan", "--exit-code"])
        .current_dir(dir.path())
        .env_clear()
        .env("http_proxy", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

/// A run that finds the embedded backend in use waits for it, and says for whom.
#[test]
fn a_plan_waits_for_the_embedded_backend() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.hcl"), "project \"bakery\" {}\n").unwrap();
    let start = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(dir.path()).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut holder = start(&["serve", "--listen", "127.0.0.1:0", "--data", ".keyform/server"]);
    let mut lines = std::io::BufReader::new(holder.stdout.take().unwrap()).lines();
    let _ = lines.next().unwrap().unwrap();
    let mut plan = start(&["plan"]);
    let mut told = String::new();
    std::io::BufReader::new(plan.stderr.take().unwrap()).read_line(&mut told).unwrap();
    assert!(told.starts_with("Waiting: ") && told.contains("is held by process"), "{told}");
    assert!(plan.try_wait().unwrap().is_none(), "it did not wait");
    Command::new("kill").arg(holder.id().to_string()).status().unwrap();
    assert!(holder.wait().unwrap().success());
    let output = plan.wait_with_output().unwrap();
    assert!(text(&output.stdout).contains("1 to create"), "{}", text(&output.stdout));
    assert_eq!(output.status.code(), Some(0));
}
