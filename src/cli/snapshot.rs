//! `keyform snapshot`: what is there, without a value, signed; and planning with it where nothing else is at hand.

use crate::backend::frozen;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::context::why;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::plan;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::offline;
use crate::model::desired::Desired;
use crate::provider::registry::Registry;
use crate::secret::sign::Signer;
use crate::secret::sign::Verifier;
use crate::view::words;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a snapshot is signed with.
const SIGNING: &str = "KEYFORM_SNAPSHOT_SIGNING_KEY";
/// What its signature is checked with.
const CHECKING: &str = "KEYFORM_SNAPSHOT_KEY";

/// Keep what is there, without a value, for plans that need no credentials.
///
/// Reads what a plan reads, and the whole of the projects that are mentioned. The file has names, settings, versions and
/// fingerprints, and no value; it is signed with the key in KEYFORM_SNAPSHOT_SIGNING_KEY. `keyform plan --snapshot FILE` plans
/// with it without credentials and without a network: so a change from a fork can be planned.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  keyform snapshot keygen ~/snapshot.key   # once: for the trusted job\n  \
                  keyform snapshot --out today.snapshot\n  keyform plan --snapshot today.snapshot --snapshot-key KEY"
)]
pub(super) struct Args {
    #[command(subcommand)]
    make: Option<Make>,
    /// Where to keep it
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,
    /// How long it can be planned with: days or hours, such as 7d or 12h
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = seconds)]
    expires_in: i64,
    /// Let `secret_exec` run programs
    #[arg(long)]
    allow_exec: bool,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Debug, clap::Subcommand)]
enum Make {
    /// Make a pair of keys: the private one goes into a file, the public one is printed
    Keygen {
        /// Where the private key goes
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// The snapshot that is planned with.
pub(super) struct Source<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// Who has to have signed it, if that was said.
    pub(super) key: Option<&'a Verifier>,
}

fn seconds(text: &str) -> Result<i64, String> {
    let parsed = text.strip_suffix('d').map(|days| (days, 24)).or(text.strip_suffix('h').map(|hours| (hours, 1)));
    let hours = parsed.and_then(|(number, factor)| number.parse::<i64>().ok()?.checked_mul(factor));
    // Ten years are more than anybody means.
    hours.filter(|hours| (1..=24 * 3650).contains(hours)).map(|hours| hours * 3600).ok_or("write 7d or 12h".to_owned())
}

/// A public key as it is typed.
pub(super) fn key(text: &str) -> Result<Verifier, String> {
    Verifier::from_hex(text)
        .ok_or("it must be 64 hexadecimal digits, as `keyform snapshot keygen` prints them".to_owned())
}

fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

/// What was made.
#[derive(Serialize)]
struct Document {
    format: &'static str,
    key: String,
    until: Option<String>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let made = match &args.make {
        Some(Make::Keygen { file }) => keygen(context, file),
        None => take(context, args),
    };
    match made {
        Ok(exit) => exit,
        Err(why) => {
            context.tell(why);
            context.failed("snapshot")
        }
    }
}

fn keygen(context: &Context, path: &Path) -> Result<Exit, Diagnostic> {
    if std::fs::symlink_metadata(path).is_ok() {
        let detail = format!("`{}` is there already.", path.display());
        return Err(Diagnostic::error(&codes::FILE_TAKEN, detail).help("name another file"));
    }
    let signer = Signer::generate();
    let key = signer.verifier().to_hex();
    let mut text = Zeroizing::new(String::with_capacity(128));
    text.push_str(signer.to_hex().expose());
    text.push('\n');
    write(path, text.as_bytes(), disk::replace)?;
    if context.global.json {
        context.document(&Document { format: "keyform.snapshot-key/1", key, until: None });
        return Ok(Exit::Done);
    }
    context.terminal.out(&format!("{key}\n"));
    context.terminal.note(&format!(
        "Its private key is in {}: give it to the trusted job alone, as {SIGNING}.\nThe public key is for whoever plans: \
         `--snapshot-key`, {CHECKING}, or\n\n  keyform {{\n    snapshot_keys = [\"{key}\"]\n  }}\n",
        path.display()
    ));
    Ok(Exit::Done)
}

fn write(path: &Path, text: &[u8], how: fn(&Path, &[u8]) -> std::io::Result<()>) -> Result<(), Diagnostic> {
    disk::save(path, text, how).map_err(|error| {
        let detail = format!("`{}` can't be written: {}.", path.display(), why(&error));
        Diagnostic::error(&codes::UNWRITABLE, detail)
    })
}

fn take(context: &mut Context, args: &Args) -> Result<Exit, Diagnostic> {
    let Some(path) = &args.out else { return Ok(context.failed("snapshot")) };
    if let Some(why) = output::misplaced(path) {
        return Err(why);
    }
    output::is_free(path, frozen::is_one)?;
    let secret = variable(SIGNING).ok_or_else(|| {
        let detail = format!("{SIGNING} is not set.");
        Diagnostic::error(&codes::SNAPSHOT_KEY, detail).help("`keyform snapshot keygen FILE` makes a pair")
    })?;
    let signer = Signer::from_hex(&secret).ok_or_else(|| {
        Diagnostic::error(&codes::SNAPSHOT_KEY, format!("{SIGNING} is no private key of 64 hexadecimal digits."))
            .help("it is the second half of what `keyform snapshot keygen FILE` makes: what is in FILE")
    })?;
    let Some((desired, registry)) = context.load(&args.inputs) else { return Ok(context.failed("snapshot")) };
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return Ok(context.failed("snapshot")) };
    let at = Timestamp::now().as_second();
    let until = at + args.expires_in;
    let taken = runtime.block_on(async {
        let engine = context.open(&desired, registry, args.allow_exec, None).await?;
        let frozen = engine.freeze(&desired, (at, until)).await;
        engine.close().await;
        frozen.map_err(|why| context.tell_all(why)).ok()
    });
    let Some((taken, unread)) = taken else { return Ok(context.failed("snapshot")) };
    let exit = if unread.is_empty() { Exit::Done } else { Exit::Undetermined };
    context.tell_all(unread);
    write(path, &frozen::text(&taken, &signer)?, disk::replace_public)?;
    let until = moment(until);
    if context.global.json {
        let document =
            Document { format: "keyform.snapshot-made/1", key: signer.verifier().to_hex(), until: Some(until) };
        context.document(&document);
        return Ok(exit);
    }
    context.terminal.say(&format!(
        "Kept in {}: {}, {}; no value. It can be planned with until {until}.\n",
        path.display(),
        words::count(taken.state.projects.len(), "project", "projects"),
        words::count(taken.places.len(), "destination", "destinations"),
    ));
    Ok(exit)
}

fn moment(at: i64) -> String {
    Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()
}

/// Plans with a snapshot, and tells the notes. `None` if there is no plan; why was told.
pub(super) async fn plan(
    context: &mut Context,
    source: &Source<'_>,
    desired: &Arc<Desired>,
    registry: Registry,
    scope: &Scope,
) -> Option<Planned> {
    let frozen = match read(context, source, desired) {
        Ok(frozen) => frozen,
        Err(why) => {
            context.tell(why);
            return None;
        }
    };
    let age = Timestamp::now().as_second() - frozen.at;
    let old = match age {
        ..3600 => words::count(usize::try_from(age / 60).unwrap_or_default(), "minute", "minutes"),
        3600..172_800 => words::count(usize::try_from(age / 3600).unwrap_or_default(), "hour", "hours"),
        _ => words::count(usize::try_from(age / 86_400).unwrap_or_default(), "day", "days"),
    };
    let detail = format!("It is of {} ({old} old); what changed since is not in this plan.", moment(frozen.at));
    context.tell(Diagnostic::warning(&codes::SNAPSHOT_USED, detail));
    if !scope.targets.is_empty() && !plan::are_known(context, Ok(frozen.ledger.clone()), desired, &scope.targets) {
        return None;
    }
    let options = context.options(registry, false, None);
    let planned = offline::plan(&options, desired, scope, frozen).await;
    plan::told(context, planned, desired)
}

/// Reads a snapshot, and refuses one that is not to be used.
fn read(context: &Context, source: &Source<'_>, desired: &Desired) -> Result<frozen::Frozen, Diagnostic> {
    let given = match (source.key, variable(CHECKING)) {
        (Some(key), _) => vec![key.clone()],
        (None, Some(text)) => {
            let keys: Option<Vec<Verifier>> = text.split(',').map(Verifier::from_hex).collect();
            let detail = format!("{CHECKING} is no public key of 64 hexadecimal digits.");
            let help = "it is what `keyform snapshot keygen FILE` prints, not what is in FILE; several are separated by commas";
            keys.ok_or_else(|| Diagnostic::error(&codes::SNAPSHOT_KEY, detail).help(help))?
        }
        (None, None) => desired.settings.snapshot_keys.clone(),
    };
    if given.is_empty() {
        let help = format!("add --snapshot-key KEY, set {CHECKING}, or write `snapshot_keys` in the `keyform` block");
        return Err(Diagnostic::error(&codes::SNAPSHOT_KEY, "Nothing says whose snapshots are taken.").help(help));
    }
    let name = source.path.display().to_string();
    let frozen = frozen::read(&name, &context.read(source.path)?, &given)?;
    if frozen.until <= Timestamp::now().as_second() {
        let detail = format!("`{name}` could be planned with until {}.", moment(frozen.until));
        return Err(
            Diagnostic::error(&codes::SNAPSHOT_EXPIRED, detail).help("take a new one: `keyform snapshot --out FILE`")
        );
    }
    if frozen.of != offline::identity(desired) {
        let detail = format!("`{name}` is of another backend, or of another ledger.");
        let help =
            "take the one of this configuration; a change of its `backend` or `ledger` block can't be planned with one";
        return Err(Diagnostic::error(&codes::SNAPSHOT_OTHER, detail).help(help));
    }
    Ok(frozen)
}
