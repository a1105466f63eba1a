//! What the backend's own job would do at a destination.

use crate::model::address::Address;
use crate::model::job;
use crate::model::job::Content;
use crate::model::job::InitialSync;
use crate::model::job::Job;
use crate::model::job::Step;
use crate::model::job::Unimportable;
use crate::model::live::Evidence;
use crate::model::live::Listing;
use crate::model::live::Sighting;
use crate::plan::Pushed;
use crate::plan::entries::fingerprint;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One key of a listing, as the job sees it.
struct Spot<'a> {
    sighting: &'a Sighting,
    content: Content,
}

/// What a first run takes into its source: by the secret's key, the key at the destination. Nothing, if the run would
/// fail.
#[must_use]
pub fn imports(
    key: &FingerprintKey,
    sync: &Address,
    pushed: &Pushed,
    listing: &Listing,
) -> BTreeMap<Arc<str>, Arc<str>> {
    let steps = steps(key, sync, pushed, listing, pushed.first, false).unwrap_or_default();
    let taken = steps.into_iter().filter_map(|(stored, step)| match step {
        Step::Import { source, .. } => Some((source, stored)),
        _ => None,
    });
    taken.collect()
}

/// What the backend's job would do.
pub(super) fn steps(
    key: &FingerprintKey,
    sync: &Address,
    pushed: &Pushed,
    listing: &Listing,
    first: Option<InitialSync>,
    delete: bool,
) -> Result<BTreeMap<Arc<str>, Step>, Unimportable> {
    let destination = listing.entries.iter().map(|(stored, sighting)| {
        let empty = || fingerprint(key, sync, &pushed.rules, stored, b"");
        let content = match sighting.evidence {
            Evidence::Value(value) if first.is_some() && value == empty() => Content::Empty,
            Evidence::Value(_) if listing.referring.contains(stored) => Content::Referring,
            Evidence::Value(_) => Content::Text,
            Evidence::Digest(_) | Evidence::Present => Content::Unreadable,
        };
        (Arc::clone(stored), Spot { sighting, content })
    });
    let job = Job {
        source: &pushed.source,
        destination: &destination.collect(),
        complete: listing.partial.is_none(),
        schema: &pushed.schema,
        rules: &pushed.rules,
        first,
        delete,
        can_import: pushed.can_import,
    };
    let same = |wanted: &Option<Fingerprint>, spot: &Spot<'_>| match spot.sighting.evidence {
        Evidence::Value(value) => wanted.map(|wanted| wanted == value),
        Evidence::Digest(equal) => Some(equal),
        Evidence::Present => None,
    };
    job::steps(&job, same, |spot| spot.content)
}
