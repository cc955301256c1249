//! Model calls beside the conversation: a challenge of one recommendation, a brief of a turn. Off unless asked for.
//!
//! Each is a run of its own that no pane, no history and no count of answers knows. Called by `keys`, and by `stream` when
//! such a run has reported.

use std::sync::Arc;

use super::{ask, decide, pull, stream};
use crate::app::effect::Order;
use crate::app::overlay::{BriefOverlay, ChallengeOverlay};
use crate::app::{AsideView, Effect, Level, Overlay, RunView, State, ViewKind};
use crate::domain::{
    AsideKind, Change, Ending, ModelProfile, ModelRef, NewAside, NewRun, Persona, PersonaId,
    RecommendationId, RunId, RunState, TurnId,
};
use crate::prompt::{self, BriefSource, PromptInput};
use crate::review::{QuotedAnswer, verify_brief};
use crate::text::Document;

/// Asks who is to attack the chosen recommendation; on one whose challenge is being written, stops it.
pub(super) fn challenge(state: &mut State) -> Vec<Effect> {
    if state.view != ViewKind::Triage {
        state.tell(Level::Info, "a recommendation is challenged in triage: open it first");
        return Vec::new();
    }
    let Some((about, ids, authors)) = decide::chosen(state).map(|item| {
        let ids: Vec<RecommendationId> = item.members().map(|m| m.found.id).collect();
        (item.id(), ids, item.panes())
    }) else {
        return Vec::new();
    };
    let live = ids.iter().flat_map(|id| state.asides.challenges(*id)).find(|a| a.view.is_live());
    if let Some(run) = live.map(|aside| aside.view.id()) {
        state.tell(Level::Info, "the challenge was stopped; ! asks anew");
        return ask::stop(state, run);
    }
    let authors: Vec<PersonaId> =
        authors.iter().filter_map(|at| Some(state.panes.get(*at)?.persona.id.clone())).collect();
    let shown = state.panes.iter().map(|pane| &pane.persona.id);
    let all = shown.chain(state.roster.personas.iter().map(|persona| &persona.id));
    let mut personas: Vec<PersonaId> = Vec::new();
    for id in all.filter(|id| id.as_str() != PersonaId::BRIEF && !authors.contains(id)) {
        if !personas.contains(id) && state.roster.persona(id).is_some() {
            personas.push(id.clone());
        }
    }
    if personas.is_empty() {
        state.tell(Level::Warning, "there is nobody else to ask: every persona proposes this");
        return Vec::new();
    }
    state.overlays.push(Overlay::Challenge(ChallengeOverlay { about, personas, selected: 0 }));
    Vec::new()
}

/// The challenger was chosen.
pub(super) fn ask_challenge(
    state: &mut State,
    about: RecommendationId,
    persona: &PersonaId,
) -> Vec<Effect> {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Challenge(_)));
    let found = state.panes.iter().flat_map(|pane| &pane.runs).find_map(|view| {
        let found = view.run.recommendations.iter().flatten().find(|r| r.id == about)?;
        let text = view.document.source().get(found.span.clone())?;
        Some((Arc::clone(&view.sent), text.to_owned()))
    });
    let Some((question, text)) = found else { return Vec::new() };
    let (Some(persona), number) =
        (state.roster.persona(persona).cloned(), state.ids.turn().number())
    else {
        return Vec::new();
    };
    let limit = limit(state, &persona);
    let question = prompt::challenge_question(&question, &text, limit, number);
    let started = start(state, AsideKind::Challenge(about), &persona, question, Vec::new());
    started.map_or_else(Vec::new, |(_, effects)| {
        let name = crate::text::sanitize_line(&persona.name);
        state.tell(
            Level::Info,
            format!("{name} is asked to attack it; the reply stands below the source"),
        );
        effects
    })
}

/// Shows the brief of the last turn; writes it first when there is none.
pub(super) fn brief(state: &mut State) -> Vec<Effect> {
    // A question to one persona has no brief: the one before has.
    let mut turns = state.session.turns.iter().rev();
    let compared = turns.find(|turn| answers(state, **turn).count() > 1);
    let Some(turn) = compared.or(state.session.turns.last()).copied() else {
        state.tell(Level::Info, "ask something first: a brief is made of answers");
        return Vec::new();
    };
    let known = state
        .asides
        .brief(turn)
        .map(|aside| (aside.view.id(), aside.view.document.is_empty() && !aside.view.is_live()));
    match known {
        Some((run, false)) => {
            show_brief(state, run);
            Vec::new()
        }
        _ => write_brief(state, turn),
    }
}

fn show_brief(state: &mut State, run: RunId) {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Brief(_)));
    check(state, run);
    state.overlays.push(Overlay::Brief(BriefOverlay { run, selected: 0 }));
}

/// Writes the brief that is shown anew.
pub(super) fn rewrite(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Brief(shown)) = state.overlays.last() else { return Vec::new() };
    let turn = state.asides.of_run(shown.run).and_then(|aside| match aside.kind {
        AsideKind::Brief(turn) if !aside.view.is_live() => Some(turn),
        _ => None,
    });
    match turn {
        Some(turn) => write_brief(state, turn),
        None => Vec::new(),
    }
}

/// Stops writing the brief that is shown.
pub(super) fn stop_brief(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Brief(shown)) = state.overlays.last() else { return Vec::new() };
    let run = shown.run;
    let live = state.asides.of_run(run).is_some_and(|aside| aside.view.is_live());
    if live { ask::stop(state, run) } else { Vec::new() }
}

fn write_brief(state: &mut State, turn: TurnId) -> Vec<Effect> {
    if state.panes.iter().any(crate::app::Pane::is_live) {
        state.tell(Level::Info, "answers are still coming: a brief is made of whole ones");
        return Vec::new();
    }
    let Some(writer) =
        PersonaId::parse(PersonaId::BRIEF).and_then(|id| state.roster.persona(&id).cloned())
    else {
        state.tell(Level::Error, "there is no persona \"brief\" that could write it");
        return Vec::new();
    };
    let limit = limit(state, &writer);
    let number = state.ids.turn().number();
    let asked = {
        let answers: Vec<(&crate::app::Pane, &RunView)> = answers(state, turn).collect();
        let sources: Vec<BriefSource<'_>> = answers
            .iter()
            .map(|(pane, view)| BriefSource {
                id: pane.persona.id.as_str(),
                name: &pane.persona.name,
                text: view.document.source(),
            })
            .collect();
        let question = answers.first().map(|(_, view)| Arc::clone(&view.sent));
        question
            .filter(|_| sources.len() > 1)
            .map(|q| prompt::brief_question(&q, &sources, limit, number))
    };
    let Some(asked) = asked else {
        state.tell(Level::Info, "a brief is made of at least two answers");
        return Vec::new();
    };
    let notes = asked.note.into_iter().collect();
    match start(state, AsideKind::Brief(turn), &writer, asked.text, notes) {
        Some((run, effects)) => {
            show_brief(state, run);
            effects
        }
        None => Vec::new(),
    }
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
) -> Option<(RunId, Vec<Effect>)> {
    let session = state.session.id?;
    if pull::blocks(state, std::slice::from_ref(&persona.id)) {
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
    let built = prompt::build_prompt(PromptInput {
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
    let mut effects = Vec::new();
    let new = NewAside { id: turn, kind, question, at: state.clock.unix_ms, run };
    effects.push(Effect::Save(Change::Aside { session, aside: new }));
    match built.too_large.map_or(answerer, Err) {
        Ok(answerer) => {
            let provider = answerer.model.provider;
            let order =
                Order { run: id, persona: persona.id.clone(), provider, request: built.request };
            effects.push(Effect::Ask(vec![order]));
        }
        Err(why) => stream::end(&mut view, Ending::Failed(why), state.clock, &mut effects),
    }
    let persona = Arc::clone(persona);
    state.asides.0.push(AsideView { kind, persona, view, lines: Vec::new(), checked: None });
    Some((id, effects))
}

/// A run of an aside has reported: the lines of a brief are checked as far as they are whole.
pub(super) fn reported(state: &mut State, run: RunId) {
    let brief = |a: &AsideView| matches!(a.kind, AsideKind::Brief(_));
    let shown = state.overlays.iter().any(|o| matches!(o, Overlay::Brief(b) if b.run == run));
    if shown && state.asides.of_run(run).is_some_and(brief) {
        check(state, run);
    }
}

/// Checks the quotes of a brief against the answers; only when another line is whole, or it has ended.
fn check(state: &mut State, run: RunId) {
    let Some(aside) = state.asides.of_run(run) else { return };
    let AsideKind::Brief(turn) = aside.kind else { return };
    let source = aside.view.document.source();
    let over = !aside.view.is_live();
    let whole = if over { source.len() } else { source.rfind('\n').map_or(0, |at| at + 1) };
    if aside.checked == Some((whole, over)) {
        return;
    }
    let text = source.get(..whole).unwrap_or_default();
    let witnesses: Vec<QuotedAnswer<'_>> = answers(state, turn)
        .map(|(pane, view)| QuotedAnswer {
            id: pane.persona.id.as_str(),
            name: &pane.persona.name,
            text: view.document.source(),
        })
        .collect();
    let writer = state.asides.of_run(run).map(|aside| Arc::clone(&aside.persona));
    let promised = writer.iter().flat_map(|writer| &writer.contract.sections);
    let headings: Vec<&str> = promised.map(|section| section.title.as_str()).collect();
    let lines = verify_brief(text, &headings, &witnesses, over);
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
