//! Who keyform is at the backend: the ways to log in, and how long a login lasts.
//!
//! A login is made when the first request needs it, and again at 80 % of its lifetime; it is never
//! renewed, because a renewal that comes too late destroys the token (measured, 2024).

use crate::secret::Secret;
use std::time::Duration;
use std::time::Instant;

/// A way to log in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Login {
    /// Client id and client secret of a machine identity.
    Universal {
        /// The client id: no secret by itself.
        client_id: String,
        /// The client secret.
        client_secret: Secret,
        /// The slug of the sub-organisation that the token is for.
        organization: Option<String>,
    },
    /// A token that was made elsewhere.
    Token(Secret),
}

/// A token in use.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    renew_at: Option<Instant>,
}

impl Token {
    /// A token that was given, not made by a login.
    pub(crate) fn given(text: Secret) -> Self {
        Self { text, renew_at: None }
    }

    /// The token of a login made at `now`, with its lifetime in seconds.
    pub(crate) fn of_login(text: Secret, expires_in: u64, now: Instant) -> Self {
        // A lifetime past what a clock can hold (years) is one that never ends within a run.
        let renew_at = now.checked_add(Duration::from_secs(expires_in).mul_f64(0.8));
        Self { text, renew_at }
    }

    /// Whether it can be used at `now`.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.renew_at.is_none_or(|at| now < at)
    }
}

/// Whether an answer says that the token is no longer good, so that one more login may help. Wrong
/// input is 401 on servers of 2024 and must not lead to another login.
pub(crate) fn token_is_spent(status: u16, error: &str, message: &str) -> bool {
    match status {
        401 => error != "ValidationFailure" && matches!(message, "No identity access token found" | "Token missing"),
        403 => error == "TokenError",
        _ => false,
    }
}
