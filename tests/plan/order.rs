//! The order of rows, what each waits for, and targets.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::refer;
use crate::plan::world::rows;
use keyform::model::attrs::Value;
use keyform::plan::Plan;

fn needs(plan: &Plan, at: &str) -> Vec<String> {
    let change = plan.changes.iter().find(|change| change.address == address(at)).unwrap();
    change.needs.iter().map(ToString::to_string).collect()
}

/// A project with an environment, a secret, a connection and a sync of one key.
fn declared() -> World {
    let mut world = World::new();
    world.declare("project.p", &[("slug", "p".into())]);
    world.declare("environment.e", &[("project", refer("project.p")), ("slug", "dev".into())]);
    let place = [("project", refer("project.p")), ("environment", Value::from("dev")), ("path", Value::from("/"))];
    world.declare("secret.a", &[&place[..], &[("key", Value::from("A"))]].concat());
    world.desired.graph.need(&address("secret.a"), &address("environment.e"), None);
    world.declare("app_connection.c", &[]);
    world.sync("secret_sync.s", &[&place[..], &[("connection", refer("app_connection.c"))]].concat());
    for needed in ["environment.e", "secret.a"] {
        world.desired.graph.need(&address("secret_sync.s"), &address(needed), None);
    }
    world.live.resources.clear();
    world.ledger.records.clear();
    world.push("secret_sync.s", "A", "canary");
    world
}

#[test]
fn creates_come_after_what_they_need() {
    let plan = declared().plan();
    assert_eq!(
        rows(&plan),
        [
            "create new project.p",
            "create new environment.e",
            "create new secret.a",
            "create new app_connection.c",
            "create new secret_sync.s",
            "create new secret_sync.s.entry.A",
        ]
    );
    assert_eq!(needs(&plan, "secret_sync.s"), ["app_connection.c", "environment.e", "project.p", "secret.a"]);
    assert_eq!(needs(&plan, "secret_sync.s.entry.A"), ["secret_sync.s"]);
}

#[test]
fn an_entry_waits_for_its_own_secret_only() {
    let mut world = declared();
    let own = world.wanted.resources[&address("secret_sync.s")].clone();
    let pairs: Vec<(&str, Value)> = own.iter().map(|(k, v)| (&**k, v.clone())).collect();
    world.exists("secret_sync.s", &pairs);
    world.wrote("secret_sync.s", &pairs, &[]);
    world.push("secret_sync.s", "B", "canary");
    let plan = world.plan();
    assert_eq!(needs(&plan, "secret_sync.s.entry.A"), ["app_connection.c", "environment.e", "project.p", "secret.a"]);
    assert_eq!(needs(&plan, "secret_sync.s.entry.B"), ["app_connection.c", "environment.e", "project.p"]);
}

#[test]
fn deletes_come_after_what_needed_them() {
    let mut world = World::new();
    let place = [("project", "p"), ("environment", "dev")];
    for (at, natural) in [
        ("project.p", vec![("slug", "p")]),
        ("environment.e", vec![("project", "p"), ("slug", "dev")]),
        ("folder.f", [&place[..], &[("path", "/a")]].concat()),
        ("folder.g", [&place[..], &[("path", "/a/b")]].concat()),
        ("secret.s", [&place[..], &[("path", "/a/b"), ("key", "S")]].concat()),
        ("secret_sync.s", [&place[..], &[("path", "/a")]].concat()),
        ("app_connection.c", vec![("app", "local")]),
    ] {
        world.exists(at, &[]);
        world.wrote(at, &[], &natural);
    }
    let plan = world.plan();
    assert_eq!(
        rows(&plan),
        [
            "delete removed secret_sync.s",
            "delete removed app_connection.c",
            "delete removed secret.s",
            "delete removed folder.g",
            "delete removed folder.f",
            "delete removed environment.e",
            "delete removed project.p",
        ]
    );
    assert_eq!(needs(&plan, "folder.f"), ["folder.g", "secret_sync.s"]);
    assert_eq!(needs(&plan, "project.p"), ["environment.e"]);
}

#[test]
fn what_ends_waits_for_what_may_still_point_at_it() {
    let mut world = World::new();
    world.declare("app_connection.new", &[]);
    world.declare("secret_sync.s", &[("connection", refer("app_connection.new"))]);
    world.exists("secret_sync.s", &[("connection", refer("app_connection.old"))]);
    world.wrote("secret_sync.s", &[("connection", refer("app_connection.old"))], &[]);
    world.exists("app_connection.old", &[]);
    world.wrote("app_connection.old", &[], &[]);
    let plan = world.plan();
    assert_eq!(
        rows(&plan),
        ["create new app_connection.new", "update changed secret_sync.s", "delete removed app_connection.old"]
    );
    assert_eq!(needs(&plan, "app_connection.old"), ["secret_sync.s"]);
}

#[test]
fn a_removed_secret_goes_before_its_entry() {
    let mut world = declared();
    let natural = [("project", "p"), ("environment", "dev"), ("path", "/"), ("key", "B")];
    world.exists("secret.b", &[]);
    world.wrote("secret.b", &[], &natural);
    world.holds("secret_sync.s", "B", "canary");
    world.wrote_entry("secret_sync.s", "B", "canary", None);
    let plan = world.plan();
    assert_eq!(needs(&plan, "secret_sync.s.entry.B"), ["secret.b", "secret_sync.s"]);
}

#[test]
fn a_target_brings_what_it_needs_and_nothing_else() {
    let mut world = declared();
    world.targets.push(address("secret.a"));
    assert_eq!(rows(&world.plan()), ["create new project.p", "create new environment.e", "create new secret.a"]);
    world.targets = vec![address("secret_sync.s.entry.A")];
    assert_eq!(world.plan().changes.len(), 6);
    // The backend writes all keys of a sync or none.
    world.push("secret_sync.s", "B", "canary");
    assert_eq!(world.plan().changes.len(), 7);
    world.targets = vec![address("secret_sync.s")];
    assert_eq!(world.plan().changes.len(), 7);
}

#[test]
fn a_target_of_the_end_takes_along_what_needs_it() {
    let mut world = declared();
    for at in ["project.p", "environment.e", "secret.a", "app_connection.c", "secret_sync.s"] {
        world.exists(at, &[]);
        world.wrote(at, &[], &[]);
    }
    world.destroy = true;
    world.targets.push(address("app_connection.c"));
    assert_eq!(rows(&world.plan()), ["delete destroyed secret_sync.s", "delete destroyed app_connection.c"]);
}

/// Environments of one project by their slugs now and then.
fn slugs(pairs: &[(&str, &str)]) -> World {
    let mut world = World::new();
    world.declare("project.p", &[("slug", "p".into())]);
    for (now, then) in pairs {
        let at = format!("environment.e_{now}");
        let attrs = |slug: &str| [("slug", Value::from(slug)), ("project", refer("project.p"))];
        world.declare(&at, &attrs(then));
        world.exists(&at, &attrs(now));
        world.wrote(&at, &attrs(now), &[("project", "p"), ("slug", now)]);
    }
    world
}

#[test]
fn a_slug_is_left_before_it_is_taken_and_a_circle_is_refused() {
    let plan = slugs(&[("a", "b"), ("b", "c"), ("c", "d")]).plan();
    let changed: Vec<String> = rows(&plan).into_iter().filter(|row| row.starts_with("update")).collect();
    let expected = ["c", "b", "a"].map(|slug| format!("update changed environment.e_{slug}"));
    assert_eq!(changed, expected);
    assert!(plan.blocked.is_empty());
    let plan = slugs(&[("a", "b"), ("b", "a"), ("c", "d")]).plan();
    let blocked: Vec<String> = plan.blocked.iter().map(|(at, why)| format!("{at} {}", why.code.id)).collect();
    assert_eq!(blocked, ["environment.e_a KF0414", "environment.e_b KF0414"]);
}

#[test]
fn a_name_is_left_before_it_is_taken_and_a_circle_is_refused() {
    for (kind, name, is_in_project) in [
        ("app_connection", "name", false),
        ("app_connection", "name", true),
        ("secret_sync", "name", true),
        ("tag", "slug", true),
        ("project_role", "slug", true),
        ("project_template", "name", false),
        ("project", "slug", false),
    ] {
        let world = |pairs: &[(&str, &str)]| {
            let mut world = World::new();
            world.declare("project.p", &[("slug", "p".into())]);
            for (now, then) in pairs {
                let at = format!("{kind}.e_{now}");
                let attrs = |text: &str| {
                    let own = [(name, Value::from(text))];
                    own.into_iter().chain(is_in_project.then(|| ("project", refer("project.p")))).collect::<Vec<_>>()
                };
                world.declare(&at, &attrs(then));
                world.exists(&at, &attrs(now));
                world.wrote(&at, &attrs(now), &[("project", "p"), (name, now)]);
            }
            world.plan()
        };
        let plan = world(&[("a", "b"), ("b", "c"), ("c", "d")]);
        let changed: Vec<String> = rows(&plan).into_iter().filter(|row| row.starts_with("update")).collect();
        assert_eq!(changed, ["c", "b", "a"].map(|own| format!("update changed {kind}.e_{own}")));
        assert!(plan.blocked.is_empty(), "{kind}: {:?}", plan.blocked);
        let plan = world(&[("a", "b"), ("b", "a"), ("c", "d")]);
        let blocked: Vec<String> = plan.blocked.iter().map(|(at, why)| format!("{at} {}", why.code.id)).collect();
        assert_eq!(blocked, [format!("{kind}.e_a KF0414"), format!("{kind}.e_b KF0414")]);
    }
}
