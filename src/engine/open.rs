//! Opening: the ledger and its lock, the HTTP client, and the backend that the configuration names.

use crate::backend;
use crate::backend::auth::Login;
use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Lock;
use crate::engine::Options;
use crate::http;
use crate::ledger;
use crate::ledger::lock::Holder;
use crate::ledger::store::Store;
use crate::model::attrs::Value;
use crate::model::desired::Backend;
use crate::model::desired::Desired;
use crate::secret::Secret;
use std::path::Path;

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
    let (url, login) = remote(&desired.backend, &options)?;
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
    let login = Login::Universal {
        client_id: running.client_id.clone(),
        client_secret: running.client_secret.clone(),
        organization: None,
    };
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

/// Address and login of a remote backend.
fn remote(backend: &Backend, options: &Options) -> Result<(String, Login), Diagnostic> {
    let problem = |detail: String| {
        let diagnostic = Diagnostic::error(&codes::BACKEND_CONFIG, detail);
        match backend.origin {
            Some(span) => diagnostic.at(span, ""),
            None => diagnostic,
        }
    };
    let url = match (backend.attrs.get("url").and_then(Value::as_str), &*backend.kind) {
        (Some(url), "infisical" | "hanzo-kms") => url.to_owned(),
        (None, "infisical") => backend::client::DEFAULT_URL.to_owned(),
        (None, "hanzo-kms") => {
            return Err(problem("backend `hanzo-kms` needs an `url`".to_owned())
                .help("only installations with the Infisical API are supported; write the address of yours"));
        }
        (_, kind) => {
            let known = ["embedded", "infisical", "hanzo-kms"];
            return Err(problem(format!("there is no backend `{kind}`")).did_you_mean(kind, known));
        }
    };
    let attr = |name: &str| {
        let value = backend.auth_attrs.get(name).filter(|value| !value.is_null());
        value.ok_or_else(|| problem(format!("the `auth` block lacks `{name}`")))
    };
    let login = match backend.auth.as_deref() {
        Some("universal") => Login::Universal {
            client_id: secret(attr("client_id")?, &options.dir, options.allow_exec)?.expose().to_owned(),
            client_secret: secret(attr("client_secret")?, &options.dir, options.allow_exec)?,
            organization: backend.auth_attrs.get("organization").and_then(Value::as_str).map(str::to_owned),
        },
        Some("token") => Login::Token(secret(attr("token")?, &options.dir, options.allow_exec)?),
        Some(other) => {
            let known = ["universal", "token"];
            return Err(problem(format!("there is no way to log in called `{other}`")).did_you_mean(other, known));
        }
        None => {
            return Err(problem("there is no `auth` block".to_owned())
                .help("add `auth \"universal\" { client_id = …, client_secret = secret_env(\"…\") }`"));
        }
    };
    Ok((url, login))
}

fn secret(value: &Value, dir: &Path, allow_exec: bool) -> Result<Secret, Diagnostic> {
    match value {
        Value::Source(from) => source::resolve(from, dir, allow_exec),
        Value::Secret(secret) => Ok(secret.clone()),
        Value::String(text) => Ok(Secret::new(text.to_string())),
        other => {
            let detail = format!("the `auth` block holds {} where a text belongs", other.shape());
            Err(Diagnostic::error(&codes::BACKEND_CONFIG, detail))
        }
    }
}
