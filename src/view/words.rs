//! Symbols and words, each in one place, so that every rendering says the same thing the same way.

use crate::diag::bond;
use crate::diag::source::is_unseen;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Reason;
use crate::plan::drift::Verdict;
use std::time::Duration;

/// The symbol of an action.
#[must_use]
pub fn symbol(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::Delete => "-",
        Action::Adopt => ">",
        Action::Forget => ".",
    }
}

/// What is shown of a value that does not exist before the plan is applied.
pub const MADE: &str = "made at random by this apply";

/// The word of an action that is done, as in "3 created".
#[must_use]
pub fn past(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Adopt => "adopted",
        Action::Forget => "forgotten",
    }
}

/// Why a row is in the plan, for people. An entry's source is its folder, a resource's the configuration.
#[must_use]
pub fn reason(reason: Reason, action: Action, entry: bool) -> &'static str {
    match (reason, entry) {
        (Reason::New, _) if action == Action::Adopt => "it is there and right",
        (Reason::New, _) => "new",
        (Reason::Changed, false) if action == Action::Adopt => "only the ledger hears of it",
        (Reason::Changed, false) => "the configuration changed",
        (Reason::Changed, true) => "the source changed",
        (Reason::Missing, _) => "it was there and is gone",
        (Reason::Drifted, _) if action == Action::Adopt => "changed outside; it is kept",
        (Reason::Drifted, _) => "changed outside",
        (Reason::Conflict, false) => "changed outside and in the configuration",
        (Reason::Conflict, true) => "changed on both sides",
        (Reason::Takeover, _) => "not written by keyform",
        (Reason::Unseen, _) => "there, but unreadable",
        (Reason::Removed, false) => "no longer declared",
        (Reason::Removed, true) => "no longer pushed",
        (Reason::Destroyed, _) => "destroy was asked for",
        (Reason::Gone, _) => "it is already gone",
        (Reason::Wipe, _) => "not keyform's; the sync deletes it",
        (Reason::Kept, _) => "no longer managed; it stays as it is",
        (Reason::Resumed, _) => "left so by a run that did not end",
        (Reason::Immutable, _) => "it can't be changed in place",
        (Reason::Moved, _) => "only the ledger hears of it",
        (Reason::Imported, false) => "imported; it is right as it is",
        (Reason::Imported, true) => "imported into the source",
        (Reason::Undone, _) if matches!(action, Action::Adopt | Action::Forget) => "only the ledger hears of it",
        (Reason::Undone, _) => "as it was before",
    }
}

/// A hazard in one sentence, for people.
#[must_use]
pub fn hazard(kind: HazardKind) -> &'static str {
    match kind {
        HazardKind::Wipe => "what keyform does not manage would be deleted",
        HazardKind::Takeover => "what keyform did not write would be overwritten",
        HazardKind::MassDelete => "more would be deleted than the guard accepts at once",
        HazardKind::Shrunk => "the source holds far less than it did, or nothing at all",
        HazardKind::FirstContact => "a new sync would change what its destination already holds",
        HazardKind::Regenerate => "random values that are in use would be replaced by new ones",
        HazardKind::Replace => "resources would be deleted and made again",
        HazardKind::Collision => "two secrets would be one key at the destination",
        HazardKind::Incomplete => "not everything could be read, so rows may be missing",
        HazardKind::Rule => "what is declared does not meet the configuration's own rules",
        HazardKind::Protected => "something that is protected would be deleted, or made again",
    }
}

/// A verdict in a few words, for people.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Missing => "it should be there and is not",
        Verdict::ValueChanged => "a secret has another value",
        Verdict::SettingsChanged => "something else about it is different",
        Verdict::Extra => "it is there and should not be",
        Verdict::NotOwned => "it is there, and the ledger does not have it",
        Verdict::SyncFailed => "the backend says that the last run of the sync failed",
        Verdict::SyncPaused => "somebody switched off that the backend runs the sync by itself",
        Verdict::ConnectionBroken => "the service refuses the credentials of the connection",
        Verdict::Stale => "the destination holds an older value than the source",
        Verdict::LimitReached => "more entries are wanted than the destination holds",
        Verdict::Blocked => "apply would refuse it",
        Verdict::Unreadable => "it could not be read",
        Verdict::Unknown => "nobody can tell",
    }
}

/// What to do about a hazard, with the number that allows it.
#[must_use]
pub fn way_out(kind: HazardKind, count: usize) -> String {
    match kind {
        HazardKind::Collision => {
            "Give one of the syncs another key schema or another place, so that each key has one source.".to_owned()
        }
        HazardKind::Protected => {
            "If the end of it is meant, take the protection away (`prevent_destroy`, `delete_protection`), apply, and remove it then."
                .to_owned()
        }
        HazardKind::Rule => {
            format!("Declare it as the rule wants it, or go on as it is: --allow {}={count}", kind.word())
        }
        HazardKind::Incomplete => {
            format!("Mend what could not be read, or go on without it: --allow {}={count}", kind.word())
        }
        HazardKind::Wipe => format!(
            "A sync leaves such keys with `disable_secret_deletion = true`, or with a key schema that they do not fit; what goes \
             with a project, environment or folder has to be copied before. If all of it may go: --allow {}={count}",
            kind.word()
        ),
        HazardKind::Takeover => {
            format!(
                "Copy what is worth keeping into the source first. If it may be lost: --allow {}={count}",
                kind.word()
            )
        }
        HazardKind::FirstContact => format!(
            "What is to stay has to be in the source before: `keyform explain {word}` has the steps. If what is named may be lost: \
             --allow {word}={count}",
            word = kind.word()
        ),
        _ => format!("If that is meant: --allow {}={count}", kind.word()),
    }
}

/// `1 change`, `3 changes`.
#[must_use]
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// "`a`, `b`, `c` and 4 more".
#[must_use]
pub fn some(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{}`", shown(&name))).collect();
    first_of(&names)
}

/// `shard 3/8`, `shards 1/8, 3/8 and 5 more`; empty for none.
#[must_use]
pub fn several(names: &[String], one: &str, many: &str) -> String {
    match names.len() {
        0 => String::new(),
        1 => format!("{one} {}", first_of(names)),
        _ => format!("{many} {}", first_of(names)),
    }
}

fn first_of(names: &[String]) -> String {
    let (first, rest) = names.split_at(names.len().min(5));
    match rest.len() {
        0 => first.join(", "),
        n => format!("{} and {n} more", first.join(", ")),
    }
}

/// How many of what is where: `3 keys at the destination`, `1 key at the destination`.
#[must_use]
pub fn count_of(n: usize, phrase: &str) -> String {
    let (what, place) = phrase.split_once(' ').unwrap_or((phrase, ""));
    let one = match what {
        "entries" => "entry",
        what => what.strip_suffix('s').unwrap_or(what),
    };
    format!("{n} {} {place}", if n == 1 { one } else { what })
}

/// A duration as people say it: `40 ms`, `1.2 s`, `3 min 5 s`.
#[must_use]
pub fn duration(took: Duration) -> String {
    let ms = took.as_millis();
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
    }
}

/// A text from outside as it may be drawn: whatever moves a cursor, breaks a line, turns the direction
/// of writing or can't be seen is written as `\u{…}`.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A paragraph, broken at spaces where the width ends, but never within a command. Every line is indented, those after the
/// first hang by some columns more.
pub fn paragraph(out: &mut String, text: &str, indent: usize, hang: usize, width: usize) {
    let mut used = 0;
    let text = bond::bound(text, width.saturating_sub(indent + hang + 2));
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = columns(word);
        if used > 0 && used + 1 + length <= width {
            out.push(' ');
            used += 1 + length;
        } else {
            let pad = if used > 0 { indent + hang } else { indent };
            if used > 0 {
                out.push('\n');
            }
            out.push_str(&" ".repeat(pad));
            used = pad + length;
        }
        out.push_str(&bond::freed(word));
    }
    out.push('\n');
}

/// A line that may be too long: as it is where it fits, else broken where a gap is, and as a [`paragraph`].
pub fn line(out: &mut String, text: &str, indent: usize, hang: usize, width: usize) {
    if indent + columns(text) > width {
        let (before, after) = text.split_once("  ").unwrap_or((text, ""));
        paragraph(out, before, indent, hang, width);
        if !after.is_empty() {
            line(out, after.trim_start(), indent + hang, hang, width);
        }
        return;
    }
    out.push_str(&" ".repeat(indent));
    out.push_str(text);
    out.push('\n');
}

/// A text of several lines, in which no sentence is longer than the width; what is indented is an example, and stays as it is.
#[must_use]
pub fn sentences(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.split_inclusive('\n') {
        match one.strip_suffix('\n') {
            Some(text) if !text.starts_with(' ') => line(&mut out, text, 0, 2, width),
            _ => out.push_str(one),
        }
    }
    out
}

/// How many columns a text takes: colours take none.
fn columns(text: &str) -> usize {
    let mut in_color = false;
    let is_drawn = |c: &char| {
        let is_part = in_color || *c == '\u{1b}';
        in_color = is_part && *c != 'm';
        !is_part
    };
    text.chars().filter(is_drawn).count()
}

/// What a row says besides its reason where drift.ignore.hcl accepts what it overwrites; nothing where it does not.
#[must_use]
pub fn accepted(day: Option<&str>) -> String {
    day.map_or_else(String::new, |day| format!("; accepted until {}, overwritten all the same", shown(day)))
}
