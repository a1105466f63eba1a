//! `keyform apply`: plans, asks, and does it. [`carry_out`] is shared with `destroy`.

use crate::cli::confirm;
use crate::cli::confirm::Allow;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::plan::Selection;
use crate::cli::plan::Taking;
use crate::cli::plan::kept;
use crate::cli::plan::make;
use crate::cli::progress::Progress;
use crate::cli::shard::Sharding;
use crate::cli::show;
use crate::cli::signals::Stop;
use crate::config::Extent;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::event::Cancel;
use crate::engine::event::Report;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::desired::Settings;
use crate::plan;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::saved::Saved;
use crate::provider::registry::Registry;
use crate::view;
use crate::view::json;
use crate::view::text;
use crate::view::text::Cost;
use crate::view::words;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Make what is live what is declared.
///
/// Plans, shows the plan, asks, and applies it in order. What is dangerous is refused unless it is
/// allowed with the number that the plan names. With FILE, a plan that was kept by `keyform plan --out`, exactly
/// that is done, or nothing if what it is about has changed since. A failure stops only what depends on it; running again
/// goes on from there. Ctrl-C once ends in order, twice at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform apply\n  keyform apply web.plan\n  keyform apply --auto-approve --allow takeover=3   # in CI, after review\n  \
                        keyform apply --target project.bakery"
)]
pub(super) struct Args {
    /// A plan that was kept by `keyform plan --out`
    #[arg(conflicts_with_all = ["targets", "adopt", "shard"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    taking: Taking,
    #[command(flatten)]
    sharding: Sharding,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    outputs: Outputs,
}

/// How a plan is carried out.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Way {
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
    /// Allow this many rows of a hazard; may be repeated
    #[arg(long = "allow", value_name = "KIND=N", value_parser = confirm::allow)]
    allow: Vec<Allow>,
    /// Apply only a plan with this checksum
    #[arg(long, value_name = "HEX", value_parser = checksum)]
    checksum: Option<String>,
    /// Changes under way at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: Option<u16>,
    /// How long to wait for another run that holds the lock
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    lock_timeout: Duration,
    /// Do not keep what is overwritten and deleted, though the configuration asks for it: it is lost
    #[arg(long)]
    no_undo: bool,
    /// Ask once more for changes that wait for approval at the backend: the requests were declined
    #[arg(long)]
    ask_again: bool,
}

impl Way {
    /// How drift is healed: no hazard is ever allowed.
    pub(super) fn heal(auto_approve: bool, lock_timeout: Duration) -> Self {
        Self {
            auto_approve,
            allow: Vec::new(),
            checksum: None,
            parallelism: None,
            lock_timeout,
            no_undo: false,
            ask_again: false,
        }
    }

    /// How a test applies: nobody is there to be asked.
    pub(super) fn test(allow: Vec<Allow>) -> Self {
        Self { allow, ..Self::heal(true, Duration::ZERO) }
    }

    /// The number of this hazard that was given.
    pub(super) fn allowed(&self, kind: HazardKind) -> Option<usize> {
        self.allow.iter().find(|allow| allow.kind == kind).map(|allow| allow.count)
    }

    /// What the command line says of the settings.
    pub(super) fn settle(&self, settings: &mut Settings) {
        if let Some(most) = self.parallelism {
            settings.parallelism = Some(usize::from(most));
        }
        if self.no_undo {
            settings.undo = None;
        }
    }

    /// The lock of a command that writes.
    pub(super) fn lock(&self, command: &str) -> engine::Lock {
        engine::Lock { command: command.to_owned(), timeout: self.lock_timeout, only_if_new: false }
    }
}

/// What binds an apply besides its scope.
pub(super) enum Bound<'a> {
    /// Nothing: whatever is planned.
    Nothing,
    /// Exactly what a saved plan says.
    Saved(&'a Saved),
    /// Only these resources.
    Only(&'a BTreeSet<Address>),
}

impl Bound<'_> {
    fn hold(&self, planned: &mut Planned, scope: &Scope) -> Result<(), Diagnostics> {
        match self {
            Self::Nothing => Ok(()),
            Self::Saved(saved) => planned.hold(saved, scope),
            Self::Only(resources) => {
                let other = planned.plan.changes.iter().find(|row| !resources.contains(&row.address.resource()));
                let Some(other) = other else { return Ok(()) };
                let detail = format!("{} {} as well.", other.action.word(), other.address);
                let help = "look at `keyform plan`, and apply it if it is right";
                Err(Diagnostics::from(Diagnostic::error(&codes::NOT_HEALED, detail).help(help)))
            }
        }
    }
}

fn checksum(text: &str) -> Result<String, String> {
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| text.to_ascii_lowercase()).ok_or_else(|| "it must be the 64 digits that the plan shows".to_owned())
}

/// `30`, `30s`, `5m`.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number: u64 = number.parse().map_err(|_| "it must be a number of seconds, or like 5m".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Err(exit) = output::begin(context, "apply", &args.outputs, args.file.as_deref()) {
        return exit;
    }
    let Some(file) = &args.file else {
        let scope = Scope { targets: args.selection.targets.clone(), adopt: args.taking.adopt, ..Scope::default() };
        let wish = (&args.selection, &args.sharding);
        return carry_out(context, "apply", wish, &args.way, scope, Bound::Nothing);
    };
    let saved = match kept(context, file) {
        Ok((saved, _)) => saved,
        Err(why) => {
            context.tell(why);
            return context.failed("apply");
        }
    };
    let origin = &saved.origin;
    let scope =
        Scope { targets: origin.targets.clone(), adopt: origin.adopt, destroy: origin.destroy, ..Scope::default() };
    let wish = (&args.selection, &Sharding::of(origin.shard));
    carry_out(context, "apply", wish, &args.way, scope, Bound::Saved(&saved))
}

/// Loads, plans, asks and applies; of a saved plan, only what it says.
pub(super) fn carry_out(
    context: &mut Context,
    command: &str,
    (selection, sharding): (&Selection, &Sharding),
    way: &Way,
    scope: Scope,
    bound: Bound<'_>,
) -> Exit {
    let scope = Scope { ask_again: way.ask_again, ..scope };
    let extent = if scope.destroy { Extent::End } else { Extent::All };
    let Some((desired, registry)) = context.load_for(&selection.inputs, extent) else {
        return context.failed(command);
    };
    let Some(mut desired) = sharding.part(context, desired, &registry) else { return context.failed(command) };
    way.settle(&mut desired.settings);
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed(command) };
    let locked = locked(context, command, (&desired, registry.into()), selection.allow_exec, way, &scope, bound);
    runtime.block_on(locked)
}

/// Plans, asks and applies what was loaded, while nobody else does.
pub(super) async fn locked(
    context: &mut Context,
    command: &str,
    (desired, registry): (&Arc<Desired>, Arc<Registry>),
    allow_exec: bool,
    way: &Way,
    scope: &Scope,
    bound: Bound<'_>,
) -> Exit {
    let engine = context.open(desired, registry, allow_exec, Some(way.lock(command))).await;
    let Some(engine) = engine else { return context.failed(command) };
    let exit = work(context, command, &engine, desired, scope, way, bound).await;
    engine.close().await;
    exit
}

async fn work(
    context: &mut Context,
    command: &str,
    engine: &Engine,
    desired: &Arc<Desired>,
    scope: &Scope,
    way: &Way,
    bound: Bound<'_>,
) -> Exit {
    let began = Instant::now();
    let Some(mut planned) = make(context, engine, desired, scope).await else { return context.failed(command) };
    if let Err(differences) = bound.hold(&mut planned, scope) {
        context.tell_all(differences);
        return context.end(command, Exit::Refused);
    }
    let cost = Cost { requests: planned.requests, took: began.elapsed() };
    let exit = decide(context, command, engine, planned, desired, way, cost).await;
    if exit == Exit::Done && !scope.destroy {
        show::tell_outputs(context, desired);
    }
    exit
}

/// Shows a plan, asks, and applies it.
pub(super) async fn decide(
    context: &mut Context,
    command: &str,
    engine: &Engine,
    planned: Planned,
    desired: &Desired,
    way: &Way,
    cost: Cost,
) -> Exit {
    show(context, way, &planned, desired, cost);
    let reviewed = is_reviewed(context, way, &planned.plan);
    let is_blocked = planned.pushed_back().is_none() && confirm::is_blocked(&planned.plan);
    let gate = match confirm::hazards(context, &planned.plan, &way.allow) {
        _ if is_blocked => Err(Exit::Refused),
        Ok(()) if !reviewed => Err(Exit::Refused),
        Ok(()) if planned.plan.changes.is_empty() => Err(nothing(&planned)),
        Ok(()) if !confirm::is_at_hand(context, &planned.plan) => Err(Exit::Refused),
        Ok(()) => confirm::question(context, command, &planned.plan, way.auto_approve),
        Err(exit) => Err(exit),
    };
    match gate {
        Err(exit) if context.found.has_errors() => context.end(command, exit),
        Err(exit) => exit,
        Ok(()) => apply(context, command, engine, planned).await,
    }
}

/// Whether the plan has the checksum that was asked for, if one was; that it has not is told.
fn is_reviewed(context: &mut Context, way: &Way, plan: &Plan) -> bool {
    let Some(wanted) = &way.checksum else { return true };
    let own = plan::checksum(plan);
    let is_it = own.as_ref() == Some(wanted);
    if !is_it {
        let own = own.as_deref().unwrap_or("none");
        let detail = format!("A plan with the checksum {wanted} was to be applied; this one has {own}.");
        context
            .tell(Diagnostic::error(&codes::OTHER_PLAN, detail).help("look at this plan, and apply it if it is right"));
    }
    is_it
}

fn nothing(planned: &Planned) -> Exit {
    match (planned.plan.blocked.is_empty(), is_determined(&planned.plan)) {
        (false, _) => Exit::Refused,
        (true, false) => Exit::Undetermined,
        (true, true) => Exit::Done,
    }
}

/// Whether everything that the plan is about was read.
fn is_determined(plan: &Plan) -> bool {
    plan.incomplete.is_empty() && plan.blind.is_empty()
}

/// Shows the plan: as text, or as one line of JSON, because more lines follow. Nobody is asked about it and
/// quiet is wanted: then not.
fn show(context: &mut Context, way: &Way, planned: &Planned, desired: &Desired, cost: Cost) {
    context.describe(&planned.plan, cost, desired);
    if let Some(document) = context.run.plan.as_ref().filter(|_| context.global.json) {
        context.terminal.out(&json::line(document));
    }
    if !(context.global.quiet && way.auto_approve) {
        context.show(|style| text::plan(&planned.plan, style, cost));
    }
}

async fn apply(context: &mut Context, command: &str, engine: &Engine, planned: Planned) -> Exit {
    let cancel = Cancel::new();
    let listener = match Stop::listen() {
        Ok(stop) => tokio::spawn(stop.cancel(cancel.clone(), context.terminal.clone())),
        Err(diagnostic) => {
            context.tell(diagnostic);
            return context.failed(command);
        }
    };
    let determined = is_determined(&planned.plan);
    let unseen = (planned.plan.blind.len(), planned.plan.incomplete.len());
    let progress = Progress::new(context, planned.plan.changes.len());
    let report = engine.apply(planned, &cancel, &mut |event| progress.show(&event)).await;
    listener.abort();
    progress.end();
    tell(context, &report);
    let exit = ending(&report, determined);
    if exit == Exit::Undetermined {
        let parts = [
            words::count(unseen.0, "destination was not inspected", "destinations were not inspected"),
            words::count(unseen.1, "thing could not be read", "things could not be read"),
        ];
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.starts_with("0 ")).collect();
        context.terminal.note(&format!("Not everything was seen: {} (exit code 5).\n", parts.join(", ")));
    }
    exit
}

fn tell(context: &mut Context, report: &Report) {
    let ending = json::event::ending(report, &context.sources);
    if context.global.json {
        context.terminal.out(&json::line(&ending));
        context.run.ending = Some(ending);
        return;
    }
    context.run.ending = Some(ending);
    context.tell_all(report.warnings.iter().cloned());
    // One cause can fail many changes: it is told once.
    let mut told: Vec<&Diagnostic> = Vec::new();
    for (_, diagnostic) in report.failed.iter().chain(&report.unapproved) {
        if !told.contains(&diagnostic) {
            told.push(diagnostic);
        }
    }
    let told: Vec<Diagnostic> = told.into_iter().cloned().collect();
    context.tell_all(told);
    context.show(|style| view::report::report(report, style));
}

fn ending(report: &Report, determined: bool) -> Exit {
    if report.interrupted {
        return Exit::Interrupted;
    }
    match (report.is_complete(), report.done_count()) {
        (true, _) if !determined => Exit::Undetermined,
        (true, _) => Exit::Done,
        (false, 0) if !report.failed.is_empty() || report.unapproved.is_empty() => Exit::Failed,
        (false, _) => Exit::Partial,
    }
}
