//! The user's files → [`Desired`].
//!
//! Lives here: reading a directory of `*.hcl` files, decoding its blocks against one table, evaluating
//! variables, locals, `for_each` and references, checking all of it, and finding what needs what.
//! Providers do not live here: what their connections and destinations take comes in as data
//! ([`Schemas`]).

pub mod source;

use crate::diag::Diagnostics;
use crate::diag::source::Sources;
use crate::model::desired::Desired;
use crate::model::schema::Schemas;
use std::path::PathBuf;

/// What a configuration is loaded from.
#[derive(Clone)]
pub struct Input {
    /// The directory whose `*.hcl` files are read.
    pub dir: PathBuf,
    /// `-var name=value`, in the order given; the last one of a name counts.
    pub vars: Vec<(String, String)>,
    /// `-var-file`, in the order given; relative to the working directory.
    pub var_files: Vec<PathBuf>,
    /// Whether a literal in a secret attribute is an error.
    pub strict: bool,
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
            env: |name| std::env::var(name).ok(),
        }
    }
}

/// Loads a configuration. Problems go to `acc`, texts to `sources`. `None` if this found an error;
/// warnings alone do not stop it.
pub fn load(acc: &mut Diagnostics, sources: &mut Sources, input: &Input, schemas: &Schemas) -> Option<Desired> {
    let _ = (acc, sources, input, schemas);
    None
}

/// The JSON schema of configurations, generated from the table that the decoder uses.
#[must_use]
pub fn json_schema(schemas: &Schemas) -> String {
    let _ = schemas;
    String::new()
}

/// The reference page of all blocks, as Markdown, generated from the same table.
#[must_use]
pub fn reference() -> String {
    String::new()
}
