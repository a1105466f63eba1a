//! `keyform watch`: `keyform drift` on a schedule, for as long as it is let.
//!
//! One run at a time: [`schedule`] says when the next one begins, counted from the end of the one before, so that nothing piles up.
//! [`board`] keeps what is known of them, [`metrics`] shows it, [`systemd`] is told, [`traces`] sends it to a collector. What a run does is `drift`'s business.

mod board;
mod metrics;
mod schedule;
mod systemd;
mod traces;

use crate::cli::apply::Way;
use crate::cli::apply::seconds;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::drift;
use crate::cli::drift::Search;
use crate::cli::exit::Exit;
use crate::cli::signals::Stop;
use crate::cli::watch::board::Board;
use crate::cli::watch::schedule::Schedule;
use crate::cli::watch::systemd::Bell;
use crate::cli::watch::traces::Exporter;
use crate::cli::watch::traces::Step;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::plan::drift::Cause;
use crate::plan::drift::Drift;
use crate::plan::news;
use crate::plan::news::Item;
use crate::view::json::run::Run;
use crate::view::words;
use jiff::Timestamp;
use jiff::Unit;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Clocks are looked at this often: they may be put, and machines may sleep.
const GLANCE: Duration = Duration::from_secs(30);
/// More findings than this are not logged one by one.
const LOGGED: usize = 100;

/// Look for drift on a schedule, and tell whoever wants to hear of it.
///
/// Runs `keyform drift --notify` at once and then whenever the schedule says, one run at a time: a tick that comes while one is
/// under way is passed over. The configuration is read anew for each run. Logs to standard error; SIGTERM ends it in
/// order. Tells systemd when it is ready, and its watchdog that it is well.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform watch --schedule '*/15 * * * *' --listen 127.0.0.1:9464\n  \
                        keyform watch --schedule '0 6 * * mon-fri' --time-zone Europe/Berlin\n  \
                        keyform watch --schedule @hourly --heal --environment prod")]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// When to look: an expression of cron with five fields, or @hourly, @daily and the like
    #[arg(long, value_name = "CRON", value_parser = schedule::schedule)]
    schedule: Schedule,
    /// The time zone that the schedule is meant in
    #[arg(long, value_name = "NAME", default_value = "UTC", value_parser = schedule::zone)]
    time_zone: TimeZone,
    /// Serve /metrics and /healthz at this address
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Write what is declared where something was changed outside, without asking; never what is a hazard
    #[arg(long)]
    heal: bool,
    /// How long to wait for another run that holds the lock, before healing
    #[arg(long, value_name = "SECONDS", default_value = "60", requires = "heal", value_parser = seconds)]
    lock_timeout: Duration,
    /// Which environment it is about, if there are several: each has notices of its own
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Read what is accepted from this file instead of drift.ignore.hcl
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Let secret_exec run programs
    #[arg(long)]
    allow_exec: bool,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    // What is wrong from the start is said before anything is promised.
    if context.load(&args.inputs).is_none() || drift::accepted(context, args.baseline.as_deref()).is_none() {
        return context.failed("watch");
    }
    let Some(runtime) = context.runtime() else { return context.failed("watch") };
    match runtime.block_on(work(context, args)) {
        Ok(()) => Exit::Done,
        Err(why) => {
            context.tell(why);
            context.failed("watch")
        }
    }
}

async fn work(context: &Context, args: &Args) -> Result<(), Diagnostic> {
    let (asked, mut stop) = watch::channel(false);
    tokio::spawn(Stop::listen()?.announce(asked, context.terminal.clone()));
    let exporter = Exporter::find(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
    let board = Arc::new(Board::default());
    if let Some(address) = args.listen {
        tokio::spawn(metrics::serve(bind(address).await?, Arc::clone(&board)));
    }
    let bell = Arc::new(Bell::find());
    bell.say("READY=1");
    if let Some(every) = systemd::watchdog() {
        tokio::spawn(bark(Arc::clone(&bell), Arc::clone(&board), every));
    }
    let mut known = BTreeSet::new();
    while !*stop.borrow() {
        let began = Timestamp::now();
        bell.say("STATUS=looking for drift");
        board.begin();
        let Some(round) = round(context, args, &mut stop).await else { break };
        let now = Timestamp::now();
        log(&round, &mut known);
        let outcome = board.end(round.run, round.is_told, now.as_second());
        if let Some(exporter) = &exporter {
            exporter.send(&round.steps, outcome.word(), round.exit as u8).await;
        }
        let missed = args.schedule.ticks(began, now, &args.time_zone);
        if missed > 0 {
            tracing::warn!(ticks = missed, "the run took longer than to the next tick; these are passed over");
        }
        let Some(next) = args.schedule.next(now, &args.time_zone) else { break };
        board.wait(next.as_second(), missed);
        tracing::info!(at = %next, "next run");
        bell.say(&format!(
            "STATUS={} at {}; next run at {next}",
            outcome.word(),
            now.round(Unit::Second).unwrap_or(now)
        ));
        wait(args, next, &mut stop).await;
    }
    tracing::info!("stopping");
    bell.say("STOPPING=1");
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Diagnostic> {
    let refused = |error: std::io::Error| {
        Diagnostic::error(&codes::LISTEN, format!("{address}: {}.", error.kind()))
            .help("take another port, or end what listens there")
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    // Port 0 is whichever is free.
    let address = listener.local_addr().map_err(refused)?;
    tracing::info!(%address, "listening");
    Ok(listener)
}

/// Tells the watchdog that all is well, as long as it is.
async fn bark(bell: Arc<Bell>, board: Arc<Board>, every: Duration) {
    while board.stuck().is_none() {
        bell.say("WATCHDOG=1");
        tokio::time::sleep(every).await;
    }
}

/// Waits for a tick, or until it is asked to stop.
async fn wait(args: &Args, mut next: Timestamp, stop: &mut watch::Receiver<bool>) {
    loop {
        let now = Timestamp::now();
        // A clock that was put back must not have everybody wait for what it said before.
        next = args.schedule.next(now, &args.time_zone).map_or(next, |own| own.min(next));
        let Ok(left) = Duration::try_from(next.duration_since(now)) else { return };
        if left.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left.min(GLANCE)) => {}
            _ = stop.wait_for(|is_asked| *is_asked) => return,
        }
    }
}

/// What one run came to.
struct Round {
    run: Run,
    /// The code that `keyform drift` would have ended with.
    exit: Exit,
    /// Whether everything was told that had to be.
    is_told: bool,
    /// Findings that count.
    findings: BTreeSet<Item>,
    /// What was done, in order.
    steps: Vec<Step>,
}

impl Round {
    /// Says that a step that began then is done.
    fn did(&mut self, name: &'static str, began: Timestamp) {
        self.steps.push(Step { name, began, ended: Timestamp::now() });
    }
}

/// One run. `None` if it was stopped before it had anything to say.
async fn round(base: &Context, args: &Args, stop: &mut watch::Receiver<bool>) -> Option<Round> {
    let mut context = base.hushed();
    context.run = Run { command: "drift".to_owned(), ..Run::default() };
    let (run, findings, steps) = Default::default();
    let mut round = Round { run, exit: Exit::Failed, is_told: true, findings, steps };
    let began = Timestamp::now();
    let search = load(&mut context, args);
    round.did("load", began);
    if let Some(search) = search {
        let began = Timestamp::now();
        let found = tokio::select! {
            found = drift::look(&mut context, &search) => found,
            _ = stop.wait_for(|is_asked| *is_asked) => return None,
        };
        round.did("look", began);
        if let Some(drift) = found {
            finish(&mut context, args, &search, &drift, &mut round, *stop.borrow()).await;
        }
    }
    for problem in context.found.iter() {
        let (code, summary, detail) = (problem.code.id, problem.summary(), words::shown(&problem.detail));
        match problem.severity {
            Severity::Error => tracing::error!(code, detail, "{summary}"),
            Severity::Warning => tracing::warn!(code, detail, "{summary}"),
        }
    }
    let diagnostics = context.entries();
    let run = std::mem::take(&mut context.run);
    round.run = Run { diagnostics, at: Some(Timestamp::now().as_second()), ..run };
    Some(round)
}

/// The configuration as it is now.
fn load(context: &mut Context, args: &Args) -> Option<Search> {
    let (desired, registry) = context.load(&args.inputs)?;
    let accepted = drift::accepted(context, args.baseline.as_deref())?;
    let (desired, registry) = (Arc::new(desired), Arc::new(registry));
    Some(Search { desired, registry, accepted, targets: Vec::new(), allow_exec: args.allow_exec })
}

/// Tells what was found and heals what can be healed: an apply ends by itself when it is asked to stop, between two changes.
async fn finish(
    context: &mut Context,
    args: &Args,
    search: &Search,
    drift: &Drift,
    round: &mut Round,
    is_stopping: bool,
) {
    let is_heard = !search.desired.notify.is_empty();
    let environment = args.environment.as_deref();
    round.exit = drift::exit(drift);
    round.findings = news::news(drift, &[], &BTreeSet::new()).fresh;
    if is_heard {
        let began = Timestamp::now();
        round.is_told = drift::tell(context, search, drift, environment).await;
        round.did("tell", began);
    }
    let healable = if args.heal && !is_stopping { drift.healable() } else { BTreeSet::new() };
    if healable.is_empty() {
        return;
    }
    tracing::info!(resources = healable.len(), "healing");
    let began = Timestamp::now();
    round.exit = drift::heal(context, search, &Way::heal(true, args.lock_timeout), &healable).await;
    round.did("heal", began);
    if round.exit == Exit::Done {
        let began = Timestamp::now();
        let again = drift::again(context, search, is_heard, environment).await;
        round.did("look again", began);
        round.is_told &= again.is_told;
        if let Some((left, document)) = again.found {
            round.exit = drift::exit(&left);
            round.findings = news::news(&left, &[], &BTreeSet::new()).fresh;
            context.run.drift = Some(document);
        }
    }
}

/// Findings are logged when they are others than before, and what a run came to always.
fn log(round: &Round, known: &mut BTreeSet<Item>) {
    if round.run.drift.is_some() && round.findings != *known {
        for item in round.findings.iter().take(LOGGED) {
            let address = words::shown(&item.address.to_string());
            tracing::info!(address, verdict = item.verdict.word(), "finding");
        }
        known.clone_from(&round.findings);
    }
    let open = |cause| round.run.drift.as_ref().map_or(0, |document| document.open(cause));
    tracing::info!(
        exit = round.exit as u8,
        outside = open(Cause::Outside),
        both = open(Cause::Both),
        unapplied = open(Cause::Unapplied),
        unknown = open(Cause::Unknown),
        told = round.is_told,
        requests = round.run.requests(),
        milliseconds = round.run.milliseconds(),
        "run ended"
    );
}
