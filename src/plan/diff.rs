//! Resources of the backend: desired, live and ledger compared.

use crate::model::attrs::Attrs;
use crate::model::resource::Resource;
use crate::plan::Input;
use crate::plan::Plan;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Adds a row for every resource that is not right.
pub fn resources(plan: &mut Plan, input: &Input<'_>) {
    let _ = (plan, input);
}

/// What a record keeps of a resource that was just written with these attributes (those of
/// [`crate::plan::Wanted::resources`]): a fingerprint for each, by the name that a plan compares it under.
#[must_use]
pub fn written(key: &FingerprintKey, resource: &Resource, attrs: &Attrs) -> BTreeMap<Arc<str>, Fingerprint> {
    let _ = (key, resource, attrs);
    BTreeMap::new()
}
