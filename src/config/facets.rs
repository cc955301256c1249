//! Heading synonyms: `facets.toml`, embedded, and the user's own beside `config.toml`.
//!
//! Reads the files and says what is wrong with them. What a phrase means for a heading is decided in `review`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use toml::Spanned;

use super::ConfigError;
use crate::domain::Facet;
use crate::review::HeadingSynonyms;
use crate::text::did_you_mean;

const EMBEDDED: &str = include_str!("facets.toml");

/// Key of the labels that introduce a recommendation.
const LEAD: &str = "lead";

/// Longest accepted phrase, in characters: a heading has a few words.
const MAX_PHRASE_CHARS: usize = 80;

/// Most phrases of one file.
const MAX_PHRASES: usize = 2_000;

static BUILT_IN: LazyLock<Result<Arc<HeadingSynonyms>, ConfigError>> = LazyLock::new(|| {
    let mut synonyms = HeadingSynonyms::default();
    add_phrases(&mut synonyms, EMBEDDED, Path::new("facets.toml"))?;
    Ok(Arc::new(synonyms))
});

/// The built-in heading synonyms. A test reads the embedded file.
pub fn built_in() -> Arc<HeadingSynonyms> {
    BUILT_IN.clone().unwrap_or_default()
}

/// The built-in heading synonyms with those of the user's file, whose text is given.
///
/// # Errors
/// A line names no facet, or is not a list of phrases.
pub fn add_user_phrases(text: &str, path: &Path) -> Result<Arc<HeadingSynonyms>, ConfigError> {
    let mut synonyms = (*built_in()).clone();
    add_phrases(&mut synonyms, text, path)?;
    Ok(Arc::new(synonyms))
}

#[derive(Deserialize)]
#[serde(transparent)]
struct FacetsFile(BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>);

fn add_phrases(synonyms: &mut HeadingSynonyms, text: &str, path: &Path) -> Result<(), ConfigError> {
    let error_at = |offset: usize, message: String| {
        let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
        ConfigError::in_file(path, message).at_line(line)
    };
    let file: FacetsFile = toml::from_str(text).map_err(|e| {
        let offset = e.span().map_or(0, |span| span.start);
        error_at(offset, format!("{}; expected FACET = [\"phrase\", …]", e.message()))
    })?;
    let mut count = 0;
    for (key, phrases) in &file.0 {
        let facet = Facet::parse(key.get_ref());
        if facet.is_none() && key.get_ref() != LEAD {
            let known = Facet::ALL.map(Facet::as_str).into_iter().chain([LEAD]);
            let hint = did_you_mean(key.get_ref(), known);
            let message = format!("there is no facet \"{}\"{hint}", key.get_ref());
            return Err(error_at(key.span().start, message));
        }
        for phrase in phrases.get_ref() {
            let words = phrase.get_ref();
            count += 1;
            if !words.chars().any(char::is_alphanumeric) || words.chars().count() > MAX_PHRASE_CHARS
            {
                let message = format!(
                    "expected a phrase of at most {MAX_PHRASE_CHARS} characters with a letter in it"
                );
                return Err(error_at(phrase.span().start, message));
            }
            if count > MAX_PHRASES {
                let message = format!("more than {MAX_PHRASES} phrases");
                return Err(error_at(phrase.span().start, message));
            }
            match facet {
                Some(facet) => synonyms.add(facet, words),
                None => synonyms.add_lead(words),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_read_completely() {
        let mut synonyms = HeadingSynonyms::default();
        add_phrases(&mut synonyms, EMBEDDED, Path::new("facets.toml")).unwrap();
        assert!(synonyms.len() > 300, "{}", synonyms.len());
        assert_eq!(synonyms, *built_in());
    }

    #[test]
    fn the_users_phrases_are_added_and_win() {
        let own = "risks = [\"What keeps me awake\", \"budget\"]\nlead = [\"Ruling\"]\n";
        let synonyms = add_user_phrases(own, Path::new("facets.toml")).unwrap();
        assert_eq!(synonyms.find_facet("What keeps me awake"), Some(Facet::Risks));
        assert_eq!(synonyms.find_facet("Budget"), Some(Facet::Risks));
        assert_eq!(synonyms.find_facet("Rollback"), Some(Facet::Validation));
        assert!(synonyms.is_lead("Ruling") && synonyms.is_lead("Short answer"));
    }

    #[test]
    fn errors_name_file_and_line() {
        for (text, message) in [
            (
                "cost = [\"a\"]\nrisk = [\"b\"]\n",
                "f.toml:2: there is no facet \"risk\"; did you mean \"risks\"?",
            ),
            ("\ncost = \"a\"\n", "f.toml:2: invalid type: string"),
            ("cost = [\"ok\",\n  \"!\"]\n", "f.toml:2: expected a phrase"),
            ("cost = [", "f.toml:1: "),
            ("[cost]\nx = 1\n", "f.toml:1: "),
        ] {
            let error = add_user_phrases(text, Path::new("f.toml")).unwrap_err().to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
    }
}
