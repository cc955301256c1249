//! The brief a model wrote, sentence by sentence: whom it is about, what it quotes, and whether the quotes stand there.
//!
//! A sentence counts when it carries the tag of a persona and a quote of words that stand in the answer of one of its tags.
//! Anything else has a fault, and is shown struck out. The prompt asks for one sentence a bullet (`personas/brief.md`); the
//! lines are read as they are, not as Markdown, which would take `[infra]: word` for a link. Called by `app`.

use super::quotes::Haystack;
use super::words::key;
use crate::domain::script::is_word_char;
use crate::text::{ends_with_abbreviation, split_sentences};

/// A persona that can be quoted.
#[derive(Debug, Clone, Copy)]
pub struct Witness<'a> {
    /// Its id: the tag.
    pub id: &'a str,
    /// Its name, which counts as a tag, too.
    pub name: &'a str,
    /// Its answer, neutralised.
    pub text: &'a str,
}

/// Words that the brief takes from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The words, without quotation marks.
    pub text: String,
    /// Those of the tagged witnesses in whose answers they stand, as places in the list of witnesses.
    pub by: Vec<usize>,
}

/// A line of the brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BriefLine {
    /// A heading.
    Heading(String),
    /// A sentence.
    Sentence {
        /// All of it, on one line, tags and quotes included.
        text: String,
        /// The witnesses that it is about, as places in the list of witnesses.
        tags: Vec<usize>,
        /// What it quotes.
        quotes: Vec<Quote>,
        /// Why it does not count; none when it does.
        fault: Option<String>,
    },
}

/// Words that a quote has at least; fewer stand in any answer.
const WORDS: usize = 3;

/// The lines of the brief `text`, whose headings are `headings`; anything else that looks like one is a sentence. While it is not `finished` its last sentence has no fault yet: it may go on.
pub fn check_brief(
    text: &str,
    headings: &[&str],
    witnesses: &[Witness<'_>],
    finished: bool,
) -> Vec<BriefLine> {
    let promised: Vec<String> = headings.iter().map(|heading| key(heading)).collect();
    let answers: Vec<Haystack> = witnesses.iter().map(|w| Haystack::new(w.text)).collect();
    let mut lines = Vec::new();
    for block in blocks(text) {
        match block {
            Block::Heading(text) if promised.contains(&key(&text)) => {
                lines.push(BriefLine::Heading(text));
            }
            Block::Heading(text) => lines.push(check(&text, witnesses, &answers)),
            Block::Bullet(text) => {
                lines
                    .extend(split_bullet(&text).into_iter().map(|s| check(s, witnesses, &answers)));
            }
        }
    }
    let goes_on = !finished && !text.ends_with("\n\n");
    if let (true, Some(BriefLine::Sentence { fault, .. })) = (goes_on, lines.last_mut()) {
        *fault = None;
    }
    lines
}

enum Block {
    Heading(String),
    Bullet(String),
}

/// Headings, and bullets or paragraphs with their lines joined.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = String::new();
    let close = |open: &mut String, blocks: &mut Vec<Block>| {
        if !open.is_empty() {
            blocks.push(Block::Bullet(std::mem::take(open)));
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
            blocks.push(Block::Heading(text));
        } else if line.is_empty() || line.starts_with("```") || is_rule(line) {
            close(&mut open, &mut blocks);
        } else if let Some(item) = item(line) {
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

/// What stands behind the marker of a list item.
fn item(line: &str) -> Option<&str> {
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
fn split_bullet(text: &str) -> Vec<&str> {
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

/// The bytes at which a sentence may end, sorted: sentence boundaries, and those before a tag, whose lower-case id Unicode's
/// rules take for a continuation.
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
                (None, c) => self.closing_quote = closing(c),
            }
        }
    }

    fn are_closed(&self) -> bool {
        self.closing_quote.is_none() && self.brackets == 0
    }
}

fn has_enough_words(text: &str) -> bool {
    text.split_whitespace().nth(WORDS - 1).is_some()
}

/// The mark that closes a quote that this one opens.
fn closing(c: char) -> Option<char> {
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

fn check(sentence: &str, witnesses: &[Witness<'_>], answers: &[Haystack]) -> BriefLine {
    let (tags, strangers) = tags(sentence, witnesses);
    let (spoken, open) = quoted(sentence);
    let stands = |quote: &str, at: usize| answers.get(at).is_some_and(|a| a.find(quote).is_some());
    let quotes: Vec<Quote> = spoken
        .into_iter()
        .map(|text| Quote {
            by: tags.iter().copied().filter(|at| stands(text, *at)).collect(),
            text: text.to_owned(),
        })
        .collect();
    let name = |at: &usize| witnesses.get(*at).map_or("", |witness| witness.id);
    let whose = tags.iter().map(name).collect::<Vec<_>>().join(" or ");
    let lost = quotes.iter().find(|quote| quote.by.is_empty() || is_short(&quote.text));
    let fault = if let Some(stranger) = strangers.first() {
        Some(format!("nobody of the panel is called “{stranger}”"))
    } else if tags.is_empty() {
        Some("it does not say whose view it is".to_owned())
    } else if open {
        Some("its quote has no end".to_owned())
    } else if quotes.is_empty() {
        Some("it quotes nobody".to_owned())
    } else if let Some(quote) = lost {
        let other = (0..answers.len()).find(|at| stands(&quote.text, *at));
        Some(match other {
            _ if is_short(&quote.text) => {
                format!("“{}” is too short to prove anything", quote.text)
            }
            Some(other) => {
                format!("“{}” stands in the answer of {}, not of {whose}", quote.text, name(&other))
            }
            None => format!("“{}” does not stand in the answer of {whose}", quote.text),
        })
    } else {
        None
    };
    let text = sentence.replace("**", "");
    BriefLine::Sentence { text, tags, quotes, fault }
}

/// Signs that are words of their own count as such.
fn is_short(quote: &str) -> bool {
    let signs = quote.chars().filter(|c| is_word_char(*c)).count();
    quote.split_whitespace().count() + signs < WORDS
}

/// The witnesses named in square brackets outside quotes, and what the brackets that open the sentence name besides.
fn tags<'a>(sentence: &'a str, witnesses: &[Witness<'_>]) -> (Vec<usize>, Vec<&'a str>) {
    let (mut tags, mut strangers) = (Vec::new(), Vec::new());
    let (mut quoted, mut leading, mut from) = (None, true, None);
    for (at, c) in sentence.char_indices() {
        match quoted {
            Some(close) if c == close => quoted = None,
            Some(_) => continue,
            None => quoted = closing(c),
        }
        match (c, from) {
            ('[', _) => from = Some(at + 1),
            (']', Some(start)) => {
                from = None;
                for word in sentence.get(start..at).unwrap_or_default().split([',', ';', '&', '/'])
                {
                    let word = word.trim().trim_matches(['*', '`', '@']);
                    match witnesses.iter().position(|witness| is_called(witness, word)) {
                        Some(at) if !tags.contains(&at) => tags.push(at),
                        None if leading && !word.is_empty() => strangers.push(word),
                        _ => {}
                    }
                }
            }
            (c, None) if !c.is_whitespace() && !"]*:,&".contains(c) => leading = false,
            _ => {}
        }
    }
    (tags, strangers)
}

fn is_called(witness: &Witness<'_>, word: &str) -> bool {
    let same = |name: &str| !name.is_empty() && name.to_lowercase() == word.to_lowercase();
    same(witness.id) || same(witness.name) || witness.name.split(' ').next().is_some_and(same)
}

/// What stands in quotation marks, and whether the last one is still open.
fn quoted(sentence: &str) -> (Vec<&str>, bool) {
    let mut quotes = Vec::new();
    let mut open: Option<(char, usize)> = None;
    for (at, c) in sentence.char_indices() {
        match open {
            Some((close, from)) if c == close => {
                quotes.extend(sentence.get(from..at).map(str::trim));
                open = None;
            }
            Some(_) => {}
            None => open = closing(c).map(|close| (close, at + c.len_utf8())),
        }
    }
    quotes.retain(|quote| !quote.is_empty());
    (quotes, open.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITNESSES: [Witness<'static>; 2] = [
        Witness {
            id: "infra",
            name: "Kael Voss",
            text: "Keep **PostgreSQL** on one primary.\nFail over by hand in the first year.",
        },
        Witness {
            id: "edge",
            name: "Kai Lennox",
            text: "- Keep a queue in every shop.\n- 区域网络断开时继续销售。",
        },
    ];

    fn faults(text: &str, finished: bool) -> Vec<String> {
        let lines = check_brief(text, &["Agreement", "Open questions"], &WITNESSES, finished);
        lines
            .into_iter()
            .map(|line| match line {
                BriefLine::Heading(text) => format!("# {text}"),
                BriefLine::Sentence { fault, .. } => fault.unwrap_or_else(|| "ok".to_owned()),
            })
            .collect()
    }

    #[test]
    fn what_is_quoted_stands_in_the_answer_or_is_struck_out() {
        for (text, fault) in [
            ("- [infra] One writer: \"keep PostgreSQL on one primary\"", "ok"),
            ("- [Kael Voss]: one writer, “Keep PostgreSQL on one primary.”", "ok"),
            ("2. **[infra, edge]** Simple first: \"keep a queue in every shop\"", "ok"),
            ("* [edge] Sells on: \"区域网络断开时继续销售\"", "ok"),
            (
                "- [infra] Both: \"Keep a queue in every shop\"",
                "“Keep a queue in every shop” stands in the answer of edge, not of infra",
            ),
            (
                "- [infra] Two: \"keep PostgreSQL on two primaries\"",
                "“keep PostgreSQL on two primaries” does not stand in the answer of infra",
            ),
            ("- [infra] Bare words.", "it quotes nobody"),
            ("**Everyone agrees on Kafka.**", "it does not say whose view it is"),
            ("# Everyone agrees", "it does not say whose view it is"),
            ("- \"keep PostgreSQL on one primary\" is said", "it does not say whose view it is"),
            ("- [cto] \"keep PostgreSQL on one primary\"", "nobody of the panel is called “cto”"),
            ("- [infra] \"on one\"", "“on one” is too short to prove anything"),
            ("- [infra] So: \"keep PostgreSQL on", "its quote has no end"),
            (
                "- [infra] \"keep PostgreSQL on one primary\" \"fail over by itself\"",
                "“fail over by itself” does not stand in the answer of infra",
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
            [
                "# Agreement",
                "ok",
                "it does not say whose view it is",
                "# Open questions",
                "ok",
                "ok"
            ]
        );
    }

    #[test]
    fn a_sentence_that_is_still_coming_has_no_fault() {
        let text = "- [infra] Two: \"keep nothing of it\"\n- [infra] One writer:\n";
        let lost = "“keep nothing of it” does not stand in the answer of infra";
        assert_eq!(faults(text, false), [lost, "ok"]);
        assert_eq!(faults(text, true), [lost, "it quotes nobody"]);
    }
}
