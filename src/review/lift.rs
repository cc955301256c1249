//! Looking once for the recommendations of a session's runs: those that ended while nobody looked, or in an older version.
//!
//! What was found is written down with the changes that this returns. Called by the exports, which read the store; `app`
//! does the same for what it shows.

use super::{Synonyms, recommendations, sections};
use crate::domain::{Change, Contract, PersonaId, RunState, Session};
use crate::text::Document;

/// Fills in the recommendations of each run that ended with text and was never looked at. `promised` is a persona's
/// contract; one that is not known any more promises nothing.
pub fn lift<'a>(
    session: &mut Session,
    promised: impl Fn(&PersonaId) -> Option<&'a Contract>,
    synonyms: &Synonyms,
) -> Vec<Change> {
    let nothing = Contract::default();
    let mut changes = Vec::new();
    for run in session.turns.iter_mut().flat_map(|turn| &mut turn.runs) {
        let over = matches!(run.state, RunState::Ended(_));
        if !over || run.recommendations.is_some() || run.text.is_empty() {
            continue;
        }
        let document = Document::of(&run.text);
        let contract = promised(&run.persona).unwrap_or(&nothing);
        let found = recommendations(&document, &sections(&document, contract, synonyms), run.id);
        run.recommendations = Some(found.clone());
        changes.push(Change::Lifted { run: run.id, found });
    }
    changes
}
