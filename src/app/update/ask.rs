//! Asking: a question to everyone or to some, asking anew, cancelling. Makes runs and orders; what runs report is
//! `stream`'s.

use std::sync::Arc;

use super::lift;
use super::pull::{self, Gate};
use super::session::pane_of;
use super::stream;
use crate::app::effect::Order;
use crate::app::{Effect, Focus, Level, RunView, State};
use crate::domain::{
    Change, Ending, ModelProfile, ModelRef, NewRun, Persona, PersonaId, RunId, RunState, TurnId,
};
use crate::prompt::{self, AddressedQuestion, Exchange, PromptInput};
use crate::text::{Document, sanitize};

/// Sends what is in the composer.
pub(super) fn send(state: &mut State) -> Vec<Effect> {
    let Some(text) = state.composer.question() else {
        state.tell(Level::Info, "write a question first, or press Alt-1 to Alt-3 for an example");
        return Vec::new();
    };
    match ask(state, &text) {
        Ok(Asked::Gone(effects)) => {
            state.composer.sent();
            effects
        }
        Ok(Asked::Held) => Vec::new(),
        Err(why) => not_asked(state, why),
    }
}

/// Asks a question that comes from elsewhere: the command line, an example. One that cannot be asked is left in the composer.
pub(super) fn question(state: &mut State, text: &str) -> Vec<Effect> {
    let asked = if text.trim().is_empty() {
        Err("the question is empty".to_owned())
    } else {
        ask(state, text.trim())
    };
    match asked {
        Ok(Asked::Gone(effects)) => {
            state.composer.remember(text);
            effects
        }
        Ok(Asked::Held) => {
            state.composer.set(text);
            Vec::new()
        }
        Err(why) => {
            state.composer.set(text);
            not_asked(state, why)
        }
    }
}

/// Asks a question that waited for a model; what is being written meanwhile is not disturbed.
pub(super) fn waited(state: &mut State, text: &str) -> Vec<Effect> {
    match ask(state, text) {
        Ok(Asked::Gone(effects)) => effects,
        held => {
            if state.composer.is_empty() {
                state.composer.set(text);
            }
            state.composer.remember(text);
            held.map_or_else(|why| not_asked(state, why), |_| Vec::new())
        }
    }
}

fn not_asked(state: &mut State, why: String) -> Vec<Effect> {
    state.tell(Level::Warning, why);
    Vec::new()
}

/// What became of a question that could be asked.
enum Asked {
    /// It was sent, or waits for a model and will be.
    Gone(Vec<Effect>),
    /// A model is not there: the person decides first.
    Held,
}

/// Splits a question into its addressees and its words.
pub(super) fn addressed(state: &State, text: &str) -> AddressedQuestion {
    let known: Vec<PersonaId> = state.roster.personas.iter().map(|p| p.id.clone()).collect();
    prompt::split_mentions(text, &known)
}

/// One persona to be asked.
struct Target {
    persona: Arc<Persona>,
    triggered: bool,
}

fn ask(state: &mut State, text: &str) -> Result<Asked, String> {
    let to = addressed(state, text);
    if let Some(word) = to.unknown.first() {
        let all = state.roster.personas.iter().map(|p| p.id.as_str());
        let ids: Vec<&str> = all.filter(|id| *id != PersonaId::BRIEF).collect();
        return Err(format!("nobody is called @{word}; there are @{}", ids.join(", @")));
    }
    if to.text.trim().is_empty() {
        return Err("the question names someone but asks nothing".to_owned());
    }
    let targets = targets(state, &to);
    if targets.is_empty() {
        return Err(
            "the panel is empty: name someone with @, or choose a panel with --panel".to_owned()
        );
    }
    if targets.iter().any(|t| busy(state, &t.persona.id)) {
        return Err(
            "an answer is still coming there: wait, or cancel it with x (X cancels all)".to_owned()
        );
    }
    let personas: Vec<PersonaId> = targets.iter().map(|t| t.persona.id.clone()).collect();
    Ok(match pull::gate(state, &personas, text)? {
        Gate::Open => Asked::Gone(begin(state, text, &to.text, &targets)),
        Gate::Waits(effects) => Asked::Gone(effects),
        Gate::Asks => Asked::Held,
    })
}

fn busy(state: &State, id: &PersonaId) -> bool {
    state.panes.iter().any(|p| p.persona.id == *id && p.is_live())
}

/// Who is asked: those named, or the panel and whoever a trigger brings in.
fn targets(state: &State, to: &AddressedQuestion) -> Vec<Target> {
    // What is attached is not what is asked: a runbook that says "server is down" triggers nobody.
    let words = prompt::outline_question(&to.text);
    let active = |p: &Persona| {
        !p.triggers.is_empty()
            && prompt::is_triggered(p, &words)
            && !state.dismissed.contains(&p.id)
    };
    let mut ids: Vec<PersonaId> = if to.targets.is_empty() {
        state.roster.panel.personas.clone()
    } else {
        to.targets.clone()
    };
    if to.targets.is_empty() {
        let joins = state.roster.personas.iter().filter(|p| active(p)).map(|p| p.id.clone());
        let joins: Vec<PersonaId> = joins.filter(|id| !ids.contains(id)).collect();
        ids.extend(joins);
    }
    ids.iter()
        .filter_map(|id| state.roster.persona(id).cloned())
        .map(|persona| Target { triggered: active(&persona), persona })
        .collect()
}

/// Makes turn, runs and orders; the turn is written down before the first request leaves.
fn begin(state: &mut State, text: &str, sent: &str, targets: &[Target]) -> Vec<Effect> {
    let session = *state.session.id.get_or_insert_with(|| state.ids.session());
    if state.session.turns.is_empty() {
        state.session.title = prompt::title_from_question(sent);
    }
    let turn = state.ids.turn();
    state.session.turns.push(turn);
    let shown: Arc<str> = Arc::from(sanitize(&prompt::outline_question(text)));
    let sent: Arc<str> = Arc::from(sent);
    let (mut runs, mut orders, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for target in targets {
        let question = Question { turn, shown: Arc::clone(&shown), sent: Arc::clone(&sent) };
        let started = start(state, target, question);
        runs.push(started.run);
        orders.extend(started.order);
        failed.extend(started.failed);
    }
    if targets.len() == 1
        && let Some(at) = targets.first().and_then(|t| position(state, &t.persona.id))
    {
        state.focused = at;
    }
    state.focus = Focus::Panes;
    state.completion = None;
    state.dismissed.clear();
    state.notice = None;
    let mut effects = vec![Effect::Save(Change::Turn {
        session,
        title: state.session.title.clone(),
        panel: state.roster.panel.name.clone(),
        turn,
        question: text.to_owned(),
        at: state.clock.unix_ms,
        runs,
    })];
    effects.extend(failed);
    effects.push(Effect::Ask(orders));
    effects
}

fn position(state: &State, id: &PersonaId) -> Option<usize> {
    state.panes.iter().position(|p| p.persona.id == *id)
}

/// What a run answers.
#[derive(Clone)]
pub(super) struct Question {
    turn: TurnId,
    shown: Arc<str>,
    sent: Arc<str>,
}

impl Question {
    /// The question of an aside.
    pub(super) fn aside(turn: TurnId, text: &str) -> Self {
        let text: Arc<str> = Arc::from(text);
        Self { turn, shown: Arc::clone(&text), sent: text }
    }
}

struct Started {
    run: NewRun,
    order: Option<Order>,
    failed: Vec<Effect>,
}

/// One run begins: in its pane, as an order, or failed at once when no model is there to answer.
fn start(state: &mut State, target: &Target, question: Question) -> Started {
    let persona = &target.persona;
    let id = state.ids.run();
    let at = pane_of(state, persona);
    let history = state.panes.get(at).map(|p| history(&p.runs, question.turn)).unwrap_or_default();
    let answerer = state.roster.answerer(&persona.id).cloned();
    let (model, profile) = if let Ok(answerer) = &answerer {
        (answerer.model.clone(), answerer.profile.clone())
    } else {
        let nobody = ModelRef { provider: "none".into(), model: String::new() };
        (nobody, ModelProfile::default())
    };
    let built = prompt::build_prompt(PromptInput {
        persona,
        history: &history,
        question: &question.sent,
        triggered: target.triggered,
        model: &model.model,
        profile: &profile,
    });
    let run = NewRun {
        id,
        persona: persona.id.clone(),
        persona_name: persona.name.clone(),
        view: persona.view.clone(),
        model,
        notes: built.notes.clone(),
    };
    let mode = persona.mode.clone().filter(|_| target.triggered);
    let mut view = new_view(&run, question, mode);
    let mut failed = Vec::new();
    let order = match built.too_large.map_or(answerer, Err) {
        Ok(answerer) => Some(Order {
            run: id,
            persona: persona.id.clone(),
            provider: answerer.model.provider,
            request: built.request,
        }),
        Err(why) => {
            stream::end(&mut view, Ending::Failed(why), state.clock, &mut failed);
            None
        }
    };
    if let Some(pane) = state.panes.get_mut(at) {
        pane.runs.push(view);
    }
    Started { run, order, failed }
}

/// How a run is shown as it begins.
pub(super) fn new_view(run: &NewRun, question: Question, mode: Option<String>) -> RunView {
    let (run, document) = (run.begun(RunState::Queued), Document::new());
    let view = RunView::stored(run, question.turn, question.shown, question.sent, document);
    RunView { mode, ..view }
}

/// The persona's own earlier exchanges: of each turn but `now` the last run, when it left text.
fn history(runs: &[RunView], now: TurnId) -> Vec<Exchange> {
    let mut exchanges: Vec<(TurnId, Exchange)> = Vec::new();
    for view in runs.iter().filter(|v| v.turn != now && !v.run.text.is_empty()) {
        let exchange = Exchange {
            question: Arc::clone(&view.sent),
            answer: Arc::from(view.run.text.as_str()),
        };
        match exchanges.iter_mut().find(|(turn, _)| *turn == view.turn) {
            Some((_, have)) => *have = exchange,
            None => exchanges.push((view.turn, exchange)),
        }
    }
    exchanges.into_iter().map(|(_, exchange)| exchange).collect()
}

/// Asks the focused persona anew.
pub(super) fn retry(state: &mut State) -> Vec<Effect> {
    match state.pane().map(|p| (p.runs.is_empty(), p.is_live())) {
        Some((false, false)) => again(state, state.focused).unwrap_or_default(),
        Some((false, true)) => {
            state.tell(Level::Info, "the answer is still coming: x cancels it, then r asks anew");
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Asks every persona anew whose last answer failed or was cut.
pub(super) fn retry_failed(state: &mut State) -> Vec<Effect> {
    let wanting: Vec<usize> = (0..state.panes.len())
        .filter(|i| state.panes.get(*i).is_some_and(super::super::pane::Pane::wants_retry))
        .collect();
    if wanting.is_empty() {
        state.tell(Level::Info, "no answer failed or was cut");
    }
    let mut orders = Vec::new();
    let mut effects = Vec::new();
    for at in wanting {
        // One overlay says it for all.
        let Some(again) = again(state, at) else { break };
        for effect in again {
            match effect {
                Effect::Ask(order) => orders.extend(order),
                other => effects.push(other),
            }
        }
    }
    if !orders.is_empty() {
        effects.push(Effect::Ask(orders));
    }
    effects
}

/// One more run for the last question of pane `at`. A run that left no text is replaced; one that did stays above, marked.
/// None when its model is not there.
fn again(state: &mut State, at: usize) -> Option<Vec<Effect>> {
    let persona = state.panes.get(at)?.persona.id.clone();
    if pull::blocks(state, &[persona]) {
        return None;
    }
    let pane = state.panes.get_mut(at)?;
    let old = pane.runs.last()?;
    let question =
        Question { turn: old.turn, shown: Arc::clone(&old.question), sent: Arc::clone(&old.sent) };
    let triggered = old.mode.is_some();
    if old.run.text.is_empty() {
        pane.runs.pop();
    }
    let target = Target { persona: Arc::clone(&pane.persona), triggered };
    let turn = question.turn;
    let started = start(state, &target, question);
    let mut effects = vec![Effect::Save(Change::Run { turn, run: started.run })];
    effects.extend(started.failed);
    effects.extend(started.order.map(|order| Effect::Ask(vec![order])));
    Some(effects)
}

/// Cancels the focused answer; its text stays.
pub(super) fn cancel(state: &mut State) -> Vec<Effect> {
    let live = state.pane().and_then(|p| p.current()).filter(|v| v.is_live()).map(RunView::id);
    live.map(|id| stop(state, id)).unwrap_or_default()
}

/// Cancels all answers.
pub(super) fn cancel_all(state: &mut State) -> Vec<Effect> {
    let live: Vec<RunId> = state
        .panes
        .iter()
        .flat_map(|p| p.runs.iter())
        .chain(state.asides.0.iter().map(|aside| &aside.view))
        .filter(|v| v.is_live())
        .map(RunView::id)
        .collect();
    live.into_iter().flat_map(|id| stop(state, id)).collect()
}

/// The pane says so at once; what the fan-out reports later about this run is dropped.
pub(super) fn stop(state: &mut State, id: RunId) -> Vec<Effect> {
    let clock = state.clock;
    let mut effects = vec![Effect::Cancel(id)];
    if let Some(view) = state.run_mut(id) {
        stream::end(view, Ending::Cancelled, clock, &mut effects);
        let jobs = view.document.take_jobs();
        if !jobs.is_empty() {
            effects.push(Effect::Highlight(id, jobs));
        }
    }
    effects.extend(lift::ended(state, id));
    effects
}
