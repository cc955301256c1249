//! Sessions: a new one, resuming an earlier one. Reading them is the store's work, by effect.

use std::sync::Arc;

use super::{ask, download, lift, stream};
use crate::app::{Effect, Effects, Focus, Level, RunDisplay, RunQuestion, State};
use crate::domain::{
    Change, Ending, Panel, Persona, PersonaId, PersonaSource, Run, RunState, Session, SessionId,
    as_tag,
};
use crate::prompt::outline_question;
use crate::text::{ParsedMarkdown, sanitize, sanitize_line};

/// Asks the store for a session; not while answers are coming, which would be lost from sight.
pub(in crate::app) fn open_session(state: &mut State, id: SessionId, effects: &mut Effects) {
    if state.is_live() {
        state.tell(
            Level::Warning,
            "answers are still streaming. Press X to cancel them, then open the session",
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
    let title = text.trim().to_owned();
    if title.is_empty() {
        state.tell(Level::Info, "a session needs a title: nothing was changed");
        return;
    }
    let now = state.clock.unix_ms;
    if let Some(open) = state.session.as_mut().filter(|open| open.id == id) {
        open.apply(&Change::Renamed { session: id, title: title.clone() }, now);
    }
    effects.push(Effect::Rename(id, title));
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
    if state.session_id() == Some(id) {
        let overlays = std::mem::take(&mut state.overlays);
        new(state, effects);
        state.overlays = overlays;
    }
}

/// An empty session to the panel.
pub(super) fn new(state: &mut State, effects: &mut Effects) {
    if state.is_live() {
        state.tell(
            Level::Warning,
            "answers are still streaming. Press X to cancel them, then start a new session",
        );
        return;
    }
    state.overlays.clear();
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
    effects.push(Effect::ForgetPanes);
    show_session(state, session, effects);
    lift::extract_missing(state, effects);
    // One that was asked while the session was being read.
    download::return_question(state);
    state.focus = Focus::Panes;
    state.focused = state.panes().iter().position(|pane| !pane.runs.is_empty()).unwrap_or(0);
    warn_unknown_personas(state);
}

/// Makes `session` the open one, with a display for each of its runs.
fn show_session(state: &mut State, mut session: Session, effects: &mut Effects) {
    for turn in &mut session.turns {
        if outline_question(&turn.question) == turn.question {
            state.composer.remember_question(&turn.question);
        }
        let question = RunQuestion {
            shown: Arc::from(sanitize(&outline_question(&turn.question))),
            sent: Arc::from(ask::addressed(state, &turn.question).text),
        };
        for run in &mut turn.runs {
            // The store has marked as cut whatever no instance writes any more.
            let elsewhere = run.state.is_live();
            if elsewhere {
                run.state = RunState::Ended(Ending::Cut(
                    "another plenary is still writing this answer: open the session again later"
                        .to_owned(),
                ));
            }
            let persona = known_or_remembered(state, run);
            state.ensure_pane(&persona);
            let mut display =
                RunDisplay::new(persona, question.clone(), ParsedMarkdown::from_raw(&run.text));
            display.elsewhere = elsewhere;
            state.displays.insert(run.id, display);
            stream::request_highlighting(state, run.id, effects);
        }
    }
    for aside in &mut session.asides {
        let run = &mut aside.run;
        if run.state.is_live() {
            run.state = RunState::Ended(Ending::Cut("it was not written to its end".to_owned()));
        }
        let text: Arc<str> = Arc::from(aside.question.as_str());
        let question = RunQuestion { shown: Arc::clone(&text), sent: text };
        let mut document = ParsedMarkdown::from_raw(&run.text);
        // Code beside the panes is not highlighted.
        drop(document.take_jobs());
        let display = RunDisplay::new(known_or_remembered(state, run), question, document);
        state.displays.insert(run.id, display);
    }
    state.session = Some(session);
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

/// Warns about personas of the session that cannot be asked any more.
fn warn_unknown_personas(state: &mut State) {
    let unknown = |persona: &&Arc<Persona>| state.roster.persona(&persona.id).is_none();
    let names: Vec<&str> =
        state.pane_personas.iter().filter(unknown).map(|persona| persona.id.as_str()).collect();
    if !names.is_empty() {
        let text = format!(
            "not known any more: {}; name the file with --persona to ask again",
            names.join(", ")
        );
        state.tell(Level::Warning, text);
    }
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
