//! Writing the question: text, pastes, history, names behind `@`, the editor. Sending it is `ask`'s. Called by `keys`
//! and for pastes.

use super::overlay;
use crate::app::{
    Completion, Context, EditFor, Effect, Effects, Focus, Key, Level, Overlay, State,
};
use crate::domain::PersonaId;

/// A key that is text.
pub(super) fn typed(state: &mut State, key: Key) {
    state.composer.input(key);
    offer(state);
}

/// Text was pasted: into the line that is typed into, else into the question, wherever the keys go (a paste never acts).
pub(super) fn paste(state: &mut State, text: &str, effects: &mut Effects) {
    // Nothing is typed into the overlay of models: what is pasted there belongs to the question.
    let filters = state.overlays.is_empty() && state.context() == Context::Filter;
    if !filters && state.overlays.iter().all(|o| matches!(o, Overlay::Pull(_))) {
        state.focus = Focus::Composer;
        match state.composer.paste(text) {
            Ok(()) => state.completion = None,
            Err(why) => state.tell(Level::Error, why),
        }
        return;
    }
    if let Some(Overlay::Line(line)) = state.overlays.last_mut() {
        line.line.insert(text.trim());
        return;
    }
    for c in text.chars().filter(|c| !c.is_control()).take(200) {
        overlay::typed(state, Key::char(c), effects);
    }
}

/// A new line in the question.
pub(super) fn newline(state: &mut State) {
    state.composer.newline();
    state.completion = None;
}

/// To the composer.
pub(super) fn enter(state: &mut State) {
    state.focus = Focus::Composer;
    offer(state);
}

/// To the panes.
pub(super) fn leave(state: &mut State) {
    state.focus = Focus::Panes;
    state.completion = None;
}

/// ↑ on the first line walks the history, elsewhere it moves the cursor.
pub(super) fn history(state: &mut State, older: bool) {
    let code = if older { crate::app::KeyCode::Up } else { crate::app::KeyCode::Down };
    let walks = if older { state.composer.on_first_line() } else { state.composer.is_browsing() };
    if walks {
        state.composer.browse(older);
        state.completion = None;
    } else {
        state.composer.input(Key::plain(code));
    }
}

/// Opens the editor: for the question from the composer, for reading the answer from a pane.
pub(super) fn edit(state: &mut State, effects: &mut Effects) {
    match state.focus {
        Focus::Composer => {
            effects.push(Effect::Edit(EditFor::Question, state.composer.text()));
        }
        Focus::Panes => {
            if let Some(view) = state.pane().and_then(|p| p.current()) {
                let text = view.document.source().to_owned();
                effects.push(Effect::Edit(EditFor::Answer, text));
            }
        }
    }
}

/// The editor was closed.
pub(super) fn edited(state: &mut State, purpose: EditFor, text: Result<String, String>) {
    match (purpose, text) {
        (EditFor::Question, Ok(text)) => {
            state.composer.set(text.trim_end_matches('\n'));
            state.focus = Focus::Composer;
        }
        (EditFor::Answer, Ok(_)) => {}
        (_, Err(why)) => state.tell(Level::Error, why),
    }
}

/// Sends away who a trigger brought in; pressed again, takes them back.
pub(super) fn dismiss(state: &mut State) {
    let joining = state.joining();
    if joining.is_empty() {
        state.dismissed.clear();
    } else {
        state.dismissed.extend(joining);
    }
}

/// Takes the chosen name.
pub(super) fn accept(state: &mut State) {
    if let Some(completion) = state.completion.take()
        && let Some(id) = completion.items.get(completion.selected)
    {
        state.composer.complete(id);
    }
}

/// Offers names for the `@word` at the cursor: ids and names that begin with it first, then those that contain it.
fn offer(state: &mut State) {
    let Some(word) = state.composer.mention() else {
        state.completion = None;
        return;
    };
    let word = word.to_lowercase();
    let rank = |p: &crate::domain::Persona| {
        let name = p.name.to_lowercase();
        if p.id.as_str().starts_with(&word) {
            Some(0)
        } else if name.split_whitespace().any(|w| w.starts_with(&word)) {
            Some(1)
        } else if name.contains(&word) || p.id.as_str().contains(&word) {
            Some(2)
        } else {
            None
        }
    };
    let answering = state.roster.personas.iter().filter(|p| p.id.as_str() != PersonaId::BRIEF);
    let mut fits: Vec<(u8, &PersonaId)> =
        answering.filter_map(|p| Some((rank(p)?, &p.id))).collect();
    fits.sort_by_key(|(rank, _)| *rank);
    let items: Vec<PersonaId> = fits.into_iter().map(|(_, id)| id.clone()).collect();
    let whole = matches!(items.as_slice(), [only] if only.as_str() == word);
    state.completion = (!items.is_empty() && !whole).then_some(Completion { items, selected: 0 });
}
