//! Saved plans: what may differ when they are applied, and what may not.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::rows;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::model::attrs::Value;
use keyform::plan::Plan;
use keyform::plan::saved;
use keyform::plan::saved::Origin;
use keyform::plan::saved::Saved;

const S: &str = "secret_sync.s";
const T: &str = "secret_sync.t";

fn origin(world: &World) -> Origin {
    Origin {
        keyform: "0.1.0".into(),
        at: "2026-01-01T00:00:00Z".into(),
        snapshot: None,
        ledger: "owner".into(),
        configuration: saved::configuration(&world.desired, &world.key),
        targets: vec![],
        adopt: false,
        destroy: false,
        shard: None,
    }
}

/// Two syncs: a key of the first is to be changed.
fn world() -> World {
    let mut world = World::new();
    for sync in [S, T] {
        world.sync(sync, &[("environment", Value::string("dev"))]);
        world.holds(sync, "A", "canary-old");
        world.wrote_entry(sync, "A", "canary-old", None);
    }
    world.push(S, "A", "canary-new");
    world.push(T, "A", "canary-old");
    world
}

/// What is left of the plan, or what differs.
fn hold(change: impl Fn(&mut World)) -> Result<Vec<String>, Vec<String>> {
    let mut world = world();
    let saved = Saved { plan: world.plan(), origin: origin(&world) };
    change(&mut world);
    let mut now: Plan = world.plan();
    let held = world.ask(|input| saved::hold(&saved, &mut now, &origin(&world), input));
    held.map(|()| rows(&now)).map_err(|why| why.into_iter().map(|d| d.detail).collect())
}

#[test]
fn the_same_world_gives_the_same_plan() {
    assert_eq!(hold(|_| ()), Ok(vec!["update changed secret_sync.s.entry.A".to_owned()]));
}

#[test]
fn what_changes_elsewhere_is_left_out() {
    let expected = Ok(vec!["update changed secret_sync.s.entry.A".to_owned()]);
    assert_eq!(hold(|world| world.holds(T, "A", "canary-edited")), expected);
    assert_eq!(hold(|world| world.push(T, "B", "canary-b")), expected);
    let unread = Diagnostic::error(&codes::NOT_INSPECTED, "x");
    assert_eq!(hold(|world| drop(world.live.incomplete.insert(address(T), unread.clone()))), expected);
}

#[test]
fn what_changes_where_it_writes_is_refused_and_named() {
    let check = |change: &dyn Fn(&mut World), expected: &[&str]| {
        let expected = expected.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(hold(change), Err(expected));
    };
    check(
        &|world| world.holds(S, "A", "canary-edited"),
        &["secret_sync.s.entry.A: update (changed) was planned; it would be update (conflict) now \
           (`value` was #cfe0ea85, and is #1b2b2d2c now)."],
    );
    check(
        &|world| world.holds(S, "A", "canary-new"),
        &["secret_sync.s.entry.A: update (changed) was planned; there is nothing to do any more."],
    );
    check(
        &|world| world.push(S, "B", "canary-b"),
        &[
            "secret_sync.s.entry.B: create (new) was not planned; `value` is to be #98218ae9; a run of secret_sync.s does that along \
           with what was planned.",
        ],
    );
    check(
        &|world| {
            let mark = world.mark(S, "A", "canary-newer");
            world.pushed(S).source.insert("A".into(), Some(mark));
        },
        &["secret_sync.s.entry.A: `value` was planned as #1f4e184c, and would be #2733be04 now."],
    );
}

#[test]
fn a_hazard_of_another_number_is_another_plan() {
    let mut world = world();
    for key in ["X", "Y"] {
        world.holds(S, key, "canary-foreign");
    }
    let saved = Saved { plan: world.plan(), origin: origin(&world) };
    assert_eq!(saved.plan.hazards.len(), 1);
    world.holds(S, "Z", "canary-foreign");
    let mut now = world.plan();
    let why: Vec<String> = world
        .ask(|input| saved::hold(&saved, &mut now, &origin(&world), input))
        .unwrap_err()
        .into_iter()
        .map(|d| d.detail)
        .collect();
    assert_eq!(
        why,
        [
            "secret_sync.s.entry.Z: delete (wipe) was not planned; `value` is #ceeaa00a, and is to go; a run of secret_sync.s does \
             that along with what was planned.",
            "secret_sync.s: the hazard wipe was 2, and is 3 now."
        ]
    );
}

#[test]
fn another_origin_is_refused() {
    let check = |change: &dyn Fn(&mut World, &mut Origin), expected: &str| {
        let mut world = world();
        let saved = Saved { plan: world.plan(), origin: origin(&world) };
        let mut other = origin(&world);
        change(&mut world, &mut other);
        let why = world.ask(|input| saved::hold(&saved, &mut world.plan(), &other, input)).unwrap_err();
        assert!(why.len() == 1 && why[0].detail.contains(expected), "{why:?}");
    };
    check(&|_, origin| origin.keyform = "0.2.0".into(), "made by keyform 0.1.0; this is 0.2.0");
    check(&|_, origin| origin.ledger = "other".into(), "another ledger");
    let changed = |world: &mut World, origin: &mut Origin, change: &dyn Fn(&mut World)| {
        change(world);
        origin.configuration = saved::configuration(&world.desired, &world.key);
    };
    let declared = |world: &mut World| drop(world.declare("tag.t", &[]).clone());
    let allowed = |world: &mut World| world.desired.policy.max_deletes = 11;
    let other = |world: &mut World| {
        let resource = world.desired.resources.get_mut(&address(T)).unwrap();
        resource.attrs.insert("environment".into(), Value::string("prod"));
    };
    let import = |world: &mut World| {
        let origin = world.desired.resources[&address(S)].origin.block;
        world.desired.imports.insert(address(S), keyform::model::desired::Import { id: "x".into(), origin });
    };
    let edge = |world: &mut World| world.desired.graph.need(&address(S), &address(T), None);
    for change in [&declared as &dyn Fn(&mut World), &allowed, &other, &import, &edge] {
        check(&|world, origin| changed(world, origin, change), "The configuration says something else now");
    }
}
