//! Downloads of missing local models: asks for confirmation, and holds the question until the models are installed.
//!
//! One download at a time. A held question is sent or returned to the composer, never lost. Does not handle the reports.

use crate::app::local_models::{DownloadMeter, LocalModel, ModelFileStatus};
use crate::app::{DownloadOverlay, Effect, Effects, NoticeLevel, Overlay, State};
use crate::domain::PersonaId;

/// Whether a question can be sent, or must wait for a download.
pub(super) enum DownloadGate {
    /// All models are installed.
    Open,
    /// The question is held until they are.
    Waits,
    /// The user is asked about a download; the question stays in the composer.
    Asks,
}

/// Checks that the models of `personas` are installed before they are asked `question`.
///
/// # Errors
/// Another question is held already.
pub(super) fn check_models(
    state: &mut State,
    personas: &[PersonaId],
    question: &str,
    effects: &mut Effects,
) -> Result<DownloadGate, String> {
    let missing = state.local_models.find_missing(&state.roster, personas);
    if missing.is_empty() {
        return Ok(DownloadGate::Open);
    }
    let is_downloading = |m: &&LocalModel| {
        matches!(m.status, ModelFileStatus::Downloading(_) | ModelFileStatus::Queued(_))
    };
    let agreed = state.local_models.without_asking || missing.iter().all(is_downloading);
    let models = model_ids(&missing);
    if !agreed {
        show_download(state, models, true);
        return Ok(DownloadGate::Asks);
    }
    if state.local_models.waiting.is_some() {
        return Err(
            "another question is already waiting for the model; this one stays in the composer"
                .to_owned(),
        );
    }
    state.local_models.waiting = Some(question.to_owned());
    show_download(state, models.clone(), false);
    queue_downloads(state, &models, effects);
    Ok(DownloadGate::Waits)
}

/// Shows the download of the panel's models, or says that none is needed.
pub(super) fn open_download(state: &mut State) {
    let models = missing_panel_models(state);
    if models.is_empty() {
        let text = if state.local_models.models.is_empty() {
            "no local model is used: nothing to download"
        } else {
            "the model is installed"
        };
        state.show_notice(NoticeLevel::Info, text);
    } else {
        show_download(state, models, false);
    }
}

/// Downloads the missing models of the panel without asking.
pub(super) fn download_without_asking(state: &mut State, effects: &mut Effects) {
    state.local_models.without_asking = true;
    let models = missing_panel_models(state);
    if !models.is_empty() {
        show_download(state, models.clone(), false);
        queue_downloads(state, &models, effects);
    }
}

/// Returns whether a model of `personas` is missing, and shows the overlay if so.
pub(super) fn blocks_on_download(state: &mut State, personas: &[PersonaId]) -> bool {
    let models = model_ids(&state.local_models.find_missing(&state.roster, personas));
    let blocks = !models.is_empty();
    if blocks {
        show_download(state, models, false);
    }
    blocks
}

fn missing_panel_models(state: &State) -> Vec<String> {
    model_ids(&state.local_models.find_missing(&state.roster, &state.roster.panel.personas))
}

fn model_ids(models: &[&LocalModel]) -> Vec<String> {
    models.iter().map(|model| model.weights.id.clone()).collect()
}

/// Opens the overlay for `models`, replacing an open one.
pub(super) fn show_download(state: &mut State, models: Vec<String>, holds_question: bool) {
    close_download(state);
    state.overlays.push(Overlay::Download(DownloadOverlay { models, holds_question }));
}

/// Closes the overlay.
pub(super) fn close_download(state: &mut State) {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Download(_)));
}

/// Takes the question out of the composer, to be sent when the models are installed.
pub(in crate::app) fn hold_question(state: &mut State) {
    if state.local_models.waiting.is_none() {
        state.local_models.waiting = state.whole_question();
        state.composer.clear_sent();
        state.completion = None;
    }
}

/// Queues downloads of the models with these ids, and starts the first if none is running.
pub(in crate::app) fn queue_downloads(state: &mut State, ids: &[String], effects: &mut Effects) {
    for id in ids {
        let Some(model) = state.local_models.get_mut(id) else { continue };
        model.status = match &model.status {
            ModelFileStatus::Missing(done) => ModelFileStatus::Queued(*done),
            ModelFileStatus::Failed(_) => ModelFileStatus::Queued(0),
            other => other.clone(),
        };
    }
    start_next_download(state, effects);
}

/// Starts the next queued download, unless one is running.
pub(super) fn start_next_download(state: &mut State, effects: &mut Effects) {
    if state.local_models.current_download().is_some() {
        return;
    }
    for model in &mut state.local_models.models {
        if let ModelFileStatus::Queued(done) = model.status {
            model.status =
                ModelFileStatus::Downloading(DownloadMeter::new(done, model.weights.bytes));
            effects.push(Effect::Download(model.weights.id.clone()));
            return;
        }
    }
}

/// Cancels the running download and the queued ones. Returns whether one was running. A later report says how much is kept.
pub(in crate::app) fn cancel_downloads(state: &mut State, effects: &mut Effects) -> bool {
    let mut was_running = false;
    for model in &mut state.local_models.models {
        match &model.status {
            ModelFileStatus::Downloading(_) => {
                was_running = true;
                effects.push(Effect::CancelDownload(model.weights.id.clone()));
                // The number of bytes so far may be a guess; the report is exact.
                model.status = ModelFileStatus::Missing(0);
            }
            ModelFileStatus::Queued(done) => model.status = ModelFileStatus::Missing(*done),
            ModelFileStatus::Present | ModelFileStatus::Missing(_) | ModelFileStatus::Failed(_) => {
            }
        }
    }
    if was_running {
        close_download(state);
        return_question(state);
        state.show_notice(NoticeLevel::Info, "download cancelled");
    }
    was_running
}

/// Handles the closed overlay: downloads continue; a held question without a download is returned.
pub(in crate::app) fn on_overlay_closed(state: &mut State) {
    let is_downloading = |m: &LocalModel| {
        matches!(m.status, ModelFileStatus::Downloading(_) | ModelFileStatus::Queued(_))
    };
    if !state.local_models.models.iter().any(is_downloading) {
        return_question(state);
    } else if state.local_models.waiting.is_some() {
        state.show_notice(NoticeLevel::Info, "your question is waiting for the model");
    }
}

/// Returns the held question to the composer, or, if that contains a draft, to the question history.
pub(super) fn return_question(state: &mut State) {
    let Some(question) = state.local_models.waiting.take() else { return };
    if state.composer.is_empty() {
        state.composer.set_text(&question);
    } else {
        state.composer.remember_question(&question);
    }
}
