//! Opening: the ledger and its lock, the HTTP client, and the backend that the configuration names.

use crate::backend;
#[cfg(feature = "server")]
use crate::backend::auth::Login;
use crate::diag::Diagnostic;
use crate::diag::codes;
#[cfg(feature = "server")]
use crate::engine::BACKEND;
use crate::engine::Engine;
use crate::engine::Options;
use crate::engine::keeper;
use crate::engine::login;
use crate::http;
use crate::ledger::keeper::Hold;
use crate::ledger::keeper::Keeper;
use crate::model::desired::Desired;
use std::sync::Arc;
#[cfg(feature = "server")]
use std::time::Duration;
#[cfg(feature = "server")]
use std::time::Instant;

/// How long another run that has the embedded backend is waited for.
#[cfg(feature = "server")]
const PATIENCE: Duration = Duration::from_secs(60);
/// After this it is said.
#[cfg(feature = "server")]
const SOON: Duration = Duration::from_secs(1);
/// How often it is looked again.
#[cfg(feature = "server")]
const PAUSE: Duration = Duration::from_millis(50);

/// A backend that can be asked.
pub(super) struct Reached {
    pub(super) http: http::client::Client,
    pub(super) backend: backend::client::Client,
    /// What the backend is called in a plan.
    pub(super) called: Arc<str>,
    #[cfg(feature = "server")]
    embedded: Option<crate::server::Running>,
}

impl Reached {
    /// Stops the embedded backend, if one was started.
    pub(super) async fn close(self) {
        #[cfg(feature = "server")]
        if let Some(embedded) = self.embedded {
            embedded.shutdown().await;
        }
    }
}

pub(super) async fn open(options: Options, desired: &Desired) -> Result<Engine, Diagnostic> {
    if keeper::is_in_backend(desired) {
        let reached = reach(&options, desired, None).await?;
        return match held(&options, desired, Some(&reached.backend)).await {
            Ok((keeper, lock)) => Ok(Engine { options, reached, keeper, lock }),
            Err(why) => {
                reached.close().await;
                Err(why)
            }
        };
    }
    // The lock first: nothing is started for a run that may not go on.
    let (keeper, lock) = held(&options, desired, None).await?;
    match reach(&options, desired, Some(&keeper)).await {
        Ok(reached) => Ok(Engine { options, reached, keeper, lock }),
        Err(why) => {
            if let Some(lock) = lock {
                lock.release().await;
            }
            Err(why)
        }
    }
}

/// The ledger, and the right to write to it where that is wanted.
async fn held(
    options: &Options,
    desired: &Desired,
    backend: Option<&backend::client::Client>,
) -> Result<(Keeper, Option<Hold>), Diagnostic> {
    let keeper = keeper::of(options, desired, backend)?;
    let lock = match &options.lock {
        None => None,
        Some(lock) if lock.only_if_new && !keeper.load().await?.0.owner.is_empty() => None,
        Some(lock) => Some(keeper::take(&keeper, &lock.command, desired.part.as_deref(), lock.timeout).await?),
    };
    Ok((keeper, lock))
}

/// The backend that the configuration names; the embedded one is started. Shards share rates through their ledger.
pub(super) async fn reach(
    options: &Options,
    desired: &Desired,
    keeper: Option<&Keeper>,
) -> Result<Reached, Diagnostic> {
    let pacer = keeper.filter(|_| desired.part.is_some()).and_then(Keeper::pacer);
    let http = http::client::Client::new(http::client::Options {
        only_here: options.stand_ins.is_some(),
        pacer: pacer.map(Arc::from),
        share: desired.part.as_ref().map_or(1, |part| part.shard.total()),
        ..http::client::Options::default()
    })?;
    let policy = http::client::Policy { concurrency: parallelism(desired), ..http::client::Policy::default() };
    if matches!(&*desired.backend.kind, "" | "embedded") {
        return embedded(options, http, policy).await;
    }
    let url = login::url(&desired.backend)?;
    let login = login::login(&desired.backend, options)?;
    let backend = backend::client::Client::connect(http.clone(), &url, login, policy)?;
    Ok(Reached {
        http,
        backend,
        called: login::without_user(&url).into(),
        #[cfg(feature = "server")]
        embedded: None,
    })
}

/// How many changes may be under way at once.
pub(super) fn parallelism(desired: &Desired) -> usize {
    desired.settings.parallelism.unwrap_or(8).max(1)
}

/// Now, in UTC, as RFC 3339 in whole seconds.
pub(super) fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| jiff::Timestamp::now()).to_string()
}

/// A name for a run that begins now: later ones sort after earlier ones, and one process writes at a time.
pub(super) fn run_name() -> Arc<str> {
    jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S-%3f").to_string().into()
}

#[cfg(feature = "server")]
async fn embedded(
    options: &Options,
    http: http::client::Client,
    policy: http::client::Policy,
) -> Result<Reached, Diagnostic> {
    let data = options.state.join(BACKEND);
    let called = format!("embedded, in {}", data.strip_prefix(".").unwrap_or(&data).display());
    let start = crate::server::Options::new(data);
    let (since, mut is_said) = (Instant::now(), false);
    let patience = options.lock.as_ref().map_or(PATIENCE, |lock| lock.timeout.max(PATIENCE));
    // One process at a time has it: whoever reads waits for whoever writes, and the other way round.
    let running = loop {
        match crate::server::start(start.clone(), options.registry.clone(), http.clone()).await {
            Err(why) if why.code == &codes::SERVER_LOCKED && since.elapsed() < patience => {
                if !is_said && since.elapsed() > SOON {
                    options.hear.iter().for_each(|hear| hear(&format!("Waiting: {}", why.detail)));
                    is_said = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            started => break started?,
        }
    };
    let login = Login::universal(&running.client_id, running.client_secret.clone());
    let backend = backend::client::Client::connect(http.clone(), &running.url, login, policy)?;
    Ok(Reached { http, backend, called: called.into(), embedded: Some(running) })
}

#[cfg(not(feature = "server"))]
async fn embedded(_: &Options, _: http::client::Client, _: http::client::Policy) -> Result<Reached, Diagnostic> {
    let detail = "this build has no embedded backend".to_owned();
    Err(Diagnostic::error(&codes::BACKEND_CONFIG, detail).help("name a remote one with a `backend` block"))
}
