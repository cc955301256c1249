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

use super::{Effects, Level, Msg, State};

/// Takes one message into the state; pushes what must be done, in order.
pub fn update(state: &mut State, msg: Msg, effects: &mut Effects) {
    match msg {
        Msg::Clock(clock) => {
            state.clock = clock;
            lifecycle::expire(state);
        }
        Msg::Key(key) => keys::key(state, key, effects),
        Msg::Paste(text) => compose::paste(state, &text, effects),
        Msg::Resize(columns, rows) => state.size = (columns, rows),
        Msg::Ask(question) => ask::question(state, &question, effects),
        Msg::Submit(submission) => ask::submit(state, &submission, effects),
        Msg::Run(id, updates) => {
            stream::on_run_updates(state, id, updates, effects);
            aside::on_run_updates(state, id);
            lift::read_shown_sections(state);
        }
        Msg::Highlighted(id, done) => {
            if let Some(display) = state.displays.get_mut(id) {
                for lines in done {
                    display.document.apply(lines);
                }
            }
        }
        Msg::Sessions(list) => session::listed(state, list),
        Msg::Found(words, hits) => session::found(state, &words, hits),
        Msg::Kept(done) => session::kept(state, done, effects),
        Msg::Opened(session) => session::opened(state, session, effects),
        Msg::Edited(purpose, text) => compose::edited(state, purpose, text),
        Msg::Pull(id, news) => pull::news(state, &id, news, effects),
        Msg::GetModels => pull::unasked(state, effects),
        Msg::Tell(level, text) => tell(state, level, text),
        Msg::Signal(signal) => lifecycle::signal(state, signal, effects),
    }
}

/// A quieter notice never hides a louder one that is still there.
fn tell(state: &mut State, level: Level, text: String) {
    let louder = |n: &super::Notice| n.level == Level::Error && level != Level::Error;
    if !state.notice.as_ref().is_some_and(louder) {
        state.tell(level, text);
    }
}
