//! What terminals send besides keys: replies, reports, bursts. None of it is typed, none of it is a key.

use super::*;

/// Replies of terminals, with both terminators.
const REPLIES: &[&str] = &[
    "\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b]4;1;rgb:cdcd/0000/0000\x07",
    "\x1b]52;c;cXh4cXg=\x07",
    "\x1b[?62;22c",
    "\x1b[>41;354;0c",
    "\x1bP>|XTerm(354)\x1b\\",
    "\x1bP!|00000000\x1b\\",
    "\x1b[?2026;2$y",
    "\x1b[?5;5R",
    "\x1b[5;5R",
    "\x1b[?997;1n",
    "\x1b[?1u",
    "\x1b[48;50;200;1000;2000t",
    "\x1b[I",
    "\x1b[O",
    "\x1b[<35;10;20M",
    "\x1b[M !!",
    "\x1b[35;10;20M",
    "\x1b[113;1:3u",
    "\x1b_Gi=1;OK\x1b\\",
];

/// Starts the program with an editor that leaves a trace.
fn start_with_editor(home: &Home) -> (Term, std::path::PathBuf) {
    let (script, trace) = (home.path("edit.sh"), home.path("edited"));
    std::fs::write(&script, format!("touch {}\n", trace.display())).unwrap();
    let editor = format!("sh {}", script.display());
    let term = Term::start_with(home, WIDE, &[], &[("EDITOR", &editor)]);
    term.wait_for("Kael Voss");
    (term, trace)
}

#[test]
fn replies_are_neither_typed_nor_keys() {
    let (server, home) = start_panel(5_000.0);
    let (mut term, trace) = start_with_editor(&home);
    for (index, reply) in REPLIES.iter().enumerate() {
        term.send(reply);
        // Once in one piece, once byte by byte.
        for byte in reply.chars() {
            term.send(&byte.to_string());
        }
        term.send(&format!("{index},"));
    }
    term.send("end");
    let typed = (0..REPLIES.len()).map(|n| format!("{n},")).collect::<Vec<_>>().concat();
    term.wait_for("end");
    term.send("\r");
    term.wait("four answers", all_done);
    let sent = server.requests().remove(0);
    let question = sent.body["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    assert_eq!(question.as_str().unwrap(), format!("{typed}end"));
    assert!(!trace.exists(), "a reply started the editor");
    term.quit();
    term.assert_restored();
}

#[test]
fn ctrl_c_works_after_and_inside_every_reply() {
    let (_server, home) = start_panel(5_000.0);
    for begun in
        ["\x1b[?997;1n", "\x1b[?2026;2$y", "\x1b[?5;5R", "\x1b]11;rgb:ff", "\x1bP>|x", "\x1b[?6"]
    {
        let mut term = Term::start(&home, WIDE, &[]);
        term.wait_for("Kael Voss");
        term.send(begun);
        let start = Instant::now();
        while term.is_running() {
            // The first asks whether to quit. The kernel drops output when the key comes after the program's last words.
            term.send("\x03");
            for _ in 0..10 {
                pause();
            }
            assert!(start.elapsed() < PATIENCE, "{begun:?} swallows Ctrl+C:\n{}", term.screen());
        }
        term.assert_restored();
    }
}

#[test]
fn a_string_that_never_ends_does_not_swallow_keys_for_ever() {
    let (_server, home) = start_panel(5_000.0);
    let mut term = Term::start(&home, WIDE, &[]);
    term.wait_for("Kael Voss");
    term.send("\x1b]11;rgb:ffff/");
    let start = Instant::now();
    while !term.screen().contains("typed") {
        assert!(start.elapsed() < PATIENCE, "{}", term.screen());
        term.send("typed ");
        // Silence is what ends the string.
        for _ in 0..250 {
            pause();
        }
    }
    term.quit_from_composer();
}

#[test]
fn a_burst_is_read_at_once() {
    let (_server, home) = start_panel(5_000.0);
    let mut term = Term::start(&home, WIDE, &[]);
    term.wait_for("Kael Voss");
    let words = (0..500).map(|n| format!("w{n:04} ")).collect::<Vec<_>>().concat();
    term.send(&words);
    term.send("last");
    term.wait_for("w0499 last");
    term.quit_from_composer();
}

#[test]
fn mouse_reports_are_dropped_at_once() {
    let (_server, home) = start_panel(5_000.0);
    let mut term = Term::start(&home, WIDE, &[]);
    term.wait_for("Kael Voss");
    let reports = "\x1b[<35;120;40M\x1b[M#qx\x1b[35;120;40M".repeat(70);
    term.send(&reports).send("typed");
    let screen = term.wait_for("typed");
    assert!(!screen.contains("120") && !screen.contains("qx"), "{screen}");
    term.quit_from_composer();
}

#[test]
fn keys_typed_while_the_program_starts_are_kept() {
    let (_server, home) = start_panel(5_000.0);
    for _ in 0..3 {
        let mut term = Term::start(&home, WIDE, &[]);
        // Raw mode is on, and the reply to the query is still missing.
        term.wait("the query", |_| term.bytes().windows(5).any(|bytes| bytes == b"\x1b]11;"));
        term.send("early \x1b]11;rgb:0000/0000/0000\x1b\\bird");
        term.wait_for("early bird");
        term.quit_from_composer();
    }
}

#[test]
fn the_background_chooses_the_theme_whenever_it_is_known() {
    let (_server, home) = start_panel(5_000.0);
    let light = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\";
    let mut term = Term::start(&home, WIDE, &[]);
    term.wait_for("Kael Voss");
    let dark = term.colours();
    term.send(light);
    term.wait("other colours", |_| term.colours() != dark);
    term.quit_from_composer();
    let queries = term.bytes();
    assert!(queries.windows(8).any(|bytes| bytes == b"\x1b]11;?\x1b\\"), "queries end with ST");
}

#[test]
fn release_events_do_not_act_and_keys_of_other_layouts_do() {
    let (_server, home) = start_panel(5_000.0);
    let mut term = Term::start(&home, WIDE, &[]);
    term.wait_for("Kael Voss");
    // a pressed, repeated, released; Cyrillic ф as text.
    term.send("\x1b[97;1:1u\x1b[97;1:2u\x1b[97;1:3u\x1b[0;;1092u!");
    term.wait_for("aaф!");
    // Ctrl+U on a Russian layout clears the line.
    term.send("\x1b[1075::117;5u");
    term.wait("an empty composer", |s| !s.contains("aaф!"));
    term.quit_from_composer();
}

#[test]
fn replies_that_come_while_the_program_ends_do_not_reach_the_shell() {
    let (_server, home) = start_panel(5_000.0);
    let line = "\"$PLENARY\"; echo \"ENDED $?\"; read typed; echo \"GOT[$typed]\"";
    let mut term = Term::shell(&home, WIDE, line);
    term.wait("the query", |_| term.bytes().windows(5).any(|bytes| bytes == b"\x1b]11;"));
    // Esc, q, and the reply to the query.
    term.send("\x1b[27uq").send("\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62;22c");
    term.wait_for("ENDED 0");
    term.send("shell\n");
    term.wait_for("GOT[shell]");
}
