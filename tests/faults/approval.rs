//! What a person has to approve first: it is neither done nor failed, it is asked for once, and it is taken up when it is
//! there.

use super::Fault;
use super::Front;
use super::check;
use super::main;
use crate::engine::rows;
use keyform::engine::Scope;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn what_waits_for_approval_is_neither_done_nor_failed() {
    let front = Front::start().await;
    let world = front.world(&main());
    front.faults(|method, path, _| match (method, path) {
        ("POST", "/api/v4/secrets/batch") => Fault::Approval,
        _ => Fault::None,
    });
    let (_, report) = world.apply(&Scope::default()).await;
    let waiting: Vec<String> = report.unapproved.iter().map(|(address, _)| address.to_string()).collect();
    assert_eq!(waiting, ["project.bakery.secret.A", "project.bakery.secret.B"]);
    assert!(report.unapproved.iter().all(|(_, why)| why.code.id == "KF0610"));
    assert!(report.failed.is_empty() && !report.is_complete() && report.done_count() > 0, "{:?}", report.failed);
    assert!(report.skipped.iter().all(|(_, because)| because.is_some()));
    // Nothing of it is recorded: it is still to be done. That it was asked for is said.
    let planned = world.planned().await;
    let before = rows(&planned.plan);
    assert!(before.iter().any(|row| row.starts_with("create") && row.ends_with("secret.A")), "{before:?}");
    let notes: Vec<_> = planned.notes.iter().map(|note| note.code.id).collect();
    assert_eq!(notes, ["KF0617", "KF0617"]);

    // It is asked for once, unless it is another change, or somebody wants it.
    let count = Arc::new(AtomicUsize::new(0));
    let policy = || {
        let counted = Arc::clone(&count);
        front.faults(move |method, path, _| match (method, path) {
            ("POST" | "PATCH" | "DELETE", "/api/v4/secrets/batch") => {
                counted.fetch_add(1, Ordering::SeqCst);
                Fault::Approval
            }
            _ => Fault::None,
        });
    };
    policy();
    let asked = || count.swap(0, Ordering::SeqCst);
    let (_, report) = world.apply(&Scope::default()).await;
    assert_eq!((report.unapproved.len(), asked()), (2, 0), "{:?}", report.failed);
    assert!(report.unapproved.iter().all(|(_, why)| why.detail.contains("it was asked for on 20")));
    world.write("a", "canary-other");
    let (_, report) = world.apply(&Scope::default()).await;
    assert_eq!((report.unapproved.len(), asked()), (2, 1), "only A is another one");
    let (_, report) = world.apply(&Scope { ask_again: true, ..Scope::default() }).await;
    assert_eq!((report.unapproved.len(), asked()), (2, 1), "both at once");

    // Approved: it is there, and the ledger hears of it.
    world.write("a", "canary-a");
    front.faults(|_, _, _| Fault::None);
    world.by_hand("B", "canary-b").await;
    policy();
    let (rows, report) = world.apply(&Scope::default()).await;
    assert!(rows.contains(&"adopt resumed project.bakery.secret.B".to_owned()), "{rows:?}");
    assert_eq!((report.unapproved.len(), asked()), (1, 1), "A is as it was at first, which nobody asked for any more");
    front.faults(|_, _, _| Fault::None);
    world.by_hand("A", "canary-a").await;
    check(&front, &world).await;

    // The same for a change.
    policy();
    world.write("a", "canary-new");
    let (_, report) = world.apply(&Scope::default()).await;
    assert_eq!((report.unapproved.len(), asked()), (1, 1));
    front.faults(|_, _, _| Fault::None);
    let (_, report) = world.apply(&Scope::default()).await;
    assert_eq!(report.unapproved.len(), 1, "the policy is gone, and the request waits all the same");
    world.by_hand("A", "canary-new").await;
    let rows = world.plan(&Scope::default()).await;
    assert!(rows.contains(&"adopt resumed project.bakery.secret.A".to_owned()), "{rows:?}");
    world.converge().await;
    world.write("a", "canary-a");
    check(&front, &world).await;
    front.server.shutdown().await;
}
