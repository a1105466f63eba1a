//! Destinations that are no HTTP service at all: files of this machine. [`files`] finds, reads and replaces
//! them; [`dotenv`], [`json`] and [`yaml`] change a text entry by entry and leave the rest of it alone.

pub mod dotenv;
pub mod files;
pub mod json;
pub mod yaml;

/// The destinations whose manifests need no requests.
pub const SLUGS: [&str; 1] = ["local-file"];

/// What is to become of keys of a text: a new value, or none.
pub type Changes<'a> = std::collections::BTreeMap<&'a str, Option<&'a str>>;

/// A text that does not have the shape of its format. Says where, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}
