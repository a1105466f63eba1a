//! The ledger's files: opened, read, appended to, folded.
//!
//! A reader takes no lock. It reads the journal before the snapshot: a writer that folds one into the other
//! in between only makes it read events that the snapshot already has, and those are skipped by their
//! serial.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::ledger::journal;
use crate::ledger::journal::Event;
use crate::ledger::journal::Written;
use crate::ledger::lock::Holder;
use crate::ledger::lock::Lock;
use crate::ledger::lock::unwritable;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The version of the snapshot that this program writes, and the latest that it reads.
const VERSION: u32 = 1;

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
        let parsed = key.map(|key| FingerprintKey::from_hex(key.expose()));
        if let Some(None) = parsed {
            return Err(wrong_key("KEYFORM_FINGERPRINT_KEY is not 64 hexadecimal digits."));
        }
        Ok(Self { dir: dir.to_owned(), key: parsed.flatten() })
    }

    /// Reads everything, without a lock and without writing. No files: an empty ledger and, unless one was
    /// given, a new key that is kept nowhere.
    ///
    /// # Errors
    /// A file can't be read, is damaged, of a later version, or the key is lost or of another ledger.
    pub fn load(&self) -> Result<(Ledger, FingerprintKey), Diagnostic> {
        let found = self.read()?;
        let key = found.key.unwrap_or_else(FingerprintKey::generate);
        Ok((found.ledger, key))
    }

    /// Takes the right to write, waiting for it for at most `timeout` (the thread sleeps), then makes the
    /// files if there are none, and folds the journal into the snapshot.
    ///
    /// # Errors
    /// Another process holds it, or what [`Store::load`] and writing can fail with.
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
            Some(text) => self.parse(&text)?,
            None => (Ledger::default(), None),
        };
        journal::replay(&mut ledger, &journal).map_err(|damage| {
            let journal::Damage { line, what } = damage;
            damaged(&self.journal(), &format!("line {line} {what}"))
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

    fn parse(&self, text: &[u8]) -> Result<(Ledger, Option<String>), Diagnostic> {
        let path = self.snapshot();
        let version = serde_json::from_slice::<Version>(text)
            .map_err(|error| damaged(&path, &format!("line {} is no JSON of a ledger", error.line())))?
            .version;
        if version > VERSION {
            let detail = format!("{} is of version {version}, this keyform knows {VERSION}.", path.display());
            return Err(Diagnostic::error(&codes::LEDGER_VERSION, detail).help("use a later keyform"));
        }
        // The library's message may quote what it found; the line is enough.
        let snapshot: Snapshot = serde_json::from_slice(text)
            .map_err(|error| damaged(&path, &format!("line {} is not of a ledger", error.line())))?;
        let key = snapshot.key.clone();
        let ledger = snapshot.ledger().ok_or_else(|| damaged(&path, "a record has no address, or no fingerprint"))?;
        Ok((ledger, Some(key)))
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
            let snapshot = Snapshot::of(&ledger, mark_of(&key));
            self.replace(&snapshot).map_err(|error| unwritable(&self.snapshot(), &error))?;
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

    fn replace(&self, snapshot: &Snapshot) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(snapshot)?;
        text.push(b'\n');
        disk::replace(&self.snapshot(), &text)
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

/// What tells whether a key is the ledger's, without telling the key.
fn mark_of(key: &FingerprintKey) -> String {
    key.fingerprint("keyform", b"ledger").to_hex()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Diagnostic> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Diagnostic::error(&codes::LEDGER_READ, format!("{}: {error}", path.display()))),
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn damaged(path: &Path, what: &str) -> Diagnostic {
    Diagnostic::error(&codes::LEDGER_DAMAGED, format!("{}: {what}. Nothing was written.", path.display()))
        .help("restore the file from a copy, or move it away and plan with `--adopt`")
}

fn wrong_key(detail: &str) -> Diagnostic {
    Diagnostic::error(&codes::LEDGER_KEY, detail).help(
        "restore the key, or set KEYFORM_FINGERPRINT_KEY to it; if it is lost, move `ledger.json` and \
         `journal.jsonl` away and plan with `--adopt`",
    )
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The snapshot file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    version: u32,
    serial: u64,
    owner: Arc<str>,
    /// [`mark_of`] the key.
    key: String,
    records: BTreeMap<String, Written>,
    intents: BTreeMap<String, Natural>,
}

impl Snapshot {
    fn of(ledger: &Ledger, key: String) -> Self {
        Self {
            version: VERSION,
            serial: ledger.serial,
            owner: Arc::clone(&ledger.owner),
            key,
            records: ledger.records.iter().map(|(address, r)| (address.to_string(), Written::of(r))).collect(),
            intents: ledger.intents.iter().map(|(address, n)| (address.to_string(), n.clone())).collect(),
        }
    }

    fn ledger(self) -> Option<Ledger> {
        let records = self.records.into_iter().map(|(address, r)| Some((address.parse().ok()?, r.record()?)));
        let intents = self.intents.into_iter().map(|(address, natural)| Some((address.parse().ok()?, natural)));
        Some(Ledger {
            serial: self.serial,
            owner: self.owner,
            records: records.collect::<Option<_>>()?,
            intents: intents.collect::<Option<_>>()?,
        })
    }
}
