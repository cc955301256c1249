//! Where the Markdown of one section ends, what of it is certain, and where it is complete.
//!
//! Looks at the whole text of a section each time, which is short. Knows no tokens. Used by `scaffold`.

use super::stops;
use crate::domain::script::SENTENCE_MARKS;

/// A line of a text: where it begins, without its line break, and whether that has come.
struct Line<'a> {
    at: usize,
    text: &'a str,
    whole: bool,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.split_inclusive('\n').scan(0, |next, part| {
        let at = *next;
        *next += part.len();
        let line = part.strip_suffix('\n');
        Some(Line { at, text: line.unwrap_or(part), whole: line.is_some() })
    })
}

/// What is known of a section's text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// The section ends here, whatever stands behind: a blank line, a heading, a rule, a mark of a template.
    pub(super) end: Option<usize>,
    /// A code block begins in this line and has not ended.
    pub(super) code: Option<usize>,
}

/// Reads a section's text.
///
/// A blank line ends it, but for one after a line that announces something (`:`).
pub(super) fn scan(text: &str) -> Scan {
    let mark = stops::find(text);
    let text = mark.and_then(|at| text.get(..at)).unwrap_or(text);
    let mut code = None;
    let mut content = 0;
    let mut announces = false;
    for line in lines(text) {
        let trimmed = line.text.trim();
        if trimmed.starts_with("```") {
            code = if code.is_none() { Some(line.at) } else { None };
        } else if code.is_some() {
            // anything goes
        } else if trimmed.is_empty() {
            if line.whole && content > 0 && !announces {
                return Scan { end: Some(content), code: None };
            }
            continue;
        } else if is_heading(line.text.trim_start(), line.whole) || is_rule(trimmed, line.whole) {
            return Scan { end: Some(content), code: None };
        }
        content = line.at + line.text.trim_end().len();
        announces = trimmed.ends_with(':');
    }
    Scan { end: mark.map(|_| content), code }
}

/// `# Title`, or `#` in a line of its own.
fn is_heading(line: &str, whole: bool) -> bool {
    let rest = line.trim_start_matches('#');
    let marks = line.len() - rest.len();
    (1..=6).contains(&marks) && (rest.starts_with([' ', '\t']) || (rest.is_empty() && whole))
}

/// `---` and the like, which end a paragraph or make it a heading.
fn is_rule(line: &str, whole: bool) -> bool {
    whole && line.len() >= 3 && ["-", "=", "*", "_"].iter().any(|c| line.replace(c, "").is_empty())
}

/// How far what stands here can be shown: not blanks at the end, no mark of a list without its text, nothing that may
/// become a heading, a rule or a mark of a template.
pub(super) fn settled(text: &str, code: bool) -> usize {
    let text = text.get(..text.len() - stops::beginning(text)).unwrap_or_default();
    let last = lines(text).last();
    let undecided = last.filter(|line| !code && !line.whole && is_undecided(line.text.trim()));
    let kept = undecided.and_then(|line| text.get(..line.at)).unwrap_or(text);
    kept.trim_end().len()
}

/// A mark of a list, or what may become one, a heading or a rule.
fn is_undecided(line: &str) -> bool {
    let line = ["[ ]", "[x]", "[X]"].iter().find_map(|b| line.strip_suffix(b)).unwrap_or(line);
    let marks = |of: &[char]| line.chars().all(|c| of.contains(&c));
    let number = line.trim_end_matches(['.', ')']);
    marks(&['#'])
        || marks(&['-', '+', '*', '=', '_', ' '])
        || (line.len() - number.len() <= 1 && number.chars().all(|c| c.is_ascii_digit()))
}

/// Up to where the text can stand alone: the end of its last sentence or line. 0 if there is none.
///
/// A line that announces something (`:`) is not complete without what it announces.
pub(super) fn complete(text: &str) -> usize {
    let mut found = 0;
    for line in lines(text) {
        let trimmed = line.text.trim_end();
        if line.whole
            && !trimmed.is_empty()
            && !trimmed.ends_with(':')
            && !is_undecided(trimmed.trim())
        {
            found = line.at + trimmed.len();
        } else if let Some(end) = last_sentence(line.text) {
            found = line.at + end;
        }
    }
    found
}

/// Where the last sentence of a line ends.
fn last_sentence(line: &str) -> Option<usize> {
    let mut found = None;
    for (at, c) in line.char_indices() {
        if !SENTENCE_MARKS.contains(&c) {
            continue;
        }
        let end = at + c.len_utf8();
        let (before, after) = line.split_at_checked(end)?;
        let rest = after.trim_start_matches([')', ']', '"', '\'', '*', '_', '`', '”', '’', '»']);
        let over = rest.is_empty() || rest.starts_with(char::is_whitespace) || !c.is_ascii();
        if over && !is_undecided(before.trim()) && !is_abbreviation(before) {
            found = Some(line.len() - rest.len());
        }
    }
    found
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit([' ', '(']).next().unwrap_or_default().to_lowercase();
    ["e.g.", "i.e.", "vs.", "approx.", "incl.", "resp.", "no.", "cf."].contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The part of a text before its end.
    fn before_end(text: &str) -> Option<&str> {
        scan(text).end.and_then(|end| text.get(..end))
    }

    #[test]
    fn a_section_ends_with_its_paragraph_or_list() {
        assert_eq!(before_end("One.\nTwo.\n"), None);
        assert_eq!(before_end("One.\n\n"), Some("One."));
        assert_eq!(before_end("- a\n- b\n \n- c"), Some("- a\n- b"));
        assert_eq!(before_end("\n\nOne."), None, "nothing has been said before the blank line");
        assert_eq!(before_end("The steps:\n\n1. a\n"), None, "what is announced belongs to it");
        assert_eq!(before_end("The steps:\n\n1. a\n\n"), Some("The steps:\n\n1. a"));
    }

    #[test]
    fn a_section_ends_where_another_begins() {
        assert_eq!(before_end("One.\n# "), Some("One."));
        assert_eq!(before_end("## Title"), Some(""));
        assert_eq!(before_end("One.\n##\n"), Some("One."));
        assert_eq!(before_end("One.\n#"), None, "not yet");
        assert_eq!(before_end("One.\n#1 is it\n####### b"), None);
        assert_eq!(before_end("One.\n---\n"), Some("One."));
        assert_eq!(before_end("One.\n***\n"), Some("One."));
        assert_eq!(before_end("One.\n---"), None);
        assert_eq!(before_end("One. <|im_end|>\n"), Some("One."));
    }

    #[test]
    fn code_is_left_alone() {
        let open = "Run:\n\n```sh\n# a comment\n\n---\nls\n";
        assert_eq!(scan(open), Scan { end: None, code: Some(6) });
        let closed = format!("{open}```\n");
        assert_eq!(scan(&closed), Scan::default());
        assert_eq!(before_end(&format!("{closed}\nmore")), Some(closed.trim_end()));
    }

    #[test]
    fn only_what_is_certain_is_shown() {
        let shown = |text: &'static str| text.get(..settled(text, false)).unwrap();
        for held in ["#", "##", "-", "- ", "*", "1", "12.", "3)", "  -", "---", "===", "- [ ]", ""]
        {
            let text = format!("One.\n{held}");
            assert_eq!(settled(&text, false), 4, "{text:?}");
        }
        assert_eq!(shown("One.\n- a "), "One.\n- a");
        assert_eq!(shown("1.5 V"), "1.5 V");
        assert_eq!(shown("12 nodes"), "12 nodes");
        assert_eq!(shown("-5"), "-5");
        assert_eq!(shown("**b"), "**b");
        assert_eq!(shown("#1"), "#1");
        assert_eq!(shown("a <|im_"), "a");
        assert_eq!(shown("One.\n\n"), "One.");
        assert_eq!(settled("```\n#", true), 5);
    }

    #[test]
    fn sentences_items_and_rows_are_complete() {
        let kept = |text: &'static str| text.get(..complete(text)).unwrap();
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
        fn every_place_is_one_in_the_text(text in "([a-c.:# \n`*|<0-9é。-]|\n\n|```|</s>){0,40}") {
            let scan = scan(&text);
            for at in [complete(&text), settled(&text, false), settled(&text, true), scan.end.unwrap_or(0), scan.code.unwrap_or(0)] {
                prop_assert!(text.is_char_boundary(at), "{at}");
            }
        }
    }
}
