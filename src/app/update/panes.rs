//! Focus of panes, zoom, layout, copying. Scrolling is an effect, because only the screen knows the rows.

use crate::app::{EditorPurpose, Effect, Effects, Focus, NoticeLevel, ScrollMove, State};

/// Scrolls the shown view; in the Answers view, the focused pane.
pub(super) fn scroll_view(state: &mut State, scroll: ScrollMove, effects: &mut Effects) {
    if !state.pane_personas.is_empty() {
        effects.push(Effect::Scroll(state.focused, scroll));
    }
}

/// Focuses the next or previous pane, wrapping around.
pub(super) fn focus_next_pane(state: &mut State, forward: bool) {
    let n = state.pane_personas.len();
    if n > 0 {
        state.focused = (state.focused + if forward { 1 } else { n - 1 }) % n;
        state.focus = Focus::Panes;
    }
}

/// Focuses the pane with this index.
pub(super) fn focus_pane(state: &mut State, index: usize) {
    if index < state.pane_personas.len() {
        state.focused = index;
        state.focus = Focus::Panes;
    }
}

/// Toggles zoom: the focused pane fills the screen.
pub(super) fn toggle_zoom(state: &mut State) {
    state.zoomed = !state.zoomed && !state.is_fresh();
}

/// Switches to the next layout.
pub(super) fn switch_layout(state: &mut State) {
    state.layout = state.layout.next();
    state.zoomed = false;
    state.show_notice(NoticeLevel::Info, format!("layout: {}", state.layout.as_str()));
}

/// Copies the code block or section at the top of the view, which only the screen knows.
pub(super) fn copy_block(state: &State, effects: &mut Effects) {
    if !state.pane_personas.is_empty() {
        effects.push(Effect::CopyBlock(state.focused));
    }
}

/// Opens the focused answer in `$EDITOR`.
pub(super) fn open_answer_in_editor(state: &State, effects: &mut Effects) {
    if let Some(run) = state.pane().and_then(|pane| pane.current()) {
        let text = run.document.source().to_owned();
        effects.push(Effect::Edit(EditorPurpose::Answer, text));
    }
}

/// Copies the source of the focused pane's last answer.
pub(super) fn copy_answer(state: &mut State, effects: &mut Effects) {
    let Some((persona, run)) = state.pane().and_then(|pane| Some((pane.persona, pane.current()?)))
    else {
        return;
    };
    if run.document.is_empty() {
        state.show_notice(NoticeLevel::Info, "nothing to copy yet");
        return;
    }
    let what = format!("the answer of {}", persona.display_name());
    effects.push(Effect::Copy { text: run.document.source().to_owned(), what });
}
