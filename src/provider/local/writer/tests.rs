use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::domain::ScaffoldSection;

const END: u32 = 0;
const CONTROL: u32 = 1;
/// Then come the 256 bytes, then the words that were seen.
const BYTE: u32 = 2;
const WORD: u32 = BYTE + 256;

/// A vocabulary that learns each word (a space and letters, or one other character) when it first occurs.
#[derive(Default)]
struct ToyVocabulary {
    words: Mutex<Vec<String>>,
}

impl ToyVocabulary {
    fn word_id(&self, word: &str) -> u32 {
        let mut words = self.words.lock().unwrap();
        let at = words.iter().position(|w| w == word).unwrap_or_else(|| {
            words.push(word.to_owned());
            words.len() - 1
        });
        WORD + u32::try_from(at).unwrap()
    }
}

impl Vocabulary for ToyVocabulary {
    fn token_bytes(&self, id: u32) -> Vec<u8> {
        if id >= WORD {
            let words = self.words.lock().unwrap();
            words.get((id - WORD) as usize).cloned().unwrap_or_default().into_bytes()
        } else if id >= BYTE {
            vec![u8::try_from(id - BYTE).unwrap()]
        } else {
            Vec::new()
        }
    }

    fn is_end(&self, id: u32) -> bool {
        id == END
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        let mut word = String::new();
        for c in text.chars() {
            let joins = c.is_alphanumeric()
                && (word.is_empty() || word.chars().all(|w| w == ' ' || w.is_alphanumeric()));
            if !joins && !word.is_empty() {
                ids.push(self.word_id(&std::mem::take(&mut word)));
            }
            word.push(c);
        }
        if !word.is_empty() {
            ids.push(self.word_id(&word));
        }
        ids
    }
}

/// An answer as the engine sees it.
#[derive(Debug, Default)]
struct ToyRun {
    /// All text that was shown.
    shown: String,
    /// The parts in which it was shown.
    parts: Vec<String>,
    /// The text of the sequence at the end.
    sequence: String,
    sampled: usize,
    forced: usize,
    reason: Option<StopReason>,
}

/// Drives a writer like the engine. After each forced text, the model writes the next script and then ends.
fn drive_writer(
    toy: &Arc<ToyVocabulary>,
    mut writer: AnswerWriter,
    scripts: &[&str],
    strict: bool,
) -> ToyRun {
    let mut run = ToyRun::default();
    let mut scripts = scripts.iter();
    let mut next: std::vec::IntoIter<u32> = Vec::new().into_iter();
    let mut sequence = Vec::new();
    if matches!(writer, AnswerWriter::Free(_)) {
        next = toy.encode(scripts.next().unwrap()).into_iter();
    }
    for _ in 0..100_000 {
        match writer.next_step() {
            WriterStep::Force(ids) => {
                run.forced += ids.len();
                sequence.extend(ids);
                next = toy.encode(scripts.next().unwrap_or(&"")).into_iter();
            }
            WriterStep::Rewind { tokens } => {
                assert!(tokens <= sequence.len() && tokens > 0);
                sequence.truncate(sequence.len() - tokens);
            }
            WriterStep::Sample => {
                let id = next.next().unwrap_or(END);
                if strict {
                    let piece = String::from_utf8_lossy(&toy.token_bytes(id)).into_owned();
                    assert!(!writer.is_banned(id), "{piece:?} is banned after {:?}", run.shown);
                }
                run.sampled += 1;
                sequence.push(id);
                run.parts.push(writer.accept_token(id));
            }
            WriterStep::End(reason) => {
                run.parts.push(writer.finish());
                assert_eq!(writer.next_step(), WriterStep::End(reason.clone()));
                assert_eq!(
                    (writer.finish(), writer.accept_token(WORD)),
                    (String::new(), String::new())
                );
                assert!(writer.answer().iter().all(|id| sequence.contains(id)));
                run.reason = Some(reason);
                run.shown = run.parts.concat();
                let bytes: Vec<u8> = sequence.iter().flat_map(|id| toy.token_bytes(*id)).collect();
                run.sequence = String::from_utf8_lossy(&bytes).into_owned();
                return run;
            }
        }
    }
    panic!("it does not end");
}

fn prose_section(title: &str, tokens: u32) -> ScaffoldSection {
    ScaffoldSection { title: title.into(), table: None, tokens }
}

fn table_section(title: &str, columns: &[&str], tokens: u32) -> ScaffoldSection {
    let columns = columns.iter().map(|c| (*c).to_owned()).collect();
    ScaffoldSection { title: title.into(), table: Some(columns), tokens }
}

fn write_scaffolded(sections: Vec<ScaffoldSection>, max_tokens: u32, scripts: &[&str]) -> ToyRun {
    let toy = Arc::new(ToyVocabulary::default());
    let writer = AnswerWriter::new(toy.clone(), Some(Scaffold { sections }), max_tokens);
    drive_writer(&toy, writer, scripts, true)
}

fn write_free(max_tokens: u32, script: &str) -> ToyRun {
    let toy = Arc::new(ToyVocabulary::default());
    drive_writer(&toy, AnswerWriter::new(toy.clone(), None, max_tokens), &[script], true)
}

fn write_two_sections(first: &str, second: &str) -> ToyRun {
    write_scaffolded(
        vec![prose_section("One", 70), prose_section("Two", 70)],
        999,
        &[first, second],
    )
}

fn repeating_reason() -> StopReason {
    StopReason::Other("repeating itself".into())
}

#[test]
fn a_free_answer_is_shown_while_it_is_written() {
    let run = write_free(99, "Hello, you.\n\nBye");
    assert_eq!(run.shown, "Hello, you.\n\nBye");
    assert_eq!(run.parts, ["Hello", ",", " you", ".", "\n", "\n", "Bye", "", ""]);
    assert_eq!(run.reason, Some(StopReason::End));
    assert_eq!(write_free(99, "").reason, Some(StopReason::End));
}

#[test]
fn a_free_answer_ends_at_its_limit() {
    let run = write_free(3, "one two three four");
    assert_eq!((run.shown.as_str(), run.sampled), ("one two three", 3));
    assert_eq!(run.reason, Some(StopReason::Length));
    let none = write_free(0, "one");
    assert_eq!((none.shown.as_str(), none.reason), ("", Some(StopReason::Length)));
}

#[test]
fn a_stop_mark_ends_a_free_answer() {
    let run = write_free(99, "One < two.<|im_end|>\nMore");
    assert_eq!((run.shown.as_str(), run.reason), ("One < two.", Some(StopReason::End)));
    assert_eq!(run.parts[1..4], [" ", "", "< two"].map(str::to_owned), "`<` waits for one token");
    let unfinished = write_free(99, "One.<|im_");
    assert_eq!(unfinished.shown, "One.<|im_", "it was none");
    assert_eq!(write_free(4, "a</s").shown, "a</s");
}

#[test]
fn a_character_is_shown_when_it_is_complete() {
    let toy = Arc::new(ToyVocabulary::default());
    let mut writer = AnswerWriter::new(toy, None, 99);
    let bytes = "👍".as_bytes();
    let shown: Vec<String> =
        bytes.iter().map(|byte| writer.accept_token(BYTE + u32::from(*byte))).collect();
    assert_eq!(shown, ["", "", "", "👍"]);
    writer.accept_token(BYTE + 0xf0);
    writer.accept_token(END);
    assert_eq!(writer.finish(), "\u{fffd}");
}

#[test]
fn a_free_answer_that_repeats_itself_ends() {
    let run = write_free(9999, &"We need a load balancer here.\n".repeat(50));
    assert_eq!(run.reason, Some(repeating_reason()));
    assert_eq!(run.shown.lines().count(), 4);
    assert_eq!(write_free(9999, &"and so on and on ".repeat(500)).reason, Some(repeating_reason()));
}

#[test]
fn control_tokens_are_banned_and_end_tokens_are_not() {
    let toy = Arc::new(ToyVocabulary::default());
    let plan = Scaffold { sections: vec![prose_section("One", 70)] };
    for plan in [None, Some(plan)] {
        let mut writer = AnswerWriter::new(toy.clone(), plan, 99);
        writer.next_step();
        assert!(writer.is_banned(CONTROL) && !writer.is_banned(END));
    }
}

#[test]
fn headings_are_forced_and_sections_are_sampled() {
    let run = write_two_sections("First text.", "- a\n- b");
    assert_eq!(run.shown, "## One\n\nFirst text.\n\n## Two\n\n- a\n- b");
    assert_eq!(run.reason, Some(StopReason::End));
    assert_eq!(run.sequence, run.shown, "the model continues from the shown text");
    assert_eq!(run.parts[0], "## One\n\nFirst", "a heading is shown with its first text");
    assert_eq!(run.parts[1..3], [" text", "."].map(str::to_owned));
}

#[test]
fn a_section_ends_with_its_paragraph_or_where_another_begins() {
    for first in [
        "First text.\n\nMore of it.",
        "First text.\n\n\nMore.",
        "First text.\n# Mine\n\nMore.",
        "First text.\n\n## Two\n\nMore.",
        "First text. <|im_end|> More.",
        "First text.\n---\nMore.",
        "First text.\n- ",
        "First text.\n3.",
        "First text.\n",
    ] {
        let run = write_two_sections(first, "Second.");
        assert_eq!(run.shown, "## One\n\nFirst text.\n\n## Two\n\nSecond.", "{first:?}");
        assert_eq!(run.sequence, run.shown, "{first:?}");
    }
}

#[test]
fn announced_lists_belong_to_the_section() {
    let run = write_two_sections("The steps:\n\n1. a\n2. b\n\nMore.", "Second.");
    assert_eq!(run.shown, "## One\n\nThe steps:\n\n1. a\n2. b\n\n## Two\n\nSecond.");
}

#[test]
fn an_announcement_must_be_continued() {
    let toy = Arc::new(ToyVocabulary::default());
    let plan = Scaffold { sections: vec![prose_section("One", 70)] };
    let mut writer = AnswerWriter::new(toy.clone(), Some(plan), 99);
    writer.next_step();
    for word in ["Steps", ":", "\n", "\n"] {
        writer.accept_token(toy.word_id(word));
        let announces = word != "Steps";
        assert_eq!(writer.is_banned(END), announces, "after {word:?}");
        assert_eq!(writer.is_banned(toy.word_id(" ##")), announces, "after {word:?}");
        assert!(!writer.is_banned(toy.word_id("-")) && !writer.is_banned(toy.word_id("\n")));
    }
    writer.accept_token(toy.word_id("1"));
    assert!(!writer.is_banned(END));
}

#[test]
fn a_section_begins_with_text() {
    let toy = Arc::new(ToyVocabulary::default());
    let plan = Scaffold { sections: vec![prose_section("One", 70)] };
    let mut writer = AnswerWriter::new(toy.clone(), Some(plan), 99);
    assert!(matches!(writer.next_step(), WriterStep::Force(_)));
    for word in ["#", "##", "**", "__", "\n", " ", "\n\n", " a", "**Bold"] {
        assert!(writer.is_banned(toy.word_id(word)), "{word:?}");
    }
    for word in ["a", "*", "-", "1", "`", "T", "|"] {
        assert!(!writer.is_banned(toy.word_id(word)), "{word:?}");
    }
    writer.accept_token(toy.word_id("*"));
    assert!(writer.is_banned(toy.word_id("*")) && !writer.is_banned(toy.word_id(" a")));
    writer.accept_token(toy.word_id(" a"));
    assert!(!writer.is_banned(toy.word_id("*")) && !writer.is_banned(toy.word_id("\n")));
}

#[test]
fn an_empty_section_is_started_again_as_a_list() {
    let sections = || vec![prose_section("One", 70), prose_section("Two", 70)];
    let run = write_scaffolded(sections(), 999, &["", " an item\n- more", "Second."]);
    assert_eq!(run.shown, "## One\n\n- an item\n- more\n\n## Two\n\nSecond.");
    assert_eq!(run.sequence, run.shown);
    let dangling = write_scaffolded(sections(), 999, &["First.", "1.", " an item", ""]);
    assert_eq!(dangling.shown, "## One\n\nFirst.\n\n## Two\n\n- an item");
    assert_eq!(dangling.sequence, dangling.shown);
}

#[test]
fn a_section_that_stays_empty_is_omitted_with_its_heading() {
    let three =
        vec![prose_section("One", 70), prose_section("Two", 70), prose_section("Three", 70)];
    let run = write_scaffolded(three, 999, &["First.\n", "", "", "Third."]);
    assert_eq!(run.shown, "## One\n\nFirst.\n\n## Three\n\nThird.");
    assert_eq!(run.sequence, run.shown);
    let nothing = write_scaffolded(vec![prose_section("One", 70)], 999, &[]);
    assert_eq!((nothing.shown.as_str(), nothing.sequence.as_str()), ("", ""));
    assert_eq!(nothing.reason, Some(StopReason::End));
}

#[test]
fn a_list_marker_is_followed_by_one_space_and_text() {
    let toy = Arc::new(ToyVocabulary::default());
    let plan = Scaffold { sections: vec![prose_section("One", 70)] };
    let mut writer = AnswerWriter::new(toy.clone(), Some(plan), 99);
    writer.next_step();
    writer.accept_token(END);
    assert!(matches!(writer.next_step(), WriterStep::Rewind { .. }));
    assert!(matches!(writer.next_step(), WriterStep::Force(_)));
    for word in ["a", "\n", "  ", " \n", " -", " #", "-", " |"] {
        assert!(writer.is_banned(toy.word_id(word)), "{word:?}");
    }
    for word in [" a", " ", " **", " `"] {
        assert!(!writer.is_banned(toy.word_id(word)), "{word:?}");
    }
}

#[test]
fn a_section_is_cut_back_to_its_complete_part() {
    let cut = |tokens, first: &str| {
        let run = write_scaffolded(
            vec![prose_section("One", tokens), prose_section("Two", 70)],
            999,
            &[first, "B."],
        );
        let (text, rest) = run.shown.split_once("\n\n## Two\n\nB.").unwrap();
        assert_eq!(rest, "");
        assert_eq!(run.sequence, run.shown);
        text.strip_prefix("## One\n\n").unwrap().to_owned()
    };
    assert_eq!(cut(8, "One two. Three four five six seven."), "One two.");
    assert_eq!(cut(8, "- one two\n- three four five six"), "- one two");
    assert_eq!(
        cut(14, "One two three four five. The steps are:\n1. a b c"),
        "One two three four five."
    );
    assert_eq!(cut(6, "one two three four five six seven"), "one two three four five six…");
    let long = (0..60).map(|at| format!("w{at}")).collect::<Vec<_>>().join(" ") + " ";
    assert_eq!(cut(50, &long), format!("{}…", long.split_once(" w50").unwrap().0));
    assert_eq!(
        cut(70, &format!("{long}end. More of it and so on and on and on")),
        format!("{long}end.")
    );
}

#[test]
fn near_its_limit_a_section_shows_complete_sentences() {
    let text = "a b c d e f. g h i j k l m. n o p q r s t u v.";
    let run = write_scaffolded(vec![prose_section("One", 20)], 99, &[text]);
    assert_eq!(run.shown, "## One\n\na b c d e f. g h i j k l m.");
    let at = |word: &str| run.parts.iter().position(|part| part.contains(word)).unwrap();
    assert!(
        at("a") < at("b") && at("h") < at("i"),
        "a started sentence is continued: {:?}",
        run.parts
    );
    assert!(run.parts.iter().skip(at("m") + 2).all(String::is_empty));
}

#[test]
fn a_block_of_code_is_closed() {
    let code = "Run:\n\n```sh\n# list\nls -l\ncat a b c d e f g h i j k l m n o p";
    let run = write_scaffolded(
        vec![prose_section("One", 30), prose_section("Two", 9)],
        99,
        &[code, "B."],
    );
    assert_eq!(run.shown, "## One\n\nRun:\n\n```sh\n# list\nls -l\n```\n\n## Two\n\nB.");
    assert_eq!(run.sequence, run.shown);
    let ended = write_scaffolded(vec![prose_section("One", 70)], 99, &["```\nls\n"]);
    assert_eq!(ended.shown, "## One\n\n```\nls\n```");
    let begun = write_scaffolded(
        vec![prose_section("One", 16), prose_section("Two", 9)],
        99,
        &["One two. Three:\n\n```sh\nls -l -a -b", "B."],
    );
    assert!(begun.shown.starts_with("## One\n\nOne two."), "{}", begun.shown);
    assert_eq!(begun.shown.matches("```").count() % 2, 0, "{}", begun.shown);
}

#[test]
fn a_table_is_shown_row_by_row() {
    let sections =
        || vec![table_section("Options", &["Option", "Cost"], 70), prose_section("Two", 70)];
    let head = "## Options\n\n| Option | Cost |\n|---|---|\n";
    let run = write_scaffolded(sections(), 999, &[" a | 1 |\n| b | 2 |\n\nSo b.", "Second."]);
    assert_eq!(run.shown, format!("{head}| a | 1 |\n| b | 2 |\n\n## Two\n\nSecond."));
    assert_eq!(run.sequence, run.shown);
    let shown: Vec<&str> = run.parts.iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
    assert_eq!(shown[..2], [format!("{head}| a | 1 |").as_str(), "\n| b | 2 |"]);

    let odd = write_scaffolded(sections(), 999, &[" a\n| b | 2 | 3 |\n| c | 3 |\n| b | 2 |", "B."]);
    assert_eq!(odd.shown, format!("{head}| a |  |\n| b | 2 |\n| c | 3 |\n\n## Two\n\nB."));
    let cut =
        write_scaffolded(sections(), 999, &[&format!(" a | 1 |\n| {}", "b ".repeat(99)), "B."]);
    assert_eq!(cut.shown, format!("{head}| a | 1 |\n\n## Two\n\nB."));
    assert_eq!(cut.sequence, cut.shown);
}

#[test]
fn a_table_without_rows_becomes_a_list() {
    let sections =
        || vec![table_section("Options", &["Option", "Cost"], 70), prose_section("Two", 70)];
    for none in ["", " a | 1", " a"] {
        let run = write_scaffolded(sections(), 999, &[none, " an option\n", "B."]);
        assert_eq!(run.shown, "## Options\n\n- an option\n\n## Two\n\nB.", "{none:?}");
        assert_eq!(run.sequence, run.shown, "{none:?}");
    }
    let left_out = write_scaffolded(sections(), 999, &["", "", "B."]);
    assert_eq!(left_out.shown, "## Two\n\nB.");
    let no_columns = write_scaffolded(vec![table_section("One", &[], 70)], 99, &["Text."]);
    assert_eq!(no_columns.shown, "## One\n\nText.");
}

#[test]
fn sections_that_do_not_fit_are_omitted() {
    let three =
        || vec![prose_section("One", 30), prose_section("Two", 30), prose_section("Three", 30)];
    let scripts = ["One two three.", "Four five six.", "Seven."];
    let all = write_scaffolded(three(), 99, &scripts);
    assert_eq!(all.reason, Some(StopReason::End));
    let run = write_scaffolded(three(), 18, &scripts);
    assert_eq!(run.shown, "## One\n\nOne two three.\n\n## Two\n\nFour five six.");
    assert_eq!(run.reason, Some(StopReason::Length));
    let cut = write_scaffolded(
        three(),
        12,
        &["One two three four five. Six seven eight nine ten eleven."],
    );
    assert_eq!(cut.shown, "## One\n\nOne two three four five.");
    assert_eq!(cut.reason, Some(StopReason::Length));
    let last = "One two three four five. Six seven eight nine ten eleven.";
    let last = write_scaffolded(vec![prose_section("One", 30)], 12, &[last]);
    assert_eq!(last.shown, "## One\n\nOne two three four five.");
    assert_eq!(last.reason, Some(StopReason::Length));
    assert_eq!(write_scaffolded(three(), 0, &[]).reason, Some(StopReason::Length));
}

#[test]
fn a_section_that_repeats_itself_ends() {
    let line = "- use one more load balancer for it\n";
    let run = write_scaffolded(
        vec![prose_section("One", 200), prose_section("Two", 70)],
        999,
        &[&line.repeat(9), "B."],
    );
    assert_eq!(run.shown, format!("## One\n\n{line}{line}\n## Two\n\nB."));
    assert_eq!(run.reason, Some(StopReason::End));
}

#[test]
fn an_interrupted_answer_shows_its_complete_part() {
    let toy = Arc::new(ToyVocabulary::default());
    let plan = Scaffold { sections: vec![prose_section("One", 20), prose_section("Two", 20)] };
    let mut writer = AnswerWriter::new(toy.clone(), Some(plan), 99);
    let mut shown = String::new();
    writer.next_step();
    for id in toy.encode("a b c d e f g h i. Two three") {
        shown += &writer.accept_token(id);
    }
    shown += &writer.finish();
    assert_eq!(shown, "## One\n\na b c d e f g h i.");
    assert_eq!(writer.next_step(), WriterStep::End(StopReason::Length));
}

#[test]
fn removed_tokens_do_not_count_for_the_penalty() {
    let toy = Arc::new(ToyVocabulary::default());
    let plan = Scaffold { sections: vec![prose_section("One", 8), prose_section("Two", 20)] };
    let mut writer = AnswerWriter::new(toy.clone(), Some(plan), 99);
    writer.next_step();
    for id in toy.encode("One two. Three four five six seven") {
        writer.accept_token(id);
    }
    assert_eq!(writer.answer(), toy.encode("One two."));
}

/// Pieces as models write them, halves of characters among them.
fn script() -> impl Strategy<Value = Vec<u32>> {
    let word = prop_oneof![
        8 => Just(" word"),
        4 => prop_oneof![Just("."), Just(". "), Just(".\n\n"), Just("\n"), Just("\n\n"), Just(":")],
        4 => prop_oneof![Just("-"), Just("- "), Just(" |"), Just("|"), Just("1."), Just("#"), Just("# ")],
        2 => prop_oneof![Just("```"), Just("**"), Just("<"), Just("<|im_end|>"), Just("</s"), Just("é")],
        1 => Just("We need a load balancer here.\n"),
    ];
    let id = prop_oneof![
        20 => word.prop_map(|word| WORD + (0..).zip(PIECES).find(|(_, p)| **p == word).unwrap().0),
        1 => any::<u8>().prop_map(|byte| BYTE + u32::from(byte)),
        1 => Just(END),
        1 => Just(CONTROL),
    ];
    proptest::collection::vec(id, 0..120)
}

const PIECES: &[&str] = &[
    " word",
    ".",
    ". ",
    ".\n\n",
    "\n",
    "\n\n",
    ":",
    "-",
    "- ",
    " |",
    "|",
    "1.",
    "#",
    "# ",
    "```",
    "**",
    "<",
    "<|im_end|>",
    "</s",
    "é",
    "We need a load balancer here.\n",
];

fn plan() -> impl Strategy<Value = Vec<(Option<usize>, u32)>> {
    proptest::collection::vec((proptest::option::of(0usize..4), 0u32..60), 1..5)
}

/// Drives a writer with any tokens, or only with those that are not banned if it `obeys`.
fn feed_tokens(
    toy: &Arc<ToyVocabulary>,
    writer: &mut AnswerWriter,
    script: &[u32],
    obeys: bool,
) -> ToyRun {
    let mut run = ToyRun::default();
    let mut script = script.iter().cycle();
    let mut sequence = Vec::new();
    for _ in 0..10_000 {
        match writer.next_step() {
            WriterStep::Force(ids) => {
                run.forced += ids.len();
                sequence.extend(ids);
            }
            WriterStep::Rewind { tokens } => {
                assert!(tokens > 0 && tokens <= sequence.len());
                sequence.truncate(sequence.len() - tokens);
            }
            WriterStep::Sample => {
                let mut tries = script.by_ref().take(200);
                let id = *tries.find(|id| !obeys || !writer.is_banned(**id)).unwrap_or(&END);
                sequence.push(id);
                run.sampled += 1;
                run.shown += &writer.accept_token(id);
            }
            WriterStep::End(reason) => {
                run.shown += &writer.finish();
                run.reason = Some(reason);
                let bytes: Vec<u8> = sequence.iter().flat_map(|id| toy.token_bytes(*id)).collect();
                run.sequence = String::from_utf8_lossy(&bytes).into_owned();
                return run;
            }
        }
    }
    panic!("it does not end");
}

fn toy_with_pieces() -> Arc<ToyVocabulary> {
    let toy = ToyVocabulary::default();
    for (at, piece) in (WORD..).zip(PIECES) {
        assert_eq!(toy.word_id(piece), at);
    }
    Arc::new(toy)
}

proptest! {
    #[test]
    fn any_tokens_make_a_scaffolded_answer_that_ends(
        script in script(), plan in plan(), max_tokens in 0u32..200, obeys: bool,
    ) {
        let toy = toy_with_pieces();
        let sections: Vec<ScaffoldSection> = plan
            .iter()
            .enumerate()
            .map(|(at, (columns, tokens))| ScaffoldSection {
                title: format!("Title {at}"),
                table: columns.map(|count| (0..count).map(|c| format!("c{c}")).collect()),
                tokens: *tokens,
            })
            .collect();
        let tables = sections.iter().any(|section| section.table.is_some());
        let mut writer = AnswerWriter::new(toy.clone(), Some(Scaffold { sections }), max_tokens);
        let run = feed_tokens(&toy, &mut writer, &script, obeys);
        prop_assert!(run.sampled <= max_tokens as usize);
        let titles: Vec<usize> =
            run.shown.lines().filter_map(|l| l.strip_prefix("## Title ")?.parse().ok()).collect();
        prop_assert!(titles.is_sorted_by(|a, b| a < b), "{titles:?}");
        prop_assert_eq!(run.shown.trim(), &run.shown);
        prop_assert!(run.shown.is_empty() || run.shown.starts_with("## Title "));
        prop_assert!(matches!(run.reason, Some(StopReason::End | StopReason::Length)));
        if obeys && !tables {
            let before = run.shown.rsplit_once("## Title").map_or("", |(before, _)| before);
            prop_assert!(
                run.sequence.starts_with(before),
                "\n{}\nis not the begin of\n{}", before, run.sequence
            );
        }
        prop_assert_eq!(run.shown.matches("<|im_end|>").count(), 0);
    }

    #[test]
    fn any_tokens_make_a_free_answer_that_is_their_text(script in script(), max_tokens in 0u32..300) {
        let toy = toy_with_pieces();
        let mut writer = AnswerWriter::new(toy.clone(), None, max_tokens);
        let run = feed_tokens(&toy, &mut writer, &script, false);
        prop_assert!(run.sampled <= max_tokens as usize);
        let whole = run.sequence.split("<|im_end|>").next().unwrap().split("</s>").next().unwrap();
        if matches!(run.reason, Some(StopReason::End)) && run.sequence != whole {
            prop_assert_eq!(&run.shown, whole);
        } else {
            prop_assert_eq!(&run.shown, &run.sequence);
        }
    }
}
