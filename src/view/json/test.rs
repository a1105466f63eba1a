//! What tests came to as JSON: `keyform.test/1`, described by `schema/test.schema.json`.

use crate::view::json::Word;
use crate::view::json::diagnostic::Entry;
use serde::Serialize;

/// What a document says it is.
pub const FORMAT: &str = "keyform.test/1";
/// Everything was as expected.
pub const PASSED: &str = "passed";
/// Something was not.
pub const FAILED: &str = "failed";
/// It was not run, because what came before it failed.
pub const SKIPPED: &str = "skipped";

/// The document.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Document {
    /// What it says it is.
    pub format: Word,
    /// Whether everything passed.
    pub ok: bool,
    /// How many runs were as expected.
    pub passed: usize,
    /// How many were not.
    pub failed: usize,
    /// How many were not run.
    pub skipped: usize,
    /// How long all of it took.
    pub milliseconds: u64,
    /// The files, in the order of their names.
    pub files: Vec<File>,
    /// What is wrong besides.
    pub diagnostics: Vec<Entry>,
}

/// A file of tests.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// As the user knows it.
    pub file: String,
    /// Its runs, in their order; those that `--filter` leaves out are not among them.
    pub runs: Vec<Run>,
    /// What is wrong with the file, or with what it says is given.
    pub diagnostics: Vec<Entry>,
}

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// What it is called.
    pub name: String,
    /// The line of its block, counted from 1.
    pub line: usize,
    /// `plan`, `apply` or `destroy`.
    pub command: Word,
    /// [`PASSED`], [`FAILED`] or [`SKIPPED`].
    pub outcome: Word,
    /// What it ended with; absent if it was not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    /// How long it took.
    pub milliseconds: u64,
    /// What is not as expected.
    pub diagnostics: Vec<Entry>,
}
