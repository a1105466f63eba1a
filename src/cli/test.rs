//! `keyform test`: are plans what one expects of them? Offline: the embedded backend and a ledger in a throw-away directory,
//! destinations in memory. [`world`] is what others do there, [`work`] carries out a run, [`expect`] compares.

mod expect;
mod work;
mod world;

use crate::cli::context::Context;
use crate::cli::context::World;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::signals::Stop;
use crate::cli::test::work::Outcome;
use crate::cli::test::world::Scratch;
use crate::config::overlay::Overlay;
use crate::config::test_file;
use crate::config::test_file::DIR;
use crate::config::test_file::ENDING;
use crate::config::test_file::Step;
use crate::config::test_file::TestFile;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::engine::event::Cancel;
use crate::provider::memory::Shelf;
use crate::view::json::test as document;
use crate::view::paint::Paint;
use crate::view::words;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::time::Instant;

/// Test the configuration, offline.
///
/// Runs the *.kftest.hcl files beside the configuration and in its directory tests/. Each has a throw-away backend
/// and destinations in memory that keep to the rules of their manifests; environment, files of secrets and programs have
/// stand-ins. Nothing leaves this machine, and no credentials are needed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Only runs whose file or name holds this text; may be repeated
    #[arg(long = "filter", value_name = "TEXT")]
    filters: Vec<String>,
    /// Files at once; by default as many as there are processors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: Option<u16>,
    #[command(flatten)]
    outputs: Outputs,
}

/// What `--help` shows is `examples/tested/web.kftest.hcl`, which tests run.
const EXAMPLE: &str = concat!(
    "Example, web.kftest.hcl:\n\n",
    include_str!("../../examples/tested/web.kftest.hcl"),
    "\n  keyform test\n  keyform test --filter drift --output junit=tests.xml\n\n\
     Exit codes: 0 everything is as expected, 1 something is not, 130 interrupted."
);

/// A file that is to be run.
struct Job {
    /// What the user calls it.
    name: String,
    file: Option<TestFile>,
    /// Names of the runs that count.
    chosen: Vec<Arc<str>>,
    context: Context,
}

/// A file that was run. Spans are of its own sources.
struct Done {
    name: String,
    runs: Vec<Tested>,
    /// What is wrong with the file, or with what it says is given, and after how many runs that was found.
    problems: Vec<(usize, Diagnostics)>,
    sources: Sources,
}

impl Done {
    fn wrong(&mut self, problems: Diagnostics) {
        self.problems.push((self.runs.len(), problems));
    }
}

/// A run that counts.
struct Tested {
    name: Arc<str>,
    line: usize,
    command: &'static str,
    /// `None` if it was not run.
    outcome: Option<Outcome>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let began = Instant::now();
    if let Err(exit) = output::begin(context, "test", &args.outputs, None) {
        return exit;
    }
    let jobs = jobs(context, &args.filters);
    if jobs.is_empty() {
        let dir = context.dir().display().to_string();
        let detail = match args.filters.is_empty() {
            true => format!("`{dir}` holds no `*{ENDING}` file, and neither does `{DIR}/` in it."),
            false => format!("No file and no run in `{dir}` is called like that."),
        };
        context.tell(Diagnostic::error(&codes::NO_TESTS, detail).help("`keyform test --help` shows one to begin with"));
        return context.failed("test");
    }
    let Some(runtime) = context.runtime() else { return context.failed("test") };
    let cancel = Cancel::new();
    let listening = runtime.block_on(async { Stop::listen() });
    match listening {
        Ok(stop) => drop(runtime.spawn(stop.cancel(cancel.clone(), context.terminal.clone()))),
        Err(why) => {
            context.tell(why);
            return context.failed("test");
        }
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let at_once = args.parallelism.map_or(processors, usize::from).min(jobs.len());
    let mut document = document::Document { format: document::FORMAT.into(), ..Default::default() };
    perform(jobs, at_once, &cancel, |done| tell(context, &mut document, done));
    document.ok = !context.found.has_errors() && document.failed + document.skipped == 0;
    document.milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let exit = match (cancel.is_cancelled(), document.ok) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Done,
        (false, false) => Exit::Failed,
    };
    if context.global.json {
        context.document(&document);
    }
    context.show(|style| total(&document, style.paint));
    context.run.tests = Some(document);
    exit
}

/// The test files, read, as far as something in them counts.
fn jobs(context: &Context, filters: &[String]) -> Vec<Job> {
    let dir = context.dir();
    let mut paths = files(&dir);
    paths.extend(files(&dir.join(DIR)));
    let is_wanted = |text: &str| filters.is_empty() || filters.iter().any(|filter| text.contains(filter.as_str()));
    let mut jobs = Vec::new();
    for path in paths {
        let mut own = context.hushed();
        let name = path.strip_prefix("./").unwrap_or(&path).display().to_string();
        let mut acc = Diagnostics::new();
        let file = test_file::read(&mut acc, &mut own.sources, &path, &name, &Overlay::default());
        own.tell_all(acc);
        let names = file.iter().flat_map(|file| &file.steps).filter_map(|step| match step {
            Step::Run(run) => Some(run.name.clone()),
            Step::Given(_) => None,
        });
        let chosen: Vec<Arc<str>> = names.filter(|run| is_wanted(&name) || is_wanted(run)).collect();
        // A file that is broken may hold anything.
        if file.is_none() || !chosen.is_empty() {
            jobs.push(Job { name, file, chosen, context: own });
        }
    }
    jobs
}

/// The test files of a directory, if there is one.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_test = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(ENDING) && !name.starts_with('.') && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries.filter(is_test).collect();
    files.sort();
    files
}

/// Runs files, several at once, and hands them over in their order.
fn perform(jobs: Vec<Job>, at_once: usize, cancel: &Cancel, mut tell: impl FnMut(Done)) {
    let queue: Mutex<VecDeque<(usize, Job)>> = Mutex::new(jobs.into_iter().enumerate().collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (sender, receiver) = mpsc::channel();
    let work = |sender: mpsc::Sender<(usize, Done)>| {
        while let Some((number, job)) = next() {
            // Whoever waits for it is there until the end.
            let _ = sender.send((number, file(job, cancel)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..at_once {
            let sender = sender.clone();
            // Where no more threads are to be had, there are fewer.
            let _ = std::thread::Builder::new().name("test".into()).spawn_scoped(scope, || work(sender));
        }
        let last = std::thread::Builder::new().name("test".into()).spawn_scoped(scope, {
            let sender = sender.clone();
            || work(sender)
        });
        if last.is_err() {
            work(sender.clone());
        }
        drop(sender);
        let (mut early, mut turn) = (BTreeMap::new(), 0);
        for (number, done) in receiver {
            early.insert(number, done);
            while let Some(done) = early.remove(&turn) {
                tell(done);
                turn += 1;
            }
        }
    });
}

/// Goes through the steps of a file.
fn file(job: Job, cancel: &Cancel) -> Done {
    let Job { name, file, chosen, mut context } = job;
    let mut done = Done { name, runs: Vec::new(), problems: Vec::new(), sources: Sources::new() };
    let scratch = file.map(|file| Scratch::new().map(|scratch| (file, scratch)));
    match scratch {
        None => done.wrong(std::mem::take(&mut context.found)),
        Some(Err(why)) => done.wrong(Diagnostics::from(why)),
        Some(Ok((file, scratch))) => {
            let world =
                World { state: scratch.ours(), shelf: Shelf::default(), stand_ins: Arc::new(file.stand_ins.clone()) };
            context.world = Some(world);
            steps(&mut context, &file, &scratch, &chosen, cancel, &mut done);
        }
    }
    done.sources = context.sources;
    done
}

fn steps(
    context: &mut Context,
    file: &TestFile,
    scratch: &Scratch,
    chosen: &[Arc<str>],
    cancel: &Cancel,
    done: &mut Done,
) {
    let mut left = chosen.len();
    let mut is_lost = false;
    for step in &file.steps {
        if left == 0 {
            return;
        }
        is_lost |= cancel.is_cancelled();
        match step {
            Step::Given(_) if is_lost => {}
            Step::Given(given) => {
                if let Err(problems) = world::given(context, file, scratch, given) {
                    done.wrong(problems);
                    is_lost = true;
                }
            }
            Step::Run(run) => {
                let outcome = (!is_lost).then(|| work::run(context, file, run));
                is_lost |= outcome.as_ref().is_none_or(|outcome| outcome.is_lost);
                if chosen.contains(&run.name) {
                    left -= 1;
                    let line = context.sources.line_column(run.header).map_or(0, |(line, _)| line);
                    done.runs.push(Tested { name: run.name.clone(), line, command: run.command.word(), outcome });
                } else if let Some(outcome) = outcome.filter(|outcome| outcome.is_lost) {
                    // What counts goes on from it.
                    done.wrong(outcome.problems);
                }
            }
        }
    }
}

/// Shows what a file came to, and keeps it.
fn tell(context: &mut Context, document: &mut document::Document, done: Done) {
    let shift = context.sources.append(done.sources);
    let own = |problems: Diagnostics| -> Vec<Diagnostic> {
        let moved = |mut problem: Diagnostic| {
            problem.labels.iter_mut().for_each(|label| label.span.source.0 += shift);
            problem
        };
        problems.into_iter().map(moved).collect()
    };
    let tell = |context: &mut Context, problems: Diagnostics| {
        let before = context.found.iter().count();
        context.tell_all(own(problems));
        context.entries().split_off(before)
    };
    let mut file = document::File { file: done.name, runs: Vec::new(), diagnostics: Vec::new() };
    let mut problems = done.problems.into_iter().peekable();
    let mut before = |context: &mut Context, runs: usize, file: &mut document::File| {
        while let Some((_, problems)) = problems.next_if(|(after, _)| *after <= runs) {
            file.diagnostics.extend(tell(context, problems));
        }
    };
    for Tested { name, line, command, outcome } in done.runs {
        before(context, file.runs.len(), &mut file);
        let word = match &outcome {
            None => document::SKIPPED,
            Some(outcome) if outcome.problems.has_errors() => document::FAILED,
            Some(_) => document::PASSED,
        };
        context.show(|style| self::line(word, &file.file, &name, style.paint));
        let counter = match word {
            document::PASSED => &mut document.passed,
            document::FAILED => &mut document.failed,
            _ => &mut document.skipped,
        };
        *counter += 1;
        let exit = outcome.as_ref().map(|outcome| outcome.exit as u8);
        let milliseconds = outcome.as_ref().map_or(0, |outcome| outcome.milliseconds);
        let diagnostics = outcome.map(|outcome| tell(context, outcome.problems)).unwrap_or_default();
        file.runs.push(document::Run {
            name: name.to_string(),
            line,
            command: command.into(),
            outcome: word.into(),
            exit,
            milliseconds,
            diagnostics,
        });
    }
    before(context, usize::MAX, &mut file);
    document.files.push(file);
}

fn line(outcome: &str, file: &str, name: &str, paint: Paint) -> String {
    let (file, name) = (words::shown(file), words::shown(name));
    match outcome {
        document::PASSED => format!("{} {}: {name}\n", paint.good("✓"), paint.dim(&file)),
        document::FAILED => format!("{} {}: {}\n", paint.danger("✗"), paint.dim(&file), paint.bold(&name)),
        _ => format!("{} {}: {name} (skipped)\n", paint.dim("-"), paint.dim(&file)),
    }
}

fn total(document: &document::Document, paint: Paint) -> String {
    let parts = [(document.passed, "passed"), (document.failed, "failed"), (document.skipped, "skipped")];
    let parts = parts.into_iter().filter(|(number, word)| *number > 0 || *word == "passed");
    let parts: Vec<String> = parts.map(|(number, word)| format!("{number} {word}")).collect();
    let files = words::count(document.files.len(), "file", "files");
    let text = format!("{}, in {files}.", parts.join(", "));
    format!("{}\n", if document.ok { paint.good(&text) } else { paint.danger(&text) })
}
