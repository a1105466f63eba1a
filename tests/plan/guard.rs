//! Hazards: when each arises, how many it counts, and what allows it.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::hazards;
use crate::plan::world::refer;
use crate::plan::world::rows;
use keyform::model::attrs::SecretSource;
use keyform::model::attrs::Value;
use keyform::model::job::InitialSync;
use keyform::model::live::Foreign;
use keyform::model::schema::Case;
use keyform::plan;
use keyform::plan::HazardKind;
use keyform::plan::guard;
use keyform::secret::FingerprintKey;
use std::sync::Arc;

const S: &str = "secret_sync.s";

fn key(i: usize) -> String {
    format!("K{i:03}")
}

/// A sync that wrote some keys, of which the source lacks the first few.
fn shrinking(written: usize, lost: usize) -> World {
    let mut world = World::new();
    world.sync(S, &[]);
    for i in 0..written {
        world.holds(S, &key(i), "canary");
        world.wrote_entry(S, &key(i), "canary", None);
        if i >= lost {
            world.push(S, &key(i), "canary");
        }
    }
    world.pushed(S).read = written;
    world
}

#[test]
fn many_deletes_of_one_destination() {
    let check = |written, lost, expected: &[&str]| {
        assert_eq!(hazards(&shrinking(written, lost).plan()), expected, "{lost} of {written}");
    };
    check(2, 1, &[]);
    check(4, 3, &[]);
    check(20, 4, &[]);
    check(10, 4, &["mass-delete=4 secret_sync.s"]);
    check(100, 10, &[]);
    check(100, 11, &["mass-delete=11 secret_sync.s"]);
}

#[test]
fn many_deletes_of_one_project() {
    let mut world = World::new();
    world.wrote("project.p", &[], &[("slug", "p")]);
    world.declare("project.p", &[]);
    world.exists("project.p", &[]);
    for i in 0..12 {
        let at = format!("project.p.tag.t{i}");
        world.exists(&at, &[]);
        world.wrote(&at, &[], &[("project", "p")]);
    }
    assert_eq!(hazards(&world.plan()), ["mass-delete=12 project.p"]);
    world.destroy = true;
    assert_eq!(hazards(&world.plan()), Vec::<String>::new());
}

#[test]
fn a_source_that_shrank() {
    let check = |read: usize, expected: &[&str]| {
        let mut world = shrinking(8, 0);
        world.pushed(S).read = read;
        assert_eq!(hazards(&world.plan()), expected, "{read} of 8");
    };
    check(8, &[]);
    check(4, &[]);
    check(3, &["shrunk=5 secret_sync.s"]);
    check(0, &["shrunk=8 secret_sync.s"]);
}

#[test]
fn a_first_contact_with_what_is_there() {
    let mut world = World::new();
    world.declare(S, &[]);
    world.sync(S, &[]);
    world.live.resources.clear();
    world.ledger.records.clear();
    world.pushed(S).first = Some(InitialSync::OverwriteDestination);
    world.push(S, "A", "canary-a");
    world.holds(S, "A", "canary-b");
    world.holds(S, "B", "canary-b");
    assert_eq!(
        hazards(&world.plan()),
        ["wipe=1 secret_sync.s", "takeover=1 secret_sync.s", "first-contact=2 secret_sync.s"]
    );
    world.live.destinations.clear();
    world.pushed(S).blind = Some("no credentials".into());
    assert_eq!(hazards(&world.plan()), ["first-contact=1 secret_sync.s"]);
    // Whatever the first run does there, nobody has seen to what.
    let said = |world: &World| world.plan().hazards.remove(0).detail;
    assert!(said(&world).contains("deletes every key there that the source lacks"), "{}", said(&world));
    world.schema(S, "KF_{{secretKey}}");
    assert!(said(&world).contains("that fits its key schema"), "{}", said(&world));
    let first = world.pushed(S).first.replace(InitialSync::ImportPrioritizeDestination);
    assert!(said(&world).contains("over the values of the source"), "{}", said(&world));
    world.pushed(S).first = first;
    let sync = world.desired.resources.get_mut(&address(S)).unwrap();
    sync.attrs.insert("disable_secret_deletion".into(), Value::Bool(true));
    assert!(said(&world).contains("overwrites every key"), "{}", said(&world));
}

#[test]
fn a_run_that_deletes_where_nobody_looked() {
    let mut world = World::new();
    world.sync(S, &[]);
    world.wrote_entry(S, "A", "canary-a", None);
    world.push(S, "A", "canary-a");
    world.live.destinations.clear();
    world.pushed(S).blind = Some("no credentials".into());
    // Nothing sets it off.
    assert_eq!(hazards(&world.plan()), Vec::<String>::new());
    world.pushed(S).moves = true;
    assert_eq!(hazards(&world.plan()), ["incomplete=1 secret_sync.s"]);
    let sync = world.desired.resources.get_mut(&address(S)).unwrap();
    sync.allow = vec!["incomplete".into()];
    assert!(world.plan().hazards[0].allowed);
    let sync = world.desired.resources.get_mut(&address(S)).unwrap();
    sync.attrs.insert("disable_secret_deletion".into(), Value::Bool(true));
    assert_eq!(hazards(&world.plan()), Vec::<String>::new());
}

#[test]
fn two_secrets_of_one_key() {
    let mut world = World::new();
    for sync in [S, "secret_sync.t", "secret_sync.u"] {
        world.sync(sync, &[]);
        world.pushed(sync).place = "vault/x".into();
    }
    world.pushed("secret_sync.u").place = "vault/y".into();
    world.push(S, "A", "canary");
    world.push("secret_sync.t", "A", "canary");
    world.push("secret_sync.u", "A", "canary");
    let plan = world.plan();
    assert_eq!(hazards(&plan), ["collision=1 secret_sync.t"]);
    assert_eq!(guard::refusals(&plan, &[(HazardKind::Collision, 9)]).len(), 1);

    let mut world = World::new();
    world.sync(S, &[]);
    world.pushed(S).rules.case = Case::Upper;
    world.pushed(S).rules.replace.push(("-".into(), "_".into()));
    for key in ["a-b", "A_B", "a_b", "c"] {
        world.push(S, key, "canary");
    }
    assert_eq!(hazards(&world.plan()), ["collision=2 secret_sync.s"]);
}

#[test]
fn a_sync_that_nothing_declares() {
    let other = |template: &str, deletes, source: Option<&[&str]>| plan::Other {
        called: "the sync `old` of p".into(),
        place: "vault/x".into(),
        schema: keyform::model::key_schema::KeySchema::new(template, "prod").unwrap(),
        deletes,
        source: source.map(|keys| keys.iter().map(|key| Arc::from(*key)).collect()),
    };
    let check = |other: plan::Other, expected: &[&str]| {
        let mut world = World::new();
        world.sync(S, &[]);
        world.pushed(S).place = "vault/x".into();
        world.pushed(S).rules.case = Case::Insensitive;
        world.schema(S, "APP_{{secretKey}}");
        world.push(S, "A", "canary");
        world.push(S, "B", "canary");
        world.wanted.others.push(other);
        assert_eq!(hazards(&world.plan()), expected);
    };
    let one: &[&str] = &["collision=1 secret_sync.s"];
    // It writes a key of ours, whatever its letters are; or others.
    check(other("app_{{secretKey}}", false, Some(&["a", "c"])), one);
    check(other("app_{{secretKey}}", false, Some(&["c"])), &[]);
    // Another prefix keeps it apart; a wider one does not.
    check(other("OLD_{{secretKey}}", true, Some(&["A"])), &[]);
    check(other("{{secretKey}}", false, Some(&["APP_B"])), one);
    // What looks like its own, and is not in its source, it deletes.
    check(other("APP_{{secretKey}}", true, Some(&["X"])), &["collision=2 secret_sync.s"]);
    // Nothing is said on a guess, and nothing about another place.
    check(other("APP_{{secretKey}}", true, None), &[]);
    let elsewhere = plan::Other { place: "vault/y".into(), ..other("APP_{{secretKey}}", true, Some(&["A"])) };
    check(elsewhere, &[]);
}

#[test]
fn what_is_protected_is_never_deleted() {
    let mut world = World::new();
    world.exists("project.p", &[]);
    world.wrote("project.p", &[], &[]).protected = true;
    let plan = world.plan();
    assert_eq!(hazards(&plan), ["protected=1 project.p"]);
    assert_eq!(guard::refusals(&plan, &[(HazardKind::Protected, 1)]).len(), 1);
    world.declare("project.p", &[]);
    world.destroy = true;
    assert_eq!(hazards(&world.plan()), Vec::<String>::new());
    world.desired.resources.get_mut(&address("project.p")).unwrap().lifecycle.prevent_destroy = true;
    assert_eq!(hazards(&world.plan()), ["protected=1 project.p"]);
}

#[test]
fn what_a_sync_of_another_name_wrote_is_not_called_foreign() {
    let mut world = World::new();
    world.sync(S, &[]);
    world.push(S, "TAKEN", "canary-a");
    world.holds(S, "TAKEN", "canary-b");
    world.holds(S, "OLD", "canary-b");
    let details = |world: &World| -> Vec<String> {
        let kinds = [HazardKind::Wipe, HazardKind::Takeover];
        let hazards = world.plan().hazards;
        hazards.into_iter().filter(|hazard| kinds.contains(&hazard.kind)).map(|hazard| hazard.detail).collect()
    };
    assert_eq!(
        details(&world),
        [
            "The sync would delete `OLD`, which keyform does not manage.",
            "This ledger does not own `TAKEN`; the values there would be lost."
        ]
    );
    world.wrote_entry("secret_sync.before", "OLD", "canary-b", None);
    world.wrote_entry("secret_sync.before", "TAKEN", "canary-b", None);
    assert_eq!(
        details(&world),
        [
            "The sync would delete `OLD`; keyform wrote keys of this name for secret_sync.before, which is no longer declared.",
            "`TAKEN` would be overwritten; keyform wrote keys of this name for secret_sync.before, which is no longer declared."
        ]
    );
}

#[test]
fn a_random_secret_that_is_gone_is_not_made_anew_unsaid() {
    let mut world = World::new();
    let random = SecretSource::Random { length: 8, alphabet: "ab".into() };
    let project = refer("project.p");
    let place = [("project", project.clone()), ("environment", Value::from("e"))];
    let mut attrs = place.to_vec();
    attrs.extend([("key", Value::from("K")), ("value", Value::Source(Arc::new(random)))]);
    world.declare("project.p.secret.K", &attrs);
    assert_eq!(hazards(&world.plan()), Vec::<String>::new(), "it is new");
    world.wrote("project.p.secret.K", &[], &[]);
    world.sync(S, &place);
    world.pushed(S).source.insert("K".into(), None);
    let details = |world: &World| -> Vec<String> {
        let hazards = world.plan().hazards.into_iter().filter(|hazard| hazard.kind == HazardKind::Regenerate);
        hazards.map(|hazard| hazard.detail).collect()
    };
    assert_eq!(details(&world), ["It was deleted outside, and gets a new value: what uses the old one stops working."]);
    world.holds(S, "K", "canary-old");
    world.wrote_entry(S, "K", "canary-old", None);
    assert_eq!(
        details(&world),
        ["It was deleted outside, and gets a new value. `secret_sync.s.entry.K` still holds the old one: put it back \
          with `keyform secret set`, and nothing is lost."]
    );
    world.pushed(S).read = 1;
    assert_eq!(guard::refusals(&world.plan(), &[]).len(), 1);
    assert_eq!(guard::refusals(&world.plan(), &[(HazardKind::Regenerate, 1)]).len(), 0);
}

#[test]
fn what_holds_something_protected_is_not_deleted_either() {
    let mut world = World::new();
    world.exists("project.p.environment.e", &[]);
    world.wrote("project.p.environment.e", &[], &[("project", "p"), ("slug", "e")]);
    world.exists("project.p.secret.S", &[]);
    world.declare("project.p.secret.S", &[]).lifecycle.prevent_destroy = true;
    let natural = [("project", "p"), ("environment", "e"), ("path", "/"), ("key", "S")];
    world.wrote("project.p.secret.S", &[], &natural).protected = true;
    let plan = world.plan();
    assert_eq!(rows(&plan), ["delete removed project.p.environment.e"]);
    assert_eq!(hazards(&plan), ["protected=1 project.p.environment.e"]);
}

#[test]
fn what_goes_with_a_container_is_a_wipe_and_counted_once() {
    let foreign = |name: &str| Foreign { name: format!("p/e/{name}").into(), is_secret: true };
    let inner = vec![foreign("A"), foreign("B")];
    let outer: Vec<Foreign> = ["A", "B", "C", "D"].map(foreign).into();
    let mut world = World::new();
    world.live.foreign.insert("secrets in p/e".into(), outer.clone());
    world.live.foreign.insert("secrets in q/e".into(), vec![foreign("other")]);
    world.exists("project.p", &[]).foreign = outer;
    world.exists("project.p.environment.e", &[]).foreign = inner;
    // Nothing ends: all of it is left alone.
    let plan = world.plan();
    assert_eq!((hazards(&plan).len(), plan.foreign.values().sum::<usize>()), (0, 5));
    world.wrote("project.p", &[], &[("slug", "p")]);
    world.wrote("project.p.environment.e", &[], &[("project", "p"), ("slug", "e")]);
    let plan = world.plan();
    assert_eq!(hazards(&plan), ["wipe=4 project.p"]);
    let detail =
        "It holds `p/e/A`, `p/e/B`, `p/e/C` and 1 more, which keyform did not make and which would go with it.";
    assert_eq!(plan.hazards[0].detail, detail);
    assert_eq!(plan.foreign, [("secrets in q/e".into(), 1)].into());
    assert_eq!((plan.undo.asked, plan.undo.foreign), (false, 4));
}

#[test]
fn hazards_are_allowed_by_name_or_by_number() {
    let refused = |world: &World, allowed: &[(HazardKind, usize)]| guard::refusals(&world.plan(), allowed).len();
    let mut world = World::new();
    for sync in [S, "secret_sync.t"] {
        world.sync(sync, &[]);
        world.holds(sync, "A", "canary");
    }
    assert_eq!(refused(&world, &[]), 2);
    assert_eq!(refused(&world, &[(HazardKind::Wipe, 1)]), 2);
    assert_eq!(refused(&world, &[(HazardKind::Takeover, 2)]), 2);
    assert_eq!(refused(&world, &[(HazardKind::Wipe, 2)]), 0);
    // More than was reviewed is another plan than was reviewed.
    assert_eq!(refused(&world, &[(HazardKind::Wipe, 3)]), 2);
    world.desired.resources.get_mut(&address(S)).unwrap().allow.push("wipe".into());
    assert_eq!(refused(&world, &[]), 1);
    assert_eq!(refused(&world, &[(HazardKind::Wipe, 1)]), 0);
    world.desired.policy.allow.push("wipe".into());
    assert_eq!(refused(&world, &[]), 0);
}

#[test]
fn the_checksum_knows_the_rows_and_nothing_else() {
    let mut world = shrinking(3, 1);
    let one = plan::checksum(&world.plan());
    assert_eq!(one.as_ref().map(String::len), Some(64));
    assert_eq!(one, plan::checksum(&world.plan()));
    let foreign = Foreign { name: "p/e/A".into(), is_secret: true };
    world.live.foreign.insert("secrets elsewhere".into(), vec![foreign]);
    assert_eq!(one, plan::checksum(&world.plan()));
    world.push(S, "NEW", "canary-1");
    let two = plan::checksum(&world.plan());
    assert_ne!(one, two);
    world.push(S, "NEW", "canary-2");
    assert_ne!(two, plan::checksum(&world.plan()));
    // Under a key that nobody keeps, the next run would come to another one.
    world.key = FingerprintKey::passing();
    assert_eq!(plan::checksum(&world.plan()), None);
}

#[test]
fn a_target_is_not_refused_for_others() {
    let mut world = shrinking(8, 8);
    world.pushed(S).read = 0;
    world.declare("project.p", &[("name", Value::from("p"))]);
    world.declare("environment.e", &[("project", refer("project.p"))]);
    world.targets.push(address("environment.e"));
    let plan = world.plan();
    assert_eq!(rows(&plan), ["create new project.p", "create new environment.e"]);
    assert_eq!(hazards(&plan), Vec::<String>::new());
}

#[test]
fn rules_that_are_not_met() {
    let mut world = World::new();
    world.declare("tag.a", &[]);
    world.declare("tag.b", &[]).allow = vec!["rule".into()];
    for (address_of, message) in [("tag.a", "One."), ("tag.a", "Two."), ("tag.b", "One.")] {
        let span = keyform::diag::source::Span { source: keyform::diag::source::SourceId(0), start: 0, end: 0 };
        let (address, message) = (address(address_of), message.into());
        world.desired.broken.push(keyform::model::desired::Broken { rule: "r".into(), address, message, origin: span });
    }
    let plan = world.plan();
    assert_eq!(hazards(&plan), ["rule=2 tag.a", "rule=1 tag.b"]);
    assert_eq!(plan.hazards[0].detail, "One. Two.");
    assert_eq!(plan.hazards.iter().map(|hazard| hazard.allowed).collect::<Vec<_>>(), [false, true]);
    let severity = |i: usize| guard::broken(&world.desired, &world.desired.broken[i]).severity;
    assert!(severity(0) > severity(2));
    world.targets = vec![address("tag.b")];
    assert_eq!(hazards(&world.plan()), ["rule=1 tag.b"]);
    world.targets.clear();
    world.destroy = true;
    assert_eq!(hazards(&world.plan()), [] as [&str; 0]);
}

/// A project that is made again, with one secret in it.
fn replaced(value: Value) -> World {
    let mut world = World::new();
    world.declare("project.p", &[("slug", "p".into()), ("type", "kms".into())]);
    let live = [("slug", Value::from("p")), ("type", "secret-manager".into())];
    world.exists("project.p", &live);
    world.wrote("project.p", &live, &[("slug", "p")]);
    let place =
        [("project", refer("project.p")), ("environment", "dev".into()), ("path", "/".into()), ("key", "K".into())];
    let mut declared = place.to_vec();
    declared.push(("value", value));
    world.declare("secret.s", &declared);
    world.wanted.resources.insert("secret.s".parse().unwrap(), crate::plan::world::attrs(&place));
    world.exists("secret.s", &place);
    let natural = [("project", "p"), ("environment", "dev"), ("path", "/"), ("key", "K")];
    world.wrote("secret.s", &place, &natural);
    world
}

#[test]
fn a_project_is_not_made_again_with_what_only_it_has() {
    let source = |source| Value::Source(Arc::new(source));
    let random = source(SecretSource::Random { length: 24, alphabet: "ab".into() });
    let stored = source(SecretSource::Stored("p/dev/OTHER".into()));
    for value in [random, stored] {
        assert!(hazards(&replaced(value).plan()).contains(&"protected=1 project.p".to_owned()));
    }
    let outside = replaced(source(SecretSource::Env("V".into()))).plan();
    assert!(!hazards(&outside).iter().any(|hazard| hazard.starts_with("protected")));
    assert_eq!(outside.blocked.len(), 0);
}

#[test]
fn an_empty_value_in_the_place_of_one_is_named() {
    let mut world = World::new();
    world.sync("secret_sync.s", &[("run", "keyform".into())]);
    world.push("secret_sync.s", "A", "");
    world.holds("secret_sync.s", "A", "old");
    world.wrote_entry("secret_sync.s", "A", "old", None);
    world.pushed("secret_sync.s").read = 1;
    assert_eq!(hazards(&world.plan()), ["shrunk=1 secret_sync.s"]);
    world.push("secret_sync.s", "A", "new");
    assert_eq!(hazards(&world.plan()), Vec::<String>::new());
}
