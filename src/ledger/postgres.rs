//! PostgreSQL: a row a name, with a version that a write names and counts on.
//!
//! The table `keyform_ledger` is made with the first ledger, in the first schema of the search path, and `keyform_pace` with the
//! first shard that asks a service with a rate. TLS is always on, with the
//! certificates of the system, but for a server on this machine. Nothing here needs a session, so that a pooler may stand
//! between.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::ledger::objects::is_here;
use crate::ledger::store::Found;
use crate::ledger::store::Put;
use crate::ledger::store::Store;
use crate::ledger::store::Version;
use crate::secret::Secret;
use futures_util::future::BoxFuture;
use rustls_platform_verifier::ConfigVerifierExt;
use std::error::Error as _;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::Config;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_postgres::Row;
use tokio_postgres::config::Host;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest time until a connection stands, and until an answer is there.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a server listens if its address does not say.
const PORT: u16 = 5432;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS keyform_ledger (ledger text NOT NULL, name text NOT NULL, \
                     version bigint NOT NULL, content bytea NOT NULL, written timestamptz NOT NULL DEFAULT now(), \
                     PRIMARY KEY (ledger, name))";
const GET: &str = "SELECT version, content FROM keyform_ledger WHERE ledger = $1 AND name = $2";
const CREATE: &str = "INSERT INTO keyform_ledger (ledger, name, version, content) VALUES ($1, $2, 1, $3) \
                      ON CONFLICT DO NOTHING RETURNING version";
const REPLACE: &str = "UPDATE keyform_ledger SET version = version + 1, content = $3, written = now() \
                       WHERE ledger = $1 AND name = $2 AND version = $4 RETURNING version";
const DELETE: &str = "DELETE FROM keyform_ledger WHERE ledger = $1 AND name = $2";

const PACE: &str = "CREATE TABLE IF NOT EXISTS keyform_pace (ledger text NOT NULL, host text NOT NULL, \
                    next timestamptz NOT NULL, PRIMARY KEY (ledger, host))";
/// The generic cell rate algorithm: a minute's worth may come at once, then each waits for its turn.
const TURN: &str = "INSERT INTO keyform_pace AS pace (ledger, host, next) \
                    VALUES ($1, $2, clock_timestamp() + $3 * interval '1 microsecond') \
                    ON CONFLICT (ledger, host) DO UPDATE \
                    SET next = greatest(pace.next, clock_timestamp()) + $3 * interval '1 microsecond' \
                    RETURNING (extract(epoch FROM next - clock_timestamp()) * 1000000)::bigint";
const MINUTE: i64 = 60_000_000;

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The rows of one ledger.
pub struct Postgres {
    config: Config,
    /// Whether the server is this machine.
    here: bool,
    ledger: String,
    place: String,
    client: tokio::sync::Mutex<Option<Client>>,
}

impl Postgres {
    /// The ledger of a name in the database of an address. Asks nothing yet.
    ///
    /// # Errors
    /// The address is none, or would be reached without TLS.
    pub fn new(url: &Secret, password: Option<&Secret>, ledger: &str) -> Result<Self, Diagnostic> {
        // Certificates and names are always checked.
        let text = url.expose().replace("sslmode=verify-full", "sslmode=require");
        // The library's message may quote the address, and with it a password.
        let mut config = Config::from_str(&text).map_err(|_| bad("The address is none of a PostgreSQL."))?;
        if let Some(password) = password {
            config.password(password.expose());
        }
        let is_local = |host: &Host| match host {
            Host::Tcp(name) => is_here(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        if config.get_hosts().is_empty() {
            return Err(bad("The address names no host."));
        }
        let here = config.get_hosts().iter().all(is_local);
        if !here && config.get_ssl_mode() == SslMode::Disable {
            return Err(bad("The server would be reached without TLS."));
        }
        config.ssl_mode(if here { SslMode::Disable } else { SslMode::Require });
        config.connect_timeout(PATIENCE).application_name("keyform");
        // One port is that of all hosts.
        let ports = config.get_ports();
        let port =
            |at: usize| ports.get(at).or(ports.first().filter(|_| ports.len() == 1)).filter(|port| **port != PORT);
        let named = |(at, host): (usize, &Host)| match port(at) {
            Some(port) => format!("{}:{port}", shown(host)),
            None => shown(host),
        };
        let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(named).collect();
        let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
        let place = format!("postgres://{}/{database}/{ledger}", hosts.join(","));
        Ok(Self { config, here, ledger: ledger.to_owned(), place, client: tokio::sync::Mutex::default() })
    }

    async fn connect(&self) -> Result<Client, Why> {
        if self.here {
            let (client, connection) = self.config.connect(NoTls).await?;
            // It ends with the client; why, the next question says.
            tokio::spawn(connection);
            return Ok(client);
        }
        // Whoever comes second finds it installed: both mean the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = rustls::ClientConfig::with_platform_verifier().map_err(|_| Why::Tls)?;
        let (client, connection) = self.config.connect(MakeRustlsConnect::new(tls)).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Asks once; after a failure the next question begins with a new connection.
    async fn ask(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Why> {
        let mut held = self.client.lock().await;
        let client = match held.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => tokio::time::timeout(PATIENCE, self.connect()).await.map_err(|_| Why::Silence)??,
        };
        let rows = tokio::time::timeout(PATIENCE, client.query_typed(sql, parameters)).await;
        let rows = rows.map_err(|_| Why::Silence)?;
        *held = Some(client);
        Ok(rows?)
    }

    async fn read(&self, name: &str) -> Result<Option<Found>, Why> {
        match self.ask(GET, &[(&self.ledger, Type::TEXT), (&name, Type::TEXT)]).await {
            Ok(rows) => Ok(rows.first().map(|row| Found { content: row.get(1), version: version(row) })),
            // Nobody has written yet.
            Err(Why::Error(error)) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
            Err(why) => Err(why),
        }
    }

    async fn write(&self, name: &str, content: &[u8], over: Option<&Version>) -> Result<Put, Why> {
        let rows = match over.map(|version| version.0.parse::<i64>()) {
            Some(Ok(version)) => {
                let parameters: [Parameter<'_>; 4] =
                    [(&self.ledger, Type::TEXT), (&name, Type::TEXT), (&content, Type::BYTEA), (&version, Type::INT8)];
                self.ask(REPLACE, &parameters).await?
            }
            Some(Err(_)) => Vec::new(),
            None => {
                let parameters: [Parameter<'_>; 3] =
                    [(&self.ledger, Type::TEXT), (&name, Type::TEXT), (&content, Type::BYTEA)];
                match self.ask(CREATE, &parameters).await {
                    Err(Why::Error(error)) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
                        self.make(TABLE).await?;
                        self.ask(CREATE, &parameters).await?
                    }
                    rows => rows?,
                }
            }
        };
        Ok(rows.first().map_or(Put::Conflict, |row| Put::Done(version(row))))
    }

    async fn pace(&self, host: &str, rate: u32) -> Result<Duration, Why> {
        let between = f64::from(60_000_000 / rate.max(1));
        let parameters: [Parameter<'_>; 3] =
            [(&self.ledger, Type::TEXT), (&host, Type::TEXT), (&between, Type::FLOAT8)];
        let rows = match self.ask(TURN, &parameters).await {
            Err(Why::Error(error)) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
                self.make(PACE).await?;
                self.ask(TURN, &parameters).await?
            }
            rows => rows?,
        };
        let next = rows.first().map_or(0, |row| row.get::<_, i64>(0));
        Ok(Duration::from_micros(u64::try_from(next - MINUTE).unwrap_or(0)))
    }

    /// Makes a table. Two that do so at once disturb each other, and then it is there.
    async fn make(&self, table: &str) -> Result<(), Why> {
        match self.ask(table, &[]).await {
            Err(Why::Error(error))
                if matches!(error.code(), Some(&SqlState::UNIQUE_VIOLATION | &SqlState::DUPLICATE_TABLE)) =>
            {
                Ok(())
            }
            made => made.map(drop),
        }
    }

    fn problem(&self, why: &Why) -> Diagnostic {
        let (said, help) = match why {
            Why::Silence => ("no answer came in time".to_owned(), "look at the address, and whether the server is up"),
            Why::Tls => {
                ("no certificates are known".to_owned(), "install the system's certificates, or set SSL_CERT_FILE")
            }
            Why::Error(error) => match error.as_db_error() {
                Some(said) => {
                    let help = "look at the user, its password (PGPASSWORD) and what it may do: create the table \
                                `keyform_ledger`, read and write it";
                    (format!("it says {} ({})", said.message(), said.code().code()), help)
                }
                None => {
                    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
                    (format!("{error}{cause}"), "look at the address, and at the server's certificate")
                }
            },
        };
        let detail = format!("{} can't be used: {said}.", self.place);
        Diagnostic::error(&codes::LEDGER_STORE, detail).help(help)
    }
}

impl Store for Postgres {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Found>, Diagnostic>> {
        Box::pin(async move { self.read(name).await.map_err(|why| self.problem(&why)) })
    }

    fn put<'a>(
        &'a self,
        name: &'a str,
        content: &'a [u8],
        over: Option<&'a Version>,
    ) -> BoxFuture<'a, Result<Put, Diagnostic>> {
        Box::pin(async move { self.write(name, content, over).await.map_err(|why| self.problem(&why)) })
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(async move {
            let done = self.ask(DELETE, &[(&self.ledger, Type::TEXT), (&name, Type::TEXT)]).await;
            done.map(drop).map_err(|why| self.problem(&why))
        })
    }

    fn turn<'a>(&'a self, host: &'a str, rate: u32) -> BoxFuture<'a, Option<Duration>> {
        Box::pin(async move {
            let turn = self.pace(host, rate).await.map_err(|why| self.problem(&why));
            turn.inspect_err(|why| tracing::warn!("rates are not shared: {}", why.detail)).ok()
        })
    }
}

/// Why there are no rows.
enum Why {
    Silence,
    Tls,
    Error(Error),
}

impl From<Error> for Why {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn bad(detail: &str) -> Diagnostic {
    Diagnostic::error(&codes::LEDGER_STORE, detail)
        .help("for example `postgres://keyform@db.example.com/keyform`; the password comes from PGPASSWORD")
}

fn version(row: &Row) -> Version {
    Version(row.get::<_, i64>(0).to_string())
}

fn shown(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}
