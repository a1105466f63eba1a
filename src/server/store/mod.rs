//! What is stored, as functions on a transaction: one file a resource. SQL lives here and nowhere else;
//! who asked, and in which words, does not.

pub(crate) mod connections;
pub(crate) mod documents;
pub(crate) mod effective;
pub(crate) mod environments;
pub(crate) mod folders;
pub(crate) mod imports;
pub(crate) mod integrations;
pub(crate) mod jobs;
pub(crate) mod projects;
pub(crate) mod secrets;
pub(crate) mod syncs;
pub(crate) mod tags;

use crate::server::error::Refusal;
use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Params;
use rusqlite::Row;

/// One row, if there is one. The statement is kept for the next time.
pub(crate) fn one<T>(
    sql: &Connection,
    statement: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, Refusal> {
    Ok(sql.prepare_cached(statement)?.query_row(params, read).optional()?)
}

/// All rows. The statement is kept for the next time.
pub(crate) fn all<T>(
    sql: &Connection,
    statement: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Refusal> {
    let mut statement = sql.prepare_cached(statement)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many rows a statement changed. It is kept for the next time.
pub(crate) fn run(sql: &Connection, statement: &str, params: impl Params) -> Result<usize, Refusal> {
    Ok(sql.prepare_cached(statement)?.execute(params)?)
}
