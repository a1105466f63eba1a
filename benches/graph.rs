//! What keyform does before it asks anybody, as the number of resources grows: reading the configuration with its graph, and
//! planning it. Prints the exponent of growth: 1 is linear. Then how long the program takes to start.
//! `cargo bench --bench graph`.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::unwrap_used, reason = "a benchmark may end where it can't go on")]

use keyform::config;
use keyform::diag::Diagnostics;
use keyform::diag::source::Sources;
use keyform::model::desired::Desired;
use keyform::model::ledger::Ledger;
use keyform::model::live::Live;
use keyform::model::schema::Schemas;
use keyform::plan;
use keyform::plan::Wanted;
use keyform::provider::registry::Registry;
use keyform::secret::FingerprintKey;
use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Resources of one project: itself, an environment, a folder, six secrets, a sync.
const PER_PROJECT: usize = 10;

/// Projects that one file declares.
const PER_FILE: usize = 200;

/// How often the program is started.
const STARTS: usize = 20;

/// So many resources; each sync needs its project, its environment, the one connection, and what it pushes.
fn configuration(folder: &Path, resources: usize) {
    let mut text =
        String::from("app_connection \"local\" \"files\" {\n  method = \"directory\"\n  path   = \"/tmp/out\"\n}\n");
    let projects = resources / PER_PROJECT;
    for i in 0..projects {
        let _ = write!(
            text,
            "project \"shop-{i}\" {{\n  environment \"dev\" {{}}\n  folder \"/api\" {{}}\n{}}}\n\
             secret_sync \"local-file\" \"s{i}\" {{\n  project     = project.shop-{i}\n  environment = \"dev\"\n  path        = \"/api\"\n  \
             connection  = app_connection.files\n\n  destination {{\n    format = \"dotenv\"\n    file   = \"shop-{i}.env\"\n  }}\n}}\n",
            (0..6).fold(String::new(), |mut all, j| {
                let _ = write!(all, "  secret \"KEY_{j}\" {{\n    environment = \"dev\"\n    path = \"/api\"\n    value = secret_random({{ length = 24 }})\n  }}\n");
                all
            })
        );
        if i % PER_FILE == PER_FILE - 1 || i == projects - 1 {
            fs::write(folder.join(format!("f{i}.hcl")), std::mem::take(&mut text)).unwrap();
        }
    }
}

fn load(folder: &Path, schemas: &Schemas) -> Desired {
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    let input = config::Input::new(folder);
    config::load(&mut acc, &mut sources, &input, schemas).unwrap_or_else(|| panic!("{acc:?}"))
}

fn make(desired: &Desired) -> plan::Plan {
    plan::make(&plan::Input {
        imports: &plan::Imports::default(),
        desired,
        live: &Live::default(),
        ledger: &Ledger::default(),
        moves: &plan::moves::Moves::default(),
        key: &FingerprintKey::generate(),
        wanted: &Wanted::default(),
        targets: &[],
        adopt: false,
        destroy: false,
    })
}

/// The best of a few runs: what the machine does besides only ever adds.
fn best<T>(of: impl Fn() -> T) -> Duration {
    let run = || {
        let begin = Instant::now();
        black_box(of());
        begin.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap_or_default()
}

/// The slope of the line through the points, both axes logarithmic.
#[expect(clippy::cast_precision_loss, reason = "sizes are small")]
fn exponent(times: &[(usize, Duration)]) -> f64 {
    let points: Vec<(f64, f64)> = times.iter().map(|(n, t)| ((*n as f64).ln(), t.as_secs_f64().ln())).collect();
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let (above, below) =
        points.iter().fold((0.0, 0.0), |(a, b), p| (a + (p.0 - x) * (p.1 - y), b + (p.0 - x) * (p.0 - x)));
    above / below
}

fn main() {
    let registry = Registry::builtin().unwrap_or_else(|why| panic!("{why:?}"));
    let (mut reading, mut planning) = (Vec::new(), Vec::new());
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        configuration(folder.path(), size);
        let desired = load(folder.path(), registry.schemas());
        let (resources, rows) = (desired.resources.len(), make(&desired).changes.len());
        assert!(rows >= resources, "{rows} rows for {resources} resources");
        reading.push((size, best(|| load(folder.path(), registry.schemas()))));
        planning.push((size, best(|| make(&desired))));
        let (read, planned) = (reading.last().map(|t| t.1), planning.last().map(|t| t.1));
        println!(
            "{resources:>7} resources: read in {:>9.1?}, planned in {:>9.1?} ({rows} rows)",
            read.unwrap_or_default(),
            planned.unwrap_or_default()
        );
    }
    println!("exponents: reading {:.2}, planning {:.2}", exponent(&reading), exponent(&planning));

    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    for args in [&["--help"][..], &["validate", "--quiet"]] {
        let start = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_keyform"));
            command.args(args).current_dir(&quickstart).stdout(Stdio::null()).stderr(Stdio::null());
            assert!(command.status().unwrap().success(), "{args:?}");
        };
        let fastest = (0..STARTS).map(|_| best(start)).min().unwrap_or_default();
        println!("keyform {}: {fastest:.1?}", args.join(" "));
    }
}
