//! Operations of the composer: text, pastes, question history, completion of names, the editor. Does not send the question.

use super::ask;
use crate::app::state::EXAMPLES;
use crate::app::{
    Completion, EditorPurpose, Effect, Effects, Focus, KeyCode, KeyPress, NoticeLevel, State,
};
use crate::domain::PersonaId;

/// Inserts a key as text.
pub(super) fn handle_text(state: &mut State, key: KeyPress) {
    state.composer.handle_key(key);
    offer_names(state);
}

/// Inserts pasted text into the composer, which gets the focus.
pub(super) fn paste_text(state: &mut State, text: &str) {
    state.focus = Focus::Composer;
    match state.composer.insert_paste(text) {
        Ok(()) => state.completion = None,
        Err(reason) => state.show_notice(NoticeLevel::Error, reason),
    }
}

/// Inserts a line break.
pub(super) fn insert_newline(state: &mut State) {
    state.composer.insert_newline();
    state.completion = None;
}

/// Moves the focus to the composer.
pub(super) fn enter_composer(state: &mut State) {
    state.focus = Focus::Composer;
    offer_names(state);
}

/// Moves the focus to the panes.
pub(super) fn leave_composer(state: &mut State) {
    state.focus = Focus::Panes;
    state.completion = None;
}

/// Shows an older or newer question; within the lines of a question, moves the cursor.
pub(super) fn browse_history(state: &mut State, older: bool) {
    let code = if older { KeyCode::Up } else { KeyCode::Down };
    let browses = if older { state.composer.on_first_line() } else { state.composer.is_browsing() };
    if browses {
        state.composer.browse_history(older);
        state.completion = None;
    } else {
        state.composer.handle_key(KeyPress::plain(code));
    }
}

/// Opens the question in `$EDITOR`.
pub(super) fn open_question_in_editor(state: &State, effects: &mut Effects) {
    effects.push(Effect::Edit(EditorPurpose::Question, state.composer.text()));
}

/// Sends an example from the first screen. Later the same key must not ask by accident.
pub(super) fn send_example(state: &mut State, index: usize, effects: &mut Effects) {
    if let Some(question) = EXAMPLES.get(index)
        && state.is_fresh()
        && state.composer.is_empty()
    {
        ask::submit_question(state, question, effects);
    }
}

/// Selects the next or previous offered name.
pub(super) fn move_completion(state: &mut State, delta: isize) {
    if let Some(completion) = &mut state.completion {
        let last = completion.items.len().saturating_sub(1);
        completion.selected = completion.selected.saturating_add_signed(delta).min(last);
    }
}

/// Takes the text of the closed editor.
pub(super) fn on_editor_closed(
    state: &mut State,
    purpose: EditorPurpose,
    text: Result<String, String>,
) {
    match (purpose, text) {
        (EditorPurpose::Question, Ok(text)) => {
            state.composer.set_text(text.trim_end_matches('\n'));
            state.focus = Focus::Composer;
        }
        (EditorPurpose::Answer, Ok(_)) => {}
        (_, Err(reason)) => state.show_notice(NoticeLevel::Error, reason),
    }
}

/// Dismisses the personas that a trigger added, or restores them if all are dismissed.
pub(super) fn toggle_triggered(state: &mut State) {
    let joining = state.triggered_personas();
    if joining.is_empty() {
        state.dismissed.clear();
    } else {
        state.dismissed.extend(joining);
    }
}

/// Completes the mention with the selected name.
pub(super) fn accept_completion(state: &mut State) {
    if let Some(completion) = state.completion.take()
        && let Some(id) = completion.items.get(completion.selected)
    {
        state.composer.complete_mention(id);
    }
}

/// Offers names for the `@word` at the cursor. Ids and names that begin with the word precede those that contain it.
fn offer_names(state: &mut State) {
    let Some(word) = state.composer.mention_at_cursor() else {
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
