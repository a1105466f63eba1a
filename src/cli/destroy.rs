//! `keyform destroy`: the end of everything that keyform owns.

use crate::cli::apply;
use crate::cli::apply::Bound;
use crate::cli::apply::Way;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::plan::Selection;
use crate::cli::shard::Sharding;
use crate::engine::Scope;

/// Delete everything that keyform owns here.
///
/// Plans the end of whatever the ledger owns, in reverse order, shows it, asks, and does it. What keyform
/// did not make stays. With --target, what needs the target ends with it. Syncs take their keys away from
/// the destination only where `on_delete = "remove"` says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform plan --destroy\n  keyform destroy --target 'secret_sync.web[\"dev\"]'")]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    outputs: Outputs,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Err(exit) = output::begin(context, "destroy", &args.outputs, None) {
        return exit;
    }
    let scope = Scope { targets: args.selection.targets.clone(), destroy: true, ..Scope::default() };
    apply::carry_out(context, "destroy", (&args.selection, &Sharding::default()), &args.way, scope, Bound::Nothing)
}
