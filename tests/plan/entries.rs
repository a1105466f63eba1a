//! The truth table of entries, a case a row.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::attrs;
use crate::plan::world::hazards;
use crate::plan::world::rows;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::SecretSource;
use keyform::model::attrs::Value;
use keyform::model::job::InitialSync;
use keyform::model::live::Evidence;
use keyform::model::live::Sighting;
use keyform::model::schema::Case;
use keyform::plan::Shown;
use std::sync::Arc;

const S: &str = "secret_sync.s";

/// What a destination shows of the key `A`.
#[derive(Debug, Clone, Copy)]
enum Seen {
    No,
    Value(&'static str),
    Digest(bool),
    /// Unreadable, with this version.
    Hidden(&'static str),
}

use Seen::Digest;
use Seen::Hidden;
use Seen::No;

fn world(run: &str, desired: Option<&str>, seen: Seen, ledger: Option<&str>) -> World {
    let mut world = World::new();
    world.sync(S, &[("run", run.into())]);
    if let Some(value) = desired {
        world.push(S, "A", value);
    }
    match seen {
        No => {}
        Seen::Value(value) => world.holds(S, "A", value),
        Hidden(version) => world.hides(S, "A", Some(version)),
        Digest(equal) => {
            let sighting = Sighting { evidence: Evidence::Digest(equal), version: None };
            world.listing(S).entries.insert("A".into(), sighting);
        }
    }
    if let Some(value) = ledger {
        world.wrote_entry(S, "A", value, Some("1"));
    }
    world
}

/// The table's rows are the same whoever writes, but for keys that are not desired.
fn check(desired: Option<&str>, seen: Seen, ledger: Option<&str>, expected: &str) {
    for run in ["backend", "keyform"] {
        let plan = world(run, desired, seen, ledger).plan();
        let expected: Vec<String> =
            if expected.is_empty() { vec![] } else { vec![format!("{expected} secret_sync.s.entry.A")] };
        assert_eq!(rows(&plan), expected, "{run}: desired {desired:?}, seen {seen:?}, ledger {ledger:?}");
    }
}

#[test]
fn the_table() {
    let a = Seen::Value("canary-a");
    let (some_a, some_b, some_c) = (Some("canary-a"), Some("canary-b"), Some("canary-c"));
    check(some_a, No, None, "create new");
    check(some_a, No, some_a, "create missing!");
    check(some_a, a, None, "adopt new");
    check(some_a, a, some_a, "");
    check(some_a, a, some_b, "");
    check(some_b, a, some_a, "update changed");
    check(some_b, a, some_b, "update drifted!");
    check(some_b, a, some_c, "update conflict!");
    check(some_b, a, None, "update takeover");
    check(some_a, Hidden("1"), some_a, "");
    check(some_a, Hidden("2"), some_a, "update drifted!");
    check(some_b, Hidden("1"), some_a, "update changed");
    check(some_a, Hidden("1"), None, "update unseen");
    check(some_a, Digest(true), None, "adopt new");
    check(some_a, Digest(true), some_a, "");
    check(some_a, Digest(false), some_a, "update drifted!");
    check(some_b, Digest(false), some_a, "update changed");
    check(some_a, Digest(false), None, "update takeover");
    check(None, a, some_a, "delete removed");
    check(None, No, some_a, "forget gone");
    check(None, No, None, "");
}

#[test]
fn a_foreign_key_is_left_alone_by_keyform_and_wiped_by_the_backend() {
    let plan = world("keyform", None, Seen::Value("canary-x"), None).plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(plan.foreign.values().sum::<usize>(), 1);
    let plan = world("backend", None, Seen::Value("canary-x"), None).plan();
    assert_eq!(rows(&plan), ["delete wipe secret_sync.s.entry.A"]);
    assert_eq!(hazards(&plan), ["wipe=1 secret_sync.s"]);
}

#[test]
fn the_key_schema_says_what_the_backend_deletes() {
    let mut world = world("backend", None, Seen::Value("canary-x"), None);
    world.schema(S, "KF_{{secretKey}}");
    world.holds(S, "KF_B", "canary-b");
    world.holds(S, "OLD_C", "canary-c");
    world.wrote_entry(S, "OLD_C", "canary-c", None);
    assert_eq!(rows(&world.plan()), ["delete wipe secret_sync.s.entry.KF_B", "forget kept secret_sync.s.entry.OLD_C"]);
}

#[test]
fn disabled_deletion_keeps_what_was_written() {
    for run in ["backend", "keyform"] {
        let mut world = World::new();
        world.sync(S, &[("run", run.into()), ("disable_secret_deletion", Value::Bool(true))]);
        world.holds(S, "OURS", "canary-1");
        world.holds(S, "THEIRS", "canary-2");
        world.wrote_entry(S, "OURS", "canary-1", None);
        let plan = world.plan();
        assert_eq!(rows(&plan), ["forget kept secret_sync.s.entry.OURS"]);
        assert_eq!(plan.foreign.values().sum::<usize>(), 1);
    }
}

#[test]
fn nothing_is_deleted_from_a_partial_listing_and_nothing_is_absent() {
    for run in ["backend", "keyform"] {
        let mut world = World::new();
        world.sync(S, &[("run", run.into())]);
        world.listing(S).partial = Some(Diagnostic::error(&codes::LEDGER_READ, "page 2 of 3 failed"));
        world.holds(S, "SEEN", "canary-1");
        world.wrote_entry(S, "SEEN", "canary-1", None);
        world.wrote_entry(S, "UNSEEN", "canary-2", None);
        world.holds(S, "FOREIGN", "canary-3");
        world.push(S, "SAME", "canary-4");
        world.wrote_entry(S, "SAME", "canary-4", None);
        world.push(S, "MOVED", "canary-5");
        world.wrote_entry(S, "MOVED", "canary-0", None);
        world.push(S, "NEW", "canary-6");
        let plan = world.plan();
        assert_eq!(
            rows(&plan),
            ["update changed secret_sync.s.entry.MOVED", "update unseen secret_sync.s.entry.NEW"],
            "{run}"
        );
        assert!(plan.incomplete.contains_key(&address(S)));
    }
}

#[test]
fn nothing_is_said_of_new_keys_where_nothing_could_be_read() {
    let mut world = world("backend", Some("canary-a"), No, None);
    world.listing(S).partial = Some(Diagnostic::error(&codes::LEDGER_READ, "malformed"));
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(hazards(&plan), ["incomplete=1 secret_sync.s"]);
    // A first run would delete there what it lacks, unseen.
    world.pushed(S).first = Some(InitialSync::OverwriteDestination);
    world.ledger.records.clear();
    assert!(hazards(&world.plan()).contains(&"first-contact=1 secret_sync.s".to_owned()));
}

#[test]
fn a_refused_key_is_blocked_and_the_others_go_on() {
    let mut world = world("backend", Some("canary-a"), No, None);
    world.push(S, "a-b", "canary-b");
    let why = Diagnostic::error(&codes::BAD_KEY, "no letters");
    world.pushed(S).refused.insert("a-b".into(), why.clone());
    let plan = world.plan();
    assert_eq!(rows(&plan), ["create new secret_sync.s.entry.A"]);
    assert_eq!(plan.blocked.keys().cloned().collect::<Vec<_>>(), [address(S).entry("a-b")]);
    // What can't be meant at all has no entries.
    world.pushed(S).wrong = Some(why);
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(plan.blocked.keys().cloned().collect::<Vec<_>>(), [address(S)]);
}

#[test]
fn a_first_run_imports_into_the_source() {
    let mut world = world("backend", Some("canary-a"), Seen::Value("canary-other"), None);
    world.holds(S, "B", "canary-b");
    world.pushed(S).first = Some(InitialSync::ImportPrioritizeDestination);
    world.pushed(S).can_import = true;
    let plan = world.plan();
    assert_eq!(rows(&plan), ["adopt imported secret_sync.s.entry.A", "adopt imported secret_sync.s.entry.B"]);
    let sources: Vec<&Shown> = plan.changes.iter().map(|change| &change.fields[0].before).collect();
    assert_eq!(sources, [&Shown::Secret(world.mark(S, "A", "canary-a")), &Shown::Absent]);
    assert_eq!(hazards(&plan), ["first-contact=1 secret_sync.s"]);

    world.pushed(S).first = Some(InitialSync::ImportPrioritizeSource);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update takeover secret_sync.s.entry.A", "adopt imported secret_sync.s.entry.B"]);

    world.holds(S, "a/b", "canary-c");
    let plan = world.plan();
    assert_eq!(plan.blocked.values().map(|d| d.code.id).collect::<Vec<_>>(), [codes::IMPORT_NAMES.id]);
}

#[test]
fn an_import_over_a_declared_value_is_refused() {
    let mut world = world("backend", Some("canary-a"), Seen::Value("canary-other"), None);
    world.pushed(S).first = Some(InitialSync::ImportPrioritizeDestination);
    world.pushed(S).can_import = true;
    let here = [("key", "A".into()), ("path", "/".into())];
    let value = |source| [("value", Value::Source(Arc::new(source)))];
    let random = value(SecretSource::Random { length: 8, alphabet: "ab".into() });
    world.declare("secret.A", &[&here[..], &random].concat());
    world.exists("secret.A", &here);
    world.wrote("secret.A", &here, &[]);
    world.wanted.resources.insert(address("secret.A"), Attrs::new());
    assert_eq!(rows(&world.plan()), ["adopt imported secret_sync.s.entry.A"]);

    let declared = world.desired.resources.get_mut(&address("secret.A")).unwrap();
    declared.attrs.extend(attrs(&value(SecretSource::Env("A".into()))));
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(plan.blocked.values().map(|d| d.code.id).collect::<Vec<_>>(), [codes::IMPORT_DECLARED.id]);
}

/// An intent proves what the value alone proves: nothing is guessed.
#[test]
fn what_a_run_that_did_not_end_wrote_is_ours() {
    let (a, b) = (Seen::Value("canary-a"), Some("canary-b"));
    for (desired, seen, meant, expected) in [
        (b, a, Some("canary-a"), "update resumed"),
        (b, a, Some("canary-x"), "update takeover"),
        (b, a, None, "update takeover"),
        (b, Hidden("1"), Some("canary-a"), "update unseen"),
        (b, Digest(false), Some("canary-a"), "update takeover"),
        (b, No, Some("canary-a"), "create new"),
        (Some("canary-a"), a, Some("canary-a"), "adopt new"),
        (None, a, Some("canary-a"), "delete removed"),
    ] {
        for run in ["backend", "keyform"] {
            let mut world = world(run, desired, seen, None);
            let mark = meant.map(|meant| ("value".into(), world.mark(S, "A", meant).to_hex().into()));
            world.ledger.intents.insert(address(S).entry("A"), mark.into_iter().collect());
            assert_eq!(rows(&world.plan()), [format!("{expected} secret_sync.s.entry.A")], "{run} {meant:?}");
        }
    }
}

#[test]
fn an_empty_value_at_the_destination_does_not_win() {
    let mut world = world("backend", Some("canary-a"), Seen::Value(""), None);
    world.pushed(S).first = Some(InitialSync::ImportPrioritizeDestination);
    world.pushed(S).can_import = true;
    assert_eq!(rows(&world.plan()), ["update takeover secret_sync.s.entry.A"]);
}

#[test]
fn keys_are_one_where_the_destination_says_so() {
    let mut world = World::new();
    world.sync(S, &[]);
    world.pushed(S).rules.case = Case::Insensitive;
    world.push(S, "Key", "canary-a");
    world.holds(S, "KEY", "canary-a");
    world.wrote_entry(S, "key", "canary-a", None);
    assert_eq!(rows(&world.plan()), Vec::<String>::new());
}

#[test]
fn a_destination_that_was_not_read_has_no_rows() {
    let mut world = world("backend", Some("canary-a"), No, Some("canary-a"));
    world.live.destinations.clear();
    world.pushed(S).blind = Some("no credentials".into());
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(plan.blind.values().map(|why| &**why).collect::<Vec<_>>(), ["no credentials"]);
}

#[test]
fn a_source_that_was_not_read_is_no_desired_state() {
    let mut world = world("backend", None, Seen::Value("canary-a"), Some("canary-a"));
    world.pushed(S).unread = Some(Diagnostic::error(&codes::LEDGER_READ, "no answer"));
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(hazards(&plan), ["incomplete=1 secret_sync.s"]);
}

#[test]
fn the_entries_of_a_sync_that_ends_stay_unless_told() {
    let mut world = world("backend", Some("canary-a"), Seen::Value("canary-a"), Some("canary-a"));
    world.wrote_entry(S, "GONE", "canary-b", None);
    world.destroy = true;
    assert_eq!(
        rows(&world.plan()),
        ["delete destroyed secret_sync.s", "forget kept secret_sync.s.entry.A", "forget kept secret_sync.s.entry.GONE"]
    );
    let sync = world.desired.resources.get_mut(&address(S)).unwrap();
    sync.attrs.insert("on_delete".into(), "remove".into());
    let removed = |why: &str| {
        [
            format!("delete {why} secret_sync.s"),
            "delete removed secret_sync.s.entry.A".to_owned(),
            "forget gone secret_sync.s.entry.GONE".to_owned(),
        ]
    };
    assert_eq!(rows(&world.plan()), removed("destroyed"));
    // The block is gone: the ledger remembers.
    world.destroy = false;
    world.desired.resources.clear();
    world.ledger.records.get_mut(&address(S)).unwrap().removes = true;
    assert_eq!(rows(&world.plan()), removed("removed"));
}
