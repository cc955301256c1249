//! The program while it runs: the loop, the terminal guard, input, frames, fan-out, effects.
//!
//! The only layer that knows time, threads and the terminal. Called by `cli`.

pub mod fanout;
pub mod headless;
pub mod inbox;
pub mod logging;
