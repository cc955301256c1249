//! Writing the session to a file: which format, and where.
//!
//! What is written is `export`'s, the writing is an effect. Called by `review`.

use crate::app::overlay::{ExportOverlay, LineFor, LineOverlay};
use crate::app::{Effect, Effects, Level, Line, Overlay, State};
use crate::export::TARGETS;

/// Opens the choice.
pub(super) fn open(state: &mut State) {
    if state.session_id().is_none() {
        state.tell(Level::Info, "ask something first: there is nothing to write yet");
        return;
    }
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Export(_)));
    // What a review is for.
    let selected = TARGETS.iter().position(|target| target.name == "adr").unwrap_or(0);
    state.overlays.push(Overlay::Export(ExportOverlay { selected, path: None }));
}

/// Opens the line for the path.
pub(super) fn edit_path(state: &mut State) {
    let Some(Overlay::Export(export)) = state.overlays.last() else { return };
    let line = Line::new(&export.path(state.session_id()));
    let about = format!("where the {} is written", export.target().name);
    let line = LineOverlay { purpose: LineFor::ExportPath, about, line };
    state.overlays.push(Overlay::Line(line));
}

/// The path was said; an empty one is the usual one.
pub(super) fn set_path(state: &mut State, text: &str) {
    let text = text.trim();
    for overlay in &mut state.overlays {
        if let Overlay::Export(export) = overlay {
            export.path = (!text.is_empty()).then(|| text.to_owned());
        }
    }
}

/// Writes it.
pub(super) fn write(state: &mut State, effects: &mut Effects) {
    let Some(session) = state.session_id() else { return };
    let Some(Overlay::Export(export)) = state.overlays.last().cloned() else { return };
    let effect =
        Effect::Export { session, format: export.target().name, path: export.path.clone() };
    state.overlays.pop();
    effects.push(effect);
}
