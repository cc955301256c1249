//! What headings are called: `facets.toml`, embedded, and the user's own beside `config.toml`.
//!
//! Reads the files and says what is wrong with them; what a phrase means for a heading is `review`'s. Called by `setup`
//! and by commands that need no configuration.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, nearest};
use crate::domain::Facet;
use crate::review::HeadingSynonyms;

const EMBEDDED: &str = include_str!("facets.toml");

/// The key of the labels that lead a recommendation.
const LEAD: &str = "lead";

/// Longest phrase that is taken, in characters, and most phrases of one file: a heading has a few words.
const MOST: (usize, usize) = (80, 2_000);

static BUILT_IN: LazyLock<Result<Arc<HeadingSynonyms>, ConfigError>> = LazyLock::new(|| {
    let mut synonyms = HeadingSynonyms::default();
    add(&mut synonyms, EMBEDDED, "facets.toml")?;
    Ok(Arc::new(synonyms))
});

/// The phrases that plenary comes with. The embedded file is read by a test.
pub fn built_in() -> Arc<HeadingSynonyms> {
    BUILT_IN.clone().unwrap_or_default()
}

/// The same with the user's file laid over them; `name` stands in messages.
///
/// # Errors
/// Says which line names no facet, or is not a list of phrases.
pub fn with_user(text: &str, name: &str) -> Result<Arc<HeadingSynonyms>, ConfigError> {
    let mut synonyms = (*built_in()).clone();
    add(&mut synonyms, text, name)?;
    Ok(Arc::new(synonyms))
}

#[derive(Deserialize)]
#[serde(transparent)]
struct File(BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>);

fn add(synonyms: &mut HeadingSynonyms, text: &str, name: &str) -> Result<(), ConfigError> {
    let wrong = |at: usize, what: &str| {
        let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
        ConfigError(format!("{name}:{line}: {what}"))
    };
    let file: File = toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        wrong(at, &format!("{}; expected FACET = [\"phrase\", …]", e.message()))
    })?;
    let mut count = 0;
    for (key, phrases) in &file.0 {
        let facet = Facet::parse(key.get_ref());
        if facet.is_none() && key.get_ref() != LEAD {
            let known = Facet::ALL.map(Facet::word).into_iter().chain([LEAD]);
            let hint = nearest::hint(key.get_ref(), known);
            return Err(wrong(
                key.span().start,
                &format!("there is no facet \"{}\"{hint}", key.get_ref()),
            ));
        }
        for phrase in phrases.get_ref() {
            let words = phrase.get_ref();
            count += 1;
            if !words.chars().any(char::is_alphanumeric) || words.chars().count() > MOST.0 {
                let what = format!(
                    "expected a phrase of at most {} characters with a letter in it",
                    MOST.0
                );
                return Err(wrong(phrase.span().start, &what));
            }
            if count > MOST.1 {
                return Err(wrong(phrase.span().start, &format!("more than {} phrases", MOST.1)));
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
    fn the_embedded_file_is_read_whole() {
        let mut synonyms = HeadingSynonyms::default();
        add(&mut synonyms, EMBEDDED, "facets.toml").unwrap();
        assert!(synonyms.len() > 300, "{}", synonyms.len());
        assert_eq!(synonyms, *built_in());
    }

    #[test]
    fn the_users_phrases_are_added_and_win() {
        let own = "risks = [\"What keeps me awake\", \"budget\"]\nlead = [\"Ruling\"]\n";
        let synonyms = with_user(own, "facets.toml").unwrap();
        assert_eq!(synonyms.find_facet("What keeps me awake"), Some(Facet::Risks));
        assert_eq!(synonyms.find_facet("Budget"), Some(Facet::Risks));
        assert_eq!(synonyms.find_facet("Rollback"), Some(Facet::Validation));
        assert!(synonyms.is_lead("Ruling") && synonyms.is_lead("Short answer"));
    }

    #[test]
    fn errors_name_file_and_line() {
        for (text, said) in [
            (
                "cost = [\"a\"]\nrisk = [\"b\"]\n",
                "f.toml:2: there is no facet \"risk\"; did you mean \"risks\"?",
            ),
            ("\ncost = \"a\"\n", "f.toml:2: invalid type: string"),
            ("cost = [\"ok\",\n  \"!\"]\n", "f.toml:2: expected a phrase"),
            ("cost = [", "f.toml:1: "),
            ("[cost]\nx = 1\n", "f.toml:1: "),
        ] {
            let error = with_user(text, "f.toml").unwrap_err().to_string();
            assert!(error.starts_with(said), "{text:?} said {error}");
        }
    }
}
