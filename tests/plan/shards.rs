//! Shards: everything is in exactly one, what belongs together is together, and what is common is nobody's but one's.

use crate::plan::world::World;
use crate::plan::world::address;
use crate::plan::world::refer;
use crate::plan::world::rows;
use keyform::diag::codes;
use keyform::model::address::Address;
use keyform::model::attrs::Value;
use keyform::model::ledger::Ledger;
use keyform::model::ledger::Record;
use keyform::model::shard::Elsewhere;
use keyform::model::shard::Part;
use keyform::model::shard::Shard;
use keyform::plan::shards;
use keyform::plan::shards::Spot;
use proptest::prelude::ProptestConfig;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

const COMMON: &str = "app_connection.common";

/// A project with so many secrets and one sync, over the common connection or one of its own.
fn project(world: &mut World, n: usize, secrets: usize, is_common: bool) {
    let (project, connection) = (format!("project.p{n}"), format!("app_connection.c{n}"));
    world.declare(&project, &[("slug", Value::string(format!("p{n}")))]);
    world.declare(&format!("{project}.environment.dev"), &[("project", refer(&project))]);
    for secret in 0..secrets {
        world.declare(&format!("secret.s{n}-{secret}"), &[("project", refer(&project))]);
    }
    let connection = if is_common { COMMON.to_owned() } else { connection };
    world.declare(&connection, &[]);
    let sync = [("project", refer(&project)), ("connection", refer(&connection))];
    world.declare(&format!("secret_sync.w{n}"), &sync);
}

fn spot(path: &str) -> Spot {
    let fields = [(Arc::from("file"), Some(path.to_owned()))].into();
    Spot { slug: "local-file".into(), fields, access: BTreeMap::new() }
}

pub(super) fn part(world: &World, owners: &BTreeMap<Address, u32>, shard: Shard) -> Part {
    let own = owners.iter().filter(|(_, owner)| **owner == shard.index()).map(|(address, _)| address.clone());
    let kept = world.desired.graph.closure(own);
    let projects =
        world.desired.resources.values().filter_map(|r| Some((r.text("slug")?.into(), *owners.get(&r.address)?)));
    Part {
        shard,
        owners: owners.clone(),
        projects: projects.collect(),
        destinations: BTreeMap::new(),
        borrowed: kept.into_iter().filter(|address| owners[address] != shard.index()).collect(),
        elsewhere: Vec::new(),
        split: "split".into(),
    }
}

fn record(pairs: &[(&str, &str)]) -> Record {
    let natural = pairs.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value))).collect();
    Record { id: "some".into(), natural, ..Record::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn everything_is_in_exactly_one_shard(
        projects in proptest::collection::vec((0_usize..30, proptest::bool::ANY, 0_usize..12), 1..24),
        total in 1_u32..10,
        together in proptest::collection::vec((0_usize..24, 0_usize..24), 0..6),
    ) {
        let mut world = World::new();
        let mut spots = BTreeMap::new();
        for (n, (secrets, is_common, file)) in projects.iter().enumerate() {
            project(&mut world, n, *secrets, *is_common);
            // A few projects write to one file.
            let path = if *file < 2 { format!("shared-{file}") } else { format!("own-{n}") };
            spots.insert(address(&format!("secret_sync.w{n}")), spot(&path));
        }
        for (a, b) in together.iter().filter(|(a, b)| a != b && *a.max(b) < projects.len()) {
            world.desired.graph.need(&address(&format!("secret_sync.w{}", a.max(b))), &address(&format!("project.p{}", a.min(b))), None);
        }
        let owners = shards::split(&world.desired, &spots, total);
        prop_assert_eq!(owners.keys().collect::<Vec<_>>(), world.desired.resources.keys().collect::<Vec<_>>());
        prop_assert!(owners.values().all(|owner| (1..=total).contains(owner)));
        prop_assert_eq!(&owners, &shards::split(&world.desired.clone(), &spots.clone(), total));
        let common = address(COMMON);
        for edge in world.desired.graph.edges().into_iter().filter(|edge| edge.to != common) {
            prop_assert_eq!(owners[&edge.from], owners[&edge.to], "{} needs {}", edge.from, edge.to);
        }
        for ((a, spot), (b, other)) in spots.iter().flat_map(|one| spots.iter().map(move |other| (one, other))) {
            prop_assert!(spot != other || owners[a] == owners[b], "{a} and {b} write to one place");
        }
        let users: BTreeSet<u32> = world.desired.graph.edges().iter().filter(|e| e.to == common).map(|e| owners[&e.from]).collect();
        prop_assert!(users.len() < 2 || owners[&common] == 1, "what several need is the first one's");

        // Records: of what is declared, and of what is not any more.
        let mut ledger = Ledger::default();
        for resource in owners.keys() {
            ledger.records.insert(resource.clone(), record(&[]));
        }
        for n in 0..40 {
            let (slug, gone) = (format!("p{n}"), address(&format!("secret_sync.gone-{n}")));
            ledger.records.insert(gone.clone(), record(&[("project", &slug), ("name", "gone")]));
            ledger.records.insert(gone.entry("KEY"), record(&[]));
            ledger.records.insert(address(&format!("secret_sync.file-{n}")).entry("K"), record(&[("destination", &slug)]));
        }
        ledger.records.insert(address("app_connection.gone"), record(&[("name", "gone")]));
        let mut seen: BTreeMap<Address, usize> = BTreeMap::new();
        for index in 1..=total {
            let part = part(&world, &owners, Shard::new(index, total).unwrap());
            let mut own = ledger.clone();
            part.restrict(&mut own);
            prop_assert_eq!(&own.apart.left, &vec![address("app_connection.gone")]);
            let whose = |n: usize| owners.get(&address(&format!("project.p{n}")));
            for n in 0..40 {
                let is_here = own.records.contains_key(&address(&format!("secret_sync.gone-{n}")));
                prop_assert!(whose(n).is_none_or(|owner| (*owner == index) == is_here), "what is gone goes with its project");
            }
            for address in own.records.keys().filter(|address| !part.borrows(address)) {
                *seen.entry(address.clone()).or_default() += 1;
            }
        }
        prop_assert_eq!(seen.len() + 1, ledger.records.len());
        prop_assert!(seen.values().all(|times| *times == 1));
    }

    #[test]
    fn no_shard_has_more_than_the_largest_part_above_another(
        projects in proptest::collection::vec(0_usize..30, 1..40),
        total in 1_u32..10,
    ) {
        let mut world = World::new();
        projects.iter().enumerate().for_each(|(n, secrets)| project(&mut world, n, *secrets, false));
        let owners = shards::split(&world.desired, &BTreeMap::new(), total);
        let mut loads: BTreeMap<u32, usize> = (1..=total).map(|shard| (shard, 0)).collect();
        for (n, secrets) in projects.iter().enumerate() {
            // Project, environment, sync and connection come to ten requests.
            *loads.get_mut(&owners[&address(&format!("project.p{n}"))]).unwrap() += 10 + secrets;
        }
        let (least, most) = (loads.values().min().unwrap(), loads.values().max().unwrap());
        prop_assert!(most - least <= 10 + projects.iter().max().unwrap(), "{loads:?}");
    }
}

#[test]
fn what_may_be_one_place_is_together_and_what_can_not_be_is_not() {
    let mut world = World::new();
    (0..6).for_each(|n| project(&mut world, n, 0, false));
    let github = |repository: Option<&str>, access: &[(&str, &str)]| Spot {
        slug: "github".into(),
        fields: [(Arc::from("repository"), repository.map(str::to_owned))].into(),
        access: access.iter().map(|(name, value)| (Arc::from(*name), (*value).to_owned())).collect(),
    };
    let at = |n: usize| address(&format!("secret_sync.w{n}"));
    let apart = [("host", "a.example.com")];
    let spots = [
        (at(0), github(Some("web"), &[])),
        (at(1), github(Some("web"), &apart)),
        (at(2), github(Some("api"), &apart)),
        (at(3), github(Some("web"), &[("host", "b.example.com")])),
        // Nobody knows before it runs: it may be any of the same host.
        (at(4), github(None, &[("host", "c.example.com")])),
        (at(5), spot("web")),
    ];
    let of = |spots: &[(Address, Spot)]| {
        let owners = shards::split(&world.desired, &spots.iter().cloned().collect(), 6);
        (0..6).map(|n| owners[&at(n)]).collect::<Vec<_>>()
    };
    let owners = of(&spots[1..4]);
    assert_eq!(BTreeSet::from_iter(&owners).len(), 6, "host or repository differ: {owners:?}");
    let owners = of(&spots[..4]);
    assert!(owners[0] == owners[1] && owners[0] == owners[3], "{owners:?}");
    assert!(owners[2] != owners[0], "{owners:?}");
    let owners = of(&spots[4..]);
    assert_eq!(BTreeSet::from_iter(&owners).len(), 6, "{owners:?}");
    let owners = of(&[spots[0].clone(), spots[4].clone(), spots[5].clone()]);
    assert_eq!(owners[0], owners[4], "{owners:?}");
    assert_ne!(owners[0], owners[5], "{owners:?}");
}

/// Two projects over one connection, and what the second shard has of them.
fn second() -> World {
    let mut world = World::new();
    project(&mut world, 0, 0, true);
    project(&mut world, 1, 0, true);
    let owners = shards::split(&world.desired, &BTreeMap::new(), 2);
    assert_eq!(owners[&address(COMMON)], 1);
    let part = part(&world, &owners, Shard::new(2, 2).unwrap());
    assert_eq!(part.borrowed, BTreeSet::from([address(COMMON)]));
    let kept = |address: &Address| owners[address] == 2 || part.borrows(address);
    let kept: BTreeSet<Address> = world.desired.resources.keys().filter(|a| kept(a)).cloned().collect();
    world.desired.resources.retain(|address, _| kept.contains(address));
    world.wanted.resources.retain(|address, _| kept.contains(address));
    world.desired.graph = world.desired.graph.within(&kept);
    world.desired.part = Some(Arc::new(part));
    world
}

#[test]
fn what_is_borrowed_has_no_row_and_holds_up_what_needs_it() {
    let mut world = second();
    let plan = world.plan();
    assert!(rows(&plan).iter().all(|row| !row.contains(COMMON)), "{:?}", rows(&plan));
    let blocked: Vec<_> = plan.blocked.iter().map(|(address, why)| (address.to_string(), why.code.id)).collect();
    assert_eq!(blocked, [(COMMON.to_owned(), codes::SHARD_WAITS.id)]);
    let own = plan.changes.len();
    assert!(own > 0 && plan.changes.iter().all(|change| !change.needs.contains(&address(COMMON))));
    // Once it is there, nothing is in the way, and it is not counted here.
    world.exists(COMMON, &[]);
    world.wrote(COMMON, &[], &[]);
    let plan = world.plan();
    assert!(plan.blocked.is_empty(), "{:?}", plan.blocked);
    assert_eq!((plan.changes.len(), plan.unchanged), (own, 0));
}

#[test]
fn a_sync_does_not_end_where_another_shard_writes() {
    let gone = "secret_sync.gone";
    let wrote = [("destination.file", Value::string("web.env"))];
    let plan = |file: &str| {
        let mut world = second();
        let natural = [("destination", "local-file"), ("project", "p1")];
        world.wrote(gone, &wrote, &natural);
        world.exists(gone, &wrote);
        let mut part = (**world.desired.part.as_ref().unwrap()).clone();
        part.elsewhere = vec![Elsewhere {
            sync: address("secret_sync.w0"),
            slug: "local-file".into(),
            called: "local-file (file = web.env)".into(),
            fields: [(Arc::from("destination.file"), Value::string(file))].into(),
        }];
        world.desired.part = Some(Arc::new(part));
        world.plan()
    };
    let ends = |plan: &keyform::plan::Plan| rows(plan).iter().any(|row| row.ends_with(gone));
    let apart = plan("api.env");
    assert!(ends(&apart) && !apart.blocked.contains_key(&address(gone)), "{:?}", rows(&apart));
    let together = plan("web.env");
    assert!(!ends(&together), "{:?}", rows(&together));
    assert_eq!(together.blocked[&address(gone)].code, &codes::SHARD_PLACE);
}

#[test]
fn names_of_fingerprints_are_those_of_the_whole_ledger() {
    let mut ledger = Ledger::default();
    let marked = Record { marked: Some("project.p0".into()), ..record(&[]) };
    ledger.records.insert(address("project.p1"), marked);
    ledger.records.insert(address("project.p0"), record(&[]));
    let whole = ledger.names();
    let mut world = World::new();
    (0..2).for_each(|n| project(&mut world, n, 0, false));
    let owners = shards::split(&world.desired, &BTreeMap::new(), 2);
    for index in [1, 2] {
        let mut own = ledger.clone();
        part(&world, &owners, Shard::new(index, 2).unwrap()).restrict(&mut own);
        assert_eq!((own.records.len(), own.names()), (1, whole.clone()));
    }
}

#[test]
fn shards_are_counted_from_one() {
    let parse = |text: &str| text.parse::<Shard>().map(|shard| shard.to_string());
    assert_eq!(parse("2/8"), Ok("2/8".to_owned()));
    for text in ["0/8", "9/8", "1/0", "2", "a/b", "-1/8", "1/1001", "1/8/2"] {
        assert!(parse(text).is_err(), "{text}");
    }
}
