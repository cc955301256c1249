//! The question that has one persona attack another one's recommendation: its text quoted, its author not named.
//!
//! Only words; who is asked and when is `app`'s. The answer is an aside: it enters no history.

use super::attachment::outline;
use super::budget::estimate;
use super::fence::Fence;

/// Bytes of a recommendation that are quoted at most: what matters stands in its beginning.
const QUOTED: usize = 8_000;

/// Tokens that instructions, proposal and reply take.
const ROOM: u32 = 4_000;

/// The question to the challenger: the `question` that was asked, `text` as the model wrote it (neutralised), for a model with
/// a context of `limit` tokens; a random `number` for the fence.
pub fn challenge(question: &str, text: &str, limit: Option<u32>, number: u128) -> String {
    let fence = Fence::new(number);
    // With what was attached, where that fits: who attacks has to know what it is about.
    let room = limit.unwrap_or(u32::MAX).saturating_sub(ROOM);
    let fits = estimate(question) <= room;
    let question = if fits { question.to_owned() } else { outline(question) };
    let end = text.floor_char_boundary(QUOTED);
    let quoted = text.get(..end).unwrap_or_default();
    [
        "A design review asked:".to_owned(),
        fence.around("the question", &question),
        "Somebody proposes:".to_owned(),
        fence.around("the proposal", quoted),
        fence.rule(),
        "Attack this proposal from your own point of view. Say where it fails and under which conditions, what it costs that \
         is not said, which assumption it rests on, and what you would need to see measured before you agreed. Give the \
         strongest objection first. If a part of it stands, say which. At most 250 words, as a short list; leave out your \
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
        let question =
            format!("Review this\n\n{}", super::super::attachment("design.md", "secret\nplan"));
        let asked = challenge(&question, "Put **Patroni** in front.", None, 7);
        assert!(asked.contains("Put **Patroni** in front.") && asked.contains("secret"));
        let asked = challenge(&question, "Put **Patroni** in front.", Some(2_000), 7);
        assert!(asked.contains("+ design.md, 2 lines") && !asked.contains("secret"));
        assert!(!challenge("q", &"é".repeat(20_000), None, 7).contains(&"é".repeat(5_000)));
    }
}
