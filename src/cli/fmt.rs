//! `keyform fmt`: the canonical layout of configurations. Offline.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::config;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::lang::format;
use crate::model::schema::Schemas;
use crate::provider::registry::Registry;
use crate::view::json::diagnostic;
use crate::view::paint::Paint;
use crate::view::words;
use serde::Serialize;
use similar::ChangeTag;
use similar::TextDiff;
use std::path::Path;
use std::path::PathBuf;

/// Lay out configuration files.
///
/// Rewrites *.hcl files in the one canonical layout: indentation, aligned equals signs, one blank line
/// between blocks. Comments and meaning stay. Without arguments it works on the files of the directory;
/// `-` formats standard input to standard output. Names of the files that changed are printed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform fmt\n  keyform fmt --check --diff examples/\n  keyform fmt - < main.hcl")]
pub(super) struct Args {
    /// Files and directories (*.hcl in them, not below), or `-`
    paths: Vec<PathBuf>,
    /// Also the files of directories below, such as modules; hidden ones are left out
    #[arg(short, long)]
    recursive: bool,
    /// Change nothing; exit with 2 if something is not laid out
    #[arg(long)]
    check: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    diff: bool,
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    ok: bool,
    changed: Vec<String>,
    diagnostics: Vec<diagnostic::Entry>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some(files) = files(context, &args.paths, args.recursive) else { return context.failed("fmt") };
    // What only a manifest beside the configuration knows stays covered.
    let schemas = Registry::builtin().map(|registry| registry.schemas().clone()).unwrap_or_default();
    let mut changed = Vec::new();
    let mut out = String::new();
    for file in files {
        let Some((before, after)) = layout(context, &file) else { continue };
        let from_input = file == Path::new("-");
        if from_input && !args.check && !args.diff {
            out.push_str(&after);
        }
        if before == after {
            continue;
        }
        let name = words::shown(&file.display().to_string());
        if args.diff {
            out.push_str(&difference(&name, (&before, &after), &schemas, context.terminal.style().paint));
        } else if !from_input || args.check {
            out.push_str(&format!("{name}\n"));
        }
        if !args.check && !args.diff && !from_input && !write(context, &file, &after) {
            continue;
        }
        changed.push(file.display().to_string());
    }
    let exit = match (context.found.has_errors(), args.check && !changed.is_empty()) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Pending,
        (false, false) => Exit::Done,
    };
    if context.global.json {
        let (ok, diagnostics) = (exit == Exit::Done, context.entries());
        context.document(&Document { format: "keyform.fmt/1", ok, changed, diagnostics });
    } else {
        context.terminal.out(&out);
    }
    exit
}

/// The files that are meant, sorted within each directory. `None` if one of the paths can't be read.
fn files(context: &mut Context, paths: &[PathBuf], recursive: bool) -> Option<Vec<PathBuf>> {
    let here = [context.dir()];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                let detail = format!("`{}` can't be read: {}.", path.display(), context::why(&error));
                context.tell(Diagnostic::error(&codes::UNREADABLE, detail));
                return None;
            }
        };
        let all: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        let mut found: Vec<PathBuf> = all
            .iter()
            .filter(|file| file.extension().is_some_and(|e| e == "hcl") && file.is_file())
            .map(|file| file.strip_prefix("./").unwrap_or(file).to_path_buf())
            .collect();
        found.sort();
        files.extend(found);
        if recursive {
            let is_hidden = |dir: &Path| dir.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let mut below: Vec<PathBuf> = all.into_iter().filter(|dir| dir.is_dir() && !is_hidden(dir)).collect();
            below.retain(|dir| !dir.is_symlink());
            below.sort();
            if !below.is_empty() {
                files.extend(self::files(context, &below, true)?);
            }
        }
    }
    Some(files)
}

/// A file's text as it is and as it should be. `None` if it can't be read or has no syntax; that is told.
fn layout(context: &mut Context, file: &Path) -> Option<(String, String)> {
    let text = match context.read(file) {
        Ok(text) => text,
        Err(diagnostic) => {
            context.tell(diagnostic);
            return None;
        }
    };
    match format::format(&text) {
        Ok(after) => Some((text, after)),
        Err(mut diagnostic) => {
            // Its spans are of source 0: the one text that the layout knows.
            let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
            let id = context.sources.add(name.clone(), text);
            for label in &mut diagnostic.labels {
                label.span.source = id;
            }
            context.tell(config::told(&context.sources, &name, diagnostic));
            None
        }
    }
}

fn write(context: &mut Context, file: &Path, text: &str) -> bool {
    // Through a link to the file itself, and as a whole: a full disk costs nothing. What may not be written
    // is not replaced either.
    let replaced = file.canonicalize().and_then(|file| {
        std::fs::OpenOptions::new().write(true).open(&file)?;
        disk::replace(&file, text.as_bytes())
    });
    match replaced {
        Ok(()) => true,
        Err(error) => {
            context.tell(context::unwritable(file, &error));
            false
        }
    }
}

/// A unified difference with three lines around each change.
fn difference(name: &str, (before, after): (&str, &str), schemas: &Schemas, paint: Paint) -> String {
    let diff = TextDiff::from_lines(before, after);
    // What may be a secret is compared as it is and shown covered; both have the same lines.
    let (old, new) = (config::covered(before, schemas), config::covered(after, schemas));
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut out = paint.bold(&format!("--- {name}\n+++ {name}\n"));
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        out.push_str(&paint.dim(&hunk.header().to_string()));
        out.push('\n');
        for change in hunk.iter_changes() {
            let line = match (change.old_index(), change.new_index()) {
                (Some(index), _) => old.get(index),
                (None, index) => index.and_then(|index| new.get(index)),
            };
            let line = line.copied().unwrap_or_default();
            match change.tag() {
                ChangeTag::Delete => out.push_str(&paint.danger(&format!("-{line}"))),
                ChangeTag::Insert => out.push_str(&paint.good(&format!("+{line}"))),
                ChangeTag::Equal => out.push_str(&format!(" {line}")),
            }
            out.push('\n');
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}
