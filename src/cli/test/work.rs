//! One run of a test: the command itself, by the same code as always, and a look at what it left.

use crate::cli::apply;
use crate::cli::apply::Bound;
use crate::cli::apply::Way;
use crate::cli::confirm::Allow;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::context::World;
use crate::cli::exit::Exit;
use crate::cli::plan;
use crate::cli::plan::Selection;
use crate::cli::shard::Sharding;
use crate::cli::test::expect;
use crate::config::Extent;
use crate::config::test_file;
use crate::config::test_file::Assert;
use crate::config::test_file::Command;
use crate::config::test_file::Run;
use crate::config::test_file::TestFile;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Options;
use crate::engine::Scope;
use crate::engine::secrets::Place;
use crate::http::json;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::secret::Secret;
use crate::view::json::event::Ending;
use crate::view::json::plan::Document;
use crate::view::text::Cost;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// What a run came to.
pub(super) struct Outcome {
    /// What it ended with.
    pub(super) exit: Exit,
    /// What is not as expected.
    pub(super) problems: Diagnostics,
    /// Whether it ended otherwise than expected, so that nothing can go on from it.
    pub(super) is_lost: bool,
    /// How long it took.
    pub(super) milliseconds: u64,
}

/// What a run did and said, to be compared.
pub(super) struct Ended {
    pub(super) exit: Exit,
    /// The plan, unless it failed before there was one.
    pub(super) plan: Option<Document>,
    /// How the apply of it ended, if there was one.
    pub(super) report: Option<Ending>,
    /// Everything that it told.
    pub(super) found: Diagnostics,
}

/// What is there after a run.
#[derive(Default)]
pub(super) struct Left {
    /// The entries of each destination, by the sync that leads there.
    pub(super) entries: BTreeMap<Address, BTreeMap<Arc<str>, Secret>>,
    /// Secrets of the backend by their places, as far as somebody asked for them.
    pub(super) secrets: BTreeMap<Arc<str>, Secret>,
}

/// Runs, and compares with what is expected.
pub(super) fn run(context: &mut Context, file: &TestFile, run: &Run) -> Outcome {
    let began = Instant::now();
    let inputs = inputs([&file.variables, &run.variables]);
    let ended = run_in(context, file, run, |own| perform(own, run, &inputs));
    let (mut problems, is_lost) = expect::ending(run, &ended);
    if !is_lost {
        problems.extend(expect::plan(run, &ended));
        let mentions = |assert: &Assert| {
            [&assert.condition, &assert.message].into_iter().any(|expr| test_file::mentions(expr, "entries"))
        };
        let is_asked = !run.expect.entries.is_empty() || run.asserts.iter().any(mentions);
        let left = is_asked.then(|| run_in(context, file, run, |own| look(own, run, &inputs)));
        match left.transpose() {
            Ok(left) => {
                let left = left.unwrap_or_default();
                problems.extend(expect::entries(run, &left));
                problems.extend(expect::asserts(run, &ended, &left));
            }
            Err(why) => problems.extend(why),
        }
    }
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Outcome { exit: ended.exit, problems, is_lost, milliseconds }
}

/// Values of variables as the command line takes them; the last one counts.
pub(super) fn inputs<'a>(all: impl IntoIterator<Item = &'a BTreeMap<Arc<str>, Value>>) -> Inputs {
    let values: BTreeMap<&Arc<str>, &Value> = all.into_iter().flatten().collect();
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.to_string()),
        other => Some(String::from_utf8_lossy(&json::write(other)?).into_owned()),
    };
    let vars = values.into_iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect();
    Inputs { vars, var_files: Vec::new(), strict: false }
}

/// Does something in a context of its own, of which nothing is left but the texts that it read; with other state, if one is named.
pub(super) fn aside<T>(
    context: &mut Context,
    state: Option<&Path>,
    work: impl FnOnce(&mut Context) -> Result<T, Diagnostics>,
) -> Result<T, Diagnostics> {
    let mut own = context.hushed();
    own.world = context.world.clone().map(|world| match state {
        Some(state) => World { state: state.to_owned(), ..world },
        None => world,
    });
    let result = work(&mut own);
    context.sources = own.sources;
    // What was told counts where that is all there is.
    result.map_err(|mut problems| {
        problems.extend(own.found);
        problems
    })
}

/// The same for a run: in its configuration, with its stand-ins.
fn run_in<T>(context: &mut Context, file: &TestFile, run: &Run, work: impl FnOnce(&mut Context) -> T) -> T {
    let mut own = context.hushed();
    let stand_ins = Arc::new(file.stand_ins.under(&run.stand_ins));
    own.world = context.world.clone().map(|world| World { stand_ins, ..world });
    if let Some((path, _)) = &run.configuration {
        own.global.chdir = Some(context.dir().join(&**path));
    }
    let result = work(&mut own);
    context.sources = own.sources;
    result
}

/// Has an engine do something.
pub(super) fn within<T>(
    options: &Options,
    desired: &Arc<Desired>,
    work: impl AsyncFnOnce(&Engine, &Arc<Desired>) -> Result<T, Diagnostics>,
) -> Result<T, Diagnostics> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let refused = |error: std::io::Error| {
        Diagnostics::from(Diagnostic::error(&codes::RUNTIME, format!("Threads can't be started: {}.", error.kind())))
    };
    runtime.map_err(refused)?.block_on(async {
        let engine = Engine::open(options.clone(), desired).await?;
        let result = work(&engine, desired).await;
        engine.close().await;
        result
    })
}

/// The command itself.
fn perform(own: &mut Context, run: &Run, inputs: &Inputs) -> Ended {
    let scope = Scope {
        targets: run.targets.clone(),
        adopt: run.adopt,
        destroy: run.command == Command::Destroy,
        ..Scope::default()
    };
    let selection = Selection { targets: run.targets.clone(), allow_exec: false, inputs: inputs.clone() };
    let exit = match run.command {
        Command::Plan => look_ahead(own, inputs, &scope),
        Command::Apply | Command::Destroy => {
            let way = Way::test(run.allow.iter().map(|(kind, count)| Allow { kind: *kind, count: *count }).collect());
            apply::carry_out(own, run.command.word(), (&selection, &Sharding::default()), &way, scope, Bound::Nothing)
        }
    };
    let (plan, report) = (own.run.plan.take(), own.run.ending.take());
    Ended { exit, plan, report, found: std::mem::take(&mut own.found) }
}

/// What `keyform plan` does, but for what it shows.
fn look_ahead(own: &mut Context, inputs: &Inputs, scope: &Scope) -> Exit {
    let Some((desired, registry)) = own.load_for(inputs, Extent::All) else { return Exit::Failed };
    let desired = Arc::new(desired);
    let Some(runtime) = own.runtime() else { return Exit::Failed };
    let planned = runtime.block_on(async {
        let engine = own.open(&desired, registry, false, None).await?;
        let planned = plan::make(own, &engine, &desired, scope).await;
        engine.close().await;
        planned
    });
    let Some(planned) = planned else { return Exit::Failed };
    own.describe(&planned.plan, Cost { requests: planned.requests, took: Duration::ZERO }, &desired);
    plan::exit(&planned, false)
}

/// Reads what is at the destinations, and the secrets that are expected there.
fn look(own: &mut Context, run: &Run, inputs: &Inputs) -> Result<Left, Diagnostics> {
    let Some((desired, registry)) = own.load(inputs) else { return Err(std::mem::take(&mut own.found)) };
    let options = own.options(registry, false, None);
    within(&options, &Arc::new(desired), async |engine: &Engine, desired: &Arc<Desired>| {
        let planned = engine.plan(desired, &Scope::default()).await?;
        let mut left = Left::default();
        for sync in desired.syncs() {
            // Whoever expects something of one that can't be opened is told that it is not there.
            let Ok(destination) = engine.destination(&planned, &sync.address).await else { continue };
            left.entries.extend(destination.kept().map(|kept| (sync.address.clone(), kept)));
        }
        let places = run.expect.entries.iter().flat_map(|at| &at.keys).filter_map(|(_, place, _)| place.as_ref());
        for place in places {
            let Some((folder, key)) = folder(place) else { continue };
            let found = engine.secrets(&folder).await.ok().and_then(|mut secrets| secrets.remove(key));
            left.secrets.extend(found.map(|value| (place.clone(), value)));
        }
        Ok(left)
    })
}

/// `project/environment/path/KEY`
fn folder(place: &str) -> Option<(Place, &str)> {
    let (folder, key) = place.rsplit_once('/')?;
    let mut parts = folder.splitn(3, '/');
    let (project, environment) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let path = format!("/{}", parts.next().unwrap_or_default());
    Some((Place { project, environment, path }, key))
}
