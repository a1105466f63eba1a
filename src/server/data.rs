//! The data directory: who may read it, who holds it, the root key and the identity in it.
//!
//! `server.db` is the database, `root.key` the key that opens it, `identity` the machine identity that
//! was made where none was given, `server.lock` says who holds the directory. Directory 0700, files 0600.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::secret::Secret;
use crate::server::crypto::Key;
use crate::server::crypto::new_key;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// A data directory, held until it is dropped.
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

/// What a client logs in with.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

impl Directory {
    /// Makes the directory if need be, and takes hold of it.
    pub(crate) fn open(path: &Path) -> Result<Self, Diagnostic> {
        make(path).map_err(|e| unusable(path, &e))?;
        let file = path.join("server.lock");
        let mut lock = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&file)
            .map_err(|e| unusable(&file, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(path, &mut lock)),
            Err(TryLockError::Error(e)) => return Err(unusable(&file, &e)),
        }
        let directory = Self { path: path.to_owned(), lock };
        directory.say(&format!("process {}", std::process::id()))?;
        Ok(directory)
    }

    /// Says who holds the directory, for whoever finds it held.
    pub(crate) fn say(&self, holder: &str) -> Result<(), Diagnostic> {
        let mut lock = &self.lock;
        let written = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(holder.as_bytes()));
        written.map_err(|e| unusable(&self.path.join("server.lock"), &e))
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("server.db")
    }

    /// Makes the database's file if there is none, so that only its owner may read it. Gives whether it is
    /// still empty.
    pub(crate) fn make_database(&self) -> Result<bool, Diagnostic> {
        let path = self.database();
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(&path);
        let meta = file.and_then(|file| file.metadata()).map_err(|e| unusable(&path, &e))?;
        Ok(meta.len() == 0)
    }

    /// The root key. It is made only where there is no database yet: one that exists needs its own.
    pub(crate) fn root_key(&self, is_new: bool) -> Result<Key, Diagnostic> {
        let file = self.path.join("root.key");
        match fs::read_to_string(&file).map(Zeroizing::new) {
            Ok(text) => {
                let mut key = Key::default();
                hex::decode_to_slice(text.trim(), key.as_mut_slice())
                    .map_err(|_| wrong_key(&file, "is not 64 hexadecimal digits"))?;
                Ok(key)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && is_new => {
                let key = new_key();
                let text = Zeroizing::new(hex::encode(key.as_slice()));
                disk::replace(&file, text.as_bytes()).map_err(|e| unusable(&file, &e))?;
                Ok(key)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(wrong_key(&file, "is missing")),
            Err(e) => Err(unusable(&file, &e)),
        }
    }

    /// The identity of this directory, made once.
    pub(crate) fn identity(&self) -> Result<Credentials, Diagnostic> {
        let file = self.path.join("identity");
        match fs::read_to_string(&file).map(Zeroizing::new) {
            Ok(text) => {
                let mut lines = text.lines();
                let (Some(id), Some(secret)) = (lines.next(), lines.next()) else {
                    return Err(Diagnostic::error(
                        &codes::SERVER_DATA,
                        format!("`{}` is not two lines.", file.display()),
                    )
                    .help("delete the file: a new identity is made at the next start"));
                };
                Ok(Credentials { client_id: id.to_owned(), client_secret: Secret::new(secret.to_owned()) })
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let client_id = crate::server::clock::id();
                let client_secret = Secret::new(hex::encode(new_key().as_slice()));
                let parts = [client_id.as_bytes(), b"\n", client_secret.expose().as_bytes(), b"\n"];
                disk::replace(&file, &Zeroizing::new(parts.concat())).map_err(|e| unusable(&file, &e))?;
                Ok(Credentials { client_id, client_secret })
            }
            Err(e) => Err(unusable(&file, &e)),
        }
    }
}

/// The diagnostic for a file or directory that the system refuses.
pub(crate) fn unusable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(&codes::SERVER_DATA, format!("`{}`: {error}.", path.display()))
}

/// The diagnostic for a root key that does not open the database.
pub(crate) fn wrong_key(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error(&codes::SERVER_KEY, format!("`{}` {why}.", path.display()))
        .help("put back the key file that belongs to this database, from the same backup")
}

fn locked(path: &Path, lock: &mut File) -> Diagnostic {
    let mut holder = String::new();
    // Who holds it is a courtesy: without it the message is still true.
    let _ = lock.rewind().and_then(|()| lock.read_to_string(&mut holder));
    let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
    Diagnostic::error(&codes::SERVER_LOCKED, format!("`{}` is held by {holder}.", path.display()))
        .help("wait until that one ends, or stop it; several at once can talk to one `keyform serve`, named by a `backend` block")
}

#[cfg(unix)]
fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    use std::os::unix::fs::PermissionsExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
