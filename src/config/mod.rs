//! The user's files → [`Desired`].
//!
//! Lives here: reading a directory of `*.hcl` files ([`load`]), decoding its blocks against one table
//! ([`blocks`], [`decode`]), evaluating variables, locals, `for_each` and references ([`evaluate`] and
//! the files that it names), checking all of it, and finding what needs what ([`edges`]). Providers do
//! not live here: what their connections and destinations take comes in as data ([`Schemas`]).

mod access;
mod addresses;
pub mod baseline;
pub mod blocks;
mod check;
mod collisions;
pub(crate) mod decode;
mod duplicates;
mod edges;
mod evaluate;
mod expand;
mod frames;
mod history;
mod imports;
mod json_schema;
mod kinds;
pub mod labels;
mod ledger;
mod load;
mod locals;
pub(crate) mod names;
pub(crate) mod native;
mod notify;
mod outward;
pub mod overlay;
mod plain;
mod reads;
pub(crate) mod reference;
mod refs;
mod resources;
mod rules;
mod settings;
pub mod source;
pub mod stand_ins;
pub mod test_file;
mod typed;
mod types;
mod variables;
mod vars;

use crate::config::evaluate::Evaluation;
use crate::config::load::Files;
use crate::config::overlay::Overlay;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Known;
use crate::diag::source::Sources;
use crate::diag::source::Span;
use crate::lang::ast::Body;
use crate::lang::parse;
use crate::model::desired::Desired;
use crate::model::schema::Schemas;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// The stack of the thread that evaluates: values lead to values, and each step takes some of it.
const STACK: usize = 512 << 20;

/// What a configuration is wanted for: a variable without a value is only missed where that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Everything: every variable has a value.
    #[default]
    All,
    /// What is declared: variables that nothing uses are not missed.
    Used,
    /// What is owned is to end: values of secrets, descriptions and outputs are not.
    End,
    /// What needs what: besides, no credentials, no options, no backend are needed.
    Graph,
    /// The backend and the settings; what needs a value besides is left out.
    Backend,
}

/// Variables of the environment by their names.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a configuration is loaded from.
#[derive(Clone)]
pub struct Input {
    /// The directory whose `*.hcl` files are read.
    pub dir: PathBuf,
    /// `--var name=value`, in the order given; the last one of a name counts.
    pub vars: Vec<(String, String)>,
    /// `--var-file`, in the order given; relative to the working directory.
    pub var_files: Vec<PathBuf>,
    /// Whether a literal in a secret attribute is an error.
    pub strict: bool,
    /// What the configuration is wanted for.
    pub extent: Extent,
    /// A variable of the environment, for `env()` and `KEYFORM_VAR_name`.
    pub env: Environment,
    /// What stands before the texts of files.
    pub overlay: Overlay,
}

impl Input {
    /// A directory, no variables given, not strict, the environment of the process.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            vars: Vec::new(),
            var_files: Vec::new(),
            strict: false,
            extent: Extent::All,
            env: Arc::new(source::environment),
            overlay: Overlay::default(),
        }
    }
}

/// Loads a configuration. Problems go to `acc`, texts to `sources`. `None` if this found an error;
/// warnings alone do not stop it.
pub fn load(acc: &mut Diagnostics, sources: &mut Sources, input: &Input, schemas: &Schemas) -> Option<Desired> {
    let mut found = Diagnostics::new();
    let files = load::directory(&mut found, sources, input);
    evaluated(acc, sources, input, schemas, files, found)
}

/// The same for blocks that stand elsewhere, by themselves; they call no modules. Their text is in `sources` already.
pub fn load_blocks(
    acc: &mut Diagnostics,
    sources: &mut Sources,
    input: &Input,
    schemas: &Schemas,
    body: Body,
) -> Option<Desired> {
    let mut found = Diagnostics::new();
    let values = load::given(&mut found, sources, input);
    evaluated(acc, sources, input, schemas, Files { bodies: vec![body], values, ..Files::default() }, found)
}

fn evaluated(
    acc: &mut Diagnostics,
    sources: &mut Sources,
    input: &Input,
    schemas: &Schemas,
    files: Files,
    found: Diagnostics,
) -> Option<Desired> {
    let bodies = files.bodies.iter().chain(files.modules.iter().flat_map(|module| &module.bodies));
    plain::marks(bodies, schemas).into_iter().for_each(|(span, known)| sources.mark(span, known));
    // Functions that give paths start at the root, whatever the directory was called.
    let input = &Input { dir: load::absolute(&input.dir), ..input.clone() };
    let job = || {
        let first = evaluate_all(found.clone(), &files, input, schemas, None);
        first.or_else(|lacking| evaluate_all(found, &files, input, schemas, Some(&lacking))).unwrap_or_default()
    };
    let done = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("config".into()).stack_size(STACK).spawn_scoped(scope, job);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    let Some((desired, found, hidden)) = done else {
        acc.push(Diagnostic::error(&codes::CONFIG_READ, "The configuration could not be evaluated."));
        return None;
    };
    hidden.into_iter().for_each(|span| sources.mark(span, Known::Hidden));
    let failed = found.has_errors();
    acc.extend(once(found));
    (!failed).then_some(desired)
}

/// A configuration, its problems, and the places of its literal secrets.
type Outcome = (Desired, Diagnostics, Vec<Span>);

/// Names of variables; none if it could be any.
type Lacking = BTreeSet<Arc<str>>;

/// Evaluates everything, with the variables `demanded` that must have a value.
///
/// # Errors
/// The variables without a value that the extent needs all the same, if there was no demand yet.
fn evaluate_all(
    mut acc: Diagnostics,
    files: &Files,
    input: &Input,
    schemas: &Schemas,
    demanded: Option<&Lacking>,
) -> Result<Outcome, Lacking> {
    let declared = decode::collect(&mut acc, files, &input.dir);
    let mut hidden = Vec::new();
    let is_demanded = |name: &str| demanded.is_some_and(|names| names.is_empty() || names.contains(name));
    let spared = |name: &str| match input.extent {
        _ if is_demanded(name) => false,
        Extent::All => false,
        Extent::Used | Extent::End | Extent::Graph => true,
        Extent::Backend => !variables::backend_needs(&declared, name),
    };
    let variables =
        variables::resolve(&mut acc, &mut hidden, input, &files.values, &declared.root().variables, &spared);
    let ev = Evaluation::new(schemas, input, &declared, variables, acc);
    ev.hidden.borrow_mut().extend(hidden);
    ev.leniently(true, || {
        ev.validations(0);
        ev.all_locals(0);
        ev.all_modules();
    });
    for (index, decl) in declared.resources.iter().enumerate() {
        for &instance in ev.expand(index, decl.block.header).iter().flat_map(|instances| instances.iter()) {
            ev.build(instance, decl.block.header);
        }
    }
    let (no_backend, no_outputs) = (input.extent == Extent::Graph, matches!(input.extent, Extent::Graph | Extent::End));
    let mut desired = ev.leniently(no_backend, || Desired {
        settings: ev.settings(),
        backend: ev.backend(),
        policy: ev.policy(),
        ..Desired::default()
    });
    desired.outputs = ev.leniently(no_outputs, || ev.outputs());
    let all = ev.built();
    if matches!(input.extent, Extent::All | Extent::Used) {
        desired.broken = ev.rules(&all);
    }
    if input.extent == Extent::All {
        desired.notify = ev.notify();
    }
    if let Some(lacking) = ev.lacking.take().filter(|_| input.extent != Extent::Backend && demanded.is_none()) {
        return Err(lacking);
    }
    let by_address = all.iter().map(|built| (&built.resource.address, &built.resource)).collect();
    desired.moved = ev.moved(&by_address);
    desired.removed = ev.removed(&by_address);
    desired.imports = ev.imports(&by_address);
    let (mut acc, hidden) = (ev.acc.into_inner(), ev.hidden.into_inner());
    desired.graph = edges::graph(&mut acc, &all);
    duplicates::check(&mut acc, &all);
    collisions::check(&mut acc, schemas, &all);
    desired.resources = all.into_iter().map(|built| (built.resource.address.clone(), built.resource.clone())).collect();
    Ok((desired, acc, hidden))
}

/// Every problem once: what is wrong with a block is wrong with each of its instances.
fn once(found: Diagnostics) -> Diagnostics {
    let mut seen = HashSet::new();
    let mut out = Diagnostics::new();
    for d in found {
        // What is wrong with a module is wrong wherever it is called from.
        let own = d.labels.iter().filter(|label| &*label.text != decode::CALLED);
        let labels: Vec<Span> = own.map(|label| label.span).collect();
        if seen.insert((d.code.id, labels, without_keys(&d.detail))) {
            out.push(d);
        }
    }
    out
}

/// A detail without the keys of instances: `project.p["a"]` and `project.p["b"]` become one.
fn without_keys(detail: &str) -> String {
    let mut parts = detail.split("[\"");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once("\"]").map_or(part, |(_, rest)| rest));
    }
    out
}

/// Reads what lies beside a configuration and is no part of it, for what is wrong with it: `drift.ignore.hcl` and
/// `*.kftest.hcl`.
pub fn beside(acc: &mut Diagnostics, sources: &mut Sources, dir: &Path, overlay: &Overlay) {
    load::beside(acc, sources, dir, overlay);
}

/// The files of a configuration or module with their texts, as [`load`] finds them.
#[must_use]
pub fn texts(dir: &Path, overlay: &Overlay) -> Vec<(PathBuf, Arc<str>)> {
    load::texts(dir, overlay)
}

/// The text of one file, if it can be read.
#[must_use]
pub fn text(path: &Path) -> Option<Arc<str>> {
    load::text(&mut Diagnostics::new(), path, "", &Overlay::default())
}

/// The files of values in a directory with their texts.
#[must_use]
pub fn value_texts(dir: &Path, overlay: &Overlay) -> Vec<(PathBuf, Arc<str>)> {
    load::value_texts(dir, overlay)
}

/// The directories below one that hold configurations or modules.
#[must_use]
pub fn directories(top: &Path) -> Vec<PathBuf> {
    load::directories(top)
}

/// The directory that a module's `source` names, seen from the directory of the block.
#[must_use]
pub fn module_dir(dir: &Path, source: &str) -> PathBuf {
    load::clean(&dir.join(source))
}

/// A text of a configuration as it may be shown: with asterisks for whatever may be a secret.
#[must_use]
pub fn covered(text: &str, schemas: &Schemas) -> String {
    let mut sources = Sources::new();
    let id = sources.add("", text);
    let body = parse::parse(&mut Diagnostics::new(), id, text);
    let marks = plain::marks(body.as_slice(), schemas);
    marks.into_iter().for_each(|(span, known)| sources.mark(span, known));
    sources.get(id).map(|source| source.shown().to_owned()).unwrap_or_default()
}

/// A problem with the layout of a file as it may be told: of files of values, nothing of the text.
#[must_use]
pub fn told(sources: &Sources, name: &str, problem: Diagnostic) -> Diagnostic {
    if name.ends_with(vars::VARS) { vars::unshown(sources, name, &problem) } else { problem }
}

/// The JSON schema of configurations, generated from the table that the decoder uses.
#[must_use]
pub fn json_schema(schemas: &Schemas) -> String {
    json_schema::text(schemas)
}

/// The reference page of all blocks, as Markdown, generated from the same table.
#[must_use]
pub fn reference() -> String {
    reference::page()
}
