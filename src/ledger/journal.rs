//! The events that change a ledger, and their lines in the journal.

use crate::model::address::Address;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;

/// One change of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A create begins: what is found under this natural key from now on is ours.
    Intent {
        /// Of what.
        address: Address,
        /// What will find it.
        natural: Natural,
    },
    /// Something was written, or adopted. Ends its intent.
    Record {
        /// What.
        address: Address,
        /// What is known of it.
        record: Record,
    },
    /// Something is gone, or no longer managed. Ends its intent as well.
    Forget {
        /// What.
        address: Address,
    },
}
