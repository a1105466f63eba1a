//! The embedded, API-compatible backend.
