//! What holds for every world: nothing foreign is deleted, nothing is deleted on a guess, a job ends, names
//! come back as they went, order respects needs.

use crate::plan::world::World;
use crate::plan::world::address;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::model::address::Address;
use keyform::model::attrs::Value;
use keyform::model::job;
use keyform::model::job::Content;
use keyform::model::job::InitialSync;
use keyform::model::job::Job;
use keyform::model::job::Step;
use keyform::model::key_schema::KeySchema;
use keyform::model::schema::Case;
use keyform::model::schema::KeyRules;
use keyform::plan::Action;
use keyform::plan::Plan;
use proptest::prelude::Just;
use proptest::prelude::Strategy;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

const S: &str = "secret_sync.s";

/// What is known of one key: value in the source, at the destination (`?` can't be read), in the ledger.
type Key = (Option<String>, Option<String>, Option<String>);

fn keys() -> impl Strategy<Value = BTreeMap<String, Key>> {
    let value = || proptest::option::of("[ab?]");
    proptest::collection::btree_map("(KF_)?[A-C]{1,2}", (value(), value(), value()), 0..10)
}

fn case() -> impl Strategy<Value = Case> {
    prop_oneof![Just(Case::Sensitive), Just(Case::Insensitive), Just(Case::Upper), Just(Case::Lower)]
}

fn first() -> impl Strategy<Value = Option<InitialSync>> {
    proptest::option::of(proptest::sample::select(InitialSync::ALL.to_vec()))
}

fn template() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["{{secretKey}}", "KF_{{secretKey}}", "kf/{{secretKey}}_{{environment}}"])
}

fn world(run: &str, keys: &BTreeMap<String, Key>, template: &str, case: Case) -> World {
    let mut world = World::new();
    world.sync(S, &[("run", run.into())]);
    world.schema(S, template);
    world.pushed(S).rules.case = case;
    for (key, (source, live, ledger)) in keys {
        if let Some(value) = source {
            world.push(S, key, value);
        }
        match live.as_deref() {
            Some("?") => world.hides(S, key, None),
            Some(value) => world.holds(S, key, value),
            None => {}
        }
        if let Some(value) = ledger {
            world.wrote_entry(S, key, value, None);
        }
    }
    world
}

fn respects_needs(plan: &Plan) -> bool {
    let mut done: BTreeSet<&Address> = BTreeSet::new();
    plan.changes.iter().all(|change| {
        let ready = change.needs.iter().all(|needed| done.contains(needed));
        done.insert(&change.address);
        ready
    })
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn keyform_deletes_only_what_the_ledger_owns(keys in keys(), template in template(), case in case()) {
        let world = world("keyform", &keys, template, case);
        let plan = world.plan();
        let rules = KeyRules { case, ..KeyRules::default() };
        let owned: BTreeSet<_> =
            world.ledger.records.keys().filter_map(|a| Some(job::identity(&rules, a.entry_key()?))).collect();
        for change in plan.changes.iter().filter(|change| change.action == Action::Delete) {
            prop_assert!(owned.contains(&job::identity(&rules, change.address.entry_key().unwrap())));
        }
    }

    #[test]
    fn a_partial_listing_deletes_and_imports_nothing(
        keys in keys(), template in template(), case in case(), first in first(), destroy: bool,
        run in proptest::sample::select(vec!["backend", "keyform"]),
    ) {
        let mut world = world(run, &keys, template, case);
        world.listing(S).partial = Some(Diagnostic::error(&codes::LEDGER_READ, "cut"));
        world.pushed(S).first = first;
        world.pushed(S).can_import = true;
        world.destroy = destroy;
        world.desired.resources.get_mut(&address(S)).unwrap().attrs.insert("on_delete".into(), "remove".into());
        for change in world.plan().changes.iter().filter(|change| change.address.entry_key().is_some()) {
            prop_assert!(matches!(change.action, Action::Update | Action::Adopt | Action::Forget), "{change:?}");
            prop_assert!(change.reason != keyform::plan::Reason::Imported && change.reason != keyform::plan::Reason::Gone);
        }
    }

    #[test]
    fn a_job_that_ran_has_nothing_to_do(
        source in proptest::collection::btree_map("[A-Ca-c]{1,2}", "[12]?", 0..6),
        destination in proptest::collection::btree_map("(KF_|kf/)?[A-Ca-c]{1,2}(_prod)?", "[12]?", 0..8),
        template in template(), case in case(), first in first(), delete: bool,
    ) {
        let mut source: BTreeMap<Arc<str>, String> = source.into_iter().map(|(k, v)| (k.into(), v)).collect();
        let mut destination: BTreeMap<Arc<str>, String> = destination.into_iter().map(|(k, v)| (k.into(), v)).collect();
        let schema = KeySchema::new(template, "prod").unwrap();
        let rules = KeyRules { case, ..KeyRules::default() };
        // Such sources and listings can't be: collisions are refused, and one destination has no two keys of one.
        proptest::prop_assume!(job::collisions(&schema, &rules, source.keys()).is_empty());
        let listed: BTreeSet<_> = destination.keys().map(|key| job::stored(&KeySchema::none(), &rules, key)).collect();
        let folded: BTreeSet<_> = listed.iter().map(|key| job::identity(&rules, key)).collect();
        proptest::prop_assume!(folded.len() == destination.len() && destination.keys().all(|key| listed.contains(key)));
        let run = |source: &BTreeMap<Arc<str>, String>, destination: &BTreeMap<Arc<str>, String>, first| {
            let (schema, rules) = (&schema, &rules);
            let job = Job { source, destination, complete: true, schema, rules, first, delete, can_import: true };
            let content = |value: &String| if value.is_empty() { Content::Empty } else { Content::Text };
            job::steps(&job, |a, b| Some(a == b), content)
        };
        let Ok(steps) = run(&source, &destination, first) else { return Ok(()) };
        for (key, step) in steps {
            match step {
                Step::Create { source: from } | Step::Overwrite { source: from, .. } => {
                    destination.insert(key, source[&from].clone());
                }
                Step::Import { source: into, .. } => {
                    source.insert(into, destination[&key].clone());
                }
                Step::Delete => {
                    destination.remove(&key);
                }
                Step::Same { .. } | Step::Keep(_) => {}
            }
        }
        proptest::prop_assume!(job::collisions(&schema, &rules, source.keys()).is_empty());
        for (key, step) in run(&source, &destination, None).unwrap() {
            prop_assert!(matches!(step, Step::Same { .. } | Step::Keep(_)), "{key}: {step:?}");
        }
    }

    #[test]
    fn a_key_schema_has_an_inverse(key in "\\PC*", template in template(), environment in "[a-z-]{1,5}") {
        let schema = KeySchema::new(template, &environment).unwrap();
        let stored = schema.apply(&key);
        prop_assert_eq!(schema.strip(&stored), Some(&*key));
    }

    #[test]
    fn an_address_reads_as_it_is_written(
        parts in proptest::collection::vec(("[a-z_][a-z_0-9-]{0,5}", ".{0,6}", proptest::option::of(".{0,6}")), 1..4),
    ) {
        let mut parts = parts.into_iter();
        let (kind, name, key) = parts.next().unwrap();
        let keyed = |address: Address, key: Option<String>| key.map_or(address.clone(), |key| address.instance(&key));
        let first = keyed(Address::new(&kind, &name), key);
        let address = parts.fold(first, |above, (kind, name, key)| keyed(above.child(&kind, &name), key));
        prop_assert_eq!(address.to_string().parse(), Ok(address));
    }

    #[test]
    fn order_respects_needs(
        edges in proptest::collection::vec((0..12_usize, 0..12_usize), 0..24),
        states in proptest::collection::vec(0..4_u8, 12), destroy: bool,
    ) {
        let mut world = World::new();
        let kinds = ["project", "environment", "folder", "secret", "app_connection", "secret_sync"];
        let name = |i: usize| format!("{}.n{i}", kinds[i / 2]);
        for (i, state) in states.iter().enumerate() {
            let at = name(i);
            let path = if i == 4 { "/a" } else { "/a/b" };
            let place = [("project", "p"), ("environment", "p"), ("path", path), ("slug", "p")];
            if state & 1 == 0 || destroy {
                world.declare(&at, &[("description", Value::from("new"))]);
            }
            if *state > 0 {
                world.exists(&at, &[("description", Value::from("old"))]);
                world.wrote(&at, &[], &place);
                world.wrote_entry(&at, "KEY", "canary", None);
            }
        }
        for (a, b) in edges {
            if a > b {
                world.desired.graph.need(&address(&name(a)), &address(&name(b)), None);
            }
        }
        world.destroy = destroy;
        let plan = world.plan();
        prop_assert!(respects_needs(&plan), "{:#?}", plan.changes);
        prop_assert_eq!(&plan.changes, &world.plan().changes);
    }
}
