//! Which ledger: what the `ledger` block says, or the files beside the configuration.

use crate::backend::client::Client;
use crate::backend::shelf::Shelf;
use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Options;
use crate::engine::open;
use crate::ledger::files::Files;
use crate::ledger::keeper::Hold;
use crate::ledger::keeper::Keeper;
use crate::ledger::lease::Seat;
use crate::ledger::lock::Holder;
use crate::ledger::objects::Bucket;
use crate::ledger::objects::Objects;
use crate::ledger::postgres::Postgres;
use crate::ledger::shared::Shared;
use crate::ledger::store::Store;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::shard::Part;
use crate::secret::Secret;
use std::sync::Arc;
use std::time::Duration;

/// How long a run that is not heard of keeps a shared ledger to itself, in seconds.
pub const PATIENCE: u64 = 60;

/// The ledger of a configuration, with a backend that it may be kept in.
///
/// # Errors
/// The block lacks something that the environment does not have either, or a secret of it is not at hand.
pub(super) fn of(options: &Options, desired: &Desired, backend: Option<&Client>) -> Result<Keeper, Diagnostic> {
    let Some((word, attrs)) = &desired.settings.ledger else { return local(options) };
    let text = |name: &str| attrs.get(name).and_then(Value::as_str);
    let lacks = |name: &str| {
        let detail = format!("The `ledger` block lacks `{name}`.");
        Diagnostic::error(&codes::LEDGER_STORE, detail)
    };
    let prefix = text("prefix").unwrap_or_default();
    let bucket = |name: &'static str, of: Option<&'static str>| {
        let endpoint = text("endpoint");
        Ok::<_, Diagnostic>(Bucket {
            name: text(name).ok_or_else(|| lacks(name))?,
            prefix,
            of: of.and_then(text),
            endpoint,
        })
    };
    let store: Arc<dyn Store> = match &**word {
        "s3" => Arc::new(Objects::s3(&bucket("bucket", Some("region"))?)?),
        "gcs" => Arc::new(Objects::gcs(&bucket("bucket", None)?)?),
        "azblob" => Arc::new(Objects::azblob(&bucket("container", Some("account"))?)?),
        "postgres" => Arc::new(postgres(options, attrs)?),
        "backend" => {
            let client = backend.ok_or_else(|| lacks("backend"))?.clone();
            let (project, environment) = (text("project"), text("environment"));
            let project = project.ok_or_else(|| lacks("project"))?;
            let environment = environment.ok_or_else(|| lacks("environment"))?;
            Arc::new(Shelf::new(client, project, environment, text("path").unwrap_or("/")))
        }
        _ => return local(options),
    };
    let patience = attrs.get("lease").and_then(|lease| match lease {
        Value::Number(number) => number.as_i64().and_then(|n| u64::try_from(n).ok()),
        _ => None,
    });
    let patience = Duration::from_secs(patience.unwrap_or(PATIENCE));
    Ok(Keeper::Shared(Shared::new(store, key().as_ref(), patience)?))
}

/// The ledger in the files beside the configuration, whatever its block says.
///
/// # Errors
/// `KEYFORM_FINGERPRINT_KEY` is none.
pub fn local(options: &Options) -> Result<Keeper, Diagnostic> {
    Ok(Keeper::Files(Files::open(&options.state, key().as_ref())?))
}

/// Whether the ledger is kept in the backend itself, so that the backend is needed to read it.
#[must_use]
pub(super) fn is_in_backend(desired: &Desired) -> bool {
    desired.settings.ledger.as_ref().is_some_and(|(word, _)| &**word == "backend")
}

/// Says that records were left behind on this machine, where the shared ledger has none.
pub(super) async fn left(engine: &Engine, ledger: &Ledger) -> Option<Diagnostic> {
    let is_shared = matches!(engine.keeper, Keeper::Shared(_));
    if !is_shared || !ledger.records.is_empty() || !ledger.intents.is_empty() {
        return None;
    }
    let (local, _) = local(&engine.options).ok()?.load().await.ok()?;
    let count = local.records.len();
    (count > 0).then(|| {
        let place = engine.keeper.place();
        let state = engine.options.state.display();
        let detail = format!("The ledger in {place} is empty, but the one in {state} has {count} records.");
        Diagnostic::warning(&codes::LEDGER_LEFT, detail).help("`keyform ledger push` moves them")
    })
}

fn key() -> Option<Secret> {
    source::environment("KEYFORM_FINGERPRINT_KEY").map(Secret::new)
}

fn postgres(options: &Options, attrs: &Attrs) -> Result<Postgres, Diagnostic> {
    let text = |name: &str| attrs.get(name).and_then(Value::as_str);
    let variable = |name: &str| source::environment(name).filter(|value| !value.is_empty()).map(Secret::new);
    let url = text("url").map(|url| Secret::new(url.to_owned())).or_else(|| variable("KEYFORM_LEDGER_URL"));
    let url = url.ok_or_else(|| {
        let detail = "Nothing says where the ledger's database is.";
        Diagnostic::error(&codes::LEDGER_STORE, detail)
            .help("write `url = \"postgres://keyform@db.example.com/keyform\"`, or set KEYFORM_LEDGER_URL")
    })?;
    let password = match attrs.get("password") {
        Some(Value::Source(from)) => Some(source::resolve(from, &options.dir, options.allow_exec)?),
        Some(Value::Secret(secret)) => Some(secret.clone()),
        _ => variable("PGPASSWORD"),
    };
    Postgres::new(&url, password.as_ref(), text("name").unwrap_or("keyform"))
}

/// Takes the right to write for a command; of a part of a configuration, beside those of the other parts.
///
/// # Errors
/// Another run has it, or the ledger can't be read or written.
pub async fn take(keeper: &Keeper, command: &str, part: Option<&Part>, timeout: Duration) -> Result<Hold, Diagnostic> {
    let variable = |names: [&str; 2]| names.iter().find_map(|name| source::environment(name)).unwrap_or_default();
    let mut host = variable(["HOSTNAME", "COMPUTERNAME"]);
    if host.is_empty() {
        // Most shells know it, and do not pass it on.
        host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    }
    let (pid, start) = (std::process::id(), open::now());
    let command = part.map_or_else(|| command.to_owned(), |part| format!("{command} --shard {}", part.shard));
    let holder = Holder { user: variable(["USER", "USERNAME"]), host, command, pid, start };
    let seat = part.map(|part| Seat { index: part.shard.index(), split: part.split.to_string(), beat: 0 });
    keeper.take(&holder, seat.as_ref(), timeout).await
}

/// The ledger alone, for commands about it: a backend is only asked where the ledger is kept in it.
pub struct Opened {
    /// The ledger.
    pub keeper: Keeper,
    reached: Option<open::Reached>,
}

impl Opened {
    /// Opens what the configuration names.
    ///
    /// # Errors
    /// The block, or the backend that the ledger is kept in, can't be used.
    pub async fn open(options: &Options, desired: &Desired) -> Result<Self, Diagnostic> {
        let reached = if is_in_backend(desired) { Some(open::reach(options, desired, None).await?) } else { None };
        match of(options, desired, reached.as_ref().map(|reached| &reached.backend)) {
            Ok(keeper) => Ok(Self { keeper, reached }),
            Err(why) => {
                if let Some(reached) = reached {
                    reached.close().await;
                }
                Err(why)
            }
        }
    }

    /// Stops the embedded backend, if one was started.
    pub async fn close(self) {
        if let Some(reached) = self.reached {
            reached.close().await;
        }
    }
}
