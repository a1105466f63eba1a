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
    UNCLOSED = "KF0102" Configuration "never closed"
        "A quote, bracket, comment or heredoc is opened at the label and the text ends, or the line does, before it is closed.";
    TOO_DEEP = "KF0103" Configuration "nested too deeply"
        "Expressions may nest 64 levels deep, a chain of operators or of attribute accesses may have 128 links, and an object written inside a quoted template 1,000 fields. Give the inner part a name in `locals`.";
    DUPLICATE = "KF0104" Configuration "set twice"
        "An attribute of a block or a key of an object is set a second time. Only one can be meant; remove the other.";
    UNKNOWN_NAME = "KF0105" Configuration "unknown name"
        "An expression uses a name that means nothing here. Names are declared by blocks (`var.x`, `local.x`, `kind.name`) or by `for` and `each`.";
    NO_SUCH_ELEMENT = "KF0106" Configuration "no such element"
        "An expression asks an object for an attribute that it does not have, or a list for an element beyond its end. `lookup(object, key, default)` and `try(…)` are the ways round where that is normal.";
    UNKNOWN_FUNCTION = "KF0107" Configuration "unknown function"
        "The name called is no function, or none that may be used here. Functions can't be defined in a configuration.";
    TYPE = "KF0108" Configuration "wrong kind of value"
        "An expression needs a value of one kind (a number, a text, a list …) and got another that does not convert to it. Texts that are written like numbers, `true` and `false` convert; lists, objects and null never do.";
    CALL = "KF0109" Configuration "function can't do this"
        "A function was called with the wrong number of arguments, or with an argument that it can't work with. The detail says which one and why.";
    ARITHMETIC = "KF0110" Configuration "impossible arithmetic"
        "A division by zero, or a result too large to be exact.";
    SECRET_IN_PLAIN = "KF0111" Configuration "a secret can't be part of a plain value"
        "A secret source (`secret_env(…)` and its like) only says where a value will come from. It can be the whole value of an attribute that takes a secret; it can't be put in a text, compared, or handed to a function, because the result would be stored and shown.";
    UNEXPECTED = "KF0112" Configuration "not expected here"
        "An attribute, a block or a label that this kind of block does not have: a typing mistake, or something that belongs elsewhere.";
    REQUIRED = "KF0113" Configuration "something is missing"
        "A block lacks an attribute, a label or a nested block that it can't do without.";
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
