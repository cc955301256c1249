//! Side turns: challenges of recommendations and briefs of turns, only at the user's request.
//!
//! The run of a side turn does not appear in panes, prompt history or answer counts.

use std::sync::Arc;

use super::{ask, download, run_updates};
use crate::app::{Effect, Effects, NoticeLevel, RunDisplay, RunQuestion, State};
use crate::domain::{
    Change, Ending, NewSideTurn, Persona, PersonaId, RecommendationId, RunId, SideTurnKind, TurnId,
};
use crate::prompt::{self, BriefSource};
use crate::text::ParsedMarkdown;

/// Asks `persona` to challenge a recommendation.
pub(in crate::app) fn ask_challenge(
    state: &mut State,
    about: RecommendationId,
    persona: &PersonaId,
    effects: &mut Effects,
) {
    let found = state.recommendation(about).and_then(|found| {
        let display = state.displays.get(found.run)?;
        let text = display.document.source().get(found.span.clone())?;
        Some((Arc::clone(&display.sent), text.to_owned()))
    });
    let Some((question, text)) = found else { return };
    let (Some(persona), number) =
        (state.roster.persona(persona).cloned(), state.ids.next_fence_number())
    else {
        return;
    };
    let limit = question_limit(state, &persona);
    let question = prompt::challenge_question(&question, &text, limit, number);
    let kind = SideTurnKind::Challenge(about);
    if start_side_turn(state, kind, &persona, question, Vec::new(), effects).is_some() {
        let name = crate::text::sanitize_line(&persona.display_name());
        state.show_notice(
            NoticeLevel::Info,
            format!("asking {name}; the reply appears below the source"),
        );
    }
}

/// The turn to summarise: the last one with several answers, else the last one.
pub(in crate::app) fn brief_turn(state: &State) -> Option<TurnId> {
    // A question to one persona cannot have a brief, so the previous one is used.
    let turns = state.turns();
    let compared = turns.iter().rfind(|turn| state.turn_answers(turn.id).len() > 1);
    compared.or(turns.last()).map(|turn| turn.id)
}

/// Starts the run that writes the brief of `turn`. None when that is not possible; a notice says why.
pub(in crate::app) fn write_brief(
    state: &mut State,
    turn: TurnId,
    effects: &mut Effects,
) -> Option<RunId> {
    if state.panes().iter().any(crate::app::Pane::is_live) {
        state.show_notice(
            NoticeLevel::Info,
            "answers are still streaming: a brief needs complete ones",
        );
        return None;
    }
    let Some(writer) =
        PersonaId::parse(PersonaId::BRIEF).and_then(|id| state.roster.persona(&id).cloned())
    else {
        state.show_notice(
            NoticeLevel::Error,
            "the persona \"brief\", which writes briefs, is missing",
        );
        return None;
    };
    let limit = question_limit(state, &writer);
    let number = state.ids.next_fence_number();
    let answers = state.turn_answers(turn);
    let names: Vec<_> = answers.iter().map(|run| run.display.persona.display_name()).collect();
    let sources: Vec<BriefSource<'_>> = answers
        .iter()
        .zip(&names)
        .map(|(run, name)| BriefSource {
            id: run.run.persona.as_str(),
            name,
            text: run.display.document.source(),
        })
        .collect();
    let question = answers.first().map(|run| Arc::clone(&run.sent));
    let asked = question
        .filter(|_| sources.len() > 1)
        .map(|question| prompt::brief_question(&question, &sources, limit, number));
    let Some(asked) = asked else {
        state.show_notice(NoticeLevel::Info, "a brief needs at least two answers");
        return None;
    };
    let notes = asked.note.into_iter().collect();
    start_side_turn(state, SideTurnKind::Brief(turn), &writer, asked.text, notes, effects)
}

/// Maximum number of tokens of a question to this persona, if known.
fn question_limit(state: &State, persona: &Persona) -> Option<u32> {
    let model = state.roster.answerer(&persona.id).ok().and_then(|a| a.profile.context);
    [model, persona.context_limit].into_iter().flatten().min()
}

/// Starts a side turn. None when its model is missing; an overlay says so.
fn start_side_turn(
    state: &mut State,
    kind: SideTurnKind,
    persona: &Arc<Persona>,
    question: String,
    notes: Vec<String>,
    effects: &mut Effects,
) -> Option<RunId> {
    let session = state.session_id()?;
    if download::blocks_on_download(state, std::slice::from_ref(&persona.id)) {
        return None;
    }
    let (id, turn) = (state.ids.next_run_id(), state.ids.next_turn_id());
    let single = ask::SingleAsk {
        persona,
        history: &[],
        question: &question,
        triggered: false,
        // A challenge does not have the headings of the contract.
        scaffold: matches!(kind, SideTurnKind::Brief(_)),
    };
    let (mut run, request) = ask::build_request(state, id, &single);
    run.notes.extend(notes);
    let text: Arc<str> = Arc::from(question.as_str());
    let run_question = RunQuestion { shown: Arc::clone(&text), sent: text };
    let display = RunDisplay::new(Arc::clone(persona), run_question, ParsedMarkdown::new());
    let side_turn = NewSideTurn { id: turn, kind, question, at: state.clock.unix_ms, run };
    state.apply_change(Change::SideTurn { session, side_turn: Box::new(side_turn) }, effects);
    state.displays.insert(id, display);
    match request {
        Ok(request) => effects.push(Effect::Ask(vec![request])),
        Err(reason) => run_updates::end_run(state, id, Ending::Failed(reason), effects),
    }
    Some(id)
}
