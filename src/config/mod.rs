//! The user's files → [`Desired`].
//!
//! Lives here: reading a directory of `*.hcl` files ([`load`]), decoding its blocks against one table
//! ([`blocks`], [`decode`]), evaluating variables, locals, `for_each` and references ([`evaluate`] and
//! the files that it names), checking all of it, and finding what needs what ([`edges`]). Providers do
//! not live here: what their connections and destinations take comes in as data ([`Schemas`]).

mod addresses;
pub mod blocks;
mod check;
mod collisions;
mod decode;
mod duplicates;
mod edges;
mod evaluate;
mod expand;
mod history;
mod json_schema;
mod kinds;
mod load;
mod locals;
mod names;
mod plain;
mod reads;
mod reference;
mod refs;
mod resources;
mod settings;
pub mod source;
mod typed;
mod types;
mod variables;
mod vars;

use crate::config::evaluate::Evaluation;
use crate::config::load::Files;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::diag::source::Span;
use crate::model::desired::Desired;
use crate::model::schema::Schemas;
use std::collections::HashSet;
use std::path::PathBuf;

/// The stack of the thread that evaluates: values lead to values, and each step takes some of it.
const STACK: usize = 512 << 20;

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
    /// Whether only the backend is wanted: then a variable without a value is only missed where the backend
    /// or the settings need it, and what needs it besides is left out.
    pub backend_only: bool,
    /// A variable of the environment, for `env()` and `KEYFORM_VAR_name`.
    pub env: fn(&str) -> Option<String>,
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
            backend_only: false,
            env: source::environment,
        }
    }
}

/// Loads a configuration. Problems go to `acc`, texts to `sources`. `None` if this found an error;
/// warnings alone do not stop it.
pub fn load(acc: &mut Diagnostics, sources: &mut Sources, input: &Input, schemas: &Schemas) -> Option<Desired> {
    let mut found = Diagnostics::new();
    let files = load::directory(&mut found, sources, input);
    plain::spans(&files.bodies, schemas).into_iter().for_each(|span| sources.reveal(span));
    // Functions that give paths start at the root, whatever the directory was called.
    let input = &Input { dir: load::absolute(&input.dir), ..input.clone() };
    let job = || evaluate_all(found, files, input, schemas);
    let done = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("config".into()).stack_size(STACK).spawn_scoped(scope, job);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    let Some((desired, found, hidden)) = done else {
        acc.push(Diagnostic::error(&codes::CONFIG_READ, "The configuration could not be evaluated."));
        return None;
    };
    hidden.into_iter().for_each(|span| sources.hide(span));
    let failed = found.has_errors();
    acc.extend(once(found));
    (!failed).then_some(desired)
}

fn evaluate_all(
    mut acc: Diagnostics,
    files: Files,
    input: &Input,
    schemas: &Schemas,
) -> (Desired, Diagnostics, Vec<Span>) {
    let declared = decode::collect(&mut acc, &files.bodies);
    let mut hidden = Vec::new();
    let spared = |name: &str| input.backend_only && !variables::backend_needs(&declared, name);
    let variables = variables::resolve(&mut acc, &mut hidden, input, &files.values, &declared.variables, &spared);
    let ev = Evaluation::new(schemas, input, &declared, variables, acc);
    ev.hidden.borrow_mut().extend(hidden);
    ev.validations();
    ev.all_locals();
    for (index, decl) in declared.resources.iter().enumerate() {
        for &instance in ev.expand(index, decl.block.header).iter().flat_map(|instances| instances.iter()) {
            ev.build(instance, decl.block.header);
        }
    }
    let mut desired = Desired {
        settings: ev.settings(),
        backend: ev.backend(),
        policy: ev.policy(),
        outputs: ev.outputs(),
        ..Desired::default()
    };
    let all = ev.built();
    let by_address = all.iter().map(|built| (&built.resource.address, &built.resource)).collect();
    desired.moved = ev.moved(&by_address);
    desired.removed = ev.removed(&by_address);
    let (mut acc, hidden) = (ev.acc.into_inner(), ev.hidden.into_inner());
    desired.graph = edges::graph(&mut acc, &all);
    duplicates::check(&mut acc, &all);
    collisions::check(&mut acc, schemas, &all);
    desired.resources = all.into_iter().map(|built| (built.resource.address.clone(), built.resource.clone())).collect();
    (desired, acc, hidden)
}

/// Every problem once: what is wrong with a block is wrong with each of its instances.
fn once(found: Diagnostics) -> Diagnostics {
    let mut seen = HashSet::new();
    let mut out = Diagnostics::new();
    for d in found {
        let labels: Vec<Span> = d.labels.iter().map(|label| label.span).collect();
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
