//! plenary: one question to several personas in parallel, their answers side by side.
//!
//! Each module is a layer and uses only layers below it; `tests/suite/architecture.rs` enforces that.
//! `ARCHITECTURE.md` explains where things belong.
//!
//! - [`cli`]: the command line, one file per command
//! - [`runtime`]: event loop, terminal guard, input, frames, fan-out, effects
//! - [`ui`]: state to cells: prepare (fills caches), then draw (pure)
//! - [`app`]: `State`, `Msg`, `Effect`, `update`, actions, keymap; no IO
//! - [`provider`], [`weights`], [`store`], [`config`]: adapters, independent of each other
//! - [`text`], [`prompt`], [`review`], [`export`]: algorithms
//! - [`domain`]: sessions, turns, runs, personas; [`machine`]: memory and SIMD of this computer

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod export;
pub mod machine;
pub mod prompt;
pub mod provider;
pub mod review;
pub mod runtime;
pub mod store;
pub mod text;
pub mod ui;
pub mod weights;
