//! Files beside the ledger that are written once, whole, and found again by their names. Whatever else holds a ledger
//! has to offer these four: write, read, list, delete. What they mean is their writer's business.

use crate::disk;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

/// A directory of such files. Only the holder of the ledger's lock writes and deletes.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    dir: PathBuf,
}

impl Beside {
    /// The files in `dir`, which need not exist yet.
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Where a file is, for people.
    pub(super) fn place(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Writes a file that only its owner can read; on return it is on disk.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        super::files::make_directory(&self.dir)?;
        disk::replace(&self.dir.join(name), content)
    }

    /// Reads a file; `None` if there is none.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.dir.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of all files, sorted. Those that a crash left half written have none.
    pub(super) fn list(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names: io::Result<Vec<Option<String>>> =
            entries.map(|entry| Ok(entry?.file_name().into_string().ok())).collect();
        let mut names: Vec<String> = names?.into_iter().flatten().filter(|name| !name.starts_with('.')).collect();
        names.sort();
        Ok(names)
    }

    /// Deletes what a crash left half written. Nobody else is writing.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            if name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(".keyform")) {
                fs::remove_file(self.dir.join(name))?;
            }
        }
        Ok(())
    }

    /// Deletes a file, if it is there.
    pub(super) fn delete(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
