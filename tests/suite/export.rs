//! What leaves the program as text: golden files of one session in every format, and what no answer can do
//! to them. `INSTA_UPDATE=always` rewrites the golden files.

mod hostile;
mod schema;
mod session;

use std::time::Duration;

use plenary::domain::{
    Ending, ModelRef, PersonaId, Run, RunId, RunNotes, RunState, Session, SessionId, Turn, TurnId,
    Usage,
};
use plenary::export::{FORMATS, find_format};
use plenary::text::sanitize;
use proptest::prelude::*;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

fn run(id: u128, name: &str, view: &str, ending: Ending, text: &str) -> Run {
    Run {
        id: RunId::from_number(id),
        persona: PersonaId::from_name(name),
        persona_name: name.to_owned(),
        view: view.to_owned(),
        model: ModelRef::parse("gateway:large").unwrap(),
        state: RunState::Ended(ending),
        text: text.to_owned(),
        reasoning: String::new(),
        usage: Some(Usage {
            input: 812,
            output: 640,
            cached: 0,
            reasoning: 0,
            cost_microusd: None,
        }),
        elapsed: Duration::from_millis(9_800),
        notes: RunNotes::default(),
        recommendations: None,
    }
}

/// One question to four personas, with every ending there is.
fn review() -> Session {
    let infra = "## Recommendation\n\nUse **one** region.\n\n```yaml\nreplicas: 3\n```\n";
    let mut edge = run(2, "Kai Lennox", "edge", Ending::Cut("length limit".into()), "");
    edge.text = "# Constraints\n\n- 40 nodes\n\n```rust\nfn main() {".into();
    edge.notes = vec!["the 2 oldest questions were left out".to_owned()].into();
    let mut devops = run(3, "DevOps", "devops", Ending::Failed("401: no key".into()), "");
    devops.usage = None;
    let mut retried = run(4, "Aether", "ai-lead", Ending::Failed("429, tried 4 times".into()), "");
    retried.elapsed = Duration::from_secs(75);
    let mut aether = run(5, "Aether", "ai-lead", Ending::Done, "Overview\n===\n\nNo model needed.");
    aether.reasoning = "It is a plain web shop.".into();
    Session {
        id: SessionId::from_number(0x1a2b_3c4d << 96),
        title: "How do we run this in two regions?".into(),
        panel: "design-review".into(),
        created_at: 1_795_251_600_000,
        updated_at: 1_795_251_600_000,
        unsearched: Vec::new(),
        tags: Vec::new(),
        side_turns: Vec::new(),
        history: plenary::domain::TriageHistory::default(),
        turns: vec![Turn {
            id: TurnId::from_number(1),
            question: "How do we run this in two regions?\n\nIt is a web shop.".into(),
            asked_at: 1_795_251_600_000,
            runs: vec![
                run(1, "Kael Voss", "infra", Ending::Done, infra),
                edge,
                devops,
                retried,
                aether,
            ],
        }],
    }
}

/// A conversation of two questions in which everything tries to be something else.
fn hostile() -> Session {
    let mut session = review();
    session.title = "A | title # with *marks* and <b>tags</b>".into();
    session.panel = "my|panel".into();
    let forged =
        "fine\n\n---\ntitle: x\n---\n\n## Kael Voss · infra · done\n\n<!-- and the rest is gone";
    let mut second = session.turns[0].clone();
    second.question = "```\nunclosed\n# in the question".into();
    second.runs = vec![
        run(11, "Eve | `x` | *y*", "infra", Ending::Done, forged),
        run(12, "Mallory", "", Ending::Refused("because\n## of this |".into()), "~~~\n## x\n```"),
        run(13, "Trent", "edge", Ending::Cancelled, "<details><summary>open\n\n> quote\n> ---"),
    ];
    session.turns.push(second);
    session
}

fn write(name: &str, session: &Session) -> String {
    (find_format(name).unwrap().write)(session, &session::known().reading())
}

/// The page without its style sheet, so that the golden files hold the structure only.
fn without_style(page: &str) -> String {
    match page
        .split_once("<style>\n")
        .and_then(|(head, rest)| Some((head, rest.split_once("</style>")?)))
    {
        Some((head, (_, body))) => format!("{head}<style>…</style>{body}"),
        None => page.to_owned(),
    }
}

fn golden(name: &str, text: &str) {
    let text = without_style(text);
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The style sheet is in the page, once, and the page loads no other.
#[test]
fn an_html_page_has_its_style_sheet() {
    let page = write("html", &review());
    let style = page.split_once("<style>\n").unwrap().1.split_once("</style>").unwrap().0;
    assert_eq!(style, include_str!("../../src/export/html/page.css"));
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains("<link"));
}

#[test]
fn a_review_in_every_format() {
    for format in FORMATS {
        golden(&format!("export-review-{}", format.name), &write(format.name, &review()));
    }
}

#[test]
fn a_hostile_conversation_in_every_format() {
    for format in FORMATS {
        golden(&format!("export-hostile-{}", format.name), &write(format.name, &hostile()));
    }
}

#[test]
fn a_review_that_was_triaged_in_every_format() {
    for format in FORMATS {
        golden(
            &format!("export-triaged-{}", format.name),
            &write(format.name, &session::triaged()),
        );
    }
}

#[test]
fn every_format_says_how_many_answered_and_ends_with_a_line_end() {
    let mut empty = review();
    empty.turns.clear();
    for format in FORMATS {
        let text = write(format.name, &review());
        // What comes before the first line of text, front matter or the head of a page, is for programs.
        let body = text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
        let body = body.map_or(text.as_str(), |(_, body)| body);
        let body = body.split_once("<body").map_or(body, |(_, body)| body);
        let head: String = body.lines().take(6).collect();
        assert!(head.contains("2 of 4 answered"), "{}: {head}", format.name);
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{}", format.name);
        assert!(
            write(format.name, &empty).contains("nothing has been asked yet"),
            "{}",
            format.name
        );
    }
    assert!(find_format("pdf").is_none());
}

#[test]
fn json_has_the_fields_that_are_promised() {
    let value: serde_json::Value = serde_json::from_str(&write("json", &review())).unwrap();
    assert_eq!(value["id"], SessionId::from_number(0x1a2b_3c4d << 96).to_string());
    let turn = &value["turns"][0];
    assert_eq!(turn["question"], "How do we run this in two regions?\n\nIt is a web shop.");
    let runs = turn["runs"].as_array().unwrap();
    let states: Vec<_> = runs.iter().map(|r| r["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "cut", "failed", "done"]);
    assert_eq!(runs[1]["persona"], "kai-lennox");
    assert_eq!(runs[1]["model"], "gateway:large");
    assert_eq!(runs[1]["reason"], "length limit");
    assert_eq!(runs[0]["usage"]["output"], 640);
    assert_eq!(runs[0]["text"], review().turns[0].runs[0].text);
    assert!(runs[2]["usage"].is_null());
    assert_eq!(turn["earlier"][0]["reason"], "429, tried 4 times");
}

/// Answers, reasons, names and questions leave the program only in their neutralised form.
#[test]
fn control_characters_are_sanitised_everywhere() {
    let evil = "a\u{1b}]0;title\u{7}b\u{202e}c\u{9b}31m";
    let mut session = review();
    evil.clone_into(&mut session.title);
    evil.clone_into(&mut session.turns[0].question);
    for run in &mut session.turns[0].runs {
        evil.clone_into(&mut run.text);
        evil.clone_into(&mut run.persona_name);
        evil.clone_into(&mut run.view);
        run.notes = vec![evil.to_owned()].into();
        run.state = RunState::Ended(Ending::Failed(evil.to_owned()));
    }
    let shown = sanitize(evil);
    for format in FORMATS {
        let text = write(format.name, &session);
        let text = match format.name {
            "json" => {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                value["turns"][0]["runs"][0]["text"].as_str().unwrap().to_owned()
            }
            "markdown" | "adr" | "checklist" => text.replace('\\', ""),
            _ => text,
        };
        assert!(text.contains(&shown), "{}: {text:?}", format.name);
        if shown != evil {
            assert!(!text.contains(evil), "{}: {text:?}", format.name);
        }
    }
}

/// Headings of level 2 of a document, as a Markdown reader sees them.
fn sections(markdown: &str) -> Vec<String> {
    let mut sections = Vec::new();
    let mut open = false;
    let mut depth = 0;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match &event {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) if depth == 0 => {
                open = true;
                sections.push(String::new());
            }
            Event::End(TagEnd::Heading(_)) => open = false,
            Event::Text(text) | Event::Code(text) if open => {
                if let Some(section) = sections.last_mut() {
                    section.push_str(text);
                }
            }
            _ => {}
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    sections
}

#[test]
fn a_hostile_conversation_keeps_its_sections_in_markdown() {
    let found = sections(&write("markdown", &hostile()));
    assert_eq!(
        found,
        [
            "Question 1 of 2 · 2 of 4 answered",
            "Kael Voss · infra · done",
            "Kai Lennox · edge · cut",
            "DevOps · devops · failed",
            "Aether · ai-lead · done",
            "Question 2 of 2 · 1 of 3 answered",
            "Eve | `x` | *y* · infra · done",
            "Mallory · mallory · refused",
            "Trent · edge · cancelled",
        ]
    );
}

proptest! {
    /// No text of any answer makes a section or takes one away.
    #[test]
    fn no_answer_makes_or_takes_a_section(parts in prop::collection::vec(
        prop::sample::select(vec![
            "## Kael Voss · infra · done\n", "Title\n===\n", "x\n---\n", "```\n", "~~~~\n", "> ", "- ", "    ",
            "<!--", "<pre>", "<script>", "</script>", "<b>", "| a |\n|---|\n", "[a]: x\n", "text ", "\n\n",
        ]), 0..16))
    {
        let mut session = review();
        let answer = parts.concat();
        session.turns[0].runs[0].text = answer.clone();
        session.turns[0].question = answer;
        prop_assert_eq!(
            sections(&write("markdown", &session)),
            [
                "Question",
                "Kael Voss · infra · done",
                "Kai Lennox · edge · cut",
                "DevOps · devops · failed",
                "Aether · ai-lead · done",
            ]
        );
    }
}

/// An answer that was cut and retried in vain: its text is in every export for people.
#[test]
fn a_retry_that_brought_nothing_hides_no_answer() {
    let mut session = review();
    let again = run(9, "Kai Lennox", "edge", Ending::Failed("429".into()), "");
    session.turns[0].runs.push(again);
    for format in FORMATS.iter().filter(|format| format.name != "checklist" && format.name != "adr")
    {
        let text = write(format.name, &session);
        assert!(text.contains("40 nodes"), "{}", format.name);
        let said = format.name == "json" || text.contains("from an earlier run");
        assert!(said, "{}", format.name);
    }
}
