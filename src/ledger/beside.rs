//! What lies beside the ledger, on this machine or in the store that many machines share: undo capsules above all.
//!
//! | on this machine | in a store | what it is |
//! |---|---|---|
//! | `undo/RUN.age` | `undo-RUN.age` | what is sealed |
//! | `undo/RUN.json` | one of `undo.json` | what everybody may know of it |
//!
//! A store can't list what it has, so it keeps the notes of all runs in one content. What they mean is their writer's business.

use crate::disk;
use crate::ledger::shared::Shared;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

const SEALED: &str = ".age";
const NOTE: &str = ".json";

/// The notes of a store.
const NOTES: &str = "undo.json";

/// How often notes are written again that somebody else wrote in between. Only a run that lost its lease does.
const TRIES: usize = 4;

/// Such a place. Only the holder of the ledger writes and deletes. Every method that fails says why.
#[derive(Clone)]
pub(super) enum Beside {
    /// A directory, which need not exist yet.
    Directory(PathBuf),
    /// The store of a shared ledger.
    Store(Shared),
}

impl Beside {
    /// Where what a run sealed is, for people.
    pub(super) fn place(&self, run: &str) -> String {
        match self {
            Self::Directory(dir) => dir.join(format!("{run}{SEALED}")).display().to_string(),
            Self::Store(shared) => format!("{}/{}", shared.place(), sealed_name(run)),
        }
    }

    /// Where a note is, for people.
    pub(super) fn note_place(&self, run: &str) -> String {
        match self {
            Self::Directory(dir) => dir.join(format!("{run}{NOTE}")).display().to_string(),
            Self::Store(shared) => format!("{}/{NOTES}", shared.place()),
        }
    }

    /// Writes what a run seals; on return it is there for good.
    pub(super) async fn seal(&self, run: &str, content: &[u8]) -> Result<(), String> {
        match self {
            Self::Directory(dir) => replace(dir, &format!("{run}{SEALED}"), content).map_err(|error| error.to_string()),
            // Capsules are of one run, and runs have names of their own.
            Self::Store(shared) => shared.make(&sealed_name(run), content).await.map_err(|why| why.detail),
        }
    }

    /// What a run sealed; `None` if there is nothing.
    pub(super) async fn sealed(&self, run: &str) -> Result<Option<Vec<u8>>, String> {
        match self {
            Self::Directory(dir) => read(&dir.join(format!("{run}{SEALED}"))).map_err(|error| error.to_string()),
            Self::Store(shared) => match shared.store().get(&sealed_name(run)).await {
                Ok(found) => Ok(found.map(|found| found.content)),
                Err(why) => Err(why.detail),
            },
        }
    }

    /// The notes of all runs; of one that can't be read, nothing.
    pub(super) async fn notes(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        match self {
            Self::Directory(dir) => {
                let names = list(dir).map_err(|error| error.to_string())?;
                let noted = names.iter().filter(|name| !name.starts_with('.')).filter_map(|name| {
                    let text = fs::read(dir.join(name)).unwrap_or_default();
                    Some((name.strip_suffix(NOTE)?.to_owned(), text))
                });
                Ok(noted.collect())
            }
            Self::Store(shared) => {
                let found = shared.store().get(NOTES).await.map_err(|why| why.detail)?;
                let notes = found.map(|found| parsed(&found.content)).transpose()?.unwrap_or_default();
                Ok(notes.into_iter().map(|(run, note)| (run, note.to_string().into_bytes())).collect())
            }
        }
    }

    /// Writes the note of a run; on return it is there for good.
    pub(super) async fn note(&self, run: &str, text: &[u8]) -> Result<(), String> {
        match self {
            Self::Directory(dir) => replace(dir, &format!("{run}{NOTE}"), text).map_err(|error| error.to_string()),
            Self::Store(shared) => {
                let note: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
                let add = |notes: &mut BTreeMap<String, Value>| drop(notes.insert(run.to_owned(), note.clone()));
                change(shared, add).await
            }
        }
    }

    /// The runs of which there is anything, the oldest first.
    pub(super) async fn runs(&self) -> Result<Vec<String>, String> {
        match self {
            Self::Directory(dir) => Ok(runs(&list(dir).map_err(|error| error.to_string())?)),
            Self::Store(_) => Ok(self.notes().await?.into_keys().collect()),
        }
    }

    /// Deletes what these runs sealed, and their notes.
    pub(super) async fn prune(&self, old: &BTreeSet<String>) -> Result<(), String> {
        match self {
            Self::Directory(dir) => prune(dir, old).map_err(|error| error.to_string()),
            Self::Store(shared) => {
                change(shared, |notes| notes.retain(|run, _| !old.contains(run))).await?;
                // What nobody finds any more: left over, it harms nobody.
                for run in old {
                    shared.forget(&sealed_name(run)).await;
                }
                Ok(())
            }
        }
    }
}

fn sealed_name(run: &str) -> String {
    format!("undo-{run}{SEALED}")
}

fn parsed(content: &[u8]) -> Result<BTreeMap<String, Value>, String> {
    serde_json::from_slice(content).map_err(|_| format!("`{NOTES}` is not what keyform wrote"))
}

/// Changes the notes of a store, unless they are right already.
async fn change(shared: &Shared, mut change: impl FnMut(&mut BTreeMap<String, Value>)) -> Result<(), String> {
    for _ in 0..TRIES {
        let found = shared.store().get(NOTES).await.map_err(|why| why.detail)?;
        let before = found.as_ref().map(|found| parsed(&found.content)).transpose()?.unwrap_or_default();
        let mut notes = before.clone();
        change(&mut notes);
        if notes == before {
            return Ok(());
        }
        let content = serde_json::to_vec(&notes).map_err(|error| error.to_string())?;
        let over = found.map(|found| found.version);
        if shared.replace(NOTES, &content, over.as_ref()).await.map_err(|why| why.detail)? {
            return Ok(());
        }
    }
    Err(format!("`{NOTES}` is written by somebody else all the time"))
}

/// Writes a file that only its owner can read; on return it is on disk.
pub(super) fn replace(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    super::files::make_directory(dir)?;
    disk::replace(&dir.join(name), content)
}

/// Reads a file; `None` if there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names of all files, sorted. Those that a crash left half written begin with a dot.
fn list(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names: io::Result<Vec<Option<String>>> =
        entries.map(|entry| Ok(entry?.file_name().into_string().ok())).collect();
    let mut names: Vec<String> = names?.into_iter().flatten().collect();
    names.sort();
    Ok(names)
}

/// The runs that files are of.
fn runs(names: &[String]) -> Vec<String> {
    let run = |name: &String| [SEALED, NOTE].iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned);
    let mut runs: Vec<String> = names.iter().filter(|name| !name.starts_with('.')).filter_map(run).collect();
    runs.dedup();
    runs
}

fn prune(dir: &Path, old: &BTreeSet<String>) -> io::Result<()> {
    let names = list(dir)?;
    // Half written, by a run that was killed: nobody else is writing.
    for name in names.iter().filter(|name| name.starts_with('.') && name.ends_with(".keyform")) {
        fs::remove_file(dir.join(name))?;
    }
    for run in old {
        // The note first: without it the rest is not listed, and the next run takes it away.
        for name in [format!("{run}{NOTE}"), format!("{run}{SEALED}")] {
            match fs::remove_file(dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
