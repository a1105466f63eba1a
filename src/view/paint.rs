//! Colours for a terminal, or none. Colour never carries a meaning that a word or symbol does not.

use crate::plan::Action;

/// Paints, or leaves texts as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Whether escapes are written at all.
    pub color: bool,
}

impl Paint {
    /// No colour.
    pub const PLAIN: Self = Self { color: false };

    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// What stands out: names of resources, totals.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What can be skipped: reasons, units, fingerprints.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What is dangerous or failed.
    #[must_use]
    pub fn danger(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What asks for attention.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.with("33", text)
    }

    /// What went well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// The colour of an action.
    #[must_use]
    pub fn action(self, action: Action, text: &str) -> String {
        let code = match action {
            Action::Create => "32",
            Action::Update => "33",
            Action::Replace => "35",
            Action::Delete => "31",
            Action::Adopt => "36",
            Action::Forget => "2",
        };
        self.with(code, text)
    }
}
