//! `keyform completions`: a script for a shell.

use crate::cli::Cli;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use clap::CommandFactory;

/// Print a completion script for a shell.
///
/// The script completes commands and options. Source it from the shell's start-up file, or put it where
/// the shell looks for completions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  keyform completions bash > ~/.local/share/bash-completion/completions/keyform")]
pub(super) struct Args {
    /// Which shell
    shell: clap_complete::Shell,
}

pub(super) fn run(context: &Context, args: &Args) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "keyform", &mut script);
    context.terminal.out_bytes(&script);
    Exit::Done
}
