//! Who may write: one process at a time.
//!
//! The lock is the operating system's, on the file `lock`, so that it is free as soon as its holder has
//! ended, also after a `kill -9`. `lock.json` beside it says who holds it; it decides nothing.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::ledger::process;
use crate::model::ledger::Ledger;
use serde::Deserialize;
use serde::Serialize;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// How often a waiting process looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// Who is writing, for the people who wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// What it does: `apply`.
    pub command: String,
    /// The process.
    pub pid: u32,
    /// Since when, in UTC, as RFC 3339.
    pub start: String,
}

impl Holder {
    /// For a sentence: `` `apply` by ada on build-7, process 12, since 2026-01-02T03:04:05Z ``.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { user, host, command, pid, start } = self;
        // A container often has no name for its user.
        let by = if user.is_empty() { String::new() } else { format!(" by {user}") };
        format!("`{command}`{by} on {host}, process {pid}, since {start}")
    }
}

/// The right to write. Dropping it frees the lock; so does the end of the process, however it ends.
#[derive(Debug)]
pub struct Lock {
    /// Holds the operating system's lock as long as it is open.
    _file: File,
    note: PathBuf,
    journal: Mutex<Journal>,
}

/// The journal while it is being written.
#[derive(Debug)]
struct Journal {
    file: File,
    /// Its length after the last event that is on disk.
    length: u64,
    /// The serial of that event.
    serial: u64,
    /// A write failed and could not be undone: whatever came now would follow half a line.
    broken: bool,
}

impl Lock {
    /// Waits for the lock of `dir`, then hands it to `prepare`, which makes the ledger ready to be
    /// continued and gives it with its journal, empty and open for appending.
    pub(crate) fn take(
        dir: &Path,
        holder: &Holder,
        timeout: Duration,
        prepare: impl FnOnce() -> Result<(Ledger, File), Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let note = dir.join("lock.json");
        let file = wait(&dir.join("lock"), &note, timeout)?;
        write_note(&note, holder).map_err(|e| unwritable(&note, &e))?;
        let (ledger, journal) = prepare()?;
        let journal = Journal { file: journal, length: 0, serial: ledger.serial, broken: false };
        Ok(Self { _file: file, note, journal: Mutex::new(journal) })
    }

    /// Appends lines, made by `lines` from the serial before them; gives back once they are on disk.
    pub(crate) fn append(
        &self,
        count: u64,
        lines: impl FnOnce(u64) -> Result<String, serde_json::Error>,
    ) -> io::Result<()> {
        let mut journal = self.journal.lock().map_err(|_| io::Error::other("a writer panicked"))?;
        if journal.broken {
            return Err(io::Error::other("an earlier event could not be written"));
        }
        let text = lines(journal.serial)?;
        if let Err(error) = journal.file.write_all(text.as_bytes()).and_then(|()| journal.file.sync_data()) {
            journal.broken = journal.file.set_len(journal.length).is_err();
            return Err(error);
        }
        journal.length += text.len() as u64;
        journal.serial += count;
        Ok(())
    }

    /// Empties the journal, whose next event follows this serial: the snapshot is another one now.
    pub(crate) fn restart(&self, serial: u64) -> io::Result<()> {
        let mut journal = self.journal.lock().map_err(|_| io::Error::other("a writer panicked"))?;
        journal.file.set_len(0).and_then(|()| journal.file.sync_data())?;
        (journal.length, journal.serial) = (0, serial);
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The note only informs: if it stays, nothing is blocked by it.
        let _ = fs::remove_file(&self.note);
    }
}

fn wait(path: &Path, note: &Path, timeout: Duration) -> Result<File, Diagnostic> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| unwritable(path, &error))?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(unwritable(path, &error)),
            Err(TryLockError::WouldBlock) if begin.elapsed() >= timeout => return Err(taken(path, note)),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE.min(timeout)),
        }
    }
}

/// Who holds the lock of `dir`, as far as its note says; nobody, where that process has ended. Asks for no lock, since
/// another one may ask at the same moment.
pub(crate) fn holder(dir: &Path) -> Option<Holder> {
    let note = noted(&dir.join("lock.json"))?;
    let is_over = note.process.as_deref().is_some_and(process::has_ended);
    (!is_over).then_some(note.holder)
}

/// What `lock.json` says.
#[derive(Serialize, Deserialize)]
struct Noted {
    #[serde(flatten)]
    holder: Holder,
    /// The process among all of its machine, where that can be said.
    process: Option<String>,
}

fn noted(note: &Path) -> Option<Noted> {
    fs::read(note).ok().and_then(|text| serde_json::from_slice(&text).ok())
}

fn taken(path: &Path, note: &Path) -> Diagnostic {
    let by = noted(note).map_or_else(|| "another process".to_owned(), |noted| noted.holder.words());
    Diagnostic::error(&codes::LEDGER_LOCKED, format!("{} is held: {by}.", path.display()))
        .help("wait for it to end, or give `--lock-timeout` a longer time; a process that was killed holds nothing")
}

pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(&codes::LEDGER_WRITE, format!("{}: {error}", path.display()))
}

fn write_note(path: &Path, holder: &Holder) -> io::Result<()> {
    let noted = Noted { holder: holder.clone(), process: process::of(std::process::id()) };
    fs::write(path, serde_json::to_vec(&noted)?)
}
