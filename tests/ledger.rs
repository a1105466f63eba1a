//! The ledger on disk: what a crash, a second process, damage and a lost key do to it.

use keyform::diag::codes;
use keyform::ledger::files::Files;
use keyform::ledger::journal;
use keyform::ledger::journal::Event;
use keyform::ledger::keeper::Keeper;
use keyform::ledger::lock::Holder;
use keyform::model::address::Address;
use keyform::model::ledger::Ledger;
use keyform::model::ledger::Natural;
use keyform::model::ledger::Record;
use keyform::secret::FingerprintKey;
use keyform::secret::Secret;
use proptest::prelude::Strategy;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

const NOW: Duration = Duration::ZERO;

pub(crate) fn holder() -> Holder {
    let text = |text: &str| text.to_owned();
    Holder {
        user: text("ada"),
        host: text("here"),
        command: text("apply"),
        pid: 7,
        start: text("2026-01-02T03:04:05Z"),
    }
}

fn store(dir: &Path) -> Files {
    Files::open(dir, None).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn record(i: usize) -> Event {
    let natural: Natural = [("slug".into(), format!("p{i}").into())].into();
    let record =
        Record { id: format!("id-{i}").into(), natural, at: "2026-01-02T03:04:05Z".into(), ..Record::default() };
    Event::Record { address: Address::new("project", &format!("p{i}")), record }
}

/// A ledger with three events in its journal.
fn filled(dir: &Path) -> Files {
    let store = store(dir);
    let lock = store.lock(&holder(), NOW).unwrap();
    store.append(&lock, &record(1)).unwrap();
    store.append_all(&lock, &[record(2), record(3)]).unwrap();
    store
}

#[test]
fn reading_nothing_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join(".keyform");
    let (ledger, _) = store(&state).load().unwrap();
    assert_eq!(ledger, Ledger::default());
    assert!(!state.exists());
}

#[test]
fn the_first_lock_makes_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join(".keyform");
    let lock = store(&state).lock(&holder(), NOW).unwrap();
    assert_eq!(names(&state), ["fingerprint.key", "journal.jsonl", "ledger.json", "lock", "lock.json"]);
    #[cfg(unix)]
    for name in ["fingerprint.key", "journal.jsonl", "ledger.json"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(state.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    drop(lock);
    assert_eq!(names(&state), ["fingerprint.key", "journal.jsonl", "ledger.json", "lock"]);
    let (one, key) = store(&state).load().unwrap();
    let (two, again) = store(&state).load().unwrap();
    assert_eq!((one.owner.len(), &one.owner), (36, &two.owner));
    assert_eq!(key.to_hex(), again.to_hex());
}

#[tokio::test]
async fn who_writes_is_known_without_asking_for_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = Keeper::Files(store(dir.path()));
    assert_eq!(keeper.writing().await.unwrap(), None);
    let lock = store(dir.path()).lock(&holder(), NOW).unwrap();
    assert_eq!(keeper.writing().await.unwrap(), Some(holder()));
    let note = fs::read_to_string(dir.path().join("lock.json")).unwrap();
    drop(lock);
    assert_eq!(keeper.writing().await.unwrap(), None);
    // What a process left that was killed: its note, and nothing that holds the lock.
    let own = std::process::id().to_string();
    let gone = note.replace(&format!(" {own} "), &format!(" {} ", i32::MAX));
    #[cfg(target_os = "linux")]
    assert_ne!(gone, note);
    fs::write(dir.path().join("lock.json"), &gone).unwrap();
    #[cfg(target_os = "linux")]
    assert_eq!(keeper.writing().await.unwrap(), None);
    fs::write(dir.path().join("lock.json"), &note).unwrap();
    assert_eq!(keeper.writing().await.unwrap(), Some(holder()));
}

#[test]
fn what_was_appended_is_read_also_after_folding() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let (before, _) = store.load().unwrap();
    assert_eq!((before.serial, before.records.len()), (3, 3));
    let lock = store.lock(&holder(), NOW).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("journal.jsonl")).unwrap(), "");
    assert_eq!(store.load().unwrap().0, before);
    store.append(&lock, &Event::Forget { address: Address::new("project", "p1") }).unwrap();
    let (after, _) = store.load().unwrap();
    assert_eq!((after.serial, after.records.len()), (4, 2));
}

#[test]
fn events_that_the_snapshot_has_are_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let journal = fs::read(dir.path().join("journal.jsonl")).unwrap();
    drop(store.lock(&holder(), NOW).unwrap());
    let (folded, _) = store.load().unwrap();
    // As if the process had died between the new snapshot and the empty journal.
    fs::write(dir.path().join("journal.jsonl"), journal).unwrap();
    assert_eq!(store.load().unwrap().0, folded);
}

#[test]
fn a_torn_last_line_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let path = dir.path().join("journal.jsonl");
    let whole = fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        let serial = store.load().unwrap().0.serial;
        // A line without its end counts if it is whole otherwise.
        assert!(serial == lines || (serial == lines + 1 && whole[cut] == b'\n'), "cut at {cut}: {serial}, {lines}");
    }
    fs::write(&path, [&whole[..], b"{\"event\":\"rec\0\xff"].concat()).unwrap();
    let lock = store.lock(&holder(), NOW).unwrap();
    store.append(&lock, &record(4)).unwrap();
    assert_eq!(store.load().unwrap().0.serial, 4);
}

#[test]
fn damage_is_named_and_left_as_it_is() {
    let check = |file: &str, change: &dyn Fn(String) -> String, expected: &str| {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(dir.path());
        let path = dir.path().join(file);
        let damaged = change(fs::read_to_string(&path).unwrap());
        fs::write(&path, &damaged).unwrap();
        for error in [store.load().err(), store.lock(&holder(), NOW).err()] {
            let error = error.unwrap();
            assert_eq!(error.code, &codes::LEDGER_DAMAGED);
            assert_eq!(error.detail, format!("{}: {expected}. Nothing was written.", path.display()));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    };
    check("journal.jsonl", &|text| text.replacen("{\"event\"", "{\"canary\"", 2), "line 1 is no event");
    check("journal.jsonl", &|text| text.replacen("project.p2", "project.p 2", 1), "line 2 is no event");
    check("journal.jsonl", &|text| format!("<<<<<<< HEAD\n{text}"), "line 1 is no event");
    let without_second = |text: String| {
        let lines: Vec<_> = text.lines().collect();
        format!("{}\n{}\n", lines[0], lines[2])
    };
    check("journal.jsonl", &without_second, "line 2 does not follow: events before it are missing");
    check("ledger.json", &|text| text.replace("\"serial\"", "\"canary\""), "line 4 is not of a ledger");
    check("ledger.json", &|_| String::new(), "line 1 is no JSON of a ledger");
}

#[test]
fn a_lost_or_foreign_key_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let path = dir.path().join("fingerprint.key");
    let key = fs::read_to_string(&path).unwrap();
    let code = |store: &Files| store.load().map(|_| ()).map_err(|error| (error.code.id, error.help.is_some()));
    let wrong = Err((codes::LEDGER_KEY.id, true));
    fs::write(&path, FingerprintKey::generate().to_hex().expose()).unwrap();
    assert_eq!(code(&store), wrong);
    fs::write(&path, "no key").unwrap();
    assert_eq!(code(&store), wrong);
    fs::remove_file(&path).unwrap();
    assert_eq!(code(&store), wrong);
    assert!(store.lock(&holder(), NOW).is_err());
    assert!(!path.exists(), "a lost key is not made again");
    let given = Files::open(dir.path(), Some(&Secret::new(format!("{key}\n")))).unwrap();
    assert_eq!(code(&given), Ok(()));
    assert_eq!(Files::open(dir.path(), Some(&Secret::new("canary".to_owned()))).unwrap_err().code, &codes::LEDGER_KEY);
}

#[test]
fn a_later_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    fs::write(dir.path().join("ledger.json"), r#"{"version": 2, "unheard": "of"}"#).unwrap();
    assert_eq!(store.load().unwrap_err().code, &codes::LEDGER_VERSION);
}

#[test]
fn one_writes_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let lock = store.lock(&holder(), NOW).unwrap();
    let error = store.lock(&holder(), Duration::from_millis(60)).unwrap_err();
    assert_eq!(error.code, &codes::LEDGER_LOCKED);
    let held = "is held: `apply` by ada on here, process 7, since 2026-01-02T03:04:05Z.";
    assert_eq!(error.detail, format!("{} {held}", dir.path().join("lock").display()));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| store.lock(&holder(), Duration::from_secs(20)).map(|_| ()));
        thread::sleep(Duration::from_millis(60));
        drop(lock);
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

/// Names the directory in which the child process below writes until it is killed.
const VICTIM: &str = "KEYFORM_TEST_VICTIM";

#[test]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let store = store(Path::new(&dir));
    let lock = store.lock(&holder(), NOW).unwrap();
    for i in 0.. {
        store.append(&lock, &record(i)).unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_and_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ledger::victim"])
        .env(VICTIM, dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let journal = dir.path().join("journal.jsonl");
    let lines = || fs::read(&journal).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count() as u64);
    let begin = Instant::now();
    while lines() < 20 && begin.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(5));
    }
    let error = store(dir.path()).lock(&holder(), NOW).unwrap_err();
    assert_eq!(error.code, &codes::LEDGER_LOCKED);
    child.kill().unwrap();
    child.wait().unwrap();
    let written = lines();
    assert!(written >= 20);
    let store = store(dir.path());
    let lock = store.lock(&holder(), NOW).unwrap();
    let (ledger, _) = store.load().unwrap();
    assert_eq!((ledger.serial, ledger.records.len() as u64), (written, written));
    store.append(&lock, &record(0)).unwrap();
}

/// Events on a few addresses; `None` folds the journal in between.
fn events() -> impl Strategy<Value = Vec<Option<Event>>> {
    let address = || {
        (0..4_usize, "[a-zé\"\\\\\\n]{0,3}").prop_map(|(i, key)| {
            let sync = Address::new("secret_sync", &format!("s{i}"));
            if key.is_empty() { sync } else { sync.entry(&key) }
        })
    };
    let natural = || proptest::collection::btree_map("[a-z]{1,2}", ".{0,3}", 0..3);
    let texts = |map: std::collections::BTreeMap<String, String>| -> Natural {
        map.into_iter().map(|(k, v)| (k.into(), v.into())).collect()
    };
    let recorded = (address(), natural(), proptest::collection::vec(".{0,4}", 0..3), proptest::bool::ANY);
    let key = FingerprintKey::generate();
    let event = prop_oneof![
        (address(), natural()).prop_map(move |(address, n)| Event::Intent { address, natural: texts(n) }),
        recorded.prop_map(move |(address, n, values, flag)| {
            let written = values.iter().map(|v| (v.as_str().into(), key.fingerprint("x", v.as_bytes()))).collect();
            let version = flag.then(|| "v1".into());
            let natural = texts(n);
            let marked = flag.then(|| "secret_sync.old".into());
            let (protected, removes) = (flag, !flag);
            let record =
                Record { id: "1".into(), natural, written, marked, version, protected, removes, at: "".into() };
            Event::Record { address, record }
        }),
        (address(), address()).prop_map(|(from, to)| Event::Move { from: from.resource(), to: to.resource() }),
        address().prop_map(|address| Event::Forget { address }),
    ];
    proptest::collection::vec(proptest::option::weighted(0.8, event), 0..12)
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_replayed_journal_is_the_state(events in events()) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let mut lock = Some(store.lock(&holder(), NOW).unwrap());
        let mut expected = store.load().unwrap().0;
        for event in events {
            match (event, &lock) {
                (Some(event), Some(lock)) => {
                    store.append(lock, &event).unwrap();
                    journal::apply(&mut expected, event);
                }
                _ => {
                    lock = None;
                    // A program that another test starts at this moment holds a copy of the lock until it runs.
                    lock = lock.or_else(|| Some(store.lock(&holder(), Duration::from_secs(10)).unwrap()));
                }
            }
            prop_assert_eq!(&store.load().unwrap().0, &expected);
        }
    }
}
