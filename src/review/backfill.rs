//! Extracts recommendations of stored runs that have none yet: they ended while no screen was open, or in an older version.
//!
//! Returns the changes to be stored; reads and writes nothing itself.

use super::{HeadingSynonyms, extract_recommendations, split_sections};
use crate::domain::{Change, Contract, PersonaId, RunState, Session};
use crate::text::ParsedMarkdown;

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
        let document = ParsedMarkdown::from_raw(&run.text);
        let contract = find_contract(&run.persona).unwrap_or(&no_contract);
        let sections = split_sections(&document, contract, synonyms);
        let found = extract_recommendations(&document, &sections, run.id);
        run.recommendations = Some(found.clone());
        changes.push(Change::Extracted { run: run.id, found });
    }
    changes
}
