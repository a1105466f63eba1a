//! `keyform secret`: secrets of the backend, by hand. A value comes from standard input or a file, never
//! from the command line, where every user of the machine could see it.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::formats;
use crate::cli::formats::Format;
use crate::cli::formats::Secrets;
use crate::config::Extent;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::engine::Engine;
use crate::engine::secrets::Place;
use crate::model::address::Address;
use crate::model::ledger::VALUE;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::attributes;
use crate::plan::sets_off;
use crate::secret::Secret;
use crate::view::words;
use serde::Serialize;
use std::io::IsTerminal;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Read and write secrets of the backend by hand.
///
/// A place is written project/environment/path, a secret has its key after that. Values come from
/// standard input or a file, never from the command line. The backend pushes what changed at once, through
/// every sync of the folder with `auto_sync`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform secret set bakery/dev/api/STRIPE_KEY < key.txt\n  \
                        keyform secret get bakery/dev/api/STRIPE_KEY | pbcopy\n  \
                        keyform secret import bakery/dev/api .env")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print one value, and nothing else; as an object with its key under --json
    #[command(after_help = "Example:\n  keyform secret get bakery/dev/api/STRIPE_KEY")]
    Get {
        /// project/environment/path/KEY
        secret: String,
    },
    /// Make or change one secret; its value is read from standard input, one line break at its end left out
    #[command(after_help = "Example:\n  keyform secret set bakery/dev/TLS_KEY --file tls.key")]
    Set {
        /// project/environment/path/KEY
        secret: String,
        /// Read the value from a file, exactly as it is
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Write the value even if it is empty
        #[arg(long)]
        allow_empty: bool,
        /// Write even if a sync of the backend then deletes keys that keyform does not manage
        #[arg(long)]
        allow_wipe: bool,
        /// A value that was typed where everybody can see it: refused in words that do not repeat it
        #[arg(hide = true)]
        value: Option<std::ffi::OsString>,
    },
    /// List the keys of a folder
    #[command(after_help = "Example:\n  keyform secret list bakery/dev/api")]
    List {
        /// project/environment/path
        place: String,
    },
    /// Make or change all secrets of a file; others stay
    #[command(after_help = "Examples:\n  keyform secret import bakery/dev .env\n  \
                            jq .data.data app.json | keyform secret import bakery/dev - --format json")]
    Import {
        /// project/environment/path
        place: String,
        /// The file, or `-` for standard input
        file: PathBuf,
        /// What it is; by default JSON if its name ends so, dotenv otherwise
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// Write even if a sync of the backend then deletes keys that keyform does not manage
        #[arg(long)]
        allow_wipe: bool,
    },
    /// Print all secrets of a folder with their values
    #[command(after_help = "Example:\n  keyform secret export bakery/dev --output .env")]
    Export {
        /// project/environment/path
        place: String,
        /// What to write
        #[arg(long, value_enum, default_value = "dotenv")]
        format: Format,
        /// Write a file that only you can read
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Overwrite a file that holds anything but secrets of these names
        #[arg(long, requires = "output")]
        force: bool,
    },
}

#[derive(Serialize)]
struct Keys<'a> {
    format: &'static str,
    keys: Vec<&'a str>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    written: usize,
    /// The syncs that the backend runs at once because of it.
    pushed_by: Vec<&'a str>,
    /// The secrets that the configuration declares: the next apply sets them back.
    set_back: Vec<String>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Action::Set { value: Some(_), .. } = &args.action {
        let detail =
            "A value on the command line can be seen by every user of the machine, and stays in the shell's history.";
        let help = "give it on standard input, or with --file; if it was a real secret, change it";
        context.tell(Diagnostic::error(&codes::VALUE_IN_ARGUMENTS, detail).help(help));
        return context.end("secret", Exit::Usage);
    }
    let Some((desired, registry)) = context.load_for(&args.inputs, Extent::Backend) else {
        return context.failed("secret");
    };
    let Some(runtime) = context.runtime() else { return context.failed("secret") };
    let result = runtime.block_on(async {
        let engine = context.open(&desired, registry, false, None).await?;
        let result = work(context, &engine, args, desired.settings.undo.is_some()).await;
        engine.close().await;
        Some(result)
    });
    match result {
        Some(Ok(())) => Exit::Done,
        Some(Err(diagnostic)) => {
            let exit = if diagnostic.code == &codes::SECRET_WIPES { Exit::Refused } else { Exit::Failed };
            context.tell(diagnostic);
            context.end("secret", exit)
        }
        None => context.failed("secret"),
    }
}

async fn work(context: &mut Context, engine: &Engine, args: &Args, keeps: bool) -> Result<(), Diagnostic> {
    match &args.action {
        Action::Get { secret } => {
            let (place, key) = one(secret)?;
            let secrets = engine.secrets(&place).await?;
            let value = secrets.get(key.as_str()).ok_or_else(|| missing(&place, &key, &secrets))?;
            if context.global.json {
                context.terminal.out(&formats::write(&Secrets::from([(key.into(), value.clone())]), Format::Json)?);
                return Ok(());
            }
            context.terminal.out_bytes(value.expose().as_bytes());
            if std::io::stdout().is_terminal() {
                context.terminal.out("\n");
            }
        }
        Action::Set { secret, file, allow_empty, allow_wipe, .. } => {
            let (place, key) = one(secret)?;
            let value = match file {
                Some(file) => Secret::new(context.read(file)?),
                None => input(context, &key)?,
            };
            if value.is_empty() && !allow_empty {
                let detail = format!("The value given for `{}` is empty. Nothing was written.", words::shown(&key));
                return Err(Diagnostic::error(&codes::EMPTY_VALUE, detail).help("if that is meant, add --allow-empty"));
            }
            let secrets = Secrets::from([(key.into(), value)]);
            write(context, engine, &args.inputs, &place, &secrets, *allow_wipe, keeps).await?;
        }
        Action::List { place } => {
            let secrets = engine.secrets(&folder(place)?).await?;
            let keys: Vec<&str> = secrets.keys().map(|key| &**key).collect();
            if context.global.json {
                context.document(&Keys { format: "keyform.keys/1", keys });
            } else {
                context.terminal.out(&keys.iter().map(|key| words::shown(key) + "\n").collect::<String>());
            }
        }
        Action::Import { place, file, format, allow_wipe } => {
            let place = folder(place)?;
            let is_json = file.extension().is_some_and(|e| e == "json");
            let guessed = if is_json { Format::Json } else { Format::Dotenv };
            let text = Zeroizing::new(context.read(file)?);
            let secrets = formats::read(&text, format.unwrap_or(guessed))?;
            write(context, engine, &args.inputs, &place, &secrets, *allow_wipe, keeps).await?;
        }
        Action::Export { place, format, output, force } => {
            let secrets = engine.secrets(&folder(place)?).await?;
            let format = if context.global.json { Format::Json } else { *format };
            let text = formats::write(&secrets, format)?;
            match output {
                Some(path) => {
                    if !force {
                        is_free(path, format, &secrets)?;
                    }
                    save(path, text.as_bytes())?;
                }
                None => context.terminal.out(&text),
            }
        }
    }
    Ok(())
}

/// Writes secrets, unless what the backend does by itself then would take away what nobody asked about. With `keeps`, applies
/// keep what they overwrite, which this does not.
async fn write(
    context: &mut Context,
    engine: &Engine,
    inputs: &Inputs,
    place: &Place,
    secrets: &Secrets,
    allow_wipe: bool,
    keeps: bool,
) -> Result<(), Diagnostic> {
    let pushing = engine.pushing(place).await?;
    if pushing.deletes() && !allow_wipe {
        // Only the whole configuration says how the destinations are looked at.
        let (desired, _) = context.load_for(inputs, Extent::All).ok_or_else(|| {
            let detail =
                "Nothing was written: what the backend's syncs would delete can't be told without the configuration.";
            Diagnostic::error(&codes::SECRET_WIPES, detail).help("mend what is named above, or add --allow-wipe")
        })?;
        let keys: Vec<Arc<str>> = secrets.keys().cloned().collect();
        engine.loses_nothing(&pushing, &keys, &desired).await?;
    }
    let written = engine.set_secrets(place, secrets).await?;
    let pushed_by = if written == 0 { Vec::new() } else { pushing.names() };
    let set_back = if written == 0 { Vec::new() } else { set_back(context, inputs, place, secrets) };
    let set_back = set_back.iter().map(ToString::to_string).collect();
    if context.global.json {
        context.document(&Written { format: "keyform.written/1", written, pushed_by, set_back });
    } else if written == 0 {
        context.terminal.out("Nothing to do: the backend has these values already.\n");
    } else {
        context.terminal.out(&format!("{} written.\n", words::count(written, "secret", "secrets")));
        if !pushed_by.is_empty() {
            let names: Vec<String> = pushed_by.into_iter().map(words::shown).collect();
            context.terminal.note(&format!("The backend pushes at once: {}.\n", names.join(", ")));
        }
        if keeps {
            context.terminal.note(
                "If there was a value before, it is not kept: the `undo` block is about what an apply overwrites.\n",
            );
        }
    }
    Ok(())
}

/// The secrets that are declared, so that the next apply writes what is declared; each is told. What only the whole
/// configuration says is not said where that has errors: no apply comes then.
fn set_back(context: &mut Context, inputs: &Inputs, place: &Place, secrets: &Secrets) -> Vec<Address> {
    let mut hushed = context.hushed();
    let Some((desired, _)) = hushed.load_for(inputs, Extent::All) else { return Vec::new() };
    context.sources = hushed.sources;
    let at = [place.project.as_str(), &place.environment, &place.path];
    let is_it = |resource: &&Resource| {
        resource.kind == Kind::Secret
            && !resource.is_data()
            && resource.text("key").is_some_and(|key| secrets.contains_key(key))
            && sets_off::place(&desired, resource).is_some_and(|place| place.iter().map(|part| &**part).eq(at))
    };
    let is_kept = |resource: &&Resource| {
        let ignores = resource.lifecycle.ignores(VALUE);
        ignores || attributes::is_random(resource) || !resource.attrs.contains_key(VALUE)
    };
    let declared = desired.resources.values().filter(is_it).filter(|resource| !is_kept(resource));
    declared
        .map(|resource| {
            let detail = format!("{} is declared: `keyform apply` writes the declared value over this one.", resource.address);
            let help = "change the value where it is declared to come from; or, if it is only ever set by hand, say `lifecycle { \
                        ignore = [value] }` there";
            context.tell(Diagnostic::warning(&codes::SET_BACK, detail).at(resource.origin.block, "declared here").help(help));
            resource.address.clone()
        })
        .collect()
}

/// Whether a file may be written: nothing is there, or nothing but secrets that are written again.
fn is_free(path: &Path, format: Format, secrets: &Secrets) -> Result<(), Diagnostic> {
    if disk::passes_on(path) {
        return Ok(());
    }
    let is_free = match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(old) => formats::read(&old, format).is_ok_and(|old| old.keys().all(|key| secrets.contains_key(key))),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    let detail = format!("`{}` is there already, and holds something else.", path.display());
    Err(Diagnostic::error(&codes::FILE_TAKEN, detail).help("name another file, or add --force"))
}

/// `project/environment`, with a path after it or not.
fn folder(text: &str) -> Result<Place, Diagnostic> {
    let mut parts = text.trim_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some(project), Some(environment)) if !project.is_empty() && !environment.is_empty() => {
            let path: String = parts.filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect();
            let path = if path.is_empty() { "/".to_owned() } else { path };
            Ok(Place { project: project.to_owned(), environment: environment.to_owned(), path })
        }
        _ => Err(Diagnostic::error(&codes::BAD_PLACE, format!("`{text}` names no project and environment."))
            .help("write project/environment or project/environment/path")),
    }
}

/// `project/environment/path/KEY`.
fn one(text: &str) -> Result<(Place, String), Diagnostic> {
    match text.rsplit_once('/') {
        Some((place, key)) if place.contains('/') && !key.is_empty() => Ok((folder(place)?, key.to_owned())),
        _ => Err(Diagnostic::error(&codes::BAD_PLACE, format!("`{text}` names no secret."))
            .help("write project/environment/KEY or project/environment/path/KEY")),
    }
}

fn missing(place: &Place, key: &str, secrets: &Secrets) -> Diagnostic {
    let Place { project, environment, path } = place;
    let detail = format!("There is no `{key}` in {path} of {environment} of the project {project}.");
    Diagnostic::error(&codes::NO_SUCH_SECRET, detail).did_you_mean(key, secrets.keys().map(|key| &**key))
}

/// The value from standard input: asked for without an echo on a terminal.
pub(super) fn input(context: &Context, key: &str) -> Result<Secret, Diagnostic> {
    let fails = |e: std::io::Error| {
        Diagnostic::error(&codes::UNREADABLE, format!("Standard input can't be read: {}.", context::why(&e)))
    };
    if context.terminal.can_ask() {
        context.terminal.err(&format!("Value of {} (not shown): ", words::shown(key)));
        return console::Term::stderr().read_secure_line().map(Secret::new).map_err(fails);
    }
    let mut text = context.read(Path::new("-"))?;
    if text.ends_with('\n') {
        text.truncate(text.len() - 1);
        if text.ends_with('\r') {
            text.truncate(text.len() - 1);
        }
    }
    Ok(Secret::new(text))
}

/// A file that only its owner may read, whatever its mode was.
fn save(path: &Path, text: &[u8]) -> Result<(), Diagnostic> {
    disk::save(path, text, disk::replace_private).map_err(|error| context::unwritable(path, &error))
}
