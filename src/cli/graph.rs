//! `keyform graph`: what needs what. Offline.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::config::Extent;
use crate::view;
use crate::view::json;

/// Draw what needs what, offline.
///
/// An arrow goes from what needs to what is needed; apply works against the arrows. Nothing is read but
/// the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform graph | dot -Tsvg > graph.svg\n  keyform graph --format mermaid")]
pub(super) struct Args {
    /// How to write it
    #[arg(long, value_enum, default_value = "dot")]
    format: Format,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
    /// For programs; the same as --json
    Json,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    context.global.json |= args.format == Format::Json;
    let Some((desired, _)) = context.load_for(&args.inputs, Extent::Graph) else { return context.failed("graph") };
    if context.global.json {
        context.document(&json::graph::document(&desired.graph, context.entries()));
        return Exit::Done;
    }
    let text = match args.format {
        Format::Mermaid => view::graph::mermaid(&desired.graph),
        Format::Dot | Format::Json => view::graph::dot(&desired.graph),
    };
    context.terminal.out(&text);
    Exit::Done
}
