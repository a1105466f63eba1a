//! Opening: the ledger and its lock, the HTTP client, and the backend that the configuration names.

use crate::backend;
#[cfg(feature = "server")]
use crate::backend::auth::Login;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Lock;
use crate::engine::Options;
use crate::engine::login;
use crate::http;
use crate::ledger;
use crate::ledger::lock::Holder;
use crate::ledger::store::Store;
use crate::model::desired::Desired;
use crate::secret::Secret;

pub(super) async fn open(options: Options, desired: &Desired) -> Result<Engine, Diagnostic> {
    let key = std::env::var("KEYFORM_FINGERPRINT_KEY").ok().map(Secret::new);
    let store = Store::open(&options.state, key.as_ref())?;
    let lock = match &options.lock {
        Some(lock) => Some(take(&store, lock).await?),
        None => None,
    };
    let http = http::client::Client::new(http::client::Options::default())?;
    let policy = http::client::Policy { concurrency: parallelism(desired), ..http::client::Policy::default() };
    if matches!(&*desired.backend.kind, "" | "embedded") {
        return embedded(options, store, lock, http, policy).await;
    }
    let url = login::url(&desired.backend)?;
    let login = login::login(&desired.backend, &options)?;
    let backend = backend::client::Client::connect(http.clone(), &url, login, policy)?;
    Ok(Engine {
        options,
        http,
        backend,
        store,
        lock,
        #[cfg(feature = "server")]
        embedded: None,
    })
}

/// How many changes may be under way at once.
pub(super) fn parallelism(desired: &Desired) -> usize {
    desired.settings.parallelism.unwrap_or(8).max(1)
}

async fn take(store: &Store, lock: &Lock) -> Result<ledger::lock::Lock, Diagnostic> {
    let variable = |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let holder = Holder {
        user: variable(["USER", "USERNAME"]),
        host: variable(["HOSTNAME", "COMPUTERNAME"]),
        command: lock.command.clone(),
        pid: std::process::id(),
        start: now(),
    };
    let (store, timeout) = (store.clone(), lock.timeout);
    // Waiting for the lock puts the thread to sleep.
    let taken = tokio::task::spawn_blocking(move || store.lock(&holder, timeout)).await;
    taken.unwrap_or_else(|_| {
        Err(Diagnostic::error(&codes::NEED_MISSING, "the thread that waited for the ledger's lock was lost".to_owned()))
    })
}

/// Now, in UTC, as RFC 3339 in whole seconds.
pub(super) fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| jiff::Timestamp::now()).to_string()
}

#[cfg(feature = "server")]
async fn embedded(
    options: Options,
    store: Store,
    lock: Option<ledger::lock::Lock>,
    http: http::client::Client,
    policy: http::client::Policy,
) -> Result<Engine, Diagnostic> {
    let start = crate::server::Options::new(options.state.join("server"));
    let running = crate::server::start(start, options.registry.clone(), http.clone()).await?;
    let login = Login::universal(&running.client_id, running.client_secret.clone());
    let backend = backend::client::Client::connect(http.clone(), &running.url, login, policy)?;
    Ok(Engine { options, http, backend, store, lock, embedded: Some(running) })
}

#[cfg(not(feature = "server"))]
async fn embedded(
    _: Options,
    _: Store,
    _: Option<ledger::lock::Lock>,
    _: http::client::Client,
    _: http::client::Policy,
) -> Result<Engine, Diagnostic> {
    let detail = "this build has no embedded backend".to_owned();
    Err(Diagnostic::error(&codes::BACKEND_CONFIG, detail).help("name a remote one with a `backend` block"))
}
