//! The throw-away world of a test file: a directory that goes away with it, and what others do there, past keyform. Others
//! have a ledger of their own, or none of it would be others' doing; so the backend's data is lent to them for a while.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::test::work;
use crate::config;
use crate::config::Extent;
use crate::config::test_file::At;
use crate::config::test_file::Given;
use crate::config::test_file::TestFile;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::engine;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::engine::event::Cancel;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::plan::Action;
use crate::provider::Op;
use crate::provider::Write;
use crate::provider::registry::Registry;
use crate::secret::Secret;
use rand::Rng;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the embedded backend is, in a directory of state.
const SERVER: &str = "server";

/// A directory that is gone when nobody needs it any more.
pub(super) struct Scratch {
    root: PathBuf,
}

impl Scratch {
    /// A new one that nobody else can read.
    ///
    /// # Errors
    /// The machine refuses.
    pub(super) fn new() -> Result<Self, Diagnostic> {
        let root = std::env::temp_dir().join(format!("keyform-test-{:016x}", rand::rng().random::<u64>()));
        let scratch = Self { root };
        let made = private(&scratch.root).and_then(|()| private(&scratch.ours()));
        made.map_err(|why| refused(&scratch.root, &why))?;
        Ok(scratch)
    }

    /// Where keyform's own ledger is, and the backend.
    pub(super) fn ours(&self) -> PathBuf {
        self.root.join("ours")
    }

    /// Lends the backend to somebody with another ledger: an empty one, or a copy of keyform's.
    fn lent<T>(&self, with_ledger: bool, work: impl FnOnce(&Path) -> T) -> Result<T, Diagnostic> {
        let theirs = self.root.join("theirs");
        let lend = || -> io::Result<()> {
            private(&theirs)?;
            for entry in std::fs::read_dir(self.ours())? {
                let entry = entry?;
                if with_ledger && entry.file_type()?.is_file() {
                    std::fs::copy(entry.path(), theirs.join(entry.file_name()))?;
                }
            }
            moved(&self.ours().join(SERVER), &theirs.join(SERVER))
        };
        lend().map_err(|why| refused(&theirs, &why))?;
        let result = work(&theirs);
        let back = moved(&theirs.join(SERVER), &self.ours().join(SERVER));
        back.and_then(|()| std::fs::remove_dir_all(&theirs)).map_err(|why| refused(&theirs, &why))?;
        Ok(result)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it is in the directory for what may be left.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// There is nothing to move before the backend was first started.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    if from.exists() { std::fs::rename(from, to) } else { Ok(()) }
}

fn private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn refused(path: &Path, why: &io::Error) -> Diagnostic {
    Diagnostic::error(&codes::NO_WORLD, format!("`{}`: {}.", path.display(), why.kind()))
}

/// Does what others did.
pub(super) fn given(
    context: &mut Context,
    file: &TestFile,
    scratch: &Scratch,
    given: &Given,
) -> Result<(), Diagnostics> {
    let refused = |span: Span, detail: &str| Diagnostic::error(&codes::NOT_GIVEN, detail).at(span, "");
    let with = |why: Diagnostic, problems: Diagnostics| {
        let mut all = Diagnostics::from(why);
        problems.into_iter().filter(|d| d.severity == Severity::Error).for_each(|problem| all.push(problem));
        all
    };
    let inputs = work::inputs([&file.variables]);
    if !given.gone.is_empty() {
        let taken = scratch.lent(true, |theirs| take(context, theirs, &inputs, &given.gone))?;
        taken.map_err(|problems| with(refused(given.header, "Not everything in it could be taken away."), problems))?;
    }
    if !given.made.blocks.is_empty() {
        let made = scratch.lent(false, |theirs| make(context, theirs, given))?;
        made.map_err(|problems| with(refused(given.header, "Not everything in it could be made."), problems))?;
    }
    if !given.entries.is_empty() {
        let written = write(context, &inputs, &given.entries);
        written.map_err(|problems| with(refused(given.header, "Not every entry of it could be written."), problems))?;
    }
    Ok(())
}

/// Makes what blocks declare.
fn make(context: &mut Context, theirs: &Path, given: &Given) -> Result<(), Diagnostics> {
    work::aside(context, Some(theirs), |own| {
        let registry = own.registry().ok_or_else(Diagnostics::new)?;
        let mut acc = Diagnostics::new();
        let input = own.input();
        let desired = config::load_blocks(&mut acc, &mut own.sources, &input, registry.schemas(), given.made.clone());
        let desired = desired.ok_or(acc)?;
        let scope = Scope { adopt: true, ..Scope::default() };
        done(own, desired, registry, &scope, |_| Ok(()))
    })
}

/// Takes away what keyform made: the end of all of it is planned, and only that is done.
fn take(context: &mut Context, theirs: &Path, inputs: &Inputs, gone: &[(Address, Span)]) -> Result<(), Diagnostics> {
    work::aside(context, Some(theirs), |own| {
        let (desired, registry) = own.load_for(inputs, Extent::End).ok_or_else(Diagnostics::new)?;
        let scope = Scope { destroy: true, ..Scope::default() };
        done(own, desired, registry, &scope, |planned| {
            let rows = &mut planned.plan.changes;
            rows.retain(|row| gone.iter().any(|(address, _)| row.address.resource() == *address));
            let is_there = |address: &Address| rows.iter().any(|r| r.address == *address && r.action == Action::Delete);
            let mut acc = Diagnostics::new();
            for (address, span) in gone.iter().filter(|(address, _)| !is_there(address)) {
                let detail = format!("Keyform made nothing that is called `{address}`.");
                acc.push(Diagnostic::error(&codes::NOT_GIVEN, detail).at(*span, "").help("apply it in a `run` before"));
            }
            if acc.is_empty() { Ok(()) } else { Err(acc) }
        })
    })
}

/// Plans and applies, whatever the hazards: nobody asks others.
fn done(
    own: &mut Context,
    desired: Desired,
    registry: Registry,
    scope: &Scope,
    cut: impl FnOnce(&mut Planned) -> Result<(), Diagnostics>,
) -> Result<(), Diagnostics> {
    let lock = engine::Lock { command: "test".to_owned(), timeout: Duration::ZERO, only_if_new: false };
    let options = own.options(registry, false, Some(lock));
    work::within(&options, &Arc::new(desired), async |engine: &Engine, desired: &Arc<Desired>| {
        let mut planned = engine.plan(desired, scope).await?;
        let mut acc = Diagnostics::new();
        planned.plan.blocked.values().for_each(|why| acc.push(why.clone()));
        if !acc.is_empty() {
            return Err(acc);
        }
        cut(&mut planned)?;
        let report = engine.apply(planned, &Cancel::new(), &mut |_| {}).await;
        report.failed.into_iter().for_each(|(_, why)| acc.push(why));
        if acc.is_empty() { Ok(()) } else { Err(acc) }
    })
}

/// Writes at destinations.
fn write(context: &mut Context, inputs: &Inputs, entries: &[At<Option<Secret>>]) -> Result<(), Diagnostics> {
    work::aside(context, None, |own| {
        let (desired, registry) = own.load(inputs).ok_or_else(Diagnostics::new)?;
        let options = own.options(registry, false, None);
        work::within(&options, &Arc::new(desired), async |engine: &Engine, desired: &Arc<Desired>| {
            let planned = engine.plan(desired, &Scope::default()).await?;
            for at in entries {
                let here = |why: Diagnostic| Diagnostics::from(why.at(at.span, ""));
                let destination = engine.destination(&planned, &at.sync).await.map_err(here)?;
                let seen = destination.read().await?;
                let write = |(key, value, _): &(Arc<str>, Option<Secret>, Span)| {
                    let op = match (value, seen.entries.contains_key(key)) {
                        (None, _) => Op::Delete,
                        (Some(value), true) => Op::Update(value.clone()),
                        (Some(value), false) => Op::Create(value.clone()),
                    };
                    Write { key: key.clone(), op }
                };
                let writes: Vec<Write> = at.keys.iter().map(write).collect();
                let outcomes = destination.write(&seen, &writes).await;
                let failed = outcomes.into_iter().zip(&at.keys).find_map(|(o, key)| Some((o.result.err()?, key.2)));
                if let Some((why, span)) = failed {
                    return Err(Diagnostics::from(why.at(span, "")));
                }
            }
            Ok(())
        })
    })
}
