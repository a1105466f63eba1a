//! The destination of a declared sync, to be tried by itself: with the credentials of its connection and past the backend.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::Planned;
use crate::model::address::Address;
use crate::provider::Destination;

impl Engine {
    /// Tries the credentials of the connection that a sync writes with, and opens where it writes to.
    ///
    /// # Errors
    /// They are not at hand or not taken, or the declaration names no place.
    pub async fn destination(&self, planned: &Planned, sync: &Address) -> Result<Destination, Diagnostic> {
        let basis = &planned.basis;
        let none = |what: &str| Diagnostic::error(&codes::NOT_INSPECTED, format!("{sync}: {what}"));
        let opened = basis.opened.get(sync).ok_or_else(|| none("it is no declared sync"))?;
        let destination = opened.destination.clone()?;
        let resources = &basis.desired.resources;
        let connection = resources.get(sync).and_then(|sync| sync.reference("connection"));
        if let Some((address, connection)) = connection.and_then(|address| resources.get_key_value(address))
            && let Some(credentials) = basis.resolved.credentials.get(address)
        {
            let method = connection.text("method").unwrap_or("");
            let credentials = credentials.clone()?;
            self.options.registry.verify(&connection.slug, method, &credentials, &self.reached.http).await?;
        }
        Ok(destination)
    }
}
