//! The brief of a turn: a list of sentences, each of which opens the answer that it quotes. Does not write the brief.

use super::{AnswerPosition, ListCursor, Overlay, OverlayHandler, OverlayOutcome, open_overlay};
use crate::app::update::{ask, side_turn, views};
use crate::app::{Action, Effect, Effects, KeyContext, NoticeLevel, State};
use crate::domain::{RunId, SideTurnKind, TurnId};
use crate::review::{BriefLine, find_quote};

/// The brief that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BriefOverlay {
    /// The run that writes the brief.
    pub run: RunId,
    /// The selected sentence.
    pub cursor: ListCursor,
}

/// Shows the brief of the last turn with several answers. Requests it first if there is none.
pub(in crate::app) fn open_brief(state: &mut State, effects: &mut Effects) {
    let Some(turn) = side_turn::brief_turn(state) else {
        state.show_notice(NoticeLevel::Info, "ask a question first: a brief summarises answers");
        return;
    };
    // A brief that ended without text is requested again.
    let known =
        state.brief_of(turn).filter(|side| side.run.is_live() || !side.run.document.is_empty());
    match known.map(|side| side.run.id()) {
        Some(run) => show_brief(state, run),
        None => write_and_show(state, turn, effects),
    }
}

fn write_and_show(state: &mut State, turn: TurnId, effects: &mut Effects) {
    if let Some(run) = side_turn::write_brief(state, turn, effects) {
        show_brief(state, run);
    }
}

fn show_brief(state: &mut State, run: RunId) {
    open_overlay(state, Overlay::Brief(BriefOverlay { run, cursor: ListCursor::default() }));
}

impl BriefOverlay {
    /// The turn that the brief summarises.
    fn summarized_turn(&self, state: &State) -> Option<TurnId> {
        match state.side_turn_of_run(self.run)?.kind {
            SideTurnKind::Brief(turn) => Some(turn),
            SideTurnKind::Challenge(_) => None,
        }
    }

    fn is_live(&self, state: &State) -> bool {
        state.run(self.run).is_some_and(|run| run.is_live())
    }

    /// For each sentence, the first verified quote: index of the answer, and the text. None for a sentence without one.
    fn first_quotes(&self, state: &State) -> Vec<Option<(usize, String)>> {
        let Some(display) = state.displays.get(self.run) else { return Vec::new() };
        let sentences = display.brief.lines.iter().filter_map(|line| match line {
            BriefLine::Sentence { quotes, .. } => Some(quotes),
            BriefLine::Heading(_) => None,
        });
        let first_found = sentences.map(|quotes| {
            let quote = quotes.iter().find(|quote| !quote.found_in.is_empty())?;
            Some((*quote.found_in.first()?, quote.text.clone()))
        });
        first_found.collect()
    }

    /// Opens the answer that the selected sentence quotes, at the quote.
    fn open_quote(&self, state: &mut State, effects: &mut Effects) -> OverlayOutcome {
        let quote = match self.first_quotes(state).into_iter().nth(self.cursor.selected) {
            Some(Some(quote)) => quote,
            Some(None) => {
                state.show_notice(
                    NoticeLevel::Info,
                    "no quote of this sentence was found in an answer",
                );
                return OverlayOutcome::Keep;
            }
            None => return OverlayOutcome::Keep,
        };
        let Some(position) = quote_position(state, self.summarized_turn(state), &quote) else {
            return OverlayOutcome::Keep;
        };
        views::show_position(state, position, effects);
        OverlayOutcome::Close
    }

    fn rewrite_brief(&self, state: &mut State, effects: &mut Effects) -> OverlayOutcome {
        let turn = self.summarized_turn(state).filter(|_| !self.is_live(state));
        let Some(run) = turn.and_then(|turn| side_turn::write_brief(state, turn, effects)) else {
            return OverlayOutcome::Keep;
        };
        show_brief(state, run);
        OverlayOutcome::Close
    }

    fn copy_text(&self, state: &State, effects: &mut Effects) {
        if let Some(display) = state.displays.get(self.run) {
            let text = display.document.source().to_owned();
            effects.push(Effect::Copy { text, what: "the brief".to_owned() });
        }
    }
}

/// Position of `quote` in answer number `witness` (0-based) of `turn`.
fn quote_position(
    state: &State,
    turn: Option<TurnId>,
    (witness, quote): &(usize, String),
) -> Option<AnswerPosition> {
    let answers = state.turn_answers(turn?);
    let run = answers.get(*witness)?;
    let pane = state.pane_personas.iter().position(|persona| persona.id == run.run.persona)?;
    let offset = find_quote(run.document.source(), quote).unwrap_or(0);
    Some(AnswerPosition { pane, run: run.id(), offset })
}

impl OverlayHandler for BriefOverlay {
    fn key_context(&self) -> KeyContext {
        KeyContext::Brief
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Open => return self.open_quote(state, effects),
            Action::Retry => return self.rewrite_brief(state, effects),
            Action::Cancel if self.is_live(state) => ask::cancel_run(state, self.run, effects),
            Action::Cancel => {}
            Action::CopyBlock => self.copy_text(state, effects),
            _ => return self.cursor.handle_action(action, self.first_quotes(state).len()),
        }
        OverlayOutcome::Keep
    }
}
