//! The binary. All code is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "local")]
    limit_candle_threads();
    plenary::cli::main()
}

/// Sets the number of threads in candle's own pool to one, unless the user has set it; `provider::local` has its own pool.
/// candle reads this variable from the environment, and no other thread runs yet that could read it at the same time.
#[cfg(feature = "local")]
fn limit_candle_threads() {
    // This constant text always parses.
    dotenvy::from_read("CANDLE_NUM_THREADS=1".as_bytes()).unwrap_or_default();
}
