//! Reading answers costs time in proportion to their size, whatever is in them.
//!
//! Hostile texts are read at one size and at four times that size, by processor time of the thread, so that other tests do
//! not count. What is quadratic costs sixteen times as much.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use plenary::app::reading::{
    AnswerCopy, BriefCopy, ReadingRequest, ReadingTask, TextRevision, carry_out,
};
use plenary::config::{facets, personas};
use plenary::domain::{
    Change, Ending, ModelRef, NewRun, Persona, PersonaId, RunId, RunNotes, Session, SessionId,
    TurnId,
};
use plenary::export::{ReadingInput, find_format};
use plenary::review::{HeadingSynonyms, extract_missing};
use plenary::text::ParsedMarkdown;
use rustix::time::{ClockId, clock_gettime};

/// Bytes of the smaller text, unless the larger one would be too heavy to be parsed and so not be read.
const BYTES: usize = 4 * 1024;
/// The fewest bytes of a smaller text, for texts that are all signs.
const MIN_BYTES: usize = 1024;
/// How many times the larger text is as long.
const TIMES: usize = 4;
/// The most that it may cost: twice its share.
const MOST: u32 = 8;
/// Rounds of a measurement at most, of which the fastest counts.
const ROUNDS: usize = 4;

/// A hostile text of about `bytes`.
type Text = fn(bytes: usize) -> String;

fn repeat(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len() + 1)
}

/// Pieces with a number each.
fn count(bytes: usize, mut piece: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    let mut n = 0;
    while text.len() < bytes {
        text.push_str(&piece(n));
        n += 1;
    }
    text
}

const TEXTS: &[(&str, Text)] = &[
    ("links without an end", |n| repeat("](", n)),
    ("links without an address", |n| repeat("[a](", n)),
    ("open brackets", |n| repeat("[", n)),
    ("images", |n| repeat("![", n)),
    ("footnotes", |n| repeat("[^a", n)),
    ("open parentheses", |n| repeat("(", n)),
    ("backticks", |n| count(n, |i| format!("{} a ", "`".repeat(i % 50 + 1)))),
    ("one backtick in many", |n| repeat("` a ", n)),
    ("emphasis", |n| repeat("*a _b ", n)),
    ("bold without an end", |n| repeat("**a ", n)),
    ("tags", |n| repeat("<a ", n)),
    ("html", |n| repeat("<b>x</b> <!-- ", n)),
    ("html blocks", |n| repeat("<div>\n\n", n)),
    ("entities", |n| repeat("&amp", n)),
    ("nested quotes", |n| repeat(&format!("{}a\n\n", "> ".repeat(60)), n)),
    ("nested lists", |n| count(n, |i| format!("{}- a\n", "  ".repeat(i % 40)))),
    ("one line of markers", |n| repeat("- ", n)),
    ("a list", |n| repeat("- **Do it:** now\n", n)),
    ("a numbered list", |n| repeat("1. Do it\n", n)),
    ("a table", |n| format!("| Option | Verdict |\n|---|---|\n{}", repeat("| a | 5 ms |\n", n))),
    ("a wide table", |n| {
        let row = repeat("| 5 ms ", n / 8);
        let rule = "|---".repeat(row.matches('|').count());
        format!("{row}|\n{rule}|\n{row}|\n{row}|\n")
    }),
    ("a long first cell", |n| {
        let cell = "x".repeat(n / 2);
        format!(
            "| a |{}\n|---|{}\n| {cell} |{}\n",
            " b |".repeat(200),
            "---|".repeat(200),
            " 5 ms |".repeat(200)
        )
    }),
    ("one line", |n| repeat("word ", n)),
    ("one word", |n| "a".repeat(n)),
    ("short lines", |n| repeat("a\n", n)),
    ("blank lines", |n| repeat("\n \n", n)),
    ("short paragraphs", |n| repeat("a\n\n", n)),
    ("headings", |n| repeat("# Risks\n", n)),
    ("different headings", |n| count(n, |i| format!("## Part {i}\n\n{i} shops\n\n"))),
    ("underlined headings", |n| repeat("a\n===\n", n)),
    ("leads", |n| repeat("**Recommendation:** do it.\n\n", n)),
    ("leads below headings", |n| repeat("## Cost\n\na\n\n**Recommendation:** x.\n\nb\n\n", n)),
    ("a long heading", |n| format!("# {}\n", repeat("cost of risk ", n))),
    ("labels", |n| format!("## Options\n\n{}", repeat("**Cache:** keep it.\n\n", n))),
    ("code with captions", |n| format!("## Options\n\n{}", repeat("a.rs:\n```\nx\n```\n\n", n))),
    ("code with titles", |n| {
        format!("## Options\n\n{}", repeat("a\n\n```rust title=a.rs\nx\n```\n\n", n))
    }),
    ("numbers", |n| repeat("5 ms ", n)),
    ("numbers in sentences", |n| repeat("The RTO is 5 minutes per the design [1]. ", n)),
    ("prices", |n| repeat("$5 a month per shop; ", n)),
    ("groups of digits", |n| repeat("1,000,", n)),
    ("digits", |n| "7".repeat(n)),
    ("versions", |n| repeat("1.", n)),
    ("counted nouns", |n| count(n, |i| format!("{i} shops{i}s and 3 shops. "))),
    ("assumptions", |n| repeat("We assume that it holds. ", n)),
    ("assumptions in one sentence", |n| repeat("we assume that ", n)),
    ("listed assumptions", |n| format!("## Assumptions\n\n{}", repeat("- We assume 3 ms.\n", n))),
    ("semicolons", |n| repeat("5 s;", n)),
    ("quotes", |n| repeat("- [p0] They say \"keep it as it is\".\n", n)),
    ("one bullet of quotes", |n| repeat("\"keep it as\" [p0] ", n)),
    ("open quotes", |n| repeat("“a ", n)),
    ("quotation marks", |n| repeat("\"", n)),
    ("ends of sentences", |n| repeat("A. [", n)),
    ("abbreviations", |n| repeat("e.g. ", n)),
    ("no spaces", |n| repeat("漢字。", n)),
    ("combining marks", |n| format!("a{}", repeat("\u{301}", n))),
    ("addresses", |n| repeat("http://a/b ", n)),
    ("definitions", |n| count(n, |i| format!("[a{i}]: b\n"))),
    ("backslashes", |n| repeat("\\|", n)),
    ("rules", |n| repeat("---\n\n", n)),
];

/// Pairs of an older and a newer answer.
const PAIRS: &[(&str, Text, Text)] = &[
    (
        "all lines differ",
        |n| count(n, |i| format!("old {i}\n")),
        |n| count(n, |i| format!("new {i}\n")),
    ),
    ("a line between all", |n| repeat("a\n", n), |n| repeat("b\na\n", n)),
    ("letters in another order", |n| letters(n, 7), |n| letters(n, 11)),
    ("words in another order", |n| words(n, 7), |n| words(n, 11)),
    (
        "paragraphs changed",
        |n| count(n, |i| format!("Keep {i} shops.\n\n")),
        |n| count(n, |i| format!("Keep {} shops.\n\n", i * 3)),
    ),
    (
        "other headings",
        |n| count(n, |i| format!("## A{i}\n\nx {i}\n\n")),
        |n| count(n, |i| format!("## B{i}\n\nx {i}\n\n")),
    ),
    ("long sections", |n| long_sections(n, "A"), |n| long_sections(n, "B")),
    ("one line", |n| repeat("word ", n), |n| repeat("other ", n)),
];

/// Lines of one of four letters, in an order that depends on `seed`.
fn letters(bytes: usize, seed: usize) -> String {
    let mut state = seed;
    count(bytes, |_| {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
        ["a\n", "b\n", "c\n", "d\n"][(state >> 16) % 4].to_owned()
    })
}

fn words(bytes: usize, seed: usize) -> String {
    letters(bytes, seed).replace('\n', " ")
}

fn long_sections(bytes: usize, name: &str) -> String {
    let section = |i: usize| format!("## {name}{i}\n\n{}\n\n", words(bytes / 8, i + 3));
    (0..8).map(section).collect::<Vec<_>>().concat()
}

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

/// The processor time of `work`.
fn measure(work: &dyn Fn()) -> Duration {
    let before = cpu_time();
    work();
    cpu_time().saturating_sub(before)
}

/// Bytes of the smaller text, such that both are parsed and read to their end.
fn readable_bytes(name: &str, texts: &[Text]) -> usize {
    let is_read = |bytes: usize| {
        let mut documents = texts.iter().map(|text| ParsedMarkdown::from_raw(&text(bytes)));
        documents.all(|document| document.plain_start().is_none())
    };
    let mut sizes = std::iter::successors(Some(BYTES), |bytes| Some(bytes / 2));
    let found = sizes.find(|bytes| is_read(*bytes) && is_read(bytes * TIMES)).unwrap();
    assert!(found >= MIN_BYTES, "of {name} no more than {} bytes are read", found * TIMES);
    found
}

/// Checks that `work` on a text grows as the text does, by the fastest of a few rounds. `work` is given the size of its texts,
/// the smaller one of `bytes`.
fn is_linear(bytes: usize, work: &dyn Fn(usize) -> Box<dyn Fn()>) -> Result<(), String> {
    let (small_work, large_work) = (work(bytes), work(bytes * TIMES));
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        small = small.min(measure(&*small_work));
        large = large.min(measure(&*large_work));
        if large <= small * MOST {
            return Ok(());
        }
    }
    Err(format!("{small:?}, then {large:?}"))
}

/// Work on texts of a size.
type WorkOnSize<'a> = Box<dyn Fn(usize) -> Box<dyn Fn()> + 'a>;

/// Checks each work on texts of these kinds.
fn assert_linear<'a>(cases: impl Iterator<Item = (&'a str, Vec<Text>, WorkOnSize<'a>)>) {
    let faults: Vec<String> = cases
        .filter_map(|(name, texts, work)| {
            let bytes = readable_bytes(name, &texts);
            Some(format!("{name}: {}", is_linear(bytes, &*work).err()?))
        })
        .collect();
    assert!(faults.is_empty(), "{TIMES} times the text:\n{}", faults.join("\n"));
}

/// Read once: that takes longer than a small text.
static SYNONYMS: LazyLock<Arc<HeadingSynonyms>> = LazyLock::new(facets::built_in);
static PERSONA: LazyLock<Arc<Persona>> =
    LazyLock::new(|| personas::built_in(&PersonaId::parse("infra").unwrap()).unwrap());

fn answer(text: &str) -> AnswerCopy {
    AnswerCopy {
        run: RunId::from_number(1),
        text: Arc::from(text),
        revision: TextRevision { bytes: text.len(), ended: true },
        persona: Arc::clone(&PERSONA),
        synonyms: Arc::clone(&SYNONYMS),
    }
}

fn reading(task: ReadingTask) -> Box<dyn Fn()> {
    let request = ReadingRequest { task, number: 1 };
    Box::new(move || drop(carry_out(&request)))
}

#[test]
fn recommendations_are_found_in_linear_time() {
    assert_linear(TEXTS.iter().map(|(name, text)| {
        let work =
            |bytes| reading(ReadingTask::Answer { answer: answer(&text(bytes)), extracts: true });
        (*name, vec![*text], Box::new(work) as WorkOnSize<'_>)
    }));
}

#[test]
fn the_ledger_is_built_in_linear_time() {
    assert_linear(TEXTS.iter().map(|(name, text)| {
        let work = |bytes| reading(ReadingTask::Ledger(vec![(0, answer(&text(bytes)))]));
        (*name, vec![*text], Box::new(work) as WorkOnSize<'_>)
    }));
}

#[test]
fn answers_are_compared_in_linear_time() {
    assert_linear(PAIRS.iter().map(|(name, old, new)| {
        let work = |bytes| {
            reading(ReadingTask::Change(Box::new([answer(&old(bytes)), answer(&new(bytes))])))
        };
        (*name, vec![*old, *new], Box::new(work) as WorkOnSize<'_>)
    }));
}

#[test]
fn a_brief_is_verified_in_linear_time() {
    // A short answer: looking up many quotes in long ones has a budget.
    let answers = vec![("p0".to_owned(), "Person".to_owned(), "keep it as it is".to_owned())];
    assert_linear(TEXTS.iter().map(|(name, text)| {
        let work = |bytes: usize| {
            // Of a longer brief only the beginning is read.
            let text = text(bytes / 2);
            let (headings, answers) = (vec!["Agreement".to_owned()], answers.clone());
            let copy = BriefCopy { text, ended: true, headings, answers };
            reading(ReadingTask::Brief(RunId::from_number(1), copy))
        };
        (*name, vec![*text], Box::new(work) as WorkOnSize<'_>)
    }));
}

/// A session with one answer, and its recommendations.
fn session(text: &str, synonyms: &HeadingSynonyms) -> Session {
    let (id, run) = (SessionId::from_number(1), RunId::from_number(1));
    let new_run = NewRun {
        id: run,
        persona: PersonaId::parse("infra").unwrap(),
        persona_name: "Infra".into(),
        view: "infra".into(),
        model: ModelRef::parse("fake:m").unwrap(),
        notes: RunNotes::default(),
    };
    let mut session = Session::new(id, "t".into(), "p".into(), 0);
    let turn = TurnId::from_number(1);
    let (title, panel, question) = ("t".into(), "p".into(), "q".into());
    let runs = vec![new_run];
    session.apply(&Change::Turn { session: id, title, panel, turn, question, at: 0, runs }, 0);
    session.apply(&Change::Append { run, text: text.into(), reasoning: String::new() }, 0);
    let (ending, elapsed) = (Ending::Done, Duration::ZERO);
    session.apply(&Change::Ended { run, ending, model: None, usage: None, elapsed }, 0);
    extract_missing(&mut session, |_| None, synonyms);
    session
}

fn assert_export_is_linear(format: &str) {
    let format = find_format(format).unwrap();
    let (synonyms, personas) = (Arc::clone(&SYNONYMS), [Arc::clone(&PERSONA)]);
    assert_linear(TEXTS.iter().map(|(name, text)| {
        let (synonyms, personas) = (Arc::clone(&synonyms), personas.clone());
        let work = move |bytes| {
            let session = session(&text(bytes), &synonyms);
            let (synonyms, personas) = (Arc::clone(&synonyms), personas.clone());
            let write = move || {
                let reading =
                    ReadingInput { personas: &personas, synonyms: &synonyms, context: None };
                drop((format.write)(&session, &reading));
            };
            Box::new(write) as Box<dyn Fn()>
        };
        (*name, vec![*text], Box::new(work) as WorkOnSize<'_>)
    }));
}

#[test]
fn decision_records_are_written_in_linear_time() {
    assert_export_is_linear("adr");
}

#[test]
fn pages_are_written_in_linear_time() {
    assert_export_is_linear("html");
}

#[test]
fn json_is_written_in_linear_time() {
    assert_export_is_linear("json");
}

#[test]
fn markdown_and_checklists_are_written_in_linear_time() {
    assert_export_is_linear("markdown");
    assert_export_is_linear("checklist");
}
