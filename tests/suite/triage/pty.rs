//! Triage through the real binary: what is shown decided survives a kill, what was left comes back, an export is written.

use crate::common::server::{Reply, Server};
use crate::common::term::{Home, Term};

const SIZE: (u16, u16) = (160, 40);

/// Two personas with three recommendations each, and a home that asks them.
fn panel() -> (Server, Home) {
    let server = Server::start();
    let personas = ["infra", "edge", "devops", "ai-lead"];
    for persona in personas {
        let text = format!(
            "## Recommendation\n\n- Keep {persona} one.\n- Drop {persona} two.\n- Test {persona} three.\n"
        );
        server.script(persona, [Reply::text(&text).rate(5_000.0)]);
    }
    let models: Vec<(&str, &str)> = personas.iter().map(|p| (*p, *p)).collect();
    let home = Home::asking(&server.base_url(), "infra", &models);
    (server, home)
}

/// The recommendations of the last session as the store has them.
fn stored(home: &Home) -> serde_json::Value {
    let shown = home.run(&["sessions", "export", "last", "--format", "json"]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let session: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    session["turns"][0]["recommendations"].clone()
}

fn open(home: &Home) -> Term {
    let mut term = Term::start(home, SIZE, &["What breaks first?"]);
    term.wait("four answers", |s| s.contains("4 of 4"));
    term.send("t");
    term.wait_for("0 of 12 decided");
    term
}

#[test]
fn kill_9_right_after_a_key_loses_nothing() {
    let (_server, home) = panel();
    let mut term = open(&home);
    term.send("axd");
    term.wait_for("3 of 12 decided · 1 accepted · 1 rejected · 1 deferred");
    term.kill9();
    let decisions: Vec<serde_json::Value> = stored(&home)
        .as_array()
        .unwrap()
        .iter()
        .take(4)
        .map(|found| found["decision"].clone())
        .collect();
    let expected = serde_json::json!(["accepted", "rejected", "deferred", null]);
    assert_eq!(serde_json::Value::from(decisions), expected);
}

#[test]
fn what_was_left_comes_back_and_undo_reaches_behind_the_restart() {
    let (_server, home) = panel();
    let mut term = open(&home);
    term.send("a");
    term.wait_for("1 of 12 decided");
    term.send("cwho pays?\r");
    term.wait_for("to discuss");
    term.send("oMaria\r");
    term.wait_for("@Maria");
    term.send("jm");
    term.send("jm");
    term.wait_for("of 11 decided");
    term.kill9();

    let mut term = Term::start(&home, SIZE, &["resume"]);
    term.wait_for("Keep infra one");
    term.send("t");
    let shown =
        term.wait_for("1 of 11 decided · 1 accepted · 0 rejected · 0 deferred · 1 to discuss");
    assert!(shown.contains("@Maria"), "{shown}");
    for left in ["1 of 12", "1 of 12", "1 of 12", "0 of 12"] {
        term.send("u");
        term.wait_for(left);
    }
    term.send("U");
    term.wait_for("1 of 12 decided");
    term.quit();
    term.assert_restored();
}

#[test]
fn the_record_is_written_where_it_was_said_and_never_over_anything() {
    let (_server, home) = panel();
    let mut term = open(&home);
    term.send("a");
    term.wait_for("1 of 12 decided");
    term.send("S");
    term.wait_for("a decision record");
    term.send("e");
    term.wait_for("where the adr is written");
    term.send("\x15record.md\r");
    term.wait_for("to record.md");
    term.send("\r");
    term.wait_for("wrote record.md");
    let record = std::fs::read_to_string(home.path("work/record.md")).unwrap();
    for words in ["## Decision Outcome", "4 of 4 answered", "Keep infra one", "proposed by infra"] {
        assert!(record.contains(words), "{words}:\n{record}");
    }
    std::fs::write(home.path("work/record.md"), "mine").unwrap();
    term.send("Se");
    term.wait_for("where the adr is written");
    term.send("\x15record.md\r\r");
    term.wait_for("already exists");
    assert_eq!(std::fs::read_to_string(home.path("work/record.md")).unwrap(), "mine");
    term.quit();
    term.assert_restored();
}

#[test]
fn a_challenge_and_a_brief_are_asked_for_shown_checked_and_resumed() {
    let (server, _) = panel();
    let brief = "## Agreement\n\n- [infra] They keep it: \"Keep infra one\"\n- [edge] They drop all: \"Drop everything at once\"\n";
    server.script("brief", [Reply::text(brief)]);
    let models: Vec<(&str, &str)> =
        ["infra", "edge", "devops", "ai-lead", "brief"].iter().map(|p| (*p, *p)).collect();
    let home = Home::asking(&server.base_url(), "infra", &models);
    let mut term = open(&home);
    server.script("edge", [Reply::text("It fails when the disk is full.")]);
    term.send("!");
    term.wait_for("Who should challenge this?");
    term.send("\r");
    term.wait_for("It fails when the disk is full.");
    let sent = server.requests().pop().unwrap().body.to_string();
    assert!(sent.contains("Keep infra one") && !sent.contains("Kael Voss"), "{sent}");
    term.send("B");
    let shown = term.wait_for("quote not found in edge's answer");
    assert!(
        shown.contains("They keep it") && shown.contains('✗') && shown.contains('✓'),
        "{shown}"
    );
    term.kill9();

    let mut term = Term::start(&home, SIZE, &["resume"]);
    term.wait_for("Keep infra one");
    term.send("t");
    term.wait_for("It fails when the disk is full.");
    let before = server.requests().len();
    term.send("B");
    term.wait_for("quote not found in edge's answer");
    assert_eq!(server.requests().len(), before, "it is shown again, not written again");
    term.send("q");
    term.wait("the list again", |s| !s.contains("quote not found"));
    term.quit();
}
