//! The table of functions: name, parameters, documentation, implementation. The reference page and the
//! completions come from it.

use crate::lang::scope::Outside;
use crate::model::attrs::Value;

/// One function.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters as the reference shows them: `list, separator`, the last one with `...` if it may
    /// repeat, optional ones with `?`.
    pub params: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// What it does. Arguments are already counted against `params`.
    pub call: fn(&Outside<'_>, &[Value]) -> Result<Value, Misuse>,
}

/// Why a function can't do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// Which argument, counted from 0; `None` for the call as a whole.
    pub argument: Option<usize>,
    /// What is wrong with it: shapes and names only, never a value.
    pub why: String,
}
