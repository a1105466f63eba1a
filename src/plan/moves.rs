//! What moved: records follow the `moved` blocks to the addresses that are declared now. Only the ledger
//! hears of it, so that nothing is made or deleted because a block got another name or place.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::desired::Moved;
use crate::model::ledger::Ledger;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What the `moved` blocks come to for one ledger.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    /// Resources that moved: by the new address, the one that the ledger has.
    pub done: BTreeMap<Address, Address>,
    /// Records that can't follow, because the ledger has the new address as well: by the old one.
    pub refused: BTreeMap<Address, Diagnostic>,
}

/// Has the ledger follow. It is the one that a plan is made from; the files hear of it when it is applied.
pub fn follow(ledger: &mut Ledger, moved: &[Moved]) -> Moves {
    let mut moves = Moves::default();
    if moved.is_empty() {
        return moves;
    }
    let known = ledger.records.keys().chain(ledger.intents.keys());
    let owned: BTreeSet<Address> = known.map(Address::resource).collect();
    let planned = owned.iter().filter_map(|from| Some((from, destination(from, moved)?)));
    for (from, (to, last)) in planned.collect::<Vec<_>>() {
        if owned.contains(&to) || moves.done.contains_key(&to) {
            moves.refused.insert(from.clone(), taken(from, &to, last));
        } else {
            ledger.rename(from, &to);
            moves.done.insert(to, from.clone());
        }
    }
    moves
}

/// Where an address leads, block by block; of several that mean it, the one that says most. `None` where it stays.
fn destination<'m>(from: &Address, moved: &'m [Moved]) -> Option<(Address, &'m Moved)> {
    let mut at: Option<(Address, &Moved)> = None;
    // No chain is longer than the list: circles are refused before.
    for _ in moved {
        let now = at.as_ref().map_or(from, |(address, _)| address);
        let meant = moved.iter().filter_map(|block| Some((now.renamed(&block.from, &block.to)?, block)));
        match meant.max_by_key(|(_, block)| block.from.segments().len()) {
            Some((next, block)) => at = Some((next, block)),
            None => break,
        }
    }
    at.filter(|(to, _)| to != from)
}

fn taken(from: &Address, to: &Address, block: &Moved) -> Diagnostic {
    let detail = format!("{from} can't become {to}: the ledger has both.");
    Diagnostic::error(&codes::MOVE_TAKEN, detail)
        .at(block.origin, "this says that they are one")
        .help("remove the block; if one of them is not to be managed any longer, a `removed` block says so")
}
