//! Arguments and dispatch, one file a command.
//!
//! A command gets a [`context::Context`] and gives an [`exit::Exit`]; what it has to say goes to standard
//! output, what is wrong to standard error. `--help`, `--version` and completions start nothing;
//! `validate`, `fmt`, `graph`, `explain`, `lsp` and `providers` (but for its `test`) start no runtime and need no network.

mod adopt;
mod apply;
mod arguments;
mod comment;
mod completions;
mod confirm;
mod context;
mod destroy;
mod doctor;
mod drift;
mod exit;
mod explain;
mod fmt;
mod formats;
mod graph;
mod import;
mod init;
mod ledger;
mod lsp;
mod man;
mod notify;
mod output;
pub mod panics;
mod plan;
mod progress;
mod providers;
mod secret;
#[cfg(feature = "server")]
mod serve;
mod shard;
mod show;
mod signals;
mod snapshot;
mod terminal;
#[cfg(feature = "server")]
mod test;
mod tfstate;
mod undo;
mod validate;
mod watch;
mod whereabouts;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::source::is_unseen;
use crate::view::words;
use clap::Parser;
use clap::error::ContextKind;
use clap::error::ContextValue;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::io;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::filter::LevelFilter;

/// Declares secrets platforms: projects, connections and secret syncs in HCL, every key that will change
/// before it changes, applied in order.
///
/// Write what should be in *.hcl files, look at `keyform plan`, then `keyform apply`. Without a `backend`
/// block everything runs on this machine: try it with `keyform init`.
#[derive(Debug, Parser)]
#[command(
    name = "keyform",
    version,
    max_term_width = 80,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Example:\n  keyform init && keyform plan && keyform apply\n\nExit codes:\n  0 done, 1 failed, \
                  2 changes pending, 3 changed outside, 4 both,\n  5 not fully determined, 6 refused, 7 applied in part, 64 wrong \
                  usage,\n  130 interrupted. `keyform explain exit-codes` says more."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Work on the configuration in this directory
    #[arg(short = 'C', long = "chdir", value_name = "DIR", global = true)]
    chdir: Option<PathBuf>,
    /// No colours (also: NO_COLOR=1; where there is no terminal, FORCE_COLOR=1 has them)
    #[arg(long, global = true)]
    no_color: bool,
    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Log what happens to standard error; twice for every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Results and problems as JSON on standard output
    #[arg(long, global = true)]
    json: bool,
    /// How lines of the log look: text or json
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    log_format: String,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Init(init::Args),
    Validate(validate::Args),
    #[cfg(feature = "server")]
    Test(test::Args),
    Fmt(fmt::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Comment(comment::Args),
    Adopt(adopt::Args),
    Destroy(destroy::Args),
    Drift(drift::Args),
    Watch(Box<watch::Args>),
    Snapshot(snapshot::Args),
    Undo(undo::Args),
    Import(import::Args),
    Show(show::Args),
    Where(whereabouts::Args),
    Doctor(doctor::Args),
    Graph(graph::Args),
    Secret(secret::Args),
    Ledger(ledger::Args),
    Lsp(lsp::Args),
    Providers(providers::Args),
    #[cfg(feature = "server")]
    Serve(serve::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the program with the given arguments, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    panics::hide_messages();
    let args: Vec<OsString> = args.into_iter().collect();
    let is_odd = args.iter().any(|arg| arg.to_string_lossy().contains(is_unseen));
    match Cli::try_parse_from(arguments::dashes(args)) {
        Ok(cli) => dispatch(cli).into(),
        Err(mut error) => {
            hide_values(&mut error);
            // Help and the version come as errors as well, but are none. Nobody may be listening.
            let _ = if is_odd { print_shown(&error) } else { error.print() };
            if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
        }
    }
}

/// Prints an error that quotes what no terminal should be given: a name may come from elsewhere.
fn print_shown(error: &clap::Error) -> io::Result<()> {
    let text = error.render().to_string();
    let lines: String = text.lines().map(|line| words::shown(line) + "\n").collect();
    io::stderr().write_all(lines.as_bytes())
}

/// What was typed where it can't be taken may be a secret: it is not repeated.
fn hide_values(error: &mut clap::Error) {
    let kind = match error.kind() {
        ErrorKind::ValueValidation => ContextKind::InvalidValue,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return,
    };
    let is_option = |text: &str| text.starts_with('-');
    let is_var = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(arg)) => {
            arg.starts_with("--var ") || (kind == ContextKind::InvalidArg && !is_option(arg))
        }
        _ => false,
    };
    if is_var {
        error.insert(kind, ContextValue::String("•••".to_owned()));
        error.remove(ContextKind::Suggested);
    }
}

fn dispatch(cli: Cli) -> Exit {
    let mut context = Context::new(cli.global);
    log(&context.global, matches!(cli.command, Command::Watch(_)), context.terminal.err_style().paint.color);
    let exit = match cli.command {
        Command::Init(args) => init::run(&mut context, &args),
        Command::Validate(args) => validate::run(&mut context, &args),
        #[cfg(feature = "server")]
        Command::Test(args) => test::run(&mut context, &args),
        Command::Fmt(args) => fmt::run(&mut context, &args),
        Command::Plan(args) => plan::run(&mut context, &args),
        Command::Apply(args) => apply::run(&mut context, &args),
        Command::Comment(args) => comment::run(&mut context, &args),
        Command::Adopt(args) => adopt::run(&mut context, &args),
        Command::Destroy(args) => destroy::run(&mut context, &args),
        Command::Drift(args) => drift::run(&mut context, &args),
        Command::Watch(args) => watch::run(&mut context, &args),
        Command::Snapshot(args) => snapshot::run(&mut context, &args),
        Command::Undo(args) => undo::run(&mut context, &args),
        Command::Import(args) => import::run(&mut context, &args),
        Command::Show(args) => show::run(&mut context, &args),
        Command::Where(args) => whereabouts::run(&mut context, &args),
        Command::Doctor(args) => doctor::run(&mut context, &args),
        Command::Graph(args) => graph::run(&mut context, &args),
        Command::Secret(args) => secret::run(&mut context, &args),
        Command::Ledger(args) => ledger::run(&mut context, &args),
        Command::Lsp(args) => lsp::run(&mut context, &args),
        Command::Providers(args) => providers::run(&mut context, &args),
        #[cfg(feature = "server")]
        Command::Serve(args) => serve::run(&mut context, &args),
        Command::Explain(args) => explain::run(&mut context, &args),
        Command::Completions(args) => completions::run(&context, &args),
        Command::Man(args) => man::run(&mut context, &args),
    };
    context.settled(exit)
}

/// Starts logging to standard error. Only keyform's own records: those of libraries may show headers.
fn log(global: &Global, is_watch: bool, color: bool) {
    let level = match (global.verbose, is_watch) {
        (0, false) => return,
        (0, true) if global.quiet => LevelFilter::WARN,
        (0 | 1, _) => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let filter = tracing_subscriber::EnvFilter::new(format!("off,keyform={level}"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Logging that is already set up is fine, too.
    let _ = match global.log_format.as_str() {
        "json" => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        _ => log.with_ansi(color).try_init(),
    };
}
