//! Files of this machine: finding them inside their directory, reading them, replacing them at once.
//!
//! A missing file holds nothing; an unreadable or malformed one is an error, never empty. A new file can be
//! read by its owner only; an existing one keeps its mode. Whoever writes holds a lock on the directory, so
//! that two syncs of one file do not undo each other.

use crate::diag;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::model::schema::Variant;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Outcome;
use crate::provider::Seen;
use crate::provider::Spec;
use crate::provider::Write;
use crate::provider::native::Changes;
use crate::provider::native::Malformed;
use crate::provider::native::dotenv;
use crate::provider::native::json;
use crate::provider::native::yaml;
use crate::secret::Secret;
use std::fs;
use std::io;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// One file of entries.
#[derive(Debug)]
pub struct Files {
    variant: Variant,
    format: Format,
    directory: PathBuf,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Dotenv,
    Json,
    Yaml,
}

impl Files {
    pub(crate) fn open(spec: &Spec, variant_name: &str, variant: Variant) -> Result<Self, Diagnostic> {
        let text = |attrs: &crate::model::attrs::Attrs, name: &str| {
            attrs.get(name).and_then(|value| value.as_str()).map(PathBuf::from).unwrap_or_default()
        };
        let format = match variant_name {
            "json" => Format::Json,
            "yaml" => Format::Yaml,
            _ => Format::Dotenv,
        };
        let (directory, file) = (text(&spec.connection, "path"), text(&spec.destination, "file"));
        if !directory.is_absolute() {
            return Err(outside("The directory of a local connection must be an absolute path.")
                .help("write `path = abspath(\"…\")`"));
        }
        let inside = file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if file.as_os_str().is_empty() || !inside {
            return Err(outside(format!("`{}` does not name a file below `{}`.", file.display(), directory.display())));
        }
        Ok(Self { variant, format, directory, file })
    }

    pub(crate) fn place(&self) -> String {
        // `a.env` and `./a.env` are one file: the parts of a path are without what means nothing.
        let path: PathBuf = self.directory.join(&self.file).components().collect();
        format!("local-file {:?} {}", self.format, path.display())
    }

    pub(crate) fn home(&self) -> String {
        self.directory.components().collect::<PathBuf>().display().to_string()
    }

    pub(crate) fn variant(&self) -> &Variant {
        &self.variant
    }

    pub(crate) fn read(&self) -> Result<Observation, Diagnostic> {
        let text = self.text()?.unwrap_or_default();
        let entries = match self.format {
            Format::Dotenv => dotenv::read(&text),
            Format::Json => json::read(&text),
            Format::Yaml => yaml::read(&text),
        };
        let entries = entries.map_err(|problem| self.malformed(&problem))?;
        let seen = |value| Seen { value: Some(Secret::new(value)), ..Seen::default() };
        let entries = entries.into_iter().map(|(key, value)| (key.into(), seen(value))).collect();
        Ok(Observation { entries, ..Observation::default() })
    }

    pub(crate) fn write(&self, writes: &[Write]) -> Vec<Outcome> {
        let result = self.replace(writes);
        let outcome = |write: &Write| Outcome { key: write.key.clone(), result: result.clone().map(|()| None) };
        writes.iter().map(outcome).collect()
    }

    fn replace(&self, writes: &[Write]) -> Result<(), Diagnostic> {
        if writes.is_empty() {
            return Ok(());
        }
        let changes: Changes<'_> = writes
            .iter()
            .map(|write| match &write.op {
                Op::Create(value) | Op::Update(value) => (&*write.key, Some(value.expose())),
                Op::Delete => (&*write.key, None),
            })
            .collect();
        fs::create_dir_all(&self.directory).map_err(|e| self.failed("made", &self.directory, &e))?;
        // Released when the handle is dropped. Where a directory can't be locked, nothing is lost but the lock.
        let lock = fs::File::open(&self.directory).ok();
        if let Some(lock) = &lock {
            let _ = lock.lock();
        }
        let before = self.text()?;
        let text = before.as_deref().map_or("", String::as_str);
        let after = match self.format {
            Format::Dotenv => dotenv::edit(text, &changes),
            Format::Json => json::edit(text, &changes),
            Format::Yaml => yaml::edit(text, &changes),
        };
        let after = Zeroizing::new(after.map_err(|problem| self.malformed(&problem))?);
        if before.as_deref() == Some(&*after) {
            return Ok(());
        }
        let path = self.target()?;
        self.put(&path, after.as_bytes()).map_err(|e| self.failed("written", &path, &e))
    }

    /// The lock on the directory keeps others out.
    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let parent = path.parent().unwrap_or(&self.directory);
        fs::create_dir_all(parent)?;
        disk::replace(path, bytes)
    }

    /// The file's text; `None` if it is not there.
    fn text(&self) -> Result<Option<Zeroizing<String>>, Diagnostic> {
        let path = self.target()?;
        // A pipe would be waited for, and a device has no end.
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() => {
                let detail = format!("`{}` can't be read: it is no regular file.", path.display());
                return Err(Diagnostic::error(&codes::FILE_ERROR, detail));
            }
            _ => {}
        }
        match fs::read(&path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(Zeroizing::new(text))),
                Err(_) => Err(self.malformed(&Malformed { line: 1, why: "this is no UTF-8 text" })),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed("read", &path, &e)),
        }
    }

    /// Where the file really is. Links are followed as long as they stay inside the directory.
    fn target(&self) -> Result<PathBuf, Diagnostic> {
        let path = self.directory.join(&self.file);
        let Ok(root) = self.directory.canonicalize() else { return Ok(path) };
        if let Ok(real) = path.canonicalize() {
            return if real.starts_with(&root) { Ok(real) } else { Err(self.leads_out()) };
        }
        if fs::symlink_metadata(&path).is_ok() {
            return Err(self.leads_out());
        }
        // Not there yet: then the nearest directory that is decides.
        let nearest = path.ancestors().skip(1).find_map(|ancestor| ancestor.canonicalize().ok());
        match nearest {
            Some(real) if real.starts_with(&root) => Ok(path),
            _ => Err(self.leads_out()),
        }
    }

    fn leads_out(&self) -> Diagnostic {
        outside(format!("`{}` leads out of `{}`.", self.file.display(), self.directory.display()))
    }

    fn failed(&self, what: &str, path: &Path, error: &io::Error) -> Diagnostic {
        Diagnostic::error(
            &codes::FILE_ERROR,
            format!("`{}` can't be {what}: {}.", path.display(), diag::why(error.kind())),
        )
    }

    fn malformed(&self, problem: &Malformed) -> Diagnostic {
        let path = self.directory.join(&self.file);
        let detail = format!("`{}`, line {}: {}.", path.display(), problem.line, problem.why);
        Diagnostic::error(&codes::FILE_MALFORMED, detail)
    }
}

fn outside(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&codes::OUTSIDE_DIRECTORY, detail)
}
