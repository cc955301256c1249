//! Download of local models: confirmation, progress, reasons of a failure. Does not run the download.

use super::{OverlayHandler, OverlayOutcome, list_delta};
use crate::app::update::download;
use crate::app::{Action, Effects, KeyContext, State};

/// The download overlay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadOverlay {
    /// Ids of the required models.
    pub models: Vec<String>,
    /// The question in the composer requires the models and is sent when they are installed.
    pub holds_question: bool,
}

impl OverlayHandler for DownloadOverlay {
    fn key_context(&self) -> KeyContext {
        KeyContext::Pull
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Open | Action::Retry => {
                if std::mem::take(&mut self.holds_question) {
                    download::hold_question(state);
                }
                download::queue_downloads(state, &self.models, effects);
                OverlayOutcome::Keep
            }
            Action::Cancel if download::cancel_downloads(state, effects) => OverlayOutcome::Close,
            Action::Cancel => OverlayOutcome::Keep,
            Action::Back => {
                download::on_overlay_closed(state);
                OverlayOutcome::Close
            }
            // The keys of lists do nothing, because this overlay has no rows.
            _ if list_delta(action).is_some() => OverlayOutcome::Keep,
            _ => OverlayOutcome::Unhandled,
        }
    }

    fn is_transparent_to_paste(&self) -> bool {
        true
    }
}
