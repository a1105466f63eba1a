//! The truth table of resources, a case a row.

use crate::plan::world::World;
use crate::plan::world::attrs;
use crate::plan::world::hazards;
use crate::plan::world::refer;
use crate::plan::world::rows;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::model::attrs::Object;
use keyform::model::attrs::SecretSource;
use keyform::model::attrs::Value;
use keyform::plan::Shown;
use std::sync::Arc;

const P: &str = "project.p";

/// Plans one project: its description as declared, as found and as written; `None` for not there.
fn check(desired: Option<&str>, live: Option<&str>, ledger: Option<&str>, expected: &[&str]) {
    let plan = world(desired, live, ledger).plan();
    assert_eq!(rows(&plan), expected, "desired {desired:?}, live {live:?}, ledger {ledger:?}");
    assert_eq!(plan.blocked.len(), 0);
}

fn world(desired: Option<&str>, live: Option<&str>, ledger: Option<&str>) -> World {
    let mut world = World::new();
    let pairs = |text: &str| [("slug", Value::from("p")), ("description", Value::from(text))];
    if let Some(text) = desired {
        world.declare(P, &pairs(text));
    }
    if let Some(text) = live {
        world.exists(P, &pairs(text));
    }
    if let Some(text) = ledger {
        world.wrote(P, &pairs(text), &[("slug", "p")]);
    }
    world
}

#[test]
fn the_table() {
    check(Some("a"), None, None, &["create new project.p"]);
    check(Some("a"), None, Some("a"), &["create missing! project.p"]);
    check(Some("a"), Some("a"), Some("a"), &[]);
    check(Some("a"), Some("a"), Some("b"), &[]);
    check(Some("a"), Some("b"), Some("b"), &["update changed project.p"]);
    check(Some("a"), Some("b"), Some("a"), &["update drifted! project.p"]);
    check(Some("a"), Some("b"), Some("c"), &["update conflict! project.p"]);
    check(None, Some("a"), Some("a"), &["delete removed project.p"]);
    check(None, Some("a"), None, &[]);
    check(None, None, Some("a"), &["forget gone project.p"]);
    check(None, None, None, &[]);
}

#[test]
fn what_exists_and_is_not_ours_is_blocked() {
    let mut world = world(Some("a"), Some("a"), None);
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(plan.blocked.values().map(|d| d.code.id).collect::<Vec<_>>(), [codes::NOT_MANAGED.id]);

    world.adopt = true;
    assert_eq!(rows(&world.plan()), ["adopt new project.p"]);
    world.adopt = false;
    world.ledger.intents.insert(P.parse().unwrap(), Default::default());
    assert_eq!(rows(&world.plan()), ["adopt resumed project.p"]);
}

#[test]
fn what_differs_and_is_not_ours_is_a_takeover() {
    let mut world = world(Some("a"), Some("b"), None);
    world.adopt = true;
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update takeover project.p"]);
    assert_eq!(hazards(&plan), ["takeover=1 project.p"]);
    world.ledger.intents.insert(P.parse().unwrap(), Default::default());
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update resumed project.p"]);
    assert_eq!(hazards(&plan), Vec::<String>::new());
}

#[test]
fn a_renamed_block_keeps_what_it_made() {
    let mut world = World::new();
    world.declare("project.new", &[("slug", "p".into())]);
    world.exists("project.new", &[("slug", "p".into())]).id = "1".into();
    world.exists("project.old", &[("slug", "p".into())]).id = "1".into();
    world.wrote("project.old", &[("slug", "p".into())], &[("slug", "p")]).id = "1".into();
    let plan = world.plan();
    assert_eq!(rows(&plan), ["adopt new project.new", "forget kept project.old"]);
    // Killed in between, nobody would own it.
    assert_eq!(plan.changes[1].needs, ["project.new".parse().unwrap()]);
    // Killed just before the second: it is not taken for another one, and not deleted.
    world.wrote("project.new", &[("slug", "p".into())], &[("slug", "p")]).id = "1".into();
    assert_eq!(rows(&world.plan()), ["forget kept project.old"]);
}

#[test]
fn what_could_not_be_read_is_unknown() {
    let mut world = World::new();
    world.declare(P, &[]);
    world.declare("environment.e", &[("project", refer(P))]);
    world.wrote("project.p.environment.gone", &[], &[]);
    let why = Diagnostic::error(&codes::LEDGER_READ, "no answer");
    world.live.incomplete.insert(P.parse().unwrap(), why);
    let plan = world.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(hazards(&plan), ["incomplete=1 project.p"]);
}

#[test]
fn one_attribute_changed_and_another_drifted_is_a_conflict() {
    let pairs = |a: &str, b: &str| [("name", Value::from(a)), ("description", Value::from(b))];
    let mut world = World::new();
    world.declare(P, &pairs("new", "ours"));
    world.exists(P, &pairs("old", "theirs"));
    world.wrote(P, &pairs("old", "ours"), &[]);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update conflict! project.p"]);
    assert_eq!(plan.changes[0].fields.iter().map(|f| &*f.name).collect::<Vec<_>>(), ["description", "name"]);
}

#[test]
fn ignored_attributes_are_not_compared() {
    let mut world = world(Some("a"), Some("b"), Some("a"));
    let project = world.desired.resources.get_mut(&P.parse().unwrap()).unwrap();
    project.lifecycle.ignore.push("description".into());
    assert_eq!(rows(&world.plan()), Vec::<String>::new());
}

#[test]
fn an_attribute_that_is_no_longer_declared_is_unset() {
    let mut world = world(None, Some("a"), Some("a"));
    world.declare(P, &[("slug", "p".into())]);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update changed project.p"]);
    assert_eq!(plan.changes[0].fields[0].after, Shown::Absent);
    world.live.resources.clear();
    world.exists(P, &[("slug", "p".into()), ("description", Value::Null)]);
    assert_eq!(rows(&world.plan()), Vec::<String>::new());
}

#[test]
fn credentials_are_compared_with_the_ledger() {
    const C: &str = "app_connection.c";
    let pairs = |world: &World, value: &str| {
        let mut credentials = Object::new();
        credentials.insert("token".into(), Value::Fingerprint(world.key.fingerprint(C, value.as_bytes())));
        [("method", Value::from("token")), ("credentials", Value::Object(Arc::new(credentials)))]
    };
    let mut world = World::new();
    let (old, new) = (pairs(&world, "canary-1"), pairs(&world, "canary-2"));
    world.declare(C, &old);
    world.exists(C, &old[..1]);
    world.adopt = true;
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update unseen app_connection.c"]);
    assert_eq!(hazards(&plan), ["takeover=1 app_connection.c"]);
    world.wrote(C, &old, &[]);
    assert_eq!(rows(&world.plan()), Vec::<String>::new());
    world.wanted.resources.insert(C.parse().unwrap(), crate::plan::world::attrs(&new));
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update changed app_connection.c"]);
    assert_eq!(plan.changes[0].fields[0].before, Shown::Unknown);
}

#[test]
fn what_can_not_be_changed_in_place_is_replaced_with_what_it_holds() {
    let mut world = World::new();
    let pairs = |project: &str| [("project", refer(project)), ("slug", Value::from("dev"))];
    world.declare(P, &[]);
    world.exists(P, &[]);
    world.wrote(P, &[], &[]);
    world.declare("environment.e", &pairs(P));
    world.exists("environment.e", &pairs("project.q"));
    world.wrote("environment.e", &pairs("project.q"), &[]);
    let folder = [("project", refer(P)), ("environment", Value::from("dev")), ("path", Value::from("/a"))];
    world.declare("folder.f", &folder);
    world.exists("folder.f", &folder);
    world.wrote("folder.f", &folder, &[]);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["replace immutable environment.e", "replace immutable folder.f"]);
    assert_eq!(hazards(&plan), ["replace=1 environment.e", "replace=1 folder.f"]);
}

#[test]
fn a_sync_that_keyform_runs_is_nothing_of_the_backend() {
    let mut world = World::new();
    let pairs = [("run", Value::from("keyform"))];
    world.sync("secret_sync.s", &pairs);
    assert_eq!(rows(&world.plan()), Vec::<String>::new());
    world.exists("secret_sync.s", &[]);
    world.wrote("secret_sync.s", &[], &[]);
    assert_eq!(rows(&world.plan()), ["delete changed secret_sync.s"]);
}

#[test]
fn the_end_of_everything_is_what_the_ledger_owns() {
    let mut world = world(Some("a"), Some("a"), Some("a"));
    world.declare("project.q", &[]);
    world.exists("project.q", &[]);
    world.destroy = true;
    assert_eq!(rows(&world.plan()), ["delete destroyed project.p"]);
}

#[test]
fn what_is_used_does_not_go() {
    let mut world = world(Some("a"), Some("a"), Some("a"));
    world.exists("project.p.environment.dev", &[("slug", "dev".into())]);
    world.wrote("project.p.environment.dev", &[], &[("project", "p"), ("slug", "dev")]);
    world.exists("project.p.folder.api", &[("path", "/api".into())]);
    world.wrote("project.p.folder.api", &[], &[("project", "p"), ("environment", "dev"), ("path", "/api")]);
    assert_eq!(rows(&world.plan()).len(), 2);
    let place = |path: &str| [("project", refer(P)), ("environment", "dev".into()), ("path", path.into())];
    world.declare("secret.A", &place("/apis"));
    let blocked = |world: &World| world.plan().blocked.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(blocked(&world), ["project.p.environment.dev"]);
    world.declare("secret.B", &place("/api/deep"));
    let plan = world.plan();
    assert_eq!(blocked(&world), ["project.p.environment.dev", "project.p.folder.api"]);
    assert_eq!(plan.blocked.values().map(|d| d.code.id).collect::<Vec<_>>(), [codes::STILL_USED.id; 2]);
    assert_eq!(rows(&plan), ["create new secret.A", "create new secret.B"]);
}

#[test]
fn a_random_value_that_changed_outside_is_kept() {
    let mut world = World::new();
    let source = SecretSource::Random { length: 8, alphabet: "ab".into() };
    world.declare("secret.R", &[("value", Value::Source(Arc::new(source)))]);
    let key = world.key.clone();
    let value = |text: &str| [("value", Value::Fingerprint(key.fingerprint("secret.R", text.as_bytes())))];
    world.wanted.resources.insert("secret.R".parse().unwrap(), attrs(&value("canary-new")));
    world.exists("secret.R", &value("canary-new"));
    world.wrote("secret.R", &value("canary-old"), &[]);
    assert_eq!(rows(&world.plan()), ["adopt drifted! secret.R"]);
    world.desired.resources.values_mut().next().unwrap().lifecycle.ignore = vec!["value".into()];
    assert_eq!(rows(&world.plan()), Vec::<String>::new());
}

#[test]
fn what_is_new_and_has_no_value_at_hand_is_lacking() {
    let mut world = World::new();
    let why = Diagnostic::error(&codes::LEDGER_READ, "no variable");
    for at in ["secret.A", "secret.B"] {
        world.declare(at, &[]);
        world.wanted.missing.insert(at.parse().unwrap(), why.clone());
    }
    world.exists("secret.B", &[]);
    world.wrote("secret.B", &[], &[]);
    let plan = world.plan();
    assert_eq!(plan.missing.len(), 2);
    assert_eq!(plan.lacking().iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>(), ["secret.A"]);
}

#[test]
fn what_nobody_can_read_and_nobody_can_change_in_place_is_adopted_as_it_is() {
    let mut world = World::new();
    let mark = world.mark("secret_sync.s", "any", "canary");
    let credentials: Object = [("secret_key".into(), Value::Fingerprint(mark))].into_iter().collect();
    world.declare("webhook.w", &[("enabled", true.into()), ("credentials", Value::object(credentials))]);
    world.exists("webhook.w", &[("enabled", true.into())]);
    assert_eq!(world.plan().blocked.len(), 1);
    world.adopt = true;
    let plan = world.plan();
    assert_eq!(rows(&plan), ["adopt unseen webhook.w"]);
    assert_eq!(hazards(&plan), ["takeover=1 webhook.w"]);
}

#[test]
fn a_folder_that_came_with_one_below_it_is_ours() {
    let mut world = World::new();
    world.declare(P, &[("slug", "p".into())]);
    world.exists(P, &[("slug", "p".into())]);
    world.wrote(P, &[("slug", "p".into())], &[("slug", "p")]);
    let folder = |path: &str, text: &str| {
        let all = [("path", path), ("environment", "dev"), ("description", text)];
        let all = all.map(|(name, value)| (name, Value::from(value)));
        all.into_iter().chain([("project", refer(P))]).collect::<Vec<_>>()
    };
    let natural = |path| [("project", "p"), ("environment", "dev"), ("path", path)];
    world.declare("folder.inner", &folder("/a/b", ""));
    world.exists("folder.inner", &folder("/a/b", ""));
    world.wrote("folder.inner", &folder("/a/b", ""), &natural("/a/b"));
    for (at, path, found) in [("folder.outer", "/a", ""), ("folder.other", "/ab", "")] {
        world.declare(at, &folder(path, "x"));
        world.exists(at, &folder(path, found));
    }
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update changed folder.outer"]);
    assert_eq!(hazards(&plan), Vec::<String>::new());
    assert_eq!(plan.blocked.keys().map(ToString::to_string).collect::<Vec<_>>(), ["folder.other"]);
}

#[test]
fn what_others_made_anew_under_its_name_is_not_ours_to_delete() {
    let mut world = World::new();
    world.exists("secret.s", &[]);
    world.wrote("secret.s", &[], &[]).id = "id-of-the-one-before".into();
    assert_eq!(rows(&world.plan()), ["forget gone secret.s"]);
    world.destroy = true;
    assert_eq!(rows(&world.plan()), ["forget gone secret.s"]);
}
