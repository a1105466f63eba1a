//! Reading the files of a configuration. The one part of this room, besides
//! [`source`](crate::config::source), that touches the disk.

use crate::config::Input;
use crate::config::baseline;
use crate::config::decode;
use crate::config::overlay::Overlay;
use crate::config::test_file;
use crate::config::vars;
use crate::config::vars::VARS;
use crate::diag;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::diag::source::Span;
use crate::disk;
use crate::lang::ast::Body;
use crate::lang::ast::Node;
use crate::lang::parse;
use crate::model::address::MODULE;
use std::collections::HashMap;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// The ending of configurations.
const ENDING: &str = ".hcl";
/// Files of values that are read by themselves.
const AUTO: &str = ".auto.vars.hcl";
/// The first of them.
const DEFAULT_VARS: &str = "keyform.vars.hcl";

/// How far below the top, and in how many directories, configurations are looked for.
const MOST_DEPTH: usize = 8;
const MOST_DIRECTORIES: usize = 4000;

/// What a configuration holds.
#[derive(Default)]
pub(crate) struct Files {
    /// The configuration's files, parsed.
    pub(crate) bodies: Vec<Body>,
    /// Files of values, in the order in which they count.
    pub(crate) values: Vec<vars::File>,
    /// The directories that are called as modules.
    pub(crate) modules: Vec<ModuleFiles>,
    /// Which of them a `module` block calls, by where the block stands.
    pub(crate) calls: HashMap<Span, usize>,
}

/// What the directory of a module holds.
pub(crate) struct ModuleFiles {
    /// The directory, as it was named from the configuration's.
    pub(crate) dir: PathBuf,
    /// Its files, parsed.
    pub(crate) bodies: Vec<Body>,
    /// What tells it from others, whatever it was called.
    canonical: PathBuf,
}

/// Reads and parses the files of a directory, in the order of their names, and of all modules that they call.
pub(crate) fn directory(acc: &mut Diagnostics, sources: &mut Sources, input: &Input) -> Files {
    let mut files = Files::default();
    let (dir, overlay) = (&input.dir, &input.overlay);
    let paths = match listed(dir, overlay) {
        Ok(paths) => paths,
        Err(detail) => {
            acc.push(Diagnostic::error(&codes::CONFIG_READ, detail));
            return files;
        }
    };
    let Some(bodies) = parsed(acc, sources, dir, &paths, overlay) else {
        acc.push(
            Diagnostic::error(&codes::NO_CONFIG, format!("`{}` holds no `*.hcl` file.", dir.display())).help(
                "run keyform in the directory of a configuration, or name it with -C DIR; `keyform init` makes one",
            ),
        );
        return files;
    };
    let auto = paths.iter().filter(|(name, _)| name == DEFAULT_VARS || name.ends_with(AUTO));
    let mut auto: Vec<_> = auto.map(|(name, path)| (name != DEFAULT_VARS, path)).collect();
    auto.sort();
    let own = auto.into_iter().filter_map(|(_, path)| vars_file(acc, sources, path, overlay)).collect();
    files.values = [own, given(acc, sources, input)].concat();
    let above = [std::fs::canonicalize(dir).unwrap_or_else(|_| dir.clone())];
    called(acc, sources, &mut files, (dir, overlay), &bodies, &above);
    files.bodies = bodies;
    files
}

/// Reads the modules that bodies call, and those that these call. `above` are the directories that lead here.
fn called(
    acc: &mut Diagnostics,
    sources: &mut Sources,
    files: &mut Files,
    (dir, overlay): (&Path, &Overlay),
    bodies: &[Body],
    above: &[PathBuf],
) {
    let blocks = bodies.iter().flat_map(|body| &body.blocks).filter(|block| &*block.kind == MODULE);
    for block in blocks {
        let Some(source) = decode::expr(&block.body, "source") else { continue };
        let refuse = |code, detail: String, help: &str| {
            let d = Diagnostic::error(code, detail).at(source.span, "");
            if help.is_empty() { d } else { d.help(help) }
        };
        let Node::String(text) = &source.node else {
            let detail = "The source of a module is read before anything is evaluated.".to_owned();
            acc.push(refuse(&codes::MODULE_SOURCE, detail, "write it as a plain text: `\"./modules/x\"`"));
            continue;
        };
        if !["./", "../", "/"].iter().any(|start| text.starts_with(start)) && !matches!(&**text, "." | "..") {
            let detail = "Modules come from local directories, and this names none.".to_owned();
            let help = "write the path of a directory that begins with `./` or `../`; what is elsewhere has to be fetched first";
            acc.push(refuse(&codes::MODULE_SOURCE, detail, help));
            continue;
        }
        let path = clean(&dir.join(&**text));
        let paths = match listed(&path, overlay) {
            Ok(paths) => paths,
            Err(detail) => {
                acc.push(refuse(&codes::MODULE_SOURCE, detail, ""));
                continue;
            }
        };
        let canonical = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if above.contains(&canonical) {
            let detail = format!("`{}` calls itself, directly or through others.", path.display());
            acc.push(refuse(&codes::MODULE_SOURCE, detail, ""));
            continue;
        }
        let known = files.modules.iter().position(|module| module.canonical == canonical);
        let number = match known {
            Some(number) => number,
            None => {
                let Some(bodies) = parsed(acc, sources, &path, &paths, overlay) else {
                    let detail = format!("`{}` holds no `*.hcl` file.", path.display());
                    acc.push(refuse(&codes::MODULE_SOURCE, detail, ""));
                    continue;
                };
                let above: Vec<PathBuf> = above.iter().cloned().chain([canonical.clone()]).collect();
                called(acc, sources, files, (&path, overlay), &bodies, &above);
                files.modules.push(ModuleFiles { dir: path, bodies, canonical });
                files.modules.len() - 1
            }
        };
        files.calls.insert(block.header, number);
    }
}

/// The path without steps that lead nowhere: `a/./b/../c` is `a/c`.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// The files of a configuration with their names, sorted; in words why there are none.
fn listed(dir: &Path, overlay: &Overlay) -> Result<Vec<(String, PathBuf)>, String> {
    let is_part = |name: &str| name != baseline::NAME && !name.ends_with(test_file::ENDING);
    Ok(entries(dir, overlay)?.into_iter().filter(|(name, _)| is_part(name)).collect())
}

/// The files in the language that a directory holds, with their names, sorted; in words why there are none.
fn entries(dir: &Path, overlay: &Overlay) -> Result<Vec<(String, PathBuf)>, String> {
    let entries = std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = match entries {
        // What is not saved yet may lie where nothing is yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && overlay.names(dir).next().is_some() => {
            Ok(Vec::new())
        }
        entries => entries,
    };
    let entries = entries.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("There is no directory `{}`.", dir.display()),
        std::io::ErrorKind::NotADirectory => format!("`{}` is no directory.", dir.display()),
        kind => format!("`{}` can't be read: {kind}.", dir.display()),
    })?;
    let written = entries.into_iter().map(|entry| (entry.file_name(), entry.path()));
    let open = overlay.names(dir).map(|name| (name.to_owned(), dir.join(name)));
    let mut paths: Vec<(String, PathBuf)> = written
        .chain(open)
        .map(|(name, path)| (name.to_str().unwrap_or_default().to_owned(), path))
        // Editors keep their own files beside: `.#main.hcl`, `.main.hcl.swp`.
        .filter(|(name, path)| !name.starts_with('.') && name.ends_with(ENDING) && !path.is_dir())
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The files of a configuration or module with their texts, sorted; none of what can't be read.
pub(crate) fn texts(dir: &Path, overlay: &Overlay) -> Vec<(PathBuf, Arc<str>)> {
    let paths = listed(dir, overlay).unwrap_or_default();
    let configuration = paths.into_iter().filter(|(name, _)| !name.ends_with(VARS));
    let mut unread = Diagnostics::new();
    configuration.filter_map(|(_, path)| text(&mut unread, &path, "", overlay).map(|text| (path, text))).collect()
}

/// The files of values in a directory with their texts, sorted; none of what can't be read.
pub(crate) fn value_texts(dir: &Path, overlay: &Overlay) -> Vec<(PathBuf, Arc<str>)> {
    let mut unread = Diagnostics::new();
    let values = listed(dir, overlay).unwrap_or_default().into_iter().filter(|(name, _)| name.ends_with(VARS));
    values.filter_map(|(_, path)| text(&mut unread, &path, "", overlay).map(|text| (path, text))).collect()
}

/// The directories below one that hold configurations or modules, itself included; hidden ones are left out, and so is what
/// lies deeper than anybody keeps a configuration.
pub(crate) fn directories(top: &Path) -> Vec<PathBuf> {
    let mut open = vec![(top.to_owned(), 0)];
    let mut found = Vec::new();
    let mut seen = 0;
    while let Some((dir, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        seen += 1;
        let mut holds = false;
        for entry in entries.flatten() {
            let (name, kind) = (entry.file_name(), entry.file_type());
            let name = name.to_string_lossy();
            let is_dir = kind.is_ok_and(|kind| kind.is_dir());
            holds |= !is_dir && !name.starts_with('.') && name.ends_with(ENDING) && !name.ends_with(VARS);
            let is_left = name.starts_with('.') || matches!(&*name, "node_modules" | "target" | "vendor");
            if is_dir && !is_left && depth < MOST_DEPTH && seen + open.len() < MOST_DIRECTORIES {
                open.push((entry.path(), depth + 1));
            }
        }
        if holds {
            found.push(dir);
        }
    }
    found.sort();
    found
}

/// The files of a configuration or module, parsed; `None` if there is none.
fn parsed(
    acc: &mut Diagnostics,
    sources: &mut Sources,
    dir: &Path,
    paths: &[(String, PathBuf)],
    overlay: &Overlay,
) -> Option<Vec<Body>> {
    let mut paths = paths.iter().filter(|(name, _)| !name.ends_with(VARS)).peekable();
    paths.peek()?;
    let mut bodies = Vec::new();
    for (_, path) in paths {
        let shown = shown(dir, path);
        let Some(text) = text(acc, path, &shown, overlay) else { continue };
        let id = sources.add(shown, text.clone());
        bodies.extend(parse::parse(acc, id, &text));
    }
    Some(bodies)
}

/// Reads the files of values that were named.
pub(super) fn given(acc: &mut Diagnostics, sources: &mut Sources, input: &Input) -> Vec<vars::File> {
    input.var_files.iter().filter_map(|path| vars_file(acc, sources, path, &input.overlay)).collect()
}

fn vars_file(acc: &mut Diagnostics, sources: &mut Sources, path: &Path, overlay: &Overlay) -> Option<vars::File> {
    let name = path.display().to_string();
    let text = text(acc, path, &name, overlay)?;
    let id = sources.add_withheld(name.as_str(), text.clone());
    Some(vars::File { name, text, id })
}

/// Reads what lies beside a configuration and is no part of it, for what is wrong with it: what is accepted, and tests.
pub(super) fn beside(acc: &mut Diagnostics, sources: &mut Sources, dir: &Path, overlay: &Overlay) {
    let own = entries(dir, overlay).unwrap_or_default();
    for (_, path) in own.iter().filter(|(name, _)| name == baseline::NAME) {
        baseline::read(acc, sources, path, overlay);
    }
    let apart = entries(&dir.join(test_file::DIR), overlay).unwrap_or_default();
    for (_, path) in own.iter().chain(&apart).filter(|(name, _)| name.ends_with(test_file::ENDING)) {
        test_file::read(acc, sources, path, &shown(dir, path), overlay);
    }
}

/// What a file is called in diagnostics: as the user would write it.
fn shown(dir: &Path, path: &Path) -> String {
    let path =
        if dir == Path::new(".") || dir == Path::new("") { path.strip_prefix(dir).unwrap_or(path) } else { path };
    path.display().to_string()
}

/// The text of a file, as it is open or else as it is on disk.
pub(super) fn text(acc: &mut Diagnostics, path: &Path, shown: &str, overlay: &Overlay) -> Option<Arc<str>> {
    if let Some(text) = overlay.text(path) {
        return Some(text.clone());
    }
    let bytes = match disk::read(path) {
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
        Ok(text) => Some(text.into()),
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
