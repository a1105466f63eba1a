//! The time, as the API tells it and as tokens count it.

use jiff::Timestamp;

/// Now, as the API writes it: `2026-11-21T01:49:23.335Z`.
pub(crate) fn now() -> String {
    written(Timestamp::now())
}

/// A time, as the API writes it.
pub(crate) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Now, in seconds since 1970.
pub(crate) fn seconds() -> i64 {
    Timestamp::now().as_second()
}

/// A new id: a random UUID in lower case.
pub(crate) fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}
