//! What lies above the panes: help (also the palette) and the list of sessions. Opening, narrowing, choosing, closing.
//! Called by `keys`.

use super::{keys, pull, session};
use crate::app::keymap;
use crate::app::{Action, Effect, HelpOverlay, Key, KeyCode, Overlay, SessionsOverlay, State};

/// Opens the list of keys; as a palette, typing narrows it at once.
pub(super) fn open_help(state: &mut State, typing: bool) -> Vec<Effect> {
    state.overlays.retain(|o| !matches!(o, Overlay::Help(_)));
    state.overlays.push(Overlay::Help(HelpOverlay { typing, ..HelpOverlay::default() }));
    Vec::new()
}

/// Opens the list of sessions and asks the store for it.
pub(super) fn open_sessions(state: &mut State) -> Vec<Effect> {
    state.overlays.retain(|o| !matches!(o, Overlay::Sessions(_)));
    state.overlays.push(Overlay::Sessions(SessionsOverlay::default()));
    vec![Effect::ListSessions]
}

/// Closes the top; a search line first.
pub(super) fn close(state: &mut State) -> Vec<Effect> {
    match state.overlays.last_mut() {
        Some(
            Overlay::Help(HelpOverlay { typing, filter, selected, .. })
            | Overlay::Sessions(SessionsOverlay { typing, filter, selected, .. }),
        ) if *typing && !filter.is_empty() => {
            *typing = false;
            filter.clear();
            *selected = 0;
        }
        Some(Overlay::Sessions(list)) if list.typing => list.typing = false,
        _ => {
            if let Some(Overlay::Pull(_)) = state.overlays.pop() {
                pull::closed(state);
            }
        }
    }
    Vec::new()
}

/// Typing narrows the list from now on.
pub(super) fn filter(state: &mut State) -> Vec<Effect> {
    match state.overlays.last_mut() {
        Some(Overlay::Help(help)) => help.typing = true,
        Some(Overlay::Sessions(list)) => list.typing = true,
        Some(Overlay::Pull(_)) | None => {}
    }
    Vec::new()
}

/// A key typed into the search line.
pub(super) fn typed(state: &mut State, key: Key) -> Vec<Effect> {
    if let Some(
        Overlay::Help(HelpOverlay { filter, selected, typing })
        | Overlay::Sessions(SessionsOverlay { filter, selected, typing, .. }),
    ) = state.overlays.last_mut()
    {
        *typing = true;
        match (key.code, key.typed()) {
            (KeyCode::Backspace, _) => {
                filter.pop();
            }
            (_, Some(c)) if filter.len() < 200 => filter.push(c),
            _ => return Vec::new(),
        }
        *selected = 0;
    }
    Vec::new()
}

/// Moves the choice by `by` rows, staying inside the list.
pub(super) fn step(state: &mut State, by: isize) -> Vec<Effect> {
    if state.overlays.is_empty() {
        if let Some(completion) = &mut state.completion {
            completion.selected = moved(completion.selected, by, completion.items.len());
        }
        return Vec::new();
    }
    let rows = match state.overlays.last() {
        Some(Overlay::Help(help)) => keymap::rows(&state.keymap, &help.filter).len(),
        Some(Overlay::Sessions(list)) => list.matching().len(),
        Some(Overlay::Pull(_)) | None => 0,
    };
    if let Some(
        Overlay::Help(HelpOverlay { selected, .. })
        | Overlay::Sessions(SessionsOverlay { selected, .. }),
    ) = state.overlays.last_mut()
    {
        *selected = moved(*selected, by, rows);
    }
    Vec::new()
}

fn moved(at: usize, by: isize, rows: usize) -> usize {
    at.saturating_add_signed(by).min(rows.saturating_sub(1))
}

/// Runs the chosen action, or opens the chosen session.
pub(super) fn open(state: &mut State) -> Vec<Effect> {
    match state.overlays.last() {
        Some(Overlay::Help(help)) => {
            let rows = keymap::rows(&state.keymap, &help.filter);
            let Some(action) = rows.get(help.selected).map(|r| r.action) else {
                return Vec::new();
            };
            state.overlays.pop();
            // Rows of this very list would act on the list that was just closed.
            if matches!(action, Action::Open | Action::Filter | Action::Accept) {
                return Vec::new();
            }
            keys::run(state, action)
        }
        Some(Overlay::Sessions(list)) => {
            let Some(id) = list.matching().get(list.selected).map(|s| s.id) else {
                return Vec::new();
            };
            session::open(state, id)
        }
        Some(Overlay::Pull(_)) | None => Vec::new(),
    }
}
