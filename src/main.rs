//! The `keyform` program: hands the arguments to [`keyform::cli`] and exits with its code.

use std::alloc::System;
use zeroizing_alloc::ZeroAlloc;

/// All memory is wiped when it is given back, also that of libraries which know nothing of secrets: bodies of requests,
/// buffers of TLS, texts that grew.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> std::process::ExitCode {
    keyform::cli::run(std::env::args_os())
}
