//! What the machine knows of itself: files, environment and clock, for the ways to log in.

use crate::backend::auth::unproven;
use crate::diag::Diagnostic;
use crate::secret::Secret;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// The token in a file, without the white space around it.
///
/// # Errors
/// The file can't be read.
pub(super) fn file(path: &str) -> Result<Secret, Diagnostic> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
        unproven(format!("the token of the service account can't be read from `{path}`: {}", error.kind()))
            .help("run in a pod with a service account, or give `service_account_token` or `token_path`")
    })?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// A variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Now.
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}
