//! Parsing at scale beside its floor: what hcl-edit alone takes for the same text. Every case runs in a
//! process of its own, so that the peak of its memory is its own. Fails when a budget is broken.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use keyform::diag::Diagnostics;
use keyform::diag::source::SourceId;
use keyform::lang::format::format;
use keyform::lang::parse;
use std::fmt::Write;
use std::process::Command;
use std::process::ExitCode;
use std::time::Duration;
use std::time::Instant;

/// How much longer than hcl-edit alone we may take.
const MAX_RATIO: f64 = 2.0;

/// How much memory 10,000 blocks may take at their peak, in MB.
const MAX_PEAK: f64 = 100.0;

/// How much longer four times the text may take: 4 if linear, 16 if quadratic.
const MAX_GROWTH: f64 = 8.0;

/// A text of about so many parts.
type Make = fn(usize) -> String;

/// Texts that were quadratic in some parser, by name.
const SHAPES: [(&str, Make); 7] = [
    ("object keys", |n| format!("a = {{\n{}}}", lines(n, |i| format!("  k{i} = {i}\n")))),
    ("nested object keys", |n| {
        format!("a = f([{{ b = {{\n{}}} }}])", lines(n, |i| format!("  k{i} = {{ c = {i} }}\n")))
    }),
    ("list items", |n| format!("a = [{}]", lines(n, |i| format!("{i}, ")))),
    ("attributes", |n| lines(n, |i| format!("k{i} = {i}\n"))),
    ("nested blocks", |n| format!("a {{\n{}}}", lines(n, |i| format!("  b \"{i}\" {{ c = {i} }}\n")))),
    ("heredoc lines", |n| format!("a = <<-EOT\n{}EOT\n", lines(n, |i| format!("  line {i} ${{b}}\n")))),
    ("mistakes", |n| lines(n, |i| format!("k{i} = = {i}\n"))),
];

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

/// Blocks as people write them: texts, templates, calls, lists, conditionals, objects, `for`.
fn blocks(n: usize) -> String {
    let mut text = String::new();
    for i in 0..n {
        let _ = write!(
            text,
            r#"secret_sync "aws-secrets-manager" "payments{i}" {{
  for_each     = toset(["dev", "prod", "staging-{i}"])
  environment  = each.key
  path         = "/api/${{var.region}}/service-{i}"
  connection   = app_connection.prod
  initial_sync = var.import ? "import-prioritize-source" : "overwrite-destination"
  timeout      = 300 + {i}
  options      = {{ region = var.region, tags = [for t in var.tags : lower(t) if t != ""] }}
  description  = "Pushes ${{upper(var.name)}} to ${{each.key}}, block {i} of many" # trailing
}}

"#
        );
    }
    text
}

fn ours(text: &str) -> bool {
    parse::parse(&mut Diagnostics::new(), SourceId(0), text).is_some()
}

fn floor(text: &str) -> bool {
    // It needs the stack that we give it too.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(32 << 20);
        let parsed = thread.spawn_scoped(scope, || hcl_edit::parser::parse_body(text).is_ok());
        parsed.is_ok_and(|thread| thread.join().is_ok_and(|parsed| parsed))
    })
}

/// The best of some runs.
fn best(runs: usize, work: impl Fn() -> bool) -> Duration {
    let once = || {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed()
    };
    (0..runs).map(|_| once()).min().unwrap_or_default()
}

/// The peak of this process's memory so far, in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// In a process of its own: seconds and megabytes.
fn measure(case: &str, n: usize) -> Option<(f64, f64)> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).args(["--case", case, &n.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (seconds, megabytes) = text.trim().split_once(' ')?;
    Some((seconds.parse().ok()?, megabytes.parse().ok()?))
}

fn case(name: &str, n: usize) {
    let (work, shape) = name.split_once(' ').unwrap_or((name, "blocks"));
    let make = SHAPES.iter().find(|(name, _)| *name == shape).map_or(blocks as Make, |(_, make)| *make);
    let text = make(n);
    let before = peak();
    let took = match work {
        "floor" => best(5, || floor(&text)),
        "format" => best(3, || format(&text).is_ok()),
        _ => best(5, || ours(&text)),
    };
    println!("{} {}", took.as_secs_f64(), peak() - before);
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--case") {
        case(&args[at + 1], args[at + 2].parse().unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    let mut broken = false;
    let mut budget = |what: &str, value: f64, most: f64| {
        // What could not be measured breaks it too.
        if value.is_nan() || value > most {
            println!("  BROKEN: {what} {value:.1}, at most {most}");
            broken = true;
        }
    };
    let unknown = (f64::NAN, f64::NAN);
    let n = 10_000;
    println!("{n} blocks of 8 attributes, {:.1} MB", blocks(n).len() as f64 / 1e6);
    let [ours, floor, format] = ["ours", "floor", "format"].map(|work| {
        let (seconds, megabytes) = measure(work, n).unwrap_or(unknown);
        println!("  {work:<8} {seconds:>7.3} s  {megabytes:>6.0} MB");
        (seconds, megabytes)
    });
    println!("  ours is {:.2} times hcl-edit alone; formatting {:.2} times", ours.0 / floor.0, format.0 / floor.0);
    budget("ratio", ours.0 / floor.0, MAX_RATIO);
    budget("peak in MB", ours.1, MAX_PEAK);
    println!("growth from 10,000 parts to 40,000");
    for (shape, _) in SHAPES {
        let [small, large] = [10_000, 40_000].map(|n| measure(&format!("ours {shape}"), n).unwrap_or(unknown).0);
        println!("  {shape:<20} {small:>7.3} s to {large:>7.3} s, {:>4.1} times", large / small);
        budget(shape, large / small, MAX_GROWTH);
    }
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
