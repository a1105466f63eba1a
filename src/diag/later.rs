//! Files that keyform writes say of which version they are, and most of them which keyform wrote them. One of a later version is
//! refused in the same words everywhere, before anything else of it is read.

use crate::diag::Diagnostic;
use crate::diag::code::Code;

/// The version of this program.
pub const OWN: &str = env!("CARGO_PKG_VERSION");

/// Refuses a version that is later than the latest that is `known`. `place` is what the file is called, `what` what it is of
/// (`a ledger`), `by` the keyform that wrote it, if it says so.
///
/// # Errors
/// It is later.
pub fn refused(
    code: &'static Code,
    (place, what): (&str, &str),
    (found, known): (u64, u32),
    by: Option<&str>,
) -> Result<(), Diagnostic> {
    if found <= u64::from(known) {
        return Ok(());
    }
    let by = by.filter(|by| parts(by) > parts(OWN));
    let written = by.map(|by| format!(", written by keyform {by}")).unwrap_or_default();
    let detail = format!("{place} is {what} of version {found}{written}; this is keyform {OWN}, which knows {known}.");
    Err(Diagnostic::error(code, detail).help(needed(by)))
}

/// What a file of a known version is, if a later keyform wrote it and it has something that is not known here: `None` if no
/// later one did, so that it is damaged.
#[must_use]
pub fn beyond(code: &'static Code, place: &str, by: Option<&str>) -> Option<Diagnostic> {
    let by = by.filter(|by| parts(by) > parts(OWN))?;
    let detail = format!("{place} was written by keyform {by} and has what keyform {OWN} does not know.");
    Some(Diagnostic::error(code, detail).help(needed(Some(by))))
}

/// The version in the name of a format: of `keyform.plan/2`, for `plan`, 2. `None` if it is the name of another one.
#[must_use]
pub fn of_format(format: &str, what: &str) -> Option<u64> {
    format.strip_prefix("keyform.")?.strip_prefix(what)?.strip_prefix('/')?.parse().ok()
}

fn needed(by: Option<&str>) -> String {
    match by {
        Some(by) => format!("use keyform {by}, or a later one"),
        None => "use the keyform that wrote it, or a later one; docs/compatibility.md says which knows what".to_owned(),
    }
}

/// The numbers of a version; `None` if it is none, and is not repeated: it stands in a file that anybody may have written.
fn parts(version: &str) -> Option<[u32; 3]> {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let parts = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(parts)
}
