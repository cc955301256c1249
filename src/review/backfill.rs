//! Extracts recommendations of stored runs that have none yet: they ended while no screen was open, or in an older version.
//!
//! Returns the changes to be stored; reads and writes nothing itself.

use super::{HeadingSynonyms, ReadText, describe_unread, extract_recommendations};
use crate::domain::{Change, Contract, PersonaId, RunState, Session};

/// Extracts the recommendations of each ended run with text whose recommendations are unknown. `find_contract` returns the
/// contract of a persona; a persona that no longer exists promises nothing.
pub fn extract_missing<'a>(
    session: &mut Session,
    find_contract: impl Fn(&PersonaId) -> Option<&'a Contract>,
    synonyms: &HeadingSynonyms,
) -> Vec<Change> {
    let no_contract = Contract::default();
    let mut changes = Vec::new();
    for run in session.turns.iter_mut().flat_map(|turn| &mut turn.runs) {
        let has_ended = matches!(run.state, RunState::Ended(_));
        if !has_ended || run.recommendations.is_some() || run.text.is_empty() {
            continue;
        }
        let contract = find_contract(&run.persona).unwrap_or(&no_contract);
        let read = ReadText::new(&run.text, run.text.len(), contract, synonyms);
        let found = extract_recommendations(&read.document, &read.sections, run.id);
        for note in describe_unread(read.extent, found.len()) {
            run.notes.push(note.clone());
            changes.push(Change::Note { run: run.id, note });
        }
        run.recommendations = Some(found.clone());
        changes.push(Change::Extracted { run: run.id, found });
    }
    changes
}
