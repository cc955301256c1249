//! Readings in the real program: shown when they are there, and in no one's way.

use serde_json::json;

use crate::common::server::{Reply, Server, delta, ending};
use crate::common::term::{Home, Term};

const SIZE: (u16, u16) = (160, 40);

/// Asks four personas, of whom `infra` answers `text`, and waits for the answers.
fn ask(text: &str) -> (Server, Home, Term) {
    let server = Server::start();
    let pieces: Vec<char> = text.chars().collect();
    let deltas = pieces
        .chunks(50_000)
        .map(|piece| delta(&json!({ "content": piece.iter().collect::<String>() })));
    server.script("infra", [Reply::events(deltas.chain(ending("stop")))]);
    for persona in ["edge", "devops", "ai-lead"] {
        server.script(persona, [Reply::text("## Risks\n\n- We assume 3 shops.\n")]);
    }
    let models = ["infra", "edge", "devops", "ai-lead"].map(|id| (id, id));
    let home = Home::asking(&server.base_url(), "infra", &models);
    let term = Term::start(&home, SIZE, &["What breaks first?"]);
    term.wait("four answers", |s| s.contains("4 of 4"));
    (server, home, term)
}

#[test]
fn what_is_read_is_shown() {
    let (_server, _home, mut term) =
        ask("## Risks\n\n- The RTO is 1 hour.\n\n## Cost\n\n$5 a month.\n");
    term.send("#").wait_for("found by pattern");
    term.send("\u{1b}OQ").wait("sections", |s| s.contains("At a glance") && s.contains("▌ Risks"));
    term.send("t").wait_for("of 4 decided");
    term.quit();
}

#[test]
fn the_end_does_not_wait_for_a_hostile_answer_which_is_read_later() {
    // As much as is read of such text, and a part that is read after it.
    let hostile = format!("{}\n\n", "](".repeat(3_000)).repeat(25);
    let text = format!("## Risks\n\n- Lag.\n\n{hostile}## Recommendations\n\n- Keep it.\n");
    let (_server, home, mut term) = ask(&text);
    term.send("#");
    term.signal(rustix::process::Signal::TERM);
    assert_eq!(term.end().exit_code(), 143);
    let shown = home.run(&["sessions", "export", "last", "--format", "json"]);
    let session: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let found = session["turns"][0]["recommendations"].as_array().unwrap();
    for title in ["Lag", "Keep it"] {
        assert!(found.iter().any(|found| found["title"] == title), "{found:?}");
    }
}
