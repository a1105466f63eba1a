//! What stands in for the environment, for files of secrets and for programs where nothing outside may be asked: in
//! `keyform test`. What nobody names has a value of its own, made of its name, so that two sources differ.

use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::SecretSource;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Values by name; `None` for what is not there.
pub type Values = BTreeMap<Arc<str>, Option<Secret>>;

/// What stands in for the world outside. `Debug` shows no value.
#[derive(Debug, Default, Clone)]
pub struct StandIns {
    /// Variables of the environment.
    pub env: Values,
    /// Files of secrets, by their paths as they are written.
    pub files: Values,
    /// What programs print, by their words with blanks between.
    pub programs: Values,
}

impl StandIns {
    /// The same with others on top.
    #[must_use]
    pub fn under(&self, upper: &StandIns) -> Self {
        let both = |below: &Values, above: &Values| {
            let pairs = below.iter().chain(above).map(|(name, value)| (name.clone(), value.clone()));
            pairs.collect::<Values>()
        };
        Self {
            env: both(&self.env, &upper.env),
            files: both(&self.files, &upper.files),
            programs: both(&self.programs, &upper.programs),
        }
    }

    /// A variable as `env()` sees it, and where variables of the configuration look for their values: these are only
    /// set if they are named.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<String> {
        let is_spared = name.starts_with("KEYFORM_VAR_") && !self.env.contains_key(name);
        found(&self.env, name).filter(|_| !is_spared).map(|value| value.expose().to_owned())
    }

    /// Reads a secret: nothing outside is touched.
    ///
    /// # Errors
    /// It is named as not there, or it is one that is only known once the backend is at hand.
    pub fn read(&self, from: &SecretSource) -> Result<Secret, Diagnostic> {
        let missing = |detail: String| Diagnostic::error(&codes::SECRET_SOURCE, detail);
        match from {
            SecretSource::OrEmpty(from) => self.read(from),
            SecretSource::Env(name) => {
                found(&self.env, name).ok_or_else(|| missing(format!("The environment variable `{name}` is not set.")))
            }
            SecretSource::File(path) => found(&self.files, &path.to_string_lossy())
                .ok_or_else(|| missing(format!("`{}` can't be read: it does not exist.", path.display()))),
            SecretSource::Exec(words) => found(&self.programs, &words.join(" ")).ok_or_else(|| {
                missing(format!("`{}` could not be run: it does not exist.", words.first().map_or("", |word| word)))
            }),
            SecretSource::Literal(_) | SecretSource::Stored(_) | SecretSource::Random { .. } => {
                source::read(from, Path::new(""), false)
            }
        }
    }
}

/// What is named, or a value of its own.
fn found(values: &Values, name: &str) -> Option<Secret> {
    match values.get(name) {
        Some(value) => value.clone(),
        None => Some(Secret::new(["stand-in-", name].concat())),
    }
}
