//! "Did you mean": the nearest of the words that would have been right.
//!
//! Used wherever a person's word names something: keys, personas, panels, providers, commands.

/// The candidate that is nearest to `word`, when it is near enough to be a slip of the fingers.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long word is cut: the distance is quadratic, and nobody means 10 kB.
    let word: String = word.to_lowercase().chars().take(64).collect();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "X"?` or nothing, to be put behind a message.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let keys = ["base_url", "kind", "key_env", "model"];
        assert_eq!(nearest("base_urll", keys), Some("base_url"));
        assert_eq!(nearest("modle", keys), Some("model"));
        assert_eq!(nearest("KIND", keys), Some("kind"));
        assert_eq!(nearest("temperature", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(hint("x", keys), "");
        assert_eq!(nearest(&"é".repeat(100_000), keys), None);
    }
}
