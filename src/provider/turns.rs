//! Whose turn it is to write: a place, and what several places are one document of, is read and written by one at once.

use crate::provider::Destination;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::sync::OwnedMutexGuard;

/// The turns of all places.
#[derive(Default)]
pub struct Turns(Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn to read a destination and to write on top of that. It ends when the guard is dropped.
    pub async fn enter(&self, destination: &Destination) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(destination.document()).or_default())
        };
        turn.lock_owned().await
    }
}
