//! All integration tests, in one binary: one link step, one emulator process a run.
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod lang;
mod tidy;
