//! Asking the panel or single personas, retrying, cancelling.
//!
//! Prepares runs and their requests; `run_updates` handles their reports.

use std::sync::Arc;

use super::download::{self, DownloadGate};
use super::run_updates;
use crate::app::effect::RunRequest;
use crate::app::{
    AskTarget, Effect, Effects, Focus, NoticeLevel, Pane, RunDisplay, RunQuestion, RunRef, State,
    StoredCopy, Submission,
};
use crate::domain::{
    Change, Ending, ModelProfile, ModelRef, NewRun, Persona, PersonaId, RunId, Session, TurnId,
};
use crate::prompt::{self, AddressedQuestion, Exchange, PromptInput};
use crate::text::{ParsedMarkdown, sanitize};

/// Sends the question in the composer.
pub(super) fn send_composer(state: &mut State, effects: &mut Effects) {
    let Some(text) = state.whole_question() else {
        state.show_notice(
            NoticeLevel::Info,
            "write a question first, or press Alt+1 to Alt+3 for an example",
        );
        return;
    };
    match ask_question(state, &text, effects) {
        Ok(AskOutcome::Sent) => state.composer.clear_sent(),
        Ok(AskOutcome::Held) => {}
        Err(reason) => warn_not_asked(state, reason),
    }
}

/// Asks a question from the command line or an example. One that cannot be asked is put into the composer.
pub(super) fn submit_question(state: &mut State, text: &str, effects: &mut Effects) {
    let asked = if text.trim().is_empty() {
        Err("the question is empty".to_owned())
    } else {
        ask_question(state, text.trim(), effects)
    };
    match asked {
        Ok(AskOutcome::Sent) => state.composer.remember_question(text),
        Ok(AskOutcome::Held) => state.composer.set_text(text),
        Err(reason) => {
            state.composer.set_text(text);
            warn_not_asked(state, reason);
        }
    }
}

/// Asks a question that waited for a model. A draft in the composer stays.
pub(super) fn send_waiting_question(state: &mut State, text: &str, effects: &mut Effects) {
    let asked = ask_question(state, text, effects);
    if matches!(asked, Ok(AskOutcome::Sent)) {
        return;
    }
    if state.composer.is_empty() {
        state.composer.set_text(text);
    }
    state.composer.remember_question(text);
    if let Err(reason) = asked {
        warn_not_asked(state, reason);
    }
}

fn warn_not_asked(state: &mut State, reason: String) {
    state.show_notice(NoticeLevel::Warning, reason);
}

/// Outcome of a question that could be asked.
enum AskOutcome {
    /// It was sent, or waits for a model and is sent then.
    Sent,
    /// A model is missing: the user decides about the download first.
    Held,
}

/// Splits a question into its addressees and its text.
pub(super) fn split_addressees(state: &State, text: &str) -> AddressedQuestion {
    let known: Vec<PersonaId> = state.roster.personas.iter().map(|p| p.id.clone()).collect();
    prompt::split_mentions(text, &known)
}

fn ask_question(
    state: &mut State,
    text: &str,
    effects: &mut Effects,
) -> Result<AskOutcome, String> {
    let to = split_addressees(state, text);
    if let Some(word) = to.unknown.first() {
        let all = state.roster.personas.iter().map(|p| p.id.as_str());
        let ids: Vec<&str> = all.filter(|id| *id != PersonaId::BRIEF).collect();
        return Err(format!("unknown persona @{word}; known: @{}", ids.join(", @")));
    }
    if to.text.trim().is_empty() {
        return Err("the question names a persona but asks nothing".to_owned());
    }
    let submission = Submission {
        question: text.to_owned(),
        // Documents are left out: a runbook that says "server is down" must not trigger a persona.
        trigger_text: prompt::outline_question(&to.text),
        sent: to.text,
        targets: to.targets,
        panel_only: false,
    };
    let targets = state.roster.find_targets(&submission, &state.dismissed);
    if targets.is_empty() {
        return Err(
            "the panel is empty: name a persona with @, or choose a panel with --panel".to_owned()
        );
    }
    if targets.iter().any(|target| is_answering(state, &target.persona.id)) {
        return Err(
            "an answer is still streaming in this pane. Wait, or press x to cancel it (X cancels all)"
                .to_owned(),
        );
    }
    let personas: Vec<PersonaId> = targets.iter().map(|t| t.persona.id.clone()).collect();
    Ok(match download::check_models(state, &personas, text, effects)? {
        DownloadGate::Open => {
            start_turn(state, &submission, &targets, effects);
            AskOutcome::Sent
        }
        DownloadGate::Waits => AskOutcome::Sent,
        DownloadGate::Asks => AskOutcome::Held,
    })
}

/// Asks a question whose addressees are known (headless `ask`), without checks of the screen.
pub(super) fn start_submission(state: &mut State, submission: &Submission, effects: &mut Effects) {
    let targets = state.roster.find_targets(submission, &state.dismissed);
    start_turn(state, submission, &targets, effects);
}

fn is_answering(state: &State, id: &PersonaId) -> bool {
    state.panes().iter().any(|pane| pane.persona.id == *id && pane.is_live())
}

/// Starts a turn. Its runs are stored before the first request is sent.
fn start_turn(
    state: &mut State,
    submission: &Submission,
    targets: &[AskTarget],
    effects: &mut Effects,
) {
    let was_deleted = leave_deleted_session(state, effects);
    let session = state.session_id().unwrap_or_else(|| state.ids.next_session_id());
    // Only a new session takes it: also one that another instance has deleted in this moment, whose title is gone.
    let title = prompt::title_from_question(&submission.sent);
    let turn = state.ids.next_turn_id();
    let question = RunQuestion {
        shown: Arc::from(sanitize(&prompt::outline_question(&submission.question))),
        sent: Arc::from(submission.sent.as_str()),
    };
    let prepared: Vec<Prepared> =
        targets.iter().map(|target| prepare_run(state, target, turn, &question)).collect();
    if let [only] = targets {
        let focused = state.pane_personas.iter().position(|p| p.id == only.persona.id);
        state.focused = focused.unwrap_or(state.focused);
    }
    state.focus = Focus::Panes;
    state.completion = None;
    state.dismissed.clear();
    state.notice = None;
    if was_deleted {
        let text = "the session was deleted in another plenary: this question starts a new one";
        state.show_notice(NoticeLevel::Warning, text);
    }
    let change = Change::Turn {
        session,
        title,
        panel: state.roster.panel.name.clone(),
        turn,
        question: submission.question.clone(),
        at: state.clock.unix_ms,
        runs: prepared.iter().map(|prepared| prepared.run.clone()).collect(),
    };
    state.apply_change(change, effects);
    start_prepared(state, prepared, effects);
}

/// Leaves a session that another instance has deleted, because a question must not bring a part of it back.
fn leave_deleted_session(state: &mut State, effects: &mut Effects) -> bool {
    if state.stored != StoredCopy::Deleted {
        return false;
    }
    state.clear_panes();
    effects.push(Effect::ClearPaneCaches);
    true
}

/// A run that is ready to start.
struct Prepared {
    run: NewRun,
    display: RunDisplay,
    /// The request, or why it cannot be sent.
    request: Result<RunRequest, String>,
}

/// Starts runs that are in the session, all requests at once. A run without a request fails immediately.
fn start_prepared(state: &mut State, prepared: Vec<Prepared>, effects: &mut Effects) {
    let mut requests = Vec::new();
    for Prepared { run, display, request } in prepared {
        state.displays.insert(run.id, display);
        match request {
            Ok(request) => requests.push(request),
            Err(reason) => run_updates::end_run(state, run.id, Ending::Failed(reason), effects),
        }
    }
    if !requests.is_empty() {
        effects.push(Effect::Ask(requests));
    }
}

/// Prepares one run with its request, or the reason why it cannot be sent.
fn prepare_run(
    state: &mut State,
    target: &AskTarget,
    turn: TurnId,
    question: &RunQuestion,
) -> Prepared {
    let persona = &target.persona;
    let id = state.ids.next_run_id();
    let index = state.ensure_pane(persona);
    let exchanges =
        state.pane_at(index).map(|pane| previous_exchanges(&pane, turn)).unwrap_or_default();
    let ask = SingleAsk {
        persona,
        history: &exchanges,
        question: &question.sent,
        triggered: target.triggered,
        scaffold: true,
    };
    let (run, request) = build_request(state, id, &ask);
    let mut display = RunDisplay::new(Arc::clone(persona), question.clone(), ParsedMarkdown::new());
    display.mode = persona.mode.clone().filter(|_| target.triggered);
    Prepared { run, display, request }
}

/// A question to one persona.
pub(super) struct SingleAsk<'a> {
    pub(super) persona: &'a Persona,
    pub(super) history: &'a [Exchange],
    pub(super) question: &'a str,
    pub(super) triggered: bool,
    /// Whether headings may be written for a small model.
    pub(super) scaffold: bool,
}

/// The run to store, and its request, or why there is none.
pub(super) fn build_request(
    state: &State,
    id: RunId,
    ask: &SingleAsk<'_>,
) -> (NewRun, Result<RunRequest, String>) {
    let persona = ask.persona;
    let answerer = state.roster.answerer(&persona.id).cloned();
    let (model, profile) = match &answerer {
        Ok(answerer) => (answerer.model.clone(), answerer.profile.clone()),
        Err(_) => (ModelRef::none(), ModelProfile::default()),
    };
    let scaffold = profile.scaffold && ask.scaffold;
    let built = prompt::build_prompt(PromptInput {
        persona,
        history: ask.history,
        question: ask.question,
        triggered: ask.triggered,
        model: &model.model,
        profile: &ModelProfile { scaffold, ..profile },
    });
    let mut notes = built.notes;
    notes.set_project(persona.is_project);
    let run = NewRun {
        id,
        persona: persona.id.clone(),
        persona_name: persona.name.clone(),
        view: persona.view.clone(),
        model,
        notes,
    };
    let request = built.too_large.map_or(answerer, Err).map(|answerer| RunRequest {
        run: id,
        persona: persona.id.clone(),
        provider: answerer.model.provider,
        request: built.request,
    });
    (run, request)
}

/// The persona's previous exchanges: its answers to all turns except `now`.
fn previous_exchanges(pane: &Pane<'_>, now: TurnId) -> Vec<Exchange> {
    let answers = pane.answers().into_iter().filter(|run| run.turn != now);
    answers
        .map(|run| Exchange {
            question: Arc::clone(&run.sent),
            answer: Arc::from(run.run.text.as_str()),
        })
        .collect()
}

/// Retries the focused persona's answer.
pub(super) fn retry_focused(state: &mut State, effects: &mut Effects) {
    match state.pane().map(|pane| (pane.runs.is_empty(), pane.is_live())) {
        Some((false, false)) => retry_panes(state, &[state.focused], effects),
        Some((false, true)) => {
            let text = "this answer is still streaming. Press x to cancel it, then r to retry";
            state.show_notice(NoticeLevel::Info, text);
        }
        _ => {}
    }
}

/// Retries every last answer that failed or was cut.
pub(super) fn retry_failed(state: &mut State, effects: &mut Effects) {
    let panes = state.panes().into_iter().enumerate();
    let failed: Vec<usize> =
        panes.filter(|(_, pane)| pane.wants_retry()).map(|(index, _)| index).collect();
    if failed.is_empty() {
        state.show_notice(NoticeLevel::Info, "no answer failed or was cut");
    }
    retry_panes(state, &failed, effects);
}

/// Adds one run to the last turn of each of these panes. Stops at the first persona whose model is missing, because one
/// overlay is enough.
fn retry_panes(state: &mut State, panes: &[usize], effects: &mut Effects) {
    let mut prepared = Vec::new();
    for index in panes {
        let Some(persona) = state.pane_personas.get(*index).cloned() else { continue };
        if download::blocks_on_download(state, std::slice::from_ref(&persona.id)) {
            break;
        }
        let Some(old) = state.pane_at(*index).and_then(|pane| pane.current()) else { continue };
        let (turn, triggered) = (old.turn, old.mode.is_some());
        let question =
            RunQuestion { shown: Arc::clone(&old.question), sent: Arc::clone(&old.sent) };
        let retried = prepare_run(state, &AskTarget { persona, triggered }, turn, &question);
        state.apply_change(Change::Run { turn, run: retried.run.clone() }, effects);
        prepared.push(retried);
    }
    start_prepared(state, prepared, effects);
}

/// Cancels the focused answer; its text stays.
pub(super) fn cancel_focused(state: &mut State, effects: &mut Effects) {
    let current = state.pane().and_then(|pane| pane.current());
    if let Some(run) = current.filter(RunRef::is_live).map(|run| run.id()) {
        cancel_run(state, run, effects);
    }
}

/// Cancels all answers, challenges and briefs.
pub(super) fn cancel_all(state: &mut State, effects: &mut Effects) {
    for run in live_runs(state) {
        cancel_run(state, run, effects);
    }
}

/// Every run that has not ended.
pub(super) fn live_runs(state: &State) -> Vec<RunId> {
    let runs = state.session.iter().flat_map(Session::runs);
    runs.filter(|run| run.state.is_live()).map(|run| run.id).collect()
}

/// Cancels a run. The pane shows it at once; later reports of this run are dropped.
pub(in crate::app) fn cancel_run(state: &mut State, id: RunId, effects: &mut Effects) {
    effects.push(Effect::Cancel(id));
    run_updates::end_run(state, id, Ending::Cancelled, effects);
}
