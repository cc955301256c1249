//! "Did you mean": the known word that is nearest to an unknown one.
//!
//! For everything that a user names: keys, personas, panels, providers, commands. What is done about an unknown word is
//! decided by the caller.

/// Longest word that is compared, in characters: the time is quadratic, and no name is longer.
const MAX_WORD_CHARS: usize = 64;

/// Returns the candidate nearest to `word`, if it is near enough to be a typing error.
pub fn nearest_word<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: String = word.to_lowercase().chars().take(MAX_WORD_CHARS).collect();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns `; did you mean "X"?` or nothing, to be appended to a message.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = nearest_word(word, candidates);
    nearest.map(|nearest| format!("; did you mean \"{nearest}\"?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_recognised_and_other_words_are_not() {
        let keys = ["base_url", "kind", "key_env", "model"];
        assert_eq!(nearest_word("base_urll", keys), Some("base_url"));
        assert_eq!(nearest_word("modle", keys), Some("model"));
        assert_eq!(nearest_word("KIND", keys), Some("kind"));
        assert_eq!(nearest_word("temperature", keys), None);
        assert_eq!(nearest_word("", keys), None);
        assert_eq!(did_you_mean("x", keys), "");
        assert_eq!(did_you_mean("knd", keys), "; did you mean \"kind\"?");
        assert_eq!(nearest_word(&"é".repeat(100_000), keys), None);
    }
}
