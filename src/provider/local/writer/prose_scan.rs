//! Scans the Markdown of one section while it is written: where it ends, what of it can be shown, where it is complete.
//!
//! Every scan reads the whole text of the section, which is short.

use super::stop_marks::{find_stop_mark, partial_mark_len};
use crate::domain::script::SENTENCE_MARKS;

/// A line of a text.
struct ProseLine<'a> {
    /// Byte offset of the line.
    start: usize,
    /// The line without its line break.
    text: &'a str,
    /// True if the line ends with a line break.
    is_complete: bool,
}

fn split_lines(text: &str) -> impl Iterator<Item = ProseLine<'_>> {
    text.split_inclusive('\n').scan(0, |next_start, part| {
        let start = *next_start;
        *next_start += part.len();
        let line = part.strip_suffix('\n');
        Some(ProseLine { start, text: line.unwrap_or(part), is_complete: line.is_some() })
    })
}

/// The state of a section's text. Positions are byte offsets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ProseScan {
    /// The end of the section, if the text goes beyond it: an empty line, a heading, a rule or a stop mark follows.
    pub(super) end: Option<usize>,
    /// The start of a code block that has not ended.
    pub(super) open_code: Option<usize>,
}

/// Scans the text of a section.
///
/// An empty line ends the section unless the line before announces something (`:`).
pub(super) fn scan_prose(text: &str) -> ProseScan {
    let mark = find_stop_mark(text);
    let text = mark.and_then(|mark| text.get(..mark)).unwrap_or(text);
    let mut open_code = None;
    let mut content_end = 0;
    let mut is_announcing = false;
    for line in split_lines(text) {
        let trimmed = line.text.trim();
        if trimmed.starts_with("```") {
            open_code = if open_code.is_none() { Some(line.start) } else { None };
        } else if open_code.is_some() {
            // Lines of code end nothing.
        } else if trimmed.is_empty() {
            if line.is_complete && content_end > 0 && !is_announcing {
                return ProseScan { end: Some(content_end), open_code: None };
            }
            continue;
        } else if is_heading(line.text.trim_start(), line.is_complete)
            || is_rule(trimmed, line.is_complete)
        {
            return ProseScan { end: Some(content_end), open_code: None };
        }
        content_end = line.start + line.text.trim_end().len();
        is_announcing = trimmed.ends_with(':');
    }
    ProseScan { end: mark.map(|_| content_end), open_code }
}

/// `# Title`, or a complete line of `#`.
fn is_heading(line: &str, is_complete: bool) -> bool {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    (1..=6).contains(&level) && (rest.starts_with([' ', '\t']) || (rest.is_empty() && is_complete))
}

/// `---` and similar lines, which end a paragraph or turn it into a heading.
fn is_rule(line: &str, is_complete: bool) -> bool {
    let repeats = |c: &&str| line.replace(*c, "").is_empty();
    is_complete && line.len() >= 3 && ["-", "=", "*", "_"].iter().any(repeats)
}

/// The end of the text that can be shown: without white space at the end, a list marker without text, and anything that
/// may become a heading, a rule or a stop mark.
pub(super) fn showable_len(text: &str, in_code: bool) -> usize {
    let text = text.get(..text.len() - partial_mark_len(text)).unwrap_or_default();
    let last = split_lines(text).last();
    let undecided =
        last.filter(|line| !in_code && !line.is_complete && is_undecided(line.text.trim()));
    let shown = undecided.and_then(|line| text.get(..line.start)).unwrap_or(text);
    shown.trim_end().len()
}

/// True for a list marker without text, and for the beginning of a list marker, a heading or a rule.
fn is_undecided(line: &str) -> bool {
    let line = ["[ ]", "[x]", "[X]"].iter().find_map(|b| line.strip_suffix(b)).unwrap_or(line);
    let marks = |of: &[char]| line.chars().all(|c| of.contains(&c));
    let number = line.trim_end_matches(['.', ')']);
    marks(&['#'])
        || marks(&['-', '+', '*', '=', '_', ' '])
        || (line.len() - number.len() <= 1 && number.chars().all(|c| c.is_ascii_digit()))
}

/// The end of the last complete sentence or line. 0 if there is none.
///
/// A line that announces something (`:`) is not complete.
pub(super) fn complete_len(text: &str) -> usize {
    let mut end = 0;
    for line in split_lines(text) {
        let trimmed = line.text.trim_end();
        if line.is_complete
            && !trimmed.is_empty()
            && !trimmed.ends_with(':')
            && !is_undecided(trimmed.trim())
        {
            end = line.start + trimmed.len();
        } else if let Some(sentence_end) = last_sentence_end(line.text) {
            end = line.start + sentence_end;
        }
    }
    end
}

fn last_sentence_end(line: &str) -> Option<usize> {
    let mut last_end = None;
    for (start, c) in line.char_indices() {
        if !SENTENCE_MARKS.contains(&c) {
            continue;
        }
        let (sentence, after) = line.split_at_checked(start + c.len_utf8())?;
        let rest = after.trim_start_matches([')', ']', '"', '\'', '*', '_', '`', '”', '’', '»']);
        let is_end = rest.is_empty() || rest.starts_with(char::is_whitespace) || !c.is_ascii();
        if is_end && !is_undecided(sentence.trim()) && !is_abbreviation(sentence) {
            last_end = Some(line.len() - rest.len());
        }
    }
    last_end
}

/// True if `text` ends with an abbreviation.
fn is_abbreviation(text: &str) -> bool {
    let word = text.rsplit([' ', '(']).next().unwrap_or_default().to_lowercase();
    ["e.g.", "i.e.", "vs.", "approx.", "incl.", "resp.", "no.", "cf."].contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The part of a text before the end of the section.
    fn text_before_end(text: &str) -> Option<&str> {
        scan_prose(text).end.and_then(|end| text.get(..end))
    }

    #[test]
    fn a_section_ends_with_its_paragraph_or_list() {
        assert_eq!(text_before_end("One.\nTwo.\n"), None);
        assert_eq!(text_before_end("One.\n\n"), Some("One."));
        assert_eq!(text_before_end("- a\n- b\n \n- c"), Some("- a\n- b"));
        assert_eq!(
            text_before_end("\n\nOne."),
            None,
            "nothing has been said before the blank line"
        );
        assert_eq!(
            text_before_end("The steps:\n\n1. a\n"),
            None,
            "what is announced belongs to it"
        );
        assert_eq!(text_before_end("The steps:\n\n1. a\n\n"), Some("The steps:\n\n1. a"));
    }

    #[test]
    fn a_section_ends_where_another_begins() {
        assert_eq!(text_before_end("One.\n# "), Some("One."));
        assert_eq!(text_before_end("## Title"), Some(""));
        assert_eq!(text_before_end("One.\n##\n"), Some("One."));
        assert_eq!(text_before_end("One.\n#"), None, "not yet");
        assert_eq!(text_before_end("One.\n#1 is it\n####### b"), None);
        assert_eq!(text_before_end("One.\n---\n"), Some("One."));
        assert_eq!(text_before_end("One.\n***\n"), Some("One."));
        assert_eq!(text_before_end("One.\n---"), None);
        assert_eq!(text_before_end("One. <|im_end|>\n"), Some("One."));
    }

    #[test]
    fn code_ends_nothing() {
        let open = "Run:\n\n```sh\n# a comment\n\n---\nls\n";
        assert_eq!(scan_prose(open), ProseScan { end: None, open_code: Some(6) });
        let closed = format!("{open}```\n");
        assert_eq!(scan_prose(&closed), ProseScan::default());
        assert_eq!(text_before_end(&format!("{closed}\nmore")), Some(closed.trim_end()));
    }

    #[test]
    fn undecided_text_is_not_shown() {
        let shown = |text: &'static str| text.get(..showable_len(text, false)).unwrap();
        for held in ["#", "##", "-", "- ", "*", "1", "12.", "3)", "  -", "---", "===", "- [ ]", ""]
        {
            let text = format!("One.\n{held}");
            assert_eq!(showable_len(&text, false), 4, "{text:?}");
        }
        assert_eq!(shown("One.\n- a "), "One.\n- a");
        assert_eq!(shown("1.5 V"), "1.5 V");
        assert_eq!(shown("12 nodes"), "12 nodes");
        assert_eq!(shown("-5"), "-5");
        assert_eq!(shown("**b"), "**b");
        assert_eq!(shown("#1"), "#1");
        assert_eq!(shown("a <|im_"), "a");
        assert_eq!(shown("One.\n\n"), "One.");
        assert_eq!(showable_len("```\n#", true), 5);
    }

    #[test]
    fn sentences_items_and_rows_are_complete() {
        let kept = |text: &'static str| text.get(..complete_len(text)).unwrap();
        assert_eq!(kept("One. Two"), "One.");
        assert_eq!(kept("One is 1.5 V"), "");
        assert_eq!(kept("One (\"two.\") Three"), "One (\"two.\")");
        assert_eq!(kept("- one\n- two. And\n"), "- one\n- two. And");
        assert_eq!(kept("- one\n- tw"), "- one");
        assert_eq!(kept("One.\n2. "), "One.");
        assert_eq!(kept("One. Use two, e.g. thr"), "One.");
        assert_eq!(kept("One.\nThe steps:\n"), "One.");
        assert_eq!(kept("The steps:\n1. a\n2. b"), "The steps:\n1. a");
        assert_eq!(kept("一。二。三"), "一。二。");
        assert_eq!(kept("Why? Bec"), "Why?");
        assert_eq!(kept(""), "");
    }

    proptest! {
        #[test]
        fn every_position_is_a_char_boundary(text in "([a-c.:# \n`*|<0-9é。-]|\n\n|```|</s>){0,40}") {
            let scan = scan_prose(&text);
            for position in [complete_len(&text), showable_len(&text, false), showable_len(&text, true), scan.end.unwrap_or(0), scan.open_code.unwrap_or(0)] {
                prop_assert!(text.is_char_boundary(position), "{position}");
            }
        }
    }
}
