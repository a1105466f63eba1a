//! Values: the secrets that were met while reading, by address, apart from everything that is shown.

use crate::model::address::Address;
use crate::secret::Secret;
use std::collections::BTreeMap;

/// Secrets by the address that they will be written to, or were read from. An attribute's secret is
/// kept under the resource's address with the attribute as a last segment of kind `attr`.
#[derive(Default)]
pub struct Values(BTreeMap<Address, Secret>);

impl Values {
    /// Keeps a secret.
    pub fn insert(&mut self, address: Address, secret: Secret) {
        self.0.insert(address, secret);
    }

    /// The secret kept under an address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Secret> {
        self.0.get(address)
    }
}
