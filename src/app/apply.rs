//! Changes on their way through the program: into the session, into its view data, to the store.
//!
//! What a change does to the session is [`Session::apply`]'s; here the parsed answers follow it.

use super::{Effect, Effects, State};
use crate::domain::{Change, Session};

impl State {
    /// Applies `change` to the open session and to its view data, and has it stored. A first turn opens a session.
    pub fn apply_change(&mut self, change: Change, effects: &mut Effects) {
        match &mut self.session {
            Some(session) => session.apply(&change, self.clock.unix_ms),
            None => self.session = Session::from_first_turn(&change),
        }
        match &change {
            Change::Append { run, text, .. } if !text.is_empty() => {
                if let Some(display) = self.displays.get_mut(*run) {
                    if self.parses_streams {
                        display.document.push(text);
                    } else {
                        display.document.push_unparsed(text);
                    }
                }
            }
            Change::Ended { run, .. } => {
                if let Some(display) = self.displays.get_mut(*run) {
                    display.document.finish();
                }
            }
            _ => {}
        }
        effects.push(Effect::Save(change));
    }
}
