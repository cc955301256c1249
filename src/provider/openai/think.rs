//! Takes in-band reasoning (`<think>…</think>` at the beginning of an answer) out of its text.
//!
//! Only at the beginning: later in an answer the same tags are something the model writes about. The result does
//! not depend on how the text was cut. Called by `decode`.

use crate::provider::drive::Batch;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";
/// More blanks than this before the first word are text.
const MOST_BLANKS: usize = 1024;

/// Where in the answer the text is.
#[derive(Debug, Default)]
enum Place {
    /// Before the first word; blanks and a beginning of the tag are held.
    #[default]
    Before,
    /// Within the tags; a beginning of the closing tag is held.
    Inside,
    /// Behind the closing tag, before the first word.
    Behind,
    /// In the answer: everything passes.
    Text,
}

/// The splitter of one answer.
#[derive(Debug, Default)]
pub(super) struct Think {
    place: Place,
    held: String,
}

impl Think {
    /// Takes the next piece of text.
    pub(super) fn push(&mut self, text: &str, batch: &mut Batch) {
        match self.place {
            Place::Text => batch.text(text),
            Place::Behind => self.behind(text, batch),
            Place::Inside => {
                self.held.push_str(text);
                self.inside(batch);
            }
            Place::Before => {
                self.held.push_str(text);
                self.before(batch);
            }
        }
    }

    /// The answer is over: what was held is what it is.
    pub(super) fn finish(&mut self, batch: &mut Batch) {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Inside => batch.reasoning(&held),
            Place::Before => batch.text(&held),
            Place::Behind | Place::Text => {}
        }
    }

    fn before(&mut self, batch: &mut Batch) {
        let word = self.held.trim_start();
        if let Some(inside) = word.strip_prefix(OPEN) {
            self.held = inside.to_owned();
            self.place = Place::Inside;
            self.inside(batch);
        } else if !OPEN.starts_with(word) || self.held.len() > MOST_BLANKS {
            self.place = Place::Text;
            batch.text(&std::mem::take(&mut self.held));
        }
    }

    fn inside(&mut self, batch: &mut Batch) {
        if let Some((thought, rest)) = self.held.split_once(CLOSE) {
            batch.reasoning(thought);
            let rest = rest.to_owned();
            self.held.clear();
            self.place = Place::Behind;
            self.behind(&rest, batch);
            return;
        }
        let keep = (1..CLOSE.len())
            .rev()
            .find(|&n| CLOSE.get(..n).is_some_and(|start| self.held.ends_with(start)))
            .unwrap_or(0);
        let tail = self.held.split_off(self.held.len() - keep);
        batch.reasoning(&std::mem::replace(&mut self.held, tail));
    }

    fn behind(&mut self, text: &str, batch: &mut Batch) {
        let text = text.trim_start();
        if !text.is_empty() {
            self.place = Place::Text;
            batch.text(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StreamEvent;

    fn split(answer: &str, size: usize) -> (String, String) {
        let (mut think, mut batch) = (Think::default(), Batch::default());
        let chars: Vec<char> = answer.chars().collect();
        for piece in chars.chunks(size) {
            think.push(&piece.iter().collect::<String>(), &mut batch);
        }
        think.finish(&mut batch);
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
    fn reasoning_and_text_at_every_cut() {
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
                    split(answer, size),
                    (thought.into(), text.into()),
                    "{answer:?} by {size}"
                );
            }
        }
    }
}
