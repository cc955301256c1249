//! Reports of the runtime on local models: what is installed, how a download goes, how it ended.

use super::{ask, download};
use crate::app::local::{PullNews, Stock};
use crate::app::{Effects, Level, Overlay, State};
use crate::domain::format::format_bytes;

/// Takes a report on the model with this id.
pub(super) fn on_download_report(
    state: &mut State,
    id: &str,
    report: PullNews,
    effects: &mut Effects,
) {
    let now = state.clock.since_start;
    let Some(model) = state.locals.get_mut(id) else { return };
    let title = model.weights.title.clone();
    match (&mut model.stock, report) {
        (_, PullNews::From(source)) => model.from = source,
        (stock, PullNews::There) => {
            let was_downloading = matches!(stock, Stock::Coming(_));
            *stock = Stock::There;
            if was_downloading {
                state.tell(Level::Info, format!("{title} is installed"));
                on_model_arrived(state, effects);
            }
        }
        (Stock::Coming(fetch), PullNews::Waiting) => {
            fetch.step = Some("another plenary downloads it: waiting for that one");
        }
        (Stock::Coming(fetch), PullNews::Trying(source)) => fetch.try_source(source),
        (Stock::Coming(fetch), PullNews::Bytes(done, total)) => fetch.count(now, done, total),
        (Stock::Coming(fetch), PullNews::Checking) => fetch.step = Some("checking the file"),
        (stock @ Stock::Coming(_), PullNews::Failed(reason)) => {
            *stock = Stock::Failed(reason);
            on_download_failed(state, id);
        }
        (stock @ (Stock::There | Stock::Absent(_)), PullNews::Absent(done)) => {
            *stock = Stock::Absent(done);
        }
        (stock @ Stock::Absent(_), PullNews::Kept(done)) => {
            *stock = Stock::Absent(done);
            state.tell(Level::Info, describe_kept(&title, done));
        }
        // Reports of a download that was cancelled.
        _ => {}
    }
}

/// What a cancelled download leaves.
fn describe_kept(title: &str, done: u64) -> String {
    match done {
        0 => format!("cancelled: nothing of {title} is kept; the next download starts again"),
        _ => format!(
            "cancelled: {} of {title} kept; the next download resumes from there",
            format_bytes(done)
        ),
    }
}

/// Starts the next download; after the last one the held question is sent.
fn on_model_arrived(state: &mut State, effects: &mut Effects) {
    download::start_next_download(state, effects);
    if state.locals.coming().is_some() {
        return;
    }
    download::close_download(state);
    if let Some(question) = state.locals.waiting.take() {
        ask::waited(state, &question, effects);
    }
}

/// Drops the queued downloads, which would fail too, and shows the reason.
fn on_download_failed(state: &mut State, id: &str) {
    for model in &mut state.locals.models {
        if let Stock::Queued(done) = model.stock {
            model.stock = Stock::Absent(done);
        }
    }
    let is_shown = state.overlays.iter().any(|overlay| matches!(overlay, Overlay::Download(_)));
    if state.overlays.is_empty() {
        download::show_download(state, vec![id.to_owned()], false);
    } else if !is_shown {
        state.tell(Level::Error, format!("{id} could not be downloaded"));
    }
}
