//! What moved: which addresses follow which blocks, and what the ledger makes of it.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::rows;
use keyform::diag::source::SourceId;
use keyform::diag::source::Span;
use keyform::model::attrs::Value;
use keyform::model::desired::Moved;
use keyform::model::desired::Removed;

fn moved(from: &str, to: &str) -> Moved {
    let origin = Span { source: SourceId(0), start: 0, end: 0 };
    Moved { from: address(from), to: address(to), origin }
}

/// What becomes of an address under one block.
fn check(it: &str, from: &str, to: &str, expected: Option<&str>) {
    let renamed = address(it).renamed(&address(from), &address(to));
    assert_eq!(renamed, expected.map(address), "{it}: {from} → {to}");
}

#[test]
fn addresses_follow_a_block() {
    check("project.a", "project.a", "project.b", Some("project.b"));
    check("project.ab", "project.a", "project.b", None);
    check("project.a.tag.x", "project.a", "project.b", Some("project.b.tag.x"));
    check("project.a[\"k\"].tag.x", "project.a", "project.b", Some("project.b[\"k\"].tag.x"));
    check("project.a", "project.a", "project.a[\"k\"]", Some("project.a[\"k\"]"));
    check("project.a[\"k\"]", "project.a", "project.a[\"k\"]", None);
    check("project.a[\"k\"]", "project.a[\"k\"]", "project.a[\"l\"]", Some("project.a[\"l\"]"));
    check("project.a[\"m\"]", "project.a[\"k\"]", "project.a[\"l\"]", None);
    check("project.a[\"k\"].tag.x", "project.a[\"k\"]", "project.a", Some("project.a.tag.x"));
    check("project.a.tag.x", "project.a.tag.x", "tag.x", Some("tag.x"));
    check("module.m.project.a", "module.m", "module.n[\"k\"]", Some("module.n[\"k\"].project.a"));
    check("module.m[\"i\"].tag.x", "module.m", "module.n", Some("module.n[\"i\"].tag.x"));
    check("tag.x", "tag.x", "module.m.tag.x", Some("module.m.tag.x"));
    check("secret_sync.s.entry.K", "secret_sync.s", "secret_sync.t", Some("secret_sync.t.entry.K"));
}

/// A tag that the ledger has under one address and that is declared under another one.
fn world(owned: &[&str], declared: &str, blocks: &[(&str, &str)]) -> World {
    let mut world = World::new();
    let pairs = [("slug", Value::from("x"))];
    world.declare(declared, &pairs);
    world.exists(declared, &pairs);
    for at in owned {
        world.wrote(at, &pairs, &[("slug", "x")]);
    }
    world.desired.moved = blocks.iter().map(|(from, to)| moved(from, to)).collect();
    world
}

#[test]
fn records_follow_chains_whatever_the_order_of_the_blocks() {
    let expected = ["adopt moved project.c"];
    assert_eq!(rows(&world(&["project.a"], "project.c", &[("project.a", "project.c")]).plan()), expected);
    let chain = [("project.b", "project.c"), ("project.a", "project.b")];
    assert_eq!(rows(&world(&["project.a"], "project.c", &chain).plan()), expected);
    assert_eq!(rows(&world(&["project.b"], "project.c", &chain).plan()), expected);
    assert_eq!(rows(&world(&["project.c"], "project.c", &chain).plan()), Vec::<String>::new());
}

#[test]
fn what_moved_and_changed_is_one_row() {
    let mut world = world(&["project.a"], "project.c", &[("project.a", "project.c")]);
    world.declare("project.c", &[]);
    world.wanted.resources.get_mut(&address("project.c")).unwrap().insert("name".into(), "new".into());
    world.exists("project.c", &[]).attrs.insert("name".into(), "old".into());
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update changed project.c"]);
    assert_eq!(plan.changes[0].fields.iter().map(|f| &*f.name).collect::<Vec<_>>(), ["address", "name"]);
}

#[test]
fn two_can_t_become_one() {
    let plan = world(&["project.a", "project.c"], "project.c", &[("project.a", "project.c")]).plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    assert_eq!(plan.blocked.keys().map(ToString::to_string).collect::<Vec<_>>(), ["project.a"]);
}

#[test]
fn what_is_removed_is_forgotten_unless_it_is_to_be_destroyed() {
    let check = |from: &str, destroy: bool, expected: &[&str]| {
        let mut world = world(&["project.a", "project.a.tag.x"], "project.c", &[]);
        for at in ["project.a", "project.a.tag.x"] {
            world.exists(at, &[]);
        }
        world.wrote("project.c", &[("slug", "x".into())], &[]);
        world.desired.removed = vec![Removed { from: address(from), destroy }];
        let found: std::collections::BTreeSet<String> = rows(&world.plan()).into_iter().collect();
        assert_eq!(found, expected.iter().map(|row| (*row).to_owned()).collect(), "{from} {destroy}");
    };
    check("project.a", false, &["forget kept project.a", "forget kept project.a.tag.x"]);
    check("project.a", true, &["delete removed project.a", "delete removed project.a.tag.x"]);
    check("project.a.tag.x", false, &["delete removed project.a", "forget kept project.a.tag.x"]);
}
