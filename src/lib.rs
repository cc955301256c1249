//! plenary: one question to several personas in parallel, their answers side by side.
//!
//! Each module is a layer and names only layers below it; which ones is enforced by `tests/suite/architecture.rs`.
//! `ARCHITECTURE.md` says what goes where.
//!
//! - [`cli`]: the command line, one file a command
//! - [`runtime`]: the loop, the terminal guard, input, frames, fan-out, effects
//! - [`ui`]: state to cells: prepare (fills caches), then draw (pure)
//! - [`app`]: `State`, `Msg`, `Effect`, `update`, actions, keymap; no IO
//! - [`provider`], [`weights`], [`store`], [`config`]: adapters that do not see each other
//! - [`text`], [`prompt`], [`review`], [`export`]: algorithms
//! - [`domain`]: the nouns; [`machine`]: what this computer has

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
