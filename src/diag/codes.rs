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
    SECRET_SOURCE = "KF0240" Environment "secret could not be read"
        "A secret source (`secret_env`, `secret_file`, `secret_exec`) did not give a value: the variable is not set, the file can't be read, or the program failed. What was read is never shown.";
    EXEC_NOT_ALLOWED = "KF0241" Configuration "programs may not be run"
        "`secret_exec` runs a program to get a secret. A configuration that others wrote could run anything, so it is only done under `--allow-exec`.";
    SECRET_FILE_EXPOSED = "KF0242" Environment "secret file is readable by others"
        "A file that `secret_file` reads can be read by other users of this machine. Give it the mode 0600, or let it come from the environment.";
    // 03 graph
    // 04 plan
    // 05 providers
    // 06 backend
    // 07 embedded backend
    // 08 ledger
    // 09 engine
    // 10 command line
}
