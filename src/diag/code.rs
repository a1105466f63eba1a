//! A diagnostic code: what a row of [`codes`](crate::diag::codes) says, and how the table is written.

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
        /// Every code of this part, in the order of the table.
        pub(super) static ALL: &[&Code] = &[$(&$name),*];
    };
}
