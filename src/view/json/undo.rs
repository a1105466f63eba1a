//! The runs that can be undone as JSON: `keyform.undo/1`.

use crate::model::capsule::Note;
use crate::plan::undo;
use crate::view::json::diagnostic;
use serde::Serialize;

/// The document.
#[derive(Debug, Serialize)]
pub struct Document {
    format: &'static str,
    runs: Vec<Run>,
    diagnostics: Vec<diagnostic::Entry>,
}

#[derive(Debug, Serialize)]
struct Run {
    run: String,
    at: String,
    command: String,
    values: Vec<String>,
    /// When all of it was put back.
    undone: Option<String>,
    /// How many of the values later runs have written again.
    written_again: usize,
}

/// Mirrors notes, the newest first.
#[must_use]
pub fn document(notes: &[Note], diagnostics: Vec<diagnostic::Entry>) -> Document {
    let runs = notes.iter().zip(undo::taken_again(notes)).map(|(note, (written_again, _))| Run {
        run: note.run.to_string(),
        at: note.at.to_string(),
        command: note.command.to_string(),
        values: note.values.iter().map(ToString::to_string).collect(),
        undone: note.undone.as_ref().map(ToString::to_string),
        written_again,
    });
    Document { format: "keyform.undo/1", runs: runs.collect(), diagnostics }
}
