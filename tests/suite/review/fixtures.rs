//! Five answers written by hand and what a person finds in them; see `tests/fixtures/review/README.md`.

use std::path::PathBuf;

use plenary::config::{facets, personas};
use plenary::domain::{Contract, PersonaId};
use plenary::review::{Section, split_sections};
use plenary::text::ParsedMarkdown;

/// The personas whose answers there are.
pub(super) const IDS: [&str; 5] = ["infra", "edge", "devops", "gitops", "ai-lead"];

/// An answer, read.
pub(super) struct Answer {
    pub(super) id: &'static str,
    pub(super) document: ParsedMarkdown,
    pub(super) sections: Vec<Section>,
}

/// A file of the folder.
pub(in crate::suite) fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/review").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What the persona's shipped file promises.
pub(super) fn contract(id: &str) -> Contract {
    personas::built_in(&PersonaId::parse(id).unwrap()).unwrap().contract.clone()
}

/// The answer in this file, as given by this persona.
pub(super) fn answer(id: &'static str, name: &str) -> Answer {
    let document = ParsedMarkdown::from_raw(&file(name));
    let sections = split_sections(&document, &contract(id), &facets::built_in());
    Answer { id, document, sections }
}

/// All five.
pub(super) fn answers() -> Vec<Answer> {
    IDS.into_iter().map(|id| answer(id, &format!("{id}.md"))).collect()
}

/// The place of `quote`, which occurs in the answer once.
pub(super) fn place(answer: &Answer, quote: &str) -> usize {
    let source = answer.document.source();
    assert_eq!(source.matches(quote).count(), 1, "{}: {quote}", answer.id);
    source.find(quote).unwrap()
}

/// The tables of one persona in a list made by hand.
pub(super) fn listed<'a>(list: &'a toml::Table, id: &str) -> Vec<&'a toml::Table> {
    let all = list.get(id).and_then(|v| v.as_array());
    all.into_iter().flatten().filter_map(|v| v.as_table()).collect()
}

/// The text under a key of a table, or nothing.
pub(super) fn text<'a>(table: &'a toml::Table, key: &str) -> &'a str {
    table.get(key).and_then(|v| v.as_str()).unwrap_or_default()
}

/// A share in percent, for messages.
#[allow(clippy::cast_precision_loss)] // counts of a fixture
pub(super) fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
