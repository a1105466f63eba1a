//! The way back, row by row: the table of `plan::undo`, and what a plan says of how far it can be undone.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::rows;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::model::address::Address;
use keyform::model::capsule::Note;
use keyform::model::desired::Undo;
use keyform::plan::Plan;
use keyform::plan::undo;
use keyform::plan::undo::Echo;
use keyform::plan::undo::Hear;
use keyform::plan::undo::Now;
use keyform::plan::undo::Past;
use keyform::secret::Fingerprint;
use keyform::secret::FingerprintKey;
use keyform::secret::seal::Identity;

fn mark(text: &str) -> Fingerprint {
    FingerprintKey::from_hex(&"07".repeat(32)).unwrap().fingerprint("here", text.as_bytes())
}

fn value(text: &str) -> Now {
    Now::Value(mark(text))
}

/// A key that was `old` before a run that made `new` of it.
fn past(now: Now, hear: Hear) -> Past {
    Past {
        address: address("secret_sync.s.entry.K"),
        before: mark("old"),
        left: Some(mark("new")),
        now,
        hear,
        echo: Echo::None,
        needs: vec![],
    }
}

fn plan(past: Past, overwrite: bool) -> Plan {
    undo::way_back(&[past], overwrite, |_| false)
}

/// The rows of a plan, and its hazards.
fn said(plan: &Plan) -> Vec<String> {
    let blocked = plan.blocked.values().map(|why| format!("blocked {}", why.code.id));
    let hazards = plan.hazards.iter().map(|h| format!("{}={} {}", h.kind.word(), h.count, h.address));
    let changes = plan.changes.iter().map(|c| format!("{} {} {}", c.action.word(), c.reason.word(), c.address));
    changes.chain(blocked).chain(hazards).collect()
}

#[test]
fn every_row_of_the_table() {
    let gone = |now| Past { left: None, ..past(now, Hear::Nothing) };
    let pushed = |now, echo| Past { echo, ..past(now, Hear::Nothing) };
    const UPDATE: &str = "update undone secret_sync.s.entry.K";
    const CREATE: &str = "create undone secret_sync.s.entry.K";
    const TAKEOVER: &str = "takeover=1 secret_sync.s";
    let cases: Vec<(&str, Past, &[&str], &[&str])> = vec![
        ("as before", past(value("old"), Hear::Nothing), &[], &[]),
        ("as before, to be pushed over", pushed(value("old"), Echo::Other), &[UPDATE], &[UPDATE]),
        ("as before, to be pushed", pushed(value("old"), Echo::Same), &[], &[]),
        (
            "another record",
            past(value("old"), Hear::Record),
            &["adopt undone secret_sync.s.entry.K"],
            &["adopt undone secret_sync.s.entry.K"],
        ),
        (
            "a record too many",
            past(value("old"), Hear::Forget),
            &["forget undone secret_sync.s.entry.K"],
            &["forget undone secret_sync.s.entry.K"],
        ),
        ("as it was left", past(value("new"), Hear::Record), &[UPDATE], &[UPDATE]),
        ("deleted, and still absent", gone(Now::Absent), &[CREATE], &[CREATE]),
        ("changed since", past(value("else"), Hear::Record), &["blocked KF0944"], &[UPDATE, TAKEOVER]),
        ("gone since", past(Now::Absent, Hear::Record), &["blocked KF0944"], &[CREATE, TAKEOVER]),
        ("deleted, and made again since", gone(value("else")), &["blocked KF0944"], &[UPDATE, TAKEOVER]),
        ("changed since, and pushed over", pushed(value("else"), Echo::Same), &[UPDATE, TAKEOVER], &[UPDATE, TAKEOVER]),
        (
            "can't be read",
            past(Now::Unknown(Diagnostic::error(&codes::NO_WAY_BACK, "x")), Hear::Record),
            &["blocked KF0945"],
            &["blocked KF0945"],
        ),
    ];
    for (name, past, expected, overwritten) in cases {
        let undone = plan(past.clone(), false);
        assert_eq!(said(&undone), expected, "{name}");
        assert_eq!(undone.unchanged, usize::from(expected.is_empty()), "{name}");
        assert_eq!(said(&plan(past, true)), overwritten, "{name}, overwritten");
    }
}

#[test]
fn an_undo_deletes_nothing_and_waits_only_for_what_is_done() {
    let secret = Past { address: address("secret.K"), ..past(value("new"), Hear::Record) };
    let entry = Past { needs: vec![secret.address.clone()], ..past(value("new"), Hear::Record) };
    let both = undo::way_back(&[secret.clone(), entry.clone()], false, |_| true);
    assert_eq!(both.changes[1].needs, std::slice::from_ref(&secret.address));
    let right = Past { now: value("old"), hear: Hear::Nothing, ..secret };
    let one = undo::way_back(&[right, entry.clone()], false, |_| true);
    assert_eq!(one.changes.len(), 1);
    assert!(one.changes[0].needs.is_empty());
    let allowed = undo::way_back(&[Past { now: value("else"), ..entry }], true, |_| true);
    assert!(allowed.hazards[0].allowed);
}

#[test]
fn later_runs_that_wrote_the_same_are_named() {
    let note = |run: &str, values: &[&str]| Note {
        run: run.into(),
        at: "2026-01-02T03:04:05Z".into(),
        command: "apply".into(),
        values: values.iter().map(|text| address(text)).collect(),
        undone: None,
    };
    let notes = [
        note("4", &["secret.A"]),
        note("3", &["secret.B"]),
        note("2", &["secret.A"]),
        note("1", &["secret.A", "secret.B", "secret.C"]),
    ];
    let again = undo::taken_again(&notes);
    let said: Vec<(usize, Option<&str>)> =
        again.iter().map(|(count, by)| (*count, by.map(|note: &Note| &*note.run))).collect();
    assert_eq!(said, [(0, None), (0, None), (1, Some("4")), (2, Some("2"))]);
}

#[test]
fn a_plan_says_what_of_it_can_be_undone() {
    let secret = "secret.K";
    let attrs = |text: &'static str| [("key", "K".into()), ("value", text.into())];
    let mut world = World::new();
    world.declare(secret, &attrs("new"));
    world.exists(secret, &attrs("old"));
    world.wrote(secret, &attrs("old"), &[("key", "K")]);
    world.exists("tag.gone", &[("slug", "gone".into())]);
    world.wrote("tag.gone", &[("slug", "gone".into())], &[("slug", "gone")]);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update changed secret.K", "delete removed tag.gone"]);
    let outlook = &plan.undo;
    assert!(!outlook.asked);
    assert_eq!((outlook.kept, outlook.foreign), (1, 0));
    assert_eq!(outlook.beyond, [address("tag.gone")]);
    assert_eq!(outlook.unread, Vec::<Address>::new());
    let recipients = vec![Identity::generate().recipient()];
    world.desired.settings.undo = Some(Undo { recipients, keep: 1 });
    assert!(world.plan().undo.asked);
}
