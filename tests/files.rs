//! Local files: what is written reads back byte for byte, and what others wrote survives.

use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
use keyform::model::key_schema::KeySchema;
use keyform::provider::Destination;
use keyform::provider::Op;
use keyform::provider::Spec;
use keyform::provider::Write;
use keyform::provider::native::Changes;
use keyform::provider::native::dotenv;
use keyform::provider::native::json;
use keyform::provider::native::yaml;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn open(directory: &Path, file: &str, format: &str) -> Result<Destination, String> {
    let spec = Spec {
        slug: "local-file".into(),
        method: "directory".into(),
        connection: Attrs::from([("path".into(), Value::string(directory.to_str().unwrap()))]),
        destination: Attrs::from([("file".into(), file.into()), ("format".into(), format.into())]),
        options: Attrs::new(),
        key_schema: KeySchema::none(),
        environment: "".into(),
    };
    let client = Client::new(Options::default()).unwrap();
    Registry::builtin().unwrap().open(&spec, &client).map_err(|d| d.code.id.to_owned())
}

fn create(key: &str, value: &str) -> Write {
    Write { key: key.into(), op: Op::Create(Secret::new(value.to_owned())) }
}

async fn entries(destination: &Destination) -> BTreeMap<String, String> {
    let seen = destination.read().await.unwrap().entries;
    seen.into_iter().map(|(key, seen)| (key.to_string(), seen.value.unwrap().expose().to_owned())).collect()
}

async fn write(destination: &Destination, writes: &[Write]) {
    let observed = destination.read().await.unwrap();
    for outcome in destination.write(&observed, writes).await {
        outcome.result.unwrap();
    }
}

#[tokio::test]
async fn every_format_keeps_values_and_forgets_deleted_keys() {
    let values =
        ["plain", "", "a b", "it's", "\"x\"", "$HOME ${X}", "two\nlines\n", "# no comment", "007", "true", "ünï\t"];
    for format in ["dotenv", "json", "yaml"] {
        let directory = tempfile::tempdir().unwrap();
        let destination = open(directory.path(), "deep/file", format).unwrap();
        assert!(entries(&destination).await.is_empty());
        let writes: Vec<Write> = values.iter().enumerate().map(|(i, v)| create(&format!("KEY_{i:02}"), v)).collect();
        write(&destination, &writes).await;
        let expected: BTreeMap<String, String> =
            values.iter().enumerate().map(|(i, v)| (format!("KEY_{i:02}"), (*v).to_owned())).collect();
        assert_eq!(entries(&destination).await, expected, "{format}");
        let text = fs::read(directory.path().join("deep/file")).unwrap();
        write(&destination, &writes).await;
        assert_eq!(fs::read(directory.path().join("deep/file")).unwrap(), text, "{format}: twice is once");
        let all: Vec<Write> = expected.keys().map(|key| Write { key: key.as_str().into(), op: Op::Delete }).collect();
        write(&destination, &all).await;
        assert!(entries(&destination).await.is_empty(), "{format}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn new_files_are_private_and_old_ones_keep_their_mode() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let destination = open(directory.path(), ".env", "dotenv").unwrap();
    let path = directory.path().join(".env");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    write(&destination, &[create("A", "1")]).await;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    write(&destination, &[create("B", "2")]).await;
    assert_eq!(mode(), 0o640);
}

#[tokio::test]
async fn what_a_crash_left_goes_with_the_next_write_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    // Made by keyform for `out.env`, for another file, and by nobody that keyform knows.
    let left = ".keyform-0123456789abcdef3598ecd817b9ff2c";
    let foreign = [".out.env.keyform", ".keyform-0123456789abcdef0000000000000000", ".keyform-", ".keyform-é"];
    for name in foreign.iter().chain([&left]) {
        std::fs::write(dir.path().join(name), "A=canary-half").unwrap();
    }
    let destination = open(dir.path(), "out.env", "dotenv").unwrap();
    assert!(entries(&destination).await.is_empty());
    write(&destination, &[create("A", "canary-whole")]).await;
    assert!(!dir.path().join(left).exists());
    assert!(foreign.iter().all(|name| dir.path().join(name).exists()));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), foreign.len() + 1);
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_leads_out_of_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let inside = directory.path().join("in");
    fs::create_dir(&inside).unwrap();
    for file in ["../out", "/etc/out", "a/../../out", ""] {
        assert_eq!(open(&inside, file, "dotenv").err().as_deref(), Some("KF0523"), "{file}");
    }
    assert_eq!(open(Path::new("relative"), "f", "dotenv").err().as_deref(), Some("KF0523"));
    fs::write(directory.path().join("secret"), "A=canary").unwrap();
    std::os::unix::fs::symlink(directory.path().join("secret"), inside.join("link")).unwrap();
    std::os::unix::fs::symlink(directory.path().join("nowhere"), inside.join("dangling")).unwrap();
    std::os::unix::fs::symlink(directory.path(), inside.join("up")).unwrap();
    for file in ["link", "dangling", "up/new"] {
        let destination = open(&inside, file, "dotenv").unwrap();
        assert_eq!(destination.read().await.err().map(|d| d.code.id), Some("KF0523"), "{file}");
    }
}

#[tokio::test]
async fn what_is_malformed_is_never_empty() {
    let directory = tempfile::tempdir().unwrap();
    let check = |format, text: &str| {
        fs::write(directory.path().join("f"), text).unwrap();
        open(directory.path(), "f", format).unwrap()
    };
    for (format, text) in [
        ("dotenv", "A=1\nwhat is this\n"),
        ("dotenv", "A='open\n"),
        ("dotenv", "A='x' y\n"),
        ("json", "[1]"),
        ("json", "{\"a\": 1"),
        ("yaml", "- a\n"),
        ("yaml", "{a: 1, b: 2}\n"),
        ("yaml", "a: [\n"),
    ] {
        let destination = check(format, text);
        let problem = destination.read().await.err().map(|d| d.code.id);
        assert_eq!(problem, Some("KF0522"), "{format} {text:?}");
        let outcomes = destination.write(&Default::default(), &[create("B", "2")]).await;
        assert_eq!(outcomes[0].result.as_ref().unwrap_err().code.id, "KF0522");
        assert_eq!(fs::read_to_string(directory.path().join("f")).unwrap(), text);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(directory.path().join("f")).status().unwrap();
    assert!(made.success());
    let problem = open(directory.path(), "f", "dotenv").unwrap().read().await.err().unwrap();
    assert_eq!((problem.code.id, problem.detail.contains("no regular file")), ("KF0521", true), "{}", problem.detail);
}

#[test]
fn foreign_lines_survive_byte_for_byte() {
    let changes = Changes::from([("B", Some("new")), ("GONE", None), ("Z", Some("it's"))]);
    let before = "# head\r\n\r\nexport A=\"x\\ny\" # kept\r\n  B = old # note\r\nGONE='a\nb'\r\nexport NAME\r\nC=\r\n";
    let after = "# head\r\n\r\nexport A=\"x\\ny\" # kept\r\n  B = new # note\r\nexport NAME\r\nC=\r\nZ=\"it's\"\r\n";
    assert_eq!(dotenv::edit(before, &changes).unwrap(), after);
    let changes = Changes::from([("b", Some("new")), ("gone", None)]);
    let before = "---\n# head\na: [1, 2] # list\nb: |\n  old\n\n# about gone\ngone:\n- x\nlast: 1";
    let after = "---\n# head\na: [1, 2] # list\n\"b\": \"new\"\n# about gone\nlast: 1";
    assert_eq!(yaml::edit(before, &changes).unwrap(), after);
    // An entry that changes keeps its comments, and one that goes those below it; what says "nothing" makes room.
    let before = "a: 1 # why\n\n# about b\nb: '#1' # kept\n  # deep\ngone: x # with it\n# stays\n...\n";
    let changes = Changes::from([("a", Some("new")), ("b", Some("#2")), ("gone", None), ("z", Some("last"))]);
    let after = "\"a\": \"new\" # why\n\n# about b\n\"b\": \"#2\" # kept\n  # deep\n# stays\n\"z\": \"last\"\n...\n";
    assert_eq!(yaml::edit(before, &changes).unwrap(), after);
    let changes = Changes::from([("a", Some("1"))]);
    for nothing in ["{}\n", "~", "null\n", "# head\n{} # none\n"] {
        let after = yaml::edit(nothing, &changes).unwrap();
        assert_eq!(yaml::read(&after).unwrap(), [("a".to_owned(), "1".to_owned())].into(), "{nothing:?}");
    }
    let changes = Changes::from([("A", Some("1"))]);
    assert_eq!(dotenv::edit("A=#why\nB=2\n", &changes).unwrap(), "A=1 #why\nB=2\n");
    // What was replaced does not go on standing in a line that another one overrules.
    assert_eq!(dotenv::edit("A=old\nB=2\nA=older # x\n", &changes).unwrap(), "A=1\nB=2\nA=1 # x\n");
    let changes = Changes::from([("b", Some("new")), ("gone", None)]);
    let before = "{\"n\": 1.50, \"b\": \"old\", \"gone\": {}, \"big\": 12345678901234567890123}";
    let after = "{\n  \"n\": 1.50,\n  \"b\": \"new\",\n  \"big\": 12345678901234567890123\n}\n";
    assert_eq!(json::edit(before, &changes).unwrap(), after);
}

type Entries = BTreeMap<String, String>;

fn some_entries() -> impl Strategy<Value = Entries> {
    let text = "([a-zA-Z0-9 #='\"\\\\$`\\n\\r\\t{}:%&*!|>@-]|\\PC|\u{85}|\u{2028}){0,24}";
    prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_.-]{0,8}", text, 0..6)
}

fn keeps(
    edit: fn(&str, &Changes<'_>) -> Result<String, keyform::provider::native::Malformed>,
    read: fn(&str) -> Result<Entries, keyform::provider::native::Malformed>,
    first: &Entries,
    then: &Entries,
) {
    let changes = |entries: &'_ Entries| -> Vec<(String, String)> { entries.clone().into_iter().collect() };
    let (a, b) = (changes(first), changes(then));
    let as_changes = |list: &'static [(String, String)]| -> Changes<'static> {
        list.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect()
    };
    let (a, b) = (Box::leak(a.into_boxed_slice()), Box::leak(b.into_boxed_slice()));
    let once = edit("", &as_changes(a)).unwrap();
    assert_eq!(&read(&once).unwrap(), first, "{once:?}");
    assert_eq!(edit(&once, &as_changes(a)).unwrap(), once);
    let twice = edit(&once, &as_changes(b)).unwrap();
    let mut both = first.clone();
    both.extend(then.clone());
    assert_eq!(read(&twice).unwrap(), both, "{twice:?}");
}

proptest! {
    #[test]
    fn dotenv_keeps_every_value(first in some_entries(), then in some_entries()) {
        keeps(dotenv::edit, dotenv::read, &first, &then);
    }

    #[test]
    fn json_keeps_every_value(first in some_entries(), then in some_entries()) {
        keeps(json::edit, json::read, &first, &then);
    }

    #[test]
    fn yaml_keeps_every_value(first in some_entries(), then in some_entries()) {
        keeps(yaml::edit, yaml::read, &first, &then);
    }
}
