//! Whose doing it is: the table of causes, a case a row, and what of it can be healed.

use crate::plan::world::World;
use crate::plan::world::address;
use keyform::diag::source::SourceId;
use keyform::diag::source::Span;
use keyform::model::attrs::Value;
use keyform::plan::drift;
use keyform::plan::drift::Acceptance;
use keyform::plan::drift::Drift;
use keyform::plan::drift::Input;
use keyform::plan::drift::Job;
use keyform::plan::drift::Verdict;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

const P: &str = "project.p";
const SYNC: &str = "secret_sync.web";
const KEY: &str = "secret_sync.web.entry.A";

fn project(desired: &str, live: Option<&str>, ledger: &str) -> World {
    let mut world = World::new();
    let pairs = |text: &str| [("slug", Value::from("p")), ("description", Value::from(text))];
    world.declare(P, &pairs(desired));
    if let Some(text) = live {
        world.exists(P, &pairs(text));
    }
    world.wrote(P, &pairs(ledger), &[("slug", "p")]);
    world
}

/// A sync that nothing is declared otherwise of, whose source has a value that the destination lacks.
fn behind(run: &str, auto_sync: bool) -> World {
    let mut world = World::new();
    world.sync(SYNC, &[("run", Value::from(run)), ("auto_sync", Value::Bool(auto_sync))]);
    let value = world.key.fingerprint(KEY, b"new");
    world.pushed(SYNC).source.insert("A".into(), Some(value));
    world
}

struct Also<'a> {
    jobs: &'a [(&'a str, Job)],
    altered: &'a [&'a str],
    accepted: &'a [Acceptance],
}

const NOTHING: Also<'_> = Also { jobs: &[], altered: &[], accepted: &[] };

fn found(world: &World, also: &Also<'_>) -> Drift {
    let jobs: BTreeMap<_, _> = also.jobs.iter().map(|(at, job)| (address(at), job.clone())).collect();
    let altered: BTreeSet<_> = also.altered.iter().map(|at| address(at)).collect();
    let plan = world.plan();
    drift::drift(&Input {
        plan: &plan,
        desired: &world.desired,
        jobs: &jobs,
        altered: &altered,
        sets_off: &BTreeMap::new(),
        accepted: also.accepted,
        today: 100,
    })
}

fn check(world: &World, also: &Also<'_>, expected: &[&str]) {
    let rows: Vec<String> = found(world, also)
        .findings
        .iter()
        .map(|f| {
            let steps: Vec<&str> = f.steps.iter().map(|step| step.word()).collect();
            let at = &f.address;
            let mark = if f.accepted.is_some() { " (accepted)" } else { "" };
            format!("{} {} {} {at}: {}{mark}", f.cause.word(), f.verdict.word(), f.evidence.word(), steps.join(" "))
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn what_changed_outside_is_told_from_what_is_not_applied() {
    check(&project("a", Some("a"), "a"), &NOTHING, &[]);
    check(&project("a", Some("b"), "a"), &NOTHING, &["outside settings-changed proven project.p: heal declare accept"]);
    check(&project("a", Some("b"), "b"), &NOTHING, &["unapplied settings-changed proven project.p: apply"]);
    check(&project("a", Some("b"), "c"), &NOTHING, &["both settings-changed proven project.p: apply declare accept"]);
    check(&project("a", None, "a"), &NOTHING, &["outside missing proven project.p: heal declare accept"]);
    let altered = Also { altered: &[P], ..NOTHING };
    check(&project("a", None, "b"), &altered, &["both missing proven project.p: apply declare accept"]);
}

#[test]
fn a_sync_that_runs_by_itself_is_late_only_while_it_runs() {
    let outside = "outside missing proven secret_sync.web.entry.A: heal declare accept";
    check(&behind("backend", true), &NOTHING, &[outside]);
    let pending = Also { jobs: &[(SYNC, Job::Pending)], ..NOTHING };
    check(&behind("backend", true), &pending, &["lag missing proven secret_sync.web.entry.A: "]);
    let unapplied = "unapplied missing proven secret_sync.web.entry.A: apply";
    check(&behind("backend", false), &NOTHING, &[unapplied]);
    check(&behind("keyform", true), &NOTHING, &[unapplied]);
    let failed = Also { jobs: &[(SYNC, Job::Failed("no".into()))], ..NOTHING };
    check(&behind("backend", true), &failed, &["outside sync-failed proven secret_sync.web: mend accept", unapplied]);
}

#[test]
fn what_is_accepted_does_not_count_and_is_not_healed() {
    let accept = |at: &str, verdict, until| Acceptance {
        address: address(at),
        verdict,
        reason: "known".into(),
        owner: None,
        expires: "a day".into(),
        until,
        origin: Span { source: SourceId(0), start: 0, end: 0 },
    };
    let world = project("a", Some("b"), "a");
    let of = |accepted: &[Acceptance]| {
        let drift = found(&world, &Also { accepted, ..NOTHING });
        let finding = &drift.findings[0];
        (finding.is_open(), drift.healable().len(), drift.expired.len(), drift.unused.len())
    };
    assert_eq!(of(&[]), (true, 1, 0, 0));
    assert_eq!(of(&[accept(P, Verdict::SettingsChanged, 100)]), (false, 0, 0, 0), "the last day counts");
    assert_eq!(of(&[accept(P, Verdict::SettingsChanged, 99)]), (true, 1, 1, 0), "it is over");
    assert_eq!(of(&[accept(P, Verdict::Missing, 100)]), (true, 1, 0, 1), "another verdict");
    assert_eq!(of(&[accept("project.q", Verdict::SettingsChanged, 100)]), (true, 1, 0, 1), "elsewhere");
    // What is only not applied can't be accepted.
    let world = project("a", Some("b"), "b");
    let drift = found(&world, &Also { accepted: &[accept(P, Verdict::SettingsChanged, 100)], ..NOTHING });
    assert!(drift.findings[0].is_open());
    // In a sync, one accepted key keeps all of them from being pushed.
    let accepted = [accept(KEY, Verdict::Missing, 100)];
    let drift = found(&behind("backend", true), &Also { accepted: &accepted, ..NOTHING });
    assert_eq!((drift.findings[0].is_open(), drift.healable().len()), (false, 0));
}

#[test]
fn a_gap_is_never_clean_and_a_hazard_is_never_healed() {
    let mut world = project("a", Some("b"), "a");
    world.live.incomplete.insert(
        address("project.q"),
        keyform::diag::Diagnostic::error(&keyform::diag::codes::NOT_MANAGED, "nobody knows"),
    );
    let drift = found(&world, &NOTHING);
    assert_eq!(drift.open(drift::Cause::Unknown), 1);
    // A random value that is gone would be another one.
    let mut world = World::new();
    let random = keyform::model::attrs::SecretSource::Random { length: 32, alphabet: "ab".into() };
    world.declare("secret.S", &[("key", "S".into()), ("value", Value::Source(random.into()))]);
    world.wrote("secret.S", &[("key", "S".into())], &[]);
    let drift = found(&world, &NOTHING);
    assert_eq!(drift.findings.len(), 1);
    assert!(drift.healable().is_empty());
}

#[test]
fn what_stops_a_sync_has_a_name_of_its_own() {
    let mut world = World::new();
    world.sync(SYNC, &[("path", "/a".into()), ("auto_sync", Value::Bool(true))]);
    let live = world.live.resources.get_mut(&address(SYNC)).unwrap();
    live.attrs.insert("auto_sync".into(), Value::Bool(false));
    check(&world, &NOTHING, &["outside sync-paused proven secret_sync.web: heal declare accept"]);
    // With anything else it is a change like any other.
    let live = world.live.resources.get_mut(&address(SYNC)).unwrap();
    live.attrs.insert("path".into(), "/b".into());
    check(&world, &NOTHING, &["outside settings-changed proven secret_sync.web: heal declare accept"]);

    let refused = |at: &str, code| {
        let mut world = World::new();
        world.live.incomplete.insert(address(at), keyform::diag::Diagnostic::error(code, "no"));
        found(&world, &NOTHING).findings[0].verdict
    };
    assert_eq!(refused(SYNC, &keyform::diag::codes::REFUSED), Verdict::ConnectionBroken);
    assert_eq!(refused(SYNC, &keyform::diag::codes::UNREACHABLE), Verdict::Unreadable);
    assert_eq!(refused(P, &keyform::diag::codes::REFUSED), Verdict::Unreadable);

    // A destination that is full is no mistake of a key.
    let full = |code| {
        let mut world = behind("backend", true);
        world.pushed(SYNC).refused.insert("A".into(), keyform::diag::Diagnostic::error(code, "no"));
        found(&world, &NOTHING).findings[0].verdict
    };
    assert_eq!(full(&keyform::diag::codes::TOO_MANY_ENTRIES), Verdict::LimitReached);
    assert_eq!(full(&keyform::diag::codes::BAD_KEY), Verdict::Blocked);
}
