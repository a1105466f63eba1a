//! The database: opening it without ever harming it, its layout's versions, and running statements off
//! the async threads.

use crate::api::identities::Organization;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::server::crypto::Vault;
use crate::server::crypto::new_key;
use crate::server::data::Directory;
use crate::server::data::wrong_key;
use crate::server::error::Refusal;
use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::OptionalExtension as _;
use rusqlite::TransactionBehavior;
use rusqlite::params;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// The layouts, oldest first: one that is applied raises `user_version` by one.
const LAYOUTS: &[&str] = &[
    include_str!("../../schema/server.sql"),
    include_str!("../../schema/server-2.sql"),
    include_str!("../../schema/server-3.sql"),
];

/// Where the sealed data key stands in `meta`, and what binds it.
const DATA_KEY: &str = "data_key";

/// The database of one server. A clone is another handle of the same one.
#[derive(Clone)]
pub(crate) struct Database(Arc<Inner>);

struct Inner {
    connection: Mutex<Connection>,
    written: Notify,
    vault: Vault,
    organization: Organization,
}

/// One transaction: everything that is read or written goes through it.
pub(crate) struct Store<'a> {
    pub(crate) sql: &'a Connection,
    pub(crate) vault: &'a Vault,
    /// The one organisation of this server.
    pub(crate) organization: &'a Organization,
}

impl Database {
    /// Opens the database of a directory, or makes it.
    pub(crate) fn open(directory: &Directory) -> Result<Self, Diagnostic> {
        let path = directory.database();
        let is_new = directory.make_database()?;
        let root = Vault::new(&directory.root_key(is_new)?);
        let mut connection = Connection::open(&path).map_err(|e| broken(&path, &e))?;
        prepare(&mut connection, &path)?;
        let vault = data_key(&connection, &root, &path)?;
        let organization = organization(&connection, &path)?;
        Ok(Self(Arc::new(Inner { connection: Mutex::new(connection), written: Notify::new(), vault, organization })))
    }

    /// What seals its values.
    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The one organisation of this server.
    pub(crate) fn organization(&self) -> &Organization {
        &self.0.organization
    }

    /// Runs `work` in one transaction on a thread of its own: committed if it succeeds, else nothing of
    /// it stays.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&Store<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || inner.run(work)).await;
        done.unwrap_or_else(|_| Err(Refusal::internal("InternalServerError")))
    }

    /// Waits until something was written since this was last waited for. One may wait.
    pub(crate) async fn written(&self) {
        self.0.written.notified().await;
    }

    /// The same on this thread, for the start.
    pub(crate) fn run_here<T>(&self, work: impl FnOnce(&Store<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.0.run(work)
    }

    /// Moves everything from the write-ahead log into the database file.
    pub(crate) fn close(&self) {
        let connection = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::warn!(code = ?error.sqlite_error_code(), "the write-ahead log was left as it is");
        }
    }
}

impl Inner {
    fn run<T>(&self, work: impl FnOnce(&Store<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        // A panic inside a transaction has rolled it back: the connection is as good as before.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let before = connection.total_changes();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let done = work(&Store { sql: &transaction, vault: &self.vault, organization: &self.organization })?;
        transaction.commit()?;
        if connection.total_changes() != before {
            // Said here and by nobody who waits for this: he may be gone, as a client is who hangs up.
            self.written.notify_one();
        }
        Ok(done)
    }
}

/// Checks the file, brings it to the newest layout, and sets how the connection works.
fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Diagnostic> {
    let fail = |e: rusqlite::Error| broken(path, &e);
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let (place, newest) = (format!("`{}`", path.display()), u32::try_from(LAYOUTS.len()).unwrap_or(u32::MAX));
    later::refused(&codes::SERVER_NEWER, (&place, "a database"), (version.into(), newest), None)?;
    let version = version as usize;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fail)?;
    if sound != "ok" {
        return Err(damaged(path, "a check of its pages failed"));
    }
    connection.pragma_update(None, "journal_mode", "wal").map_err(fail)?;
    connection.pragma_update(None, "synchronous", "full").map_err(fail)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(fail)?;
    // Pages of deleted values are overwritten.
    connection.pragma_update(None, "secure_delete", true).map_err(fail)?;
    connection.set_prepared_statement_cache_capacity(128);
    for (number, layout) in LAYOUTS.iter().enumerate().skip(version) {
        let transaction = connection.transaction().map_err(fail)?;
        transaction.execute_batch(layout).map_err(fail)?;
        transaction.pragma_update(None, "user_version", u32::try_from(number + 1).unwrap_or(u32::MAX)).map_err(fail)?;
        transaction.commit().map_err(fail)?;
    }
    Ok(())
}

/// Opens the data key with the root key; makes it in a database that has none.
fn data_key(connection: &Connection, root: &Vault, path: &Path) -> Result<Vault, Diagnostic> {
    let fail = |e: rusqlite::Error| broken(path, &e);
    let place = format!("meta.{DATA_KEY}");
    let sealed: Option<Vec<u8>> = connection
        .query_row("SELECT value FROM meta WHERE name = ?", [DATA_KEY], |row| row.get(0))
        .optional()
        .map_err(fail)?;
    let Some(sealed) = sealed else {
        let key = new_key();
        connection
            .execute(
                "INSERT INTO meta (name, value) VALUES (?, ?)",
                params![DATA_KEY, root.seal(&place, key.as_slice())],
            )
            .map_err(fail)?;
        return Ok(Vault::new(&key));
    };
    let file = path.with_file_name("root.key");
    let opened = root.open(&place, &sealed).map_err(|_| wrong_key(&file, "does not open this database"))?;
    let key: [u8; 32] = opened.as_slice().try_into().map_err(|_| damaged(path, "its data key has another length"))?;
    Ok(Vault::new(&Zeroizing::new(key)))
}

/// The organisation, made once.
fn organization(connection: &Connection, path: &Path) -> Result<Organization, Diagnostic> {
    let id = crate::server::clock::id();
    let found: rusqlite::Result<Vec<u8>> = connection
        .execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('organization', ?)", [id.into_bytes()])
        .and_then(|_| connection.query_row("SELECT value FROM meta WHERE name = 'organization'", [], |row| row.get(0)));
    let id = String::from_utf8(found.map_err(|e| broken(path, &e))?)
        .map_err(|_| damaged(path, "the organisation's id is not a text"))?;
    Ok(Organization { id, name: "Keyform".to_owned(), slug: "keyform".to_owned() })
}

fn damaged(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error(&codes::SERVER_DATABASE, format!("`{}`: {why}.", path.display()))
        .help("restore it from a backup, or move it away to start anew; it was not changed")
}

fn broken(path: &Path, error: &rusqlite::Error) -> Diagnostic {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => damaged(path, "the file is not a database"),
        Some(ErrorCode::DatabaseCorrupt) => damaged(path, "a page is damaged"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Diagnostic::error(&codes::SERVER_LOCKED, format!("`{}` is open in another program.", path.display()))
        }
        code => {
            let why = code.map_or_else(|| "an unexpected answer".to_owned(), |code| format!("{code:?}"));
            Diagnostic::error(&codes::SERVER_DATA, format!("`{}`: {why}.", path.display()))
        }
    }
}
