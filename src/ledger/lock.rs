//! Who may write: one process at a time.

/// Who holds the lock, for the people who wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// What it does: `apply`.
    pub command: String,
    /// The process.
    pub pid: u32,
    /// Since when, in UTC, as RFC 3339.
    pub start: String,
}

/// The right to write. Dropping it frees the lock; so does the end of the process, however it ends.
#[derive(Debug)]
pub struct Lock {
    pub(crate) _file: std::fs::File,
}
