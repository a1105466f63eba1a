//! Keyform: a declarative reconciler for secrets platforms.
//!
//! The order of the modules below is the law of the house: a module imports only from modules above
//! it. `tests/tidy.rs` holds it, and `docs/ARCHITECTURE.md` says why each room is where it is.

pub mod secret; // values that must never be seen: Secret, Fingerprint, FingerprintKey
pub mod diag; // what went wrong, where, and what to do next
pub mod model; // the vocabulary: plain data, no IO
pub mod plan; // pure planning: diff, order, guard
pub mod disk; // files that are read and replaced as a whole
pub mod lang; // HCL as a language: parse, evaluate, format, edit
pub mod config; // the user's files → Desired
pub mod http; // requests as values; one client with retry and rate limits
pub mod ledger; // what keyform wrote and owns: journal, stores, lock
pub mod api; // wire types of the Infisical API, shared by client and server
pub mod provider; // destinations: manifests, the generic driver, signers
pub mod backend; // the Infisical client: reads Live, writes changes
#[cfg(feature = "server")]
pub mod server; // the embedded, API-compatible backend
pub mod engine; // where the parts meet: snapshot, plan, apply, events
pub mod view; // plans, diagnostics and events as text and JSON
pub mod forge; // where changes are reviewed: one comment, kept up to date
pub mod notify; // who hears of drift: one file a channel
pub mod lsp; // editors: the Language Server Protocol over what the readers know
pub mod cli; // arguments and dispatch, one file a command
