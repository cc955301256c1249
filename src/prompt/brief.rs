//! The question that asks a model for the brief of a turn: all answers, fenced, and how to cite them.
//!
//! The system prompt is not here: it is a persona file (`personas/brief.md`, or the user's persona with that id). Answers
//! that do not fit are shortened, the longest first, and a note says so.

use super::document::outline_question;
use super::fence::PromptFence;
use crate::domain::format::format_thousands;

/// Tokens for instructions, question, fences and the brief itself.
const RESERVED_TOKENS: u32 = 2_500;

/// Bytes of all answers in one question: more than any model reads at once.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// An answer that the brief is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BriefSource<'a> {
    /// Id of the persona: the tag in the brief.
    pub id: &'a str,
    /// Name of the persona.
    pub name: &'a str,
    /// The answer, sanitised.
    pub text: &'a str,
}

/// The question for a brief, and a note on what was left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefQuestion {
    /// The question.
    pub text: String,
    /// What was left out, for the user.
    pub note: Option<String>,
}

/// Builds the question for a brief of `sources`, the answers to `question`. `limit` is the context of the model in tokens;
/// `number` is random.
pub fn brief_question(
    question: &str,
    sources: &[BriefSource<'_>],
    limit: Option<u32>,
    number: u128,
) -> BriefQuestion {
    let fence = PromptFence::new(number);
    let room = limit.map_or(MAX_ANSWER_BYTES, |tokens| {
        (tokens.saturating_sub(RESERVED_TOKENS) as usize).saturating_mul(4).min(MAX_ANSWER_BYTES)
    });
    let lengths: Vec<usize> = sources.iter().map(|source| source.text.len()).collect();
    let most = share_evenly(&lengths, room);
    let tags: Vec<&str> = sources.iter().map(|source| source.id).collect();
    let mut parts = vec![
        "The question that all of them answered:".to_owned(),
        fence.wrap_text("the question", &outline_question(question)),
    ];
    let mut shortened = 0;
    for source in sources {
        let end = source.text.floor_char_boundary(most);
        let text = source.text.get(..end).unwrap_or_default();
        let cut = end < source.text.len();
        shortened += usize::from(cut);
        let rest = if cut { "\n[the rest is left out]" } else { "" };
        let label = format!("answer of {} [{}]", source.name, source.id);
        parts.push(fence.wrap_text(&label, &format!("{text}{rest}")));
    }
    parts.push(fence.explain());
    parts.push(format!(
        "Write the brief now. The tags are: {}. One bullet a sentence; each begins with the tags in square brackets and has at \
         least one quote in double quotes, copied letter by letter from an answer of one of its tags:\n\
         - [{}] What they say in your words: \"exact words of the answer\"",
        tags.join(", "),
        tags.first().unwrap_or(&"id"),
    ));
    let note = (shortened > 0).then(|| {
        let tokens = u32::try_from(room / 4).unwrap_or(u32::MAX).saturating_add(RESERVED_TOKENS);
        let tokens = format_thousands(limit.map_or(tokens, |limit| limit.min(tokens)));
        format!("{shortened} of {} answers shortened to fit {tokens} tokens", sources.len())
    });
    BriefQuestion { text: parts.join("\n\n"), note }
}

/// The longest text that each of `lengths` may have so that all of them fit into `room`: what short texts leave is shared
/// by the others.
fn share_evenly(lengths: &[usize], room: usize) -> usize {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let mut left = room;
    for (at, length) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - at);
        if *length > share {
            return share;
        }
        left -= length;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_answers_leave_their_room_to_long_ones() {
        assert_eq!(share_evenly(&[10, 20, 30], 60), usize::MAX);
        assert_eq!(share_evenly(&[10, 20, 100], 60), 30);
        assert_eq!(share_evenly(&[100, 100], 60), 30);
        assert_eq!(share_evenly(&[5], 0), 0);
        assert_eq!(share_evenly(&[], 7), usize::MAX);
    }

    #[test]
    fn answers_are_fenced_tagged_and_shortened_with_a_note() {
        let long = "é".repeat(20_000);
        let sources = [
            BriefSource { id: "infra", name: "Kael Voss", text: "Keep it." },
            BriefSource { id: "edge", name: "Kai Lennox", text: &long },
        ];
        let asked = brief_question("Which?", &sources, None, 7);
        assert_eq!(asked.note, None);
        assert!(asked.text.contains("answer of Kael Voss [infra]\nKeep it.\nEND"));
        assert!(asked.text.contains("The tags are: infra, edge."));
        let asked = brief_question("Which?", &sources, Some(4_000), 7);
        assert_eq!(asked.note.as_deref(), Some("1 of 2 answers shortened to fit 4,000 tokens"));
        assert!(asked.text.len() < 9_000 && asked.text.contains("[the rest is left out]"));
    }
}
