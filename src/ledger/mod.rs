//! What keyform wrote and owns, kept where the `ledger` block says.
//!
//! [`files`] keeps it on this machine, below `.keyform/`:
//!
//! | file | what it is |
//! |---|---|
//! | `ledger.json` | a [`snapshot`]: all records as of one serial, replaced as a whole |
//! | `journal.jsonl` | what happened since, a line an event, each on disk before the next change starts |
//! | `fingerprint.key` | the key of all fingerprints, for its owner's eyes only |
//! | `lock`, `lock.json` | who is writing: a lock of the operating system, and a note for people |
//! | `told.json` | which findings of drift were told to whom: [`told`] |
//! | `undo/` | what runs overwrote and deleted, sealed: [`capsules`] |
//!
//! [`shared`] keeps it in a [`store`] that many machines reach: [`objects`] (the three clouds), [`postgres`], or the
//! backend itself (`backend::shelf`). There a [`lease`] says who is writing. [`keeper`] is either of the two.
//!
//! What the records mean is [`crate::model::ledger`]'s business and what follows from them `plan`'s.

mod beside;
pub mod capsules;
pub mod files;
pub mod journal;
pub mod keeper;
pub mod lease;
pub mod lock;
pub mod objects;
pub mod postgres;
mod process;
pub mod shared;
pub mod snapshot;
pub mod store;
pub mod told;
