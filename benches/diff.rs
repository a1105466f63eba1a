//! How long a plan takes as the number of entries grows, and with what exponent: 1 is linear. A plan of
//! a million entries must take less than two seconds. `cargo bench --bench diff`.

use criterion::BenchmarkId;
use criterion::Criterion;
use criterion::Throughput;
use keyform::diag::source::SourceId;
use keyform::diag::source::Span;
use keyform::model::address::Address;
use keyform::model::attrs::Value;
use keyform::model::desired::Desired;
use keyform::model::ledger::Ledger;
use keyform::model::ledger::Record;
use keyform::model::ledger::VALUE;
use keyform::model::live::Evidence;
use keyform::model::live::Listing;
use keyform::model::live::Live;
use keyform::model::live::Sighting;
use keyform::model::resource::Kind;
use keyform::model::resource::Lifecycle;
use keyform::model::resource::Origin;
use keyform::model::resource::Resource;
use keyform::plan;
use keyform::plan::Pushed;
use keyform::plan::Wanted;
use keyform::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const PER_SYNC: usize = 1_000;
const AIM: Duration = Duration::from_secs(2);

struct World {
    desired: Desired,
    live: Live,
    ledger: Ledger,
    wanted: Wanted,
    key: FingerprintKey,
}

/// Syncs of a thousand keys each: a third is right, a third changed at the source, a third is new.
fn world(entries: usize) -> World {
    let mut world = World {
        desired: Desired::default(),
        live: Live::default(),
        ledger: Ledger::default(),
        wanted: Wanted::default(),
        key: FingerprintKey::generate(),
    };
    for i in 0..entries.div_ceil(PER_SYNC) {
        let sync = Address::new("secret_sync", "bench").instance(&format!("{i:04}"));
        let (mut pushed, mut listing) = (Pushed { read: PER_SYNC, ..Pushed::default() }, Listing::default());
        for j in 0..PER_SYNC.min(entries) {
            let key: Arc<str> = format!("SERVICE_SETTING_{j:05}").into();
            let entry = sync.entry(&key);
            let mark = |value: &[u8]| world.key.fingerprint("bench", value);
            let (old, new) = (mark(b"canary-old"), mark(b"canary-new"));
            pushed.source.insert(Arc::clone(&key), Some(if j % 3 == 1 { new } else { old }));
            if j % 3 < 2 {
                listing.entries.insert(key, Sighting { evidence: Evidence::Value(old), version: None });
                let record = Record { written: BTreeMap::from([(VALUE.into(), old)]), ..Record::default() };
                world.ledger.records.insert(entry, record);
            }
        }
        world.wanted.syncs.insert(sync.clone(), pushed);
        world.live.destinations.insert(sync.clone(), listing);
        world.desired.graph.add(&sync);
        world.desired.resources.insert(sync.clone(), declared(sync));
    }
    world
}

fn declared(address: Address) -> Resource {
    Resource {
        address,
        kind: Kind::SecretSync,
        slug: "local-file".into(),
        attrs: BTreeMap::from([("run".into(), Value::from("keyform"))]),
        lifecycle: Lifecycle::default(),
        allow: Vec::new(),
        origin: Origin { block: Span { source: SourceId(0), start: 0, end: 0 }, attrs: BTreeMap::new() },
    }
}

fn make(world: &World) -> plan::Plan {
    plan::make(&plan::Input {
        imports: &plan::Imports::default(),
        desired: &world.desired,
        live: &world.live,
        ledger: &world.ledger,
        moves: &plan::moves::Moves::default(),
        key: &world.key,
        wanted: &world.wanted,
        targets: &[],
        adopt: false,
        destroy: false,
    })
}

/// The best of a few runs: what the machine does besides only ever adds.
fn best(world: &World) -> Duration {
    let run = || {
        let begin = Instant::now();
        black_box(make(world));
        begin.elapsed()
    };
    (0..5).map(|_| run()).min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
#[expect(clippy::cast_precision_loss, reason = "sizes are small")]
fn main() {
    let times: Vec<(usize, Duration)> = SIZES.iter().map(|size| (*size, best(&world(*size)))).collect();
    for (size, time) in &times {
        println!("{size:>7} entries: {time:>9.1?}, {:.2} µs an entry", time.as_secs_f64() * 1e6 / *size as f64);
    }
    // The slope of the line through the points, both axes logarithmic.
    let points: Vec<(f64, f64)> = times.iter().map(|(n, t)| ((*n as f64).ln(), t.as_secs_f64().ln())).collect();
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let (above, below) =
        points.iter().fold((0.0, 0.0), |(a, b), p| (a + (p.0 - x) * (p.1 - y), b + (p.0 - x) * (p.0 - x)));
    println!("exponent {:.2}", above / below);
    let slowest = times.last().map_or(Duration::ZERO, |(_, time)| *time);
    if slowest > AIM {
        println!("the aim is {AIM:?} for the largest");
    }

    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("plan");
    for size in &SIZES[..2] {
        let world = world(*size);
        group.throughput(Throughput::Elements(*size as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &world, |b, world| b.iter(|| make(world)));
    }
    group.finish();
    criterion.final_summary();
}
