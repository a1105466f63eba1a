//! `keyform drift`: what is not as it should be, and whose doing it is. Reads, and nothing else; with `--heal`, an apply of
//! what was changed outside follows.

use crate::cli::apply;
use crate::cli::apply::Bound;
use crate::cli::apply::Way;
use crate::cli::apply::seconds;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::notify;
use crate::cli::notify::Found;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::plan;
use crate::cli::plan::Selection;
use crate::cli::shard::Sharding;
use crate::config::baseline;
use crate::config::overlay::Overlay;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::codes;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::plan::Action;
use crate::plan::drift::Acceptance;
use crate::plan::drift::Cause;
use crate::plan::drift::Drift;
use crate::plan::drift::Finding;
use crate::provider::registry::Registry;
use crate::view;
use crate::view::json;
use crate::view::json::drift::Document;
use crate::view::text::Cost;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Find what was changed outside, and tell it from what is only not applied yet.
///
/// Reads the backend and every destination and compares them with the configuration and with what keyform wrote last, as
/// `plan` does. Each finding has a verdict, how sure it is, and a cause. Nothing is written, no lock is taken. What is known
/// and accepted for a while stands in drift.ignore.hcl, with a reason and a last day.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform drift   # 0 no drift, 2 not applied yet, 3 changed outside, 4 both\n  \
                        keyform drift --output sarif=drift.sarif --output prometheus=drift.prom\n  \
                        keyform drift --heal --auto-approve\n  \
                        keyform drift --notify   # Slack, mail, issues …: tells what is news")]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    sharding: Sharding,
    /// Read what is accepted from this file instead of drift.ignore.hcl
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is declared where something was changed outside, and nothing else; never what is a hazard
    #[arg(long, conflicts_with = "shard")]
    heal: bool,
    /// Do not ask before healing
    #[arg(long, requires = "heal")]
    auto_approve: bool,
    /// How long to wait for another run that holds the lock, before healing
    #[arg(long, value_name = "SECONDS", default_value = "0", requires = "heal", value_parser = seconds)]
    lock_timeout: Duration,
    /// Tell the channels of the `notify` blocks what is news
    #[arg(long, conflicts_with_all = ["targets", "shard"])]
    notify: bool,
    /// Which environment it is about, if there are several: each has notices of its own
    #[arg(long, value_name = "NAME", requires = "notify")]
    environment: Option<String>,
    #[command(flatten)]
    outputs: Outputs,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Err(exit) = output::begin(context, "drift", &args.outputs, None) {
        return exit;
    }
    let Some((desired, registry)) = context.load(&args.selection.inputs) else { return context.failed("drift") };
    let Some(desired) = args.sharding.part(context, desired, &registry) else { return context.failed("drift") };
    if args.notify && !notify::is_anybody(context, &desired) {
        return context.failed("drift");
    }
    let Some(accepted) = accepted(context, args.baseline.as_deref()) else { return context.failed("drift") };
    let Some(runtime) = context.runtime() else { return context.failed("drift") };
    let search = Search {
        desired: Arc::new(desired),
        registry: Arc::new(registry),
        accepted,
        targets: args.selection.targets.clone(),
        allow_exec: args.selection.allow_exec,
    };
    runtime.block_on(work(context, args, &search))
}

async fn work(context: &mut Context, args: &Args, search: &Search) -> Exit {
    let Some(drift) = look(context, search).await else { return context.failed("drift") };
    let environment = args.environment.as_deref();
    // What people read does not wait for anybody; a document has everything that happened.
    let is_first = !context.global.json;
    if is_first {
        show(context, args.heal);
    }
    let mut is_told = !args.notify || tell(context, search, &drift, environment).await;
    if !is_first {
        show(context, args.heal);
    }
    let mut exit = exit(&drift);
    let healable = if args.heal { drift.healable() } else { BTreeSet::new() };
    if args.heal {
        let width = context.terminal.err_style().width;
        context.terminal.note(&view::drift::stays(&drift, width));
    }
    if !healable.is_empty() {
        let way = Way::heal(args.auto_approve, args.lock_timeout);
        let healed = heal(context, search, &way, &healable).await;
        exit = if healed == Exit::Done { left(&drift) } else { healed };
        if args.notify && healed == Exit::Done {
            is_told &= again(context, search, true, environment).await.is_told;
        }
    }
    match exit {
        exit if is_told => exit,
        // That was told, and means more.
        Exit::Failed | Exit::Refused | Exit::Interrupted => exit,
        _ => Exit::Partial,
    }
}

/// What is looked for, and where.
pub(super) struct Search {
    /// What the configuration says.
    pub(super) desired: Arc<Desired>,
    /// All destinations.
    pub(super) registry: Arc<Registry>,
    /// What is accepted.
    pub(super) accepted: Vec<Acceptance>,
    /// Only these; none for everything.
    pub(super) targets: Vec<Address>,
    /// Whether `secret_exec` may start programs.
    pub(super) allow_exec: bool,
}

/// Tells whoever wants to hear of it what was found. Gives whether that went well.
pub(super) async fn tell(context: &mut Context, search: &Search, drift: &Drift, environment: Option<&str>) -> bool {
    let Some(document) = context.run.drift.clone() else { return false };
    let found = Found { drift, document: &document, environment };
    notify::tell(context, (&search.desired, &search.registry), search.allow_exec, found).await
}

/// What healing came to.
pub(super) struct Again {
    /// What is found now, unless nothing could be.
    pub(super) found: Option<(Drift, Document)>,
    /// Whether everything was told that had to be.
    pub(super) is_told: bool,
}

/// Looks once more after healing, and tells what that came to, if somebody is to hear of it. Nothing of it is shown.
pub(super) async fn again(context: &mut Context, search: &Search, is_heard: bool, environment: Option<&str>) -> Again {
    let mut hushed = context.hushed();
    let drift = look(&mut hushed, search).await;
    let is_told = match &drift {
        Some(drift) if is_heard => tell(&mut hushed, search, drift, environment).await,
        _ => !is_heard,
    };
    // What it found was said before; what it could not tell was not.
    let is_known = |problem: &Diagnostic| context.found.iter().any(|known| known == problem);
    let news: Vec<Diagnostic> = hushed.found.into_iter().filter(|problem| !is_known(problem)).collect();
    context.tell_all(news);
    Again { found: drift.zip(hushed.run.drift), is_told }
}

/// What is accepted. `None` if the file is wrong; that was told.
pub(super) fn accepted(context: &mut Context, file: Option<&Path>) -> Option<Vec<Acceptance>> {
    let own = context.dir().join(baseline::NAME);
    let path = match file {
        Some(path) => path,
        None if own.exists() => &own,
        None => return Some(Vec::new()),
    };
    let mut acc = Diagnostics::new();
    let accepted = baseline::read(&mut acc, &mut context.sources, path, &Overlay::default());
    let failed = acc.has_errors();
    context.tell_all(acc);
    (!failed).then_some(accepted)
}

/// The rows of a plan that overwrite what is accepted, and until when it is. A file that is wrong is a warning here: it is
/// no part of the configuration.
pub(super) fn overwritten(context: &mut Context, planned: &Planned) -> BTreeMap<Address, Arc<str>> {
    let path = context.dir().join(baseline::NAME);
    if !path.exists() {
        return BTreeMap::new();
    }
    let mut acc = Diagnostics::new();
    let accepted = baseline::read(&mut acc, &mut context.sources, &path, &Overlay::default());
    context.tell_all(acc.into_iter().map(|problem| Diagnostic { severity: Severity::Warning, ..problem }));
    let drift = planned.drift(&accepted, today());
    let rows = drift
        .findings
        .iter()
        .filter(|finding| finding.row.is_some_and(|(action, _)| !matches!(action, Action::Adopt | Action::Forget)));
    let day = |finding: &Finding| Some(accepted.get(finding.accepted?)?.expires.clone());
    rows.filter_map(|finding| Some((finding.address.clone(), day(finding)?))).collect()
}

fn today() -> i32 {
    baseline::days(Timestamp::now().to_zoned(TimeZone::UTC).date())
}

/// Reads and compares. `None` if that failed; why was told.
pub(super) async fn look(context: &mut Context, search: &Search) -> Option<Drift> {
    let began = Instant::now();
    let Search { desired, registry, accepted, targets, allow_exec } = search;
    let scope = Scope { targets: targets.clone(), ..Scope::default() };
    let reader = context.read_only(desired, Arc::clone(registry), *allow_exec).await?;
    let planned = plan::read(context, &reader, desired, &scope).await;
    reader.close().await;
    let planned = planned?;
    let drift = planned.drift(accepted, today());
    // What targets or a shard leave out was not looked for.
    let unused = drift.unused.iter().filter(|_| scope.targets.is_empty() && desired.part.is_none());
    let notes = drift.expired.iter().map(|place| (&codes::EXPIRED, place));
    let notes: Vec<Diagnostic> = notes
        .chain(unused.map(|place| (&codes::NOTHING_ACCEPTED, place)))
        .filter_map(|(code, place)| {
            let acceptance = accepted.get(*place)?;
            let (verdict, address, day) = (acceptance.verdict.word(), &acceptance.address, &acceptance.expires);
            let detail = format!("`{verdict}` of {address}, until {day}.");
            Some(Diagnostic::warning(code, detail).at(acceptance.origin, ""))
        })
        .collect();
    context.tell_all(notes);
    let cost = Cost { requests: planned.requests, took: began.elapsed() };
    let known = (&**desired, &context.sources);
    let mut document = json::drift::document(&drift, accepted, &planned.plan, cost, known);
    document.shards.clone_from(&context.run.shards);
    context.run.drift = Some(document);
    Some(drift)
}

/// Shows what was found; where more follows, JSON is one line.
fn show(context: &mut Context, is_more: bool) {
    let diagnostics = context.entries();
    let Some(document) = context.run.drift.as_mut() else { return };
    document.diagnostics = diagnostics;
    let document = document.clone();
    let is_brief = context.global.quiet;
    context.show(|style| view::drift::drift(&document, style, is_brief));
    match (context.global.json, is_more) {
        (true, true) => context.terminal.out(&json::line(&document)),
        (true, false) => context.document(&document),
        (false, _) => {}
    }
}

/// Applies what can be healed, and refuses where anything else would be.
pub(super) async fn heal(context: &mut Context, search: &Search, way: &Way, healable: &BTreeSet<Address>) -> Exit {
    let scope = Scope { targets: healable.iter().cloned().collect(), ..Scope::default() };
    let loaded = (&search.desired, Arc::clone(&search.registry));
    apply::locked(context, "drift", loaded, search.allow_exec, way, &scope, Bound::Only(healable)).await
}

/// What was found stands, also where something else could not be seen.
pub(super) fn exit(drift: &Drift) -> Exit {
    let open = |cause| drift.open(cause) > 0;
    ending(open(Cause::Outside), open)
}

/// What is left once everything that can be healed is.
fn left(drift: &Drift) -> Exit {
    let healed = drift.healable();
    let stays = |address: &Address| !healed.contains(&address.resource());
    let outside = drift.findings.iter().any(|finding| {
        finding.is_open() && finding.cause == Cause::Outside && (finding.row.is_none() || stays(&finding.address))
    });
    ending(outside, |cause| drift.open(cause) > 0)
}

fn ending(outside: bool, open: impl Fn(Cause) -> bool) -> Exit {
    match (outside || open(Cause::Both), open(Cause::Unapplied) || open(Cause::Both)) {
        (true, true) => Exit::Both,
        (true, false) => Exit::Drift,
        (false, true) => Exit::Pending,
        (false, false) if open(Cause::Unknown) => Exit::Undetermined,
        (false, false) => Exit::Done,
    }
}
