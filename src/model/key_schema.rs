//! Key schemas: how the key of a secret is written at a destination, and the way back.
//!
//! A schema is a text with `{{secretKey}}` once and `{{environment}}` any number of times. With the
//! environment filled in, it is a prefix and a suffix; so it is a function with an inverse:
//! `strip(apply(k)) = k` for every key.

use std::sync::Arc;

/// The placeholder for the key.
pub const SECRET_KEY: &str = "{{secretKey}}";
/// The placeholder for the environment's slug.
pub const ENVIRONMENT: &str = "{{environment}}";

/// A key schema with the environment filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct KeySchema {
    prefix: Arc<str>,
    suffix: Arc<str>,
}

impl KeySchema {
    /// A template with the environment's slug filled in. `None` if `{{secretKey}}` is not there exactly
    /// once.
    #[must_use]
    pub fn new(template: &str, environment: &str) -> Option<Self> {
        let (prefix, suffix) = template.split_once(SECRET_KEY)?;
        if suffix.contains(SECRET_KEY) {
            return None;
        }
        let fill = |part: &str| part.replace(ENVIRONMENT, environment).into();
        Some(Self { prefix: fill(prefix), suffix: fill(suffix) })
    }

    /// The schema that changes nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether it changes nothing: then every key at a destination counts as managed.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.prefix.is_empty() && self.suffix.is_empty()
    }

    /// What stands before the key.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What stands after the key.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The key at the destination.
    #[must_use]
    pub fn apply(&self, key: &str) -> String {
        format!("{}{key}{}", self.prefix, self.suffix)
    }

    /// The key of the secret, if the destination's key is of this schema.
    #[must_use]
    pub fn strip<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&*self.prefix)?.strip_suffix(&*self.suffix)
    }

    /// Whether a backend counts the destination's key as its own and deletes it when the source lacks it
    /// (Infisical: a middle with a slash is another path's key when the schema itself has slashes).
    #[must_use]
    pub fn manages(&self, key: &str) -> bool {
        self.strip(key).is_some_and(|middle| {
            self.is_none() || !(middle.contains('/') && (self.prefix.contains('/') || self.suffix.contains('/')))
        })
    }
}
