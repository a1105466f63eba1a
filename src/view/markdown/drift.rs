//! What `keyform drift` found, cause by cause.

use crate::plan::drift::Cause;
use crate::plan::drift::Step;
use crate::view::drift::OVERWRITTEN;
use crate::view::drift::line;
use crate::view::drift::title;
use crate::view::json::drift::Document;
use crate::view::json::drift::Row;
use crate::view::markdown::Detail;
use crate::view::markup::code;
use crate::view::markup::prose;

/// More findings of one cause are only counted.
const NAMED: usize = 200;

/// Every cause with its findings.
pub(super) fn drift(out: &mut String, document: &Document, detail: Detail) {
    for cause in Cause::ALL {
        let rows: Vec<&Row> = document.findings.iter().filter(|row| row.accepted.is_none() && row.is(cause)).collect();
        section(out, title(cause), &rows, detail);
    }
    let accepted: Vec<&Row> = document.findings.iter().filter(|row| row.accepted.is_some()).collect();
    section(out, "Accepted", &accepted, detail);
    if accepted.iter().any(|row| row.next.iter().any(|step| step == Step::Declare.word())) {
        out.push_str(&format!("_{OVERWRITTEN}_\n\n"));
    }
}

fn section(out: &mut String, title: &str, rows: &[&Row], detail: Detail) {
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("**{title}** ({})\n\n", rows.len()));
    let most = if detail >= Detail::Groups { 0 } else { NAMED };
    for row in rows.iter().take(most) {
        let said = if detail == Detail::Full { format!(": {}", prose(&line(row))) } else { String::new() };
        out.push_str(&format!("- {} ({}){said}\n", code(&row.address), row.verdict));
    }
    if most > 0 {
        if rows.len() > most {
            out.push_str(&format!("- … and {} more\n", rows.len() - most));
        }
        out.push('\n');
    }
}
