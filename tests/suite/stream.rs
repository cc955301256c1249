//! The oracle of the text layer: however an answer was cut, it ends as the same rows, at every width.
//!
//! Also that no row is too wide, no table loses a word, spans cover the source, hostile input ends, and that the
//! work done (in bytes parsed, not in time) stays in proportion.

use std::cell::RefCell;
use std::fmt::Write as _;

use plenary::text::width::width;
use plenary::text::{
    HighlightJob, Highlighter, MarkdownRows, ParsedMarkdown, Role, Row, RowKind, RowOptions,
};
use proptest::prelude::*;

const WIDTHS: [u16; 5] = [1, 20, 38, 64, 100];
const ANSWERS: [(&str, &str); 4] = [
    ("design", include_str!("../fixtures/answers/design.md")),
    ("operations", include_str!("../fixtures/answers/operations.md")),
    ("writing", include_str!("../fixtures/answers/writing.md")),
    ("references", include_str!("../fixtures/answers/references.md")),
];

thread_local! {
    /// One for all cases of a thread: its regexes are compiled once.
    static HIGHLIGHTER: RefCell<(Highlighter, u128)> = RefCell::new((Highlighter::new(), 0));
}

/// A document with its layouts, as a pane would keep them.
struct Pane {
    doc: ParsedMarkdown,
    layouts: Vec<(u16, RowOptions, MarkdownRows)>,
    waiting: Vec<HighlightJob>,
    id: u128,
}

impl Pane {
    fn new(widths: &[u16]) -> Self {
        let id = HIGHLIGHTER.with_borrow_mut(|(_, next)| {
            *next += 1;
            *next
        });
        let layouts = widths
            .iter()
            .flat_map(|w| {
                [false, true].map(|wrap_code| (*w, RowOptions { wrap_code }, MarkdownRows::new()))
            })
            .collect();
        Self { doc: ParsedMarkdown::new(), layouts, waiting: Vec::new(), id }
    }

    fn push(&mut self, chunk: &str) {
        self.doc.push(chunk);
        self.update();
    }

    fn update(&mut self) {
        self.waiting.extend(self.doc.take_jobs());
        for (width, options, layout) in &mut self.layouts {
            layout.update(&self.doc, *width, *options);
        }
    }

    /// The worker answers: the first `count` jobs that wait.
    fn colour(&mut self, count: usize) {
        for job in self.waiting.drain(..count.min(self.waiting.len())) {
            let done = HIGHLIGHTER.with_borrow_mut(|(h, _)| h.highlight_lines(self.id, &job));
            self.doc.apply(done);
        }
    }

    fn finish(&mut self) {
        self.doc.finish();
        self.update();
        self.colour(usize::MAX);
        self.update();
        self.build_all_rows();
        HIGHLIGHTER.with_borrow_mut(|(h, _)| h.forget_document(self.id));
    }

    /// Of plain text only the rows that are asked for are built.
    fn build_all_rows(&mut self) {
        for (_, _, layout) in &mut self.layouts {
            layout.build_plain_rows(&self.doc, 0..usize::MAX);
        }
    }

    fn rows(&self) -> Vec<Vec<Row>> {
        self.layouts.iter().map(|(_, _, layout)| layout.rows_from(0).cloned().collect()).collect()
    }
}

/// What one look at the whole answer gives.
fn whole(answer: &str, widths: &[u16]) -> Pane {
    let mut pane = Pane::new(widths);
    pane.doc = ParsedMarkdown::from_raw(answer);
    pane.update();
    pane.colour(usize::MAX);
    pane.update();
    pane.build_all_rows();
    pane
}

fn text(row: &Row) -> String {
    row.pieces.iter().map(|p| &*p.text).collect()
}

fn assert_same(got: &Pane, want: &Pane, context: &str) {
    let doc = &got.doc;
    assert_eq!(doc.source(), want.doc.source(), "{context}");
    for ((got, want), (width, options, layout)) in
        got.rows().iter().zip(&want.rows()).zip(&got.layouts)
    {
        assert_eq!(layout.height(), got.len());
        for (n, (g, w)) in got.iter().zip(want).enumerate() {
            assert_eq!(g, w, "row {n} at {width} {options:?} of {context}");
            assert_eq!(layout.row(doc, n).as_deref(), Some(g));
        }
        assert_eq!(got.len(), want.len(), "rows at {width} {options:?} of {context}");
    }
}

/// What must hold of any document's rows.
fn assert_sound(pane: &Pane) {
    let doc = &pane.doc;
    for (columns, options, layout) in &pane.layouts {
        for (n, row) in layout.rows_from(0).enumerate() {
            let used = width(&text(row));
            let scrolls =
                matches!(row.kind, RowKind::Code(_)) && !(options.wrap_code && *columns > 20);
            assert!(
                used <= usize::from(*columns) || scrolls,
                "{used} > {columns}: {:?}",
                text(row)
            );
            assert!(!text(row).contains(char::is_control), "{:?}", text(row));
            assert!(doc.source().get(row.source.clone()).is_some(), "{row:?}");
            assert_eq!(layout.row_of(layout.anchor_at(n)), n);
        }
    }
    let mut end = 0;
    for index in 0..doc.block_count() {
        let span = doc.block(index).unwrap();
        assert!(span.start >= end && span.end >= span.start, "{index}: {span:?} after {end}");
        end = span.end;
    }
    for number in 1..=doc.code_count() {
        assert!(doc.code(number).is_some());
    }
}

fn stream(answer: &str, sizes: &[usize], widths: &[u16], colours: &[u8]) -> Pane {
    let mut pane = Pane::new(widths);
    let chars: Vec<char> = answer.chars().collect();
    let (mut at, mut n) = (0, 0);
    while at < chars.len() {
        let size = sizes.get(n % sizes.len().max(1)).copied().unwrap_or(1).max(1);
        let end = chars.len().min(at + size);
        pane.push(&chars[at..end].iter().collect::<String>());
        if let Some(count) = colours.get(n % colours.len().max(1)) {
            pane.colour(usize::from(*count));
        }
        (at, n) = (end, n + 1);
    }
    pane.finish();
    pane
}

#[test]
fn answers_that_come_letter_by_letter_end_like_the_whole() {
    for (name, answer) in ANSWERS {
        let pane = stream(answer, &[1], &[1, 38], &[0, 0, 1]);
        assert_same(&pane, &whole(answer, &[1, 38]), name);
        assert_sound(&pane);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_cut_anywhere_end_like_the_whole(
        which in 0..ANSWERS.len(),
        sizes in prop::collection::vec(1usize..60, 1..20),
        colours in prop::collection::vec(0u8..4, 1..6),
    ) {
        let (name, answer) = ANSWERS[which];
        assert_same(&stream(answer, &sizes, &WIDTHS, &colours), &whole(answer, &WIDTHS), name);
    }
}

/// Pieces of Markdown that change their meaning with what comes before and after them.
fn markdown() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "word ",
        "two words\n",
        "\n",
        "\n\n",
        "# H\n",
        "## H *em*\n",
        "===\n",
        "---\n",
        "***\n",
        "- a\n",
        "- ",
        "  - b\n",
        "* c\n",
        "1. one\n",
        "2) two\n",
        "3",
        ".",
        " ",
        "   ",
        "    code\n",
        "\t",
        "> q\n",
        "> - x\n",
        ">\n",
        ">",
        "```rust\n",
        "```",
        "```\n",
        "   ```\n",
        "`",
        "~~~\n",
        "let x = \"1\";\n",
        "fn f() {}\n",
        "| a | b |\n",
        "|---|:-:|\n",
        "| 1 | **2** |\n",
        "|",
        "**",
        "*",
        "_",
        "~~",
        "[a]",
        "[a]: /u\n",
        "(x)",
        "![i](",
        "<b>",
        "<!-- ",
        "-->",
        "<div>\n",
        "[^1]",
        "[^1]: note\n",
        "- [ ] task\n",
        "- ```yaml\n  k: v\n  ```\n",
        "  text\n",
        "中文",
        "👨‍👩‍👧‍👦",
        "e\u{301}",
        "\r",
        "\u{1b}[0m",
        "$x$",
        "\\",
        "&amp;",
        "  \n",
        "+ ",
        "10. ",
        "</div>\n",
        "\u{200d}",
    ]);
    prop::collection::vec(pieces, 1..40).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markdown_cut_anywhere_ends_like_the_whole(
        answer in markdown(),
        sizes in prop::collection::vec(1usize..9, 1..8),
        colours in prop::collection::vec(0u8..3, 1..4),
    ) {
        let widths = [1, 20, 64];
        let pane = stream(&answer, &sizes, &widths, &colours);
        assert_same(&pane, &whole(&answer, &widths), &answer);
        assert_sound(&pane);
    }
}

#[test]
fn answers_are_sound_at_every_width() {
    let widths: Vec<u16> = (1..=120).collect();
    for (_, answer) in ANSWERS {
        assert_sound(&whole(answer, &widths));
    }
}

#[test]
fn spans_cover_all_that_is_not_markup() {
    for (name, answer) in ANSWERS.into_iter().filter(|(name, _)| *name != "references") {
        let doc = ParsedMarkdown::from_raw(answer);
        let mut outside = doc.source().to_owned();
        for span in (0..doc.block_count()).rev().filter_map(|i| doc.block(i)) {
            outside.replace_range(span, "");
        }
        assert!(outside.chars().all(|c| c.is_whitespace() || c == '>'), "{name}: {outside:?}");
    }
}

#[test]
fn a_table_of_seven_columns_keeps_every_word_at_every_width() {
    let table = ANSWERS[0].1.lines().filter(|l| l.starts_with('|')).collect::<Vec<_>>().join("\n");
    let squeeze = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    for columns in 1..=120 {
        let pane = whole(&table, &[columns]);
        let rows = &pane.rows()[0];
        let grid = rows.iter().any(|r| text(r).contains('┼'));
        let mut shown: Vec<String> = Vec::new();
        if grid {
            // Cells are side by side: read each column between two rules from top to bottom.
            let mut open: Vec<String> = Vec::new();
            for row in rows {
                if text(row).contains('┼') {
                    shown.append(&mut open);
                    continue;
                }
                let cells: Vec<String> = text(row).split('│').map(squeeze).collect();
                assert_eq!(cells.len(), 7, "{:?}", text(row));
                open.resize(7, String::new());
                open.iter_mut().zip(&cells).for_each(|(o, c)| o.push_str(c));
            }
            shown.append(&mut open);
        } else {
            shown.push(rows.iter().map(|r| squeeze(&text(r))).collect());
        }
        let shown = shown.join("|");
        for cell in table.lines().filter(|l| !l.contains("---")).flat_map(|l| l.split('|')) {
            let cell = squeeze(&cell.replace("<br>", " "));
            assert!(shown.contains(&cell), "{cell:?} at {columns}: {shown}");
        }
        assert!(columns < 110 || grid, "a wide pane shows a grid");
        assert!(columns > 50 || !grid, "a narrow pane shows records");
    }
}

#[test]
fn grids_are_arranged_in_columns() {
    for columns in 1..=120 {
        for (_, answer) in ANSWERS {
            let pane = whole(answer, &[columns]);
            let bars = |row: &Row| -> Vec<usize> {
                let mut at = 0;
                let mut found = Vec::new();
                for piece in &row.pieces {
                    for c in piece.text.split_inclusive(['│', '┼']) {
                        at += width(c);
                        if piece.face.role == Role::TableBorder && c.ends_with(['│', '┼']) {
                            found.push(at);
                        }
                    }
                }
                found
            };
            let mut last: Vec<usize> = Vec::new();
            for row in &pane.rows()[0] {
                let now = bars(row);
                assert!(last.is_empty() || now.is_empty() || last == now, "{:?}", text(row));
                last = now;
            }
        }
    }
}

#[test]
fn the_highlighter_can_live_on_a_worker() {
    let mut doc = ParsedMarkdown::from_raw("```rust\nfn f() {}\n```\n");
    let jobs = doc.take_jobs();
    let worker = std::thread::spawn(move || {
        let mut highlighter = Highlighter::new();
        highlighter.warm_up();
        jobs.iter().map(|job| highlighter.highlight_lines(1, job)).collect::<Vec<_>>()
    });
    let before = doc.revision();
    for done in worker.join().unwrap() {
        doc.apply(done);
    }
    assert!(doc.revision() > before);
    let mut layout = MarkdownRows::new();
    layout.update(&doc, 40, RowOptions::default());
    let roles: Vec<Role> =
        layout.row(&doc, 1).unwrap().pieces.iter().map(|p| p.face.role).collect();
    assert!(roles.contains(&Role::Keyword) && roles.contains(&Role::Function), "{roles:?}");
}

#[test]
fn a_resumed_answer_makes_few_jobs() {
    let code = format!("```python\n{}```\n", "x = 1\n".repeat(1_000));
    let sizes: Vec<usize> = ParsedMarkdown::from_raw(&code)
        .take_jobs()
        .iter()
        .map(|j| j.text.lines().count())
        .collect();
    assert_eq!(sizes, [200; 5]);
    let long = format!("```python\n{}```\n", "x = 1\n".repeat(100_000));
    let bytes: usize =
        ParsedMarkdown::from_raw(&long).take_jobs().iter().map(|j| j.text.len()).sum();
    assert!(bytes <= 200 * 1024, "the rest of a giant block stays plain: {bytes}");
    assert!(ParsedMarkdown::from_raw("```mermaid\nflowchart LR\n```\n").take_jobs().is_empty());
}

#[test]
fn copies_are_exact() {
    let (_, answer) = ANSWERS[1];
    let doc = ParsedMarkdown::from_raw(answer);
    assert_eq!(
        doc.code(1),
        Some("set -euo pipefail\ndocker build -t \"app:${TAG}\" .   # pinned\n")
    );
    assert_eq!(doc.code_title(2), Some(".github/workflows/deploy.yml"));
    assert_eq!((doc.code_language(3), doc.code_title(3)), (Some("python"), Some("ops/drain.py")));
    assert!(doc.code(3).unwrap().contains("\n\t# a tab and a very odd indentation\n"));
    assert_eq!(doc.code(doc.code_count()), Some("func main() {\n\tfmt.Println(\"hi\")"));
    assert_eq!((doc.code(0), doc.code(99)), (None, None));
}

#[test]
fn sections_reach_to_the_next_heading_of_their_rank() {
    let source = "intro\n\n# A\na\n\n## B\nb\n\n## C\nc\n\n# D\nd\n";
    let doc = ParsedMarkdown::from_raw(source);
    for (at, want) in [
        ("intro", "intro\n\n"),
        ("# A", "# A\na\n\n## B\nb\n\n## C\nc\n\n"),
        ("b\n", "## B\nb\n\n"),
        ("# D", "# D\nd\n"),
    ] {
        assert_eq!(&source[doc.section(source.find(at).unwrap())], want);
    }
    assert_eq!(ParsedMarkdown::new().section(0), 0..0);
}

#[test]
fn jumps_land_on_headings_and_code() {
    let pane = whole(ANSWERS[0].1, &[64]);
    let layout = &pane.layouts[0].2;
    let heading = |k: RowKind| matches!(k, RowKind::Heading(_));
    let mut forward = vec![0];
    while let Some(next) = layout.find_row(*forward.last().unwrap(), true, heading) {
        forward.push(next);
    }
    assert_eq!(forward.len(), 3);
    let mut back = vec![layout.height()];
    while let Some(next) = layout.find_row(*back.last().unwrap(), false, heading) {
        back.push(next);
    }
    back.reverse();
    assert_eq!(back[..3], forward[..]);
    let code = layout.find_row(0, true, |k| matches!(k, RowKind::CodeHeader(1))).unwrap();
    let header = text(&layout.row(&pane.doc, code).unwrap());
    assert!(header.trim_start().starts_with("─ 1 · hcl · live/prod/backend.tf ─"), "{header}");
}

#[test]
fn an_anchor_survives_growth_and_resize() {
    let mut pane = Pane::new(&[64]);
    pane.push(ANSWERS[0].1);
    let anchor = pane.layouts[0].2.anchor_at(30);
    let before = pane.layouts[0].2.row(&pane.doc, 30).unwrap().into_owned();
    pane.push("\n\nMore text.\n\n```rust\nfn f() {}\n");
    let layout = &mut pane.layouts[0].2;
    assert_eq!(layout.row(&pane.doc, layout.row_of(anchor)).as_deref(), Some(&before));
    layout.update(&pane.doc, 20, RowOptions::default());
    let narrow = layout.row(&pane.doc, layout.row_of(anchor)).unwrap();
    assert!(narrow.source.start <= before.source.end && before.source.start <= narrow.source.end);
}

#[test]
fn hostile_answers_end() {
    let wide = |cell: &str| format!("{}|\n", cell.repeat(2_000));
    let table = format!("{}{}{}", wide("|h"), wide("|-"), wide("|c").repeat(20));
    for (name, answer) in [
        ("quotes", "> ".repeat(10_000)),
        ("nested quotes", format!("{}\n", ">".repeat(10_000)).repeat(3)),
        ("nested list", (0..500).fold(String::new(), |s, n| s + &" ".repeat(n * 2) + "- x\n")),
        ("table", table),
        ("line", "word ".repeat(45_000)),
        ("unbroken", "x".repeat(250_000)),
        ("codes", "```rust\nfn f() {}\n```\n\n".repeat(2_000)),
        ("open fence", format!("```python\n{}", "x = 1\n".repeat(10_000))),
        ("tabs", format!("```\n{}", "a\t".repeat(15_000))),
        ("escapes", format!("| a | b |\n|---|---|\n| x | {} |\n", "\\*".repeat(50_000))),
        ("footnotes", "[^".repeat(50_000)),
        ("footnote lines", "[^a\n".repeat(20_000)),
        ("brackets", "[".repeat(50_000)),
        ("links", "[a](".repeat(20_000)),
        ("stars", "*a **b ".repeat(20_000)),
        ("ticks", (1..400).fold(String::new(), |s, n| s + &"`".repeat(n) + " ")),
        ("dollars", "$a ".repeat(20_000)),
        ("headings", "# h\n".repeat(8_000)),
        ("html", "<a ".repeat(30_000)),
        ("marks", "e\u{301}".repeat(1_000) + &"\u{301}".repeat(40_000)),
        ("bullets", "- a\n".repeat(8_000)),
        ("rules", "---\n".repeat(4_000)),
        ("definitions", "[a]: /u\n".repeat(20_000)),
    ] {
        let mut pane = Pane::new(&[38]);
        let chars: Vec<char> = answer.chars().collect();
        // The longest come in two pieces.
        for chunk in chars.chunks(200_000) {
            pane.push(&chunk.iter().collect::<String>());
        }
        pane.doc.finish();
        pane.update();
        // Nothing but definitions is nothing to see.
        assert!(name == "definitions" || pane.layouts[0].2.height() > 0, "{name}");
        assert_sound(&pane);
    }
}

/// Texts that are one growing block, or very many small ones.
fn growing(bytes: usize) -> Vec<(&'static str, String)> {
    let grow = |head: &str, part: &str| head.to_owned() + &part.repeat(bytes / part.len());
    let quotes = "> ".repeat(1_000);
    vec![
        ("paragraph", grow("", "a line of *text* in one paragraph\n")),
        ("line", grow("", "word ")),
        ("table", grow("| a | b |\n|---|---|\n", "| some text | more |\n")),
        ("quoted table", grow("> | a | b |\n> |---|---|\n", "> | some text | more |\n")),
        ("list", grow("", "- an item with **some** text\n")),
        ("quote", grow("", "> some\n>\n")),
        ("deep quote", grow(&format!("{quotes}x\n"), "lazy\n")),
        ("deep list", grow(&format!("{}x\n", "- ".repeat(1_000)), "lazy\n")),
        ("code in a list", grow("- x\n  ```sh\n", "  ls -l | wc\n")),
        ("code", grow("```sh\n", "ls -l | wc\n")),
        ("html", grow("<div>\n", "<p a=b>x\n")),
        ("definitions", grow("", "[a]: /u\n")),
        ("brackets", grow("", "[a](")),
        ("stars", grow("", "*a **b ")),
        ("empty lines", grow("x", "\n")),
        ("small blocks", grow("", "a\n\n")),
    ]
}

#[test]
fn growing_blocks_cut_anywhere_end_like_the_whole() {
    for (name, answer) in growing(60_000) {
        let expected = whole(&answer, &[38]);
        assert_sound(&expected);
        for size in [997, 30_011] {
            let got = stream(&answer, &[size, 1, size / 3], &[38], &[]);
            assert_same(&got, &expected, name);
        }
    }
}

#[test]
fn no_frame_parses_more_because_the_answer_is_longer() {
    let most_at_once = |answer: &str| {
        let (mut doc, mut most) = (ParsedMarkdown::new(), 0);
        for chunk in answer.as_bytes().chunks(8_192) {
            let before = doc.work();
            doc.push(std::str::from_utf8(chunk).unwrap());
            most = most.max(doc.work() - before);
        }
        most
    };
    for ((name, small), (_, large)) in growing(150_000).into_iter().zip(growing(600_000)) {
        let (small, large) = (most_at_once(&small), most_at_once(&large));
        assert!(
            large <= small + small / 2,
            "{name}: {small} bytes at once, {large} in four times the text"
        );
    }
}

#[test]
fn only_the_rows_of_plain_text_that_are_read_are_built() {
    let answer = "x\n".repeat(300_000);
    let doc = ParsedMarkdown::from_raw(&answer);
    let mut layout = MarkdownRows::new();
    layout.update(&doc, 38, RowOptions::default());
    assert!(layout.height() > 290_000, "{}", layout.height());
    assert!(layout.rows_from(0).count() < 5_000);
    assert!(layout.rows_from(250_000).next().is_none());
    layout.build_plain_rows(&doc, 250_000..250_010);
    let row = layout.rows_from(250_009).next().unwrap();
    assert_eq!(layout.row(&doc, 250_009).as_deref(), Some(row));
    let far = layout.row(&doc, 123_456).expect("built when it is asked for");
    assert_eq!((text(&far).as_str(), layout.row_at(&doc, far.source.start)), ("x", 123_456));
    assert_eq!((text(row).as_str(), layout.row_at(&doc, row.source.start)), ("x", 250_009));
    let note: String =
        layout.rows_from(0).map(text).filter(|row| row.contains("plain text")).collect();
    assert!(note.is_empty(), "the rows built before are dropped");
}

/// Bytes parsed for each byte of `answer` when it comes in pieces of `size` bytes.
fn work(answer: &str, size: usize) -> u64 {
    let mut doc = ParsedMarkdown::new();
    for chunk in answer.as_bytes().chunks(size) {
        doc.push(std::str::from_utf8(chunk).unwrap());
    }
    doc.finish();
    doc.work() / answer.len() as u64
}

#[test]
fn work_does_not_grow_with_the_answer() {
    let part: String = ANSWERS[0].1.chars().filter(char::is_ascii).collect::<String>() + "\n\n";
    let short = work(&part.repeat(3), 4);
    let long = work(&part.repeat(200_000 / part.len()), 4);
    assert!(long <= short + short / 10, "a byte costs {short} bytes at first, {long} later");
    assert!(work(&part.repeat(200_000 / part.len()), 4_096) <= 4);
}

#[test]
fn an_open_fence_is_never_parsed_again() {
    let fence = format!("```text\n{}", "a line of code that goes on\n".repeat(3_600));
    assert!(work(&fence, 4) <= 3, "{}", work(&fence, 4));
}

#[test]
fn one_giant_block_stays_in_proportion() {
    let mut list = String::new();
    for n in 0..2_000 {
        writeln!(list, "{n}. an item with **some** text").unwrap();
    }
    for (name, answer) in [
        ("paragraph", "some words of *text* that go on ".repeat(2_000)),
        ("list", list),
        ("table", "| a | b |\n|---|---|\n".to_owned() + &"| some text | more |\n".repeat(3_000)),
    ] {
        let cost = work(&answer, 64);
        // Parsing all of it again with every piece would cost 490 bytes and more for each.
        assert!(cost < 150, "{name}: {cost}");
    }
}
