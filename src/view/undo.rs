//! What can be undone: of a plan in one line, and the runs that kept something.

use crate::model::address::Address;
use crate::model::capsule::Note;
use crate::plan::undo;
use crate::plan::undo::Outlook;
use crate::view::text::Style;
use crate::view::words;
use std::collections::BTreeMap;

/// What can come back of a destroy.
const ENDED: &str = "its values can be put back once what they were in is there again: docs/undo.md";

/// Most resources that are named in one line.
const NAMED: usize = 3;

/// What a plan says of how far it can be undone; nothing where that is nothing new.
#[must_use]
pub fn outlook(outlook: &Outlook) -> Option<String> {
    if !outlook.asked {
        // Values that keyform wrote are where it has them from; of the others this may be the last place.
        let values = words::count(outlook.foreign, "value that may be", "values that may be");
        return (outlook.foreign > 0).then(|| {
            format!(
                "No undo: {values} nowhere else will be lost. An `undo` block in the `keyform` block has such values kept: see \
                 `keyform undo --help`."
            )
        });
    }
    let mut parts = Vec::new();
    match outlook.kept {
        0 => {}
        1 => parts.push("1 value is kept before it is overwritten or deleted.".to_owned()),
        n => parts.push(format!("{n} values are kept before they are overwritten or deleted.")),
    }
    if !outlook.unread.is_empty() {
        let values = words::count(outlook.unread.len(), "value can't be read, and is", "values can't be read, and are");
        parts.push(format!("{values} lost: {}.", resources(&outlook.unread)));
    }
    if !outlook.beyond.is_empty() {
        let ends = words::count(outlook.beyond.len(), "resource ends or is", "resources end or are");
        parts.push(format!("{ends} made again; an undo puts back values only."));
    }
    (!parts.is_empty()).then(|| format!("Undo: {}", parts.join(" ")))
}

/// Whose values they are: resources, with the keys of entries; of many only how many.
fn resources(addresses: &[Address]) -> String {
    let mut keys: BTreeMap<Address, Vec<&str>> = BTreeMap::new();
    for address in addresses {
        keys.entry(address.resource()).or_default().extend(address.entry_key());
    }
    let rest = keys.len().saturating_sub(NAMED);
    let mut names: Vec<String> = keys
        .iter()
        .take(NAMED)
        .map(|(address, keys)| {
            let name = words::shown(&address.to_string());
            match keys.len() {
                0 => name,
                1..=NAMED => format!("{name} ({})", words::shown(&keys.join(", "))),
                n => format!("{name} ({n} keys)"),
            }
        })
        .collect();
    if rest > 0 {
        names.push(format!("{rest} more"));
    }
    names.join(", ")
}

/// Draws the runs that kept something, the newest first.
#[must_use]
pub fn runs(notes: &[Note], style: Style) -> String {
    let paint = style.paint;
    if notes.is_empty() {
        let mut out = String::from("No run has kept anything.\n");
        let how = "A run keeps what it overwrites and deletes if the `keyform` block has `undo { recipients = [\"age1…\"] }`; \
                   `keyform undo --new-identity FILE` makes the key.";
        words::paragraph(&mut out, how, 0, 0, style.width);
        return out;
    }
    let mut out = String::new();
    for (note, (again, by)) in notes.iter().zip(undo::taken_again(notes)) {
        let values = words::count(note.values.len(), "value", "values");
        let head = format!(
            "{}  {}  {}",
            paint.bold(&words::shown(&note.run)),
            words::shown(&note.at),
            words::shown(&note.command)
        );
        words::line(&mut out, &head, 0, 2, style.width);
        words::paragraph(&mut out, &format!("{values}: {}", resources(&note.values)), 2, 2, style.width);
        let state = match (&note.undone, by) {
            (Some(at), _) => paint.dim(&format!("undone {}", words::shown(at))),
            (None, None) if &*note.command == "destroy" => paint.warn(ENDED),
            (None, None) => paint.good("can be undone"),
            (None, Some(by)) => {
                let again = if again == note.values.len() { "all".to_owned() } else { format!("{again} of them") };
                paint.warn(&format!("{again} written again since, by {}", words::shown(&by.run)))
            }
        };
        words::line(&mut out, &state, 2, 2, style.width);
    }
    let how = "\n`keyform undo RUN` shows the way back and asks; `last` is the newest run that was no undo.\n";
    out.push_str(&words::sentences(how, style.width));
    out
}
