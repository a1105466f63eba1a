//! `keyform providers check`: whether manifests load, and what is odd about them.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::codes;
use crate::provider::registry::Registry;
use crate::view::json;
use crate::view::words;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Document {
    format: &'static str,
    ok: bool,
    files: Vec<File>,
    diagnostics: Vec<json::diagnostic::Entry>,
}

#[derive(Serialize)]
struct File {
    file: String,
    /// Apps and destinations.
    slugs: Vec<String>,
    errors: usize,
    warnings: usize,
}

pub(super) fn run(context: &mut Context, files: &[PathBuf]) -> Exit {
    let mut registry = match Registry::builtin() {
        Ok(registry) => registry,
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            return context.failed("providers");
        }
    };
    let files = match files {
        [] => found(context),
        files => files.to_vec(),
    };
    let mut checked = Vec::new();
    for path in &files {
        let name = path.display().to_string();
        let Some(text) = context.read(path).map_err(|why| context.tell(why)).ok() else { continue };
        let mut acc = Diagnostics::new();
        let slugs = registry.check(&mut acc, &mut context.sources, &name, &text);
        let count = |severity| acc.iter().filter(|d| d.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        checked.push(File { file: name, slugs, errors, warnings });
        context.tell_all(acc);
    }
    let exit = if context.found.has_errors() { Exit::Failed } else { Exit::Done };
    if context.global.json {
        let (ok, diagnostics) = (exit == Exit::Done, context.entries());
        context.document(&Document { format: "keyform.manifests/1", ok, files: checked, diagnostics });
        return exit;
    }
    for File { file, slugs, errors, warnings } in checked {
        let said = match (errors, warnings) {
            (0, 0) => "fine".to_owned(),
            (0, n) => words::count(n, "warning", "warnings"),
            (n, _) => words::count(n, "error", "errors"),
        };
        context.terminal.out(&format!("{file}: {said} ({})\n", slugs.join(", ")).replace(" ()", ""));
    }
    exit
}

/// The manifests beside the configuration; that there are none was told.
fn found(context: &mut Context) -> Vec<PathBuf> {
    let dir = context.dir().join("providers");
    let listed = std::fs::read_dir(&dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let why = match listed {
        Ok(entries) => {
            let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
            paths.retain(|path| path.extension().is_some_and(|ending| ending == "hcl") && path.is_file());
            paths.sort();
            if !paths.is_empty() {
                let own = |path: PathBuf| path.strip_prefix("./").map(PathBuf::from).unwrap_or(path);
                return paths.into_iter().map(own).collect();
            }
            "there is no manifest in it".to_owned()
        }
        Err(error) => context::why(&error),
    };
    let detail = format!("`{}` can't be read: {why}.", dir.display());
    context.tell(
        Diagnostic::error(&codes::UNREADABLE, detail)
            .help("name the files, or begin one with `keyform providers init NAME`"),
    );
    Vec::new()
}
