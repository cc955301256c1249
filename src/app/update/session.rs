//! New sessions, resumed sessions, and their titles and tags. Loading and storing sessions are effects.

use std::sync::Arc;

use super::{ask, download, reading, run_updates, triage_list};
use crate::app::{Effect, Effects, Focus, NoticeLevel, RunDisplay, RunQuestion, State};
use crate::domain::{
    Change, Panel, Persona, PersonaId, PersonaSource, Run, Session, SessionId, parse_tag,
};
use crate::prompt::outline_question;
use crate::text::{ParsedMarkdown, sanitize, sanitize_line};

/// Requests a session, unless answers are streaming, which would be hidden.
pub(in crate::app) fn open_session(state: &mut State, id: SessionId, effects: &mut Effects) {
    if state.is_live() {
        state.show_notice(
            NoticeLevel::Warning,
            "answers are still streaming. Press X to cancel them, then open the session",
        );
        return;
    }
    // A question that waits for a model belongs to the previous session.
    download::return_question(state);
    effects.push(Effect::Open(id));
}

/// Renames a session; an empty title is refused.
pub(in crate::app) fn rename_session(
    state: &mut State,
    id: SessionId,
    text: &str,
    effects: &mut Effects,
) {
    let title = text.trim().to_owned();
    if title.is_empty() {
        state.show_notice(NoticeLevel::Info, "a session needs a title: nothing was changed");
        return;
    }
    let now = state.clock.unix_ms;
    if let Some(open) = state.session.as_mut().filter(|open| open.id == id) {
        open.apply(&Change::Renamed { session: id, title: title.clone() }, now);
        state.session_revision += 1;
    }
    effects.push(Effect::Rename(id, title));
}

/// Sets the tags of a session to those in `text`, separated by spaces or commas.
pub(in crate::app) fn tag_session(id: SessionId, text: &str, effects: &mut Effects) {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split([' ', ',']).filter_map(parse_tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    effects.push(Effect::Tag(id, tags));
}

/// Deletes a session. If it is the open one, a new session replaces it.
pub(in crate::app) fn delete_session(state: &mut State, id: SessionId, effects: &mut Effects) {
    effects.push(Effect::Delete(id));
    if state.session_id() == Some(id) {
        let overlays = std::mem::take(&mut state.overlays);
        start_new_session(state, effects);
        state.overlays = overlays;
    }
}

/// Starts a new, empty session with the home panel, unless answers are streaming.
pub(super) fn start_new_session(state: &mut State, effects: &mut Effects) {
    if state.is_live() {
        state.show_notice(
            NoticeLevel::Warning,
            "answers are still streaming. Press X to cancel them, then start a new session",
        );
        return;
    }
    state.overlays.clear();
    state.roster.panel = state.home_panel.clone();
    state.clear_panes();
    state.focus = Focus::Composer;
    download::return_question(state);
    effects.push(Effect::ClearPaneCaches);
}

/// Resumes a session that was loaded, or shows why it could not be loaded.
pub(super) fn on_session_loaded(
    state: &mut State,
    session: Result<Box<Session>, String>,
    effects: &mut Effects,
) {
    let session = match session {
        Ok(session) => *session,
        Err(reason) => {
            state.show_notice(NoticeLevel::Error, reason);
            return;
        }
    };
    state.overlays.clear();
    state.roster.panel = session_panel(state, &session);
    state.clear_panes();
    effects.push(Effect::ClearPaneCaches);
    show_session(state, session, effects);
    reading::request_missing(state, effects);
    // A question that was asked while the session was being loaded.
    download::return_question(state);
    state.focus = Focus::Panes;
    state.focused = state.panes().iter().position(|pane| !pane.runs.is_empty()).unwrap_or(0);
    warn_unknown_personas(state);
}

/// Replaces the open session by what the store has of it now. What is shown and selected stays.
pub(super) fn take_over(state: &mut State, session: Session, effects: &mut Effects) {
    show_session(state, session, effects);
    reading::request_missing(state, effects);
    triage_list::reselect_listed(state);
}

/// Makes `session` the open one, with a display for each of its runs.
fn show_session(state: &mut State, mut session: Session, effects: &mut Effects) {
    // The store has marked runs as cut that no instance is writing.
    let elsewhere = session.cut_live_runs(
        "another plenary is still writing this answer: open the session again later",
    );
    for turn in &session.turns {
        let is_known = state.turns().iter().any(|known| known.id == turn.id);
        if !is_known && outline_question(&turn.question) == turn.question {
            state.composer.remember_question(&turn.question);
        }
        let question = RunQuestion {
            shown: Arc::from(sanitize(&outline_question(&turn.question))),
            sent: Arc::from(ask::split_addressees(state, &turn.question).text),
        };
        for run in &turn.runs {
            let persona = find_or_recreate_persona(state, run);
            state.ensure_pane(&persona);
            if let Some(display) = shown_display(state, run) {
                display.elsewhere = elsewhere.contains(&run.id);
                continue;
            }
            let mut display =
                RunDisplay::new(persona, question.clone(), ParsedMarkdown::from_raw(&run.text));
            display.elsewhere = elsewhere.contains(&run.id);
            state.displays.insert(run.id, display);
            run_updates::request_highlighting(state, run.id, effects);
        }
    }
    for side_turn in &session.side_turns {
        let run = &side_turn.run;
        if shown_display(state, run).is_some() {
            continue;
        }
        let text: Arc<str> = Arc::from(side_turn.question.as_str());
        let question = RunQuestion { shown: Arc::clone(&text), sent: text };
        let mut document = ParsedMarkdown::from_raw(&run.text);
        // Code of side turns is not highlighted.
        drop(document.take_jobs());
        let display = RunDisplay::new(find_or_recreate_persona(state, run), question, document);
        state.displays.insert(run.id, display);
    }
    state.session = Some(session);
    state.session_revision += 1;
}

/// The display of a run that is shown with the same text already.
fn shown_display<'a>(state: &'a mut State, run: &Run) -> Option<&'a mut RunDisplay> {
    let is_shown = state.run(run.id).is_some_and(|shown| shown.run.text == run.text);
    if is_shown { state.displays.get_mut(run.id) } else { None }
}

/// The panel of a session: by name, or, for a panel of one command line, built from the personas that answered.
fn session_panel(state: &State, session: &Session) -> Panel {
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

/// Warns about personas of the session that are not in the roster.
fn warn_unknown_personas(state: &mut State) {
    let unknown = |persona: &&Arc<Persona>| state.roster.persona(&persona.id).is_none();
    let names: Vec<&str> =
        state.pane_personas.iter().filter(unknown).map(|persona| persona.id.as_str()).collect();
    if !names.is_empty() {
        let text = format!(
            "unknown personas: {}. Pass their files with --persona to ask them again",
            names.join(", ")
        );
        state.show_notice(NoticeLevel::Warning, text);
    }
}

fn find_or_recreate_persona(state: &State, run: &Run) -> Arc<Persona> {
    // A persona of a project and one of the same id from elsewhere are not the same.
    let known =
        state.roster.persona(&run.persona).filter(|p| p.is_project == run.notes.is_project());
    known.cloned().unwrap_or_else(|| {
        let mut persona = Persona::from_prompt(
            run.persona.clone(),
            sanitize_line(&run.persona_name),
            "",
            PersonaSource::BuiltIn,
        );
        persona.view = sanitize_line(&run.view);
        persona.is_project = run.notes.is_project();
        Arc::new(persona)
    })
}
