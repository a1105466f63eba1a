//! The `keyform` program: hands the arguments to [`keyform::cli`] and exits with its code.

fn main() -> std::process::ExitCode {
    keyform::cli::run(std::env::args_os())
}
