//! Applies changes to the open session and its run displays, and queues them for the store.
//!
//! [`Session::apply`] defines what a change does to the session; this module updates the parsed answers to match.

use super::{Effect, Effects, State, StoredCopy};
use crate::domain::{Change, Session};

impl State {
    /// Applies `change` to the open session and its run displays, and pushes the effect that stores it. A first turn creates
    /// the session.
    pub fn apply_change(&mut self, change: Change, effects: &mut Effects) {
        self.session_revision += 1;
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
        if self.stored != StoredCopy::Deleted {
            effects.push(Effect::Save(change));
        }
    }
}
