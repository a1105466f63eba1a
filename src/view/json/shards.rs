//! Which shard a document is of, and the runs of all shards of one split put together as one run: whatever is drawn of that
//! says what all of them come to, and need not know of shards.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::model::shard;
use crate::plan::HazardKind;
use crate::view::json::Word;
use crate::view::json::diagnostic;
use crate::view::json::drift;
use crate::view::json::event::Ending;
use crate::view::json::event::Skip;
use crate::view::json::plan::Document;
use crate::view::json::plan::Foreign;
use crate::view::json::plan::Hazard;
use crate::view::json::plan::Room;
use crate::view::json::run::Run;
use crate::view::outcome;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// How many seconds may lie between the first and the last of them: as long as a job may take that GitHub hosts
/// (<https://docs.github.com/en/actions/reference/actions-limits>, looked up in November 2026).
const APART: i64 = 6 * 60 * 60;

/// A shard that a document is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which one: `2/8`.
    pub shard: String,
    /// A digest of all that the whole configuration says.
    pub configuration: String,
    /// When it was looked at, in UTC, as RFC 3339.
    pub at: String,
    /// What is planned of it, where it is one of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
}

/// What is planned of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// How many changes.
    pub changes: usize,
    /// The checksum of its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// What its hazards have to be allowed with.
    pub allow: BTreeMap<Word, usize>,
    /// Whether another shard has to be first: then it is planned again.
    pub waits: bool,
    /// The file that `apply` takes, if it was kept.
    #[serde(skip)]
    pub file: Option<String>,
}

/// Puts the reports of the shards of one split together, each with what the user calls its file. One that is of a whole
/// configuration stays as it is.
///
/// # Errors
/// They are not of one split, or a shard is there twice.
pub fn together(mut reports: Vec<(String, Run)>) -> Result<Run, Vec<Diagnostic>> {
    if let [(_, run)] = reports.as_slice()
        && run.shards.is_empty()
    {
        return Ok(reports.remove(0).1);
    }
    let owners = owners(&reports)?;
    let is_known = |run: &Run| run.plan.is_some() || run.drift.is_some();
    let unknown = owners.iter().filter(|(_, report)| report.is_none_or(|at| !is_known(&reports[at].1)));
    let unknown = unknown.map(|(shard, _)| shard.clone()).collect();
    let has_ended = reports.iter().any(|(_, run)| run.ending.is_some());
    let made: BTreeSet<String> = reports
        .iter()
        .flat_map(|(_, run)| &run.plan)
        .flat_map(|p| &p.changes)
        .map(|row| row.resource.clone())
        .collect();
    // In the order of the shards, whatever the order of the files.
    let mut seen = BTreeSet::new();
    let order = owners.into_iter().filter_map(|(_, report)| report).chain(0..reports.len());
    let order: Vec<usize> = order.filter(|at| seen.insert(*at)).collect();
    let is_one = reports.len() == 1;
    let mut whole = Run { unknown, ..Run::default() };
    for at in order {
        let (name, mut run) = std::mem::take(&mut reports[at]);
        if let Some(plan) = &mut run.plan {
            for shard in &mut run.shards {
                shard.planned.get_or_insert_with(|| planned(plan, &name));
            }
            if !has_ended {
                // What the other one's plan makes is no hindrance, but an order.
                plan.blocked.retain(|problem| {
                    let waits = problem.diagnostic.code == codes::SHARD_WAITS.id && made.contains(&problem.address);
                    if waits {
                        run.diagnostics.retain(|entry| *entry != problem.diagnostic);
                    }
                    !waits
                });
            }
        }
        join(&mut whole, run, has_ended);
    }
    // What was said of them before is out of date.
    whole.diagnostics.retain(|entry| entry.code != codes::SHARD_MISSING.id);
    if let Some(sentence) = outcome::unknown(&whole) {
        let why = Diagnostic::error(&codes::SHARD_MISSING, sentence)
            .help("look at the jobs of these shards, run them again, and give the files of all of them");
        whole.diagnostics.insert(0, diagnostic::entry(&why, &Sources::new()));
    }
    if let Some(plan) = &mut whole.plan {
        plan.shards.clone_from(&whole.shards);
        plan.diagnostics.clone_from(&whole.diagnostics);
        if !is_one || !whole.unknown.is_empty() {
            (plan.checksum, plan.origin) = (None, None);
        }
    }
    if let Some(drift) = &mut whole.drift {
        drift.shards.clone_from(&whole.shards);
    }
    Ok(whole)
}

/// Which of the reports each shard of the split is in, if any. What failed before it knew its shard is of none.
fn owners(reports: &[(String, Run)]) -> Result<Vec<(String, Option<usize>)>, Vec<Diagnostic>> {
    let apart = |detail: String| {
        Diagnostic::error(&codes::SHARDS_APART, detail)
            .help("give what all shards of one split wrote in one pipeline, and nothing else")
    };
    let twice = |shard: &str, one: &str, other: &str| {
        let detail = format!("`{one}` and `{other}` are both of shard {shard}.");
        Diagnostic::error(&codes::SHARD_TWICE, detail).help("leave out the one that is older")
    };
    let mut problems = Vec::new();
    let mut owners: BTreeMap<u32, usize> = BTreeMap::new();
    // What the others have to be like.
    let mut like: Option<(&str, &Run, &Shard, u32)> = None;
    let mut times: Vec<(Timestamp, &str)> = Vec::new();
    for (at, (name, run)) in reports.iter().enumerate() {
        if run.shards.is_empty() && (run.plan.is_some() || run.drift.is_some()) {
            problems.push(apart(format!("`{name}` is not of a shard.")));
        }
        for stamp in &run.shards {
            let known = stamp.shard.parse::<shard::Shard>().ok().zip(stamp.at.parse::<Timestamp>().ok());
            let Some((shard, time)) = known else {
                problems.push(apart(format!("`{name}` does not say of which shard it is, and when it was made.")));
                continue;
            };
            times.push((time, name));
            let (first, model, own, total) = *like.get_or_insert((name, run, stamp, shard.total()));
            if shard.total() != total {
                problems.push(apart(format!("`{first}` is of shard {}, `{name}` of {shard}.", own.shard)));
            } else if stamp.configuration != own.configuration {
                problems.push(apart(format!("`{name}` is of another configuration than `{first}`.")));
            } else if ledger(run).zip(ledger(model)).is_some_and(|(a, b)| a != b) {
                problems.push(apart(format!("`{name}` was made with another ledger than `{first}`.")));
            } else if run.command != model.command {
                let (one, other) = (&model.command, &run.command);
                problems.push(apart(format!("`{first}` is of `keyform {one}`, `{name}` of `keyform {other}`.")));
            } else if let Some(other) = owners.insert(shard.index(), at) {
                problems.push(twice(&stamp.shard, &reports[other].0, name));
            }
        }
    }
    if let (Some((old, first)), Some((new, last))) = (times.iter().min(), times.iter().max())
        && new.as_second() - old.as_second() > APART
    {
        problems.push(apart(format!("`{first}` was made at {old}, `{last}` at {new}: that is not one run.")));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let total = like.map_or(0, |(.., total)| total);
    Ok((1..=total).map(|index| (format!("{index}/{total}"), owners.get(&index).copied())).collect())
}

/// The owner of the ledger that a kept plan was made with.
fn ledger(run: &Run) -> Option<&str> {
    run.plan.as_ref()?.origin.as_ref().map(|origin| origin.ledger.as_str())
}

fn planned(plan: &Document, name: &str) -> Planned {
    let mut allow: BTreeMap<Word, usize> = BTreeMap::new();
    for hazard in plan.hazards.iter().filter(|hazard| !hazard.allowed) {
        *allow.entry(hazard.kind.word().into()).or_default() += hazard.count;
    }
    Planned {
        changes: plan.changes.len(),
        checksum: plan.checksum.clone(),
        allow,
        waits: plan.blocked.iter().any(|problem| problem.diagnostic.code == codes::SHARD_WAITS.id),
        file: plan.origin.as_ref().map(|_| name.to_owned()),
    }
}

/// Adds the run of a shard. Where others were applied, what it did not begin was not done.
fn join(whole: &mut Run, run: Run, has_ended: bool) {
    whole.command.clone_from(&run.command);
    whole.at = whole.at.max(run.at);
    if run.plan.is_some() || run.drift.is_some() {
        whole.shards.extend(run.shards);
    }
    whole.add(run.diagnostics);
    let ending = run.ending.or_else(|| run.plan.as_ref().filter(|_| has_ended).map(not_begun));
    match (&mut whole.ending, ending) {
        (Some(all), Some(ending)) => endings(all, ending),
        (all, ending) => *all = all.take().or(ending),
    }
    match (&mut whole.plan, run.plan) {
        (Some(all), Some(plan)) => plans(all, plan),
        (all, plan) => *all = all.take().or(plan),
    }
    match (&mut whole.drift, run.drift) {
        (Some(all), Some(drift)) => drifts(all, drift),
        (all, drift) => *all = all.take().or(drift),
    }
}

/// Adds what is not there under its name, in the order of names. What several shards read, each of them tells.
fn add<T>(all: &mut Vec<T>, more: Vec<T>, name: impl Fn(&T) -> &str) {
    let known: BTreeSet<String> = all.iter().map(|one| name(one).to_owned()).collect();
    all.extend(more.into_iter().filter(|one| !known.contains(name(one))));
    all.sort_by(|a, b| name(a).cmp(name(b)));
}

fn sum(all: &mut BTreeMap<Word, usize>, more: BTreeMap<Word, usize>) {
    more.into_iter().for_each(|(word, count)| *all.entry(word).or_default() += count);
}

/// What is strange to two of them is as much as is strange to both.
fn strangers(all: &mut Vec<Foreign>, more: Vec<Foreign>) {
    for foreign in &more {
        if let Some(known) = all.iter_mut().find(|known| known.place == foreign.place) {
            known.count = known.count.min(foreign.count);
        }
    }
    add(all, more, |foreign| &foreign.place);
}

fn plans(all: &mut Document, more: Document) {
    sum(&mut all.summary, more.summary);
    all.unchanged += more.unchanged;
    all.changes.extend(more.changes);
    let is_unread = |hazard: &Hazard| hazard.kind == HazardKind::Incomplete;
    let unread: BTreeSet<String> = all.hazards.iter().filter(|h| is_unread(h)).map(|h| h.address.clone()).collect();
    all.hazards.extend(more.hazards.into_iter().filter(|h| !is_unread(h) || !unread.contains(&h.address)));
    strangers(&mut all.foreign, more.foreign);
    add(&mut all.blind, more.blind, |blind| &blind.address);
    add(&mut all.blocked, more.blocked, |problem| &problem.address);
    add(&mut all.incomplete, more.incomplete, |problem| &problem.address);
    add(&mut all.missing, more.missing, |problem| &problem.address);
    all.undo.asked |= more.undo.asked;
    all.undo.kept += more.undo.kept;
    all.undo.foreign += more.undo.foreign;
    add(&mut all.undo.unread, more.undo.unread, |address| address);
    add(&mut all.undo.beyond, more.undo.beyond, |address| address);
    add(&mut all.declared, more.declared, |declared| &declared.address);
    add(&mut all.syncs, more.syncs, |sync| &sync.address);
    all.requests += more.requests;
    all.milliseconds += more.milliseconds;
    // Of what is left, the least.
    let share = |room: &Room| u64::from(room.left) * 1_000_000 / u64::from(room.limit.max(1));
    all.headroom = all.headroom.take().into_iter().chain(more.headroom).min_by_key(share);
}

fn drifts(all: &mut drift::Document, more: drift::Document) {
    sum(&mut all.summary, more.summary);
    all.accepted += more.accepted;
    all.unchanged += more.unchanged;
    add(&mut all.findings, more.findings, |finding| &finding.address);
    strangers(&mut all.foreign, more.foreign);
    add(&mut all.declared, more.declared, |declared| &declared.address);
    all.requests += more.requests;
    all.milliseconds += more.milliseconds;
}

fn endings(all: &mut Ending, more: Ending) {
    all.complete &= more.complete;
    all.interrupted |= more.interrupted;
    sum(&mut all.done, more.done);
    all.failed.extend(more.failed);
    all.unapproved.extend(more.unapproved);
    all.skipped.extend(more.skipped);
    all.blocked += more.blocked;
    // Each keeps under a name of its own.
    all.undo = None;
    all.requests += more.requests;
    all.milliseconds += more.milliseconds;
    let news: Vec<_> = more.diagnostics.into_iter().filter(|entry| !all.diagnostics.contains(entry)).collect();
    all.diagnostics.extend(news);
}

/// How the plan of a shard ended that was refused, or had nothing to do.
fn not_begun(plan: &Document) -> Ending {
    let because = plan.blocked.first().map(|problem| problem.address.clone());
    let skip = |address: &String| Skip { address: address.clone(), because: because.clone() };
    Ending::not_begun(plan.changes.iter().map(|row| skip(&row.address)).collect(), plan.blocked.len(), plan.requests)
}
