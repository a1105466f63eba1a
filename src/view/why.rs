//! Why a row is in a plan, in whole sentences: which truths differ, and which of them counts.

use crate::plan::Action;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::facts::Attribute;
use crate::plan::facts::Facts;
use crate::plan::facts::Memory;
use crate::plan::facts::Presence;
use crate::view::text;

/// The rule that made a row, or that there is none.
#[must_use]
pub fn rule(facts: &Facts) -> &'static str {
    match &facts.change {
        Some(change) if change.address.entry_key().is_some() && is_blind(facts) => {
            of_unread(change.reason, change.action)
        }
        Some(change) => of_reason(change.reason, change.action, change.address.entry_key().is_some()),
        None if facts.problem.is_some() => "There is no row, because of this:",
        None => match (facts.declared.is_some(), facts.live, facts.written.is_some()) {
            (_, Presence::Unknown, _) => "Nobody could look whether it is there, so nothing is said about it.",
            (true, Presence::There, false) => {
                "It is there, nothing wants it there, and keyform did not write it: it is left alone."
            }
            (true, Presence::There, true) => {
                "What is declared, what is there and what the ledger has are the same: there is nothing to do."
            }
            _ => "Nothing is to be done about it.",
        },
    }
}

/// Whether the value that is there was not read.
fn is_blind(facts: &Facts) -> bool {
    facts.attributes.iter().any(|attribute| attribute.live == Shown::Unknown)
}

/// The same where the value that is there was not read, so that what keyform wrote is all that is known of it.
fn of_unread(reason: Reason, action: Action) -> &'static str {
    match reason {
        Reason::Changed => {
            "What is there was not read. The ledger has something else than the source has now: the source wins."
        }
        Reason::Drifted | Reason::Conflict => {
            "The value that is there was not read, but its version is another than the ledger has: somebody changed it \
             outside. What is wanted wins."
        }
        _ => of_reason(reason, action, true),
    }
}

fn of_reason(reason: Reason, action: Action, entry: bool) -> &'static str {
    match (reason, action) {
        (Reason::New, Action::Adopt) => {
            "It is declared, it is there and right, and the ledger did not have it: only the ledger hears of it."
        }
        (Reason::New, _) => "It is wanted, it is not there, and the ledger knows nothing of it: it is made.",
        (Reason::Changed, Action::Adopt) => "Only what keyform remembers of it changed: only the ledger hears of it.",
        (Reason::Changed, _) if entry => {
            "What is there is what the ledger has, and the source has another value now: the source wins."
        }
        (Reason::Changed, _) => {
            "What is there is what the ledger has, and something else is declared now: the declaration wins."
        }
        (Reason::Missing, _) => {
            "The ledger has it and it is gone: somebody took it away outside. It is still wanted, so it is made again."
        }
        (Reason::Drifted, Action::Adopt) => {
            "Somebody gave a random value another one outside: it is kept, and remembered."
        }
        (Reason::Drifted, _) => {
            "What is wanted is what the ledger has, and something else is there: somebody changed it outside. What is wanted wins."
        }
        (Reason::Conflict, _) => {
            "What is there, what is wanted and what the ledger has are three things: it was changed outside and here. What is \
             wanted here wins."
        }
        (Reason::Takeover, _) => {
            "It is there and other than wanted, and keyform did not write it: somebody's value would be lost. That is a hazard, to be \
             allowed by number."
        }
        (Reason::Unseen, _) => {
            "It is there, its value does not come back, and keyform did not write it: nobody can tell whether it is right."
        }
        (Reason::Removed, _) if entry => "The ledger has it, and its source does not have it any more: it goes.",
        (Reason::Removed, _) => {
            "The ledger owns it and nothing declares it any more: it is deleted. What the ledger does not own never is."
        }
        (Reason::Destroyed, _) => "The end of everything that is owned was asked for.",
        (Reason::Gone, _) => "It is neither wanted nor there any more: only the ledger's record of it goes.",
        (Reason::Wipe, _) => {
            "The backend's sync deletes every key within its key schema that its source lacks, and keyform did not write this one."
        }
        (Reason::Kept, _) => "It is no longer managed, and stays as it is: only the ledger's record of it goes.",
        (Reason::Resumed, _) => {
            "A run that did not end had begun with it: what is found is that run's, and is finished."
        }
        (Reason::Immutable, _) => "Something changed that can't be changed in place: it is deleted and made again.",
        (Reason::Moved, _) => "It is declared under another address: only the ledger hears of it.",
        (Reason::Imported, _) if entry => "The first run of its sync takes what is there into the source.",
        (Reason::Imported, _) => "An `import` says that it is this one: from now on the ledger owns it.",
        (Reason::Undone, _) => "It will be as it was before the run that is undone.",
    }
}

/// What is wanted of an attribute and what is there.
#[must_use]
pub fn truths(attribute: &Attribute, presence: Presence) -> String {
    let wanted = match &attribute.wanted {
        Shown::Unknown => "a value that is not at hand".to_owned(),
        wanted => text::value(wanted),
    };
    match (&attribute.live, presence) {
        (Shown::Unknown, Presence::There) => format!("wanted {wanted}; what is there does not come back"),
        (Shown::Unknown, _) => format!("wanted {wanted}"),
        (live, _) if *live == attribute.wanted => format!("wanted and there: {wanted}"),
        (live, _) => format!("wanted {wanted}, there {}", text::value(live)),
    }
}

/// What the ledger remembers of an attribute, in words.
#[must_use]
pub fn memory(memory: Memory) -> &'static str {
    match memory {
        Memory::Nothing => "knows nothing of it",
        Memory::Wanted => "has what is wanted",
        Memory::Live => "has what is there",
        Memory::Both => "has it as it is",
        Memory::Other => "has something else",
    }
}
