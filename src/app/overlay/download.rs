//! Download of local models: asks first, shows the progress, says why it failed. The downloads are in `update::download`.

use super::{OverlayHandler, OverlayOutcome, list_delta};
use crate::app::update::download;
use crate::app::{Action, Effects, KeyContext, State};

/// The models that are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadOverlay {
    /// Their ids.
    pub models: Vec<String>,
    /// A question in the composer opened this and is sent when the models have arrived.
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
            // The keys of lists do nothing: it has no rows.
            _ if list_delta(action).is_some() => OverlayOutcome::Keep,
            _ => OverlayOutcome::Unhandled,
        }
    }

    fn is_transparent_to_paste(&self) -> bool {
        true
    }
}
