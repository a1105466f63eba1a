//! When an answer, or its absence, is worth another try, and how long to wait before it.

use crate::http::Response;
use std::time::Duration;

/// How often and how long to wait: doubling pauses with jitter, one budget for all tries together.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    use backon::BackoffBuilder;
    backon::ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(20))
        .with_jitter()
        .without_max_times()
        .build()
}

/// Whether a status alone asks for another try.
pub(super) fn asks_again(status: u16, idempotent: bool) -> bool {
    match status {
        429 => true,
        500 | 502..=504 => idempotent,
        _ => false,
    }
}

/// How long the service asks to wait: `Retry-After` in seconds, or what is left until the limit resets
/// (`RateLimit-Reset` and `X-RateLimit-Reset`, in seconds or as a time since 1970).
pub(super) fn asked_pause(response: &Response, now: Duration) -> Option<Duration> {
    if let Some(text) = response.header("retry-after") {
        // A date is not read: then the own pauses are long enough to ask again.
        return text.trim().parse().ok().and_then(|n| Duration::try_from_secs_f64(n).ok());
    }
    let spent = ["ratelimit-remaining", "x-ratelimit-remaining"].iter().any(|name| response.header(name) == Some("0"));
    if !spent && response.status != 429 {
        return None;
    }
    ["ratelimit-reset", "x-ratelimit-reset"].iter().find_map(|name| seconds(response.header(name)?, now))
}

fn seconds(text: &str, now: Duration) -> Option<Duration> {
    let n: f64 = text.trim().parse().ok()?;
    let n = Duration::try_from_secs_f64(n).ok()?;
    // Ten years of seconds is no pause: it is a point in time.
    Some(if n > Duration::from_secs(315_360_000) { n.saturating_sub(now) } else { n })
}

#[cfg(test)]
mod tests {
    use super::asked_pause;
    use crate::http::Response;
    use std::time::Duration;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Response { status, headers, body: Vec::new().into() }
    }

    #[test]
    fn reads_what_services_ask_for() {
        let now = Duration::from_secs(1_700_000_000);
        let check = |status, headers, pause: Option<u64>| {
            assert_eq!(asked_pause(&answer(status, headers), now), pause.map(Duration::from_secs));
        };
        check(429, &[("retry-after", "7")], Some(7));
        check(503, &[("retry-after", "2")], Some(2));
        check(429, &[("ratelimit-reset", "30")], Some(30));
        check(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000012")], Some(12));
        check(403, &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1700000012")], None);
        check(429, &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], None);
        check(429, &[("retry-after", "999999999")], Some(999_999_999));
        check(429, &[("retry-after", "-1")], None);
        check(500, &[], None);
    }
}
