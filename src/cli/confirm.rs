//! The gate between a plan and its apply: hazards first, then the question. A hazard is allowed by its
//! number, so that what was reviewed is what is allowed.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::nearest;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::guard;
use crate::view::text;
use crate::view::words;
use std::collections::BTreeMap;

/// `--allow KIND=N`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allow {
    /// Of what.
    pub(super) kind: HazardKind,
    /// How much of it was reviewed.
    pub(super) count: usize,
}

/// Reads `KIND=N`.
pub(super) fn allow(text: &str) -> Result<Allow, String> {
    let (word, count) = text.split_once('=').ok_or("it must be KIND=N, with the number that the plan names")?;
    let kind = HazardKind::from_word(word).ok_or_else(|| {
        match nearest(word, HazardKind::ALL.into_iter().map(HazardKind::word)) {
            Some(near) => format!("there is no such hazard; did you mean `{near}`?"),
            None => "there is no such hazard; `keyform explain` lists all of them".to_owned(),
        }
    })?;
    if !kind.can_be_allowed() {
        return Err(format!("`{word}` can't be allowed: {}", words::way_out(kind, 0)));
    }
    let count = count.parse().map_err(|_| format!("`{count}` is no number"))?;
    Ok(Allow { kind, count })
}

/// Whether apply refuses a plan of a configuration: where only entries are blocked, it does the others.
pub(super) fn is_blocked(plan: &Plan) -> bool {
    plan.blocked.keys().any(|address| address.entry_key().is_none())
}

/// Refuses a plan whose hazards are not allowed.
pub(super) fn hazards(context: &mut Context, plan: &Plan, allowed: &[Allow]) -> Result<(), Exit> {
    let allowed: Vec<(HazardKind, usize)> = allowed.iter().map(|allow| (allow.kind, allow.count)).collect();
    let mut refused: BTreeMap<HazardKind, usize> = BTreeMap::new();
    for hazard in guard::refusals(plan, &allowed) {
        *refused.entry(hazard.kind).or_default() += hazard.count;
    }
    if refused.is_empty() {
        return Ok(());
    }
    let reviewed = |kind: &HazardKind| match allowed.iter().find(|(name, _)| name == kind) {
        Some((_, number)) => format!(", not {number}"),
        None => String::new(),
    };
    let list: Vec<String> =
        refused.iter().map(|(kind, count)| format!("{} ({count}{})", kind.word(), reviewed(kind))).collect();
    let options: Vec<String> = refused
        .iter()
        .filter(|(kind, _)| kind.can_be_allowed())
        .map(|(kind, count)| format!("--allow {}={count}", kind.word()))
        .collect();
    let mut diagnostic = Diagnostic::error(&codes::HAZARDS, format!("Not allowed: {}.", list.join(", ")));
    if options.len() == refused.len() {
        diagnostic = diagnostic.help(format!("if the plan is what you want, add {}", options.join(" ")));
    }
    context.tell(diagnostic);
    Err(Exit::Refused)
}

/// Whether every value that would be written is at hand; those that are not are told.
pub(super) fn is_at_hand(context: &mut Context, plan: &Plan) -> bool {
    const NAMED: usize = 5;
    let lacking = plan.lacking();
    if lacking.is_empty() {
        return true;
    }
    let names: Vec<String> = lacking.iter().take(NAMED).map(|(address, _)| address.to_string()).collect();
    let more = match lacking.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let detail = format!("Nothing was changed, because a value is missing for {}{more}.", names.join(", "));
    let help = match context.global.quiet {
        true => "without `--quiet` a warning says where each value comes from; or leave them out with `--target`",
        false => "see the warnings above for where each value comes from, or leave them out with `--target`",
    };
    context.tell(Diagnostic::error(&codes::VALUE_MISSING, detail).help(help));
    false
}

/// Asks whether to go on with a plan.
pub(super) fn question(context: &mut Context, command: &str, plan: &Plan, auto_approve: bool) -> Result<(), Exit> {
    let total = words::count(plan.changes.len(), "change", "changes");
    let left = match plan.blocked.len() {
        0 => String::new(),
        n => format!(", without {}", words::count(n, "row that is blocked", "rows that are blocked")),
    };
    let rest = format!("{total} ({}){left}.", text::counts(plan));
    let (question, rest) = match command {
        "destroy" if plan.backend.is_empty() => ("Destroy all of this?", rest),
        "destroy" => ("Destroy all of this?", format!("At {}: {rest}", words::shown(&plan.backend))),
        "undo" => ("Put this back?", rest),
        _ => ("Apply this plan?", rest),
    };
    ask(context, question, &rest, "look at the plan above, then add --auto-approve", auto_approve)
}

/// Asks whether to go on: only `yes` is yes. `alone` says what to do where nobody is there.
pub(super) fn ask(
    context: &mut Context,
    question: &str,
    rest: &str,
    alone: &'static str,
    auto_approve: bool,
) -> Result<(), Exit> {
    if auto_approve {
        return Ok(());
    }
    if !context.terminal.can_ask() {
        context.tell(Diagnostic::error(&codes::NEEDS_CONFIRMATION, "Nothing was changed.").help(alone));
        return Err(Exit::Refused);
    }
    let paint = context.terminal.err_style().paint;
    context.terminal.err(&format!("\n{} {rest}\nOnly `yes` is accepted: ", paint.bold(question)));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    context.tell(Diagnostic::error(&codes::DECLINED, "Nothing was changed."));
    Err(Exit::Refused)
}
