//! The thin binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "local")]
    one_thread_of_candle();
    plenary::cli::main()
}

/// candle reads from the environment how many threads its own pool has; the local model's `matrix` says why there shall be
/// none. Nothing else runs yet, and what a person has set stays.
#[cfg(feature = "local")]
fn one_thread_of_candle() {
    // It cannot fail on this text.
    dotenvy::from_read("CANDLE_NUM_THREADS=1".as_bytes()).unwrap_or_default();
}
