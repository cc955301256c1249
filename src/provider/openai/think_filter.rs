//! Separates reasoning in `<think>…</think>` at the beginning of an answer from its text.
//!
//! Later in an answer, the same tags are text that the model writes about. The result does not depend on where the text
//! was cut.

use crate::provider::stream_driver::EventBatch;

const OPEN_TAG: &str = "<think>";
const CLOSE_TAG: &str = "</think>";
/// With more white space before the first word, the answer has no tag at its beginning.
const MAX_LEADING_BYTES: usize = 1024;

/// The position in the answer.
#[derive(Debug, Default)]
enum ThinkState {
    /// Before the first word. White space and an incomplete opening tag are held back.
    #[default]
    BeforeFirstWord,
    /// Between the tags. An incomplete closing tag is held back.
    InThought,
    /// After the closing tag, before the first word. White space is dropped.
    AfterThought,
    /// In the text of the answer.
    InText,
}

/// Separates the reasoning of one answer.
#[derive(Debug, Default)]
pub(super) struct ThinkFilter {
    state: ThinkState,
    held: String,
}

impl ThinkFilter {
    /// Adds the next piece of text.
    pub(super) fn push(&mut self, text: &str, batch: &mut EventBatch) {
        match self.state {
            ThinkState::InText => batch.push_text(text),
            ThinkState::AfterThought => self.read_after_thought(text, batch),
            ThinkState::InThought => {
                self.held.push_str(text);
                self.read_thought(batch);
            }
            ThinkState::BeforeFirstWord => {
                self.held.push_str(text);
                self.read_first_word(batch);
            }
        }
    }

    /// The answer has ended: text that was held back is delivered.
    pub(super) fn finish(&mut self, batch: &mut EventBatch) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            ThinkState::InThought => batch.push_reasoning(&held),
            ThinkState::BeforeFirstWord => batch.push_text(&held),
            ThinkState::AfterThought | ThinkState::InText => {}
        }
    }

    fn read_first_word(&mut self, batch: &mut EventBatch) {
        let word = self.held.trim_start();
        if let Some(thought) = word.strip_prefix(OPEN_TAG) {
            self.held = thought.to_owned();
            self.state = ThinkState::InThought;
            self.read_thought(batch);
        } else if !OPEN_TAG.starts_with(word) || self.held.len() > MAX_LEADING_BYTES {
            self.state = ThinkState::InText;
            batch.push_text(&std::mem::take(&mut self.held));
        }
    }

    fn read_thought(&mut self, batch: &mut EventBatch) {
        if let Some((thought, rest)) = self.held.split_once(CLOSE_TAG) {
            batch.push_reasoning(thought);
            let rest = rest.to_owned();
            self.held.clear();
            self.state = ThinkState::AfterThought;
            self.read_after_thought(&rest, batch);
            return;
        }
        let partial_tag_len = (1..CLOSE_TAG.len())
            .rev()
            .find(|&len| CLOSE_TAG.get(..len).is_some_and(|start| self.held.ends_with(start)))
            .unwrap_or(0);
        let partial_tag = self.held.split_off(self.held.len() - partial_tag_len);
        batch.push_reasoning(&std::mem::replace(&mut self.held, partial_tag));
    }

    fn read_after_thought(&mut self, text: &str, batch: &mut EventBatch) {
        let text = text.trim_start();
        if !text.is_empty() {
            self.state = ThinkState::InText;
            batch.push_text(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StreamEvent;

    fn split_thought(answer: &str, size: usize) -> (String, String) {
        let (mut filter, mut batch) = (ThinkFilter::default(), EventBatch::default());
        let chars: Vec<char> = answer.chars().collect();
        for piece in chars.chunks(size) {
            filter.push(&piece.iter().collect::<String>(), &mut batch);
        }
        filter.finish(&mut batch);
        let (mut thought, mut text) = (String::new(), String::new());
        for event in batch.into_events() {
            match event {
                StreamEvent::Reasoning(more) => thought.push_str(&more),
                StreamEvent::Text(more) => text.push_str(&more),
                other => panic!("{other:?}"),
            }
        }
        (thought, text)
    }

    #[test]
    fn reasoning_is_separated_at_every_cut() {
        for (answer, thought, text) in [
            ("<think>a < b</think>\n\nYes.", "a < b", "Yes."),
            ("\n <think>\nhm</thin</think>é", "\nhm</thin", "é"),
            ("Use <think>x</think>.", "", "Use <think>x</think>."),
            ("<thin", "", "<thin"),
            ("  text", "", "  text"),
            ("<think>never closed </th", "never closed </th", ""),
            ("<think></think>", "", ""),
            ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
            ("", "", ""),
        ] {
            for size in 1..=answer.len().max(1) {
                assert_eq!(
                    split_thought(answer, size),
                    (thought.into(), text.into()),
                    "{answer:?} by {size}"
                );
            }
        }
    }
}
