//! `keyform plan`: what would change, and why. Changes nothing.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::context::unwritable;
use crate::cli::drift;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::shard::Sharding;
use crate::cli::snapshot;
use crate::cli::snapshot::Source;
use crate::config::Extent;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::codes;
use crate::disk;
use crate::engine;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::health;
use crate::engine::reading::Reader;
use crate::model::address::Address;
use crate::model::desired::Broken;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::plan::Hazard;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::guard;
use crate::plan::saved::Saved;
use crate::secret::sign::Verifier;
use crate::view::json;
use crate::view::text;
use crate::view::text::Cost;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Show what apply would do, key by key.
///
/// Reads the backend and every destination, compares them with the configuration and with what keyform
/// wrote last, and prints each change with its reason. Values are never shown, only fingerprints; what is
/// dangerous is named with a count. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform plan\n  keyform plan --out web.plan && keyform apply web.plan\n  \
                        keyform plan --target 'secret_sync.web[\"prod\"]'\n  \
                        keyform plan --snapshot today.snapshot   # in a job that has no secrets\n  \
                        keyform plan --exit-code   # 0 nothing, 2 changes, 5 not all seen")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    taking: Taking,
    /// Exit with 2 if there are changes
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    sharding: Sharding,
    /// Plan the end of everything that keyform owns
    #[arg(long, conflicts_with_all = ["adopt", "shard"])]
    destroy: bool,
    /// Plan with a snapshot (`keyform snapshot`) instead of what is live: needs no credentials and no network
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    snapshot: Option<PathBuf>,
    /// The public key that the snapshot has to be signed with (also: KEYFORM_SNAPSHOT_KEY)
    #[arg(long, value_name = "KEY", requires = "snapshot", value_parser = snapshot::key)]
    snapshot_key: Option<Verifier>,
    /// Keep the plan in this file, for `apply FILE` and `show FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    outputs: Outputs,
}

/// What becomes of what exists and is not managed, for every command that makes things.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Taking {
    /// Adopt what exists and is right, instead of reporting it as taken
    #[arg(long)]
    pub(super) adopt: bool,
}

/// What is planned, for every command that plans.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Selection {
    /// Only this resource and what it needs (at a destroy: what needs it); may be repeated
    #[arg(long = "target", value_name = "ADDRESS", value_parser = address)]
    pub(super) targets: Vec<Address>,
    /// Let `secret_exec` run programs
    #[arg(long)]
    pub(super) allow_exec: bool,
    #[command(flatten)]
    pub(super) inputs: Inputs,
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    Address::from_str(text).map_err(|stop| {
        let at = match text.get(stop.at..).filter(|rest| !rest.is_empty()) {
            Some(rest) => format!("from `{rest}` on it is no address"),
            None => "it is no address yet".to_owned(),
        };
        format!("{at}; write kind.name, kind.name[\"key\"] or project.p.folder[\"/path\"]")
    })
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let began = Instant::now();
    if let Err(exit) = output::begin(context, "plan", &args.outputs, args.out.as_deref()) {
        return exit;
    }
    let extent = if args.destroy { Extent::End } else { Extent::All };
    let Some((desired, registry)) = context.load_for(&args.selection.inputs, extent) else {
        return context.failed("plan");
    };
    let Some(desired) = args.sharding.part(context, desired, &registry) else { return context.failed("plan") };
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("plan") };
    let scope = Scope {
        targets: args.selection.targets.clone(),
        adopt: args.taking.adopt,
        destroy: args.destroy,
        ..Scope::default()
    };
    if let Some(why) = args.out.as_deref().and_then(output::misplaced) {
        context.tell(why);
        return context.failed("plan");
    }
    if let Some(path) = &args.out
        && let Err(why) =
            output::is_free(path, |old| json::saved::read(&path.display().to_string(), old.as_bytes()).is_ok())
    {
        context.tell(why);
        return context.failed("plan");
    }
    // The fingerprints of a plan that is kept need a key that is kept: that of a ledger, if only an empty one.
    let lock = args.out.as_ref().map(|_| engine::Lock {
        command: "plan".to_owned(),
        timeout: Duration::from_secs(10),
        only_if_new: true,
    });
    let planned = match &args.snapshot {
        Some(path) => {
            let source = Source { path, key: args.snapshot_key.as_ref() };
            runtime.block_on(snapshot::plan(context, &source, &desired, registry, &scope))
        }
        None => runtime.block_on(async {
            let engine = context.open(&desired, registry, args.selection.allow_exec, lock).await?;
            let planned = make(context, &engine, &desired, &scope).await;
            engine.close().await;
            planned
        }),
    };
    let Some(planned) = planned else { return context.failed("plan") };
    let cost = Cost { requests: planned.requests, took: began.elapsed() };
    if let Some(path) = &args.out
        && let Err(why) = keep(context, path, &planned, &desired, &scope, cost)
    {
        context.tell(why);
        return context.failed("plan");
    }
    context.describe(&planned.plan, cost, &desired);
    let draw = if context.global.quiet { text::brief } else { text::plan };
    context.show(|style| draw(&planned.plan, style, cost) + &text::refusal(&planned.plan, style));
    match (&context.run.plan, &args.out) {
        (Some(document), _) if context.global.json => context.document(document),
        (_, Some(path)) => {
            let path = path.display();
            let does = match args.snapshot {
                Some(_) => "looks at what is live, and does exactly this or nothing",
                None => "does exactly this",
            };
            context.terminal.note(&format!("Kept in {path}: `keyform apply {path}` {does}.\n"));
        }
        _ => {}
    }
    exit(&planned, args.exit_code)
}

/// Writes the plan into a file that only its owner can read.
fn keep(
    context: &Context,
    path: &Path,
    planned: &Planned,
    desired: &Desired,
    scope: &Scope,
    cost: Cost,
) -> Result<(), Diagnostic> {
    let saved = Saved { plan: planned.plan.clone(), origin: planned.origin(scope) };
    let document = json::plan::saved(&saved, cost, context.entries(), &context.sources);
    let document = document.declared(desired, &context.sources).headroom(context.headroom.as_ref());
    let text = json::pretty(&document.of(&context.run.shards));
    disk::save(path, text.as_bytes(), disk::replace_private).map_err(|error| unwritable(path, &error))
}

/// Reads a plan that was kept, and what it cost to make it.
///
/// # Errors
/// It is none, or can't be read.
pub(super) fn kept(context: &Context, path: &Path) -> Result<(Saved, Cost), Diagnostic> {
    let text = context.read(path)?;
    let saved = json::saved::read(&path.display().to_string(), text.as_bytes())?;
    Ok((saved, json::saved::cost(text.as_bytes())))
}

/// Plans and tells the notes. `None` if there is no plan; why was told.
pub(super) async fn make(
    context: &mut Context,
    engine: &crate::engine::Engine,
    desired: &Arc<Desired>,
    scope: &Scope,
) -> Option<Planned> {
    if !scope.targets.is_empty() && !are_known(context, engine.ledger().await, desired, &scope.targets) {
        return None;
    }
    let planned = engine.plan(desired, scope).await;
    context.headroom = engine.headroom();
    let mut planned = told(context, planned, desired)?;
    let failed = planned.failed_runs().into_iter();
    context.tell_all(failed.map(|(address, why)| {
        Diagnostic::warning(&codes::RUN_FAILED, format!("{address}: {why}")).help(health::MEND_RUN)
    }));
    if !scope.destroy {
        planned.plan.accepted = drift::overwritten(context, &planned);
    }
    Some(planned)
}

/// The same where nothing may be written.
pub(super) async fn read(
    context: &mut Context,
    reader: &Reader,
    desired: &Arc<Desired>,
    scope: &Scope,
) -> Option<Planned> {
    if !scope.targets.is_empty() && !are_known(context, reader.ledger().await, desired, &scope.targets) {
        return None;
    }
    let planned = reader.plan(desired, scope).await;
    context.headroom = reader.headroom();
    told(context, planned, desired)
}

/// Tells the notes of a plan, or why there is none.
pub(super) fn told(context: &mut Context, planned: Result<Planned, Diagnostics>, desired: &Desired) -> Option<Planned> {
    match planned {
        Ok(planned) => {
            let (changes, unchanged) = (planned.plan.changes.len(), planned.plan.unchanged);
            tracing::info!(changes, unchanged, requests = planned.requests, "planned");
            // The plan itself says which destinations were not inspected, and why.
            let notes = planned.notes.iter().filter(|note| note.code != &codes::NOT_INSPECTED);
            context.tell_all(notes.cloned());
            context.tell_all(planned.plan.blocked.values().cloned());
            context.tell_all(rules(desired, &planned.plan));
            Some(planned)
        }
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            None
        }
    }
}

/// The rules that are not met, underlined: as warnings, because it is a hazard of the plan that refuses them.
fn rules(desired: &Desired, plan: &Plan) -> Vec<Diagnostic> {
    let refused = |broken: &&Broken| {
        let is_named = |hazard: &Hazard| hazard.kind == HazardKind::Rule && hazard.address == broken.address;
        plan.hazards.iter().any(|hazard| is_named(hazard) && !hazard.allowed)
    };
    let warn = |broken: &Broken| Diagnostic { severity: Severity::Warning, ..guard::broken(desired, broken) };
    desired.broken.iter().filter(refused).map(warn).collect()
}

/// Whether each target is declared or owned; those that are not are told.
pub(super) fn are_known(
    context: &mut Context,
    ledger: Result<Ledger, Diagnostic>,
    desired: &Desired,
    targets: &[Address],
) -> bool {
    let Some(ledger) = ledger.map_err(|why| context.tell(why)).ok() else { return false };
    let known: Vec<&Address> = desired.resources.keys().chain(ledger.records.keys()).collect();
    let mut all = true;
    for target in targets {
        let sync = target.resource();
        if known.iter().any(|address| address.is_within(target) || **address == sync) {
            continue;
        }
        all = false;
        let detail = format!("`{target}` is neither declared nor owned.");
        let names: Vec<String> = known.iter().map(ToString::to_string).collect();
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail);
        context.tell(diagnostic.did_you_mean(&target.to_string(), names.iter().map(String::as_str)));
    }
    all
}

/// A plan that can't be applied is refused, one with holes is never clean; a plan with changes is pending where that was asked for.
pub(super) fn exit(planned: &Planned, exit_code: bool) -> Exit {
    let plan = &planned.plan;
    // As `validate` ends for a rule: who wants it allowed says so in the configuration.
    let never = |hazard: &Hazard| !hazard.kind.can_be_allowed() || hazard.kind == HazardKind::Rule;
    if !plan.blocked.is_empty() || plan.hazards.iter().any(|hazard| never(hazard) && !hazard.allowed) {
        return Exit::Refused;
    }
    if !plan.incomplete.is_empty() {
        return Exit::Undetermined;
    }
    match (exit_code, plan.changes.is_empty(), plan.blind.is_empty()) {
        (true, _, _) if !plan.missing.is_empty() => Exit::Undetermined,
        (true, false, _) => Exit::Pending,
        (true, true, false) => Exit::Undetermined,
        _ => Exit::Done,
    }
}
