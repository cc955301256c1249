//! Splits the text of a brief into headings and sentences.
//!
//! The lines are read as they are, not as Markdown, which would take `[infra]: word` for a link. Tags and quotes are not
//! interpreted here.

use crate::text::{ends_with_abbreviation, split_sentences};

/// Words that a sentence has at least; a boundary that would leave fewer is none.
const MIN_SENTENCE_WORDS: usize = 3;

/// A heading, or a bullet or paragraph.
pub(super) enum BriefBlock {
    /// The text of a heading, or of a bold line.
    Heading(String),
    /// The text of a bullet or a paragraph on one line.
    Bullet(String),
}

/// The blocks of the text in order.
pub(super) fn split_blocks(text: &str) -> Vec<BriefBlock> {
    let mut blocks = Vec::new();
    let mut open = String::new();
    let close = |open: &mut String, blocks: &mut Vec<BriefBlock>| {
        if !open.is_empty() {
            blocks.push(BriefBlock::Bullet(std::mem::take(open)));
        }
    };
    for line in text.lines().map(str::trim) {
        let heading = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim());
        let bold =
            line.strip_prefix("**").and_then(|rest| rest.trim_end_matches(':').strip_suffix("**"));
        let bold = bold.filter(|bold| !bold.contains("**"));
        if let Some(heading) = heading.or(bold) {
            close(&mut open, &mut blocks);
            let text = heading.trim_matches(['*', ' ']).trim_end_matches(':').to_owned();
            blocks.push(BriefBlock::Heading(text));
        } else if line.is_empty() || line.starts_with("```") || is_rule(line) {
            close(&mut open, &mut blocks);
        } else if let Some(item) = list_item_text(line) {
            close(&mut open, &mut blocks);
            open.push_str(item);
        } else {
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(line);
        }
    }
    close(&mut open, &mut blocks);
    blocks
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && ["-", "*", "_"].iter().any(|mark| line.trim_matches(|c| mark.contains(c)).is_empty())
}

/// The text after the marker of a list item.
fn list_item_text(line: &str) -> Option<&str> {
    let rest = ["- ", "* ", "+ ", "• ", "– "].iter().find_map(|mark| line.strip_prefix(mark));
    let numbered = || {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = rest.strip_prefix(['.', ')']).filter(|_| rest.len() < line.len())?;
        rest.strip_prefix(' ')
    };
    rest.or_else(numbered).map(str::trim_start)
}

/// The sentences of a bullet. Only a boundary that is certain separates two of them: outside quotes and brackets, before a
/// capital letter or a tag, with enough words on both sides to be a sentence.
pub(super) fn split_bullet(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut marks = OpenMarks::default();
    let (mut from, mut read_to) = (0, 0);
    for end in possible_ends(text) {
        marks.read(text.get(read_to..end).unwrap_or_default());
        read_to = end;
        let (sentence, rest) = (text.get(from..end), text.get(end..));
        let (sentence, rest) = (sentence.unwrap_or_default(), rest.unwrap_or_default());
        let next = rest.strip_prefix(' ').and_then(|rest| rest.trim_start().chars().next());
        let starts = next.is_some_and(|c| c.is_uppercase() || c == '[');
        if starts && marks.are_closed() && has_enough_words(sentence) && has_enough_words(rest) {
            sentences.push(sentence.trim());
            from = end;
        }
    }
    sentences.push(text.get(from..).unwrap_or_default().trim());
    sentences
}

/// Byte offsets at which a sentence may end, sorted: sentence boundaries, and the ends before a tag, whose lower-case id
/// Unicode's rules take for a continuation.
fn possible_ends(text: &str) -> Vec<usize> {
    let boundaries = split_sentences(text).into_iter().map(|range| range.end);
    let before_tags = text.match_indices(" [").map(|(at, _)| at);
    let mut ends: Vec<usize> = boundaries.chain(before_tags).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.retain(|end| {
        let before = text.get(..*end).unwrap_or_default();
        let marked = before.trim_end_matches(is_closing_quote).ends_with(['.', '!', '?']);
        marked && !ends_with_abbreviation(before)
    });
    ends
}

/// The quote and the brackets that are open at a place in a text.
#[derive(Default)]
struct OpenMarks {
    /// The mark that closes the open quote.
    closing_quote: Option<char>,
    /// Number of open brackets outside quotes.
    brackets: usize,
}

impl OpenMarks {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            match (self.closing_quote, c) {
                (Some(close), c) if c == close => self.closing_quote = None,
                (Some(_), _) => {}
                (None, '[' | '(') => self.brackets += 1,
                (None, ']' | ')') => self.brackets = self.brackets.saturating_sub(1),
                (None, c) => self.closing_quote = closing_quote(c),
            }
        }
    }

    fn are_closed(&self) -> bool {
        self.closing_quote.is_none() && self.brackets == 0
    }
}

fn has_enough_words(text: &str) -> bool {
    text.split_whitespace().nth(MIN_SENTENCE_WORDS - 1).is_some()
}

/// The mark that closes the quote that `c` opens.
pub(super) fn closing_quote(c: char) -> Option<char> {
    Some(match c {
        '"' => '"',
        '“' => '”',
        '„' => '“',
        '«' => '»',
        '「' => '」',
        _ => return None,
    })
}

fn is_closing_quote(c: char) -> bool {
    matches!(c, '"' | '”' | '“' | '»' | '」')
}
