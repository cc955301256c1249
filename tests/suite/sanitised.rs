//! The real binary with an answer, a project and files full of invisible characters: none of them leaves it by any way.

use std::collections::BTreeSet;

use crate::common::server::{Reply, Server};
use crate::common::term::{Home, Term};
use crate::common::unicode::hidden_characters;

/// The characters, without most of the thousands in the plane of tags.
fn sample() -> BTreeSet<char> {
    let hidden = hidden_characters().into_iter();
    hidden.filter(|c| *c < '\u{e0000}' || u32::from(*c).is_multiple_of(67)).collect()
}

/// A text with each of them between two letters.
fn words() -> String {
    sample().iter().filter(|c| **c != '\0').flat_map(|c| ['a', *c, 'b', ' ']).collect()
}

fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8(bytes.to_vec()).unwrap_or_else(|e| panic!("{what}: {e}"));
    let hidden = hidden_characters();
    let left: Vec<char> = text.chars().filter(|c| hidden.contains(c)).collect();
    assert_eq!(left, Vec::<char>::new(), "{what}");
}

/// A home whose server answers with the words under a heading that is a recommendation.
fn asked() -> (Server, Home) {
    let server = Server::start();
    let answer = format!("## Recommendations\n\n- Use {}\n\n## Risks\n\n{}\n", words(), words());
    server.script("m", [Reply::text(&answer)]);
    let home = Home::asking(&server.base_url(), "m", &[]);
    (server, home)
}

#[test]
fn no_invisible_character_leaves_without_a_terminal() {
    let (_server, home) = asked();
    let question = format!("Which? {}", words());
    std::fs::write(home.path("work/notes.md"), words()).unwrap();
    for format in ["text", "markdown", "json", "jsonl"] {
        let out = home.run(&["ask", &question, "--file", "notes.md", "--format", format]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert_clean(format, &out.stdout);
        assert_clean(&format!("{format}, errors"), &out.stderr);
    }
    for format in ["text", "markdown", "json", "adr", "checklist", "html"] {
        let out = home.run(&["sessions", "export", "last", "--format", format]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert_clean(format, &out.stdout);
    }
    let out = home.run(&["sessions", "export", "last", "--format", "folder", "--out", "run"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    for file in ["question.md", "adr.md", "decisions.json", "answers/infra.md"] {
        assert_clean(file, &std::fs::read(home.path("work/run").join(file)).unwrap());
    }
    for args in [
        &["sessions", "list"][..],
        &["sessions", "list", "--format", "json"],
        &["sessions", "show", "last"],
        &["sessions", "search", "Use"],
        &["sessions", "search", "Use", "--format", "json"],
    ] {
        let out = home.run(args);
        assert_clean(&args.join(" "), &out.stdout);
        assert_clean(&args.join(" "), &out.stderr);
    }
}

#[test]
fn no_invisible_character_of_a_file_leaves_in_a_report() {
    let (_server, home) = asked();
    let persona =
        format!("---\nname: A {0}\ntitle: {0}\nzzz: {0}\n---\nYou answer. {0}\n", yaml_words());
    std::fs::create_dir_all(home.path("config/plenary/personas")).unwrap();
    std::fs::write(home.path("config/plenary/personas/evil.md"), persona).unwrap();
    for args in [
        &["persona", "list"][..],
        &["persona", "show", "evil"],
        &["persona", "check", "evil"],
        &["doctor"],
        &["doctor", "--format", "json"],
        &["config", "show"],
    ] {
        let out = home.run(args);
        assert_clean(&args.join(" "), &out.stdout);
        assert_clean(&args.join(" "), &out.stderr);
    }
}

/// The words without what YAML forbids.
fn yaml_words() -> String {
    words().chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).collect()
}

#[test]
fn no_invisible_character_reaches_the_screen_or_the_clipboard() {
    let (_server, home) = asked();
    let mut term = Term::start(&home, (160, 40), &["go"]);
    term.wait("all answers", |s| s.contains("4 of 4"));
    term.send("Y");
    term.wait_for("copied");
    term.send("t");
    term.wait_for("0 of 4 decided");
    term.send("\x1b");
    term.wait("another view", |s| !s.contains("0 of 4 decided"));
    term.quit();
    let bytes = term.bytes();
    let text = String::from_utf8(bytes).unwrap();
    let copied =
        text.split("\x1b]52;c;").nth(1).and_then(|rest| rest.split(['\x07', '\x1b']).next());
    assert!(copied.is_some_and(|copied| copied.len() > 1_000), "nothing was copied");
    // What the program itself sends are control sequences of ASCII; nothing else is invisible.
    let hidden = hidden_characters();
    let left: Vec<char> = text.chars().filter(|c| !c.is_ascii() && hidden.contains(c)).collect();
    assert_eq!(left, Vec::<char>::new());
}
