//! What of drift is news: findings that nobody was told of yet, and findings that are no more.
//!
//! A finding is the same as long as its address and its verdict are. What can't be looked at this time, or is on its way, is
//! not put right by that: it stays as it was told.

use crate::model::address::Address;
use crate::plan::drift::Cause;
use crate::plan::drift::Drift;
use crate::plan::drift::Verdict;
use std::collections::BTreeSet;

/// A finding by what makes it the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// A resource, or an entry below its sync.
    pub address: Address,
    /// What is found.
    pub verdict: Verdict,
}

/// Findings, compared with what was told before; each is in one of the four.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Nobody was told of these yet.
    pub fresh: BTreeSet<Item>,
    /// These were told, and are still there.
    pub still: BTreeSet<Item>,
    /// These were told, and can't be looked at now.
    pub unseen: BTreeSet<Item>,
    /// These were told, and are no more.
    pub gone: BTreeSet<Item>,
}

impl News {
    /// Whether there is anything to tell.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.fresh.is_empty() || !self.gone.is_empty()
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.fresh.is_empty() && self.still.is_empty() && self.unseen.is_empty()
    }

    /// What was told once this is.
    #[must_use]
    pub fn told(&self) -> BTreeSet<Item> {
        [&self.fresh, &self.still, &self.unseen].into_iter().flatten().cloned().collect()
    }
}

/// Compares findings of some causes (all of them if none is named) with what was told.
#[must_use]
pub fn news(drift: &Drift, causes: &[Cause], told: &BTreeSet<Item>) -> News {
    let is_meant = |cause| causes.is_empty() || causes.contains(&cause);
    let open = drift.findings.iter().filter(|finding| finding.is_open() && is_meant(finding.cause));
    let now: BTreeSet<Item> =
        open.map(|finding| Item { address: finding.address.clone(), verdict: finding.verdict }).collect();
    let unsure = || drift.findings.iter().filter(|finding| matches!(finding.cause, Cause::Unknown | Cause::Lag));
    let is_unseen = |item: &Item| unsure().any(|finding| item.address.is_within(&finding.address));
    let (unseen, gone) = told.difference(&now).cloned().partition(|item| is_unseen(item));
    News {
        fresh: now.difference(told).cloned().collect(),
        still: now.intersection(told).cloned().collect(),
        unseen,
        gone,
    }
}
