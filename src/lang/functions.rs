//! The table of functions: name, parameters, documentation, implementation. The reference page and the
//! completions come from it.

mod conversions;
mod encodings;
mod lists;
mod numbers;
mod objects;
mod outside;
mod printf;
mod sets;
mod text;

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
pub static CORE: &[Function] = &concat::<{ count(TABLES) }>();

/// Functions that ask the environment or read files, and the `secret_*` functions; for configurations.
pub static OUTSIDE: &[Function] = outside::TABLE;

const TABLES: &[&[Function]] =
    &[text::TABLE, numbers::TABLE, lists::TABLE, sets::TABLE, objects::TABLE, conversions::TABLE, encodings::TABLE];

const fn count(tables: &[&[Function]]) -> usize {
    let mut all = 0;
    let mut table = 0;
    while table < tables.len() {
        all += tables[table].len();
        table += 1;
    }
    all
}

const fn concat<const N: usize>() -> [Function; N] {
    let mut all = [TABLES[0][0]; N];
    let mut at = 0;
    let mut table = 0;
    while table < TABLES.len() {
        let mut row = 0;
        while row < TABLES[table].len() {
            all[at] = TABLES[table][row];
            at += 1;
            row += 1;
        }
        table += 1;
    }
    all
}

/// An argument, converted; the error says which one it was.
pub(crate) fn arg<'v, T>(
    args: &'v [Value],
    n: usize,
    convert: impl FnOnce(&'v Value) -> Result<T, String>,
) -> Result<T, Misuse> {
    convert(args.get(n).unwrap_or(&Value::Null)).map_err(|why| wrong(n, why))
}

/// The call fails because of an argument.
pub(crate) fn wrong(argument: usize, why: impl Into<String>) -> Misuse {
    Misuse { argument: Some(argument), why: why.into() }
}

/// The call as a whole fails.
pub(crate) fn fails(why: impl Into<String>) -> Misuse {
    Misuse { argument: None, why: why.into() }
}
