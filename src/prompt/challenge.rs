//! The question that asks a persona to challenge another one's recommendation: its text is quoted, its author is not named.
//!
//! Only the text; who challenges whom is not decided here.

use super::budget::estimate_tokens;
use super::document::outline_question;
use super::fence::PromptFence;

/// Bytes of a recommendation that are quoted at most: the point is at its beginning.
const MAX_QUOTED_BYTES: usize = 8_000;

/// Tokens for instructions, proposal and reply.
const RESERVED_TOKENS: u32 = 4_000;

/// Builds the question to the challenger. `question` is what the user asked, `text` the recommendation, sanitised; `limit` is
/// the context of the model in tokens, `number` a random number for the fence.
pub fn challenge_question(question: &str, text: &str, limit: Option<u32>, number: u128) -> String {
    let fence = PromptFence::new(number);
    // With the attachments, if they fit: the challenger has to know the subject.
    let room = limit.unwrap_or(u32::MAX).saturating_sub(RESERVED_TOKENS);
    let fits = estimate_tokens(question) <= room;
    let question = if fits { question.to_owned() } else { outline_question(question) };
    let end = text.floor_char_boundary(MAX_QUOTED_BYTES);
    let quoted = text.get(..end).unwrap_or_default();
    [
        "A design review asked:".to_owned(),
        fence.wrap_text("the question", &question),
        "A proposal:".to_owned(),
        fence.wrap_text("the proposal", quoted),
        fence.explain(),
        "Attack this proposal from your own point of view. Say where it fails and under which conditions, what it costs that \
         is not said, which assumption it rests on, and what you would need to see measured before you agreed. Give the \
         strongest objection first. If a part of it holds up, say which. At most 250 words, as a short list; leave out your \
         usual sections and do not repeat the proposal."
            .to_owned(),
    ]
    .join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_is_not_named_and_attachments_go_with_it_where_they_fit() {
        let question = format!(
            "Review this\n\n{}",
            super::super::format_documents(&[("design.md", "secret\nplan")], 7)
        );
        let asked = challenge_question(&question, "Put **Patroni** in front.", None, 7);
        assert!(asked.contains("Put **Patroni** in front.") && asked.contains("secret"));
        let asked = challenge_question(&question, "Put **Patroni** in front.", Some(2_000), 7);
        assert!(asked.contains("+ design.md, 2 lines") && !asked.contains("secret"));
        assert!(
            !challenge_question("q", &"é".repeat(20_000), None, 7).contains(&"é".repeat(5_000))
        );
    }
}
