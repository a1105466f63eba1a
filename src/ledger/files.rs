//! The ledger's files on this machine: opened, read, appended to, folded.
//!
//! A reader takes no lock. It reads the journal before the snapshot: a writer that folds one into the other
//! in between only makes it read events that the snapshot already has, and those are skipped by their
//! serial.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::ledger::journal;
use crate::ledger::journal::Event;
use crate::ledger::lock::Holder;
use crate::ledger::lock::Lock;
use crate::ledger::lock::unwritable;
use crate::ledger::snapshot;
use crate::ledger::snapshot::damaged;
use crate::ledger::snapshot::mark_of;
use crate::ledger::snapshot::wrong_key;
use crate::model::ledger::Ledger;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// A ledger in a directory, usually `.keyform`.
#[derive(Debug, Clone)]
pub struct Files {
    dir: PathBuf,
    key: Option<FingerprintKey>,
}

impl Files {
    /// The ledger in `dir`, which need not exist yet. `key` is the text of `KEYFORM_FINGERPRINT_KEY`, which
    /// takes the place of the key file. Reads and writes nothing.
    ///
    /// # Errors
    /// `key` is not 64 hexadecimal digits.
    pub fn open(dir: &Path, key: Option<&Secret>) -> Result<Self, Diagnostic> {
        Ok(Self { dir: dir.to_owned(), key: given(key)? })
    }

    /// Reads everything, without a lock and without writing. No files: an empty ledger and, unless one was
    /// given, a new key that is kept nowhere.
    ///
    /// # Errors
    /// A file can't be read, is damaged, of a later version, or the key is lost or of another ledger.
    pub fn load(&self) -> Result<(Ledger, FingerprintKey), Diagnostic> {
        let found = self.read()?;
        let key = found.key.unwrap_or_else(FingerprintKey::passing);
        Ok((found.ledger, key))
    }

    /// Takes the right to write, waiting for it for at most `timeout` (the thread sleeps), then makes the
    /// files if there are none, and folds the journal into the snapshot.
    ///
    /// # Errors
    /// Another process holds it, or what [`Files::load`] and writing can fail with.
    pub fn lock(&self, holder: &Holder, timeout: Duration) -> Result<Lock, Diagnostic> {
        make_directory(&self.dir).map_err(|error| unwritable(&self.dir, &error))?;
        Lock::take(&self.dir, holder, timeout, || self.prepare())
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
        let lines =
            |serial: u64| (serial + 1..).zip(events).map(|(serial, event)| journal::line(serial, event)).collect();
        lock.append(events.len() as u64, lines).map_err(|error| unwritable(&self.journal(), &error))
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Puts another ledger in the place of what is there, with the key that its fingerprints were made with.
    ///
    /// # Errors
    /// `KEYFORM_FINGERPRINT_KEY` is another one, or a file can't be written.
    pub fn replace(&self, lock: &Lock, ledger: &Ledger, key: &FingerprintKey) -> Result<(), Diagnostic> {
        match &self.key {
            Some(own) if mark_of(own) != mark_of(key) => {
                return Err(wrong_key("KEYFORM_FINGERPRINT_KEY is not the key of that ledger."));
            }
            Some(_) => {}
            None => {
                let text = key.to_hex();
                disk::replace(&self.key_file(), text.expose().as_bytes())
                    .map_err(|error| unwritable(&self.key_file(), &error))?;
            }
        }
        self.fold(ledger, key)?;
        lock.restart(ledger.serial).map_err(|error| unwritable(&self.journal(), &error))
    }

    fn snapshot(&self) -> PathBuf {
        self.dir.join("ledger.json")
    }

    fn journal(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    fn key_file(&self) -> PathBuf {
        self.dir.join("fingerprint.key")
    }

    fn read(&self) -> Result<Found, Diagnostic> {
        // The journal first: see the module's documentation.
        let journal = read(&self.journal())?.unwrap_or_default();
        let snapshot = read(&self.snapshot())?;
        let exists = snapshot.is_some() || !journal.is_empty();
        let is_folded = snapshot.is_some() && journal.is_empty();
        let (mut ledger, mark) = match snapshot {
            Some(text) => {
                let (ledger, mark) = snapshot::parse(&self.snapshot().display().to_string(), &text)?;
                (ledger, Some(mark))
            }
            None => (Ledger::default(), None),
        };
        journal::replay(&mut ledger, &journal).map_err(|damage| {
            let journal::Damage { line, what } = damage;
            damaged(&self.journal().display().to_string(), &format!("line {line} {what}"))
        })?;
        drop(journal);
        ledger.share();

        let key = match (&self.key, read(&self.key_file())?) {
            (Some(key), _) => Some(key.clone()),
            (None, Some(text)) => Some(self.parse_key(text)?),
            (None, None) if exists => {
                let file = self.key_file();
                return Err(wrong_key(&format!("{} is not there, but the ledger is.", file.display())));
            }
            (None, None) => None,
        };
        if let (Some(key), Some(mark)) = (&key, mark)
            && mark_of(key) != mark
        {
            return Err(wrong_key(&format!("{} was written with another key.", self.snapshot().display())));
        }
        Ok(Found { ledger, key, is_folded })
    }

    fn parse_key(&self, text: Vec<u8>) -> Result<FingerprintKey, Diagnostic> {
        let text = Secret::new(String::from_utf8(text).unwrap_or_default());
        FingerprintKey::from_hex(text.expose())
            .ok_or_else(|| wrong_key(&format!("{} is not 64 hexadecimal digits.", self.key_file().display())))
    }

    /// Makes what is missing and folds the journal into the snapshot; the lock is held.
    fn prepare(&self) -> Result<(Ledger, File), Diagnostic> {
        let Found { mut ledger, key, is_folded } = self.read()?;
        let key = match key {
            Some(key) => key,
            None => self.make_key().map_err(|error| unwritable(&self.key_file(), &error))?,
        };
        if ledger.owner.is_empty() {
            ledger.owner = uuid::Uuid::new_v4().to_string().into();
        }
        if !is_folded {
            self.fold(&ledger, &key)?;
        }
        // Only now: every event is in the snapshot, and a crash in between leaves events that are skipped.
        let journal = self.empty_journal().map_err(|error| unwritable(&self.journal(), &error))?;
        Ok((ledger, journal))
    }

    fn make_key(&self) -> io::Result<FingerprintKey> {
        let key = FingerprintKey::generate();
        disk::replace(&self.key_file(), key.to_hex().expose().as_bytes())?;
        Ok(key)
    }

    /// Writes the snapshot.
    fn fold(&self, ledger: &Ledger, key: &FingerprintKey) -> Result<(), Diagnostic> {
        let text = snapshot::text(ledger, &mark_of(key)).map_err(io::Error::from);
        let written = text.and_then(|text| disk::replace(&self.snapshot(), &text));
        written.map_err(|error| unwritable(&self.snapshot(), &error))
    }

    fn empty_journal(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.journal())?;
        file.set_len(0)?;
        file.sync_all()?;
        self.sync_directory()?;
        Ok(file)
    }

    /// A new name in a directory is safe only once the directory is on disk.
    fn sync_directory(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.dir)?.sync_all() } else { Ok(()) }
    }
}

/// What the files hold.
struct Found {
    ledger: Ledger,
    key: Option<FingerprintKey>,
    /// Whether the snapshot is all there is.
    is_folded: bool,
}

/// The key that `KEYFORM_FINGERPRINT_KEY` gives, if it is set.
pub(crate) fn given(key: Option<&Secret>) -> Result<Option<FingerprintKey>, Diagnostic> {
    let bad = || wrong_key("KEYFORM_FINGERPRINT_KEY is not 64 hexadecimal digits.");
    key.map(|key| FingerprintKey::from_hex(key.expose()).ok_or_else(bad)).transpose()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Diagnostic> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Diagnostic::error(&codes::LEDGER_READ, format!("{}: {error}", path.display()))),
    }
}

pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
