//! `keyform validate`: is the configuration right? Offline.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::config;
use crate::config::overlay::Overlay;
use crate::diag::Diagnostics;
use crate::plan::guard;
use crate::provider::rules;
use crate::view::json::diagnostic;
use crate::view::words;
use serde::Serialize;

/// Check the configuration, offline.
///
/// Reads every *.hcl file of the directory and reports everything that is wrong with it: syntax, unknown
/// names and attributes, wrong types, cycles, key schemas that collide, keys that a destination refuses, rules of
/// the configuration that are not met. The tests and the drift.ignore.hcl beside it are read as well.
/// Needs no network, no credentials and no secret. Everything is reported at once, with the place and
/// the next step; `keyform explain CODE` says more about each problem.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  keyform validate --strict")]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    ok: bool,
    resources: usize,
    diagnostics: Vec<diagnostic::Entry>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let loaded = context.load(&args.inputs);
    let mut beside = Diagnostics::new();
    let dir = context.dir();
    config::beside(&mut beside, &mut context.sources, &dir, &Overlay::default());
    let is_bad = beside.has_errors();
    context.tell_all(beside);
    let Some((desired, registry)) = loaded.filter(|_| !is_bad) else { return context.failed("validate") };
    let resources = desired.resources.len();
    context.tell_all(desired.broken.iter().map(|broken| guard::broken(&desired, broken)));
    context.tell_all(rules::declared(registry.schemas(), &desired));
    let exit = if context.found.has_errors() { Exit::Refused } else { Exit::Done };
    if context.global.json {
        let diagnostics = context.entries();
        context.document(&Document { format: "keyform.validate/1", ok: exit == Exit::Done, resources, diagnostics });
    } else if exit == Exit::Done {
        let paint = context.terminal.style().paint;
        let counted = words::count(resources, "resource", "resources");
        context.terminal.out(&format!("{} {counted}.\n", paint.good("The configuration is valid:")));
    }
    exit
}
