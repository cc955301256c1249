//! Sessions: a new one, and going on with an earlier one. Reading them is the store's work, by effect. Called by
//! `update`, `keys` and the list of sessions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{aside, ask, lift, pull};
use crate::app::overlay::{LineFor, LineOverlay, Pending};
use crate::app::state::SessionView;
use crate::app::{Effect, Focus, Level, Line, Overlay, Pane, RunView, State};
use crate::domain::{
    Ending, Panel, Persona, PersonaId, PersonaSource, Run, RunState, SearchHit, Session, SessionId,
    SessionSummary, Turn, as_tag,
};
use crate::prompt::outline_question;
use crate::text::{Document, sanitize, sanitize_line};

/// The store answered.
///
/// The chosen row stays chosen: the list is read again when something in it was changed.
pub(super) fn listed(state: &mut State, list: Result<Vec<SessionSummary>, String>) -> Vec<Effect> {
    match list {
        Ok(sessions) => {
            for overlay in &mut state.overlays {
                if let Overlay::Sessions(open) = overlay {
                    if open.sessions.is_none() {
                        open.selected = 0;
                    }
                    open.sessions = Some(sessions.clone());
                    open.selected = open.selected.min(open.matching().len().saturating_sub(1));
                }
            }
        }
        Err(why) => {
            state.overlays.retain(|o| !matches!(o, Overlay::Sessions(_)));
            state.tell(Level::Error, why);
        }
    }
    Vec::new()
}

/// Asks the store for a session; not while answers are coming, which would be lost from sight.
pub(super) fn open(state: &mut State, id: SessionId) -> Vec<Effect> {
    if state.is_live() {
        state.tell(
            Level::Warning,
            "answers are still coming: X cancels them, then open the session",
        );
        return Vec::new();
    }
    // A question that waits for a model belongs to the session that is left.
    pull::give_back(state);
    vec![Effect::Open(id)]
}

/// Full-text search has answered; words that were typed meanwhile make the answer worthless.
pub(super) fn found(
    state: &mut State,
    words: &str,
    hits: Result<Vec<SearchHit>, String>,
) -> Vec<Effect> {
    match hits {
        Ok(hits) => {
            for overlay in &mut state.overlays {
                if let Overlay::Sessions(open) = overlay {
                    open.found = Some((words.to_owned(), hits.clone()));
                }
            }
        }
        Err(why) => state.tell(Level::Error, why),
    }
    Vec::new()
}

/// The chosen session of the list.
fn chosen(state: &State) -> Option<&SessionSummary> {
    match state.overlays.last() {
        Some(Overlay::Sessions(list)) => list.matching().get(list.selected).map(|row| row.session),
        _ => None,
    }
}

/// Opens the line for the title of the chosen session, or for its tags.
pub(super) fn name(state: &mut State, tags: bool) -> Vec<Effect> {
    let Some(session) = chosen(state) else { return Vec::new() };
    let (id, about) = (session.id, sanitize_line(&session.title));
    let (purpose, text) = if tags {
        (LineFor::SessionTags(id), session.tags.join(" "))
    } else {
        (LineFor::SessionTitle(id), session.title.clone())
    };
    let line = Line::new(&sanitize_line(&text));
    state.overlays.push(Overlay::Line(LineOverlay { purpose, about, line }));
    Vec::new()
}

/// The line for a session was kept.
pub(super) fn named(state: &mut State, purpose: &LineFor, text: &str) -> Vec<Effect> {
    match purpose {
        LineFor::SessionTitle(_) if text.trim().is_empty() => {
            state.tell(Level::Info, "a session has a title: it stays as it was");
            Vec::new()
        }
        LineFor::SessionTitle(id) => {
            if state.session.id == Some(*id) {
                text.trim().clone_into(&mut state.session.title);
            }
            vec![Effect::Rename(*id, text.trim().to_owned())]
        }
        LineFor::SessionTags(id) => {
            let mut tags: Vec<String> = Vec::new();
            for tag in text.split([' ', ',']) {
                match as_tag(tag) {
                    Some(tag) if !tags.contains(&tag) => tags.push(tag),
                    _ => {}
                }
            }
            vec![Effect::Tag(*id, tags)]
        }
        _ => Vec::new(),
    }
}

/// Asks whether to delete the chosen session.
pub(super) fn ask_delete(state: &mut State) -> Vec<Effect> {
    let Some((session, title)) = chosen(state).map(|s| (s.id, sanitize_line(&s.title))) else {
        return Vec::new();
    };
    if state.session.id == Some(session) && state.is_live() {
        state.tell(Level::Warning, "answers of this session are still coming: X cancels them");
        return Vec::new();
    }
    state.overlays.push(Overlay::Confirm(Pending::Delete { session, title }));
    Vec::new()
}

/// Deletes it; when it is the one that is shown, an empty one takes its place.
pub(super) fn delete(state: &mut State, id: SessionId) -> Vec<Effect> {
    let mut effects = vec![Effect::Delete(id)];
    if state.session.id == Some(id) {
        let overlays = std::mem::take(&mut state.overlays);
        effects.extend(new(state));
        state.overlays = overlays;
    }
    effects
}

/// A session was renamed, tagged or deleted, or not.
pub(super) fn kept(state: &mut State, done: Result<String, String>) -> Vec<Effect> {
    match done {
        Ok(words) => state.tell(Level::Info, words),
        Err(why) => state.tell(Level::Error, why),
    }
    let open = state.overlays.iter().any(|overlay| matches!(overlay, Overlay::Sessions(_)));
    if open { vec![Effect::ListSessions] } else { Vec::new() }
}

/// An empty session to the panel.
pub(super) fn new(state: &mut State) -> Vec<Effect> {
    if state.is_live() {
        state.tell(Level::Warning, "answers are still coming: X cancels them, then begin anew");
        return Vec::new();
    }
    state.overlays.clear();
    state.session = SessionView::default();
    state.roster.panel = state.home_panel.clone();
    state.clear_panes();
    state.focus = Focus::Composer;
    pull::give_back(state);
    vec![Effect::ForgetPanes]
}

/// Shows a session of the store, to be gone on with.
pub(super) fn opened(state: &mut State, session: Result<Box<Session>, String>) -> Vec<Effect> {
    let session = match session {
        Ok(session) => *session,
        Err(why) => {
            state.tell(Level::Error, why);
            return Vec::new();
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
    let mut effects = vec![Effect::ForgetPanes];
    for turn in session.turns {
        if outline_question(&turn.question) == turn.question {
            state.composer.remember(&turn.question);
        }
        let runs = last_of_each(&turn);
        let sent: Arc<str> = Arc::from(ask::addressed(state, &turn.question).text);
        let shown: Arc<str> = Arc::from(sanitize(&outline_question(&turn.question)));
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
    effects.extend(lift::open_ones(state));
    // One that was asked while the session was being read.
    pull::give_back(state);
    state.focus = Focus::Panes;
    state.focused = state.panes.iter().position(|p| !p.runs.is_empty()).unwrap_or(0);
    tell_unknown(state);
    effects
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
