//! All providers that are known: the built-in manifests and the user's own.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::http::client::Client;
use crate::model::attrs::Attrs;
use crate::model::schema::Schemas;
use crate::provider::Destination;
use crate::provider::Spec;
use std::path::Path;

/// All providers that are known.
#[derive(Default)]
pub struct Registry {
    schemas: Schemas,
}

impl Registry {
    /// The built-in ones.
    ///
    /// # Errors
    /// A built-in manifest is bad: a mistake in this build.
    pub fn builtin() -> Result<Self, Diagnostics> {
        Ok(Self::default())
    }

    /// Adds the manifests of a directory, if it exists: `providers/*.hcl` beside a configuration. Problems
    /// go to `acc`, texts to `sources`. Gives the slugs of the destinations that were added.
    pub fn add_user_manifests(&mut self, acc: &mut Diagnostics, sources: &mut Sources, dir: &Path) -> Vec<String> {
        let _ = (acc, sources, dir);
        Vec::new()
    }

    /// What connections and destinations take.
    #[must_use]
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// Opens a destination. Nothing is sent yet.
    ///
    /// # Errors
    /// The destination, the method or the variant is unknown, or an address is malformed.
    pub fn open(&self, spec: &Spec, client: &Client) -> Result<Destination, Diagnostic> {
        let _ = client;
        Err(Diagnostic::error(&codes::UNKNOWN_DESTINATION, format!("There is no destination `{}`.", spec.slug)))
    }

    /// Checks that a connection's credentials are taken.
    ///
    /// # Errors
    /// They are not, or the service can't be reached.
    pub async fn verify(&self, app: &str, method: &str, inputs: &Attrs, client: &Client) -> Result<(), Diagnostic> {
        let _ = (method, inputs, client);
        Err(Diagnostic::error(&codes::UNKNOWN_DESTINATION, format!("There is no app `{app}`.")))
    }
}
