//! What an answer says for and against an option, by labels such as `Pros` and `Cons`.
//!
//! Text without such a label is a description, neither good nor bad. The words are in `words.toml`.

use std::fmt;
use std::ops::Range;

use super::word_lists::word_lists;
use crate::export::inert_markdown::escape_markdown;
use crate::export::session_reading::ReadAnswer;
use crate::text::{OutlineKind, OutlinePart, sanitize_line};

/// Longest argument that is quoted, in characters.
const LONGEST: usize = 400;

/// The side that an argument is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArgumentSide {
    Good,
    Bad,
}

/// An argument about an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// For or against the option; none for a description.
    pub(super) side: Option<ArgumentSide>,
    /// The heading of the table column that it is from.
    label: String,
    /// The words, on one line.
    words: String,
    /// `Kael Voss (infra)`
    who: String,
}

impl Argument {
    /// `“words” — Kael Voss (infra)`, escaped.
    pub(super) fn to_quote(&self) -> String {
        let label = if self.label.is_empty() {
            String::new()
        } else {
            format!("{}: ", escape_markdown(&self.label))
        };
        format!("{label}“{}” — {}", escape_markdown(&self.words), escape_markdown(&self.who))
    }
}

impl fmt::Display for Argument {
    /// As MADR has it: `Good, because “words” — Kael Voss (infra)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Some(ArgumentSide::Good) => write!(f, "Good, because {}", self.to_quote()),
            Some(ArgumentSide::Bad) => write!(f, "Bad, because {}", self.to_quote()),
            None => f.write_str(&self.to_quote()),
        }
    }
}

/// The cells of a row after the first one, which names the option.
pub(super) fn arguments_in_row(columns: &[&str], cells: &[&str], who: &str) -> Vec<Argument> {
    let cells = columns.iter().zip(cells).skip(1);
    let cells = cells.filter(|(_, cell)| cell.chars().any(char::is_alphanumeric));
    cells
        .map(|(column, cell)| {
            let side = find_side(column);
            let label = if side.is_some() { "" } else { column };
            new_argument(side, label, cell, who)
        })
        .collect()
}

/// Paragraphs and list items in the byte range `span`.
pub(super) fn arguments_in_span(
    answer: &ReadAnswer<'_>,
    span: &Range<usize>,
    who: &str,
) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut now: Option<ArgumentSide> = None;
    for part in answer.parts_from(span.start).take_while(|part| part.span().start <= span.end) {
        let here = part.span().end <= span.end;
        if !here || !matches!(part.kind(), OutlineKind::Paragraph | OutlineKind::Heading(_)) {
            continue;
        }
        let (label, rest) = split_label(&part);
        match find_side(label) {
            // A label alone sorts the paragraphs after it; a label with text, only this text.
            Some(found) if rest.is_empty() => now = Some(found),
            Some(found) => {
                now = if part.depth() == 0 { Some(found) } else { now };
                for (side, words) in split_sides(found, rest) {
                    arguments.push(new_argument(Some(side), "", words, who));
                }
            }
            None => {
                now = now.filter(|_| part.depth() > 0);
                arguments.push(new_argument(now, "", part.text(), who));
            }
        }
    }
    arguments.retain(|argument| !argument.words.is_empty());
    arguments
}

/// Splits `cheap, simple. Cons: slow`, the text after a label of the side `first`, into its sides.
fn split_sides(first: ArgumentSide, text: &str) -> Vec<(ArgumentSide, &str)> {
    let mut parts = Vec::new();
    let (mut now, mut from) = (first, 0);
    for (colon, _) in text.match_indices(':') {
        let before = text.get(from..colon).unwrap_or_default();
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let Some(found) = find_side(word).filter(|found| *found != now) else { continue };
        parts.push((now, before.strip_suffix(word).unwrap_or(before).trim()));
        (now, from) = (found, colon + 1);
    }
    parts.push((now, text.get(from..).unwrap_or_default().trim()));
    parts
}

/// Splits `Pros: cheap, simple` into label and rest. A short text without a colon is a label.
fn split_label<'a>(part: &OutlinePart<'a>) -> (&'a str, &'a str) {
    const LABEL: usize = 24;
    let text = part.text();
    match text.split_once(':') {
        Some((label, rest)) if label.chars().count() <= LABEL => (label.trim(), rest.trim()),
        None if text.chars().count() <= LABEL => (text.trim(), ""),
        _ => ("", text),
    }
}

/// The side of a label, by its first word.
fn find_side(label: &str) -> Option<ArgumentSide> {
    let words = label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.clone().next()?.to_lowercase();
    let lists = &word_lists().arguments;
    match first {
        _ if words.count() > 3 => None,
        word if lists.pro.contains(&word) => Some(ArgumentSide::Good),
        word if lists.con.contains(&word) => Some(ArgumentSide::Bad),
        _ => None,
    }
}

fn new_argument(side: Option<ArgumentSide>, label: &str, words: &str, who: &str) -> Argument {
    let words = sanitize_line(words);
    let words = words.trim();
    let short: String = words.chars().take(LONGEST).collect();
    let words = if short.len() < words.len() { short + "…" } else { short };
    Argument { side, label: sanitize_line(label).trim().to_owned(), words, who: who.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_sort() {
        for (label, wanted) in [
            ("Pros", Some(ArgumentSide::Good)),
            ("**Advantages", Some(ArgumentSide::Good)),
            ("Con", Some(ArgumentSide::Bad)),
            ("Cost Impact", None),
            ("Pro forma accounts of the year", None),
            ("", None),
        ] {
            assert_eq!(find_side(label), wanted, "{label}");
        }
    }
}
