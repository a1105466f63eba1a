//! `keyform providers init`: a manifest to begin with, and a configuration to try it in. Both are those of
//! `examples/own-provider` under another name, so that what is written works, and tests run it.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::provider::registry::Registry;
use serde::Serialize;
use std::path::PathBuf;

const MANIFEST: &str = include_str!("../../../examples/own-provider/providers/locker.hcl");
const TRIAL: &str = include_str!("../../../examples/own-provider/providers/locker/main.hcl");

#[derive(Serialize)]
struct Document {
    format: &'static str,
    written: Vec<String>,
}

pub(super) fn run(context: &mut Context, registry: &Registry, name: &str) -> Exit {
    match write(context, registry, name) {
        Ok(written) if context.global.json => {
            context.document(&Document { format: "keyform.init/1", written });
            Exit::Done
        }
        Ok(written) => {
            let [manifest, trial] = &written[..] else { return Exit::Done };
            let folder = trial.trim_end_matches("/main.hcl");
            context.terminal.out(&format!("wrote {manifest}\nwrote {trial}\n"));
            context.terminal.note(&format!(
                "Next: write down in the first what the service takes, look at it with `keyform providers check`, then try it \
                 where it is: `keyform -C {folder} providers test secret_sync.trial`.\n"
            ));
            Exit::Done
        }
        Err(diagnostic) => {
            let exit = if diagnostic.code == &codes::BAD_SLUG { Exit::Usage } else { Exit::Failed };
            context.tell(diagnostic);
            context.end("providers", exit)
        }
    }
}

fn write(context: &Context, registry: &Registry, name: &str) -> Result<Vec<String>, Diagnostic> {
    let is_slug = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_slug {
        let detail = "It must be made of lower-case letters, digits and dashes, and begin with a letter.";
        return Err(Diagnostic::error(&codes::BAD_SLUG, detail).help("for example `acme`"));
    }
    let schemas = registry.schemas();
    if schemas.apps.contains_key(name) || schemas.destinations.contains_key(name) {
        let detail = format!("`{name}` exists already.");
        let help = format!("`keyform providers show {name}` says what it takes");
        return Err(Diagnostic::error(&codes::DUPLICATE_PROVIDER, detail).help(help));
    }
    let own =
        |text: &str| text.replace("locker", name).replace("Locker", &title(name)).replace("LOCKER", &variable(name));
    let today = jiff::Zoned::now().date().to_string();
    let manifest = own(MANIFEST).replacen(&own("2026-11-21"), &today, 1);
    let dir = context.dir().join("providers");
    let files: [(PathBuf, String); 2] =
        [(dir.join(format!("{name}.hcl")), manifest), (dir.join(name).join("main.hcl"), own(TRIAL))];
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        let detail = format!("`{}` is there already. Nothing was written.", taken.display());
        return Err(Diagnostic::error(&codes::FILE_TAKEN, detail));
    }
    let mut written = Vec::new();
    for (path, text) in files {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        made.map_err(|error| context::unwritable(&path, &error))?;
        written.push(path.strip_prefix("./").unwrap_or(&path).display().to_string());
    }
    Ok(written)
}

/// `acme-vault` as a name for people: `Acme Vault`.
fn title(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(word).collect::<Vec<_>>().join(" ")
}

/// `acme-vault` as the beginning of a variable: `ACME_VAULT`.
fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
