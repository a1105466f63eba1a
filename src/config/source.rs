//! Secret sources → secrets: the environment, files, programs. What needs the backend (`secret_stored`,
//! `secret_random`) is resolved by the engine.

use crate::diag;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::SecretSource;
use crate::secret::Secret;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use zeroize::Zeroizing;

/// Reads a secret from where it comes. Relative paths start at `base`, the directory of the
/// configuration; programs run there, and only if `allow_exec`. Of a file and of a program's output,
/// exactly one final newline (`\n` or `\r\n`) is removed.
///
/// # Errors
/// As [`read`] and [`given`].
pub fn resolve(source: &SecretSource, base: &Path, allow_exec: bool) -> Result<Secret, Diagnostic> {
    given(source, read(source, base, allow_exec)?)
}

/// What was read, unless it is empty and the source does not allow that: a variable that is set to nothing is more often a
/// mistake than a secret, and would overwrite one.
///
/// # Errors
/// It is empty, or nothing but white space.
pub fn given(source: &SecretSource, secret: Secret) -> Result<Secret, Diagnostic> {
    let (what, again) = match source {
        _ if !secret.expose().trim().is_empty() => return Ok(secret),
        SecretSource::Env(name) => {
            (format!("The environment variable `{name}` is set, but empty."), format!("secret_env(\"{name}\""))
        }
        SecretSource::File(path) => (format!("`{}` is empty.", path.display()), "secret_file(…".to_owned()),
        SecretSource::Exec(command) => (format!("`{}` printed nothing.", program(command)), "secret_exec(…".to_owned()),
        SecretSource::Literal(_) | SecretSource::OrEmpty(_) | SecretSource::Stored(_) | SecretSource::Random { .. } => {
            return Ok(secret);
        }
    };
    let help = format!("if the empty value is meant, write `{again}, {{ allow_empty = true }})`");
    Err(Diagnostic::error(&codes::SECRET_SOURCE, what).help(help))
}

/// What is there, be it empty.
///
/// # Errors
/// A diagnostic that names the place and never quotes what was read. `Stored` and `Random` are refused:
/// they are the engine's.
pub fn read(source: &SecretSource, base: &Path, allow_exec: bool) -> Result<Secret, Diagnostic> {
    match source {
        SecretSource::OrEmpty(source) => read(source, base, allow_exec),
        SecretSource::Literal(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => env(name),
        SecretSource::File(path) => file(&base.join(path)),
        SecretSource::Exec(command) if allow_exec => exec(command, base),
        SecretSource::Exec(command) => Err(Diagnostic::error(
            &codes::EXEC_NOT_ALLOWED,
            format!("`{}` would have to be run to get a secret.", program(command)),
        )
        .help("pass --allow-exec if you trust this configuration")),
        SecretSource::Stored(_) | SecretSource::Random { .. } => {
            Err(Diagnostic::error(&codes::SECRET_SOURCE, "This source is only known once the backend is at hand."))
        }
    }
}

/// A variable of the environment of the process, if it is set and is text.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn env(name: &str) -> Result<Secret, Diagnostic> {
    match std::env::var(name) {
        Ok(value) => Ok(Secret::new(value)),
        Err(std::env::VarError::NotPresent) => {
            Err(Diagnostic::error(&codes::SECRET_SOURCE, format!("The environment variable `{name}` is not set."))
                .help("set it before you run keyform"))
        }
        Err(std::env::VarError::NotUnicode(_)) => Err(Diagnostic::error(
            &codes::SECRET_SOURCE,
            format!("The environment variable `{name}` is not UTF-8 text."),
        )),
    }
}

fn file(path: &Path) -> Result<Secret, Diagnostic> {
    let bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| {
        Diagnostic::error(
            &codes::SECRET_SOURCE,
            format!("`{}` can't be read: {}.", path.display(), diag::why(error.kind())),
        )
    })?;
    text(&bytes).ok_or_else(|| {
        Diagnostic::error(&codes::SECRET_SOURCE, format!("`{}` is not UTF-8 text.", path.display()))
            .help("encode it first, for example as base64")
    })
}

fn exec(command: &[std::sync::Arc<str>], base: &Path) -> Result<Secret, Diagnostic> {
    let name = program(command);
    let (first, rest) = command
        .split_first()
        .ok_or_else(|| Diagnostic::error(&codes::SECRET_SOURCE, "`secret_exec` names no program."))?;
    // What it says on its standard error goes to the terminal as it is: it is the user's own program,
    // and may have to ask something. It never becomes part of a diagnostic.
    let output = Command::new(&**first)
        .args(rest.iter().map(|arg| &**arg))
        .current_dir(base)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            Diagnostic::error(&codes::SECRET_SOURCE, format!("`{name}` could not be run: {}.", diag::why(error.kind())))
        })?;
    let bytes = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(Diagnostic::error(&codes::SECRET_SOURCE, format!("`{name}` failed: {}.", output.status))
            .help("run it by hand to see why"));
    }
    text(&bytes)
        .ok_or_else(|| Diagnostic::error(&codes::SECRET_SOURCE, format!("What `{name}` printed is not UTF-8 text.")))
}

/// The program alone: its arguments may say more than a log should hold.
fn program(command: &[std::sync::Arc<str>]) -> &str {
    command.first().map_or("", |first| first)
}

/// UTF-8 text without one final newline.
fn text(bytes: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Some(Secret::new(text.to_owned()))
}

/// A warning if the source is a file that others can read.
#[must_use]
pub fn exposed(source: &SecretSource, base: &Path) -> Option<Diagnostic> {
    let path = match source {
        SecretSource::OrEmpty(source) => return exposed(source, base),
        SecretSource::File(path) => path,
        _ => return None,
    };
    let path = base.join(path);
    readable_by_others(&path).then(|| {
        Diagnostic::warning(&codes::SECRET_FILE_EXPOSED, format!("Others can read `{}`.", path.display()))
            .help(format!("chmod 600 {}", path.display()))
    })
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}
