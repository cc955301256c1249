//! Side turns: a challenge of one recommendation, a brief of a turn. Off unless the user asks for one.
//!
//! Each is a run that appears in no pane, no prompt history and no count of answers.

use std::sync::Arc;

use super::{ask, decide, pull, stream};
use crate::app::overlay::{BriefOverlay, ChallengeOverlay};
use crate::app::run_display::VerifiedBrief;
use crate::app::{
    Effect, Effects, Level, Overlay, RunDisplay, RunQuestion, RunRef, State, ViewKind,
};
use crate::domain::{
    AsideKind, Change, Ending, NewAside, Persona, PersonaId, RecommendationId, RunId, TurnId,
};
use crate::prompt::{self, BriefSource};
use crate::review::{self, QuotedAnswer};
use crate::text::Document;

/// Asks who is to attack the chosen recommendation; on one whose challenge is being written, stops it.
pub(super) fn challenge(state: &mut State, effects: &mut Effects) {
    if state.view != ViewKind::Triage {
        state.tell(Level::Info, "a recommendation is challenged in triage: open it first");
        return;
    }
    let Some((about, ids, authors)) = decide::chosen(state).map(|item| {
        let ids: Vec<RecommendationId> = item.members().map(|m| m.found.id).collect();
        (item.id(), ids, item.panes())
    }) else {
        return;
    };
    let live = ids.iter().flat_map(|id| state.challenges_of(*id)).find(|side| side.run.is_live());
    if let Some(run) = live.map(|side| side.run.id()) {
        state.tell(Level::Info, "the challenge was stopped; ! asks anew");
        return ask::cancel_run(state, run, effects);
    }
    let authors: Vec<PersonaId> =
        authors.iter().filter_map(|at| Some(state.pane_personas.get(*at)?.id.clone())).collect();
    let shown = state.pane_personas.iter().map(|persona| &persona.id);
    let all = shown.chain(state.roster.personas.iter().map(|persona| &persona.id));
    let mut personas: Vec<PersonaId> = Vec::new();
    for id in all.filter(|id| id.as_str() != PersonaId::BRIEF && !authors.contains(id)) {
        if !personas.contains(id) && state.roster.persona(id).is_some() {
            personas.push(id.clone());
        }
    }
    if personas.is_empty() {
        state.tell(Level::Warning, "there is nobody else to ask: every persona proposes this");
        return;
    }
    state.overlays.push(Overlay::Challenge(ChallengeOverlay { about, personas, selected: 0 }));
}

/// The challenger was chosen.
pub(super) fn ask_challenge(
    state: &mut State,
    about: RecommendationId,
    persona: &PersonaId,
    effects: &mut Effects,
) {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Challenge(_)));
    let found = state.recommendation(about).and_then(|found| {
        let display = state.displays.get(found.run)?;
        let text = display.document.source().get(found.span.clone())?;
        Some((Arc::clone(&display.sent), text.to_owned()))
    });
    let Some((question, text)) = found else { return };
    let (Some(persona), number) =
        (state.roster.persona(persona).cloned(), state.ids.turn().number())
    else {
        return;
    };
    let limit = limit(state, &persona);
    let question = prompt::challenge_question(&question, &text, limit, number);
    let kind = AsideKind::Challenge(about);
    if start(state, kind, &persona, question, Vec::new(), effects).is_some() {
        let name = crate::text::sanitize_line(&persona.name);
        state.tell(
            Level::Info,
            format!("{name} is asked to attack it; the reply stands below the source"),
        );
    }
}

/// Shows the brief of the last turn; writes it first when there is none.
pub(super) fn brief(state: &mut State, effects: &mut Effects) {
    // A question to one persona has no brief: the previous one has.
    let turns = state.turns();
    let compared = turns.iter().rfind(|turn| turn_answers(state, turn.id).len() > 1);
    let Some(turn) = compared.or(turns.last()).map(|turn| turn.id) else {
        state.tell(Level::Info, "ask something first: a brief is made of answers");
        return;
    };
    let known = state.brief_of(turn).map(|side| side.run);
    match known.filter(|run| run.is_live() || !run.document.is_empty()).map(|run| run.id()) {
        Some(run) => show_brief(state, run),
        None => write_brief(state, turn, effects),
    }
}

fn show_brief(state: &mut State, run: RunId) {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Brief(_)));
    verify_brief(state, run);
    state.overlays.push(Overlay::Brief(BriefOverlay { run, selected: 0 }));
}

/// Writes the brief that is shown anew.
pub(super) fn rewrite(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Brief(shown)) = state.overlays.last() else { return };
    let turn = state.side_turn_of_run(shown.run).and_then(|side| match side.kind {
        AsideKind::Brief(turn) if !side.run.is_live() => Some(turn),
        _ => None,
    });
    if let Some(turn) = turn {
        write_brief(state, turn, effects);
    }
}

/// Stops writing the brief that is shown.
pub(super) fn stop_brief(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Brief(shown)) = state.overlays.last() else { return };
    let run = shown.run;
    if state.run(run).is_some_and(|run| run.is_live()) {
        ask::cancel_run(state, run, effects);
    }
}

fn write_brief(state: &mut State, turn: TurnId, effects: &mut Effects) {
    if state.panes().iter().any(crate::app::Pane::is_live) {
        state.tell(Level::Info, "answers are still streaming: a brief is made of whole ones");
        return;
    }
    let Some(writer) =
        PersonaId::parse(PersonaId::BRIEF).and_then(|id| state.roster.persona(&id).cloned())
    else {
        state.tell(Level::Error, "there is no persona \"brief\" that could write it");
        return;
    };
    let limit = limit(state, &writer);
    let number = state.ids.turn().number();
    let answers = turn_answers(state, turn);
    let sources: Vec<BriefSource<'_>> = answers
        .iter()
        .map(|run| BriefSource {
            id: run.run.persona.as_str(),
            name: &run.display.persona.name,
            text: run.display.document.source(),
        })
        .collect();
    let question = answers.first().map(|run| Arc::clone(&run.sent));
    let asked = question
        .filter(|_| sources.len() > 1)
        .map(|question| prompt::brief_question(&question, &sources, limit, number));
    let Some(asked) = asked else {
        state.tell(Level::Info, "a brief is made of at least two answers");
        return;
    };
    let notes = asked.note.into_iter().collect();
    if let Some(run) = start(state, AsideKind::Brief(turn), &writer, asked.text, notes, effects) {
        show_brief(state, run);
    }
}

/// The tokens that a question to this persona may have, where that is known.
fn limit(state: &State, persona: &Persona) -> Option<u32> {
    let model = state.roster.answerer(&persona.id).ok().and_then(|a| a.profile.context);
    [model, persona.context_limit].into_iter().flatten().min()
}

/// The answers to a turn that have text, in the order of the panes.
pub(super) fn turn_answers(state: &State, turn: TurnId) -> Vec<RunRef<'_>> {
    let Some(turn) = state.turns().iter().find(|known| known.id == turn) else { return Vec::new() };
    let answers = state.pane_personas.iter().filter_map(|persona| turn.answer_of(&persona.id));
    answers.filter(|run| run.has_text()).filter_map(|run| state.run(run.id)).collect()
}

/// Starts a side turn; none when its model is missing, which an overlay says.
fn start(
    state: &mut State,
    kind: AsideKind,
    persona: &Arc<Persona>,
    question: String,
    notes: Vec<String>,
    effects: &mut Effects,
) -> Option<RunId> {
    let session = state.session_id()?;
    if pull::blocks(state, std::slice::from_ref(&persona.id)) {
        return None;
    }
    let (id, turn) = (state.ids.run(), state.ids.turn());
    let single = ask::SingleAsk {
        persona,
        history: &[],
        question: &question,
        triggered: false,
        // The headings of a contract are an answer's, not a challenge's.
        scaffold: matches!(kind, AsideKind::Brief(_)),
    };
    let (mut run, request) = ask::build_request(state, id, &single);
    run.notes.extend(notes);
    let text: Arc<str> = Arc::from(question.as_str());
    let run_question = RunQuestion { shown: Arc::clone(&text), sent: text };
    let display = RunDisplay::new(Arc::clone(persona), run_question, Document::new());
    let aside = NewAside { id: turn, kind, question, at: state.clock.unix_ms, run };
    state.apply_change(Change::Aside { session, aside }, effects);
    state.displays.insert(id, display);
    match request {
        Ok(order) => effects.push(Effect::Ask(vec![order])),
        Err(why) => stream::end_run(state, id, Ending::Failed(why), effects),
    }
    Some(id)
}

/// Verifies the brief that run `run` writes, while it is displayed.
pub(super) fn on_run_updates(state: &mut State, run: RunId) {
    let is_shown = |overlay: &Overlay| matches!(overlay, Overlay::Brief(brief) if brief.run == run);
    if state.overlays.iter().any(is_shown) {
        verify_brief(state, run);
    }
}

/// Verifies the quotes of a brief against the answers; only when another line is complete, or the run has ended.
fn verify_brief(state: &mut State, run: RunId) {
    let Some(side) = state.side_turn_of_run(run) else { return };
    let AsideKind::Brief(turn) = side.kind else { return };
    let source = side.run.display.document.source();
    let ended = !side.run.is_live();
    let complete = if ended { source.len() } else { source.rfind('\n').map_or(0, |at| at + 1) };
    if side.run.brief.verified == Some((complete, ended)) {
        return;
    }
    let text = source.get(..complete).unwrap_or_default();
    let answers = turn_answers(state, turn);
    let witnesses: Vec<QuotedAnswer<'_>> = answers
        .iter()
        .map(|run| QuotedAnswer {
            id: run.run.persona.as_str(),
            name: &run.display.persona.name,
            text: run.display.document.source(),
        })
        .collect();
    let promised = &side.run.display.persona.contract.sections;
    let headings: Vec<&str> = promised.iter().map(|section| section.title.as_str()).collect();
    let lines = review::verify_brief(text, &headings, &witnesses, ended);
    if let Some(display) = state.displays.get_mut(run) {
        display.brief = VerifiedBrief { lines, verified: Some((complete, ended)) };
    }
}
