//! `keyform init`: a first configuration, the one of `examples/quickstart`.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use serde::Serialize;
use std::path::Path;

/// The starter: an example that the tests run.
const STARTER: &str = include_str!("../../examples/quickstart/main.hcl");
/// What does not belong into a repository: the ledger's key, the embedded backend, the files it writes.
const IGNORED: &str = ".keyform/\nout/\n*.plan\n*.key\n";

/// Write a first configuration.
///
/// Writes main.hcl, which is valid and can be applied as it is: a project with two environments and
/// random secrets on the embedded backend, pushed to files under out/. Nothing is overwritten. Read it,
/// plan it, apply it, then make it yours.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mkdir bakery && cd bakery && keyform init && keyform apply")]
pub(super) struct Args {}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    written: Vec<String>,
}

pub(super) fn run(context: &mut Context, _args: &Args) -> Exit {
    let dir = context.dir();
    match write(&dir) {
        Ok(written) if context.global.json => {
            context.document(&Document { format: "keyform.init/1", written });
            Exit::Done
        }
        Ok(_) if context.global.quiet => Exit::Done,
        Ok(written) => {
            for file in written {
                context.terminal.out(&format!("wrote {file}\n"));
            }
            context.terminal.out("Next: `keyform plan` shows what it would do, `keyform apply` does it.\n");
            Exit::Done
        }
        Err(diagnostic) => {
            context.tell(diagnostic);
            context.failed("init")
        }
    }
}

fn write(dir: &Path) -> Result<Vec<String>, Diagnostic> {
    std::fs::create_dir_all(dir).map_err(|error| context::unwritable(dir, &error))?;
    let taken = std::fs::read_dir(dir)
        .map_err(|error| context::unwritable(dir, &error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "hcl"));
    if let Some(path) = taken {
        let detail = format!("`{}` is there already. Nothing was written.", path.display());
        return Err(Diagnostic::error(&codes::NOT_EMPTY, detail).help("look at it with `keyform plan`"));
    }
    let mut written = Vec::new();
    for (name, text) in [("main.hcl", STARTER), (".gitignore", IGNORED)] {
        let path = dir.join(name);
        if !path.exists() {
            std::fs::write(&path, text).map_err(|error| context::unwritable(&path, &error))?;
            written.push(name.to_owned());
        }
    }
    Ok(written)
}
