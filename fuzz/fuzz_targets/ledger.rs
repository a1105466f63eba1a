//! See `ledger` in `targets.rs`.
#![no_main]

#[path = "../targets.rs"]
#[expect(dead_code, reason = "one target a program")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::ledger(data));
