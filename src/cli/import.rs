//! `keyform import`: takes over one thing that exists, as a resource that is declared.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::plan;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine;
use crate::engine::Engine;
use crate::engine::Scope;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::desired::Import;
use crate::view::json;
use crate::view::text;
use crate::view::text::Cost;
use crate::view::words;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Take over something that exists, as a resource that is declared.
///
/// Looks for it on the backend and writes into the ledger that it is the declared one, as it is: nothing on the
/// backend changes. Then shows what the next plan will do to it. An `import` block does the same with the next
/// apply, for all to review.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform import project.payments payments\n  \
                        keyform import 'secret.db[\"prod\"]' payments/prod/api/DB_URL\n  \
                        keyform import secret_sync.web payments/web")]
pub(super) struct Args {
    /// The address of the resource, as it is declared
    #[arg(value_parser = plan::address)]
    address: Address,
    /// Its id on the backend, or its path there: `project/environment/path/KEY`
    id: String,
    /// Let `secret_exec` run programs
    #[arg(long)]
    allow_exec: bool,
    /// How long to wait for another run that holds the lock
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = crate::cli::apply::seconds)]
    lock_timeout: Duration,
    #[command(flatten)]
    inputs: Inputs,
}

/// What was taken over, for programs.
#[derive(Serialize)]
struct Document {
    format: &'static str,
    address: String,
    /// The backend's id; absent if the ledger had it already.
    imported: Option<String>,
    /// What the next plan will do to it.
    plan: json::plan::Document,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some((mut desired, registry)) = context.load(&args.inputs) else { return context.failed("import") };
    let Some(resource) = desired.resources.get(&args.address) else {
        context.tell(not_declared(&desired, &args.address));
        return context.failed("import");
    };
    if !resource.kind.is_planned() || resource.is_data() || resource.text("run") == Some("keyform") {
        let detail = format!("The backend has nothing that could be `{}`: only keyform knows it.", args.address);
        let d = Diagnostic::error(&codes::BAD_IMPORT_BLOCK, detail).at(resource.origin.block, "declared here");
        context.tell(d);
        return context.failed("import");
    }
    let import = Import { id: args.id.as_str().into(), origin: resource.origin.block };
    // Others are the next apply's business.
    desired.imports = [(args.address.clone(), import)].into();
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("import") };
    runtime.block_on(async {
        let lock = engine::Lock { command: "import".to_owned(), timeout: args.lock_timeout, only_if_new: false };
        let engine = context.open(&desired, registry, args.allow_exec, Some(lock)).await;
        let Some(engine) = engine else { return context.failed("import") };
        let exit = work(context, &engine, &desired, &args.address).await;
        engine.close().await;
        exit
    })
}

fn not_declared(desired: &Desired, address: &Address) -> Diagnostic {
    let names: Vec<String> = desired.resources.keys().map(ToString::to_string).collect();
    let instances = desired.resources.keys().filter(|other| other.without_key() == *address);
    let instances: Vec<String> = instances.map(|other| format!("`{other}`")).collect();
    if !instances.is_empty() {
        let d = Diagnostic::error(&codes::UNKNOWN_ADDRESS, format!("`{address}` has instances: say which."));
        return d.help(format!("declared: {}", instances.join(", ")));
    }
    let d = Diagnostic::error(&codes::UNKNOWN_ADDRESS, format!("`{address}` is not declared."));
    let d = d.help("declare it first, as it should be");
    d.did_you_mean(&address.to_string(), names.iter().map(String::as_str))
}

async fn work(context: &mut Context, engine: &Engine, desired: &Arc<Desired>, address: &Address) -> Exit {
    let began = Instant::now();
    let scope = Scope { targets: vec![address.clone()], ..Scope::default() };
    let planned = match engine.plan(desired, &scope).await {
        Ok(planned) => planned,
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            return context.failed("import");
        }
    };
    if let Some(why) = planned.plan.blocked.get(address).or_else(|| planned.plan.incomplete.get(address)) {
        context.tell(why.clone());
        return context.failed("import");
    }
    let imported = match engine.import(&planned, address).await {
        Ok(imported) => imported,
        Err(why) => {
            context.tell(why);
            return context.failed("import");
        }
    };
    let next = match engine.plan(desired, &scope).await {
        Ok(mut next) => {
            // What it needs is another matter.
            next.plan.changes.retain(|change| change.address.resource() == *address);
            next.plan.hazards.retain(|hazard| hazard.address == *address);
            next.plan.blocked.retain(|blocked, _| blocked.resource() == *address);
            next
        }
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            return context.failed("import");
        }
    };
    let cost = Cost { requests: next.requests, took: began.elapsed() };
    if context.global.json {
        let plan = json::plan::document(&next.plan, cost, context.entries(), &context.sources);
        let imported = imported.map(|id| id.to_string());
        context.document(&Document { format: "keyform.import/1", address: address.to_string(), imported, plan });
        return Exit::Done;
    }
    let style = context.terminal.style();
    let done = match imported {
        Some(id) => format!("Imported: {address} (id {id}). What the next plan will do to this address alone:"),
        None => format!(
            "Nothing to import: {address} is managed already. What the next plan will do to this address alone:"
        ),
    };
    let mut out = String::new();
    words::paragraph(&mut out, &done, 0, 2, style.width);
    context.terminal.out(&format!("{out}\n{}", text::plan(&next.plan, style, cost)));
    Exit::Done
}
