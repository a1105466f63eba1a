//! `--shard`: which part of the configuration this process is for, and where a CI says it; and the reports of several such
//! processes, read as one.

use crate::cli::context::Context;
use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine;
use crate::model::desired::Desired;
use crate::model::shard::Shard;
use crate::plan::saved;
use crate::provider::registry::Registry;
use crate::view::json;
use crate::view::json::run;
use crate::view::json::run::Run;
use crate::view::json::shards;
use crate::view::outcome;
use crate::view::words;
use jiff::Timestamp;
use std::path::Path;
use std::path::PathBuf;

/// What `--shard` says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish {
    /// This one.
    One(Shard),
    /// The one that the environment names.
    Auto,
}

/// The option, for every command that can do a part.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Sharding {
    /// Only this part of the configuration, as one of several processes: 2/8 for the second of eight, or `auto` for what the
    /// job's environment says
    #[arg(long, value_name = "I/N", value_parser = wish, conflicts_with = "targets")]
    shard: Option<Wish>,
}

fn wish(text: &str) -> Result<Wish, String> {
    if text == "auto" { Ok(Wish::Auto) } else { text.parse().map(Wish::One) }
}

/// Where each platform says it: the number, the total, and what the first one is counted as. Whoever sets the first pair means
/// it. An Indexed Job of Kubernetes is told its number alone; GitLab counts from 1, the others from 0.
const PLATFORMS: [(&str, &str, u32); 5] = [
    ("KEYFORM_SHARD", "KEYFORM_SHARDS", 1),
    ("JOB_COMPLETION_INDEX", "KEYFORM_SHARDS", 0),
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
];

impl Sharding {
    /// The same as a plan that was kept says it.
    pub(super) fn of(shard: Option<Shard>) -> Self {
        Self { shard: shard.map(Wish::One) }
    }

    /// Leaves of the configuration what is asked for, and says how much that is. `None` if nothing says which part; that was
    /// told.
    pub(super) fn part(&self, context: &mut Context, desired: Desired, registry: &Registry) -> Option<Desired> {
        let shard = match self.shard {
            None => return Some(desired),
            Some(Wish::One(shard)) => shard,
            Some(Wish::Auto) => auto().map_err(|why| context.tell(why)).ok()?,
        };
        context.run.shards = vec![json::shards::Shard {
            shard: shard.to_string(),
            configuration: saved::digest(&desired),
            at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            planned: None,
        }];
        let all = desired.resources.len();
        let part = engine::shards::part(desired, registry, shard);
        let borrowed = part.part.as_ref().map_or(0, |part| part.borrowed.len());
        let own = words::count(part.resources.len() - borrowed, "resource", "resources");
        let rest = if borrowed == 0 { String::new() } else { format!(", {borrowed} more only read") };
        context.terminal.note(&format!("Shard {shard}: {own} of {all}{rest}.\n"));
        Some(part)
    }
}

/// Reads the reports of a run: one, or those of all shards of a split, which are put together. `None` if they can't be; why
/// was told.
pub(super) fn reports(context: &mut Context, files: &[PathBuf]) -> Option<Run> {
    let read = |file: &PathBuf| report(context, file).map(|run| (file.display().to_string(), run));
    // All of them, so that whatever is wrong is told.
    let reports: Vec<Option<(String, Run)>> = files.iter().map(read).collect();
    let reports = reports.into_iter().collect::<Option<_>>()?;
    let run = shards::together(reports).map_err(|problems| context.tell_all(problems)).ok()?;
    if let Some(unknown) = outcome::unknown(&run) {
        context.terminal.note(&format!("Incomplete: {unknown}\n"));
    }
    Some(run)
}

/// Reads one report. `None` if it is none; why was told.
pub(super) fn report(context: &mut Context, file: &Path) -> Option<Run> {
    let name = file.display().to_string();
    let run = context.read(file).and_then(|text| run::read(&name, text.as_bytes()));
    run.map_err(|why| context.tell(why)).ok()
}

/// The file that `apply` takes, if that is what was read.
pub(super) fn kept(run: &Run, files: &[PathBuf]) -> Option<String> {
    run.plan.as_ref()?.origin.as_ref()?;
    files.first().map(|file| file.display().to_string())
}

/// The shard that the environment names.
fn auto() -> Result<Shard, Diagnostic> {
    let number = |name: &str| source::environment(name).map(|text| text.trim().parse::<u32>().ok());
    for (index, total, first) in PLATFORMS {
        let Some(at) = number(index) else { continue };
        let Some(count) = number(total) else {
            let detail = format!("{index} says which shard this is, and {total}, how many there are, is not set.");
            return Err(unknown(detail));
        };
        let shard = at.zip(count).and_then(|(at, count)| Shard::new(at.checked_add(1)?.checked_sub(first)?, count));
        return shard
            .ok_or_else(|| unknown(format!("{index} and {total} name no shard: they must be numbers, from {first}.")));
    }
    Err(unknown("The environment is none of a job that knows its number.".to_owned()))
}

fn unknown(detail: String) -> Diagnostic {
    let known: Vec<String> = PLATFORMS.iter().map(|(index, total, _)| format!("{index} with {total}")).collect();
    let help = format!("write `--shard 2/8`; `auto` reads {}", known.join(", "));
    Diagnostic::error(&codes::SHARD_UNKNOWN, detail).help(help)
}
