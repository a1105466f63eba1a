//! The embedded backend: a server that speaks the Infisical API, keeps everything in one SQLite file, and
//! runs syncs itself with the same provider code.
//!
//! Lives here: starting and ending it. [`data`] holds the directory, [`crypto`] seals, [`db`] opens the
//! database, [`store`] is what is stored, [`routes`] are the addresses, [`dialect`] is which server it speaks
//! as, [`rate`] limits requests, [`jobs`] runs syncs.

mod auth;
mod body;
mod check;
mod clock;
mod crypto;
mod data;
mod db;
pub mod dialect;
mod error;
pub mod files;
mod jobs;
pub mod rate;
mod routes;
mod specs;
mod store;
mod wire;

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::client::Client;
use crate::provider::registry::Registry;
use crate::provider::turns::Turns;
use crate::secret::Secret;
use crate::server::auth::Tokens;
use crate::server::data::Credentials;
use crate::server::data::Directory;
use crate::server::db::Database;
use crate::server::dialect::Dialect;
use crate::server::files::LocalFiles;
use crate::server::rate::Buckets;
use crate::server::rate::RateLimits;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long open requests may take after the end was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; it is made, with mode 0700, where there is none.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Client id and client secret of the one identity; `None` takes the one kept in the data directory,
    /// made at the first start.
    pub identity: Option<(String, Secret)>,
    /// Which files of this machine its syncs may write.
    pub local: LocalFiles,
    /// Which server it speaks as.
    pub dialect: Dialect,
    /// How many requests a minute it takes; `None` takes all.
    pub rate_limits: Option<RateLimits>,
}

impl Options {
    /// A server of the newest dialect on a free port of this machine, for whoever has the credentials in its
    /// directory: then both sides are one user, who may write what they like.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { data, listen, identity: None, local: LocalFiles::Anywhere, dialect: Dialect::Newest, rate_limits: None }
    }
}

/// A server that runs.
pub struct Running {
    /// Where it can be reached: `http://127.0.0.1:8080`.
    pub url: String,
    /// What to log in with.
    pub client_id: String,
    /// What to log in with.
    pub client_secret: Secret,
    /// How many syncs write files of this machine although that is refused.
    pub refused: usize,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    db: Database,
    /// Held until the end, so that no other server takes the directory.
    directory: Directory,
}

/// What every handler knows.
struct App {
    db: Database,
    tokens: Tokens,
    registry: Arc<Registry>,
    /// For destinations and for trying credentials.
    client: Client,
    local: LocalFiles,
    /// Jobs that write to one place wait for each other.
    turns: Turns,
    dialect: Dialect,
    rate: Option<Buckets>,
}

type Shared = Arc<App>;

/// Starts a server. Jobs that had not ended when the last one stopped are run again.
///
/// # Errors
/// The directory is held by another server or can't be used, the key file does not fit, the database is
/// damaged or newer, or the address can't be listened on. Nothing is changed then.
pub async fn start(options: Options, registry: Arc<Registry>, client: Client) -> Result<Running, Diagnostic> {
    let (dialect, rate) = (options.dialect, options.rate_limits.map(Buckets::new));
    let directory = Directory::open(&options.data)?;
    let db = Database::open(&directory)?;
    let credentials = match options.identity {
        Some((client_id, client_secret)) => Credentials { client_id, client_secret },
        None => directory.identity()?,
    };
    let tokens = db.run_here(|store| {
        auth::keep(store, &credentials)?;
        store.reset_jobs()?;
        let refused = if matches!(options.local, LocalFiles::Refused) { store.count_syncs("local")? } else { 0 };
        Ok((Tokens::load(store)?, refused))
    });
    let (tokens, refused) = tokens.map_err(|_| {
        Diagnostic::error(&codes::SERVER_DATA, format!("`{}` can't be written.", directory.database().display()))
    })?;
    let deaf = |e: std::io::Error| Diagnostic::error(&codes::SERVER_LISTEN, format!("`{}`: {e}.", options.listen));
    let listener = TcpListener::bind(options.listen).await.map_err(deaf)?;
    let address = listener.local_addr().map_err(deaf)?;
    directory.say(&format!("process {}, listening on {address}", std::process::id()))?;

    let (stop, stopped) = watch::channel(false);
    let (local, turns) = (options.local, Turns::default());
    let app = Arc::new(App { db: db.clone(), tokens, registry, client, local, turns, dialect, rate });
    let tasks =
        vec![tokio::spawn(jobs::work(app.clone(), stopped.clone())), tokio::spawn(serve(listener, app, stopped))];
    Ok(Running {
        url: format!("http://{address}"),
        client_id: credentials.client_id,
        client_secret: credentials.client_secret,
        refused,
        stop,
        tasks,
        db,
        directory,
    })
}

impl Running {
    /// Where everything is kept.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.database()
    }

    /// Ends the server: open requests and jobs get a moment to end; jobs that do not are run again at the
    /// next start.
    pub async fn shutdown(self) {
        // The receivers are gone only if both tasks have ended already.
        let _ = self.stop.send(true);
        for task in self.tasks {
            if task.await.is_err() {
                tracing::error!("a task of the embedded backend ended in a panic");
            }
        }
        self.db.close();
    }
}

async fn serve(listener: TcpListener, app: Shared, mut stopped: watch::Receiver<bool>) {
    let mut also_stopped = stopped.clone();
    let ended = axum::serve(listener, routes::service(app).into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            // An error means that the server was dropped: that is an end, too.
            let _ = stopped.wait_for(|stop| *stop).await;
        });
    let late = async {
        let _ = also_stopped.wait_for(|stop| *stop).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = ended => {
            if result.is_err() {
                tracing::error!("the embedded backend stopped listening");
            }
        }
        () = late => {}
    }
}
