//! The table of diagnostic codes: what `keyform explain KF0101` prints and what `--json` carries.
//!
//! A code is never reused and its summary never contains user text, so it becomes familiar. The first
//! two digits are the room: 01 language, 02 configuration, 03 graph, 04 plan, 05 providers, 06 backend,
//! 07 embedded backend, 08 ledger, 09 engine, 10 command line.

use crate::diag::Fault;

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `KF` and four digits.
    pub id: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// One constant sentence without a full stop.
    pub summary: &'static str,
    /// What it means, why it is a problem, and how it is mended; a paragraph.
    pub explain: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal $fault:ident $summary:literal $explain:literal;)*) => {
        $(#[doc = $summary] pub static $name: Code = Code { id: $id, fault: Fault::$fault, summary: $summary, explain: $explain };)*
        /// Every code, in the order of the table.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // 01 language
    SYNTAX = "KF0101" Configuration "syntax error"
        "The text is not HCL. The label shows where reading stopped; the mistake is there or shortly before it: a missing quote, brace or equals sign.";
    // 02 configuration
    // 03 graph
    // 04 plan
    // 05 providers
    // 06 backend
    // 07 embedded backend
    // 08 ledger
    // 09 engine
    // 10 command line
}
