//! The same for programs: versioned JSON documents. Mirror structs only, so that renaming something in
//! the core never changes a document; `schema/plan.schema.json` describes [`plan`].
//!
//! Every document has a `format` (`keyform.<what>/<version>`) and the `diagnostics` that were found.

pub mod diagnostic;
pub mod drift;
pub mod event;
pub mod graph;
pub mod plan;
pub mod reach;
pub mod run;
pub mod sarif;
pub mod saved;
pub mod shards;
pub mod test;
pub mod trailer;
pub mod undo;
mod word;

use serde::Serialize;
use std::borrow::Cow;

/// A word that is constant where it is written, and owned where it was read.
pub type Word = Cow<'static, str>;

/// A document as text, indented, with a line break at its end.
#[must_use]
pub fn pretty<T: Serialize>(document: &T) -> String {
    // The mirror structs have text keys only, so this can't fail.
    serde_json::to_string_pretty(document).map(|text| text + "\n").unwrap_or_default()
}

/// A document on one line, with a line break at its end.
#[must_use]
pub fn line<T: Serialize>(document: &T) -> String {
    serde_json::to_string(document).map(|text| text + "\n").unwrap_or_default()
}
