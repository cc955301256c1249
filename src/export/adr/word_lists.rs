//! The words of `words.toml`, by which the decision record sorts what answers say.
//!
//! The file is embedded and parsed once.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::text::WordList;

const WORDS_TOML: &str = include_str!("words.toml");

static WORD_LISTS: LazyLock<AdrWordLists> =
    LazyLock::new(|| toml::from_str(WORDS_TOML).unwrap_or_default());

/// All lists. A test parses the embedded file, so that the empty default is never used.
pub(super) fn word_lists() -> &'static AdrWordLists {
    &WORD_LISTS
}

/// The file; what each list means is written there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdrWordLists {
    pub(super) sentences: SentenceLists,
    pub(super) arguments: ArgumentLists,
    pub(super) options: OptionLists,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentenceLists {
    pub(super) requirement: WordList,
    pub(super) revisit: WordList,
    pub(super) measure_headings: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArgumentLists {
    pub(super) pro: WordList,
    pub(super) con: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionLists {
    pub(super) columns: WordList,
    pub(super) not_options: WordList,
    pub(super) numbering_columns: WordList,
    pub(super) not_criteria: WordList,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_valid() {
        let lists: AdrWordLists = toml::from_str(WORDS_TOML).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            lists.sentences.requirement.contains("must")
                && lists.options.columns.contains("option")
        );
        assert!(word_lists().arguments.con.contains("cons"));
    }
}
