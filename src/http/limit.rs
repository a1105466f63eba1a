//! Pacing: how many requests a host gets at once and a minute.

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
    pub(super) async fn enter(&self, host: &str, policy: &Policy) -> Option<OwnedSemaphorePermit> {
        let gate = self.gate(host, policy);
        let permit = gate.permits.acquire_owned().await.ok();
        if let Some(rate) = gate.rate {
            rate.until_ready().await;
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
