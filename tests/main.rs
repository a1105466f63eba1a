//! All integration tests, in one binary: one link step, one emulator process a run.
