//! What moved: records follow the `moved` blocks to the addresses that are declared now. Only the ledger
//! hears of it, so that nothing is made or deleted because a block got another name or place.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::desired::Desired;
use crate::model::desired::Moved;
use crate::model::ledger::Ledger;
use crate::model::ledger::Record;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::attributes;
use crate::secret::FingerprintKey;
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

/// What says where a sync writes, and what: who agrees in this is the same sync.
const PLACE: [&str; 5] = ["project", "environment", "path", "connection", "destination"];

/// Has the ledger follow syncs of the backend whose label changed, though no block says so: what is declared anew pushes the
/// same folder to the same place as one that is declared no longer. To end that one would take the keys away that the
/// new one writes. `attrs` gives what a resource is wanted to be.
pub fn relabelled(
    ledger: &mut Ledger,
    moves: &mut Moves,
    desired: &Desired,
    key: &FingerprintKey,
    attrs: &dyn Fn(&Resource) -> Attrs,
) {
    let is_sync = |address: &Address| address.kind() == Kind::SecretSync.word() && address.entry_key().is_none();
    let is_left =
        |address: &Address| is_sync(address) && !desired.resources.contains_key(address) && !desired.releases(address);
    let left = ledger.records.iter().filter(|(address, record)| is_left(address) && !record.id.is_empty());
    let left: Vec<(Address, Record)> = left.map(|(address, record)| (address.clone(), record.clone())).collect();
    if left.is_empty() {
        return;
    }
    let is_new = |resource: &&Resource| {
        let is_known = ledger.records.contains_key(&resource.address) || ledger.intents.contains_key(&resource.address);
        let is_backends = !resource.is_data() && resource.text("run") != Some("keyform");
        resource.kind == Kind::SecretSync
            && is_backends
            && !is_known
            && !desired.imports.contains_key(&resource.address)
    };
    let mut pairs: Vec<(&Address, Address)> = Vec::new();
    for resource in desired.resources.values().filter(is_new) {
        let flat = attributes::wanted(resource, &attrs(resource));
        let says_where = |name: &str| PLACE.contains(&name) || name.starts_with("destination.");
        let is_same = |old: &Address, record: &Record| {
            let wanted = flat.iter().filter(|(name, _)| says_where(name));
            let wanted = wanted.map(|(name, value)| (name, attributes::fingerprint(key, old, name, value)));
            wanted.eq(record.written.iter().filter(|(name, _)| says_where(name)).map(|(name, mark)| (name, *mark)))
        };
        pairs.extend(
            left.iter().filter(|(old, record)| is_same(old, record)).map(|(old, _)| (old, resource.address.clone())),
        );
    }
    // Where it could be more than one, nobody knows which.
    let is_only = |old: &Address, new: &Address| pairs.iter().filter(|(a, b)| *a == old || b == new).count() == 1;
    for (old, new) in pairs.iter().filter(|(old, new)| is_only(old, new)) {
        ledger.rename(old, new);
        moves.done.insert(new.clone(), (*old).clone());
    }
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
