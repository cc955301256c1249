//! The question that has the brief written: all answers of a turn, fenced, and how to cite them.
//!
//! The system prompt is a persona file (`personas/brief.md`, or the user's own of that id); here stands what it works on.
//! Answers that do not fit are shortened, the longest first, and the note says so.

use super::attachment::outline;
use super::fence::Fence;
use crate::domain::format::format_thousands;

/// Tokens that instructions, question, marks and the brief itself take.
const ROOM: u32 = 2_500;

/// An answer that the brief is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The persona's id: the tag that sentences carry.
    pub id: &'a str,
    /// The persona's name.
    pub name: &'a str,
    /// The answer, neutralised.
    pub text: &'a str,
}

/// What is asked, and what was left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefQuestion {
    /// The question.
    pub text: String,
    /// What had to be left out, for the person.
    pub note: Option<String>,
}

/// The question for a brief of `sources`, answers to `question`, for a model with a context of `limit` tokens; `number` is
/// random.
pub fn brief(
    question: &str,
    sources: &[Source<'_>],
    limit: Option<u32>,
    number: u128,
) -> BriefQuestion {
    let fence = Fence::new(number);
    let room =
        limit.map_or(usize::MAX, |tokens| (tokens.saturating_sub(ROOM) as usize).saturating_mul(4));
    let lengths: Vec<usize> = sources.iter().map(|source| source.text.len()).collect();
    let most = share(&lengths, room);
    let tags: Vec<&str> = sources.iter().map(|source| source.id).collect();
    let mut parts = vec![
        "The question that all of them answered:".to_owned(),
        fence.around("the question", &outline(question)),
    ];
    let mut shortened = 0;
    for source in sources {
        let end = source.text.floor_char_boundary(most);
        let text = source.text.get(..end).unwrap_or_default();
        let cut = end < source.text.len();
        shortened += usize::from(cut);
        let rest = if cut { "\n[the rest is left out]" } else { "" };
        let label = format!("answer of {} [{}]", source.name, source.id);
        parts.push(fence.around(&label, &format!("{text}{rest}")));
    }
    parts.push(fence.rule());
    parts.push(format!(
        "Write the brief now. The tags are: {}. One bullet a sentence; each begins with the tags in square brackets and has at \
         least one quote in double quotes, copied letter by letter from an answer of one of its tags:\n\
         - [{}] What they say in your words: \"exact words of the answer\"",
        tags.join(", "),
        tags.first().unwrap_or(&"id"),
    ));
    let note = (shortened > 0).then(|| {
        let tokens = format_thousands(limit.unwrap_or_default());
        format!("{shortened} of {} answers shortened to fit {tokens} tokens", sources.len())
    });
    BriefQuestion { text: parts.join("\n\n"), note }
}

/// How long an answer may be so that all together stay within `room`: short ones leave their share to the others.
fn share(lengths: &[usize], room: usize) -> usize {
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
        assert_eq!(share(&[10, 20, 30], 60), usize::MAX);
        assert_eq!(share(&[10, 20, 100], 60), 30);
        assert_eq!(share(&[100, 100], 60), 30);
        assert_eq!(share(&[5], 0), 0);
        assert_eq!(share(&[], 7), usize::MAX);
    }

    #[test]
    fn answers_are_fenced_tagged_and_shortened_with_a_note() {
        let long = "é".repeat(20_000);
        let sources = [
            Source { id: "infra", name: "Kael Voss", text: "Keep it." },
            Source { id: "edge", name: "Kai Lennox", text: &long },
        ];
        let asked = brief("Which?", &sources, None, 7);
        assert_eq!(asked.note, None);
        assert!(asked.text.contains("answer of Kael Voss [infra]\nKeep it.\nEND"));
        assert!(asked.text.contains("The tags are: infra, edge."));
        let asked = brief("Which?", &sources, Some(4_000), 7);
        assert_eq!(asked.note.as_deref(), Some("1 of 2 answers shortened to fit 4,000 tokens"));
        assert!(asked.text.len() < 9_000 && asked.text.contains("[the rest is left out]"));
    }
}
