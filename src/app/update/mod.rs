//! The whole behaviour: what each message does to the state, and what must then be done outside.
//!
//! Pure: no IO, no clock, no randomness but through [`State::ids`](super::State). One file for each area; this one only hands out.

mod aside;
mod ask;
mod compose;
mod decide;
mod export;
mod history;
mod keys;
mod ledger;
mod lifecycle;
mod lift;
mod navigate;
mod overlay;
mod pull;
mod review;
mod select;
mod session;
mod stream;
mod views;

use super::{Effect, Level, Msg, State};

/// Takes one message into the state; returns what must be done, in order.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Clock(clock) => {
            state.clock = clock;
            lifecycle::expire(state);
            Vec::new()
        }
        Msg::Key(key) => keys::key(state, key),
        Msg::Paste(text) => compose::paste(state, &text),
        Msg::Resize(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        Msg::Ask(question) => ask::question(state, &question),
        Msg::Run(id, updates) => {
            let effects = stream::run(state, id, updates);
            aside::reported(state, id);
            lift::read(state);
            effects
        }
        Msg::Highlighted(id, done) => {
            if let Some(view) = state.run_mut(id) {
                for lines in done {
                    view.document.apply(lines);
                }
            }
            Vec::new()
        }
        Msg::Sessions(list) => session::listed(state, list),
        Msg::Found(words, hits) => session::found(state, &words, hits),
        Msg::Kept(done) => session::kept(state, done),
        Msg::Opened(session) => session::opened(state, session),
        Msg::Edited(purpose, text) => compose::edited(state, purpose, text),
        Msg::Pull(id, news) => pull::news(state, &id, news),
        Msg::GetModels => pull::unasked(state),
        Msg::Tell(level, text) => {
            tell(state, level, text);
            Vec::new()
        }
        Msg::Signal(signal) => lifecycle::signal(state, signal),
    }
}

/// A quieter notice never hides a louder one that is still there.
fn tell(state: &mut State, level: Level, text: String) {
    let louder = |n: &super::Notice| n.level == Level::Error && level != Level::Error;
    if !state.notice.as_ref().is_some_and(louder) {
        state.tell(level, text);
    }
}
