//! Files of this machine that are replaced as a whole: readers, and whoever comes after a crash, find the old
//! content or the new one. What the content means, and who else may write, is the caller's business.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;

/// Replaces the content of a file, or makes it. A new file can be read by its owner only, an existing one keeps
/// its mode. Only one caller at a time may write a path: it holds a lock that all of them know.
///
/// # Errors
/// The directory is missing, full or refuses; then the file is as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // Always of the same name, so that what a crash left is found and goes: it may hold secrets.
    let beside = parent.join(format!(".{name}.keyform"));
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let written = fill(&beside, path, content).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // Where it can't be removed either, the next write tries again.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    if let Ok(directory) = File::open(parent) {
        // Some systems can't sync a directory; the file itself is safe.
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Writes a new file, readable by its owner only until it is whole; then it gets the mode of the one that it
/// replaces.
fn fill(beside: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(beside)?;
    file.write_all(content)?;
    if let Ok(old) = fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()
}
