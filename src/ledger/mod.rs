//! What keyform wrote and owns, on disk, below `.keyform/`.
//!
//! | file | what it is |
//! |---|---|
//! | `ledger.json` | a snapshot: all records as of one serial, replaced as a whole |
//! | `journal.jsonl` | what happened since, a line an event, each on disk before the next change starts |
//! | `fingerprint.key` | the key of all fingerprints, for its owner's eyes only |
//! | `lock`, `lock.json` | who is writing: a lock of the operating system, and a note for people |
//!
//! What the records mean is [`crate::model::ledger`]'s business and what follows from them `plan`'s.

pub mod journal;
pub mod lock;
pub mod store;
