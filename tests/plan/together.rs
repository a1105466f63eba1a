//! Plans of shards put together: where nothing is common, what comes is the plan of the whole; what does not belong together
//! is refused, and what is missing is said before everything else.

use crate::plan::shards::part;
use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::refer;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::diag::source::Sources;
use keyform::model::attrs::Value;
use keyform::model::shard::Shard;
use keyform::plan::HazardKind;
use keyform::plan::Plan;
use keyform::plan::shards;
use keyform::view::json;
use keyform::view::json::run::Run;
use keyform::view::markdown;
use keyform::view::markdown::Frame;
use keyform::view::outcome;
use keyform::view::outcome::Outcome;
use keyform::view::text::Cost;
use proptest::prelude::ProptestConfig;
use proptest::prop_assert_eq;
use proptest::proptest;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const AT: &str = "2026-11-22T08:00:00Z";

fn stamp(shard: &str, configuration: &str, at: &str) -> json::shards::Shard {
    let text = |text: &str| text.to_owned();
    json::shards::Shard { shard: text(shard), configuration: configuration.repeat(64), at: text(at), planned: None }
}

/// A plan as its file has it.
fn document(plan: &Plan) -> json::plan::Document {
    let cost = Cost { requests: 3, took: Duration::from_millis(5) };
    json::plan::document(plan, cost, Vec::new(), &Sources::new())
}

/// What a file says, with its name.
fn report(name: &str, plan: &Plan, stamp: json::shards::Shard) -> (String, Run) {
    let text = json::pretty(&document(plan).of(&[stamp]));
    (name.to_owned(), json::run::read(name, text.as_bytes()).unwrap())
}

fn together(reports: Vec<(String, Run)>) -> Result<Run, Vec<&'static str>> {
    let codes = |problems: Vec<Diagnostic>| problems.iter().map(|problem| problem.code.id).collect();
    json::shards::together(reports).map_err(codes)
}

/// A project with a sync to a file of its own, in one of several states.
fn project(world: &mut World, n: usize, state: usize) {
    let (project, connection, sync) =
        (format!("project.p{n}"), format!("app_connection.c{n}"), format!("secret_sync.w{n}"));
    let slug = [("slug", Value::string(format!("p{n}")))];
    world.declare(&project, &slug);
    world.declare(&format!("{project}.environment.dev"), &[("project", refer(&project))]);
    world.declare(&connection, &[]);
    if state > 0 {
        // As declared, or changed outside.
        let there = [("slug", Value::string(if state == 1 { format!("other{n}") } else { format!("p{n}") }))];
        world.wrote(&project, &slug, &[]);
        world.exists(&project, &there);
        world.wrote(&connection, &[], &[]);
        world.exists(&connection, &[]);
    }
    let pairs = [("project", refer(&project)), ("connection", refer(&connection))];
    world.sync(&sync, &pairs);
    world.push(&sync, "NEW", "a");
    if state > 2 {
        world.push(&sync, "SAME", "b");
        world.holds(&sync, "SAME", "b");
        world.wrote_entry(&sync, "SAME", "b", None);
        world.push(&sync, "DRIFTED", "c");
        world.holds(&sync, "DRIFTED", "d");
        world.wrote_entry(&sync, "DRIFTED", "c", None);
    }
    if state > 3 {
        // What is there and nobody's, what is taken over, and what is no longer pushed.
        world.holds(&sync, "STRANGE", "e");
        world.push(&sync, "TAKEN", "f");
        world.holds(&sync, "TAKEN", "g");
        world.holds(&sync, "OLD", "h");
        world.wrote_entry(&sync, "OLD", "h", None);
    }
    if state > 4 {
        world.live.destinations.remove(&address(&sync));
    }
}

/// What a shard has of a world.
fn of(world: &World, shard: Shard) -> World {
    let owners = shards::split(&world.desired, &BTreeMap::new(), shard.total());
    let part = part(world, &owners, shard);
    let mut ledger = world.ledger.clone();
    part.restrict(&mut ledger);
    let kept = |address: &_| owners.get(address) == Some(&shard.index()) || part.borrows(address);
    let mut own = World::new();
    own.desired = world.desired.clone();
    own.desired.resources.retain(|address, _| kept(address));
    let all: BTreeSet<_> = own.desired.resources.keys().cloned().collect();
    own.desired.graph = own.desired.graph.within(&all);
    own.live = world.live.clone();
    own.live.resources.retain(|address, _| kept(address));
    own.live.destinations.retain(|address, _| kept(address));
    own.wanted = world.wanted.clone();
    own.wanted.resources.retain(|address, _| kept(address));
    own.wanted.syncs.retain(|address, _| kept(address));
    own.ledger = ledger;
    own.desired.part = Some(Arc::new(part));
    own
}

/// Everything that is said of a plan but its order and what it cost.
fn said(run: &Run) -> BTreeMap<String, BTreeSet<String>> {
    let document = serde_json::to_value(run.plan.as_ref().unwrap()).unwrap();
    let aside = ["checksum", "requests", "milliseconds", "shards", "diagnostics"];
    let list = |value: &serde_json::Value| match value {
        serde_json::Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
            let all: BTreeSet<String> = texts.iter().cloned().collect();
            assert_eq!(all.len(), texts.len(), "something is there twice: {texts:?}");
            all
        }
        value => [value.to_string()].into(),
    };
    let fields = document.as_object().unwrap().iter().filter(|(name, _)| !aside.contains(&name.as_str()));
    fields.map(|(name, value)| (name.clone(), list(value))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn plans_of_shards_without_anything_in_common_are_together_the_plan_of_the_whole(
        states in proptest::collection::vec(0_usize..6, 1..12),
        total in 1_u32..6,
        turn in 0_usize..6,
    ) {
        let mut world = World::new();
        states.iter().enumerate().for_each(|(n, state)| project(&mut world, n, *state));
        let whole = Run { command: "plan".to_owned(), plan: Some(document(&world.plan())), ..Run::default() };
        let mut reports: Vec<(String, Run)> = (1..=total)
            .map(|index| {
                let shard = Shard::new(index, total).unwrap();
                report(&format!("{index}.json"), &of(&world, shard).plan(), stamp(&shard.to_string(), "c", AT))
            })
            .collect();
        // In whatever order a shell lists them.
        reports.rotate_left(turn % usize::try_from(total).unwrap());
        let all = together(reports).unwrap();
        prop_assert_eq!(said(&all), said(&whole));
        prop_assert_eq!(outcome::verdict(&all), outcome::verdict(&whole));
        prop_assert_eq!(Outcome::of(&all), Outcome::of(&whole));
        prop_assert_eq!(all.requests(), u64::from(3 * total));
        let rows = &all.plan.as_ref().unwrap().changes;
        for (at, row) in rows.iter().enumerate() {
            let before: BTreeSet<&str> = rows[..at].iter().map(|row| row.address.as_str()).collect();
            for need in row.needs.iter().filter(|need| rows.iter().any(|row| row.address == **need)) {
                assert!(before.contains(need.as_str()), "{} comes before {need}, which it needs", row.address);
            }
        }
    }
}

fn plan(n: usize) -> Plan {
    let mut world = World::new();
    project(&mut world, n, 4);
    world.plan()
}

/// Three shards with something to do; the last of them not at all times.
fn three() -> Vec<(String, Run)> {
    (1..=3).map(|n| report(&format!("{n}.json"), &plan(n), stamp(&format!("{n}/3"), "c", AT))).collect()
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let with = |other: (String, Run)| vec![three().remove(0), three().remove(1), other];
    let changed = |change: &dyn Fn(&mut Run)| {
        let mut last = three().remove(2);
        change(&mut last.1);
        with(last)
    };
    assert!(together(three()).is_ok());
    let apart = codes::SHARDS_APART.id;
    for (why, reports, code) in [
        ("another split", with(report("b", &plan(3), stamp("3/4", "c", AT))), apart),
        ("another configuration", with(report("b", &plan(3), stamp("3/3", "d", AT))), apart),
        ("too old", with(report("b", &plan(3), stamp("3/3", "c", "2026-11-22T01:59:59Z"))), apart),
        ("no time", with(report("b", &plan(3), stamp("3/3", "c", "yesterday"))), apart),
        ("no shard", with(report("b", &plan(3), stamp("4/3", "c", AT))), apart),
        ("a whole one", changed(&|run| run.shards.clear()), apart),
        ("another command", changed(&|run| run.command = "apply".to_owned()), apart),
        ("twice", with(report("b", &plan(3), stamp("2/3", "c", AT))), codes::SHARD_TWICE.id),
        (
            "two whole ones",
            with(report("b", &plan(3), stamp("3/3", "c", AT)))
                .into_iter()
                .map(|(name, run)| (name, Run { shards: Vec::new(), ..run }))
                .collect(),
            apart,
        ),
    ] {
        let refused = together(reports).unwrap_err();
        assert!(refused.iter().all(|one| *one == code) && !refused.is_empty(), "{why}: {refused:?}");
    }
    // As old as it may be.
    assert!(together(with(report("b", &plan(3), stamp("3/3", "c", "2026-11-22T02:00:00Z")))).is_ok());
}

#[test]
fn a_shard_that_is_missing_is_the_first_thing_that_is_said() {
    let all = together(three()).unwrap();
    assert_eq!(Outcome::of(&all), Outcome::Refused, "{}", outcome::verdict(&all));
    for missing in 0..3 {
        let mut reports = three();
        reports.remove(missing);
        let run = together(reports).unwrap();
        let name = format!("{}/3", missing + 1);
        assert_eq!(run.unknown, std::slice::from_ref(&name));
        assert_eq!(Outcome::of(&run), Outcome::Failed);
        let verdict = outcome::verdict(&run);
        assert!(verdict.starts_with(&format!("INCOMPLETE. Nothing is known of shard {name}. ")), "{verdict}");
        assert_eq!(run.diagnostics[0].code, codes::SHARD_MISSING.id);
        assert!(run.diagnostics[0].is_error());
        assert!(outcome::way(&run, None).is_none(), "nobody applies what is not the whole");
        // Also once it was written and is read again.
        let text = run.documents();
        let again = together(vec![("whole.json".to_owned(), json::run::read("whole.json", text.as_bytes()).unwrap())]);
        assert_eq!(outcome::verdict(&again.unwrap()), verdict);
    }
    // What is left of a whole split.
    let one = together(vec![three().remove(1)]).unwrap();
    assert_eq!((one.unknown.len(), Outcome::of(&one)), (2, Outcome::Failed));
}

#[test]
fn what_is_put_together_is_what_its_schema_says() {
    let schema = serde_json::from_str(include_str!("../../schema/plan.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for shards in [3, 2, 1] {
        let run = together(three().into_iter().take(shards).collect()).unwrap();
        let document: serde_json::Value = serde_json::from_str(&run.documents()).unwrap();
        let errors: Vec<String> =
            schema.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(
            errors.is_empty() && document["shards"][shards - 1]["planned"]["waits"] == false,
            "{}",
            errors.join("\n")
        );
    }
}

#[test]
fn a_shard_that_failed_is_known_by_its_reasons_only() {
    let why = Diagnostic::error(&codes::UNREADABLE, "`x` can't be read.");
    let failed = Run {
        command: "plan".to_owned(),
        diagnostics: json::diagnostic::entries([&why], &Sources::new()),
        shards: vec![stamp("3/3", "c", AT)],
        ..Run::default()
    };
    let read = json::run::read("3.json", failed.documents().as_bytes()).unwrap();
    let mut reports = three();
    reports[2] = ("3.json".to_owned(), read);
    let run = together(reports).unwrap();
    assert_eq!(run.unknown, ["3/3"]);
    let found: Vec<&str> = run.diagnostics.iter().map(|entry| &*entry.code).collect();
    assert_eq!(found, [codes::SHARD_MISSING.id, codes::UNREADABLE.id]);
}

#[test]
fn every_shard_has_a_command_of_its_own() {
    let run = together(three()).unwrap();
    let text = markdown::body(&run, &Frame::default()).text;
    let open: usize =
        plan(1).hazards.iter().filter(|hazard| hazard.kind == HazardKind::Takeover).map(|h| h.count).sum();
    assert!(open > 0);
    for n in 1..=3 {
        let checksum = keyform::plan::checksum(&plan(n)).unwrap();
        assert!(text.contains(&format!("- `keyform apply --shard {n}/3 --checksum {checksum} --allow ")), "{text}");
    }
    assert_eq!(text.matches(&format!("--allow takeover={open}")).count(), 3, "{text}");
    // What has nothing to do needs no command; of many, they are folded, and at last they are left out.
    let mut reports = three();
    reports[1] = report("2.json", &Plan::default(), stamp("2/3", "c", AT));
    let text = markdown::body(&together(reports).unwrap(), &Frame::default()).text;
    assert!(!text.contains("--shard 2/3") && text.contains("--shard 3/3"), "{text}");
    let many = (1..=200).map(|n| report("x", &plan(n), stamp(&format!("{n}/200"), "c", AT)));
    let many = together(many.collect()).unwrap();
    let text = markdown::body(&many, &Frame::default()).text;
    assert!(text.contains("<code>keyform apply</code> (200 shards)") && text.contains("--shard 200/200"), "{text}");
    let text = markdown::body(&many, &Frame { most: Some(8_000), ..Frame::default() }).text;
    assert!(text.chars().count() <= 8_000 && text.contains("200 commands do not fit here"), "{text}");
}
