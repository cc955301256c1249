//! Token budgets: how much of a model's context a prompt may fill.
//!
//! Token counts are estimates, because providers tokenise differently. They only decide what to leave out before a request
//! is sent.

/// Tokens reserved for an answer of unknown length.
const ANSWER_RESERVE_TOKENS: u32 = 1_024;

/// Tokens of a message besides its text: role and separators.
const MESSAGE_OVERHEAD_TOKENS: u32 = 4;

/// Estimated tokens of `text`: four characters each.
pub fn estimate_tokens(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(4)).unwrap_or(u32::MAX)
}

/// Estimated tokens of one message.
pub(super) fn message_tokens(text: &str) -> u32 {
    estimate_tokens(text).saturating_add(MESSAGE_OVERHEAD_TOKENS)
}

/// The tokens that a request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PromptBudget {
    /// Tokens for system prompt, exchanges, question and answer together.
    pub limit: u32,
    /// Tokens of these for everything but the answer.
    pub prompt: u32,
}

impl PromptBudget {
    /// The budget for the smaller of the model's and the persona's limit; none when neither has one.
    ///
    /// Reserved for the answer are `max_tokens`, or else 1,024 tokens, but never more than a quarter of the limit.
    pub(super) fn new(
        model: Option<u32>,
        persona: Option<u32>,
        max_tokens: Option<u32>,
    ) -> Option<Self> {
        let limit = match (model, persona) {
            (Some(model), Some(persona)) => model.min(persona),
            (one, other) => one.or(other)?,
        };
        let answer = max_tokens.unwrap_or(ANSWER_RESERVE_TOKENS).min(limit / 4);
        Some(Self { limit, prompt: limit - answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_counts_and_room_for_the_answer_is_kept() {
        let budget = |limit, prompt| Some(PromptBudget { limit, prompt });
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
            let found = PromptBudget::new(model, persona, max_tokens);
            assert_eq!(found, expected, "{model:?} {persona:?} {max_tokens:?}");
        }
    }

    #[test]
    fn tokens_are_about_four_characters() {
        for (text, tokens) in [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("日本日本", 1)] {
            assert_eq!(estimate_tokens(text), tokens, "{text}");
        }
    }
}
