//! `keyform drift`: what is not as it should be, and whose doing it is. Reads, and nothing else; with `--heal`, an apply of
//! what was changed outside follows.

use crate::cli::apply;
use crate::cli::apply::Bound;
use crate::cli::apply::Way;
use crate::cli::apply::seconds;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::plan;
use crate::cli::plan::Selection;
use crate::config::baseline;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine::Scope;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::plan::drift::Acceptance;
use crate::plan::drift::Cause;
use crate::plan::drift::Drift;
use crate::provider::registry::Registry;
use crate::view;
use crate::view::json;
use crate::view::text::Cost;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
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
#[command(
    after_help = "Examples:\n  keyform drift   # 0 no drift, 2 not applied yet, 3 changed outside, 4 both, 5 could not see everything\n  \
                        keyform drift --output sarif=drift.sarif --output prometheus=/var/lib/node_exporter/drift.prom\n  \
                        keyform drift --heal --auto-approve"
)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Read what is accepted from this file instead of drift.ignore.hcl
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is declared where something was changed outside, and nothing else; never what is a hazard
    #[arg(long)]
    heal: bool,
    /// Do not ask before healing
    #[arg(long, requires = "heal")]
    auto_approve: bool,
    /// How long to wait for another run that holds the lock, before healing
    #[arg(long, value_name = "SECONDS", default_value = "0", requires = "heal", value_parser = seconds)]
    lock_timeout: Duration,
    #[command(flatten)]
    outputs: Outputs,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Err(exit) = output::begin(context, "drift", &args.outputs, None) {
        return exit;
    }
    let Some((desired, registry)) = context.load(&args.selection.inputs) else { return context.failed("drift") };
    let Some(accepted) = accepted(context, args) else { return context.failed("drift") };
    let (desired, registry) = (Arc::new(desired), Arc::new(registry));
    let Some(runtime) = context.runtime() else { return context.failed("drift") };
    let Some(drift) = runtime.block_on(look(context, args, &desired, &registry, &accepted)) else {
        return context.failed("drift");
    };
    show(context, args.heal);
    let exit = exit(&drift);
    if !args.heal {
        return exit;
    }
    let healable = drift.healable();
    if healable.is_empty() {
        context.terminal.note("Nothing that can be healed.\n");
        return exit;
    }
    let way = Way::heal(args.auto_approve, args.lock_timeout);
    let healed = runtime.block_on(heal(context, args, (&desired, registry), &way, &healable));
    if healed == Exit::Done { left(&drift) } else { healed }
}

/// What is accepted. `None` if the file is wrong; that was told.
fn accepted(context: &mut Context, args: &Args) -> Option<Vec<Acceptance>> {
    let own = context.dir().join(baseline::NAME);
    let path = match &args.baseline {
        Some(path) => path,
        None if own.exists() => &own,
        None => return Some(Vec::new()),
    };
    let mut acc = Diagnostics::new();
    let accepted = baseline::read(&mut acc, &mut context.sources, path);
    let failed = acc.has_errors();
    context.tell_all(acc);
    (!failed).then_some(accepted)
}

/// Reads and compares. `None` if that failed; why was told.
async fn look(
    context: &mut Context,
    args: &Args,
    desired: &Arc<Desired>,
    registry: &Arc<Registry>,
    accepted: &[Acceptance],
) -> Option<Drift> {
    let began = Instant::now();
    let scope = Scope { targets: args.selection.targets.clone(), ..Scope::default() };
    let reader = context.read_only(desired, Arc::clone(registry), args.selection.allow_exec).await?;
    let planned = plan::read(context, &reader, desired, &scope).await;
    reader.close().await;
    let planned = planned?;
    let today = baseline::days(Timestamp::now().to_zoned(TimeZone::UTC).date());
    let drift = planned.drift(accepted, today);
    // What targets leave out was not looked for.
    let unused = drift.unused.iter().filter(|_| scope.targets.is_empty());
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
    context.run.drift = Some(json::drift::document(&drift, accepted, &planned.plan, cost, known));
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
async fn heal(
    context: &mut Context,
    args: &Args,
    (desired, registry): (&Arc<Desired>, Arc<Registry>),
    way: &Way,
    healable: &BTreeSet<Address>,
) -> Exit {
    let scope = Scope { targets: healable.iter().cloned().collect(), ..Scope::default() };
    let allow_exec = args.selection.allow_exec;
    apply::locked(context, "drift", (desired, registry), allow_exec, way, &scope, Bound::Only(healable)).await
}

/// What was found stands, also where something else could not be seen.
fn exit(drift: &Drift) -> Exit {
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
