//! `keyform adopt`: from a backend that others filled to a configuration that declares it, and a ledger that
//! owns it. The proof is a plan that has nothing to do.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::context::has_config;
use crate::cli::context::unwritable;
use crate::cli::exit::Exit;
use crate::cli::tfstate;
use crate::config::Extent;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::engine;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::adopt::Adopted;
use crate::engine::adopt::Called;
use crate::engine::adopt::File;
use crate::engine::adopt::Wish;
use crate::engine::event::Cancel;
use crate::lang::print;
use crate::lang::print::Block;
use crate::lang::print::Part;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Backend;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::provider::registry::Registry;
use crate::view::json::diagnostic;
use crate::view::text;
use crate::view::text::Cost;
use crate::view::words;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// Write the configuration of what is there already.
///
/// Reads everything that the identity can see at the backend, writes it as HCL beside what is declared
/// already, records it in the ledger, and plans: the plan must have nothing to do, else the differences are
/// shown. Nothing at the backend is changed, and no value of a secret is written anywhere. What no
/// configuration can say is named and left as it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform adopt --dir payments --url https://secrets.example.com\n  keyform adopt --project \
                  payments --dry-run\n  keyform adopt --only 'secret_sync.*'\n\nWithout a configuration, the identity comes \
                  from the environment:\nINFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET,\nor \
                  INFISICAL_TOKEN. Killed half-way, it can be run again."
)]
pub(super) struct Args {
    /// Write into this directory; it is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "chdir")]
    dir: Option<PathBuf>,
    /// The kind of backend, where no configuration names one
    #[arg(long, value_name = "KIND", value_parser = ["infisical", "hanzo-kms", "embedded"])]
    backend: Option<String>,
    /// Its address, where no configuration names a backend
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Only this project, by its slug, and what it uses; may be repeated
    #[arg(long = "project", value_name = "SLUG")]
    projects: Vec<String>,
    /// Only what has such an address, and what that needs; `*` is any text; may be repeated
    #[arg(long = "only", value_name = "ADDRESS")]
    only: Vec<String>,
    /// Declare secrets as well, each with a variable for its value
    #[arg(long)]
    secrets: bool,
    /// What this state of Terraform manages, under the names that it has there; values are not copied
    #[arg(long, value_name = "FILE", conflicts_with = "secrets")]
    from_tfstate: Option<PathBuf>,
    /// Print the configuration, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Overwrite files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    ok: bool,
    files: Vec<Written<'a>>,
    resources: BTreeMap<&'a str, usize>,
    declared_before: usize,
    variables: Vec<Variable<'a>>,
    left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Proof>,
    diagnostics: Vec<diagnostic::Entry>,
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    /// `written`, or `unchanged`; of a dry run `new`.
    state: &'static str,
    /// Of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    resource: String,
}

/// The plan afterwards.
#[derive(Serialize)]
struct Proof {
    empty: bool,
    unchanged: usize,
    changes: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    address: String,
    action: &'static str,
    reason: &'static str,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Some(dir) = &args.dir {
        context.global.chdir = Some(dir.clone());
    }
    let dir = context.dir();
    let called = match args.from_tfstate.as_ref().map(|path| called(context, path)).transpose() {
        Ok(called) => called,
        Err(why) => {
            context.tell(why);
            return context.failed("adopt");
        }
    };
    let Some((desired, registry, backend)) = begin(context, args, &dir) else { return context.failed("adopt") };
    if !args.dry_run
        && let Err(error) = std::fs::create_dir_all(&dir)
    {
        context.tell(unwritable(&dir, &error));
        return context.failed("adopt");
    }
    let Some(runtime) = context.runtime() else { return context.failed("adopt") };
    runtime.block_on(async {
        let lock = engine::Lock { command: "adopt".to_owned(), timeout: std::time::Duration::ZERO, only_if_new: false };
        let lock = (!args.dry_run).then_some(lock);
        let Some(engine) = context.open(&desired, registry, false, lock).await else { return context.failed("adopt") };
        let wish = Wish {
            projects: args.projects.iter().map(|slug| slug.as_str().into()).collect(),
            only: args.only.clone(),
            secrets: args.secrets,
            called,
        };
        let exit = work(context, args, &engine, &desired, &wish, backend).await;
        engine.close().await;
        exit
    })
}

/// What a state of Terraform calls things. Its text, which holds secrets, is wiped.
fn called(context: &Context, path: &Path) -> Result<Vec<Called>, Diagnostic> {
    let text = Zeroizing::new(context.read(path)?);
    tfstate::read(&text)
}

/// What is declared already, and the file that names the backend where there is nothing yet.
fn begin(context: &mut Context, args: &Args, dir: &Path) -> Option<(Desired, Registry, Option<File>)> {
    if !has_config(dir) {
        let registry = context.registry()?;
        let (backend, file) = named(args);
        if file.is_none() && !context.state().join(engine::BACKEND).exists() {
            context.tell(nothing(&format!("There is no embedded backend in `{}`.", dir.display())));
            return None;
        }
        return Some((Desired { backend, ..Desired::default() }, registry, file));
    }
    let (mut desired, registry) = context.load_for(&args.inputs, Extent::All)?;
    if args.backend.is_none() && args.url.is_none() {
        return Some((desired, registry, None));
    }
    if desired.backend.kind.is_empty() {
        let (backend, file) = named(args);
        desired.backend = backend;
        return Some((desired, registry, file));
    }
    if args.url.is_none() && args.backend.as_deref() == Some(&*desired.backend.kind) {
        return Some((desired, registry, None));
    }
    let detail = format!("The configuration in `{}` says which backend it is.", dir.display());
    let why = Diagnostic::error(&codes::NOT_EMPTY, detail);
    let why = desired.backend.origin.into_iter().fold(why, |why, origin| why.at(origin, "here"));
    context.tell(why.help("leave out `--backend` and `--url`, or write into an empty directory with `--dir`"));
    None
}

fn nothing(detail: &str) -> Diagnostic {
    Diagnostic::error(&codes::BACKEND_CONFIG, detail)
        .help("name the backend that is meant with `--url`, or begin a configuration with `keyform init`")
}

/// The backend that the command line names, and the file that says so from then on.
fn named(args: &Args) -> (Backend, Option<File>) {
    let kind = args.backend.as_deref().unwrap_or("infisical");
    let mut backend = Backend { kind: kind.into(), ..Backend::default() };
    let mut parts = Vec::new();
    if let Some(url) = &args.url {
        backend.attrs.insert("url".into(), Value::string(url.as_str()));
        parts.push(Part::Attr("url".to_owned(), print::quoted(url)));
    }
    let block = Block { kind: "backend".to_owned(), labels: vec![kind.to_owned()], parts };
    let comment = "Who keyform is there comes from the environment; an `auth` block can say it as well.".to_owned();
    let file = File { name: "backend.hcl".to_owned(), text: print::file(&[comment], &[block]) };
    (backend, (kind != "embedded").then_some(file))
}

async fn work(
    context: &mut Context,
    args: &Args,
    engine: &Engine,
    desired: &Desired,
    wish: &Wish,
    backend: Option<File>,
) -> Exit {
    let began = Instant::now();
    let (terminal, quiet) = (context.terminal.clone(), context.global.json);
    let mut tell = |what: &str| {
        if !quiet {
            terminal.note(&format!("reading {what}\n"));
        }
    };
    let mut adopted = match engine.discover(desired, wish, &mut tell).await {
        Ok(adopted) => adopted,
        Err(why) => {
            context.tell(why);
            return context.failed("adopt");
        }
    };
    adopted.files.splice(0..0, backend);
    if adopted.files.is_empty() && !has_config(&context.dir()) {
        context.tell(nothing("The embedded backend holds nothing."));
        return context.failed("adopt");
    }
    context.tell_all(adopted.left.iter().chain(&adopted.gaps).cloned());
    if args.dry_run {
        return show(context, &adopted);
    }
    let Some(states) = write(context, args, &adopted) else { return context.failed("adopt") };
    if !context.global.json && !context.global.quiet {
        for (file, state) in adopted.files.iter().zip(&states) {
            context.terminal.out(&format!("{state} {}\n", file.name));
        }
    }
    let Some((planned, failed)) = prove(context, args, engine, &adopted).await else { return context.failed("adopt") };
    let exit = report(context, args, &adopted, &states, &planned, began);
    if failed { Exit::Failed } else { exit }
}

/// Prints the files.
fn show(context: &mut Context, adopted: &Adopted) -> Exit {
    if context.global.json {
        let files = adopted.files.iter().map(|file| Written { name: &file.name, state: "new", text: Some(&file.text) });
        let document = document(context, adopted, files.collect(), None);
        context.document(&document);
    } else {
        let texts: Vec<String> = adopted.files.iter().map(|file| format!("# {}\n\n{}", file.name, file.text)).collect();
        context.terminal.out(&texts.join("\n"));
        variables(context, adopted);
    }
    if adopted.gaps.is_empty() { Exit::Done } else { Exit::Undetermined }
}

/// Writes the files: all, or none if one of them would overwrite another text.
fn write(context: &mut Context, args: &Args, adopted: &Adopted) -> Option<Vec<&'static str>> {
    let dir = context.dir();
    let mut states = Vec::new();
    let mut taken = Vec::new();
    for file in &adopted.files {
        match std::fs::read_to_string(dir.join(&file.name)) {
            Ok(text) if text == file.text => states.push("unchanged"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => states.push("wrote"),
            _ => {
                states.push("wrote");
                taken.push(format!("`{}`", file.name));
            }
        }
    }
    if !taken.is_empty() && !args.force {
        let detail = format!("There is something else in {} already. Nothing was written.", taken.join(", "));
        let why = Diagnostic::error(&codes::FILE_TAKEN, detail);
        context.tell(why.help("move it away, write elsewhere with `--dir`, or overwrite it with `--force`"));
        return None;
    }
    let ignored = dir.join(".gitignore");
    let first = (!ignored.exists()).then_some((ignored, ".keyform/\n"));
    let files = adopted.files.iter().zip(&states).filter(|(_, state)| **state == "wrote");
    let files = files.map(|(file, _)| (dir.join(&file.name), file.text.as_str()));
    for (path, text) in first.into_iter().chain(files) {
        if let Err(error) = disk::replace(&path, text.as_bytes()) {
            context.tell(unwritable(&path, &error));
            return None;
        }
    }
    Some(states)
}

/// Reads what was written, records what is as declared, and plans again; says besides whether recording failed.
/// `None` if that is not possible; why was told.
async fn prove(context: &mut Context, args: &Args, engine: &Engine, adopted: &Adopted) -> Option<(Planned, bool)> {
    let (desired, _) = context.load(&args.inputs)?;
    let desired = Arc::new(desired);
    if let Err(why) = engine.claim(adopted).await {
        context.tell(why);
        return None;
    }
    let mut plan = async |scope: &Scope| match engine.plan(&desired, scope).await {
        Ok(planned) => Some(planned),
        Err(diagnostics) => {
            context.tell_all(diagnostics);
            None
        }
    };
    let adopt = Scope { adopt: true, ..Scope::default() };
    let mut planned = plan(&adopt).await?;
    let is_meant = |address: &Address| args.only.is_empty() || adopted.ids.contains_key(&address.resource());
    planned.plan.changes.retain(|change| {
        change.action == Action::Adopt && change.reason != Reason::Imported && is_meant(&change.address)
    });
    // Where nobody looked, nothing is set going because of what was adopted.
    planned.plan.blind.clear();
    let report = engine.apply(planned, &Cancel::new(), &mut |_| {}).await;
    let mut last = plan(&Scope::default()).await?;
    if !last.plan.blocked.is_empty() {
        // What differs is shown as it would be taken over.
        last = plan(&adopt).await?;
    }
    let failed = !report.failed.is_empty();
    context.tell_all(report.failed.into_iter().map(|(_, why)| why));
    context.tell_all(last.plan.blocked.values().cloned());
    context.tell_all(last.notes.iter().filter(|note| note.code == &codes::LOGIN_UNUSED).cloned());
    Some((last, failed))
}

/// Whether there is nothing to do.
fn is_empty(plan: &Plan) -> bool {
    plan.changes.is_empty() && plan.blocked.is_empty() && plan.incomplete.is_empty()
}

fn report(
    context: &mut Context,
    args: &Args,
    adopted: &Adopted,
    states: &[&'static str],
    planned: &Planned,
    began: Instant,
) -> Exit {
    let plan = &planned.plan;
    if context.global.json {
        let files = adopted.files.iter().zip(states).map(|(file, state)| {
            let state = if *state == "wrote" { "written" } else { state };
            Written { name: &file.name, state, text: None }
        });
        let rows = plan.changes.iter().map(|change| Row {
            address: change.address.to_string(),
            action: change.action.word(),
            reason: change.reason.word(),
        });
        let proof = Proof { empty: is_empty(plan), unchanged: plan.unchanged, changes: rows.collect() };
        let document = document(context, adopted, files.collect(), Some(proof));
        context.document(&document);
    } else {
        let counts: Vec<String> = Kind::ALL
            .iter()
            .filter_map(|kind| Some((kind.word().replace('_', " "), *counts(adopted).get(kind.word())?)))
            .map(|(word, n)| words::count(n, &word, &plural(&word)))
            .collect();
        let found = if counts.is_empty() { "nothing that was not declared".to_owned() } else { counts.join(", ") };
        let style = context.terminal.style();
        let mut text = String::new();
        let found = format!("Found {found}. Backend: {}.", words::shown(&plan.backend));
        words::paragraph(&mut text, &found, 0, 2, style.width);
        context.terminal.out(&text);
        variables(context, adopted);
        let secrets = plan.foreign.iter().filter(|(place, _)| place.starts_with("secrets in "));
        let secrets: usize = secrets.map(|(_, count)| count).sum();
        if secrets > 0 && args.from_tfstate.is_none() {
            let left = words::count(secrets, "secret is left alone", "secrets are left alone");
            let mut text = String::new();
            let left = format!("{left}: `--secrets` declares them, each with a variable for its value.");
            words::paragraph(&mut text, &left, 0, 2, style.width);
            context.terminal.out(&text);
        }
        let paint = context.terminal.style().paint;
        if is_empty(plan) {
            let n = words::count(plan.unchanged, "thing is", "things are");
            context.terminal.say(&format!("{} {n} as declared.\n", paint.good("The plan is empty:")));
        } else {
            context.terminal.out(&format!("{}\n\n", paint.warn("The plan is not empty:")));
            let cost = Cost { requests: planned.requests, took: began.elapsed() };
            context.terminal.out(&text::plan(plan, context.terminal.style(), cost));
        }
        if !plan.blind.is_empty() {
            let n = words::count(plan.blind.len(), "destination was", "destinations were");
            context.terminal.say(&format!("{n} not looked at: their credentials are not at hand.\n"));
        }
    }
    match (plan.changes.is_empty() && plan.blocked.is_empty(), plan.incomplete.is_empty() && adopted.gaps.is_empty()) {
        (false, _) => Exit::Pending,
        (true, false) => Exit::Undetermined,
        (true, true) => Exit::Done,
    }
}

fn plural(word: &str) -> String {
    word.strip_suffix('y').map_or_else(|| format!("{word}s"), |stem| format!("{stem}ies"))
}

/// How many of each kind.
fn counts(adopted: &Adopted) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for address in adopted.ids.keys() {
        *counts.entry(address.kind()).or_default() += 1;
    }
    counts
}

/// Says which variables are to be set.
fn variables(context: &Context, adopted: &Adopted) {
    if adopted.variables.is_empty() {
        return;
    }
    let widest = adopted.variables.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let width = context.terminal.style().width;
    let what =
        "What the backend does not give back comes from these variables. While they are not set, what it has stands:\n";
    let mut out = words::sentences(what, width);
    for (name, address) in &adopted.variables {
        words::line(&mut out, &format!("{name:widest$}  {address}"), 2, 2, width);
    }
    context.terminal.out(&out);
}

fn document<'a>(context: &Context, adopted: &'a Adopted, files: Vec<Written<'a>>, plan: Option<Proof>) -> Document<'a> {
    let variables = adopted.variables.iter();
    Document {
        format: "keyform.adopt/1",
        ok: plan.as_ref().is_none_or(|plan| plan.empty) && adopted.gaps.is_empty() && !context.found.has_errors(),
        files,
        resources: counts(adopted),
        declared_before: adopted.declared,
        variables: variables.map(|(name, address)| Variable { name, resource: address.to_string() }).collect(),
        left_out: adopted.left.len(),
        plan,
        diagnostics: context.entries(),
    }
}
