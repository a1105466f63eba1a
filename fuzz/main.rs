//! One program for every target, so that fuzzing links once: `KEYFORM_FUZZ` names the target. `fuzz/run` builds it with
//! counters of coverage, which libFuzzer follows, and runs it.
#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let wanted = std::env::var("KEYFORM_FUZZ").unwrap_or_default();
    let found = targets::ALL.iter().find(|(name, _)| *name == wanted);
    let names = || targets::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.unwrap_or_else(|| panic!("KEYFORM_FUZZ is none of {}", names())).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
