//! The program while it runs: the loop, the terminal guard, input, frames, fan-out, effects.
//!
//! The only layer that knows the terminal, and the one that passes the time to `app` and `ui`.

pub mod appearance;
mod attempt;
pub mod backoff;
pub mod bench;
pub mod cell_writer;
pub mod clipboard;
pub mod clock;
pub mod downloads;
pub mod editor;
mod editor_files;
pub mod effect_runner;
pub mod event_loop;
pub mod export_files;
mod export_session;
pub mod fanout;
pub mod frame_schedule;
pub mod headless;
pub mod highlighter;
pub mod input;
mod log_file;
pub mod logging;
pub mod model_files;
pub mod multi_scalar_rows;
pub mod private_files;
pub mod provider_pool;
pub mod quitting;
pub mod reading_worker;
pub mod roster;
pub mod run_mailbox;
mod run_reporter;
pub mod run_starter;
pub mod signals;
mod start;
pub mod stream_budget;
pub mod terminal;
mod unsaved_files;

pub use event_loop::{Start, run_tui};
