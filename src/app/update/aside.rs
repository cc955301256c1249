//! Model calls beside the conversation: a challenge of one recommendation, a brief of a turn. Off unless asked for.
//!
//! Each is a run of its own that no pane, no history and no count of answers knows. Called by `keys`, and by `stream` when
//! such a run has reported.

use std::sync::Arc;

use super::{ask, download, stream};
use crate::app::effect::Order;
use crate::app::{AsideView, Effect, Effects, Level, Overlay, RunView, State};
use crate::domain::{
    AsideKind, Change, Ending, ModelProfile, ModelRef, NewAside, NewRun, Persona, PersonaId,
    RecommendationId, RunId, RunState, TurnId,
};
use crate::prompt::{self, Ask, Source};
use crate::review::{Witness, check_brief};
use crate::text::Document;

/// Asks `persona` to challenge a recommendation.
pub(in crate::app) fn ask_challenge(
    state: &mut State,
    about: RecommendationId,
    persona: &PersonaId,
    effects: &mut Effects,
) {
    let found = state.panes.iter().flat_map(|pane| &pane.runs).find_map(|view| {
        let found = view.run.recommendations.iter().flatten().find(|r| r.id == about)?;
        let text = view.document.source().get(found.span.clone())?;
        Some((Arc::clone(&view.sent), text.to_owned()))
    });
    let Some((question, text)) = found else { return };
    let (Some(persona), number) =
        (state.roster.persona(persona).cloned(), state.ids.turn().number())
    else {
        return;
    };
    let limit = limit(state, &persona);
    let question = prompt::challenge(&question, &text, limit, number);
    let kind = AsideKind::Challenge(about);
    if start(state, kind, &persona, question, Vec::new(), effects).is_some() {
        let name = crate::text::sanitize_line(&persona.name);
        state.tell(Level::Info, format!("asking {name}; the reply appears below the source"));
    }
}

/// The turn that a brief would be about: the last one with several answers, else the last one.
pub(in crate::app) fn brief_turn(state: &State) -> Option<TurnId> {
    // A question to one persona has no brief: the one before has.
    let mut turns = state.session.turns.iter().rev();
    let compared = turns.find(|turn| answers(state, **turn).count() > 1);
    compared.or(state.session.turns.last()).copied()
}

/// Has the brief of `turn` written; none when that is not possible, which a notice says.
pub(in crate::app) fn write_brief(
    state: &mut State,
    turn: TurnId,
    effects: &mut Effects,
) -> Option<RunId> {
    if state.panes.iter().any(crate::app::Pane::is_live) {
        state.tell(Level::Info, "answers are still coming: a brief is made of whole ones");
        return None;
    }
    let Some(writer) =
        PersonaId::parse(PersonaId::BRIEF).and_then(|id| state.roster.persona(&id).cloned())
    else {
        state.tell(Level::Error, "there is no persona \"brief\" that could write it");
        return None;
    };
    let limit = limit(state, &writer);
    let number = state.ids.turn().number();
    let asked = {
        let answers: Vec<(&crate::app::Pane, &RunView)> = answers(state, turn).collect();
        let sources: Vec<Source<'_>> = answers
            .iter()
            .map(|(pane, view)| Source {
                id: pane.persona.id.as_str(),
                name: &pane.persona.name,
                text: view.document.source(),
            })
            .collect();
        let question = answers.first().map(|(_, view)| Arc::clone(&view.sent));
        question.filter(|_| sources.len() > 1).map(|q| prompt::brief(&q, &sources, limit, number))
    };
    let Some(asked) = asked else {
        state.tell(Level::Info, "a brief is made of at least two answers");
        return None;
    };
    let notes = asked.note.into_iter().collect();
    start(state, AsideKind::Brief(turn), &writer, asked.text, notes, effects)
}

/// The tokens that a question to this persona may have, where that is known.
fn limit(state: &State, persona: &Persona) -> Option<u32> {
    let model = state.roster.answerer(&persona.id).ok().and_then(|a| a.profile.context);
    [model, persona.context_limit].into_iter().flatten().min()
}

/// The answers to a turn that have text: of each pane the last.
fn answers(state: &State, turn: TurnId) -> impl Iterator<Item = (&crate::app::Pane, &RunView)> {
    state.panes.iter().filter_map(move |pane| {
        let said = |view: &&RunView| view.turn == turn && !view.document.is_empty();
        Some((pane, pane.runs.iter().rfind(said)?))
    })
}

/// Makes run and order; none when its model is not there, which an overlay says.
fn start(
    state: &mut State,
    kind: AsideKind,
    persona: &Arc<Persona>,
    question: String,
    mut notes: Vec<String>,
    effects: &mut Effects,
) -> Option<RunId> {
    let session = state.session.id?;
    if download::blocks_on_download(state, std::slice::from_ref(&persona.id)) {
        return None;
    }
    let answerer = state.roster.answerer(&persona.id).cloned();
    let nobody = || ModelRef { provider: "none".into(), model: String::new() };
    let (model, profile) = answerer.as_ref().map_or_else(
        |_| (nobody(), ModelProfile::default()),
        |a| (a.model.clone(), a.profile.clone()),
    );
    // The headings of a contract are an answer's, not a challenge's.
    let scaffold = profile.scaffold && matches!(kind, AsideKind::Brief(_));
    let built = prompt::build(Ask {
        persona,
        history: &[],
        question: &question,
        triggered: false,
        model: &model.model,
        profile: &ModelProfile { scaffold, ..profile },
    });
    notes.splice(0..0, built.notes.clone());
    let (id, turn) = (state.ids.run(), state.ids.turn());
    let (persona_name, view) = (persona.name.clone(), persona.view.clone());
    let run = NewRun { id, persona: persona.id.clone(), persona_name, view, model, notes };
    let mut view = ask::new_view(&run, ask::Question::aside(turn, &question), None);
    let new = NewAside { id: turn, kind, question, at: state.clock.unix_ms, run };
    effects.push(Effect::Save(Change::Aside { session, aside: new }));
    match built.too_large.map_or(answerer, Err) {
        Ok(answerer) => {
            let provider = answerer.model.provider;
            let order =
                Order { run: id, persona: persona.id.clone(), provider, request: built.request };
            effects.push(Effect::Ask(vec![order]));
        }
        Err(why) => stream::end(&mut view, Ending::Failed(why), state.clock, effects),
    }
    let persona = Arc::clone(persona);
    state.asides.0.push(AsideView { kind, persona, view, lines: Vec::new(), checked: None });
    Some(id)
}

/// A run of an aside has reported: the lines of a brief are checked as far as they are whole.
pub(super) fn reported(state: &mut State, run: RunId) {
    let brief = |a: &AsideView| matches!(a.kind, AsideKind::Brief(_));
    let shown = state.overlays.iter().any(|o| matches!(o, Overlay::Brief(b) if b.run == run));
    if shown && state.asides.of_run(run).is_some_and(brief) {
        check_brief_lines(state, run);
    }
}

/// Checks the quotes of a brief against the answers; only when another line is whole, or it has ended.
pub(in crate::app) fn check_brief_lines(state: &mut State, run: RunId) {
    let Some(aside) = state.asides.of_run(run) else { return };
    let AsideKind::Brief(turn) = aside.kind else { return };
    let source = aside.view.document.source();
    let over = !aside.view.is_live();
    let whole = if over { source.len() } else { source.rfind('\n').map_or(0, |at| at + 1) };
    if aside.checked == Some((whole, over)) {
        return;
    }
    let text = source.get(..whole).unwrap_or_default();
    let witnesses: Vec<Witness<'_>> = answers(state, turn)
        .map(|(pane, view)| Witness {
            id: pane.persona.id.as_str(),
            name: &pane.persona.name,
            text: view.document.source(),
        })
        .collect();
    let writer = state.asides.of_run(run).map(|aside| Arc::clone(&aside.persona));
    let promised = writer.iter().flat_map(|writer| &writer.contract.sections);
    let headings: Vec<&str> = promised.map(|section| section.title.as_str()).collect();
    let lines = check_brief(text, &headings, &witnesses, over);
    if let Some(aside) = state.asides.0.iter_mut().find(|aside| aside.view.id() == run) {
        (aside.lines, aside.checked) = (lines, Some((whole, over)));
    }
}

/// An aside of the store, to be shown again.
pub(super) fn resumed(persona: Arc<Persona>, aside: crate::domain::Aside) -> AsideView {
    let mut run = aside.run;
    if run.state.is_live() {
        run.state = RunState::Ended(Ending::Cut("it was not written to its end".to_owned()));
    }
    let mut document = Document::of(&run.text);
    // Nobody colours code beside the panes.
    drop(document.take_jobs());
    let question: Arc<str> = Arc::from(aside.question.as_str());
    let view = RunView::stored(run, aside.id, Arc::clone(&question), question, document);
    AsideView { kind: aside.kind, persona, view, lines: Vec::new(), checked: None }
}
