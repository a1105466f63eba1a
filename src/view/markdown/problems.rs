//! What is wrong: what failed, hazards that are not allowed, findings with the lines that they are about, and what a reader
//! must know besides.

use crate::plan::HazardKind;
use crate::view::json::diagnostic::Entry;
use crate::view::json::plan::Document;
use crate::view::json::plan::Hazard;
use crate::view::json::run::Run;
use crate::view::markdown::Detail;
use crate::view::markdown::Frame;
use crate::view::markdown::place;
use crate::view::markup::code;
use crate::view::markup::prose;
use crate::view::undo;
use crate::view::words;
use std::collections::BTreeMap;

/// What an apply did not do.
pub(super) fn failures(out: &mut String, run: &Run, detail: Detail) {
    let Some(ending) = run.ending.as_ref().filter(|ending| !ending.complete) else { return };
    if detail >= Detail::Groups {
        return;
    }
    for problem in &ending.failed {
        let entry = &problem.diagnostic;
        out.push_str(&format!("- ❌ {}: {} ({})\n", code(&problem.address), said(entry), code(&entry.code)));
    }
    for address in &ending.unapproved {
        out.push_str(&format!("- ⏳ {}: somebody has to approve it first\n", code(address)));
    }
    let mut waiting: BTreeMap<Option<&String>, usize> = BTreeMap::new();
    ending.skipped.iter().for_each(|skip| *waiting.entry(skip.because.as_ref()).or_default() += 1);
    for (because, count) in waiting {
        let what = words::count(count, "change was not begun", "changes were not begun");
        out.push_str(&match because {
            Some(other) => format!("- {what}, for want of {}\n", code(other)),
            None => format!("- {what}: the run was stopped\n"),
        });
    }
    out.push('\n');
}

/// What is dangerous: what is not allowed, and the way out.
pub(super) fn hazards(out: &mut String, plan: &Document, detail: Detail) {
    let mut kinds: BTreeMap<(bool, HazardKind), Vec<&Hazard>> = BTreeMap::new();
    for hazard in &plan.hazards {
        kinds.entry((hazard.allowed, hazard.kind)).or_default().push(hazard);
    }
    let is_any = !kinds.is_empty();
    for ((allowed, kind), list) in kinds {
        let total: usize = list.iter().map(|hazard| hazard.count).sum();
        let title = if allowed { "Allowed hazard" } else { "Hazard" };
        out.push_str(&format!("- **{title} `{}` ({total})**: {}.\n", kind.word(), words::hazard(kind)));
        if detail < Detail::Counts {
            for hazard in list {
                out.push_str(&format!("  - {}: {}\n", code(&hazard.address), prose(&hazard.detail)));
            }
        }
        if !allowed {
            out.push_str(&format!("  - {}\n", prose(&words::way_out(kind, total))));
        }
    }
    if is_any {
        out.push('\n');
    }
}

/// Problems with their places, errors first.
pub(super) fn findings(out: &mut String, run: &Run, frame: &Frame, detail: Detail) {
    if run.diagnostics.is_empty() {
        return;
    }
    let errors = run.diagnostics.iter().filter(|entry| entry.is_error()).count();
    let warnings = run.diagnostics.len() - errors;
    let counts = [(errors, "error", "errors"), (warnings, "warning", "warnings")];
    let counts: Vec<String> =
        counts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| words::count(n, one, many)).collect();
    out.push_str(&format!("**Findings** ({})\n\n", counts.join(", ")));
    if detail == Detail::Totals {
        return;
    }
    let mut list: Vec<&Entry> = run.diagnostics.iter().collect();
    list.sort_by_key(|entry| !entry.is_error());
    if detail >= Detail::Counts {
        let mut codes: BTreeMap<(bool, &str, &str), usize> = BTreeMap::new();
        for entry in list {
            *codes.entry((!entry.is_error(), &entry.code, &entry.summary)).or_default() += 1;
        }
        for ((_, id, summary), count) in codes {
            out.push_str(&format!("- {count} × {} {}\n", code(id), prose(summary)));
        }
    } else {
        for entry in list {
            let word = if entry.is_error() { "error" } else { "warning" };
            let at = entry.labels.first().map(|label| format!(" at {}", place(frame, &label.file, label.start.line)));
            let (at, summary) = (at.unwrap_or_default(), prose(&entry.summary));
            out.push_str(&format!("- {word} {} {summary}{at}: {}\n", code(&entry.code), said(entry)));
        }
    }
    out.push('\n');
}

/// What a problem says, with its next step.
fn said(entry: &Entry) -> String {
    match &entry.help {
        Some(help) => format!("{} _Next:_ {}", prose(&entry.detail), prose(help)),
        None => prose(&entry.detail),
    }
}

/// How far what is lost could be brought back.
pub(super) fn undo(out: &mut String, plan: &Document) {
    if let Some(text) = plan.undo.outlook().as_ref().and_then(undo::outlook) {
        out.push_str(&format!("{}\n\n", prose(&text)));
    }
}

/// What is left alone, what nobody looked at, what is blocked.
pub(super) fn beside(out: &mut String, plan: &Document, detail: Detail) {
    if detail >= Detail::Groups {
        return;
    }
    let start = out.len();
    for foreign in plan.foreign.iter().filter(|_| detail < Detail::Counts) {
        out.push_str(&format!("- Left alone: {}\n", prose(&words::count_of(foreign.count, &foreign.place))));
    }
    for blind in &plan.blind {
        out.push_str(&format!(
            "- Not inspected: {}: {} Its keys are not in this plan.\n",
            code(&blind.address),
            prose(&blind.why)
        ));
    }
    for problem in plan.blocked.iter().chain(&plan.incomplete).filter(|_| detail < Detail::Counts) {
        out.push_str(&format!(
            "- Blocked or not read: {}: {}\n",
            code(&problem.address),
            prose(&problem.diagnostic.summary)
        ));
    }
    if out.len() > start {
        out.push('\n');
    }
}
