//! The table of diagnostic codes: what `keyform explain KF0101` prints and what `--json` carries.
//!
//! A code is never reused and its summary never contains user text, so it becomes familiar. The first
//! two digits are the room: 01 language, 02 configuration, 03 graph, 04 plan, 05 providers, 06 backend,
//! 07 embedded backend, 08 ledger, 09 engine, 10 command line, 11 reports.

use crate::diag::code::Code;

mod declared;
mod done;
mod reached;

pub use declared::*;
pub use done::*;
pub use reached::*;

/// Every code, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [declared::ALL, reached::ALL, done::ALL].into_iter().flatten().copied()
}
