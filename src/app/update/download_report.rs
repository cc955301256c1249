//! Handles reports on model files: their status, and progress and end of a download.

use super::{ask, download};
use crate::app::local_models::{DownloadReport, ModelFileStatus};
use crate::app::{Effects, NoticeLevel, Overlay, State};
use crate::domain::format::format_bytes;

/// Handles a report on the model with this id.
pub(super) fn on_download_report(
    state: &mut State,
    id: &str,
    report: DownloadReport,
    effects: &mut Effects,
) {
    let now = state.clock.since_start;
    let Some(model) = state.local_models.get_mut(id) else { return };
    let title = model.weights.title.clone();
    match (&mut model.status, report) {
        (_, DownloadReport::Source(source)) => model.from = source,
        (status, DownloadReport::Present) => {
            let was_downloading = matches!(status, ModelFileStatus::Downloading(_));
            *status = ModelFileStatus::Present;
            if was_downloading {
                state.show_notice(NoticeLevel::Info, format!("{title} is installed"));
                on_model_arrived(state, effects);
            }
        }
        (ModelFileStatus::Downloading(meter), DownloadReport::Waiting) => {
            meter.step = Some("another plenary is downloading it: waiting");
        }
        (ModelFileStatus::Downloading(meter), DownloadReport::Trying(source)) => {
            meter.try_source(source);
        }
        (ModelFileStatus::Downloading(meter), DownloadReport::Bytes(done, total)) => {
            meter.record_bytes(now, done, total);
        }
        (ModelFileStatus::Downloading(meter), DownloadReport::Verifying) => {
            meter.step = Some("checking the file");
        }
        (status @ ModelFileStatus::Downloading(_), DownloadReport::Failed(reason)) => {
            *status = ModelFileStatus::Failed(reason);
            on_download_failed(state, id);
        }
        (
            status @ (ModelFileStatus::Present | ModelFileStatus::Missing(_)),
            DownloadReport::Missing(done),
        ) => {
            *status = ModelFileStatus::Missing(done);
        }
        (status @ ModelFileStatus::Missing(_), DownloadReport::Cancelled(done)) => {
            *status = ModelFileStatus::Missing(done);
            state.show_notice(NoticeLevel::Info, describe_kept(&title, done));
        }
        // Reports of a download that was cancelled.
        _ => {}
    }
}

/// Message about the bytes that a cancelled download leaves.
fn describe_kept(title: &str, done: u64) -> String {
    match done {
        0 => format!("cancelled: nothing of {title} is kept; the next download starts again"),
        _ => format!(
            "cancelled: {} of {title} kept; the next download resumes from there",
            format_bytes(done)
        ),
    }
}

/// Starts the next download, or sends the held question after the last one.
fn on_model_arrived(state: &mut State, effects: &mut Effects) {
    download::start_next_download(state, effects);
    if state.local_models.current_download().is_some() {
        return;
    }
    download::close_download(state);
    if let Some(question) = state.local_models.waiting.take() {
        ask::send_waiting_question(state, &question, effects);
    }
}

/// Drops the queued downloads, which would probably fail too, and shows the reason.
fn on_download_failed(state: &mut State, id: &str) {
    for model in &mut state.local_models.models {
        if let ModelFileStatus::Queued(done) = model.status {
            model.status = ModelFileStatus::Missing(done);
        }
    }
    let is_shown = state.overlays.iter().any(|overlay| matches!(overlay, Overlay::Download(_)));
    if state.overlays.is_empty() {
        download::show_download(state, vec![id.to_owned()], false);
    } else if !is_shown {
        state.show_notice(NoticeLevel::Error, format!("{id} could not be downloaded"));
    }
}
