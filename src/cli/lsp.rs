//! `keyform lsp`: a language server for editors, on standard input and output.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lsp;
use crate::lsp::check::Settings;
use std::io;
use std::io::BufReader;
use std::io::IsTerminal;

/// Serve editors over the Language Server Protocol.
///
/// An editor starts this and speaks with it on standard input and output: problems as you type (those of
/// `validate`), completion, hover, definitions, references, renaming with its `moved` block, outline and layout. Needs no
/// network and runs no program. docs/editors.md says how VS Code, Neovim and Helix start it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  keyform lsp --var region=us-east-1")]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Where the pages of docs/reference are, so that codes become links to them
    #[arg(long, value_name = "URL")]
    docs: Option<String>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if io::stdin().is_terminal() {
        context
            .terminal
            .note("An editor speaks with this on standard input: docs/editors.md says how. Ctrl-D ends it.\n");
    }
    let inputs = args.inputs.clone();
    let settings = Settings {
        vars: inputs.vars,
        var_files: inputs.var_files,
        strict: inputs.strict,
        docs: args.docs.clone(),
        dir: context.global.chdir.clone(),
    };
    match lsp::serve(BufReader::new(io::stdin()), &mut io::stdout().lock(), settings) {
        Ok(true) => Exit::Done,
        Ok(false) => Exit::Failed,
        Err(error) => {
            let detail = format!("The editor can't be spoken with any more: {}.", context::why(&error));
            context.tell(Diagnostic::error(&codes::UNWRITABLE, detail));
            Exit::Failed
        }
    }
}
