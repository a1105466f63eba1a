//! What the first label of a block can be where more than the table of blocks decides, and what of the block's
//! attributes that label leaves. The tables are those that the rooms of the blocks read by.

use crate::config::blocks::reuse::DATA_KINDS;
use crate::config::ledger;
use crate::config::native;
use crate::config::notify;
use crate::config::settings;
use crate::model::address::DATA;
use crate::model::login;
use crate::model::schema::Schemas;

/// The words that the first label of a block is one of; none if it is a name.
#[must_use]
pub fn words<'s>(block: &str, schemas: &'s Schemas) -> Vec<&'s str> {
    match block {
        "app_connection" => schemas.apps.keys().map(|slug| &**slug).collect(),
        "secret_sync" => schemas.destinations.keys().map(|slug| &**slug).collect(),
        "native_integration" => native::services(),
        "notify" => notify::channels(),
        "ledger" => ledger::stores(),
        "backend" => settings::BACKENDS.to_vec(),
        "auth" => login::METHODS.iter().map(|method| method.word).collect(),
        DATA => DATA_KINDS.iter().map(|(kind, _)| kind.word()).collect(),
        _ => Vec::new(),
    }
}

/// Whether a block with this first label needs one of its attributes; `None` if it does not take it. `listed` is what the
/// table of blocks says of it.
#[must_use]
pub fn needs(block: &str, label: &str, attr: &str, listed: bool) -> Option<bool> {
    let by_label = match block {
        "native_integration" => native::needs(label, attr),
        "notify" => notify::needs(label, attr),
        "ledger" => ledger::needs(label, attr),
        "backend" if label == "embedded" => None,
        _ => Some(false),
    };
    by_label.map(|needs| needs || listed)
}
