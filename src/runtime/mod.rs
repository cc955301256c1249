//! The program while it runs: the loop, the terminal guard, input, frames, fan-out, effects.
//!
//! The only layer that knows time, threads and the terminal. Called by `cli`.

mod attempt;
pub mod fanout;
pub mod inbox;
pub mod retry;
