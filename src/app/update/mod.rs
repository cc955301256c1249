//! The behaviour of the program: how each message changes the state, and which effects follow.
//!
//! No IO and no clock; randomness only from [`State::ids`](super::State). `input` finds the action of a key; each other file
//! has the operations of one area.

pub(super) mod ask;
mod composer;
pub(super) mod download;
mod download_report;
mod elsewhere;
mod input;
mod lifecycle;
mod line_selection;
mod panes;
pub(super) mod reading;
mod run_updates;
pub(super) mod session;
pub(super) mod side_turn;
pub(super) mod triage;
mod triage_history;
pub(super) mod triage_list;
pub(super) mod views;

pub use input::{Handled, run_action};

use super::{Effect, Effects, Msg, Notice, NoticeLevel, State, overlay};

/// Applies one message to the state and pushes the resulting effects in order.
pub fn update(state: &mut State, msg: Msg, effects: &mut Effects) {
    let is_result = matches!(msg, Msg::SearchResults(..));
    let awaited_search = overlay::awaits_search(state);
    apply_message(state, msg, effects);
    if awaited_search && !is_result && !overlay::awaits_search(state) {
        effects.push(Effect::StopSearch);
    }
}

fn apply_message(state: &mut State, msg: Msg, effects: &mut Effects) {
    match msg {
        Msg::Clock(clock) => {
            state.clock = clock;
            lifecycle::expire_notices(state);
            // The time has no effects.
            return;
        }
        Msg::Key(key) => input::on_key(state, key, effects),
        Msg::Paste(text) => input::on_paste(state, &text, effects),
        Msg::Resize(columns, rows) => state.size = (columns, rows),
        Msg::Ask(question) => ask::submit_question(state, &question, effects),
        Msg::Submit(submission) => ask::start_submission(state, &submission, effects),
        Msg::Run(id, updates) => run_updates::on_run_updates(state, id, updates, effects),
        Msg::Read(result) => reading::on_read(state, *result, effects),
        Msg::Highlighted(id, done) => {
            if let Some(display) = state.displays.get_mut(id) {
                for lines in done {
                    display.document.apply(lines);
                }
            }
        }
        Msg::SessionsListed(list) => overlay::on_sessions_listed(state, list),
        Msg::SearchResults(words, hits) => overlay::on_sessions_found(state, &words, hits),
        Msg::SessionChanged(done) => {
            // What is stored may be less than what was typed, or more.
            elsewhere::expect_difference(state);
            overlay::on_session_changed(state, done, effects);
        }
        Msg::SessionLoaded(session) => session::on_session_loaded(state, session, effects),
        Msg::EditorClosed(purpose, text) => composer::on_editor_closed(state, purpose, text),
        Msg::Download(id, report) => {
            download_report::on_download_report(state, &id, report, effects);
        }
        Msg::DownloadModels => download::download_without_asking(state, effects),
        Msg::Notice(level, text) => show_notice(state, level, text),
        Msg::StoreChanged => elsewhere::on_store_changed(state, effects),
        Msg::SessionRefreshed(id, revision, session) => {
            let session = session.map(|found| *found);
            elsewhere::on_session_refreshed(state, (id, revision), session, effects);
        }
        Msg::StoreFailing(text) => lifecycle::on_store_failing(state, text),
        Msg::StoreRecovered(text) => lifecycle::on_store_recovered(state, text),
        Msg::UnsavedFound(changes) => overlay::on_unsaved_found(state, changes),
        Msg::UnsavedWritten(outcome) => overlay::on_unsaved_written(state, outcome, effects),
        Msg::Signal(signal) => lifecycle::on_signal(state, signal, effects),
    }
    elsewhere::refresh_when_idle(state, effects);
    reading::request_shown(state, effects);
}

/// Shows a notice, unless an error is shown and the notice is less severe. An error that stays comes back afterwards.
fn show_notice(state: &mut State, level: NoticeLevel, text: String) {
    let louder = |n: &Notice| {
        n.level == NoticeLevel::Error && level != NoticeLevel::Error && n.until != Notice::STAYS
    };
    if !state.notice.as_ref().is_some_and(louder) {
        state.show_notice(level, text);
    }
}
