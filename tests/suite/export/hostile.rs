//! What no answer can do to a page, a record or a checklist.

use html5gum::{Token, Tokenizer};
use plenary::domain::Session;
use proptest::prelude::*;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use super::{review, sections, session, write};
use crate::common::unicode::hidden_characters;

/// Pieces of Markdown, HTML and terminal language.
fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "## Decision Outcome\n",
            "# x\n",
            "Title\n===\n",
            "x\n---\n",
            "```\n",
            "~~~~\n",
            "> ",
            "- ",
            "1. ",
            "    ",
            "<!--",
            "-->",
            "<pre>",
            "<script>alert(1)</script>",
            "</article>",
            "<b onclick=x>",
            "<img src=x onerror=y>",
            "| a |\n|---|\n",
            "[a]: javascript:x\n",
            "[a](javascript:alert(1))",
            "[a]",
            "[a][a]",
            "[b](<java\tscript:x>)",
            "[c](&#106;avascript:x)",
            "<javascript:x>",
            "![r][a]",
            "[[secret]]",
            "![[secret.md]]",
            "[^1]",
            "[^1]: x\n",
            "<svg/onload=x>",
            "[w](https://а.example/)",
            "![i](http://x/y.png)",
            "&lt;script&gt;",
            "\"'>",
            "\u{1b}[31m",
            "\u{202e}",
            "\u{9b}2J",
            "\0",
            "text ",
            "\n\n",
            "- [ ] ",
            "**b**",
            "`c`",
        ]),
        0..16,
    )
    .prop_map(|parts| parts.concat())
}

/// A triaged session in which everything that comes from outside says this.
fn saying(words: &str) -> Session {
    let mut session = session::triaged();
    words.clone_into(&mut session.title);
    words.clone_into(&mut session.turns[0].question);
    for run in &mut session.turns[0].runs {
        run.text.push_str("\n\n");
        run.text.push_str(words);
        run.notes = vec![words.to_owned()].into();
        for found in run.recommendations.iter_mut().flatten() {
            words.clone_into(&mut found.title);
            words.clone_into(&mut found.verdict.comment);
            words.clone_into(&mut found.verdict.owner);
        }
    }
    words.clone_into(&mut session.side_turns[0].run.text);
    session
}

/// The images, raw HTML, definitions, and links elsewhere than to the web and mail or a file of the export, of a Markdown
/// document.
fn markdown_dangers(markdown: &str, files: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for extra in [Options::empty(), Options::ENABLE_WIKILINKS, Options::ENABLE_GFM] {
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | extra;
        let parser = Parser::new_ext(markdown, options);
        found.extend(
            parser.reference_definitions().iter().map(|(name, _)| format!("defines {name}")),
        );
        for event in parser {
            match event {
                Event::Start(Tag::Image { dest_url, .. }) => {
                    found.push(format!("image {dest_url}"));
                }
                Event::Start(Tag::FootnoteDefinition(name)) => found.push(format!("note {name}")),
                Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => {}
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let web =
                        ["http://", "https://", "mailto:"].iter().any(|s| dest_url.starts_with(s));
                    if !dest_url.is_ascii() || !(web || files.contains(&&*dest_url)) {
                        found.push(format!("link {dest_url}"));
                    }
                }
                Event::Html(raw) => found.push(raw.into_string()),
                Event::InlineHtml(raw) if !raw.starts_with("<br") => found.push(raw.into_string()),
                _ => {}
            }
        }
    }
    found
}

/// The tags of a page that do or fetch something, and attributes that could.
fn dangers(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for token in Tokenizer::new(page) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if ["script", "img", "iframe", "object", "embed", "link", "base", "form", "svg"]
            .contains(&name.as_str())
        {
            found.push(name.clone());
        }
        for (key, value) in &tag.attributes {
            let (key, value) = (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
            let leads = key == "href"
                && !(value.starts_with('#')
                    || value.starts_with("http")
                    || value.starts_with("mailto:"));
            if key.starts_with("on") || key == "src" || key == "style" || leads {
                found.push(format!("{name} {key}={value}"));
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn nothing_runs_and_nothing_is_fetched_on_the_page(words in pieces()) {
        let page = write("html", &saying(&words));
        prop_assert_eq!(dangers(&page), Vec::<String>::new());
        prop_assert_eq!(page.matches("<article").count(), 4, "one column each");
        prop_assert!(page.trim_end().ends_with("</html>"));
    }

    #[test]
    fn nothing_runs_and_nothing_is_fetched_in_markdown(words in pieces()) {
        let session = saying(&words);
        for format in ["markdown", "adr", "checklist"] {
            prop_assert_eq!(markdown_dangers(&write(format, &session), &[]), Vec::<String>::new(), "{}", format);
        }
        let known = session::known();
        let own = ["adr.md", "decisions.json", "../question.md"];
        let files = plenary::export::export_folder(&session, &known.reading());
        let links: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).chain(own).collect();
        for (name, text) in files.iter().filter(|(name, _)| name != "decisions.json") {
            prop_assert_eq!(markdown_dangers(text, &links), Vec::<String>::new(), "{}", name);
        }
    }

    #[test]
    fn the_record_and_the_checklist_keep_their_sections(words in pieces()) {
        let session = saying(&words);
        prop_assert_eq!(
            sections(&write("adr", &session)),
            [
                "Context and Problem Statement", "Decision Drivers", "Considered Options", "Decision Outcome",
                "Pros and Cons of the Options", "Rejected and Deferred", "Open Questions", "Revisit When", "More Information",
            ]
        );
        prop_assert_eq!(
            sections(&write("checklist", &session)),
            ["Accepted", "Deferred", "To discuss", "Open", "Rejected"]
        );
    }

    #[test]
    fn no_control_character_leaves_in_any_format(words in pieces()) {
        for format in plenary::export::FORMATS {
            let text = write(format.name, &saying(&words));
            let raw = text.chars().find(|c| (c.is_control() && !"\n\t".contains(*c)) || *c == '\u{202e}');
            prop_assert_eq!(raw, None, "{}", format.name);
        }
    }
}

#[test]
fn no_invisible_character_of_unicode_leaves_in_any_format() {
    let hidden = hidden_characters();
    let some = hidden.iter().filter(|c| **c < '\u{e0000}' || u32::from(**c).is_multiple_of(67));
    let words: String = some.flat_map(|c| ['a', *c, 'b', ' ']).collect();
    for format in plenary::export::FORMATS {
        let text = write(format.name, &saying(&words));
        let left: Vec<char> = text.chars().filter(|c| hidden.contains(c)).collect();
        assert_eq!(left, Vec::<char>::new(), "{}", format.name);
    }
}

#[test]
fn a_page_needs_nothing_but_itself() {
    let page = write("html", &review());
    // A rule for so many columns is as specific as the one for two, or it never applies.
    assert!(page.contains(".columns.n4 {") && !page.contains("{ .n"));
    assert!(page.contains("Content-Security-Policy") && page.contains("prefers-color-scheme"));
    assert!(dangers(&page).is_empty());
}
