//! Verifies the brief that a model wrote, sentence by sentence: whose answer it is about, what it quotes, and whether the
//! quotes are in that answer.
//!
//! A sentence is valid when it has the tag of a persona, and every quote is in the answer of one of its tags. Any other
//! sentence has a fault and is shown struck out.

use std::cell::Cell;
use std::fmt;

use super::brief_text::{BriefBlock, closing_quote, split_blocks, split_bullet};
use super::heading_words::heading_key;
use super::quote_index::QuoteIndex;
use crate::domain::PROJECT_MARK;
use crate::domain::script::is_word_char;

/// An answer that the brief may quote.
#[derive(Debug, Clone, Copy)]
pub struct QuotedAnswer<'a> {
    /// Id of the persona: the tag.
    pub id: &'a str,
    /// Name of the persona, which also counts as a tag.
    pub name: &'a str,
    /// The answer, sanitised.
    pub text: &'a str,
}

/// Words that the brief takes from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The words, without quotation marks.
    pub text: String,
    /// Indices of the tagged answers that contain them.
    pub found_in: Vec<usize>,
}

/// Why a sentence of the brief is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BriefFault {
    /// Its tag names a persona that is not in the panel.
    UnknownPersona(String),
    /// It has no tag.
    NoTag,
    /// The last quote is not closed.
    UnclosedQuote,
    /// It has no quote.
    NoQuote,
    /// This quote has too few words to prove anything.
    ShortQuote(String),
    /// The quote is in the answer of `found`, not in those of the `tagged` personas.
    OtherAnswer {
        /// The words.
        quote: String,
        /// Id of the persona whose answer has it.
        found: String,
        /// Ids of the tagged personas.
        tagged: Vec<String>,
    },
    /// The quote is in no answer.
    QuoteNotFound {
        /// The words.
        quote: String,
        /// Ids of the tagged personas.
        tagged: Vec<String>,
    },
    /// The brief is too long for all of it to be verified.
    NotVerified,
}

impl fmt::Display for BriefFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let possessive = |ids: &[String]| {
            ids.iter().map(|id| format!("{id}'s")).collect::<Vec<_>>().join(" or ")
        };
        match self {
            Self::UnknownPersona(name) => write!(f, "unknown persona “{name}”"),
            Self::NoTag => f.write_str("no persona named"),
            Self::UnclosedQuote => f.write_str("unclosed quote"),
            Self::NoQuote => f.write_str("no quote"),
            Self::ShortQuote(quote) => write!(f, "“{quote}” is too short to verify"),
            Self::NotVerified => f.write_str("the brief is too long to verify all of it"),
            Self::OtherAnswer { quote, found, tagged } => {
                write!(f, "“{quote}” is in {found}'s answer, not in {}", possessive(tagged))
            }
            Self::QuoteNotFound { quote, tagged } => {
                write!(f, "quote not found in {} answer: “{quote}”", possessive(tagged))
            }
        }
    }
}

/// A line of the brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BriefLine {
    /// A heading.
    Heading(String),
    /// A sentence.
    Sentence {
        /// The sentence on one line, with tags and quotes.
        text: String,
        /// Indices of the answers that it is about.
        tags: Vec<usize>,
        /// What it quotes.
        quotes: Vec<Quote>,
        /// Why it is not valid; none when it is.
        fault: Option<BriefFault>,
    },
}

/// Words that a quote has at least; fewer occur in any answer.
const MIN_QUOTE_WORDS: usize = 3;

/// Bytes of a brief that are verified; what a model is asked for has a twentieth of that.
const MAX_BRIEF_BYTES: usize = 64 * 1024;

/// Bytes of answers that are searched for the quotes of one brief.
const MAX_SEARCHED_BYTES: usize = 512 * 1024 * 1024;

/// The lines of the brief `text`, whose headings are `headings`; any other heading is a sentence. While the brief is not
/// `finished`, its last sentence has no fault: it may continue.
pub fn verify_brief(
    text: &str,
    headings: &[&str],
    answers: &[QuotedAnswer<'_>],
    finished: bool,
) -> Vec<BriefLine> {
    let headings: Vec<String> = headings.iter().map(|heading| heading_key(heading)).collect();
    let verifier = BriefVerifier {
        answers,
        indices: answers.iter().map(|answer| QuoteIndex::new(answer.text)).collect(),
        searched: Cell::new(0),
    };
    let mut lines = Vec::new();
    let beginning = text.get(..text.floor_char_boundary(MAX_BRIEF_BYTES)).unwrap_or_default();
    for block in split_blocks(beginning) {
        match block {
            BriefBlock::Heading(text) if headings.contains(&heading_key(&text)) => {
                lines.push(BriefLine::Heading(text));
            }
            BriefBlock::Heading(text) => lines.push(verifier.verify_sentence(&text)),
            BriefBlock::Bullet(text) => {
                let sentences = split_bullet(&text).into_iter();
                lines.extend(sentences.map(|sentence| verifier.verify_sentence(sentence)));
            }
        }
    }
    if beginning.len() < text.len() {
        let unread = text.len() - beginning.len();
        lines.push(BriefLine::Sentence {
            text: format!("[{unread} more bytes]"),
            tags: Vec::new(),
            quotes: Vec::new(),
            fault: Some(BriefFault::NotVerified),
        });
        return lines;
    }
    let may_continue = !finished && !text.ends_with("\n\n");
    if let (true, Some(BriefLine::Sentence { fault, .. })) = (may_continue, lines.last_mut()) {
        *fault = None;
    }
    lines
}

struct BriefVerifier<'a> {
    answers: &'a [QuotedAnswer<'a>],
    /// One for each answer.
    indices: Vec<QuoteIndex>,
    /// Bytes that were searched so far.
    searched: Cell<usize>,
}

impl BriefVerifier<'_> {
    fn verify_sentence(&self, sentence: &str) -> BriefLine {
        let (tags, unknown) = self.find_tags(sentence);
        let (texts, unclosed) = find_quotes(sentence);
        let quotes: Vec<Quote> = texts
            .into_iter()
            .map(|text| Quote {
                found_in: tags.iter().copied().filter(|tag| self.is_in(text, *tag)).collect(),
                text: text.to_owned(),
            })
            .collect();
        let fault = if let Some(name) = unknown.first() {
            Some(BriefFault::UnknownPersona((*name).to_owned()))
        } else if tags.is_empty() {
            Some(BriefFault::NoTag)
        } else if unclosed {
            Some(BriefFault::UnclosedQuote)
        } else if quotes.is_empty() {
            Some(BriefFault::NoQuote)
        } else {
            quotes.iter().find_map(|quote| self.find_quote_fault(quote, &tags))
        };
        BriefLine::Sentence { text: sentence.replace("**", ""), tags, quotes, fault }
    }

    fn find_quote_fault(&self, quote: &Quote, tags: &[usize]) -> Option<BriefFault> {
        if is_short(&quote.text) {
            return Some(BriefFault::ShortQuote(quote.text.clone()));
        }
        if !quote.found_in.is_empty() {
            return None;
        }
        if self.is_exhausted() {
            return Some(BriefFault::NotVerified);
        }
        let id_of =
            |index: usize| self.answers.get(index).map_or_else(String::new, |a| a.id.to_owned());
        let tagged = tags.iter().map(|tag| id_of(*tag)).collect();
        let other = (0..self.indices.len()).find(|index| self.is_in(&quote.text, *index));
        let quote = quote.text.clone();
        Some(match other {
            Some(other) => BriefFault::OtherAnswer { quote, found: id_of(other), tagged },
            None => BriefFault::QuoteNotFound { quote, tagged },
        })
    }

    fn is_in(&self, quote: &str, index: usize) -> bool {
        let Some(index) = self.indices.get(index).filter(|_| !self.is_exhausted()) else {
            return false;
        };
        self.searched.set(self.searched.get() + index.search_cost());
        index.contains(quote)
    }

    /// True when no more quotes are looked up.
    fn is_exhausted(&self) -> bool {
        self.searched.get() > MAX_SEARCHED_BYTES
    }

    /// The answers named in square brackets outside quotes, and unknown names in the brackets that open the sentence.
    fn find_tags<'t>(&self, sentence: &'t str) -> (Vec<usize>, Vec<&'t str>) {
        let (mut tags, mut unknown) = (Vec::new(), Vec::new());
        let (mut quote, mut is_leading, mut tag_start) = (None, true, None);
        for (offset, c) in sentence.char_indices() {
            match quote {
                Some(close) if c == close => quote = None,
                Some(_) => continue,
                None => quote = closing_quote(c),
            }
            match (c, tag_start) {
                ('[', _) => tag_start = Some(offset + 1),
                (']', Some(start)) => {
                    tag_start = None;
                    let names = sentence.get(start..offset).unwrap_or_default();
                    for name in names.split([',', ';', '&', '/']) {
                        let name = name.trim().trim_matches(['*', '`', '@']);
                        match self.answers.iter().position(|answer| is_named(answer, name)) {
                            Some(tag) if !tags.contains(&tag) => tags.push(tag),
                            None if is_leading && !name.is_empty() => unknown.push(name),
                            _ => {}
                        }
                    }
                }
                (c, None) if !c.is_whitespace() && !"]*:,&".contains(c) => is_leading = false,
                _ => {}
            }
        }
        (tags, unknown)
    }
}

/// True for a quote of too few words; a character of a script without spaces counts as a word.
fn is_short(quote: &str) -> bool {
    let word_chars = quote.chars().filter(|c| is_word_char(*c)).count();
    quote.split_whitespace().count() + word_chars < MIN_QUOTE_WORDS
}

/// True for the id, the name and the first name of the persona, in any case.
fn is_named(answer: &QuotedAnswer<'_>, name: &str) -> bool {
    // The question for the brief marks the names of a project's personas.
    let name = name.strip_prefix(PROJECT_MARK).unwrap_or(name);
    let is_same = |other: &str| !other.is_empty() && other.to_lowercase() == name.to_lowercase();
    is_same(answer.id) || is_same(answer.name) || answer.name.split(' ').next().is_some_and(is_same)
}

/// The texts in quotation marks, and whether the last one is not closed.
fn find_quotes(sentence: &str) -> (Vec<&str>, bool) {
    let mut quotes = Vec::new();
    let mut open: Option<(char, usize)> = None;
    for (offset, c) in sentence.char_indices() {
        match open {
            Some((close, start)) if c == close => {
                quotes.extend(sentence.get(start..offset).map(str::trim));
                open = None;
            }
            Some(_) => {}
            None => open = closing_quote(c).map(|close| (close, offset + c.len_utf8())),
        }
    }
    quotes.retain(|quote| !quote.is_empty());
    (quotes, open.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: [QuotedAnswer<'static>; 2] = [
        QuotedAnswer {
            id: "infra",
            name: "Kael Voss",
            text: "Keep **PostgreSQL** on one primary.\nFail over by hand in the first year.",
        },
        QuotedAnswer {
            id: "edge",
            name: "Kai Lennox",
            text: "- Keep a queue in every shop.\n- 区域网络断开时继续销售。",
        },
    ];

    fn faults(text: &str, finished: bool) -> Vec<String> {
        let lines = verify_brief(text, &["Agreement", "Open questions"], &ANSWERS, finished);
        lines
            .into_iter()
            .map(|line| match line {
                BriefLine::Heading(text) => format!("# {text}"),
                BriefLine::Sentence { fault, .. } => {
                    fault.map_or_else(|| "ok".to_owned(), |fault| fault.to_string())
                }
            })
            .collect()
    }

    #[test]
    fn quotes_are_verified_against_the_answers() {
        for (text, fault) in [
            ("- [infra] One writer: \"keep PostgreSQL on one primary\"", "ok"),
            ("- [Kael Voss]: one writer, “Keep PostgreSQL on one primary.”", "ok"),
            ("- [project: Kael Voss]: one writer, “Keep PostgreSQL on one primary.”", "ok"),
            ("2. **[infra, edge]** Simple first: \"keep a queue in every shop\"", "ok"),
            ("* [edge] Sells on: \"区域网络断开时继续销售\"", "ok"),
            (
                "- [infra] Both: \"Keep a queue in every shop\"",
                "“Keep a queue in every shop” is in edge's answer, not in infra's",
            ),
            (
                "- [infra] Two: \"keep PostgreSQL on two primaries\"",
                "quote not found in infra's answer: “keep PostgreSQL on two primaries”",
            ),
            ("- [infra] Bare words.", "no quote"),
            ("**Everyone agrees on Kafka.**", "no persona named"),
            ("# Everyone agrees", "no persona named"),
            ("- \"keep PostgreSQL on one primary\" is said", "no persona named"),
            ("- [cto] \"keep PostgreSQL on one primary\"", "unknown persona “cto”"),
            ("- [infra] \"on one\"", "“on one” is too short to verify"),
            ("- [infra] So: \"keep PostgreSQL on", "unclosed quote"),
            (
                "- [infra] \"keep PostgreSQL on one primary\" \"fail over by itself\"",
                "quote not found in infra's answer: “fail over by itself”",
            ),
        ] {
            assert_eq!(faults(text, true), [fault], "{text}");
        }
    }

    #[test]
    fn each_sentence_of_a_bullet_is_checked_and_lines_are_joined() {
        let text = "## Agreement\n\n- [infra] One writer, e.g. Postgres:\n  \"keep PostgreSQL on one primary\". Everybody else agrees with that.\n\n**Open questions:**\n- [edge] Who? \"keep a queue in every shop.\" [infra] When: \"fail over by hand\"\n";
        assert_eq!(
            faults(text, true),
            ["# Agreement", "ok", "no persona named", "# Open questions", "ok", "ok"]
        );
    }

    #[test]
    fn an_unfinished_sentence_has_no_fault() {
        let text = "- [infra] Two: \"keep nothing of it\"\n- [infra] One writer:\n";
        let lost = "quote not found in infra's answer: “keep nothing of it”";
        assert_eq!(faults(text, false), [lost, "ok"]);
        assert_eq!(faults(text, true), [lost, "no quote"]);
    }
}
