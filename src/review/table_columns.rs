//! Which column of a table says what to do, what the row is about, and how much it matters.
//!
//! Read from the headings of the columns; the words are in `words.toml`.

use super::word_lists::word_lists;
use crate::text::WordList;

/// The columns that a recommendation is made from, as indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableColumns {
    /// What a row is about.
    pub(super) subject: usize,
    /// What is chosen for it: the tool.
    pub(super) choice: Option<usize>,
    /// What to do.
    pub(super) verdict: Option<usize>,
    /// How much it matters.
    pub(super) severity: Option<usize>,
}

impl TableColumns {
    /// Finds the columns by their headings.
    pub(super) fn from_headings(headings: &[&str]) -> Self {
        let lists = &word_lists().columns;
        let find = |words: &WordList| {
            words
                .iter()
                .find_map(|word| headings.iter().position(|heading| has_word(heading, word)))
        };
        let verdict = find(&lists.verdict);
        let subject = headings.iter().enumerate().position(|(index, heading)| {
            let is_number = lists.numbering.contains(&heading.trim().to_lowercase());
            Some(index) != verdict && !is_number
        });
        let subject = subject.unwrap_or(0);
        let choice =
            find(&lists.choice).filter(|index| *index != subject && Some(*index) != verdict);
        Self { subject, choice, verdict, severity: find(&lists.severity) }
    }

    /// What a row is about: its subject, and what is chosen for it.
    pub(super) fn describe_row(&self, cells: &[&str]) -> String {
        let cell = |index: usize| cells.get(index).copied().unwrap_or_default().trim();
        let subject = cell(self.subject);
        match self.choice.map(cell).filter(|choice| !choice.is_empty()) {
            Some(choice) => format!("{subject}: {choice}"),
            None => subject.to_owned(),
        }
    }
}

/// True when `word` is a word of `heading`, or all of it, in scripts without spaces.
fn has_word(heading: &str, word: &str) -> bool {
    let heading = heading.to_lowercase();
    heading.trim() == word || heading.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_headings() {
        let columns = |headings: &[&str]| {
            let found = TableColumns::from_headings(headings);
            (found.subject, found.verdict, found.severity)
        };
        assert_eq!(
            columns(&["#", "Risk", "Severity", "Mitigation and decision"]),
            (1, Some(3), Some(2))
        );
        assert_eq!(columns(&["Option", "Cost", "**Recommendation**"]), (0, Some(2), None));
        assert_eq!(columns(&["Verdict", "Tool"]), (1, Some(0), None));
        assert_eq!(columns(&["Interaction", "Rate"]), (0, None, None));
        assert_eq!(columns(&[]), (0, None, None));
        assert_eq!(TableColumns::from_headings(&["Need", "Tool", "Verdict"]).choice, Some(1));
        assert_eq!(TableColumns::from_headings(&["Tool", "Verdict"]).choice, None);
    }
}
