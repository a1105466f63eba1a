//! Pacing: how many requests a host gets at once and a minute.

use crate::http::client::Options;
use crate::http::client::Policy;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

/// The gates of all hosts, by host and policy: destinations of one host that agree on a policy share one.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashMap<Key, Gate>>);

/// Host, requests a minute, requests at once.
type Key = (String, Option<u32>, usize);

#[derive(Clone)]
struct Gate {
    permits: Arc<Semaphore>,
    rate: Option<Arc<governor::DefaultDirectRateLimiter>>,
}

impl Limits {
    /// Waits for a place in the row. The permit ends it.
    pub(super) async fn enter(&self, host: &str, policy: &Policy, options: &Options) -> Option<OwnedSemaphorePermit> {
        let share = |rate: u32| (rate / options.share.max(1)).max(1);
        let gate = self.gate(host, &Policy { rate: policy.rate.map(share), ..policy.clone() });
        let permit = gate.permits.acquire_owned().await.ok();
        let shared = match (&options.pacer, policy.rate) {
            (Some(pacer), Some(rate)) => pacer(host, rate).await,
            _ => None,
        };
        match (shared, gate.rate) {
            (Some(pause), _) => tokio::time::sleep(pause).await,
            (None, Some(rate)) => rate.until_ready().await,
            (None, None) => {}
        }
        permit
    }

    fn gate(&self, host: &str, policy: &Policy) -> Gate {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates
            .entry((host.to_owned(), policy.rate, policy.concurrency))
            .or_insert_with(|| Gate {
                permits: Arc::new(Semaphore::new(policy.concurrency.max(1))),
                rate: policy
                    .rate
                    .and_then(NonZeroU32::new)
                    .map(|n| Arc::new(governor::RateLimiter::direct(governor::Quota::per_minute(n)))),
            })
            .clone()
    }
}
