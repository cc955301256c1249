//! Sessions: a new one, and going on with an earlier one. Reading them is the store's work, by effect. Called by
//! `update`, `keys` and the list of sessions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{aside, ask, download, lift};
use crate::app::state::SessionView;
use crate::app::{Effect, Effects, Focus, Level, Pane, RunView, State};
use crate::domain::{
    Ending, Panel, Persona, PersonaId, PersonaSource, Run, RunState, Session, SessionId, Turn,
    as_tag,
};
use crate::prompt::outline;
use crate::text::{Document, sanitize, sanitize_line};

/// Asks the store for a session; not while answers are coming, which would be lost from sight.
pub(in crate::app) fn open_session(state: &mut State, id: SessionId, effects: &mut Effects) {
    if state.is_live() {
        state.tell(
            Level::Warning,
            "answers are still coming: X cancels them, then open the session",
        );
        return;
    }
    // A question that waits for a model belongs to the session that is left.
    download::return_question(state);
    effects.push(Effect::Open(id));
}

/// Gives a session another title; an empty one is refused.
pub(in crate::app) fn rename_session(
    state: &mut State,
    id: SessionId,
    text: &str,
    effects: &mut Effects,
) {
    let title = text.trim();
    if title.is_empty() {
        state.tell(Level::Info, "a session needs a title: nothing was changed");
        return;
    }
    if state.session.id == Some(id) {
        title.clone_into(&mut state.session.title);
    }
    effects.push(Effect::Rename(id, title.to_owned()));
}

/// Gives a session the tags in `text`, separated by spaces or commas.
pub(in crate::app) fn tag_session(id: SessionId, text: &str, effects: &mut Effects) {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split([' ', ',']).filter_map(as_tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    effects.push(Effect::Tag(id, tags));
}

/// Deletes it; when it is the one that is shown, an empty one takes its place.
pub(in crate::app) fn delete_session(state: &mut State, id: SessionId, effects: &mut Effects) {
    effects.push(Effect::Delete(id));
    if state.session.id == Some(id) {
        let overlays = std::mem::take(&mut state.overlays);
        new(state, effects);
        state.overlays = overlays;
    }
}

/// An empty session to the panel.
pub(super) fn new(state: &mut State, effects: &mut Effects) {
    if state.is_live() {
        state.tell(Level::Warning, "answers are still coming: X cancels them, then begin anew");
        return;
    }
    state.overlays.clear();
    state.session = SessionView::default();
    state.roster.panel = state.home_panel.clone();
    state.clear_panes();
    state.focus = Focus::Composer;
    download::return_question(state);
    effects.push(Effect::ForgetPanes);
}

/// Shows a session of the store, to be gone on with.
pub(super) fn opened(
    state: &mut State,
    session: Result<Box<Session>, String>,
    effects: &mut Effects,
) {
    let session = match session {
        Ok(session) => *session,
        Err(why) => {
            state.tell(Level::Error, why);
            return;
        }
    };
    state.overlays.clear();
    state.roster.panel = panel_of(state, &session);
    state.clear_panes();
    state.session = SessionView {
        id: Some(session.id),
        title: sanitize_line(&session.title),
        turns: session.turns.iter().map(|turn| turn.id).collect(),
        history: session.history,
    };
    effects.push(Effect::ForgetPanes);
    for turn in session.turns {
        if outline(&turn.question) == turn.question {
            state.composer.remember(&turn.question);
        }
        let runs = last_of_each(&turn);
        let sent: Arc<str> = Arc::from(ask::addressed(state, &turn.question).text);
        let shown: Arc<str> = Arc::from(sanitize(&outline(&turn.question)));
        for run in turn.runs {
            // An attempt that was repeated and left no text tells nothing.
            if !runs.contains(&run.id) && run.text.is_empty() {
                continue;
            }
            let view = resumed(run, turn.id, Arc::clone(&shown), Arc::clone(&sent));
            effects.extend(place(state, view));
        }
    }
    for aside in session.asides {
        let persona = known_or_remembered(state, &aside.run);
        state.asides.0.push(aside::resumed(persona, aside));
    }
    lift::open_ones(state, effects);
    // One that was asked while the session was being read.
    download::return_question(state);
    state.focus = Focus::Panes;
    state.focused = state.panes.iter().position(|p| !p.runs.is_empty()).unwrap_or(0);
    tell_unknown(state);
}

/// The panel that a session was asked with: by its name, or (a panel of one command line) made of whoever answered.
fn panel_of(state: &State, session: &Session) -> Panel {
    let named =
        state.roster.panels.iter().chain([&state.home_panel]).find(|p| p.name == session.panel);
    if let Some(panel) = named {
        return panel.clone();
    }
    let mut personas: Vec<PersonaId> = Vec::new();
    for run in session.turns.iter().flat_map(|t| &t.runs) {
        if !personas.contains(&run.persona) {
            personas.push(run.persona.clone());
        }
    }
    Panel { name: session.panel.clone(), personas, model: None }
}

/// Says who of the session cannot be asked any more.
fn tell_unknown(state: &mut State) {
    let unknown = |p: &&Pane| state.roster.persona(&p.persona.id).is_none();
    let names: Vec<&str> =
        state.panes.iter().filter(unknown).map(|p| p.persona.id.as_str()).collect();
    if !names.is_empty() {
        let text = format!(
            "not known any more: {}; name the file with --persona to ask again",
            names.join(", ")
        );
        state.tell(Level::Warning, text);
    }
}

fn last_of_each(turn: &Turn) -> BTreeSet<crate::domain::RunId> {
    turn.latest().into_iter().map(|r| r.id).collect()
}

fn resumed(
    mut run: Run,
    turn: crate::domain::TurnId,
    question: Arc<str>,
    sent: Arc<str>,
) -> RunView {
    // The store has called cut what nobody writes any more.
    let elsewhere = run.state.is_live();
    if elsewhere {
        let why =
            "another plenary is still writing this answer: open the session again later".to_owned();
        run.state = RunState::Ended(Ending::Cut(why));
    }
    let document = Document::of(&run.text);
    let mut view = RunView::stored(run, turn, question, sent, document);
    view.elsewhere = elsewhere;
    view
}

/// Puts a run into its persona's pane; a persona that is no longer known gets one of its name.
fn place(state: &mut State, mut view: RunView) -> Option<Effect> {
    let jobs = view.document.take_jobs();
    let effect = (!jobs.is_empty()).then(|| Effect::Highlight(view.id(), jobs));
    let persona = known_or_remembered(state, &view.run);
    let at = pane_of(state, &persona);
    if let Some(pane) = state.panes.get_mut(at) {
        pane.runs.push(view);
    }
    effect
}

fn known_or_remembered(state: &State, run: &Run) -> Arc<Persona> {
    state.roster.persona(&run.persona).cloned().unwrap_or_else(|| {
        let mut persona = Persona::plain(
            run.persona.clone(),
            sanitize_line(&run.persona_name),
            "",
            PersonaSource::BuiltIn,
        );
        persona.view = sanitize_line(&run.view);
        Arc::new(persona)
    })
}

/// The index of the persona's pane, made if there is none.
pub(super) fn pane_of(state: &mut State, persona: &Arc<Persona>) -> usize {
    let has = |id: &PersonaId| state.panes.iter().position(|p| p.persona.id == *id);
    has(&persona.id).unwrap_or_else(|| {
        state.panes.push(Pane::new(Arc::clone(persona)));
        state.panes.len() - 1
    })
}
