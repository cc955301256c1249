//! The whole behaviour: what each message does to the state, and what must then be done outside.
//!
//! Pure: no IO, no clock, no randomness but through [`State::ids`](super::State). `input` decides what a key means; each
//! other file has the operations of one area.

pub(super) mod aside;
pub(super) mod ask;
mod composer;
pub(super) mod download;
mod download_report;
mod input;
mod lifecycle;
pub(super) mod lift;
mod line_selection;
mod panes;
pub(super) mod session;
mod stream;
pub(super) mod triage;
mod triage_history;
pub(super) mod triage_list;
pub(super) mod views;

pub use input::{Handled, run_action};

use super::{Effects, Level, Msg, Notice, State, overlay};

/// Takes one message into the state; pushes what must be done, in order.
pub fn update(state: &mut State, msg: Msg, effects: &mut Effects) {
    match msg {
        Msg::Clock(clock) => {
            state.clock = clock;
            lifecycle::expire_notices(state);
        }
        Msg::Key(key) => input::on_key(state, key, effects),
        Msg::Paste(text) => input::on_paste(state, &text, effects),
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
        Msg::Sessions(list) => overlay::on_sessions_listed(state, list),
        Msg::Found(words, hits) => overlay::on_sessions_found(state, &words, hits),
        Msg::Kept(done) => overlay::on_session_changed(state, done, effects),
        Msg::Opened(session) => session::opened(state, session, effects),
        Msg::Edited(purpose, text) => composer::on_editor_closed(state, purpose, text),
        Msg::Pull(id, news) => download_report::on_download_report(state, &id, news, effects),
        Msg::GetModels => download::download_without_asking(state, effects),
        Msg::Tell(level, text) => show_notice(state, level, text),
        Msg::Signal(signal) => lifecycle::on_signal(state, signal, effects),
    }
}

/// A quieter notice never hides a louder one that is still there.
fn show_notice(state: &mut State, level: Level, text: String) {
    let louder = |n: &Notice| n.level == Level::Error && level != Level::Error;
    if !state.notice.as_ref().is_some_and(louder) {
        state.tell(level, text);
    }
}
