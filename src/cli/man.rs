//! `keyform man`: the manual, for those who package keyform.

use crate::cli::Cli;
use crate::cli::context::Context;
use crate::cli::context::unwritable;
use crate::cli::exit::Exit;
use clap::CommandFactory;
use std::fs;
use std::path::PathBuf;

/// Write the manual for man(1), a page a command.
///
/// For those who package keyform: the pages say what `--help` says. What is there under their names is replaced.
#[derive(Debug, clap::Args)]
#[command(hide = true, after_help = "Example:\n  keyform man --out /usr/local/share/man/man1")]
pub(super) struct Args {
    /// Where the pages go; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let written = fs::create_dir_all(&args.out).and_then(|()| clap_mangen::generate_to(Cli::command(), &args.out));
    match written {
        Ok(()) => Exit::Done,
        Err(error) => {
            context.tell(unwritable(&args.out, &error));
            context.failed("man")
        }
    }
}
