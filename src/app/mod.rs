//! The program as data: [`State`], what can happen to it ([`Msg`]), and what must be done outside ([`Effect`]).
//!
//! [`update()`] is the whole behaviour: no IO, no clock (the time comes in as [`Msg::Clock`]), no terminal, so every key
//! and every event is tested as a table. `runtime` feeds it and executes effects; `ui` reads the state and draws it.

pub mod action;
pub mod composer;
pub mod effect;
pub mod ids;
pub mod key;
pub mod keymap;
pub mod local;
pub mod msg;
pub mod notice;
pub mod overlay;
pub mod pane;
pub mod roster;
pub mod state;
pub mod update;

pub use action::Action;
pub use composer::{Completion, Composer};
pub use effect::{EditFor, Effect, Order, Scroll};
pub use key::{Key, KeyCode};
pub use keymap::{Context, Keymap};
pub use local::{Locals, PullNews};
pub use msg::{Clock, Msg, Signal};
pub use notice::{Level, Notice};
pub use overlay::{HelpOverlay, Overlay, PullOverlay, SessionsOverlay};
pub use pane::{Pane, RunView};
pub use roster::{Answerer, Roster};
pub use state::{Focus, LayoutMode, State};
pub use update::update;
