//! What a comment says to programs: one line of JSON that can stand in a comment of HTML, and in parentheses.

use crate::plan::Action;
use crate::plan::drift::Cause;
use crate::view::json::Word;
use crate::view::json::run::Run;
use crate::view::outcome::Outcome;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Trailer<'a> {
    format: &'static str,
    command: &'a str,
    outcome: &'static str,
    changes: BTreeMap<Word, usize>,
    /// Those that the configuration does not allow.
    hazards: BTreeMap<&'static str, usize>,
    drift: usize,
    errors: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
}

/// The line, without a line break: `keyform.outcome/1`.
#[must_use]
pub fn trailer(run: &Run, commit: Option<&str>, link: Option<&str>) -> String {
    let plan = run.plan.as_ref();
    let mut changes: BTreeMap<Word, usize> = BTreeMap::new();
    let mut hazards = BTreeMap::new();
    for action in Action::ALL {
        let count = plan.map_or(0, |plan| plan.changes.iter().filter(|row| row.action == action).count());
        changes.insert(action.word().into(), count);
    }
    for hazard in plan.iter().flat_map(|plan| &plan.hazards).filter(|hazard| !hazard.allowed) {
        *hazards.entry(hazard.kind.word()).or_default() += hazard.count;
    }
    let trailer = Trailer {
        format: "keyform.outcome/1",
        command: &run.command,
        outcome: Outcome::of(run).word(),
        changes,
        hazards,
        drift: match &run.drift {
            Some(drift) => drift.open(Cause::Outside) + drift.open(Cause::Both),
            None => plan.map_or(0, |plan| plan.changes.iter().filter(|row| row.drift).count()),
        },
        errors: run.diagnostics.iter().filter(|entry| entry.is_error()).count(),
        checksum: plan.and_then(|plan| plan.checksum.as_deref()),
        commit,
        run: link,
    };
    let text = serde_json::to_string(&trailer).unwrap_or_default();
    // Within JSON these can only stand in texts, where each may be written as its code point.
    let escape = |out: String, c: char| out.replace(c, &format!("\\u{:04x}", u32::from(c)));
    ['<', '>', '(', ')', '`'].into_iter().fold(text.replace("--", "-\\u002d"), escape)
}
