//! One call as a value: what it is about, the request in the newest dialect, and what must not be seen in
//! its answer.

use crate::backend::dialect;
use crate::http::Method;
use crate::secret::Secret;
use serde::Serialize;
use zeroize::Zeroizing;

/// One call: what it is about, the request, and what must not be seen in its answer.
pub struct Call<'a> {
    pub(super) about: &'a str,
    pub(super) method: Method,
    /// With `:name` for each segment that is filled in: what messages show.
    pub(super) pattern: &'static str,
    /// What is filled in: in the newest dialect, and in that of 2024.
    pub(super) args: Vec<(&'a str, &'a str)>,
    pub(super) query: Vec<(&'static str, &'a str)>,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) secrets: Vec<Secret>,
    pub(super) idempotent: bool,
}

impl<'a> Call<'a> {
    /// A call about something with a name for people: an address, or `the list of projects`.
    #[must_use]
    pub fn new(about: &'a str, method: Method, pattern: &'static str) -> Self {
        let idempotent = matches!(method, Method::Get);
        Self {
            about,
            method,
            pattern,
            args: Vec::new(),
            query: Vec::new(),
            body: None,
            secrets: Vec::new(),
            idempotent,
        }
    }

    /// Fills in the next `:segment` of the pattern.
    #[must_use]
    pub fn arg(self, value: &'a str) -> Self {
        self.arg_or_once(value, value)
    }

    /// The same where servers of 2024 want something else in its place.
    #[must_use]
    pub fn arg_or_once(mut self, value: &'a str, once: &'a str) -> Self {
        self.args.push((value, once));
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // The wire types are plain structs with text keys: they always serialize.
        self.body = Some(Zeroizing::new(serde_json::to_vec(body).unwrap_or_default()));
        self
    }

    /// Names secrets of the body, to be blotted out if the answer quotes them.
    #[must_use]
    pub fn secrets(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// Says that sending it twice is sending it once, so that it may be repeated after a lost answer.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The same call as servers of 2024 know it.
    pub(super) fn in_old(&self, pattern: &'static str) -> Self {
        Self {
            about: self.about,
            method: self.method,
            pattern,
            args: self.args.iter().map(|(_, once)| (*once, *once)).collect(),
            query: self.query.iter().map(|(name, value)| (dialect::old_name(name), *value)).collect(),
            body: self.body.as_ref().map(|body| Zeroizing::new(dialect::old_body(body))),
            secrets: self.secrets.clone(),
            idempotent: self.idempotent,
        }
    }

    /// Method and route, for messages.
    pub(super) fn named(&self) -> String {
        format!("{} {}", self.method.as_str(), self.pattern)
    }
}
