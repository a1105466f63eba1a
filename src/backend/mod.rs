//! The Infisical client: reads what exists, writes changes.
//!
//! [`client`] sends [`call`]s in the [`dialect`] that the server knows, [`refusal`] says what went wrong, [`auth`] logs in, [`state`] holds what was read by the
//! names that people use, [`read`] reads it in as few requests as can be, [`write`] changes it, [`shelf`] keeps the ledger in it,
//! [`frozen`] makes a snapshot of it that holds no value, and [`bytes`] says how that is written. What
//! ought to be there is not known here.

pub mod auth;
mod bytes;
pub mod call;
pub mod client;
pub mod dialect;
pub mod frozen;
pub mod read;
pub mod refusal;
pub mod shelf;
pub mod state;
pub mod things;
pub mod write;
