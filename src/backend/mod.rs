//! The Infisical client: reads what exists, writes changes.
//!
//! [`client`] sends and says what went wrong, [`auth`] logs in, [`state`] holds what was read by the
//! names that people use, [`read`] reads it in as few requests as can be, [`write`] changes it. What
//! ought to be there is not known here.

pub mod auth;
pub mod client;
pub mod read;
pub mod state;
pub mod write;
