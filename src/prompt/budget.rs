//! Token budgets: how much of a context a prompt may fill.
//!
//! Estimates, not counts: providers tokenise differently, and all that is decided here is what to leave out before a
//! request is sent. `build` uses it; the composer shows [`estimate`] before sending.

/// Room that is kept for an answer when nothing says how long it may get.
const ANSWER: u32 = 1_024;

/// What a message costs beside its text: its role and its marks.
const MESSAGE: u32 = 4;

/// Estimated tokens of `text`: a token is about four characters.
pub fn estimate(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(4)).unwrap_or(u32::MAX)
}

/// Estimated tokens of one message.
pub(super) fn message(text: &str) -> u32 {
    estimate(text).saturating_add(MESSAGE)
}

/// What fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Tokens for prompt, history, question and answer together.
    pub limit: u32,
    /// Tokens of it for everything but the answer.
    pub prompt: u32,
}

impl Budget {
    /// The smaller of the model's and the persona's limit; none when neither has one.
    ///
    /// For the answer are kept: what it may have, else 1,024 tokens, but never more than a quarter of the limit.
    pub(super) fn new(
        model: Option<u32>,
        persona: Option<u32>,
        max_tokens: Option<u32>,
    ) -> Option<Self> {
        let limit = match (model, persona) {
            (Some(model), Some(persona)) => model.min(persona),
            (one, other) => one.or(other)?,
        };
        let answer = max_tokens.unwrap_or(ANSWER).min(limit / 4);
        Some(Self { limit, prompt: limit - answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_counts_and_room_for_the_answer_is_kept() {
        let budget = |limit, prompt| Some(Budget { limit, prompt });
        for (model, persona, max_tokens, expected) in [
            (None, None, Some(500), None),
            (Some(32_000), None, None, budget(32_000, 30_976)),
            (None, Some(8_000), None, budget(8_000, 6_976)),
            (Some(128_000), Some(8_000), None, budget(8_000, 6_976)),
            (Some(4_000), Some(8_000), None, budget(4_000, 3_000)),
            (Some(8_000), None, Some(300), budget(8_000, 7_700)),
            (Some(8_000), None, Some(100_000), budget(8_000, 6_000)),
            (Some(0), None, None, budget(0, 0)),
        ] {
            let found = Budget::new(model, persona, max_tokens);
            assert_eq!(found, expected, "{model:?} {persona:?} {max_tokens:?}");
        }
    }

    #[test]
    fn tokens_are_about_four_characters() {
        for (text, tokens) in [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("日本日本", 1)] {
            assert_eq!(estimate(text), tokens, "{text}");
        }
    }
}
