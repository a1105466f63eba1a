//! `keyform undo`: puts back what a run overwrote and deleted, from the capsule that it kept.

use crate::cli::apply;
use crate::cli::apply::Way;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::context::unwritable;
use crate::cli::exit::Exit;
use crate::cli::plan::address;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::engine::Engine;
use crate::engine::keeper;
use crate::engine::undo::Wish;
use crate::model::address::Address;
use crate::model::capsule::Note;
use crate::model::desired::Desired;
use crate::plan::HazardKind;
use crate::secret::seal::Identity;
use crate::view;
use crate::view::json;
use crate::view::text::Cost;
use crate::view::words;
use serde::Serialize;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// Where an identity is, or what it is.
const VARIABLE: &str = "KEYFORM_UNDO_IDENTITY";

/// Put back what a run overwrote and deleted.
///
/// Runs keep the values that they overwrite and delete, sealed, if the `keyform` block has
/// `undo { recipients = ["age1…"] }`. Without RUN, those runs are listed. With it, the way back is planned key by key,
/// shown, and done after the question. What has changed since that run is left alone, what the run made stays, and the
/// ledger is as it was: the next plan shows the configuration's changes again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform undo --new-identity ~/undo.key   # once\n  \
                        keyform undo\n  keyform undo last --identity ~/undo.key\n  \
                        keyform undo last --target 'secret_sync.web[\"prod\"]'")]
pub(super) struct Args {
    /// Which run: its name, the beginning of it, or `last`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// The file with the private key of a recipient (also: KEYFORM_UNDO_IDENTITY, a file or the key itself)
    #[arg(long, value_name = "FILE", requires = "run")]
    identity: Option<PathBuf>,
    /// Make a pair of keys: the private one goes into this file, the public one is printed
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    new_identity: Option<PathBuf>,
    /// Only this resource or entry; may be repeated
    #[arg(long = "target", value_name = "ADDRESS", value_parser = address)]
    targets: Vec<Address>,
    /// Let `secret_exec` run programs
    #[arg(long)]
    allow_exec: bool,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    way: Way,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Some(path) = &args.new_identity {
        return match make(context, path) {
            Ok(()) => Exit::Done,
            Err(why) => fail(context, why),
        };
    }
    match &args.run {
        None => list(context, args),
        Some(name) => undo(context, args, name),
    }
}

/// Shows the runs that kept something.
fn list(context: &mut Context, args: &Args) -> Exit {
    let Some((desired, registry)) = context.load_ledger(&args.inputs) else { return context.failed("undo") };
    let Some(runtime) = context.runtime() else { return context.failed("undo") };
    let notes = runtime.block_on(async {
        let opened = keeper::Opened::open(&context.options(registry, false, None), &desired).await?;
        let notes = opened.keeper.capsules().notes().await;
        opened.close().await;
        notes
    });
    let (notes, damaged) = match notes {
        Ok(notes) => notes,
        Err(why) => return fail(context, why),
    };
    let exit = if damaged.is_empty() { Exit::Done } else { Exit::Partial };
    context.tell_all(damaged);
    match context.global.json {
        true => context.document(&json::undo::document(&notes, context.entries())),
        false => context.terminal.out(&view::undo::runs(&notes, context.terminal.style())),
    }
    exit
}

fn undo(context: &mut Context, args: &Args, name: &str) -> Exit {
    let Some((mut desired, registry)) = context.load(&args.inputs) else { return context.failed("undo") };
    args.way.settle(&mut desired.settings);
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("undo") };
    runtime.block_on(async {
        let engine = context.open(&desired, registry, args.allow_exec, Some(args.way.lock("undo"))).await;
        let Some(engine) = engine else { return context.failed("undo") };
        let chosen = engine.notes().await.and_then(|(notes, damaged)| {
            context.tell_all(damaged);
            choose(name, &notes)
        });
        // Only where there is something to open a key is asked for.
        let opened = chosen.and_then(|note| Ok((note, identities(context, args.identity.as_deref())?)));
        let exit = match opened {
            Ok((note, identities)) => work(context, args, &engine, &desired, &note, &identities).await,
            Err(why) => fail(context, why),
        };
        engine.close().await;
        exit
    })
}

fn fail(context: &mut Context, why: Diagnostic) -> Exit {
    context.tell(why);
    context.failed("undo")
}

async fn work(
    context: &mut Context,
    args: &Args,
    engine: &Engine,
    desired: &Arc<Desired>,
    note: &Note,
    identities: &[Identity],
) -> Exit {
    let began = Instant::now();
    let capsule = match engine.capsule(note, identities).await {
        Ok(capsule) => capsule,
        Err(why) => return fail(context, why),
    };
    let identity = match &args.identity {
        Some(path) => format!(" --identity {}", path.display()),
        None => String::new(),
    };
    let wish = Wish {
        targets: args.targets.clone(),
        overwrite: args.way.allowed(HazardKind::Takeover),
        again: format!("keyform undo {}{identity}", note.run),
    };
    if let Some(target) = wish.targets.iter().find(|target| !note.values.iter().any(|value| value.is_within(target))) {
        let detail = format!("That run kept nothing of `{target}`.");
        let names: Vec<String> = note.values.iter().map(ToString::to_string).collect();
        let why = Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail);
        return fail(context, why.did_you_mean(&target.to_string(), names.iter().map(String::as_str)));
    }
    let planned = match engine.way_back(desired, capsule, &wish).await {
        Ok(planned) => planned,
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            return context.failed("undo");
        }
    };
    context.tell_all(planned.plan.blocked.values().cloned());
    let (undoes, is_right) = (planned.undoes(), planned.plan.changes.is_empty());
    let named = |syncs: &mut dyn Iterator<Item = &Address>| {
        syncs.map(|sync| words::shown(&sync.to_string())).collect::<Vec<_>>().join(", ")
    };
    let pushed = named(&mut planned.pushed_back().into_iter().flatten());
    let overruled = named(&mut planned.overruled());
    if !pushed.is_empty() {
        context.terminal.note(&format!("The backend pushes at once what is put back: {pushed}.\n"));
    }
    let exit = match is_right && planned.plan.blocked.is_empty() && !context.global.json {
        true => {
            let already =
                format!("Nothing to undo: everything that {} took is as it was before it.\n", words::shown(&note.run));
            context.terminal.say(&already);
            Exit::Done
        }
        false => {
            let cost = Cost { requests: planned.requests, took: began.elapsed() };
            apply::decide(context, "undo", engine, planned, desired, &args.way, cost).await
        }
    };
    if exit == Exit::Done
        && let Some(note) = undoes
        && let Err(why) = engine.was_undone(&note).await
    {
        context.tell(why);
        return Exit::Partial;
    }
    if matches!(exit, Exit::Done | Exit::Partial | Exit::Undetermined) && !is_right {
        context.terminal.note(
            "The configuration still says what it said: the next `keyform plan` shows its changes again, and `keyform \
             apply` makes them.\n",
        );
        if !overruled.is_empty() {
            context.terminal.note(&format!(
                "The backend itself pushes its own values over what was put back as soon as their source changes: {overruled}. \
                 Set the source right before that.\n"
            ));
        }
    }
    exit
}

/// The run that is meant.
fn choose(name: &str, notes: &[Note]) -> Result<Note, Diagnostic> {
    let unknown = |detail: String| {
        Diagnostic::error(&codes::NO_SUCH_RUN, detail).help("`keyform undo` lists the runs that kept something")
    };
    if notes.is_empty() {
        let help = "a run keeps what it overwrites and deletes if the `keyform` block has `undo { recipients = [\"age1…\"] }`; \
                    `keyform undo --new-identity FILE` makes the key";
        let detail = "No run has kept anything, so there is none to undo.";
        return Err(Diagnostic::error(&codes::NO_SUCH_RUN, detail).help(help));
    }
    if name == "last" {
        let last = notes.iter().find(|note| &*note.command != "undo");
        return last
            .cloned()
            .ok_or_else(|| unknown("Only undos have kept something; they are undone by their names.".to_owned()));
    }
    let mut meant = notes.iter().filter(|note| note.run.starts_with(name));
    match (meant.next(), meant.next()) {
        (Some(note), None) => Ok(note.clone()),
        (Some(one), Some(other)) => Err(unknown(format!("`{name}` can be {}, {} and others.", one.run, other.run))),
        (None, _) => Err(unknown(format!("No run is called `{name}`."))),
    }
}

/// The private keys that were given.
fn identities(context: &Context, file: Option<&Path>) -> Result<Vec<Identity>, Diagnostic> {
    let variable = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Zeroizing::new);
    // What a file of keys holds may have been given in its place: such a text is no path, and is never shown.
    let is_key = |text: &str| Identity::is_meant(text) || text.contains('\n');
    let (path, text) = match (file, variable) {
        (Some(path), _) if is_key(&path.to_string_lossy()) => {
            let detail = "A key on the command line can be seen by every user of the machine.";
            return Err(Diagnostic::error(&codes::VALUE_IN_ARGUMENTS, detail).help(format!(
                "give the path of the file that it is in, or the key in {VARIABLE}; and make a new one"
            )));
        }
        (Some(path), _) => (path.display().to_string(), Zeroizing::new(context.read(path)?)),
        (None, Some(text)) if is_key(&text) => (VARIABLE.to_owned(), text),
        (None, Some(path)) => {
            // Neither is what may be a key with a slip of the pen.
            let text = context.read(Path::new(path.as_str())).map_err(|why| {
                let detail = format!("The file that {VARIABLE} names can't be read.");
                Diagnostic::error(why.code, detail).help("it takes the path of a file, or what is in that file")
            })?;
            (format!("The file that {VARIABLE} names"), Zeroizing::new(text))
        }
        (None, None) => {
            return Err(Diagnostic::error(&codes::NO_IDENTITY, "The capsule of that run is sealed.")
                .help(format!("add --identity FILE, or set {VARIABLE}")));
        }
    };
    Identity::all(&text).ok_or_else(|| {
        Diagnostic::error(&codes::BAD_IDENTITY, format!("{path} holds something else, or nothing."))
            .help("it is the file that `keyform undo --new-identity`, or `age-keygen`, wrote")
    })
}

/// A recipient whose identity was just made.
#[derive(Serialize)]
struct Made {
    format: &'static str,
    recipient: String,
}

/// Makes a pair of keys.
fn make(context: &Context, path: &Path) -> Result<(), Diagnostic> {
    if std::fs::symlink_metadata(path).is_ok() {
        let detail = format!("`{}` is there already; what was sealed for a key in it would be lost.", path.display());
        return Err(Diagnostic::error(&codes::FILE_TAKEN, detail).help("name another file"));
    }
    let identity = Identity::generate();
    let recipient = identity.recipient().to_string();
    let mut text = Zeroizing::new(format!("# public key: {recipient}\n"));
    // With room for the rest, so that it does not move.
    text.reserve(128);
    text.push_str(identity.to_text().expose());
    text.push('\n');
    disk::replace(path, text.as_bytes()).map_err(|error| unwritable(path, &error))?;
    if context.global.json {
        context.document(&Made { format: "keyform.recipient/1", recipient });
        return Ok(());
    }
    context.terminal.out(&format!("{recipient}\n"));
    context.terminal.note(&format!(
        "Its private key is in {}: keep it away from here, with a copy. What is sealed can't be opened without it.\nName the \
         public key in the configuration:\n\n  keyform {{\n    undo {{ recipients = [\"{recipient}\"] }}\n  }}\n",
        path.display()
    ));
    Ok(())
}
