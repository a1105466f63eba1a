//! Pacing by what a service says of itself: how many requests of one kind it takes until when.
//!
//! Answers tell it (`x-ratelimit-limit`, `-remaining`, `-reset`), each for the kind of its own request: Infisical counts
//! by route and method (measured, October 2024). What is left is shared out before requests are sent, so that a
//! run that needs more than a minute takes ends without a single 429.

use crate::http::Response;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::Notify;

/// Host and kind of request.
pub(super) type Key = (String, Arc<str>);

/// What is known of all kinds of requests.
#[derive(Default)]
pub(super) struct Paces {
    windows: Mutex<HashMap<Key, Window>>,
    /// Something was learnt, or a request came back.
    pub(super) changed: Notify,
}

/// One kind of request until its count begins anew.
#[derive(Default)]
struct Window {
    /// Whether an answer was heard at all.
    is_heard: bool,
    /// Most requests at a time; `None` while nothing is said.
    limit: Option<u32>,
    /// What the last answer left, less what was sent since.
    left: u32,
    /// When the count begins anew.
    ends: Option<Instant>,
    under_way: u32,
    waiting: u32,
    /// Whether this wait was told.
    is_told: bool,
}

/// A wait that somebody may want to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The service.
    pub host: String,
    /// What it takes at a time.
    pub limit: u32,
    /// How long this wait is.
    pub pause: Duration,
    /// How long it will take until all that wait now were sent.
    pub rest: Duration,
}

/// What a service still takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headroom {
    /// The service.
    pub host: String,
    /// What it takes at a time of one kind of request.
    pub limit: u32,
    /// What of that is left.
    pub left: u32,
}

/// Whether a request may be sent.
pub(super) enum Claim {
    /// Now.
    Granted,
    /// Not before this time is over, or something changed; and whether that is news.
    Later(Duration, Option<Wait>),
}

/// Requests under way before the first answer: no service takes fewer in a minute.
const UNTOLD: u32 = 8;
/// How long a count lasts (measured), where only what comes after it has to be guessed.
const MINUTE: Duration = Duration::from_secs(60);
/// Clocks differ a little.
const MARGIN: Duration = Duration::from_millis(300);

impl Paces {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The least that is left of any kind of request, of those that were counted.
    pub(super) fn headroom(&self) -> Option<Headroom> {
        let windows = self.lock();
        let counted = windows.iter().filter_map(|((host, _), window)| {
            Some(Headroom { host: host.clone(), limit: window.limit?, left: window.left })
        });
        counted.min_by_key(|room| u64::from(room.left) * 1000 / u64::from(room.limit.max(1)))
    }

    /// Asks for a place; whoever is told to wait asks again and says so with `again`.
    pub(super) fn claim(&self, key: &Key, now: Instant, again: bool) -> Claim {
        let mut windows = self.lock();
        let window = windows.entry(key.clone()).or_default();
        if window.ends.is_some_and(|ends| now >= ends) {
            window.left = window.limit.unwrap_or_default();
            window.ends = None;
            window.is_told = false;
        }
        let is_free = match window.limit {
            Some(_) => window.left > window.under_way,
            None => window.is_heard || window.under_way < UNTOLD,
        };
        if is_free {
            window.waiting -= u32::from(again);
            window.under_way += 1;
            return Claim::Granted;
        }
        window.waiting += u32::from(!again);
        let pause = window.ends.map_or(MARGIN, |ends| ends.saturating_duration_since(now));
        let news = match window.limit {
            Some(limit) if window.left == 0 && pause > Duration::from_secs(1) && !window.is_told => {
                window.is_told = true;
                let rounds = window.waiting.saturating_sub(1) / limit.max(1);
                Some(Wait { host: key.0.clone(), limit, pause, rest: pause + MINUTE * rounds })
            }
            _ => None,
        };
        Claim::Later(pause, news)
    }

    /// Hears how a request went, if an answer came.
    pub(super) fn heard(&self, key: &Key, response: Option<&Response>, now: Instant) {
        let mut windows = self.lock();
        let window = windows.entry(key.clone()).or_default();
        window.under_way = window.under_way.saturating_sub(1);
        if let Some(response) = response {
            window.is_heard = true;
            window.learn(response, now);
        }
        drop(windows);
        self.changed.notify_waiters();
    }
}

impl Window {
    fn learn(&mut self, response: &Response, now: Instant) {
        let number = |name: &str| response.header(name)?.trim().parse::<u32>().ok();
        let told = ["limit", "remaining", "reset"].map(|what| number(&format!("x-ratelimit-{what}")));
        let [Some(limit), Some(left), Some(reset)] = told else { return };
        let (left, reset) = match response.status {
            429 => (0, number("retry-after").unwrap_or(reset)),
            _ => (left, reset),
        };
        let ends = now + Duration::from_secs(u64::from(reset)) + MARGIN;
        // Answers overtake each other: within one count only the smallest number is true.
        let is_same = self.ends.is_some_and(|known| ends <= known + Duration::from_secs(2));
        self.left = if is_same { self.left.min(left) } else { left };
        self.ends = Some(if is_same { self.ends.map_or(ends, |known| known.max(ends)) } else { ends });
        self.limit = Some(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, left: u32, reset: u32) -> Response {
        let header = |name: &str, value: u32| (format!("x-ratelimit-{name}"), value.to_string());
        let headers = vec![header("limit", 10), header("remaining", left), header("reset", reset)];
        Response { status, headers, body: Vec::new().into() }
    }

    fn is_granted(paces: &Paces, key: &Key, now: Instant, again: bool) -> bool {
        matches!(paces.claim(key, now, again), Claim::Granted)
    }

    #[test]
    fn what_is_left_is_shared_out_and_the_rest_waits() {
        let (paces, key, now) = (Paces::default(), ("kms.example".to_owned(), Arc::from("GET /x")), Instant::now());
        assert!((0..UNTOLD).all(|_| is_granted(&paces, &key, now, false)));
        assert!(!is_granted(&paces, &key, now, false), "nothing is known yet");
        // They overtake each other.
        for left in [9, 7, 8, 6, 5, 4, 2, 3] {
            paces.heard(&key, Some(&answer(200, left, 30)), now);
        }
        assert_eq!(paces.headroom(), Some(Headroom { host: key.0.clone(), limit: 10, left: 2 }));
        assert!(is_granted(&paces, &key, now, true) && is_granted(&paces, &key, now, false));
        assert!(!is_granted(&paces, &key, now, false), "two were left");
        paces.heard(&key, Some(&answer(200, 1, 30)), now);
        paces.heard(&key, Some(&answer(200, 0, 30)), now);
        let Claim::Later(pause, Some(wait)) = paces.claim(&key, now, true) else { panic!("it waits, and says so") };
        assert_eq!((pause, wait.limit, wait.rest), (Duration::from_secs(30) + MARGIN, 10, pause));
        for _ in 0..10 {
            assert!(matches!(paces.claim(&key, now, false), Claim::Later(_, None)), "it is told once");
        }
        let later = now + Duration::from_secs(31);
        assert_eq!((0..11).filter(|_| is_granted(&paces, &key, later, true)).count(), 10);
    }

    #[test]
    fn a_service_that_says_nothing_is_not_paced() {
        let (paces, key, now) = (Paces::default(), ("kms.example".to_owned(), Arc::from("GET /x")), Instant::now());
        assert!(is_granted(&paces, &key, now, false));
        paces.heard(&key, Some(&Response { status: 200, headers: Vec::new(), body: Vec::new().into() }), now);
        assert!((0..100).all(|_| is_granted(&paces, &key, now, false)));
    }

    #[test]
    fn a_refusal_closes_the_window() {
        let (paces, key, now) = (Paces::default(), ("kms.example".to_owned(), Arc::from("GET /x")), Instant::now());
        assert!(is_granted(&paces, &key, now, false));
        paces.heard(&key, Some(&answer(429, 5, 12)), now);
        assert!(!is_granted(&paces, &key, now, false));
        assert!(is_granted(&paces, &key, now + Duration::from_secs(13), true));
    }
}
