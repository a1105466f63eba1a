//! What every command has at hand: the global options, the streams, the problems found so far, and the
//! two things that most commands begin with: loading the configuration and opening the engine.

use crate::cli::Global;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::terminal::Terminal;
use crate::config;
use crate::config::Extent;
use crate::config::baseline;
use crate::config::overlay::Overlay;
use crate::config::stand_ins::StandIns;
use crate::config::test_file;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::codes;
use crate::diag::render;
use crate::diag::source::Sources;
use crate::diag::together::together;
use crate::engine;
use crate::engine::Engine;
use crate::engine::reading::Reader;
use crate::http::pace::Headroom;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::plan::Plan;
use crate::provider::memory::Shelf;
use crate::provider::registry::Registry;
use crate::view;
use crate::view::json;
use crate::view::json::run::Run;
use crate::view::paint::Paint;
use crate::view::text::Cost;
use crate::view::text::Style;
use crate::view::words;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// How many problems are drawn at once: nobody reads more.
const MOST_SHOWN: usize = 100;
/// Columns of what is kept in a file.
const KEPT_WIDTH: usize = 100;

/// Options of every command that reads the configuration.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Inputs {
    /// Give a variable a value; may be repeated, the last one counts
    #[arg(long = "var", global = true, value_name = "NAME=VALUE", value_parser = assignment)]
    pub(super) vars: Vec<(String, String)>,
    /// Read values of variables from a file (*.vars.hcl or JSON); may be repeated
    #[arg(long = "var-file", global = true, value_name = "FILE")]
    pub(super) var_files: Vec<PathBuf>,
    /// Refuse secrets that are written literally in the configuration
    #[arg(long, global = true)]
    pub(super) strict: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    let name = name.trim();
    // What is no name may be a value: it is not repeated.
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if is_name { Ok((name.to_owned(), value.to_owned())) } else { Err("it must be NAME=VALUE".to_owned()) }
}

/// What a command works with.
pub(super) struct Context {
    /// Options of every command.
    pub(super) global: Global,
    /// The two streams.
    pub(super) terminal: Terminal,
    /// Every text that was read.
    pub(super) sources: Sources,
    /// What is wrong, in the order in which it was found. In text mode it is shown at once.
    pub(super) found: Diagnostics,
    /// What is to be written at the end, besides what is shown.
    pub(super) outputs: Outputs,
    /// What it is drawn from, as far as it is known.
    pub(super) run: Run,
    /// What the backend still takes, as far as it tells.
    pub(super) headroom: Option<Headroom>,
    /// Where the plan is kept, if it is.
    pub(super) kept: Option<String>,
    /// What was shown, if a file is to have it.
    pub(super) text: String,
    /// The throw-away world that everything is in, if it is a test.
    pub(super) world: Option<World>,
}

/// A world without a way out: what is there instead of a real one.
#[derive(Clone)]
pub(super) struct World {
    /// Where the ledger and the embedded backend are.
    pub(super) state: PathBuf,
    /// All destinations.
    pub(super) shelf: Shelf,
    /// What stands in for the environment, files and programs.
    pub(super) stand_ins: Arc<StandIns>,
}

/// The directory of keyform's own files, beside the configuration.
pub(super) const STATE: &str = ".keyform";

impl Context {
    /// Nothing found yet.
    #[must_use]
    pub(super) fn new(global: Global) -> Self {
        let terminal = Terminal::new(global.no_color, global.quiet);
        let (sources, found, outputs, run, headroom, kept, text, world) = Default::default();
        Self { global, terminal, sources, found, outputs, run, headroom, kept, text, world }
    }

    /// Another one that shows nothing and knows the same texts.
    #[must_use]
    pub(super) fn hushed(&self) -> Self {
        let global = Global { json: false, ..self.global.clone() };
        Self { terminal: self.terminal.muted(), sources: self.sources.clone(), ..Self::new(global) }
    }

    /// The directory of the configuration.
    #[must_use]
    pub(super) fn dir(&self) -> PathBuf {
        self.global.chdir.clone().unwrap_or_else(|| PathBuf::from("."))
    }

    /// Where the ledger and the embedded backend are.
    #[must_use]
    pub(super) fn state(&self) -> PathBuf {
        self.world.as_ref().map_or_else(|| self.dir().join(STATE), |world| world.state.clone())
    }

    /// Keeps a problem, and shows it unless the output is JSON.
    pub(super) fn tell(&mut self, diagnostic: Diagnostic) {
        self.draw(&diagnostic);
        self.found.push(diagnostic);
    }

    /// Shows a problem, unless the output is JSON.
    fn draw(&mut self, diagnostic: &Diagnostic) {
        let is_quiet = self.global.quiet && diagnostic.severity == Severity::Warning;
        if !self.global.json && !is_quiet {
            let style = self.terminal.err_style();
            let text = render::render(diagnostic, &self.sources, style.paint.color, style.width);
            let line_break = if text.ends_with('\n') { "" } else { "\n" };
            self.terminal.err(&format!("{text}{line_break}\n"));
        }
        if self.outputs.keeps_text() {
            self.text.push_str(&render::render(diagnostic, &self.sources, false, KEPT_WIDTH));
        }
    }

    /// [`Context::tell`] for many: what is of one kind is shown together. Of very many only the first are shown, errors before
    /// warnings; all are kept, each by itself.
    pub(super) fn tell_all(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        let all: Vec<Diagnostic> = diagnostics.into_iter().collect();
        let mut drawn = together(all.clone());
        if drawn.len() > MOST_SHOWN {
            drawn.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
        }
        let rest = drawn.len().saturating_sub(MOST_SHOWN);
        drawn.iter().take(MOST_SHOWN).for_each(|diagnostic| self.draw(diagnostic));
        if rest > 0 && !self.global.json {
            self.terminal.err(&format!(
                "{}; `--json` has all.\n\n",
                words::count(rest, "more is not shown", "more are not shown")
            ));
        }
        all.into_iter().for_each(|diagnostic| self.found.push(diagnostic));
    }

    /// The problems found so far, for a document.
    #[must_use]
    pub(super) fn entries(&self) -> Vec<json::diagnostic::Entry> {
        json::diagnostic::entries(self.found.iter(), &self.sources)
    }

    /// Shows what the command is there for as text, unless standard output is for something else.
    pub(super) fn show(&mut self, draw: impl Fn(Style) -> String) {
        if !self.global.json && !self.outputs.takes_over() {
            self.terminal.out(&draw(self.terminal.style()));
        }
        if self.outputs.keeps_text() {
            self.text.push_str(&draw(Style { paint: Paint::PLAIN, width: KEPT_WIDTH }));
        }
    }

    /// Keeps a plan as a document, if anything is drawn from one.
    pub(super) fn describe(&mut self, plan: &Plan, cost: Cost, desired: &Desired) {
        if self.global.json || !self.outputs.is_empty() || self.world.is_some() {
            let document = json::plan::document(plan, cost, self.entries(), &self.sources);
            let document = document.declared(desired, &self.sources).headroom(self.headroom.as_ref());
            self.run.plan = Some(document.of(&self.run.shards));
        }
    }

    /// Ends a command that failed before it had anything else to say: under `--json` the problems are
    /// the document.
    pub(super) fn failed(&self, command: &str) -> Exit {
        self.end(command, Exit::Failed)
    }

    /// Like [`Context::failed`] with an exit code.
    pub(super) fn end(&self, command: &str, exit: Exit) -> Exit {
        if self.global.json {
            let format = format!("keyform.{command}/1");
            let document = json::diagnostic::Document {
                format,
                ok: !self.found.has_errors() && exit == Exit::Done,
                diagnostics: self.entries(),
                shards: self.run.shards.clone(),
            };
            self.terminal.out(&json::pretty(&document));
        } else {
            self.tally();
        }
        exit
    }

    /// What an ending comes to. What was done is done, but whoever reads the answer must not take what arrived
    /// of it for the whole.
    pub(super) fn settled(mut self, exit: Exit) -> Exit {
        let exit = output::write(&mut self, exit);
        let Some(error) = self.terminal.lost() else { return exit };
        let detail = format!("Standard output can't be written: {}. What got there is not the whole.", why(error));
        // Not even under --json: what should hold the problems is what can't be written.
        self.global.json = false;
        self.tell(Diagnostic::error(&codes::UNWRITABLE, detail));
        if matches!(exit, Exit::Done | Exit::Pending) { Exit::Undetermined } else { exit }
    }

    /// Says how many problems were shown, where there were several.
    fn tally(&self) {
        let errors = self.found.iter().filter(|d| d.severity == Severity::Error).count();
        if errors > 1 {
            self.terminal.note(&format!("{}.\n", words::count(errors, "error", "errors")));
        }
    }

    /// Writes a document on standard output.
    pub(super) fn document<T: Serialize>(&self, document: &T) {
        self.terminal.out(&json::pretty(document));
    }

    /// Loads the configuration. `None` if it has errors; they were told.
    pub(super) fn load(&mut self, inputs: &Inputs) -> Option<(Desired, Registry)> {
        self.load_for(inputs, Extent::All)
    }

    /// Loads as much of the configuration as is wanted. For its backend alone, what is no error is the business
    /// of those that read all of it.
    pub(super) fn load_for(&mut self, inputs: &Inputs, extent: Extent) -> Option<(Desired, Registry)> {
        let mut acc = Diagnostics::new();
        let registry = self.registry()?;
        let input = config::Input {
            vars: inputs.vars.clone(),
            var_files: inputs.var_files.clone(),
            strict: inputs.strict,
            extent,
            ..self.input()
        };
        let mut desired = config::load(&mut acc, &mut self.sources, &input, registry.schemas());
        let resources = desired.as_ref().map(|desired| desired.resources.len());
        tracing::info!(dir = %input.dir.display(), resources, "configuration read");
        let failed = acc.has_errors();
        self.tell_all(acc.into_iter().filter(|d| extent != Extent::Backend || d.severity == Severity::Error));
        (!failed).then_some(())?;
        if let Some(desired) = desired.as_mut().filter(|_| self.world.is_some()) {
            (desired.backend, desired.settings.ledger) = Default::default();
        }
        Some((desired?, registry))
    }

    /// A configuration that is read from the directory, and what `env()` gives it.
    pub(super) fn input(&self) -> config::Input {
        let input = config::Input::new(self.dir());
        match self.world.as_ref().map(|world| world.stand_ins.clone()) {
            Some(stand_ins) => config::Input { env: Arc::new(move |name| stand_ins.environment(name)), ..input },
            None => input,
        }
    }

    /// What says where the ledger is. Also where the configuration is gone there is one.
    pub(super) fn load_ledger(&mut self, inputs: &Inputs) -> Option<(Desired, Registry)> {
        match has_config(&self.dir()) {
            true => self.load_for(inputs, Extent::Backend),
            false => self.registry().map(|registry| (Desired::default(), registry)),
        }
    }

    /// The built-in providers and those beside the configuration. `None` if one of them is bad.
    pub(super) fn registry(&mut self) -> Option<Registry> {
        let mut acc = Diagnostics::new();
        let dir = self.dir();
        let registry = Registry::beside(&mut acc, &mut self.sources, &dir, &Overlay::default());
        self.tell_all(acc);
        match &self.world {
            Some(world) => registry.map(|registry| registry.in_memory(world.shelf.clone())),
            None => registry,
        }
    }

    /// What an engine needs to know besides the configuration.
    pub(super) fn options(
        &self,
        registry: impl Into<Arc<Registry>>,
        allow_exec: bool,
        lock: Option<engine::Lock>,
    ) -> engine::Options {
        let stand_ins = self.world.as_ref().map(|world| world.stand_ins.clone());
        let terminal = self.terminal.clone();
        let hear: engine::Hear = Arc::new(move |what: &str| terminal.note(&format!("{what}\n")));
        let (dir, state, registry) = (self.dir(), self.state(), registry.into());
        engine::Options { dir, state, allow_exec, lock, registry, stand_ins, hear: Some(hear) }
    }

    /// Opens the backend and the ledger. `None` if that fails; why was told.
    pub(super) async fn open(
        &mut self,
        desired: &Desired,
        registry: impl Into<Arc<Registry>>,
        allow_exec: bool,
        lock: Option<engine::Lock>,
    ) -> Option<Engine> {
        let options = self.options(registry, allow_exec, lock);
        match Engine::open(options, desired).await {
            Ok(engine) => {
                tracing::info!(state = %self.state().display(), "backend and ledger opened");
                let terminal = self.terminal.clone();
                if !self.global.quiet {
                    engine.hear_waits(move |wait| terminal.note(&format!("{}\n", view::progress::wait(&wait))));
                }
                Some(engine)
            }
            Err(diagnostics) => {
                self.tell_all(diagnostics);
                None
            }
        }
    }

    /// Opens the backend and the ledger to read them and nothing else. `None` if that fails; why was told.
    pub(super) async fn read_only(
        &mut self,
        desired: &Desired,
        registry: impl Into<Arc<Registry>>,
        allow_exec: bool,
    ) -> Option<Reader> {
        match Reader::open(self.options(registry, allow_exec, None), desired).await {
            Ok(reader) => {
                let terminal = self.terminal.clone();
                if !self.global.quiet {
                    reader.hear_waits(move |wait| terminal.note(&format!("{}\n", view::progress::wait(&wait))));
                }
                Some(reader)
            }
            Err(diagnostics) => {
                self.tell_all(diagnostics);
                None
            }
        }
    }

    /// The ledger as it is now. `None` if it can't be read; why was told.
    pub(super) async fn ledger(&mut self, engine: &Engine) -> Option<Ledger> {
        engine.ledger().await.map_err(|why| self.tell(why)).ok()
    }

    /// Starts what waits for the network and for signals. `None` if the machine refuses; that was told.
    pub(super) fn runtime(&mut self) -> Option<tokio::runtime::Runtime> {
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => Some(runtime),
            Err(error) => {
                self.tell(Diagnostic::error(&codes::RUNTIME, format!("Threads can't be started: {}.", error.kind())));
                None
            }
        }
    }

    /// Reads a file that the user named, or standard input for `-`.
    ///
    /// # Errors
    /// It can't be read, or is not UTF-8.
    pub(super) fn read(&self, path: &Path) -> Result<String, Diagnostic> {
        let text = if path == Path::new("-") {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(path)
        };
        text.map_err(|error| {
            Diagnostic::error(&codes::UNREADABLE, format!("`{}` can't be read: {}.", path.display(), why(&error)))
        })
    }
}

/// Why a file can't be read or written, in a few words.
pub(super) fn why(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        kind => kind.to_string(),
    }
}

/// What is said of a file that can't be written: which, why, and what can be done.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let (why, help) = match error.kind() {
        ErrorKind::NotFound => ("there is no such directory".to_owned(), "make the directory, or name another file"),
        ErrorKind::IsADirectory => ("it is a directory".to_owned(), "name a file in it"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            (why(error), "name a file in a directory that this user may write to, or change its permissions")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (why(error), "make room there, or name a file elsewhere"),
        // Some reasons have no name but the system's own.
        _ => (error.to_string(), "name another file, or put that right"),
    };
    Diagnostic::error(&codes::UNWRITABLE, format!("`{}` can't be written: {why}.", path.display())).help(help)
}

/// Whether there is a configuration in a directory.
pub(super) fn has_config(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).any(|name| {
        !name.starts_with('.')
            && name.ends_with(".hcl")
            && !name.ends_with(".vars.hcl")
            && name != baseline::NAME
            && !name.ends_with(test_file::ENDING)
    })
}
