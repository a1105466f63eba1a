//! `keyform providers test`: the laws, held against somebody's own account. Asks first, and takes away what it wrote
//! whatever came of it.

use crate::cli::confirm;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::plan;
use crate::cli::signals::Stop;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Scope;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::provider::trial::Law;
use crate::provider::trial::Trial;
use crate::view::json;
use crate::view::words;
use rand::Rng;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How long a service may take until what was written shows.
const PATIENCE: Duration = Duration::from_secs(10);

/// Try a destination where it really is, with keys of its own that are taken away again
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  keyform -C providers/acme providers test secret_sync.trial")]
pub(super) struct Args {
    /// A declared secret sync: its destination is tried, with the credentials of its connection
    #[arg(value_parser = plan::address)]
    sync: Address,
    /// Do not ask first
    #[arg(long)]
    auto_approve: bool,
    /// Let `secret_exec` run programs
    #[arg(long)]
    allow_exec: bool,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    ok: bool,
    sync: String,
    destination: String,
    keys: Vec<String>,
    laws: Vec<Finding>,
    /// Whether nothing is left of it.
    cleaned: bool,
    diagnostics: Vec<json::diagnostic::Entry>,
}

#[derive(Serialize)]
struct Finding {
    law: &'static str,
    says: &'static str,
    /// `None` if it was not tried any more.
    holds: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some((desired, registry)) = context.load(&args.inputs) else { return context.failed("providers") };
    if !desired.syncs().any(|sync| sync.address == args.sync) {
        let detail = format!("`{}` is no declared secret sync.", args.sync);
        let known: Vec<String> = desired.syncs().map(|sync| sync.address.to_string()).collect();
        let diagnostic = Diagnostic::error(&codes::NO_TRIAL, detail);
        context.tell(diagnostic.did_you_mean(&args.sync.to_string(), known.iter().map(String::as_str)));
        return context.failed("providers");
    }
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("providers") };
    runtime.block_on(async {
        let Some(engine) = context.open(&desired, registry, args.allow_exec, None).await else {
            return context.failed("providers");
        };
        let exit = try_it(context, &engine, &desired, args).await;
        engine.close().await;
        exit
    })
}

async fn try_it(context: &mut Context, engine: &Engine, desired: &Arc<Desired>, args: &Args) -> Exit {
    let scope = Scope { targets: vec![args.sync.clone()], ..Scope::default() };
    // Of the plan only what it was made from is wanted: what it has to say is no concern here.
    let planned = match engine.plan(desired, &scope).await {
        Ok(planned) => planned,
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            return context.failed("providers");
        }
    };
    let opened = engine.destination(&planned, &args.sync).await;
    let destination = match opened {
        Ok(destination) => destination,
        Err(why) => return refused(context, why),
    };
    let trial = match Trial::begin(&destination, &tag(), PATIENCE).await {
        Ok(trial) => trial,
        Err(why) => return refused(context, why),
    };
    let slug = desired.resources.get(&args.sync).map(|sync| sync.slug.to_string()).unwrap_or_default();
    let keys: Vec<String> = trial.keys().iter().map(ToString::to_string).collect();
    let span = format!("{} to {}", keys.first().map_or("", |key| key), keys.last().map_or("", |key| key));
    let rest = format!(
        "It writes {} ({span}) to {} ({slug}), changes them and takes them away. {} of others stay. Whatever \
         the service does when something changes, such as a deployment, it does.",
        words::count(keys.len(), "key", "keys"),
        args.sync,
        words::count(trial.others(), "key", "keys"),
    );
    let alone = "try it where nothing can break, with --auto-approve";
    if let Err(exit) = confirm::ask(context, "Try this destination?", &rest, alone, args.auto_approve) {
        return context.end("providers", exit);
    }
    let mut stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(why) => return refused(context, why),
    };
    if !context.global.json {
        context.terminal.note(&format!("Trying {} ({slug}) with {span}.\n", args.sync));
    }
    let mut laws: Vec<Finding> = Vec::new();
    let mut interrupted = false;
    for law in Law::ALL {
        let is_over = interrupted || laws.iter().any(|finding| finding.holds == Some(false));
        // What others wrote is looked at in any case.
        let held = if is_over && law != Law::Foreign || interrupted {
            None
        } else {
            tokio::select! {
                held = trial.hold(law) => Some(held),
                () = stop.asked() => {
                    interrupted = true;
                    None
                }
            }
        };
        let (holds, note) = match held {
            Some(Ok(note)) => (Some(true), note),
            Some(Err(why)) => {
                let note = why.detail.clone();
                context.tell(why);
                (Some(false), note)
            }
            None => (None, String::new()),
        };
        let finding = Finding { law: law.word(), says: law.sentence(), holds, note };
        if !context.global.json {
            context.terminal.out(&line(&finding));
        }
        laws.push(finding);
    }
    let cleaned = match trial.clean().await {
        Ok(()) => true,
        Err(why) => {
            context.tell(why);
            false
        }
    };
    let broken = laws.iter().any(|finding| finding.holds == Some(false));
    let exit = match (cleaned, interrupted, broken) {
        (false, _, _) => Exit::Partial,
        (true, true, _) => Exit::Interrupted,
        (true, false, true) => Exit::Failed,
        (true, false, false) => Exit::Done,
    };
    if context.global.json {
        let (ok, diagnostics) = (exit == Exit::Done, context.entries());
        let (format, sync) = ("keyform.trial/1", args.sync.to_string());
        context.document(&Document { format, ok, sync, destination: slug, keys, laws, cleaned, diagnostics });
        return exit;
    }
    let left = if cleaned { "Nothing is left of it." } else { "Something may be left of it." };
    let said = match (interrupted, broken) {
        (true, _) => "Interrupted.",
        (false, true) => "A law is broken.",
        (false, false) => "All laws hold.",
    };
    context.terminal.out(&format!("{said} {left}\n"));
    exit
}

fn line(finding: &Finding) -> String {
    let mark = match finding.holds {
        Some(true) => "ok",
        Some(false) => "broken",
        None => "not tried",
    };
    // Why it is broken was told.
    let note =
        if finding.holds == Some(true) && !finding.note.is_empty() { &*format!(": {}", finding.note) } else { "" };
    format!("{mark:<9}  {}{note}\n", finding.says)
}

fn refused(context: &mut Context, why: Diagnostic) -> Exit {
    context.tell(why);
    context.failed("providers")
}

/// What makes the names of a trial its own.
fn tag() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
    let mut random = rand::rng();
    (0..6).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}
