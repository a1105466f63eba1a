//! The table of functions: name, parameters, documentation, implementation. The reference page and the
//! completions come from it.

use crate::lang::scope::Outside;
use crate::model::attrs::Value;

/// One function.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters as the reference shows them: `list, separator`, the last one with `...` if it may
    /// repeat, optional ones with `?`.
    pub params: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// What becomes of secrets among its arguments.
    pub secrets: Secrets,
    /// What it does. Arguments are already counted against `params`.
    pub call: fn(&Outside<'_>, &[Value]) -> Result<Value, Misuse>,
}

/// What a function does with secrets among its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// It computes: secret sources are refused; secrets are handed to it as texts, and every text in what
    /// it returns becomes a secret. Numbers and truth values (a length) stay plain.
    Taint,
    /// It only moves its arguments around, or knows what it does: it gets secrets and sources as they
    /// are, and what it returns is taken as it is.
    Carry,
}

/// Why a function can't do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// Which argument, counted from 0; `None` for the call as a whole.
    pub argument: Option<usize>,
    /// What is wrong with it, reading on after its name: `must be a list, not a string`. Shapes and names
    /// only, never a value.
    pub why: String,
}

/// Functions that compute from their arguments alone; for configurations and manifests.
pub static CORE: &[Function] = &[];

/// Functions that ask the environment or read files, and the `secret_*` functions; for configurations.
pub static OUTSIDE: &[Function] = &[];
