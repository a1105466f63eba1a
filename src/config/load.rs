//! Reading the files of a configuration. The one part of this room, besides
//! [`source`](crate::config::source), that touches the disk.

use crate::config::Input;
use crate::diag;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::lang::ast::Body;
use crate::lang::parse;
use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;

/// The ending of configurations.
const ENDING: &str = ".hcl";
/// The ending of files of values.
const VARS: &str = ".vars.hcl";
/// Files of values that are read by themselves.
const AUTO: &str = ".auto.vars.hcl";
/// The first of them.
const DEFAULT_VARS: &str = "keyform.vars.hcl";

/// What a directory holds.
#[derive(Default)]
pub(crate) struct Files {
    /// The configuration's files, parsed.
    pub(crate) bodies: Vec<Body>,
    /// Files of values that are read by themselves, in the order in which they count: name and text.
    pub(crate) values: Vec<(String, String)>,
}

/// Reads and parses the files of a directory, in the order of their names.
pub(crate) fn directory(acc: &mut Diagnostics, sources: &mut Sources, input: &Input) -> Files {
    let mut files = Files::default();
    let dir = &input.dir;
    let entries = std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = match entries {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(error) => {
            let detail = match error.kind() {
                std::io::ErrorKind::NotFound => format!("There is no directory `{}`.", dir.display()),
                std::io::ErrorKind::NotADirectory => format!("`{}` is no directory.", dir.display()),
                kind => format!("`{}` can't be read: {kind}.", dir.display()),
            };
            acc.push(Diagnostic::error(&codes::CONFIG_READ, detail));
            return files;
        }
    };
    paths.sort();
    let mut found = false;
    let mut auto = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        // Editors keep their own files beside: `.#main.hcl`, `.main.hcl.swp`.
        if name.starts_with('.') || !name.ends_with(ENDING) || path.is_dir() {
            continue;
        }
        if name.ends_with(VARS) {
            if name == DEFAULT_VARS || name.ends_with(AUTO) {
                auto.push((name != DEFAULT_VARS, path.clone()));
            }
            continue;
        }
        found = true;
        let shown = shown(dir, &path);
        let Some(text) = text(acc, &path, &shown) else { continue };
        let id = sources.add(shown, text.as_str());
        files.bodies.extend(parse::parse(acc, id, &text));
    }
    if !found {
        acc.push(
            Diagnostic::error(&codes::NO_CONFIG, format!("`{}` holds no `*.hcl` file.", dir.display())).help(
                "run keyform in the directory of a configuration, or name it with -C DIR; `keyform init` makes one",
            ),
        );
    }
    auto.sort();
    for (_, path) in auto {
        files.values.extend(vars_file(acc, &path));
    }
    files
}

/// Reads a file of values: what people know it by, and its text.
pub(crate) fn vars_file(acc: &mut Diagnostics, path: &Path) -> Option<(String, String)> {
    let name = path.display().to_string();
    let text = text(acc, path, &name)?;
    Some((name, text))
}

/// What a file is called in diagnostics: as the user would write it.
fn shown(dir: &Path, path: &Path) -> String {
    let path =
        if dir == Path::new(".") || dir == Path::new("") { path.strip_prefix(dir).unwrap_or(path) } else { path };
    path.display().to_string()
}

/// The text of a file, without a byte order mark.
fn text(acc: &mut Diagnostics, path: &Path, shown: &str) -> Option<String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            acc.push(Diagnostic::error(
                &codes::CONFIG_READ,
                format!("`{shown}` can't be read: {}.", diag::why(error.kind())),
            ));
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) if text.len() > u32::MAX as usize / 2 => {
            acc.push(Diagnostic::error(&codes::CONFIG_READ, format!("`{shown}` is too large.")));
            None
        }
        Ok(text) => Some(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            acc.push(
                Diagnostic::error(&codes::NOT_UTF8, format!("`{shown}` is not UTF-8 text (line {line}, byte {at})."))
                    .help("save it as UTF-8"),
            );
            None
        }
    }
}

/// The path from the root; as it is where there is no working directory.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The text of a file, for the function `file` and its like.
pub(crate) fn read_text(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

/// The files below a directory that match a pattern, sorted; for the function `fileset`.
pub(crate) fn glob(base: &Path, pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    let invalid = |error: glob::PatternError| std::io::Error::new(std::io::ErrorKind::InvalidInput, error.msg);
    let escaped = glob::Pattern::escape(&base.to_string_lossy());
    let mut found: Vec<PathBuf> = glob::glob(&format!("{escaped}/{pattern}"))
        .map_err(invalid)?
        .filter_map(Result::ok)
        .filter(|p| p.is_file())
        .collect();
    found.sort();
    Ok(found)
}
