//! Moving between and inside panes, zoom, layout, copying. Scrolling itself happens in the view, which knows the rows.
//! Called by `keys`.

use crate::app::{Effect, Effects, Focus, Level, Scroll, State};

/// Moves the focused pane's view.
pub(super) fn scroll(state: &mut State, scroll: Scroll, effects: &mut Effects) {
    if !state.pane_personas.is_empty() {
        effects.push(Effect::Scroll(state.focused, scroll));
    }
}

/// The next pane, or the one before; around the end.
pub(super) fn step(state: &mut State, forward: bool) {
    let n = state.pane_personas.len();
    if n > 0 {
        state.focused = (state.focused + if forward { 1 } else { n - 1 }) % n;
        state.focus = Focus::Panes;
    }
}

/// Pane `n`, counted from 0.
pub(super) fn choose(state: &mut State, n: usize) {
    if n < state.pane_personas.len() {
        state.focused = n;
        state.focus = Focus::Panes;
    }
}

/// One pane fills the screen, or all are there again.
pub(super) fn zoom(state: &mut State) {
    state.zoomed = !state.zoomed && !state.is_fresh();
}

/// The next layout.
pub(super) fn layout(state: &mut State) {
    state.layout = state.layout.next();
    state.zoomed = false;
    state.tell(Level::Info, format!("layout: {}", state.layout.word()));
}

/// Copies the focused pane's last answer: the source, never the cells.
pub(super) fn copy_answer(state: &mut State, effects: &mut Effects) {
    let Some((persona, view)) = state.pane().and_then(|p| Some((p.persona, p.current()?))) else {
        return;
    };
    if view.document.is_empty() {
        state.tell(Level::Info, "nothing to copy yet");
        return;
    }
    let what = format!("the answer of {}", persona.name);
    effects.push(Effect::Copy { text: view.document.source().to_owned(), what });
}
