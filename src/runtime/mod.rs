//! The program while it runs: the loop, the terminal guard, input, frames, fan-out, effects.
//!
//! The only layer that knows the terminal, and the one that tells `app` and `ui` the time.

mod attempt;
pub mod bench;
pub mod cells;
pub mod clipboard;
pub mod clock;
pub mod editor;
pub mod effects;
pub mod export;
pub mod fanout;
pub mod files;
pub mod frame;
pub mod headless;
pub mod highlighter;
pub mod inbox;
pub mod input;
pub mod logging;
pub mod look;
pub mod odd;
pub mod providers;
pub mod pulls;
mod report;
pub mod retry;
pub mod roster;
pub mod signals;
pub mod stock;
mod stored;
pub mod terminal;
pub mod tui;

pub use tui::{Start, run_tui};
