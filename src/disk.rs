//! Files of this machine that are read and replaced as a whole: readers, and whoever comes after a crash, find the old
//! content or the new one. What the content means, and who else may write, is the caller's business.

use sha2::Digest;
use sha2::Sha256;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::Permissions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// Nobody writes longer ones; and places in a text are counted in 32 bits.
const LARGEST: u64 = 1 << 30;

/// The content of a file that may come from others, as a configuration does: what never ends, or waits for somebody who
/// writes to it, is none.
///
/// # Errors
/// It is no regular file, is larger than 1 GiB, or can't be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    match () {
        () if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        () if !found.is_file() => Err(io::ErrorKind::InvalidInput.into()),
        () if found.len() > LARGEST => Err(io::ErrorKind::FileTooLarge.into()),
        () => fs::read(path),
    }
}

/// [`read`] for a text.
///
/// # Errors
/// As there, or it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Replaces the content of a file, or makes it. A new file can be read by its owner only, an existing one keeps
/// its mode. Only one caller at a time may write a path: it holds a lock that all of them know.
///
/// # Errors
/// The directory is missing, full or refuses; then the file is as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, fs::metadata(path).ok().map(|old| old.permissions()))
}

/// The same for what only its owner may read, whatever the mode of the file was that is there.
///
/// # Errors
/// As [`replace`].
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, None)
}

/// The same for what everybody may read: a new file can be.
///
/// # Errors
/// As [`replace`].
pub fn replace_public(path: &Path, content: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    let new = Some(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    #[cfg(not(unix))]
    let new = None;
    put(path, content, fs::metadata(path).ok().map(|old| old.permissions()).or(new))
}

/// Writes to where a person said. A file is replaced by `replace`, one of the functions above, through links to the
/// file itself; what is no file, such as a pipe or a device, stays what it is and is written to. So is what the system
/// shows of open files: a program that has one open must not lose it.
///
/// # Errors
/// As [`replace`]; or it is a directory, or a pipe that nobody reads.
pub fn save(path: &Path, content: &[u8], replace: fn(&Path, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let file = linked(path)?;
    match fs::metadata(&file) {
        Ok(found) if is_open(path) || !found.is_file() => open_to_pass_on(path)?.write_all(content),
        _ => replace(&file, content),
    }
}

/// How long a pipe waits for its reader.
#[cfg(unix)]
const READER: std::time::Duration = std::time::Duration::from_secs(10);

/// Opens what passes on what is written. A pipe with a name waits for its reader when it is opened, for good if none
/// comes and deaf to every signal; this one waits for a while.
#[cfg(unix)]
fn open_to_pass_on(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.append(true);
    if !fs::metadata(path)?.file_type().is_fifo() {
        return options.open(path);
    }
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let began = std::time::Instant::now();
    loop {
        match options.open(path) {
            Ok(file) => {
                // From here on a reader may take its time.
                rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
                return Ok(file);
            }
            Err(error) if error.raw_os_error() != Some(rustix::io::Errno::NXIO.raw_os_error()) => return Err(error),
            Err(_) if began.elapsed() > READER => {
                return Err(io::Error::other("it is a pipe that nobody reads"));
            }
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
}

#[cfg(not(unix))]
fn open_to_pass_on(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).open(path)
}

/// Whether [`save`] could write there now. A file is made beside it and taken away again; what is there is not touched.
///
/// # Errors
/// As [`save`].
pub fn can_save(path: &Path) -> io::Result<()> {
    let file = linked(path)?;
    match fs::metadata(&file) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // What passes on what is written would pass on what only tries.
        Ok(found) if is_open(path) || !found.is_file() => Ok(()),
        _ => {
            let beside = new_beside(&file);
            fill(&beside, b"", None)?;
            fs::remove_file(&beside)
        }
    }
}

/// Whether a path is of what the system shows of open files.
fn is_open(path: &Path) -> bool {
    ["/dev", "/proc"].iter().any(|system| path.starts_with(system))
}

/// Whether a path leads to what passes on what is written and holds nothing itself: a pipe, a terminal, a device. Reading
/// it would wait, or never end.
#[must_use]
pub fn passes_on(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// What a path leads to in the end, also where nothing is there yet.
fn linked(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(next) => linked(&path.parent().unwrap_or(Path::new("")).join(next)),
            Err(_) => Ok(path.to_owned()),
        },
        found => found,
    }
}

fn put(path: &Path, content: &[u8], mode: Option<Permissions>) -> io::Result<()> {
    let parent = parent(path);
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    // What a crash left may hold secrets: it goes.
    for left in fs::read_dir(parent).into_iter().flatten().flatten() {
        if is_beside(name, &left.file_name().to_string_lossy()) {
            fs::remove_file(left.path())?;
        }
    }
    let beside = new_beside(path);
    let written = fill(&beside, content, mode).and_then(|()| fs::rename(&beside, path));
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

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where the new content of a file is written.
fn new_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    parent(path).join(beside(name, rand::random()))
}

/// How the names begin under which content is written beside a file.
const BESIDE: &str = ".keyform-";

/// A name under which the new content of a file is written: nobody can know it before, and nobody has a file of such
/// a name by chance, because its second half is made of the file's name and the first.
fn beside(name: &[u8], number: u64) -> String {
    let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(number.to_be_bytes()).finalize();
    let check: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{BESIDE}{number:016x}{check}")
}

/// Whether a name is one that [`beside`] gave for a file.
fn is_beside(name: &[u8], found: &str) -> bool {
    let number = found.strip_prefix(BESIDE).and_then(|rest| u64::from_str_radix(rest.get(..16)?, 16).ok());
    number.is_some_and(|number| beside(name, number) == found)
}

/// Writes a new file, readable by its owner only until it is whole; then it gets its mode.
fn fill(beside: &Path, content: &[u8], mode: Option<Permissions>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(beside)?;
    file.write_all(content)?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    file.sync_all()
}
