//! Local models that are not there: asking before a fetch, letting a question wait for it, what it reports.
//!
//! One fetch at a time, the next when the one before is done. A question is never lost: it waits, or goes back to the
//! composer. Called by `ask`, `keys`, `overlay`; the fetch itself is `runtime`'s, by effect.

use super::ask;
use crate::app::local::{Fetch, LocalModel, PullNews, Stock};
use crate::app::{Effect, Effects, Level, Overlay, PullOverlay, State};
use crate::domain::PersonaId;
use crate::domain::format::format_bytes;

/// What happens to a question when some of the models that it goes to are not there; nothing when all are.
pub(super) enum Gate {
    /// All models are there: it can be asked.
    Open,
    /// It waits until they are.
    Waits,
    /// The person is asked whether to fetch them; the question stays in the composer.
    Asks,
}

/// Looks whether `personas` can be asked `text`.
///
/// # Errors
/// Another question waits already.
pub(super) fn gate(
    state: &mut State,
    personas: &[PersonaId],
    text: &str,
    effects: &mut Effects,
) -> Result<Gate, String> {
    let missing = state.locals.missing(&state.roster, personas);
    if missing.is_empty() {
        return Ok(Gate::Open);
    }
    let on_its_way = |m: &&LocalModel| matches!(m.stock, Stock::Coming(_) | Stock::Queued(_));
    let agreed = state.locals.unasked || missing.iter().all(on_its_way);
    let wants: Vec<String> = missing.iter().map(|m| m.weights.id.clone()).collect();
    if !agreed {
        show(state, PullOverlay { wants, asks: true });
        return Ok(Gate::Asks);
    }
    if state.locals.waiting.is_some() {
        return Err("another question waits for the model already: this one stays here".to_owned());
    }
    state.locals.waiting = Some(text.to_owned());
    show(state, PullOverlay { wants: wants.clone(), asks: false });
    queue(state, &wants, effects);
    Ok(Gate::Waits)
}

/// The key that gets the model: shows how it stands, or asks.
pub(super) fn open(state: &mut State) {
    let panel = state.roster.panel.personas.clone();
    let missing = state.locals.missing(&state.roster, &panel);
    let wants: Vec<String> = missing.iter().map(|m| m.weights.id.clone()).collect();
    if wants.is_empty() {
        let text = if state.locals.models.is_empty() {
            "no model runs in this program: nothing is to be fetched"
        } else {
            "the model is there"
        };
        state.tell(Level::Info, text);
    } else {
        show(state, PullOverlay { wants, asks: false });
    }
}

/// Fetches what the panel needs, without asking.
pub(super) fn unasked(state: &mut State, effects: &mut Effects) {
    state.locals.unasked = true;
    let panel = state.roster.panel.personas.clone();
    let missing = state.locals.missing(&state.roster, &panel);
    let wants: Vec<String> = missing.iter().map(|m| m.weights.id.clone()).collect();
    if wants.is_empty() {
        return;
    }
    show(state, PullOverlay { wants: wants.clone(), asks: false });
    queue(state, &wants, effects);
}

/// Whether `personas` lack a model; if so, the overlay says so.
pub(super) fn blocks(state: &mut State, personas: &[PersonaId]) -> bool {
    let missing = state.locals.missing(&state.roster, personas);
    let wants: Vec<String> = missing.iter().map(|m| m.weights.id.clone()).collect();
    let blocks = !wants.is_empty();
    if blocks {
        show(state, PullOverlay { wants, asks: false });
    }
    blocks
}

fn show(state: &mut State, overlay: PullOverlay) {
    state.overlays.retain(|o| !matches!(o, Overlay::Pull(_)));
    state.overlays.push(Overlay::Pull(overlay));
}

/// "Get it", or "try again": the overlay's models are fetched; the question that opened it waits for them.
pub(super) fn get(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Pull(overlay)) = state.overlays.last_mut() else { return };
    let (wants, asks) = (overlay.wants.clone(), std::mem::take(&mut overlay.asks));
    if asks && state.locals.waiting.is_none() {
        state.locals.waiting = state.composer.question();
        state.composer.sent();
        state.completion = None;
    }
    queue(state, &wants, effects);
}

/// Puts models behind those that are being fetched, and begins with the first when none is.
fn queue(state: &mut State, ids: &[String], effects: &mut Effects) {
    for id in ids {
        let Some(model) = state.locals.get_mut(id) else { continue };
        model.stock = match &model.stock {
            Stock::Absent(done) => Stock::Queued(*done),
            Stock::Failed(_) => Stock::Queued(0),
            other => other.clone(),
        };
    }
    next(state, effects);
}

/// Begins the next fetch, unless one goes on.
fn next(state: &mut State, effects: &mut Effects) {
    if state.locals.coming().is_some() {
        return;
    }
    for model in &mut state.locals.models {
        if let Stock::Queued(done) = model.stock {
            model.stock = Stock::Coming(Fetch::new(done, model.weights.bytes));
            effects.push(Effect::Pull(model.weights.id.clone()));
            return;
        }
    }
}

/// Ends the fetch, and whatever was to follow it; `runtime` tells then what is kept.
pub(super) fn cancel(state: &mut State, effects: &mut Effects) {
    let mut cancelled = false;
    for model in &mut state.locals.models {
        match &model.stock {
            Stock::Coming(_) => {
                cancelled = true;
                effects.push(Effect::CancelPull(model.weights.id.clone()));
                // What was counted may be a guess; what is kept is told when the fetch has ended.
                model.stock = Stock::Absent(0);
            }
            Stock::Queued(done) => model.stock = Stock::Absent(*done),
            Stock::There | Stock::Absent(_) | Stock::Failed(_) => {}
        }
    }
    if !cancelled {
        return;
    }
    state.overlays.retain(|o| !matches!(o, Overlay::Pull(_)));
    give_back(state);
    state.tell(Level::Info, "the fetch is cancelled");
}

/// The overlay was closed: a fetch goes on, a question that cannot be sent any more is given back.
pub(super) fn closed(state: &mut State) {
    let on_its_way = |m: &LocalModel| matches!(m.stock, Stock::Coming(_) | Stock::Queued(_));
    if !state.locals.models.iter().any(on_its_way) {
        give_back(state);
    } else if state.locals.waiting.is_some() {
        state.tell(Level::Info, "your question waits for the model");
    }
}

/// The question that waits goes back to the composer; one that is being written there is not disturbed.
pub(super) fn give_back(state: &mut State) {
    let Some(question) = state.locals.waiting.take() else { return };
    if state.composer.is_empty() {
        state.composer.set(&question);
    } else {
        state.composer.remember(&question);
    }
}

/// What `runtime` tells of the weights `id`.
pub(super) fn news(state: &mut State, id: &str, news: PullNews, effects: &mut Effects) {
    let now = state.clock.since_start;
    let Some(model) = state.locals.get_mut(id) else { return };
    let title = model.weights.title.clone();
    match (&mut model.stock, news) {
        (_, PullNews::From(words)) => model.from = words,
        (stock, PullNews::There) => {
            let came = matches!(stock, Stock::Coming(_));
            *stock = Stock::There;
            if came {
                state.tell(Level::Info, format!("{title} is there"));
                arrived(state, effects);
            }
        }
        (Stock::Coming(fetch), PullNews::Waiting) => {
            fetch.step = Some("another plenary is getting it: waits for that one");
        }
        (Stock::Coming(fetch), PullNews::Trying(source)) => fetch.try_source(source),
        (Stock::Coming(fetch), PullNews::Bytes(done, total)) => fetch.count(now, done, total),
        (Stock::Coming(fetch), PullNews::Checking) => fetch.step = Some("checks what is there"),
        (stock @ Stock::Coming(_), PullNews::Failed(why)) => {
            *stock = Stock::Failed(why);
            failed(state, id);
        }
        (stock @ (Stock::There | Stock::Absent(_)), PullNews::Absent(done)) => {
            *stock = Stock::Absent(done);
        }
        (stock @ Stock::Absent(_), PullNews::Kept(done)) => {
            *stock = Stock::Absent(done);
            state.tell(Level::Info, kept(&title, done));
        }
        // News of a fetch that was cancelled.
        _ => {}
    }
}

/// What a cancelled fetch leaves.
fn kept(title: &str, done: u64) -> String {
    match done {
        0 => format!("cancelled: nothing of {title} is kept, the next fetch begins again"),
        _ => format!(
            "cancelled: {} of {title} are kept, the next fetch goes on from there",
            format_bytes(done)
        ),
    }
}

/// A model is there: the next one is fetched, or the question that waited is sent.
fn arrived(state: &mut State, effects: &mut Effects) {
    next(state, effects);
    if state.locals.coming().is_some() {
        return;
    }
    state.overlays.retain(|o| !matches!(o, Overlay::Pull(_)));
    if let Some(question) = state.locals.waiting.take() {
        ask::waited(state, &question, effects);
    }
}

/// A fetch failed: those behind it would fail too. Said in full, with what can be done.
fn failed(state: &mut State, id: &str) {
    for model in &mut state.locals.models {
        if let Stock::Queued(done) = model.stock {
            model.stock = Stock::Absent(done);
        }
    }
    let open = state.overlays.iter().any(|o| matches!(o, Overlay::Pull(_)));
    if !open && state.overlays.is_empty() {
        show(state, PullOverlay { wants: vec![id.to_owned()], asks: false });
    } else if !open {
        state.tell(Level::Error, format!("{id} could not be fetched"));
    }
}
