//! `keyform ledger push` and `pull`: a ledger as a file, and from one place to another.

use crate::cli::context::Context;
use crate::cli::context::unwritable;
use crate::cli::exit::Exit;
use crate::cli::ledger::Waiting;
use crate::cli::ledger::told;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::engine::Options;
use crate::engine::keeper;
use crate::ledger::keeper::Hold;
use crate::ledger::keeper::Keeper;
use crate::ledger::snapshot;
use crate::ledger::snapshot::mark_of;
use crate::model::ledger::Ledger;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use crate::view::words;
use std::path::Path;
use std::path::PathBuf;

/// Put a ledger where the `ledger` block says.
///
/// Without FILE it is the one in `.keyform/` beside the configuration: so a ledger moves from one machine to all. It brings
/// its key along. A ledger that is there already is only replaced by a later state of itself, unless with `--force`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform ledger push   # after the `ledger` block was written\n  keyform ledger push backup.json --key \
                  backup.key"
)]
pub(super) struct Push {
    /// What `keyform ledger pull` gave; `-` for standard input
    file: Option<PathBuf>,
    /// The key of its fingerprints, if neither the place nor KEYFORM_FINGERPRINT_KEY has it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Replace another ledger, or a later state
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    waiting: Waiting,
}

/// Give the ledger as one file.
///
/// It holds no value and no key, and is of use only together with its key. Keep the two apart.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform ledger pull > backup.json\n  keyform ledger pull --out backup.json --key-out backup.key"
)]
pub(super) struct Pull {
    /// Write it here instead of on standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the key of its fingerprints here, for its owner's eyes only
    #[arg(long, value_name = "FILE")]
    key_out: Option<PathBuf>,
    /// Overwrite files
    #[arg(long)]
    force: bool,
}

pub(super) async fn pull(context: &mut Context, keeper: &Keeper, args: &Pull) -> Result<Exit, Diagnostic> {
    let (ledger, key) = keeper.load().await?;
    if ledger.owner.is_empty() {
        let detail = format!("There is no ledger in {}.", keeper.place());
        return Err(Diagnostic::error(&codes::NO_LEDGER, detail).help("the first apply makes it"));
    }
    let text = snapshot::text(&ledger, &mark_of(&key));
    let text = text.map_err(|_| Diagnostic::error(&codes::LEDGER_WRITE, "The ledger can't be put into words."))?;
    let mut files = [&args.out, &args.key_out].into_iter().flatten();
    if let Some(path) = files.find(|path| !args.force && path.exists()) {
        let detail = format!("`{}` is there already.", path.display());
        return Err(Diagnostic::error(&codes::FILE_TAKEN, detail).help("name another file, or add --force"));
    }
    // The key without its ledger is of no use.
    for path in [&args.out, &args.key_out].into_iter().flatten() {
        disk::can_save(path).map_err(|error| unwritable(path, &error))?;
    }
    if let Some(path) = &args.key_out {
        write(path, key.to_hex().expose().as_bytes())?;
    }
    let Some(path) = &args.out else {
        context.terminal.out_bytes(&text);
        return Ok(Exit::Done);
    };
    write(path, &text)?;
    let counted = words::count(ledger.records.len(), "record", "records");
    let to = path.display();
    let key = args.key_out.as_ref().map(|path| format!("Its key: to {}; keep the two apart.\n", path.display()));
    let said = format!("Written: {counted}, serial {}, to {to}.\n{}", ledger.serial, key.unwrap_or_default());
    Ok(told(context, &said))
}

fn write(path: &Path, content: &[u8]) -> Result<(), Diagnostic> {
    disk::save(path, content, disk::replace).map_err(|error| unwritable(path, &error))
}

/// A ledger that is to be somewhere else.
struct Moving {
    ledger: Ledger,
    /// The mark of its key.
    mark: String,
    /// Keys that may be it.
    keys: Vec<FingerprintKey>,
    is_local: bool,
}

pub(super) async fn push(
    context: &mut Context,
    keeper: &Keeper,
    options: &Options,
    args: &Push,
) -> Result<Exit, Diagnostic> {
    let moving = moving(context, keeper, options, args).await?;
    let hold = keeper::take(keeper, "ledger push", None, args.waiting.lock_timeout).await?;
    let done = replace(keeper, &hold, &moving, args.force).await;
    hold.release().await;
    let Some(replaced) = done? else {
        return Ok(told(context, &format!("Nothing to push: {} has it already.\n", keeper.place())));
    };
    let Ledger { records, serial, .. } = &moving.ledger;
    let place = keeper.place();
    let mut said =
        format!("Pushed: {}, serial {serial}, to {place}.\n", words::count(records.len(), "record", "records"));
    if replaced > 0 {
        said += &format!("In the place of {} that were there.\n", words::count(replaced, "record", "records"));
    }
    if moving.is_local {
        let state = options.state.display();
        said += &format!(
            "What is in {state} is a copy from now on: look at `keyform plan`, then remove `ledger.json`, `journal.jsonl` and \
             `fingerprint.key` there.\n"
        );
    }
    Ok(told(context, &said))
}

/// Reads what is to be pushed.
async fn moving(context: &Context, keeper: &Keeper, options: &Options, args: &Push) -> Result<Moving, Diagnostic> {
    let mut keys = Vec::new();
    if let Some(path) = &args.key {
        let text = Secret::new(context.read(path)?);
        keys.push(FingerprintKey::from_hex(text.expose()).ok_or_else(|| {
            let detail = format!("`{}` is not 64 hexadecimal digits.", path.display());
            Diagnostic::error(&codes::LEDGER_KEY, detail)
        })?);
    }
    let local = keeper::local(options)?.load().await;
    if let Some(path) = &args.file {
        let (ledger, mark) = snapshot::parse(&path.display().to_string(), context.read(path)?.as_bytes())?;
        // What can't be read does not have it either.
        keys.extend(local.ok().map(|(_, key)| key));
        keys.extend(keeper.load().await.ok().map(|(_, key)| key));
        return Ok(Moving { ledger, mark, keys, is_local: false });
    }
    let nothing = |detail: String| Err(Diagnostic::error(&codes::NO_LEDGER, detail));
    if matches!(keeper, Keeper::Files(_)) {
        let detail = "This ledger stays on this machine: there is no `ledger` block that says where else.".to_owned();
        return nothing(detail).map_err(|d| {
            d.help("write a `ledger` block into the `keyform` block that says where it is to be, or name a file")
        });
    }
    let (ledger, key) = local?;
    if ledger.owner.is_empty() {
        let detail = format!("There is no ledger in {}.", options.state.display());
        return nothing(detail).map_err(|d| d.help("name a file that `keyform ledger pull` gave"));
    }
    let mark = mark_of(&key);
    keys.push(key);
    Ok(Moving { ledger, mark, keys, is_local: true })
}

/// Puts it there, if that loses nothing; gives how many records were there, `None` if it is the same ledger.
async fn replace(keeper: &Keeper, hold: &Hold, moving: &Moving, force: bool) -> Result<Option<usize>, Diagnostic> {
    let Some(key) = moving.keys.iter().find(|key| mark_of(key) == moving.mark) else {
        let detail = "The key of that ledger's fingerprints is not at hand.";
        return Err(Diagnostic::error(&codes::LEDGER_KEY, detail).help(
            "name its file with `--key`, or set KEYFORM_FINGERPRINT_KEY; `keyform ledger pull --key-out` gives it",
        ));
    };
    let (there, _) = keeper.load().await?;
    let new = &moving.ledger;
    if there == *new {
        return Ok(None);
    }
    let is_empty = there.records.is_empty() && there.intents.is_empty();
    if !is_empty && !force {
        let place = keeper.place();
        if there.owner != new.owner {
            let detail = format!("{place} holds the ledger {}, not {}.", there.owner, new.owner);
            return Err(Diagnostic::error(&codes::LEDGER_OTHER, detail).help("`keyform ledger show` says more of it"));
        }
        if there.serial >= new.serial {
            let detail =
                format!("{place} holds serial {}, what is to be pushed is serial {}.", there.serial, new.serial);
            return Err(Diagnostic::error(&codes::LEDGER_OLDER, detail)
                .help("nothing is lost by leaving it; `--force` goes back to what is to be pushed"));
        }
    }
    hold.replace(new, key).await?;
    Ok(Some(there.records.len()))
}
