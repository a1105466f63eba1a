//! A place that many machines reach: it keeps contents by name, and replaces one only if nobody else did since it was
//! read. That is all that [`crate::ledger::shared`] needs of it.

use crate::diag::Diagnostic;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// Tells one state of a content from every other: an ETag, a generation, a counter. Only its store reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// What is there under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The content.
    pub content: Vec<u8>,
    /// Which state of it this is.
    pub version: Version,
}

/// How a write ended that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is there, durably, and is this state of the content.
    Done(Version),
    /// Something else is there than the writer thought; nothing was written.
    Conflict,
}

/// A place for contents by name. Names are short and made of letters, digits, dashes and dots.
///
/// Every method fails if the place can't be reached or refuses. After a failed write it is open whether it was done.
pub trait Store: Send + Sync {
    /// What people call it: `s3://bucket/prefix`.
    fn place(&self) -> String;

    /// What is there under a name, as of the last write that ended; `None` for nothing.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Found>, Diagnostic>>;

    /// Writes a content: over the state that is named, or, without one, only if there is nothing.
    fn put<'a>(
        &'a self,
        name: &'a str,
        content: &'a [u8],
        over: Option<&'a Version>,
    ) -> BoxFuture<'a, Result<Put, Diagnostic>>;

    /// Removes a content; it may be gone already.
    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Diagnostic>>;

    /// Takes the next turn of all processes at a host that bears so many requests a minute, and says how long it is until
    /// then. `None` from a store that is too slow to be asked for that, or does not answer.
    fn turn<'a>(&'a self, _host: &'a str, _rate: u32) -> BoxFuture<'a, Option<Duration>> {
        Box::pin(std::future::ready(None))
    }
}
