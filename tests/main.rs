//! All integration tests, in one binary: one link step, one emulator process a run.
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]
#![expect(unreachable_pub, reason = "nothing is exported from a test binary")]

/// As in the program, so that `leaks/memory.rs` sees what the program leaves.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

mod adopt;
mod api;
mod canary;
mod chart;
mod cli;
mod compat;
mod config;
mod connections;
mod cover;
mod denied;
mod disk;
mod engine;
mod faults;
mod files;
mod forge;
mod format;
mod kept;
mod hostile;
mod key_schema;
mod lang;
mod laws;
mod leaks;
mod ledger;
mod logins;
mod lsp;
mod offline;
mod pacing;
mod page;
mod picture;
mod plan;
mod manifest;
mod man;
mod mutation;
mod notify;
mod providers;
mod reference;
mod report;
mod render;
mod round_trip;
mod scenarios;
mod sdk;
mod server;
mod services;
mod session;
mod shards;
mod shared;
mod stores;
mod supply;
mod syntax;
mod testing;
mod tidy;
mod trial;
mod undo;
mod view;
mod walks;
mod watch;
mod xray;
